"""Report only the groups that need a human today, out of thousands. Reads, and changes nothing."""

from __future__ import annotations

import csv
import html
import io
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from attrs import field, frozen
from sqlalchemy.engine import Connection, Engine

from wecom_auto.automotive.groups import _reading as read
from wecom_auto.automotive.groups._decide import how_full
from wecom_auto.automotive.groups._policy import GroupPolicy
from wecom_auto.automotive.groups._values import GroupView
from wecom_auto.automotive.lifecycle._tables import positions
from wecom_auto.directory._tables import group_members, groups
from wecom_auto.store import reading

_STALE: Final = timedelta(days=2)
"""How old what is known of a group may be before somebody should ask why it is not read."""
_TROUBLE: Final[Mapping[str, str]] = {
    "buyers": "潜客群内有车主",
    "frozen": "客诉冻结中",
    "no_heir": "群主离职，无人接管",
    "owner_left": "群主离职",
    "too_large": "已达上限",
    "full": "已满200人，不能扫码",
    "nearly_full": "接近满员",
    "unread": "镜像过期",
}
_RANK: Final = {name: number for number, name in enumerate(_TROUBLE)}
_HEADS: Final = ("群", "名称", "类型", "门店", "群主", "人数", "车主", "原因")


@frozen(kw_only=True)
class GroupTrouble:
    """A group that needs a human today.

    Attributes:
        group: Which.
        reasons: Why, the worst first: ``buyers``, ``frozen``, ``no_heir``, ``owner_left``, ``too_large``, ``full``,
            ``nearly_full``, ``unread``.
        buyers: How many who have bought are in it.
    """

    group: GroupView
    reasons: tuple[str, ...]
    buyers: int = 0

    @property
    def why(self) -> str:
        """The reasons for people."""
        return "；".join(_TROUBLE[one] for one in self.reasons)


@frozen(kw_only=True)
class GroupReport:
    """The groups that need a human today (今日需人工处理的群).

    Attributes:
        at: When it was made.
        rows: The worst first.
        groups: How many living groups of the policy there are.
        others: How many living groups are of no kind that the policy knows.
        members: How many are in the policy's groups.
        buyers: How many of them have bought.
        crowded: How many groups are above the warning.
    """

    at: datetime
    rows: tuple[GroupTrouble, ...] = field(repr=False)
    groups: int
    others: int
    members: int
    buyers: int
    crowded: int

    @property
    def contamination(self) -> float:
        """Buyers in the policy's groups for each person in them; the target is 0."""
        return self.buyers / self.members if self.members else 0.0

    @property
    def summary(self) -> str:
        """One line for people."""
        return (
            f"{self.groups} 个群，{len(self.rows)} 个需人工处理；群内车主 {self.buyers} 人"
            f"（{self.contamination:.2%}）；{self.crowded} 个群超过预警人数"
        )

    def to_rows(self) -> tuple[tuple[str, ...], ...]:
        """The table, heads first."""
        return (_HEADS, *(_cells(one) for one in self.rows))

    def to_csv(self) -> str:
        """The table as CSV; a cell that a spreadsheet would take for a formula begins with an apostrophe."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([[_harmless(cell) for cell in row] for row in self.to_rows()])
        return text.getvalue()

    def to_html(self) -> str:
        """The table as an HTML fragment, escaped, no script, no style."""
        heads, *rows = self.to_rows()
        lines = ["".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows]
        body = "\n".join(f"<tr>{line}</tr>" for line in lines)
        head = "".join(f"<th>{html.escape(one)}</th>" for one in heads)
        caption = f"<caption>{html.escape(self.summary)}</caption>"
        return f'<table class="group-report">{caption}\n<tr>{head}</tr>\n{body}\n</table>\n'

    def to_json(self) -> str:
        """The report as one JSON object."""
        rows = [
            {
                "chat_id": one.group.chat_id,
                "name": one.group.name,
                "kind": one.group.kind,
                "store": one.group.store,
                "owner": one.group.owner,
                "members": one.group.size,
                "buyers": one.buyers,
                "reasons": list(one.reasons),
            }
            for one in self.rows
        ]
        document: dict[str, Any] = {
            "at": self.at.isoformat(),
            "groups": self.groups,
            "others": self.others,
            "members": self.members,
            "buyers": self.buyers,
            "contamination": self.contamination,
            "crowded": self.crowded,
            "rows": rows,
        }
        return json.dumps(document, ensure_ascii=False, indent=2)


def corps(engine: Engine) -> tuple[str, ...]:
    """List the corps of which a store knows groups."""
    with reading(engine) as connection:
        return tuple(connection.scalars(sa.select(groups.c.corp_id).distinct().order_by(groups.c.corp_id)))


def report_on(
    connection: Connection, corp_id: str, policy: GroupPolicy, found: Iterable[GroupView], now: datetime
) -> GroupReport:
    """Look at every group once; the queries are the same few for ten groups and for ten thousand."""
    known = tuple(found)
    ruled = [one for one in known if one.kind in policy.kinds]
    mirrored = read.read_groups(connection, corp_id, now).read_at
    buyers = _buyers(connection, corp_id, policy)
    rows = [
        GroupTrouble(group=one, reasons=reasons, buyers=buyers.get(one.chat_id, 0))
        for one in ruled
        if (reasons := _reasons(policy, one, buyers.get(one.chat_id, 0), now - mirrored.get(one.chat_id, now)))
    ]
    return GroupReport(
        at=now,
        rows=tuple(sorted(rows, key=lambda row: (_RANK[row.reasons[0]], -row.buyers, row.group.chat_id))),
        groups=len(ruled),
        others=len(known) - len(ruled),
        members=sum(one.size for one in ruled),
        buyers=sum(buyers.get(one.chat_id, 0) for one in ruled),
        crowded=sum(one.size >= policy.capacity.warn for one in ruled),
    )


def _reasons(policy: GroupPolicy, group: GroupView, buyers: int, age: timedelta) -> tuple[str, ...]:
    left = "owner_left" if group.heir else "no_heir"
    found = {
        "buyers": buyers > 0,
        "frozen": group.frozen,
        left: group.owner_left,
        how_full(policy, group.size) or "full": bool(how_full(policy, group.size)),
        "unread": age > _STALE,
    }
    return tuple(sorted((name for name, there in found.items() if there), key=_RANK.__getitem__))


def _buyers(connection: Connection, corp_id: str, policy: GroupPolicy) -> dict[str, int]:
    """How many people who have bought are in each group."""
    m, p = group_members.c, positions.c
    same = sa.and_(p.corp_id == m.corp_id, p.external_userid == m.userid)
    bought = sa.or_(
        sa.and_(p.kind == "stage", p.value.in_(policy.buyer_stages)),
        sa.and_(p.kind == "grade", p.value.in_(policy.buyer_grades)),
    )
    people = sa.func.count(sa.distinct(m.userid))
    query = sa.select(m.chat_id, people).join(positions, same).where(m.corp_id == corp_id, m.left_at.is_(None), bought)
    return dict(read.pairs(connection, query.group_by(m.chat_id)))


def _cells(one: GroupTrouble) -> tuple[str, ...]:
    group = one.group
    return (
        group.chat_id, group.name, group.kind, group.store, group.owner, str(group.size), str(one.buyers), one.why,
    )  # fmt: skip


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
