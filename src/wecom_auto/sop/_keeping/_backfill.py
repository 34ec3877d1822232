"""Let many into a SOP at once, spread over days, so that nobody's staff gets a year's taps on one morning.

Each customer comes in by the same door as always: condition, re-entry and reasons hold.
The name of a backfill is its occurrence, so running it again lets nobody in twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from attrs import field, frozen

from wecom_auto._time import require_aware
from wecom_auto.errors import ConfigurationError, ValidationError
from wecom_auto.sop._document._policies import stable_number
from wecom_auto.sop._document._timing import wall_to_utc
from wecom_auto.sop._keeping._migration import Progress
from wecom_auto.sop._rows import _journal
from wecom_auto.sop._runs import _entry
from wecom_auto.sop._runs._entry import Candidate
from wecom_auto.sop._shared._context import Context
from wecom_auto.sop._shared._given import require_id, require_ids
from wecom_auto.sop.definition import Definition
from wecom_auto.store import reading

_MOST = timedelta(days=366)
_TOLD_EVERY = 100


@frozen(kw_only=True)
class Backfill:
    """What a backfill did, or would do.

    Attributes:
        entered: How many came in; for a dry run how many would be offered.
        refused: Reason code to how many stayed outside, for example `entry:reentry`.
        days: Day of the anchor (`2026-03-02`, in the SOP's zone) to how many.
    """

    entered: int = 0
    refused: Mapping[str, int] = field(factory=dict[str, int])
    days: Mapping[str, int] = field(factory=dict[str, int])


def backfill(
    context: Context,
    sop: str,
    subjects: Iterable[str],
    *,
    name: str,
    now: datetime,
    spread: timedelta,
    dry_run: bool,
    progress: Progress,
) -> Backfill:
    """Offer each subject to the SOP; which day within `spread` its offsets count from depends on the subject only."""
    moment = require_aware(now, "now")
    definition = _definition(context, sop, spread)
    entered, refused, days = 0, Counter[str](), Counter[str]()
    for number, candidate in enumerate(_candidates(definition, subjects, name, moment, spread), start=1):
        if dry_run or _entry.enrol(context, definition, candidate, moment):
            entered += 1
            at = candidate.anchor_at or moment
            days[at.astimezone(definition.zone).date().isoformat()] += 1
        else:
            refused[_refusal(context, candidate)] += 1
        if number % _TOLD_EVERY == 0:
            progress(number)
    progress(entered + refused.total())
    return Backfill(entered=entered, refused=dict(refused), days=dict(sorted(days.items())))


def _definition(context: Context, sop: str, spread: timedelta) -> Definition:
    if not timedelta() <= spread <= _MOST or spread % timedelta(days=1):
        raise ValidationError(field="spread", value=str(spread), limit="whole days, 0 to 366")
    with reading(context.engine) as connection:
        definition = context.catalogue.open(connection, sop)
    if spread and (definition.entry.anchor is not None or definition.entry.brings_date):
        msg = f"{sop} counts from a date of the customer, which a backfill does not move: leave spread out"
        raise ConfigurationError(msg)
    return definition


def _candidates(
    definition: Definition, subjects: Iterable[str], name: str, now: datetime, spread: timedelta
) -> Iterator[Candidate]:
    dated = definition.entry.anchor is not None or definition.entry.brings_date
    for subject in dict.fromkeys(require_ids(subjects, "subjects")):
        require_id(subject, "subjects")
        later = stable_number(f"{name}\x1f{subject}") % max(1, spread.days)
        local = now.astimezone(definition.zone)
        anchor = wall_to_utc(local.date() + timedelta(days=later), local.time(), definition.zone)
        yield Candidate(external_userid=subject, occurrence=f"backfill:{name}", anchor_at=None if dated else anchor)


def _refusal(context: Context, candidate: Candidate) -> str:
    """The last reason that was written down for this customer."""
    with reading(context.engine) as connection:
        lines = _journal.read(connection, context.corp_id, candidate.external_userid)
    return lines[-1].reason if lines and lines[-1].reason.startswith(("entry:", "blocked:")) else "entry:refused"
