"""Half a year of a car maker: 20,000 leads, 30 stores, 180 staff, on a fake platform and a virtual clock.

The packages are the real ones: network, lead desk, channels, stages, SOPs with the presets, staff tasks, prospect
groups and the follow-up watch. Only people are invented, by a seed: the same seed gives the same numbers.
SOPs and the watch run in pilot stores, as a brand would begin; desk, channels, stages and groups run everywhere.

    python examples/prospects.py                      # full size
    python examples/prospects.py --leads 500 --days 60 --out somewhere

Needs ``pip install "wecom-auto[automotive,cli]"``.
Writes ``prospects.json`` and ``prospects.html``, which opens without a network.
"""

from __future__ import annotations

# ruff: noqa: PLR2004 - habits of invented people, each beside what it means
import argparse
import gc
import heapq
import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any

from attrs import define, field
from prospects_company import CHANNELS, CHINA, PRESETS, START, Company, Size
from prospects_page import page, show

from wecom_auto.automotive.channels import Source
from wecom_auto.automotive.groups import Action, Invitation
from wecom_auto.automotive.leads import (
    Assignment,
    ConsentRecord,
    MatchKind,
)
from wecom_auto.automotive.lifecycle import LossKind, Move
from wecom_auto.automotive.watch import Evidence, Subject, Touch
from wecom_auto.callbacks.events import CustomerAdded, GroupUpdated
from wecom_auto.directory import SyncKind
from wecom_auto.sop.tasks import TaskRecord

VISIT, DRIVE, ORDER = 0.40, 0.61, 0.55  # 100 leads, 45 friends, 18 visits, 11 test drives, 6 orders
JOIN = 0.6  # invitations that are followed
WORK = 0.3  # open tasks that are done between two looks at the clock
FUNNEL = ("lead", "contacted", "added", "visited", "test_drive", "ordered")


