"""Customers (客户联系 › 客户管理): list them, read them, write remarks."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType

from wecom_auto._binding import C, Endpoints, Unbound, endpoint, paged, step, walk
from wecom_auto._bulk import Report
from wecom_auto._call import Call, Effect, Page
from wecom_auto._checks import AnyOf, Limit
from wecom_auto._types import UNSET, Unset
from wecom_auto._walk import Found, Steps
from wecom_auto.api._checkpoint import Checkpoints
from wecom_auto.api._rules import Given, page_of
from wecom_auto.api._streams import Stream, Streams, Tally, cut
from wecom_auto.api._values import listed, some
from wecom_auto.api.follow_users import FollowUserEndpoints
from wecom_auto.models import CustomerDetail, FollowedCustomer, ServedContact

__all__ = ["CustomerEndpoints"]

_PAGE = 100
"""Customers on a page (manual 92994)."""


class CustomerEndpoints(Endpoints[C]):
    """Customers (客户管理): list, read, remark."""

    __slots__ = ()

    @endpoint
    def list(self, userid: str) -> Call[tuple[str, ...]]:
        """List the external_userids of one member's customers, all at once.

        Manual: `获取客户列表 <https://developer.work.weixin.qq.com/document/path/92113>`__

        Args:
            userid: The member; they must have the customer-contact feature.

        Raises:
            NotFoundError: 84061 the member has no customers. Unverified: seen in practice, not on the page.
        """
        path = "/cgi-bin/externalcontact/list"
        return Call.get(path, tuple[str, ...], userid=userid).unwrap("external_userid")

    @endpoint
    def get(self, external_userid: str, *, cursor: str = "") -> Call[CustomerDetail]:
        """Fetch one customer and the members who follow them, with remarks, tags and sources.

        Manual: `获取客户详情 <https://developer.work.weixin.qq.com/document/path/92114>`__

        Args:
            external_userid: The customer, ``wm…`` or ``wo…``.
            cursor: `CustomerDetail.next_cursor` of the last call; only for customers with more than 500 followers.

        Raises:
            NotFoundError: 84061 nobody within the app's range follows them; 40096 the id is wrong or of another app.
        """
        path = "/cgi-bin/externalcontact/get"
        return Call.get(path, CustomerDetail, external_userid=external_userid, cursor=cursor or UNSET)

    @endpoint
    def list_by_user(
        self, userids: Sequence[str], *, cursor: str = "", limit: int = 100
    ) -> Call[Page[FollowedCustomer]]:
        """Fetch one page of the customers of up to 100 members.

        Members without an interop licence are named in ``page.extra["fail_info"]``.

        Manual: `批量获取客户详情 <https://developer.work.weixin.qq.com/document/path/92994>`__

        Args:
            userids: The members, 1 to 100.
            cursor: `Page.next_cursor` of the page before; empty for the first page.
            limit: Customers on a page, 1 to 100.

        Raises:
            LicenseError: 701008 none of the members has an interop licence.
        """
        return self._by_user(userids, cursor, limit)

    @paged
    def iter_by_user(
        self, userids: Sequence[str], *, cursor: str = "", limit: int = 100
    ) -> Call[Page[FollowedCustomer]]:
        """Iterate over the customers of up to 100 members, page by page.

        Manual: `批量获取客户详情 <https://developer.work.weixin.qq.com/document/path/92994>`__

        Args:
            userids: The members, 1 to 100.
            cursor: Where to resume; empty for the start.
            limit: Customers on a page, 1 to 100.

        Raises:
            LicenseError: 701008 none of the members has an interop licence.
        """
        return self._by_user(userids, cursor, limit)

    @walk
    def iter_all(
        self,
        *,
        userids: Sequence[str] | Unset = UNSET,
        concurrency: int = 1,
        resume: str = "",
        progress: Report | None = None,
    ) -> Steps[FollowedCustomer]:
        """Iterate over all customers of all members, or of any number of members, with several calls at once.

        A customer comes once for every member who follows them.
        Members who cannot be read (no interop licence, gone, out of range) do not stop the others:
        they are in `Walk.failed` and `Found.failed`, with the reason.
        So a customer who is not there is gone only if their members are not in that list.

        Manual: `批量获取客户详情 <https://developer.work.weixin.qq.com/document/path/92994>`__

        Args:
            userids: The members; all who have the customer-contact feature unless given.
            concurrency: The most calls at once, 1 to 100; 1 asks for one page after the other.
            resume: `Found.checkpoint` of an earlier walk with the same `userids`; goes on after what that one handed
                out, with the members whom that one knew. Where a cursor has died since, the members who share it
                are read again from the start, so store customers by member and id.
            progress: Is told after every call how many customers have been found; the total is not known.

        Raises:
            ValidationError: `resume` is of another walk or broken, or `concurrency` is not 1 to 100.
            PagingError: A cursor came back twice; what was read before has been handed out.
        """
        members = () if isinstance(userids, Unset) else tuple(dict.fromkeys(some("userid_list", userids)))
        return self._iter_all(members, concurrency, resume, progress)

    def _iter_all(
        self, userids: Sequence[str], concurrency: int, resume: str, progress: Report | None
    ) -> Steps[FollowedCustomer]:
        tally = Tally(progress)
        streams = Streams(lambda some, cursor: self._by_user(some, cursor, _PAGE), concurrency, tally.add)
        checkpoints = Checkpoints.of("customers.iter_all", userids)
        if resume:
            streams.load(checkpoints, checkpoints.read(resume))
        else:
            members = userids or (yield from step(FollowUserEndpoints[Unbound]().list()))
            streams.add(map(Stream, cut(members, concurrency if concurrency == 1 else 2 * concurrency)))
        if not streams.ready:
            yield Found((), "")
        while streams.ready:
            found = yield from streams.round()
            checkpoint = checkpoints.write(streams.save()) if streams.ready else ""
            yield Found(found, checkpoint, streams.take_failed())
            if streams.error:
                raise streams.error

    def _by_user(self, userids: Sequence[str], cursor: str, limit: int) -> Call[Page[FollowedCustomer]]:
        path = "/cgi-bin/externalcontact/batch/get_by_user"
        members = listed("userid_list", userids)
        call = Call.post(Effect.READ, path, FollowedCustomer, userid_list=members, cursor=cursor, limit=limit)
        return call.paged("external_contact_list").checked(Limit("userid_list", least=1, items=100), page_of(100))

    @endpoint
    def remark(
        self,
        external_userid: str,
        *,
        userid: str,
        remark: str | Unset = UNSET,
        description: str | Unset = UNSET,
        remark_company: str | Unset = UNSET,
        remark_mobiles: Sequence[str] | Unset = UNSET,
        remark_pic_mediaid: str | Unset = UNSET,
    ) -> Call[None]:
        """Change what a member notes about a customer: at least one field. What is not given stays; empty texts clear.

        Manual: `修改客户备注信息 <https://developer.work.weixin.qq.com/document/path/92115>`__

        Args:
            external_userid: The customer.
            userid: The member whose notes they are; they must follow the customer.
            remark: The name, up to 20 characters.
            description: Longer notes, up to 150 characters.
            remark_company: The company, up to 20 characters; WeChat customers only.
            remark_mobiles: Mobile numbers; replaces all of them. ``[]`` clears.
            remark_pic_mediaid: A picture from `media.upload`.

        Raises:
            NotFoundError: 84061 the member does not follow the customer.
        """
        mobiles = listed("remark_mobiles", remark_mobiles)
        return Call.post(
            Effect.SET,
            "/cgi-bin/externalcontact/remark",
            NoneType,
            userid=userid,
            external_userid=external_userid,
            remark=remark,
            description=description,
            remark_company=remark_company,
            # The platform clears the numbers when it gets one empty text (manual 92115).
            remark_mobiles=mobiles if mobiles is UNSET else mobiles or [""],
            remark_pic_mediaid=remark_pic_mediaid,
        ).checked(
            Given("remark", "description", "remark_company", "remark_mobiles", "remark_pic_mediaid"),
            Limit("remark", chars=20),
            Limit("remark_company", chars=20),
            Limit("description", chars=150),
            AnyOf("userid"),
            AnyOf("external_userid"),
        )

    @endpoint
    def list_served(self, *, cursor: str = "", limit: int = 1000) -> Call[Page[ServedContact]]:
        """Fetch one page of everybody whom the corp serves, customers or not: one line for each member and group.

        Ids and cursors die 4 hours after the first page and mean nothing to another walk: read to the end in one go.
        Self-built apps only.

        Manual: `获取已服务的外部联系人 <https://developer.work.weixin.qq.com/document/path/99434>`__

        Args:
            cursor: `Page.next_cursor` of the page before; empty for the first page.
            limit: Lines on a page, 1 to 1,000.

        Raises:
            InvalidRequestError: 50100 the cursor has died: start again. Unverified: that this is the code.
        """
        return _served(cursor, limit)

    @paged
    def iter_served(self, *, cursor: str = "", limit: int = 1000) -> Call[Page[ServedContact]]:
        """Iterate over everybody whom the corp serves; see `list_served`.

        Manual: `获取已服务的外部联系人 <https://developer.work.weixin.qq.com/document/path/99434>`__

        Args:
            cursor: Where to resume, within 4 hours; empty for the start.
            limit: Lines on a page, 1 to 1,000.

        Raises:
            InvalidRequestError: 50100 the cursor has died: start again. Unverified: that this is the code.
        """
        return _served(cursor, limit)


def _served(cursor: str, limit: int) -> Call[Page[ServedContact]]:
    path = "/cgi-bin/externalcontact/contact_list"
    call = Call.post(Effect.READ, path, ServedContact, cursor=cursor or UNSET, limit=limit)
    return call.paged("info_list").checked(page_of(1000))
