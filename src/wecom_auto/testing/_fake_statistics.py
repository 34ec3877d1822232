"""The statistics chapter (统计管理)."""

from __future__ import annotations
