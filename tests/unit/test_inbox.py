"""The inbox on every database: stored first, handled at least once, in order, recognised when delivered again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from attrs import define, evolve, field
from tests.stores import KINDS, fresh_database

from wecom_auto.callbacks import (
    CustomerAdded,
    CustomerDeleted,
    CustomerEdited,
    CustomerEvent,
    CustomerUnfollowed,
    Event,
    EventRouter,
    GroupCreated,
    GroupUpdated,
    NotTakenError,
    UnknownEvent,
    event_xml,
    read_event,
)
from wecom_auto.errors import ConfigurationError, ValidationError
from wecom_auto.inbox import Inbox, InboxNotice, InboxReport, InboxSettings, InboxState, subject_of
from wecom_auto.inbox._tables import events as table
from wecom_auto.store import open_store

CORP = "ww1234567890abcdef"
START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
SETTINGS = InboxSettings(patience=timedelta(0), attempts=3, poll=timedelta(milliseconds=5))


def received(event: Event, *, nonce: str = "n", receive_id: str = CORP) -> Event:
    """Return the event as a callback brings it."""
    timestamp = str(int(event.created_at.timestamp()))
    return read_event(event_xml(event), receive_id=receive_id, timestamp=timestamp, nonce=nonce)


def added(customer: str = "wm1", at: datetime = START) -> CustomerAdded:
    """A new customer."""
    return CustomerAdded(
        created_at=at, to_user=CORP, userid="zhang", external_userid=customer, state="bj01", welcome_code="CODE"
    )


def deleted(customer: str = "wm1", at: datetime = START) -> CustomerDeleted:
    """A customer who was deleted."""
    return CustomerDeleted(created_at=at, to_user=CORP, userid="zhang", external_userid=customer)


@define
class Stage:
    """One database, one clock, and inboxes on it."""

    engine: sa.Engine
    now: datetime = START
    router: EventRouter = field(factory=EventRouter)
    seen: list[Event] = field(factory=list)
    notices: list[InboxNotice] = field(factory=list)

    def inbox(self, router: EventRouter | None = None, **options: object) -> Inbox:
        """An inbox as in a process of its own."""
        options = {"settings": SETTINGS, "clock": self.time, "dice": lambda: 0.5} | options
        return Inbox(self.engine, router or self.router, observe=self.notices.append, **options)

    def time(self) -> float:
        """What the inboxes take for the time."""
        return self.now.timestamp()

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def keep(self, kind: type[Event] = Event, **options: object) -> None:
        """Register a handler that keeps what it gets."""
        self.router.on(kind, **options)(self.seen.append)

    def rows(self) -> list[sa.RowMapping]:
        """All rows, in the order of arrival."""
        with self.engine.connect() as connection:
            return list(connection.execute(sa.select(table).order_by(table.c.id)).mappings())


@pytest.fixture(params=KINDS)
def stage(request, tmp_path) -> Iterator[Stage]:
    """A stage on each kind of database in turn."""
    with fresh_database(request.param, tmp_path) as url:
        engine = open_store(url)
        yield Stage(engine)
        engine.dispose()


def failing(times: int, seen: list[Event]) -> Callable[[Event], None]:
    """A handler that fails so often before it ends well."""
    left = [times]

    def handler(event: Event) -> None:
        left[0] -= 1
        if left[0] >= 0:
            msg = "call 13800138000 later"
            raise RuntimeError(msg)
        seen.append(event)

    return handler


# Storing.


def test_an_event_is_stored_and_handled_later(stage):
    """A door only stores; a worker handles, and then nothing is left to do."""
    stage.keep(CustomerEvent)
    inbox = stage.inbox()
    assert inbox.receive(received(added())).handlers == ()
    assert stage.seen == []
    assert inbox.stats().counts[InboxState.WAITING] == 1
    assert inbox.work_once() == InboxReport(done=1)
    assert stage.seen == [added()]
    assert inbox.work_once() == InboxReport()
    assert inbox.stats().counts == {InboxState.WAITING: 0, InboxState.DONE: 1, InboxState.DEAD: 0}


@pytest.mark.parametrize(
    "event",
    [
        received(added()),
        received(UnknownEvent(created_at=START, to_user=CORP, family="new", extra={"A": {"B": ["1", "2"]}})),
        read_event('{"msgtype":"text","text":{"content":"好"}}'.encode(), timestamp="1772323200", nonce="1"),
        read_event("<xml><A>é 好 😀</A></xml>".encode(), receive_id="r\0\ud800"[:2], timestamp="x\0", nonce="\0"),
    ],
    ids=["known", "unknown", "json", "strange"],
)
def test_reading_again_gives_an_equal_event(stage, event):
    """What handlers get after a detour through the database equals what came, delivery included."""
    stage.keep()
    inbox = stage.inbox()
    inbox.receive(event)
    inbox.work_once()
    (again,) = stage.seen
    assert again == event
    assert (again.delivery, again.dedupe_key, again.raw) == (event.delivery, event.dedupe_key, event.raw)
    assert inbox.read(inbox.events()[0].id) == event


def test_a_body_of_one_mib_is_kept(stage):
    """The largest body that a callback accepts fits into the table of every database."""
    event = read_event(b"<xml><A>" + b"a" * (1 << 20) + b"</A></xml>", timestamp="1")
    stage.inbox().receive(event)
    assert stage.inbox().read(1).delivery == event.delivery


def test_a_made_event_is_kept_too(stage):
    """A program may put an event that no callback brought; it comes back without a delivery."""
    stage.keep()
    inbox = stage.inbox()
    assert [inbox.put(added()), inbox.put(added())] == [True, False]
    inbox.work_once()
    assert (stage.seen, stage.seen[0].delivery) == ([added()], None)


def test_a_redelivery_is_recognised(stage):
    """The same body again, with another nonce, from another process: stored once, handled once, counted."""
    stage.keep()
    stage.inbox().receive(received(added()))
    stage.inbox().work_once()
    stage.inbox().receive(received(added(), nonce="other"))
    assert stage.inbox().work_once() == InboxReport()
    assert len(stage.seen) == 1
    assert stage.inbox().stats().duplicates == 1
    assert [notice.what for notice in stage.notices] == ["stored", "done", "duplicate"]


def test_two_real_events_of_one_second_are_two(stage):
    """Joins and leaves, and two edits of one second, are not swallowed; their redeliveries are."""
    stage.keep()
    inbox = stage.inbox()
    edit = CustomerEdited(created_at=START, to_user=CORP, userid="zhang", external_userid="wm1")
    group = GroupUpdated(created_at=START, to_user=CORP, chat_id="wr", cur_mem_ver="2")
    for event in (
        received(edit, nonce="1"),
        received(edit, nonce="2"),
        received(group),
        received(evolve(group, cur_mem_ver="3")),
        received(evolve(group, cur_mem_ver=""), nonce="a"),
        received(evolve(group, cur_mem_ver=""), nonce="b"),
    ):
        inbox.receive(event)
        inbox.receive(event)
    while inbox.work_once().events:
        pass
    assert len(stage.seen) == 6
    assert inbox.stats().duplicates == 6


def test_two_receivers_do_not_share(stage):
    """Two apps are told the same; each keeps and handles its own copy."""
    stage.keep()
    for receiver in ("crm", "sop"):
        stage.inbox(receiver=receiver).receive(received(added()))
    assert stage.inbox(receiver="crm").work_once() == InboxReport(done=1)
    assert stage.inbox(receiver="sop").stats().counts[InboxState.WAITING] == 1


def test_a_database_that_is_away_is_no_lost_200(stage):
    """An event that cannot be stored is not taken; the door must not answer 200."""
    with stage.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE inbox_events RENAME TO elsewhere"))
    with pytest.raises(NotTakenError, match="call again"):
        stage.inbox().receive(received(added()))
    with stage.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE elsewhere RENAME TO inbox_events"))
    stage.inbox().receive(received(added()))
    assert len(stage.rows()) == 1


def test_a_database_that_comes_back_is_waited_for(stage):
    """A door tries again while the platform waits, so that a short absence costs nothing."""
    with stage.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE inbox_events RENAME TO elsewhere"))

    def repair() -> None:
        with stage.engine.begin() as connection:
            connection.execute(sa.text("ALTER TABLE elsewhere RENAME TO inbox_events"))

    timer = threading.Timer(0.1, repair)
    timer.start()
    stage.inbox(settings=evolve(SETTINGS, patience=timedelta(seconds=5))).receive(received(added()))
    timer.join()
    assert len(stage.rows()) == 1


# Handling.


def test_only_the_handlers_that_failed_are_called_again(stage):
    """Progress is kept for each handler, across processes."""
    stage.keep()
    flaky: list[Event] = []
    stage.router.on(Event)(failing(1, flaky))
    inbox = stage.inbox()
    inbox.receive(received(added()))
    assert inbox.work_once() == InboxReport(failed=1)
    assert stage.inbox().work_once() == InboxReport()  # Not before its time.
    stage.advance(2)
    assert stage.inbox().work_once() == InboxReport(done=1)
    assert (len(stage.seen), len(flaky)) == (1, 1)


def test_two_handlers_of_one_name_are_two(stage):
    """Functions made in a loop share a name, and each is called."""
    seen: list[int] = []
    for number in range(3):
        stage.router.on(Event)(lambda event, number=number: seen.append(number))
    stage.inbox().receive(received(added()))
    stage.inbox().work_once()
    assert seen == [0, 1, 2]


def test_back_off_doubles_and_then_the_event_is_dead(stage):
    """After the last attempt a person is asked; the error is kept without a phone number."""
    stage.router.on(Event)(failing(9, stage.seen))
    inbox = stage.inbox()
    inbox.receive(received(added()))
    waits = []
    for _ in range(2):
        assert inbox.work_once() == InboxReport(failed=1)
        waits.append((stage.rows()[0]["next_at"] - stage.now).total_seconds())
        stage.advance(waits[-1])
    assert waits == [2, 4]
    assert inbox.work_once() == InboxReport(dead=1)
    (dead,) = inbox.dead()
    assert (dead.attempts, dead.state) == (3, InboxState.DEAD)
    assert dead.error.endswith("RuntimeError: call 138******** later")
    assert "wm1" not in repr(dead)


def test_jitter_spreads_the_retries(stage):
    """Half more or half less, so that events that failed together do not come back together."""
    for dice, wait in ((0.0, 1), (0.999999, 3)):
        stage.router = EventRouter()
        stage.router.on(Event)(failing(9, stage.seen))
        inbox = stage.inbox(dice=lambda dice=dice: dice, receiver=f"r{dice}")
        inbox.receive(received(added()))
        inbox.work_once()
        assert round((stage.rows()[-1]["next_at"] - stage.now).total_seconds()) == wait


def test_an_old_failure_is_given_up(stage):
    """Whatever its attempts, an event that fails days later is dead."""
    stage.router.on(Event)(failing(9, stage.seen))
    inbox = stage.inbox()
    inbox.receive(received(added()))
    stage.advance(3 * 86_400)
    assert inbox.work_once() == InboxReport(dead=1)


def test_what_nobody_wants_is_done(stage):
    """An event without a handler is no work and no failure."""
    stage.keep(GroupCreated)
    stage.keep(CustomerAdded, where=lambda event: event.state == "sh01")
    stage.inbox().receive(received(added()))
    assert stage.inbox().work_once() == InboxReport(done=1)
    assert stage.seen == []


def test_an_error_of_a_condition_is_one_of_the_handler(stage):
    """A condition that raises fails its handler and no other."""
    stage.keep(CustomerAdded, where=lambda event: 1 / 0)
    stage.keep(CustomerAdded)
    stage.inbox().receive(received(added()))
    assert stage.inbox().work_once() == InboxReport(failed=1)
    assert len(stage.seen) == 1
    assert "ZeroDivisionError" in stage.rows()[0]["error"]


def test_an_observer_that_raises_harms_nobody(stage, caplog):
    """Metrics may fail; events may not."""
    stage.keep()
    inbox = Inbox(stage.engine, stage.router, settings=SETTINGS, observe=lambda notice: 1 / 0)
    inbox.receive(received(added()))
    assert inbox.work_once() == InboxReport(done=1)
    assert "observer failed" in caplog.text


# Order.


def test_an_older_event_of_the_same_subject_goes_first(stage):
    """Deleted before added on the wire, added before deleted for the handlers; others do not wait."""
    stage.keep()
    inbox = stage.inbox()
    inbox.receive(received(deleted(at=START + timedelta(seconds=5))))
    inbox.receive(received(added()))
    inbox.receive(received(added("wm2", START + timedelta(seconds=9))))
    stage.advance(10)
    while inbox.work_once().events:
        pass
    of_first = [type(event) for event in stage.seen if event.external_userid == "wm1"]
    assert of_first == [CustomerAdded, CustomerDeleted]
    assert len(stage.seen) == 3


def test_a_failing_event_holds_its_own_subject_only(stage):
    """While the older one backs off, the younger one waits and everybody else goes on; dead, it lets it through."""
    stage.router.on(CustomerAdded, where=lambda event: event.external_userid == "wm1")(failing(9, []))
    stage.keep(CustomerDeleted)
    inbox = stage.inbox()
    inbox.receive(received(added()))
    inbox.receive(received(deleted(at=START + timedelta(seconds=1))))
    inbox.receive(received(deleted("wm2")))
    assert inbox.work_once() == InboxReport(failed=1, done=1)
    assert [event.external_userid for event in stage.seen] == ["wm2"]
    for _ in range(2):
        stage.advance(60)
        inbox.work_once()
    assert inbox.work_once() == InboxReport(done=1)
    assert [event.external_userid for event in stage.seen] == ["wm2", "wm1"]


def test_order_can_be_switched_off(stage):
    """Unordered, a failing event holds nobody."""
    stage.router.on(CustomerAdded)(failing(9, []))
    stage.keep(CustomerDeleted)
    inbox = stage.inbox(settings=evolve(SETTINGS, ordered=False))
    inbox.receive(received(added()))
    inbox.receive(received(deleted()))
    assert inbox.work_once() == InboxReport(failed=1, done=1)


def test_a_late_event_says_so(stage):
    """An event that comes after a younger one of its subject was handled carries the mark; others do not."""
    stage.keep()
    inbox = stage.inbox()
    inbox.receive(received(deleted(at=START + timedelta(seconds=5))))
    inbox.work_once()
    inbox.receive(received(added()))
    inbox.receive(received(added("wm2")))
    inbox.work_once()
    assert [(event.external_userid, event.late) for event in stage.seen] == [
        ("wm1", False),
        ("wm1", True),
        ("wm2", False),
    ]
    assert inbox.stats().late == 1


def test_subjects():
    """A customer with the member, a group, the sender of a message; and nothing for an event about nobody."""
    group = GroupUpdated(created_at=START, chat_id="wr1", cur_mem_ver="2")
    message = UnknownEvent(created_at=START, msg_type="text", from_user="zhang")
    assert subject_of(added()) == subject_of(deleted()) == "customer/wm1/zhang"
    assert subject_of(group) == "group/wr1"
    assert subject_of(message) == "from/zhang"
    assert subject_of(UnknownEvent(created_at=START, family="enter_agent", from_user="zhang")) == ""
    assert len(subject_of(added("wm" * 200))) == 64


# Urgent handlers.


def test_an_urgent_handler_runs_before_the_answer(stage):
    """Stored, then greeted, then answered; the worker does the rest and greets nobody twice."""
    greeted: list[tuple[str, float]] = []

    @stage.router.on(CustomerAdded, urgent=True)
    def greet(event, deadline):
        greeted.append((event.welcome_code, deadline.left))

    stage.keep(CustomerAdded)
    inbox = stage.inbox()
    stage.advance(3)
    handling = inbox.receive(received(added()))
    assert [name.rpartition(".")[2] for name in handling.handlers] == ["greet"]
    assert (greeted, stage.seen) == ([("CODE", 4.0)], [])  # The platform waits for less than is left of 20 s.
    assert inbox.work_once() == InboxReport(done=1)
    assert (len(greeted), len(stage.seen)) == (1, 1)


def test_the_time_left_counts_from_the_event(stage):
    """After 18 seconds on the way, two are left."""
    left = []

    @stage.router.on(CustomerAdded, urgent=True)
    def greet(event, deadline):
        left.append(deadline.left)

    stage.advance(18)
    stage.inbox().receive(received(added()))
    assert left == [2.0]


def test_an_urgent_handler_alone_finishes_the_event(stage):
    """With nothing else to do the event is done when the platform is answered."""
    stage.keep(CustomerAdded, urgent=True)
    stage.inbox().receive(received(added()))
    assert stage.rows()[0]["state"] == "done"
    assert stage.inbox().work_once() == InboxReport()


def test_a_duplicate_runs_what_has_not_ended_well(stage):
    """The first delivery failed; the second one greets, and the third finds it done."""
    stage.router.on(CustomerAdded, urgent=True)(failing(1, stage.seen))
    assert len(stage.inbox().receive(received(added())).failures) == 1
    assert stage.inbox().receive(received(added())).failures == ()
    assert stage.inbox().receive(received(added())).handlers == ()
    assert len(stage.seen) == 1
    assert stage.inbox().stats().duplicates == 2


def test_the_worker_tries_again_while_time_is_left(stage):
    """A greeting that failed is tried every second, whatever else waits for that customer."""
    stage.router.on(CustomerAdded, urgent=True)(failing(2, stage.seen))
    stage.router.on(CustomerUnfollowed)(failing(9, []))
    inbox = stage.inbox()
    unfollowed = CustomerUnfollowed(
        created_at=START - timedelta(minutes=1), to_user=CORP, userid="zhang", external_userid="wm1"
    )
    inbox.receive(received(unfollowed))
    inbox.receive(received(added()))
    assert inbox.work_once() == InboxReport(failed=1)
    stage.advance(1)
    assert inbox.work_once() == InboxReport(urgent=1)
    stage.advance(1)
    assert inbox.work_once().urgent == 1
    assert stage.seen == [added()]
    assert stage.rows()[1]["state"] == "done"


def test_a_missed_greeting_is_dead_with_a_reason(stage):
    """After 20 seconds nobody greets any more: the others are called, and then a person hears of it."""
    stage.router.on(CustomerAdded, urgent=True)(failing(99, []))
    stage.keep(CustomerAdded)
    inbox = stage.inbox()
    inbox.receive(received(added()))
    stage.advance(21)
    assert inbox.work_once() == InboxReport(dead=1)
    assert stage.seen == [added()]
    (dead,) = inbox.dead()
    assert dead.error.startswith("tests.unit.test_inbox.") or "failing" in dead.error
    assert "RuntimeError" in dead.error
    assert dead.error.endswith("it did not end well within 20 s")
    assert len(dead.missed) == 1


def test_an_event_that_comes_too_late_is_not_greeted(stage):
    """The platform's third try may come after the code is worthless: the handler is not called at all."""
    stage.keep(CustomerAdded, urgent=True)
    stage.advance(25)
    stage.inbox().receive(received(added()))
    assert (stage.seen, stage.rows()[0]["state"]) == ([], "dead")


