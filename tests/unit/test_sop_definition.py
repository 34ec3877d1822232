"""Definitions: one canonical document from TOML, JSON and builders; everything else is refused with its place."""

# ruff: noqa: C408 - `dict(on=…)` is how the documentation writes builders.
from __future__ import annotations

import copy
import json
import pickle
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.unit._sop import FILES, INSURANCE, PROSPECT, at, sop, step

from wecom_auto.sop import (
    DefinitionError,
    EndAction,
    Mass,
    MovePool,
    ServerAction,
    StaffConfirmed,
    StaffTask,
    Tag,
    Untag,
    Welcome,
)
from wecom_auto.sop._document._schema import json_schema
from wecom_auto.sop.builders import (
    UNFOLLOWED,
    Exit,
    Sop,
    Step,
    attr,
    day,
    delivered,
    event,
    has,
    hours,
    minutes,
    months,
    state_starts,
    tag,
)
from wecom_auto.sop.definition import Definition

BUILT_PROSPECT = Sop(
    "prospect-30d", 3, "展厅新客 30 天培育", priority=50, owner="last_contact",
    entry=dict(on="customer.added", where=state_starts("showroom-") & ~tag("已成交"), reentry="after 180d"),
    window=dict(allow=["09:30-12:00", "14:00-20:30"], holidays="skip-statutory", late="drop after 2d"),
    exits=[Exit(event("deal.signed"), goal=True), Exit(UNFOLLOWED | tag("勿扰"))],
    steps=[
        Step("welcome", day(0), do=dict(welcome="tpl/welcome")),
        Step("material", day(1, "10:00"), do=dict(mass="tpl/brochure", tag="已发资料")),
        Step("invite", day(3, "10:00"), when=~event("testdrive.booked"),
             do=dict(mass="tpl/testdrive", remind_staff="24h", escalate="48h")),
        Step("lost", day(30, "18:00"), when=~event("store.visited"),
             do=dict(tag="战败", move_pool="回访组", end=True)),
    ],
)  # fmt: skip
BUILT_INSURANCE = Sop(
    "insurance-renewal", 1, "续保 90/60/30", priority=80, owner="tag_owner",
    entry=dict(on="attribute.set:insurance_expiry", where=has("insurance_expiry") & tag("车主"),
               reentry="per anchor", anchor="insurance_expiry"),
    window=dict(allow=["09:30-12:00", "14:00-20:30"], holidays="workdays-only", shift="earlier", late="drop after 5d"),
    exits=[Exit(event("insurance.renewed"), goal=True), Exit(attr("car_sold"))],
    steps=[
        Step("d90", day(-90, "10:00"), do=dict(mass="tpl/renew_90")),
        Step("d60", day(-60, "10:00"), ab=dict(A=45, B=45, holdout=10), do=dict(mass="tpl/renew_60_{arm}")),
        Step("d30", day(-30, "10:00"), do=dict(mass="tpl/renew_30", remind_staff="12h", escalate="24h")),
        Step("call", day(-14, "09:30"), when=~delivered("d30"), do=dict(staff_task="电话续保", due="2d")),
        Step("lapsed", day(1, "10:00"), do=dict(tag="脱保", end=True)),
    ],
)  # fmt: skip
PAIRS = [pytest.param(PROSPECT, BUILT_PROSPECT, id="prospect"), pytest.param(INSURANCE, BUILT_INSURANCE, id="renewal")]


@pytest.mark.parametrize(("written", "built"), PAIRS)
def test_builders_and_toml_make_the_same_document(written: Definition, built: Definition) -> None:
    """A definition is the same value, JSON and digest, whoever wrote it."""
    assert (built, built.to_json(), built.digest) == (written, written.to_json(), written.digest)


@pytest.mark.parametrize(("written", "built"), PAIRS)
def test_json_comes_back_as_the_same_definition(written: Definition, built: Definition) -> None:
    """The canonical JSON is complete: reading it gives the definition back."""
    assert Definition.from_json(built.to_json()) == written