@define(slots=False)
class Play:
    """The half year, moment by moment."""

    company: Company
    progress: Callable[[float], None]
    dice: random.Random = field(init=False)
    heap: list[tuple[datetime, int, Callable[[], None]]] = field(factory=list)
    numbers: Iterator[int] = field(factory=count)
    stages: dict[str, Counter[str]] = field(factory=lambda: {name: Counter() for name in CHANNELS})
    counts: Counter[str] = field(factory=Counter)
    asked: set[str] = field(factory=set)
    buyers: set[tuple[str, str]] = field(factory=set)
    pilots: dict[str, str] = field(factory=dict)
    largest: int = 0

    def __attrs_post_init__(self) -> None:
        self.dice = random.Random(self.company.size.seed)  # noqa: S311 - a play, not a secret
        size = self.company.size
        weeks = max(1, size.days // 7 - 1)
        for week in range(weeks):
            share = size.leads * (week + 1) // weeks - size.leads * week // weeks
            self.at(START + timedelta(days=7 * week, hours=1), lambda share=share, week=week: self.take(week, share))
        for day in range(size.days):
            clocks = [time(9 + half // 2, 30 * (half % 2)) for half in range(23)] if day % 7 < 2 else []
            for clock in clocks or [time(10), time(14), time(19)]:
                self.at(datetime.combine((START + timedelta(days=day)).date(), clock, CHINA), self.tick)
            if day % 21 == 20 or day == size.days - 3:
                self.at(START + timedelta(days=day, hours=2), self.tend_groups)

    @property
    def now(self) -> datetime:
        """The virtual time."""
        return self.company.fake.clock.now()

    def at(self, moment: datetime, act: Callable[[], None]) -> None:
        """Let something happen later."""
        heapq.heappush(self.heap, (moment, next(self.numbers), act))

    def later(self, act: Callable[[], None], **span: float) -> None:
        """Let something happen after a while, between nine and eight."""
        moment = (self.now + timedelta(**span)).astimezone(CHINA)
        if not time(9) <= moment.time() < time(20):
            moment = datetime.combine(moment.date() + timedelta(days=moment.hour >= 20), time(9, 40), CHINA)
        self.at(moment, act)

    def run(self) -> dict[str, Any]:
        """Play to the end, and count."""
        end = START + timedelta(days=self.company.size.days)
        while self.heap and self.heap[0][0] < end:
            moment, _, act = heapq.heappop(self.heap)
            if moment > self.now:
                self.company.fake.clock.advance_to(moment)
            act()
            self.progress((moment - START) / (end - START))
        self.settle()
        return self.report()

    # Leads: from the list to a member, to a talk, to a friend.

    def take(self, week: int, share: int) -> None:
        """The list of the week arrives: some rows are bad, some people were there before."""
        stores, names = [*self.company.net.stores], [*CHANNELS]
        weights = [part for part, _ in CHANNELS.values()]
        rows = ["姓名,手机,门店,渠道"]
        for number in range(share):
            store, channel = self.dice.choice(stores), self.dice.choices(names, weights)[0]
            phone = "1990" + f"{week * 100_000 + number:07}"
            rows.append(f"客户{number},{'12345' if number % 97 == 96 else phone},{store},{channel}")
        found = self.company.desk.import_file("\n".join(rows).encode(), origin=f"week {week + 1}")
        self.counts.update({"rows": found.rows, "leads": found.new, "bad rows": found.bad})
        self.hand_out()
        self.ask_consent()
        self.hand_out()

    def hand_out(self) -> None:
        """Assign what waits, tell the members, and let them act."""
        desk, client = self.company.desk, self.company.client
        while given := desk.assign(limit=500):
            for one in given:
                self.wait_for(one)
        while desk.deliver(client, limit=500).sent:
            pass

    def ask_consent(self) -> None:
        """Leads of the dealer that is a business of its own wait for the person's consent; nearly all give it."""
        desk = self.company.desk
        for lead in desk.leads(blocked="no_consent", limit=5000):
            if lead.lead_id not in self.asked and self.dice.random() < 0.96:
                desk.consents.record(lead.lead_id, consent(lead.dealer, self.now))
            self.asked.add(lead.lead_id)

    def wait_for(self, one: Assignment) -> None:
        """Most members call at once, some after the reminder or the alarm, some never."""
        mood, minutes = self.dice.random(), self.dice.uniform(5, 25)
        for share, wait in ((0.78, minutes), (0.90, minutes + 45), (0.96, minutes + 180)):
            if mood < share:
                self.later(lambda: self.call(one), minutes=wait)
                return

    def call(self, one: Assignment) -> None:
        """The member calls: connected, and perhaps the person adds the member; or not connected."""
        desk, lead_id = self.company.desk, one.lead_id
        connected = self.dice.random() < 0.85
        desk.contacted(lead_id, one.userid, evidence="call record", effective=connected)
        lead = desk.lead(lead_id)
        if lead is None or not connected or lead.added_at is not None:
            return
        self.stages[lead.source]["contacted"] += 1
        desk.link_shown(lead_id)
        if self.dice.random() < CHANNELS[lead.source][1]:
            self.later(lambda: self.add(lead_id, lead.source, lead.store), minutes=self.dice.uniform(5, 600))

    def add(self, lead_id: str, channel: str, store: str) -> None:
        """The person adds a member by the link of the store; the state says which lead it was."""
        company, now = self.company, self.now
        state = company.channels.state(Source(channel=channel, store=store, lead=lead_id))
        who = company.fake.open_link(company.urls[store], customer_channel=state).external_userid
        events = [one for one in company.fake.undelivered if isinstance(one, CustomerAdded)]
        company.fake.deliver()
        for event in events:
            company.channels.record(event)
            match = company.desk.on_added(event)
            self.counts["matched by state"] += match.kind is MatchKind.STATE
            if int(store[1:]) <= company.size.pilots:
                self.pilots[who] = event.userid
                company.directory.apply(event, company.client)
                company.runner.on_event(event, now)
                mates = [one.userid for one in company.net.members_of([store], roles=["dcc_operator"])]
                members = (event.userid, *(one for one in mates if one != event.userid))
                company.watch.follow(Subject(id=who, members=members, store=store, since=now), now=now)
        company.directory.set_attribute(who, "store", store)
        self.stages[channel]["added"] += 1
        self.move(who, channel, "contacted")
        self.live(who, channel)

    # Customers: a visit, a test drive, an order, or a loss.

    def live(self, who: str, channel: str) -> None:
        """Draw a life."""
        days = self.dice.uniform(1, 20)
        if self.dice.random() >= VISIT:
            if self.dice.random() < 0.2:
                self.later(lambda: self.move(who, channel, "lost"), days=self.dice.uniform(5, 60))
            return
        self.later(lambda: self.move(who, channel, "visited"), days=days)
        if self.dice.random() < DRIVE:
            self.later(lambda: self.move(who, channel, "test_drive"), days=days + self.dice.uniform(0.2, 10))
            if self.dice.random() < ORDER:
                self.later(lambda: self.move(who, channel, "ordered"), days=days + self.dice.uniform(12, 45))

    def move(self, who: str, channel: str, stage: str) -> None:
        """The dealer's system reports a stage; SOPs of the pilot hear of it, and the watch of a contact."""
        company, now = self.company, self.now
        loss = {"reason": "competitor", "loss": LossKind.DECLARED} if stage == "lost" else {}
        company.journey.hear(who, Move(stage=stage, at=now, by="dms", **loss))
        if stage in FUNNEL[3:]:
            self.stages[channel][stage] += 1
        if who not in self.pilots:
            return
        company.runner.set_attribute(who, "stage", stage, now)
        if stage == "test_drive":
            company.runner.record_event(who, "testdrive.done", now)
        if stage in {"ordered", "lost"}:
            company.watch.unfollow(who, now=now)
        else:
            company.watch.touch(Touch(subject=who, at=now, evidence=Evidence.CRM, userid=self.pilots[who]), now=now)

    # The clock: deadlines, SOPs, the watch, and what members do about them.

    def tick(self) -> None:
        """What a service does every few minutes."""
        company, now = self.company, self.now
        due = company.desk.tick()
        self.counts.update({"reminded": due.reminded, "alarmed": due.alarmed, "reassigned": due.reassigned})
        self.hand_out()
        company.runner.tick(now)
        seen = company.watch.tick(now)
        self.counts.update(
            {"watch: member": seen.alerted, "watch: supervisor": seen.escalated, "watch: reassigned": seen.reassigned}
        )
        for userid in sorted(set(self.pilots.values())):
            if company.fake.pending(userid) and self.dice.random() < 0.8:
                company.fake.tap(userid)
        for task in company.runner.tasks.open(limit=200).tasks:
            if self.dice.random() < WORK:
                self.do(task)

    def do(self, task: TaskRecord) -> None:
        """A member does a task; what can be seen in data closes by itself, the rest when they say so."""
        company, now = self.company, self.now
        if task.kind == "kick" and task.source == "prospect_groups":
            self.show_out(task.chat_id, task.subject)
            return
        if task.kind == "create_group":
            kind, _, store = task.step.partition(":")
            company.open_group(store, kind)
        company.runner.complete_task(task.id, "已完成", now)

    # Groups: invite, let buyers out, open the next one.

    def tend_groups(self) -> None:
        """Look at who is where and who is meant for where; members do their part, and it is looked at again."""
        company, now = self.company, self.now
        self.counts["lost by silence"] += len(company.journey.expire(now, reason="unreachable"))
        company.directory.sync(company.client)
        invited: list[Invitation] = []
        plan = company.groups.plan(now)
        done = company.groups.apply(plan, company.client, now=now, tell=invited.append)
        self.counts.update({f"groups: {name}": number for name, number in done.counts.items()})
        self.buyers |= {(one.chat_id, one.external_userid) for one in plan.of(Action.LEAVE) if one.reason == "buyer"}
        for one in sorted(invited, key=lambda one: (one.chat_id, one.external_userid)):
            if self.dice.random() < JOIN:
                company.fake.join_group(one.chat_id, one.external_userid)
        company.fake.deliver()
        company.directory.sync(company.client, kinds=[SyncKind.GROUPS])
        self.largest = max(self.largest, *(one.size for one in company.groups.groups(now)))

    def settle(self) -> None:
        """The last look: who has bought since the one before is found too, and the list is worked off."""
        company = self.company
        self.tend_groups()
        for task in self.kicks():
            self.show_out(task.chat_id, task.subject)
        company.runner.tick(self.now)

    def kicks(self) -> list[TaskRecord]:
        """Everybody who is still to leave a group."""
        found, after = list[TaskRecord](), ""
        while True:
            page = self.company.runner.tasks.open(kind="kick", source="prospect_groups", after=after, limit=1000)
            found += page.tasks
            after = page.next
            if not after:
                return found

    def show_out(self, chat_id: str, who: str) -> None:
        """The owner asks somebody to leave, or removes them; no server can."""
        company = self.company
        if who in company.fake.group(chat_id).members:
            company.fake.quit_group(chat_id, who, removed=True)
            events = [one for one in company.fake.undelivered if isinstance(one, GroupUpdated)]
            company.fake.deliver()
            for event in events:
                company.directory.apply(event, company.client)
                company.runner.on_event(event, self.now)

    # The report.

    def told(self) -> list[dict[str, str]]:
        """Every overdue lead of which a manager was told, in order; the lead is named by the start of its number."""
        desk, net, found, after = self.company.desk, self.company.net, list[dict[str, str]](), 0
        while entries := desk.changes(after=after, limit=10_000):
            for one in entries:
                if one.what == "alarmed":
                    about = str(one.detail["about"])
                    at = one.at.astimezone(CHINA).strftime("%m-%d %H:%M")
                    who = {"lead": one.lead_id[:8], "store": net.store(about), "about": about}
                    found.append({"at": at, **who, "told": str(one.detail["to"])})
            after = entries[-1].id
        return found

    def report(self) -> dict[str, Any]:
        """Everything that is printed and written."""
        company, now = self.company, self.now
        health, rate = company.groups.report(now), company.desk.numbers.add_rate()
        leads = {one.source: one.leads for one in company.desk.numbers.source_mix()}
        told = self.told()
        late = company.desk.numbers.overdue()
        inside = [who for chat, who in self.buyers if who in company.fake.group(chat).members]
        funnel = {
            name: [leads.get(name, 0), *(row[stage] for stage in FUNNEL[1:])] for name, row in self.stages.items()
        }
        return {
            "size": {"leads": company.size.leads, "days": company.size.days, "seed": company.size.seed}
            | {"regions": len(company.net.regions), "dealers": len(company.net.dealers)}
            | {"stores": len(company.net.stores), "staff": len(company.net.members)},
            "funnel": funnel,
            "by_code": {one.key: one.customers for one in company.channels.count("channel")},
            "add_rate": {"value": round(rate.value or 0, 4), "cases": rate.cases, "target": rate.target},
            "groups": {
                "groups": health.groups,
                "members": health.members,
                "largest": self.largest,
                "over 200": sum(one.size > 200 for one in company.groups.groups(now)),
                "buyers found": len(self.buyers),
                "buyers found and still inside": len(inside),
                "need a human today": len(health.rows),
            },
            "overdue": {
                "now": sum(one.overdue for one in late),
                "managers told": len(told),
                "most told": dict(sorted(Counter(one["told"] for one in told).items(), key=_most)[:5]),
                "last told": told[-8:],
                "without consent": len(company.desk.leads(blocked="no_consent", limit=5000)),
            },
            "counts": dict(sorted((name, number) for name, number in self.counts.items() if number)),
            "pilot": {"customers": len(self.pilots), "messages": len(company.fake.mass_messages())}
            | {"sops": len(PRESETS)},
        }


def _most(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def consent(dealer: str, at: datetime) -> ConsentRecord:
    """What the form has asked for: leave to give the data to this dealer."""
    kinds = {"purpose": "provide_to_dealer", "text_version": "2026-01", "data_kinds": "姓名、手机号、意向车型"}
    return ConsentRecord(**kinds, recipient=dealer, evidence="form", at=at)


def play(size: Size, progress: Callable[[float], None] = lambda _: None) -> dict[str, Any]:
    """Play, and return the report."""
    before = gc.get_threshold()
    gc.set_threshold(50_000, 50, 100)  # half a million rows and messages are kept: looking at them seldom is enough
    try:
        return Play(Company(size), progress).run()
    finally:
        gc.set_threshold(*before)


@contextmanager
def watching(size: Size) -> Iterator[Callable[[float], None]]:
    """Show on stderr how far it is: a bar on a terminal, else a line for each tenth."""
    from rich.console import Console
    from rich.progress import Progress

    if sys.stderr.isatty():
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(f"{size.days} days", total=1.0)
            yield lambda part: bar.update(task, completed=part)
        return
    tenths = iter(range(1, 10))
    following = [next(tenths)]

    def line(part: float) -> None:
        if part * 10 >= following[0]:
            print(f"{following[0] * 10} % of {size.days} days", file=sys.stderr)
            following[0] = next(tenths, 99)

    yield line


def main() -> None:
    """Read the options, play, print, write."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("leads", 20_000), ("days", 180), ("seed", 7)):
        options.add_argument(f"--{name}", type=int, default=default)
    options.add_argument("--out", type=Path, default=Path("wecom-prospects"))
    given = options.parse_args()
    size = Size(leads=given.leads, days=given.days, seed=given.seed)
    begun = monotonic()
    with watching(size) as progress:
        report = play(size, progress)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "prospects.json").write_text(json.dumps(report, ensure_ascii=False, indent=2), encoding="utf-8")
    (given.out / "prospects.html").write_text(page(report), encoding="utf-8")
    show(report)
    print(f"\n{given.out / 'prospects.html'}")
    print(f"{monotonic() - begun:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
