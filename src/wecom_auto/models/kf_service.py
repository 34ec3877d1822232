"""Customer service (微信客服) around its messages: accounts, servicers, conversations, customers. Values only.

Manual: 94661 to 94669, 94674, 95159.
"""

from __future__ import annotations

from typing import ClassVar, TypeAlias

from attrs import frozen

from wecom_auto._model import Model, OpenIntEnum, Tagged, wire
from wecom_auto.models._kf_contents import (
    KfBusinessCard,
    KfFile,
    KfImage,
    KfLink,
    KfLocation,
    KfMenu,
    KfMiniProgram,
    KfText,
    KfVideo,
    KfVoice,
)
from wecom_auto.models._kf_events import KfChannelsSource, KfStopKind
from wecom_auto.models.customers import Gender

__all__ = [
    "KfAccount",
    "KfAcquisitionLink",
    "KfCustomer",
    "KfCustomers",
    "KfEntry",
    "KfSendable",
    "KfServicer",
    "KfServicerResult",
    "KfServing",
    "KfSession",
    "KfSessionMove",
    "KfSessionState",
    "KfUpgradeGroups",
    "KfUpgradeMembers",
    "KfUpgrades",
    "KfVoiceFormat",
]


class KfServing(OpenIntEnum):
    """Whether a servicer (接待人员) takes conversations, as the list of servicers says it."""

    SERVING = 0
    STOPPED = 1


class KfSessionState(OpenIntEnum):
    """Who has a conversation (会话状态)."""

    UNHANDLED = 0
    """Nobody yet; a program may write."""
    ASSISTANT = 1
    """The assistant (智能助手) or a program; a program may write."""
    POOL = 2
    """Waits for a servicer (待接入池排队中)."""
    SERVICER = 3
    """A servicer has it (由人工接待)."""
    ENDED = 4
    """Over, or not begun."""


class KfVoiceFormat(OpenIntEnum):
    """In which format voices are pulled (语音消息类型)."""

    AMR = 0
    SILK = 1


@frozen(kw_only=True)
class KfAccount(Model):
    """A customer-service account (客服账号), as `kf_accounts.list` answers.

    Attributes:
        open_kfid: Its id.
        name: What customers see.
        avatar: Address of its picture.
        manageable: This app may change it, its servicers and conversations (manage_privilege).
    """

    open_kfid: str
    name: str = ""
    avatar: str = ""
    manageable: bool = wire("manage_privilege", False)


@frozen(kw_only=True)
class KfServicer(Model):
    """A member, or a department, that answers for an account.

    Attributes:
        userid: The member; empty for a department.
        department_id: The department; 0 for a member.
        status: Whether they take conversations; told only to apps that may manage the account.
        stop_kind: How they stopped, if they did.
    """

    userid: str = ""
    department_id: int = 0
    status: KfServing | None = None
    stop_kind: KfStopKind | None = wire("stop_type", None)


@frozen(kw_only=True)
class KfServicerResult(Model):
    """What became of one servicer who was added or removed.

    Attributes:
        userid: The member; empty for a department.
        department_id: The department; 0 for a member.
        errcode: 0 if it is so now, also when it was so before.
        errmsg: Why not.
    """

    userid: str = ""
    department_id: int = 0
    errcode: int = 0
    errmsg: str = ""


@frozen(kw_only=True)
class KfSession(Model):
    """Who has a conversation, as `kf_sessions.get` answers.

    Attributes:
        state: How far it is.
        servicer_userid: Who has it, for `KfSessionState.SERVICER`.
    """

    state: KfSessionState = wire("service_state", KfSessionState.UNHANDLED)
    servicer_userid: str = ""


@frozen(kw_only=True)
class KfSessionMove(Model):
    """What moving a conversation answers.

    Attributes:
        msg_code: Pays for one message by `kf_messages.send_on_event`: 48 hours after the first move into the pool or to
            a servicer, 20 seconds after the end; a secret, and empty at other times.
    """

    msg_code: str = wire("", "", show=False)


@frozen(kw_only=True)
class KfEntry(Model):
    """How a customer came into the conversation the last time.

    Attributes:
        scene: The scene of the link.
        scene_param: What the link's ``scene_param`` said.
        wechat_channels: The channels account (视频号) they came from, if they did.
    """

    scene: str = ""
    scene_param: str = ""
    wechat_channels: KfChannelsSource | None = None


@frozen(kw_only=True)
class KfCustomer(Model):
    """A customer of customer service.

    Attributes:
        external_userid: The person.
        nickname: Their nickname in WeChat.
        avatar: Address of their picture.
        gender: 0 for third-party and delegated apps.
        unionid: For a corp with a bound developer account.
        entry: How they came, if it was asked for.
    """

    external_userid: str
    nickname: str = ""
    avatar: str = ""
    gender: Gender = Gender.UNKNOWN
    unionid: str = wire("", "", show=False)
    entry: KfEntry | None = wire("enter_session_context", None)


@frozen(kw_only=True)
class KfCustomers(Model):
    """What `kf_sessions.get_customers` answers.

    Attributes:
        customers: Who could be read.
        invalid: Ids that could not: nobody's, or silent for more than 48 hours.
    """

    customers: tuple[KfCustomer, ...] = wire("customer_list", ())
    invalid: tuple[str, ...] = wire("invalid_external_userid", ())


@frozen(kw_only=True)
class KfUpgradeMembers(Model):
    """Members that customers may be recommended to (专员服务).

    Attributes:
        userids: Members.
        department_ids: Departments.
    """

    userids: tuple[str, ...] = wire("userid_list", ())
    department_ids: tuple[int, ...] = wire("department_id_list", ())


@frozen(kw_only=True)
class KfUpgradeGroups(Model):
    """Groups that customers may be recommended to (客户群服务).

    Attributes:
        chat_ids: Groups.
    """

    chat_ids: tuple[str, ...] = wire("chat_id_list", ())


@frozen(kw_only=True)
class KfUpgrades(Model):
    """Whom the console allows to recommend (升级服务), as `kf_sessions.get_upgrades` answers.

    Attributes:
        members: Members.
        groups: Customer groups.
    """

    members: KfUpgradeMembers = wire("member_range", KfUpgradeMembers())
    groups: KfUpgradeGroups = wire("groupchat_range", KfUpgradeGroups())


@frozen(kw_only=True)
class KfAcquisitionLink(Tagged):
    """An acquisition link (获客链接) as a card; it is sent, and never pulled.

    Attributes:
        url: The link.
    """

    MSGTYPE: ClassVar[str] = "ca_link"

    url: str = wire("link_url", "")


KfSendable: TypeAlias = (
    KfText
    | KfImage
    | KfVoice
    | KfVideo
    | KfFile
    | KfLink
    | KfMiniProgram
    | KfMenu
    | KfLocation
    | KfBusinessCard
    | KfAcquisitionLink
)
"""What a program may send to a customer of customer service."""