def test_urgent_may_mean_another_time(stage):
    """A handler may say how long it is of use."""
    stage.keep(CustomerAdded, urgent=timedelta(minutes=2))
    stage.advance(60)
    stage.inbox().receive(received(added()))
    assert len(stage.seen) == 1


def test_somebody_who_is_at_it_is_waited_for(stage):
    """A duplicate does not greet while another process does; it waits, and finds the work done."""
    began, go_on = threading.Event(), threading.Event()

    @stage.router.on(CustomerAdded, urgent=True)
    def greet(event):
        began.set()
        assert go_on.wait(10)
        stage.seen.append(event)

    first = threading.Thread(target=stage.inbox().receive, args=(received(added()),))
    first.start()
    assert began.wait(10)
    threading.Timer(0.3, go_on.set).start()
    assert stage.inbox().receive(received(added())).handlers == ()
    first.join(10)
    assert len(stage.seen) == 1


def test_a_dead_process_is_replaced_when_its_lease_is_over(stage):
    """What a process held when it died goes to the next delivery, or to a worker, with the time that is left."""

    class DiedError(BaseException):
        """As good as SIGKILL."""

    def die(point: str) -> None:
        if point == "stored":
            raise DiedError

    stage.keep(CustomerAdded, urgent=True)
    with pytest.raises(DiedError):
        stage.inbox(crash=die).receive(received(added()))
    assert stage.inbox().work_once() == InboxReport()
    stage.advance(5)
    stage.inbox().receive(received(added()))
    assert len(stage.seen) == 1


