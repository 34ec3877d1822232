"""Live streams inside WeCom (直播): book them, and read who watched. Holds none: that is a person's work."""

from __future__ import annotations

from datetime import datetime
from types import NoneType
from typing import Final

from wecom_auto._binding import C, Endpoints, Step, endpoint, paged, step, workflow
from wecom_auto._call import Call, Effect, Page
from wecom_auto._checks import AnyOf, Limit
from wecom_auto._types import UNSET, Unset
from wecom_auto.api._rules import page_of
from wecom_auto.api._values import seconds
from wecom_auto.errors import PagingError
from wecom_auto.models import (
    LiveActivity,
    LiveAudience,
    LiveAudiencePage,
    LiveMemberViewer,
    LiveShare,
    LiveStream,
    LiveType,
    LiveViewer,
)

__all__ = ["LiveStreamEndpoints"]

_PAGE: Final = 100
_LIVE: Final = Limit("livingid", least=1)
_PICTURES: Final = Limit("activity_detail.image_list", items=5)


class LiveStreamEndpoints(Endpoints[C]):
    """Live streams (直播) of members, and who watched them. Not those of a video channel (视频号)."""

    __slots__ = ()

    @endpoint
    def create(
        self,
        anchor_userid: str,
        *,
        theme: str,
        booked_at: datetime,
        booked_seconds: int,
        type: LiveType | Unset = UNSET,  # noqa: A002  # the word of the manual
        description: str | Unset = UNSET,
        remind_seconds: int | Unset = UNSET,
        cover_media_id: str | Unset = UNSET,
        share_media_id: str | Unset = UNSET,
        activity: LiveActivity | Unset = UNSET,
    ) -> Call[str]:
        """Book a stream (创建预约直播) for a member, who holds it from the client, and return its livingid.

        Manual: `创建预约直播 <https://developer.work.weixin.qq.com/document/path/93637>`__

        Args:
            anchor_userid: Who will hold it.
            theme: What it is called, up to 20 characters.
            booked_at: When it begins; aware.
            booked_seconds: How long it takes.
            type: What kind; a general one if not given.
            description: What it is about, up to 100 characters; not for `LiveType.EVENT`.
            remind_seconds: How long before the beginning people are reminded.
            cover_media_id: Picture above the page of an event (活动直播); from `media.upload`.
            share_media_id: Picture on the card by which an event is shared; from `media.upload`.
            activity: What people see of an event before it begins.

        Raises:
            PermissionDeniedError: 92000 the member is outside the app's visible range.
        """
        return (
            Call.post(
                Effect.CREATE,
                "/cgi-bin/living/create",
                str,
                anchor_userid=anchor_userid,
                theme=theme,
                living_start=seconds("booked_at", booked_at),
                living_duration=booked_seconds,
                type=type,
                description=description,
                remind_time=remind_seconds,
                activity_cover_mediaid=cover_media_id,
                activity_share_mediaid=share_media_id,
                activity_detail=activity,
            )
            .unwrap("livingid")
            .checked(
                Limit("anchor_userid", least=1),
                Limit("theme", chars=20, least=1),
                Limit("living_duration", least=1),
                Limit("description", chars=100),
                Limit("remind_time", least=0),
                _PICTURES,
            )
        )

    @endpoint
    def update(
        self,
        livingid: str,
        *,
        theme: str | Unset = UNSET,
        booked_at: datetime | Unset = UNSET,
        booked_seconds: int | Unset = UNSET,
        type: LiveType | Unset = UNSET,  # noqa: A002  # the word of the manual
        description: str | Unset = UNSET,
        remind_seconds: int | Unset = UNSET,
    ) -> Call[None]:
        """Change a stream that this app has booked and that has not begun; what is not given stays.

        Manual: `修改预约直播 <https://developer.work.weixin.qq.com/document/path/93640>`__

        Args:
            livingid: The stream.
            theme: What it is called, up to 60 UTF-8 bytes.
            booked_at: When it begins; aware.
            booked_seconds: How long it takes.
            type: What kind.
            description: What it is about, up to 300 UTF-8 bytes.
            remind_seconds: How long before the beginning people are reminded.

        Raises:
            ConflictError: 92006 it has begun, or was cancelled.
            PermissionDeniedError: 92008 the app has no right on it.
        """
        fields = {
            "theme": theme,
            "living_start": seconds("booked_at", booked_at),
            "living_duration": booked_seconds,
            "type": type,
            "description": description,
            "remind_time": remind_seconds,
        }
        return Call.post(Effect.SET, "/cgi-bin/living/modify", NoneType, livingid=livingid, **fields).checked(
            _LIVE,
            Limit("theme", bytes=60, least=1),
            Limit("living_duration", least=1),
            Limit("description", bytes=300),
            Limit("remind_time", least=0),
            AnyOf(*fields),
        )

    @endpoint
    def cancel(self, livingid: str) -> Call[None]:
        """Take back a stream that this app has booked and that has not begun.

        Manual: `取消预约直播 <https://developer.work.weixin.qq.com/document/path/93638>`__

        Args:
            livingid: The stream.

        Raises:
            ConflictError: 92006 it has begun, or was cancelled before.
            PermissionDeniedError: 92008 the app has no right on it.
        """
        return Call.post(Effect.SET, "/cgi-bin/living/cancel", NoneType, livingid=livingid).checked(_LIVE)

    @endpoint
    def get_viewing_code(self, livingid: str, *, openid: str) -> Call[str]:
        """Fetch the code (living_code) with which one person watches a stream in WeChat, from your own mini program.

        Manual: `获取微信观看直播凭证 <https://developer.work.weixin.qq.com/document/path/93641>`__

        Args:
            livingid: The stream.
            openid: The person's openid in the mini program.

        Returns:
            The code; it works for 5 minutes, more than once.

        Raises:
            PermissionDeniedError: 92008 the app has no right on the stream.
        """
        path = "/cgi-bin/living/get_living_code"
        call = Call.post(Effect.READ, path, str, livingid=livingid, openid=openid).unwrap("living_code")
        return call.checked(_LIVE, Limit("openid", least=1))

    @endpoint
    def get_share_info(self, share_code: str) -> Call[LiveShare]:
        """Say who came from a stream into your mini program, and who had invited them.

        Manual: `获取跳转小程序商城的直播观众信息 <https://developer.work.weixin.qq.com/document/path/94442>`__

        Args:
            share_code: The ``ww_share_code`` that the mini program was opened with; 5 minutes old at most.
        """
        path = "/cgi-bin/living/get_living_share_info"
        return Call.post(Effect.READ, path, LiveShare, ww_share_code=share_code).checked(
            Limit("ww_share_code", least=1)
        )

    @endpoint
    def list_by_user(self, userid: str, *, cursor: str = "", limit: int = _PAGE) -> Call[Page[str]]:
        """List the ids of a member's streams, a page at a time.

        Manual: `获取成员直播ID列表 <https://developer.work.weixin.qq.com/document/path/93634>`__

        Args:
            userid: Who holds them.
            cursor: From the page before.
            limit: Streams on a page, up to 100.

        Raises:
            PermissionDeniedError: 92000 the member is outside the app's visible range.
        """
        return _ids(userid, cursor, limit)

    @paged
    def iter_by_user(self, userid: str, *, cursor: str = "", limit: int = _PAGE) -> Call[Page[str]]:
        """Iterate over the ids of a member's streams; see `list_by_user`.

        Manual: `获取成员直播ID列表 <https://developer.work.weixin.qq.com/document/path/93634>`__

        Args:
            userid: Who holds them.
            cursor: Where to begin.
            limit: Streams on a page, up to 100.
        """
        return _ids(userid, cursor, limit)

    @endpoint
    def get(self, livingid: str) -> Call[LiveStream]:
        """Fetch one stream.

        Manual: `获取直播详情 <https://developer.work.weixin.qq.com/document/path/93635>`__

        Args:
            livingid: The stream.

        Raises:
            PermissionDeniedError: 92008 the app has no right on it.
        """
        return (
            Call.get("/cgi-bin/living/get_living_info", LiveStream, livingid=livingid)
            .unwrap("living_info")
            .checked(_LIVE)
        )

    @endpoint
    def list_audience(self, livingid: str, *, cursor: str = "") -> Call[LiveAudiencePage]:
        """Fetch a part of those who watched: members and people outside. See `audience` for all of them.

        Manual: `获取直播观看明细 <https://developer.work.weixin.qq.com/document/path/93636>`__

        Args:
            livingid: The stream.
            cursor: The `next_key` of the part before.

        Raises:
            PermissionDeniedError: 92008 the app has no right on it.
        """
        return _part(livingid, cursor)

    @workflow
    def audience(self, livingid: str) -> Step[LiveAudience]:
        """Fetch everybody who watched: members and people outside.

        Manual: `获取直播观看明细 <https://developer.work.weixin.qq.com/document/path/93636>`__

        Args:
            livingid: The stream.

        Raises:
            PagingError: The platform answered a key that it had answered before.
        """
        members: list[LiveMemberViewer] = []
        viewers: list[LiveViewer] = []
        cursor, seen = "", {""}
        while True:
            part = yield from step(_part(livingid, cursor))
            members.extend(part.audience.members)
            viewers.extend(part.audience.viewers)
            cursor = part.next_key
            if part.complete or not cursor:
                return LiveAudience(members=tuple(members), viewers=tuple(viewers))
            if cursor in seen:
                msg = f"who watched {livingid}: the platform answered a key that it had answered before"
                raise PagingError(msg)
            seen.add(cursor)

    @endpoint
    def delete_replay(self, livingid: str) -> Call[None]:
        """Delete the replay of a stream; who watched stays known.

        Manual: `删除直播回放 <https://developer.work.weixin.qq.com/document/path/93874>`__

        Args:
            livingid: The stream.

        Raises:
            PermissionDeniedError: 92007 it cannot be deleted; 92008 the app has no right on it.
        """
        path = "/cgi-bin/living/delete_replay_data"
        return Call.post(Effect.DELETE, path, NoneType, livingid=livingid).checked(_LIVE)


def _ids(userid: str, cursor: str, limit: int) -> Call[Page[str]]:
    fields = {"userid": userid, "cursor": cursor or UNSET, "limit": limit}
    call = Call.post(Effect.READ, "/cgi-bin/living/get_user_all_livingid", str, **fields).paged("livingid_list")
    return call.checked(Limit("userid", least=1), page_of(_PAGE))


def _part(livingid: str, cursor: str) -> Call[LiveAudiencePage]:
    fields = {"livingid": livingid, "next_key": cursor or UNSET}
    return Call.post(Effect.READ, "/cgi-bin/living/get_watch_stat", LiveAudiencePage, **fields).checked(_LIVE)
