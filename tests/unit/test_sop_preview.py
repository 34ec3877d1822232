"""Preview: the planner run forward, with its assumptions, as table, CSV and HTML."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from attrs import evolve
from rich.console import Console
from tests.unit._sop import CALENDAR, INSURANCE, PROSPECT, at, follow, run_of, sop, step

from wecom_auto.errors import ValidationError
from wecom_auto.sop import Definition, DefinitionError
from wecom_auto.sop.preview import Assumptions, KnownFacts, Preview, Subject, hypothetical, preview

ADDED = at("2026-09-29 15:20")


def prospect(days: int = 30, facts: KnownFacts | None = None, assume: Assumptions | None = None) -> Preview:
    """The prospect SOP for one new customer."""
    subject = hypothetical(PROSPECT, enrolled_at=ADDED, facts=facts)
    return preview(PROSPECT, [subject], now=ADDED, days=days, calendar=CALENDAR, assume=assume)


def test_the_preview_of_the_contract() -> None:
    """Welcome 09-29 15:20, material 09-30 10:00, invitation 10-08 10:00 moved from 10-02, lost 10-29 18:00."""
    first = {row.step_id: row for row in reversed(prospect().rows)}
    assert {name: f"{row.at:%m-%d %H:%M}" for name, row in first.items()} == {
        "welcome": "09-29 15:20", "material": "09-30 10:00", "invite": "10-08 10:00", "lost": "10-29 18:00",
    }  # fmt: skip
    invite = first["invite"]
    assert invite.moved_from == at("2026-10-02 10:00")
    assert (invite.reason, invite.note) == ("moved:holiday", "国庆节")


def test_a_preview_says_what_the_engine_will_do() -> None:
    """Every line of a preview is a decision of the planner at the same time with the same reason."""
    run = run_of(PROSPECT, ADDED)
    lines = [(row.at, row.step_id, row.reason) for row in prospect().rows]
    assert lines == [(when, item.step_id, item.reason) for when, item in follow(PROSPECT, run, ADDED)]


def test_the_horizon_ends_with_its_last_day() -> None:
    """One day ahead shows tomorrow whole and nothing of the day after."""
    assert {row.step_id for row in prospect(days=1).rows} == {"welcome", "material"}


def test_drops_are_rows_with_reasons() -> None:
    """Who will not get something is in the table, with the condition that was false."""
    rows = prospect(facts=KnownFacts(events={"testdrive.booked": ADDED})).rows
    skipped = next(row for row in rows if row.step_id == "invite")
    assert (skipped.outcome, skipped.reason, skipped.note) == (
        "skip", "skipped:condition", "not event('testdrive.booked')",
    )  # fmt: skip


def test_an_early_end_shows_what_it_leaves_undone() -> None:
    """After the goal every remaining step is listed as dropped."""
    rows = prospect(facts=KnownFacts(events={"deal.signed": ADDED})).rows
    assert [(row.step_id, row.reason) for row in rows] == [
        ("", "exit:goal"), ("welcome", "dropped:ended"), ("material", "dropped:ended"), ("invite", "dropped:ended"),
        ("lost", "dropped:ended"),
    ]  # fmt: skip


def test_assumptions_decide_what_comes_later() -> None:
    """The call happens only if nobody confirmed d30; the table says which of the two was assumed."""
    subject = hypothetical(INSURANCE, enrolled_at=at("2026-08-01 09:00"), anchor="2026-11-12")

    def call(*, confirmed: bool) -> str:
        made = preview(INSURANCE, [subject], now=at("2026-08-01 09:00"), days=100, calendar=CALENDAR,
                       assume=Assumptions(confirmed=confirmed))  # fmt: skip
        assert ("confirm" in made.assumptions.sentences("en")[1]) is True
        return next(row.outcome for row in made.rows if row.step_id == "call")

    assert (call(confirmed=True), call(confirmed=False)) == ("skip", "do")


def test_tags_of_the_sop_itself_are_assumed() -> None:
    """A tag that step one sets is there for the guard of step two, unless the preview is told otherwise."""
    steps = step("a", "+0d", do='tag = "x"') + step("b", "+1d", do='untag = "x"', more="if = \"tag('x')\"")
    made = sop(steps)
    subject = Subject(run_of(made, ADDED), KnownFacts())

    def reason(assume: Assumptions) -> str:
        rows = preview(made, [subject], now=ADDED, calendar=CALENDAR, assume=assume).rows
        return next(row.reason for row in rows if row.step_id == "b")

    assert reason(Assumptions()) == "due"
    assert reason(Assumptions(tags_applied=False)) == "skipped:condition"


def test_many_runs_are_sorted_by_time() -> None:
    """Rows of several customers are one timetable."""
    subjects = [
        Subject(evolve(run_of(PROSPECT, ADDED + timedelta(hours=hours)), customer=f"wm{hours}"), KnownFacts())
        for hours in (30, 0)
    ]
    rows = preview(PROSPECT, subjects, now=ADDED, days=3, calendar=CALENDAR).rows
    assert [row.at for row in rows] == sorted(row.at for row in rows)
    assert {row.customer for row in rows} == {"wm0", "wm30"}


def test_csv_is_machine_readable_and_safe_in_a_spreadsheet() -> None:
    """Reasons stay codes, Chinese stays readable, and a cell never starts a formula."""
    made = sop(step("a", "+0d", do='tag = "x"'))
    subject = Subject(evolve(run_of(made, ADDED), customer="=cmd|' /C calc'!A0"), KnownFacts())
    rows = list(csv.DictReader(io.StringIO(preview(made, [subject], now=ADDED, calendar=CALENDAR).to_csv())))
    assert rows[0]["customer"].startswith("'=")
    text = prospect().to_csv()
    assert "2026-10-08 10:00,preview,,invite,mass tpl/testdrive,do,moved:holiday,2026-10-02 10:00,,国庆节" in text


def test_html_is_escaped() -> None:
    """Names from a file cannot bring markup into a report."""
    made = sop(step("a", "+0d", do='tag = "<script>"'), head="")
    title = evolve(made, title="<b>t</b>")
    text = preview(title, [Subject(run_of(title, ADDED), KnownFacts())], now=ADDED, calendar=CALENDAR).to_html()
    assert "<script>" not in text
    assert "<b>" not in text
    assert "&lt;script&gt;" in text
    assert text.count("<table") == text.count("</table>") == 1


def test_html_speaks_both_languages() -> None:
    """Headings, reasons and assumptions are Chinese by default, English on request."""
    assert "遇节假日，已改期" in prospect().to_html()
    assert "moved off a day that the calendar closes" in prospect().to_html("en")


def test_rich_shows_the_table() -> None:
    """In a terminal a preview prints itself; empty columns are left out."""
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(prospect())
    text = console.export_text()
    assert "2026-10-08 10:00" in text
    assert "国庆节" in text
    assert "成员" not in text


def test_an_empty_preview_is_still_a_table() -> None:
    """Nothing due is an answer, not an error."""
    made = preview(PROSPECT, [], now=ADDED, calendar=CALENDAR)
    assert made.rows == ()
    assert made.to_csv().count("\n") == 1
    assert "<tbody>" in made.to_html()


def test_provisional_dates_are_marked() -> None:
    """A date in a year without published holidays says so in the table."""
    made = sop(step("a", "+1d 10:00"), window='holidays = "workdays-only"')
    moment = at("2099-01-05 10:00")
    rows = preview(made, [Subject(run_of(made, moment), KnownFacts())], now=moment, calendar=CALENDAR).rows
    assert rows[0].provisional
    assert "暂定" in rows[0].cells()


def test_bad_questions_are_refused() -> None:
    """Naive times, absurd horizons and a missing anchor date are errors that say what to give."""
    with pytest.raises(ValidationError, match="now"):
        preview(PROSPECT, [], now=ADDED.replace(tzinfo=None), calendar=CALENDAR)
    with pytest.raises(ValueError, match="days: 0"):
        preview(PROSPECT, [], now=ADDED, days=0, calendar=CALENDAR)
    with pytest.raises(DefinitionError, match="insurance_expiry"):
        hypothetical(INSURANCE, enrolled_at=ADDED)
    with pytest.raises(DefinitionError, match="not a date"):
        hypothetical(INSURANCE, enrolled_at=ADDED, anchor="soon")


def test_known_facts_are_facts() -> None:
    """The bundled facts answer every question of the port."""
    facts = KnownFacts(tags=["t"], events={"e": ADDED}, attributes={"a": 1}, channel="c", friend=False, reached=["s"])
    assert (facts.has_tag("t"), facts.event("e"), facts.attribute("a"), facts.attribute("b")) == (True, ADDED, 1, None)
    assert (facts.state(), facts.following(), facts.delivered("s"), facts.delivered("t")) == ("c", False, True, False)
    assert isinstance(PROSPECT, Definition)


def rows_of(text: str, *, start: str, anchor: str | None = None, facts: KnownFacts | None = None) -> list[str]:
    """What a preview shows, without headings."""
    made = Definition.from_toml(text)
    subject = hypothetical(made, enrolled_at=at(start), anchor=anchor, facts=facts)
    table = preview(made, [subject], now=at(start), days=60, calendar=CALENDAR)
    return [f"{row.at:%m-%d %H:%M} {row.step_id}: {row.what} {row.reason}" for row in table.rows]


HEAD = 'sop = "x"\nversion = 1\ntitle = "t"\n'


def test_branches_and_stages_are_previewed() -> None:
    """The stage that one step sets is there for the branch of a later one, and what it passes by says so."""
    steps = (
        step("a", "+1d 10:00", do="mass = 'm', stage = 'hot', notice = '跟进'")
        + step("ask", "+2d", do="branch = [{ if = \"attr('stage') == 'hot'\", goto = 'z' }]")
        + step("b", "+3d 10:00")
        + step("z", "+4d", do="webhook = 'crm', end = true")
    )
    assert rows_of(f'{HEAD}[entry]\non = "manual"\n{steps}', start="2026-03-02 09:00") == [
        "03-03 10:00 a: mass m due",
        "03-03 10:00 a: notice 跟进 due",
        "03-03 10:00 a: stage hot due",
        "03-04 09:00 ask: branch → z branch:taken",
        "03-04 09:00 b:  skipped:branch",
        "03-06 09:00 z: webhook crm due",
        "03-06 09:00 z: end end:step",
    ]


@pytest.mark.parametrize(
    ("on", "anchor", "first"),
    [
        ("birthday", "1992-03-09", "03-09 10:00"),
        ("birthday", "1992-03-02", "03-02 10:00"),
        ("calendar:weekly mon", None, "03-02 10:00"),
        ("calendar:monthly 5", None, "03-05 10:00"),
    ],
)
def test_the_next_day_that_comes_round_is_previewed(on: str, anchor: str | None, first: str) -> None:
    """Whoever looks at a birthday SOP sees the next birthday, today's included, not the year of birth."""
    text = f'{HEAD}[entry]\non = "{on}"\n' + step("a", "+0d 10:00")
    assert rows_of(text, start="2026-03-02 09:00", anchor=anchor)[0] == f"{first} a: mass tpl/x due"


def test_a_day_that_has_passed_has_no_preview() -> None:
    """A date of entry that is over is an error that says so, not an empty table."""
    text = f'{HEAD}[entry]\non = "calendar:2025-01-01"\n' + step("a", "+0d 10:00")
    with pytest.raises(DefinitionError, match="calendar:2025-01-01"):
        rows_of(text, start="2026-03-02 09:00")


def test_groups_and_moments_are_previewed() -> None:
    """What goes into a group or a moment stands in the table like a message to a customer."""
    group = f'{HEAD}target = "group"\n[entry]\non = "group.created"\n' + step("a", "+1d 10:00", do="group = 'g'")
    assert rows_of(group, start="2026-03-02 09:00")[0] == "03-03 10:00 a: group g due"
    moment = f'{HEAD}target = "moment"\n[entry]\non = "manual"\n' + step("a", "+1d 10:00", do="moment = 'm'")
    assert rows_of(moment, start="2026-03-02 09:00")[0] == "03-03 10:00 a: moment m due"
