"""What happens in customer groups: opened, joined, left, dissolved, by people and never by API."""

from __future__ import annotations

from wecom_auto.callbacks.events import (
    GroupCreated,
    GroupDismissed,
    GroupUpdated,
    GroupUpdateDetail,
    JoinedBy,
    LeftBy,
)
from wecom_auto.testing._fake_group_welcomes import greet
from wecom_auto.testing._records import FakeGroup, group_record
from wecom_auto.testing._scenes import CustomerLike, GroupLike, Scenes, scene
from wecom_auto.testing._state import Group, GroupMember, JoinWay, Person
from wecom_auto.testing._state_journal import Departure

__all__ = ["GroupScenes"]

STAFF, OUTSIDER = 1, 2
INVITED, SCANNED = 1, 3
JOIN_WAY_GROUPS = 5


class GroupScenes(Scenes):
    """Customer groups (客户群)."""

    @scene
    def create_group(self, owner: str, name: str) -> FakeGroup:
        """Let a member open a customer group; there is no API for it."""
        return group_record(self._open(owner, name))

    @scene
    def group(self, group: GroupLike) -> FakeGroup:
        """Return a group as it is now.

        Raises:
            LookupError: No such group, or it is dissolved.
        """
        return group_record(self._group(group))

    @scene
    def groups(self) -> tuple[FakeGroup, ...]:
        """Return every group, the dissolved ones included."""
        return tuple(group_record(one) for one in self._core.state.groups.values())

    @scene
    def join_group(self, code: GroupLike, customer: CustomerLike, *, invited_by: str = "") -> FakeGroup:
        """Let a customer join: by the code of a join way, or into a named group.

        A join way fills its groups in order. When all are full, it opens a new one, named and numbered as it says and
        owned by whoever owns its first group; with `auto_create_room` off, the customer stays outside.
        A new group that makes more than five pushes the oldest one out of the way, which itself lives on.

        Args:
            code: A group, its `chat_id`, or the `config_id`, `qr_code` or `state` of a join way.
            customer: Who joins.
            invited_by: The member who invited them; without one they scanned a code.

        Raises:
            LookupError: No such code or group, or every group of the join way is full and it opens no new one.
        """
        person = self._person(customer)
        way = self._join_way(code) if isinstance(code, str) else None
        group = self._room(way) if way else self._group(code)
        if person.external_userid not in group.members:
            self._enter(group, person, str(way.fields.get("state", "")) if way else "", invited_by)
        return group_record(group)

    @scene
    def quit_group(self, group: GroupLike, customer: CustomerLike, *, removed: bool = False) -> None:
        """Let a customer leave a group, or be removed from it by the owner (which no API can do)."""
        row = self._group(group)
        external_userid = self._person(customer).external_userid
        gone = row.members.pop(external_userid, None)
        if gone is None:
            msg = f"this customer is not in {row.chat_id}"
            raise LookupError(msg)
        self._core.state.journal.departures.append(
            Departure(at=self._time(), chat_id=row.chat_id, who=external_userid, joined_at=gone.join_time)
        )
        how = LeftBy.REMOVED if removed else LeftBy.SELF
        self._changed(row, GroupUpdateDetail.DEL_MEMBER, external_userid, quit_scene=how)

    @scene
    def dismiss_group(self, group: GroupLike) -> None:
        """Let the owner dissolve a group."""
        row = self._group(group)
        row.dismissed = True
        self._core.state.journal.dismissed[row.chat_id] = self._time()
        self._emit(GroupDismissed, chat_id=row.chat_id)

    def _open(self, owner: str, name: str) -> Group:
        member, state = self._member(owner), self._core.state
        group = Group(
            seq=state.ids.number("group"),
            chat_id=state.ids.letters("wr", "chat_id", 32),
            name=name,
            owner=owner,
            created_at=self._now(),
            version=state.ids.hexa("member_version"),
        )
        group.members[owner] = GroupMember(
            userid=owner, type=STAFF, name=member.name, join_time=self._now(), join_scene=INVITED
        )
        state.groups[group.chat_id] = group
        self._emit(GroupCreated, chat_id=group.chat_id)
        return group

    def _enter(self, group: Group, person: Person, state: str, invited_by: str) -> None:
        group.members[person.external_userid] = GroupMember(
            userid=person.external_userid,
            type=OUTSIDER,
            name=person.name,
            join_time=self._now(),
            join_scene=INVITED if invited_by else SCANNED,
            invitor=invited_by,
            state=state,
        )
        # groupchat/get and the event number the ways in differently (92122, 92130).
        how = JoinedBy.INVITATION if invited_by else JoinedBy.QR_CODE
        self._changed(group, GroupUpdateDetail.ADD_MEMBER, person.external_userid, join_scene=how)
        greet(self._core.state, group, person, self._core.clock.time())

    def _changed(self, group: Group, detail: GroupUpdateDetail, who: str, **scene_of: object) -> None:
        before, group.version = group.version, self._core.state.ids.hexa("member_version")
        self._emit(
            GroupUpdated,
            chat_id=group.chat_id,
            update_detail=detail,
            mem_change_cnt=1,
            mem_change_list=(who,),
            last_mem_ver=before,
            cur_mem_ver=group.version,
            **scene_of,
        )

    def _join_way(self, code: str) -> JoinWay | None:
        ways = self._core.state.join_ways
        fitting = [one for one in ways.values() if code and code in (one.qr_code, one.fields.get("state"))]
        return ways.get(code) or (fitting[0] if fitting else None)

    def _room(self, way: JoinWay) -> Group:
        """Return the first group with room, or a new one.

        Unverified: whether a new group replaces the oldest full one in a list of five, and whose it is when the owner
        of the first one has left (the next one's).
        """
        state = self._core.state
        rooms = [state.groups[one] for one in way.fields["chat_id_list"]]
        living = [one for one in rooms if not one.dismissed]
        for group in living:
            if len(group.members) < self._core.limits.group_size:
                return group
        if way.fields.get("auto_create_room") != 1:
            msg = f"every group of join way {way.config_id} is full or dissolved, and auto_create_room is off"
            raise LookupError(msg)
        owners = [one.owner for one in living if state.members[one.owner].active]
        if not owners:
            msg = (
                f"nobody can open a group for join way {way.config_id}: its groups are dissolved, or their owners left"
            )
            raise LookupError(msg)
        number = way.fields.get("room_base_id", 0) + way.rooms_made
        way.rooms_made += 1
        group = self._open(owners[0], f"{way.fields.get('room_base_name', '')}{number}")
        way.fields["chat_id_list"] = [*way.fields["chat_id_list"], group.chat_id][-JOIN_WAY_GROUPS:]
        return group
