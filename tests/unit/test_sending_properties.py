"""Random histories of two SOPs with pauses, farewells, transfers and outages: what must never happen, never happens."""

from __future__ import annotations

from collections import Counter
from datetime import time, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit._sop_stage import URL, Stage, close_stages, mass, sop

from wecom_auto._time import CHINA
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._states import TouchStatus
from wecom_auto.sop.contents import Content, Contents
from wecom_auto.sop.runner import Settings

CREATE = "externalcontact/add_msg_template"
MEMBERS = ("zhang", "li")
OPENS, CLOSES = time(9, 30), time(20, 30)
WINDOW = 'window = { allow = ["09:30-20:30"], late = "drop after 3d" }'
EXIT = '[[exit]]\nwhen = "unfollowed()"\n'
TEXTS = {"a": "甲", "b": "乙", "c": "丙", "d": "丁"}
LIBRARY = Contents({name: Content(text=text, merge=name in "ac") for name, text in TEXTS.items()})
SOPS = (
    sop(
        "one",
        mass("s1", "+0d 10:00", "a") + mass("s2", "+2d 21:00", "b"),
        head=f'owner = "fixed"\npriority = 80\npolicy = {{ on_conflict = "merge", gap = "1d" }}\n{WINDOW}',
        exits=EXIT,
    ),
    sop(
        "two",
        mass("s1", "+0d 10:00", "c") + mass("s2", "+3d 08:00", "d"),
        head=f'owner = "fixed"\npolicy = {{ on_conflict = "merge", fatigue = {{ day = 1 }}, gap = "1d" }}\n{WINDOW}',
        exits=EXIT,
    ),
)
IN = {"one": {"甲", "乙"}, "two": {"丙", "丁"}}
WHO = st.integers(0, 3)
STEPS = st.one_of(
    st.tuples(st.just("enrol"), WHO, st.sampled_from(["one", "two"])),
    st.tuples(st.just("unfriend"), WHO, st.just("")),
    st.tuples(st.just("transfer"), WHO, st.just("")),
    st.tuples(st.just("pause"), st.just(0), st.sampled_from(["one", "two"])),
    st.tuples(st.just("resume"), st.just(0), st.sampled_from(["one", "two"])),
    st.tuples(st.just("tap"), st.just(0), st.just("")),
    st.tuples(st.just("own message"), st.just(0), st.just("")),
    st.tuples(st.just("fault"), st.just(0), st.sampled_from(["late_busy", "45009", "reset"])),
    st.tuples(st.just("wait"), st.integers(1, 30), st.just("")),
)
FAULTS = {"late_busy": {"late_busy": True}, "45009": {"errcode": 45009}, "reset": {"reset": "before"}}


