"""The words of a definition beyond the first two SOPs: targets, triggers, policies, branches, tasks."""

# ruff: noqa: C408 - `dict(on=…)` is how the documentation writes builders.
from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from tests.unit._sop import sop, step

from wecom_auto.sop import (
    Branch,
    Case,
    Concurrency,
    Condition,
    DefinitionError,
    Edit,
    Entry,
    Evidence,
    Fatigue,
    Goto,
    GroupMass,
    Moment,
    Notice,
    Policy,
    SetStage,
    StaffTask,
    Target,
    TaskKind,
    Webhook,
    Window,
    json_schema,
)
from wecom_auto.sop.builders import (
    Sop,
    Step,
    branch,
    day,
    delivered,
    event,
    goto,
    group,
    mass,
    moment,
    notice,
    staff_task,
    stage,
    tag,
    webhook,
)
from wecom_auto.sop.definition import Definition

GROUP_TOML = """
sop = "service-group"
version = 1
title = "服务群"
target = "group"
category = "service"
[policy]
purpose = "service"
on_absence = "supervisor"
[entry]
on = "group.created"
[[step]]
id = "hello"
at = "+0d 18:00"
do = { group = "tpl/hello", remind_staff = "4h" }
[[step]]
id = "check"
at = "+7d 10:00"
do = { staff_task = { title = "核对群成员", kind = "kick", role = "售后经理", due = "2d", \
  done = "event('group.checked')", evidence = "none" } }
"""
GROUP_BUILT = Sop(
    "service-group", 1, "服务群", target="group", category="service",
    policy=Policy(purpose="service", on_absence="supervisor"),
    entry=dict(on="group.created"),
    steps=[
        Step("hello", day(0, "18:00"), do=group("tpl/hello", remind_staff="4h")),
        Step("check", day(7, "10:00"), do=staff_task(
            "核对群成员", kind="kick", role="售后经理", due="2d", done=event("group.checked"), evidence="none")),
    ],
)  # fmt: skip
MOMENT_TOML = """
sop = "moments"
version = 1
title = "每周朋友圈"
target = "moment"
[entry]
on = "calendar:weekly thu,mon"
[[step]]
id = "post"
at = "+0d 10:00"
do = { moment = "tpl/story", visible = ["车主", "潜客"], escalate = "1d" }
"""
MOMENT_BUILT = Sop(
    "moments", 1, "每周朋友圈", target="moment", entry=dict(on="calendar:weekly mon,thu"),
    steps=[Step("post", day(0, "10:00"), do=moment("tpl/story", visible=["车主", "潜客"], escalate="1d"))],
)  # fmt: skip
TREE_TOML = """
sop = "tree"
version = 1
title = "分支"
category = "nurture"
[policy]
concurrency = "one_per_category"
on_conflict = "merge"
fatigue = { day = 1, month = 8 }
gap = "48h"
consent = "marketing"
on_edit = "migrate"
on_transfer = "pause"
on_unconfirmed = "reassign"
allow_split = true
[entry]
on = "stage.entered:visited"
[[step]]
id = "ask"
at = "+1d 10:00"
do = { mass = "tpl/ask", branch = [{ if = "tag('A')", goto = "a" }, { goto = "b" }] }
[[step]]
id = "a"
at = "+2d 10:00"
do = { notice = "请跟进", stage = "hot", webhook = "crm", goto = "z" }
[[step]]
id = "b"
at = "+2d 10:00"
do = { mass = "tpl/b" }
window = { allow = ["19:00-21:00"], late = "drop after 1d" }
[[step]]
id = "z"
at = "+9d"
do = { end = true }
"""
TREE_BUILT = Sop(
    "tree", 1, "分支", category="nurture",
    policy=dict(
        concurrency="one_per_category", on_conflict="merge", fatigue=dict(day=1, month=8), gap="2d",
        consent="marketing", on_edit="migrate", on_transfer="pause", on_unconfirmed="reassign", allow_split=True),
    entry=dict(on="stage.entered:visited"),
    steps=[
        Step("ask", day(1, "10:00"), do=mass("tpl/ask") | branch((tag("A"), "a"), otherwise="b")),
        Step("a", day(2, "10:00"), do=notice("请跟进") | stage("hot") | webhook("crm") | goto("z")),
        Step("b", day(2, "10:00"), do=mass("tpl/b"), window=dict(allow=["19:00-21:00"], late="drop after 1d")),
        Step("z", day(9), do=dict(end=True)),
    ],
)  # fmt: skip
PAIRS = [
    pytest.param(GROUP_TOML, GROUP_BUILT, id="group"),
    pytest.param(MOMENT_TOML, MOMENT_BUILT, id="moment"),
    pytest.param(TREE_TOML, TREE_BUILT, id="tree"),
]


