"""The task desk without any SOP: made once, listed, closed, handed over, told, audited."""

import tomllib
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from attrs import define, evolve
from tests.stores import KINDS, fresh_database

from wecom_auto._time import CHINA
from wecom_auto.directory import Directory
from wecom_auto.errors import ValidationError
from wecom_auto.sop import ConditionError, TaskStatus
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop.tasks import EvidenceLevel, StaticRoster, TaskDesk, TaskOrder, TaskRules, to_csv
from wecom_auto.store import open_store
from wecom_auto.testing import FakeWeCom

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=CHINA)
SEND = "message/send"
ROSTER = StaticRoster.parse(
    tomllib.loads("""
[stores.pudong]
supervisor = "wang"
hours = ["09:00-18:00"]
[members.zhang]
store = "pudong"
backup = "li"
roles = ["dcc"]
[members.li]
store = "pudong"
roles = ["dcc"]
[members.wang]
store = "pudong"
""")
)
CALL = TaskOrder(title="首次回访", kind="call", subject="wm1", member="zhang", due=timedelta(hours=4))


@define
class Room:
    """A corp with a desk."""

    fake: FakeWeCom
    directory: Directory
    desk: TaskDesk

    @property
    def now(self):
        """The virtual time."""
        return self.fake.clock.now()

    def make(self, key="k", **changes):
        """Make a task."""
        return self.desk.create(evolve(CALL, **changes), key=key, now=self.now)

    def tick(self, **later):
        """Move the clock and tick the desk."""
        self.fake.clock.advance(timedelta(**later))
        return self.desk.tick(self.now)

    def states(self):
        """State and assignee of every task that is open."""
        return [(task.state.value, task.assignee) for task in self.desk.open().tasks]

    def actions(self, task):
        """What happened to a task."""
        return [line.action for line in self.desk.history(task.id)]

    def texts(self, userid):
        """What a member was told, as message types and bodies."""
        return [(one.msgtype, one.body[one.msgtype]) for one in self.fake.messages_to(userid)]


def furnish(url, **more):
    """Set the room up."""
    fake = FakeWeCom(now=NINE)
    for member in ("zhang", "li", "wang"):
        fake.add_member(member)
    directory = Directory(open_store(url), fake.corp_id, clock=fake.clock.time)
    given = {"client": fake.client(), "book": directory, "roster": ROSTER} | more
    return Room(fake, directory, TaskDesk(directory.engine, fake.corp_id, **given))


@pytest.fixture
def room():
    """A desk in memory."""
    found = furnish("sqlite://")
    yield found
    found.directory.engine.dispose()


@pytest.fixture(params=KINDS)
def anywhere(request, tmp_path):
    """A desk on each kind of database."""
    with fresh_database(request.param, tmp_path) as url:
        found = furnish(url)
        yield found
        found.directory.engine.dispose()


def test_a_key_makes_one_task(anywhere):
    """The same key gives the same task back, whatever the order says the second time."""
    first = anywhere.make("lead:1")
    assert anywhere.make("lead:1", title="another") == first
    assert anywhere.make("lead:2").id != first.id
    assert (first.assignee, first.store, first.deadline_at) == ("zhang", "pudong", NINE + timedelta(hours=4))


def test_two_desks_make_one_task(anywhere):
    """A second process that is as fast with the same key gets the same task."""
    other = TaskDesk(anywhere.directory.engine, anywhere.fake.corp_id, roster=ROSTER)
    one, two = anywhere.make("lead:1"), other.create(CALL, key="lead:1", now=anywhere.now)
    assert one.id == two.id
    assert anywhere.desk.complete(one.id, now=anywhere.now, evidence="通话 3 分钟", by="zhang")
    assert not other.complete(one.id, now=anywhere.now, evidence="again")
    assert anywhere.actions(one) == ["created", "done"]


