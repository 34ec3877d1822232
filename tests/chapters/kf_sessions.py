"""What the tests know of `wecom.kf_sessions`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.chapters import Make
from tests.chapters._shared import PNG, calls
from tests.contract._play import Case, Play, refused

from wecom_auto import Call
from wecom_auto.callbacks import CustomerAdded
from wecom_auto.errors import APIError, InvalidRequestError, PermissionDeniedError
from wecom_auto.models import (
    KfChannelsSource,
    KfOrigin,
    KfServicerStatus,
    KfServicerStatusChanged,
    KfSessionChange,
    KfSessionChanged,
    KfSessionState,
)
from wecom_auto.testing import FakeWeCom

sessions = calls.kf_sessions

CALLS: Mapping[str, list[Call[Any]]] = {
    "kf/service_state/get": [sessions.get("k", external_userid="w")],
    "kf/service_state/trans": [
        sessions.move("k", external_userid="w", state=KfSessionState.SERVICER, servicer_userid="u")
    ],
    "kf/customer/batchget": [sessions.get_customers(["w"], with_entry=True)],
    "kf/customer/get_upgrade_service_config": [sessions.get_upgrades()],
    "kf/customer/upgrade_service": [
        sessions.recommend_member("k", external_userid="w", userid="u", wording="x"),
        sessions.recommend_group("k", external_userid="w", chat_id="c", wording="x"),
    ],
    "kf/customer/cancel_upgrade_service": [sessions.cancel_recommendation("k", external_userid="w")],
}

ANSWERS: list[tuple[str, Call[Any]]] = [
    ("kf/service_state/get", sessions.get("k", external_userid="w")),
    ("kf/service_state/trans", sessions.move("k", external_userid="w", state=KfSessionState.POOL)),
    ("kf/customer/batchget", sessions.get_customers(["w"])),
    ("kf/customer/get_upgrade_service_config", sessions.get_upgrades()),
]

REQUESTS: list[tuple[str, Make]] = [
    ("kf/service_state/get", lambda: sessions.get("wkxxxxxxxxxxxxxxxxxx", external_userid="wmxxxxxxxxxxxxxxxxxx")),
    (
        "kf/service_state/trans",
        lambda: sessions.move(
            "wkxxxxxxxxxxxxxxxxxx",
            external_userid="wmxxxxxxxxxxxxxxxxxx",
            state=KfSessionState.SERVICER,
            servicer_userid="zhangsan",
        ),
    ),
    (
        "kf/customer/batchget",
        lambda: sessions.get_customers(["wmxxxxxxxxxxxxxxxxxxxxxx", "zhangsan"], with_entry=False),
    ),
    (
        "kf/customer/upgrade_service",
        lambda: sessions.recommend_member(
            "kfxxxxxxxxxxxxxx",
            external_userid="wmxxxxxxxxxxxxxxxxxx",
            userid="zhangsan",
            wording="你好，我是你的专属服务专员zhangsan",
        ),
    ),
    (
        "kf/customer/cancel_upgrade_service",
        lambda: sessions.cancel_recommendation("kfxxxxxxxxxxxxxx", external_userid="wmxxxxxxxxxxxxxxxxxx"),
    ),
]

REFUSED: list[tuple[str, Make]] = [
    ("open_kfid", lambda: sessions.get("", external_userid="w")),
    ("external_userid", lambda: sessions.get("k", external_userid="")),
    ("open_kfid", lambda: sessions.move("", external_userid="w", state=KfSessionState.POOL)),
    ("external_userid", lambda: sessions.move("k", external_userid="", state=KfSessionState.POOL)),
    ("servicer_userid", lambda: sessions.move("k", external_userid="w", state=KfSessionState.SERVICER)),
    ("external_userid_list", lambda: sessions.get_customers([])),
    ("external_userid_list", lambda: sessions.get_customers(["w"] * 101)),
    ("open_kfid", lambda: sessions.recommend_member("", external_userid="w", userid="u")),
    ("external_userid", lambda: sessions.recommend_member("k", external_userid="", userid="u")),
    ("member.userid", lambda: sessions.recommend_member("k", external_userid="w", userid="")),
    ("open_kfid", lambda: sessions.recommend_group("", external_userid="w", chat_id="c")),
    ("groupchat.chat_id", lambda: sessions.recommend_group("k", external_userid="w", chat_id="")),
    ("open_kfid", lambda: sessions.cancel_recommendation("", external_userid="w")),
    ("external_userid", lambda: sessions.cancel_recommendation("k", external_userid="")),
]

ACCEPTED: list[Make] = [lambda: sessions.get_customers(["w"] * 100)]

ARGUMENTS: Mapping[str, Any] = {
    "open_kfid": "k",
    "external_userid": "w",
    "external_userids": ["w"],
    "userid": "u",
    "chat_id": "c",
    "state": KfSessionState.POOL,
}
# The example shows both parts, of which a call sends one.
BEYOND_REACH: Mapping[str, tuple[str, ...]] = {"kf/customer/upgrade_service": ("groupchat",)}


def _talk(fake: FakeWeCom) -> Play:
    """Begin a conversation with somebody from a video channel; return the account and who it is."""
    for userid in ("zhangsan", "lisi", "expert"):
        fake.add_member(userid)
    media = yield lambda app: app.media.upload("image", PNG, filename="kf.png")
    open_kfid = yield lambda app: app.kf_accounts.create("客服", media_id=media.media_id)
    yield lambda app: app.kf_accounts.add_servicers(open_kfid, userids=["zhangsan", "lisi"])
    guest = fake.kf_enter(open_kfid, name="观众", unionid="oUnion", channels="品牌视频号")
    fake.kf_write(open_kfid, guest, "想试驾")
    return open_kfid, guest


def kf_sessions(fake: FakeWeCom) -> Play:
    """A conversation waits, is taken, answered and ended; only who serves can have it, and codes pay at both ends."""
    open_kfid, guest = yield from _talk(fake)
    who, to = guest.external_userid, KfSessionState.SERVICER
    session = yield lambda app: app.kf_sessions.get(open_kfid, external_userid=who)
    assert (session.state, session.servicer_userid) == (KfSessionState.UNHANDLED, "")
    moved = yield lambda app: app.kf_sessions.move(open_kfid, external_userid=who, state=KfSessionState.POOL)
    assert (yield lambda app: app.kf_messages.send_on_event(moved.msg_code, content="顾问马上就来"))
    try:
        yield lambda app: app.kf_messages.send(open_kfid, external_userid=who, content="机器人抢答")
    except PermissionDeniedError as error:
        refused(PermissionDeniedError, 95018, error)
    else:
        raise AssertionError
    fake.kf_take(open_kfid, guest, "zhangsan")
    fake.kf_answer(open_kfid, guest, "您好")
    fake.kf_serve(open_kfid, "lisi", serving=False)
    for userid, errcode in (("lisi", 95019), ("expert", 95014)):
        try:
            yield lambda app, userid=userid: app.kf_sessions.move(
                open_kfid, external_userid=who, state=to, servicer_userid=userid
            )
        except PermissionDeniedError as error:
            refused(PermissionDeniedError, errcode, error)
        else:
            raise AssertionError
    session = yield lambda app: app.kf_sessions.get(open_kfid, external_userid=who)
    assert (session.state, session.servicer_userid) == (KfSessionState.SERVICER, "zhangsan")
    fake.kf_end(open_kfid, guest)
    try:
        yield lambda app: app.kf_sessions.move(open_kfid, external_userid=who, state=KfSessionState.POOL)
    except InvalidRequestError as error:
        refused(InvalidRequestError, 95016, error)
    else:
        raise AssertionError
    pulled = yield lambda app: app.kf_messages.sync_all(open_kfid)
    assert [one.origin for one in pulled.messages if not one.is_event] == [KfOrigin.CUSTOMER, KfOrigin.SERVICER]
    changes = [one.content for one in pulled.messages if isinstance(one.content, KfSessionChanged)]
    assert [one.change for one in changes] == [KfSessionChange.TAKEN_FROM_POOL, KfSessionChange.ENDED]
    (stopped,) = [one.content for one in pulled.messages if isinstance(one.content, KfServicerStatusChanged)]
    assert (stopped.servicer_userid, stopped.status) == ("lisi", KfServicerStatus.STOPPED)
    assert (yield lambda app: app.kf_messages.send_on_event(changes[1].msg_code, content="期待您到店"))


def kf_recommendations(fake: FakeWeCom) -> Play:
    """Who the customer is and came from is known; a member whom the console allows is recommended, and is added."""
    open_kfid, guest = yield from _talk(fake)
    who = guest.external_userid
    known = yield lambda app: app.kf_sessions.get_customers([who, "wmNobody"], with_entry=True)
    (customer,) = known.customers
    assert (customer.nickname, customer.unionid, known.invalid) == ("观众", "oUnion", ("wmNobody",))
    assert customer.entry is not None
    assert isinstance(customer.entry.wechat_channels, KfChannelsSource)
    assert customer.entry.wechat_channels.nickname == "品牌视频号"
    try:
        yield lambda app: app.kf_sessions.recommend_member(open_kfid, external_userid=who, userid="expert")
    except APIError as error:
        refused(APIError, 95021, error)
    else:
        raise AssertionError
    fake.kf_allow_upgrades(userids=["expert"], chat_ids=["wrGroup"])
    upgrades = yield lambda app: app.kf_sessions.get_upgrades()
    assert (upgrades.members.userids, upgrades.groups.chat_ids) == (("expert",), ("wrGroup",))
    yield lambda app: app.kf_sessions.recommend_group(open_kfid, external_userid=who, chat_id="wrGroup")
    assert (yield lambda app: app.kf_sessions.cancel_recommendation(open_kfid, external_userid=who)) is None
    yield lambda app: app.kf_sessions.recommend_member(
        open_kfid, external_userid=who, userid="expert", wording="专属顾问"
    )
    fake.kf_follow_recommendation(open_kfid, guest)
    (added,) = [one for one in fake.undelivered if isinstance(one, CustomerAdded)]
    assert (added.external_userid, added.userid) == (who, "expert")


CASES: tuple[Case, ...] = (kf_sessions, kf_recommendations)
