"""The official examples of acquisition links, field by field, and the addresses that are made of a link."""

from __future__ import annotations

import io
from datetime import datetime
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.chapters._shared import at, calls
from tests.unit._models import official

from wecom_auto._time import CHINA
from wecom_auto.errors import ValidationError
from wecom_auto.models import (
    AcquisitionAuthorization,
    AcquisitionChat,
    AcquisitionChatInfo,
    AcquisitionCustomer,
    AcquisitionLink,
    AcquisitionLinkDetail,
    AcquisitionPermit,
    AcquisitionPriority,
    AcquisitionQuota,
    AcquisitionQuotaBatch,
    AcquisitionRange,
    AcquisitionStatistics,
    AuthorizedApp,
    ChatStatus,
    LinkAuthMode,
    PayMode,
    PriorityType,
    channel_url,
    wechat_url,
)

links = calls.acquisition_links
LINK = "https://work.weixin.qq.com/ca/cawcde1"


def example(name: str) -> dict:
    """Return an official answer of the chapter."""
    return official(f"externalcontact/customer_acquisition/{name}.response")


def test_link_made() -> None:
    """创建获客链接 (97297), field by field."""
    assert links.create("x", userids=["u"]).decode(example("create_link")) == AcquisitionLink(
        link_id="LINK_ID", name="获客链接1号", url="URL", created_at=at(1_667_232_000)
    )


def test_link() -> None:
    """获取获客链接详情 (97297), field by field; the example has no link_id."""
    detail = links.get("l").decode(example("get"))
    assert detail == AcquisitionLinkDetail(
        link=AcquisitionLink(
            name="LINK_NAME",
            url="https://work.weixin.qq.com/ca/xxxxxx",
            created_at=at(1_672_502_400),
            skip_verify=True,
            mark_source=True,
        ),
        range=AcquisitionRange(userids=("rocky", "sam"), department_ids=(1,)),
        priority=AcquisitionPriority(type=PriorityType.MEMBERS, userids=("tom", "lisi")),
    )
    assert detail.priority == AcquisitionPriority.among(["tom", "lisi"])
    assert detail.link.link_id == ""


def test_customers() -> None:
    """获取获客客户列表 (97298), field by field."""
    page = links.list_customers("l").decode(example("customer"))
    both = "woAJ2GCAAAXtWyujaWJHDDGi0mACAAA"
    assert page.items == (
        AcquisitionCustomer(external_userid=both, userid="zhangsan", chat_status=ChatStatus.SILENT, state="CHANNEL_A"),
        AcquisitionCustomer(external_userid=both, userid="lisi", chat_status=ChatStatus.SILENT, state="CHANNEL_B"),
    )
    assert page.next_cursor == "CURSOR"


def test_a_chat_that_is_not_mentioned_is_unknown() -> None:
    """An answer that does not say whether the customer wrote does not say that they did not."""
    page = links.list_customers("l").decode({"customer_list": [{"external_userid": "wm1"}]})
    assert page.items[0].chat_status is ChatStatus.UNKNOWN


def test_quota_and_statistics() -> None:
    """查询剩余使用量 and 查询链接使用详情 (97375), field by field; days end at midnight in China."""
    quota = links.get_quota().decode(official("externalcontact/customer_acquisition_quota.response"))
    assert quota == AcquisitionQuota(
        used=1000,
        balance=500,
        batches=(
            AcquisitionQuotaBatch(balance=200, expires_at=datetime(2023, 7, 15, tzinfo=CHINA)),
            AcquisitionQuotaBatch(balance=300, expires_at=datetime(2023, 8, 15, tzinfo=CHINA)),
        ),
    )
    day = datetime(2026, 3, 1, tzinfo=CHINA)
    used = links.get_statistics("l", first_day=day, last_day=day).decode(example("statistic"))
    assert used == AcquisitionStatistics(clicked=1000, added=500)


def test_chat() -> None:
    """获取成员多次收消息详情 (100130), field by field."""
    assert links.get_chat("k").decode(example("get_chat_info")) == AcquisitionChat(
        userid="zhangsan",
        external_userid="woAJ2GCAAAXtWyujaWJHDDGi0mACAAA",
        chat_info=AcquisitionChatInfo(link_id="caXXXXXXX", state="STATE", received=3),
    )


def test_apps() -> None:
    """获取获客助手组件授权信息 (99610) and 获取客户可建联成员 (101146), field by field."""
    assert links.get_authorization().decode(example("get_comp_auth_info")) == AcquisitionAuthorization(
        pay_mode=PayMode.PROVIDER,
        price_fen=300,
        link_auth_mode=LinkAuthMode.BY_APPS,
        apps=(AuthorizedApp(agentid=1000030), AuthorizedApp(agentid=1000031)),
    )
    permit = links.get_permit().decode(official("externalcontact/customer_acquisition_app/get_permit.response"))
    assert permit == AcquisitionPermit(userids=("jack", "rose"), department_ids=(0, 1), tag_ids=(0, 1))


