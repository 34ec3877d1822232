"""Moment tasks and what became of them, as plain mutable rows. No rules."""

from __future__ import annotations

from attrs import define

__all__ = ["Moments"]


@define(kw_only=True)
class Moments:
    """Moment tasks and what became of them."""
