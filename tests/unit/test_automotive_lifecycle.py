"""Stages and grades: legal ways, late news, second looks, and one tag that shows where a customer is."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from tests.stores import KINDS, fresh_database

from wecom_auto._time import CHINA
from wecom_auto.automotive.lifecycle import (
    GradeScheme,
    Journey,
    Lifecycle,
    LossKind,
    Move,
    Outcome,
    Position,
    TransitionError,
    decide,
    next_review,
    silent,
)
from wecom_auto.directory import Directory, SyncKind
from wecom_auto.errors import ConfigurationError, ValidationError
from wecom_auto.sop import DefinitionError
from wecom_auto.sop._document._timing import ClockRange
from wecom_auto.sop.tasks import WorkingHours
from wecom_auto.store import open_store
from wecom_auto.testing import FakeWeCom

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=CHINA)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CARS = Lifecycle.preset(lost_after=timedelta(days=90))
CLASSIC = GradeScheme.preset("classic_dealer")
CODES = [one.code for one in CARS.stages]


def at(hours: float = 0) -> datetime:
    """So many hours after nine."""
    return NINE + hours * HOUR


def here(stage: str, since: datetime = NINE) -> Position:
    """A customer in a stage."""
    return Position(external_userid="wm1", value=stage, since=since, active_at=since)


@pytest.fixture
def fake() -> FakeWeCom:
    """A corp whose two advisors share a customer, with a tag for every stage and grade."""
    fake = FakeWeCom(now=NINE)
    for stage in CARS.stages:
        fake.add_tag("客户阶段", stage.title)
    for grade in CLASSIC.grades:
        fake.add_tag("意向等级", grade.code)
    fake.add_tag("来源渠道", "到店")  # The name of a stage in a group of somebody else.
    return fake


@contextmanager
def opened(url: str, fake: FakeWeCom) -> Iterator[Journey]:
    """A journey in a database."""
    engine = open_store(url)
    yield Journey(engine, fake.corp_id, CARS, CLASSIC, clock=fake.clock.time)
    engine.dispose()


@pytest.fixture
def journey(fake: FakeWeCom) -> Iterator[Journey]:
    """A journey in memory."""
    with opened("sqlite://", fake) as journey:
        yield journey


@pytest.fixture(params=KINDS)
def everywhere(request: pytest.FixtureRequest, tmp_path: Path, fake: FakeWeCom) -> Iterator[Journey]:
    """A journey on each kind of database in turn."""
    with fresh_database(request.param, tmp_path) as url, opened(url, fake) as journey:
        yield journey


@pytest.fixture
def directory(journey: Journey, fake: FakeWeCom) -> Directory:
    """What the corp knows, read when the test asks."""
    return Directory(journey.engine, fake.corp_id, clock=fake.clock.time)


def stage_tags(fake: FakeWeCom, customer: str, userid: str) -> set[str]:
    """The tags that a member's customer carries on the platform."""
    return {tag.name for tag in fake.customer(customer).tags_by(userid)}


def test_the_preset_has_the_twelve_stages():
    """From lead to churned, each with a title that fits a tag, and twelve reasons to be lost."""
    assert CODES == [
        "lead", "contacted", "invited", "visited", "test_drive", "quoted",
        "ordered", "delivered", "owner", "repurchase", "lost", "churned",
    ]  # fmt: skip
    assert len(CARS.reasons) == 12
    assert max(len(one.title) for one in CARS.stages) <= 15


def test_every_stage_can_be_left():
    """There is no stage without a way out, and none that nothing leads to."""
    assert all(one.to for one in CARS.stages)
    assert set(CODES) - {code for one in CARS.stages for code in one.to} == {"lead"}