def test_the_canonical_json_is_stable() -> None:
    """Keys are sorted and Chinese stays readable, and the digest is that of the published format."""
    text = PROSPECT.to_json()
    assert text == json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert "展厅新客" in text
    assert PROSPECT.digest == "6dd4fcc8f65d2f84db0f980992f8ab1fec5b04700fbe1eed13c24cdd54cb4be8"
    assert INSURANCE.digest == "e91fe8c848d092bf11829ae1dced9052c72d3af71c6627c2edece6e92da2e970"


def test_any_difference_changes_the_digest() -> None:
    """Two definitions that do different things never share a digest."""
    text = (FILES / "prospect.toml").read_text(encoding="utf-8")
    changed = Definition.from_toml(text.replace('"+1d 10:00"', '"+1d 10:01"'))
    assert changed.digest != PROSPECT.digest


def test_spelling_of_a_condition_does_not_change_the_document() -> None:
    """Quotes, spaces and needless brackets in a condition are not part of the document."""
    text = (FILES / "prospect.toml").read_text(encoding="utf-8")
    other = text.replace("unfollowed() or tag('勿扰')", "(unfollowed())   or (tag('勿扰'))")
    assert Definition.from_toml(other).digest == PROSPECT.digest


def test_a_definition_survives_pickling_and_copying() -> None:
    """Definitions cross process borders whole, conditions included."""
    PROSPECT.digest  # noqa: B018 - fills the cached value that must not break the copy
    assert pickle.loads(pickle.dumps(PROSPECT)) == PROSPECT  # noqa: S301
    assert copy.deepcopy(INSURANCE) == INSURANCE


def test_actions_are_typed_by_execution_class() -> None:
    """A step's `do` becomes a tuple of actions whose type says who carries it out."""
    material, invite, lost = PROSPECT.steps[1:]
    assert material.do == (Mass(content="tpl/brochure"), Tag(name="已发资料"))
    assert invite.do[0] == Mass(
        content="tpl/testdrive", remind_after=timedelta(hours=24), escalate_after=timedelta(hours=48)
    )
    assert lost.do == (Tag(name="战败"), MovePool(pool="回访组"), EndAction())
    call = INSURANCE.step("call")
    assert call.do == (StaffTask(title="电话续保", due=timedelta(days=2)),)
    kinds = [type(action).__mro__ for action in (invite.do[0], lost.do[0], PROSPECT.steps[0].do[0])]
    assert [StaffConfirmed in kinds[0], ServerAction in kinds[1], ServerAction in kinds[2]] == [True, True, True]
    assert isinstance(PROSPECT.steps[0].do[0], Welcome)


def test_several_tags_keep_their_order() -> None:
    """`tag` and `untag` take one name or a list, and the document gives them back."""
    made = sop(step("a", "+1d", do='tag = ["甲", "乙", "丁"], untag = "丙", end = true'))
    assert made.steps[0].do == (Tag(name="甲"), Tag(name="乙"), Tag(name="丁"), Untag(name="丙"), EndAction())
    assert Definition.from_json(made.to_json()) == made


def test_a_step_names_every_content_of_its_arms() -> None:
    """The linter and the media upload need every content that may be sent; the holdout has none."""
    assert INSURANCE.step("d60").contents == ("tpl/renew_60_A", "tpl/renew_60_B")


def test_offsets_have_builders() -> None:
    """Days, months, hours and minutes read as the TOML form does."""
    assert [str(item) for item in (day(0), day(-90, "10:00"), months(1, "09:05"), hours(2), minutes(-15))] == [
        "+0d", "-90d 10:00", "+1mo 09:05", "+2h", "-15min",
    ]  # fmt: skip


