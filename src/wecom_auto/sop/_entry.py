"""Let customers in: triggers, conditions, re-entry, anchors. One run for one customer and one member.

It never touches the runs of anybody else, and a run that has ended is never opened again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection

from wecom_auto.sop import _journal, store
from wecom_auto.sop import _tables as t
from wecom_auto.sop._context import Context, CustomerFacts
from wecom_auto.sop._journal import Entry
from wecom_auto.sop._senders import choose_sender
from wecom_auto.sop._states import EnrolmentStatus
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.store import Enrolment
from wecom_auto.store import insert_once, transaction

SAME_ANCHOR: Final = timedelta(days=180)
"""A date that moves by less is corrected and re-plans its run; one that moves further is the next occurrence."""


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


def trigger(context: Context, on: str, candidate: Candidate, now: datetime) -> int:
    """Let the customer into every running SOP that waits for this trigger.

    Returns:
        How many runs began.
    """
    with transaction(context.engine) as connection:
        sops = context.catalogue.sops(connection)
        names = context.catalogue.running(connection)
        found = [context.catalogue.load(connection, name, sops[name].version) for name in names]
    return sum(enrol(context, one, candidate, now) for one in found if one.entry.on == on)


def enrol(context: Context, definition: Definition, candidate: Candidate, now: datetime) -> bool:
    """Begin a run if the definition lets this customer in; every refusal is written down."""
    customer = candidate.external_userid
    facts = context.book.facts_for([(customer, candidate.userid)])[customer, candidate.userid]
    member = candidate.userid or choose_sender(definition, facts)
    if member and member != candidate.userid:
        facts = context.book.facts_for([(customer, member)])[customer, member]
    refusal, anchor_at = _admit(definition, facts, candidate, member, now)
    with transaction(context.engine) as connection:
        if refusal is None and anchor_at is not None:
            return _begin(context, connection, definition, candidate, member, anchor_at, now)
        entry = Entry(reason=refusal or "entry:refused", external_userid=customer, sop=definition.sop)
        _journal.write(connection, context.corp_id, now, [entry])
    return False


def _admit(
    definition: Definition, facts: CustomerFacts, candidate: Candidate, member: str, now: datetime
) -> tuple[str | None, datetime | None]:
    if not member:
        return "blocked:not_friend", None
    where = definition.entry.where
    if where is not None and not where.evaluate(facts):
        return "entry:condition", None
    if candidate.anchor_at is not None:
        return None, candidate.anchor_at
    if definition.entry.anchor is None:
        return None, now
    anchor_at = definition.anchor_at(facts.attribute(definition.entry.anchor))
    return (None, anchor_at) if anchor_at is not None else ("entry:no_anchor", None)


def _begin(
    context: Context,
    connection: Connection,
    definition: Definition,
    candidate: Candidate,
    member: str,
    anchor_at: datetime,
    now: datetime,
) -> bool:
    anchored = definition.entry.anchor is not None
    occurrence = f"{definition.entry.anchor}={anchor_at.isoformat()}" if anchored else candidate.occurrence
    earlier = store.enrolments_of(connection, context.corp_id, candidate.external_userid, definition.sop)
    active = next((run for run in earlier if run.state == EnrolmentStatus.ACTIVE.value), None)
    if active is not None and anchored and _is_correction(connection, active, anchor_at):
        return _move_anchor(context, connection, active, anchor_at, occurrence, now)
    if active is not None and not anchored and active.userid == member:
        return False
    last = max((run.enrolled_at for run in earlier), default=None)
    # One expiry date is one occurrence, whoever looks after the customer; other entries are each member's own.
    same = any(run.occurrence == occurrence and (anchored or run.userid == member) for run in earlier)
    if same or not definition.entry.reentry.allows(last, now, same_anchor=same):
        entry = Entry(reason="entry:reentry", external_userid=candidate.external_userid, sop=definition.sop)
        _journal.write(connection, context.corp_id, now, [entry])
        return False
    if active is not None and anchored:
        store.end_enrolments(connection, [active.id], "ended:superseded", now, goal=False)
    return _insert(context, connection, definition, candidate.external_userid, member, occurrence, anchor_at, now)


def _is_correction(connection: Connection, run: Enrolment, anchor_at: datetime) -> bool:
    return abs(anchor_at - run.anchor_at) < SAME_ANCHOR or not store.touches_of(connection, [run.id])


def _move_anchor(
    context: Context,
    connection: Connection,
    run: Enrolment,
    anchor_at: datetime,
    occurrence: str,
    now: datetime,
) -> bool:
    """Re-plan a run whose date was corrected; steps that were done stay done."""
    if anchor_at != run.anchor_at:
        values = {"anchor_at": anchor_at, "occurrence": occurrence, "wake_at": now}
        connection.execute(sa.update(t.enrolments).where(t.enrolments.c.id == run.id).values(values))
        entry = Entry(reason="moved:anchor", enrolment_id=run.id, detail=occurrence)
        _journal.write(connection, context.corp_id, now, [entry])
    return False


def _insert(
    context: Context,
    connection: Connection,
    definition: Definition,
    external_userid: str,
    member: str,
    occurrence: str,
    anchor_at: datetime,
    now: datetime,
) -> bool:
    row = {
        "corp_id": context.corp_id,
        "sop": definition.sop,
        "version": definition.version,
        "external_userid": external_userid,
        "userid": member,
        "occurrence": occurrence[:128],
        "anchor_at": anchor_at,
        "enrolled_at": now,
        "arm_seed": external_userid,
        "run": 1,
        "state": EnrolmentStatus.ACTIVE.value,
        "wake_at": now,
        "goal": False,
    }
    if not insert_once(connection, t.enrolments, row):
        return False
    entry = Entry(reason="entered", external_userid=external_userid, sop=definition.sop, detail=occurrence)
    _journal.write(connection, context.corp_id, now, [entry])
    return True


def wake(context: Context, external_userid: str, now: datetime) -> None:
    """Look at the customer's runs at the next tick: something about the customer has changed."""
    e = t.enrolments.c
    mine = (e.corp_id == context.corp_id, e.external_userid == external_userid, store.ACTIVE, e.wake_at > now)
    with transaction(context.engine) as connection:
        connection.execute(sa.update(t.enrolments).where(*mine).values(wake_at=now))