def test_the_list_goes_on_where_it_stopped(anywhere):
    """Pages follow deadlines without a gap or a double, filters included."""
    made = [anywhere.make(str(n), due=timedelta(hours=n % 3 + 1)).id for n in range(7)]
    anywhere.make("other", assignee="li", kind="visit")
    seen, after = [], ""
    while True:
        page = anywhere.desk.open(assignee="zhang", store="pudong", kind="call", after=after, limit=3)
        seen += page.tasks
        after = page.next
        if not after:
            break
    assert sorted(task.id for task in seen) == sorted(made)
    assert [task.deadline_at for task in seen] == sorted(task.deadline_at for task in seen)


def test_an_odd_cursor_is_refused(room):
    """A cursor that no page gave is named."""
    with pytest.raises(ValidationError, match="after"):
        room.desk.open(after="tomorrow")


def test_evidence_is_asked_for(room):
    """A task that asks for evidence is not closed with an empty word; one that does not, is."""
    task, free = room.make(), room.make("free", needs_evidence=False)
    with pytest.raises(ValidationError, match="evidence"):
        room.desk.complete(task.id, now=room.now, evidence=" ")
    assert room.desk.complete(task.id, now=room.now, evidence="工单 7", by="zhang", level=EvidenceLevel.CRM)
    assert room.desk.complete(free.id, now=room.now)
    done = room.desk.get(task.id)
    assert (done.state, done.level, done.closed_at) == (TaskStatus.DONE, "crm", room.now)
    assert "工单" not in repr(done)


def test_a_rejected_task_comes_to_the_supervisor(room):
    """Who cannot do a task says why, and the supervisor hears of it."""
    task = room.make()
    assert room.desk.reject(task.id, "空号", now=room.now, by="zhang")
    room.tick()
    assert room.desk.get(task.id).state is TaskStatus.REJECTED
    assert "空号" in str(room.texts("wang"))


def test_a_reminder_comes_half_way_and_the_supervisor_at_the_end(room):
    """Told at once, reminded half-way, overdue for the supervisor; overdue work stays on the list and can be done."""
    task = room.make()
    assert room.tick() == {"notices": 1}
    assert room.tick(hours=2) == {"tasks_reminded": 1, "notices": 1}
    assert room.tick(hours=2) == {"expired:task": 1, "notices": 1}
    assert room.tick() == {}
    assert room.desk.open(overdue=True).tasks == (room.desk.get(task.id),)
    assert room.desk.complete(task.id, now=room.now, evidence="晚了", by="zhang")
    assert room.actions(task) == ["created", "reminded", "overdue", "done"]
    assert [len(room.texts(one)) for one in ("zhang", "wang")] == [2, 1]


def test_the_supervisor_may_hear_earlier(room):
    """`escalate_after` tells the supervisor while there is still time."""
    task = room.make(escalate_after=timedelta(hours=3))
    room.tick(hours=3)
    assert room.actions(task) == ["created", "escalated", "reminded"]
    assert "首次回访" in str(room.texts("wang"))


def test_an_overdue_task_is_handed_over_once():
    """With `hand_over` the stand-in gets it with a deadline of their own; after that it is overdue."""
    room = furnish("sqlite://", rules=TaskRules(hand_over=True))
    task = room.make()
    assert room.tick(hours=4)["reassigned:overdue"] == 1
    assert room.states() == [("open", "li")]
    assert room.desk.get(task.id).deadline_at == NINE + timedelta(hours=8)
    assert room.tick(hours=4)["expired:task"] == 1
    assert room.states() == [("overdue", "li")]
    room.directory.engine.dispose()


def test_leave_moves_tasks_when_it_begins(room):
    """A leave is known before: tasks stay until it begins, then the stand-in has them; so do new ones."""
    room.make()
    start = NINE + timedelta(hours=1)
    room.desk.member_absent("zhang", start, start + timedelta(days=3), now=room.now)
    room.tick(minutes=59)
    assert room.states() == [("open", "zhang")]
    room.tick(minutes=1)
    assert room.states() == [("open", "li")]
    assert room.make("later").assignee == "li"
    room.desk.member_back("zhang", room.now)
    assert room.make("back").assignee == "zhang"


