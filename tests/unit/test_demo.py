from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from defusedxml.ElementTree import fromstring

from wecom_auto._demo._company import Company, company
from wecom_auto._demo._leads import read_leads
from wecom_auto._demo._play import Play
from wecom_auto._demo._run import Options, lead_list, run
from wecom_auto._demo._story import Deed, Moment, script
from wecom_auto._demo._tally import Outcome, tally
from wecom_auto._demo._world import BY_NAME, START, STORES, manager_of
from wecom_auto.models import Text

OPTIONS = Options(people=90, days=24, seed=3)
END = START + timedelta(days=OPTIONS.days)


def quiet(at: datetime) -> None:
    """Hear of the progress and say nothing."""
    del at


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Path]:
    """One short play and its folder."""
    folder = tmp_path_factory.mktemp("demo")
    return run(OPTIONS, folder, quiet), folder


@pytest.fixture(scope="module")
def outcome(played: tuple[Outcome, Path]) -> Outcome:
    """What was counted."""
    return played[0]


@pytest.fixture(scope="module")
def report(played: tuple[Outcome, Path]) -> str:
    """The page that was written."""
    return (played[1] / "report.html").read_text(encoding="utf-8")


def test_rows_in_are_accepted_or_refused(outcome):
    """No row of the list is lost."""
    document = outcome.document()
    assert document["leads_in"] == document["leads_accepted"] + document["rows_refused"] == OPTIONS.people
    assert len(document["refused"]) == document["rows_refused"] > 0


def test_every_touch_is_accounted_for(outcome):
    """Planned is the sum of sent, done, dropped, unconfirmed and waiting."""
    touches = outcome.touches
    rest = touches.sent + touches.done + sum(touches.dropped.values()) + touches.unconfirmed + touches.waiting
    assert touches.planned == rest > 0
    assert touches.sent > 0


def test_nothing_is_sent_twice_or_lost_in_spite_of_bad_luck(outcome):
    """Lost answers and late errors struck, and the platform's own records show no duplicate and no loss."""
    assert any("carried out" in name for name in outcome.faults)
    assert outcome.duplicates == 0
    assert outcome.lost.total == 0
    assert outcome.clean


def test_funnel_narrows(outcome):
    """Each stage is a part of the one before it, and people get as far as ordering."""
    counts = [count for _, count in outcome.funnel]
    assert counts == sorted(counts, reverse=True)
    assert counts[1] == outcome.customers_added > 0


def test_same_seed_gives_the_same_numbers(outcome, tmp_path):
    """A second play of the same seed is equal to the last digit, whatever the wall clock says."""
    assert run(OPTIONS, tmp_path, quiet).document() == outcome.document()


def test_another_seed_is_another_play(outcome, tmp_path):
    """The seed matters."""
    other = run(Options(people=30, days=5, seed=4), tmp_path, quiet).document()
    assert other["seed"] == 4
    assert other["customers_added"] != outcome.customers_added


def test_outcome_is_json_without_names_and_phones(outcome):
    """The document can be dumped, and tells nothing about persons."""
    text = json.dumps(outcome.document(), ensure_ascii=False)
    people = lead_list(OPTIONS).accepted
    assert not any(lead.phone in text or lead.name in text for lead in people)
    assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)", text)


def test_folder_may_be_used_again(outcome, tmp_path):
    """A second run into the same folder replaces the first one's files."""
    small = Options(people=10, days=2, seed=1)
    first = run(small, tmp_path, quiet).document()
    assert run(small, tmp_path, quiet).document() == first
    assert {path.name for path in tmp_path.iterdir()} >= {"report.html", "timeline.svg", "wecom.db"}


