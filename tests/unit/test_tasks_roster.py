"""The roster: who may be asked, who stands above, who stands in, who is away."""

import tomllib
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from wecom_auto._time import CHINA
from wecom_auto.errors import ConfigurationError
from wecom_auto.sop.tasks import PlainRoster, StaticRoster

TEXT = """
[stores.pudong]
supervisor = "wang"
hours = ["09:00-12:00", "13:00-18:00"]
days = "workdays-only"
dates = { 2026-02-18 = ["10:00-12:00"] }

[stores.urumqi]
zone = "Asia/Urumqi"

[members.zhang]
store = "pudong"
roles = ["sales_advisor"]
backup = "li"
away = ["2026-03-02/2026-03-06", "2026-04-01"]

[members.li]
store = "pudong"
roles = ["sales_advisor", "service_manager"]
hours = ["12:00-21:00"]

[members.zhao]
store = "urumqi"
roles = ["service_manager"]
supervisor = "zhao"

[members.wang]
store = "pudong"
"""


@pytest.fixture
def roster():
    """Two shops."""
    return StaticRoster.parse(tomllib.loads(TEXT))


@pytest.mark.parametrize(
    ("role", "member", "found"),
    [
        ("", "zhang", ("zhang",)),
        ("", "", ()),
        ("sales_advisor", "zhang", ("zhang",)),
        ("service_manager", "zhang", ("li",)),
        ("service_manager", "zhao", ("zhao",)),
        ("supervisor", "zhang", ("wang",)),
        ("supervisor", "wang", ()),
        ("backup", "zhang", ("li",)),
        ("koc", "zhang", ()),
        ("service_manager", "stranger", ()),
    ],
)
def test_a_role_is_looked_up_in_the_members_shop(roster, role, member, found):
    """The member first, then colleagues of the same shop; a role that nobody holds is nobody, not an error."""
    assert tuple(roster.resolve(role, member, "wm1")) == found


def test_leave_is_counted_in_days_of_the_shop(roster):
    """The first and the last day of a leave count; somebody whom the file does not know works."""
    days = {day: roster.working("zhang", datetime(2026, 3, day, 23, 59, tzinfo=CHINA)) for day in (1, 2, 6, 7)}
    assert days == {1: True, 2: False, 6: False, 7: True}
    assert roster.working("stranger", datetime(2026, 3, 2, tzinfo=CHINA))


def test_hours_are_the_shops_or_the_members_own(roster):
    """A member's own shifts keep the shop's zone, days and dates; a member nobody knows has the default."""
    assert roster.hours("zhang").is_open(datetime(2026, 3, 2, 9, 0, tzinfo=CHINA))
    assert not roster.hours("li").is_open(datetime(2026, 3, 2, 9, 0, tzinfo=CHINA))
    assert roster.hours("li").zone == CHINA
    assert roster.hours("zhao").zone == ZoneInfo("Asia/Urumqi")
    assert roster.hours("stranger").is_open(datetime(2026, 3, 1, 19, 59, tzinfo=CHINA))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "[members.zhang]\nstore = 'pudong'",
            r"members\.zhang\.store: there is no store 'pudong'",
        ),
        ("[members.zhang]\nboss = 'wang'", r"members\.zhang: unknown key 'boss'"),
        ("[stores.a]\nzone = 'Mars'", r"stores\.a: 'Mars' is not a time zone"),
        ("[stores.a]\ndays = 'never'", r"stores\.a: days must be one of its words"),
        ("[stores.a]\nhours = ['25:00-26:00']", r"stores\.a: '25:00' is not a time of day"),
        ("[stores.a.dates]\nsoon = []", r"stores\.a: 'soon' is not a date"),
        ("[members.a]\naway = ['2026-03-06/2026-03-02']", r"members\.a: .* ends before it begins"),
        ("members = 3", "members must be a table"),
        ("[members.a]\nroles = 'x'", r"members\.a: roles must be a list"),
        ("members = ", "Invalid value"),
    ],
)
def test_mistakes_of_the_file_are_named(tmp_path, text, complaint):
    """The message names the file, the table and the key."""
    (tmp_path / "roster.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=rf"roster\.toml: .*{complaint}"):
        StaticRoster.from_toml(tmp_path / "roster.toml")


def test_a_runner_without_a_roster_knows_the_supervisor():
    """The plain roster has one shop, one supervisor and no stand-in."""
    plain = PlainRoster(above=lambda userid: "boss" if userid == "zhang" else "")
    assert (plain.supervisor("zhang"), plain.resolve("supervisor", "zhang", ""), plain.backup("zhang")) == (
        "boss",
        ("boss",),
        "",
    )
    assert plain.working("zhang", datetime(2026, 3, 2, tzinfo=CHINA))
    assert (plain.resolve("koc", "zhang", ""), plain.store("zhang")) == ((), "")
