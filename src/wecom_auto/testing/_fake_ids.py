"""The conversion of identifiers (ID 转换)."""

from __future__ import annotations
