"""Tags as code: what differs is found, what is applied stays applied, and rules tag by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stores import KINDS, fresh_database

from wecom_auto._time import CHINA
from wecom_auto.automotive.channels import Attribution, Origin, Source
from wecom_auto.automotive.tagplan import (
    Difference,
    MadeTags,
    Signal,
    SignalKind,
    Tagger,
    TagPlan,
    compare,
    evaluate,
)
from wecom_auto.directory import Directory, SyncKind
from wecom_auto.errors import ConfigurationError, WeComError
from wecom_auto.models import Tag, TagGroup
from wecom_auto.sop import DefinitionError
from wecom_auto.store import open_store
from wecom_auto.testing import FakeWeCom

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=CHINA)
DAY = timedelta(days=1)
PLAN = TagPlan.from_file(Path(__file__).parents[2] / "examples" / "automotive" / "tags.toml")
AUTOMOTIVE = TagPlan.preset("automotive")
SMALL = (
    'name = "x"\n[[group]]\nname = "级"\nexclusive = true\ntags = ["H", "A"]\n[[group]]\nname = "源"\ntags = ["直播"]\n'
)


@pytest.fixture
def fake() -> FakeWeCom:
    """A corp without tags."""
    return FakeWeCom(now=NINE)


def library(fake: FakeWeCom) -> dict[str, list[str]]:
    """The corp's tags as they are shown: groups and tags by their order."""
    groups = sorted(fake.client().tags.list(), key=lambda one: -one.order)
    return {one.group_name: [tag.name for tag in sorted(one.tags, key=lambda tag: -tag.order)] for one in groups}


def wanted(plan: TagPlan) -> dict[str, list[str]]:
    """What the plan wants to be shown."""
    return {one.name: list(one.names) for one in plan.groups if one.tags}


def test_the_preset_has_eighteen_groups_and_no_complaint():
    """The plan that ships fits the console, and no name stands in two groups."""
    assert len(AUTOMOTIVE.groups) == 18
    assert AUTOMOTIVE.warnings() == ()
    assert all(one.basis for one in AUTOMOTIVE.groups)


def test_stages_and_reasons_of_the_plan_are_those_of_the_lifecycle():
    """The two presets agree, so that the mirror finds its tags."""
    from wecom_auto.automotive.lifecycle import GradeScheme, Lifecycle

    cars = Lifecycle.preset(lost_after=DAY)
    assert AUTOMOTIVE.group(cars.tag_group).names == tuple(one.title for one in cars.stages)
    assert AUTOMOTIVE.group("战败原因").names == tuple(one.title for one in cars.reasons)
    for name in GradeScheme.presets():
        scheme = GradeScheme.preset(name)
        assert {one.code for one in scheme.grades} <= set(AUTOMOTIVE.group(scheme.tag_group).names)


def test_an_empty_corp_gets_the_whole_plan(fake):
    """Afterwards the library shows the groups and tags in the order of the plan, and nothing is left to do."""
    applied = AUTOMOTIVE.apply(fake.client())
    assert applied.clean
    assert library(fake) == wanted(AUTOMOTIVE)
    assert {one.kind for one in applied.left.findings} == {Difference.EMPTY}


def test_a_second_run_does_nothing(fake):
    """Applying twice reads twice and writes once."""
    PLAN.apply(fake.client())
    written = fake.count("externalcontact/add_corp_tag")
    assert PLAN.apply(fake.client()).done == ()
    assert fake.count("externalcontact/add_corp_tag") == written


@settings(max_examples=25)
@given(st.data())
def test_from_any_beginning_the_plan_is_reached(data):
    """Whatever part of the plan, old names and foreign tags a corp begins with, one run makes it the plan."""
    fake = FakeWeCom(now=NINE)
    for name in data.draw(st.permutations(["意向等级", "车型", "来源渠道", "活跃"])):
        pool = {"意向等级": ["A", "H", "X"], "车型": ["远途GT", "旧款"], "来源渠道": ["转介绍"], "活跃": ["投诉中"]}[
            name
        ]
        for tag in data.draw(st.lists(st.sampled_from(pool), unique=True)):
            fake.add_tag(name, tag)
    applied = PLAN.apply(fake.client())
    assert applied.clean
    shown = library(fake)
    for group in PLAN.groups:
        assert [name for name in shown[group.name] if name in group.names] == list(group.names)


