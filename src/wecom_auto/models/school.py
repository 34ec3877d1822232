"""Home and school: notices to parents and students, and how they subscribe (家校沟通, manual 91609, 92318)."""

from __future__ import annotations

from typing import ClassVar, TypeAlias

from attrs import field, frozen

from wecom_auto._model import Model, OpenIntEnum, Tagged, named, wire
from wecom_auto.models.staff_messages import (
    FileMessage,
    ImageMessage,
    MpNewsMessage,
    NewsMessage,
    TextCardMessage,
    TextMessage,
    UnknownMessage,
    VideoMessage,
    VoiceMessage,
)

__all__ = [
    "MiniProgramMessage",
    "Mobile",
    "MobileMatch",
    "MobileMatches",
    "NoticeScope",
    "SchoolMessage",
    "SchoolQrCodes",
    "SentNotice",
    "SubscribeMode",
]


class SubscribeMode(OpenIntEnum):
    """How parents may subscribe to the school's notices (「学校通知」的关注模式)."""

    SCAN = 1
    """Whoever scans the code may fill in a form and join (可扫码填写资料加入)."""
    LISTED_ONLY = 2
    """Only those whom the school has listed (禁止扫码填写资料加入)."""


class NoticeScope(OpenIntEnum):
    """Who gets a notice that is for a student or a class (发送对象)."""

    PARENTS = 0
    STUDENTS = 1
    BOTH = 2


class Mobile(str):
    """A mobile number that does not show itself: its repr may end up in a log, its text is the number."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<Mobile>"


@frozen(kw_only=True)
class MobileMatch(Model):
    """What became of one mobile number.

    Attributes:
        mobile: The number; not shown in a repr.
        external_userid: The parent; empty if nobody was found.
        foreign_key: The key that was given when parents were imported.
        errcode: Why nobody was found; 0 if somebody was.
        errmsg: The platform's words for it.
    """

    mobile: str = wire("", "", show=False)
    external_userid: str = ""
    foreign_key: str = ""
    errcode: int = 0
    errmsg: str = ""


@frozen(kw_only=True)
class MobileMatches(Model):
    """What became of the mobile numbers of one call.

    Attributes:
        found: Numbers of parents who are external contacts.
        failed: The others, each with its errcode; 60136 is a number that nobody has.
    """

    found: tuple[MobileMatch, ...] = wire("success_list", ())
    failed: tuple[MobileMatch, ...] = wire("fail_list", ())

    def external_userid_of(self, mobile: str) -> str | None:
        """Return the parent with that number, None if the answer has none."""
        return next((one.external_userid for one in self.found if one.mobile == mobile), None)


@frozen(kw_only=True)
class SchoolQrCodes(Model):
    """The QR code of the school's notices (「学校通知」二维码) in three sizes, as URLs.

    Attributes:
        big: 1,200 pixels wide.
        middle: 430 pixels wide.
        thumb: 258 pixels wide.
    """

    big: str = wire("qrcode_big", "")
    middle: str = wire("qrcode_middle", "")
    thumb: str = wire("qrcode_thumb", "")


@frozen(kw_only=True)
class MiniProgramMessage(Tagged):
    """A card that opens a mini program (小程序消息); school notices only.

    Attributes:
        appid: The mini program.
        page: The page that opens.
        title: The title.
        thumb_media_id: The cover, from `media.upload`.
    """

    MSGTYPE: ClassVar[str] = "miniprogram"

    appid: str
    page: str = field(metadata=named("pagepath"))
    title: str = ""
    thumb_media_id: str = ""


SchoolMessage: TypeAlias = (
    TextMessage
    | ImageMessage
    | VoiceMessage
    | VideoMessage
    | FileMessage
    | TextCardMessage
    | NewsMessage
    | MpNewsMessage
    | MiniProgramMessage
    | UnknownMessage
)
"""Any notice of a school."""


@frozen(kw_only=True)
class SentNotice(Model):
    """What `school.send` answers: who got nothing although the call succeeded.

    Attributes:
        invalid_parents: Parents who do not exist or may not be reached.
        invalid_students: Students likewise.
        invalid_parties: Departments likewise, as numbers; the manual's example has texts.
        invalid_external_userids: External contacts likewise; only for the older way to name receivers.
    """

    invalid_parents: tuple[str, ...] = wire("invalid_parent_userid", ())
    invalid_students: tuple[str, ...] = wire("invalid_student_userid", ())
    invalid_parties: tuple[int | str, ...] = wire("invalid_party", ())
    invalid_external_userids: tuple[str, ...] = wire("invalid_external_user", ())

    @property
    def complete(self) -> bool:
        """Whether everybody who was named got it."""
        lists = (self.invalid_parents, self.invalid_students, self.invalid_parties, self.invalid_external_userids)
        return not any(lists)
