"""A desk and a CRM in step: states go over, nothing comes back in a circle, one bad lead stops no other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.stores import KINDS, fresh_database
from tests.unit._lead_stage import TEN, Stage, new

from wecom_auto.automotive.leads import CrmNews, CrmSync, LeadChange, LeadStatus
from wecom_auto.errors import ValidationError
from wecom_auto.store import open_store


class House:
    """A CRM that keeps leads by their number and refuses some."""

    name = "crm"

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.leads: dict[str, LeadChange] = {}
        self.refuses: set[str] = set()

    def push(self, change: LeadChange) -> None:
        """Take it, or not."""
        if change.lead_id in self.refuses:
            raise ConnectionError(change.lead_id)
        self.keys.append(change.key)
        self.leads[change.lead_id] = change


@pytest.fixture(params=KINDS)
def stage(request, tmp_path) -> Iterator[Stage]:
    """A desk on every kind of database."""
    with fresh_database(request.param, tmp_path) as url:
        engine = open_store(url)
        yield Stage.open(engine)
        engine.dispose()


def later(stage: Stage):
    """A minute after, when what happened is settled."""
    stage.wait(minutes=1)
    return stage.fake.clock.now()


def test_what_happens_here_goes_there_once_and_as_it_is_now(stage):
    """Several steps are one state, and a round without news pushes nothing."""
    desk, house = stage.desk(), House()
    sync = CrmSync(desk, house)
    lead_id = desk.take(new(phone="13900000001")).lead_id
    desk.close(lead_id, reason="won", actor="anna")
    report = sync.push("", later(stage))
    assert (report.pushed, report.failed) == (1, {})
    change = house.leads[lead_id]
    assert (change.lead.status, change.phone, change.what) == (LeadStatus.CLOSED, "13900000001", ("taken", "closed"))
    assert sync.push(report.place, later(stage)).pushed == 0
    desk.take(new(phone="13900000002"))
    assert sync.push(report.place, later(stage)).pushed == 1
    assert "13900000001" not in repr(change)
    assert "王女士" not in repr(change)


def test_what_comes_from_there_does_not_go_back(stage):
    """A lead of the CRM, its closing and its repeats leave the desk alone; what a member does with it goes over."""
    desk, house = stage.desk(), House()
    sync = CrmSync(desk, house)
    news = [CrmNews(lead=new(phone="13900000001")), CrmNews(lead=new(phone="13900000002"), closed="won elsewhere")]
    first, second = sync.pull(news)
    assert sync.pull(news) == (first, second)
    assert (desk.lead(first).status, desk.lead(second).status) == (LeadStatus.NEW, LeadStatus.CLOSED)
    report = sync.push("", later(stage))
    assert (report.pushed, house.leads) == (0, {})

    (assigned,) = desk.assign()
    desk.accept(first, assigned.userid)
    assert sync.push(report.place, later(stage)).pushed == 1
    assert house.leads[first].lead.owner == assigned.userid


def test_an_echo_ends(stage):
    """A CRM that sends back whatever it gets makes no circle."""
    desk, house = stage.desk(), House()
    sync = CrmSync(desk, house)
    origin = new(phone="13900000001")
    desk.take(origin)
    place = ""
    pushes = []
    for _ in range(5):
        report = sync.push(place, later(stage))
        place = report.place
        pushes.append(report.pushed)
        sync.pull([CrmNews(lead=origin)] * report.pushed)
    assert pushes == [1, 0, 0, 0, 0]


def test_a_lead_that_is_refused_comes_again_and_stops_nobody(stage):
    """The others go on, with each round of their own; the place remembers who is missing."""
    desk, house = stage.desk(), House()
    sync = CrmSync(desk, house)
    bad, good = desk.take(new(phone="13900000001")).lead_id, desk.take(new(phone="13900000002")).lead_id
    house.refuses = {bad}
    report = sync.push("", later(stage))
    assert (report.pushed, report.failed) == (1, {bad: "ConnectionError"})
    third = desk.take(new(phone="13900000003")).lead_id
    report = sync.push(report.place, later(stage))
    assert (report.pushed, set(report.failed)) == (1, {bad})
    house.refuses = set()
    report = sync.push(report.place, later(stage))
    assert (report.pushed, report.failed) == (1, {})
    assert set(house.leads) == {bad, good, third}
    assert len(house.keys) == 3
    assert report.place.isdecimal()


def test_a_crm_that_is_away_loses_nothing(stage):
    """If everything is refused the place stays, and the same keys come again."""
    desk, house = stage.desk(), House()
    sync = CrmSync(desk, house)
    ids = {desk.take(new()).lead_id for _ in range(3)}
    house.refuses = ids
    report = sync.push("", later(stage))
    assert (report.pushed, set(report.failed)) == (0, ids)
    house.refuses = set()
    assert sync.push(report.place, later(stage)).pushed == 3


def test_what_may_be_overtaken_waits(stage):
    """A worker may commit an older entry after a younger one, so the youngest half minute is not passed."""
    desk, house = stage.desk(), House()
    sync = CrmSync(desk, house, settled=timedelta(seconds=30))
    desk.take(new())
    stage.wait(seconds=29)
    report = sync.push("", stage.fake.clock.now())
    assert (report.pushed, report.place) == (0, "0")
    stage.wait(seconds=1)
    assert sync.push(report.place, stage.fake.clock.now()).pushed == 1


def test_a_merged_lead_says_that_it_is_gone(stage):
    """The CRM hears of the survivor, and that the other number leads nowhere any more."""
    desk, house = stage.desk(), House()
    sync = CrmSync(desk, house)
    ids = [desk.take(new()).lead_id, desk.take(new()).lead_id]
    survivor = desk.merge(ids, actor="boss")
    (gone,) = {*ids} - {survivor}
    sync.push("", later(stage))
    assert house.leads[survivor].lead is not None
    assert gone not in house.leads or house.leads[gone].lead is None


def test_a_contact_of_the_crm_stops_the_deadline(stage):
    """Who was reached there was reached."""
    desk = stage.desk()
    lead = new()
    stage.given(desk, lead)
    (one,) = desk.leads()
    CrmSync(desk, House()).pull([CrmNews(lead=lead, reached_by=one.owner, evidence="call 17")])
    assert desk.lead(one.lead_id).contacted_at == TEN


@pytest.mark.parametrize("place", ["x", "-1", "1.5;a"])
def test_a_place_that_is_none_is_refused(stage, place):
    """A mistake in the caller's storage does not begin at 0 unasked."""
    with pytest.raises(ValidationError, match="place"):
        CrmSync(stage.desk(), House()).push(place, later(stage))
