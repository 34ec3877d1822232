"""Customer groups (客户联系 › 客户群管理): list them and read them.

No API makes a customer group, invites customers or removes them: members of staff do that in the client.
"""

from __future__ import annotations

from collections.abc import Sequence

from wecom_auto._binding import C, Endpoints, endpoint, paged
from wecom_auto._call import Call, Effect, Page
from wecom_auto._checks import Limit
from wecom_auto._types import UNSET, Unset
from wecom_auto.api._rules import page_of
from wecom_auto.api._values import listed
from wecom_auto.models import GroupChat, GroupRef, GroupStatus

__all__ = ["GroupEndpoints"]


class GroupEndpoints(Endpoints[C]):
    """Customer groups (客户群): list and read."""

    __slots__ = ()

    @endpoint
    def get(self, chat_id: str, *, need_name: bool = False) -> Call[GroupChat]:
        """Fetch one group with its members.

        After a change event the list of members may lag; compare `GroupChat.member_version`.

        Manual: `获取客户群详情 <https://developer.work.weixin.qq.com/document/path/92122>`__

        Args:
            chat_id: The group, ``wr…``.
            need_name: Tell the members' names.

        Raises:
            NotFoundError: 86003 there is no such group, or no owner within the app's range.
            InvalidRequestError: 90501 it is not a customer group.
        """
        path = "/cgi-bin/externalcontact/groupchat/get"
        call = Call.post(Effect.READ, path, GroupChat, chat_id=chat_id, need_name=int(need_name))
        return call.unwrap("group_chat")

    @endpoint
    def list(
        self,
        *,
        status: GroupStatus | int = GroupStatus.NORMAL,
        owners: Sequence[str] | Unset = UNSET,
        cursor: str = "",
        limit: int = 1000,
    ) -> Call[Page[GroupRef]]:
        """List one page of groups.

        Manual: `获取客户群列表 <https://developer.work.weixin.qq.com/document/path/92120>`__

        Args:
            status: Only groups that wait to change hands; NORMAL (0) lists all.
            owners: Only groups of these members, up to 100.
                Needed if the app sees more than 1,000 members, and to find groups whose owner left.
            cursor: `Page.next_cursor` of the page before; empty for the first page.
            limit: Groups on a page, 1 to 1,000.

        Raises:
            InvalidRequestError: 81017 the app sees more than 1,000 members, and `owners` is not given.
        """
        return self._list(status, owners, cursor, limit)

    @paged
    def iter_all(
        self,
        *,
        status: GroupStatus | int = GroupStatus.NORMAL,
        owners: Sequence[str] | Unset = UNSET,
        cursor: str = "",
        limit: int = 1000,
    ) -> Call[Page[GroupRef]]:
        """Iterate over the groups; see `list`.

        Manual: `获取客户群列表 <https://developer.work.weixin.qq.com/document/path/92120>`__

        Args:
            status: Only groups that wait to change hands; NORMAL (0) lists all.
            owners: Only groups of these members, up to 100.
            cursor: Where to resume; empty for the start.
            limit: Groups on a page, 1 to 1,000.
        """
        return self._list(status, owners, cursor, limit)

    def _list(
        self, status: GroupStatus | int, owners: Sequence[str] | Unset, cursor: str, limit: int
    ) -> Call[Page[GroupRef]]:
        return (
            Call.post(
                Effect.READ,
                "/cgi-bin/externalcontact/groupchat/list",
                GroupRef,
                status_filter=status,
                owner_filter={"userid_list": listed("userid_list", owners)} if owners else UNSET,
                cursor=cursor or UNSET,
                limit=limit,
            )
            .paged("group_chat_list")
            .checked(Limit("owner_filter.userid_list", items=100), page_of(1000))
        )
