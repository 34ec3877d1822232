"""What the codec promises beyond the models: paths, times, flags, and refusals."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from types import NoneType
from typing import Any

import attrs
import pytest

from wecom_auto import UNSET, _codec, models
from wecom_auto._types import JSON
from wecom_auto.errors import DecodeError, ValidationError
from wecom_auto.models import (
    AddWay,
    ContactWay,
    FollowedCustomer,
    GroupChat,
    ImageAttachment,
    JoinWay,
    LinkAttachment,
    MassMessage,
    Media,
    MomentCreated,
    NewTag,
    SentMessage,
    Tag,
    TagGroup,
)

PAGE = [
    {"external_contact": {"external_userid": f"wm{i}"}, "follow_info": {"userid": "u", "createtime": 1_600_000_000 + i}}
    for i in range(5)
]


def path_of(kind: Any, raw: object, at: str = "") -> str:
    """Return where decoding fails."""
    with pytest.raises(DecodeError) as caught:
        _codec.decode(kind, raw, at=at)
    return caught.value.path


def test_the_path_reaches_through_lists_and_objects() -> None:
    """An error deep in a page says which item and which field, from the root of the answer."""
    raw: list[dict[str, Any]] = [*PAGE[:3], {**PAGE[3], "follow_info": {"userid": "u", "createtime": "yesterday"}}]
    place = path_of(tuple[FollowedCustomer, ...], raw, at="external_contact_list")
    assert place == "external_contact_list[3].follow_info.createtime"


@pytest.mark.parametrize(
    ("kind", "raw", "path"),
    [
        (FollowedCustomer, {"external_contact": {"external_userid": "wm"}}, "follow_info"),
        (FollowedCustomer, {"external_contact": [], "follow_info": {"userid": "u"}}, "external_contact"),
        (TagGroup, {"group_id": "g", "tag": [{"id": "a"}, {"name": "b"}]}, "tag[1].id"),
        (TagGroup, {"group_id": "g", "tag": [None, {"id": 5}]}, "tag[1].id"),
        (TagGroup, {"group_id": "g", "tag": {"id": "a"}}, "tag"),
        (ContactWay, {"config_id": "c", "user": ["a", 5]}, "user[1]"),
        (ContactWay, {"config_id": "c", "conclusions": {"link": {"url": 5}}}, "conclusions.link.url"),
        (ContactWay, {"config_id": "c", "skip_verify": 2}, "skip_verify"),
        (ContactWay, {"config_id": "c", "style": True}, "style"),
        (GroupChat, {"chat_id": "c", "member_list": [{"userid": "u", "join_time": 1e99}]}, "member_list[0].join_time"),
        (GroupChat, {"chat_id": "c", "create_time": 10**18}, "create_time"),
        (MassMessage, {"msgid": "m", "attachments": [[]]}, "attachments[0]"),
        (Tag, [], ""),
        (tuple[str, ...], {"a": 1}, ""),
        (tuple[str, ...], "a", ""),
        (tuple[str, ...], ["a", 1], "[1]"),
        (FollowedCustomer, {"external_contact": None, "follow_info": {"userid": "u"}}, "external_contact"),
        (SentMessage, {"invaliduser": ["a", None, {}]}, "invaliduser[2]"),
        (float, "1", ""),
        (float, 10**400, ""),
    ],
)
def test_what_does_not_fit_is_named(kind: Any, raw: object, path: str) -> None:
    """A wrong or missing value is an error with its place, at any depth."""
    assert path_of(kind, raw) == path


def test_an_error_shows_types_and_no_values() -> None:
    """The message may end up in a log, and the value may be a phone number."""
    with pytest.raises(DecodeError, match="expected a whole number, found str at order") as caught:
        _codec.decode(Tag, {"id": "t", "order": "+13800000001"})
    assert "138" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("spelt", ["1557838797", 1_557_838_797.0])
def test_a_number_has_other_spellings(spelt: object) -> None:
    """Proxies write numbers as texts or with a point; where nothing gets lost, it is the same number."""
    raw = {"id": "t", "create_time": spelt, "order": spelt, "deleted": False}
    assert _codec.decode(Tag, raw) == _codec.decode(
        Tag, {"id": "t", "create_time": 1_557_838_797, "order": 1_557_838_797}
    )
    assert _codec.decode(AddWay, "16") is _codec.decode(AddWay, 16.0) is AddWay.ACQUISITION_LINK
    assert _codec.decode(AddWay, "9999") == 9999
    assert _codec.decode(tuple[int, ...], ["2", 3.0, -4]) == (2, 3, -4)
    assert _codec.decode(int, "-1") == -1


@pytest.mark.parametrize(
    "spelt",
    [
        *("007", " 7", "7 ", "+7", "-0", "7.0", "1e3", "0x7", "1_000", "٧", "７", "", "9" * 20, "9" * 5000),
        *(1.5, 1e300, 2.0**53, float("nan"), float("inf"), True, [], {}),
    ],
)
def test_a_number_is_not_guessed(spelt: object) -> None:
    """What the number would not be spelt as, or what may have lost something already, is a wrong type."""
    assert path_of(int, spelt) == ""
    assert path_of(AddWay, spelt) == ""
    assert path_of(TagGroup, {"group_id": "g", "tag": [{"id": "t", "create_time": spelt or [1]}]}).startswith("tag[0].")


@pytest.mark.parametrize("number", [7, 7.0, True, -1])
def test_a_number_is_no_text(number: object) -> None:
    """Whoever wrote 7 may have been given "007": an id that is not the customer's would go unnoticed."""
    assert path_of(Tag, {"id": number}) == "id"
    assert path_of(models.Follow, {"userid": "u", "remark_mobiles": [number]}) == "remark_mobiles[0]"


