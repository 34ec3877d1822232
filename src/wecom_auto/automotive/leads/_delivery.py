"""Send what the desk has decided to tell, once: written first, claimed, sent, marked.

A worker that dies after it was sent and before it was marked leaves a claim that runs out; the next one sends the same
message, and the platform drops it as a double (enable_duplicate_check, 4 hours at most, manual 90236).
When that window is over nobody sends again: the notice is `unsure`, and the deadlines of the lead take care of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection, RowMapping

from wecom_auto._client import AsyncWeCom, WeCom
from wecom_auto.automotive.leads import _books as books
from wecom_auto.automotive.leads import _tables as t
from wecom_auto.automotive.leads._answers import back
from wecom_auto.automotive.leads._books import Desk
from wecom_auto.automotive.leads._consent import may_have
from wecom_auto.automotive.leads._messages import message
from wecom_auto.automotive.leads._scripts import script_of
from wecom_auto.automotive.leads._states import LIVE, Assignment, AssignmentState, NoticeKind
from wecom_auto.errors import (
    APIConnectionError,
    InvalidRequestError,
    LicenseError,
    NotFoundError,
    PermissionDeniedError,
    ServerBusyError,
    ServerError,
    WeComError,
)
from wecom_auto.models import SentMessage, StaffMessage
from wecom_auto.store import change_where, reading, repeatable, transaction

c = t.notices.c
DOUBLES: Final = timedelta(hours=4)
"""How long the platform recognises a message that is sent twice."""
_MARGIN: Final = timedelta(minutes=10)
_LEASE: Final = timedelta(seconds=60)
_A_MINUTE: Final = 20
"""Per member and round: above 30 a minute the platform drops messages without a word (manual 90236)."""
_FIRST_WAIT: Final = timedelta(seconds=30)
_LONGEST_WAIT: Final = timedelta(minutes=15)
_AGAIN: Final = (APIConnectionError, ServerError, ServerBusyError)
_NEVER: Final = (PermissionDeniedError, NotFoundError, InvalidRequestError, LicenseError)
_TALK: Final = {NoticeKind.ASSIGNED, NoticeKind.ANSWER}
_OF_OWNER: Final = {one.value for one in (*_TALK, NoticeKind.REMIND, NoticeKind.ALARM)}
_WORK: Final = {NoticeKind.NOT_ADDED, NoticeKind.AMBIGUOUS, NoticeKind.FOLLOW_UP}


@frozen(kw_only=True)
class LeadTask:
    """Work that no server can do, for a task list.

    Attributes:
        key: Names it; the same key is the same task.
        kind: ``add_friend``, ``call`` or ``other``.
        title: What the member reads.
        lead_id: Which lead.
        userid: Who does it.
    """

    key: str
    kind: str
    title: str
    lead_id: str
    userid: str


class LeadTasks(Protocol):
    """Where work goes that a person has to do; it has to recognise a key that it has seen."""

    def create(self, task: LeadTask, /) -> object:
        """Make the task, unless there is one of that key."""
        ...


@frozen(kw_only=True)
class DeliveryReport:
    """What a round of `LeadDesk.deliver` has done.

    Attributes:
        sent: Members told.
        tasks: Tasks made.
        void: Not needed any more.
        failed: Cannot be told; their leads go to others.
        later: To be tried again.
        unsure: Nobody knows whether they were told.
    """

    sent: int = 0
    tasks: int = 0
    void: int = 0
    failed: int = 0
    later: int = 0
    unsure: int = 0


@frozen(kw_only=True)
class Outgoing:
    """One message on its way."""

    message: StaffMessage
    userid: str


Sending = Generator[Outgoing, SentMessage | WeComError, DeliveryReport]


def deliver(desk: Desk, wecom: WeCom, tasks: LeadTasks | None, limit: int) -> DeliveryReport:
    """Send what waits."""
    steps = _round(desk, tasks, limit)
    answer: SentMessage | WeComError | None = None
    while True:
        try:
            out = steps.send(answer)  # type: ignore[arg-type]  # the first one has nothing to answer
        except StopIteration as ended:
            return ended.value  # type: ignore[no-any-return]  # as the generator's type says
        try:
            answer = wecom.messages.send(out.message, users=[out.userid], **_ONCE)
        except WeComError as error:
            answer = error


async def deliver_async(desk: Desk, wecom: AsyncWeCom, tasks: LeadTasks | None, limit: int) -> DeliveryReport:
    """Send what waits; the database is asked in between, as everywhere here, without leaving the loop."""
    steps = _round(desk, tasks, limit)
    answer: SentMessage | WeComError | None = None
    while True:
        try:
            out = steps.send(answer)  # type: ignore[arg-type]  # the first one has nothing to answer
        except StopIteration as ended:
            return ended.value  # type: ignore[no-any-return]  # as the generator's type says
        try:
            answer = await wecom.messages.send(out.message, users=[out.userid], **_ONCE)
        except WeComError as error:
            answer = error


_ONCE: Final[dict[str, Any]] = {
    "enable_duplicate_check": True,
    "duplicate_check_interval_seconds": int(DOUBLES.total_seconds()),
}


def _round(desk: Desk, tasks: LeadTasks | None, limit: int) -> Sending:
    counts: Counter[str] = Counter()
    claimed, counts["void"] = _claim(desk, limit)
    desk.crash("claimed")
    for row in claimed:
        kind = NoticeKind(row["kind"])
        if tasks is not None and kind in _WORK:
            tasks.create(_task(row, kind))
            counts["tasks"] += _mark(desk, row, state="sent", sent_at=desk.now())
            continue
        if row["first_tried_at"] is not None and desk.now() - row["first_tried_at"] > DOUBLES - _MARGIN:
            counts["unsure"] += _mark(desk, row, state="unsure", error="sent or not: the claim ran out too late")
            continue
        content = _scripted(desk, row, kind)
        if content is None:
            continue
        text = message(kind, row["lead_id"], row["round"], content, desk.settings)
        answer = yield Outgoing(message=text, userid=row["userid"])
        desk.crash("told")
        counts[_settle(desk, row, answer)] += 1
    return DeliveryReport(**{name: counts[name] for name in ("sent", "tasks", "void", "failed", "later", "unsure")})


def _scripted(desk: Desk, row: RowMapping, kind: NoticeKind) -> Mapping[str, object] | None:
    """The facts of a notice with its script, chosen before the first try and kept: a repeat is the same message.

    Returns:
        None if another worker has the notice by now.
    """
    content: Mapping[str, object] = row["content"]
    if desk.settings.scripts is None or kind not in _TALK or "script" in content:
        return content
    with reading(desk.engine) as connection:
        found = books.lead(connection, desk.corp_id, row["lead_id"], lock=False)
    script = script_of(desk.settings.scripts, found) if found else None
    content = {**content, "script": script.name if script else "", "script_text": script.text if script else ""}
    return content if _mark(desk, row, content=content) else None


def _task(row: RowMapping, kind: NoticeKind) -> LeadTask:
    words = {NoticeKind.NOT_ADDED: ("add_friend", "电话添加企微"), NoticeKind.FOLLOW_UP: ("call", "线索跟进")}
    what, title = words.get(kind, ("other", "核对新好友与线索"))
    return LeadTask(key=row["notice_key"], kind=what, title=title, lead_id=row["lead_id"], userid=row["userid"])


_DUE: Final = (
    sa.select(t.notices)
    .where(
        c.corp_id == sa.bindparam("corp"),
        c.state == "due",
        c.next_at <= sa.bindparam("now"),
        sa.or_(c.lease_until.is_(None), c.lease_until <= sa.bindparam("now")),
    )
    .order_by(c.next_at, c.id)
    .limit(sa.bindparam("most", type_=sa.Integer))
    .with_for_update(skip_locked=True)
)


@repeatable
def _claim(desk: Desk, limit: int) -> tuple[list[RowMapping], int]:
    """Take notices that are due, and drop those that are not needed any more."""
    now = desk.now()
    with transaction(desk.engine) as connection:
        found = connection.execute(_DUE, {"corp": desk.corp_id, "now": now, "most": limit}).mappings().all()
        per_member: Counter[str] = Counter()
        taken, dropped = [], []
        lives = books.lives(connection, desk.corp_id, {row["lead_id"] for row in found if row["kind"] in _OF_OWNER})
        for row in found:
            if not _needed(connection, desk, row, lives.get(row["lead_id"])):
                dropped.append(row["id"])
            elif per_member[row["userid"]] < _A_MINUTE:
                per_member[row["userid"]] += 1
                taken.append(row)
        _write(connection, dropped, state="void")
        ids = [row["id"] for row in taken]
        _write(connection, ids, lease_until=now + _LEASE, fence=c.fence + 1, attempts=c.attempts + 1)
        _write(connection, ids, first_tried_at=sa.func.coalesce(c.first_tried_at, now))
    return taken, len(dropped)


def _write(connection: Connection, ids: list[int], **values: object) -> None:
    if ids:
        connection.execute(sa.update(t.notices).where(c.id.in_(ids)).values(**values))


def _needed(connection: Connection, desk: Desk, row: RowMapping, live: Assignment | None) -> bool:
    """Whether what was decided still holds: the lead is the member's, and the consent was not taken back."""
    if row["kind"] not in _OF_OWNER:
        return True
    if live is None or live.round != row["round"] or live.state not in LIVE:
        return False
    late = row["kind"] != NoticeKind.ASSIGNED.value and live.state is AssignmentState.WORKING
    return not late and may_have(connection, desk, row["lead_id"], live.store)


