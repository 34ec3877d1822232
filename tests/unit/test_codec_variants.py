"""Answers as they are in the wild: what other projects met and stubbed is read as what it means.

``tests/fixtures/variants/answers.json`` was made after variants seen in tests and issues of public SDKs.
It is in our own words: no answer in it was copied, and no id belongs to anybody.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from wecom_auto import Call, Calls, Page, _codec
from wecom_auto.errors import DecodeError
from wecom_auto.models import AddWay, ContactType, FollowedCustomer, Gender, TextMessage

calls = Calls()
NOW = datetime(2026, 3, 1, tzinfo=UTC)
VARIANTS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "fixtures" / "variants" / "answers.json").read_text("utf-8")
)
CALLS: Mapping[str, Callable[[], Call[Any]]] = {
    "externalcontact/list": lambda: calls.customers.list("u"),
    "externalcontact/get": lambda: calls.customers.get("wm"),
    "externalcontact/batch/get_by_user": lambda: calls.customers.list_by_user(["u"]),
    "externalcontact/get_corp_tag_list": calls.tags.list,
    "externalcontact/get_contact_way": lambda: calls.contact_ways.get("c"),
    "externalcontact/groupchat/get": lambda: calls.groups.get("c"),
    "externalcontact/groupchat/list": calls.groups.list,
    "externalcontact/add_msg_template": lambda: calls.mass_messages.create(sender="u", text="x"),
    "externalcontact/get_groupmsg_list_v2": lambda: calls.mass_messages.list(start_at=NOW, end_at=NOW),
    "externalcontact/get_groupmsg_task": lambda: calls.mass_messages.iter_members("m"),
    "externalcontact/get_groupmsg_send_result": lambda: calls.mass_messages.iter_results("m", userid="u"),
    "message/send": lambda: calls.messages.send(TextMessage(content="x"), users=["u"], agent_id=1),
    "media/upload": lambda: calls.media.upload("image", b"picture", filename="a.png"),
}


@pytest.mark.parametrize("variant", VARIANTS, ids=[variant["about"] for variant in VARIANTS])
def test_a_variant_reads_as_what_it_means(variant: Mapping[str, Any]) -> None:
    """Nothing of the answer breaks or gets lost; written again, it is in the manual's spelling."""
    call = CALLS[variant["path"]]()
    value = call.decode(variant["answer"])
    if isinstance(value, Page):
        assert value.next_cursor == ""
        assert value.extra == {key: item for key, item in variant["answer"].items() if key == "fail_info"}
        value = value.items
    assert _codec.encode(value) == variant["reads_as"]


def test_one_odd_field_costs_no_page() -> None:
    """Of a hundred customers one has its numbers as texts: all are typed alike."""
    customers = [
        {
            "external_contact": {"external_userid": f"wm{i}", "type": 1, "gender": 2},
            "follow_info": {"userid": "u", "add_way": 16, "createtime": 1_700_000_000},
        }
        for i in range(100)
    ]
    customers[57] = {
        "external_contact": {"external_userid": "wm57", "type": "1", "gender": "2"},
        "follow_info": {"userid": "u", "add_way": "16", "createtime": "1700000000"},
    }
    page = calls.customers.list_by_user(["u"]).decode({"external_contact_list": customers})
    assert {(one.customer.type, one.customer.gender, one.add_way, one.follow.created_at) for one in page.items} == {
        (ContactType.WECHAT, Gender.FEMALE, AddWay.ACQUISITION_LINK, datetime.fromtimestamp(1_700_000_000, UTC))
    }
    assert isinstance(page.items[57], FollowedCustomer)


@pytest.mark.parametrize(
    ("odd", "path"),
    [
        ({"createtime": "2023-11-14 22:13:20"}, "createtime"),
        ({"createtime": "1700000000000"}, "createtime"),
        ({"remark": 13800000001}, "remark"),
        ({"tag_id": "et1"}, "tag_id"),
        ({"tag_id": [1]}, "tag_id[0]"),
        ({"add_way": "scan"}, "add_way"),
    ],
)
def test_what_is_not_clear_is_an_error(odd: Mapping[str, Any], path: str) -> None:
    """A value that may mean several things is refused with its place, and nobody acts on a guess."""
    raw = {"external_contact": {"external_userid": "wm"}, "follow_info": {"userid": "u", **odd}}
    with pytest.raises(DecodeError) as caught:
        calls.customers.list_by_user(["u"]).decode({"external_contact_list": [raw]})
    assert caught.value.path == f"external_contact_list[0].follow_info.{path}"


def test_of_two_values_under_one_key_the_last_counts() -> None:
    """A JSON object that says a key twice is read as every JSON parser at hand reads it."""
    raw = json.loads('{"external_contact": {"external_userid": "wm1", "external_userid": "wm2"}, "follow_user": []}')
    assert calls.customers.get("wm").decode(raw).customer.external_userid == "wm2"
