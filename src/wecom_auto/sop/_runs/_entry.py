"""Let customers in: triggers, conditions, re-entry, anchors. One run for one customer and one member.

It never touches the runs of anybody else, and a run that has ended is never opened again.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection

from wecom_auto.sop import store
from wecom_auto.sop._document._policies import Concurrency, Target
from wecom_auto.sop._document._timing import is_beyond
from wecom_auto.sop._planning._consent import lacks_consent
from wecom_auto.sop._planning._standing import blocked
from wecom_auto.sop._rows import _journal, _ledger
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._journal import Entry
from wecom_auto.sop._rows._states import EnrolmentStatus, SopStatus
from wecom_auto.sop._runs._concurrency import rival_of
from wecom_auto.sop._runs._ending import leave
from wecom_auto.sop._shared._context import Context, CustomerFacts
from wecom_auto.sop._shared._faults import is_general
from wecom_auto.sop._shared._subjects import facts_for, member_for
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.store import Enrolment
from wecom_auto.sop.tasks._rows import wake as wake_tasks
from wecom_auto.store import insert_once, reading, repeatable, transaction

SAME_ANCHOR: Final = timedelta(days=180)
"""A date that moves by less is corrected and re-plans its run; one that moves further is the next occurrence."""


_LOOKS: Final = 5
_AT_THE_DOOR: Final = "entry"
"""A row of the ledger that counts nothing: whoever lets a customer into an exclusive SOP holds it."""
_OCCURRENCE: Final = 128
"""What the column holds."""


@frozen(kw_only=True)
class Candidate:
    """Somebody who may come in.

    Attributes:
        external_userid: The customer.
        userid: The member; empty lets the definition's owner rule choose.
        occurrence: Tells one reason for entry from the next; the same one never enrols twice.
        anchor_at: What offsets are counted from; `None` takes the definition's anchor, or now.
    """

    external_userid: str
    userid: str = ""
    occurrence: str
    anchor_at: datetime | None = None


def trigger(context: Context, on: str, candidate: Candidate, now: datetime, *, target: Target = Target.CUSTOMER) -> int:
    """Let a subject into every running SOP about its kind that waits for this trigger.

    A SOP that fails keeps nobody out of the others; its error is raised afterwards, so that the event is not lost.

    Returns:
        How many runs began.
    """
    with reading(context.engine) as connection:
        sops = context.catalogue.sops(connection).values()
    entered, failed = 0, list[Exception]()
    for one in (sop for sop in sops if sop.state is SopStatus.RUNNING):
        try:
            definition = context.catalogue.cached(context.engine, one.sop, one.version)
            if definition.target is target and definition.entry.answers(on):
                entered += enrol(context, definition, candidate, now)
        except Exception as error:
            if is_general(error):
                raise
            failed.append(error)
    if failed:
        raise failed[0]
    return entered


def enrol(context: Context, definition: Definition, candidate: Candidate, now: datetime) -> bool:
    """Begin a run if the definition lets this customer in; every refusal is written down."""
    came_in, counted_from = _enrol(context, definition, candidate, now)
    if candidate.anchor_at is not None or _anchor(definition) is None:
        return came_in
    for _ in range(_LOOKS):
        # Another process may have changed the date since it was read, and been faster with its own run.
        if _date(definition, _facts(context, definition, candidate)[1]) == counted_from:
            break
        again, counted_from = _enrol(context, definition, candidate, now)
        came_in |= again
    return came_in


def _facts(context: Context, definition: Definition, candidate: Candidate) -> tuple[str | None, CustomerFacts]:
    """The member and what is known about the customer as seen from there."""
    subject = candidate.external_userid
    facts = facts_for(context, definition.target, [(subject, candidate.userid)])[subject, candidate.userid]
    member = candidate.userid or member_for(definition, facts)
    if member and member != candidate.userid:
        facts = facts_for(context, definition.target, [(subject, member)])[subject, member]
    return member, facts


@repeatable
def _enrol(
    context: Context, definition: Definition, candidate: Candidate, now: datetime
) -> tuple[bool, datetime | None]:
    """Whether a run began, and which date it was about."""
    member, facts = _facts(context, definition, candidate)
    refusal, anchor_at = _admit(definition, facts, candidate, member, now)
    with transaction(context.engine) as connection:
        if refusal is None and not context.catalogue.lets_in(connection, definition.sop):
            refusal = "entry:ended"
        if refusal is None and anchor_at is not None and member is not None:
            arrival = _Arrival(context, connection, definition, candidate, member, anchor_at, now)
            # Where another process lets the same customer in at this moment, there is a run to look at afterwards.
            came_in = arrival.begin()
            return bool(arrival.begin() if came_in is None else came_in), anchor_at
        entry = Entry(reason=refusal or "entry:refused", external_userid=candidate.external_userid, sop=definition.sop)
        _journal.write(connection, context.corp_id, now, [entry])
    return False, _date(definition, facts)


def _anchor(definition: Definition) -> str | None:
    """The attribute whose date is the run's; a birthday is none: what counts is the day on which it comes round."""
    return None if definition.entry.recurring else definition.entry.anchor


