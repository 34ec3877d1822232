"""The content library: templates that evaluate nothing, local files, limits named with their field, merging."""

from __future__ import annotations

import time
from datetime import date

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from wecom_auto.errors import ConfigurationError
from wecom_auto.models import FileAttachment, ImageAttachment, LinkAttachment, MiniProgramAttachment
from wecom_auto.sop import Content, Contents, LocalFile

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100
MP4 = b"\x00\x00\x00\x18ftypmp42" + b"0" * 100
LINK = LinkAttachment(title="{{ store }} 资料", url="https://dealer.example/{{ code }}")


def render(text, **variables):
    """Fill variables in."""
    return Contents({"x": Content(text=text)}).render("x", variables).text


def library(folder, body):
    """Read a library with one content, called tpl/x."""
    (folder / "contents.toml").write_text(f'["tpl/x"]\n{body}\n', encoding="utf-8")
    return Contents.from_toml(folder / "contents.toml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ store }} 欢迎您", "北京一店 欢迎您"),
        ("{% if city == '北京' %}首都{% else %}外地{% endif %}", "首都"),
        ("{{ phone | default('总机') }}", "总机"),
        ("{% if city in ['上海', '北京'] %}直辖市{% endif %}", "直辖市"),
        ("{{ '{{' }} <b> & $store $9", "{{ <b> & $store $9"),
        ("行一\n行二\n", "行一\n行二\n"),
    ],
)
def test_templates_fill_in_values(text, expected):
    """Values, conditions and a default; nothing is escaped, and a dollar sign is a dollar sign."""
    assert render(text, store="北京一店", city="北京") == expected


@pytest.mark.parametrize(
    "text",
    [
        "{% for i in 'abc' %}x{% endfor %}",
        "{{ range(100000000) }}",
        "{{ 'a' * 1000000000 }}",
        "{{ 10 ** 10000000 }}",
        "{{ '%999999999d' % 1 }}",
        "{{ store.__class__.__mro__ }}",
        "{{ store['__class__'] }}",
        "{% include 'secret' %}",
        "{% import 'x' as y %}",
        "{% extends 'x' %}",
        "{% set a = store %}",
        "{% macro m() %}{% endmacro %}",
        "{{ store | center(1000000000) }}",
        "{{ store | replace('', 'xxxxxxxx') }}",
        "{{ store | attr('__class__') }}",
        "{{ self }}",
        "{{ " + "(" * 5000 + " }}",
        "{{ store",
        "x" * 4001,
    ],
)
def test_templates_that_could_run_or_grow_are_refused_when_the_library_is_made(text):
    """No loop, call, arithmetic, attribute, include or unknown filter; and at once, long before a customer waits."""
    begun = time.perf_counter()
    with pytest.raises(ConfigurationError):
        render(text, store="x")
    assert time.perf_counter() - begun < 2


@given(st.text(alphabet="{}%#ab (|'\"._)~-=", max_size=60))
def test_any_text_is_a_message_or_refused(text):
    """Whatever somebody writes, the only exception is the one that the runner knows."""
    try:
        render(text or "x", a="1", b="2")
    except ConfigurationError:
        return


def test_a_value_is_never_a_template():
    """Braces in a value come out as braces."""
    assert render("{{ store }}", store="{{ secret }}{% if x %}") == "{{ secret }}{% if x %}"


def test_a_text_that_grows_too_long_is_refused():
    """Four thousand bytes count after the variables are filled in, and rendering stops there."""
    with pytest.raises(ConfigurationError, match=r"'x'.*4000 bytes"):
        render("{{ a }}" * 500, a="长" * 100)


def test_a_missing_variable_is_named_with_its_content():
    """A variable nobody gave is an error, not an empty text."""
    with pytest.raises(ConfigurationError, match=r"content 'x'.*'store' is undefined.*Settings.variables"):
        render("{{ store }}")


