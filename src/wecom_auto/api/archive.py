"""The archive's HTTP calls (会话内容存档): who is archived, who has agreed, whose group and robot it is.

No call gives a message: `wecom_auto.archive` says by which ways messages come, and what each of them sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wecom_auto._binding import C, Endpoints, endpoint
from wecom_auto._call import Call, Effect
from wecom_auto._checks import Limit
from wecom_auto._types import UNSET, Unset
from wecom_auto.models import ArchiveAgreement, ArchiveEdition, ArchiveRobot, ArchiveRoom

__all__ = ["ArchiveEndpoints"]

_PAIRS: Final = 100
_ROOM: Final = Limit("roomid", least=1)


class ArchiveEndpoints(Endpoints[C]):
    """The archive (会话内容存档): seats, agreements, internal groups, robots. Ask with the archive's own secret."""

    __slots__ = ()

    @endpoint
    def list_users(self, *, edition: ArchiveEdition | int | Unset = UNSET) -> Call[tuple[str, ...]]:
        """List the members who are archived; only those whose seat is in force.

        At most 1,000 times a minute.

        Manual: `获取会话内容存档开启成员列表 <https://developer.work.weixin.qq.com/document/path/91614>`__

        Args:
            edition: Only those with this seat; all of them unless given.

        Raises:
            LicenseError: 301052 the archive has expired.
            PermissionDeniedError: 301053 the archive is not switched on; 301042 this address may not ask.
        """
        path = "/cgi-bin/msgaudit/get_permit_user_list"
        return Call.post(Effect.READ, path, tuple[str, ...], type=edition).unwrap("ids")

    @endpoint
    def list_agreements(self, pairs: Sequence[tuple[str, str]]) -> Call[tuple[ArchiveAgreement, ...]]:
        """Ask whether people outside have agreed to the archiving of one-to-one chats.

        At most 2,500 times a minute. The wire spells the person ``exteranalopenid``.

        Manual: `获取会话同意情况 <https://developer.work.weixin.qq.com/document/path/91782>`__

        Args:
            pairs: Member and person: ``(userid, external_userid)``, 1 to 100 of them.

        Returns:
            What they have said. Whether somebody who was never asked is among them is unverified.

        Raises:
            LicenseError: 301052 the archive has expired.
            PermissionDeniedError: 301053 the archive is not switched on; 301042 this address may not ask.
        """
        info = [{"userid": userid, "exteranalopenid": external_userid} for userid, external_userid in pairs]
        path = "/cgi-bin/msgaudit/check_single_agree"
        call = Call.post(Effect.READ, path, tuple[ArchiveAgreement, ...], info=info).unwrap("agreeinfo")
        limits = (Limit("info", items=_PAIRS, least=1), Limit("info[].userid", least=1))
        return call.checked(*limits, Limit("info[].exteranalopenid", least=1))

    @endpoint
    def list_room_agreements(self, roomid: str) -> Call[tuple[ArchiveAgreement, ...]]:
        """Ask which people outside have agreed to the archiving of a group.

        At most 1,500 times a minute.

        Manual: `获取会话同意情况 <https://developer.work.weixin.qq.com/document/path/91782>`__

        Args:
            roomid: The group, as the archive names it.

        Raises:
            LicenseError: 301052 the archive has expired.
            PermissionDeniedError: 301053 the archive is not switched on; 301042 this address may not ask.
        """
        path = "/cgi-bin/msgaudit/check_room_agree"
        call = Call.post(Effect.READ, path, tuple[ArchiveAgreement, ...], roomid=roomid)
        return call.unwrap("agreeinfo").checked(_ROOM)

    @endpoint
    def get_room(self, roomid: str) -> Call[ArchiveRoom]:
        """Fetch an internal group (内部群). Customer groups are read with `groups.get`.

        Manual: `获取会话内容存档内部群信息 <https://developer.work.weixin.qq.com/document/path/92951>`__

        Args:
            roomid: The group, as the archive names it.

        Raises:
            PermissionDeniedError: 301059 it is a customer group.
        """
        return Call.post(Effect.READ, "/cgi-bin/msgaudit/groupchat/get", ArchiveRoom, roomid=roomid).checked(_ROOM)

    @endpoint
    def get_robot(self, robot_id: str) -> Call[ArchiveRobot]:
        """Fetch a robot (机器人) that wrote something.

        Manual: `获取机器人信息 <https://developer.work.weixin.qq.com/document/path/91774>`__

        Args:
            robot_id: Its id, which begins with ``wb``.
        """
        call = Call.get("/cgi-bin/msgaudit/get_robot_info", ArchiveRobot, robot_id=robot_id).unwrap("data")
        return call.checked(Limit("robot_id", least=1))