# Several workers.


def test_a_lease_keeps_others_away_and_runs_out(stage):
    """What one worker took no other one gets, until the lease is over; then the first can write nothing."""
    frozen, other = stage.inbox(), EventRouter()
    other.on(Event)(stage.seen.append)
    reports = []

    @stage.router.on(Event)
    def freeze(event):
        reports.append(stage.inbox(other).work_once())
        stage.advance(61)
        reports.append(stage.inbox(other).work_once())
        reports.append(stage.rows())

    frozen.receive(received(added()))
    assert frozen.work_once() == InboxReport(superseded=1)
    assert reports == [InboxReport(), InboxReport(done=1), stage.rows()]
    assert len(stage.seen) == 1


def test_workers_that_are_stopped_give_back(stage):
    """An interrupted worker leaves what it had not begun to others, at once."""

    @stage.router.on(Event)
    def stop(event):
        raise KeyboardInterrupt

    inbox = stage.inbox()
    for number in range(3):
        inbox.receive(received(added(f"wm{number}")))
    with pytest.raises(KeyboardInterrupt):
        inbox.work_once()
    assert {row["lease_until"] for row in stage.rows()} == {None}
    other = EventRouter()
    other.on(Event)(stage.seen.append)
    assert stage.inbox(other).work_once() == InboxReport(done=3)


