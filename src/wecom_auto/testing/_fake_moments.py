"""The moment chapter (客户朋友圈)."""

from __future__ import annotations