def by_date(definition: Definition) -> bool:
    """Whether each date is a run of its own that may overlap with the last: calendars, birthdays, joins of a day."""
    return definition.entry.recurring or (definition.entry.trigger == "group.joined" and _anchor(definition) is None)


def live_key(corp_id: str, definition: Definition, subject: str, member: str, occurrence: str) -> str:
    """Names whom a second active run would double: a date's runs are the customer's, others the member's, too."""
    dated = by_date(definition)
    parts = [corp_id, definition.sop, subject, "" if dated or _anchor(definition) is not None else member]
    parts += [occurrence] if dated else []
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _date(definition: Definition, facts: CustomerFacts) -> datetime | None:
    anchor = _anchor(definition)
    return None if anchor is None else definition.anchor_at(facts.attribute(anchor))


def _admit(
    definition: Definition, facts: CustomerFacts, candidate: Candidate, member: str | None, now: datetime
) -> tuple[str | None, datetime | None]:
    if member is None:
        return blocked(definition.target, facts) or "blocked:not_friend", None
    where = definition.entry.where
    if where is not None and not where.evaluate(facts):
        return "entry:condition", None
    if lacks_consent(definition, facts):
        return "blocked:no_consent", None
    if candidate.anchor_at is not None:
        return ("entry:no_such_date", None) if is_beyond(candidate.anchor_at) else (None, candidate.anchor_at)
    anchor = _anchor(definition)
    if anchor is None:
        return None, now
    value = facts.attribute(anchor)
    anchor_at = definition.anchor_at(value)
    if anchor_at is not None:
        return None, anchor_at
    return "entry:no_such_date" if is_beyond(value) else "entry:no_anchor", None