def test_the_lost_period_has_no_default():
    """A lifecycle without a lost period is refused, and the message says what to write."""
    text = 'name = "x"\nstart = ["a"]\nlost = { stage = "a", reason = [] }\n[[stage]]\ncode = "a"\ntitle = "A"\n'
    with pytest.raises(ConfigurationError, match="lost_after"):
        Lifecycle.from_file(text)
    assert Lifecycle.from_file('lost_after = "60d"\n' + text).lost_after == timedelta(days=60)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ('to = ["delivered"', 'to = ["deliverd"'),
            r"stage\[6\]\.to: unknown stage 'deliverd'; did you mean 'delivered'",
        ),
        (('code = "quoted"', 'code = "visited"'), "two stages have the code 'visited'"),
        (("review_days = [30, 90]", "review_days = [0]"), r"lost\.review_days\[0\]"),
        (('stage = "lost"', 'stage = "gone"'), r"lost\.stage: unknown stage 'gone'"),
        (("prospect = true", 'prospect = "yes"'), "prospect must be true or false"),
        (("[lost]", "[last]"), "unknown key 'last'"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(change, message):
    """What cannot be meant is named, with the place and what to write."""
    from wecom_auto.automotive._presets import preset_text

    text = preset_text("lifecycle", "automotive").replace(*change, 1)
    with pytest.raises(DefinitionError, match=message):
        Lifecycle.from_file(text, lost_after=DAY)


def test_an_unknown_preset_names_the_known_ones():
    """Nobody has to look into the package."""
    with pytest.raises(ConfigurationError, match="classic_dealer"):
        GradeScheme.preset("classic")


@pytest.mark.parametrize(
    ("before", "wanted", "outcome"),
    [
        ("lead", "contacted", Outcome.MOVED),
        ("lead", "visited", Outcome.MOVED),
        ("visited", "visited", Outcome.SAME),
        ("visited", "lead", Outcome.REFUSED),
        ("ordered", "quoted", Outcome.MOVED),
        ("delivered", "lost", Outcome.REFUSED),
        ("lost", "quoted", Outcome.MOVED),
        ("churned", "owner", Outcome.MOVED),
    ],
)
def test_ways_between_stages(before, wanted, outcome):
    """The lifecycle says which stage may follow which."""
    assert decide(CARS, here(before), Move(stage=wanted, at=at(1), reason="price")) is outcome


@pytest.mark.parametrize(
    ("before", "late", "outcome"),
    [
        ("visited", "invited", Outcome.LATE),
        ("visited", "ordered", Outcome.MOVED),
        ("lost", "quoted", Outcome.LATE),
        ("visited", "lost", Outcome.LATE),
        ("owner", "ordered", Outcome.LATE),
    ],
)
def test_late_news(before, late, outcome):
    """What happened before leads on along the way, and never back, never into a loss and never out of one."""
    assert decide(CARS, here(before), Move(stage=late, at=at(-1), reason="price")) is outcome


@given(st.lists(st.tuples(st.sampled_from(CODES), st.integers(-100, 100)), max_size=12))
def test_late_news_never_takes_a_customer_back(news):
    """Whatever comes in whatever order: news from before what is known never lowers the stage."""
    position = here("visited", at(0))
    for stage, hours in news:
        move = Move(stage=stage, at=at(hours), reason="price")
        if decide(CARS, position, move) is Outcome.MOVED:
            if move.at < position.since:
                assert CARS.rank(stage) > CARS.rank(position.value)
            position = evolve(position, value=stage, since=max(move.at, position.since))


def test_an_illegal_move_is_refused_with_those_that_are_legal(journey):
    """The error names where the customer may go, survives pickling, and nothing is written."""
    journey.move("wm1", Move(stage="delivered", at=at()))
    with pytest.raises(TransitionError, match="allowed: owner, churned") as caught:
        journey.move("wm1", Move(stage="quoted", at=at(1)))
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301  # Our own bytes.
    assert again.allowed == ("owner", "churned")
    assert len(journey.history("wm1")) == 1


def test_news_of_another_system_is_kept_although_there_is_no_way(everywhere):
    """A DMS cannot be corrected: its event stays in the history, once, and the stage stays."""
    everywhere.move("wm1", Move(stage="delivered", at=at()))
    told = Move(stage="quoted", at=at(1), by="dms")
    assert [everywhere.hear("wm1", told) for _ in range(2)] == [Outcome.REFUSED, Outcome.REFUSED]
    assert [(one.value, one.outcome) for one in everywhere.history("wm1")] == [
        ("delivered", Outcome.MOVED),
        ("quoted", Outcome.REFUSED),
    ]
    assert everywhere.stage_of("wm1").value == "delivered"


def test_history_says_who_when_and_why(everywhere, fake):
    """Every entry has both times: when it happened and when it was told."""
    everywhere.move("wm1", Move(stage="lead", at=at(-2), by="website"))
    everywhere.move(
        "wm1", Move(stage="lost", at=at(-1), reason="price", loss=LossKind.DECLARED, by="zhangsan", note="价格高")
    )
    last = everywhere.history("wm1")[-1]
    assert (last.before, last.value, last.reason, last.loss, last.by, last.note) == (
        "lead", "lost", "price", LossKind.DECLARED, "zhangsan", "价格高",
    )  # fmt: skip
    assert (last.at, last.recorded_at) == (at(-1), fake.clock.now())


@pytest.mark.parametrize("reason", ["", "太贵"])
def test_a_loss_needs_a_reason_code(journey, reason):
    """Without one of the twelve codes nobody is lost; the message lists them."""
    journey.move("wm1", Move(stage="quoted", at=at()))
    with pytest.raises(ConfigurationError, match=r"price \(价格\)"):
        journey.move("wm1", Move(stage="lost", at=at(1), reason=reason))


def test_a_loss_is_looked_at_again_after_30_and_90_days(everywhere):
    """Both looks come due, one after the other; then there is none."""
    everywhere.move("wm1", Move(stage="lost", at=at(), reason="price"))
    assert everywhere.reviews(at() + 29 * DAY) == []
    assert [one.external_userid for one in everywhere.reviews(at() + 30 * DAY)] == ["wm1"]
    assert everywhere.reviewed("wm1", at() + 31 * DAY) == at() + 90 * DAY
    assert everywhere.reviews(at() + 89 * DAY) == []
    assert everywhere.reviewed("wm1", at() + 90 * DAY) is None
    assert everywhere.reviews(at() + 365 * DAY) == []


def test_who_comes_back_is_not_looked_at_again(journey):
    """A re-activated customer has no second look."""
    journey.move("wm1", Move(stage="lost", at=at(), reason="price"))
    journey.move("wm1", Move(stage="quoted", at=at(24)))
    assert journey.reviews(at() + 365 * DAY) == []


def test_the_next_look_is_never_skipped_by_a_late_one():
    """A look on day 95 that should have been on day 30 is the last one: day 90 is over."""
    assert next_review(CARS, at(), at() + 95 * DAY) is None
    assert next_review(CARS, at(), at()) == at() + 30 * DAY


def test_silent_prospects_expire(everywhere):
    """A prospect without a sign of life for the lost period is lost; an owner never is."""
    for customer, stage in (("wm1", "visited"), ("wm2", "owner"), ("wm3", "lead")):
        everywhere.move(customer, Move(stage=stage, at=at()))
    assert everywhere.sign_of_life("wm3", at() + 10 * DAY)
    assert everywhere.expire(at() + 90 * DAY, reason="unreachable") == ["wm1"]
    assert everywhere.history("wm1")[-1].loss is LossKind.TIMED_OUT
    assert everywhere.expire(at() + 90 * DAY, reason="unreachable") == []


def test_silence_is_counted_to_the_second():
    """The lost period is over when it is over, not before."""
    prospect = here("visited")
    assert not silent(CARS, prospect, at() + 90 * DAY - timedelta(seconds=1))
    assert silent(CARS, prospect, at() + 90 * DAY)
    assert silent(CARS.lost_for(timedelta(days=60)), prospect, at() + 60 * DAY)


def test_counts_have_every_stage(journey):
    """The funnel names stages with nobody in them, too."""
    journey.move("wm1", Move(stage="visited", at=at()))
    assert journey.counts() == dict.fromkeys(CODES, 0) | {"visited": 1}


def test_movers_at_the_same_time_write_one_history(everywhere):
    """Workers that hear the same news, and other news, together lose nothing and write nothing twice."""
    path = ["lead", "contacted", "invited", "visited", "test_drive"]
    moves = [Move(stage=stage, at=at(number)) for number, stage in enumerate(path)] * 4
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda move: everywhere.hear("wm1", move), moves))
    entries = everywhere.history("wm1")
    assert everywhere.stage_of("wm1").value == "test_drive"
    assert [one.number for one in entries] == list(range(1, len(entries) + 1))
    assert len({(one.value, one.at) for one in entries}) == len(entries)


