"""Customer-acquisition links (客户联系 › 获客助手): addresses that bring customers, and the quota they use up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import partial
from types import NoneType
from typing import Final

from wecom_auto._binding import C, Endpoints, Step, endpoint, paged, workflow
from wecom_auto._bulk import BulkResult, Report, in_bulk
from wecom_auto._call import Call, Effect, Page
from wecom_auto._checks import Recent
from wecom_auto._types import UNSET, Unset
from wecom_auto.api._days import beijing_day, midnight
from wecom_auto.api._link_rules import LINK_RANGE, LINK_SETTINGS, SOMEBODY
from wecom_auto.api._rules import MaxSpan, page_of
from wecom_auto.api._values import listed
from wecom_auto.errors import ValidationError
from wecom_auto.models import (
    AcquisitionAuthorization,
    AcquisitionChat,
    AcquisitionCustomer,
    AcquisitionLink,
    AcquisitionLinkDetail,
    AcquisitionPermit,
    AcquisitionPriority,
    AcquisitionQuota,
    AcquisitionRange,
    AcquisitionStatistics,
)

__all__ = ["AcquisitionLinkEndpoints"]

_DAYS_BACK: Final = 180
_DAYS_APART: Final = 30
_DAY: Final = timedelta(days=1)


def _get(link_id: str) -> Call[AcquisitionLinkDetail]:
    path = "/cgi-bin/externalcontact/customer_acquisition/get"
    return Call.post(Effect.READ, path, AcquisitionLinkDetail, link_id=link_id)


def _statistics(link_id: str, first_day: date, last_day: date) -> Call[AcquisitionStatistics]:
    return Call.post(
        Effect.READ,
        "/cgi-bin/externalcontact/customer_acquisition/statistic",
        AcquisitionStatistics,
        link_id=link_id,
        start_time=midnight("first_day", first_day),
        end_time=midnight("last_day", last_day),
    ).checked(
        MaxSpan("start_time", "end_time", _DAYS_APART),
        Recent("start_time", _DAYS_BACK),
        Recent("end_time", _DAYS_BACK),
    )


def _of_one_day(link_id: str, days: Sequence[date]) -> Call[AcquisitionStatistics]:
    return _statistics(link_id, days[0], days[0])


class AcquisitionLinkEndpoints(Endpoints[C]):
    """Customer-acquisition links (获客助手): who they bring, what they cost, what is left.

    For self-built apps that are listed as callable in customer contact (可调用接口的应用);
    the secret of customer contact itself (客户联系) is refused.
    An app sees the links that it made.
    """

    __slots__ = ()

    @endpoint
    def create(
        self,
        name: str,
        *,
        userids: Sequence[str] = (),
        department_ids: Sequence[int] = (),
        priority: AcquisitionPriority | Unset = UNSET,
        skip_verify: bool | Unset = UNSET,
        mark_source: bool | Unset = UNSET,
    ) -> Call[AcquisitionLink]:
        """Make a link. A lost answer is not repeated: look with `iter_all` first, or you get two.

        Everybody who is added through it uses up one of the corp's uses; see `get_quota`.
        `AcquisitionLink.channel_url` makes one address per lead of it.

        Manual: `创建获客链接 <https://developer.work.weixin.qq.com/document/path/97297>`__

        Args:
            name: For yourselves, 1 to 30 characters.
            userids: Members who get the customers, up to 500 with everybody in `department_ids`.
            department_ids: Departments whose members get the customers.
            priority: Send who has a contact here already to that contact; some trades only.
            skip_verify: Add customers without confirmation by the member; the platform's default is True.
            mark_source: Name this app as the source; 营销获客 apps only, whose default is True.

        Returns:
            Id, name, url and time.

        Raises:
            QuotaExceededError: 41095 the corp has too many links.
            NotFoundError: 60111 or 60123 no such member or department.
            PermissionDeniedError: 48002 the app may not use links; 60011 outside the app's range.
        """
        return (
            Call.post(
                Effect.CREATE,
                "/cgi-bin/externalcontact/customer_acquisition/create_link",
                AcquisitionLink,
                link_name=name,
                range=AcquisitionRange(
                    userids=tuple(listed("range.user_list", userids)),
                    department_ids=tuple(listed("range.department_list", department_ids)),
                ),
                priority_option=priority,
                skip_verify=skip_verify,
                mark_source=mark_source,
            )
            .unwrap("link")
            .checked(SOMEBODY, *LINK_SETTINGS)
        )

    @endpoint
    def get(self, link_id: str) -> Call[AcquisitionLinkDetail]:
        """Fetch a link and who is behind it. The answer does not repeat the id.

        Manual: `获取获客链接详情 <https://developer.work.weixin.qq.com/document/path/97297>`__

        Args:
            link_id: From `create` or `list`; made by this app.

        Raises:
            InvalidRequestError: 40058 this app has no such link. Unverified: the code.
        """
        return _get(link_id)

    @workflow
    def get_many(
        self, link_ids: Iterable[str], *, concurrency: int = 1, progress: Report | None = None
    ) -> Step[BulkResult[str, AcquisitionLinkDetail]]:
        """Fetch any number of links, one in a call; see `get`.

        Manual: `获取获客链接详情 <https://developer.work.weixin.qq.com/document/path/97297>`__

        Args:
            link_ids: For example from `iter_all`.
            concurrency: The most calls under way at once.
            progress: Is told after every call.

        Returns:
            ``answers`` in the order of ``done``, which are the ids.
        """
        ids = listed("link_id", link_ids) if isinstance(link_ids, str) else link_ids
        return (yield from in_bulk(ids, 1, lambda some: _get(some[0]), concurrency=concurrency, progress=progress))

    @endpoint
    def list(self, *, cursor: str = "", limit: int = 100) -> Call[Page[str]]:
        """List one page of the ids of this app's links that still work.

        Manual: `获取获客链接列表 <https://developer.work.weixin.qq.com/document/path/97297>`__

        Args:
            cursor: `Page.next_cursor` of the page before; empty for the first page.
            limit: Ids on a page, 1 to 100.
        """
        return self._list(cursor, limit)

    @paged
    def iter_all(self, *, cursor: str = "", limit: int = 100) -> Call[Page[str]]:
        """Iterate over the ids of this app's links that still work; see `list`.

        Manual: `获取获客链接列表 <https://developer.work.weixin.qq.com/document/path/97297>`__

        Args:
            cursor: Where to resume; empty for the start.
            limit: Ids on a page, 1 to 100.
        """
        return self._list(cursor, limit)

    def _list(self, cursor: str, limit: int) -> Call[Page[str]]:
        path = "/cgi-bin/externalcontact/customer_acquisition/list_link"
        call = Call.post(Effect.READ, path, str, limit=limit, cursor=cursor or UNSET)
        return call.paged("link_id_list").checked(page_of(100))

    @endpoint
    def update(
        self,
        link_id: str,
        *,
        name: str | Unset = UNSET,
        range: AcquisitionRange | Unset = UNSET,  # noqa: A002  # the platform's name
        priority: AcquisitionPriority | Unset = UNSET,
        skip_verify: bool | Unset = UNSET,
        mark_source: bool | Unset = UNSET,
    ) -> Call[None]:
        """Change a link. Fields that are not given stay; `range` and `priority` are replaced as a whole.

        To add somebody, change what `get` answered: ``attrs.evolve(detail.range, userids=(…))``.

        Manual: `编辑获客链接 <https://developer.work.weixin.qq.com/document/path/97297>`__

        Args:
            link_id: Made by this app.
            name: For yourselves, 1 to 30 characters.
            range: Everybody who gets the customers from now on, up to 500 people.
            priority: Send who has a contact here already to that contact; some trades only.
            skip_verify: Add customers without confirmation by the member.
            mark_source: Name this app as the source; 营销获客 apps only.

        Raises:
            InvalidRequestError: 40058 this app has no such link. Unverified: the code.
            NotFoundError: 60111 or 60123 no such member or department.
        """
        return Call.post(
            Effect.SET,
            "/cgi-bin/externalcontact/customer_acquisition/update_link",
            NoneType,
            link_id=link_id,
            link_name=name,
            range=range,
            priority_option=priority,
            skip_verify=skip_verify,
            mark_source=mark_source,
        ).checked(*LINK_RANGE, *LINK_SETTINGS)

    @endpoint
    def delete(self, link_id: str) -> Call[None]:
        """Delete a link; addresses that were sent out stop working.

        Manual: `删除获客链接 <https://developer.work.weixin.qq.com/document/path/97297>`__

        Args:
            link_id: Made by this app.

        Raises:
            InvalidRequestError: 40058 this app has no such link. Unverified: the code.
        """
        path = "/cgi-bin/externalcontact/customer_acquisition/delete_link"
        return Call.post(Effect.DELETE, path, NoneType, link_id=link_id)

    @endpoint
    def list_customers(self, link_id: str, *, cursor: str = "", limit: int = 1000) -> Call[Page[AcquisitionCustomer]]:
        """List one page of the customers who were added through a link.

        Manual: `获取获客客户列表 <https://developer.work.weixin.qq.com/document/path/97298>`__

        Args:
            link_id: Made by this app.
            cursor: `Page.next_cursor` of the page before; empty for the first page.
            limit: Customers on a page, 1 to 1,000.

        Raises:
            InvalidRequestError: 40058 this app has no such link. Unverified: the code.
        """
        return self._list_customers(link_id, cursor, limit)

    @paged
    def iter_customers(self, link_id: str, *, cursor: str = "", limit: int = 1000) -> Call[Page[AcquisitionCustomer]]:
        """Iterate over the customers who were added through a link; see `list_customers`.

        Manual: `获取获客客户列表 <https://developer.work.weixin.qq.com/document/path/97298>`__

        Args:
            link_id: Made by this app.
            cursor: Where to resume; empty for the start.
            limit: Customers on a page, 1 to 1,000.
        """
        return self._list_customers(link_id, cursor, limit)

    def _list_customers(self, link_id: str, cursor: str, limit: int) -> Call[Page[AcquisitionCustomer]]:
        path = "/cgi-bin/externalcontact/customer_acquisition/customer"
        call = Call.post(Effect.READ, path, AcquisitionCustomer, link_id=link_id, limit=limit, cursor=cursor or UNSET)
        return call.paged("customer_list").checked(page_of(1000))

    @endpoint
    def get_statistics(self, link_id: str, *, first_day: date, last_day: date) -> Call[AcquisitionStatistics]:
        """Fetch how many customers opened a link, and how many were added, in some days of the last 180.

        Manual: `查询链接使用详情 <https://developer.work.weixin.qq.com/document/path/97375>`__

        Args:
            link_id: Made by this app.
            first_day: A Beijing day of the last 180 days, for example ``date(2026, 3, 1)``.
                An aware datetime stands for its day in Beijing.
            last_day: Included; at most 30 days after the first one.

        Raises:
            InvalidRequestError: 40058 this app has no such link. Unverified: the code.
        """
        return _statistics(link_id, first_day, last_day)

    @workflow
    def get_statistics_by_day(
        self, link_id: str, *, first_day: date, last_day: date, concurrency: int = 1, progress: Report | None = None
    ) -> Step[BulkResult[date, AcquisitionStatistics]]:
        """Fetch the statistics of each day, one day in a call, as many days as you like; see `get_statistics`.

        Manual: `查询链接使用详情 <https://developer.work.weixin.qq.com/document/path/97375>`__

        Args:
            link_id: Made by this app.
            first_day: A Beijing day of the last 180 days.
            last_day: Included.
            concurrency: The most calls under way at once.
            progress: Is told after every call.

        Returns:
            ``answers`` in the order of ``done``, which are the days.
            Somebody who opens the link on two days is in both.
        """
        first, last = beijing_day("first_day", first_day), beijing_day("last_day", last_day)
        if last < first:
            field, limit = "last_day", "first_day or later"
            raise ValidationError(field, value="before first_day", limit=limit)
        days = [first + _DAY * number for number in range((last - first).days + 1)]
        make = partial(_of_one_day, link_id)
        return (yield from in_bulk(days, 1, make, concurrency=concurrency, progress=progress))

    @endpoint
    def get_quota(self) -> Call[AcquisitionQuota]:
        """Fetch how many uses the corp has left, and when they end. With 0 left no link works.

        The events `LinkQuotaLow`, `LinkQuotaExhausted` and `LinkQuotaExpiring` tell without asking.

        Manual: `查询剩余使用量 <https://developer.work.weixin.qq.com/document/path/97375>`__
        """
        return Call.get("/cgi-bin/externalcontact/customer_acquisition_quota", AcquisitionQuota)

    @endpoint
    def get_chat(self, chat_key: str) -> Call[AcquisitionChat]:
        """Fetch who wrote to whom, and by which link they came.

        Manual: `获取成员多次收消息详情 <https://developer.work.weixin.qq.com/document/path/100130>`__

        Args:
            chat_key: From the event `LinkMessagesReceived`, good for 30 minutes; treat it as a secret.

        Raises:
            InvalidRequestError: 40058 the key is wrong or too old. Unverified: the code.
        """
        path = "/cgi-bin/externalcontact/customer_acquisition/get_chat_info"
        return Call.post(Effect.READ, path, AcquisitionChat, chat_key=chat_key)

    @endpoint
    def get_authorization(self) -> Call[AcquisitionAuthorization]:
        """Fetch how a corp authorised the acquisition component; for service providers.

        Manual: `获取获客助手组件授权信息 <https://developer.work.weixin.qq.com/document/path/99610>`__

        Raises:
            PermissionDeniedError: 48002 this app is no such component. Unverified: the code.
        """
        path = "/cgi-bin/externalcontact/customer_acquisition/get_comp_auth_info"
        return Call.post(Effect.READ, path, AcquisitionAuthorization)

    @endpoint
    def get_permit(self) -> Call[AcquisitionPermit]:
        """Fetch whom this app may connect customers to; for 营销获客 apps.

        Unverified: the page was seen in a copy only.

        Manual: `获取客户可建联成员 <https://developer.work.weixin.qq.com/document/path/101146>`__

        Raises:
            PermissionDeniedError: 48002 this is no such app. Unverified: the code.
        """
        return Call.get("/cgi-bin/externalcontact/customer_acquisition_app/get_permit", AcquisitionPermit)
