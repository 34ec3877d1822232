"""The platform changes without notice: nothing that it may send breaks a model or gets lost."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from typing import Any

import attrs
import pytest
from tests.unit._models import MODELS, fields, smallest

from wecom_auto import _codec, models
from wecom_auto._model import (
    Form,
    Model,
    OpenIntEnum,
    OpenStrEnum,
    Tagged,
    form_of,
    is_subclass,
    strip_optional,
    wire_name,
)
from wecom_auto.errors import DecodeError
from wecom_auto.models import AddWay, Attachment, ChatType, ImageAttachment, LinkAttachment, UnknownAttachment

ENUMS = [
    kind
    for name in models.__all__
    if is_subclass(kind := getattr(models, name), OpenIntEnum) and kind is not OpenIntEnum
]
FIELDS = [(kind, field) for kind in MODELS for field in fields(kind)]
IDS = [f"{kind.__name__}.{field.name}" for kind, field in FIELDS]


def read(kind: type[Model], raw: dict[str, Any]) -> Any:
    """Decode `raw` as a `kind`, in its envelope if it travels in one."""
    if issubclass(kind, Tagged):
        return _codec.decode(kind, {"msgtype": kind.MSGTYPE, kind.MSGTYPE: raw})
    return _codec.decode(kind, raw)


def default(field: attrs.Attribute[Any]) -> Any:
    """Return what a field holds when the platform says nothing."""
    return field.default


@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.__name__)
def test_only_identifiers_are_required(kind: type[Model]) -> None:
    """The smallest object of every model decodes; every other field falls back to its default."""
    value = read(kind, smallest(kind))
    for field in fields(kind):
        if field.default is not attrs.NOTHING:
            assert getattr(value, field.name) == default(field)
    assert value.extra == {}


@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.__name__)
def test_a_future_field_is_kept(kind: type[Model]) -> None:
    """A field that this version does not know is kept in `extra` and written back."""
    future = {"future_field": {"deep": [1, "二", None]}}
    value = read(kind, smallest(kind) | future)
    assert value.extra == future
    again: Any = _codec.encode(value)
    assert (again[kind.MSGTYPE] if issubclass(kind, Tagged) else again)["future_field"] == future["future_field"]


@pytest.mark.parametrize(("kind", "field"), FIELDS, ids=IDS)
@pytest.mark.parametrize("nothing", [None, ""], ids=["null", "empty"])
def test_nothing_means_the_default(kind: type[Model], field: attrs.Attribute[Any], nothing: object) -> None:
    """A null, and an empty text where no text belongs, is the default and never the text 'None'."""
    raw = smallest(kind) | {wire_name(field): nothing}
    empty_text = nothing == "" and strip_optional(field.type) is str
    if field.default is attrs.NOTHING and not empty_text:
        expect_unreadable(kind, raw, wire_name(field))
    else:
        assert getattr(read(kind, raw), field.name) == ("" if empty_text else default(field))


@pytest.mark.parametrize(("kind", "field"), FIELDS, ids=IDS)
def test_a_wrong_type_names_its_place(kind: type[Model], field: attrs.Attribute[Any]) -> None:
    """A number where a text belongs, or a text where anything else does, is an error with the path of the field."""
    wants_text = strip_optional(field.type) is str or is_subclass(strip_optional(field.type), OpenStrEnum)
    wrong = 5 if wants_text or form_of(field) is Form.PIPED else "five"
    raw = smallest(kind) | {wire_name(field): [wrong] if form_of(field) is Form.ID else wrong}
    expect_unreadable(kind, raw, wire_name(field))


def expect_unreadable(kind: type[Model], raw: dict[str, Any], key: str) -> None:
    """Expect an error at `key`, or for a tagged value the class that keeps everything."""
    if issubclass(kind, Tagged):
        kept = read(kind, raw)
        assert (kept.msgtype, kept.data) == (kind.MSGTYPE, {kind.MSGTYPE: raw})
        return
    with pytest.raises(DecodeError) as caught:
        read(kind, raw)
    assert caught.value.path == key
    assert "five" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "field"), [(k, f) for k, f in FIELDS if is_subclass(strip_optional(f.type), OpenIntEnum)]
)
def test_a_future_number_becomes_a_member(kind: type[Model], field: attrs.Attribute[Any]) -> None:
    """A number that the manual does not list yet is a member of its own and is written back as it came."""
    value = read(kind, smallest(kind) | {wire_name(field): 9999})
    member = getattr(value, field.name)
    assert isinstance(member, strip_optional(field.type))
    assert member == 9999
    assert member.name == "UNKNOWN_9999"
    assert _codec.encode(member) == 9999


@pytest.mark.parametrize("kind", ENUMS, ids=lambda kind: kind.__name__)
def test_an_unknown_member_is_a_good_citizen(kind: type[OpenIntEnum]) -> None:
    """It is one object per number, equals the number, and survives JSON, pickle and copies."""
    member = kind(9999)
    assert member is kind(9999)
    assert member == 9999
    assert json.dumps([member]) == "[9999]"
    assert pickle.loads(pickle.dumps(member)) is member  # noqa: S301  # our own bytes
    assert copy.deepcopy(member) is member
    assert member not in list(kind), "iteration lists what the manual lists"


def test_an_unknown_text_becomes_a_member() -> None:
    """A text that the manual does not list yet is a member that equals it."""
    member = ChatType("hologram")
    assert member == "hologram"
    assert member.name == "UNKNOWN_hologram"
    assert pickle.loads(pickle.dumps(member)) is member  # noqa: S301  # our own bytes
    assert _codec.encode(member) == "hologram"


@pytest.mark.parametrize(("kind", "value"), [(AddWay, "1"), (AddWay, None), (AddWay, 1.5), (ChatType, 5)])
def test_an_enum_takes_no_other_type(kind: Any, value: object) -> None:
    """Only numbers become members of a numeric enum, and only texts of a text enum."""
    with pytest.raises(ValueError, match="is not a valid"):
        kind(value)


def test_an_unknown_member_crosses_process_borders() -> None:
    """A worker that has never seen the number unpickles it all the same."""
    code = "import pickle, sys; print(repr(pickle.load(sys.stdin.buffer)))"
    blob = pickle.dumps((AddWay(9998), ChatType("voxel")))
    done = subprocess.run([sys.executable, "-c", code], input=blob, capture_output=True, check=True)
    assert done.stdout.decode().strip() == "(<AddWay.UNKNOWN_9998: 9998>, <ChatType.UNKNOWN_voxel: 'voxel'>)"


def attachment(raw: dict[str, Any]) -> Any:
    """Decode one attachment of a mass message."""
    raw_message = {"msgid": "m", "attachments": [raw]}
    return _codec.decode(models.MassMessage, raw_message).attachments[0]


@pytest.mark.parametrize(
    "raw",
    [
        {"msgtype": "hologram", "hologram": {"media_id": "M", "size": [1, 2]}},
        {"msgtype": "link", "link": {"title": "没有网址"}},
        {"msgtype": "video", "video": None},
        {"msgtype": "", "what": 1},
        {"msgtype": "image", "image": "not an object"},
    ],
)
def test_an_attachment_that_cannot_be_typed_is_kept_whole(raw: dict[str, Any]) -> None:
    """A future kind, or a known kind without what the manual promises, is kept and written back as it came."""
    kept = attachment(raw)
    assert isinstance(kept, UnknownAttachment)
    assert kept.msgtype == raw["msgtype"]
    assert _codec.encode(kept) == raw


def test_what_stands_beside_an_attachment_is_kept() -> None:
    """A future field next to the body of an attachment comes back at the same place."""
    raw = {"msgtype": "image", "image": {"media_id": "M", "future": 1}, "beside": {"x": 2}}
    kept = attachment(raw)
    assert isinstance(kept, ImageAttachment)
    assert kept.extra == {"future": 1, "..": {"beside": {"x": 2}}}
    assert _codec.encode(kept) == raw


def test_a_missing_msgtype_is_kept_too() -> None:
    """An attachment without a kind is not lost."""
    kept = attachment({"image": {"media_id": "M"}})
    assert kept == UnknownAttachment(msgtype="", data={"image": {"media_id": "M"}})


def test_the_attachment_union_names_every_class() -> None:
    """Every attachment class takes part in decoding: a class that is not in the union would never come out."""
    tags = {kind.MSGTYPE for kind in Attachment.__args__ if issubclass(kind, Tagged)}
    assert tags == {"image", "link", "miniprogram", "video", "file"}
    assert isinstance(attachment({"msgtype": "link", "link": {"title": "t", "url": "u"}}), LinkAttachment)


def test_mobile_numbers_and_unknown_fields_stay_out_of_a_repr() -> None:
    """A repr may end up in a log: it shows no mobile numbers, and nothing of which nobody knows what it is."""
    raw = {"userid": "u", "remark_mobiles": ["13800000001"], "future_mobile": "13800000002"}
    follow = _codec.decode(models.Follow, raw)
    assert follow.remark_mobiles == ("13800000001",)
    assert "138" not in repr(follow)
    parent = models.SubscriberInfo(remark_mobiles=("13800000003",))
    assert "138" not in repr(parent)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (
            models.Customer(external_userid="wm1", name="<b>李四</b>", gender=models.Gender.MALE),
            "&lt;b&gt;李四&lt;/b&gt;",
        ),
        (
            models.TagGroup(group_id="g", group_name="意向", tags=(models.Tag(id="t", name="高", deleted=True),)),
            "高 (deleted)",
        ),
        (models.ContactWay(config_id="c", remark="展厅", users=("a", "b"), parties=(2,)), "a, b"),
        (models.MassMessage(msgid="m", text=models.Text(content="你好"), attachments=(ImageAttachment(),)), "你好"),
    ],
)
def test_values_show_themselves(value: Any, shown: str) -> None:
    """Notebooks and terminals get a table; names that customers chose are escaped."""
    from rich.console import Console

    html = value._repr_html_()
    assert html.startswith("<table>")
    assert shown in html
    console = Console(width=200)
    with console.capture() as capture:
        console.print(value)
    assert shown.replace("&lt;", "<").replace("&gt;", ">") in capture.get()
