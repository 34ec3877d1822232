"""Let in whom a date lets in: every group each Monday, whoever has a birthday. Once for each date, a page at a time.

One row for each SOP says which day comes next and how far it was dealt with; nothing is written for later days.
A worker takes the day with a lease, and every page is written together with its position: one that dies is gone on
with, and two of them do nothing twice. A day that was slept through is dealt with afterwards, unless the lateness rule
leaves nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import cache, partial
from typing import Final, TypeAlias

import sqlalchemy as sa
from attrs import evolve, frozen
from sqlalchemy.engine import Connection

from wecom_auto._types import JSON
from wecom_auto.sop import store
from wecom_auto.sop._document._policies import Concurrency, Target
from wecom_auto.sop._document._timing import wall_to_utc
from wecom_auto.sop._planning._consent import lacks_consent
from wecom_auto.sop._planning._occurrences import Occurrence, occurrences
from wecom_auto.sop._planning._standing import blocked
from wecom_auto.sop._planning._timetable import Slot, slot
from wecom_auto.sop._rows import _journal
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._journal import Entry
from wecom_auto.sop._rows._shards import shard_of
from wecom_auto.sop._rows._states import EnrolmentStatus
from wecom_auto.sop._rows._work import DAYS
from wecom_auto.sop._runs import _entry
from wecom_auto.sop._runs._entry import Candidate
from wecom_auto.sop._shared._context import Context, CustomerFacts, Tick
from wecom_auto.sop._shared._faults import FAULT, SOON, attempt, is_general, name_of
from wecom_auto.sop._shared._subjects import facts_for, member_for, subject_book
from wecom_auto.sop.definition import Definition
from wecom_auto.store import insert_new, reading, repeatable, transaction, upsert

_LEASE: Final = timedelta(minutes=2)
_PAGE: Final = 500
_PAGES: Final = 200
"""Pages of one tick: the rest is left to the next one, so that no tick is all calendar."""
_YEARS: Final = timedelta(days=3600)
_BIRTHDAY: Final = "birthday"
_EVERY_DAY: Final = timedelta(days=1)
_Wanted: TypeAlias = dict[str, Occurrence]
"""Subjects of a page, each with the date that lets it in."""


@frozen(kw_only=True)
class _Day:
    """A day of one SOP that a worker has taken."""

    sop: str
    day: date
    position: str
    lease_until: datetime


def schedule(context: Context, connection: Connection, definition: Definition, now: datetime, *, goes_on: bool) -> None:
    """Write down when a SOP that was just published lets in next.

    Args:
        context: The corp.
        connection: The transaction that publishes.
        definition: What was published.
        now: Aware. A date whose first step has passed by now is not taken any more.
        goes_on: The version before had the same trigger: the day that it has come to stays.
    """
    c = t.calendars.c
    mine = (c.corp_id == context.corp_id, c.sop == definition.sop)
    known = connection.execute(sa.select(c.day).where(*mine)).first()
    if not definition.entry.recurring:
        connection.execute(sa.delete(t.calendars).where(*mine))
        return
    if known is not None and goes_on:
        due_at = None if known.day is None else _opens(context, definition, _midnight(definition, known.day))
        connection.execute(sa.update(t.calendars).where(*mine).values(due_at=due_at))
        return
    row = {"corp_id": context.corp_id, "sop": definition.sop, "position": "", "lease_until": None}
    upsert(connection, t.calendars, [row | _next_day(context, definition, _first_day(context, definition, now))])


def enrol_due(context: Context, tick: Tick) -> None:
    """Let in everybody whose date has come, a bounded number of pages at a time."""
    pages = _PAGES
    while pages > 0 and (taken := _take(context, tick.now())) is not None:
        left = [pages]
        if not attempt(
            context.engine, context.corp_id, tick, taken.sop, partial(_some_pages, context, tick, taken, left)
        ):
            _rest(context, taken, tick.now() + SOON)
        pages = left[0]


def _some_pages(context: Context, tick: Tick, taken: _Day, left: list[int]) -> None:
    with reading(context.engine) as connection:
        definition = context.catalogue.latest(connection, taken.sop)
    for taken_page in _work(context, tick, definition, taken):
        left[0] -= taken_page
        if left[0] <= 0:
            break


@repeatable
def _rest(context: Context, taken: _Day, until: datetime) -> None:
    """Leave a SOP alone for a while whose day cannot be dealt with; where it has come to stays written down."""
    c = t.calendars.c
    mine = (c.corp_id == context.corp_id, c.sop == taken.sop, c.day == taken.day)
    with transaction(context.engine) as connection:
        connection.execute(sa.update(t.calendars).where(*mine, c.lease_until < until).values(lease_until=until))


def join_late(context: Context, definition: Definition, subject: str, value: JSON, now: datetime) -> None:
    """Let in somebody whose birthday became known after its day was dealt with, if it is still to come or today."""
    c = t.calendars.c
    with reading(context.engine) as connection:
        row = connection.execute(sa.select(c.day).where(c.corp_id == context.corp_id, c.sop == definition.sop)).first()
    if row is None or row.day is None:
        return
    since = _midnight(definition, now.astimezone(definition.zone).date())
    for one in occurrences(definition.entry, value, definition.zone, since, _midnight(definition, row.day)):
        _entry.enrol(context, definition, _candidate(subject, one), now)


@cache
def _waiting_query() -> sa.Select[str, date, str]:
    """Built once: it is asked at every tick."""
    c = t.calendars.c
    query = sa.select(c.sop, c.day, c.position).where(*DAYS).order_by(c.due_at, c.sop).limit(1)
    return query.with_for_update(skip_locked=True)


@repeatable
def _take(context: Context, now: datetime) -> _Day | None:
    """Take the day that waits longest, unless another worker is at it."""
    c = t.calendars.c
    with transaction(context.engine) as connection:
        row = connection.execute(_waiting_query(), {"corp": context.corp_id, "now": now}).first()
        if row is None:
            return None
        taken = _Day(sop=row.sop, day=row.day, position=row.position, lease_until=now + _LEASE)
        mine = (c.corp_id == context.corp_id, c.sop == row.sop)
        connection.execute(sa.update(t.calendars).where(*mine).values(lease_until=taken.lease_until))
    return taken


def _work(context: Context, tick: Tick, definition: Definition, taken: _Day) -> Iterator[int]:
    """Deal with a day page by page; yields after each. What is left when nobody asks on is free for the next tick."""
    at = _midnight(definition, taken.day)
    if not definition.entry.recurring or _is_over(context, definition, at, tick.now()):
        _finish(context, definition, taken, tick.now(), missed=definition.entry.recurring)
        tick.counts["skipped:missed"] += 1
        yield 1
        return
    while True:
        last, wanted = _page(context, definition, taken)
        entered = _let_in(context, definition, wanted, taken, last, tick.now())
        if entered is None:
            return
        tick.counts["entered"] += entered
        if not last:
            return
        taken = evolve(taken, position=last, lease_until=tick.now() + _LEASE)
        yield 1


def _page(context: Context, definition: Definition, taken: _Day) -> tuple[str, _Wanted]:
    """The next subjects, and the last one looked at; an empty text when there are no more."""
    at = _midnight(definition, taken.day)
    if definition.target is Target.MOMENT:
        return "", {definition.sop: Occurrence(f"calendar:{taken.day}", at)}
    book = subject_book(context)
    if definition.entry.trigger != _BIRTHDAY:
        found = book.subjects(definition.target.value, after=taken.position, most=_PAGE)
        return _last(found), dict.fromkeys(found, Occurrence(f"calendar:{taken.day}", at))
    people = book.attributes_of(_BIRTHDAY, after=taken.position, most=_PAGE)
    wanted: _Wanted = {}
    for subject, value in people:
        for one in occurrences(definition.entry, value, definition.zone, at, at + _EVERY_DAY):
            wanted[subject] = one
    return _last([subject for subject, _ in people]), wanted


def _last(found: Sequence[str]) -> str:
    return found[-1] if len(found) == _PAGE else ""


def _let_in(
    context: Context, definition: Definition, wanted: _Wanted, taken: _Day, last: str, now: datetime
) -> int | None:
    """Let a page of subjects in; returns how many came in, `None` if another worker has taken the day over."""
    if definition.policy.concurrency is not Concurrency.FREE:
        # Who is in another SOP is looked at one by one, as for any other entry.
        entered = sum(_entry.enrol(context, definition, _candidate(*pair), now) for pair in wanted.items())
        return entered if _write_page(context, definition, [], [], taken, last, now) else None
    rows, entries = _admit(context, definition, wanted, now)
    return len(rows) if _write_page(context, definition, rows, entries, taken, last, now) else None


def _admit(
    context: Context, definition: Definition, wanted: _Wanted, now: datetime
) -> tuple[list[dict[str, object]], list[Entry]]:
    facts = _facts(context, definition, wanted)
    with reading(context.engine) as connection:
        before, same = _earlier(context, connection, definition, wanted)
    rows: list[dict[str, object]] = []
    entries: list[Entry] = []
    for subject, one in wanted.items():
        if (subject, one.key) in same:
            continue
        member, known = facts[subject]
        try:
            refusal = _refusal(definition, member, known)
        except Exception as error:
            if is_general(error):
                raise
            # Nobody else waits for this one, who misses the date.
            alert = Entry(reason=FAULT, external_userid=subject, sop=definition.sop, detail=name_of(error))
            entries.append(alert)
            continue
        if refusal is None and not definition.entry.reentry.allows(before.get(subject), now):
            refusal = "entry:reentry"
        if refusal is None and member is not None:
            rows.append(_row(context, definition, subject, member, one, now))
        entries.append(Entry(reason=refusal or "entered", external_userid=subject, sop=definition.sop, detail=one.key))
    return rows, entries


def _facts(context: Context, definition: Definition, wanted: _Wanted) -> Mapping[str, tuple[str | None, CustomerFacts]]:
    """The member who acts for each subject, and the facts as seen from there."""
    nobody = facts_for(context, definition.target, [(subject, "") for subject in wanted])
    members = {subject: member_for(definition, nobody[subject, ""]) for subject in wanted}
    pairs = [(subject, member) for subject, member in members.items() if member]
    seen = facts_for(context, definition.target, pairs) if pairs else {}
    return {
        subject: (member, seen[subject, member] if member else nobody[subject, ""])
        for subject, member in members.items()
    }


def _refusal(definition: Definition, member: str | None, facts: CustomerFacts) -> str | None:
    if member is None:
        return blocked(definition.target, facts) or "blocked:not_friend"
    where = definition.entry.where
    if where is not None and not where.evaluate(facts):
        return "entry:condition"
    return "blocked:no_consent" if lacks_consent(definition, facts) else None


def _earlier(
    context: Context, connection: Connection, definition: Definition, wanted: _Wanted
) -> tuple[dict[str, datetime], set[tuple[str, str]]]:
    """When each subject last came in, and who has come in on this very date."""
    e = t.enrolments.c
    before: dict[str, datetime] = {}
    same: set[tuple[str, str]] = set()
    for chunk in store.chunked(sorted(wanted)):
        mine = (e.corp_id == context.corp_id, e.sop == definition.sop, e.external_userid.in_(chunk))
        for subject, occurrence, enrolled_at in connection.execute(
            sa.select(e.external_userid, e.occurrence, e.enrolled_at).where(*mine)
        ):
            before[subject] = max(enrolled_at, before.get(subject, enrolled_at))
            same.add((subject, occurrence))
    return before, same


def _row(
    context: Context, definition: Definition, subject: str, member: str, one: Occurrence, now: datetime
) -> dict[str, object]:
    return {
        "corp_id": context.corp_id,
        "sop": definition.sop,
        "version": definition.version,
        "external_userid": subject,
        "userid": member,
        "occurrence": one.key,
        "anchor_at": one.at,
        "enrolled_at": now,
        "arm_seed": subject,
        "run": 1,
        "state": EnrolmentStatus.ACTIVE.value,
        "live_key": _entry.live_key(context.corp_id, definition, subject, member, one.key),
        "wake_at": now,
        "goal": False,
        "news": 0,
        "shard": shard_of(subject),
    }


@repeatable
def _write_page(
    context: Context,
    definition: Definition,
    rows: Sequence[Mapping[str, object]],
    entries: Sequence[Entry],
    taken: _Day,
    last: str,
    now: datetime,
) -> bool:
    """Write a page with how far it came; False if another worker has taken the day, or somebody has ended the SOP."""
    if last:
        values: dict[str, object] = {"position": last, "lease_until": now + _LEASE}
    else:
        values = {"position": "", "lease_until": None} | _after(context, definition, taken.day)
    with transaction(context.engine) as connection:
        if not context.catalogue.lets_in(connection, definition.sop) or not _move(context, connection, taken, values):
            return False
        insert_new(connection, t.enrolments, rows)
        _journal.write(connection, context.corp_id, now, entries)
    return True


@repeatable
def _finish(context: Context, definition: Definition, taken: _Day, now: datetime, *, missed: bool) -> None:
    """Go on to the next day without letting anybody in."""
    values = {"position": "", "lease_until": None} | _after(context, definition, taken.day)
    entry = Entry(reason="skipped:missed", sop=definition.sop, detail=taken.day.isoformat())
    with transaction(context.engine) as connection:
        if _move(context, connection, taken, values) and missed:
            _journal.write(connection, context.corp_id, now, [entry])


def _move(context: Context, connection: Connection, taken: _Day, values: Mapping[str, object]) -> bool:
    c = t.calendars.c
    mine = (c.corp_id == context.corp_id, c.sop == taken.sop, c.day == taken.day, c.lease_until == taken.lease_until)
    return connection.execute(sa.update(t.calendars).where(*mine).values(dict(values))).rowcount == 1


def _after(context: Context, definition: Definition, day: date) -> dict[str, object]:
    return _next_day(context, definition, _day_from(definition, day + _EVERY_DAY))


def _next_day(context: Context, definition: Definition, day: date | None) -> dict[str, object]:
    due_at = None if day is None else _opens(context, definition, _midnight(definition, day))
    return {"day": day, "due_at": due_at}


def _first_day(context: Context, definition: Definition, now: datetime) -> date | None:
    """The first day of which nothing has passed yet."""
    day = _day_from(definition, now.astimezone(definition.zone).date())
    while day is not None:
        times = _slots(context, definition, _midnight(definition, day))
        if min(one.due_at for one in times) >= now:
            return day
        day = _day_from(definition, day + _EVERY_DAY)
    return None


def _day_from(definition: Definition, day: date) -> date | None:
    """The first day of the trigger from this one on; a birthday is every day somebody's."""
    if definition.entry.trigger == _BIRTHDAY:
        return day
    since = _midnight(definition, day)
    found = occurrences(definition.entry, None, definition.zone, since, since + _YEARS)
    return found[0].at.astimezone(definition.zone).date() if found else None


def _opens(context: Context, definition: Definition, at: datetime) -> datetime:
    """When to let in: at the day's beginning, or before its first step, which may be days before."""
    first = min(min(one.due_at, one.nominal_at) for one in _slots(context, definition, at))
    return min(at, first - definition.window.spread)


def _is_over(context: Context, definition: Definition, at: datetime, now: datetime) -> bool:
    """Whether every step of a day is too late by now, so that letting in would only write down skips."""
    return all(one.until is not None and one.until < now for one in _slots(context, definition, at))


def _slots(context: Context, definition: Definition, at: datetime) -> list[Slot]:
    return [slot(definition, step, at, context.calendar) for step in definition.steps]


def _midnight(definition: Definition, day: date) -> datetime:
    return wall_to_utc(day, time(), definition.zone)


def _candidate(subject: str, one: Occurrence) -> Candidate:
    return Candidate(external_userid=subject, occurrence=one.key, anchor_at=one.at)