@pytest.mark.parametrize(("text", "built"), PAIRS)
def test_the_new_words_are_the_same_in_toml_and_python(text: str, built: Definition) -> None:
    """Every word has a builder, and both make the same bytes."""
    written = Definition.from_toml(text)
    assert (built, built.to_json(), built.digest) == (written, written.to_json(), written.digest)
    assert Definition.from_json(built.to_json()) == built


def test_new_actions_have_their_own_types() -> None:
    """What a step does is known by type, in the order in which it is carried out."""
    ask, a, b, _ = TREE_BUILT.steps
    assert ask.jump == Branch(cases=(Case(goto="a", when=Condition.parse("tag('A')")), Case(goto="b")))
    assert a.do == (Notice(text="请跟进"), SetStage(name="hot"), Webhook(name="crm"), Goto(step="z"))
    assert b.window == Window.parse({"allow": ["19:00-21:00"], "late": "drop after 1d"})
    assert GROUP_BUILT.steps[0].do == (GroupMass(content="tpl/hello", remind_after=timedelta(hours=4)),)
    assert MOMENT_BUILT.steps[0].contents == ("tpl/story",)
    assert isinstance(MOMENT_BUILT.steps[0].do[0], Moment)
    assert GROUP_BUILT.steps[1].do == (
        StaffTask(
            title="核对群成员",
            kind=TaskKind.KICK,
            role="售后经理",
            due=timedelta(days=2),
            done=Condition.parse("event('group.checked')"),
            evidence=Evidence.NONE,
        ),
    )


def test_defaults_of_later_keys_are_not_part_of_the_document() -> None:
    """Written out or left out, a default gives the same digest as before the key existed."""
    plain = sop(step("a", "+1d 10:00", do='staff_task = "电话"'))
    head = 'target = "customer"\n[policy]\nconcurrency = "free"\nallow_split = false\non_edit = "finish"\nfatigue = {}'
    wordy = sop(
        step("a", "+1d 10:00", do='staff_task = { title = "电话", kind = "other", evidence = "text" }'), head=head
    )
    assert wordy.to_json() == plain.to_json()
    assert not {"target", "category", "policy"} & set(json.loads(plain.to_json()))


def test_a_policy_is_a_frozen_value() -> None:
    """The engine reads rules by attribute, with the defaults filled in."""
    policy = TREE_BUILT.policy
    assert (policy.concurrency, policy.on_edit, policy.gap) == (
        Concurrency.ONE_PER_CATEGORY, Edit.MIGRATE, timedelta(days=2),
    )  # fmt: skip
    assert policy.fatigue == Fatigue(day=1, month=8)
    assert policy.consent_attribute == "consent.marketing"
    assert Policy().consent_attribute == ""
    assert GROUP_BUILT.target is Target.GROUP


@pytest.mark.parametrize(
    ("on", "anchor", "recurring"),
    [
        ("vehicle:policy_end", "vehicle.policy_end", False),
        ("birthday", "birthday", True),
        ("calendar:2026-10-01", None, True),
        ("calendar:monthly 31", None, True),
    ],
)
def test_triggers_that_are_dates_bring_anchor_and_reentry(on: str, anchor: str | None, recurring: bool) -> None:
    """A birthday enrols every year and a policy once for each end, without saying so."""
    entry = Entry.parse({"on": on})
    assert (entry.anchor, entry.recurring, entry.reentry.text) == (anchor, recurring, "per anchor")
    assert Entry.parse(entry.document()) == entry == Entry(on)


def test_a_vehicle_trigger_answers_to_its_attribute() -> None:
    """Whoever writes `vehicle.delivered` starts the SOPs that count from the delivery."""
    entry = Entry.parse({"on": "vehicle:delivered"})
    assert entry.answers("attribute.set:vehicle.delivered")
    assert entry.answers("vehicle:delivered")
    assert not entry.answers("attribute.set:vehicle.policy_end")
    assert not Entry.parse({"on": "event:x"}).answers("attribute.set:None")


