"""Handing customers and groups over to a colleague (在职继承, 离职继承).

Decides nothing about who gets whom. A transfer of a customer is only started here: it takes effect after 24 hours,
and the customer may refuse.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from wecom_auto._binding import C, Endpoints, Step, endpoint, paged, workflow
from wecom_auto._bulk import BulkResult, Report, in_bulk
from wecom_auto._call import Call, Effect, Page
from wecom_auto._checks import AnyOf, Limit
from wecom_auto._types import UNSET, Unset
from wecom_auto.api._values import listed
from wecom_auto.models import CustomerTransfer, CustomerTransferResult, GroupTransferFailure, UnassignedCustomer

__all__ = ["TransferEndpoints"]

_A_CALL = 100
"""Customers, or groups, in one call (manual 92125, 92127, 94081, 95703)."""


class TransferEndpoints(Endpoints[C]):
    """Handing over (继承): customers and groups of members who stay (在职) or have left (离职).

    Unverified: which errcode stands for which mistake. The manual's pages show 40096, 90500 and 90501 only;
    the others are those whose names in the table of codes fit.
    """

    __slots__ = ()

    @endpoint
    def customers(
        self,
        external_userids: Sequence[str],
        *,
        handover_userid: str,
        takeover_userid: str,
        success_message: str | Unset = UNSET,
    ) -> Call[tuple[CustomerTransfer, ...]]:
        """Start to hand customers of a member who stays to another member; it takes effect after 24 hours.

        Nobody is asked: it happens unless the customer refuses in time. See `iter_results` for what became of it.
        Each customer may change hands at most 2 times in 90 days.
        A lost answer is not repeated: read `iter_results` for the two members, and start those who are not in it.

        Manual: `分配在职成员的客户 <https://developer.work.weixin.qq.com/document/path/92125>`__

        Args:
            external_userids: Customers of `handover_userid`, 1 to 100; `customers_many` takes more.
            handover_userid: Who gives them away; they logged in during the last year.
            takeover_userid: Who gets them: with the customer-contact right, in the app's visible range, activated,
                with a verified real name; they logged in during the last year.
            success_message: What the customers read when it has happened, up to 200 characters;
                the platform has a text of its own.

        Returns:
            For each customer whether it started. An errcode of 0 as a whole says nothing about them.

        Raises:
            InvalidRequestError: 40130 both members are the same; 40098 the taker's real name is not verified.
            NotFoundError: 60111 one of the members is not there any more.
            PermissionDeniedError: 84074 the taker has no customer-contact right; 60011 they are not visible to the app.
        """
        return _customers(external_userids, handover_userid, takeover_userid, success_message)

    @workflow
    def customers_many(
        self,
        external_userids: Iterable[str],
        *,
        handover_userid: str,
        takeover_userid: str,
        success_message: str | Unset = UNSET,
        concurrency: int = 1,
        progress: Report | None = None,
    ) -> Step[BulkResult[str, tuple[CustomerTransfer, ...]]]:
        """Start to hand any number of customers to another member, 100 in a call; see `customers`.

        Manual: `分配在职成员的客户 <https://developer.work.weixin.qq.com/document/path/92125>`__

        Args:
            external_userids: Customers of `handover_userid`; each is handed over once, however often it is named.
            handover_userid: Who gives them away.
            takeover_userid: Who gets them.
            success_message: What the customers read when it has happened, up to 200 characters.
            concurrency: The most calls under way at once.
            progress: Is told after every call.

        Returns:
            ``done`` has started; ``failed`` has the reason of each customer, such as 40128 twice in 90 days already.
            ``unknown``: the answer was lost; look for them in `iter_results` before you try again.
        """
        make = partial(
            _customers,
            handover_userid=handover_userid,
            takeover_userid=takeover_userid,
            success_message=success_message,
        )
        ids = _each("external_userid", external_userids)
        return (yield from in_bulk(ids, _A_CALL, make, refused=_refused, concurrency=concurrency, progress=progress))

    @endpoint
    def list_results(
        self, handover_userid: str, *, takeover_userid: str, cursor: str = ""
    ) -> Call[Page[CustomerTransferResult]]:
        """List one page of what became of the customers that one member who stays gave to another.

        Manual: `查询客户接替状态 <https://developer.work.weixin.qq.com/document/path/94088>`__

        Args:
            handover_userid: Who gave them away.
            takeover_userid: Who gets them.
            cursor: `Page.next_cursor` of the page before; empty for the first page. A page has up to 1,000.
        """
        return _results("/cgi-bin/externalcontact/transfer_result", handover_userid, takeover_userid, cursor)

    @paged
    def iter_results(
        self, handover_userid: str, *, takeover_userid: str, cursor: str = ""
    ) -> Call[Page[CustomerTransferResult]]:
        """Iterate over what became of the customers that one member who stays gave to another.

        Nothing calls back for a success if the taker knew the customer before: ask, a day after the start.

        Manual: `查询客户接替状态 <https://developer.work.weixin.qq.com/document/path/94088>`__

        Args:
            handover_userid: Who gave them away.
            takeover_userid: Who gets them.
            cursor: Where to resume; empty for the start.
        """
        return _results("/cgi-bin/externalcontact/transfer_result", handover_userid, takeover_userid, cursor)

    @endpoint
    def groups(self, chat_ids: Sequence[str], *, new_owner: str) -> Call[tuple[GroupTransferFailure, ...]]:
        """Give groups of owners who stay to a new owner.

        Each group may change hands at most 2 times in 90 days, and at most 300 groups of one person in a day.

        Manual: `分配在职成员的客户群 <https://developer.work.weixin.qq.com/document/path/95703>`__

        Args:
            chat_ids: The groups, 1 to 100; `groups_many` takes more.
            new_owner: With the customer-contact right, activated, with a verified real name.
                They and the present owners logged in during the last year.

        Returns:
            The groups that failed; empty if all have the new owner.

        Raises:
            NotFoundError: 60111 the new owner is not there any more.
            PermissionDeniedError: 84074 the new owner has no customer-contact right.
        """
        return _groups(chat_ids, "/cgi-bin/externalcontact/groupchat/onjob_transfer", new_owner)

    @workflow
    def groups_many(
        self, chat_ids: Iterable[str], *, new_owner: str, concurrency: int = 1, progress: Report | None = None
    ) -> Step[BulkResult[str, tuple[GroupTransferFailure, ...]]]:
        """Give any number of groups of owners who stay to a new owner, 100 in a call; see `groups`.

        Manual: `分配在职成员的客户群 <https://developer.work.weixin.qq.com/document/path/95703>`__

        Args:
            chat_ids: The groups; each is given once, however often it is named.
            new_owner: Who gets them.
            concurrency: The most calls under way at once.
            progress: Is told after every call.

        Returns:
            ``done`` has the new owner; ``failed`` has the reason of each group.
            Of one owner's groups at most 300 work in a day: pass ``again`` tomorrow.
        """
        make = partial(_groups, path="/cgi-bin/externalcontact/groupchat/onjob_transfer", new_owner=new_owner)
        ids = _each("chat_id_list", chat_ids)
        return (yield from in_bulk(ids, _A_CALL, make, refused=_failed, concurrency=concurrency, progress=progress))

    @endpoint
    def list_unassigned(
        self, *, cursor: str = "", limit: int = 1000, page_id: int | Unset = UNSET
    ) -> Call[Page[UnassignedCustomer]]:
        """List one page of the customers whose members have left, and who have nobody yet.

        A member who left groups but no customers is not in it: look for those with `groups.iter_all` and
        ``status=GroupStatus.OWNER_LEFT``. ``page.extra["is_last"]`` says whether it is the last page.

        Manual: `获取待分配的离职成员列表 <https://developer.work.weixin.qq.com/document/path/92124>`__

        Args:
            cursor: `Page.next_cursor` of the page before; empty for the first page.
            limit: Customers on a page, 1 to 1,000.
            page_id: The older way, a page number from 0 instead of a cursor; such pages have no ``next_cursor``.
                Unverified: it is no longer in the manual's table.
        """
        return _unassigned(cursor, limit, page_id)

    @paged
    def iter_unassigned(self, *, cursor: str = "", limit: int = 1000) -> Call[Page[UnassignedCustomer]]:
        """Iterate over the customers whose members have left, and who have nobody yet; see `list_unassigned`.

        Manual: `获取待分配的离职成员列表 <https://developer.work.weixin.qq.com/document/path/92124>`__

        Args:
            cursor: Where to resume; empty for the start.
            limit: Customers on a page, 1 to 1,000.
        """
        return _unassigned(cursor, limit, UNSET)

    @endpoint
    def resigned_customers(
        self, external_userids: Sequence[str], *, handover_userid: str, takeover_userid: str
    ) -> Call[tuple[CustomerTransfer, ...]]:
        """Start to hand customers of a member who has left to another member; it takes effect after 24 hours.

        See `iter_resigned_results` for what became of it. A lost answer is not repeated: look there first.

        Manual: `分配离职成员的客户 <https://developer.work.weixin.qq.com/document/path/94081>`__

        Args:
            external_userids: Customers from `iter_unassigned`, 1 to 100; `resigned_customers_many` takes more.
            handover_userid: Who left, at most a year ago; they had logged in during the year before.
            takeover_userid: Who gets them: with the customer-contact right, in the app's visible range, activated,
                with a verified real name; they logged in during the last year.

        Returns:
            For each customer whether it started. An errcode of 0 as a whole says nothing about them.

        Raises:
            InvalidRequestError: 40097 `handover_userid` has not left; 40098 the taker's real name is not verified.
            NotFoundError: 60111 the taker is not there.
            PermissionDeniedError: 84074 the taker has no customer-contact right; 60011 they are not visible to the app.
        """
        return _resigned(external_userids, handover_userid, takeover_userid)

    @workflow
    def resigned_customers_many(
        self,
        external_userids: Iterable[str],
        *,
        handover_userid: str,
        takeover_userid: str,
        concurrency: int = 1,
        progress: Report | None = None,
    ) -> Step[BulkResult[str, tuple[CustomerTransfer, ...]]]:
        """Start to hand any number of customers of a member who has left to another, 100 in a call.

        Manual: `分配离职成员的客户 <https://developer.work.weixin.qq.com/document/path/94081>`__

        Args:
            external_userids: Customers from `iter_unassigned`; each is handed over once, however often it is named.
            handover_userid: Who left.
            takeover_userid: Who gets them.
            concurrency: The most calls under way at once.
            progress: Is told after every call.

        Returns:
            ``done`` has started; ``failed`` has the reason of each customer.
            ``unknown``: the answer was lost; look for them in `iter_resigned_results` before you try again.
        """
        make = partial(_resigned, handover_userid=handover_userid, takeover_userid=takeover_userid)
        ids = _each("external_userid", external_userids)
        return (yield from in_bulk(ids, _A_CALL, make, refused=_refused, concurrency=concurrency, progress=progress))

    @endpoint
    def list_resigned_results(
        self, handover_userid: str, *, takeover_userid: str, cursor: str = ""
    ) -> Call[Page[CustomerTransferResult]]:
        """List one page of what became of the customers of a member who has left.

        Manual: `查询客户接替状态 <https://developer.work.weixin.qq.com/document/path/94082>`__

        Args:
            handover_userid: Who left.
            takeover_userid: Who gets them.
            cursor: `Page.next_cursor` of the page before; empty for the first page. A page has up to 1,000.
        """
        return _results("/cgi-bin/externalcontact/resigned/transfer_result", handover_userid, takeover_userid, cursor)

    @paged
    def iter_resigned_results(
        self, handover_userid: str, *, takeover_userid: str, cursor: str = ""
    ) -> Call[Page[CustomerTransferResult]]:
        """Iterate over what became of the customers of a member who has left.

        Manual: `查询客户接替状态 <https://developer.work.weixin.qq.com/document/path/94082>`__

        Args:
            handover_userid: Who left.
            takeover_userid: Who gets them.
            cursor: Where to resume; empty for the start.
        """
        return _results("/cgi-bin/externalcontact/resigned/transfer_result", handover_userid, takeover_userid, cursor)

    @endpoint
    def resigned_groups(self, chat_ids: Sequence[str], *, new_owner: str) -> Call[tuple[GroupTransferFailure, ...]]:
        """Give groups of owners who have left to a new owner; at most 300 groups of one person in a day.

        Find them with `groups.iter_all`, with ``status=GroupStatus.OWNER_LEFT`` and the names of those who left.

        Manual: `分配离职成员的客户群 <https://developer.work.weixin.qq.com/document/path/92127>`__

        Args:
            chat_ids: The groups, 1 to 100; `resigned_groups_many` takes more.
                Their owners left at most a year ago, and had logged in during the year before.
            new_owner: With the customer-contact right, activated, with a verified real name;
                they logged in during the last year.

        Returns:
            The groups that failed, such as 90500 whose owner has not left; empty if all have the new owner.

        Raises:
            NotFoundError: 60111 the new owner is not there.
            PermissionDeniedError: 84074 the new owner has no customer-contact right.
        """
        return _groups(chat_ids, "/cgi-bin/externalcontact/groupchat/transfer", new_owner)

    @workflow
    def resigned_groups_many(
        self, chat_ids: Iterable[str], *, new_owner: str, concurrency: int = 1, progress: Report | None = None
    ) -> Step[BulkResult[str, tuple[GroupTransferFailure, ...]]]:
        """Give any number of groups of owners who have left to a new owner, 100 in a call; see `resigned_groups`.

        Manual: `分配离职成员的客户群 <https://developer.work.weixin.qq.com/document/path/92127>`__

        Args:
            chat_ids: The groups; each is given once, however often it is named.
            new_owner: Who gets them.
            concurrency: The most calls under way at once.
            progress: Is told after every call.

        Returns:
            ``done`` has the new owner; ``failed`` has the reason of each group.
            Of one owner's groups at most 300 work in a day: pass ``again`` tomorrow.
        """
        make = partial(_groups, path="/cgi-bin/externalcontact/groupchat/transfer", new_owner=new_owner)
        ids = _each("chat_id_list", chat_ids)
        return (yield from in_bulk(ids, _A_CALL, make, refused=_failed, concurrency=concurrency, progress=progress))


def _customers(
    external_userids: Sequence[str], handover_userid: str, takeover_userid: str, success_message: str | Unset
) -> Call[tuple[CustomerTransfer, ...]]:
    path = "/cgi-bin/externalcontact/transfer_customer"
    message = {"transfer_success_msg": success_message}
    call = _handing(path, external_userids, handover_userid, takeover_userid, **message)
    return call.checked(Limit("transfer_success_msg", chars=200))


def _resigned(
    external_userids: Sequence[str], handover_userid: str, takeover_userid: str
) -> Call[tuple[CustomerTransfer, ...]]:
    path = "/cgi-bin/externalcontact/resigned/transfer_customer"
    return _handing(path, external_userids, handover_userid, takeover_userid)


def _handing(
    path: str, external_userids: Sequence[str], handover_userid: str, takeover_userid: str, **more: object
) -> Call[tuple[CustomerTransfer, ...]]:
    return (
        Call.post(
            Effect.SEND,
            path,
            tuple[CustomerTransfer, ...],
            handover_userid=handover_userid,
            takeover_userid=takeover_userid,
            external_userid=listed("external_userid", external_userids),
            **more,
        )
        .unwrap("customer")
        .checked(
            Limit("external_userid", least=1, items=_A_CALL),
            AnyOf("handover_userid"),
            AnyOf("takeover_userid"),
        )
    )


def _results(path: str, handover_userid: str, takeover_userid: str, cursor: str) -> Call[Page[CustomerTransferResult]]:
    members = {"handover_userid": handover_userid, "takeover_userid": takeover_userid}
    call = Call.post(Effect.READ, path, CustomerTransferResult, **members, cursor=cursor or UNSET)
    return call.paged("customer").checked(AnyOf("handover_userid"), AnyOf("takeover_userid"))


def _unassigned(cursor: str, limit: int, page_id: int | Unset) -> Call[Page[UnassignedCustomer]]:
    path = "/cgi-bin/externalcontact/get_unassigned_list"
    call = Call.post(Effect.READ, path, UnassignedCustomer, page_id=page_id, cursor=cursor, page_size=limit)
    return call.paged("info").checked(Limit("page_size", least=1, most=1000), Limit("page_id", least=0))


def _groups(chat_ids: Sequence[str], path: str, new_owner: str) -> Call[tuple[GroupTransferFailure, ...]]:
    chosen = listed("chat_id_list", chat_ids)
    call = Call.post(Effect.SET, path, tuple[GroupTransferFailure, ...], chat_id_list=chosen, new_owner=new_owner)
    return call.unwrap("failed_chat_list").checked(Limit("chat_id_list", least=1, items=_A_CALL), AnyOf("new_owner"))


def _each(field: str, ids: Iterable[str]) -> tuple[str, ...]:
    """Return every id once: a second mention would fail because of the first."""
    return tuple(dict.fromkeys(listed(field, ids) if isinstance(ids, str) else ids))


def _refused(answer: Iterable[CustomerTransfer]) -> Mapping[str, int]:
    return {one.external_userid: one.errcode for one in answer if not one.started}


def _failed(answer: Iterable[GroupTransferFailure]) -> Mapping[str, int]:
    return {one.chat_id: one.errcode for one in answer}