def test_a_long_batch_renews_its_leases(stage):
    """Events at the end of a batch are held again before their turn, and are not done twice."""

    @stage.router.on(Event)
    def slow(event):
        stage.seen.append(event)
        stage.advance(50)
        others.append(stage.inbox(other).work_once())

    others: list[InboxReport] = []
    other = EventRouter()
    other.on(Event)(stage.seen.append)
    inbox = stage.inbox()
    for number in range(3):
        inbox.receive(received(added(f"wm{number}")))
    # The third one's lease had run out while the second was handled: the other worker had it.
    assert inbox.work_once() == InboxReport(done=2, superseded=1)
    assert others == [InboxReport(), InboxReport(done=1)]
    assert len(stage.seen) == 3


def test_a_loop_works_until_it_is_stopped(stage):
    """`run` handles what comes, waits for a database that is away, and ends when told."""
    done, stop = threading.Event(), threading.Event()
    stage.router.on(CustomerAdded)(lambda event: done.set())
    inbox = stage.inbox()
    with stage.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE inbox_events RENAME TO elsewhere"))
    thread = threading.Thread(target=inbox.run, args=(stop,))
    thread.start()
    with stage.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE elsewhere RENAME TO inbox_events"))
    inbox.receive(received(added()))
    assert done.wait(10)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


