"""Customers and groups that change hands, as plain mutable rows. No rules."""

from __future__ import annotations

from attrs import define

__all__ = ["Transfers"]


@define(kw_only=True)
class Transfers:
    """Customers and groups that change hands."""
