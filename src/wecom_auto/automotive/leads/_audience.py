"""Audiences for advertising (人群包): hashed phone numbers of people who have agreed to that, as a file.

A hash of a phone number is no secret: whoever tries all numbers finds it.
So it needs the consent that the number itself needs, and nobody without it is written.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from attrs import frozen

from wecom_auto.automotive.leads._desk import LeadDesk
from wecom_auto.automotive.leads._states import StoredLead
from wecom_auto.errors import ValidationError

HashName = Literal["sha256", "md5"]
"""What advertising platforms ask for."""


@frozen(kw_only=True)
class AudienceReport:
    """What an export has written.

    Attributes:
        written: Numbers in the file, each once.
        doubled: Leads with a number that stands there already.
        no_consent: Leads whose person has not agreed, or has taken it back.
        no_phone: Leads without a number, or whose number is not kept.
    """

    written: int = 0
    doubled: int = 0
    no_consent: int = 0
    no_phone: int = 0


def export_audience(
    desk: LeadDesk,
    leads: Iterable[StoredLead],
    target: Path,
    *,
    purpose: str,
    recipient: str,
    algorithm: HashName = "sha256",
) -> AudienceReport:
    """Write the hashed numbers of leads, one a line in hexadecimal, for an advertising platform.

    The file appears whole or not at all. Two questions to the database for each lead: a job for the night.

    Args:
        desk: Has the consents and the numbers.
        leads: The audience, for example ``[one for one in desk.leads(limit=100_000) if one.added_at]``.
        target: The file.
        purpose: The purpose that each person has agreed to, such as ``advertising``.
        recipient: Who gets the file, as the consent names it; a consent that names nobody else is none for them.
        algorithm: Of the 11 digits, without a country code.

    Raises:
        ValidationError: No purpose or recipient, or another algorithm.
    """
    for name, value in (("purpose", purpose), ("recipient", recipient)):
        if not value:
            raise ValidationError(field=name, value="nothing", limit="what the consent names")
    if algorithm not in {"sha256", "md5"}:
        raise ValidationError(field="algorithm", value=repr(algorithm), limit="sha256 or md5")
    digests: set[str] = set()
    doubled = no_consent = no_phone = 0
    for one in leads:
        if not desk.consents.holds(one.lead_id, purpose, recipient=recipient):
            no_consent += 1
        elif not (phone := desk.phone(one.lead_id)):
            no_phone += 1
        else:
            digest = hashlib.new(algorithm, phone.encode(), usedforsecurity=False).hexdigest()
            doubled += digest in digests
            digests.add(digest)
    # In the order of the hashes: the order of the leads says when somebody came.
    _write(target, "".join(f"{one}\n" for one in sorted(digests)))
    return AudienceReport(written=len(digests), doubled=doubled, no_consent=no_consent, no_phone=no_phone)


def _write(target: Path, text: str) -> None:
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        part.touch(mode=0o600)
        part.write_text(text, encoding="ascii")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