class History:
    """One corp with four customers, and what was seen of it so far."""

    def __init__(self):
        self.stage = Stage.open(URL, contents=LIBRARY, settings=Settings(cap="week"))
        self.stage.member("li", 0)
        self.customers = self.stage.member("zhang", 4)
        self.stage.publish(*SOPS)
        self.told = 0
        self.final = {}

    def act(self, what, number, name):
        """Do one thing, hand its callbacks over, tick."""
        stage = self.stage
        match what:
            case "enrol":
                stage.runner.enrol(name, self.customers[number], userid="zhang", now=stage.now, occurrence="once")
            case "unfriend":
                self.unfriend(self.customers[number])
            case "transfer":
                self.transfer(self.customers[number])
            case "pause" | "resume":
                getattr(stage.runner, what)(name, stage.now)
            case "tap":
                stage.tap_all()
            case "own message":
                stage.fake.member_mass_send("zhang", "周末愉快")
            case "fault":
                stage.fake.fail_next(CREATE, **FAULTS[name])
            case _:
                stage.fake.clock.advance(timedelta(hours=number))
        self.settle()

    def unfriend(self, customer):
        """Let the customer delete the first member."""
        if any(one == customer for one in self.friends("zhang")):
            self.stage.fake.unfriend(customer, "zhang")

    def transfer(self, customer):
        """Give the customer from zhang to li."""
        if customer in self.friends("zhang"):
            made = self.stage.fake.client().transfers.customers(
                [customer], handover_userid="zhang", takeover_userid="li"
            )
            if made[0].started:
                self.stage.runner.transfer_started(
                    [customer], handover_userid="zhang", takeover_userid="li", now=self.stage.now
                )

    def friends(self, member):
        """Customers who follow a member, by the directory."""
        facts = self.stage.directory.facts_for([(one, member) for one in self.customers])
        return [customer for (customer, _), one in facts.items() if one.following()]

    def settle(self):
        """Hand over what happened, and let the runner work."""
        events = self.stage.fake.events
        for event in events[self.told :]:
            self.stage.directory.apply(event, self.stage.fake.client())
            self.stage.runner.on_event(event, self.stage.now)
        self.told = len(events)
        self.stage.tick()

    def check(self):
        """What must hold at every moment."""
        self.check_terminal_states()
        self.check_caps()
        for call in self.stage.fake.calls(CREATE):
            clock = call.at.astimezone(CHINA).time()
            assert OPENS <= clock < CLOSES, "nobody is asked outside the window"
        self.check_books()

    def check_terminal_states(self):
        """What has ended, a step or a run, stays as it ended."""
        with self.stage.directory.engine.connect() as connection:
            now = {("touch", row.id): row.state for row in connection.execute(sa.select(t.touches))}
            now = {key: state for key, state in now.items() if TouchStatus(state).final}
            ended = sa.select(t.enrolments).where(t.enrolments.c.state == 1)
            now |= {("run", row.id): (row.end_reason, row.ended_at) for row in connection.execute(ended)}
        assert {key: now.get(key) for key in self.final} == self.final
        self.final = now

    def check_caps(self):
        """Our own reservations never exceed the allowance; what members send by themselves we cannot forbid."""
        own = Counter(one.target for msgid in self.own_tasks() for one in msgid.recipients if one.status == 1)
        with self.stage.directory.engine.connect() as connection:
            reserved = {row.external_userid: row.reserved for row in connection.execute(sa.select(t.caps))}
        assert all(own[customer] + reserved.get(customer, 0) <= 7 for customer in self.customers)

    def own_tasks(self):
        """Tasks that we asked for, one per member."""
        tasks = [task for msgid in self.stage.fake.mass_messages() for task in self.stage.fake.mass_tasks(msgid)]
        return [task for task in tasks if task.text != "周末愉快"]

    def check_books(self):
        """By the platform's own books: only content of a SOP that the customer is in, and each text once."""
        got = Counter()
        runs = {(one, name) for one in self.customers for name in IN if "entered" in self.reasons(one, name)}
        for task in self.own_tasks():
            for recipient in task.recipients:
                for text in task.text.split("\n\n"):
                    assert any((recipient.target, name) in runs and text in IN[name] for name in IN)
                    got[recipient.target, text] += recipient.status == 1
        assert max(got.values(), default=0) <= 1

    def reasons(self, customer, name):
        """What was decided about a customer in one SOP."""
        return [line.reason for line in self.stage.runner.why(customer) if line.sop == name]


@pytest.mark.slow
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, min_size=3, max_size=14))
def test_what_must_never_happen_never_happens(steps):
    """Wrong content, a send outside the window, more than the allowance, an end that changes, a text twice."""
    history = History()
    for step in [
        ("enrol", 0, "one"),
        ("enrol", 0, "two"),
        ("enrol", 1, "one"),
        *steps,
        ("wait", 26, ""),
        ("tap", 0, ""),
    ]:
        history.act(*step)
        history.check()
    for _ in range(12):
        history.act("wait", 13, "")
        history.act("tap", 0, "")
    history.check()
    close_stages()
