"""Customer strategies and moment strategies, as plain mutable rows. No rules."""

from __future__ import annotations

from attrs import define

__all__ = ["Strategies"]


@define(kw_only=True)
class Strategies:
    """Customer strategies and moment strategies."""
