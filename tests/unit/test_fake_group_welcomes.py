"""Group welcome templates on the fake: the library's rules, and what a customer is greeted with."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.test_fake_support import PNG, Raw, code

from wecom_auto.testing import FakeWeCom, Limits

PATH = "group_welcome_template/"
LINK = {"title": "新车", "url": "https://example.com/car"}


@pytest.fixture
def fake() -> FakeWeCom:
    """Give a corp with an owner of groups."""
    fake = FakeWeCom()
    fake.add_member("zhangsan")
    return fake


@pytest.fixture
def raw(fake: FakeWeCom) -> Raw:
    """Give an app of that corp."""
    return Raw(fake)


def made(raw: Raw, **content: Any) -> str:
    """Make a template and return its id."""
    return raw.customer(PATH + "add", **content or {"text": {"content": "您好"}})["template_id"]


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({}, 40063),
        ({"text": {"content": ""}}, 44004),
        ({"text": {"content": "字" * 1001}}, 45002),
        ({"text": {"content": "x"}, "notify": 2}, 40058),
        ({"image": {}}, 40063),
        ({"image": {"media_id": "dead"}}, 40007),
        ({"image": {"pic_url": "https://example.com/a.png"}}, 40094),
        ({"link": {"title": "字" * 43, "url": "https://example.com"}}, 40058),
        ({"link": {"title": "x"}}, 40063),
        ({"file": {"media_id": "dead"}}, 40007),
        ({"video": {}}, 40063),
        ({"miniprogram": {"title": "x", "pic_media_id": "dead", "appid": "wx1", "page": "p"}}, 40007),
        ({"miniprogram": {"title": "x" * 65, "pic_media_id": "m", "appid": "wx1", "page": "p"}}, 40058),
    ],
)
def test_a_bad_template_is_refused(raw: Raw, body: dict[str, Any], errcode: int) -> None:
    """Every limit and every dead file has its code, on add and on edit alike, and nothing is kept."""
    template = made(raw)
    assert code(raw.customer(PATH + "add", **body)) == errcode
    changes = {name: value for name, value in body.items() if name != "notify"}
    if changes == body:
        assert code(raw.customer(PATH + "edit", template_id=template, **body)) == errcode
    assert raw.customer(PATH + "get", template_id=template)["text"] == {"content": "您好"}


def test_the_text_may_have_exactly_3000_bytes(raw: Raw) -> None:
    """The page's limit counts UTF-8 bytes."""
    assert code(raw.customer(PATH + "add", text={"content": "字" * 1000})) == 0


def test_the_library_has_room_for_100(raw: Raw) -> None:
    """The 101st template answers 41055; a deleted one makes room."""
    templates = [made(raw) for _ in range(100)]
    assert code(raw.customer(PATH + "add", text={"content": "x"})) == 41055
    assert code(raw.customer(PATH + "del", template_id=templates[0])) == 0
    assert code(raw.customer(PATH + "add", text={"content": "x"})) == 0


def test_the_room_is_a_dial(fake: FakeWeCom, raw: Raw) -> None:
    """`Limits.group_welcomes` is the corp's amount."""
    fake.limits = Limits(group_welcomes=1)
    made(raw)
    assert code(raw.customer(PATH + "add", text={"content": "x"})) == 41055


@pytest.mark.parametrize("verb", ["edit", "get", "del"])
@pytest.mark.parametrize(("template_id", "errcode"), [("", 40063), ("msgNOBODY", 40037)])
def test_an_unknown_template_is_refused(raw: Raw, verb: str, template_id: str, errcode: int) -> None:
    """No id and an unknown id have their own codes."""
    body = {"text": {"content": "x"}} if verb == "edit" else {}
    assert code(raw.customer(PATH + verb, template_id=template_id, **body)) == errcode


def test_only_the_maker_changes_a_template(fake: FakeWeCom, raw: Raw) -> None:
    """Another app may read it, but gets 41058 for editing and deleting."""
    fake.add_app("other", "other-secret", agent_id=1000003)
    other, template = Raw(fake, "other-secret"), made(raw)
    assert code(other.customer(PATH + "get", template_id=template)) == 0
    assert code(other.customer(PATH + "edit", template_id=template, text={"content": "x"})) == 41058
    assert code(other.customer(PATH + "del", template_id=template)) == 41058


