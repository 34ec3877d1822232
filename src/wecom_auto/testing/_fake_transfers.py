"""The transfer chapters (在职继承, 离职继承)."""

from __future__ import annotations
