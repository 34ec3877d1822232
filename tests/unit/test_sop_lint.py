"""Each code of the linter has a bad document that gets it, and a twin that differs in one thing and is clean."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from attrs import evolve
from tests.unit._sop import step

from wecom_auto.sop import Definition
from wecom_auto.sop.check import CODES, Rules, check, check_file

TODAY = date(2026, 8, 3)
LEAVE = '[[exit]]\nwhen = "unfollowed()"\n'
EXITS = "[[exit]]\nwhen = \"event('deal.signed')\"\ngoal = true\n" + LEAVE
A = step("a", "+1d 10:00")
B = step("b", "+2d 10:00")
Z = step("z", "+9d", do="end = true")
TALL = "很" * 2001


def written(steps: str, *, head: str = "", on: str = "manual", exits: str = EXITS, more: str = "") -> str:
    """A document around some steps."""
    entry = f'[entry]\non = "{on}"\n{more}\n'
    return f'sop = "x"\nversion = 1\ntitle = "测试"\n{head}\n{entry}{exits}{steps}'


def send(content: str, *, do: str = "mass", head: str = "", more: str = "", at: str = "+1d 10:00") -> str:
    """A document that sends one content."""
    return written(step("a", at, do=f'{do} = "{content}"', more=more), head=head)


CONTENTS = {
    "ok": {"text": "{{ store }} 欢迎您"},
    "other": {"text": "{{ store }} 恭候您"},
    "price": {"text": "只要 12.8 万"},
    "phone": {"text": "请致电 13800138000"},
    "long": {"text": "很" * 1334},
    "owner": {"text": "保养提醒", "audience": ["owner"]},
    "old": {"text": "八月活动", "valid_until": date(2026, 8, 5)},
    "fresh": {"text": "八月活动", "valid_until": "2026-08-31"},
    "shop": {"text": "{{ shop }} 欢迎您"},
    "album": {"attachments": [{"msgtype": "image"}] * 9},
    "film": {"attachments": [{"file": "a.mp4"}]},
    "mixed": {"attachments": [{"msgtype": "image"}, {"msgtype": "link"}]},
    "films": {"attachments": [{"file": "a.mp4"}, {"file": "b.mp4"}]},
    "pages": {"attachments": [{"msgtype": "miniprogram"}]},
    "tall": {"text": "a" * 2001},
}
MOMENT = 'target = "moment"'
MORNING = '[window]\nallow = ["09:00-12:00"]\n'
WORKDAYS = '[window]\nholidays = "workdays-only"\n'
FAST = "".join(step(f"s{number}", f"+{number}d 10:00") for number in range(8))
TWICE = step("a", "+1d 10:00") + step("b", "+1d 16:00")
ARMS = (
    step("ask", "+1d", do="branch = [{ if = \"tag('A')\", goto = 'a' }, { goto = 'b' }]")
    + step("a", "+2d 10:00", do="mass = 'tpl/x', goto = 'z'")
    + step("b", "+2d 16:00")
)
MANY = Rules(taps_per_day=99)
CASES = [
    ("SOP001", written(A, head="priority = 500"), written(A, head="priority = 90"), Rules()),
    ("SOP002", written(A + A), written(A + B), Rules()),
    (
        "SOP003",
        written(step("a", "+1d", more="wait = { for = \"event('e')\" }")),
        written(step("a", "+1d", more='wait = { for = "event(\'e\')", max = "2d" }')),
        Rules(),
    ),
    (
        "SOP004",
        written(step("a", "+1d", more='if = "open(1)"')),
        written(step("a", "+1d", more="if = \"tag('a')\"")),
        Rules(),
    ),
    ("SOP005", written(step("a", "+1d", do="goto = 'a'") + Z), written(step("a", "+1d", do="goto = 'z'") + Z), Rules()),
    (
        "SOP006",
        written(step("a", "+1d", do="group = 'ok'")),
        written(step("a", "+1d", do="group = 'ok'"), head='target = "group"'),
        Rules(),
    ),
    (
        "SOP010",
        written(step("a", "+1d", do="goto = 'z'") + B + Z),
        written(step("a", "+1d", do="goto = 'z'", more="if = \"tag('a')\"") + B + Z),
        Rules(),
    ),
    ("SOP010", written(ARMS.replace("{ goto = 'b' }", "{ goto = 'z' }") + Z), written(ARMS + Z), Rules()),
    ("SOP010", written(step("a", "+1d", do="end = true") + B), written(step("a", "+5d", do="end = true") + B), Rules()),
    ("SOP011", written(MORNING + step("a", "+1d 13:00")), written(MORNING + step("a", "+1d 11:59")), Rules()),
    (
        "SOP011",
        written(step("a", "+1d 10:00", more='window = { allow = ["19:00-21:00"] }')),
        written(step("a", "+1d 20:00", more='window = { allow = ["19:00-21:00"] }')),
        Rules(),
    ),
    ("SOP012", written(A, exits=EXITS.replace("goal = true", "")), written(A), Rules()),
    ("SOP013", written(A, exits=EXITS.replace(LEAVE, "")), written(A), Rules()),
    (
        "SOP014",
        written(
            step("a", "+1d", do="goto = 'z'", more="if = \"tag('a')\"")
            + step("b", "+9d")
            + step("c", "+2d")
            + step("z", "+10d")
        ),
        written(
            step("a", "+1d", do="goto = 'z'", more="if = \"tag('a')\"")
            + step("b", "+2d")
            + step("c", "+9d")
            + step("z", "+10d")
        ),
        Rules(),
    ),
    (
        "SOP015",
        written(A, head='category = "prospect"', exits=EXITS.replace("deal.signed", "quiz.won")),
        written(A, head='category = "prospect"'),
        Rules(),
    ),
    (
        "SOP015",
        written(A, on="customer.added", exits=EXITS.replace("event('deal.signed')", "attr('stage') == 'visited'")),
        written(A, on="customer.added", exits=EXITS.replace("event('deal.signed')", "attr('stage') == 'ordered'")),
        Rules(),
    ),
    ("SOP020", send("price"), send("ok"), Rules()),
    ("SOP021", send("phone"), send("ok"), Rules()),
    (
        "SOP021",
        send("phone", do="group", head='target = "group"'),
        send("ok", do="group", head='target = "group"'),
        Rules(),
    ),
    ("SOP022", send("nothing"), send("ok"), Rules()),
    ("SOP023", send("long"), send("ok"), Rules()),
    ("SOP024", send("price"), send("ok"), Rules(dealer_priced=True)),
    ("SOP025", send("tall", do="moment", head=MOMENT), send("album", do="moment", head=MOMENT), Rules()),
    ("SOP025", send("mixed", do="moment", head=MOMENT), send("film", do="moment", head=MOMENT), Rules()),
    ("SOP025", send("films", do="moment", head=MOMENT), send("films"), Rules()),
    ("SOP025", send("pages", do="moment", head=MOMENT), send("pages"), Rules()),
    ("SOP026", send("owner"), send("owner", head='category = "owner"'), Rules()),
    ("SOP027", send("old"), send("fresh"), Rules()),
    ("SOP028", send("shop"), send("ok"), Rules(variables=["store"])),
    (
        "SOP029",
        written(step("a", "+1d", do="tag = '热线索'")),
        written(step("a", "+1d", do="tag = '线索'")),
        Rules(corp_tags=["线索"]),
    ),
    ("SOP029", written(A, on="tag.added:B"), written(A, on="tag.added:A"), Rules(corp_tags=["A"])),
    ("SOP029", written(ARMS.replace("tag('A')", "tag('B')") + Z), written(ARMS + Z), Rules(corp_tags=["A"])),
    (
        "SOP029",
        written(step("a", "+1d", do="moment = 'ok', visible = ['B']"), head=MOMENT),
        written(step("a", "+1d", do="moment = 'ok', visible = ['A']"), head=MOMENT),
        Rules(corp_tags=["A"]),
    ),
    ("SOP030", written(WORKDAYS + step("a", "+3000d 10:00")), written(WORKDAYS + A), Rules()),
    (
        "SOP031",
        written(WORKDAYS + A, on="calendar:2099-10-01"),
        written(WORKDAYS + A, on="calendar:2026-10-20"),
        Rules(),
    ),
    ("SOP032", written(A, on="calendar:2026-08-02"), written(A, on="calendar:2026-08-03"), Rules()),
    (
        "SOP040",
        written(step("a", "+0d", do="welcome = 'ok'")),
        written(step("a", "+0d", do="welcome = 'ok'"), on="customer.added"),
        Rules(),
    ),
    ("SOP050", written(FAST), written(FAST, head="[policy]\nallow_split = true"), Rules()),
    (
        "SOP050",
        written(TWICE, on="calendar:weekly mon"),
        written(A + B, on="calendar:weekly mon"),
        Rules(taps_per_day=1),
    ),
    ("SOP051", written(TWICE), written(A + B), Rules(allowance="day")),
    ("SOP051", written(FAST.replace("+7d", "+6d")), written(FAST), evolve(MANY, allowance="week")),
    (
        "SOP051",
        written(A, on="calendar:weekly mon,tue,wed,thu,fri,sat,sun") + B,
        written(A + Z, on="calendar:weekly mon"),
        Rules(),
    ),
    (
        "SOP051",
        written(TWICE.replace("mass", "group"), head='target = "group"'),
        written((A + B).replace("mass", "group"), head='target = "group"'),
        Rules(allowance="day"),
    ),
    (
        "SOP052",
        written(A + B, head="[policy]\nfatigue = { week = 1 }"),
        written(A + Z, head="[policy]\nfatigue = { week = 1 }"),
        Rules(),
    ),
    (
        "SOP053",
        written(FAST.replace("mass", "group"), head='target = "group"', on="group.created"),
        written(A.replace("mass", "group"), head='target = "group"', on="group.created"),
        Rules(),
    ),
    ("SOP033", send("ok"), send("other"), Rules(approved=["other"])),
    ("SOP060", written(A), written(A, head='[policy]\nconsent = "ads"'), Rules(require_consent=True)),
    ("SOP060", written(A), written(A, head='[policy]\npurpose = "service"'), Rules(require_consent=True)),
]


def codes(path: Path, text: str, rules: Rules) -> list[str]:
    """The codes of a document, as the command line finds them; contents that no case is about are left out."""
    path.write_text(text, encoding="utf-8")
    found = [one.code for one in check_file(path, today=TODAY, rules=rules)]
    if "SOP00" not in "".join(found) and "tpl/" not in text:
        definition = Definition.from_toml(path)
        found = [one.code for one in check(definition, contents=CONTENTS, today=TODAY, rules=rules)]
    return found


@pytest.mark.parametrize(("code", "bad", "clean", "rules"), CASES)
def test_each_code_has_a_bad_document_and_a_clean_twin(
    tmp_path: Path, code: str, bad: str, clean: str, rules: Rules
) -> None:
    """The bad one gets exactly this code, once or more; its twin gets nothing at all."""
    assert set(codes(tmp_path / "bad.toml", bad, rules)) == {code}
    assert codes(tmp_path / "clean.toml", clean, rules) == []


def test_every_code_has_a_case() -> None:
    """No code is published that no document can get."""
    assert {case[0] for case in CASES} == set(CODES)


def test_arms_that_exclude_each_other_are_not_added_up() -> None:
    """A run walks one arm, so two messages on one day in two arms are one message."""
    definition = Definition.from_toml(written(ARMS + Z))
    assert check(definition, today=TODAY, rules=Rules(allowance="day")) == ()


def test_every_finding_says_what_to_do(tmp_path: Path) -> None:
    """A finding without a place or a remedy is a complaint."""
    for number, (_, bad, _, rules) in enumerate(CASES):
        path = tmp_path / f"{number}.toml"
        path.write_text(bad, encoding="utf-8")
        for one in check_file(path, today=TODAY, rules=rules):
            assert one.place, one
            assert one.message, one
            assert one.remedy or one.code in {"SOP001", "SOP004"}, one
