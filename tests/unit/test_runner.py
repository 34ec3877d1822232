from datetime import timedelta

import pytest
import sqlalchemy as sa
from attrs import evolve
from tests.unit._sop_stage import NINE, TEN, URL, Stage, mass, sop

from wecom_auto.errors import ConfigurationError
from wecom_auto.models import LinkAttachment
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop.contents import Content, Contents
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.runner import Settings
from wecom_auto.testing import FakeWeCom

CREATE = "externalcontact/add_msg_template"
MATERIAL = sop("one", mass("material", "+0d 10:00", "a"))
TAGGED = sop("one", mass("material", "+0d 10:00", "a", do=', tag = "已发资料"'))


@pytest.fixture
def stage():
    """One corp with an empty database, at nine in the morning."""
    return Stage.open(URL)


def enrolled(stage, definition, customers, **more):
    """Publish a SOP and let customers in; return whether each came in."""
    stage.publish(definition)
    return [stage.runner.enrol(definition.sop, one, now=stage.now, **more) for one in customers]


def test_customers_of_one_member_share_one_tap(stage):
    """Three customers of one member with one content cost the member one tap."""
    customers = stage.member("zhang", 3)
    enrolled(stage, MATERIAL, customers)
    stage.run_until_idle()
    assert stage.fake.count(CREATE) == 1
    assert stage.sent() == dict.fromkeys([(one, "内容 a") for one in customers], 1)
    assert set(stage.touches().values()) == {"delivered"}
    assert stage.states() == ["done"]


def test_nothing_happens_before_its_time(stage):
    """A step is neither asked for nor exploded into rows before it is due."""
    enrolled(stage, MATERIAL, stage.member("zhang", 1))
    stage.tick()
    assert stage.runner.next_wake() == TEN
    assert (stage.touches(), stage.fake.count(CREATE)) == ({}, 0)


def test_a_second_tick_does_nothing(stage):
    """Ticking twice at the same instant changes nothing the second time."""
    enrolled(stage, MATERIAL, stage.member("zhang", 2))
    stage.tick(TEN)
    assert stage.tick().idle


def test_chunks_follow_the_limit_of_recipients():
    """More customers than one request takes become several requests."""
    stage = Stage.open(URL, settings=Settings(recipients=2))
    customers = stage.member("zhang", 5)
    enrolled(stage, MATERIAL, customers)
    stage.run_until_idle()
    assert sorted(stage.sent().values()) == [1] * 5
    assert stage.fake.count(CREATE) == 3


def test_a_lost_answer_is_looked_up_and_not_asked_again(stage):
    """T7, T9: a reset after processing leaves one task, found in the list after the quiet time."""
    customers = stage.member("zhang", 2)
    enrolled(stage, MATERIAL, customers)
    stage.fake.fail_next(CREATE, reset="after")
    stage.tick(TEN)
    assert stage.states() == ["unknown"]
    stage.run_until_idle()
    assert (stage.fake.count(CREATE), stage.states()) == (1, ["done"])


def test_a_request_that_never_arrived_is_asked_again(stage):
    """T7, T10: proved missing by the list, the task is asked for once more."""
    customers = stage.member("zhang", 2)
    enrolled(stage, MATERIAL, customers)
    stage.fake.fail_next(CREATE, reset="before")
    stage.run_until_idle()
    assert stage.sent() == dict.fromkeys([(one, "内容 a") for one in customers], 1)
    assert stage.states() == ["done"]


def test_a_batch_that_stays_unknown_is_held_for_a_person(stage):
    """T10: after two more tries the batch is held, a person hears of it, and settles it."""
    enrolled(stage, MATERIAL, stage.member("zhang", 1))
    stage.fake.fail_next(CREATE, reset="before", times=3)
    stage.run_until_idle()
    assert stage.states() == ["held"]
    assert stage.logged()["alert:held:unknown"] == 1
    assert stage.runner.resolve(stage.batches()[0]["id"], stage.now)
    stage.run_until_idle()
    # The window has passed by now, and what is too late is not sent.
    assert stage.sent().total() <= 1