BASE = """sop = "x"
version = 1
title = "t"
[entry]
on = "customer.added"
[window]
allow = ["09:30-12:00"]
[[exit]]
when = "tag('a')"
[[step]]
id = "a"
at = "+1d 10:00"
if = "tag('a')"
do = { mass = "tpl/x" }
"""
BAD = [
    ('sop = "x"', 'sopp = "x"', "unknown key 'sopp'", "did you mean 'sop'?"),
    ("version = 1\n", "", "'version' is missing", ""),
    ("version = 1", "version = true", "version must be a whole number", ""),
    ("version = 1", 'version = "1.10"', "version must be a whole number", ""),
    ("version = 1", "version = 1\npriority = 101", "priority must be a whole number from 0 to 100", ""),
    ("version = 1", 'version = 1\nowner = "adderr"', "owner must be one of its words", "did you mean 'adder'?"),
    ("version = 1", 'version = 1\ntimezone = "Asia/Beijing"', "not a time zone", ""),
    ("version = 1", 'version = 1\nschema = "wecom-auto/sop/9"', "schema: the format", "upgrade"),
    ('on = "customer.added"', 'on = "customer.add"', "entry.on: unknown trigger", "did you mean 'customer.added'?"),
    ('on = "customer.added"', 'on = "event"', "entry.on: the trigger 'event' needs a subject", "event:NAME"),
    ('on = "customer.added"', 'on = "manual:x"', "entry.on: the trigger 'manual' takes no subject", ""),
    ('on = "customer.added"', 'on = "manual"\nreentry = "once"', "entry: 'once' is not a rule for re-entry", ""),
    ('on = "customer.added"', 'on = "manual"\nreentry = "per anchor"', "entry: reentry is 'per anchor'", "anchor"),
    ('on = "customer.added"', 'on = "manual"\nwhere = "tagg(\'x\')"', "entry.where: unknown function", "'tag'"),
    ("allow = [", "alow = [", "window: unknown key 'alow'", "did you mean 'allow'?"),
    ("09:30-12:00", "9:30-12:00", "window: '9:30-12:00' is not a part of the day", ""),
    ("09:30-12:00", "09:30-24:00", "'24:00' is not a time of day", ""),
    ("09:30-12:00", "09:30-09:30", "is empty", ""),
    ('["09:30-12:00"]', '["09:30-12:00"]\nquiet = ["00:00-23:59", "23:00-01:00"]', "leave no minute", ""),
    ('["09:30-12:00"]', '["09:30-12:00"]\nlate = "2d"', "not a rule for late touches", "drop after 2d"),
    ('["09:30-12:00"]', '["09:30-12:00"]\nspread = "5h"', "spread counts whole days", ""),
    ('["09:30-12:00"]', '["09:30-12:00"]\nholidays = "skip"', "holidays must be one of", "skip-statutory"),
    ("when = \"tag('a')\"", "when = \"tag('a') and\"", "exit[0].when: not a condition", ""),
    ("when = \"tag('a')\"", "goal = true", "exit[0]: 'when' is missing", ""),
    ("when = \"tag('a')\"", "when = \"tag('a')\"\ngoal = 1", "exit[0]: goal must be true or false", ""),
    ('id = "a"', 'id = "a b"', "step[0].id: 'a b' is not an identifier", ""),
    ('at = "+1d 10:00"', 'at = "1d 10:00"', "step[0].at: '1d 10:00' is not an offset", "+3d 10:00"),
    ('at = "+1d 10:00"', 'at = "+1d 25:00"', "step[0].at: '25:00' is not a time of day", ""),
    ('at = "+1d 10:00"', 'at = "+2h 10:00"', "step[0].at: '+2h 10:00' counts h", ""),
    ('at = "+1d 10:00"', 'at = "+9999d"', "is more than 3700 days away", ""),
    ('at = "+1d 10:00"', "at = 10:00:00", "step[0].at: datetime.time(10, 0) is not an offset", ""),
    ('at = "+1d 10:00"', 'at = "+1d"\nwait = { for = "unfollowed()", max = "5000d" }', "longer than 3700 days", ""),
    ('["09:30-12:00"]', '"09:30-12:00"', "window: allow must be a list", '["09:30-12:00"]'),
    ("[[step]]", "[step]", "step: [[step]] must be a list of tables", "two brackets"),
    ("[[exit]]", "[exit]", "exit: [[exit]] must be a list of tables", "two brackets"),
    ("[entry]", "[[entry]]", "entry: a table is expected, not list", ""),
    ('title = "t"', 'title = " "', "title must be a text of 1 to 200 characters", ""),
    ('if = "tag', 'iff = "tag', "step[0]: unknown key 'iff'", "did you mean 'if'?"),
    ("if = \"tag('a')\"", "if = \"delivered('zzz')\"", "delivered('zzz') names no step", ""),
    ('mass = "tpl/x"', 'mas = "tpl/x"', "step[0].do: unknown key 'mas'", "did you mean 'mass'?"),
    ('mass = "tpl/x"', 'remind = "1d", mass = "x"', "step[0].do: unknown key 'remind'", "'remind_staff'"),
    ('mass = "tpl/x"', "", "step[0].do: the step does nothing", ""),
    ('mass = "tpl/x"', "end = false", "step[0].do: the step does nothing", ""),
    ('mass = "tpl/x"', 'tag = "a", escalate = "1d"', "'escalate' needs a mass or staff_task", ""),
    ('mass = "tpl/x"', 'mass = "a", due = "1d"', "'due' belongs to a staff_task", ""),
    ('mass = "tpl/x"', 'mass = "a", remind_staff = "soon"', "'soon' is not a duration", "24h"),
    ('mass = "tpl/x"', 'mass = "tpl/{arm}"', "names content by {arm} but draws no arm", "ab ="),
    ('mass = "tpl/x" }', 'mass = "x" }\nab = { holdout = 10 }', "step[0].ab: an A/B step needs at least one arm", ""),
    ('mass = "tpl/x" }', 'mass = "x" }\nab = { A = 0 }', "step[0].ab: A must be a whole number", ""),
    ('mass = "tpl/x" }', 'mass = "x" }\nwait = { for = "tag(\'b\')" }', "step[0].wait: a wait without a max", "max"),
]