# Keeping.


def test_replay_by_id_name_time_and_state(stage):
    """A dead event is handled again by the handlers that failed, or by all; what was not chosen stays."""
    stage.router.on(Event)(failing(3, stage.seen))
    stage.keep()
    inbox = stage.inbox(settings=evolve(SETTINGS, attempts=1))
    for number in range(3):
        inbox.receive(received(added(f"wm{number}")))
        inbox.work_once()
        stage.advance(60)
    stage.seen.clear()
    ids = [event.id for event in inbox.dead()][::-1]
    assert inbox.replay(ids=[ids[0]]) == 1
    assert inbox.replay(name="change_external_chat") == 0
    assert inbox.replay(name="change_external_contact", since=START + timedelta(seconds=90)) == 1
    assert inbox.replay(name=added().name, until=START) == 0
    assert inbox.work_once() == InboxReport(done=2)
    assert sorted(event.external_userid for event in stage.seen) == ["wm0", "wm2"]
    assert [event.id for event in inbox.dead()] == [ids[1]]
    assert inbox.replay(state=InboxState.DONE, ids=[ids[0]], everything=True) == 1
    inbox.work_once()
    assert len(stage.seen) == 4
    with pytest.raises(ValidationError):
        inbox.replay(since=datetime(2026, 1, 1))  # noqa: DTZ001 - naive on purpose