def test_nobody_left_is_held_with_an_alert(room):
    """Assignee, stand-in and supervisor away: the task is held, and goes on when one of them is back."""
    for member in ("zhang", "li", "wang"):
        room.desk.member_absent(member, NINE, NINE + timedelta(hours=3), now=room.now)
    task = room.make(due=timedelta(days=2))
    assert (task.state, task.assignee) == (TaskStatus.HELD, "")
    assert room.tick(hours=3) == {}
    room.tick(hours=1)
    assert room.states() == [("open", "zhang")]


def test_a_departed_member_hands_everything_over(room):
    """Tasks of somebody who has left go to the stand-in for good."""
    room.make()
    room.desk.member_left("zhang", room.now)
    assert room.tick()["reassigned:left"] == 1
    assert room.states() == [("open", "li")]


def test_a_role_goes_to_whoever_has_least_to_do(room):
    """Two hold the role in the shop of somebody who does not: the one with fewer open tasks gets the next one."""
    got = [room.make(str(n), member="wang", role="dcc").assignee for n in range(4)]
    assert got == ["zhang", "li", "zhang", "li"]


def test_a_role_that_nobody_holds_goes_to_the_supervisor(room):
    """An unknown role breaks nothing: the member's supervisor gets it."""
    assert room.make(role="astronaut").assignee == "wang"


def test_many_at_once_become_one_message(room):
    """Seven new tasks are one digest, not seven buzzes."""
    for n in range(7):
        room.make(str(n), title=f"回访 {n}")
    assert room.tick()["notices"] == 1
    ((kind, body),) = room.texts("zhang")
    assert (kind, "你有 7 个待办" in body["content"], "回访 6" in body["content"]) == ("text", True, True)


def test_a_card_leads_to_the_task():
    """With an address configured a task comes as a text card within the limits, and a digest leads to the list."""
    rules = TaskRules(url="https://t.example.com/{id}?u={userid}", list_url="https://t.example.com/u/{userid}")
    room = furnish("sqlite://", rules=rules)
    task = room.make(description="很" * 400)
    room.tick()
    ((kind, body),) = room.texts("zhang")
    assert (kind, body["url"], body["btntxt"]) == ("textcard", f"https://t.example.com/{task.id}?u=zhang", "去处理")
    assert max(len(body["title"].encode()) - 128, len(body["description"].encode()) - 512) <= 0
    for n in range(3):
        room.make(str(n))
    room.tick()
    assert room.texts("zhang")[1][1]["url"] == "https://t.example.com/u/zhang"
    room.directory.engine.dispose()


def test_nobody_is_disturbed_at_night(room):
    """A task made at night is announced when the shop opens."""
    room.fake.clock.advance(timedelta(hours=12))
    room.make()
    assert room.tick() == {}
    assert room.desk.next_wake() == NINE + timedelta(days=1)
    assert room.tick(hours=12) == {"notices": 1}


def test_messages_to_one_member_are_counted(room):
    """More than allowed in a minute wait for the next one, and none is lost."""
    room.desk = TaskDesk(
        room.directory.engine,
        room.fake.corp_id,
        client=room.fake.client(),
        roster=ROSTER,
        rules=TaskRules(digest_from=99, per_minute=2),
    )
    for n in range(5):
        room.make(str(n))
    assert [room.tick(**later).get("notices") for later in ({}, {"minutes": 1}, {"minutes": 1})] == [2, 2, 1]


def test_a_failed_message_is_tried_again_and_the_task_stays(room):
    """A refused message is tried five times, then people are told; the task is there all the time."""
    room.fake.fail_next(SEND, errcode=60020, times=99)
    room.make(due=timedelta(hours=8))
    report = [room.tick(minutes=1).get("notices_failed", 0) for _ in range(40)]
    assert sum(report) == 5
    with room.directory.engine.connect() as connection:
        assert connection.scalars(sa.select(t.decisions.c.reason)).all() == ["alert:notice"]
    assert room.states() == [("open", "zhang")]
    room.fake.clear_faults()
    assert room.tick(hours=4)["notices"] == 1