def test_variables_reach_links_and_cards():
    """Titles and addresses of attachments may name the segment, too."""
    card = MiniProgramAttachment(appid="wx1", page="p?c={{ code }}", title="{{ store }}", pic_media_id="m")
    made = Contents({"x": Content(attachments=[LINK, card])}).render("x", {"store": "一店", "code": "bj1"})
    assert made.attachments == (
        LinkAttachment(title="一店 资料", url="https://dealer.example/bj1"),
        MiniProgramAttachment(appid="wx1", page="p?c=bj1", title="一店", pic_media_id="m"),
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('text = "a"\nvalid_till = 2026-01-01', "valid_till is no key"),
        ('text = "a"\nvalid_until = "2026-01-01"', "valid_until is '2026-01-01', and must be a date"),
        ('text = "a"\nmerge = "yes"', "merge is 'yes', and must be a bool"),
        ("text = 5", "text is 5, and must be a str"),
        ("attachments = [5]", r"attachments\[0\] is not a table"),
        ('attachments = [{ file = "gone.png" }]', r"attachments\[0\]: file gone.png cannot be read"),
        ('attachments = [{ file = "fake.png" }]', "fake.png is not a JPG or PNG picture"),
        ('attachments = [{ file = "fake.mp4" }]', "fake.mp4 is not an MP4 video"),
        ('attachments = [{ file = "tiny.pdf" }]', "tiny.pdf has 5 bytes"),
        ('attachments = [{ file = "big.png" }]', "big.png has .* 10 MB of image"),
        ('attachments = [{ file = "huge.pdf" }]', "huge.pdf has .* 20 MB"),
        ('attachments = [{ file = "fake.png", msgtype = "voice" }]', "not voice"),
        ('attachments = [{ msgtype = "image", image = {} }]', r"attachments\[0\].image has neither"),
        (
            'attachments = [{ msgtype = "link", link = { title = "' + "长" * 43 + '", url = "https://x.example" } }]',
            r"attachments\[0\].title has 129 bytes .* 128",
        ),
    ],
)
def test_mistakes_are_named_when_the_library_is_read(tmp_path, body, message):
    """The content, the field and the limit stand in the message."""
    for name, data in {"fake.png": b"GIF89a", "fake.mp4": b"RIFFxxxxxx", "tiny.pdf": b"12345"}.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "big.png").write_bytes(PNG + bytes(10 * 1024 * 1024))
    (tmp_path / "huge.pdf").write_bytes(bytes(20 * 1024 * 1024 + 1))
    with pytest.raises(ConfigurationError, match=f"content 'tpl/x': .*{message}"):
        library(tmp_path, body)


def test_files_become_attachments_of_their_kind(tmp_path):
    """The suffix decides, and `msgtype` overrules it; a card's cover may be a file, too."""
    for name, data in {"a.png": PNG, "b.mp4": MP4, "c.pdf": b"%PDF-1.7 ..."}.items():
        (tmp_path / name).write_bytes(data)
    card = '{ msgtype = "miniprogram", miniprogram = { appid = "wx1", page = "p", title = "t", pic_file = "a.png" } }'
    files = '{ file = "a.png" }, { file = "b.mp4" }, { file = "c.pdf" }, { file = "a.png", msgtype = "file" }'
    made = library(tmp_path, f"attachments = [{files}, {card}]").render("tpl/x", {})
    kinds = [type(item).__name__ for item in made.attachments]
    assert kinds == [
        "ImageAttachment",
        "VideoAttachment",
        "FileAttachment",
        "FileAttachment",
        "MiniProgramAttachment",
    ]
    assert Content.from_json(made.to_json()) == made


def test_the_digest_knows_the_file_and_not_its_place(tmp_path):
    """The same picture elsewhere is the same message; another picture is another message."""
    for folder in ("a", "b", "c"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.png").write_bytes(PNG + (b"!" if folder == "c" else b""))
    first, same, other = (
        library(tmp_path / folder, 'attachments = [{ file = "x.png" }]').items["tpl/x"] for folder in ("a", "b", "c")
    )
    assert first.digest == same.digest != other.digest
    assert first.with_media({first.files[0].sha256: "m1"}).attachments == (ImageAttachment(media_id="m1"),)


def test_a_file_must_come_with_its_reference(tmp_path):
    """An attachment of a local file without the file itself could never be uploaded."""
    (tmp_path / "x.png").write_bytes(PNG)
    found = LocalFile.read(tmp_path / "x.png")
    with pytest.raises(ConfigurationError, match="not among the files"):
        Content(attachments=[found.attachment()])


def test_merged_contents_are_one_message(tmp_path):
    """Texts one below the other, attachments once each, the earliest end of validity."""
    (tmp_path / "x.png").write_bytes(PNG)
    poster = LocalFile.read(tmp_path / "x.png")
    first = Content(text="一", attachments=[poster.attachment()], files=[poster], merge=True)
    second = Content(
        text="二", attachments=[poster.attachment()], files=[poster], merge=True, valid_until=date(2026, 5, 1)
    )
    made = Content.joined([first, second])
    assert made is not None
    assert (made.text, made.attachments, made.files) == ("一\n\n二", first.attachments, (poster,))
    assert made.valid_until == date(2026, 5, 1)


@pytest.mark.parametrize(
    "second",
    [
        Content(text="二"),
        Content(text="二" * 1332, merge=True),
        Content(attachments=[FileAttachment(media_id=str(number)) for number in range(9)], merge=True),
    ],
    ids=["not declared", "too long", "too many"],
)
def test_contents_that_do_not_fit_are_not_merged(second):
    """Without the declaration, over 4,000 bytes or over nine attachments there is no merged message."""
    first = Content(text="一", attachments=[FileAttachment(media_id="m")], merge=True)
    assert Content.joined([first, second]) is None
    assert Content.joined([first, evolve(first, text="三")]) is not None
