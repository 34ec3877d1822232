"""Who may speak to a customer today: truth tables, and properties over random days."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wecom_auto._time import CHINA
from wecom_auto.sop._document._policies import Conflict, Fatigue, Purpose
from wecom_auto.sop.arbitration import Asked, Claim, Fate, Rules, arbitrate, within_ceiling
from wecom_auto.sop.contents import Content

TEN = datetime(2026, 3, 2, 10, tzinfo=CHINA)
RULES = Rules(zone=CHINA)
DAYS = timedelta(days=1)
GAP = 2 * DAYS


def claim(number, **more):
    """A marketing message of a SOP of its own, due now and late in nine days."""
    known = {
        "id": number,
        "customer": "wm1",
        "sop": f"sop{number}",
        "key": number,
        "sender": "zhang",
        "at": TEN,
        "since": TEN,
        "deadline": TEN + 9 * DAYS,
        "gap": GAP,
        "content": Content(text=f"内容 {number}"),
    }
    return Claim(**(known | more))


def past(days, **more):
    """A message that was asked for some days ago."""
    return Asked(**({"sop": "other", "key": f"past{days}", "at": TEN - days * DAYS} | more))


def fates(*claims, asked=()):
    """(fate, reason, days until it is looked at again) by claim."""
    found = arbitrate(claims, {"wm1": asked}, TEN, RULES)
    days = {one.claim.id: (one.later - TEN) / DAYS if one.later is not None else None for one in found}
    return {one.claim.id: (one.fate.value, one.reason, days[one.claim.id]) for one in found}


SENT = ("send", "", None)
WAITS = ("defer", "deferred:fatigue", 2.0)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"priority": 80}, {"priority": 50}),
        ({"deadline": TEN + 3 * DAYS}, {}),
        ({"since": TEN - timedelta(hours=3)}, {}),
        ({}, {}),
        ({"priority": 80, "deadline": TEN + 8 * DAYS}, {"priority": 50, "deadline": TEN + 4 * DAYS}),
    ],
    ids=["priority", "deadline", "waiting", "number", "priority before deadline"],
)
@pytest.mark.parametrize("turned", [False, True])
def test_the_more_important_message_wins(first, second, turned):
    """Priority, then the nearest deadline, then the longest wait; in whatever order they are named."""
    claims = [claim(1, **first), claim(2, **second)]
    assert fates(*(reversed(claims) if turned else claims)) == {1: SENT, 2: WAITS}


def test_services_and_legal_notices_go_first_and_do_not_wait():
    """A recall notice of a low priority wins over everything; neither it nor a service waits for a gap."""
    legal = claim(1, purpose=Purpose.LEGAL, priority=0)
    service = claim(2, purpose=Purpose.SERVICE, priority=0)
    assert fates(claim(3, priority=100), service, legal, asked=[past(1)]) == {
        1: SENT,
        2: SENT,
        3: ("defer", "deferred:fatigue", 1.0),
    }


def test_a_legal_notice_heeds_no_fatigue():
    """Whoever has had his share of messages still hears of the recall."""
    full = [past(0.1), past(0.2)]
    assert fates(claim(1, purpose=Purpose.LEGAL, fatigue=Fatigue(day=1)), asked=full) == {1: SENT}


def test_steps_of_one_sop_need_no_gap():
    """The definition itself says how far its steps are apart."""
    assert fates(claim(1), asked=[past(0.5, sop="sop1")]) == {1: SENT}


def test_a_service_of_yesterday_keeps_no_marketing_away():
    """The gap lies between marketing messages."""
    assert fates(claim(1), asked=[past(1, purpose=Purpose.SERVICE)]) == {1: SENT}


@pytest.mark.parametrize(
    ("limits", "asked", "days"),
    [
        (Fatigue(day=1), [past(0.1)], 1.0),
        (Fatigue(day=2), [past(0.1)], None),
        (Fatigue(week=2), [past(3), past(6)], 1.0),
        (Fatigue(week=2), [past(3), past(8)], None),
        (Fatigue(month=1), [past(0.2)], 30.0),
        (Fatigue(month=1), [past(3)], None),
        (Fatigue(day=1, week=1), [past(0.1)], 6.9),
    ],
    ids=["day full", "day free", "week full", "week free", "month full", "last month", "the later one counts"],
)
def test_fatigue_counts_days_weeks_and_months(limits, asked, days):
    """A full day waits for the same hour of the next, a full week for its oldest message, a month for the first."""
    mine = claim(1, fatigue=limits, gap=timedelta(0), deadline=TEN + 60 * DAYS)
    expected = SENT if days is None else ("defer", "deferred:fatigue", pytest.approx(days))
    assert fates(mine, asked=asked) == {1: expected}


def test_what_would_be_too_late_is_dropped_now():
    """Nobody waits for a slot behind the deadline; and a SOP may say that its losers are dropped at once."""
    late = claim(2, deadline=TEN + DAYS, priority=10)
    dropped = claim(3, on_conflict=Conflict.DROP, priority=5)
    assert fates(claim(1), late, dropped) == {
        1: SENT,
        2: ("drop", "dropped:fatigue", None),
        3: ("drop", "dropped:conflict", None),
    }


def test_the_same_step_of_two_members_is_said_once():
    """Two runs of one customer with two members, and one sender: one message."""
    assert fates(claim(1, sop="one", key="s"), claim(2, sop="one", key="s")) == {
        1: SENT,
        2: ("drop", "skipped:duplicate", None),
    }


def test_an_important_message_of_the_afternoon_keeps_the_morning_free():
    """A lesser message does not shut out one whose turn comes later today; nothing is decided about that one yet."""
    later = claim(2, priority=90, at=TEN + timedelta(hours=4), content=None)
    assert fates(claim(1), later) == {1: ("defer", "deferred:fatigue", pytest.approx(2 + 4 / 24))}


def test_a_lesser_message_of_the_afternoon_keeps_nobody_away():
    """It will wait itself."""
    later = claim(2, priority=10, at=TEN + timedelta(hours=4), content=None)
    assert fates(claim(1), later) == {1: SENT}


def test_an_afternoon_message_that_could_not_go_itself_keeps_nobody_away():
    """Whoever was spoken to yesterday is left alone by both; the morning's notice goes."""
    later = claim(2, priority=90, at=TEN + timedelta(hours=4), content=None)
    service = claim(1, purpose=Purpose.SERVICE)
    assert fates(service, later, asked=[past(1)]) == {1: SENT}


