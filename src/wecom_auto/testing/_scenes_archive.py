"""The archive: who is archived, who agrees, what is said in other kinds than text, and who reads it how."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence

from wecom_auto.callbacks.events import ArchiveApproved, ProgramNotified
from wecom_auto.testing._archiving import hits, keep, living, zone_row
from wecom_auto.testing._finance_sdk import FakeFinanceSdk
from wecom_auto.testing._scenes import CustomerLike, GroupLike, Scenes, scene
from wecom_auto.testing._state_archive import Agreed, InternalRoom, Robot, ZoneAnswer

__all__ = ["ArchiveScenes"]

_NOTICE_SECONDS = 600


class ArchiveScenes(Scenes):
    """The archive (会话内容存档) and the data zone (数据与智能专区)."""

    @scene
    def open_archive(
        self, userids: Collection[str] = (), *, edition: int = 3, agent_id: int | None = None, public_key: str = ""
    ) -> None:
        """Switch the archive on, or give seats to more members.

        Args:
            userids: Who is archived from now on.
            edition: What their seats pay for: 1 office, 2 service, 3 enterprise.
            agent_id: The app whose secret is that of the archive; the first one unless given.
            public_key: The RSA key that messages are encrypted with from now on, as PEM; its version is one more than
                that of the last. Without a key the native library gives nothing.
        """
        archive = self._core.state.archive
        archive.state = "open"
        if agent_id is not None or not archive.agent_id:
            archive.agent_id = self._core.state.apps[0].agent_id if agent_id is None else agent_id
        archive.seats.update({self._member(one).userid: edition for one in userids})
        if public_key:
            archive.keys.append(public_key)

    @scene
    def expire_archive(self) -> None:
        """Let the archive's contract end; `open_archive()` renews it."""
        self._core.state.archive.state = "expired"

    @scene
    def agree_to_archive(
        self, customer: CustomerLike, *, userid: str = "", group: GroupLike | None = None, agrees: bool = True
    ) -> None:
        """Let a customer say what they think of being archived; the archive itself notes it, too.

        Args:
            customer: Who.
            userid: The member of a one-to-one chat.
            group: The group, instead of a member.
            agrees: Whether they do; a yes to a member is a callback.
        """
        who, state = self._person(customer).external_userid, self._core.state
        place = self._member(userid).userid if group is None else self._group(group).chat_id
        state.archive.agreed[place, who] = Agreed(status="Agree" if agrees else "Disagree", at=self._now())
        kind, millis = "agree" if agrees else "disagree", int(self._time() * 1000)
        body = {kind: {"userid": who, f"{kind}_time": millis}}
        to = [place] if group is None else [one for one in self._group(group).members if one != who]
        keep(self._core, who, to, kind, body, roomid="" if group is None else place)
        if agrees and group is None:
            self._emit(ArchiveApproved, userid=place, external_userid=who)

    @scene
    def archive_message(
        self,
        sender: str,
        receivers: Sequence[str],
        msgtype: str,
        body: Mapping[str, object],
        *,
        roomid: str = "",
        action: str = "send",
        media: bytes | None = None,
    ) -> str:
        """Put a message of any kind into the archive, in the manual's form.

        Args:
            sender: A userid, an external_userid or a robot's id.
            receivers: Of the same kinds.
            msgtype: Its kind, such as ``image``.
            body: Its fields under their key, such as ``{"image": {"md5sum": "…", "sdkfileid": "…"}}``.
            roomid: The group.
            action: `send` or `recall`.
            media: The bytes behind the `sdkfileid` of the body.

        Returns:
            Its msgid; empty if nobody in it has a seat.
        """
        for part in body.values() if media is not None else ():
            if isinstance(part, Mapping) and "sdkfileid" in part:
                self._core.state.archive.media[str(part["sdkfileid"])] = media or b""
        return keep(self._core, sender, receivers, msgtype, dict(body), roomid=roomid, action=action)

    @scene
    def create_internal_group(self, name: str, creator: str, members: Collection[str] = ()) -> str:
        """Let a member open an internal group (内部群); return its id, as the archive names it."""
        state, now = self._core.state, self._now()
        people = dict.fromkeys([self._member(one).userid for one in (creator, *members)], now)
        roomid = state.ids.letters("wr", "internal", 32)
        room = InternalRoom(roomid=roomid, name=name, creator=creator, created_at=now, members=people)
        state.archive.rooms[roomid] = room
        return roomid

    @scene
    def add_robot(self, name: str, creator: str) -> str:
        """Let a member make a robot that writes in internal groups; return its id."""
        state = self._core.state
        robot_id = state.ids.letters("wb", "robot", 32)
        state.archive.robots[robot_id] = Robot(robot_id=robot_id, name=name, creator=self._member(creator).userid)
        return robot_id

    def finance_sdk(self) -> FakeFinanceSdk:
        """Play the vendor's native library; hand it to `wecom_auto.archive.NativeArchive`."""
        return FakeFinanceSdk(self._core)

    @scene
    def add_zone_program(self, program_id: str, ability_id: str, answer: ZoneAnswer) -> None:
        """Put a program into the data zone, or give it one more ability.

        Args:
            program_id: The program.
            ability_id: What it can do.
            answer: Takes `request_data` and `notify_id`, both texts, and returns `response_data`.
        """
        archive = self._core.state.archive
        archive.images.add(program_id)
        archive.programs[program_id, ability_id] = answer

    @scene
    def serve_zone(self, program_id: str, ability_id: str, *, rules: Mapping[str, Sequence[str]] | None = None) -> None:
        """Put a program into the zone that hands out what may leave it, in the form that `ZoneArchive` reads.

        Args:
            program_id: The program.
            ability_id: What it is asked for.
            rules: Key-word rules (关键词规则): words by rule id.
        """
        wanted = dict(rules or {})

        def answer(request: str, _notify_id: str) -> str:
            asked = json.loads(request)
            after, limit = int(asked.get("cursor") or 0), int(asked.get("limit") or 200)
            archive = self._core.state.archive
            rows = living(archive, self._core.clock.time(), after, limit)
            end = min(after + limit, len(archive.rows))
            hit = [{"msgid": row.body["msgid"], "hit_rule_list": found} for row in rows if (found := hits(row, wanted))]
            page = {"msg_list": [zone_row(self._core, row) for row in rows], "hit_list": hit}
            return json.dumps({**page, "next_cursor": str(end), "has_more": int(end < len(archive.rows))})

        self.add_zone_program(program_id, ability_id, answer)

    @scene
    def notify_from_zone(self, scene_number: int = 1) -> str:
        """Let a program in the zone call the app (`ProgramNotified`); return the notify id, good for 10 minutes."""
        notify_id = self._core.state.ids.letters("", "notify", 32)
        self._core.state.archive.notices[notify_id] = self._time() + _NOTICE_SECONDS
        self._emit(ProgramNotified, notify_id=notify_id, scene=scene_number)
        return notify_id
