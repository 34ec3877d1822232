"""Count what happened in some days, from the journal and the rows. No HTTP, no requests, no clock.

Unverified, because the manual defines the figures in a line each: that a chat counts as begun by whoever wrote first
that day; that an average is left out on a day on which no customer began a chat; that messages of mass sends, welcome
messages, and customers who were transferred, are not counted; that who opens a group is no new member of it; that a
group counts for its present owner, also for days before it changed hands; that "by the end of the day" (截至当天) means
since the group was opened; that a person in two groups counts twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from attrs import frozen

from wecom_auto.testing._state import Group, State
from wecom_auto.testing._state_journal import Deed, Talk
from wecom_auto.testing._wire import Body

__all__ = ["Span", "behavior", "group_figures"]

NEVER = float("inf")
MINUTE = 60

Stay: TypeAlias = tuple[str, float, float]
"""Who was in a group, from when, until when."""


@frozen
class Span:
    """A span of time, without its end."""

    start: float
    end: float

    def __contains__(self, moment: float) -> bool:
        return self.start <= moment < self.end


def behavior(state: State, userids: set[str], span: Span) -> Body:
    """Count what members did with their customers, added up over the members."""
    chats = _chats(state, userids, span)
    return {
        "chat_cnt": sum(any(talk.sent for talk in chat) for chat in chats),
        "message_cnt": sum(talk.sent for chat in chats for talk in chat),
        **_replies([chat for chat in chats if chat[0].received]),
        "negative_feedback_cnt": _count(state.journal.lost, userids, span),
        "new_apply_cnt": _count(state.journal.requested, userids, span),
        "new_contact_cnt": _count(state.journal.added, userids, span),
    }


def group_figures(state: State, owners: set[str], span: Span) -> Body:
    """Count what happened in the groups of some owners."""
    owned = [group for group in state.groups.values() if group.owner in owners and group.created_at < span.end]
    living = {group.chat_id for group in owned if _dismissed_at(state, group) >= span.end}
    said = [one for one in state.journal.group_talks if one.chat_id in living and one.at < span.end]
    stays = {group.chat_id: list(_stays(state, group)) for group in owned}
    return {
        "new_chat_cnt": sum(group.created_at in span for group in owned),
        "chat_total": len(living),
        "chat_has_msg": len({one.chat_id for one in said}),
        "new_member_cnt": sum(_new_members(group, stays[group.chat_id], span) for group in owned),
        "member_total": sum(came < span.end <= left for one in living for _, came, left in stays[one]),
        "member_has_msg": len({(one.chat_id, one.who) for one in said}),
        "msg_total": sum(one.messages for one in said),
    }


def _chats(state: State, userids: set[str], span: Span) -> list[list[Talk]]:
    chats: dict[tuple[str, str], list[Talk]] = {}
    for talk in state.journal.talks:
        if talk.userid in userids and talk.at in span:
            chats.setdefault((talk.userid, talk.external_userid), []).append(talk)
    return list(chats.values())


def _replies(begun: list[list[Talk]]) -> Body:
    """Return how many chats of customers were answered the same day, and how soon."""
    waits = [talk.at - chat[0].at for chat in begun if (talk := next((one for one in chat if one.sent), None))]
    share: Body = {"reply_percentage": round(100 * len(waits) / len(begun), 2)} if begun else {}
    return share | ({"avg_reply_time": round(sum(waits) / len(waits) / MINUTE)} if waits else {})


def _count(deeds: Iterable[Deed], userids: set[str], span: Span) -> int:
    return sum(deed.userid in userids and deed.at in span for deed in deeds)


def _dismissed_at(state: State, group: Group) -> float:
    return state.journal.dismissed.get(group.chat_id, 0.0) if group.dismissed else NEVER


def _stays(state: State, group: Group) -> Iterator[Stay]:
    for one in group.members.values():
        yield one.userid, one.join_time, NEVER
    for gone in state.journal.departures:
        if gone.chat_id == group.chat_id:
            yield gone.who, gone.joined_at, gone.at


def _new_members(group: Group, stays: list[Stay], span: Span) -> int:
    return sum(came in span and not (who == group.owner and came == group.created_at) for who, came, _ in stays)
