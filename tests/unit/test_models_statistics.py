"""The official examples of statistics, intercept rules and product albums, field by field."""

from __future__ import annotations

from datetime import date

from tests.chapters._shared import at, calls
from tests.unit._models import official

from wecom_auto import _codec
from wecom_auto.models import (
    BehaviorDay,
    InterceptRule,
    InterceptType,
    ProductAttachment,
    ProductAttachmentType,
    Semantics,
)

DAY = date(2026, 3, 1)


def test_behavior() -> None:
    """联系客户统计 (92132): counts, shares in percent, times in minutes, and the day in Beijing."""
    call = calls.statistics.get_behavior(["u"], first_day=DAY, last_day=DAY)
    first, second = call.decode(official("externalcontact/get_user_behavior_data.response"))
    assert (first.stat_at, first.day) == (at(1_536_508_800), date(2018, 9, 10))
    assert (first.chats, first.messages, first.reply_percentage, first.avg_reply_minutes) == (100, 80, 60.25, 1)
    assert (first.negative_feedbacks, first.new_applies, first.new_contacts) == (0, 6, 5)
    assert (second.day, second.chats, second.messages, second.reply_percentage) == (date(2018, 9, 11), 20, 40, 100)


def test_what_is_not_told_is_none() -> None:
    """A figure that is missing is None, a 0 is 0, and both survive being written."""
    value = _codec.decode(BehaviorDay, {"stat_time": 1_536_508_800, "chat_cnt": 0})
    assert (value.chats, value.messages, value.reply_percentage, value.avg_reply_minutes) == (0, None, None, None)
    assert _codec.encode(value) == {"stat_time": 1_536_508_800, "chat_cnt": 0}
    assert BehaviorDay().day is None


def test_groups_by_owner() -> None:
    """群聊数据统计 by owner (92133): the end is where next_offset equals total."""
    page = calls.statistics.list_groups_by_owner(["u"], first_day=DAY).decode(
        official("externalcontact/groupchat/statistic.response")
    )
    assert (page.total, page.next_cursor, page.extra) == (2, "", {})
    first, second = page.items
    assert (first.owner, second.owner) == ("zhangsan", "lisi")
    figures = second.figures
    assert (figures.new_chats, figures.chats, figures.chats_with_messages, figures.messages) == (1, 3, 2, 0)
    assert (figures.new_members, figures.members, figures.members_with_messages) == (0, 6, 0)
    assert figures.migrated_chats == 3


def test_groups_by_day() -> None:
    """群聊数据统计 by day (92133)."""
    call = calls.statistics.get_groups_by_day(["u"], first_day=DAY)
    first, second = call.decode(official("externalcontact/groupchat/statistic_group_by_day.response"))
    assert (first.day, second.day) == (date(2020, 9, 17), date(2020, 9, 18))
    assert (first.stat_at, first.figures.new_chats, first.figures.members) == (at(1_600_272_000), 2, 6)


def test_intercept_rule() -> None:
    """敏感词规则 (95097); the example writes the id as a number, the list as a text, and both are a text here."""
    rule = calls.intercept_rules.get("r").decode(official("externalcontact/get_intercept_rule.response"))
    assert (rule.rule_id, rule.name, rule.words) == ("1", "rulename", ("敏感词1", "敏感词2"))
    assert rule.semantics == (Semantics.MOBILE, Semantics.EMAIL, Semantics.RED_PACKET)
    assert (rule.intercept_type, rule.created_at) == (InterceptType.BLOCK, None)
    assert (rule.applicable_range.userids, rule.applicable_range.departments) == (("zhangshan",), (2, 3))
    (ref,) = calls.intercept_rules.list().decode(official("externalcontact/get_intercept_rule_list.response"))
    assert (ref.rule_id, ref.name, ref.created_at) == ("xxxx", "rulename", at(1_600_000_000))
    made = calls.intercept_rules.create("n", words=["x"], intercept_type=1, userids=["u"])
    assert made.decode(official("externalcontact/add_intercept_rule.response")) == "xxx"


def test_semantics_are_found_in_either_place() -> None:
    """Older answers have semantics_list in the rule itself, and a rule may have none."""
    older = _codec.decode(InterceptRule, {"rule_id": "1", "semantics_list": [2]})
    assert older.semantics == (Semantics.EMAIL,)
    assert _codec.decode(InterceptRule, {"rule_id": "1"}).semantics == ()


def test_product() -> None:
    """商品图册 (95096): the price is in fen, and a list does not say when a product was made."""
    product = calls.product_albums.get("p").decode(official("externalcontact/get_product_album.response"))
    assert (product.product_id, product.description, product.price_fen) == ("xxxxxxxxxx", "世界上最好的商品", 30_000)
    assert (product.product_sn, product.created_at) == ("xxxxxxxx", at(1_600_000_000))
    assert product.attachments == (ProductAttachment.of_image("MEDIA_ID"),)
    assert product.media_ids == ("MEDIA_ID",)
    page = calls.product_albums.list().decode(official("externalcontact/get_product_album_list.response"))
    (listed,) = page.items
    assert (listed.product_id, listed.created_at, page.next_cursor) == ("xxxxxxxxxx", None, "CURSOR")
    made = calls.product_albums.create("x", price_fen=1, attachments=["m"])
    assert made.decode(official("externalcontact/add_product_album.response")) == "xxxxxxxxxx"


def test_an_attachment_of_another_kind_is_kept() -> None:
    """A product with a video, should there be one, is read: it only has no picture there."""
    call = calls.product_albums.get("p")
    product = call.decode({"product": {"product_id": "p", "attachments": [{"type": "video", "video": {"id": 1}}]}})
    (attachment,) = product.attachments
    assert (attachment.type, attachment.image) == (ProductAttachmentType("video"), None)
    assert attachment.extra == {"video": {"id": 1}}
    assert product.media_ids == ()
