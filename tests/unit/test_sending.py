from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from wecom_auto.errors import (
    APIConnectionError,
    APITimeoutError,
    Applied,
    ConfigurationError,
    DecodeError,
    ServerError,
    ValidationError,
    api_error,
)
from wecom_auto.sop import sending
from wecom_auto.sop._rows._states import BatchStatus, TouchStatus
from wecom_auto.sop.sending import Batch, Created, Lost, NotCreated, Timing, Trouble, Wrong, outcome_of

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
T = Timing()
SECOND = timedelta(seconds=1)
PLANNED = Batch(id="b1", check_at=NOW)


def claimed(now=NOW):
    """A batch that a worker has claimed."""
    return sending.claim(PLANNED, now, T).batch


def calling(now=NOW):
    """A batch whose intent is written down."""
    return sending.begin(claimed(now), now, T).batch


def unknown(**changes):
    """A batch whose answer was lost."""
    return evolve(sending.record(calling(), Lost(reason="unknown:timeout"), NOW, T).batch, **changes)


def created():
    """A batch whose task exists."""
    return sending.record(calling(), Created(msgid="m1"), NOW, T).batch


RESTED = NOW + T.quiet


def test_t1_claims_with_a_new_fence_and_a_lease():
    """A claim raises the fence and holds for the lease."""
    move = sending.claim(PLANNED, NOW, T)
    assert (move.rule, move.batch.fence, move.batch.lease_until) == ("T1", 1, NOW + T.lease)
    assert move.batch.state is BatchStatus.PLANNED


def test_t1_waits_for_its_time():
    """A batch whose time has not come is not claimed."""
    assert sending.claim(evolve(PLANNED, check_at=NOW + SECOND), NOW, T) is None


def test_t1_respects_a_living_lease():
    """A claim that still holds keeps everybody else out; an expired one does not."""
    mine = evolve(claimed(), check_at=NOW)
    assert sending.claim(mine, NOW + T.lease - SECOND, T) is None
    assert sending.claim(mine, NOW + T.lease, T).batch.fence == 2


def test_t1_waits_for_a_rival():
    """A batch waits while another one of the same sender and content may or may not exist (I6)."""
    move = sending.claim(PLANNED, NOW, T, rival=True)
    assert (move.rule, move.batch.fence, move.batch.check_at) == ("T1-wait", 0, NOW + T.backoff)


@pytest.mark.parametrize("state", [state for state in BatchStatus if state.final or state is BatchStatus.HELD])
def test_t1_leaves_settled_batches_alone(state):
    """Final and held batches are never claimed."""
    assert sending.claim(evolve(PLANNED, state=state), NOW, T) is None


def test_t2_writes_the_intent_down():
    """Calling remembers when the first and the last request left."""
    move = sending.begin(claimed(), NOW, T)
    batch = move.batch
    assert (move.rule, batch.state, batch.first_call_at, batch.last_call_at) == ("T2", BatchStatus.CALLING, NOW, NOW)
    assert batch.attempts == 1


def test_t2_needs_a_claim_with_time_left():
    """Without a lease, or with one that is nearly over, no call begins."""
    assert sending.begin(PLANNED, NOW, T) is None
    assert sending.begin(claimed(), NOW + T.lease - T.call_max, T) is None


def test_t3_needs_more_lease_than_a_call_can_take():
    """The request is written only if the lease outlives the longest call and the clock skew."""
    limit = NOW + T.lease - T.call_max - T.skew
    assert sending.may_write(calling(), limit - SECOND, T)
    assert not sending.may_write(calling(), limit, T)
    assert not sending.may_write(claimed(), NOW, T)


def test_t4_keeps_the_msgid_and_refuses_the_fail_list():
    """An answer settles the batch: the task's id, and the customers the platform refused."""
    move = sending.record(calling(), Created(msgid="m1", refused=("wm2",)), NOW, T)
    assert (move.rule, move.batch.state, move.batch.msgid) == ("T4", BatchStatus.CREATED, "m1")
    assert (move.touches, move.refused, move.batch.lease_until) == (TouchStatus.REQUESTED, ("wm2",), None)


def test_t5_goes_back_and_waits_longer_each_time():
    """What certainly did not happen is asked again later, with growing pauses."""
    first = sending.record(calling(), NotCreated(reason="blocked:45033"), NOW, T)
    assert (first.rule, first.batch.state, first.batch.first_call_at) == ("T5", BatchStatus.PLANNED, None)
    again = evolve(calling(), attempts=3)
    assert sending.record(again, NotCreated(reason="x"), NOW, T).batch.check_at == NOW + 4 * T.backoff


def test_t5_obeys_the_platform_on_how_long_to_wait():
    """A stated waiting time is obeyed when it is longer than ours."""
    outcome = NotCreated(reason="x", wait=timedelta(hours=1))
    assert sending.record(calling(), outcome, NOW, T).batch.check_at == NOW + timedelta(hours=1)


