"""Customers (客户联系 › 客户管理): list them, read them, write remarks."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType

from wecom_auto._binding import C, Endpoints, endpoint, paged
from wecom_auto._call import Call, Effect, Page
from wecom_auto._checks import AnyOf, Limit
from wecom_auto._types import UNSET, Unset
from wecom_auto.api._rules import Given, page_of
from wecom_auto.api._values import listed
from wecom_auto.models import CustomerDetail, FollowedCustomer

__all__ = ["CustomerEndpoints"]


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