def test_nothing_has_other_spellings() -> None:
    """PHP writes an empty object as a list, and others an empty list as an object: both hold nothing."""
    raw = {"userid": "u", "tags": {}, "tag_id": {}, "remark_mobiles": None, "wechat_channels": []}
    assert _codec.decode(models.Follow, raw) == models.Follow(userid="u")
    assert _codec.decode(tuple[str, ...], {}) == ()
    assert path_of(FollowedCustomer, {"external_contact": [], "follow_info": {"userid": "u"}}) == "external_contact"
    assert path_of(models.Follow, {"userid": "u", "wechat_channels": [{"nickname": "x"}]}) == "wechat_channels"


def test_big_numbers_stay_exact() -> None:
    """A number beyond 64 bits, which the standard parser reads, is not rounded."""
    assert _codec.decode(Tag, {"id": "t", "order": 10**30}).order == 10**30


def test_names_are_not_touched() -> None:
    """Entities, emoji, halves of emoji, control characters and length are the customer's choice."""
    for name in ("A&amp;B &lt;3", "👨‍👩‍👧 李四", "\ud83d", "\u0000\u202e", "长" * 5000, " \n", "null", "None"):
        raw = {"external_userid": "wm", "name": name}
        value = _codec.decode(models.Customer, raw)
        assert value.name == name
        assert _codec.encode(value) == raw


def test_null_items_are_left_out() -> None:
    """A null in a list stands for nothing."""
    assert _codec.decode(tuple[str, ...], ["a", None, "b"]) == ("a", "b")


def test_a_list_that_is_left_out_is_empty() -> None:
    """A corp without tags answers no list at all."""
    assert _codec.decode(tuple[TagGroup, ...], None) == ()


def test_the_envelope_is_no_field() -> None:
    """The errcode and errmsg of an answer do not land in `extra`, but unknown fields of it do."""
    made = _codec.decode(MomentCreated, {"errcode": 41048, "errmsg": "nobody", "moment_id": ""})
    assert (made.errcode, made.errmsg, made.extra) == (41048, "nobody", {}), "unless the model has them as fields"
    sent = _codec.decode(SentMessage, {"errcode": 0, "errmsg": "ok", "msgid": "m", "future": 1})
    assert sent == SentMessage(msgid="m", extra={"future": 1})


def test_a_plain_object_comes_back_whole() -> None:
    """Requests without a model get the answer as it is."""
    raw = {"errcode": 0, "ip_list": ["1.2.3.4"]}
    assert _codec.decode(dict, raw) == raw
    assert _codec.decode(Mapping[str, JSON], raw) == raw  # type: ignore[type-abstract]  # a type to decode to


@pytest.mark.parametrize(
    ("raw", "truth"),
    [(True, True), (False, False), (1, True), (0, False), ("1", True), ("0", False), ("true", True), ("false", False)],
)
def test_flags_come_in_several_spellings(raw: object, truth: bool) -> None:
    """The platform writes flags as true/false on one page and as 0/1 on the next, and proxies as texts."""
    assert _codec.decode(JoinWay, {"config_id": "c", "auto_create_room": raw}).auto_create_room is truth
    assert _codec.decode(ContactWay, {"config_id": "c", "is_temp": raw}).is_temp is truth


def test_flags_are_written_as_their_page_wants() -> None:
    """`auto_create_room` is 0 or 1 on the wire, `skip_verify` is true or false."""
    assert _codec.encode(JoinWay(config_id="c", auto_create_room=False)) == {"config_id": "c", "auto_create_room": 0}
    assert _codec.encode(ContactWay(config_id="c", skip_verify=False)) == {"config_id": "c", "skip_verify": False}


def test_times_are_aware_utc() -> None:
    """Unix seconds become aware UTC datetimes, and any aware datetime becomes unix seconds."""
    tag = _codec.decode(Tag, {"id": "t", "create_time": 1_557_838_797})
    assert tag.created_at == datetime(2019, 5, 14, 12, 59, 57, tzinfo=UTC)
    assert tag.created_at is not None
    assert tag.created_at.tzinfo is UTC
    china = tag.created_at.astimezone(timezone(timedelta(hours=8)))
    assert _codec.encode(attrs.evolve(tag, created_at=china)) == {"id": "t", "create_time": 1_557_838_797}