def test_a_renamed_tag_keeps_its_customers(fake):
    """A tag with a former name is renamed, not made anew."""
    customer = fake.add_customer(followed_by="zhangsan")
    old = fake.add_tag("车型", "远途GT")
    fake.client().tags.mark("zhangsan", customer.external_userid, add=[old.id])
    PLAN.apply(fake.client())
    assert [tag.name for tag in fake.customer(customer).tags_by("zhangsan")] == ["远途 GT"]


def test_foreign_tags_are_named_and_stay(fake):
    """What the plan does not know is found, except in an open group, and nothing of it is deleted."""
    for group, tag in (("意向等级", "超级"), ("意向车型", "自家车"), ("同事的", "标签")):
        fake.add_tag(group, tag)
    found = PLAN.apply(fake.client()).left
    assert [(one.group, one.tag) for one in found.of(Difference.FOREIGN_TAG)] == [("意向等级", "超级")]
    assert [one.group for one in found.of(Difference.FOREIGN_GROUP)] == ["同事的"]
    assert {"超级"} <= set(library(fake)["意向等级"])


def test_tags_of_another_app_are_reported_not_fought(fake):
    """The platform refuses to rename what another app made; the rest of the plan is applied."""
    fake.add_app("other", "secret-of-the-other-app", agent_id=1000009)
    fake.client(secret="secret-of-the-other-app").tags.create(["远途GT"], group_name="车型")
    applied = PLAN.apply(fake.client())
    assert {one.kind for one, _ in applied.refused} <= {Difference.RENAMED, Difference.ORDER}
    assert applied.refused
    assert not applied.clean
    assert "来源渠道" in library(fake)


def test_not_ours_is_said_before_it_is_tried(fake, tmp_path):
    """With a memory of what this app made, a rename of somebody else's tag is warned about."""
    fake.add_tag("车型", "远途GT")
    engine = open_store(f"sqlite:///{tmp_path / 'db'}")
    made = MadeTags(engine, fake.corp_id, "1000002", clock=fake.clock.time)
    assert len(PLAN.diff(fake.client(), made=made).of(Difference.NOT_OURS)) == 2
    PLAN.apply(fake.client(), made=made)
    assert PLAN.diff(fake.client(), made=made).of(Difference.NOT_OURS) == ()
    assert {tag.id for one in fake.client().tags.list() for tag in one.tags if tag.name == "H"} <= made.ids()
    engine.dispose()


@pytest.mark.parametrize("fault", [{"reset": "after"}, {"reset": "before"}, {"late_busy": True}, {"body": "truncated"}])
@pytest.mark.parametrize("call", range(5))
def test_an_answer_that_gets_lost_makes_no_second_tag(fake, fault, call):
    """Whichever create loses its answer, and whatever it did: after another run the library is the plan, once."""
    client = fake.client().with_options(attempts=1)
    step = iter(range(99))

    def at_the_call(_done: int, _total: int, _text: str) -> None:
        if next(step) == call:
            fake.fail_next("externalcontact/add_corp_tag", **fault)

    try:
        PLAN.apply(client, progress=at_the_call)
    except WeComError:
        PLAN.apply(client)
    assert library(fake) == wanted(PLAN)


def test_a_run_that_is_cut_off_goes_on(fake):
    """Stopped at any step, the next run ends where an undisturbed one ends."""

    class KilledError(Exception):
        """The process is gone."""

    def die_at(number: int):
        def told(done: int, _total: int, _text: str) -> None:
            if done == number:
                raise KilledError

        return told

    for number in range(4, 0, -1):
        with pytest.raises(KilledError):
            TagPlan.preset().apply(fake.client(), progress=die_at(number))
    assert AUTOMOTIVE.apply(fake.client()).clean
    assert library(fake) == wanted(AUTOMOTIVE)


def test_a_plan_that_does_not_fit_is_found():
    """Beyond the 10,000 tags of a corp the plan does not fit."""
    crowd = TagGroup(group_id="g", group_name="大", tags=tuple(Tag(id=f"t{n}", name=f"t{n}") for n in range(9_990)))
    assert compare(PLAN, [crowd]).of(Difference.TOO_MANY)[0].detail == "9990 there, 19 to be made"


def test_a_plan_that_does_not_fit_is_not_begun(fake):
    """Nothing is made, and the error counts."""
    client = fake.client()
    for start in range(0, 9_990, 999):
        client.tags.create([f"t{start + n}" for n in range(999)], group_name=f"大{start}")
    before = fake.count("externalcontact/add_corp_tag")
    with pytest.raises(ConfigurationError, match="9990 there"):
        PLAN.apply(client)
    assert fake.count("externalcontact/add_corp_tag") == before