def test_a_wrong_request_fails_once_and_alerts(stage):
    """T6: a request that the platform calls wrong is not repeated, its touches say why."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, MATERIAL, [customer])
    stage.fake.fail_next(CREATE, errcode=40058)
    stage.run_until_idle()
    assert (stage.fake.count(CREATE), stage.states()) == (1, ["failed"])
    assert "failed:40058" in stage.reasons(customer)
    assert stage.caps()[customer] == (0, 0)


def test_a_rate_limit_is_waited_for(stage):
    """T5: 45009 certainly created nothing; the batch is asked again and delivered once."""
    customers = stage.member("zhang", 1)
    enrolled(stage, MATERIAL, customers)
    stage.fake.fail_next(CREATE, errcode=45009)
    stage.run_until_idle()
    assert stage.fake.count(CREATE) == 2
    assert set(stage.touches().values()) == {"delivered"}


def test_a_late_busy_answer_is_treated_as_unknown(stage):
    """-1 after the task was created does not become a second task."""
    customers = stage.member("zhang", 1)
    enrolled(stage, MATERIAL, customers)
    stage.fake.fail_next(CREATE, late_busy=True)
    stage.run_until_idle()
    assert (stage.fake.count(CREATE), sorted(stage.sent().values())) == (1, [1])


def test_same_sender_and_content_wait_for_each_other():
    """I6: while one batch is unknown, its twin with other recipients is not asked for."""
    stage = Stage.open(URL, settings=Settings(recipients=1))
    customers = stage.member("zhang", 2)
    enrolled(stage, MATERIAL, customers)
    stage.fake.fail_next(CREATE, reset="after")
    stage.tick(TEN)
    assert sorted(stage.states()) == ["planned", "unknown"]
    assert stage.fake.count(CREATE) == 1
    stage.run_until_idle()
    assert sorted(stage.sent().values()) == [1, 1]
    assert len({row["msgid"] for row in stage.batches()}) == 2


def test_a_second_task_of_ours_is_withdrawn(stage):
    """The residual: of two listed tasks that match one batch the younger one is cancelled, and it is reported."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, MATERIAL, [customer])
    stage.fake.fail_next(CREATE, reset="after")
    stage.tick(TEN)
    stage.fake.client().mass_messages.create(external_userids=[customer], sender="zhang", text="内容 a")
    stage.run_until_idle(tap=False)
    cancelled = [task.cancelled for msgid in stage.fake.mass_messages() for task in stage.fake.mass_tasks(msgid)]
    assert cancelled[-1]
    assert stage.logged()["alert:duplicate"] == 1


def test_members_are_nudged_then_escalated_then_the_task_is_withdrawn(stage):
    """Nobody taps: two nudges, one alert, and after the deadline the task is withdrawn and the touch expires."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, MATERIAL, [customer])
    stage.run_until_idle(tap=False)
    assert stage.fake.count("externalcontact/remind_groupmsg_send") == 2
    assert stage.logged()["alert:unconfirmed"] == 1
    assert stage.states() == ["expired"]
    assert stage.touches() == {(customer, "material"): "expired"}
    assert stage.caps()[customer] == (0, 0)


def test_nudges_keep_to_working_hours(stage):
    """Nobody is nudged at night: a task made in the evening is nudged next morning."""
    enrolled(stage, sop("one", mass("material", "+0d 19:30", "a")), stage.member("zhang", 1))
    stage.run_until_idle(tap=False)
    hours = [call.at.astimezone(NINE.tzinfo).hour for call in stage.fake.calls("externalcontact/remind_groupmsg_send")]
    assert hours
    assert all(9 <= hour < 20 for hour in hours)


def test_results_settle_the_ledger(stage):
    """A delivered message is used; one to somebody who has left is given back."""
    stays, leaves = stage.member("zhang", 2)
    enrolled(stage, MATERIAL, [stays, leaves])
    stage.tick(TEN)
    stage.fake.unfriend(leaves, "zhang")
    stage.run_until_idle()
    assert stage.caps() == {stays: (0, 1), leaves: (0, 0)}
    assert stage.touches() == {(stays, "material"): "delivered", (leaves, "material"): "not_friend"}


def test_the_allowance_is_never_exceeded():
    """I9: with one message a day, the second one of a day that must not wait is dropped with its reason, not tried."""
    stage = Stage.open(URL, settings=Settings(cap="day", gap=timedelta(0)))
    (customer,) = stage.member("zhang", 1)
    steps = mass("s1", "+0d 10:00", "a") + mass("s2", "+0d 11:00", "b")
    enrolled(stage, sop("one", steps, head='policy = { on_conflict = "drop" }'), [customer])
    stage.run_until_idle()
    assert stage.touches() == {(customer, "s1"): "delivered", (customer, "s2"): "capped"}
    assert "dropped:cap" in stage.reasons(customer)


def test_two_sops_keep_their_distance(stage):
    """The more important SOP wins the day; the other waits for the gap, and both are sent."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, sop("low", mass("l", "+0d 10:00", "a"), head="priority = 10"), [customer])
    enrolled(stage, sop("high", mass("h", "+0d 10:00", "b"), head="priority = 90"), [customer])
    stage.tick(TEN)
    assert stage.sent() == {(customer, "内容 b"): 1}
    stage.run_until_idle()
    assert stage.sent() == {(customer, "内容 a"): 1, (customer, "内容 b"): 1}
    assert "deferred:fatigue" in stage.reasons(customer)


