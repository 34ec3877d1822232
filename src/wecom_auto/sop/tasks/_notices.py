"""Tell members of their tasks: application messages that are counted first, sent in working hours, and digested.

A message is a row written together with what it tells, so that nothing is announced that did not happen.
It is counted before the call: one that dies with its process is not sent again, and the reminder makes up for it.
Manual: https://developer.work.weixin.qq.com/document/path/90236 (发送应用消息).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from urllib.parse import quote

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection, RowMapping

from wecom_auto.errors import WeComError
from wecom_auto.models import StaffMessage, TextCardMessage, TextMessage
from wecom_auto.sop._rows import _journal
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._work import NOTICES
from wecom_auto.sop._shared._context import Tick
from wecom_auto.sop._shared._faults import SOON, attempt
from wecom_auto.sop.tasks._office import Office
from wecom_auto.sop.tasks._values import TaskRecord
from wecom_auto.store import reading, repeatable, transaction

PLAIN: Final = "notice"
"""A message that is not about a task: it is sent as it stands, and never digested."""
_RECEIVERS: Final = sa.select(t.notices.c.userid).where(*NOTICES).distinct().order_by(t.notices.c.userid)
_HEADS: Final = {
    "new": "待办",
    "reminder": "待办提醒",
    "handed_over": "转交给您的待办",
    "escalated": "下属待办未完成",
    "overdue": "下属待办已超时",
    "rejected": "下属退回待办",
}
_TITLE_BYTES: Final = 128
_CARD_BYTES: Final = 512
_TEXT_BYTES: Final = 2048
_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_KEPT: Final = timedelta(days=1)


def cut(text: str, most: int) -> str:
    """The text in at most so many UTF-8 bytes, never through a character."""
    raw = text.encode()
    return text if len(raw) <= most else raw[: most - 3].decode(errors="ignore") + "…"


def about(connection: Connection, office: Office, task: TaskRecord, kind: str, now: datetime, *, to: str = "") -> None:
    """Announce something about a task to its assignee, or to somebody else, if members are told of tasks at all."""
    userid = to or task.assignee
    if not (office.notify and userid):
        return
    who = f"{task.assignee}：" if to and to != task.assignee else ""
    until = f"截止 {task.deadline_at.astimezone(office.roster.hours(userid).zone):%m-%d %H:%M}"
    text = "\n".join(part for part in (until, task.description) if part)
    _insert(connection, office, userid, kind, task.id, f"{_HEADS[kind]}：{who}{task.title}", text, now)


def say(connection: Connection, office: Office, userid: str, text: str, now: datetime) -> None:
    """Put a message of its own on its way to a member."""
    _insert(connection, office, userid, PLAIN, None, "", cut(text, _TEXT_BYTES), now)


def _insert(
    connection: Connection,
    office: Office,
    userid: str,
    kind: str,
    task_id: int | None,
    title: str,
    text: str,
    now: datetime,
) -> None:
    row = {"corp_id": office.corp_id, "userid": userid, "kind": kind, "task_id": task_id, "title": title, "text": text}
    connection.execute(sa.insert(t.notices).values(**row, attempts=0, due_at=now, sent_at=None))


def rest(connection: Connection, corp_id: str, now: datetime, until: datetime) -> None:
    """Let everything that is due wait: whoever is told would not be reached now."""
    n = t.notices.c
    due = (n.corp_id == corp_id, n.due_at <= now)
    connection.execute(sa.update(t.notices).where(*due).values(due_at=until))


@frozen(kw_only=True)
class _Message:
    """One application message, and the rows that it says."""

    rows: tuple[RowMapping, ...]
    body: StaffMessage


def deliver(office: Office, tick: Tick) -> None:
    """Send what is due; members who are not at work get it when they are."""
    if office.client is None:
        return
    for userid in _receivers(office, tick.now()):
        if not tick.may_call():
            return
        if not attempt(office.engine, office.corp_id, tick, "notices", partial(_deliver, office, tick, userid)):
            _wait(office, userid, tick.now(), tick.now() + SOON)


def _deliver(office: Office, tick: Tick, userid: str) -> None:
    now = tick.now()
    opens = office.roster.hours(userid).next_open(now)
    if opens > now:
        _wait(office, userid, now, opens)
        return
    for message in _claim(office, userid, now):
        _send(office, tick, userid, message)


def _receivers(office: Office, now: datetime) -> list[str]:
    with reading(office.engine) as connection:
        return list(connection.scalars(_RECEIVERS, {"corp": office.corp_id, "now": now}))


@repeatable
def _wait(office: Office, userid: str, now: datetime, until: datetime) -> None:
    n = t.notices.c
    mine = (n.corp_id == office.corp_id, n.userid == userid, n.due_at <= now)
    with transaction(office.engine) as connection:
        connection.execute(sa.update(t.notices).where(*mine).values(due_at=until))


@repeatable
def _claim(office: Office, userid: str, now: datetime) -> list[_Message]:
    """Take what is due for a member, as messages that are counted as sent from now on."""
    n = t.notices.c
    mine = (n.corp_id == office.corp_id, n.userid == userid)
    with transaction(office.engine) as connection:
        due = sa.select(t.notices).where(*mine, n.due_at <= now).order_by(n.id).with_for_update(skip_locked=True)
        rows = list(connection.execute(due).mappings())
        messages = _messages(office, userid, rows)
        free = _room(connection, office, userid, now)
        now_ones, later = messages[:free], messages[free:]
        for message in now_ones:
            _count(connection, message, now)
        _move(connection, [row for message in later for row in message.rows], due_at=now + _MINUTE)
        connection.execute(sa.delete(t.notices).where(*mine, n.due_at.is_(None), n.sent_at < now - _KEPT))
    return now_ones


def _room(connection: Connection, office: Office, userid: str, now: datetime) -> int:
    """How many messages the member may still get: counted from now backwards, as the platform does."""
    n, rules = t.notices.c, office.rules
    mine = (n.corp_id == office.corp_id, n.userid == userid, n.sent_at > now - _HOUR)
    times: list[datetime] = list(connection.scalars(sa.select(n.sent_at).where(*mine)))
    fresh = sum(at > now - _MINUTE for at in times)
    return max(0, min(rules.per_minute - fresh, rules.per_hour - len(times)))


def _count(connection: Connection, message: _Message, now: datetime) -> None:
    # A digest says many rows and is one message: one of them stands for it in the count.
    _move(connection, message.rows, due_at=None)
    _move(connection, message.rows[:1], sent_at=now)
    ids = [row["task_id"] for row in message.rows if row["task_id"] is not None]
    if ids:
        connection.execute(sa.update(t.staff_tasks).where(t.staff_tasks.c.id.in_(ids)).values(notified_at=now))


def _move(connection: Connection, rows: Sequence[RowMapping], **values: Any) -> None:
    if rows:
        ids = [row["id"] for row in rows]
        connection.execute(sa.update(t.notices).where(t.notices.c.id.in_(ids)).values(values))


def _messages(office: Office, userid: str, rows: Sequence[RowMapping]) -> list[_Message]:
    tasks = [row for row in rows if row["task_id"] is not None]
    if len(tasks) < max(office.rules.digest_from, 2):
        return [_Message(rows=(row,), body=_single(office, userid, row)) for row in rows]
    plain = [row for row in rows if row["task_id"] is None]
    digest = _Message(rows=tuple(tasks), body=_digest(office, userid, tasks))
    return [digest, *(_Message(rows=(row,), body=_single(office, userid, row)) for row in plain)]


def _single(office: Office, userid: str, row: Mapping[Any, Any]) -> StaffMessage:
    if row["task_id"] is None:
        return TextMessage(content=row["text"])
    names = {"id": str(row["task_id"]), "userid": userid}
    return _card(office, office.rules.url, names, row["title"], row["text"])


def _digest(office: Office, userid: str, rows: Sequence[Mapping[Any, Any]]) -> StaffMessage:
    count = len({row["task_id"] for row in rows})
    titles = "\n".join(dict.fromkeys(row["title"] for row in rows))
    return _card(office, office.rules.list_url, {"userid": userid}, f"你有 {count} 个待办", titles)


def _card(office: Office, template: str, names: Mapping[str, str], title: str, text: str) -> StaffMessage:
    if not template:
        return TextMessage(content=cut(f"{title}\n{text}", _TEXT_BYTES))
    url = template
    for name, value in names.items():
        url = url.replace("{" + name + "}", quote(value, safe=""))
    return TextCardMessage(
        title=cut(title, _TITLE_BYTES), description=cut(text, _CARD_BYTES), url=url, button=office.rules.button
    )


def _send(office: Office, tick: Tick, userid: str, message: _Message) -> None:
    if office.client is None:
        return
    try:
        # The platform itself drops a double, so that a lost answer may be asked again.
        answer = office.client.messages.send(message.body, users=[userid], enable_duplicate_check=True)
    except WeComError as error:
        tick.failed(error)
        tick.counts["notices_failed"] += 1
        _try_later(office, message, tick.now(), type(error).__name__)
        return
    if userid in (*answer.invalid_userids, *answer.unlicensed_userids):
        _give_up(office, message, tick.now(), "not reachable")
        return
    tick.counts["notices"] += 1


def _try_later(office: Office, message: _Message, now: datetime, why: str) -> None:
    tried = max(row["attempts"] for row in message.rows) + 1
    if tried >= office.rules.attempts:
        _give_up(office, message, now, why)
        return
    _postpone(office, message, now + office.rules.backoff * 2 ** (tried - 1), tried)


@repeatable
def _postpone(office: Office, message: _Message, later: datetime, tried: int) -> None:
    with transaction(office.engine) as connection:
        _move(connection, message.rows, due_at=later, attempts=tried)


@repeatable
def _give_up(office: Office, message: _Message, now: datetime, why: str) -> None:
    """Say nothing more; the task stays, and people hear that its assignee has not."""
    with transaction(office.engine) as connection:
        alert = _journal.Entry(reason="alert:notice", detail=f"{message.rows[0]['userid']}: {why}")
        _journal.write(connection, office.corp_id, now, [alert])