BAD = [
    ('target = "group"', 'target = "grup"', "target must be one of its words", "did you mean 'group'?"),
    ('target = "group"', 'target = "customer"', "entry.on: a SOP for target 'customer' cannot begin", "or set target"),
    ('group = "tpl/hello"', 'mass = "tpl/hello"', "step[0].do.mass: 'mass' does not go with target", "group ="),
    ('group = "tpl/hello"', 'moment = "tpl/x"', "step[0].do.moment: 'moment' does not go with", "group ="),
    ('group = "tpl/hello"', 'group = "x", tag = "t"', "step[0].do.tag: 'tag' does not go with target 'group'", ""),
    ('purpose = "service"', 'purpose = "sales"', "policy: purpose must be one of its words", "known: legal"),
    ('purpose = "service"', 'porpose = "service"', "policy: unknown key 'porpose'", "did you mean 'purpose'?"),
    ('purpose = "service"', "fatigue = { day = 0 }", "policy.fatigue: day must be a whole number from 1", ""),
    ('purpose = "service"', "fatigue = { year = 1 }", "policy.fatigue: unknown key 'year'", ""),
    ('purpose = "service"', 'gap = "2 days"', "policy.gap: '2 days' is not a duration", "24h"),
    ('purpose = "service"', "consent = true", "policy: consent must be a text", ""),
    ('purpose = "service"', 'allow_split = "yes"', "policy: allow_split must be true or false", ""),
    ('category = "service"', 'category = ""', "category must be a text of 1 to 60", ""),
    (
        'on = "group.created"',
        'on = "customer.added"',
        "entry.on: a SOP for target 'group' cannot begin",
        "group.created",
    ),
    ('on = "group.created"', 'on = "group.create"', "entry.on: unknown trigger", "did you mean 'group.created'?"),
    ('on = "group.created"', 'on = "calendar:daily"', "entry.on: the trigger 'calendar' does not know", "weekly mon"),
    ('on = "group.created"', 'on = "calendar:weekly mo"', "the trigger 'calendar' does not know", "weekly mon"),
    ('on = "group.created"', 'on = "calendar:monthly 32"', "the trigger 'calendar' does not know", "monthly 15"),
    ('on = "group.created"', 'on = "calendar:2026-02-30"', "the trigger 'calendar' does not know", "2026-10-01"),
    ('on = "group.created"', 'on = "calendar:2026-W10-1"', "the trigger 'calendar' does not know", "2026-10-01"),
    ('on = "group.created"', 'on = "calendar"', "the trigger 'calendar' needs a subject", "weekly mon"),
    ('on = "group.created"', 'on = "vehicle:sold"', "the trigger 'vehicle' does not know", "known: delivered"),
    ('on = "group.created"', 'on = "birthday:x"', "the trigger 'birthday' takes no subject", "write birthday"),
    (
        'on = "group.created"',
        'on = "birthday"\nanchor = "born"',
        "entry.anchor: the trigger 'birthday' brings",
        "leave",
    ),
    (
        'on = "group.created"',
        'on = "calendar:monthly 1"\nanchor = "a"',
        "entry.anchor: the trigger",
        "leave anchor out",
    ),
    ('kind = "kick"', 'kind = "kik"', "step[1].do.staff_task: kind must be one of", "did you mean 'kick'?"),
    ('kind = "kick"', 'kint = "kick"', "step[1].do.staff_task: unknown key 'kint'", "did you mean 'kind'?"),
    ('title = "核对群成员", ', "", "step[1].do.staff_task: 'title' is missing", ""),
    ("event('group.checked')", "evnt('x')", "step[1].do.staff_task.done: unknown function", "did you mean 'event'?"),
    ('due = "2d"', 'due = "soon"', "step[1].do.staff_task.due: 'soon' is not a duration", ""),
    (
        'evidence = "none" } }',
        'evidence = "none" }, due = "1d" }',
        "step[1].do.staff_task: due is given twice",
        "keep one",
    ),
    ('remind_staff = "4h"', 'visible = ["a"]', "step[0].do: 'visible' belongs to a moment", ""),
    ('remind_staff = "4h"', 'goto = "check", end = true', "step[0].do: a step goes on at one place only", "keep one"),
    (
        'remind_staff = "4h"',
        'goto = "chek"',
        "step[0].do.goto: goto goes to 'chek', and no step",
        "did you mean 'check'?",
    ),
    ('remind_staff = "4h"', 'goto = "hello"', "step[0].do.goto: goto goes back to 'hello'", "later steps: check"),
    ('remind_staff = "4h"', "branch = []", "step[0].do.branch: a branch is a list of 1 to 20", "goto"),
    (
        'remind_staff = "4h"',
        'branch = [{ if = "tag(1)", goto = "check" }]',
        "step[0].do.branch[0].if: a text in quotes",
        "",
    ),
    ('remind_staff = "4h"', 'branch = [{ gotoo = "check" }]', "step[0].do.branch[0]: unknown key 'gotoo'", "'goto'?"),
    (
        'remind_staff = "4h"',
        'branch = [{ goto = "check" }, { if = "unfollowed()", goto = "check" }]',
        "step[0].do.branch[0]: a case without `if` always holds",
        "move it to the end",
    ),
    ('at = "+7d 10:00"', 'at = "-7d 10:00"', "", ""),
    (
        'at = "+0d 18:00"\ndo = { group = "tpl/hello", remind_staff = "4h" }',
        'at = "+9d 18:00"\ndo = { group = "tpl/hello", goto = "check" }',
        "step[0].do.goto: goto goes to 'check', which is due before it",
        "+9d 18:00 or later",
    ),
    ('at = "+7d 10:00"', 'at = "+7d 10:00"\nwindow = { alow = [] }', "step[1].window: unknown key 'alow'", "'allow'?"),
    (
        'purpose = "service"',
        'concurrency = "one_per_category"',
        "",
        "",
    ),
    (
        'category = "service"\n[policy]\npurpose = "service"',
        '[policy]\nconcurrency = "one_per_category"',
        "policy.concurrency: concurrency is 'one_per_category', but the SOP has no category",
        "add category",
    ),
]


