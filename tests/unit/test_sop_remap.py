"""A run in a new version: step ids are mapped, and nothing that was asked for is ever asked for again."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit._sop import at, decide, run_of, sop, step

from wecom_auto.sop import DecisionKind, Definition, DefinitionError, Edit, EnrolmentState, Remap, remap

START = at("2026-09-01 08:00")
NOW = at("2026-09-04 12:00")
OLD = sop(step("a", "+1d 10:00") + step("b", "+2d 10:00") + step("c", "+3d 10:00") + step("d", "+9d 10:00"))


def newer(steps: str, head: str = "") -> Definition:
    """The next version."""
    return evolve(sop(steps, head=head), version=2)


def run(**done: str) -> EnrolmentState:
    """A run of the old version with what was decided so far."""
    return evolve(run_of(OLD, START), done=done)


def carry(new: Definition, state: EnrolmentState, policy: Edit | None = None) -> Remap:
    """One migration."""
    return remap(OLD, new, state, policy, now=NOW)


NEW = newer(step("b", "+2d 10:00") + step("c", "+6d 10:00") + step("e", "+7d 10:00"))


def test_by_default_a_run_finishes_as_it_began() -> None:
    """A new version changes nobody's run unless it says so."""
    state = run(a="delivered")
    found = carry(NEW, state)
    assert (found.state, found.changed) == (state, False)


def test_a_run_goes_on_in_the_new_version() -> None:
    """Ids are mapped: what was decided stays, what is gone stays in the history, what is new is to come."""
    found = carry(NEW, run(a="delivered", b="skipped:condition"), Edit.MIGRATE)
    assert (found.kept, found.gone, found.dropped, found.added) == (("b",), ("a",), ("d",), ("e",))
    assert (found.state.version, found.state.anchor_at) == (2, START)
    assert found.state.done == {"a": "delivered", "b": "skipped:condition"}
    assert found.changed


def test_the_new_version_may_say_what_becomes_of_runs() -> None:
    """`on_edit` of the new version is the default."""
    new = newer(step("c", "+6d 10:00"), head='[policy]\non_edit = "migrate"')
    assert carry(new, run(a="delivered")).state.version == 2


def test_a_step_that_moved_into_the_future_is_not_repeated() -> None:
    """Step c was asked for on day 3; in the new version it is due on day 6, and stays done."""
    found = carry(NEW, run(a="delivered", b="delivered", c="requested"), Edit.MIGRATE)
    later = decide(NEW, found.state, at("2026-09-07 12:00"))
    assert [one.step_id for one in later.decisions] == []
    assert later.ended is None


def test_a_restart_decides_anew_what_asked_nobody() -> None:
    """What was skipped has a second chance, counted from now; what was delivered is never sent again."""
    found = carry(OLD_AGAIN, run(a="delivered", b="skipped:late", c="blocked:not_friend"), Edit.RESTART)
    assert (found.kept, found.again) == (("a",), ("b", "c"))
    assert (found.state.anchor_at, found.state.enrolled_at) == (NOW, NOW)
    assert found.state.done == {"a": "delivered"}


OLD_AGAIN = evolve(OLD, version=2)


def test_a_restart_does_not_move_a_date() -> None:
    """The end of an insurance is what it is."""
    text = 'sop = "x"\nversion = 1\ntitle = "t"\n[entry]\non = "vehicle:policy_end"\n' + step("a", "-9d 10:00")
    old = Definition.from_toml(text)
    state = run_of(old, at("2026-11-12 00:00"), enrolled_at=START)
    found = remap(old, evolve(old, version=2), state, Edit.RESTART, now=NOW)
    assert found.state.anchor_at == at("2026-11-12 00:00")


TREE = sop(step("ask", "+1d 10:00", do="goto = 'z'") + step("b", "+2d 10:00") + step("z", "+9d 10:00"))


@pytest.mark.parametrize("policy", [Edit.MIGRATE, Edit.RESTART])
def test_a_new_step_behind_a_branch_that_was_taken_is_passed_by(policy: Edit) -> None:
    """The run has gone past that arm; a step that is added to the arm later does not pull it back."""
    new = newer(
        step("ask", "+1d 10:00", do="goto = 'z'")
        + step("b", "+2d 10:00")
        + step("n", "+5d 10:00")
        + step("z", "+9d 10:00")
    )
    state = evolve(run_of(TREE, START), done={"ask": "done", "b": "skipped:branch"})
    found = remap(TREE, new, state, policy, now=NOW)
    assert (found.passed, found.state.done["n"], found.again) == (("n",), "skipped:branch", ())


def test_a_branch_that_was_not_taken_passes_nothing_by() -> None:
    """No case held, so the run walks the arm, and what is new in it belongs to it."""
    new = newer(step("ask", "+1d 10:00", do="goto = 'z'") + step("n", "+5d 10:00") + step("z", "+9d 10:00"))
    state = evolve(run_of(TREE, START), done={"ask": "skipped:condition", "b": "delivered"})
    assert remap(TREE, new, state, Edit.MIGRATE, now=NOW).passed == ()


@pytest.mark.parametrize(
    ("new", "state", "problem"),
    [
        (evolve(NEW, sop="y"), run(), "cannot go on in 'y'"),
        (NEW, evolve(run(), version=7), "pinned to 'x' version 7"),
    ],
)
def test_only_versions_of_one_sop_can_be_mapped(new: Definition, state: EnrolmentState, problem: str) -> None:
    """A run never wanders into another SOP, and never from a version that it is not in."""
    with pytest.raises(DefinitionError, match=problem):
        carry(new, state, Edit.MIGRATE)


IDS = st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=6, unique=True)
OUTCOMES = st.sampled_from(["delivered", "requested", "skipped:late", "blocked:not_friend", "expired"])


@settings(max_examples=200)
@given(IDS, IDS, st.dictionaries(st.sampled_from("abcdefg"), OUTCOMES), st.sampled_from([Edit.MIGRATE, Edit.RESTART]))
def test_nothing_that_was_asked_for_is_asked_for_again(
    before: list[str], after: list[str], outcomes: dict[str, str], policy: Edit
) -> None:
    """For any two versions and any history, the planner never touches a step again that somebody was asked about."""
    old = sop("".join(step(name, f"+{place}d 10:00") for place, name in enumerate(before)))
    new = newer("".join(step(name, f"+{place + 2}d 10:00") for place, name in enumerate(after)))
    done = {name: outcome for name, outcome in outcomes.items() if name in before}
    found = remap(old, new, evolve(run_of(old, START), done=done), policy, now=NOW)
    asked = {name for name, outcome in done.items() if not outcome.startswith(("skipped", "blocked"))}
    state, moment, touched = found.state, NOW, set()
    while moment is not None:
        made = decide(new, state, moment)
        touched |= {one.step_id for one in made.decisions if one.kind is DecisionKind.SEND}
        state = evolve(state, done={**state.done, **dict.fromkeys(made.settled, "requested")})
        moment = made.wake_at
    assert not touched & asked
    assert set(found.kept) | set(found.gone) | set(found.again) >= set(done)
