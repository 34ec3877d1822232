"""The linter: each code is found where it belongs, and nowhere else."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tests.unit._sop import FILES, sop, step

from wecom_auto.sop import Definition
from wecom_auto.sop.check import CODES, Finding, Severity, check, check_file, read_contents

TODAY = date(2026, 8, 3)
GOOD_EXITS = '[[exit]]\nwhen = "event(\'deal\')"\ngoal = true\n[[exit]]\nwhen = "unfollowed()"'


def codes(findings: tuple[Finding, ...]) -> list[str]:
    """The codes in order."""
    return [item.code for item in findings]


def look(
    steps: str, *, window: str = "", exits: str = GOOD_EXITS, text: str | None = None, today: date = TODAY
) -> list[str]:
    """The codes of a small SOP; `text` is the content `tpl/x`."""
    contents = None if text is None else {"tpl/x": {"text": text}}
    return codes(check(sop(steps, window=window, exits=exits), contents=contents, today=today))


@pytest.mark.parametrize("name", ["prospect", "insurance"])
def test_the_examples_are_clean(name: str) -> None:
    """What newcomers copy has no finding."""
    assert check_file(FILES / f"{name}.toml", contents=FILES / "contents.toml", today=TODAY) == ()


@pytest.mark.parametrize("name", ["group-daily", "moment"])
def test_the_examples_for_groups_and_moments_are_clean(name: str) -> None:
    """They have contents of their own."""
    assert check_file(FILES / f"{name}.toml", contents=FILES / "group-contents.toml", today=TODAY) == ()


@pytest.mark.parametrize(
    ("steps", "window", "expected"),
    [
        (step("a", "+1d 10:00"), "", []),
        (step("a", "+1d", do='tag = "x", end = true') + step("b", "+2d"), "", ["SOP010"]),
        (step("a", "+1d", do="end = true", more="if = \"tag('x')\"") + step("b", "+2d"), "", []),
        (step("a", "+1d 21:00"), 'allow = ["09:30-12:00"]', ["SOP011"]),
        (step("a", "+1d 12:00"), 'allow = ["09:30-12:00"]', ["SOP011"]),
        (step("a", "+1d 10:00"), 'allow = ["09:30-12:00"]\nquiet = ["09:45-10:15"]', ["SOP011"]),
        (step("a", "+1d 21:00", do='tag = "x"'), 'allow = ["09:30-12:00"]', []),
        ("".join(step(f"s{number}", f"+{number}d 10:00") for number in range(6)), "", ["SOP050"]),
        (step("a", "+1d", do='mass = "tpl/{arm}"', more="ab = {A=1,B=1,C=1,D=1,E=1,F=1}"), "", ["SOP050"]),
        (step("a", "+1d", do='welcome = "w"'), "", ["SOP040"]),
        (step("a", "+0d", do='welcome = "w", mass = "tpl/x"'), "", ["SOP040", "SOP040"]),
    ],
)
def test_flow(steps: str, window: str, expected: list[str]) -> None:
    """Unreachable steps, closed hours, taps a day and impossible welcomes are found; their neighbours are not."""
    assert look(steps, window=window) == expected


def test_a_welcome_of_an_added_customer_is_fine() -> None:
    """The one right place for a welcome has no finding."""
    text = sop(step("a", "+0d", do='welcome = "w"'), exits=GOOD_EXITS).document()
    text["entry"] = {"on": "customer.added"}
    assert check(Definition.from_document(text), today=TODAY) == ()


@pytest.mark.parametrize(
    ("exits", "expected"),
    [
        (GOOD_EXITS, []),
        ("", ["SOP012", "SOP013"]),
        ("[[exit]]\nwhen = \"event('deal')\"\ngoal = true", ["SOP013"]),
        ("[[exit]]\nwhen = \"tag('勿扰')\"", ["SOP012"]),
    ],
)
def test_exits(exits: str, expected: list[str]) -> None:
    """An SOP that goes on after the order, or after the customer left, is found."""
    assert look(step("a", "+1d 10:00"), exits=exits) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("周末到店看车，公元2026年新款。", []),
        ("现在只要 12.8 万", ["SOP020"]),
        ("优惠 5000元", ["SOP020"]),
        ("¥ 99 起", ["SOP020"]),
        ("全网最低，欢迎来电", ["SOP020"]),
        ("电话13800138000", ["SOP021"]),
        ("单号 202611120000123", []),
        ("您的 LSVAA4182E2184847 到期", ["SOP021"]),
        ("粤B12345 的保险", ["SOP021"]),
        ("{{ customer_name }} 您好", ["SOP021"]),
        ("{{name}}您好", ["SOP021"]),
        ("{{ store }} 欢迎您", []),
        ('价格 $9 {"a": 1}', []),
        ("{{ store 您好", ["SOP023"]),
        ("{% for x in y %}{% endfor %}", ["SOP023"]),
        ("好" * 1333, []),
        ("好" * 1334, ["SOP023"]),
        ("", ["SOP023"]),
    ],
)
def test_texts(text: str, expected: list[str]) -> None:
    """Prices, personal data and the 4,000 bytes of the platform; ordinary words pass."""
    assert look(step("a", "+1d 10:00"), text=text) == expected


def test_personal_data_does_not_get_into_the_finding() -> None:
    """A finding is printed and stored, so it must not repeat the phone number it complains about."""
    made = sop(step("a", "+1d 10:00"), exits=GOOD_EXITS)
    found = check(made, contents={"tpl/x": {"text": "电话13800138000"}}, today=TODAY)
    assert "138001" not in str(found[0])


def test_a_welcome_may_say_the_name() -> None:
    """The welcome is one message for one customer: a name costs no extra tap."""
    made = sop(step("a", "+0d", do='welcome = "tpl/x"'), exits=GOOD_EXITS)
    assert "SOP021" not in codes(check(made, contents={"tpl/x": {"text": "{{ name }} 您好"}}, today=TODAY))


def test_missing_and_oversized_contents() -> None:
    """Every arm's content must exist, and have nine attachments at most."""
    made = sop(step("a", "+1d", do='mass = "tpl/{arm}"', more="ab = {A=1,B=1,holdout=1}"), exits=GOOD_EXITS)
    contents = {"tpl/A": {"attachments": [{"msgtype": "image"}] * 10}}
    assert codes(check(made, contents=contents, today=TODAY)) == ["SOP023", "SOP022"]


