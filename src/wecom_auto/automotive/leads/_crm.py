"""Keep the CRM of the house in step (CRM 打通): what changed here goes there, what happened there comes here.

It sends states and not steps, so that repeats and another order do no harm, and sends nothing back to whoever said it.
It does not give data to another company: for that `LeadDesk.hand_over` asks for consent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final, Protocol

from attrs import field, frozen

from wecom_auto._time import require_aware
from wecom_auto.automotive.leads._desk import LeadDesk
from wecom_auto.automotive.leads._states import HistoryEntry, StoredLead
from wecom_auto.automotive.leads._values import NewLead
from wecom_auto.errors import ValidationError

_SETTLED: Final = timedelta(seconds=30)
_MOST_AGAIN: Final = 1000


@frozen(kw_only=True)
class LeadChange:
    """A lead as it is now, because something happened to it; ``repr`` shows neither name nor number.

    Attributes:
        key: The same for the same state: a CRM that has seen it has nothing to do.
        lead_id: Which.
        lead: The lead; None if it was merged into another one, or forgotten since.
        phone: Its number; empty if it is not kept.
        what: What happened since the last time, such as ``taken``, ``matched``, ``closed``.
    """

    key: str
    lead_id: str
    lead: StoredLead | None
    phone: str = field(repr=False)
    what: tuple[str, ...]


class Crm(Protocol):
    """Your CRM or DMS, as the desk's program sees it; two methods of yours."""

    @property
    def name(self) -> str:
        """What histories call it, up to 64 characters; the same for ever."""
        ...

    def push(self, change: LeadChange, /) -> object:
        """Write the state of a lead. Any exception means "again later"."""
        ...


@frozen(kw_only=True)
class CrmNews:
    """Something that happened in the CRM.

    Attributes:
        lead: The person, with phone, unionid or external_userid. Content that is new counts as another inquiry.
        reached_by: The member who has reached the person; only the owner of the lead counts.
        evidence: The id of the CRM's record of that.
        closed: Why the lead is over; empty if it is not.
    """

    lead: NewLead
    reached_by: str = ""
    evidence: str = ""
    closed: str = ""


@frozen(kw_only=True)
class CrmReport:
    """What one round did.

    Attributes:
        place: Where the next `CrmSync.push` goes on, with the leads that have to come again; keep it with your CRM's
            data.
        pushed: Leads that the CRM has taken.
        failed: Why others could not be pushed, by lead; they come again.
    """

    place: str
    pushed: int = 0
    failed: Mapping[str, str] = field(factory=dict[str, str])


class CrmSync:
    """Two ways between a lead desk and a CRM, without a loop.

    Args:
        desk: The desk.
        crm: The other side.
        settled: How old something must be to be pushed. Two workers may commit in another order than they began;
            what is older than their longest transaction cannot be overtaken any more.
    """

    def __init__(self, desk: LeadDesk, crm: Crm, *, settled: timedelta = _SETTLED) -> None:
        self._desk = desk
        self._crm = crm
        self._settled = settled

    def __repr__(self) -> str:
        return f"CrmSync({self._crm.name!r})"

    def push(self, place: str, now: datetime, *, limit: int = 1000) -> CrmReport:
        """Write to the CRM what happened to leads since a place, except what the CRM itself has said.

        A lead that the CRM refuses comes again and stops no other one. If it refuses everything, nothing moves on.

        Args:
            place: `CrmReport.place` of the last round; empty at first.
            now: Aware.
            limit: The most entries of the history in one round.

        Raises:
            ValidationError: That is no place.
        """
        after, again = _read_place(place)
        read = self._settled_entries(after, require_aware(now, "now"), limit)
        wanted: dict[str, list[HistoryEntry]] = {one: [] for one in again}
        for entry in read:
            if entry.actor != self._crm.name:
                wanted.setdefault(entry.lead_id, []).append(entry)
        failed: dict[str, str] = {}
        for lead_id, entries in wanted.items():
            try:
                self._crm.push(self._change(lead_id, entries))
            except Exception as error:  # noqa: BLE001  # the CRM is somebody else's program
                failed[lead_id] = type(error).__name__
        if not failed or len(failed) < min(len(wanted), _MOST_AGAIN):
            after, again = read[-1].id if read else after, tuple(failed)
        return CrmReport(place=_write_place(after, again), pushed=len(wanted) - len(failed), failed=failed)

    def _settled_entries(self, after: int, now: datetime, limit: int) -> list[HistoryEntry]:
        """Entries up to the first one that a slower worker may still overtake."""
        old = now - self._settled
        return [*takewhile(lambda one: one.at <= old, self._desk.changes(after=after, limit=limit))]

    def pull(self, news: Iterable[CrmNews]) -> tuple[str, ...]:
        """Take in what happened in the CRM; the same news twice changes nothing more.

        Args:
            news: The oldest first.

        Returns:
            The number of each lead here, in the order of the news.
        """
        return tuple(self._hear(one) for one in news)

    def _change(self, lead_id: str, entries: list[HistoryEntry]) -> LeadChange:
        lead = self._desk.lead(lead_id)
        last = entries[-1].id if entries else max((one.id for one in self._desk.history(lead_id)), default=0)
        return LeadChange(
            key=f"{lead_id}:{last}",
            lead_id=lead_id,
            lead=lead,
            phone=self._desk.phone(lead_id) if lead else "",
            what=tuple(dict.fromkeys(one.what for one in entries)),
        )

    def _hear(self, one: CrmNews) -> str:
        name = self._crm.name
        lead_id = self._desk.take(one.lead, origin=name, actor=name).lead_id
        if one.reached_by:
            self._desk.contacted(lead_id, one.reached_by, evidence=one.evidence or name)
        if one.closed:
            self._desk.close(lead_id, reason=one.closed, actor=name)
        return lead_id


def _read_place(place: str) -> tuple[int, tuple[str, ...]]:
    after, _, again = place.partition(";")
    if not place:
        return 0, ()
    if not after.isdecimal():
        raise ValidationError(field="place", value=repr(place[:40]), limit="the place of a report, or nothing")
    return int(after), tuple(filter(None, again.split(",")))


def _write_place(after: int, again: Iterable[str]) -> str:
    return f"{after};{','.join(again)}".removesuffix(";")
