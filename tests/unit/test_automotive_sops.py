"""The SOP presets: each is sound, and each is played on the fake platform for its whole length and to its goal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from attrs import frozen
from tests.unit._preset_stage import ROSTER, PresetStage, in_days

import wecom_auto.automotive.presets as presets_package
from wecom_auto._time import CHINA
from wecom_auto.automotive.lifecycle import Lifecycle
from wecom_auto.automotive.network import parse_network
from wecom_auto.automotive.presets import sop_contents, sop_names, sop_preset, sops
from wecom_auto.automotive.tagplan import TagPlan
from wecom_auto.errors import ConfigurationError
from wecom_auto.sop import StaffTask
from wecom_auto.sop._lint._names import _tags  # the tags that the linter looks at
from wecom_auto.sop._rows._states import EnrolmentStatus
from wecom_auto.sop.check import Rules, Severity, check_file
from wecom_auto.sop.tasks import StaticRoster

FOLDER = Path(presets_package.__file__).parent / "sop"
KNOWN = {
    "SOP012": {"anniversary", "birthday"},
    "SOP030": {"delivery_care", "repurchase"},
    "SOP050": {
        "delivery_care", "order_to_delivery", "prospect_nurture", "regular_service", "renewal", "repurchase",
        "test_drive_after",
    },
}  # fmt: skip
"""Warnings that are meant: greetings without a goal, years without published holidays, the upper bound of taps."""
LEAD = "lead-4711"


def _scan(stage: PresetStage) -> None:
    way = stage.fake.client().contact_ways.create(users=["anna"], state="store.bj01")
    stage.customer = stage.fake.scan(way.config_id, name="李先生").external_userid
    stage.hear()


def _mark(stage: PresetStage, *, on: bool = True) -> None:
    (tag_id,) = stage.directory.tag_ids("投诉中")
    stage.fake.staff_marks_tag("anna", stage.customer, **{"add" if on else "remove": [tag_id]})
    stage.hear()


def _hand_over(stage: PresetStage) -> None:
    stage.directory.record_event(stage.customer, "vehicle.delivered", stage.now)
    stage.becomes("vehicle.delivered", stage.now.date())


def _sets(name: str, value: object) -> Callable[[PresetStage], None]:
    return lambda stage: stage.becomes(name, value)


def _dates(name: str, days: int) -> Callable[[PresetStage], None]:
    return lambda stage: stage.becomes(name, in_days(stage, days))


def _hears(name: str) -> Callable[[PresetStage], None]:
    return lambda stage: stage.happens(name)


def _no_way_in(_stage: PresetStage) -> None:
    """The calendar lets in by itself."""


def _lead(stage: PresetStage) -> None:
    stage.customer = LEAD
    assert stage.runner.enrol("lead_first_contact", LEAD, userid="anna", now=stage.now)


def _join(stage: PresetStage) -> None:
    stage.fake.join_group(stage.group, stage.customer)
    stage.hear()


@frozen
class Part:
    """How a preset begins, and what ends it well.

    Attributes:
        begin: Lets the customer or group in.
        goal: What brings the goal; `None` for a preset without one.
        meanwhile: What another system reports on day 29, so that waiting steps go on.
        days: How long the play is.
    """

    begin: Callable[[PresetStage], None]
    goal: Callable[[PresetStage], None] | None
    meanwhile: Callable[[PresetStage], None] | None = None
    days: int = 2000


PARTS = {
    "anniversary": Part(_hand_over, None),
    "annual_inspection": Part(_dates("vehicle.inspection_due", 100), _sets("inspection.status", "done")),
    "birthday": Part(_sets("birthday", "1990-03-10"), None, days=100),
    "churn_winback": Part(_dates("owner.silent_since", -60), _sets("owner.silent_since", None)),
    "complaint_freeze": Part(_mark, lambda stage: _mark(stage, on=False)),
    "delivery_care": Part(_hand_over, _hears("service.done")),
    "first_service": Part(_hand_over, _sets("service.status", "done")),
    "group_welcome": Part(_join, None),
    "lead_first_contact": Part(_lead, _hears("lead.reached")),
    "lost_longterm": Part(_sets("stage", "lost"), _sets("stage", "contacted"), meanwhile=_hears("milestone.launch")),
    "order_to_delivery": Part(
        _sets("stage", "ordered"), _sets("stage", "delivered"), meanwhile=_sets("delivery.ready", value=True)
    ),
    "prospect_group_daily": Part(_no_way_in, lambda stage: stage.becomes("kind", "test_drive", "group"), days=120),
    "prospect_nurture": Part(_scan, _sets("stage", "test_drive")),
    "regular_service": Part(_dates("service.due", 30), _sets("service.status", "done")),
    "renewal": Part(_dates("vehicle.policy_end", 120), _sets("insurance.status", "renewed")),
    "repurchase": Part(_hand_over, _hears("deal.signed")),
    "service_revisit": Part(_hears("service.done"), _hears("service.revisited")),
    "test_drive_after": Part(_hears("testdrive.done"), _hears("deal.signed")),
    "test_drive_invite": Part(
        lambda stage: stage.becomes("appointment.at", (stage.now + timedelta(days=2, hours=2)).isoformat()),
        _sets("stage", "test_drive"),
    ),
    "warranty_end": Part(_dates("vehicle.warranty_end", 100), _sets("warranty.status", "done")),
}


@pytest.fixture(scope="module")
def roster(tmp_path_factory) -> StaticRoster:
    """A store with everybody whom the presets ask for."""
    path = tmp_path_factory.mktemp("roster") / "roster.toml"
    path.write_text(ROSTER, encoding="utf-8")
    return StaticRoster.from_toml(path)


def test_every_preset_has_a_part():
    """A new preset is played, too."""
    assert set(PARTS) == set(sop_names())


@pytest.mark.parametrize("name", sop_names())
def test_the_linter_finds_no_error_and_no_warning_that_is_not_meant(name):
    """Contents, prices, variables, windows, exits: checked as strictly as `sop check` can."""
    rules = Rules(dealer_priced=True, variables=())
    findings = check_file(
        FOLDER / f"{name}.toml", contents=FOLDER / "contents.toml", today=date(2026, 1, 5), rules=rules
    )
    assert [str(one) for one in findings if one.severity is Severity.ERROR] == []
    assert [str(one) for one in findings if name not in KNOWN.get(one.code, ())] == []


@pytest.mark.parametrize("name", sop_names())
def test_the_header_says_where_numbers_come_from_and_what_cannot_be(name):
    """Every file explains itself before its first line."""
    head = (FOLDER / f"{name}.toml").read_text(encoding="utf-8").partition("sop      =")[0]
    assert "# Sources:" in head
    assert "cannot express" in head or "has no goal" in head


@pytest.mark.parametrize("name", sop_names())
def test_names_are_those_of_the_other_presets(name):
    """Tags, roles and stages exist in the tag plan, the network and the lifecycle that ship beside."""
    definition = sop_preset(name).definition
    tags = {tag.name for group in TagPlan.preset("automotive").groups for tag in group.tags}
    assert {tag for _, tag in _tags(definition)} <= tags | {"勿扰"}
    roles = {task.role for step in definition.steps for task in step.do if isinstance(task, StaffTask)} - {""}
    assert roles <= set(parse_network({}).roles) | {"supervisor"}
    stages = {stage.code for stage in Lifecycle.preset("automotive", lost_after=timedelta(days=90)).stages}
    if definition.entry.trigger == "stage.entered":
        assert definition.entry.subject in stages


@pytest.mark.parametrize("name", sop_names())
def test_it_plays_for_its_whole_length(name, roster):
    """Every step comes up, inside its window, and the run ends by itself."""
    stage, part = PresetStage.open(name, roster), PARTS[name]
    part.begin(stage)
    stage.play(stage.now + timedelta(days=part.days), act=part.meanwhile, at=stage.now + timedelta(days=29))
    touches = stage.touches()
    definition = stage.preset.definition
    assert {step: state for step, state in touches.items() if state not in {"delivered", "done"}} == {}
    assert set(touches) == {step.id for step in definition.steps}
    assert stage.runs()[0][0] == EnrolmentStatus.ENDED.value
    quiet = [at for at in stage.sent_at() if not time(8, 30) <= at.time() < time(21)]
    assert quiet == []


@pytest.mark.parametrize("name", [name for name, part in PARTS.items() if part.goal is not None])
def test_it_reaches_its_goal(name, roster):
    """What the SOP is for ends it, as a goal, and nothing more is asked of anybody."""
    stage, part = PresetStage.open(name, roster), PARTS[name]
    part.begin(stage)
    first = stage.now + timedelta(hours=1)
    if name == "prospect_group_daily":
        first = datetime(2026, 4, 3, 9, tzinfo=CHINA)
    stage.play(stage.now + timedelta(days=3 if name != "prospect_group_daily" else 32), act=part.goal, at=first)
    stage.runner.tick(stage.now)
    assert [goal for _, _, goal in stage.runs()] == [True], stage.runs()


def test_a_complaint_ends_marketing_and_lets_nobody_in(roster):
    """The tag 投诉中 is the freeze: the nurturing of the customer is over before its next message."""
    stage = PresetStage.open("prospect_nurture", roster)
    _scan(stage)
    stage.play(stage.now + timedelta(days=5), act=_mark, at=stage.now + timedelta(days=2))
    ((_, reason, goal),) = stage.runs()
    assert (reason[:4], goal) == ("exit", False)
    assert "invite" not in stage.touches()


def test_without_consent_marketing_waits_at_the_door(roster):
    """`consent` makes every marketing preset ask first, and leaves services alone."""
    asked = {preset.name for preset in sops(consent="marketing") if preset.definition.policy.consent}
    assert {"prospect_nurture", "lost_longterm", "churn_winback", "repurchase"} <= asked
    assert not asked & {"renewal", "complaint_freeze", "first_service"}


def test_a_preset_brings_its_messages_and_no_others():
    """What is published needs nothing beside it, and no message of the library is forgotten."""
    known = set(sop_contents().items)
    named = [set(preset.contents.items) for preset in sops()]
    assert set().union(*named) == known
    assert len(known) < sum(map(len, named)) + 1


def test_an_unknown_name_is_answered_with_the_nearest():
    """A slip of the pen costs no search."""
    with pytest.raises(ConfigurationError, match="prospect_nurture"):
        sop_preset("prospect_nuture")
