"""Import every chapter, so that its endpoints are in the table. One line for each."""

from __future__ import annotations

from wecom_auto.testing import (
    _fake_contact_ways,
    _fake_customers,
    _fake_groups,
    _fake_mass,
    _fake_media,
    _fake_messages,
    _fake_tags,
    _fake_token,
    _fake_welcome,
)
from wecom_auto.testing._registry import ROUTES

__all__ = ["CHAPTERS", "ROUTES"]

CHAPTERS = (
    _fake_contact_ways,
    _fake_customers,
    _fake_groups,
    _fake_mass,
    _fake_media,
    _fake_messages,
    _fake_tags,
    _fake_token,
    _fake_welcome,
)
"""The chapters of the manual that the fake serves."""
