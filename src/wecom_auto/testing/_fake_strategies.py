"""The strategy chapters (规则组) for customers and moments."""

from __future__ import annotations
