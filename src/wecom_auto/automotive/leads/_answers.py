"""What members say about their leads: yes, no, back, reached; and what they take from the pool (公海).

Whoever answers for a lead that is not theirs any more changes nothing and is told so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from wecom_auto.automotive.leads import _books as books
from wecom_auto.automotive.leads import _tables as t
from wecom_auto.automotive.leads._assigning import Turns, give, to_pool
from wecom_auto.automotive.leads._books import Desk
from wecom_auto.automotive.leads._consent import may_have
from wecom_auto.automotive.leads._states import (
    LIVE,
    Assignment,
    AssignmentState,
    CustomerAnswer,
    LeadStatus,
    NoticeKind,
    StoredLead,
)
from wecom_auto.automotive.leads.allocation import Choice
from wecom_auto.errors import ValidationError
from wecom_auto.store import repeatable, transaction

_DAY: Final = timedelta(days=1)


class Answer(StrEnum):
    """What an answer has done."""

    DONE = "done"
    ALREADY = "already"
    """It was said before."""
    NOT_YOURS = "not_yours"
    """The lead is somebody else's now, or nobody's."""
    UNKNOWN = "unknown"
    """There is no such lead."""


class PoolAnswer(StrEnum):
    """Whether a member got a lead from the pool, or why not."""

    DONE = "done"
    GONE = "gone"
    """Somebody was quicker, or it is in no pool."""
    NO_RIGHT = "no_right"
    """None of the member's roles may, or the lead is of another area."""
    DAY_FULL = "day_full"
    HANDS_FULL = "hands_full"
    RESTING = "resting"
    """It was taken away from this very member a short time ago."""
    NO_CONSENT = "no_consent"


@repeatable
def accept(desk: Desk, lead_id: str, userid: str) -> Answer:
    """The member says yes."""
    with transaction(desk.engine) as connection:
        found, one = _theirs(connection, desk, lead_id, userid)
        if found is None or one is None:
            return _not(found)
        if one.state is not AssignmentState.OPEN:
            return Answer.ALREADY
        now = desk.now()
        books.change_assignment(connection, desk.corp_id, one, state=AssignmentState.ACCEPTED.value, accepted_at=now)
        books.change(connection, desk.corp_id, lead_id, status=LeadStatus.ACCEPTED.value)
        books.note(connection, desk.corp_id, lead_id, "accepted", now, actor=userid)
        _ask(connection, desk, found, one, userid, now)
    return Answer.DONE


def _ask(
    connection: Connection, desk: Desk, found: StoredLead, one: Assignment, userid: str, now: datetime, turn: int = 0
) -> None:
    """Give the member a card to write the customer's answer on, if the desk hands out scripts."""
    if desk.settings.scripts is not None and desk.settings.buttons:
        again = str(turn)
        books.tell(connection, desk, found, NoticeKind.ANSWER, userid, now, number=one.round, again=again, turn=turn)


@repeatable
def answered(
    desk: Desk, lead_id: str, userid: str, said: CustomerAnswer, evidence: str, next_at: datetime | None
) -> Answer:
    """The member writes down what the customer said."""
    with transaction(desk.engine) as connection:
        found, one = _theirs(connection, desk, lead_id, userid)
        if found is None or one is None:
            return _not(found)
        before = _said(connection, desk, lead_id)
        if evidence and any(detail["evidence"] == evidence for detail in before):
            return Answer.ALREADY
        now = desk.now()
        detail = {"answer": said.value, "script": _script(connection, desk, one), "evidence": evidence[:128]}
        books.note(connection, desk.corp_id, lead_id, "answered", now, actor=userid, detail=detail)
        if said in _CLOSING:
            _close(connection, desk, found, one, f"customer: {said.value}", userid, now)
        elif said is CustomerAnswer.NO_ANSWER:
            _ask(connection, desk, found, one, userid, now, turn=len(before) + 1)
        else:
            _reached(connection, desk, found, one, now, next_at)
    return Answer.DONE


_CLOSING: Final = {CustomerAnswer.WRONG_PERSON, CustomerAnswer.REFUSED}


def _said(connection: Connection, desk: Desk, lead_id: str) -> list[Mapping[str, Any]]:
    c = t.history.c
    mine = (c.corp_id == desk.corp_id, c.lead_id == lead_id, c.what == "answered")
    return [*connection.scalars(sa.select(c.detail).where(*mine).order_by(c.id))]


