"""Play the script against the company: jump the clock from event to event, act, tick. Never waits in real time."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Final, TypeAlias

import sqlalchemy as sa
from attrs import define, field, frozen

from wecom_auto._demo._company import Company
from wecom_auto._demo._leads import OWNER, Lead
from wecom_auto._demo._story import Deed, Habit, Moment, habit, script, work
from wecom_auto._demo._world import BY_NAME, OWNER_TAG, QUIET_TAG, SOLD_TAG, STAGES, STORES
from wecom_auto._time import CHINA, from_unix
from wecom_auto.sop._rows import _tables as t
from wecom_auto.store import transaction

Progress: TypeAlias = Callable[[datetime], None]

_REMIND: Final = "externalcontact/remind_groupmsg_send"
_NEXT_TRY: Final = timedelta(minutes=1)
_GRID: Final = 1800
"""Seconds between ticks, at the least: as a service that ticks every half hour; late ticks lose nothing."""


@define
class Person:
    """A lead who has become a contact."""

    lead: Lead
    external_userid: str
    userid: str
    stage: str = ""


@frozen(order=True)
class _Due:
    at: datetime
    number: int
    act: Callable[[], None] = field(order=False)


class Play:
    """One run of the script.

    Args:
        company: Who plays.
        leads: The list.
        end: The last moment.
        seed: What people's habits depend on.
    """

    def __init__(self, company: Company, leads: tuple[Lead, ...], end: datetime, seed: int) -> None:
        self.company = company
        self.people: dict[int, Person] = {}
        self._leads = {lead.line: lead for lead in leads}
        self._end = end
        self._seed = seed
        self._numbers = itertools.count()
        self._heap: list[_Due] = []
        self._noticed = self._nudged = self._handed_out = 0
        self._sleepy: dict[str, tuple[str, Habit]] = {}
        for moment in script(leads, self._now(), end, seed):
            self._at(moment.at, lambda moment=moment: self._do(moment))  # type: ignore[misc]  # bound now, not later

    def run(self, progress: Progress) -> None:
        """Play to the end; the clock stands at the end afterwards."""
        ticked_at: datetime | None = None
        while True:
            wake = self.company.runner.next_wake()
            if wake is not None:
                # What is still due just after a tick waits for something else.
                wake = _on_grid(wake if ticked_at is None else max(wake, ticked_at + _NEXT_TRY))
            at = min((one for one in (wake, self._heap[0].at if self._heap else None) if one is not None), default=None)
            if at is None or at > self._end:
                break
            self._advance(at)
            while self._heap and self._heap[0].at <= at:
                heapq.heappop(self._heap).act()
            if wake is not None and wake <= at:
                ticked_at = self._tick(at)
            progress(at)
        self._advance(self._end)
        self._tick(self._end)

    def _now(self) -> datetime:
        return self.company.fake.clock.now()

    def _at(self, at: datetime, act: Callable[[], None]) -> None:
        heapq.heappush(self._heap, _Due(at, next(self._numbers), act))

    def _advance(self, at: datetime) -> None:
        if at > self._now():
            self.company.fake.clock.advance_to(at)

    def _tick(self, at: datetime) -> datetime:
        # The clock counts in floating point and may stand a microsecond before `at`.
        now = max(at, self._now())
        self.company.runner.tick(now)
        self._notice_tasks()
        self._notice_nudges()
        self._notice_work()
        return now

    # Staff

    def _notice_tasks(self) -> None:
        """Members see what came in, and tap, forget or wait to be nudged."""
        fake = self.company.fake
        for msgid in fake.mass_messages()[self._noticed :]:
            self._noticed += 1
            for task in fake.mass_tasks(msgid):
                mood = habit(self._seed, task.userid, self._noticed)
                if mood.tap_after is not None:
                    self._tap_later(task.userid, msgid, mood.tap_after)
                else:
                    fake.forget(task.userid, msgid)
                    self._sleepy[msgid] = (task.userid, mood)

    def _notice_nudges(self) -> None:
        fake = self.company.fake
        if fake.count(_REMIND) == self._nudged:
            return
        calls = fake.calls(_REMIND)[self._nudged :]
        self._nudged += len(calls)
        for call in calls:
            userid, mood = self._sleepy.pop(str(call.body.get("msgid")), ("", None))
            if mood is not None and mood.tap_when_nudged is not None:
                self._tap_later(userid, str(call.body["msgid"]), mood.tap_when_nudged)

    def _tap_later(self, userid: str, msgid: str, delay: timedelta) -> None:
        self._at(_awake(self._now() + delay), lambda: self._tap(userid, msgid))

    def _tap(self, userid: str, msgid: str) -> None:
        waiting = {task.msgid for task in self.company.fake.pending(userid)}
        if msgid in waiting and self.company.fake.member(userid).active:
            self.company.fake.tap(userid, msgid)

    def _notice_work(self) -> None:
        """Members see the tasks that no call can do, and finish most of them."""
        tasks = t.staff_tasks.c
        with transaction(self.company.engine) as connection:
            ids = list(connection.scalars(sa.select(tasks.id).where(tasks.id > self._handed_out).order_by(tasks.id)))
        for task_id in ids:
            self._handed_out = task_id
            takes = work(self._seed, task_id)
            if takes is not None:
                self._at(_awake(self._now() + takes), lambda task_id=task_id: self._finish(task_id))  # type: ignore[misc]

    def _finish(self, task_id: int) -> None:
        self.company.runner.complete_task(task_id, "电话已接通", self._now())

    # People

    def _do(self, moment: Moment) -> None:
        match moment.deed:
            case Deed.SCAN:
                self._scan(self._leads[moment.line])
            case Deed.LEAVE:
                self._leave(moment.userid)
            case Deed.SYNC:
                self.company.directory.sync(self.company.client)
            case Deed.REVOKE:
                self.company.fake.revoke_tokens()
            case _ if moment.line in self.people:
                self._live(moment.deed, self.people[moment.line])
            case _:
                return

    def _scan(self, lead: Lead) -> None:
        """Somebody scans the code of a store; the callback has been handled when this returns."""
        store = BY_NAME[lead.store]
        state = store.owner_state if lead.kind == OWNER else store.showroom_state
        customer = self.company.fake.scan(state, name=lead.name)
        person = Person(lead=lead, external_userid=customer.external_userid, userid=customer.follows[0].userid)
        self.people[lead.line] = person
        if lead.kind == OWNER:
            self._mark(person, add=OWNER_TAG)
            ends = lead.insurance_ends.isoformat() if lead.insurance_ends else None
            self.company.runner.set_attribute(person.external_userid, "insurance_expiry", ends, self._now())
        else:
            self._enter_stage(person, STAGES[0])

    def _live(self, deed: Deed, person: Person) -> None:
        fake, who = self.company.fake, person.external_userid
        friends = self.company.directory.facts(who, person.userid).following()
        match deed:
            case Deed.CHAT if friends:
                fake.chat(who, person.userid)
                self.company.directory.record_contact(who, person.userid, self._now())
            case Deed.JOIN:
                fake.join_group(self.company.join_ways[BY_NAME[person.lead.store].code], who)
            case Deed.QUIT:
                self._quit_groups(who)
            case Deed.QUIET if friends:
                fake.staff_marks_tag(person.userid, who, add=[self.company.tag_ids[QUIET_TAG]])
            case Deed.UNFRIEND if friends:
                fake.unfriend(who, person.userid)
            case Deed.SELL:
                self.company.runner.set_attribute(who, "car_sold", True, self._now())
            case Deed.BOOK | Deed.VISIT | Deed.DRIVE | Deed.SIGN | Deed.RENEW:
                self._business(deed, person, friends=friends)
            case _:
                return

    def _business(self, deed: Deed, person: Person, *, friends: bool) -> None:
        """The dealer's own system reports what happened in the store."""
        name, stage = _BUSINESS[deed]
        self.company.runner.record_event(person.external_userid, name, self._now())
        if stage and friends:
            self._enter_stage(person, stage)
        if deed is Deed.SIGN and friends:
            self.company.fake.staff_marks_tag(
                person.userid, person.external_userid, add=[self.company.tag_ids[SOLD_TAG]]
            )

    def _quit_groups(self, external_userid: str) -> None:
        """A buyer leaves the prospect groups: members asked for it, no API can do it."""
        for group in self.company.fake.groups():
            if external_userid in group.members and not group.dismissed:
                self.company.fake.quit_group(group, external_userid)

    def _leave(self, userid: str) -> None:
        """A member resigns: the code goes to the colleagues, open tasks are withdrawn."""
        self.company.fake.leave(userid)
        self.company.runner.member_left(userid, self._now())
        store = next(store for store in STORES if userid in store.advisors)
        rest = [one for one in store.advisors if self.company.fake.member(one).active]
        for state in (store.showroom_state, store.owner_state):
            self.company.client.contact_ways.update(self.company.contact_ways[state], users=rest)

    def _enter_stage(self, person: Person, stage: str) -> None:
        self._mark(person, add=stage, remove=person.stage)
        person.stage = stage

    def _mark(self, person: Person, *, add: str, remove: str = "") -> None:
        on = [self.company.tag_ids[add]]
        off = [self.company.tag_ids[remove]] if remove else []
        self.company.client.tags.mark(person.userid, person.external_userid, add=on, remove=off)
        self.company.directory.mark_tags(person.userid, person.external_userid, add=on, remove=off)


_BUSINESS: Final = {
    Deed.BOOK: ("testdrive.booked", ""),
    Deed.VISIT: ("store.visited", STAGES[1]),
    Deed.DRIVE: ("testdrive.done", STAGES[2]),
    Deed.SIGN: ("deal.signed", STAGES[3]),
    Deed.RENEW: ("insurance.renewed", ""),
}


def _on_grid(at: datetime) -> datetime:
    return from_unix(-(-at.timestamp() // _GRID) * _GRID)


def _awake(at: datetime) -> datetime:
    """Members tap between nine and nine."""
    local = at.astimezone(CHINA)
    if local.time() < time(9):
        return datetime.combine(local.date(), time(9, 5), CHINA)
    if local.time() > time(21):
        return datetime.combine(local.date() + timedelta(days=1), time(9, 5), CHINA)
    return local
