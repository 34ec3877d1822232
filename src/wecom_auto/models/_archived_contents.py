"""What a message of the classic archive holds, kind by kind (会话内容存档). Values only: pulls and fetches nothing.

Manual: `获取会话内容 <https://developer.work.weixin.qq.com/document/path/91774>`_.
What people wrote, and what names them, is kept out of the repr.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from attrs import frozen

from wecom_auto._model import Form, Model, OpenIntEnum, Tagged, wire
from wecom_auto.models._archived_items import ArchivedItem

__all__ = [
    "ArchivedAgree",
    "ArchivedCalendar",
    "ArchivedCard",
    "ArchivedChatRecord",
    "ArchivedCollect",
    "ArchivedCollectDetail",
    "ArchivedDisagree",
    "ArchivedDocument",
    "ArchivedEmotion",
    "ArchivedFile",
    "ArchivedImage",
    "ArchivedLink",
    "ArchivedLocation",
    "ArchivedMarkdown",
    "ArchivedMedia",
    "ArchivedMeeting",
    "ArchivedMeetingType",
    "ArchivedMiniProgram",
    "ArchivedMixed",
    "ArchivedNews",
    "ArchivedNewsItem",
    "ArchivedRedPacket",
    "ArchivedRevoke",
    "ArchivedText",
    "ArchivedTodo",
    "ArchivedVideo",
    "ArchivedVoice",
    "ArchivedVote",
    "ArchivedWeChatRedPacket",
]


@frozen(kw_only=True)
class ArchivedMedia(Tagged):
    """A message with a file behind it.

    Attributes:
        sdkfileid: Fetches the file from the native library, for some days; longer than other ids.
        md5sum: Of the file; may be empty.
    """

    sdkfileid: str = wire("", "", show=False)
    md5sum: str = ""


@frozen(kw_only=True)
class ArchivedText(Tagged):
    """A text (文本)."""

    MSGTYPE: ClassVar[str] = "text"

    content: str = wire("", "", show=False)


@frozen(kw_only=True)
class ArchivedImage(ArchivedMedia):
    """A picture (图片).

    Attributes:
        size: Bytes.
    """

    MSGTYPE: ClassVar[str] = "image"

    size: int = wire("filesize", 0)


@frozen(kw_only=True)
class ArchivedVoice(ArchivedMedia):
    """A voice message (语音), as AMR.

    Attributes:
        size: Bytes.
        seconds: How long it is.
    """

    MSGTYPE: ClassVar[str] = "voice"

    size: int = wire("voice_size", 0)
    seconds: int = wire("play_length", 0)


@frozen(kw_only=True)
class ArchivedVideo(ArchivedMedia):
    """A video (视频), as MP4.

    Attributes:
        size: Bytes.
        seconds: How long it is.
    """

    MSGTYPE: ClassVar[str] = "video"

    size: int = wire("filesize", 0)
    seconds: int = wire("play_length", 0)


@frozen(kw_only=True)
class ArchivedFile(ArchivedMedia):
    """A file (文件).

    Attributes:
        filename: What it is called.
        fileext: What its name ends in.
        size: Bytes.
    """

    MSGTYPE: ClassVar[str] = "file"

    filename: str = wire("", "", show=False)
    fileext: str = ""
    size: int = wire("filesize", 0)


@frozen(kw_only=True)
class ArchivedEmotion(ArchivedMedia):
    """A sticker (表情).

    Attributes:
        type: 1 GIF, 2 PNG.
        width: Pixels.
        height: Pixels.
        size: Bytes.
    """

    MSGTYPE: ClassVar[str] = "emotion"

    type: int = 0
    width: int = 0
    height: int = 0
    size: int = wire("imagesize", 0)


@frozen(kw_only=True)
class ArchivedRevoke(Tagged):
    """A message was taken back (撤回).

    Attributes:
        msgid: The message that was.
    """

    MSGTYPE: ClassVar[str] = "revoke"

    msgid: str = wire("pre_msgid", "")


@frozen(kw_only=True)
class ArchivedAgree(Tagged):
    """Somebody agreed to being archived (同意会话聊天内容).

    Attributes:
        userid: Who.
        at: When.
    """

    MSGTYPE: ClassVar[str] = "agree"

    userid: str = ""
    at: datetime | None = wire("agree_time", None, Form.MILLISECONDS)


@frozen(kw_only=True)
class ArchivedDisagree(Tagged):
    """Somebody did not agree to being archived, or not any more (不同意会话聊天内容).

    Attributes:
        userid: Who.
        at: When.
    """

    MSGTYPE: ClassVar[str] = "disagree"

    userid: str = ""
    at: datetime | None = wire("disagree_time", None, Form.MILLISECONDS)


@frozen(kw_only=True)
class ArchivedCard(Tagged):
    """A contact card (名片).

    Attributes:
        corp_name: Where the person works.
        userid: The person.
    """

    MSGTYPE: ClassVar[str] = "card"

    corp_name: str = wire("corpname", "", show=False)
    userid: str = ""


@frozen(kw_only=True)
class ArchivedLocation(Tagged):
    """A place (位置).

    Attributes:
        longitude: Degrees.
        latitude: Degrees.
        address: Where it is.
        title: What it is called.
        zoom: Of the map.
    """

    MSGTYPE: ClassVar[str] = "location"

    longitude: float = wire("", 0.0, show=False)
    latitude: float = wire("", 0.0, show=False)
    address: str = wire("", "", show=False)
    title: str = wire("", "", show=False)
    zoom: int = 0


@frozen(kw_only=True)
class ArchivedLink(Tagged):
    """A link (链接).

    Attributes:
        title: What it is called.
        description: What is said of it.
        url: Where it leads.
        image_url: Its picture.
    """

    MSGTYPE: ClassVar[str] = "link"

    title: str = wire("", "", show=False)
    description: str = wire("", "", show=False)
    url: str = wire("link_url", "", show=False)
    image_url: str = wire("", "", show=False)


@frozen(kw_only=True)
class ArchivedMiniProgram(Tagged):
    """A mini program (小程序).

    Attributes:
        title: What its card says.
        description: What is said of it.
        username: The program's original id.
        name: What the program is called.
    """

    MSGTYPE: ClassVar[str] = "weapp"

    title: str = wire("", "", show=False)
    description: str = wire("", "", show=False)
    username: str = ""
    name: str = wire("displayname", "")


@frozen(kw_only=True)
class ArchivedChatRecord(Tagged):
    """Messages that were forwarded together (会话记录).

    Attributes:
        title: What it is called.
        items: Each of them.
    """

    MSGTYPE: ClassVar[str] = "chatrecord"

    title: str = wire("", "", show=False)
    items: tuple[ArchivedItem, ...] = wire("item", (), show=False)


@frozen(kw_only=True)
class ArchivedMixed(Tagged):
    """Words and pictures in one message (混合消息).

    Attributes:
        items: Each of them.
    """

    MSGTYPE: ClassVar[str] = "mixed"

    items: tuple[ArchivedItem, ...] = wire("item", (), show=False)


@frozen(kw_only=True)
class ArchivedTodo(Tagged):
    """A to-do (待办).

    Attributes:
        title: Where it comes from.
        content: What is to be done.
    """

    MSGTYPE: ClassVar[str] = "todo"

    title: str = wire("", "", show=False)
    content: str = wire("", "", show=False)


@frozen(kw_only=True)
class ArchivedVote(Tagged):
    """A vote (投票); on the wire its fields stand beside the msgtype.

    Attributes:
        title: What it is about.
        choices: What may be chosen.
        type: 101 it begins, 102 somebody takes part.
        id: The vote.
    """

    MSGTYPE: ClassVar[str] = "vote"

    title: str = wire("votetitle", "", show=False)
    choices: tuple[str, ...] = wire("voteitem", (), show=False)
    type: int = wire("votetype", 0)
    id: str = wire("voteid", "", Form.ID)


@frozen(kw_only=True)
class ArchivedCollectDetail(Model):
    """A question of a form.

    Attributes:
        id: Its number.
        question: What is asked.
        type: Of which kind the answer is.
    """

    id: str = wire("", "", Form.ID)
    question: str = wire("ques", "", show=False)
    type: str = ""


@frozen(kw_only=True)
class ArchivedCollect(Tagged):
    """A form to be filled in by a group (填表).

    Attributes:
        room_name: The group.
        creator: Who made it.
        created_at: When, as the platform writes it: a text without a zone.
        title: What it is called.
        details: Its questions.
    """

    MSGTYPE: ClassVar[str] = "collect"

    room_name: str = wire("", "", show=False)
    creator: str = wire("", "", show=False)
    created_at: str = wire("create_time", "", Form.ID)
    title: str = wire("", "", show=False)
    details: tuple[ArchivedCollectDetail, ...] = ()


@frozen(kw_only=True)
class ArchivedRedPacket(Tagged):
    """A red packet among colleagues (红包).

    Attributes:
        type: 1 normal, 2 lucky draw, 3 reward.
        wish: What it says.
        count: How many there are.
        cents: What they hold together, in fen.
    """

    MSGTYPE: ClassVar[str] = "redpacket"

    type: int = 0
    wish: str = wire("", "", show=False)
    count: int = wire("totalcnt", 0)
    cents: int = wire("totalamount", 0)


@frozen(kw_only=True)
class ArchivedWeChatRedPacket(Tagged):
    """A red packet to or from somebody outside (互通红包); on the wire under ``redpacket``.

    Attributes:
        type: 1 normal, 2 lucky draw.
        wish: What it says.
        count: How many there are.
        cents: What they hold together, in fen.
    """

    MSGTYPE: ClassVar[str] = "external_redpacket"

    type: int = 0
    wish: str = wire("", "", show=False)
    count: int = wire("totalcnt", 0)
    cents: int = wire("totalamount", 0)


class ArchivedMeetingType(OpenIntEnum):
    """What of a meeting a message is."""

    INVITATION = 101
    ANSWER = 102


@frozen(kw_only=True)
class ArchivedMeeting(Tagged):
    """A meeting's invitation, or an answer to one (会议).

    Attributes:
        topic: What it is about.
        starts_at: When it begins.
        ends_at: When it ends.
        address: Where it is.
        remarks: What else is said.
        type: Invitation or answer.
        id: The meeting.
        status: Of an answer: 1 join, 2 refuse, 3 open, 4 not invited, 5 cancelled, 6 expired, 7 not in the room.
    """

    MSGTYPE: ClassVar[str] = "meeting"

    topic: str = wire("", "", show=False)
    starts_at: datetime | None = wire("starttime", None)
    ends_at: datetime | None = wire("endtime", None)
    address: str = wire("", "", show=False)
    remarks: str = wire("", "", show=False)
    type: ArchivedMeetingType | None = wire("meetingtype", None)
    id: str = wire("meetingid", "", Form.ID)
    status: int = 0


@frozen(kw_only=True)
class ArchivedDocument(Tagged):
    """A document (在线文档); on the wire under ``doc``.

    Attributes:
        title: What it is called.
        url: Where it is.
        creator: Who made it.
    """

    MSGTYPE: ClassVar[str] = "docmsg"

    title: str = wire("", "", show=False)
    url: str = wire("link_url", "", show=False)
    creator: str = wire("doc_creator", "")


@frozen(kw_only=True)
class ArchivedMarkdown(Tagged):
    """A text with markup (Markdown); on the wire under ``info``."""

    MSGTYPE: ClassVar[str] = "markdown"

    content: str = wire("", "", show=False)


@frozen(kw_only=True)
class ArchivedNewsItem(Model):
    """An article of several.

    Attributes:
        title: What it is called.
        description: What is said of it.
        url: Where it leads.
        picture_url: Its picture.
    """

    title: str = wire("", "", show=False)
    description: str = wire("", "", show=False)
    url: str = wire("", "", show=False)
    picture_url: str = wire("picurl", "", show=False)


@frozen(kw_only=True)
class ArchivedNews(Tagged):
    """Articles (图文); on the wire under ``info``.

    Attributes:
        items: Each of them.
    """

    MSGTYPE: ClassVar[str] = "news"

    items: tuple[ArchivedNewsItem, ...] = wire("item", ())


@frozen(kw_only=True)
class ArchivedCalendar(Tagged):
    """An appointment (日程).

    Attributes:
        title: What it is about.
        creator: The name of who made it.
        attendees: The names of who takes part.
        starts_at: When it begins.
        ends_at: When it ends.
        place: Where it is.
        remarks: What else is said.
    """

    MSGTYPE: ClassVar[str] = "calendar"

    title: str = wire("", "", show=False)
    creator: str = wire("creatorname", "", show=False)
    attendees: tuple[str, ...] = wire("attendeename", (), show=False)
    starts_at: datetime | None = wire("starttime", None)
    ends_at: datetime | None = wire("endtime", None)
    place: str = wire("", "", show=False)
    remarks: str = wire("", "", show=False)