@pytest.mark.parametrize(("old", "new", "problem", "remedy"), BAD, ids=[item[2][:40] for item in BAD])
def test_a_bad_document_is_refused_with_place_and_remedy(old: str, new: str, problem: str, remedy: str) -> None:
    """Whatever is unknown or out of range names its place, and where one is near, the right word."""
    assert old in BASE
    with pytest.raises(DefinitionError, match=re.escape(problem)) as caught:
        Definition.from_toml(BASE.replace(old, new, 1))
    assert remedy in caught.value.remedy
    assert isinstance(caught.value, ValueError)


def test_the_base_of_the_bad_documents_is_good() -> None:
    """The refusals above are caused by the one change each of them makes."""
    assert Definition.from_toml(BASE).steps[0].id == "a"


def test_a_definition_has_steps_and_finds_them() -> None:
    """No steps, or an absurd number of them, is refused; an unknown id is a `KeyError`."""
    for count in (0, 201):
        with pytest.raises(DefinitionError, match="1 to 200 steps"):
            Sop(
                "x",
                1,
                "t",
                entry=dict(on="manual"),
                steps=[Step(f"s{item}", "+1d", do=dict(end=True)) for item in range(count)],
            )
    with pytest.raises(KeyError):
        PROSPECT.step("nowhere")


def test_an_exit_needs_a_condition() -> None:
    """`None` is not a condition."""
    with pytest.raises(DefinitionError, match="a condition is missing"):
        Exit(None)  # type: ignore[arg-type]


def test_conditions_print_as_their_text() -> None:
    """A condition reads as what it says, in messages and in a debugger."""
    assert (str(UNFOLLOWED), repr(UNFOLLOWED)) == ("unfollowed()", "Condition('unfollowed()')")


def test_a_step_id_cannot_be_used_twice() -> None:
    """Step ids are the idempotency key of a touch; a second one would replay or swallow a step."""
    with pytest.raises(DefinitionError, match="'a' is used twice") as caught:
        sop(step("a", "+1d") + step("a", "+2d"))
    assert (caught.value.code, caught.value.place) == ("SOP002", "step[1].id")