def test_two_groups_of_one_name_are_said(fake):
    """The first one is taken, the second one is named."""
    groups = [TagGroup(group_id=one, group_name="来源渠道", tags=(Tag(id=f"{one}t", name="直播"),)) for one in "ab"]
    assert [one.id for one in compare(PLAN, groups).of(Difference.DOUBLE)] == ["b"]


def test_long_and_double_names_are_warned_about():
    """The console takes 15 characters, and a name in two groups means both."""
    plan = TagPlan.from_file(SMALL.replace('"直播"', '"A", "一个超过十五个字符的很长的标签名称"'))
    assert [(one.kind, one.tag) for one in plan.warnings()] == [
        (Difference.TOO_LONG, "一个超过十五个字符的很长的标签名称"),
        (Difference.DUPLICATE, "A"),
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('"H", "A"', '"H", "H"'), r"group\[0\].*two tags are called 'H'"),
        (('name = "源"', 'name = "级"'), "two groups are called '级'"),
        (('"直播"', f'"{"长" * 31}"'), "1 to 30 characters"),
        (('tags = ["直播"]', "tags = []"), "open = true"),
        (("exclusive = true", "exclusive = 1"), "exclusive must be true or false"),
        (('name = "x"', 'nam = "x"'), "did you mean 'name'"),
        (('["直播"]', '["直播"]\n[[rule]]\nid = "r"\nfrom = "event"\ntag = "源/直搏"'), "did you mean '直播'"),
        (('["直播"]', '["直播"]\n[[rule]]\nid = "r"\nfrom = "events"\ntag = "源/直播"'), "did you mean 'event'"),
        (('["直播"]', '["直播"]\n[[rule]]\nid = "r"\nfrom = "event"\ntag = "直播"'), "group/tag"),
    ],
)
def test_a_wrong_plan_is_refused_with_its_place(change, message):
    """What cannot be meant is named, with what to write."""
    with pytest.raises((DefinitionError, ConfigurationError), match=message):
        TagPlan.from_file(SMALL.replace(*change, 1))


def test_a_catalogue_fills_an_open_group():
    """Models go behind what is there, each once; a name that is too long is refused."""
    filled = PLAN.filled({"意向车型": ["远途 X9", "远途 X7", "远途 X9"]})
    assert filled.group("意向车型").names == ("远途 X7", "远途 GT", "远途 X9")
    with pytest.raises(ConfigurationError, match="31 characters"):
        PLAN.filled({"意向车型": ["长" * 31]})


# Rules


@contextmanager
def tagging(url: str, fake: FakeWeCom) -> Iterator[tuple[Tagger, Directory]]:
    """A tagger whose corp has the plan's tags and one customer."""
    PLAN.apply(fake.client())
    fake.add_customer(followed_by="zhangsan")
    engine = open_store(url)
    directory = Directory(engine, fake.corp_id, clock=fake.clock.time)
    directory.sync(fake.client(), kinds=[SyncKind.TAGS, SyncKind.CUSTOMERS])
    yield Tagger(engine, fake.corp_id, PLAN, clock=fake.clock.time), directory
    engine.dispose()


@pytest.fixture
def scene(fake: FakeWeCom) -> Iterator[tuple[Tagger, Directory]]:
    """In memory."""
    with tagging("sqlite://", fake) as opened:
        yield opened


@pytest.fixture(params=KINDS)
def everywhere(request: pytest.FixtureRequest, tmp_path: Path, fake: FakeWeCom) -> Iterator[tuple[Tagger, Directory]]:
    """On each kind of database in turn."""
    with fresh_database(request.param, tmp_path) as url, tagging(url, fake) as opened:
        yield opened


def signal(fake: FakeWeCom, kind: str, value: str, *, days: float = 0, field: str = "") -> Signal:
    """Something about the one customer."""
    who = fake.customers()[0].external_userid
    return Signal(kind=SignalKind(kind), value=value, field=field, at=NINE + days * DAY, external_userid=who)


def tags(fake: FakeWeCom) -> set[str]:
    """What the one customer carries on the platform."""
    return {tag.name for tag in fake.customers()[0].tags_by("zhangsan")}


