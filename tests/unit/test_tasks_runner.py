"""Staff tasks of SOPs: roles, completion in data, leave, messages that nobody confirms, and actions for members."""

import tomllib
from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests.unit._sop_stage import LIBRARY, NINE, TEN, URL, Stage, mass, sop

from wecom_auto.sop import Definition
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop.carriers import Job, Jobs
from wecom_auto.sop.runner import Runner, Settings
from wecom_auto.sop.tasks import StaticRoster, TaskOrder

ROSTER = StaticRoster.parse(
    tomllib.loads("""
[stores.pudong]
supervisor = "wang"
hours = ["09:00-20:00"]
[members.zhang]
store = "pudong"
backup = "li"
[members.li]
store = "pudong"
roles = ["service_manager"]
[members.wang]
store = "pudong"
""")
)
GOAL = "[[exit]]\nwhen = \"event('deal.signed')\"\ngoal = true\n"


def step(do, name="s1", at="+0d 10:00"):
    """One step."""
    return f'[[step]]\nid = "{name}"\nat = "{at}"\ndo = {{ {do} }}\n'


@pytest.fixture
def stage():
    """A corp whose runner has a roster, webhooks, and tells its members."""
    return opened({})


def opened(webhooks, **settings):
    """A stage with a roster and webhooks."""
    found = Stage.open(URL, settings=Settings(notify=True, **settings))
    found.runner = Runner(
        found.directory.engine,
        found.fake.client(),
        found.directory,
        LIBRARY,
        settings=found.settings,
        stopwatch=lambda: 0.0,
        roster=ROSTER,
        webhooks=webhooks,
    )
    for member in ("li", "wang"):
        found.fake.add_member(member)
    return found


def begun(stage, definition, customers, userid=""):
    """Publish a SOP, let customers in, and tick at ten."""
    stage.publish(definition)
    for one in customers:
        stage.runner.enrol(definition.sop, one, now=stage.now, userid=userid)
    stage.tick(TEN)


def befriended(stage, *members):
    """A customer whom all of these follow."""
    customer = stage.fake.add_customer(name="both", followed_by=[*members]).external_userid
    stage.directory.sync(stage.fake.client())
    return customer


def happened(stage, customer, name):
    """Tell the directory and the runner of an event."""
    stage.directory.record_event(customer, name, stage.now)
    stage.runner.record_event(customer, name, stage.now)


def test_a_role_of_the_definition_is_looked_up(stage):
    """The service manager of the member's shop gets the task, with its deadline in the shop's hours."""
    (customer,) = stage.member("zhang", 1)
    task = 'staff_task = { title = "续保", kind = "call", role = "service_manager", due = "12h" }'
    begun(stage, sop("one", step(task)), [customer])
    (found,) = stage.runner.tasks.open(assignee="li", kind="call").tasks
    assert (found.member, found.store, found.source, found.step) == ("zhang", "pudong", "one", "s1")
    assert found.deadline_at == TEN + timedelta(days=1, hours=1)
    assert "续保" in str(stage.fake.messages_to("li")[0].body)


def test_a_condition_closes_the_task_and_the_step_goes_on(stage):
    """The event that the task waited for closes it, and the tag of the step follows."""
    (customer,) = stage.member("zhang", 1)
    stage.fake.add_tag("进展", "已到店")
    stage.directory.sync(stage.fake.client())
    task = 'staff_task = { title = "邀约", kind = "visit", done = "event(\'store.visited\')" }, tag = "已到店"'
    begun(stage, sop("one", step(task)), [customer])
    happened(stage, customer, "store.visited")
    stage.tick(minutes=1)
    assert stage.touches() == {(customer, "s1"): "done"}
    (line,) = [one for one in stage.runner.audit() if one.action == "done"]
    assert (line.level, line.detail, line.actor) == ("data", "event('store.visited')", "")
    assert [tag.name for tag in stage.fake.customer(customer).tags_by("zhang")] == ["已到店"]


def test_an_overdue_task_lets_the_sop_go_on_and_may_be_done_late(stage):
    """The touch expires for good at the deadline; the task stays on the list, and late work is not lost."""
    (customer,) = stage.member("zhang", 1)
    begun(stage, sop("one", step('staff_task = "电话", due = "2h"')), [customer])
    stage.tick(hours=2)
    assert stage.touches() == {(customer, "s1"): "expired"}
    (late,) = stage.runner.tasks.open(overdue=True).tasks
    assert stage.runner.complete_task(late.id, "晚打了", stage.now)
    stage.run_until_idle()
    assert stage.touches() == {(customer, "s1"): "expired"}