def test_t6_fails_for_good_and_alerts():
    """A wrong request is never repeated, and a person hears of it."""
    move = sending.record(calling(), Wrong(reason="failed:40058"), NOW, T)
    assert (move.rule, move.batch.state, move.touches) == ("T6", BatchStatus.FAILED, TouchStatus.FAILED)
    assert move.alert
    assert move.batch.check_at is None


def test_t7_rests_before_it_looks():
    """An unknown outcome is looked at after the quiet time, counted from the last request."""
    move = sending.record(calling(), Lost(reason="unknown:-1"), NOW + SECOND, T)
    assert (move.rule, move.batch.state, move.batch.check_at) == ("T7", BatchStatus.UNKNOWN, NOW + T.quiet)
    assert move.touches is None


@pytest.mark.parametrize("state", [state for state in BatchStatus if state is not BatchStatus.CALLING])
def test_answers_are_taken_only_while_calling(state):
    """An answer to a call that nobody knows of changes nothing."""
    assert sending.record(evolve(calling(), state=state), Created(msgid="m"), NOW, T) is None


def test_t8_makes_a_dead_call_unknown_and_raises_the_fence():
    """A caller that never came back leaves an unknown outcome, and loses its right to write."""
    move = sending.abandoned(calling(), NOW + T.lease, T)
    assert (move.rule, move.batch.state, move.batch.fence) == ("T8", BatchStatus.UNKNOWN, 2)
    assert move.batch.check_at == NOW + T.quiet


def test_t8_waits_for_the_lease():
    """A call within its lease is not given up, and other states cannot be."""
    assert sending.abandoned(calling(), NOW + T.lease - SECOND, T) is None
    assert sending.abandoned(claimed(), NOW + T.lease, T) is None


def test_t9_takes_the_task_that_was_found():
    """A task in the list becomes ours; it counts from the call, not from when it was found."""
    move = sending.found(unknown(), "m1", RESTED, T)
    assert (move.rule, move.batch.state, move.batch.msgid, move.batch.created_at) == (
        "T9",
        BatchStatus.CREATED,
        "m1",
        NOW,
    )


def test_t9_and_t10_need_the_quiet_time():
    """Before the quiet time is over, the list proves nothing (I5)."""
    early = RESTED - SECOND
    assert sending.found(unknown(), "m1", early, T) is None
    assert sending.missing(unknown(), early, T) is None
    assert sending.missing(evolve(unknown(), state=BatchStatus.PLANNED), RESTED, T) is None


def test_t10_asks_again_twice_and_then_holds():
    """A task proved missing is asked for again, at most twice; then a person decides."""
    first = sending.missing(unknown(), RESTED, T)
    assert (first.batch.state, first.batch.first_call_at, first.batch.unknowns) == (BatchStatus.PLANNED, None, 1)
    held = sending.missing(unknown(unknowns=2), RESTED, T)
    assert (held.batch.state, held.batch.check_at, held.alert) == (BatchStatus.HELD, None, True)


def test_t10_does_not_ask_again_for_what_was_withdrawn():
    """A batch that is to be withdrawn and turns out missing is simply cancelled."""
    move = sending.missing(unknown(cancel_reason="ended:sop"), RESTED, T)
    assert (move.batch.state, move.touches) == (BatchStatus.CANCELLED, TouchStatus.CANCELLED)


@pytest.mark.parametrize(
    ("state", "touches", "rule"),
    [
        (BatchStatus.DONE, None, "T11"),
        (BatchStatus.EXPIRED, TouchStatus.EXPIRED, "T11"),
        (BatchStatus.CANCELLED, TouchStatus.CANCELLED, "T12"),
    ],
)
def test_t11_and_t12_close_a_created_batch(state, touches, rule):
    """A created batch ends done, expired or cancelled; what nobody sent takes the batch's fate."""
    move = sending.finish(created(), state, "why")
    assert (move.rule, move.batch.state, move.touches, move.batch.check_at) == (rule, state, touches, None)
    assert sending.finish(PLANNED, state, "why") is None


def test_t12_closes_what_was_never_asked_for():
    """Withdrawing a planned batch needs no call; a late worker finds its fence gone."""
    move = sending.cancel(PLANNED, "ended:sop", NOW)
    assert (move.batch.state, move.batch.fence, move.touches) == (BatchStatus.CANCELLED, 1, TouchStatus.CANCELLED)


@pytest.mark.parametrize("batch", [claimed(), calling(), unknown()])
def test_t12_only_marks_what_may_exist(batch):
    """A batch that may exist at the platform is marked, and settled before it is withdrawn."""
    move = sending.cancel(batch, "ended:sop", NOW)
    assert (move.batch.state, move.batch.cancel_reason) == (batch.state, "ended:sop")
    assert move.batch.check_at == batch.check_at


