"""Mass messages (客户联系 › 消息推送): tasks that members confirm. The API itself sends nothing to a customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import NoneType
from typing import Final

from wecom_auto._binding import C, Endpoints, Step, endpoint, paged, workflow
from wecom_auto._bulk import BulkResult, Report, in_bulk
from wecom_auto._call import Call, Effect, Page
from wecom_auto._checks import AnyOf, Limit, OneOf
from wecom_auto._types import UNSET, Unset
from wecom_auto.api._rules import CUSTOMER_MESSAGE, MaxSpan, When, Without, page_of
from wecom_auto.api._values import listed, seconds, some, text_of
from wecom_auto.errors import ValidationError
from wecom_auto.models import (
    Attachment,
    ChatType,
    FilterType,
    MassMessage,
    MassMessageCreated,
    MassMessageResult,
    MassMessageTask,
    TagFilter,
    Text,
)

__all__ = ["MassMessageEndpoints"]

_SINGLE, _GROUP = ChatType.SINGLE.value, ChatType.GROUP.value
_MOST_CUSTOMERS: Final = 10_000
_MOST_GROUPS: Final = 2000
_NOBODY: Final = 41048


class MassMessageEndpoints(Endpoints[C]):
    """Mass messages (企业群发): tasks that members confirm, and what became of them."""

    __slots__ = ()

    @endpoint
    def create(
        self,
        *,
        chat_type: ChatType | str = ChatType.SINGLE,
        external_userids: Sequence[str] | Unset = UNSET,
        chat_ids: Sequence[str] | Unset = UNSET,
        tag_filter: TagFilter | Unset = UNSET,
        sender: str | Unset = UNSET,
        allow_select: bool | Unset = UNSET,
        text: str | Text | Unset = UNSET,
        attachments: Sequence[Attachment] = (),
    ) -> Call[MassMessageCreated]:
        """Make a task; members get a notice, and nothing is sent before they tap.

        A lost answer is not repeated: a second task would use up the customers' quota.
        Look with `list` before you try again; the list may lag.
        Customers get at most as many mass messages a month as it has days; the corp may have chosen fewer.

        Manual: `创建企业群发 <https://developer.work.weixin.qq.com/document/path/92135>`__

        Args:
            chat_type: Customers, or groups.
            external_userids: Customers, 1 to 10,000; `tag_filter` is ignored then. Not for groups.
            chat_ids: Groups of `sender`, 1 to 2,000; without them the owner chooses. Not for customers.
            tag_filter: Customers by tags, up to 100 tags in each group of tags. Not for groups.
            sender: The member. Needed for groups.
                For customers, alone, it means all customers of the member;
                without it each message goes to the member who last chatted with the customer.
            allow_select: The member may change the list of customers; the platform's default is False. Not for groups.
            text: Up to 4,000 UTF-8 bytes.
            attachments: Up to 9. Files from `media.upload` must be alive now.

        Returns:
            The id, and who cannot be reached as far as is known now.

        Raises:
            ValidationError: A list is empty: that would mean all customers, or all groups, of the sender.
            NotFoundError: 41048 nobody is left who can be reached.
            InvalidRequestError: 41064 more than 9 attachments; 40007 a file has died.
        """
        return Call.post(
            Effect.SEND,
            "/cgi-bin/externalcontact/add_msg_template",
            MassMessageCreated,
            chat_type=chat_type,
            external_userid=some("external_userid", external_userids),
            chat_id_list=some("chat_id_list", chat_ids),
            tag_filter=tag_filter,
            sender=sender,
            allow_select=allow_select,
            text=text_of(text),
            attachments=listed("attachments", attachments) or UNSET,
        ).checked(
            OneOf("chat_type", (_SINGLE, _GROUP)),
            When("chat_type", _SINGLE, AnyOf("sender", "external_userid", "tag_filter")),
            When("chat_type", _SINGLE, Without("chat_id_list", "chat_ids only with chat_type=GROUP")),
            When("chat_type", _GROUP, AnyOf("sender")),
            When("chat_type", _GROUP, Without("external_userid", "external_userids only with chat_type=SINGLE")),
            When("chat_type", _GROUP, Without("tag_filter", "tag_filter only with chat_type=SINGLE")),
            Limit("external_userid", items=_MOST_CUSTOMERS),
            Limit("chat_id_list", items=_MOST_GROUPS),
            Limit("tag_filter.group_list", least=1),
            Limit("tag_filter.group_list[].tag_list", items=100, least=1),
            *CUSTOMER_MESSAGE,
        )

    @workflow
    def create_many(
        self,
        *,
        external_userids: Sequence[str] = (),
        chat_ids: Sequence[str] = (),
        sender: str | Unset = UNSET,
        allow_select: bool | Unset = UNSET,
        text: str | Text | Unset = UNSET,
        attachments: Sequence[Attachment] = (),
        concurrency: int = 1,
        progress: Report | None = None,
    ) -> Step[BulkResult[str, MassMessageCreated]]:
        """Make as many tasks as it takes to reach any number of customers or groups; see `create`.

        Each task is a tap of its own for every member concerned. Nobody is reached twice, and an empty list is nobody.
        What nobody knows (a lost answer) is not repeated: it comes back as unknown. Look with `list` first.

        Manual: `创建企业群发 <https://developer.work.weixin.qq.com/document/path/92135>`__

        Args:
            external_userids: Customers, 10,000 in a task. Not together with `chat_ids`.
            chat_ids: Groups of `sender`, 2,000 in a task.
            sender: The member. Needed for groups.
            allow_select: The member may change the list of customers. Not for groups.
            text: Up to 4,000 UTF-8 bytes.
            attachments: Up to 9.
            concurrency: The most calls under way at once.
            progress: Is told after every call.

        Returns:
            Who is in a task, who cannot be reached (41048), who is unknown or was not tried;
            `answers` holds the tasks' ids.

        Raises:
            ValidationError: Both customers and groups are given.
        """
        if external_userids and chat_ids:
            field, limit = "external_userid / chat_id_list", "one of the two"
            raise ValidationError(field, value="both", limit=limit)

        def make(few: Sequence[str]) -> Call[MassMessageCreated]:
            return MassMessageEndpoints.create(
                self,
                chat_type=ChatType.GROUP if chat_ids else ChatType.SINGLE,
                external_userids=UNSET if chat_ids else few,
                chat_ids=few if chat_ids else UNSET,
                sender=sender,
                allow_select=allow_select,
                text=text,
                attachments=attachments,
            )

        field, wanted = ("chat_id_list", chat_ids) if chat_ids else ("external_userid", external_userids)
        everybody = tuple(dict.fromkeys(listed(field, wanted)))
        size = _MOST_GROUPS if chat_ids else _MOST_CUSTOMERS
        return (
            yield from in_bulk(everybody, size, make, refused=_unreachable, concurrency=concurrency, progress=progress)
        )

    @endpoint
    def list(
        self,
        *,
        chat_type: ChatType | str = ChatType.SINGLE,
        start_at: datetime,
        end_at: datetime,
        creator: str | Unset = UNSET,
        filter_type: FilterType | int | Unset = UNSET,
        cursor: str = "",
        limit: int = 100,
    ) -> Call[Page[MassMessage]]:
        """List one page of the mass messages that were made in a span of time.

        Manual: `获取群发记录列表 <https://developer.work.weixin.qq.com/document/path/93338>`__

        Args:
            chat_type: To customers, or to groups.
            start_at: Made at or after; aware.
            end_at: Made at or before; aware; at most a month later.
            creator: Only those of this member; those made by API have no creator.
            filter_type: Made by the corp, by members, or all; the platform's default is all.
            cursor: `Page.next_cursor` of the page before; empty for the first page.
            limit: Mass messages on a page, 1 to 100.
        """
        return self._list(chat_type, start_at, end_at, creator, filter_type, cursor, limit)

    @paged
    def iter_all(
        self,
        *,
        chat_type: ChatType | str = ChatType.SINGLE,
        start_at: datetime,
        end_at: datetime,
        creator: str | Unset = UNSET,
        filter_type: FilterType | int | Unset = UNSET,
        cursor: str = "",
        limit: int = 100,
    ) -> Call[Page[MassMessage]]:
        """Iterate over the mass messages that were made in a span of time; see `list`.

        Manual: `获取群发记录列表 <https://developer.work.weixin.qq.com/document/path/93338>`__

        Args:
            chat_type: To customers, or to groups.
            start_at: Made at or after; aware.
            end_at: Made at or before; aware; at most a month later.
            creator: Only those of this member.
            filter_type: Made by the corp, by members, or all.
            cursor: Where to resume; empty for the start.
            limit: Mass messages on a page, 1 to 100.
        """
        return self._list(chat_type, start_at, end_at, creator, filter_type, cursor, limit)

    def _list(
        self,
        chat_type: ChatType | str,
        start_at: datetime,
        end_at: datetime,
        creator: str | Unset,
        filter_type: FilterType | int | Unset,
        cursor: str,
        limit: int,
    ) -> Call[Page[MassMessage]]:
        return (
            Call.post(
                Effect.READ,
                "/cgi-bin/externalcontact/get_groupmsg_list_v2",
                MassMessage,
                chat_type=chat_type,
                start_time=seconds("start_at", start_at),
                end_time=seconds("end_at", end_at),
                creator=creator,
                filter_type=filter_type,
                limit=limit,
                cursor=cursor or UNSET,
            )
            .paged("group_msg_list")
            .checked(
                OneOf("chat_type", (_SINGLE, _GROUP)),
                OneOf("filter_type", (0, 1, 2)),
                MaxSpan("start_time", "end_time", 31),
                page_of(100),
            )
        )

    @paged
    def iter_members(self, msgid: str, *, cursor: str = "", limit: int = 500) -> Call[Page[MassMessageTask]]:
        """Iterate over the members who have the task, and whether they confirmed.

        Nothing calls back when a member confirms: ask again, with growing pauses.

        Manual: `获取群发成员发送任务列表 <https://developer.work.weixin.qq.com/document/path/93338>`__

        Args:
            msgid: The mass message.
            cursor: Where to resume; empty for the start.
            limit: Members on a page, 1 to 1,000.

        Raises:
            ServerBusyError: 41063 the task is still being dispatched; ask again later.
        """
        path = "/cgi-bin/externalcontact/get_groupmsg_task"
        call = Call.post(Effect.READ, path, MassMessageTask, msgid=msgid, limit=limit, cursor=cursor or UNSET)
        return call.paged("task_list").checked(page_of(1000))

    @paged
    def iter_results(
        self, msgid: str, *, userid: str, cursor: str = "", limit: int = 500
    ) -> Call[Page[MassMessageResult]]:
        """Iterate over the recipients of one member, and what became of each message.

        Of messages to groups only those are listed that were sent.

        Manual: `获取企业群发成员执行结果 <https://developer.work.weixin.qq.com/document/path/93338>`__

        Args:
            msgid: The mass message.
            userid: The member, from `iter_members`.
            cursor: Where to resume; empty for the start.
            limit: Recipients on a page, 1 to 1,000.

        Raises:
            ServerBusyError: 41063 the task is still being dispatched; ask again later.
        """
        path = "/cgi-bin/externalcontact/get_groupmsg_send_result"
        page = {"limit": limit, "cursor": cursor or UNSET}
        call = Call.post(Effect.READ, path, MassMessageResult, msgid=msgid, userid=userid, **page)
        return call.paged("send_list").checked(page_of(1000))

    @endpoint
    def remind(self, msgid: str) -> Call[None]:
        """Nudge the members who have not confirmed. A lost answer is not repeated: they would be nudged twice.

        Manual: `提醒成员群发 <https://developer.work.weixin.qq.com/document/path/97610>`__

        Args:
            msgid: The mass message; at most 3 times in 24 hours.

        Raises:
            RateLimitError: 41094 reminded too often.
        """
        return Call.post(Effect.SEND, "/cgi-bin/externalcontact/remind_groupmsg_send", NoneType, msgid=msgid)

    @endpoint
    def cancel(self, msgid: str) -> Call[None]:
        """Stop what is not sent yet. What was delivered stays delivered.

        Manual: `停止企业群发 <https://developer.work.weixin.qq.com/document/path/97611>`__

        Args:
            msgid: The mass message.

        Raises:
            ConflictError: 41093 it was cancelled before.
        """
        return Call.post(Effect.SET, "/cgi-bin/externalcontact/cancel_groupmsg_send", NoneType, msgid=msgid)


def _unreachable(made: MassMessageCreated) -> Mapping[str, int]:
    # The platform names them without a reason; this is the code that it gives when nobody else is left.
    return dict.fromkeys(made.fail_list, _NOBODY)