def mergeable(number, **more):
    """A claim whose content may share a message."""
    known = {"content": Content(text=f"内容 {number}", merge=True), "on_conflict": Conflict.MERGE}
    return claim(number, **(known | more))


def test_contents_that_allow_it_share_one_message():
    """Three SOPs, one message: the texts in the order of importance."""
    found = arbitrate([mergeable(3), mergeable(1, priority=90), mergeable(2)], {}, TEN, RULES)
    assert [(one.claim.id, one.fate.value, one.into) for one in found] == [
        (1, "send", 1),
        (2, "merge", 1),
        (3, "merge", 1),
    ]
    assert {one.content.text for one in found} == {"内容 1\n\n内容 2\n\n内容 3"}


@pytest.mark.parametrize(
    "other",
    [{"sender": "li"}, {"content": Content(text="二")}, {"content": Content(text="二" * 1333, merge=True)}],
    ids=["another sender", "not declared", "too long"],
)
def test_what_cannot_be_merged_waits(other):
    """Another member's message, a content that forbids it, 4,000 bytes: the loser is deferred."""
    assert fates(mergeable(1), mergeable(2, **other)) == {1: SENT, 2: WAITS}


def test_a_message_may_wait_for_its_company():
    """What may be merged with something that comes later today waits for it."""
    later = claim(2, priority=90, at=TEN + timedelta(hours=4), content=None)
    assert fates(mergeable(1), later) == {1: ("defer", "deferred:merge", pytest.approx(4 / 24))}


def spread(claims, taps, most=2):
    """(fate, reason) by claim, after the ceiling."""
    found = within_ceiling(arbitrate(claims, {}, TEN, RULES), taps, most, TEN, RULES)
    return {one.claim.id: (one.fate.value, one.reason) for one in found}