def test_t12_wakes_a_created_batch_at_once():
    """A created task is withdrawn at the next tick, not at its next poll."""
    assert sending.cancel(evolve(created(), check_at=NOW + timedelta(days=1)), "x", NOW).batch.check_at == NOW
    assert sending.cancel(evolve(PLANNED, state=BatchStatus.DONE), "x", NOW) is None


def test_a_person_settles_a_held_batch():
    """A held batch becomes the task that a person found, or is asked for again."""
    held = evolve(unknown(), state=BatchStatus.HELD, unknowns=3)
    assert sending.resolve(held, "m9", NOW).batch.msgid == "m9"
    again = sending.resolve(held, "", NOW).batch
    assert (again.state, again.unknowns, again.check_at) == (BatchStatus.PLANNED, 0, NOW)
    assert sending.resolve(PLANNED, "m9", NOW) is None


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ValidationError("sender", "", "a userid"), Wrong),
        (ConfigurationError("no secret"), NotCreated),
        (APIConnectionError("refused", applied=Applied.NO), NotCreated),
        (APIConnectionError("reset", applied=Applied.UNKNOWN), Lost),
        (APITimeoutError("late"), Lost),
        (ServerError("502"), Lost),
        (DecodeError("not an object"), Lost),
        (api_error(-1, "system busy"), Lost),
        (api_error(45009, "freq"), NotCreated),
        (api_error(45033, "concurrency"), NotCreated),
        (api_error(42001, "token"), NotCreated),
        (api_error(60020, "ip"), NotCreated),
        (api_error(40058, "bad"), Wrong),
        (api_error(41048, "nobody"), Wrong),
        (api_error(987654, "new code"), Lost),
    ],
)
def test_outcomes_are_lost_in_doubt(error, kind):
    """Only what certainly did not happen may be asked again; everything else is looked up first."""
    assert type(outcome_of(error)) is kind


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (ConfigurationError("no secret"), Trouble.EVERYTHING),
        (APIConnectionError("refused", applied=Applied.NO), Trouble.EVERYTHING),
        (api_error(40001, "secret"), Trouble.EVERYTHING),
        (api_error(60020, "ip"), Trouble.EVERYTHING),
        (api_error(45009, "freq"), Trouble.THIS_CALL),
        (api_error(48002, "no permission"), None),
        (api_error(41063, "dispatching"), None),
    ],
)
def test_it_is_known_whether_the_next_call_would_fail_alike(error, trouble):
    """The secret, the address and the network concern every call, a limit this one, and the rest this batch alone."""
    outcome = outcome_of(error)
    assert isinstance(outcome, NotCreated)
    assert outcome.trouble is trouble


@pytest.mark.parametrize(
    "broken", [{"quiet": timedelta(minutes=1)}, {"lease": timedelta(seconds=25)}, {"lag": timedelta(hours=1)}]
)
def test_unsafe_times_are_refused(broken):
    """Constants that would allow a second task are refused, with the sum that is broken."""
    with pytest.raises(ConfigurationError, match="call_max"):
        Timing(**broken)


MOVES = {
    "claim": lambda batch, now: sending.claim(batch, now, T),
    "begin": lambda batch, now: sending.begin(batch, now, T),
    "created": lambda batch, now: sending.record(batch, Created(msgid="m"), now, T),
    "refused": lambda batch, now: sending.record(batch, NotCreated(reason="x"), now, T),
    "wrong": lambda batch, now: sending.record(batch, Wrong(reason="x"), now, T),
    "lost": lambda batch, now: sending.record(batch, Lost(reason="x"), now, T),
    "abandon": lambda batch, now: sending.abandoned(batch, now, T),
    "found": lambda batch, now: sending.found(batch, "m", now, T),
    "missing": lambda batch, now: sending.missing(batch, now, T),
    "cancel": lambda batch, now: sending.cancel(batch, "x", now),
}


@given(
    st.lists(
        st.sampled_from(sorted(MOVES)),
        max_size=30,
    ),
    st.lists(st.integers(0, 900), min_size=30, max_size=30),
)
def test_no_sequence_breaks_the_protocol(actions, pauses):
    """Whatever happens in whatever order: fences only grow, final stays final, unknown is never asked at once."""
    batch, now = PLANNED, NOW
    for action, pause in zip(actions, pauses, strict=False):
        now += pause * SECOND
        move = MOVES[action](batch, now)
        if move is None:
            continue
        before, batch = batch, move.batch
        assert not before.state.final
        assert batch.fence >= before.fence
        assert not (before.state is BatchStatus.CALLING and batch.state is BatchStatus.PLANNED and action != "refused")
        if before.state is BatchStatus.UNKNOWN and batch.state is not BatchStatus.UNKNOWN:
            assert now >= before.last_call_at + T.quiet
        assert (batch.check_at is None) == (batch.state.final or batch.state is BatchStatus.HELD)
