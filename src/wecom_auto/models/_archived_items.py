"""Items inside archived messages, and calls that were recorded. Values only.

Manual: `获取会话内容 <https://developer.work.weixin.qq.com/document/path/91774>`_.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, cast

from attrs import frozen

from wecom_auto._model import Form, Model, Tagged, wire
from wecom_auto._types import JSONObject

__all__ = [
    "ArchivedCallSummary",
    "ArchivedChannels",
    "ArchivedDemo",
    "ArchivedDriveFile",
    "ArchivedItem",
    "ArchivedMeetingCall",
    "ArchivedSharedScreen",
    "ArchivedVoipFile",
]


@frozen(kw_only=True)
class ArchivedItem(Model):
    """One of several things in a message.

    Attributes:
        type: Its kind: ``text``, ``image``, … in a mixed message, ``ChatRecordText``, … in a forwarded record.
        content: What it holds, as JSON inside a text; `data` reads it.
        sent_at: When, of a forwarded record. Unverified: that it is in seconds.
        from_chatroom: Of a forwarded record: it was written in a group.
    """

    type: str = ""
    content: str = wire("", "", show=False)
    sent_at: datetime | None = wire("msgtime", None)
    from_chatroom: bool = wire("", False, Form.FLAG)

    @property
    def data(self) -> JSONObject:
        """What the item holds; empty if its content is no JSON object."""
        try:
            held: object = json.loads(self.content)
        except ValueError:
            return {}
        return cast("JSONObject", held) if isinstance(held, Mapping) else {}

    @property
    def text(self) -> str:
        """The words of the item; empty if it has none."""
        words = self.data.get("content", "")
        return words if isinstance(words, str) else ""


@frozen(kw_only=True)
class ArchivedDemo(Model):
    """A document that was shown in a meeting.

    Attributes:
        filename: What it is called.
        operator: Who showed it.
        started_at: Since when.
        ended_at: Until when.
    """

    filename: str = wire("", "", show=False)
    operator: str = wire("demooperator", "")
    started_at: datetime | None = wire("starttime", None)
    ended_at: datetime | None = wire("endtime", None)


@frozen(kw_only=True)
class ArchivedSharedScreen(Model):
    """A screen that was shared in a meeting.

    Attributes:
        userid: Who shared it.
        started_at: Since when.
        ended_at: Until when.
    """

    userid: str = wire("share", "")
    started_at: datetime | None = wire("starttime", None)
    ended_at: datetime | None = wire("endtime", None)


@frozen(kw_only=True)
class ArchivedMeetingCall(Tagged):
    """What was said in a meeting (音频存档).

    Attributes:
        ended_at: When it ended.
        sdkfileid: Fetches the sound from the native library.
        demos: Documents that were shown.
        screens: Screens that were shared.
    """

    MSGTYPE: ClassVar[str] = "meeting_voice_call"

    ended_at: datetime | None = wire("endtime", None)
    sdkfileid: str = wire("", "", show=False)
    demos: tuple[ArchivedDemo, ...] = wire("demofiledata", ())
    screens: tuple[ArchivedSharedScreen, ...] = wire("sharescreendata", ())


@frozen(kw_only=True)
class ArchivedVoipFile(Tagged):
    """A document that was shown in a call (音频共享文档).

    Attributes:
        filename: What it is called.
        sdkfileid: Fetches it from the native library.
        md5sum: Of the file; may be empty.
        size: Bytes.
    """

    MSGTYPE: ClassVar[str] = "voip_doc_share"

    filename: str = wire("", "", show=False)
    sdkfileid: str = wire("", "", show=False)
    md5sum: str = ""
    size: int = wire("filesize", 0)


@frozen(kw_only=True)
class ArchivedChannels(Tagged):
    """Something of a channels account (视频号).

    Attributes:
        type: 2 pictures, 4 a video, 9 a live stream. Unverified: the 9.
        name: The account.
        description: What it says.
    """

    MSGTYPE: ClassVar[str] = "sphfeed"

    type: int = wire("feed_type", 0)
    name: str = wire("sph_name", "", show=False)
    description: str = wire("feed_desc", "", show=False)


@frozen(kw_only=True)
class ArchivedCallSummary(Tagged):
    """How long a call was (通话); on the wire under ``info``. Unverified: known from other implementations.

    Attributes:
        seconds: How long.
        invite_type: What kind of call.
    """

    MSGTYPE: ClassVar[str] = "voiptext"

    seconds: int = wire("callduration", 0)
    invite_type: int = wire("invitetype", 0)


@frozen(kw_only=True)
class ArchivedDriveFile(Tagged):
    """A file of the drive (微盘文件); on the wire under ``info``. Unverified: known from other implementations.

    Attributes:
        filename: What it is called.
    """

    MSGTYPE: ClassVar[str] = "qydiskfile"

    filename: str = wire("", "", show=False)