def test_a_rejected_task_is_told_to_the_sop(stage):
    """What the member says cannot be done is cancelled with its reason."""
    (customer,) = stage.member("zhang", 1)
    begun(stage, sop("one", step('staff_task = "电话"')), [customer])
    (task,) = stage.runner.tasks.open().tasks
    assert stage.runner.tasks.reject(task.id, "空号", now=stage.now, by="zhang")
    assert (stage.touches(), "rejected:task" in stage.reasons(customer)) == ({(customer, "s1"): "cancelled"}, True)


def test_tasks_of_a_paused_sop_are_due_to_nobody(stage):
    """A pause stops reminders and deadlines of its tasks, and a resume lets them go on."""
    (customer,) = stage.member("zhang", 1)
    begun(stage, sop("one", step('staff_task = "电话", due = "2h"')), [customer])
    stage.runner.pause("one", stage.now)
    stage.tick(hours=3)
    assert (stage.touches(), stage.runner.next_wake()) == ({(customer, "s1"): "open"}, None)
    stage.runner.resume("one", stage.now)
    stage.tick()
    assert stage.touches() == {(customer, "s1"): "expired"}


UNCONFIRMED = '[policy]\non_unconfirmed = "{}"\n'


def test_an_unconfirmed_message_becomes_a_staff_task(stage):
    """Withdrawn, read once more, and what is proved unsent is somebody's task; its allowance is given back."""
    first, second = stage.member("zhang", 2)
    begun(stage, sop("one", mass("s1", "+0d 10:00", "a"), head=UNCONFIRMED.format("staff_task")), [first, second])
    stage.run_until_idle(days=2.5, tap=False)
    assert stage.states() == ["expired"]
    tasks = stage.runner.tasks.open().tasks
    assert [(task.assignee, task.subject) for task in tasks] == [("zhang", first), ("zhang", second)]
    assert stage.caps() == {first: (0, 0), second: (0, 0)}
    assert stage.runner.complete_task(tasks[0].id, "已手动发送", stage.now)
    stage.run_until_idle(tap=False)
    assert stage.touches() == {(first, "s1"): "done", (second, "s1"): "expired"}
    assert {"mass:created", "mass:reminded", "mass:escalated", "mass:expired"} <= {
        line.action for line in stage.runner.audit(userid="zhang")
    }


def test_what_was_tapped_at_the_last_moment_is_no_task(stage):
    """A tap between the deadline and the withdrawal counts as sent: no task, no second message."""
    (customer,) = stage.member("zhang", 1)
    begun(stage, sop("one", mass("s1", "+0d 10:00", "a"), head=UNCONFIRMED.format("staff_task")), [customer])
    stage.run_until_idle(days=1.9, tap=False)
    stage.tap_all()
    stage.run_until_idle(tap=False)
    assert (stage.touches(), stage.runner.tasks.open().tasks) == ({(customer, "s1"): "delivered"}, ())


def test_an_unconfirmed_message_goes_to_another_follower_once(stage):
    """The next follower is asked; if that one does not tap either, it expires, and nobody is asked a third time."""
    stage.member("zhang", 0)
    customer = befriended(stage, "zhang", "li", "wang")
    late = '[window]\nlate = "drop after 20d"\n'
    head = 'owner = "fixed"\n' + UNCONFIRMED.format("reassign") + late
    begun(stage, sop("one", mass("s1", "+0d 10:00", "a"), head=head), [customer], "zhang")
    stage.run_until_idle(tap=False)
    asked = sorted(stage.batches(), key=lambda row: row["slot_at"])
    assert [row["sender"] for row in asked] == ["zhang", "li"]
    assert (stage.states(), stage.touches()) == (["expired", "expired"], {(customer, "s1"): "expired"})


def test_an_unconfirmed_message_of_the_only_follower_expires(stage):
    """Nobody else is a friend of the customer, so nobody else can send."""
    (customer,) = stage.member("zhang", 1)
    late = '[window]\nlate = "drop after 20d"\n'
    begun(stage, sop("one", mass("s1", "+0d 10:00", "a"), head=UNCONFIRMED.format("reassign") + late), [customer])
    stage.run_until_idle(tap=False)
    assert (stage.states(), stage.touches()) == (["expired"], {(customer, "s1"): "expired"})