class Page(HTMLParser):
    """Collects what a browser would fetch, and whether tags are balanced."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag and what it would fetch."""
        self.fetched += [value or "" for name, value in attrs if name in {"src", "href"}]
        if tag not in {"meta", "rect", "line", "circle", "path", "polyline"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the tag that was opened last."""
        if tag not in {"rect", "line", "circle", "path", "polyline"}:
            assert self.open.pop() == tag


def test_report_needs_no_network(report):
    """The page fetches nothing, and its tags are balanced."""
    page = Page()
    page.feed(report)
    assert page.fetched == []
    assert page.open == []
    assert not re.search(r"@import|url\(", report)


def test_report_tells_what_was_counted(report, outcome):
    """Funnel, reasons, refused rows and the proof are all on the page."""
    for name, count in outcome.funnel:
        assert f"<span>{name}</span>" in report
        assert f"<span>{count} · " in report
    for reason in outcome.touches.dropped:
        assert reason in report
    for row in outcome.leads.refused:
        assert f'<td class="n">{row.line}</td><td>{row.reason}</td>' in report
    assert "prefers-color-scheme:dark" in report


def test_timeline_is_a_picture_of_its_own(played):
    """The SVG file is well-formed and has a bar for each day on which something arrived."""
    outcome, folder = played
    picture: ET.Element = fromstring((folder / "timeline.svg").read_text(encoding="utf-8"))
    bars = [one for one in picture.iter() if one.get("class") == "sent" and one.tag.endswith("rect")]
    legend = 1
    assert len(bars) == len(outcome.daily["sent"]) + legend


@pytest.fixture
def stage(tmp_path: Path) -> Company:
    """An open company before the play."""
    with company(tmp_path / "wecom.db", 3) as found:
        yield found


def count(stage: Company) -> Outcome:
    """Count what there is now."""
    return tally(stage, lead_list(OPTIONS), seed=3, people=OPTIONS.people, days=OPTIONS.days, start=START)


def test_duplicate_is_counted_when_there_is_one(stage):
    """If somebody sent a text a second time behind our back, the count would say so."""
    Play(stage, lead_list(OPTIONS).accepted, START + timedelta(days=8), 3).run(quiet)
    assert count(stage).duplicates == 0
    tasks = (task for msgid in stage.fake.mass_messages() for task in stage.fake.mass_tasks(msgid))
    task = next(one for one in tasks if any(to.status == 1 for to in one.recipients))
    customer = next(to.target for to in task.recipients if to.status == 1)
    stage.fake.clear_faults()
    stage.client.mass_messages.create(
        chat_type="single", sender=task.userid, external_userids=[customer], text=Text(content=task.text)
    )
    stage.fake.tap(task.userid)
    found = count(stage)
    assert found.duplicates == 2
    assert found.lost.sent_but_not_known == 1
    assert not found.clean


def test_unhandled_callback_is_counted_as_lost(stage):
    """A callback that no handler took in is not hidden."""
    stage.fake.disturb(drop=1)
    stage.fake.scan(STORES[0].showroom_state)
    assert count(stage).lost.callbacks_not_handled == 1


def test_callbacks_are_handled_before_the_clock_moves(stage):
    """A customer who scans is in the directory and has the welcome message within its 20 seconds."""
    stage.fake.clear_faults()
    customer = stage.fake.scan(STORES[0].showroom_state, name="王女士")
    userid = customer.follows[0].userid
    assert stage.directory.facts(customer.external_userid, userid).following()
    assert stage.fake.count("externalcontact/send_welcome_msg") == 1


def test_script_keeps_the_funnel_of_the_trade():
    """Of many leads the shares of the hand-outs become contacts, visit, drive and order."""
    names = [store.name for store in STORES]
    rows = [f"王女士,199{number:08d},{names[number % 4]},潜客,2026-03-05,," for number in range(4000)]
    leads = read_leads("姓名,手机,门店,类型,留资日期,意向车型,保险到期\n" + "\n".join(rows) + "\n", BY_NAME)
    moments = script(leads.accepted, START, START + timedelta(days=120), 1)
    for deed, share in ((Deed.SCAN, 0.45), (Deed.VISIT, 0.18), (Deed.DRIVE, 0.11), (Deed.SIGN, 0.06)):
        assert sum(one.deed is deed for one in moments) / 4000 == pytest.approx(share, abs=0.02)


def test_script_is_in_order_and_inside_the_play():
    """Moments come in the order of time, none before the start or after the end."""
    moments = script(lead_list(OPTIONS).accepted, START, END, 3)
    assert list(moments) == sorted(moments, key=lambda one: one.at)
    assert START <= moments[0].at <= moments[-1].at < END
    assert {Deed.SCAN, Deed.LEAVE, Deed.SYNC, Deed.REVOKE} <= {one.deed for one in moments}
    assert isinstance(moments[0], Moment)
    assert moments[0].at.astimezone(UTC) == moments[0].at


def test_manager_has_no_manager():
    """N+1 ends at the top of the store."""
    assert manager_of("bj01-advisor2") == "bj01-manager"
    assert manager_of("bj01-manager") == ""
