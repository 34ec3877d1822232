"""The strategy-tag chapter (规则组标签)."""

from __future__ import annotations