def test_a_delivered_step_goes_on_with_its_tag(stage):
    """A step's tag is put on after delivery, at the platform and in the directory at once."""
    tag = stage.fake.add_tag("阶段", "已发资料")
    (customer,) = stage.member("zhang", 1)
    stage.directory.upsert_tags(stage.fake.client().tags.list())
    enrolled(stage, TAGGED, [customer])
    stage.tick(TEN)
    assert not stage.directory.facts(customer, "zhang").has_tag("已发资料")
    stage.run_until_idle()
    assert stage.fake.customer(customer).tags_by("zhang") == [tag]
    assert stage.directory.facts(customer, "zhang").has_tag("已发资料")


def test_our_own_tag_lets_into_the_next_sop(stage):
    """Tags put on by API cause no callback, so the runner itself tells the SOPs that wait for them."""
    stage.fake.add_tag("阶段", "已发资料")
    (customer,) = stage.member("zhang", 1)
    stage.directory.upsert_tags(stage.fake.client().tags.list())
    follow = Definition.from_toml(
        'sop = "two"\nversion = 1\ntitle = "two"\n[entry]\non = "tag.added:已发资料"\n' + mass("next", "+3d 10:00", "b")
    )
    stage.publish(follow)
    enrolled(stage, TAGGED, [customer])
    stage.run_until_idle()
    assert stage.sent() == {(customer, "内容 a"): 1, (customer, "内容 b"): 1}


def test_a_tag_that_does_not_exist_is_reported(stage):
    """A step that names an unknown tag fails with a reason and an alert; the message stands."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, TAGGED, [customer])
    stage.run_until_idle()
    assert stage.logged()["alert:failed:unknown_tag"] == 1
    assert stage.sent() == {(customer, "内容 a"): 1}


def test_server_actions_are_tried_again_after_a_passing_error(stage):
    """A tag that meets a busy platform is put on later."""
    stage.fake.add_tag("阶段", "战败")
    (customer,) = stage.member("zhang", 1)
    stage.directory.upsert_tags(stage.fake.client().tags.list())
    step = '[[step]]\nid = "lost"\nat = "+0d 10:00"\ndo = { tag = "战败", move_pool = "回访组", end = true }\n'
    enrolled(stage, sop("one", step), [customer])
    stage.fake.fail_next("externalcontact/mark_tag", errcode=45033, times=8)
    stage.run_until_idle()
    assert [tag.name for tag in stage.fake.customer(customer).tags_by("zhang")] == ["战败"]
    assert stage.directory.facts(customer, "zhang").attribute("pool") == "回访组"
    assert stage.touches() == {(customer, "lost"): "done"}


CALL = '[[step]]\nid = "call"\nat = "+0d 10:00"\ndo = { staff_task = "电话续保", due = "2d" }\n'


def test_a_staff_task_is_closed_with_evidence(stage):
    """A task that no call can do has an assignee and a deadline, and is done once somebody proves it."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, sop("one", CALL), [customer])
    stage.tick(TEN)
    with stage.directory.engine.connect() as connection:
        task = connection.execute(sa.select(t.staff_tasks)).one()
    assert (task.assignee, task.title, task.deadline_at, task.state) == (
        "zhang",
        "电话续保",
        TEN + timedelta(days=2),
        "open",
    )
    assert stage.runner.complete_task(task.id, "通话 3 分钟", stage.now)
    assert not stage.runner.complete_task(task.id, "again", stage.now)
    assert stage.touches() == {(customer, "call"): "done"}


