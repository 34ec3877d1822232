"""Owners of cars (车主): how many of them are contacts, whom they bring (转介绍), and who they are in the App.

It pays nobody and writes to nobody.
"""

from __future__ import annotations

from wecom_auto._model import publish
from wecom_auto.automotive.owners._apps import AppBindings, AppUser, Binding
from wecom_auto.automotive.owners._coverage import Owner, OwnerCoverage, owner_coverage
from wecom_auto.automotive.owners._referrals import Referral, ReferralCount, Referrals, ReferralStanding

__all__ = [
    "AppBindings",
    "AppUser",
    "Binding",
    "Owner",
    "OwnerCoverage",
    "Referral",
    "ReferralCount",
    "ReferralStanding",
    "Referrals",
    "owner_coverage",
]

publish(globals(), __all__, __name__)