def test_work_is_found_in_the_directory(room):
    """A customer who becomes the assignee's friend closes the task, with the level of data."""
    task = room.make(kind="add_friend", subject="unknown")
    customer = room.fake.add_customer(name="甲", followed_by="zhang").external_userid
    mine = room.make("mine", kind="add_friend", subject=customer)
    room.tick()
    assert room.desk.get(mine.id).state is TaskStatus.OPEN
    room.directory.sync(room.fake.client())
    room.desk.wake(customer, room.now)
    assert room.tick()["tasks_found_done"] == 1
    done = room.desk.get(mine.id)
    assert (done.state, done.level) == (TaskStatus.DONE, "data")
    assert done.evidence.startswith("friend of zhang")
    assert room.desk.get(task.id).state is TaskStatus.OPEN


def test_a_condition_closes_a_task_even_at_its_deadline(room):
    """What was done in time wins over the deadline, although nobody said so."""
    customer = room.fake.add_customer(name="甲", followed_by="zhang").external_userid
    room.directory.sync(room.fake.client())
    task = room.make(subject=customer, done="event('store.visited')")
    room.directory.record_event(customer, "store.visited", room.now)
    room.tick(hours=4)
    done = room.desk.get(task.id)
    assert (done.state, done.evidence) == (TaskStatus.DONE, "event('store.visited')")


def test_a_condition_outside_the_grammar_is_refused(room):
    """A broken condition is refused when the task is made, not found at night."""
    with pytest.raises(ConditionError):
        room.make(done="__import__('os')")


def test_a_group_is_found_and_a_member_who_is_gone(room):
    """A new group of the assignee with the customer closes `create_group`; the customer's leaving closes `kick`."""
    customer = room.fake.add_customer(name="甲", followed_by="zhang").external_userid
    room.directory.sync(room.fake.client())
    made = room.make("make", kind="create_group", subject=customer)
    room.fake.clock.advance(timedelta(minutes=1))
    chat_id = room.fake.create_group("zhang", "服务群").chat_id
    room.fake.join_group(chat_id, customer)
    kick = room.make("kick", kind="kick", subject=customer, chat_id=chat_id)
    hear(room)
    assert (room.desk.get(made.id).evidence, room.desk.get(kick.id).state.value) == (f"group {chat_id}", "open")
    room.fake.quit_group(chat_id, customer, removed=True)
    hear(room)
    assert room.desk.get(kick.id).evidence == f"no longer in {chat_id}"


def hear(room):
    """Hand the callbacks over, and tick."""
    for event in room.fake.events:
        room.directory.apply(event, room.fake.client())
        room.desk.hear(event, room.now)
    room.tick(minutes=1)


def test_the_audit_is_a_table_for_a_spreadsheet(room):
    """Who, what, when, on what evidence; a cell that would be calculated is text."""
    task = room.make()
    room.desk.comment(task.id, "=1+1", now=room.now, by="li")
    room.desk.reassign(task.id, "li", "换班", now=room.now, by="wang")
    room.desk.complete(task.id, now=room.now, evidence="已接通", by="li")
    lines = room.desk.audit(task_id=task.id)
    assert [(line.action, line.actor, line.userid) for line in lines] == [
        ("created", "", "zhang"),
        ("comment", "li", "zhang"),
        ("reassigned", "wang", "li"),
        ("done", "li", "li"),
    ]
    assert "'=1+1" in to_csv(lines)
    assert len(room.desk.audit(userid="li", since=NINE, until=NINE + timedelta(seconds=1), action="done")) == 1


def test_orders_know_their_limits():
    """A title nobody could read on a phone is refused with its limit."""
    with pytest.raises(ValidationError, match="at most 100 characters"):
        TaskOrder(title="很" * 101)
    with pytest.raises(ValidationError, match="due"):
        TaskOrder(title="x", due=-timedelta(hours=1))