def test_an_overdue_staff_task_alerts(stage):
    """A task past its deadline is closed as overdue and reported, not forgotten."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, sop("one", CALL), [customer])
    stage.run_until_idle()
    assert stage.touches() == {(customer, "call"): "expired"}
    assert stage.logged()["alert:overdue"] == 1


def test_members_are_told_of_their_tasks_if_wanted():
    """With notifications on, a staff task comes with an application message."""
    stage = Stage.open(URL, settings=Settings(notify=True, supervisor=lambda _userid: "boss"))
    stage.fake.add_member("boss")
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, sop("one", CALL), [customer])
    stage.run_until_idle()
    assert "电话续保" in str(stage.fake.messages_to("zhang")[0].body)
    assert len(stage.fake.messages_to("boss")) == 1


WELCOME = Definition.from_toml(
    'sop = "new"\nversion = 1\ntitle = "new"\n[entry]\non = "customer.added"\nreentry = "never"\n'
    '[[step]]\nid = "hello"\nat = "+0d"\ndo = { welcome = "welcome" }\n' + mass("material", "+1d 10:00", "a")
)


def arrive(stage, **late):
    """Let a customer scan a code, and hand the callbacks over."""
    way = stage.fake.client().contact_ways.create(users=["zhang"], state="showroom")
    customer = stage.fake.scan(way.config_id, name="客户")
    stage.fake.clock.advance(**late)
    for event in stage.fake.events:
        stage.directory.apply(event, stage.fake.client())
        stage.runner.on_event(event, stage.now)
    return customer.external_userid


def test_the_welcome_goes_out_in_the_callback(stage):
    """The welcome uses the code at once, is recorded, and costs no tap and no allowance."""
    stage.member("zhang", 0)
    stage.publish(WELCOME)
    customer = arrive(stage)
    assert stage.fake.count("externalcontact/send_welcome_msg") == 1
    assert stage.touches() == {(customer, "hello"): "delivered"}
    assert stage.caps() == {}
    stage.run_until_idle()
    assert stage.fake.count("externalcontact/send_welcome_msg") == 1
    assert stage.touches()[customer, "material"] == "delivered"


def test_a_dead_welcome_code_is_not_used(stage):
    """A callback that comes after 20 seconds sends no welcome, and the log says so."""
    stage.member("zhang", 0)
    stage.publish(WELCOME)
    customer = arrive(stage, seconds=25)
    assert stage.fake.count("externalcontact/send_welcome_msg") == 0
    assert "expired:code" in stage.reasons(customer)


def test_a_repeated_callback_enrols_once(stage):
    """The platform repeats callbacks: neither run nor welcome happens twice."""
    stage.member("zhang", 0)
    stage.publish(WELCOME)
    customer = arrive(stage)
    for event in stage.fake.events:
        stage.runner.on_event(event, stage.now)
    assert stage.reasons(customer).count("entered") == 1
    assert stage.fake.count("externalcontact/send_welcome_msg") == 1


RENEWAL = Definition.from_toml(
    'sop = "renewal"\nversion = 1\ntitle = "续保"\n[entry]\non = "attribute.set:insurance_expiry"\n'
    'reentry = "per anchor"\nanchor = "insurance_expiry"\n[[exit]]\n'
    "when = \"event('insurance.renewed')\"\ngoal = true\n"
    + mass("d30", "-30d 10:00", "a")
    + mass("d7", "-7d 10:00", "b")
)


def test_a_corrected_date_moves_the_run(stage):
    """A corrected expiry date re-plans what is still to come; a step that was done stays done."""
    (customer,) = stage.member("zhang", 1)
    stage.publish(RENEWAL)
    stage.runner.set_attribute(customer, "insurance_expiry", "2026-04-05", stage.now)
    stage.run_until_idle(days=8)
    assert stage.sent() == {(customer, "内容 a"): 1}
    stage.runner.set_attribute(customer, "insurance_expiry", "2026-04-15", stage.now)
    stage.run_until_idle(days=60)
    days = [call.at.astimezone(NINE.tzinfo).strftime("%m-%d") for call in stage.fake.calls(CREATE)]
    assert days == ["03-06", "04-08"]


def test_next_year_is_a_new_run(stage):
    """The expiry date of next year is another occurrence: the same steps happen again."""
    (customer,) = stage.member("zhang", 1)
    stage.publish(RENEWAL)
    stage.runner.set_attribute(customer, "insurance_expiry", "2026-04-05", stage.now)
    stage.run_until_idle(days=60)
    stage.runner.set_attribute(customer, "insurance_expiry", "2027-04-05", stage.now)
    assert stage.reasons(customer).count("entered") == 2


def test_versions_are_immutable(stage):
    """A published version cannot be changed, and an older one cannot come back."""
    assert stage.runner.publish(MATERIAL, stage.now)
    assert not stage.runner.publish(MATERIAL, stage.now)
    with pytest.raises(ConfigurationError, match="raise version"):
        stage.runner.publish(sop("one", mass("other", "+0d 10:00", "b")), stage.now)


def test_links_carry_the_batch():
    """A link of the message names its batch, so that the platform's list names it, too."""
    link = LinkAttachment(title="车型", url="https://dealer.example/car?id=1")
    stage = Stage.open(URL, contents=Contents({"a": Content(text="资料", attachments=(link,))}))
    enrolled(stage, MATERIAL, stage.member("zhang", 1))
    stage.fake.fail_next(CREATE, late_busy=True)
    stage.run_until_idle()
    sent = stage.fake.calls(CREATE)[0].body["attachments"][0]["link"]["url"]
    assert sent == f"https://dealer.example/car?id=1&wa_batch={stage.batches()[0]['id']}"
    assert stage.states() == ["done"]
    assert stage.fake.count(CREATE) == 1


