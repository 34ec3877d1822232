"""Who gets a lead: pure rules, the same choice for the same facts, and nobody more than their share."""

from __future__ import annotations

from collections import Counter

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from wecom_auto.automotive.leads.allocation import (
    Candidate,
    Wanted,
    at_work,
    by_store,
    choose,
    next_turn,
    not_refused,
    on_shift,
    previous_owner_first,
    round_robin,
    standard,
    under_capacity,
    weighted,
    with_role,
)

A, B, C = (Candidate(userid=name, store="s1", roles=("dcc_operator",)) for name in "abc")


def deal(people: list[Candidate], number: int, policies) -> Counter[str]:
    """Give leads away one after the other."""
    found: Counter[str] = Counter()
    turns = {one.userid: one.turn for one in people}
    of_store = 0
    for _ in range(number):
        now = [evolve(one, turn=max(turns[one.userid], of_store)) for one in people]
        choice = choose(Wanted(), now, policies)
        of_store = max(turns[choice.userid], of_store)
        turns[choice.userid] = next_turn(turns[choice.userid], of_store, choice.weight)
        found[choice.userid] += 1
    return found


@pytest.mark.parametrize(
    ("policy", "wanted", "people", "left"),
    [
        (by_store(), Wanted(stores=("s2",)), [A, evolve(B, store="s2")], ["b"]),
        (by_store(), Wanted(), [A, B], ["a", "b"]),
        (with_role("sales_advisor"), Wanted(), [A, evolve(B, roles=("sales_advisor",))], ["b"]),
        (at_work(), Wanted(), [evolve(A, working=False), B], ["b"]),
        (at_work(), Wanted(), [evolve(A, working=False)], []),
        (on_shift(), Wanted(), [evolve(A, on_shift=False), B], ["b"]),
        (on_shift(), Wanted(), [evolve(A, on_shift=False)], ["a"]),
        (on_shift(strict=True), Wanted(), [evolve(A, on_shift=False)], []),
        (under_capacity(), Wanted(), [evolve(A, capacity=2, given_today=2), B], ["b"]),
        (not_refused(), Wanted(refused_by=frozenset("a")), [A, B], ["b"]),
        (previous_owner_first(), Wanted(previous_owner="b"), [A, B], ["b"]),
        (previous_owner_first(), Wanted(previous_owner="z"), [A, B], ["a", "b"]),
        (weighted(), Wanted(), [evolve(A, turn=2), evolve(B, turn=1)], ["b"]),
    ],
)
def test_each_rule_keeps_whom_it_should(policy, wanted, people, left):
    """One rule, alone."""
    assert [one.userid for one in policy(wanted, tuple(people))[0]] == left


def test_a_choice_says_which_rule_took_whom_out():
    """For the question why somebody did not get it."""
    choice = choose(Wanted(stores=("s1",)), [A, evolve(B, working=False), evolve(C, store="s2")], standard())
    assert choice.userid == "a"
    assert choice.passed == {"b": "not: at work today", "c": "not: store"}
    assert choice.because == ("store (2 of 3)", "at work today (1 of 2)")


def test_the_backup_is_asked_when_nobody_is_left():
    """And the choice says so."""
    boss = Candidate(userid="boss", roles=("dcc_manager",), on_shift=False)
    choice = choose(
        Wanted(),
        [evolve(A, working=False), boss],
        (with_role("dcc_operator"), at_work()),
        backup=(with_role("dcc_manager"),),
    )
    assert (choice.userid, choice.is_backup) == ("boss", True)
    assert "nobody is left: backup" in choice.because


def test_nobody_is_nobody():
    """An empty shop is no error."""
    assert choose(Wanted(), [], standard()).userid == ""


def test_weights_are_shares_and_round_robin_ignores_them():
    """Twice the weight, twice the leads."""
    people = [evolve(A, weight=3), B, C]
    assert deal(people, 50, standard()) == {"a": 30, "b": 10, "c": 10}
    assert deal(people, 30, (round_robin(),)) == {"a": 10, "b": 10, "c": 10}


def test_whoever_was_away_does_not_make_up_for_it():
    """A new member or one who was on leave goes on with the others."""
    turns = deal([evolve(A, turn=50_000_000), evolve(B, turn=50_000_000)], 10, standard())
    assert turns == {"a": 5, "b": 5}
    assert next_turn(0, 50_000_000, 1) == 51_000_000


@given(st.permutations([A, B, C]), st.integers(0, 5))
def test_the_order_of_candidates_does_not_matter(people, turn):
    """The same facts give the same member."""
    people = [evolve(one, turn=turn if one.userid == "b" else 3) for one in people]
    assert choose(Wanted(), people, standard()).userid == ("b" if turn < 3 else "a")


@given(st.lists(st.integers(1, 5), min_size=1, max_size=5), st.integers(1, 60))
def test_nobody_is_ever_further_from_their_share_than_one_round(weights, number):
    """Fair at every moment, not only in the end."""
    people = [Candidate(userid=str(at), weight=weight) for at, weight in enumerate(weights)]
    found = deal(people, number, (weighted(),))
    for one in people:
        share = number * one.weight / sum(weights)
        assert abs(found[one.userid] - share) <= len(weights)
