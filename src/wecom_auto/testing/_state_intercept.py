"""Intercept rules, as plain mutable rows. No rules."""

from __future__ import annotations

from attrs import define

__all__ = ["Intercept"]


@define(kw_only=True)
class Intercept:
    """Intercept rules."""
