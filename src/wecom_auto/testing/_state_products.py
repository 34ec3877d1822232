"""Product albums, as plain mutable rows. No rules."""

from __future__ import annotations

from attrs import define

__all__ = ["Products"]


@define(kw_only=True)
class Products:
    """Product albums."""
