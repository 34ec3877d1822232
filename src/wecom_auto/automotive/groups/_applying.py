"""Carry a plan out: invitations, members' tasks, new owners, join ways. Everything here may be done twice and stopped.

Each change has a key in the database; what a dead worker left undone the next one does.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from attrs import field, frozen
from sqlalchemy.engine import Engine

from wecom_auto._types import UNSET
from wecom_auto.automotive.groups import _invitations as book
from wecom_auto.automotive.groups import _reading as read
from wecom_auto.automotive.groups import _tables as t
from wecom_auto.automotive.groups._invitations import Invitation
from wecom_auto.automotive.groups._policy import GroupPolicy
from wecom_auto.automotive.groups._values import Action, Decision, GroupPlan
from wecom_auto.directory import Directory
from wecom_auto.errors import APIError, NotFoundError
from wecom_auto.sop._rows._states import TaskStatus
from wecom_auto.sop.tasks import EvidenceLevel, TaskDesk, TaskOrder, TaskRecord
from wecom_auto.store import insert_once, reading, repeatable, transaction

if TYPE_CHECKING:
    from wecom_auto._client import WeCom

TellInvited = Callable[[Invitation], None]
"""Sends one invitation, or sets what makes a SOP send it. The same invitation may be handed over twice."""

_LEASE: Final = timedelta(minutes=15)
"""How long a worker has for a change before another one takes it over."""
_A_CALL: Final = 100
"""Groups in one call of a transfer (manual 92127)."""
_NAG: Final = timedelta(days=2)
"""How long after a member said "done" a customer who is still in the group is asked for again."""
_AGAIN: Final = 20
_PAGE: Final = 500
_TITLES: Final[Mapping[str, str]] = {
    "buyer": "客户已购车：请在群内致意并请其退出潜客群，或由群主移出",
    "moved_on": "客户已进入下一阶段的群：请请其退出本群，或由群主移出",
}


@frozen(kw_only=True)
class Office:
    """What carrying out a plan needs beside the plan.

    Attributes:
        engine: The store.
        corp_id: The corp.
        directory: Told of what was changed.
        policy: The rules.
        tasks: Where members' work goes.
        source: The name of the tasks.
    """

    engine: Engine
    corp_id: str
    directory: Directory
    policy: GroupPolicy
    tasks: TaskDesk
    source: str


@frozen(kw_only=True)
class Applied:
    """What came of a plan.

    Attributes:
        counts: How often each thing happened: ``invited``, ``told``, ``leave_tasks``, ``create_tasks``,
            ``transferred``, ``rotated``, ``joined``, ``expired``, ``withdrawn``, ``cancelled``, ``closed``.
        failed: What the platform refused, by chat_id or config_id, with its errcode.
        alarms: Groups with buyers in them, and how many.
    """

    counts: Mapping[str, int]
    failed: Mapping[str, int] = field(factory=dict[str, int])
    alarms: Mapping[str, int] = field(factory=dict[str, int])


def carry_out(office: Office, plan: GroupPlan, client: WeCom, now: datetime, tell: TellInvited) -> Applied:
    """Do what a plan wants, as far as it is not done."""
    counts, failed = Counter[str](), dict[str, int]()
    with reading(office.engine) as connection:
        groups = read.read_groups(connection, office.corp_id, now).groups
    kinds = {one.chat_id: one.kind for one in groups}
    for chat_id, wanted in _by_group(plan.of(Action.INVITE)).items():
        counts["invited"] += book.invite(office.engine, office.corp_id, office.policy, chat_id, wanted, now)
    # After the invitations: whoever bought since the plan was made is withdrawn before anybody is told.
    counts.update(book.settle(office.engine, office.corp_id, office.policy, kinds, now))
    counts["told"] += book.tell_all(office.engine, office.corp_id, now, tell)
    for one in plan.of(Action.LEAVE):
        counts["leave_tasks"] += _task(office, _leave(office, one), _leave_key(one), now)
    for one in plan.of(Action.CREATE):
        counts["create_tasks"] += _task(office, _create(office, one), f"group-create:{_step(one)}:{one.number}", now)
    counts["transferred"] += _transfer(office, plan.of(Action.TRANSFER), client, now, failed)
    for one in plan.of(Action.ROTATE):
        counts["rotated"] += _rotate(office, one, client, now, failed)
    if plan.whole:
        counts.update(_tidy(office, plan, now))
    alarms = {one.chat_id: one.number for one in plan.of(Action.ALARM)}
    return Applied(counts={name: count for name, count in counts.items() if count}, failed=failed, alarms=alarms)


def _by_group(decisions: Iterable[Decision]) -> dict[str, list[Decision]]:
    found = defaultdict[str, "list[Decision]"](list)
    for one in decisions:
        found[one.chat_id].append(one)
    return found


def _leave(office: Office, one: Decision) -> TaskOrder:
    return TaskOrder(
        title=_TITLES[one.reason],
        kind="kick",
        subject=one.external_userid,
        chat_id=one.chat_id,
        member=one.owner,
        needs_evidence=False,
        source=office.source,
        step=one.reason,
    )


def _leave_key(one: Decision) -> str:
    since = one.joined_at.isoformat() if one.joined_at else ""
    return f"group-leave:{one.chat_id}:{one.external_userid}:{since}"


def _step(one: Decision) -> str:
    return f"{one.kind}:{one.store}"[:64]


def _create(office: Office, one: Decision) -> TaskOrder:
    shop = f"（{one.store}）" if one.store else ""
    return TaskOrder(
        title=f"{one.kind} 群已满{shop}：请新建客户群",
        kind="create_group",
        member=one.owner,
        source=office.source,
        step=_step(one),
    )


def _task(office: Office, order: TaskOrder, key: str, now: datetime) -> bool:
    """Make a task unless one is open; one that was closed while the matter goes on is made again after a while."""
    for number in range(_AGAIN):
        task = office.tasks.create(order, key=f"{key}:{number}", now=now)
        if task.state.final and task.state is not TaskStatus.CANCELLED and _recent(task, now):
            return False
        if not task.state.final:
            return task.created_at == now
    return False


def _recent(task: TaskRecord, now: datetime) -> bool:
    return task.closed_at is not None and now - task.closed_at < _NAG


def _transfer(office: Office, wanted: Iterable[Decision], client: WeCom, now: datetime, failed: dict[str, int]) -> int:
    """Give groups whose owners have left to their heirs, 100 in a call, and read back who owns them now."""
    heirs = defaultdict[str, "list[str]"](list)
    for one in wanted:
        if _claim(office, f"transfer:{one.chat_id}:{one.owner}:{one.heir}", now):
            heirs[one.heir].append(one.chat_id)
    done = 0
    for heir, chat_ids in sorted(heirs.items()):
        for start in range(0, len(chat_ids), _A_CALL):
            done += _hand_over(office, chat_ids[start : start + _A_CALL], heir, client, failed)
    return done


def _hand_over(office: Office, chat_ids: list[str], heir: str, client: WeCom, failed: dict[str, int]) -> int:
    try:
        refused = {one.chat_id: one.errcode for one in client.transfers.resigned_groups(chat_ids, new_owner=heir)}
    except APIError as error:
        failed.update(dict.fromkeys(chat_ids, error.errcode))
        return 0
    failed.update(refused)
    for chat_id in chat_ids:
        try:
            office.directory.upsert_groups([client.groups.get(chat_id)])
        except NotFoundError:
            failed.setdefault(chat_id, 0)
    return len(chat_ids) - len(refused)


@repeatable
def _claim(office: Office, key: str, now: datetime) -> bool:
    """Whether a change is this worker's; a claim that is older than the lease is taken over."""
    c, digest = t.group_claims.c, sha256(key.encode()).hexdigest()
    with transaction(office.engine) as connection:
        row = {"corp_id": office.corp_id, "claim_key": digest, "taken_at": now}
        if insert_once(connection, t.group_claims, row):
            return True
        mine = (c.corp_id == office.corp_id, c.claim_key == digest, c.taken_at <= now - _LEASE)
        return connection.execute(sa.update(t.group_claims).where(*mine).values(taken_at=now)).rowcount == 1


