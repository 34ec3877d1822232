"""Owners of cars (车主): how many of them are contacts, and whom they bring (转介绍).

It pays nobody and writes to nobody.
"""

from __future__ import annotations

from wecom_auto._model import publish
from wecom_auto.automotive.owners._coverage import Owner, OwnerCoverage, owner_coverage
from wecom_auto.automotive.owners._referrals import Referral, ReferralCount, Referrals, ReferralStanding

__all__ = [
    "Owner",
    "OwnerCoverage",
    "Referral",
    "ReferralCount",
    "ReferralStanding",
    "Referrals",
    "owner_coverage",
]

publish(globals(), __all__, __name__)