def test_a_file_that_is_no_toml_is_refused_with_line_and_column() -> None:
    """The parser's position reaches the reader."""
    with pytest.raises(DefinitionError, match=r"not TOML: .*line 2"):
        Definition.from_toml("sop = 1\nversion = \n")


def test_a_missing_file_is_named() -> None:
    """A path that does not exist is said so, not taken for text."""
    with pytest.raises(DefinitionError, match=r"cannot read 'nowhere\.toml'"):
        Definition.from_toml("nowhere.toml")


@pytest.mark.parametrize("text", ["", "[]", "nonsense", '{"sop":', "[" * 100_000])
def test_broken_json_is_a_definition_error(text: str) -> None:
    """No JSON, however broken, escapes as another exception."""
    with pytest.raises(DefinitionError):
        Definition.from_json(text)


def test_a_byte_order_mark_is_no_obstacle(tmp_path: object) -> None:
    """Files saved by Windows editors read as they are."""
    path = tmp_path / "bom.toml"  # type: ignore[operator]
    path.write_text(BASE, encoding="utf-8-sig")
    assert Definition.from_toml(path) == Definition.from_toml(BASE)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-12", datetime(2026, 11, 11, 16, tzinfo=UTC)),
        (date(2026, 11, 12), datetime(2026, 11, 11, 16, tzinfo=UTC)),
        ("2026-11-12T10:00:00+08:00", datetime(2026, 11, 12, 2, tzinfo=UTC)),
        (at("2026-11-12 10:00"), datetime(2026, 11, 12, 2, tzinfo=UTC)),
        ("2026-11-31", None),
        ("十一月", None),
        ("2026-11-12T10:00:00", None),
        (20261112, None),
        (None, None),
    ],
)
def test_an_anchor_is_a_date_or_nothing(value: object, expected: datetime | None) -> None:
    """A plain date means its first moment in the SOP's zone; a naive time or a word is not guessed at."""
    assert INSURANCE.anchor_at(value) == expected


@pytest.mark.parametrize(
    ("rule", "days", "same", "allowed"),
    [
        ("never", 999, False, False),
        ("always", 0, True, True),
        ("after 180d", 179, False, False),
        ("after 180d", 180, False, True),
        ("per anchor", 400, True, False),
        ("per anchor", 1, False, True),
    ],
)
def test_reentry(rule: str, days: int, same: bool, allowed: bool) -> None:
    """Each re-entry rule admits exactly whom it names; a first entry is always admitted."""
    anchor = '\nanchor = "d"' if rule == "per anchor" else ""
    entry = Definition.from_toml(BASE.replace('"customer.added"', f'"manual"\nreentry = "{rule}"{anchor}')).entry
    last = at("2026-01-01 10:00")
    assert entry.reentry.allows(last, last + timedelta(days=days), same_anchor=same) is allowed
    assert entry.reentry.allows(None, last)


def test_entry_knows_its_trigger_and_subject() -> None:
    """The runner subscribes by trigger and subject."""
    assert (INSURANCE.entry.trigger, INSURANCE.entry.subject) == ("attribute.set", "insurance_expiry")
    assert (PROSPECT.entry.trigger, PROSPECT.entry.subject) == ("customer.added", "")


def test_the_schema_knows_every_key_of_the_canonical_document() -> None:
    """The published JSON Schema and the reader cannot drift apart unnoticed."""
    schema = json_schema()
    for definition in (PROSPECT, INSURANCE):
        _covered(definition.document(), schema)
    assert schema["$id"] == "urn:wecom-auto:sop:1"


def _covered(value: object, schema: object) -> None:
    assert isinstance(schema, dict)
    if isinstance(value, dict):
        known = schema.get("properties")
        assert known is None or set(value) <= set(known)
        assert set(schema.get("required", ())) <= set(value)
        for key, item in value.items():
            _covered(item, schema["additionalProperties"] if known is None else known[key])
    elif isinstance(value, list):
        for item in value:
            _covered(item, schema.get("items", {}))
    elif isinstance(value, str) and "pattern" in schema:
        assert re.search(schema["pattern"], value)
    elif "enum" in schema:
        assert value in schema["enum"]
