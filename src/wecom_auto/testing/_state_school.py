"""Parents and notices, as plain mutable rows. No rules."""

from __future__ import annotations

from attrs import define

__all__ = ["School"]


@define(kw_only=True)
class School:
    """Parents and notices."""