def test_missing_content_is_an_alert_and_not_a_crash():
    """A step whose content is missing fails with its reason; other steps go on."""
    stage = Stage.open(URL)
    customers = stage.member("zhang", 1)
    enrolled(stage, sop("one", mass("s1", "+0d 10:00", "nowhere") + mass("s2", "+0d 11:00", "b")), customers)
    stage.run_until_idle()
    assert stage.touches() == {(customers[0], "s1"): "failed", (customers[0], "s2"): "delivered"}
    assert stage.logged()["alert:failed:content"] == 1


def test_contents_refuse_what_the_platform_refuses(tmp_path):
    """Limits of the manual are tested when a library is read, with the content's name."""
    path = tmp_path / "contents.toml"
    path.write_text('["tpl/x"]\ntext = "' + "长" * 1334 + '"\n', encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"tpl/x.*4002 bytes"):
        Contents.from_toml(path)


def test_contents_fill_in_the_segment(tmp_path):
    """A variable of the sender's segment is filled in; a missing one is refused."""
    path = tmp_path / "contents.toml"
    link = '[{ msgtype = "link", link = { title = "t", url = "https://x.example" } }]'
    path.write_text(f'["tpl/x"]\ntext = "{{{{ store }}}} 欢迎您"\nattachments = {link}\n', encoding="utf-8")
    library = Contents.from_toml(path)
    content = library.render("tpl/x", {"store": "北京一店"})
    assert content.text == "北京一店 欢迎您"
    assert Content.from_json(content.to_json()) == content
    with pytest.raises(ConfigurationError, match="store"):
        library.render("tpl/x", {})


def test_results_of_a_dispatching_task_are_read_later():
    """41063 right after creation is waited for."""
    fake = FakeWeCom(now=NINE)
    fake.settings = evolve(fake.settings, dispatch_lag=timedelta(hours=2), list_lag=timedelta(seconds=20))
    stage = Stage.open(URL, fake=fake)
    enrolled(stage, MATERIAL, stage.member("zhang", 1))
    stage.run_until_idle()
    assert stage.states() == ["done"]


def test_an_unknown_sop_is_named_together_with_those_there_are() -> None:
    """A misspelt name is a clear error, not a KeyError."""
    stage = Stage.open(URL)
    stage.publish(sop("brochure", mass("s", "+0min", "a")))
    with pytest.raises(ConfigurationError, match="'broshure' is not published \\(there are: brochure\\)"):
        stage.runner.enrol("broshure", "wm1", now=stage.now)
