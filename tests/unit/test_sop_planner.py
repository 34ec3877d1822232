"""The planner: what one run does at one moment, with a reason for everything."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve
from tests.unit._sop import INSURANCE, PROSPECT, at, decide, follow, run_of, sop, step

from wecom_auto.errors import ValidationError
from wecom_auto.sop import DecisionKind, EndAction, EndReason, Mass, MovePool, StaffTask, Tag, Welcome, reason_text
from wecom_auto.sop._planning._reasons import REASONS
from wecom_auto.sop.preview import KnownFacts

ADDED = at("2026-09-29 15:20")
RUN = run_of(PROSPECT, ADDED)
RENEWAL = run_of(INSURANCE, at("2026-11-12 00:00"), enrolled_at=at("2026-08-01 09:00"))
OWNER = KnownFacts(tags={"车主"}, attributes={"insurance_expiry": "2026-11-12"})


def test_the_prospect_sop_from_start_to_end() -> None:
    """The dates of the contract: welcome at once, material next day, invitation after the holiday, lost on day 30."""
    made = [(when, item.step_id, item.kind, item.do, item.reason) for when, item in follow(PROSPECT, RUN, ADDED)]
    send, act = DecisionKind.SEND, DecisionKind.ACTION
    invitation = Mass(content="tpl/testdrive", remind_after=timedelta(days=1), escalate_after=timedelta(days=2))
    assert made == [
        (ADDED, "welcome", DecisionKind.WELCOME, Welcome(content="tpl/welcome"), "due"),
        (at("2026-09-30 10:00"), "material", send, Mass(content="tpl/brochure"), "due"),
        (at("2026-09-30 10:00"), "material", act, Tag(name="已发资料"), "due"),
        (at("2026-10-08 10:00"), "invite", send, invitation, "moved:holiday"),
        (at("2026-10-29 18:00"), "lost", act, Tag(name="战败"), "due"),
        (at("2026-10-29 18:00"), "lost", act, MovePool(pool="回访组"), "due"),
        (at("2026-10-29 18:00"), "lost", DecisionKind.END, EndAction(), "end:step"),
    ]


def test_the_insurance_sop_from_start_to_end() -> None:
    """Counted from the expiry: notice, offer on the Friday before, last call only if d30 reached nobody, lapse."""
    made = [
        (when, item.step_id, item.kind) for when, item in follow(INSURANCE, RENEWAL, RENEWAL.enrolled_at, facts=OWNER)
    ]
    send = DecisionKind.SEND
    assert made == [
        (at("2026-08-14 10:00"), "d90", send),
        (at("2026-09-11 10:00"), "d60", send),
        (at("2026-10-13 10:00"), "d30", send),
        (at("2026-10-29 09:30"), "call", DecisionKind.STAFF_TASK),
        (at("2026-11-13 10:00"), "lapsed", DecisionKind.ACTION),
        (at("2026-11-13 10:00"), "lapsed", DecisionKind.END),
    ]


def test_guards_are_read_when_the_step_is_due() -> None:
    """A test drive booked an hour before the invitation stops it; planning in advance would not have known."""
    run = evolve(RUN, done={"welcome": "sent", "material": "sent"})
    booked = KnownFacts(events={"testdrive.booked": at("2026-10-08 09:00")})
    before = decide(PROSPECT, run, at("2026-10-08 08:59"))
    found = decide(PROSPECT, run, at("2026-10-08 10:00"), facts=booked).decisions[0]
    assert before.wake_at == at("2026-10-08 10:00")
    assert (found.kind, found.reason, found.detail) == (
        DecisionKind.SKIP, "skipped:condition", "not event('testdrive.booked')",
    )  # fmt: skip


def test_a_missing_fact_skips_and_says_so() -> None:
    """A guard over an attribute nobody has set never sends, and the reason tells it from a false one."""
    made = sop(step("a", "+0d", more="if = \"not attr('opted_out')\""))
    found = decide(made, run_of(made, ADDED), ADDED).decisions[0]
    assert (found.kind, found.reason) == (DecisionKind.SKIP, "skipped:unknown")


@pytest.mark.parametrize(
    ("facts", "reason", "ended"),
    [
        (KnownFacts(events={"deal.signed": ADDED}), "exit:goal", EndReason.GOAL),
        (KnownFacts(tags={"勿扰"}), "exit:condition", EndReason.EXIT),
        (KnownFacts(friend=False), "exit:condition", EndReason.EXIT),
        (KnownFacts(events={"deal.signed": ADDED}, friend=False), "exit:goal", EndReason.GOAL),
    ],
)
def test_exits_come_before_every_step(facts: KnownFacts, reason: str, ended: EndReason) -> None:
    """Even with steps due, an exit is the only decision; the goal is told from the other exits."""
    found = decide(PROSPECT, RUN, at("2026-09-30 10:00"), facts=facts)
    assert [(item.kind, item.reason) for item in found.decisions] == [(DecisionKind.EXIT, reason)]
    assert (found.ended, found.wake_at) == (ended, None)
    assert found.ended.cancels_unsent


def test_an_unknown_exit_does_not_end_the_run() -> None:
    """The car may or may not have been sold: nobody leaves on a guess."""
    found = decide(INSURANCE, RENEWAL, at("2026-08-14 10:00"), facts=OWNER)
    assert (found.ended, found.decisions[0].kind) == (None, DecisionKind.SEND)


def test_an_outage_within_the_limit_sends_late_inside_the_window() -> None:
    """A tick that comes at noon waits for the afternoon; nothing is sent while the window is closed."""
    run = evolve(RUN, done={"welcome": "sent"})
    noon = decide(PROSPECT, run, at("2026-09-30 12:30"))
    assert [(item.kind, item.reason, item.due_at) for item in noon.decisions] == [
        (DecisionKind.DEFER, "deferred:window", at("2026-09-30 14:00")),
    ]
    assert noon.wake_at == at("2026-09-30 14:00")
    assert noon.settled == frozenset()
    later = decide(PROSPECT, run, at("2026-09-30 14:00"))
    assert [item.kind for item in later.decisions] == [DecisionKind.SEND, DecisionKind.ACTION]


def test_after_a_long_outage_the_touch_is_dropped() -> None:
    """A touch later than `drop after 2d` is skipped with its reason, and its tag is not set either."""
    run = evolve(RUN, done={"welcome": "sent"})
    limit = at("2026-10-02 10:00")
    assert decide(PROSPECT, run, limit + timedelta(seconds=1)).decisions[0].reason == "skipped:late"
    found = decide(PROSPECT, run, at("2026-10-08 09:00"))
    assert [(item.step_id, item.reason) for item in found.decisions] == [
        ("material", "skipped:late"), ("invite", "moved:holiday"),
    ]  # fmt: skip
    assert found.wake_at == at("2026-10-08 10:00")


def test_a_touch_whose_next_opening_is_too_late_is_dropped_now() -> None:
    """When the window opens only after the limit, waiting for it would be a promise nobody keeps."""
    made = sop(step("a", "+0d 10:00"), window='allow = ["09:30-12:00"]\nlate = "drop after 6h"')
    found = decide(made, run_of(made, at("2026-09-29 09:00")), at("2026-09-29 13:00"))
    assert [item.reason for item in found.decisions[:1]] == ["skipped:late"]


def test_server_actions_are_never_too_late() -> None:
    """The tag of a lost customer is a fact, not a message: an outage delays it and does not lose it."""
    run = evolve(RUN, done={"welcome": "sent", "material": "sent", "invite": "sent"})
    found = decide(PROSPECT, run, at("2026-12-24 03:00"))
    assert [item.kind for item in found.decisions] == [DecisionKind.ACTION, DecisionKind.ACTION, DecisionKind.END]


def test_a_late_customer_does_not_get_what_is_over() -> None:
    """Who comes in 50 days before the expiry gets no 90 and 60 day notice, and the reason is not "late"."""
    run = run_of(INSURANCE, at("2026-11-12 00:00"), enrolled_at=at("2026-09-23 11:00"))
    found = decide(INSURANCE, run, run.enrolled_at, facts=OWNER)
    assert [(item.step_id, item.reason) for item in found.decisions] == [
        ("d90", "skipped:before_entry"), ("d60", "skipped:before_entry"),
    ]  # fmt: skip
    assert found.wake_at == at("2026-10-13 10:00")


def test_the_welcome_code_lives_twenty_seconds() -> None:
    """The welcome is decided at once, at night and on holidays too, and never after the code is dead."""
    night = at("2026-10-01 03:00")
    run = run_of(PROSPECT, night)
    assert decide(PROSPECT, run, night + timedelta(seconds=20)).decisions[0].kind is DecisionKind.WELCOME
    dead = decide(PROSPECT, run, night + timedelta(seconds=21)).decisions[0]
    assert (dead.kind, dead.reason) == (DecisionKind.SKIP, "skipped:late")


def test_nobody_messages_a_stranger() -> None:
    """After unfollowing, a message and the marks that belong to it are blocked; a phone call is not."""
    steps = step("a", "+0d", do='mass = "tpl/x", tag = "已发"') + step("b", "+0d", do='staff_task = "回访"')
    made = sop(steps + step("c", "+0d", do='tag = "x", move_pool = "y"'))
    found = decide(made, run_of(made, ADDED), ADDED, facts=KnownFacts(friend=False))
    assert [(item.step_id, item.kind, item.reason, item.do) for item in found.decisions] == [
        ("a", DecisionKind.SKIP, "blocked:not_friend", None),
        ("b", DecisionKind.STAFF_TASK, "due", StaffTask(title="回访")),
        ("c", DecisionKind.SKIP, "blocked:not_friend", Tag(name="x")),
        ("c", DecisionKind.ACTION, "due", MovePool(pool="y")),
    ]


def test_a_blocked_step_still_ends_the_run() -> None:
    """A message that must not go out does not keep a run open that should end with it."""
    made = sop(step("a", "+0d", do='mass = "x", end = true') + step("b", "+9d"))
    found = decide(made, run_of(made, ADDED), ADDED, facts=KnownFacts(friend=False))
    assert [item.reason for item in found.decisions] == ["blocked:not_friend", "end:step"]
    assert (found.ended, EndReason.STEP.cancels_unsent) == (EndReason.STEP, False)


def test_arms_are_stable_and_near_their_weights() -> None:
    """The same customer always gets the same arm, the holdout gets nothing, and 3,000 customers split 45/45/10."""
    drawn: Counter[str] = Counter()
    for number in range(3000):
        run = evolve(RENEWAL, customer=f"wm{number}", done={"d90": "sent"})
        found = decide(INSURANCE, run, at("2026-09-11 10:00"), facts=OWNER).decisions[0]
        assert found == decide(INSURANCE, run, at("2026-09-11 10:00"), facts=OWNER).decisions[0]
        drawn[found.arm or ""] += 1
        if found.arm == "holdout":
            assert (found.kind, found.reason) == (DecisionKind.SKIP, "skipped:holdout")
        else:
            assert found.do == Mass(content=f"tpl/renew_60_{found.arm}")
    assert {arm: round(count / 300) for arm, count in drawn.items()} == pytest.approx(
        {"A": 4.5, "B": 4.5, "holdout": 1.0}, abs=0.6
    )


def test_arms_follow_the_seed_and_not_the_customer() -> None:
    """A given seed decides the arm, so that a run keeps its arm when its customer id is converted."""
    runs = [evolve(RENEWAL, customer=f"wm{number}", arm_seed="s", done={"d90": "x"}) for number in range(5)]
    arms = {decide(INSURANCE, run, at("2026-09-11 10:00"), facts=OWNER).decisions[0].arm for run in runs}
    assert len(arms) == 1


def test_a_changed_anchor_plans_again() -> None:
    """A corrected expiry moves every step that is not done, and repeats none that is."""
    run = evolve(RENEWAL, anchor_at=at("2026-12-10 00:00"), done={"d90": "sent"})
    found = decide(INSURANCE, run, at("2026-09-11 10:00"), facts=OWNER)
    assert (found.decisions, found.wake_at) == ((), at("2026-10-10 10:00"))


def test_a_wait_holds_the_step_and_ends() -> None:
    """A waiting step is looked at daily, goes when its condition is true, and is skipped at its maximum."""
    made = sop(step("a", "+1d 10:00", more='wait = { for = "event(\'visit\')", max = "3d" }'))
    run, due = run_of(made, ADDED), at("2026-09-30 10:00")
    waiting = decide(made, run, due)
    assert [(item.kind, item.reason) for item in waiting.decisions] == [(DecisionKind.DEFER, "deferred:waiting")]
    assert waiting.wake_at == due + timedelta(days=1)
    came = decide(made, run, due + timedelta(hours=5), facts=KnownFacts(events={"visit": due}))
    assert came.decisions[0].kind is DecisionKind.SEND
    over = decide(made, run, due + timedelta(days=3))
    assert (over.decisions[0].reason, over.ended) == ("skipped:timeout", EndReason.COMPLETED)


def test_a_run_stays_open_until_its_last_touch_can_no_longer_go_out() -> None:
    """A contract signed the day after the last message still counts as a conversion; then the run ends by itself."""
    made = sop(step("a", "+1d 10:00"), exits="[[exit]]\nwhen = \"event('deal')\"\ngoal = true")
    run, due = run_of(made, ADDED), at("2026-09-30 10:00")
    sent = decide(made, run, due)
    assert (sent.wake_at, sent.ended) == (due + timedelta(days=2), None)
    run = evolve(run, done={"a": "asked"})
    assert decide(made, run, due + timedelta(days=1), facts=KnownFacts(events={"deal": due})).ended is EndReason.GOAL
    over = decide(made, run, due + timedelta(days=2))
    assert (over.ended, [item.reason for item in over.decisions]) == (EndReason.COMPLETED, ["end:completed"])


def test_a_run_of_skipped_steps_ends_at_once() -> None:
    """One missed step never keeps a run open for ever (defect 7 of the surveyed engines)."""
    made = sop(step("a", "+1d 10:00"))
    found = decide(made, run_of(made, ADDED), at("2026-12-01 10:00"))
    assert [item.reason for item in found.decisions] == ["skipped:late", "end:completed"]
    assert found.ended is EndReason.COMPLETED


def test_an_end_in_the_middle_stops_later_steps_of_the_same_tick() -> None:
    """After a long outage, steps behind an `end` are not done although they are due as well."""
    # The document's order is not the order of time.
    made = sop(step("b", "+2d", do='tag = "y"') + step("a", "+1d", do='tag = "x", end = true'))
    found = decide(made, run_of(made, ADDED), at("2026-12-01 10:00"))
    assert [item.step_id for item in found.decisions] == ["a", "a"]
    assert found.settled == {"a"}


def test_planning_is_pure() -> None:
    """The same arguments give the same plan; the run that was passed in is untouched."""
    when = at("2026-10-08 10:00")
    assert decide(PROSPECT, RUN, when) == decide(PROSPECT, RUN, when)
    assert RUN.done == {}


def test_naive_times_are_refused() -> None:
    """A time without zone names another instant on every machine."""
    with pytest.raises(ValidationError, match="now"):
        decide(PROSPECT, RUN, datetime(2026, 9, 30, 10))  # noqa: DTZ001
    with pytest.raises(ValidationError, match="anchor_at"):
        evolve(RUN, anchor_at=datetime(2026, 9, 30, 10))  # noqa: DTZ001


def test_decisions_are_in_utc() -> None:
    """Times leave the planner in UTC, whatever zone they came in."""
    found = decide(PROSPECT, RUN, ADDED)
    assert found.decisions[0].due_at.tzinfo is UTC
    assert found.wake_at is not None
    assert found.wake_at.tzinfo is UTC


def test_every_reason_has_both_languages() -> None:
    """Each code reads as a sentence in Chinese and in English; an unknown one is shown as it is."""
    for code, texts in REASONS.items():
        assert all(texts), code
        assert reason_text(code) != reason_text(code, "en")
    assert reason_text("deferred:window") == "不在允许时段，顺延到下一时段"
    assert reason_text("failed:40003", "en") == "failed (40003)"
    assert reason_text("from:tomorrow") == "from:tomorrow"