@pytest.mark.parametrize("never", [0, "0"])
def test_zero_is_never(never: object) -> None:
    """The platform writes 0 for a time that has not come."""
    assert _codec.decode(models.MassMessageTask, {"userid": "u", "send_time": never}).sent_at is None


def test_seconds_in_a_text_are_read_and_written() -> None:
    """media/upload writes its time as a text."""
    raw = {"media_id": "m", "type": "image", "created_at": "1380000000"}
    media = _codec.decode(Media, raw)
    assert media.created_at == datetime.fromtimestamp(1_380_000_000, UTC)
    assert _codec.encode(media) == raw


def test_a_naive_datetime_is_refused() -> None:
    """A time without a zone names another instant on every machine; the message names the wire field."""
    naive = datetime(2026, 3, 1, 10)  # noqa: DTZ001  # the point of the test
    with pytest.raises(ValidationError) as caught:
        _codec.encode(Tag(id="t", created_at=naive))
    assert caught.value.field == "create_time"
    with pytest.raises(ValidationError, match="aware"):
        _codec.encode(naive)


def test_piped_lists() -> None:
    """Ids that travel as one text are a tuple; an empty text is an empty tuple."""
    sent = _codec.decode(SentMessage, {"invaliduser": "a|b", "invalidparty": ""})
    assert (sent.invalid_userids, sent.invalid_partyids) == (("a", "b"), ())
    assert _codec.encode(sent) == {"invaliduser": "a|b"}
    as_lists = {"invaliduser": ["a", "b"], "invalidparty": [2, 3], "invalidtag": []}
    assert _codec.decode(SentMessage, as_lists) == SentMessage(
        invalid_userids=("a", "b"), invalid_partyids=("2", "3")
    ), "as messages to linked corps are answered"


def test_closing_words_lack_what_a_message_needs() -> None:
    """The page of contact ways asks for no title and no cover: such a contact way can be read, and is written so."""
    raw = {"config_id": "c", "conclusions": {"link": {"url": "u"}, "miniprogram": {"appid": "a", "page": "p"}}}
    way = _codec.decode(ContactWay, raw)
    assert way.conclusions is not None
    assert way.conclusions.link == LinkAttachment(title="", url="u")
    assert _codec.encode(way) == raw


def test_what_means_absence_is_left_out() -> None:
    """None, UNSET and defaults are not written, at any depth."""
    assert _codec.encode(NewTag(name="高")) == {"name": "高"}
    assert _codec.encode(ImageAttachment(pic_url="u")) == {"msgtype": "image", "image": {"pic_url": "u"}}
    assert _codec.encode({"a": None, "b": UNSET, "c": {"d": None, "e": 0}}) == {"c": {"e": 0}}
    assert _codec.encode([NewTag(name="x", order=0), UNSET]) == [{"name": "x", "order": 0}]


def test_plain_values_pass() -> None:
    """What JSON knows is written as it is; enums as their values, tuples and sets as lists."""
    value: Any = {
        "n": 1,
        "f": 1.5,
        "t": "字",
        "b": True,
        "e": AddWay.QR_CODE,
        "s": models.ChatType.GROUP,
        "l": ("a", 2),
    }
    assert _codec.encode(value) == {"n": 1, "f": 1.5, "t": "字", "b": True, "e": 1, "s": "group", "l": ["a", 2]}
    assert type(_codec.encode(models.ChatType.GROUP)) is str
    assert type(_codec.encode(AddWay.QR_CODE)) is int
    assert _codec.encode(frozenset({"a"})) == ["a"]
    assert _codec.encode(None) is None
    assert _codec.encode_object(LinkAttachment(title="t", url="u")) == {
        "msgtype": "link",
        "link": {"title": "t", "url": "u"},
    }


@pytest.mark.parametrize("value", [b"bytes", object(), {"deep": [object()]}, 1j])
def test_what_has_no_json_form_is_refused(value: object) -> None:
    """A mistake is found before the wire, and the message does not show the value."""
    with pytest.raises(ValidationError, match="lists and mappings of those"):
        _codec.encode(value)


def test_first_use_from_many_threads() -> None:
    """Decoders are made at first use; threads that meet there all get a right answer."""

    @attrs.frozen(kw_only=True)
    class Fresh(models.Model):
        id: str
        way: AddWay = AddWay.UNKNOWN

    answers: list[Fresh] = []
    start = threading.Barrier(8)

    def work() -> None:
        start.wait()
        answers.append(_codec.decode(Fresh, {"id": "x", "way": 4321}))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [Fresh(id="x", way=AddWay(4321))] * 8


def test_an_answer_without_content() -> None:
    """A union with None reads null as None."""
    assert _codec.decode(Tag | NoneType, None) is None  # type: ignore[arg-type]  # a union is no class


def test_nothing_extra_is_a_mapping() -> None:
    """The shared empty mapping behaves like any other and cannot be filled."""
    extra = Tag(id="t").extra
    assert (dict(extra), len(extra), repr(extra), extra.get("x")) == ({}, 0, "{}", None)
    with pytest.raises(KeyError):
        extra["x"]
    with pytest.raises(TypeError):
        extra["x"] = 1  # type: ignore[index]  # the point of the test
