"""Customer groups (客户联系 › 客户群管理): list them and read them.

No API makes a customer group, invites customers or removes them: members of staff do that in the client.
"""

from __future__ import annotations

from collections.abc import Sequence

from wecom_auto._binding import C, Endpoints, endpoint, paged, walk
from wecom_auto._bulk import Report
from wecom_auto._call import Call, Effect, Page
from wecom_auto._checks import Limit
from wecom_auto._types import UNSET, Unset
from wecom_auto._walk import Steps
from wecom_auto.api._group_walk import LISTED, GroupWalk
from wecom_auto.api._rules import page_of
from wecom_auto.api._values import some
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
        return _get(chat_id, need_name=need_name)

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
            owners: Only groups of these members, 1 to 100; everybody's unless given.
                Needed if the app sees more than 1,000 members, and to find groups whose owner left.
            cursor: `Page.next_cursor` of the page before; empty for the first page.
            limit: Groups on a page, 1 to 1,000.

        Raises:
            QuotaExceededError: 81017 the app sees more than 1,000 members, and `owners` is not given.
        """
        return _list(status, owners, cursor, limit)

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
            owners: Only groups of these members, 1 to 100; everybody's unless given.
            cursor: Where to resume; empty for the start.
            limit: Groups on a page, 1 to 1,000.
        """
        return _list(status, owners, cursor, limit)

    @walk
    def iter_details(
        self,
        *,
        owners: Sequence[str] | Unset = UNSET,
        status: GroupStatus | int = GroupStatus.NORMAL,
        need_name: bool = True,
        concurrency: int = 1,
        resume: str = "",
        progress: Report | None = None,
    ) -> Steps[GroupChat]:
        """Iterate over all groups with their members, with several calls at once.

        Without `owners` it asks for everybody's groups; where the app sees too many members for that (81017), member by
        member of those with the customer-contact feature; and then for the groups of owners who left, as far as
        `transfers.iter_unassigned` names them. To be sure of the others who left, name them in `owners`.
        Groups and owners that cannot be read (a group dissolved in between: 86003, 40050) do not stop the others:
        they are in `Walk.failed` and `Found.failed`, by chat_id or userid, with the reason;
        if the app may not ask who left, the reason stands there under an empty id.
        A group that gets another owner while you walk may come twice.

        Manual: `获取客户群详情 <https://developer.work.weixin.qq.com/document/path/92122>`__

        Args:
            owners: Only groups of these members, any number; everybody's unless given.
            status: Only groups that wait to change hands; NORMAL (0) is all.
            need_name: Tell the members' names.
            concurrency: The most calls at once, 1 to 100; 1 asks for one group after the other.
            resume: `Found.checkpoint` of an earlier walk with the same `owners` and `status`; goes on after what that
                one handed out. Where a cursor has died since, the owners who share it are read again from the start.
            progress: Is told after every call how many groups have been read; the total is not known.

        Raises:
            ValidationError: `resume` is of another walk or broken, or `concurrency` is not 1 to 100.
            PagingError: A cursor came back twice; what was read before has been handed out.
        """
        return GroupWalk(
            owners=() if isinstance(owners, Unset) else tuple(dict.fromkeys(some("userid_list", owners))),
            status=status,
            list_page=lambda some, cursor: _list(status, some or UNSET, cursor, LISTED),
            get=lambda chat_id: _get(chat_id, need_name=need_name),
            concurrency=concurrency,
            progress=progress,
        ).steps(resume)


def _get(chat_id: str, *, need_name: bool) -> Call[GroupChat]:
    path = "/cgi-bin/externalcontact/groupchat/get"
    call = Call.post(Effect.READ, path, GroupChat, chat_id=chat_id, need_name=int(need_name))
    return call.unwrap("group_chat")


def _list(status: GroupStatus | int, owners: Sequence[str] | Unset, cursor: str, limit: int) -> Call[Page[GroupRef]]:
    return (
        Call.post(
            Effect.READ,
            "/cgi-bin/externalcontact/groupchat/list",
            GroupRef,
            status_filter=status,
            owner_filter=UNSET if isinstance(owners, Unset) else {"userid_list": some("userid_list", owners)},
            cursor=cursor or UNSET,
            limit=limit,
        )
        .paged("group_chat_list")
        .checked(Limit("owner_filter.userid_list", items=100), page_of(1000))
    )