def test_a_day_is_a_day_in_beijing() -> None:
    """A moment late in the evening of Greenwich is the next day in Beijing."""
    evening = at(1_772_380_800)  # 2026-03-01 16:00 UTC
    call = links.get_statistics("l", first_day=evening, last_day=evening.astimezone(CHINA).date())
    assert call.body == {"link_id": "l", "start_time": 1_772_380_800, "end_time": 1_772_380_800}


def test_days_are_asked_in_order() -> None:
    """A series of days that ends before it begins is refused, and says which argument."""
    flow = links.get_statistics_by_day("l", first_day=at(1_772_380_800), last_day=at(1_772_000_000))
    with pytest.raises(ValidationError) as caught:
        next(flow)
    assert caught.value.field == "last_day"


def test_one_text_is_no_list_of_ids() -> None:
    """A link id where a list of ids belongs would be read letter by letter."""
    with pytest.raises(ValidationError, match="link_id"):
        next(links.get_many("cawcde1"))


def test_old_days_are_refused_before_they_cost_a_call() -> None:
    """The platform knows 180 days; whoever has a clock can tell."""
    call = links.get_statistics("l", first_day=datetime(2026, 1, 1, tzinfo=CHINA), last_day=at(1_767_229_200))
    call.check(datetime(2026, 6, 30, tzinfo=CHINA).timestamp())
    with pytest.raises(ValidationError, match="start_time"):
        call.check(datetime(2026, 7, 1, tzinfo=CHINA).timestamp())


# Addresses


@pytest.mark.parametrize(
    ("url", "channel", "address"),
    [
        (LINK, "lead-1001", f"{LINK}?customer_channel=lead-1001"),
        (LINK, "a&b=c d+e", f"{LINK}?customer_channel=a%26b%3Dc%20d%2Be"),
        (LINK, "短信", f"{LINK}?customer_channel=%E7%9F%AD%E4%BF%A1"),
        (f"{LINK}?comp_scene=x", "1", f"{LINK}?comp_scene=x&customer_channel=1"),
        (f"{LINK}#top", "1", f"{LINK}?customer_channel=1#top"),
    ],
)
def test_a_channel_is_written_into_the_address(url: str, channel: str, address: str) -> None:
    """What means something in an address is encoded, and what the address has already is kept."""
    assert channel_url(url, channel) == address
    assert AcquisitionLink(url=url).channel_url(channel) == address


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=16))
def test_every_channel_comes_back(channel: str) -> None:
    """Whatever text the channel is, a reader of addresses finds it whole, in the plain and in the WeChat form."""
    address = channel_url(LINK, channel)
    assert parse_qs(urlsplit(address).query, keep_blank_values=True)["customer_channel"] == [channel]
    inner = wechat_url(address).removeprefix("weixin://biz/ww/profile/")
    assert "/" not in inner
    assert unquote(inner) == address


@pytest.mark.parametrize("channel", ["s" * 64, "字" * 21 + "s"])
def test_64_bytes_are_allowed(channel: str) -> None:
    """The limit counts bytes, and Chinese has three a character."""
    assert channel_url(LINK, channel)


@pytest.mark.parametrize(
    ("url", "channel", "field"),
    [
        (LINK, "", "customer_channel"),
        (LINK, "s" * 65, "customer_channel"),
        (LINK, "字" * 22, "customer_channel"),
        (LINK, "\ud83d", "customer_channel"),
        (f"{LINK}?customer_channel=a", "b", "customer_channel"),
        (f"{LINK}?customer_channel=", "b", "customer_channel"),
        ("", "a", "url"),
        ("cawcde1", "a", "url"),
    ],
)
def test_an_address_that_would_not_work_is_refused(url: str, channel: str, field: str) -> None:
    """The platform would cut the channel in silence, or read the wrong one of two."""
    with pytest.raises(ValidationError) as caught:
        channel_url(url, channel)
    assert caught.value.field == field


def test_a_link_is_shown_as_a_table() -> None:
    """Notebooks and terminals show what matters, and a name cannot bring markup."""
    link = AcquisitionLink(link_id="caw1", name="<b>短信</b>", url=LINK)
    html = link._repr_html_()
    assert "&lt;b&gt;短信" in html
    assert LINK in html
    rich = pytest.importorskip("rich.console")
    console = rich.Console(width=100, record=True, file=io.StringIO())
    console.print(link)
    assert "caw1" in console.export_text()
