"""Which group a customer is meant for, and what a plan wants: pure, over any corp that can be thought of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from wecom_auto._time import CHINA
from wecom_auto.automotive.groups import (
    Action,
    CustomerView,
    GroupKind,
    GroupPlan,
    GroupPolicy,
    GroupView,
    InviteWay,
    JoinWayView,
    decide,
    rotate,
)
from wecom_auto.errors import ConfigurationError
from wecom_auto.sop import DefinitionError

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=CHINA)
POLICY = GroupPolicy.preset("automotive", lost_after=timedelta(days=90))
WAYS = [
    JoinWayView(config_id=f"way-{kind}", kind=kind, url=f"https://join/{kind}", chat_ids=(f"wr{number}",))
    for number, kind in enumerate(POLICY.kinds, start=1)
]
STAGES = (
    "", "lead", "contacted", "invited", "visited", "test_drive", "quoted", "ordered", "delivered", "owner",
    "repurchase", "lost", "churned", "made_up",
)  # fmt: skip


def someone(stage: str, **known: Any) -> CustomerView:
    """A friend of that stage who wrote yesterday."""
    yesterday = NOW - timedelta(days=1)
    view = CustomerView(external_userid="wm1", stage=stage, since=yesterday, active_at=yesterday)
    return evolve(view, **known)


def group(chat_id: str = "wr1", kind: str = "prospect", size: int = 10, **known: Any) -> GroupView:
    """A group that has room."""
    return evolve(GroupView(chat_id=chat_id, kind=kind, owner="boss", size=size), **known)


@pytest.mark.parametrize(
    ("stage", "kind"),
    [
        ("lead", "prospect"),
        ("contacted", "prospect"),
        ("visited", "prospect"),
        ("test_drive", "test_drive"),
        ("quoted", "test_drive"),
        ("lost", "lost"),
        ("ordered", ""),
        ("owner", ""),
    ],
)
def test_stage_says_which_group(stage: str, kind: str) -> None:
    """A stage asks for one kind of group; buyers for none."""
    assert POLICY.desired(someone(stage), NOW).kind == kind


@pytest.mark.parametrize(("days", "kind"), [(-4, "prospect"), (-3, "test_drive"), (30, "test_drive"), (31, "prospect")])
def test_test_drive_group_is_around_the_appointment(days: int, kind: str) -> None:
    """From three days before to thirty after the appointment the customer is meant for the test-drive group."""
    drive = NOW - timedelta(days=days)
    assert POLICY.desired(someone("invited", appointment=drive), NOW).kind == kind


def test_lost_period_must_be_given() -> None:
    """Nobody publishes the lost period, so a policy without one is refused."""
    with pytest.raises(ConfigurationError, match="lost period"):
        GroupPolicy.from_file('name = "x"\nbuyer_stages = ["ordered"]\n[[rule]]\ngroup = "lost"\nstages = ["lost"]\n')


def test_silence_of_the_lost_period_asks_for_the_lost_group() -> None:
    """Ninety days without a sign of life make a prospect somebody for the group of the lost."""
    silent = someone("quoted", active_at=NOW - timedelta(days=90))
    assert POLICY.desired(silent, NOW).reason == "lost_period"
    ahead = evolve(silent, appointment=NOW + timedelta(days=20))
    assert POLICY.desired(ahead, NOW).kind == "test_drive"


def test_a_stage_of_buyers_cannot_be_invited_by_a_rule() -> None:
    """A file that invites people who have bought is refused when it is read."""
    text = 'name = "x"\nbuyer_stages = ["ordered"]\n[[rule]]\ngroup = "prospect"\nstages = ["lead", "ordered"]\n'
    with pytest.raises(DefinitionError, match="ordered"):
        GroupPolicy.from_file(text, lost_after=timedelta(days=90))


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ({"grade": "H"}, "high_intent"),
        ({"friend": False}, "not_a_friend"),
        ({"open": {"prospect": "wr1"}}, "invited"),
        ({"invited": {"prospect": 2}}, "asked_enough"),
        ({"invited": {"prospect": 1}, "invited_at": {"prospect": NOW - timedelta(days=29)}}, "too_soon"),
    ],
)
def test_nobody_is_pressed(known: dict[str, object], reason: str) -> None:
    """Whoever is close to buying, cannot be written to, or was asked already is not invited, and the plan says why."""
    (one,) = decide(POLICY, [someone("contacted", **known)], [group()], NOW, ways=WAYS).decisions
    assert (one.action, one.reason) == (Action.WAIT, reason)


def test_consent_is_asked_for_if_the_policy_says_so() -> None:
    """A policy with a consent invites only those who gave it."""
    strict = evolve(POLICY, consent="consent.groups")
    (one,) = decide(strict, [someone("contacted", agreed=False)], [group()], NOW, ways=WAYS).decisions
    assert one.reason == "no_consent"


def test_premium_brand_invites_nobody_but_lets_buyers_leave() -> None:
    """With groups switched off nobody is invited, and a buyer in a group still leaves it."""
    premium = evolve(POLICY, groups_enabled=False)
    buyer = someone("ordered", external_userid="wm2", inside={"wr1": None})
    plan = decide(premium, [someone("contacted"), buyer], [group()], NOW, ways=WAYS)
    assert plan.counts() == {"alarm:contaminated": 1, "leave:buyer": 1, "wait:groups_off": 1}


def test_invitation_names_group_link_and_way() -> None:
    """An invitation says into which group, by which link and by which way it goes."""
    just_added = someone("contacted", added_at=NOW - timedelta(seconds=5))
    (one,) = decide(POLICY, [just_added], [group()], NOW, ways=WAYS).decisions
    assert (one.action, one.chat_id, one.url, one.way, one.number) == (
        Action.INVITE,
        "wr1",
        "https://join/prospect",
        InviteWay.WELCOME,
        1,
    )


def test_full_group_rolls_to_the_next() -> None:
    """At 200 the next group of the shop takes over, and a frozen or ownerless one is passed over."""
    groups = [
        group("wr1", size=200),
        group("wr2", frozen=True),
        group("wr3", owner_left=True, heir="heir"),
        group("wr4"),
    ]
    plan = decide(POLICY, [someone("contacted")], groups, NOW, ways=WAYS)
    assert [one.chat_id for one in plan.of(Action.INVITE)] == ["wr4"]
    assert plan.counts()["warn:full"] == 1
    assert [(one.chat_id, one.heir) for one in plan.of(Action.TRANSFER)] == [("wr3", "heir")]


@pytest.mark.parametrize(("size", "reason"), [(179, ""), (180, "nearly_full"), (200, "full"), (500, "too_large")])
def test_capacity_warns(size: int, reason: str) -> None:
    """180 warns, 200 ends the entry by code, 500 is the end."""
    found = decide(POLICY, [], [group(size=size)], NOW).of(Action.WARN)
    assert [one.reason for one in found] == ([reason] if reason else [])


def test_next_group_is_asked_for_before_the_last_is_full() -> None:
    """When every group of a shop is above the warning, a member is to open another one."""
    plan = decide(POLICY, [], [group(size=180), group("wr2", size=190)], NOW)
    assert [(one.kind, one.owner, one.number) for one in plan.of(Action.CREATE)] == [("prospect", "boss", 2)]


def test_customer_leaves_the_old_group_only_after_joining_the_new_one() -> None:
    """Somebody who drives keeps the prospect group until they are in the other one."""
    groups = [group("wr1"), group("wr2", kind="test_drive")]
    before = decide(POLICY, [someone("test_drive", inside={"wr1": None})], groups, NOW, ways=WAYS)
    assert before.counts() == {"invite:stage": 1, "keep:not_joined_yet": 1}
    after = decide(POLICY, [someone("test_drive", inside={"wr1": None, "wr2": None})], groups, NOW, ways=WAYS)
    assert after.counts() == {"keep:right_group": 1, "leave:moved_on": 1}


def test_join_way_goes_through_more_than_five_groups() -> None:
    """Full groups leave the join way and the next ones come in, never more than five at a time."""
    groups = [group(f"wr{number}", created_at=NOW + timedelta(hours=number)) for number in range(8)]
    way = JoinWayView(config_id="way", kind="prospect", chat_ids=("wr0", "wr1", "wr2", "wr3", "wr4"))
    full = [evolve(one, size=200) if one.chat_id in {"wr0", "wr2"} else one for one in groups]
    assert rotate(POLICY, way, full) == ("wr1", "wr3", "wr4", "wr5", "wr6")
    assert rotate(POLICY, way, [evolve(one, size=200) for one in groups]) == ()


CUSTOMERS = st.lists(
    st.builds(
        CustomerView,
        external_userid=st.integers(0, 60).map("wm{}".format),
        stage=st.sampled_from(STAGES),
        grade=st.sampled_from(("", "H", "A", "B", "C", "O", "D")),
        store=st.sampled_from(("", "S1", "S2")),
        active_at=st.none() | st.integers(0, 200).map(lambda days: NOW - timedelta(days=days)),
        appointment=st.none() | st.integers(-60, 60).map(lambda days: NOW + timedelta(days=days)),
        friend=st.booleans(),
        inside=st.dictionaries(st.integers(0, 8).map("wr{}".format), st.just(NOW), max_size=3),
        invited=st.dictionaries(st.sampled_from(POLICY.kinds), st.integers(1, 2), max_size=2),
    ),
    max_size=40,
    unique_by=lambda one: one.external_userid,
)
GROUPS = st.lists(
    st.builds(
        GroupView,
        chat_id=st.integers(0, 8).map("wr{}".format),
        kind=st.sampled_from((*POLICY.kinds, "service", "")),
        store=st.sampled_from(("", "S1", "S2")),
        owner=st.sampled_from(("boss", "")),
        heir=st.sampled_from(("", "heir")),
        size=st.sampled_from((0, 10, 179, 180, 197, 199, 200, 201, 499, 500)),
        held=st.integers(0, 3),
        frozen=st.booleans(),
        owner_left=st.booleans(),
    ),
    max_size=9,
    unique_by=lambda one: one.chat_id,
)


def _plan(customers: Sequence[CustomerView], groups: Sequence[GroupView]) -> GroupPlan:
    return decide(POLICY, customers, groups, NOW, ways=WAYS)


@given(CUSTOMERS, GROUPS)
def test_nobody_who_bought_is_ever_invited(customers: list[CustomerView], groups: list[GroupView]) -> None:
    """Buyers get no invitation, and leave every group of the policy that they are in."""
    plan = _plan(customers, groups)
    buyers = {one.external_userid: one for one in customers if POLICY.bought(one.stage, one.grade)}
    assert not buyers.keys() & {one.external_userid for one in plan.of(Action.INVITE, Action.WAIT)}
    ruled = {one.chat_id for one in groups if one.kind in POLICY.kinds}
    leaving = {(one.external_userid, one.chat_id) for one in plan.of(Action.LEAVE) if one.reason == "buyer"}
    assert leaving == {(who, chat_id) for who, one in buyers.items() for chat_id in one.inside if chat_id in ruled}


@given(CUSTOMERS, GROUPS)
def test_no_group_is_promised_to_more_than_its_code_lets_in(
    customers: list[CustomerView], groups: list[GroupView]
) -> None:
    """Members, held places and new invitations together never pass 200; frozen and ownerless groups invite nobody."""
    invited = Counter(one.chat_id for one in _plan(customers, groups).of(Action.INVITE))
    known = {one.chat_id: one for one in groups}
    for chat_id, count in invited.items():
        one = known[chat_id]
        assert one.size + one.held + count <= 200
        assert not one.frozen
        assert not one.owner_left
        assert one.kind in {GroupKind.PROSPECT, GroupKind.TEST_DRIVE, GroupKind.LOST}


@given(CUSTOMERS, GROUPS, st.randoms(use_true_random=False))
def test_decisions_are_stable(customers: list[CustomerView], groups: list[GroupView], random: Random) -> None:
    """Neither the order of customers nor that of groups matters, and a plan that was done invites nobody twice."""
    plan = _plan(customers, groups)
    shuffled, turned = list(customers), list(groups)
    random.shuffle(shuffled)
    random.shuffle(turned)
    assert _plan(shuffled, turned) == plan
    invited = {one.external_userid: one for one in plan.of(Action.INVITE)}
    held = Counter(one.chat_id for one in invited.values())
    done = [
        evolve(one, open={**one.open, invited[one.external_userid].kind: invited[one.external_userid].chat_id})
        if one.external_userid in invited
        else one
        for one in customers
    ]
    later = _plan(done, [evolve(one, held=one.held + held[one.chat_id]) for one in groups])
    assert not {one.external_userid for one in later.of(Action.INVITE)} & invited.keys()


@given(CUSTOMERS, GROUPS)
def test_every_customer_with_a_known_stage_gets_a_reason(
    customers: list[CustomerView], groups: list[GroupView]
) -> None:
    """Nobody falls through: each membership and each missing one has a decision whose reason is explained."""
    plan = _plan(customers, groups)
    ruled = {one.chat_id for one in groups if one.kind in POLICY.kinds}
    expected = {(one.external_userid, chat_id) for one in customers for chat_id in one.inside if chat_id in ruled}
    told = {(one.external_userid, one.chat_id) for one in plan.of(Action.KEEP, Action.LEAVE)}
    assert told == expected
    assert all(one.why != one.reason for one in plan.decisions)