def test_of_several_kinds_the_first_counts(raw: Raw) -> None:
    """Picture before link before file: the platform keeps one, whatever else was said."""
    file = raw.upload("file", b"a longer file", "a.pdf")["media_id"]
    template = made(raw, link=LINK, file={"media_id": file})
    assert raw.customer(PATH + "get", template_id=template).keys() - {"errcode", "errmsg"} == {"link"}


def test_a_picture_is_read_back_as_its_address(raw: Raw) -> None:
    """Whoever reads the template never sees the media id it was made with; the copy outlives the upload."""
    media = raw.upload("image", PNG)["media_id"]
    template = made(raw, image={"media_id": media})
    raw.fake.clock.advance(days=4)
    raw.renew()
    image = raw.customer(PATH + "get", template_id=template)["image"]
    assert image.keys() == {"pic_url"}
    assert media not in image["pic_url"]


def test_members_are_told_unless_they_shall_not_be(fake: FakeWeCom, raw: Raw) -> None:
    """`notify` is on by default; it reaches members with the customer-contact right."""
    fake.add_member("clerk", contact=False)
    fake.add_member("gone")
    fake.leave("gone")
    assert fake.told_of_group_welcome(made(raw)) == ("zhangsan",)
    assert fake.told_of_group_welcome(made(raw, text={"content": "x"}, notify=0)) == ()
    with pytest.raises(LookupError, match="no such template"):
        fake.told_of_group_welcome("msgNOBODY")


def test_who_joins_is_greeted_by_name(fake: FakeWeCom, raw: Raw) -> None:
    """The template of the group at that moment, with the nickname in every place; colleagues are not greeted."""
    group, template = fake.create_group("zhangsan", "一群"), made(raw, text={"content": "%NICKNAME%你好，%NICKNAME%"})
    before, after = (fake.add_customer(name=name, followed_by="zhangsan") for name in ("早", "晚"))
    fake.join_group(group, before)
    fake.use_group_welcome(group, template)
    fake.join_group(group, after, invited_by="zhangsan")
    (greeting,) = fake.greetings(group)
    assert (greeting.external_userid, greeting.text) == (after.external_userid, "晚你好，晚")
    assert (greeting.template_id, greeting.attachment, greeting.at) == (template, {}, fake.clock.now())
    fake.join_group(group, after)
    assert len(fake.greetings(group)) == 1, "somebody who is in the group does not join again"


def test_a_greeting_is_what_it_was(fake: FakeWeCom, raw: Raw) -> None:
    """Editing a template changes later greetings, not those that were shown; deleting it ends them."""
    group, template = fake.create_group("zhangsan", "一群"), made(raw, text={"content": "一"})
    fake.use_group_welcome(group, template)
    fake.join_group(group, fake.add_customer())
    raw.customer(PATH + "edit", template_id=template, link=LINK)
    fake.join_group(group, fake.add_customer())
    raw.customer(PATH + "del", template_id=template)
    fake.join_group(group, fake.add_customer())
    assert [(one.text, dict(one.attachment)) for one in fake.greetings(group)] == [("一", {}), ("", {"link": LINK})]


def test_a_group_uses_one_template_or_none(fake: FakeWeCom, raw: Raw) -> None:
    """The owner may take a template off again; an unknown one cannot be put on."""
    group, template = fake.create_group("zhangsan", "一群"), made(raw)
    fake.use_group_welcome(group, template)
    fake.use_group_welcome(group, None)
    fake.join_group(group, fake.add_customer())
    assert fake.greetings(group) == ()
    with pytest.raises(LookupError, match="no such template"):
        fake.use_group_welcome(group, "msgNOBODY")


def test_joining_by_code_is_greeted_too(fake: FakeWeCom, raw: Raw) -> None:
    """A join way leads into a group like any other way in."""
    group, template = fake.create_group("zhangsan", "一群"), made(raw)
    fake.use_group_welcome(group, template)
    raw.customer("groupchat/add_join_way", scene=2, chat_id_list=[group.chat_id], state="bj01")
    fake.join_group("bj01", fake.add_customer())
    assert len(fake.greetings(group)) == 1
