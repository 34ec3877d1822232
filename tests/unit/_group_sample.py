"""Write a corp of many groups into a store: some crowded, some with buyers, some without owners. Calls nobody."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import cycle
from random import Random
from typing import Any

from attrs import frozen
from sqlalchemy.engine import Engine

from wecom_auto.automotive.groups import JoinWayView
from wecom_auto.automotive.groups._tables import join_ways
from wecom_auto.automotive.lifecycle._tables import positions
from wecom_auto.directory import RelationStatus
from wecom_auto.directory._relation import NEVER
from wecom_auto.directory._tables import attributes, follows, group_members, groups
from wecom_auto.models import GroupMemberType, GroupStatus, JoinScene
from wecom_auto.store import insert_new, transaction

CORP = "wwsample"
FUNNEL = (("contacted", 55), ("visited", 18), ("test_drive", 11), ("ordered", 6), ("lost", 10))


@frozen(kw_only=True)
class Shape:
    """How many of everything."""

    prospect: int = 120
    test_drive: int = 60
    lost: int = 20
    service: int = 40
    crowded: int = 8
    contaminated: int = 15
    ownerless: int = 4
    customers: int = 20_000
    each: int = 18


def write(engine: Engine, shape: Shape, now: datetime, *, seed: int = 7) -> None:
    """Write it; the same seed writes the same."""
    random = Random(seed)
    kinds = [kind for kind in ("prospect", "test_drive", "lost", "service") for _ in range(getattr(shape, kind))]
    chats = [f"wr{number:05}" for number in range(len(kinds))]
    stages = random.choices([one for one, _ in FUNNEL], [many for _, many in FUNNEL], k=shape.customers)
    people = {f"wm{number:06}": stage for number, stage in enumerate(stages)}
    by_stage = {stage: cycle([who for who, one in people.items() if one == stage]) for stage, _ in FUNNEL}
    fits = {"prospect": "contacted", "test_drive": "test_drive", "lost": "lost", "service": "ordered"}
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for number, (chat_id, kind) in enumerate(zip(chats, kinds, strict=True)):
        size = 185 if number < shape.crowded else shape.each
        inside = [next(by_stage[fits[kind]]) for _ in range(size - 1)]
        if shape.crowded <= number < shape.crowded + shape.contaminated:
            inside[0] = next(by_stage["ordered"])
        for who in inside:
            rows[chat_id, who] = _member(chat_id, who, GroupMemberType.CUSTOMER, now)
        rows[chat_id, "boss"] = _member(chat_id, "boss", GroupMemberType.MEMBER, now)
    with transaction(engine) as connection:
        insert_new(connection, groups, [_group(*pair, now=now) for pair in _left_last(chats, shape)])
        insert_new(connection, group_members, list(rows.values()))
        insert_new(connection, attributes, [_told(*pair, now=now) for pair in zip(chats, kinds, strict=True)])
        insert_new(connection, positions, [_position(*pair, now=now) for pair in people.items()])
        insert_new(connection, follows, [_follow(who, now) for who in people])
        insert_new(connection, join_ways, [_way(kind, chats[kinds.index(kind)], now) for kind in ("prospect", "lost")])


def _left_last(chats: list[str], shape: Shape) -> list[tuple[str, bool]]:
    ruled = shape.prospect + shape.test_drive + shape.lost
    return [(one, ruled - shape.ownerless <= number < ruled) for number, one in enumerate(chats)]


def _group(chat_id: str, left: bool, *, now: datetime) -> dict[str, Any]:
    return {
        "corp_id": CORP,
        "chat_id": chat_id,
        "name": f"群{chat_id}",
        "owner": "gone" if left else "boss",
        "status": int(GroupStatus.OWNER_LEFT if left else GroupStatus.NORMAL),
        "created_at": now - timedelta(days=30),
        "dismissed_at": None,
        "member_version": "1",
        "changed_at": NEVER,
        "listed_at": now,
        "read_at": now,
    }


def _member(chat_id: str, who: str, kind: GroupMemberType, now: datetime) -> dict[str, Any]:
    return {
        "corp_id": CORP,
        "chat_id": chat_id,
        "userid": who,
        "type": int(kind),
        "name": "",
        "joined_at": now - timedelta(days=9),
        "join_scene": int(JoinScene.QR_CODE),
        "invitor": "",
        "state": "",
        "left_at": None,
        "changed_at": now,
    }


def _told(chat_id: str, kind: str, *, now: datetime) -> dict[str, Any]:
    return {"corp_id": CORP, "external_userid": chat_id, "name": "kind", "value": kind, "set_at": now}


def _position(who: str, stage: str, *, now: datetime) -> dict[str, Any]:
    return {
        "corp_id": CORP,
        "kind": "stage",
        "external_userid": who,
        "value": stage,
        "since": now - timedelta(days=5),
        "active_at": now - timedelta(days=2),
        "review_at": None,
        "number": 1,
        "mirror_at": None,
        "attempts": 0,
    }


def _follow(who: str, now: datetime) -> dict[str, Any]:
    return {
        "corp_id": CORP,
        "external_userid": who,
        "userid": "boss",
        "status": RelationStatus.FOLLOWING.value,
        "state": "",
        "add_way": 0,
        "remark": "",
        "added_at": now - timedelta(days=20),
        "contacted_at": None,
        "status_at": now,
        "tags_at": now,
        "read_at": now,
    }


def _way(kind: str, chat_id: str, now: datetime) -> dict[str, Any]:
    way = JoinWayView(config_id=f"way-{kind}", kind=kind, url=f"https://join/{kind}", chat_ids=(chat_id,))
    return {
        "corp_id": CORP,
        "kind": kind,
        "store": "",
        "config_id": way.config_id,
        "url": way.url,
        "chat_ids": list(way.chat_ids),
        "changed_at": now,
    }
