"""What happens in meetings (会议) as values. Holds facts only: reads no bytes and calls no API.

Only those made through the API have events.
Manual: `会议回调通知 <https://developer.work.weixin.qq.com/document/path/99081>`_ and its neighbours.
"""

from __future__ import annotations

from typing import ClassVar, Final

from attrs import field, frozen

from wecom_auto.callbacks._event import KnownEvent
from wecom_auto.callbacks._wire import wire

__all__ = [
    "MeetingAttendeeEvent",
    "MeetingCancelled",
    "MeetingEnded",
    "MeetingEvent",
    "MeetingJoined",
    "MeetingJoinedBeforeHost",
    "MeetingModified",
    "MeetingMuted",
    "MeetingQuit",
    "MeetingRecordingCompleted",
    "MeetingRecordingDeleted",
    "MeetingRecordingPaused",
    "MeetingRecordingResumed",
    "MeetingRecordingStarted",
    "MeetingRecordingStopped",
    "MeetingScreenShareClosed",
    "MeetingScreenShareOpened",
    "MeetingStarted",
    "MeetingUnmuted",
    "MeetingWaitingRoomJoined",
    "QuickMeetingStarted",
]


@frozen(kw_only=True, repr=False)
class MeetingEvent(KnownEvent):
    """Something about a meeting (``meeting_change``).

    Args:
        meeting_id: The meeting.
        from_user_tmp_open_id: The attendee who did it, by an id for this meeting; empty if no attendee did.
    """

    FAMILY: ClassVar[str] = "meeting_change"

    meeting_id: str = field(metadata=wire("MeetingId"))
    from_user_tmp_open_id: str = field(default="", metadata=wire("FromUserTmpOpenId"))


@frozen(kw_only=True, repr=False)
class MeetingAttendeeEvent(MeetingEvent):
    """Something that one attendee does."""

    @property
    def tells_itself_apart(self) -> bool:
        """Whether it says who: two attendees may do it in the same second."""
        return super().tells_itself_apart and bool(self.from_user_tmp_open_id)


@frozen(kw_only=True, repr=False)
class MeetingModified(MeetingEvent):
    """A meeting was changed (修改会议): read it again.

    Sent to every kind of app. Manual: `会议回调通知 <https://developer.work.weixin.qq.com/document/path/99081>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "modify_meeting"
    READ_AGAIN: ClassVar[bool] = True


@frozen(kw_only=True, repr=False)
class MeetingCancelled(MeetingEvent):
    """A meeting was cancelled (取消会议).

    Sent to every kind of app. Manual: `会议回调通知 <https://developer.work.weixin.qq.com/document/path/99081>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "cancel_meeting"


@frozen(kw_only=True, repr=False)
class MeetingStarted(MeetingEvent):
    """A meeting started (会议开始).

    Sent to self-built apps only. Manual: `会议回调通知 <https://developer.work.weixin.qq.com/document/path/99081>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "meeting_start"


@frozen(kw_only=True, repr=False)
class MeetingEnded(MeetingEvent):
    """A meeting ended (会议结束).

    Sent to self-built apps only. Manual: `会议回调通知 <https://developer.work.weixin.qq.com/document/path/99081>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "meeting_end"


@frozen(kw_only=True, repr=False)
class MeetingJoined(MeetingAttendeeEvent):
    """An attendee joined (成员入会); once per attendee.

    Sent to self-built apps only. Manual: `会议回调通知 <https://developer.work.weixin.qq.com/document/path/99081>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "join_meeting"


@frozen(kw_only=True, repr=False)
class MeetingQuit(MeetingAttendeeEvent):
    """An attendee left (成员退会).

    Sent to self-built apps only. Manual: `会议回调通知 <https://developer.work.weixin.qq.com/document/path/99081>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "quit_meeting"


@frozen(kw_only=True, repr=False)
class MeetingMuted(MeetingEvent):
    """Everybody was muted (全员静音).

    Sent to self-built apps only. Manual: `会议回调通知 <https://developer.work.weixin.qq.com/document/path/99081>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "meeting_mute_all"


@frozen(kw_only=True, repr=False)
class MeetingUnmuted(MeetingEvent):
    """Everybody may speak again (解除全员静音).

    Sent to self-built apps only. Manual: `会议回调通知 <https://developer.work.weixin.qq.com/document/path/99081>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "meeting_unmute_all"


@frozen(kw_only=True, repr=False)
class MeetingJoinedBeforeHost(MeetingAttendeeEvent):
    """An attendee waits for the host (成员在主持人之前入会).

    Sent to self-built apps only. Manual: `会议回调通知 <https://developer.work.weixin.qq.com/document/path/99081>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "join_meeting_before_host"


