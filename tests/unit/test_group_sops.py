"""SOPs whose subject is a customer group: its owner confirms, and every group gets what it is in, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.unit._sop_stage import NINE, TEN, URL, Stage

from wecom_auto.callbacks.events import GroupUpdated, GroupUpdateDetail
from wecom_auto.errors import ConfigurationError
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.runner import Settings

CREATE = "externalcontact/add_msg_template"


def group_sop(name: str, steps: str, *, on: str = "manual", head: str = "", more: str = "") -> Definition:
    """A definition for groups."""
    return Definition.from_toml(
        f'sop = "{name}"\nversion = 1\ntitle = "{name}"\ntarget = "group"\n{head}\n'
        f'[entry]\non = "{on}"\n{more}\n{steps}\n'
    )


def post(step: str, at: str, content: str, more: str = "") -> str:
    """One step that sends into the group."""
    return f'[[step]]\nid = "{step}"\nat = "{at}"\n{more}\ndo = {{ group = "{content}" }}\n'


DAILY = group_sop("daily", post("news", "+0d 10:00", "a"))


@pytest.fixture
def stage():
    """A corp with two owners, at nine in the morning."""
    return opened()


def opened(**settings):
    """A corp with two owners of groups."""
    found = Stage.open(URL, settings=Settings(**settings))
    for owner in ("zhang", "li"):
        found.fake.add_member(owner)
    return found


def groups(stage, owner, count):
    """Open groups and read them."""
    found = [stage.fake.create_group(owner, f"潜客群{n}").chat_id for n in range(count)]
    stage.directory.sync(stage.fake.client())
    return found


def enrolled(stage, definition, chat_ids):
    """Publish and let groups in."""
    stage.publish(definition)
    return [stage.runner.enrol(definition.sop, one, now=stage.now) for one in chat_ids]


def test_groups_of_one_owner_share_one_tap(stage):
    """Three groups of one owner and one content are one task; those of another owner are another one."""
    mine, theirs = groups(stage, "zhang", 3), groups(stage, "li", 1)
    assert enrolled(stage, DAILY, [*mine, *theirs]) == [True] * 4
    stage.run_until_idle()
    bodies = [call.body for call in stage.fake.calls(CREATE)]
    assert sorted((body["chat_type"], body["sender"], len(body["chat_id_list"])) for body in bodies) == [
        ("group", "li", 1),
        ("group", "zhang", 3),
    ]
    assert stage.sent() == dict.fromkeys([(one, "内容 a") for one in (*mine, *theirs)], 1)
    assert set(stage.touches().values()) == {"delivered"}
    assert stage.states() == ["done", "done"]


def test_more_groups_than_one_task_takes_are_several_tasks():
    """The platform takes 2,000 groups in one task, the setting fewer."""
    stage = opened(recipients=2)
    enrolled(stage, DAILY, groups(stage, "zhang", 5))
    stage.run_until_idle()
    assert stage.fake.count(CREATE) == 3
    assert sorted(stage.sent().values()) == [1] * 5


@pytest.mark.parametrize("fault", [{"reset": "after"}, {"reset": "before"}, {"late_busy": True}, {"status": 502}])
def test_an_unknown_outcome_is_looked_up(stage, fault):
    """T7, T9, T10: whatever becomes of the call, each group gets the message once."""
    chat_ids = groups(stage, "zhang", 2)
    enrolled(stage, DAILY, chat_ids)
    stage.fake.fail_next(CREATE, **fault)
    stage.run_until_idle()
    assert stage.sent() == dict.fromkeys([(one, "内容 a") for one in chat_ids], 1)
    assert stage.states() == ["done"]


def test_a_group_has_an_allowance_of_its_own():
    """Groups are counted by their own rule: one that has had its message of the day waits for tomorrow."""
    stage = opened(group_cap="day", cap="month", gap=timedelta(0))
    (chat_id,) = groups(stage, "zhang", 1)
    enrolled(stage, group_sop("one", post("s1", "+0d 10:00", "a") + post("s2", "+0d 11:00", "b")), [chat_id])
    stage.run_until_idle()
    assert [call.at.astimezone(NINE.tzinfo).day for call in stage.fake.calls(CREATE)] == [2, 3]
    assert "deferred:cap" in stage.reasons(chat_id)


def test_a_dissolved_group_gets_nothing(stage):
    """The owner dissolves the group before the step: it is blocked, and the reason says why."""
    stays, goes = groups(stage, "zhang", 2)
    enrolled(stage, DAILY, [stays, goes])
    stage.fake.dismiss_group(goes)
    stage.directory.apply(stage.fake.events[-1], stage.fake.client())
    stage.run_until_idle()
    assert stage.touches() == {(stays, "news"): "delivered", (goes, "news"): "skipped"}
    assert "blocked:dismissed" in stage.reasons(goes)


def test_a_group_dissolved_after_the_task_was_made_is_told_apart(stage):
    """Results of groups name only those that were sent to: a day after the tap the others are known to get nothing."""
    stays, goes = groups(stage, "zhang", 2)
    enrolled(stage, DAILY, [stays, goes])
    stage.tick(TEN)
    stage.fake.dismiss_group(goes)
    stage.run_until_idle()
    assert stage.touches() == {(stays, "news"): "delivered", (goes, "news"): "refused"}
    assert "failed:not_sent" in stage.reasons(goes)
    assert stage.caps() == {stays: (0, 1), goes: (0, 0)}


def test_the_owner_who_left_blocks_the_group(stage):
    """Without an owner who works here nobody can confirm; after the group was inherited the SOP goes on."""
    (chat_id,) = groups(stage, "zhang", 1)
    two = group_sop("two", post("s1", "+0d 10:00", "a") + post("s2", "+2d 10:00", "b"))
    enrolled(stage, two, [chat_id])
    stage.fake.leave("zhang")
    stage.runner.member_left("zhang", stage.now)
    stage.tick(TEN)
    assert "blocked:owner_left" in stage.reasons(chat_id)
    stage.fake.client().transfers.resigned_groups([chat_id], new_owner="li")
    stage.directory.sync(stage.fake.client())
    stage.run_until_idle()
    assert stage.touches() == {(chat_id, "s1"): "skipped", (chat_id, "s2"): "delivered"}
    assert [call.body["sender"] for call in stage.fake.calls(CREATE)] == ["li"]


def test_nobody_taps_and_the_owner_is_nudged(stage):
    """A task that the owner does not confirm is nudged, escalated and withdrawn like any other."""
    (chat_id,) = groups(stage, "zhang", 1)
    enrolled(stage, DAILY, [chat_id])
    stage.run_until_idle(tap=False)
    assert stage.fake.count("externalcontact/remind_groupmsg_send") == 2
    assert stage.fake.count("externalcontact/cancel_groupmsg_send") == 1
    assert stage.states() == ["expired"]
    assert stage.caps() == {chat_id: (0, 0)}


def test_customers_and_groups_never_share_a_task(stage):
    """A member with customers and groups who get the same text has two tasks: of each kind one."""
    (customer,) = stage.member("wang", 1)
    chat_id = stage.fake.create_group("wang", "群").chat_id
    stage.directory.sync(stage.fake.client())
    enrolled(stage, DAILY, [chat_id])
    single = Definition.from_toml(
        'sop = "single"\nversion = 1\ntitle = "s"\n[entry]\non = "manual"\n'
        '[[step]]\nid = "m"\nat = "+0d 10:00"\ndo = { mass = "a" }\n'
    )
    enrolled(stage, single, [customer])
    stage.run_until_idle()
    assert sorted(row["kind"] for row in stage.batches()) == ["group", "single"]
    assert stage.sent() == {(customer, "内容 a"): 1, (chat_id, "内容 a"): 1}


def test_facts_about_a_group_decide(stage):
    """Guards read what the mirror knows of the group, and what was recorded for it."""
    small, named = groups(stage, "zhang", 2)
    stage.directory.set_attribute(named, "model", "EV")
    guard = "if = \"attr('group.members') >= 1 and attr('model') == 'EV' and attr('group.owner') == 'zhang'\""
    enrolled(stage, group_sop("one", post("s", "+0d 10:00", "a", guard)), [small, named])
    stage.run_until_idle()
    assert stage.touches() == {(small, "s"): "skipped", (named, "s"): "delivered"}


def test_a_frozen_group_stops_every_sop(stage):
    """After a complaint the attribute `frozen` keeps everything out of the group until it is lifted."""
    calm, angry = groups(stage, "zhang", 2)
    enrolled(stage, group_sop("one", post("s1", "+0d 10:00", "a") + post("s2", "+3d 10:00", "b")), [calm, angry])
    stage.directory.set_attribute(angry, "frozen", value=True)
    stage.tick(TEN)
    stage.directory.set_attribute(angry, "frozen", value=False)
    stage.run_until_idle()
    assert stage.touches() == {
        (calm, "s1"): "delivered",
        (angry, "s1"): "skipped",
        (calm, "s2"): "delivered",
        (angry, "s2"): "delivered",
    }
    assert "blocked:frozen" in stage.reasons(angry)
    assert stage.now > NINE


def told(stage, *, since):
    """Hand the callbacks over, as a service does; return how many there are now."""
    for event in stage.fake.events[since:]:
        stage.directory.apply(event, stage.fake.client())
        stage.runner.on_event(event, stage.now)
    return len(stage.fake.events)


def test_a_new_group_comes_in_by_its_callback(stage):
    """`group.created`: the run is counted from the callback, and the owner confirms."""
    stage.publish(group_sop("new", post("rules", "+0d 10:00", "a"), on="group.created"))
    chat_id = stage.fake.create_group("zhang", "新群").chat_id
    told(stage, since=0)
    stage.run_until_idle()
    assert stage.sent() == {(chat_id, "内容 a"): 1}
    assert stage.reasons(chat_id).count("entered") == 1


def test_joins_of_a_day_are_one_introduction(stage):
    """`group.joined`: three customers on two days are two introductions, because everybody in the group reads them."""
    (chat_id,) = groups(stage, "zhang", 1)
    hello = post("hello", "+1d 10:00", "a")
    stage.publish(group_sop("intro", hello, on="group.joined", more='reentry = "after 1d"'))
    customers = stage.member("zhao", 3)
    seen = len(stage.fake.events)
    for hours, customer in ((0, customers[0]), (1, customers[1]), (30, customers[2])):
        stage.fake.clock.advance(hours=hours)
        stage.fake.join_group(chat_id, customer)
        seen = told(stage, since=seen)
    stage.run_until_idle(days=5)
    assert stage.sent() == {(chat_id, "内容 a"): 2}


def test_staff_who_join_introduce_nobody(stage):
    """Members of the corp in a group are no customers to be greeted."""
    (chat_id,) = groups(stage, "zhang", 1)
    stage.publish(group_sop("intro", post("hello", "+0d 10:00", "a"), on="group.joined"))
    event = GroupUpdated(
        created_at=stage.now,
        to_user=stage.fake.corp_id,
        chat_id=chat_id,
        update_detail=GroupUpdateDetail.ADD_MEMBER,
        mem_change_list=("li",),
    )
    stage.runner.on_event(event, stage.now)
    assert stage.reasons(chat_id) == []


def test_freezing_withdraws_what_is_not_confirmed(stage):
    """A complaint comes while the task waits: it is withdrawn, and the calm groups are asked for again."""
    calm, angry = groups(stage, "zhang", 2)
    enrolled(stage, DAILY, [calm, angry])
    stage.tick(TEN)
    stage.runner.set_attribute(angry, "frozen", True, stage.now, target="group")
    stage.run_until_idle()
    assert stage.fake.count("externalcontact/cancel_groupmsg_send") == 1
    assert [len(call.body["chat_id_list"]) for call in stage.fake.calls(CREATE)] == [2, 1]
    assert stage.touches() == {(calm, "news"): "delivered", (angry, "news"): "skipped"}
    assert stage.caps() == {calm: (0, 1), angry: (0, 0)}


def test_what_is_said_of_a_group_concerns_no_customer(stage):
    """Events and attributes let in by the kind of their subject."""
    (chat_id,) = groups(stage, "zhang", 1)
    stage.publish(group_sop("fair", post("fair", "+0d 10:00", "a"), on="event:fair.opened"))
    stage.runner.record_event(chat_id, "fair.opened", stage.now)
    assert stage.reasons(chat_id) == []
    stage.runner.record_event(chat_id, "fair.opened", stage.now, target="group")
    assert stage.reasons(chat_id) == ["entered"]


def test_a_name_keeps_its_kind(stage):
    """A SOP about groups cannot become one about customers: its runs would be of nobody."""
    stage.publish(DAILY)
    with pytest.raises(ConfigurationError, match="is about a group"):
        stage.publish(
            Definition.from_toml(
                'sop = "daily"\nversion = 2\ntitle = "d"\n[entry]\non = "manual"\n'
                '[[step]]\nid = "m"\nat = "+0d 10:00"\ndo = { mass = "a" }\n'
            )
        )


def test_what_the_owner_sends_counts_against_the_group():
    """The owner's own message of the day uses the group's allowance: the SOP's waits for tomorrow."""
    stage = opened(group_cap="day", count_every=timedelta(minutes=1))
    (chat_id,) = groups(stage, "zhang", 1)
    enrolled(stage, DAILY, [chat_id])
    stage.fake.member_mass_send("zhang", "大家好", groups=[chat_id])
    stage.tick()
    stage.tick(minutes=30)
    stage.run_until_idle()
    assert [call.at.astimezone(NINE.tzinfo).day for call in stage.fake.calls(CREATE)] == [3]
    assert "deferred:cap" in stage.reasons(chat_id)


def test_only_the_owner_sends_into_a_group(stage):
    """The fake is as strict as the client: a member does not send into a colleague's group."""
    (chat_id,) = groups(stage, "zhang", 1)
    with pytest.raises(LookupError, match="li does not own"):
        stage.fake.member_mass_send("li", "你好", groups=[chat_id])
