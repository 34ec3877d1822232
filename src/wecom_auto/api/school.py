"""Home and school (家校沟通 › 学校通知): notices to parents and students; only for corps of the education trade.

Reads and writes no student or parent: the address book of a school is a chapter of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Final

from wecom_auto._binding import C, Endpoints, Step, endpoint, workflow
from wecom_auto._bulk import BulkResult, Report, in_bulk
from wecom_auto._call import Call, Effect
from wecom_auto._checks import AnyOf, Check, Limit, OneOf
from wecom_auto._codec import encode_object
from wecom_auto._types import UNSET, Unset
from wecom_auto.api._rules import Needs
from wecom_auto.api._values import flag, listed
from wecom_auto.models import (
    Mobile,
    MobileMatches,
    NoticeScope,
    SchoolMessage,
    SchoolQrCodes,
    SentNotice,
    SubscribeMode,
)

__all__ = ["SchoolEndpoints"]

_MOBILES: Final = 100
_NOTICE: Final[tuple[Check, ...]] = (
    Limit("to_parent_userid", items=1000),
    Limit("to_student_userid", items=1000),
    Limit("to_party", items=100),
    OneOf("recv_scope", (0, 1, 2)),
    # Every notice has a kind, so every notice needs the app.
    Needs("agentid", unless=("msgtype", ""), fix="pass agent_id= here or to the client"),
    Limit("duplicate_check_interval", least=1, most=4 * 3600),
    Limit("text.content", bytes=2048),
)


class SchoolEndpoints(Endpoints[C]):
    """Home and school (家校沟通): notices to parents."""

    __slots__ = ()

    @endpoint
    def send(
        self,
        message: SchoolMessage,
        *,
        parents: Sequence[str] = (),
        students: Sequence[str] = (),
        parties: Sequence[int | str] = (),
        external_userids: Sequence[str] = (),
        to_all: bool = False,
        scope: NoticeScope | int | Unset = UNSET,
        agent_id: int | Unset = UNSET,
        enable_id_trans: bool | Unset = UNSET,
        enable_duplicate_check: bool | Unset = UNSET,
        duplicate_check_interval_seconds: int | Unset = UNSET,
    ) -> Call[SentNotice]:
        """Send a notice to parents and students who follow the school's notices. It goes out without a tap.

        A lost answer is repeated only with ``enable_duplicate_check=True``, when the platform drops the double.
        The school must have listed the app among those that parents may use (家长可使用的应用).

        Manual: `发送学校通知 <https://developer.work.weixin.qq.com/document/path/91609>`__

        Args:
            message: What to send, for example ``TextMessage(content="…")``; a text has up to 2,048 UTF-8 bytes.
            parents: Parents by their ids in the school's address book, up to 1,000.
            students: Students, up to 1,000; `scope` says who gets it.
            parties: Departments of the school, such as classes, up to 100.
            external_userids: Parents by their ids as external contacts, which is the older way.
            to_all: Everybody; the lists are ignored then. Unverified: that they are.
            scope: Parents, students, or both; the platform's default is parents.
            agent_id: The app; by default the client's.
            enable_id_trans: Turn ids in the text into names.
            enable_duplicate_check: Drop a message that is the same as one of the last minutes.
            duplicate_check_interval_seconds: How many seconds count, up to 4 hours; 1,800 by default.

        Returns:
            Who got nothing although the call succeeded.

        Raises:
            PermissionDeniedError: 65014 the corp is no school; 81013 none of the receivers can be reached.
        """
        agentid = self._agent_id if agent_id is UNSET else agent_id
        call = Call.post(
            Effect.SET if enable_duplicate_check else Effect.SEND,
            "/cgi-bin/externalcontact/message/send",
            SentNotice,
            to_external_user=listed("to_external_user", external_userids) or UNSET,
            to_parent_userid=listed("to_parent_userid", parents) or UNSET,
            to_student_userid=listed("to_student_userid", students) or UNSET,
            to_party=listed("to_party", parties) or UNSET,
            toall=flag(to_all),
            recv_scope=scope,
            agentid=agentid,
            **encode_object(message),
            enable_id_trans=flag(enable_id_trans),
            enable_duplicate_check=flag(enable_duplicate_check),
            duplicate_check_interval=duplicate_check_interval_seconds,
        )
        somebody = AnyOf("to_parent_userid", "to_student_userid", "to_party", "to_external_user")
        return call.checked(*_NOTICE, *(() if to_all else (somebody,)))

    @endpoint
    def find_by_mobile(self, mobiles: Sequence[str]) -> Call[MobileMatches]:
        """Turn parents' mobile numbers into ids of external contacts.

        Unverified: known from typed models, not from the page.

        Manual: `手机号转外部联系人ID <https://developer.work.weixin.qq.com/document/path/92506>`__

        Args:
            mobiles: Up to 100 numbers; `find_by_mobile_many` takes more.

        Returns:
            The parents who were found, and for every other number why not.

        Raises:
            PermissionDeniedError: 65014 the corp is no school.
        """
        return _find(mobiles)

    @workflow
    def find_by_mobile_many(
        self, mobiles: Sequence[str], *, concurrency: int = 1, progress: Report | None = None
    ) -> Step[BulkResult[Mobile, MobileMatches]]:
        """Turn any number of mobile numbers into ids, 100 a call; a number that nobody has counts as failed.

        Manual: `手机号转外部联系人ID <https://developer.work.weixin.qq.com/document/path/92506>`__

        Args:
            mobiles: The numbers; the result does not show them in its repr.
            concurrency: Calls under way at once, 1 to 100.
            progress: Is told after every call.
        """
        hidden = [Mobile(one) for one in listed("mobiles", mobiles)]
        return (
            yield from in_bulk(hidden, _MOBILES, _find, refused=_not_found, concurrency=concurrency, progress=progress)
        )

    @endpoint
    def get_subscribe_mode(self) -> Call[SubscribeMode]:
        """Read how parents may subscribe to the school's notices.

        Manual: `获取「学校通知」的关注模式 <https://developer.work.weixin.qq.com/document/path/92318>`__

        Raises:
            PermissionDeniedError: 65014 the corp is no school.
        """
        return Call.get("/cgi-bin/externalcontact/get_subscribe_mode", SubscribeMode).unwrap("subscribe_mode")

    @endpoint
    def set_subscribe_mode(self, mode: SubscribeMode | int) -> Call[None]:
        """Decide how parents may subscribe to the school's notices.

        Manual: `设置「学校通知」的关注模式 <https://developer.work.weixin.qq.com/document/path/92318>`__

        Args:
            mode: Whoever scans the code, or only those whom the school has listed.

        Raises:
            PermissionDeniedError: 65014 the corp is no school.
        """
        path = "/cgi-bin/externalcontact/set_subscribe_mode"
        return Call.post(Effect.SET, path, NoneType, subscribe_mode=mode).checked(OneOf("subscribe_mode", (1, 2)))

    @endpoint
    def get_qr_codes(self) -> Call[SchoolQrCodes]:
        """Fetch the QR code by which parents subscribe, in three sizes.

        Manual: `获取「学校通知」二维码 <https://developer.work.weixin.qq.com/document/path/92320>`__

        Raises:
            PermissionDeniedError: 65014 the corp is no school.
        """
        return Call.get("/cgi-bin/externalcontact/get_subscribe_qr_code", SchoolQrCodes)


def _find(mobiles: Sequence[str]) -> Call[MobileMatches]:
    path = "/cgi-bin/externalcontact/batch_to_external_userid"
    numbers = [str(one) for one in listed("mobiles", mobiles)]
    call = Call.post(Effect.READ, path, MobileMatches, mobiles=numbers)
    return call.checked(Limit("mobiles", least=1, items=_MOBILES))


def _not_found(matches: MobileMatches) -> Mapping[Mobile, int]:
    return {Mobile(one.mobile): one.errcode for one in matches.failed}
