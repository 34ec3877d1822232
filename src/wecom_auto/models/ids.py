"""Identifiers of one person before and after the platform's upgrade (ID 转换, manual 95327)."""

from __future__ import annotations

from attrs import frozen

from wecom_auto._model import Model

__all__ = ["UpgradedId"]


@frozen(kw_only=True)
class UpgradedId(Model):
    """One customer's id as a provider's app knew it, and as it knows it now.

    Attributes:
        external_userid: The id from before the upgrade.
        new_external_userid: The id of today.
    """

    external_userid: str
    new_external_userid: str = ""