@pytest.mark.parametrize(
    ("kind", "field", "value", "expected"),
    [
        ("state", "channel", "live", ["came-by-live-stream"]),
        ("state", "campaign", "live", []),
        ("event", "", "testdrive.booked", ["test-drive-booked"]),
        ("form", "预算", "15-20万", ["answered-a-form"]),
        ("keyword", "", "退车", ["complains"]),
        ("keyword", "", "你好", []),
    ],
)
def test_rules_mean_what_they_say(fake, kind, field, value, expected):
    """State, event, form answer and keyword each reach their rules and no others."""
    fake.add_customer(followed_by="zhangsan")
    orders = evaluate(PLAN.rules, signal(fake, kind, value, field=field))
    assert [one.rule for one in orders] == expected


def test_each_part_of_a_source_is_a_signal_for_the_member_who_was_added(scene, fake):
    """An attribution of the channels becomes the tag that a rule wants, on that member's relation; others get none."""
    tagger, _ = scene
    found = Attribution(
        external_userid="wm1",
        userid="a",
        added_at=NINE,
        state="x",
        origin=Origin.OURS,
        source=Source(channel="live", store="bj01"),
    )
    (order,) = tagger.hear_source(found)
    assert (order.external_userid, order.userid, order.tag, order.at) == ("wm1", "a", "直播", NINE)
    assert tagger.hear_source(evolve(found, source=Source())) == ()


def test_an_exclusive_tag_takes_the_others_off_in_one_call(everywhere, fake):
    """After the test drive the customer is 已试驾, and not 已预约 any more."""
    tagger, directory = everywhere
    for days, event in enumerate(("testdrive.booked", "testdrive.done")):
        tagger.hear(signal(fake, "event", event, days=days))
        tagger.run(fake.client(), directory, NINE + 2 * DAY)
    assert tags(fake) == {"已试驾"}
    assert fake.count("externalcontact/mark_tag") == 2


def test_a_tag_expires_by_itself(everywhere, fake):
    """Seven days after the last answer the tag is gone; an answer in between begins the time anew."""
    tagger, directory = everywhere
    for day in (0, 3):
        tagger.hear(signal(fake, "form", "是", days=day))
        tagger.run(fake.client(), directory, NINE + day * DAY)
    tagger.run(fake.client(), directory, NINE + 7 * DAY)
    assert tags(fake) == {"近7天活跃"}
    assert tagger.run(fake.client(), directory, NINE + 10 * DAY).off == 1
    assert tags(fake) == set()


def test_old_words_change_nothing(scene, fake):
    """A booking that is told after the drive, and a complaint after its end, come too late."""
    tagger, directory = scene
    for kind, value, days in (
        ("event", "testdrive.done", 2),
        ("event", "testdrive.booked", 1),
        ("event", "complaint.closed", 2),
        ("keyword", "投诉", 1),
    ):
        tagger.hear(signal(fake, kind, value, days=days))
        tagger.run(fake.client(), directory, NINE + 3 * DAY)
    assert tags(fake) == {"已试驾"}


def test_a_complaint_that_is_closed_loses_its_tag(scene, fake):
    """A rule may take a tag off."""
    tagger, directory = scene
    tagger.hear(signal(fake, "keyword", "投诉"))
    tagger.run(fake.client(), directory, NINE)
    tagger.hear(signal(fake, "event", "complaint.closed", days=1))
    tagger.run(fake.client(), directory, NINE + DAY)
    assert tags(fake) == set()


def test_a_failed_call_comes_again(scene, fake):
    """What the platform refused is tried later, and done once it takes it."""
    tagger, directory = scene
    tagger.hear(signal(fake, "keyword", "投诉"))
    fake.fail_next("externalcontact/mark_tag", times=9, errcode=45009)
    assert len(tagger.run(fake.client().with_options(attempts=1), directory, NINE).failed) == 1
    fake.clear_faults()
    assert tagger.run(fake.client(), directory, NINE).on == 0
    assert tagger.run(fake.client(), directory, NINE + timedelta(minutes=20)).on == 1
    assert tags(fake) == {"投诉中"}


def test_without_the_tags_an_order_waits(scene, fake):
    """A tag that is not in the library is reported, and put on after the plan was applied."""
    tagger, directory = scene
    fake.client().tags.delete(tag_ids=list(directory.tag_ids("投诉中")))
    directory.sync(fake.client(), kinds=[SyncKind.TAGS])
    tagger.hear(signal(fake, "keyword", "投诉"))
    (failed,) = tagger.run(fake.client(), directory, NINE).failed.values()
    assert "apply the plan" in failed
    PLAN.apply(fake.client())
    directory.sync(fake.client(), kinds=[SyncKind.TAGS])
    tagger.run(fake.client(), directory, NINE + DAY)
    assert tags(fake) == {"投诉中"}
