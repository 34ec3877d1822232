"""The way around the XML parser: what it reads, the parser reads alike, and what is not plain goes to the parser."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit._hostile import PIECES, bodies, damaged, sealed

from wecom_auto.callbacks import _xml
from wecom_auto.callbacks._xml import Node, parse_xml
from wecom_auto.errors import CallbackError

FLAT = [one for one in bodies() if one.startswith(b"<xml>")]
CHARACTERS = st.sampled_from(
    [*"<>/&;![]-?'\"=: \t\n\r\0\x01\x7f\x85ab1_éＡ回\ufffd\ufffe\uffff\U0001f600\u2028", "]]>", "<![CDATA["]
)
TEXTS = st.lists(CHARACTERS, max_size=6).map("".join)
NAMES = st.sampled_from(["A", "b_1", "xml", "a:b", "1a", "é", "-a", "a-b", ""])


def slowly(data: bytes) -> Node | None:
    """Read with the parser; None if it refuses."""
    fast, _xml._flat = _xml._flat, lambda _data: None
    try:
        return parse_xml(data)
    except CallbackError:
        return None
    finally:
        _xml._flat = fast


def agrees(data: bytes) -> bool:
    """Return whether the fast way was taken; fails if it reads anything else than the parser."""
    fast = _xml._flat(data)
    if fast is None:
        return False
    assert slowly(data) == ("xml", "", fast)
    return True


def test_the_examples_take_it() -> None:
    """The fast way is taken by what the platform sends, or it would not be worth its lines."""
    assert sum(map(agrees, FLAT)) > len(FLAT) / 2
    assert all(agrees(sealed(body).body) for body in FLAT)


@settings(max_examples=3_000)
@given(
    leaves=st.lists(st.tuples(NAMES, TEXTS, NAMES, st.booleans(), TEXTS), max_size=4),
    head=st.sampled_from(["", "\ufeff", " \n", "<?xml version='1.0'?>", "<!DOCTYPE xml>"]),
    tail=st.sampled_from(["", " \n", "x", "</xml>", "<!-- -->", "\0"]),
)
def test_it_reads_nothing_otherwise(leaves: list[tuple[str, str, str, bool, str]], head: str, tail: str) -> None:
    """3,000 documents of nasty parts: read as by the parser, or left to it."""
    inside = "".join(
        f"<{name}>" + (f"<![CDATA[{text}]]>" if marked else text) + f"</{name if other == 'A' else other}>{between}"
        for name, text, other, marked, between in leaves
    )
    agrees(f"{head}<xml>{inside}</xml>{tail}".encode("utf-8", "surrogatepass"))


@settings(max_examples=3_000)
@given(body=st.sampled_from(FLAT), number=st.integers(0, 2**40))
def test_it_reads_no_damage_otherwise(body: bytes, number: int) -> None:
    """3,000 damaged examples: read as by the parser, or left to it."""
    agrees(damaged(body, random.Random(number)))


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize(
    "form", [b"<xml>%b<a>1</a></xml>", b"<xml><a>%b</a></xml>", b"<xml><a><![CDATA[%b]]></a></xml>"]
)
def test_every_nasty_piece_in_every_place(piece: bytes, form: bytes) -> None:
    """What parsers dislike, between elements, in a text and in CDATA."""
    agrees(form % piece)


@pytest.mark.parametrize("character", [0x0, 0x1F, 0x7F, 0x85, 0xFFFD, 0xFFFE, 0xFFFF, 0x1FFFE, 0x10FFFF])
def test_characters_at_the_borders_of_xml(character: int) -> None:
    """Characters that XML allows or forbids are judged by the parser, or as by it."""
    agrees(f"<xml><a>{chr(character)}</a></xml>".encode())


@pytest.mark.parametrize(
    "data",
    [
        b"<xml>" + b" " * 1_000_000,
        b"<xml>" + b" " * 500_000 + b"<a>" + b" " * 500_000,
        b"<xml><a><![CDATA[" + b"x" * 1_000_000,
        b"<xml><a>" + b"x" * 1_000_000,
        b"<xml><" + b"a" * 1_000_000 + b">" + b"</a>",
        b"<xml><a>" + b"]" * 1_000_000,
    ],
    ids=range(6),
)
def test_a_megabyte_takes_no_time(data: bytes) -> None:
    """Nothing that anybody can send is read over and over: a megabyte is refused in well under a second."""
    start = time.process_time()
    with pytest.raises(CallbackError):
        parse_xml(data)
    assert time.process_time() - start < 0.5
