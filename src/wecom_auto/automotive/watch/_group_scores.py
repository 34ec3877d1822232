"""Activity of customer groups (群活跃度) by owner and store, from the platform's own statistics. Pure.

The platform counts by owner and tells totals: what happened in a span is the difference of two days.
It tells no single group, and not who wrote what; groups that an owner took over in the span bring all their messages.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from attrs import frozen

from wecom_auto.automotive.leads import Metric
from wecom_auto.models import GroupFigures, OwnerGroups
from wecom_auto.sop.tasks import Roster

_DEFINITIONS: Final = {
    "messages_per_group": ("count", "客户群消息总数 at the end − at the beginning ÷ groups at the end"),
    "awake_groups": ("share", "有发过消息的客户群数 ÷ groups at the end; somebody has written there at any time"),
    "talking_members": ("share", "有发过消息的群成员数 ÷ people at the end; they have written at any time"),
    "growth": ("share", "people at the end − at the beginning ÷ people at the beginning; who left is taken off"),
}


@frozen(kw_only=True)
class GroupScore:
    """How lively the groups of one owner are, or of one store.

    Attributes:
        store: The owner's shop; empty if nobody knows.
        owner: The owner; empty for the whole shop.
        groups: Groups at the end.
        members: People in them, the corp's own included.
        messages_per_group: Messages written in the span; none without groups, or if totals went down, because groups
            were dissolved or handed over.
        awake_groups: Share of groups that were ever used.
        talking_members: Share of people who ever wrote.
        growth: How many more people than at the beginning; none if there were none.
    """

    store: str
    owner: str
    groups: int
    members: int
    messages_per_group: Metric
    awake_groups: Metric
    talking_members: Metric
    growth: Metric


def group_scores(before: Iterable[OwnerGroups], after: Iterable[OwnerGroups], roster: Roster) -> tuple[GroupScore, ...]:
    """Score every store, and after it each of its owners, the stores by name.

    Args:
        before: The day before the span: the answers of ``statistics.get_groups_by_owner_many`` with this day as first
            and last.
        after: The last day of the span, likewise.
        roster: Knows who works where.
    """
    then = {one.owner: one.figures for one in before}
    now = {one.owner: one.figures for one in after}
    shops: dict[str, list[str]] = {}
    for owner in sorted(now):
        shops.setdefault(roster.store(owner), []).append(owner)
    found: list[GroupScore] = []
    for store, owners in sorted(shops.items()):
        found.append(_score(store, "", [(then.get(one, GroupFigures()), now[one]) for one in owners]))
        found += [_score(store, one, [(then.get(one, GroupFigures()), now[one])]) for one in owners]
    return tuple(found)


def _score(store: str, owner: str, pairs: list[tuple[GroupFigures, GroupFigures]]) -> GroupScore:
    groups = sum(late.chats or 0 for _, late in pairs)
    members, begun = sum(late.members or 0 for _, late in pairs), sum(early.members or 0 for early, _ in pairs)
    written = [(late.messages or 0) - (early.messages or 0) for early, late in pairs]
    known = groups > 0 and min(written, default=0) >= 0
    awake = sum(late.chats_with_messages or 0 for _, late in pairs)
    talking = sum(late.members_with_messages or 0 for _, late in pairs)
    return GroupScore(
        store=store,
        owner=owner,
        groups=groups,
        members=members,
        messages_per_group=_metric("messages_per_group", sum(written) / groups if known else None, groups),
        awake_groups=_metric("awake_groups", awake / groups if groups else None, groups),
        talking_members=_metric("talking_members", talking / members if members else None, members),
        growth=_metric("growth", (members - begun) / begun if begun else None, begun),
    )


def _metric(name: str, value: float | None, cases: int) -> Metric:
    unit, definition = _DEFINITIONS[name]
    return Metric(name=name, value=value, unit=unit, cases=cases, definition=definition)