@frozen(kw_only=True, repr=False)
class MeetingWaitingRoomJoined(MeetingAttendeeEvent):
    """An attendee is in the waiting room (成员进入等候室).

    Sent to self-built apps only. Manual: `会议回调通知 <https://developer.work.weixin.qq.com/document/path/99081>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "join_waiting_room"


@frozen(kw_only=True, repr=False)
class MeetingScreenShareOpened(MeetingAttendeeEvent):
    """An attendee shares a screen (开启屏幕共享).

    Sent to self-built apps only. Manual: `会议回调通知 <https://developer.work.weixin.qq.com/document/path/99081>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "open_screen_share"


@frozen(kw_only=True, repr=False)
class MeetingScreenShareClosed(MeetingAttendeeEvent):
    """An attendee shares a screen no more (关闭屏幕共享).

    Sent to self-built apps only. Manual: `会议回调通知 <https://developer.work.weixin.qq.com/document/path/99081>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "close_screen_share"


@frozen(kw_only=True, repr=False)
class MeetingRecordingStarted(MeetingEvent):
    """A recording started (开始云录制).

    Sent to self-built apps only. Manual: `会议回调通知 <https://developer.work.weixin.qq.com/document/path/99081>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "start_recording"


@frozen(kw_only=True, repr=False)
class MeetingRecordingPaused(MeetingEvent):
    """A recording paused (暂停云录制).

    Sent to self-built apps only. Manual: `会议回调通知 <https://developer.work.weixin.qq.com/document/path/99081>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "pause_recording"


@frozen(kw_only=True, repr=False)
class MeetingRecordingResumed(MeetingEvent):
    """A recording goes on (恢复云录制).

    Sent to self-built apps only. Manual: `会议回调通知 <https://developer.work.weixin.qq.com/document/path/99081>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "resume_recording"


@frozen(kw_only=True, repr=False)
class MeetingRecordingStopped(MeetingEvent):
    """A recording stopped (停止云录制).

    Sent to self-built apps only. Manual: `会议回调通知 <https://developer.work.weixin.qq.com/document/path/99081>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "stop_recording"


@frozen(kw_only=True, repr=False)
class MeetingRecordingCompleted(MeetingEvent):
    """A recording can be fetched (云录制完成).

    Sent to self-built apps only. Manual: `会议回调通知 <https://developer.work.weixin.qq.com/document/path/99081>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "recording_complete"


@frozen(kw_only=True, repr=False)
class MeetingRecordingDeleted(MeetingEvent):
    """A recording was deleted (删除云录制).

    Sent to self-built apps only. Manual: `会议回调通知 <https://developer.work.weixin.qq.com/document/path/99081>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "delete_recording"


@frozen(kw_only=True, repr=False)
class QuickMeetingStarted(KnownEvent):
    """A meeting was started on the spot (会议统计, ``start_meeting``); ``from_user`` started it.

    Sent to self-built and provider-built apps. Manual: `会议统计回调通知
    <https://developer.work.weixin.qq.com/document/path/99648>`__.

    Unverified: name and fields, and that there is no other change of this family.

    Args:
        status: 1 if it went well.
    """

    FAMILY: ClassVar[str] = "meeting_statistics"
    CHANGE_TYPE: ClassVar[str] = "start_meeting"
    READ_AGAIN: ClassVar[bool] = True

    status: int | None = field(default=None, metadata=wire("Status", int))


EVENTS: Final = (
    MeetingModified,
    MeetingCancelled,
    MeetingStarted,
    MeetingEnded,
    MeetingJoined,
    MeetingQuit,
    MeetingMuted,
    MeetingUnmuted,
    MeetingJoinedBeforeHost,
    MeetingWaitingRoomJoined,
    MeetingScreenShareOpened,
    MeetingScreenShareClosed,
    MeetingRecordingStarted,
    MeetingRecordingPaused,
    MeetingRecordingResumed,
    MeetingRecordingStopped,
    MeetingRecordingCompleted,
    MeetingRecordingDeleted,
    QuickMeetingStarted,
)
"""The classes of this chapter that name an event."""