def test_prune_keeps_what_waits_and_what_is_young(stage):
    """Done goes after a week, dead after a month, waiting never; before that a redelivery is recognised."""
    stage.router.on(CustomerDeleted)(failing(99, []))
    inbox = stage.inbox(settings=evolve(SETTINGS, attempts=1))
    inbox.receive(received(added()))
    inbox.receive(received(deleted("wm2")))
    inbox.work_once()
    stage.advance(8 * 86_400)
    inbox.receive(received(added("wm3", stage.now)))
    assert inbox.prune() == 1
    assert [event.state for event in inbox.events()] == ["waiting", "dead"]
    stage.advance(30 * 86_400)
    assert inbox.prune() == 1
    assert [event.state for event in inbox.events()] == ["waiting"]


def test_prune_goes_in_small_steps(stage):
    """Thousands of rows are deleted, 500 in a transaction."""
    inbox = stage.inbox()
    inbox.put(added())
    with stage.engine.begin() as connection:
        (row,) = connection.execute(sa.select(table)).mappings().all()
        done = {**row, "state": "done", "finished_at": START}
        more = [done | {"id": number, "dedupe_key": str(number)} for number in range(10, 1_109)]
        connection.execute(sa.insert(table), more)
        connection.execute(sa.update(table).values(state="done", finished_at=START))
    stage.advance(8 * 86_400)
    points: list[str] = []
    assert stage.inbox(crash=points.append).prune() == 1_100
    assert points.count("pruning") == 3


