"""Decide what news about a group and its members changes. Pure: no database, no clock.

As for relations, times are compared and the order of arrival is never trusted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from attrs import evolve, frozen

from wecom_auto.directory._fit import fit
from wecom_auto.directory._relation import NEVER
from wecom_auto.models import GroupChat, GroupMember, GroupMemberType, GroupStatus, JoinScene

__all__ = ["GroupRow", "Membership", "came", "members_read", "named", "read", "went"]

_LAG: Final = timedelta(hours=1)
"""Member lists follow their events "with some delay" (manual 92122); the manual does not say how much."""


@frozen(kw_only=True)
class GroupRow:
    """A customer group (客户群) as the mirror knows it.

    Attributes:
        chat_id: The id, ``wr…``.
        name: The name; empty if nobody gave one, or while the group was not read yet.
        owner: The owner's userid.
        status: Whether it has to change hands.
        created_at: When it was made.
        dismissed_at: When it was dissolved, or was found missing.
        member_version: The version of the member list that was read.
        changed_at: When an event last spoke of it.
        listed_at: When a list last named it.
        read_at: When it was last read whole.
    """

    chat_id: str
    name: str = ""
    owner: str = ""
    status: GroupStatus = GroupStatus.NORMAL
    created_at: datetime | None = None
    dismissed_at: datetime | None = None
    member_version: str = ""
    changed_at: datetime = NEVER
    listed_at: datetime = NEVER
    read_at: datetime = NEVER

    @property
    def living(self) -> bool:
        """Whether the group exists, as far as is known."""
        return self.dismissed_at is None


@frozen(kw_only=True)
class Membership:
    """Somebody who is in a group, or was.

    Attributes:
        chat_id: The group.
        userid: A userid, or an external_userid for people outside the corp.
        type: Member of the corp, or not.
        name: Their name; empty unless it was read with names.
        joined_at: When they came in.
        join_scene: How they came in.
        invitor: The member who brought them in.
        state: The channel parameter of the join way.
        left_at: When they left, or were found missing; None while they are in.
        changed_at: The newest news about them in this group.
    """

    chat_id: str
    userid: str
    type: GroupMemberType = GroupMemberType.UNKNOWN
    name: str = ""
    joined_at: datetime | None = None
    join_scene: JoinScene = JoinScene.UNKNOWN
    invitor: str = ""
    state: str = ""
    left_at: datetime | None = None
    changed_at: datetime = NEVER

    @property
    def inside(self) -> bool:
        """Whether they are in the group now."""
        return self.left_at is None


def named(row: GroupRow, status: GroupStatus, as_of: datetime) -> GroupRow:
    """Apply a line of a list; a list may go on naming a group for a while that was dissolved."""
    lives = row.dismissed_at is not None and as_of >= row.dismissed_at + _LAG
    dismissed_at = None if lives else row.dismissed_at
    return evolve(row, status=status, listed_at=max(row.listed_at, as_of), dismissed_at=dismissed_at)


def read(row: GroupRow, answer: GroupChat, as_of: datetime) -> GroupRow:
    """Apply the detail of a group; an older answer changes nothing."""
    if as_of < row.read_at:
        return row
    # Whoever has it now works here: the status of a list is older than the change of hands.
    handed_over = bool(row.owner) and answer.owner != row.owner
    # A group that answers lives, unless it was dissolved after it was asked.
    gone = row.dismissed_at if row.dismissed_at and row.dismissed_at > as_of else None
    return evolve(
        row,
        name=fit(answer.name),
        owner=answer.owner,
        status=GroupStatus.INHERITED if handed_over else row.status,
        created_at=answer.created_at or row.created_at,
        member_version=answer.member_version,
        dismissed_at=gone,
        read_at=as_of,
    )


def members_read(
    known: Mapping[str, Membership], chat_id: str, members: Iterable[GroupMember], as_of: datetime
) -> list[Membership]:
    """Apply the member list of a group; return the memberships that came out different."""
    there = {one.userid: one for one in members}
    found = [_listed(known.get(userid), chat_id, one, as_of) for userid, one in there.items()]
    missing = [
        evolve(one, left_at=as_of, changed_at=as_of)
        for userid, one in known.items()
        if userid not in there and one.inside and one.changed_at + _LAG <= as_of
    ]
    return [one for one in (*found, *missing) if known.get(one.userid) != one]


def _listed(known: Membership | None, chat_id: str, told: GroupMember, as_of: datetime) -> Membership:
    before = known or Membership(chat_id=chat_id, userid=told.userid)
    if as_of < before.changed_at or _is_stale(before, told, as_of):
        return before
    return evolve(
        before,
        type=told.type,
        name=fit(told.name) or before.name,
        joined_at=told.joined_at or before.joined_at,
        join_scene=told.join_scene,
        invitor=told.invitor.userid if told.invitor else "",
        state=fit(told.state),
        left_at=None,
        # Not the moment of asking: an event of the time before it must still be old news.
        changed_at=max(before.changed_at, told.joined_at or as_of),
    )


def _is_stale(before: Membership, told: GroupMember, as_of: datetime) -> bool:
    """Return whether a list still names somebody of whom we know that they have left since."""
    if before.left_at is None or told.joined_at is None or told.joined_at > before.left_at:
        return False
    return as_of < before.left_at + _LAG


def came(before: Membership, at: datetime, scene: JoinScene) -> Membership:
    """Apply an event that says that somebody joined."""
    if at < before.changed_at:
        return before
    joined = at if not before.inside or before.joined_at is None else before.joined_at
    return evolve(before, joined_at=joined, join_scene=scene, left_at=None, changed_at=at)


def went(before: Membership, at: datetime) -> Membership:
    """Apply an event that says that somebody left."""
    if at < before.changed_at:
        return before
    return evolve(before, left_at=at, changed_at=at)