def test_naive_times_and_long_ids_are_refused(journey):
    """A time without a zone and an id that no column holds never reach the database."""
    with pytest.raises(ValidationError, match="aware"):
        Move(stage="lead", at=datetime(2026, 3, 2))  # noqa: DTZ001  # The point of the test.
    with pytest.raises(ValidationError, match="64"):
        journey.move("w" * 65, Move(stage="lead", at=at()))


def test_the_stage_becomes_attribute_and_one_tag(journey, directory, fake):
    """After the mirror ran, SOPs see the attribute, and each friend's view carries exactly one tag of the group."""
    customer = fake.add_customer(followed_by="zhangsan").external_userid
    fake.add_member("lisi")
    fake.scan(fake.client().contact_ways.create(users=["lisi"]).config_id, customer=customer)
    directory.sync(fake.client())
    for hours, stage in enumerate(("lead", "visited")):
        journey.move(customer, Move(stage=stage, at=at(hours)))
        journey.mirror(fake.client(), directory, at(hours))
    assert directory.facts(customer).attribute("stage") == "visited"
    assert stage_tags(fake, customer, "zhangsan") == stage_tags(fake, customer, "lisi") == {"到店"}


def test_the_mirror_has_nothing_to_do_twice(journey, directory, fake):
    """What is shown is not shown again, and nobody is marked who carries the tag."""
    customer = fake.add_customer(followed_by="zhangsan").external_userid
    directory.sync(fake.client())
    journey.move(customer, Move(stage="quoted", at=at()))
    assert journey.mirror(fake.client(), directory, at()).marked == 1
    assert journey.mirror(fake.client(), directory, at(1)).shown == 0
    assert len(fake.calls("externalcontact/mark_tag")) == 1