@pytest.mark.parametrize(("policy", "senders"), [("backup", ["li"]), ("supervisor", ["wang"]), ("hold", ["zhang"])])
def test_somebody_stands_in_for_a_sender_on_leave(stage, policy, senders):
    """The stand-in, or the supervisor, sends if the customer is their friend; `hold` waits for the member."""
    stage.member("zhang", 0)
    customer = befriended(stage, "zhang", "wang", "li")
    stage.runner.member_absent("zhang", NINE, NINE + timedelta(days=1), now=NINE)
    head = f'owner = "fixed"\n[policy]\non_absence = "{policy}"\n'
    begun(stage, sop("one", mass("s1", "+0d 10:00", "a"), head=head), [customer], "zhang")
    stage.run_until_idle()
    assert [row["sender"] for row in stage.batches()] == senders
    assert stage.touches() == {(customer, "s1"): "delivered"}


def test_nobody_who_is_no_friend_stands_in(stage):
    """A stand-in who does not follow the customer cannot send: the message waits, and its reason says so."""
    (customer,) = stage.member("zhang", 1)
    stage.runner.member_absent("zhang", NINE, NINE + timedelta(hours=3), now=NINE)
    begun(stage, sop("one", mass("s1", "+0d 10:00", "a")), [customer])
    assert "deferred:absent" in stage.reasons(customer)
    stage.run_until_idle()
    assert stage.touches() == {(customer, "s1"): "delivered"}


def test_tasks_of_a_member_who_leaves_go_to_the_stand_in(stage):
    """A task that a colleague does for somebody else's customer is handed over when the colleague leaves."""
    (customer,) = stage.member("zhang", 1)
    begun(stage, sop("one", step('staff_task = { title = "续保", role = "service_manager" }')), [customer])
    stage.runner.member_left("li", stage.now)
    stage.tick(minutes=1)
    assert [task.assignee for task in stage.runner.tasks.open().tasks] == ["wang"]
    assert stage.touches() == {(customer, "s1"): "open"}


def test_a_notice_reaches_the_acting_member(stage):
    """A content by name or plain words; in working hours, once."""
    (customer,) = stage.member("zhang", 1)
    begun(stage, sop("one", step('notice = "a"') + step('notice = "客户今天生日"', "s2")), [customer])
    stage.run_until_idle()
    assert [one.body["text"]["content"] for one in stage.fake.messages_to("zhang")] == ["内容 a", "客户今天生日"]
    assert set(stage.touches().values()) == {"done"}


def test_a_missing_content_of_a_notice_fails_with_an_alert(stage):
    """A name that looks like a content and is none is not sent as words."""
    (customer,) = stage.member("zhang", 1)
    begun(stage, sop("one", step('notice = "tpl/gone"')), [customer])
    assert (stage.touches(), stage.logged()["alert:failed:content"]) == ({(customer, "s1"): "failed"}, 1)


def test_a_stage_lets_customers_into_the_next_sop(stage):
    """Setting a stage writes the attribute and lets the customer into the SOP that waits for it, with the member."""
    (customer,) = stage.member("zhang", 1)
    follow = 'sop = "two"\nversion = 1\ntitle = "two"\n[entry]\non = "stage.entered:到店"\n'
    stage.publish(Definition.from_toml(follow + step('staff_task = "试驾回访"', at="+1h")))
    begun(stage, sop("one", step('stage = "到店"')), [customer])
    stage.tick(hours=1)
    assert stage.directory.facts(customer, "zhang").attribute("stage") == "到店"
    assert [task.source for task in stage.runner.tasks.open().tasks] == ["two"]


def test_a_webhook_is_called_until_it_works_with_one_key():
    """A function that fails is called again later, with the same key, and the step is done when it works."""
    calls = []

    def port(call):
        calls.append(call)
        if len(calls) < 3:
            raise RuntimeError

    stage = opened({"dms": port})
    (customer,) = stage.member("zhang", 1)
    begun(stage, sop("one", step('webhook = "dms"')), [customer])
    stage.run_until_idle()
    assert (len(calls), len({call.key for call in calls})) == (3, 1)
    assert (calls[0].external_userid, calls[0].userid, calls[0].step) == (customer, "zhang", "s1")
    assert stage.touches() == {(customer, "s1"): "done"}


