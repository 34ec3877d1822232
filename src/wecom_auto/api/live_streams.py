"""Live streams inside WeCom (直播): which there are, and who watched. Holds none: that is a person's work."""

from __future__ import annotations

from types import NoneType
from typing import Final

from wecom_auto._binding import C, Endpoints, Step, endpoint, paged, step, workflow
from wecom_auto._call import Call, Effect, Page
from wecom_auto._checks import Limit
from wecom_auto._types import UNSET
from wecom_auto.api._rules import page_of
from wecom_auto.errors import PagingError
from wecom_auto.models import LiveAudience, LiveAudiencePage, LiveMemberViewer, LiveStream, LiveViewer

__all__ = ["LiveStreamEndpoints"]

_PAGE: Final = 100
_LIVE: Final = Limit("livingid", least=1)


class LiveStreamEndpoints(Endpoints[C]):
    """Live streams (直播) of members, and who watched them. Not those of a video channel (视频号)."""

    __slots__ = ()

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