def test_a_mirror_that_was_cut_off_goes_on(journey, directory, fake):
    """A mark whose answer was lost is made again: the end is the same."""
    customers = [fake.add_customer(followed_by="zhangsan").external_userid for _ in range(3)]
    directory.sync(fake.client())
    for customer in customers:
        journey.move(customer, Move(stage="quoted", at=at()))
    fake.fail_next("externalcontact/mark_tag", times=9, reset="after")
    report = journey.mirror(fake.client(), directory, at())
    assert report.failed.keys() == set(customers)
    fake.clear_faults()
    assert journey.mirror(fake.client(), directory, at(24)).failed == {}
    assert all(stage_tags(fake, customer, "zhangsan") == {"报价"} for customer in customers)


def test_a_move_during_the_mirror_stays_due(journey, directory, fake):
    """A customer who moves while being shown is shown again."""
    customer = fake.add_customer(followed_by="zhangsan").external_userid
    directory.sync(fake.client())
    journey.move(customer, Move(stage="lead", at=at()))

    def tell(who: str, attribute: str, value: str) -> None:
        directory.set_attribute(who, attribute, value)
        if value == "lead":
            journey.move(who, Move(stage="quoted", at=at(1)))

    journey.mirror(fake.client(), directory, at(1), tell=tell)
    journey.mirror(fake.client(), directory, at(2))
    assert stage_tags(fake, customer, "zhangsan") == {"报价"}
    assert directory.facts(customer).attribute("stage") == "quoted"


