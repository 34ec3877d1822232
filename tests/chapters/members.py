"""What the tests know of `wecom.members`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.chapters import Make
from tests.chapters._shared import PNG, calls
from tests.contract._play import Case, Play, refused

from wecom_auto import Call
from wecom_auto.errors import PermissionDeniedError
from wecom_auto.models import (
    ChannelsAccount,
    ExternalAttribute,
    ExternalAttributeType,
    ExternalProfile,
    MemberStatus,
    MiniProgramValue,
    TextValue,
    WebValue,
)
from wecom_auto.testing import FakeWeCom

members = calls.members


def line(name: str, value: TextValue | WebValue | MiniProgramValue) -> ExternalAttribute:
    """Return a line of a card."""
    if isinstance(value, TextValue):
        return ExternalAttribute(name=name, text=value)
    if isinstance(value, WebValue):
        return ExternalAttribute(name=name, type=ExternalAttributeType.WEB, web=value)
    return ExternalAttribute(name=name, type=ExternalAttributeType.MINI_PROGRAM, mini_program=value)


CARD = ExternalProfile(
    external_corp_name="企业简称",
    wechat_channels=ChannelsAccount(nickname="视频号名称"),
    external_attr=(
        line("文本名称", TextValue(value="文本")),
        line("网页名称", WebValue(url="http://www.test.com", title="标题")),
        line("测试app", MiniProgramValue(appid="wx8bd80126147dFAKE", page="/index", title="my miniprogram")),
    ),
)

CALLS: Mapping[str, list[Call[Any]]] = {
    "user/get": [members.get("u")],
    "user/update": [
        members.update(
            "u",
            name="n",
            alias="a",
            position="p",
            avatar_media_id="m",
            external_position="e",
            external_profile=CARD,
        )
    ],
}

BEYOND_REACH: Mapping[str, tuple[str, ...]] = {
    "user/update": (
        "new_userid",
        "email",
        "biz_mail",
        "mobile",
        "telephone",
        "gender",
        "address",
        "department",
        "order",
        "is_leader_in_dept",
        "main_department",
        "direct_leader",
        "enable",
        "extattr",
        "external_profile.wechat_channels.status",
    )
}
"""What the address book is for beside the card: the corp's own system of people writes it."""

ANSWERS: list[tuple[str, Call[Any]]] = [
    ("user/get", members.get("u")),
    ("user/update", members.update("u", alias="a")),
]

REQUESTS: list[tuple[str, Make]] = [
    (
        "user/update",
        lambda: members.update(
            "zhangsan",
            name="李四",
            alias="jackzhang",
            position="后台工程师",
            avatar_media_id="2-G6nrLmr5EC3MNb_-zL1dDdzkd0p7cNliYu9V5w7o8K0",
            external_position="工程师",
            external_profile=CARD,
        ),
    ),
]


def _card(*lines: ExternalAttribute) -> Call[Any]:
    return members.update("u", external_profile=ExternalProfile(external_attr=lines))


REFUSED: list[tuple[str, Make]] = [
    ("userid", lambda: members.get("")),
    ("userid", lambda: members.get("x" * 65)),
    ("userid", lambda: members.update("x" * 65, alias="a")),
    ("name / alias / position / avatar_mediaid / external_position / external_profile", lambda: members.update("u")),
    ("name", lambda: members.update("u", name="")),
    ("name", lambda: members.update("u", name="字" * 65)),
    ("alias", lambda: members.update("u", alias="字" * 65)),
    ("position", lambda: members.update("u", position="字" * 43)),
    ("avatar_mediaid", lambda: members.update("u", avatar_media_id="")),
    ("external_position", lambda: members.update("u", external_position="字" * 13)),
    ("external_profile.external_attr[0].name", lambda: _card(line("", TextValue(value="x")))),
    (
        "external_profile.external_attr[1].web.title",
        lambda: _card(line("a", TextValue(value="x")), line("b", WebValue(url="https://a.cn", title="字" * 13))),
    ),
    (
        "external_profile.external_attr[0].miniprogram.title",
        lambda: _card(line("a", MiniProgramValue(appid="wx1", title="字" * 13))),
    ),
]

ACCEPTED: list[Make] = [
    lambda: members.get("x" * 64),
    lambda: members.update("u", name="字" * 64, alias="字" * 64, position="字" * 42, external_position="字" * 12),
    lambda: members.update("u", external_position=""),
    lambda: _card(line("a", WebValue(url="https://a.cn", title="字" * 12))),
]


def members_and_their_cards(fake: FakeWeCom) -> Play:
    """Only the contact-sync secret writes a card, and only an app reads it; what is not allowed is ignored."""
    fake.add_member("zhangsan", name="张三", department=2)
    fake.allow_on_cards(labels=["门店", "官网"])
    card = ExternalProfile(
        external_corp_name="某某汽车",
        wechat_channels=ChannelsAccount(nickname="某某汽车"),
        external_attr=(
            line("门店", TextValue(value="北京朝阳店")),
            line("官网", WebValue(url="https://example.com", title="了解更多")),
            line("没有的", TextValue(value="x")),
        ),
    )
    try:
        yield lambda app: app.members.update("zhangsan", external_position="专属顾问")
    except PermissionDeniedError as error:
        refused(PermissionDeniedError, 48002, error)
    else:
        raise AssertionError
    fake.set_contact_sync()
    written = yield lambda app: app.members.update(
        "zhangsan", alias="小张", external_position="专属顾问", external_profile=card
    )
    assert written is None
    try:
        yield lambda app: app.members.get("zhangsan")
    except PermissionDeniedError as error:
        refused(PermissionDeniedError, 48002, error)
    else:
        raise AssertionError
    cleared = ExternalProfile(external_attr=(line("官网", WebValue(url="", title="")),))
    assert (yield lambda app: app.members.update("zhangsan", external_profile=cleared)) is None
    fake.set_contact_sync(on=False)
    media = yield lambda app: app.media.upload("image", PNG, filename="me.png")
    fake.set_contact_sync()
    assert (yield lambda app: app.members.update("zhangsan", avatar_media_id=media.media_id)) is None
    assert fake.member("zhangsan").picture == media.media_id
    fake.set_contact_sync(on=False)
    member = yield lambda app: app.members.get("zhangsan")
    assert (member.userid, member.name, member.alias) == ("zhangsan", "张三", "小张")
    assert (member.external_position, member.main_department) == ("专属顾问", 2)
    assert member.external_profile.external_corp_name == "某某汽车"
    assert member.external_profile.wechat_channels == ChannelsAccount(nickname="某某汽车")
    assert member.external_profile.external_attr == card.external_attr[:1]
    assert member.status is MemberStatus.ACTIVE
    fake.add_member("lisi", activated=False)
    fresh = yield lambda app: app.members.get("lisi")
    assert fresh.status is MemberStatus.NOT_ACTIVATED


CASES: tuple[Case, ...] = (members_and_their_cards,)
