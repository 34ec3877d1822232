"""Branches and gotos: forward only, decided on time, and what they pass by is skipped with a reason."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve
from tests.unit._sop import at, decide, follow, run_of, sop, step

from wecom_auto.sop import DecisionKind, Definition, EndReason, reason_text
from wecom_auto.sop.preview import KnownFacts

START = at("2026-09-01 08:00")
TREE = sop(
    step("ask", "+1d 10:00", do="branch = [{ if = \"tag('A')\", goto = 'a' }, { if = \"attr('x') == 1\", goto = 'b' }]")
    + step("plain", "+2d 10:00", do="mass = 'tpl/plain', goto = 'z'")
    + step("a", "+3d 10:00", do="mass = 'tpl/a', goto = 'z'")
    + step("b", "+3d 10:00", do="mass = 'tpl/b'")
    + step("z", "+9d", do="end = true")
)


def path(definition: Definition, facts: KnownFacts, **options: object) -> list[tuple[str, str]]:
    """What became of every step, in the order in which it was decided."""
    made = follow(definition, run_of(definition, START), START, facts=facts, **options)  # type: ignore[arg-type]
    kept = [one for _, one in made if one.kind is not DecisionKind.DEFER and one.step_id]
    return [(one.step_id, one.reason) for one in kept if one.reason != "branch:taken"]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (
            KnownFacts(tags=["A"]),
            [("plain", "skipped:branch"), ("a", "due"), ("b", "skipped:branch"), ("z", "end:step")],
        ),
        (
            KnownFacts(attributes={"x": 1}),
            [("plain", "skipped:branch"), ("a", "skipped:branch"), ("b", "due"), ("z", "end:step")],
        ),
        (
            KnownFacts(),
            [
                ("ask", "branch:none"),
                ("plain", "due"),
                ("a", "skipped:branch"),
                ("b", "skipped:branch"),
                ("z", "end:step"),
            ],
        ),
    ],
    ids=["first case", "second case", "no case: unknown is not true"],
)  # fmt: skip
def test_a_branch_takes_the_first_case_that_holds(facts: KnownFacts, expected: list[tuple[str, str]]) -> None:
    """One arm is walked, the others are skipped with a reason, and the run ends where the arms meet."""
    assert path(TREE, facts) == expected


def test_what_is_passed_by_names_the_branch() -> None:
    """The question why she did not get it is answered by the step that decided, in both languages."""
    found = decide(TREE, run_of(TREE, START), at("2026-09-02 10:00"), facts=KnownFacts(tags=["A"]))
    branch, skipped = found.decisions
    assert (branch.kind, branch.reason, branch.detail) == (DecisionKind.BRANCH, "branch:taken", "a")
    assert (skipped.step_id, skipped.kind, skipped.reason, skipped.detail) == (
        "plain", DecisionKind.SKIP, "skipped:branch", "ask",
    )  # fmt: skip
    assert found.settled == {"ask", "plain"}
    assert reason_text("skipped:branch") == "分支未经过该步骤，跳过"
    assert reason_text("skipped:branch", "en") == "the branch passes this step by"


def test_a_step_that_a_holiday_moves_before_its_branch_waits_for_it() -> None:
    """The message is due before the branch that decides about it, and is not sent ahead of it."""
    made = sop(
        step("ask", "+30d 12:00", do="goto = 'z'")
        + step("early", "+32d 10:00", do="mass = 'tpl/x'")
        + step("z", "+40d", do="end = true"),
        window='holidays = "skip-statutory"\nshift = "earlier"',
    )
    run = run_of(made, at("2026-09-01 08:00"))
    before = decide(made, run, at("2026-09-30 10:00"))
    assert before.decisions == ()
    assert before.wake_at == at("2026-10-01 12:00")
    then = decide(made, run, at("2026-10-01 12:00"))
    assert [(one.step_id, one.reason) for one in then.decisions] == [
        ("ask", "branch:taken"), ("early", "skipped:branch"),
    ]  # fmt: skip


def test_after_an_outage_the_branch_comes_first() -> None:
    """Both are overdue, the message by more; the branch is still decided before it."""
    made = sop(
        step("ask", "+2d 12:00", do="goto = 'z'") + step("x", "+2d 13:00") + step("z", "+9d", do="end = true"),
        window='late = "drop after 30d"',
    )
    found = decide(made, run_of(made, START), at("2026-09-08 12:00"))
    assert [one.reason for one in found.decisions] == ["branch:taken", "skipped:branch"]


@pytest.mark.parametrize(
    ("more", "facts", "now", "reason"),
    [
        ("", KnownFacts(), "2026-09-20 12:00", "skipped:late"),
        ("ab = { A = 1, holdout = 1000000 }", KnownFacts(), "2026-09-02 10:00", "skipped:holdout"),
        ("", KnownFacts(friend=False), "2026-09-02 10:00", "blocked:not_friend"),
    ],
)
def test_a_run_turns_even_if_its_message_could_not_go_out(more: str, facts: KnownFacts, now: str, reason: str) -> None:
    """Too late, held out or no friend: nothing is sent, and the way goes on as the definition says."""
    steps = step("a", "+1d 10:00", do="mass = 'tpl/x', goto = 'z'", more=more) + step("b", "+2d 10:00")
    made = sop(steps + step("z", "+90d", do="end = true"))
    found = decide(made, run_of(made, START), at(now), facts=facts)
    assert [(one.step_id, one.reason) for one in found.decisions] == [
        ("a", reason), ("a", "branch:taken"), ("b", "skipped:branch"),
    ]  # fmt: skip


def test_a_run_turns_where_its_time_was_over_before_it_began() -> None:
    """Who enters 30 days before the date has missed the first message, but not the turn behind it."""
    steps = step("d60", "-60d 10:00", do="mass = 'tpl/x', goto = 'd20'") + step("d30", "-30d 10:00")
    made = sop(steps + step("d20", "-20d 10:00"))
    run = run_of(made, at("2026-12-01 00:00"), enrolled_at=at("2026-11-01 00:00"))
    found = decide(made, run, at("2026-11-01 12:00"))
    assert [(one.step_id, one.reason) for one in found.decisions] == [
        ("d60", "skipped:before_entry"), ("d60", "branch:taken"), ("d30", "skipped:branch"),
    ]  # fmt: skip


def test_a_guard_that_is_false_turns_nothing() -> None:
    """A step that does not apply has no jump either: the next one follows."""
    steps = step("a", "+1d 10:00", do="goto = 'z'", more="if = \"tag('A')\"") + step("b", "+1d 11:00")
    made = sop(steps + step("z", "+9d", do="end = true"))
    found = decide(made, run_of(made, START), at("2026-09-02 11:00"))
    assert [(one.step_id, one.reason) for one in found.decisions] == [("a", "skipped:condition"), ("b", "due")]


def test_a_branch_that_waits_holds_its_arms_back_but_not_for_ever() -> None:
    """While the branch waits for an event nothing behind it goes out; at the maximum the next step follows."""
    steps = step("a", "+1d 10:00", do="goto = 'z'", more='wait = { for = "event(\'v\')", max = "3d" }')
    made = sop(steps + step("b", "+2d 10:00", do="tag = 't'") + step("z", "+9d", do="end = true"))
    run = run_of(made, START)
    assert decide(made, run, at("2026-09-04 12:00")).settled == set()
    found = decide(made, run, at("2026-09-05 10:00"))
    assert [(one.step_id, one.reason) for one in found.decisions] == [("a", "skipped:timeout"), ("b", "due")]


def test_a_turn_that_was_taken_is_not_taken_again() -> None:
    """The facts change after the branch; what it has decided stays."""
    run = evolve(run_of(TREE, START), done={"ask": "done", "plain": "skipped:branch"})
    found = decide(TREE, run, at("2026-09-04 10:00"), facts=KnownFacts(attributes={"x": 1}))
    assert [(one.step_id, one.reason) for one in found.decisions] == [
        ("a", "due"), ("a", "branch:taken"), ("b", "skipped:branch"),
    ]  # fmt: skip


def test_a_step_may_have_its_own_window() -> None:
    """The evening message goes out in the evening, although the definition allows mornings only."""
    evening = 'window = { allow = ["19:00-21:00"], late = "drop after 1d" }'
    made = sop(step("a", "+1d 10:00") + step("b", "+1d 10:00", more=evening), window='allow = ["09:00-12:00"]')
    done = [
        (f"{now.astimezone(made.zone):%d %H:%M}", one.step_id)
        for now, one in follow(made, run_of(made, START), START)
        if one.kind is DecisionKind.SEND
    ]
    assert done == [("02 10:00", "a"), ("02 19:00", "b")]
    late = decide(made, run_of(made, START), at("2026-09-03 20:00"))
    assert [(one.step_id, one.reason) for one in late.decisions] == [("a", "deferred:window"), ("b", "skipped:late")]


def test_a_tree_ends_once() -> None:
    """Every arm leads to the end, and the run is over there."""
    last = follow(TREE, run_of(TREE, START), START, late=timedelta(hours=3))[-1][1]
    assert (last.step_id, last.kind) == ("z", DecisionKind.END)
    assert decide(TREE, run_of(TREE, START), at("2027-01-01 00:00")).ended is EndReason.STEP
