"""Scores of members and stores (服务质量监控): every number with its definition and its number of cases. Pure.

It adds up and judges nobody: a number of too few cases says so (`Metric.small`).
Averages of days are weighted by the chats in which the member wrote: the platform does not tell how many chats
customers began, which would be its own weight.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from attrs import frozen

from wecom_auto.automotive.leads import Metric
from wecom_auto.models import BehaviorDay
from wecom_auto.sop.tasks import AuditLine, Roster

_Figure: TypeAlias = Callable[[BehaviorDay], float | None]
_SENT: Final = frozenset({"mass:confirmed", "mass:done"})
_GONE: Final = frozenset({"mass:cancelled", "mass:failed", "mass:held"})
_DEFINITIONS: Final = {
    "reply_rate": (
        "share",
        "已回复聊天占比: of the chats that customers began, those answered the same day",
    ),
    "first_reply": (
        "minutes",
        "平均首次回复时长: minutes until the first answer; days weighted by the chats in which the member wrote",
    ),
    "unsent_tasks": ("count", "mass messages created for the member and neither confirmed nor taken back"),
    "overdue_tasks": ("count", "staff tasks made in the span that passed their deadline undone"),
    "negative_feedback": ("share", "删除/拉黑成员的客户数 ÷ chats in which the member wrote"),
    "add_rate": ("share", "加微率 of the lead desk: leads added in time ÷ leads that were sent a link or shown a code"),
}


@frozen(kw_only=True)
class Score:
    """The numbers of one member, or of one store.

    Attributes:
        store: The shop; empty if nobody knows.
        userid: The member; empty for the whole shop.
        reply_rate: Share of chats answered on the same day.
        first_reply: Average minutes to the first answer.
        unsent_tasks: Mass messages that wait for a tap.
        overdue_tasks: Staff tasks that were late.
        negative_feedback: Customers who deleted or blocked the member, of its chats.
        add_rate: Of leads; without cases for a member, because leads are counted by shop.
    """

    store: str
    userid: str
    reply_rate: Metric
    first_reply: Metric
    unsent_tasks: Metric
    overdue_tasks: Metric
    negative_feedback: Metric
    add_rate: Metric


def scorecard(
    figures: Mapping[str, Sequence[BehaviorDay]],
    audit: Iterable[AuditLine],
    roster: Roster,
    *,
    add_rates: Mapping[str, Metric] | None = None,
) -> tuple[Score, ...]:
    """Score every store, and after it each of its members, the stores by name.

    Args:
        figures: Days by member, from `FigureBook.days`.
        audit: What happened to tasks and mass messages in the same span, from `TaskDesk.audit`.
        roster: Knows who works where.
        add_rates: By store, from `LeadDesk.numbers.add_rate(Span(store=…))`.
    """
    lines: dict[str, list[AuditLine]] = {}
    for line in audit:
        lines.setdefault(line.userid, []).append(line)
    shops: dict[str, list[str]] = {}
    for userid in sorted({*figures, *lines} - {""}):
        shops.setdefault(roster.store(userid), []).append(userid)
    rates = add_rates or {}
    found: list[Score] = []
    for store, people in sorted(shops.items()):
        days = [day for one in people for day in figures.get(one, ())]
        everything = [line for one in people for line in lines.get(one, ())]
        found.append(_score(store, "", days, everything, rates.get(store)))
        found += [_score(store, one, figures.get(one, ()), lines.get(one, []), None) for one in people]
    return tuple(found)


def _score(
    store: str, userid: str, days: Sequence[BehaviorDay], lines: Sequence[AuditLine], add_rate: Metric | None
) -> Score:
    chats = sum(day.chats or 0 for day in days)
    rate = _average(days, lambda day: day.reply_percentage)
    created = {line.batch_id for line in lines if line.action == "mass:created"}
    unsent = created - {line.batch_id for line in lines if line.action in _SENT | _GONE}
    tasks = {line.task_id for line in lines if line.action == "created"}
    late = tasks & {line.task_id for line in lines if line.action == "overdue"}
    angry = sum(day.negative_feedbacks or 0 for day in days)
    return Score(
        store=store,
        userid=userid,
        reply_rate=_metric("reply_rate", rate[0] / 100 if rate[0] is not None else None, rate[1]),
        first_reply=_metric("first_reply", *_average(days, lambda day: day.avg_reply_minutes)),
        unsent_tasks=_metric("unsent_tasks", len(unsent) if created else None, len(created)),
        overdue_tasks=_metric("overdue_tasks", len(late) if tasks else None, len(tasks)),
        negative_feedback=_metric("negative_feedback", angry / chats if chats else None, chats),
        add_rate=add_rate or _metric("add_rate", None, 0),
    )


def _average(days: Sequence[BehaviorDay], of: _Figure) -> tuple[float | None, int]:
    """A figure over days, and of how many chats it is made."""
    known = [(value, day.chats or 0) for day in days if (value := of(day)) is not None]
    chats = sum(weight for _, weight in known)
    return (sum(value * weight for value, weight in known) / chats if chats else None), chats


def _metric(name: str, value: float | None, cases: int) -> Metric:
    unit, definition = _DEFINITIONS[name]
    return Metric(name=name, value=value, unit=unit, cases=cases, definition=definition)
