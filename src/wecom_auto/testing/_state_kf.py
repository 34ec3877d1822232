"""Accounts and conversations of customer service (微信客服), as plain mutable rows. No rules."""

from __future__ import annotations

from attrs import define, field

from wecom_auto.testing._wire import Body

__all__ = ["KfAccountRow", "KfCode", "KfDesk", "KfReply", "KfTalk"]


@define(kw_only=True)
class KfReply:
    """A message that a customer got."""

    open_kfid: str
    msgid: str
    msgtype: str
    body: Body
    at: float


@define(kw_only=True)
class KfCode:
    """A code that pays for one message, as long as the conversation is in `state`."""

    open_kfid: str
    external_userid: str
    state: int
    until: float
    text_only: bool = False


@define(kw_only=True)
class KfTalk:
    """A conversation. `wrote_at` is the customer's last word, `replies` what a program has sent since."""

    state: int
    servicer: str = ""
    wrote_at: float = 0.0
    replies: int = 0
    welcomed_at: float = 0.0
    moved: bool = False
    entry: Body = field(factory=dict[str, object])
    recommended: str = ""


@define(kw_only=True)
class KfAccountRow:
    """An account. `servicers` are members by whether they take conversations, `rows` what is pulled, by number."""

    seq: int
    open_kfid: str
    name: str
    media_id: str
    servicers: dict[str, bool] = field(factory=dict[str, bool])
    departments: dict[int, None] = field(factory=dict[int, None])
    links: dict[str, str] = field(factory=dict[str, str])
    rows: list[Body] = field(factory=list[Body])
    talks: dict[str, KfTalk] = field(factory=dict[str, KfTalk])
    msgids: set[str] = field(factory=set[str])


@define(kw_only=True)
class KfDesk:
    """Everything of customer service in one corp."""

    accounts: dict[str, KfAccountRow] = field(factory=dict[str, KfAccountRow])
    codes: dict[str, KfCode] = field(factory=dict[str, KfCode])
    tokens: dict[str, float] = field(factory=dict[str, float])
    sent: dict[str, list[KfReply]] = field(factory=dict[str, list[KfReply]])
    upgrade_userids: list[str] = field(factory=list[str])
    upgrade_departments: list[int] = field(factory=list[int])
    upgrade_chat_ids: list[str] = field(factory=list[str])
