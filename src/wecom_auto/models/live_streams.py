"""Live streams inside WeCom (直播, manual 93635 to 93637, 94442): what they are, and who watched."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from wecom_auto._model import Form, Model, OpenIntEnum, wire
from wecom_auto.models.customers import ContactType

__all__ = [
    "LiveActivity",
    "LiveAudience",
    "LiveAudiencePage",
    "LiveMemberViewer",
    "LiveReplayStatus",
    "LiveShare",
    "LiveStatus",
    "LiveStream",
    "LiveType",
    "LiveViewer",
]


class LiveType(OpenIntEnum):
    """What kind of stream it is (直播类型)."""

    GENERAL = 0
    SMALL_CLASS = 1
    BIG_CLASS = 2
    TRAINING = 3
    EVENT = 4


class LiveStatus(OpenIntEnum):
    """How far a stream is (直播状态)."""

    BOOKED = 0
    LIVE = 1
    ENDED = 2
    EXPIRED = 3
    CANCELLED = 4


class LiveReplayStatus(OpenIntEnum):
    """Whether it can be watched again (回放状态)."""

    READY = 0
    GENERATING = 1
    DELETED = 2
    FAILED = 3


@frozen(kw_only=True)
class LiveActivity(Model):
    """What people see of a stream of the type `LiveType.EVENT` before it begins (活动直播); pictures are media ids.

    Attributes:
        description: What it is about (活动介绍).
        media_ids: Pictures of the introduction, up to 5.
    """

    description: str = ""
    media_ids: tuple[str, ...] = wire("image_list", ())


@frozen(kw_only=True)
class LiveShare(Model):
    """Who came from a stream into a mini program (直播观众信息, manual 94442), and who had invited them.

    Attributes:
        livingid: The stream.
        userid: Who came, if a member.
        external_userid: Who came, if of outside.
        invited_by: The member who invited them.
        invited_by_external: The person outside who invited them.
    """

    livingid: str = ""
    userid: str = wire("viewer_userid", "")
    external_userid: str = wire("viewer_external_userid", "")
    invited_by: str = wire("invitor_userid", "")
    invited_by_external: str = wire("invitor_external_userid", "")


@frozen(kw_only=True)
class LiveStream(Model):
    """A live stream (直播).

    Attributes:
        anchor_userid: Who holds it.
        main_department: The department of who holds it.
        theme: What it is called.
        started_at: When it began.
        duration_seconds: How long it took.
        booked_at: For when it was booked.
        booked_seconds: How long it was booked for.
        type: What kind.
        status: How far it is.
        description: What it is about.
        open_replay: It may be watched again.
        replay_status: Whether it can.
        subscribers: How many asked to be reminded.
        viewers: How many watched, members and others.
        online: How many watch now.
        comments: How many comments there were.
        speakers: How many spoke (连麦).
        push_stream_url: Where an event stream is sent to, before it begins; who has it can go on air.
    """

    anchor_userid: str = ""
    main_department: int = 0
    theme: str = ""
    started_at: datetime | None = wire("living_start", None)
    duration_seconds: int = wire("living_duration", 0)
    booked_at: datetime | None = wire("reserve_start", None)
    booked_seconds: int = wire("reserve_living_duration", 0)
    type: LiveType = LiveType.GENERAL
    status: LiveStatus = LiveStatus.BOOKED
    description: str = ""
    open_replay: bool = wire("", False, Form.FLAG)
    replay_status: LiveReplayStatus = LiveReplayStatus.READY
    subscribers: int = wire("subscribe_count", 0)
    viewers: int = wire("viewer_num", 0)
    online: int = wire("online_count", 0)
    comments: int = wire("comment_num", 0)
    speakers: int = wire("mic_num", 0)
    push_stream_url: str = wire("", "", show=False)


@frozen(kw_only=True)
class LiveMemberViewer(Model):
    """A member who watched.

    Attributes:
        userid: The member.
        watched_seconds: How long.
        commented: They wrote something.
        spoke: They spoke (连麦).
        invited_by: The member who invited them.
        invited_by_external: The person outside who invited them.
    """

    userid: str
    watched_seconds: int = wire("watch_time", 0)
    commented: bool = wire("is_comment", False, Form.FLAG)
    spoke: bool = wire("is_mic", False, Form.FLAG)
    invited_by: str = wire("invitor_userid", "")
    invited_by_external: str = wire("invitor_external_userid", "")


@frozen(kw_only=True)
class LiveViewer(Model):
    """Somebody outside who watched: a customer, or anybody with the link.

    Attributes:
        external_userid: The person.
        type: Of WeChat or of another corp.
        name: What they are called.
        watched_seconds: How long.
        commented: They wrote something.
        spoke: They spoke (连麦).
        invited_by: The member who invited them; of streams that sell goods (推广产品) only.
        invited_by_external: The person outside who invited them.
    """

    external_userid: str
    type: ContactType = ContactType.UNKNOWN
    name: str = ""
    watched_seconds: int = wire("watch_time", 0)
    commented: bool = wire("is_comment", False, Form.FLAG)
    spoke: bool = wire("is_mic", False, Form.FLAG)
    invited_by: str = wire("invitor_userid", "")
    invited_by_external: str = wire("invitor_external_userid", "")


@frozen(kw_only=True)
class LiveAudience(Model):
    """Who watched a stream.

    Attributes:
        members: Of the corp.
        viewers: Of outside.
    """

    members: tuple[LiveMemberViewer, ...] = wire("users", ())
    viewers: tuple[LiveViewer, ...] = wire("external_users", ())


@frozen(kw_only=True)
class LiveAudiencePage(Model):
    """A part of those who watched.

    Attributes:
        audience: Who.
        complete: There is no more.
        next_key: Pass it as the cursor of the next part.
    """

    audience: LiveAudience = wire("stat_info", LiveAudience())
    complete: bool = wire("ending", False, Form.FLAG)
    next_key: str = ""
