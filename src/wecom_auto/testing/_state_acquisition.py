"""Customer-acquisition links and their quota, as plain mutable rows. No rules."""

from __future__ import annotations

from attrs import define

__all__ = ["Acquisition"]


@define(kw_only=True)
class Acquisition:
    """Customer-acquisition links and their quota."""
