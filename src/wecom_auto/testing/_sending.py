"""What happens when a member confirms a mass message: relations, quotas and results. No HTTP, no requests."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import datetime, timedelta

from wecom_auto._time import CHINA
from wecom_auto.testing._settings import QuotaRule
from wecom_auto.testing._state import Group, MassMessage, MassTask, Person, Recipient, State

__all__ = ["add_task", "confirm", "room_left"]

WAITING, SENT, NOT_FRIEND, QUOTA = 0, 1, 2, 3
DONE = 2


def add_task(state: State, message: MassMessage, userid: str, targets: Iterable[str]) -> MassTask:
    """Give a member the task to send `message` to `targets`."""
    task = MassTask(seq=len(message.tasks), userid=userid)
    for target in targets:
        task.recipients[target] = Recipient(seq=state.ids.number("recipient"), target=target)
    message.tasks[userid] = task
    state.waiting.setdefault(userid, {})[message.msgid] = None
    return task


def confirm(state: State, message: MassMessage, task: MassTask, now: float, quota: QuotaRule, only: set[str]) -> None:
    """Send one member's task: each recipient gets the message, or the reason why not.

    Args:
        state: The corp.
        message: The mass message.
        task: The member's part of it; it is done afterwards.
        now: Virtual unix seconds.
        quota: The rule that limits what one customer gets.
        only: Recipients that the member left ticked; empty means all.
    """
    for one in task.recipients.values():
        if one.status == WAITING and (not only or one.target in only):
            one.status = _reach(state, message, task.userid, one.target, now, quota)
            one.sent_at = int(now) if one.status == SENT else 0
    task.status, task.sent_at = DONE, int(now)
    state.waiting[task.userid].pop(message.msgid, None)


def _reach(state: State, message: MassMessage, userid: str, target: str, now: float, quota: QuotaRule) -> int:
    place: Group | Person
    if message.chat_type == "group":
        place = state.groups[target]
        reachable = not place.dismissed and place.owner == userid
    else:
        place = state.people[target]
        relation = place.followers.get(userid)
        reachable = relation is not None and not relation.half and not relation.unfriended
    if not reachable:
        return NOT_FRIEND
    if not room_left(place.received, now, quota):
        return QUOTA
    place.received.append(now)
    return SENT


def room_left(received: list[float], now: float, quota: QuotaRule) -> bool:
    """Say whether one more mass message fits; corp-made and member-made ones count together (92135).

    Unverified: that months, weeks and days are calendar ones in China time.
    """
    today = datetime.fromtimestamp(now, CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
    if quota == "day":
        start, most = today, 1
    elif quota == "week":
        start, most = today - timedelta(days=today.weekday()), 7
    else:
        start, most = today.replace(day=1), monthrange(today.year, today.month)[1]
    since = start.timestamp()
    return sum(at >= since for at in received) < most
