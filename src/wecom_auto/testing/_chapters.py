"""Import every chapter, so that its endpoints are in the table. One line for each."""

from __future__ import annotations

from wecom_auto.testing import (
    _fake_acquisition,
    _fake_archive,
    _fake_contact_ways,
    _fake_customers,
    _fake_group_transfers,
    _fake_group_welcomes,
    _fake_groups,
    _fake_ids,
    _fake_intercept,
    _fake_kf,
    _fake_kf_talks,
    _fake_lives,
    _fake_mass,
    _fake_media,
    _fake_members,
    _fake_messages,
    _fake_moments,
    _fake_products,
    _fake_schedules,
    _fake_school,
    _fake_served,
    _fake_statistics,
    _fake_strategies,
    _fake_strategy_tags,
    _fake_tags,
    _fake_token,
    _fake_transfers,
    _fake_welcome,
)
from wecom_auto.testing._registry import ROUTES, TIMED

__all__ = ["CHAPTERS", "ROUTES", "TIMED"]

CHAPTERS = (
    _fake_acquisition,
    _fake_archive,
    _fake_contact_ways,
    _fake_customers,
    _fake_group_transfers,
    _fake_group_welcomes,
    _fake_groups,
    _fake_ids,
    _fake_intercept,
    _fake_kf,
    _fake_kf_talks,
    _fake_lives,
    _fake_mass,
    _fake_media,
    _fake_members,
    _fake_messages,
    _fake_moments,
    _fake_products,
    _fake_schedules,
    _fake_school,
    _fake_served,
    _fake_statistics,
    _fake_strategies,
    _fake_strategy_tags,
    _fake_tags,
    _fake_token,
    _fake_transfers,
    _fake_welcome,
)
"""The chapters of the manual that the fake serves."""
