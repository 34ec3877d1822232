"""Group welcome templates, as plain mutable rows. No rules."""

from __future__ import annotations

from attrs import define

__all__ = ["GroupWelcomes"]


@define(kw_only=True)
class GroupWelcomes:
    """Group welcome templates."""