def _script(connection: Connection, desk: Desk, one: Assignment) -> str:
    """The script that the member was given last for this assignment."""
    c = t.notices.c
    mine = (c.corp_id == desk.corp_id, c.lead_id == one.lead_id, c.round == one.round)
    given = connection.scalars(sa.select(c.content).where(*mine).order_by(c.id.desc()))
    return next((name for content in given if (name := str(content.get("script") or ""))), "")


@repeatable
def give_up(desk: Desk, lead_id: str, userid: str, reason: str, state: AssignmentState) -> Answer:
    """The member says no, or gives it back: somebody else gets it, or the pool after too many."""
    if not reason.strip():
        raise ValidationError(field="reason", value="nothing", limit="a few words, which the next one reads")
    with transaction(desk.engine) as connection:
        found, one = _theirs(connection, desk, lead_id, userid)
        if found is None or one is None:
            return _not(found)
        now = desk.now()
        books.close(connection, desk.corp_id, one, state, now, reason)
        books.note(connection, desk.corp_id, lead_id, state.value, now, actor=userid, detail={"reason": reason[:128]})
        back(connection, desk, found, now)
    return Answer.DONE


def back(connection: Connection, desk: Desk, found: StoredLead, now: datetime) -> None:
    """Nobody has it any more: it waits for the next one, or goes into the pool."""
    if found.rounds >= desk.settings.most_rounds:
        books.change(connection, desk.corp_id, found.lead_id, last_owner="")
        to_pool(connection, desk, found, now, f"{found.rounds} members had it")
        return
    values = {"status": LeadStatus.NEW.value, "owner": "", "last_owner": "", "next_at": now}
    books.change(connection, desk.corp_id, found.lead_id, **values)


@repeatable
def contacted(
    desk: Desk, lead_id: str, userid: str, evidence: str, *, effective: bool, next_at: datetime | None
) -> Answer:
    """The member has tried, or reached, the person."""
    with transaction(desk.engine) as connection:
        found, one = _theirs(connection, desk, lead_id, userid)
        if found is None or one is None:
            return _not(found)
        now = desk.now()
        what = "contacted" if effective else "attempted"
        books.note(connection, desk.corp_id, lead_id, what, now, actor=userid, detail={"evidence": evidence[:128]})
        if effective:
            _reached(connection, desk, found, one, now, next_at)
    return Answer.DONE


def _reached(
    connection: Connection, desk: Desk, found: StoredLead, one: Assignment, now: datetime, next_at: datetime | None
) -> None:
    times = {"contacted_at": one.contacted_at or now, "accepted_at": one.accepted_at or now}
    books.change_assignment(connection, desk.corp_id, one, state=AssignmentState.WORKING.value, **times)
    values = {"status": LeadStatus.WORKING.value, "contacted_at": found.contacted_at or now, "next_at": next_at}
    books.change(connection, desk.corp_id, found.lead_id, **values)


class CallOutcome(StrEnum):
    """How a call ended, as a call centre or a voice robot (智能外呼) tells it."""

    CONNECTED = "connected"
    NO_ANSWER = "no_answer"
    """Not answered, busy, switched off: WeCom is the other way to reach them."""
    WANTS_WECOM = "wants_wecom"
    """Agreed to be added (电后加好友)."""
    REFUSED = "refused"
    """Does not want to be called."""


@repeatable
def called(desk: Desk, lead_id: str, outcome: CallOutcome, by: str, evidence: str) -> Answer:
    """Somebody who is not the owner has called: the outcome is kept, and a talk counts as contact."""
    with transaction(desk.engine) as connection:
        found = books.lead(connection, desk.corp_id, lead_id)
        if found is None:
            return Answer.UNKNOWN
        now = desk.now()
        detail = {"outcome": outcome.value, "evidence": evidence[:128]}
        books.note(connection, desk.corp_id, lead_id, "called", now, actor=by, detail=detail)
        if outcome in _TALKED and found.contacted_at is None:
            books.change(connection, desk.corp_id, lead_id, contacted_at=now)
    return Answer.DONE


_TALKED: Final = {CallOutcome.CONNECTED, CallOutcome.WANTS_WECOM}