def test_a_webhook_that_never_works_alerts():
    """After eight tries the step has failed, and people hear of it."""

    def port(call):
        raise RuntimeError(call.name)

    stage = opened({"dms": port})
    (customer,) = stage.member("zhang", 1)
    begun(stage, sop("one", step('webhook = "dms"')), [customer])
    stage.run_until_idle()
    assert (stage.touches(), stage.logged()["alert:failed:webhook"]) == ({(customer, "s1"): "failed"}, 1)


def test_an_unknown_webhook_fails_at_once(stage):
    """A name that the program does not know is said so, not tried for hours."""
    (customer,) = stage.member("zhang", 1)
    begun(stage, sop("one", step('webhook = "nobody"')), [customer])
    assert stage.touches() == {(customer, "s1"): "failed"}
    assert stage.logged()["alert:failed:unknown_webhook"] == 1


def test_an_exit_takes_the_task_back_before_it_is_announced(stage):
    """A task that is taken back at night is not announced in the morning."""
    (customer,) = stage.member("zhang", 1)
    stage.publish(sop("one", step('staff_task = "电话"', at="+0d 22:00"), exits=GOAL))
    stage.runner.enrol("one", customer, now=stage.now)
    stage.tick(NINE.replace(hour=22))
    happened(stage, customer, "deal.signed")
    stage.run_until_idle()
    assert [one for one in stage.fake.messages_to("zhang") if "电话" in str(one.body)] == []
    with stage.directory.engine.connect() as connection:
        assert connection.scalars(sa.select(t.staff_tasks.c.state)).all() == ["cancelled"]


def test_a_task_about_a_group_sees_the_group(stage):
    """The owner's task to fill a group is done once the group has its members."""
    (customer,) = stage.member("zhang", 1)
    chat_id = stage.fake.create_group("zhang", "潜客群").chat_id
    stage.directory.sync(stage.fake.client())
    head = 'sop = "fill"\nversion = 1\ntitle = "fill"\ntarget = "group"\n[entry]\non = "manual"\n'
    task = 'staff_task = { title = "拉人", done = "attr(\'group.members\') >= 2" }'
    begun(stage, Definition.from_toml(head + step(task)), [chat_id])
    assert [(one.assignee, one.subject) for one in stage.runner.tasks.open().tasks] == [("zhang", chat_id)]
    stage.fake.join_group(chat_id, customer)
    for event in stage.fake.events:
        stage.directory.apply(event, stage.fake.client())
        stage.runner.on_event(event, stage.now)
    stage.tick(minutes=1)
    assert stage.touches() == {(chat_id, "s1"): "done"}


def test_a_task_about_a_member_is_the_members(stage):
    """A SOP for staff gives the member a task of their own."""
    stage.member("zhang", 0)
    head = 'sop = "train"\nversion = 1\ntitle = "train"\ntarget = "staff"\n[entry]\non = "manual"\n'
    begun(stage, Definition.from_toml(head + step('staff_task = "企微培训"')), ["zhang"])
    assert [(one.assignee, one.subject) for one in stage.runner.tasks.open().tasks] == [("zhang", "zhang")]


def test_a_carrier_looks_after_tasks_without_any_sop(stage):
    """A task of another program is work for the queue, too: the tick submits a job, and the job tells the member."""
    stage.member("zhang", 0)
    order = TaskOrder(title="线索回访", subject="lead-1", assignee="zhang")
    stage.runner.tasks.create(order, key="lead-1", now=stage.now)
    jobs = Jobs(stage.runner, clock=lambda: stage.now)
    assert stage.runner.due_work(stage.now).tasks
    assert [message.job for message in jobs.steps(Job.TICK, ())] == [Job.PLAN]
    assert list(jobs.steps(Job.PLAN, ())) == []
    assert "线索回访" in str(stage.fake.messages_to("zhang")[0].body)
    assert not stage.runner.due_work(stage.now).tasks


def test_nothing_spins_while_no_call_works(stage):
    """With an address that is not trusted, messages wait for the back-off instead of being due at once for ever."""
    stage.member("zhang", 0)
    for number in range(2):
        order = TaskOrder(title=f"回访 {number}", subject="lead", assignee="zhang")
        stage.runner.tasks.create(order, key=str(number), now=stage.now)
    stage.fake.fail_next("message/send", errcode=60020, times=9)
    stage.tick()
    assert stage.runner.next_wake() > stage.now
    stage.fake.clear_faults()
    stage.run_until_idle(days=0.1)
    assert len(stage.fake.messages_to("zhang")) == 2
