"""Play the year of one team: jump the clock from moment to moment, act, tick. Never waits, and plans nothing.

Members see what came in, and tap, forget or wait to be nudged; customers come, act and leave as they were drawn.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final, TypeAlias

import sqlalchemy as sa
from attrs import define, field, frozen

from wecom_auto._time import CHINA, from_unix
from wecom_auto.callbacks.events import CustomerAdded, CustomerUnfollowed
from wecom_auto.simulation._company import Company
from wecom_auto.simulation._lives import Deed, Moment, Seat, dice, seat_of
from wecom_auto.simulation._scenario import Scenario
from wecom_auto.sop._rows import _tables as t
from wecom_auto.store import reading

Progress: TypeAlias = Callable[[datetime], None]

_REMIND: Final = "externalcontact/remind_groupmsg_send"
_TRY_AGAIN: Final = timedelta(days=1)


@define
class _Customer:
    """A customer who has come in."""

    external_userid: str
    seat: int


@define
class _Member:
    """Whoever holds a seat now."""

    userid: str
    ways: tuple[str, ...]
    seat: Seat
    active: bool = True


@frozen(order=True)
class _Due:
    at: datetime
    number: int
    act: Callable[[], None] = field(order=False)


@frozen(kw_only=True)
class Work:
    """What the members had to do.

    Attributes:
        taps: Confirmations by (member, day).
        asked: Tasks that were given out, by (member, day).
    """

    taps: Counter[tuple[str, date]] = field(factory=Counter[tuple[str, date]])
    asked: Counter[tuple[str, date]] = field(factory=Counter[tuple[str, date]])


class Play:
    """One year of one team.

    Args:
        company: Who plays.
        scenario: What is played.
        moments: What customers do.
        seats: What members do, by the number of the seat; neighbours of each other.
    """

    def __init__(
        self, company: Company, scenario: Scenario, moments: Sequence[Moment], seats: Mapping[int, Seat]
    ) -> None:
        self.company = company
        self.work = Work()
        self.ticks = 0
        self._scenario = scenario
        self._grid = scenario.tick.total_seconds()
        self._numbers = itertools.count()
        self._moments = iter([*moments, Moment(datetime.max.replace(tzinfo=CHINA), 0, Deed.HIRE)])
        self._next = next(self._moments)
        self._heap: list[_Due] = []
        self._people: dict[int, _Customer] = {}
        self._members: dict[int, _Member] = {}
        self._sleepy: dict[str, tuple[int, str, timedelta | None]] = {}
        self._noticed = self._nudged = self._handed_out = 0
        self._left: defaultdict[str, int] = defaultdict(int)
        for number, seat in seats.items():
            self._sit(number, seat)

    def _sit(self, number: int, seat: Seat) -> None:
        userid = self.company.userid(number)
        self._members[number] = _Member(userid, self.company.hire(userid), seat)
        if seat.resigns_at is not None:
            self._at(seat.resigns_at, lambda: self._resign(number))

    def run(self, progress: Progress) -> None:
        """Play to the end; the clock stands at the end afterwards."""
        end, runner = self._scenario.end, self.company.runner
        while True:
            wake = runner.next_wake()
            at = min(self._next.at, self._heap[0].at if self._heap else end)
            slot = self._slot(at if wake is None else min(at, max(wake, self._now())))
            if slot >= end:
                break
            self._act_until(slot)
            self._advance(slot)
            self._tick(slot)
            progress(slot)
        self._act_until(end)
        self._advance(end)
        self._tick(end)

    def _slot(self, at: datetime) -> datetime:
        """The next time at which the service ticks."""
        return from_unix((at.timestamp() // self._grid + 1) * self._grid)

    def _now(self) -> datetime:
        return self.company.fake.clock.now()

    def _at(self, at: datetime, act: Callable[[], None]) -> None:
        heapq.heappush(self._heap, _Due(at, next(self._numbers), act))

    def _act_until(self, slot: datetime) -> None:
        while True:
            due = self._heap[0].at if self._heap else slot
            if self._next.at < min(due, slot):
                moment, self._next = self._next, next(self._moments)
                self._advance(moment.at)
                self._do(moment)
            elif due < slot:
                self._advance(due)
                heapq.heappop(self._heap).act()
            else:
                return

    def _advance(self, at: datetime) -> None:
        if at > self._now():
            self.company.fake.clock.advance_to(at)

    def _tick(self, at: datetime) -> None:
        # The clock counts in floating point and may stand a microsecond before `at`.
        counts = self.company.runner.tick(max(at, self._now())).counts
        self.ticks += 1
        if counts.get("created") or counts.get("unknown_to_created"):
            self._notice_tasks()
        if counts.get("reminded"):
            self._notice_nudges()
        if counts.get("staff_tasks"):
            self._notice_work()

    # Members

    def _notice_tasks(self) -> None:
        """Members see what came in, and tap, forget or wait to be nudged."""
        fake, habits = self.company.fake, self._scenario.habits
        for msgid in fake.mass_messages()[self._noticed :]:
            self._noticed += 1
            for task in fake.mass_tasks(msgid):
                seat = self._seat_of(task.userid)
                self.work.asked[task.userid, self._today()] += 1
                drawn = dice(self._scenario.seed, "tap", task.userid, self._noticed)
                mood = drawn.random()
                prompt = timedelta(minutes=drawn.randint(*habits.prompt_minutes))
                nudged = timedelta(minutes=drawn.randint(*habits.nudged_minutes))
                if mood < habits.prompt:
                    self._tap_later(seat, task.userid, msgid, prompt)
                    continue
                fake.forget(task.userid, msgid)
                self._sleepy[msgid] = seat, task.userid, nudged if mood < habits.prompt + habits.nudged else None

    def _notice_nudges(self) -> None:
        calls = self.company.fake.calls(_REMIND)[self._nudged :]
        self._nudged += len(calls)
        for call in calls:
            msgid = str(call.body.get("msgid"))
            seat, userid, takes = self._sleepy.pop(msgid, (0, "", None))
            if takes is not None:
                self._tap_later(seat, userid, msgid, takes)

    def _tap_later(self, seat: int, userid: str, msgid: str, takes: timedelta) -> None:
        self._at(self._at_work(seat, self._now() + takes), lambda: self._tap(userid, msgid))

    def _tap(self, userid: str, msgid: str) -> None:
        fake = self.company.fake
        if fake.member(userid).active and any(task.msgid == msgid for task in fake.pending(userid)):
            fake.tap(userid, msgid)
            self.work.taps[userid, self._today()] += 1

    def _notice_work(self) -> None:
        """Members see the tasks that no call can do, and finish most of them."""
        s = t.staff_tasks.c
        with reading(self.company.engine) as connection:
            query = sa.select(s.id, s.assignee).where(s.id > self._handed_out).order_by(s.id)
            tasks = [*connection.execute(query)]
        for task_id, assignee in tasks:
            self._handed_out = task_id
            drawn, habits = dice(self._scenario.seed, "work", assignee, task_id), self._scenario.habits
            done, takes = drawn.random() < habits.tasks_done, timedelta(hours=drawn.uniform(*habits.task_hours))
            if done:
                at = self._at_work(self._seat_of(assignee), self._now() + takes)
                self._at(at, lambda task_id=task_id: self._finish(task_id))  # type: ignore[misc]  # bound now, not later

    def _finish(self, task_id: int) -> None:
        self.company.runner.complete_task(task_id, "电话已接通", self._now())

    def _resign(self, number: int) -> None:
        member = self._members[number]
        member.active = False
        self.company.fake.leave(member.userid)
        self.company.runner.member_left(member.userid, self._now())
        self._at(self._at_work(number, self._now() + timedelta(hours=15)), lambda: self._replace(number))

    def _replace(self, number: int) -> None:
        member = self._members[number]
        self._left[member.userid] += 1
        member.userid = self.company.userid(number, 1)
        member.ways, member.active = self.company.hire(member.userid), True

    def _seat_of(self, userid: str) -> int:
        return int(userid.removeprefix("advisor").partition("-")[0]) - 1

    def _today(self) -> date:
        return self._now().astimezone(CHINA).date()

    def _at_work(self, seat: int, at: datetime) -> datetime:
        """Members tap between nine and nine, and not on holiday."""
        local = at.astimezone(CHINA)
        if not time(9) <= local.time() <= time(21):
            day = local.date() + timedelta(days=local.time() > time(21))
            local = datetime.combine(day, time(9, 5), CHINA)
        for since, until in self._members[seat].seat.away:
            if since <= local < until:
                return until + timedelta(hours=9, minutes=20)
        return local

    # Customers

    def _do(self, moment: Moment) -> None:
        if moment.deed is Deed.ARRIVE:
            self._arrive(moment)
        elif moment.who in self._people:
            self._live(moment, self._people[moment.who])

    def _arrive(self, moment: Moment) -> None:
        seat = seat_of(self._scenario, moment.who)
        member = self._members[seat]
        if not member.active:
            # Nobody answers at this desk today.
            self._at(moment.at + _TRY_AGAIN, lambda: self._arrive_later(moment))
            return
        company, at = self.company, moment.who % len(self.company.doors)
        who = company.fake.scan(member.ways[at]).external_userid
        self._people[moment.who] = _Customer(who, seat)
        # The contact way puts tags on, and the dealer's system knows the customer, before the first callback.
        self._hear()
        self._settle_in(who, member.userid, at, moment)

    def _arrive_later(self, moment: Moment) -> None:
        self._arrive(Moment(self._now(), moment.who, moment.deed, moment.name, moment.value))

    def _settle_in(self, who: str, userid: str, at: int, moment: Moment) -> None:
        company, door = self.company, self.company.doors[at]
        for name in door.tags:
            self._mark(who, userid, name)
        for name in door.attributes:
            company.runner.set_attribute(who, name, True, self._now())
        if door.anchor:
            company.runner.set_attribute(who, door.anchor, moment.value, self._now())
        match door.happens.partition(":"):
            case ("manual" | "import", _, _):
                company.runner.enrol(door.definition.sop, who, now=self._now(), userid=userid)
            case ("tag.added", _, name):
                self._mark(who, userid, name)
            case _:
                return

    def _live(self, moment: Moment, customer: _Customer) -> None:
        company, who, now = self.company, customer.external_userid, self._now()
        match moment.deed:
            case Deed.EVENT:
                company.book.happened(who, moment.name, now)
                company.runner.record_event(who, moment.name, now)
            case Deed.ATTRIBUTE:
                company.runner.set_attribute(who, moment.name, True, now)
            case Deed.TAG:
                if userid := company.book.friend(who):
                    self._mark(who, userid, moment.name)
            case Deed.UNFRIEND:
                if userid := company.book.friend(who):
                    company.fake.unfriend(who, userid)
                    self._hear()
            case Deed.ADD:
                self._add(customer)
            case _:
                return

    def _add(self, customer: _Customer) -> None:
        """A second member adds the customer, by the first one's recommendation."""
        other = self._members.get(customer.seat + 1) or self._members[min(self._members)]
        if other.active and other.userid != self.company.book.friend(customer.external_userid):
            self.company.fake.scan(other.ways[0], customer=customer.external_userid)
            self._hear()

    def _mark(self, who: str, userid: str, name: str) -> None:
        tag_id = self.company.book.tags[name]
        self.company.fake.staff_marks_tag(userid, who, add=[tag_id])
        self.company.book.mark_tags(userid, who, add=[tag_id])
        self._hear()

    def _hear(self) -> None:
        """Take the callbacks that have been sent: the book first, then the runner."""
        fake, book = self.company.fake, self.company.book
        events = fake.undelivered
        fake.deliver()
        for event in events:
            if isinstance(event, CustomerAdded):
                book.added(event.external_userid, event.userid, event.state, event.created_at)
            elif isinstance(event, CustomerUnfollowed):
                book.unfollowed(event.external_userid, event.userid, event.created_at)
            self.company.runner.on_event(event, self._now())