def _rotate(office: Office, one: Decision, client: WeCom, now: datetime, failed: dict[str, int]) -> bool:
    """Lead a join way to other groups; its other settings are read first, because an update replaces them all."""
    try:
        way = client.join_ways.get(one.config_id)
        client.join_ways.update(
            one.config_id,
            chat_ids=one.chat_ids,
            scene=way.scene,
            remark=way.remark,
            auto_create_room=UNSET if way.auto_create_room is None else way.auto_create_room,
            room_base_name=way.room_base_name,
            room_base_id=UNSET if way.room_base_id is None else way.room_base_id,
            state=way.state,
        )
    except APIError as error:
        failed[one.config_id] = error.errcode
        return False
    _turned(office, one, now)
    return True


@repeatable
def _turned(office: Office, one: Decision, now: datetime) -> None:
    w = t.join_ways.c
    mine = (w.corp_id == office.corp_id, w.kind == one.kind, w.store == one.store, w.config_id == one.config_id)
    with transaction(office.engine) as connection:
        values = {"chat_ids": list(one.chat_ids), "changed_at": now}
        connection.execute(sa.update(t.join_ways).where(*mine).values(values))


def _tidy(office: Office, plan: GroupPlan, now: datetime) -> Counter[str]:
    """Close tasks whose reason is gone: a customer who did not buy after all, a kind of group that has room again."""
    counts = Counter[str]()
    leaving = {(one.external_userid, one.chat_id) for one in plan.of(Action.LEAVE)}
    wanted = {_step(one) for one in plan.of(Action.CREATE)}
    inside = {(one.external_userid, one.chat_id) for one in plan.of(Action.KEEP)}
    for task in _open(office, "kick"):
        if (task.subject, task.chat_id) in inside - leaving:
            counts["cancelled"] += office.tasks.cancel(task.id, "the customer may stay", now=now)
    for task in _open(office, "create_group"):
        if task.step not in wanted:
            level = EvidenceLevel.DATA
            counts["closed"] += office.tasks.complete(task.id, now=now, evidence="a group has room", level=level)
    return counts


def _open(office: Office, kind: str) -> Iterator[TaskRecord]:
    after, found = "", list[TaskRecord]()
    while True:
        page = office.tasks.open(kind=kind, source=office.source, after=after, limit=_PAGE)
        found += page.tasks
        after = page.next
        if not after:
            return iter(found)
