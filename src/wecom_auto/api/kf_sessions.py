"""Conversations of customer service (微信客服): who has them, who the customer is, and the way to a member of staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Final

from wecom_auto._binding import C, Endpoints, endpoint
from wecom_auto._call import Call, Effect
from wecom_auto._checks import Limit
from wecom_auto._types import UNSET, Unset
from wecom_auto.api._kf_rules import ServicerNamed
from wecom_auto.api._values import flag, listed
from wecom_auto.models import KfCustomers, KfSession, KfSessionMove, KfSessionState, KfUpgrades

__all__ = ["KfSessionEndpoints"]

_BOTH: Final = (Limit("open_kfid", least=1), Limit("external_userid", least=1))
_MEMBER, _GROUP = 1, 2


class KfSessionEndpoints(Endpoints[C]):
    """Conversations (会话) of customer service, and recommending a member or a group (升级服务)."""

    __slots__ = ()

    @endpoint
    def get(self, open_kfid: str, *, external_userid: str) -> Call[KfSession]:
        """Say who has a conversation.

        Manual: `获取会话状态 <https://developer.work.weixin.qq.com/document/path/94669>`__

        Args:
            open_kfid: The account.
            external_userid: The customer.
        """
        path = "/cgi-bin/kf/service_state/get"
        call = Call.post(Effect.READ, path, KfSession, open_kfid=open_kfid, external_userid=external_userid)
        return call.checked(*_BOTH)

    @endpoint
    def move(
        self,
        open_kfid: str,
        *,
        external_userid: str,
        state: KfSessionState,
        servicer_userid: str | Unset = UNSET,
    ) -> Call[KfSessionMove]:
        """Give a conversation to the assistant, into the pool, to a servicer, or end it.

        From `UNHANDLED` to all but the end, from `ASSISTANT` to pool or servicer, from `POOL` to a servicer, from a
        `SERVICER` to another one or to the end. What the API moves causes no event.

        Manual: `变更会话状态 <https://developer.work.weixin.qq.com/document/path/94669>`__

        Args:
            open_kfid: The account.
            external_userid: The customer.
            state: Where to.
            servicer_userid: To whom, for `SERVICER`; they must take conversations.

        Raises:
            InvalidRequestError: 95016 there is no such way from where it is.
            PermissionDeniedError: 95014 they are no servicer of the account; 95019 they take none now.
        """
        return Call.post(
            Effect.SET,
            "/cgi-bin/kf/service_state/trans",
            KfSessionMove,
            open_kfid=open_kfid,
            external_userid=external_userid,
            service_state=state,
            servicer_userid=servicer_userid,
        ).checked(*_BOTH, ServicerNamed())

    @endpoint
    def get_customers(self, external_userids: Sequence[str], *, with_entry: bool | Unset = UNSET) -> Call[KfCustomers]:
        """Say who customers are who were in touch within the last 48 hours.

        Manual: `获取客户基础信息 <https://developer.work.weixin.qq.com/document/path/95159>`__

        Args:
            external_userids: The customers, 1 to 100.
            with_entry: Tell how they came, too.
        """
        return Call.post(
            Effect.READ,
            "/cgi-bin/kf/customer/batchget",
            KfCustomers,
            external_userid_list=listed("external_userids", external_userids),
            need_enter_session_context=flag(with_entry),
        ).checked(Limit("external_userid_list", items=100, least=1))

    @endpoint
    def get_upgrades(self) -> Call[KfUpgrades]:
        """Say which members and groups the console allows to recommend.

        Manual: `获取配置的专员与客户群 <https://developer.work.weixin.qq.com/document/path/94674>`__
        """
        return Call.get("/cgi-bin/kf/customer/get_upgrade_service_config", KfUpgrades)

    @endpoint
    def recommend_member(
        self, open_kfid: str, *, external_userid: str, userid: str, wording: str | Unset = UNSET
    ) -> Call[None]:
        """Recommend a member (专员) whom the customer may add; they decide, and no add is caused by it alone.

        It stands at the top of the conversation until it is followed or cancelled.

        Manual: `为客户升级为专员或客户群服务 <https://developer.work.weixin.qq.com/document/path/94674>`__

        Args:
            open_kfid: The account.
            external_userid: The customer.
            userid: The member; one of those that `get_upgrades` names.
            wording: What the customer reads (推荐语).

        Raises:
            APIError: 95021 the console does not allow to recommend them.
        """
        return _recommend(_MEMBER, open_kfid, external_userid, {"userid": userid}, wording)

    @endpoint
    def recommend_group(
        self, open_kfid: str, *, external_userid: str, chat_id: str, wording: str | Unset = UNSET
    ) -> Call[None]:
        """Recommend a customer group (客户群) that the customer may join; see `recommend_member`.

        Manual: `为客户升级为专员或客户群服务 <https://developer.work.weixin.qq.com/document/path/94674>`__

        Args:
            open_kfid: The account.
            external_userid: The customer.
            chat_id: The group; one of those that `get_upgrades` names.
            wording: What the customer reads (推荐语).

        Raises:
            APIError: 95021 the console does not allow to recommend it.
        """
        return _recommend(_GROUP, open_kfid, external_userid, {"chat_id": chat_id}, wording)

    @endpoint
    def cancel_recommendation(self, open_kfid: str, *, external_userid: str) -> Call[None]:
        """Take a recommendation back that was not followed yet.

        Manual: `为客户取消推荐 <https://developer.work.weixin.qq.com/document/path/94674>`__

        Args:
            open_kfid: The account.
            external_userid: The customer.
        """
        path = "/cgi-bin/kf/customer/cancel_upgrade_service"
        call = Call.post(Effect.SET, path, NoneType, open_kfid=open_kfid, external_userid=external_userid)
        return call.checked(*_BOTH)


def _recommend(
    kind: int, open_kfid: str, external_userid: str, who: Mapping[str, str], wording: str | Unset
) -> Call[None]:
    part = who if isinstance(wording, Unset) else {**who, "wording": wording}
    return Call.post(
        Effect.SET,
        "/cgi-bin/kf/customer/upgrade_service",
        NoneType,
        open_kfid=open_kfid,
        external_userid=external_userid,
        type=kind,
        member=part if kind == _MEMBER else UNSET,
        groupchat=part if kind == _GROUP else UNSET,
    ).checked(*_BOTH, Limit("member.userid", least=1), Limit("groupchat.chat_id", least=1))