def test_who_is_no_friend_any_more_does_not_stop_the_mirror(journey, directory, fake):
    """The platform refuses to mark for a member who lost the customer: that is no failure."""
    customer = fake.add_customer(followed_by="zhangsan").external_userid
    directory.sync(fake.client())
    fake.delete_customer("zhangsan", customer)
    journey.move(customer, Move(stage="lead", at=at()))
    assert journey.mirror(fake.client(), directory, at()).failed == {}


def test_without_the_tags_the_mirror_says_what_to_do(journey, directory, fake):
    """A corp without the tag plan gets one message, not a customer half shown."""
    bare = FakeWeCom(now=NINE)
    customer = bare.add_customer(followed_by="zhangsan").external_userid
    directory.sync(bare.client(), kinds=[SyncKind.CUSTOMERS])
    journey.move(customer, Move(stage="lead", at=at()))
    with pytest.raises(ConfigurationError, match="apply the tag plan"):
        journey.mirror(bare.client(), directory, at())


def test_grades_change_freely_and_keep_their_history(everywhere):
    """Any grade may follow any other; an older one that comes late changes nothing."""
    everywhere.grade("wm1", "C", at=at(), by="zhangsan")
    assert everywhere.grade("wm1", "H", at=at(2), reason="试驾后") is Outcome.MOVED
    assert everywhere.grade("wm1", "B", at=at(1)) is Outcome.LATE
    assert everywhere.grade_of("wm1").value == "H"
    assert [one.value for one in everywhere.grade_history("wm1")] == ["C", "H", "B"]


def test_the_grade_becomes_a_tag_too(journey, directory, fake):
    """The grade is shown in its own exclusive group, beside the stage."""
    customer = fake.add_customer(followed_by="zhangsan").external_userid
    directory.sync(fake.client())
    journey.move(customer, Move(stage="quoted", at=at()))
    for hours, code in enumerate("CH"):
        journey.grade(customer, code, at=at(hours))
        journey.mirror(fake.client(), directory, at(hours))
    assert stage_tags(fake, customer, "zhangsan") == {"报价", "H"}
    assert directory.facts(customer).attribute("grade") == "H"


def test_an_unknown_grade_is_refused(journey):
    """A misspelt grade names the nearest."""
    with pytest.raises(ConfigurationError, match="no grade 'X'"):
        journey.grade("wm1", "X", at=at())


@pytest.mark.parametrize("name", ["by_visit", "classic_dealer", "habcn", "online_lead"])
def test_the_published_schemes_ship_with_their_source(name):
    """Each scheme names where its numbers come from."""
    scheme = GradeScheme.preset(name)
    assert scheme.source
    assert name in GradeScheme.presets()


SHOP = WorkingHours(shifts=(ClockRange.parse("09:00-18:00"),))


@pytest.mark.parametrize(
    ("scheme", "code", "since", "contacted", "due"),
    [
        ("classic_dealer", "H", at(), at(1), "2026-03-04 10:00"),
        ("classic_dealer", "A", at(), None, "2026-03-09 09:00"),
        # Seven days after nine in the evening the shop is closed: the next morning.
        ("classic_dealer", "A", at(), at(12), "2026-03-10 09:00"),
        ("online_lead", "A", at(), None, "2026-03-02 11:00"),
        # An hour before closing time, two hours of work end the next morning.
        ("online_lead", "A", at(8), None, "2026-03-03 10:00"),
        ("online_lead", "A", at(-4), None, "2026-03-02 11:00"),
        ("habcn", "D", at(), None, None),
    ],
)
def test_when_to_contact_next(scheme, code, since, contacted, due):
    """First contacts count working time, later ones calendar days, and both end when somebody works."""
    found = GradeScheme.preset(scheme).next_contact(code, since=since, contacted_at=contacted, hours=SHOP)
    assert (found and f"{found.astimezone(CHINA):%Y-%m-%d %H:%M}") == due