def _settle(desk: Desk, row: RowMapping, answer: SentMessage | WeComError) -> str:
    if isinstance(answer, SentMessage):
        if row["userid"].casefold() in {
            one.casefold() for one in (*answer.invalid_userids, *answer.unlicensed_userids)
        }:
            return _unreachable(desk, row, "not in the app's range, or without a licence")
        _mark(desk, row, state="sent", sent_at=desk.now(), msgid=answer.msgid[:128])
        return "sent"
    if isinstance(answer, _NEVER):
        return _unreachable(desk, row, f"{type(answer).__name__} {answer.errcode}")
    wait = min(_FIRST_WAIT * 2 ** min(row["attempts"], 10), _LONGEST_WAIT)
    # A refusal that comes back is certain; after silence it may have been sent, and the window of doubles runs.
    first = row["first_tried_at"] or (desk.now() if isinstance(answer, _AGAIN) else None)
    _mark(desk, row, next_at=desk.now() + wait, lease_until=None, first_tried_at=first, error=type(answer).__name__)
    return "later"


@repeatable
def _mark(desk: Desk, row: RowMapping, **values: object) -> int:
    ours = {"id": row["id"], "fence": row["fence"] + 1}
    with transaction(desk.engine) as connection:
        return change_where(connection, t.notices, ours, values)


@repeatable
def _unreachable(desk: Desk, row: RowMapping, why: str) -> str:
    """The member cannot be told: a lead that was just given goes to somebody else at once."""
    now: datetime = desk.now()
    with transaction(desk.engine) as connection:
        ours = (c.id == row["id"], c.fence == row["fence"] + 1)
        connection.execute(sa.update(t.notices).where(*ours).values(state="failed", error=why[:255]))
        found = books.lead(connection, desk.corp_id, row["lead_id"])
        live = books.live(connection, desk.corp_id, row["lead_id"])
        if row["kind"] == NoticeKind.ASSIGNED.value and found and live and live.round == row["round"]:
            books.close(connection, desk.corp_id, live, AssignmentState.UNREACHABLE, now, why)
            detail = {"userid": live.userid, "why": why[:128]}
            books.note(connection, desk.corp_id, found.lead_id, "unreachable", now, detail=detail)
            back(connection, desk, found, now)
    return "failed"
