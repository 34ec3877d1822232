"""What members do in their client: confirm, forget, leave, tag, note. Never through the API, so callbacks follow."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from wecom_auto.callbacks.events import CustomerEdited, TagCreated, TagDeleted, TagKind, TagUpdated
from wecom_auto.testing._fake_tags import new_group, new_tag, remove_tag
from wecom_auto.testing._ranges import Range, strategy_of_tag
from wecom_auto.testing._records import FakeMessage, FakeTag, FakeTask, message_record, tag_record, task_record
from wecom_auto.testing._scenes import CustomerLike, GroupLike, Scenes, scene
from wecom_auto.testing._sending import add_task, confirm
from wecom_auto.testing._state import MassMessage, MassTask, Tag

__all__ = ["StaffScenes"]

OWNER_LEFT = 1


class StaffScenes(Scenes):
    """Members at work."""

    @scene
    def pending(self, userid: str) -> tuple[FakeTask, ...]:
        """Return the mass messages that wait for a member's tap, the forgotten ones included."""
        return tuple(task_record(*one) for one in self._waiting(userid))

    @scene
    def mass_tasks(self, msgid: str) -> tuple[FakeTask, ...]:
        """Return every member's part of a mass message.

        Raises:
            LookupError: No such mass message.
        """
        message = self._core.state.mass_messages.get(msgid)
        if message is None:
            error = f"{msgid}: no such mass message"
            raise LookupError(error)
        return tuple(task_record(message, one) for one in message.tasks.values())

    @scene
    def mass_messages(self) -> tuple[str, ...]:
        """Return the msgids of all mass messages, oldest first."""
        return tuple(self._core.state.mass_messages)

    @scene
    def tap(self, userid: str, msgid: str | None = None, *, only: Iterable[CustomerLike] = ()) -> tuple[FakeTask, ...]:
        """Let a member confirm mass messages: now they are sent, as far as friendship and quota go.

        Args:
            userid: The member.
            msgid: One message; without it everything that waits and is not forgotten.
            only: The recipients left ticked (`allow_select`); the others keep status 0.

        Returns:
            The tasks that are done now.

        Raises:
            LookupError: The member is gone, or `msgid` does not wait for them.
        """
        self._member(userid)
        waiting = [one for one in self._waiting(userid) if msgid in (None, one[0].msgid)]
        if msgid is None:
            waiting = [one for one in waiting if not one[1].forgotten]
        elif not waiting:
            error = f"{msgid} does not wait for {userid}: unknown, sent or cancelled"
            raise LookupError(error)
        ticked = {one if isinstance(one, str) else one.external_userid for one in only}
        core = self._core
        for message, task in waiting:
            confirm(core.state, message, task, core.clock.time(), core.settings.quota, ticked)
        return tuple(task_record(*one) for one in waiting)

    @scene
    def forget(self, userid: str, msgid: str | None = None) -> None:
        """Let a member forget one message, or all that wait: only a `tap` with its msgid sends it now."""
        for message, task in self._waiting(userid):
            if msgid in (None, message.msgid):
                task.forgotten = True

    @scene
    def leave(self, userid: str) -> None:
        """Let a member resign.

        Their customers become unassigned, their groups wait for an heir, and what they have not confirmed stays unsent.
        """
        member = self._member(userid)
        member.active, member.left_at = False, self._now()
        member.unassigned |= member.relations
        for external_userid in member.relations:
            self._core.state.people[external_userid].followers.pop(userid)
        member.relations = {}
        for group in self._core.state.groups.values():
            if group.owner == userid:
                group.status = OWNER_LEFT

    @scene
    def member_mass_send(
        self, userid: str, text: str, *, customers: Iterable[CustomerLike] = (), groups: Iterable[GroupLike] = ()
    ) -> FakeTask:
        """Let a member send a mass message of their own; it uses the quota of whoever gets it like any other.

        Args:
            userid: The member.
            text: What they write.
            customers: To whom; everybody they follow unless given.
            groups: Into which of their own groups; no customers then.

        Raises:
            LookupError: A group is unknown, or belongs to somebody else.
        """
        state, rooms = self._core.state, [self._group(one) for one in groups]
        if any(one.owner != userid for one in rooms):
            error = f"only its owner sends into a group, and {userid} does not own all of these"
            raise LookupError(error)
        people = [self._person(one).external_userid for one in customers] or list(self._member(userid).relations)
        chosen = [one.chat_id for one in rooms] or people
        message = MassMessage(
            seq=state.ids.number("mass_message"),
            msgid=state.ids.letters("msg", "msgid", 30),
            agent_id=0,
            creator=userid,
            create_type=1,
            chat_type="group" if rooms else "single",
            created_at=self._core.clock.time(),
            content={"text": {"content": text}},
        )
        task = add_task(state, message, userid, chosen)
        state.mass_messages[message.msgid] = message
        confirm(state, message, task, self._core.clock.time(), self._core.settings.quota, set())
        return task_record(message, task)

    @scene
    def messages_to(self, userid: str) -> tuple[FakeMessage, ...]:
        """Return the application messages that a member got; over-limit ones never arrive."""
        messages = self._core.state.messages
        return tuple(message_record(one) for one in messages if userid in one.users and userid not in one.dropped)

    @scene
    def add_tag(self, group: str, name: str) -> FakeTag:
        """Put a tag into the library, and its group if it is new, without any callback."""
        state = self._core.state
        corp = [one for one in state.tag_groups.values() if not one.deleted and not one.strategy_id]
        found = next((one for one in corp if one.name == group), None)
        home = found or new_group(state, group, self._now())
        return tag_record(state, new_tag(state, home, name, self._now()))

    @scene
    def staff_creates_tag(self, group: str, name: str) -> FakeTag:
        """Let an administrator create a tag in the console; this one is told."""
        tag = self.add_tag(group, name)
        self._emit(TagCreated, id=tag.id, tag_type=TagKind.TAG)
        return tag

    @scene
    def staff_renames_tag(self, tag: FakeTag, name: str) -> FakeTag:
        """Let an administrator rename a tag in the console; this is told."""
        row = self._core.state.tags[tag.id]
        row.name = name
        self._emit(TagUpdated, id=tag.id, tag_type=TagKind.TAG)
        return tag_record(self._core.state, row)

    @scene
    def staff_deletes_tag(self, tag: FakeTag) -> None:
        """Let an administrator delete a tag in the console; this is told."""
        remove_tag(self._core.state, self._core.state.tags[tag.id])
        self._emit(TagDeleted, id=tag.id, tag_type=TagKind.TAG)

    @scene
    def staff_marks_tag(
        self,
        userid: str,
        customer: CustomerLike,
        *,
        add: Collection[FakeTag | str] = (),
        remove: Collection[FakeTag | str] = (),
    ) -> None:
        """Let a member set and take tags by hand; unlike `mark_tag`, this is told (edit_external_contact)."""
        relation = self._relation(userid, customer)
        added = [self._core.state.tags[tag_id] for tag_id in map(_tag_id, add)]
        for tag in added:
            self._check_range(userid, tag)
        for tag_id in map(_tag_id, remove):
            relation.tags.pop(tag_id, None)
        relation.tags |= {tag.id: None for tag in added}
        self._emit(CustomerEdited, userid=userid, external_userid=relation.external_userid)

    @scene
    def staff_remarks(
        self,
        userid: str,
        customer: CustomerLike,
        *,
        remark: str | None = None,
        description: str | None = None,
        mobiles: Collection[str] | None = None,
    ) -> None:
        """Let a member note something by hand; unlike `remark`, this is told (edit_external_contact)."""
        relation = self._relation(userid, customer)
        relation.remark = relation.remark if remark is None else remark
        relation.description = relation.description if description is None else description
        relation.mobiles = relation.mobiles if mobiles is None else list(mobiles)
        self._emit(CustomerEdited, userid=userid, external_userid=relation.external_userid)

    def _check_range(self, userid: str, tag: Tag) -> None:
        """Refuse a strategy tag that the client would not offer to this member (94882)."""
        strategy = strategy_of_tag(self._core.state, tag)
        if strategy is not None and not Range.of(self._core.state, strategy.nodes.values()).has_member(userid):
            msg = f"{userid} is not in the range of strategy {strategy.strategy_id}, whose tag {tag.name} is"
            raise ValueError(msg)

    def _waiting(self, userid: str) -> list[tuple[MassMessage, MassTask]]:
        state = self._core.state
        messages = [state.mass_messages[msgid] for msgid in state.waiting.get(userid, ())]
        return [(one, one.tasks[userid]) for one in messages]


def _tag_id(tag: FakeTag | str) -> str:
    return tag if isinstance(tag, str) else tag.id