def test_a_year_without_published_holidays() -> None:
    """Who enters late in the year gets steps in a year without a table; sending every day needs none."""
    late, steps = date(2099, 12, 20), step("a", "+30d 10:00")
    assert look(steps, window='holidays = "workdays-only"', today=late) == ["SOP030"]
    assert look(steps, window='holidays = "send"', today=late) == []
    assert look(steps, window='holidays = "workdays-only"') == []


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("version  = 3", "version = 0", "SOP001"),
        ('id = "material"', 'id = "welcome"', "SOP002"),
        ('at = "+3d 10:00"', 'at = "+3d 10:00"\nwait = { for = "event(\'x\')" }', "SOP003"),
        ("not event('store.visited')", "__import__('os')", "SOP004"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_finding(tmp_path: Path, old: str, new: str, code: str) -> None:
    """The command line prints findings, never a traceback, and exact codes where there are any."""
    text = (FILES / "prospect.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "x.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    found = check_file(path, today=TODAY)
    assert codes(found) == [code]
    assert found[0].severity is Severity.ERROR
    assert found[0].place
    assert check_file(tmp_path / "none.toml", today=TODAY)[0].code == "SOP001"


def test_every_code_is_documented() -> None:
    """The list of codes in the docs is the list of codes in the program."""
    page = (FILES.parent / "docs" / "sop-definition.md").read_text(encoding="utf-8")
    for code, (severity, meaning) in CODES.items():
        assert f"| {code} | {severity} | {meaning} |" in page


def test_the_example_library_can_be_read() -> None:
    """The library of the examples has a text for every content that the examples name."""
    contents = read_contents(FILES / "contents.toml")
    assert "tpl/renew_60_B" in contents
