"""Identifiers (ID 转换): one person has several ids, and each kind of app sees its own. Converts, and stores nothing.

A corp that calls with its own app needs `to_openid` (payment), `to_chat_id` (mini programs) and, beside a provider,
`from_service`. The others are for providers' apps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar, cast

from attrs import evolve

from wecom_auto._binding import C, Endpoints, Step, endpoint, workflow
from wecom_auto._bulk import BulkFailure, BulkResult, Report, in_bulk
from wecom_auto._call import Call, Effect
from wecom_auto._checks import Limit
from wecom_auto._types import UNSET, Unset
from wecom_auto.api._values import listed
from wecom_auto.errors import api_error
from wecom_auto.models import UpgradedId

__all__ = ["IdEndpoints"]

T = TypeVar("T")

_MOST: Final = 1000
_NOT_YOURS: Final = 40096


class IdEndpoints(Endpoints[C]):
    """Identifiers (ID 转换): one person, several ids."""

    __slots__ = ()

    @endpoint
    def to_openid(self, external_userid: str) -> Call[str]:
        """Turn a customer's id into their openid, which payment APIs want.

        Manual: `外部联系人openid转换 <https://developer.work.weixin.qq.com/document/path/92323>`__

        Args:
            external_userid: A WeChat customer, ``wm…``; a WeCom user, ``wo…``, has no openid.

        Raises:
            NotFoundError: 40096 the id is wrong, of another kind of app, or nobody in the app's range follows them.
            InvalidRequestError: 41056 they are no WeChat user. Unverified: that this is the code.
        """
        return _to_openid(external_userid)

    @workflow
    def to_openid_many(
        self, external_userids: Sequence[str], *, concurrency: int = 1, progress: Report | None = None
    ) -> Step[BulkResult[str, str]]:
        """Turn many customers' ids into openids, one call each; ``dict(zip(result.done, result.answers))`` maps them.

        Manual: `外部联系人openid转换 <https://developer.work.weixin.qq.com/document/path/92323>`__

        Args:
            external_userids: WeChat customers, ``wm…``.
            concurrency: Calls under way at once, 1 to 100.
            progress: Is told after every call.
        """
        return (yield from _each("external_userids", external_userids, _to_openid, concurrency, progress))

    @endpoint
    def to_chat_id(self, opengid: str) -> Call[str]:
        """Turn the group id that a mini program sees into a ``chat_id``.

        Manual: `客户群opengid转换 <https://developer.work.weixin.qq.com/document/path/94822>`__

        Args:
            opengid: From ``wx.getGroupEnterInfo``, after somebody opened the mini program in the group.

        Raises:
            NotFoundError: 90511 it is no customer group of this corp.
            PermissionDeniedError: 60011 the owner is outside the app's range. Unverified: that this is the code.
        """
        path = "/cgi-bin/externalcontact/opengid_to_chatid"
        return Call.post(Effect.READ, path, str, opengid=opengid).unwrap("chat_id")

    @endpoint
    def from_service(self, external_userid: str, *, source_agentid: int) -> Call[str]:
        """Turn the id that a provider's app sees into the corp's own; self-built apps only.

        The member who follows the customer, or the owner of their group, must be visible to both apps.

        Manual: `external_userid转换（第三方到自建） <https://developer.work.weixin.qq.com/document/path/95884>`__

        Args:
            external_userid: As the other app sees it.
            source_agentid: The other app: delegated (代开发) or third-party (第三方).

        Raises:
            NotFoundError: 40096 the other app does not know the id, or one of the two may not see the customer.
        """
        return _from_service(external_userid, source_agentid)

    @workflow
    def from_service_many(
        self,
        external_userids: Sequence[str],
        *,
        source_agentid: int,
        concurrency: int = 1,
        progress: Report | None = None,
    ) -> Step[BulkResult[str, str]]:
        """Turn many ids of a provider's app into the corp's own, one call each; see `from_service`.

        Manual: `external_userid转换（第三方到自建） <https://developer.work.weixin.qq.com/document/path/95884>`__

        Args:
            external_userids: As the other app sees them.
            source_agentid: The other app.
            concurrency: Calls under way at once, 1 to 100.
            progress: Is told after every call.
        """

        def make(external_userid: str) -> Call[str]:
            return _from_service(external_userid, source_agentid)

        return (yield from _each("external_userids", external_userids, make, concurrency, progress))

    @endpoint
    def to_service(self, external_userid: str) -> Call[str]:
        """Turn a delegated app's id into the one that the same provider's third-party app sees; delegated apps only.

        Unverified: known from typed models, not from the page.

        Manual: `代开发应用external_userid转换 <https://developer.work.weixin.qq.com/document/path/95195>`__

        Args:
            external_userid: As the calling app sees it.

        Raises:
            NotFoundError: 610020 the corp has no third-party app of the provider.
            PermissionDeniedError: 610021 that app has no right to customers.
        """
        return _to_service(external_userid)

    @workflow
    def to_service_many(
        self, external_userids: Sequence[str], *, concurrency: int = 1, progress: Report | None = None
    ) -> Step[BulkResult[str, str]]:
        """Turn many of a delegated app's ids into the third-party app's, one call each; see `to_service`.

        Manual: `代开发应用external_userid转换 <https://developer.work.weixin.qq.com/document/path/95195>`__

        Args:
            external_userids: As the calling app sees them.
            concurrency: Calls under way at once, 1 to 100.
            progress: Is told after every call.
        """
        return (yield from _each("external_userids", external_userids, _to_service, concurrency, progress))

    @endpoint
    def from_unionid(self, unionid: str, *, openid: str | Unset = UNSET) -> Call[str | None]:
        """Turn a WeChat unionid into the customer's id; for providers who develop mini programs for the corp.

        A self-built app needs no call: it reads the unionid from `customers.get`.

        Manual: `外部联系人unionid转换 <https://developer.work.weixin.qq.com/document/path/93274>`__

        Args:
            unionid: From the corp's mini program.
            openid: The same person's, from the same mini program. Unverified: whether it is needed.

        Returns:
            The id as the calling app sees it; None if the answer has none, as in the manual's own example.

        Raises:
            PermissionDeniedError: 846000 a self-built app called. Unverified: that this is the code.
        """
        return _from_unionid(unionid, openid)

    @workflow
    def from_unionid_many(
        self, unionids: Sequence[str], *, concurrency: int = 1, progress: Report | None = None
    ) -> Step[BulkResult[str, str | None]]:
        """Turn many unionids into customers' ids, one call each; see `from_unionid`.

        Manual: `外部联系人unionid转换 <https://developer.work.weixin.qq.com/document/path/93274>`__

        Args:
            unionids: From the corp's mini program.
            concurrency: Calls under way at once, 1 to 100.
            progress: Is told after every call.
        """
        return (yield from _each("unionids", unionids, _from_unionid, concurrency, progress))

    @endpoint
    def upgrade(self, external_userids: Sequence[str]) -> Call[tuple[UpgradedId, ...]]:
        """Map ids from before the upgrade of 2022 to those of today; providers' apps only.

        Unverified: known from typed models, not from the page; so is that ids may be left out of the answer.

        Manual: `转换客户external_userid（第三方升级） <https://developer.work.weixin.qq.com/document/path/95327>`__

        Args:
            external_userids: Up to 1,000 old ids; `upgrade_many` takes more.

        Raises:
            PermissionDeniedError: 846000 a self-built app called. Unverified: that this is the code.
        """
        return _upgrade(external_userids)

    @workflow
    def upgrade_many(
        self, external_userids: Sequence[str], *, concurrency: int = 1, progress: Report | None = None
    ) -> Step[BulkResult[str, tuple[UpgradedId, ...]]]:
        """Map any number of old ids, 1,000 a call.

        An id that an answer leaves out counts as failed, with 40096: the app may not see that customer.

        Manual: `转换客户external_userid（第三方升级） <https://developer.work.weixin.qq.com/document/path/95327>`__

        Args:
            external_userids: Old ids.
            concurrency: Calls under way at once, 1 to 100.
            progress: Is told after every call.
        """
        ids = listed("external_userids", external_userids)
        result = yield from in_bulk(ids, _MOST, _upgrade, concurrency=concurrency, progress=progress)
        return _without_the_missing(result, _upgrade(()).name)

    @endpoint
    def upgrade_in_group(self, chat_id: str, external_userids: Sequence[str]) -> Call[tuple[UpgradedId, ...]]:
        """Map old ids of one group's members, customers or not, to those of today; providers' apps only.

        Unverified: known from typed models, not from the page; so is that ids may be left out of the answer.

        Manual: `转换客户群成员external_userid（第三方升级） <https://developer.work.weixin.qq.com/document/path/95327>`__

        Args:
            chat_id: The group; its owner must be visible to the app.
            external_userids: Up to 1,000 old ids; `upgrade_in_group_many` takes more.

        Raises:
            NotFoundError: 40050 no such group.
            PermissionDeniedError: 846000 a self-built app called. Unverified: that this is the code.
        """
        return _upgrade_in_group(chat_id, external_userids)

    @workflow
    def upgrade_in_group_many(
        self, chat_id: str, external_userids: Sequence[str], *, concurrency: int = 1, progress: Report | None = None
    ) -> Step[BulkResult[str, tuple[UpgradedId, ...]]]:
        """Map any number of old ids of one group's members, 1,000 a call; see `upgrade_many`.

        Manual: `转换客户群成员external_userid（第三方升级） <https://developer.work.weixin.qq.com/document/path/95327>`__

        Args:
            chat_id: The group.
            external_userids: Old ids; those of people outside the group count as failed.
            concurrency: Calls under way at once, 1 to 100.
            progress: Is told after every call.
        """

        def make(some: Sequence[str]) -> Call[tuple[UpgradedId, ...]]:
            return _upgrade_in_group(chat_id, some)

        ids = listed("external_userids", external_userids)
        result = yield from in_bulk(ids, _MOST, make, concurrency=concurrency, progress=progress)
        return _without_the_missing(result, make(()).name)


def _to_openid(external_userid: str) -> Call[str]:
    path = "/cgi-bin/externalcontact/convert_to_openid"
    return Call.post(Effect.READ, path, str, external_userid=external_userid).unwrap("openid")


def _from_service(external_userid: str, source_agentid: int) -> Call[str]:
    path = "/cgi-bin/externalcontact/from_service_external_userid"
    call = Call.post(Effect.READ, path, str, external_userid=external_userid, source_agentid=source_agentid)
    return call.unwrap("external_userid")


def _to_service(external_userid: str) -> Call[str]:
    path = "/cgi-bin/externalcontact/to_service_external_userid"
    return Call.post(Effect.READ, path, str, external_userid=external_userid).unwrap("external_userid")


def _from_unionid(unionid: str, openid: str | Unset = UNSET) -> Call[str | None]:
    path = "/cgi-bin/externalcontact/unionid_to_external_userid"
    found = cast("type[str | None]", str | None)
    return Call.post(Effect.READ, path, found, unionid=unionid, openid=openid).unwrap("external_userid")


def _upgrade(external_userids: Sequence[str]) -> Call[tuple[UpgradedId, ...]]:
    path = "/cgi-bin/externalcontact/get_new_external_userid"
    ids = listed("external_userid_list", external_userids)
    call = Call.post(Effect.READ, path, tuple[UpgradedId, ...], external_userid_list=ids)
    return call.unwrap("items").checked(Limit("external_userid_list", least=1, items=_MOST))


def _upgrade_in_group(chat_id: str, external_userids: Sequence[str]) -> Call[tuple[UpgradedId, ...]]:
    path = "/cgi-bin/externalcontact/groupchat/get_new_external_userid"
    ids = listed("external_userid_list", external_userids)
    call = Call.post(Effect.READ, path, tuple[UpgradedId, ...], chat_id=chat_id, external_userid_list=ids)
    return call.unwrap("items").checked(Limit("external_userid_list", least=1, items=_MOST))


def _each(
    field: str,
    items: Sequence[str],
    make: Callable[[str], Call[T]],
    concurrency: int,
    progress: Report | None,
) -> Step[BulkResult[str, T]]:
    """Convert one id a call, which is all that most of these endpoints take."""
    ids = listed(field, items)
    return (yield from in_bulk(ids, 1, lambda one: make(one[0]), concurrency=concurrency, progress=progress))


def _without_the_missing(
    result: BulkResult[str, tuple[UpgradedId, ...]], call: str
) -> BulkResult[str, tuple[UpgradedId, ...]]:
    """Move ids that no answer names from `done` to `failed`: nothing is known of them."""
    known = {one.external_userid for answer in result.answers for one in answer}
    error = api_error(_NOT_YOURS, "left out of the answer", call=call)
    missing = tuple(BulkFailure(item=one, error=error) for one in result.done if one not in known)
    done = tuple(one for one in result.done if one in known)
    return evolve(result, done=done, failed=(*result.failed, *missing))