def test_forgetting_a_customer(stage):
    """Every stored body that names the customer is emptied, whatever its state; a longer id is another customer."""
    stage.keep()
    inbox = stage.inbox()
    group = GroupUpdated(created_at=START, to_user=CORP, chat_id="wr", mem_change_list=("wm9", "wm1"), cur_mem_ver="2")
    for event in (added(), deleted("wm10"), deleted("wm1"), group, added("wm-wm1")):
        inbox.receive(received(event))
    assert inbox.forget("wm1") == 3
    assert inbox.forget("wm1") == inbox.forget("") == inbox.forget() == 0
    assert b"wm1<" not in b"".join(bytes(row["body"]) for row in stage.rows()).replace(b"]]>", b"<").replace(
        b"wm-wm1<", b""
    )
    while inbox.work_once().events:
        pass
    assert sorted(event.external_userid for event in stage.seen) == ["wm-wm1", "wm10"]
    inbox.receive(received(added()))
    assert inbox.work_once() == InboxReport()
    assert inbox.replay(state=InboxState.DONE, everything=True) == 2
    with pytest.raises(LookupError, match="forgotten"):
        inbox.read(1)


def test_stats(stage):
    """Counts, the age of the oldest waiting event, what came and what was finished in the last minutes."""
    stage.keep(CustomerAdded)
    inbox = stage.inbox()
    assert inbox.stats().lag == timedelta(0)
    for number in range(10):
        inbox.receive(received(added(f"wm{number}")))
    stage.advance(30)
    assert inbox.stats().lag == timedelta(seconds=30)
    inbox.work_once(limit=5)
    stats = inbox.stats()
    assert (stats.counts[InboxState.WAITING], stats.counts[InboxState.DONE]) == (5, 5)
    assert (stats.received_per_minute, stats.finished_per_minute, stats.running) == (2.0, 1.0, 0)
    stage.advance(600)
    assert inbox.stats().received_per_minute == 0


def test_logs_and_notices_name_nobody(stage, caplog):
    """What the inbox itself logs or tells an observer has no customer, no body, no code."""
    caplog.set_level("DEBUG", "wecom_auto.inbox")
    stage.router.on(Event)(failing(9, []))
    inbox = stage.inbox(settings=evolve(SETTINGS, attempts=1))
    inbox.receive(received(added("wmSECRET")))
    inbox.work_once()
    told = " ".join(record.getMessage() for record in caplog.records if record.name == "wecom_auto.inbox")
    assert "is dead" in told
    assert "wmSECRET" not in told + repr(stage.notices)
    assert "CODE" not in told + repr(stage.notices)


@pytest.mark.parametrize(
    "wrong",
    [
        {"keep_done": timedelta(minutes=9)},
        {"keep_dead": timedelta(0)},
        {"answer_within": timedelta(seconds=5)},
        {"answer_within": timedelta(0)},
        {"lease": timedelta(seconds=2)},
        {"attempts": 0},
    ],
)
def test_settings_that_lose_events_are_refused(wrong):
    """Shorter than the platform's own times, an event could be lost or taken twice."""
    with pytest.raises(ConfigurationError):
        InboxSettings(**wrong)


@pytest.mark.parametrize("receiver", ["", "r" * 65])
def test_a_receiver_has_a_name_that_fits(receiver):
    """Neither nothing nor more than the column holds."""
    with pytest.raises(ConfigurationError, match="receiver"):
        Inbox(sa.create_engine("sqlite://"), EventRouter(), receiver=receiver)


def test_a_sync_worker_refuses_async_handlers(stage):
    """It says so before it touches an event."""

    @stage.router.on(Event)
    async def handler(event): ...

    with pytest.raises(ConfigurationError, match="async"):
        stage.inbox().work_once()
    stage.inbox().require_sync()  # A WSGI door may store what an async worker handles.
    stage.router.on(CustomerAdded, urgent=True)(handler)
    with pytest.raises(ConfigurationError, match="async"):
        stage.inbox().require_sync()