@repeatable
def finish(desk: Desk, lead_id: str, reason: str, actor: str) -> Answer:
    """Close a lead: won, lost or unusable."""
    with transaction(desk.engine) as connection:
        found = books.lead(connection, desk.corp_id, lead_id)
        if found is None or found.status is LeadStatus.CLOSED:
            return Answer.UNKNOWN if found is None else Answer.ALREADY
        _close(connection, desk, found, books.live(connection, desk.corp_id, lead_id), reason, actor, desk.now())
    return Answer.DONE


def _close(
    connection: Connection,
    desk: Desk,
    found: StoredLead,
    live: Assignment | None,
    reason: str,
    actor: str,
    now: datetime,
) -> None:
    if live:
        books.close(connection, desk.corp_id, live, AssignmentState.CLOSED, now, reason)
    values = {"status": LeadStatus.CLOSED.value, "owner": "", "last_owner": found.owner or found.last_owner}
    books.change(connection, desk.corp_id, found.lead_id, next_at=None, **values)
    books.note(connection, desk.corp_id, found.lead_id, "closed", now, actor=actor, detail={"reason": reason[:128]})


@repeatable
def take_from_pool(desk: Desk, lead_id: str, userid: str) -> PoolAnswer:
    """A member takes a lead out of the pool."""
    now = desk.now()
    with transaction(desk.engine) as connection:
        turns = Turns.hold(connection, desk, now)
        found = books.lead(connection, desk.corp_id, lead_id)
        if found is None or found.status is not LeadStatus.POOL:
            return PoolAnswer.GONE
        refusal = _pool_refusal(connection, desk, found, userid, now)
        if refusal is not None:
            return refusal
        store = desk.network.store(userid)
        member = desk.network.members.get(userid)
        turns.count(store, userid, member.weight if member else 1)
        turns.save(connection)
        choice = Choice(userid=userid, store=store, because=("taken from the pool",))
        one = give(connection, desk, found, choice, now, tell=False)
        books.change_assignment(connection, desk.corp_id, one, state=AssignmentState.ACCEPTED.value, accepted_at=now)
        books.change(connection, desk.corp_id, lead_id, status=LeadStatus.ACCEPTED.value)
        books.note(connection, desk.corp_id, lead_id, "from_pool", now, actor=userid)
        _ask(connection, desk, found, one, userid, now)
    return PoolAnswer.DONE


def _pool_refusal(
    connection: Connection, desk: Desk, found: StoredLead, userid: str, now: datetime
) -> PoolAnswer | None:
    network, settings = desk.network, desk.settings
    store = network.store(userid)
    dealer = network.dealer_of(store).code
    if not network.may(userid, "pool") or (found.dealer and dealer and dealer != found.dealer):
        return PoolAnswer.NO_RIGHT
    if not may_have(connection, desk, found.lead_id, store):
        return PoolAnswer.NO_CONSENT
    lost = [one for one in books.assignments(connection, desk.corp_id, found.lead_id) if one.userid == userid]
    if any(one.closed_at and now - one.closed_at < settings.pool_rest for one in lost):
        return PoolAnswer.RESTING
    c = t.history.c
    today = (c.corp_id == desk.corp_id, c.what == "from_pool", c.actor == userid, c.at > now - _DAY)
    if (connection.scalar(sa.select(sa.func.count()).where(*today)) or 0) >= settings.take_most_a_day:
        return PoolAnswer.DAY_FULL
    a = t.assignments.c
    held = (a.corp_id == desk.corp_id, a.userid == userid, a.state.in_([one.value for one in LIVE]))
    if (connection.scalar(sa.select(sa.func.count()).where(*held)) or 0) >= settings.hold_most:
        return PoolAnswer.HANDS_FULL
    return None


def _theirs(
    connection: Connection, desk: Desk, lead_id: str, userid: str
) -> tuple[StoredLead | None, Assignment | None]:
    found = books.lead(connection, desk.corp_id, lead_id)
    one = books.live(connection, desk.corp_id, lead_id) if found else None
    return found, one if one and userid in {one.userid, found.co_owner if found else ""} else None


def _not(found: StoredLead | None) -> Answer:
    return Answer.UNKNOWN if found is None else Answer.NOT_YOURS