def test_a_member_is_asked_for_so_many_taps_a_day():
    """The least important texts wait until tomorrow; one text for many customers is one tap."""
    same = [claim(number, customer=f"wm{number}", content=Content(text="同")) for number in (1, 2, 3)]
    more = [claim(number, customer=f"wm{number}", priority=100 - number) for number in (4, 5, 6)]
    assert spread([*same, *more], {"zhang": 0}, most=2) == {
        **dict.fromkeys((1, 2, 3, 6), ("defer", "deferred:ceiling")),
        4: ("send", ""),
        5: ("send", ""),
    }


def test_what_may_not_wait_for_tomorrow():
    """Legal notices and SOPs that allow it exceed the ceiling; what would be late is dropped."""
    claims = [
        claim(1, customer="wm1", purpose=Purpose.LEGAL),
        claim(2, customer="wm2", splits=True),
        claim(3, customer="wm3", deadline=TEN + timedelta(hours=5)),
        claim(4, customer="wm4", on_conflict=Conflict.DROP),
    ]
    assert spread(claims, {"zhang": 2}) == {
        1: ("send", ""),
        2: ("send", ""),
        3: ("drop", "dropped:ceiling"),
        4: ("drop", "dropped:ceiling"),
    }


CLAIMS = st.builds(
    claim,
    st.integers(1, 10_000),
    customer=st.sampled_from(["wm1", "wm2"]),
    sop=st.sampled_from(["a", "b", "c"]),
    at=st.sampled_from([TEN, TEN, TEN, TEN + timedelta(hours=3)]),
    priority=st.integers(0, 3),
    purpose=st.sampled_from(list(Purpose)),
    deadline=st.integers(0, 9).map(lambda days: TEN + days * DAYS),
    fatigue=st.builds(Fatigue, day=st.none() | st.integers(1, 2), week=st.none() | st.integers(1, 3)),
    on_conflict=st.sampled_from(list(Conflict)),
    content=st.builds(Content, text=st.sampled_from("甲乙丙"), merge=st.booleans()),
)
PASTS = st.lists(
    st.builds(past, st.floats(0.01, 8), sop=st.sampled_from(["a", "b"]), purpose=st.sampled_from(list(Purpose)))
)


@settings(max_examples=300)
@given(st.lists(CLAIMS, max_size=8, unique_by=lambda one: one.id), PASTS, st.randoms())
def test_no_day_breaks_a_rule(claims, asked, dice):
    """Every due claim gets one ruling, whatever the order; what is sent keeps gaps and limits; waits end in time."""
    found = arbitrate(claims, {"wm1": asked}, TEN, RULES)
    mixed = dice.sample(claims, len(claims))
    assert {one.claim.id: one for one in arbitrate(mixed, {"wm1": asked}, TEN, RULES)} == {
        one.claim.id: one for one in found
    }
    assert Counter(one.claim.id for one in found) == Counter(one.id for one in claims if one.at == TEN)
    assert all(TEN < one.later <= one.claim.deadline for one in found if one.fate is Fate.DEFER)
    sent = [one for one in found if one.fate is Fate.SEND]
    for one in sent:
        mine = one.claim
        before = [*(asked if mine.customer == "wm1" else ()), *_others(sent, mine)]
        if mine.purpose is Purpose.MARKETING:
            assert not any(
                other.sop != mine.sop and other.purpose is Purpose.MARKETING and other.at > TEN - GAP
                for other in before
            )
        if mine.purpose is not Purpose.LEGAL and mine.fatigue.day is not None:
            assert sum(other.at >= RULES.start_of_day(TEN) for other in before) < mine.fatigue.day


def _others(sent, mine):
    """What won before, for the same customer."""
    return [
        Asked(sop=one.claim.sop, key=one.claim.key, at=one.claim.at, purpose=one.claim.purpose)
        for one in sent
        if one.claim.customer == mine.customer and one.claim.order < mine.order
    ]


def test_a_merged_message_never_names_a_claim_that_waits():
    """Whoever shares a message shares that of a claim that is sent."""
    claims = [mergeable(number, priority=number) for number in range(5)]
    found = {one.claim.id: one for one in arbitrate(claims, {}, TEN, RULES)}
    leaders = {found[one.into].fate for one in found.values() if one.fate is Fate.MERGE}
    assert leaders == {Fate.SEND}
    assert found[4].fate is Fate.SEND