@frozen
class _Arrival:
    """One customer at the door: everything about the case, in one transaction."""

    context: Context
    connection: Connection
    definition: Definition
    candidate: Candidate
    member: str
    anchor_at: datetime
    now: datetime

    def begin(self) -> bool | None:
        """Let the customer in, or find out why not; `None` if somebody else was faster."""
        earlier = store.enrolments_of(self.connection, self.context.corp_id, self._customer, self.definition.sop)
        active = next(
            (run for run in earlier if run.state == EnrolmentStatus.ACTIVE.value and self._is_rival(run)), None
        )
        # One expiry date is one occurrence, whoever looks after the customer; other entries are each member's own.
        dated = self._anchored or by_date(self.definition)
        ended = [run for run in earlier if run is not active and (dated or run.userid == self.member)]
        same = any(run.occurrence == self.occurrence for run in ended)
        if active is not None and not self._anchored:
            return False
        if active is not None and not same and self._is_correction(active):
            return self._move_anchor(active)
        last = max((run.enrolled_at for run in earlier), default=None)
        allowed = not same and self.definition.entry.reentry.allows(last, self.now)
        if active is not None and (same or allowed):
            # The date that counts now is another one: it begins a run, or it has had its run.
            store.end_enrolments(self.connection, [active.id], "ended:superseded", self.now, goal=False)
            leave(self.connection, self.context.corp_id, [active.id], self.now)
            self._log("ended:superseded", enrolment_id=active.id)
        if not allowed:
            self._log("entry:reentry")
            return False
        return False if self._is_crowded_out() else self._insert()

    def _is_crowded_out(self) -> bool:
        """Whether the customer is in a SOP that excludes this one and goes first."""
        if self.definition.policy.concurrency is not Concurrency.FREE:
            # Two SOPs may knock at the same moment: one waits here until the other is in.
            _ledger.lock(self.connection, self.context.corp_id, [self._customer], _AT_THE_DOOR)
        rival = rival_of(self.context, self.connection, self.definition, self._customer)
        if rival:
            self._log("entry:concurrency", detail=rival)
        return bool(rival)

    @property
    def occurrence(self) -> str:
        """Tells this entry from the next one."""
        anchor = _anchor(self.definition)
        text = self.candidate.occurrence if anchor is None else f"{anchor}={self.anchor_at.isoformat()}"
        # Two long texts that differ at their ends are two occurrences.
        return text if len(text) <= _OCCURRENCE else f"{text[:60]}…{hashlib.sha256(text.encode()).hexdigest()}"

    @property
    def _anchored(self) -> bool:
        return _anchor(self.definition) is not None

    @property
    def _customer(self) -> str:
        return self.candidate.external_userid

    def _is_rival(self, run: Enrolment) -> bool:
        if by_date(self.definition):
            return run.occurrence == self.occurrence
        return self._anchored or run.userid == self.member

    def _is_correction(self, run: Enrolment) -> bool:
        near = abs(self.anchor_at - run.anchor_at) < SAME_ANCHOR
        return near or not store.touches_of(self.connection, [run.id])

    def _move_anchor(self, run: Enrolment) -> bool:
        """Re-plan a run whose date was corrected; steps that were done stay done."""
        if self.anchor_at != run.anchor_at:
            news = {"wake_at": self.now, "news": t.enrolments.c.news + 1}
            values = {"anchor_at": self.anchor_at, "occurrence": self.occurrence} | news
            self.connection.execute(sa.update(t.enrolments).where(t.enrolments.c.id == run.id).values(values))
            self._log("moved:anchor", enrolment_id=run.id, detail=self.occurrence)
        return False

    def _insert(self) -> bool | None:
        row = {
            "corp_id": self.context.corp_id,
            "sop": self.definition.sop,
            "version": self.definition.version,
            "external_userid": self._customer,
            "userid": self.member,
            "occurrence": self.occurrence,
            "anchor_at": self.anchor_at,
            "enrolled_at": self.now,
            "arm_seed": self._customer,
            "run": 1,
            "state": EnrolmentStatus.ACTIVE.value,
            "live_key": live_key(self.context.corp_id, self.definition, self._customer, self.member, self.occurrence),
            "wake_at": self.now,
            "goal": False,
        }
        if not insert_once(self.connection, t.enrolments, row):
            return None
        self._log("entered", detail=self.occurrence)
        return True

    def _log(self, reason: str, *, enrolment_id: int | None = None, detail: str = "") -> None:
        entry = Entry(
            reason=reason,
            external_userid=self._customer,
            sop=self.definition.sop,
            enrolment_id=enrolment_id,
            detail=detail,
        )
        _journal.write(self.connection, self.context.corp_id, self.now, [entry])


@repeatable
def wake(context: Context, external_userid: str, now: datetime) -> None:
    """Look at the customer's runs at the next tick: something about the customer has changed."""
    known = {"corp": context.corp_id, "customer": external_userid, "now": now}
    with transaction(context.engine) as connection:
        connection.execute(store.WAKE_CUSTOMER, known)
        wake_tasks(connection, context.corp_id, external_userid, now)