@pytest.mark.parametrize(("old", "new", "problem", "remedy"), BAD)
def test_a_wrong_word_is_refused_with_place_and_remedy(old: str, new: str, problem: str, remedy: str) -> None:
    """Whatever does not go together names its place and what to write; rows without a problem are the clean twins."""
    assert GROUP_TOML.count(old) == 1
    text = GROUP_TOML.replace(old, new)
    if not problem:
        assert Definition.from_toml(text)
        return
    with pytest.raises(DefinitionError, match=re.escape(problem)) as caught:
        Definition.from_toml(text)
    assert remedy in str(caught.value)
    assert caught.value.remedy or not remedy


def test_policies_built_in_python_are_checked_too() -> None:
    """A wrong word in a builder is the same error as in a file."""
    with pytest.raises(DefinitionError, match="on_edit must be one of its words"):
        Policy(on_edit="keep")  # type: ignore[arg-type]


def test_a_built_definition_refuses_what_does_not_go_together() -> None:
    """The rules between parts hold for builders as for files."""
    with pytest.raises(DefinitionError, match="does not go with target"):
        Sop("x", 1, "t", target="staff", entry=dict(on="manual"), steps=[Step("a", day(1), do=mass("tpl/x"))])
    with pytest.raises(DefinitionError, match=re.escape("delivered('nowhere') names no step")):
        Sop("x", 1, "t", entry=dict(on="manual"), steps=[Step("a", day(1), do=mass("x"), when=delivered("nowhere"))])


def test_the_schema_knows_every_key() -> None:
    """Every key of the documents above stands in the published schema."""

    def known(value: object, schema: dict) -> bool:
        options = schema.get("anyOf", [schema])
        if isinstance(value, dict):
            tables = [one for one in options if one.get("type") == "object"]
            return any(
                all(key in one["properties"] and known(item, one["properties"][key]) for key, item in value.items())
                for one in tables
            )
        if isinstance(value, list):
            return all(known(item, one["items"]) for one in options if one.get("type") == "array" for item in value)
        return True

    for built in (GROUP_BUILT, MOMENT_BUILT, TREE_BUILT):
        assert known(built.document(), json_schema())


def test_the_published_schema_is_the_schema() -> None:
    """The file that the docs offer for download is what the program says; write it again with `json.dumps`."""
    page = Path(__file__).parents[2] / "docs" / "_static" / "sop-schema.json"
    wanted = json.dumps(json_schema(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    assert page.read_text(encoding="utf-8") == wanted
