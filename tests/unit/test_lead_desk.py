"""The lead desk: recognised once, given once, told once, late once; the pool; who was added; who agreed."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa
from attrs import define, evolve, field
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit._lead_stage import KEY, TEN, Provider, Stage, agreed, network, new

from wecom_auto.automotive.channels import Channels, Source
from wecom_auto.automotive.leads import (
    Added,
    Answer,
    AssignmentState,
    CallOutcome,
    ChannelStates,
    DeskSettings,
    HandOver,
    LeadKeys,
    LeadStatus,
    MatchKind,
    NewLead,
    PoolAnswer,
    Span,
    TaskDeskTasks,
)
from wecom_auto.automotive.leads import _tables as t
from wecom_auto.callbacks import TemplateCardPressed
from wecom_auto.errors import ConfigurationError, ValidationError
from wecom_auto.sop.tasks import TaskDesk
from wecom_auto.store import open_store


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """One database for the module: corps do not see each other."""
    engine = open_store(f"sqlite:///{tmp_path_factory.mktemp('leads') / 'store.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def stage(engine) -> Stage:
    """A corp of its own."""
    return Stage.open(engine)


@pytest.fixture
def desk(stage):
    """Its desk."""
    return stage.desk()


# Recognised once.


def test_the_same_row_is_taken_once_and_another_one_of_the_person_is_merged(desk):
    """Content tells rows apart; the phone tells people apart."""
    lead = new()
    first, second, third = desk.take(lead), desk.take(lead), desk.take(evolve(lead, model="S5"))
    assert [one.outcome for one in (first, second, third)] == ["new", "repeated", "merged"]
    assert first.lead_id == second.lead_id == third.lead_id
    stored = desk.lead(first.lead_id)
    assert (stored.inquiries, stored.model) == (2, "S5")


def test_the_first_channel_stays_and_later_ones_stand_in_the_history(desk):
    """Attribution is first touch; nothing is lost."""
    lead = new(source="朋友圈广告")
    lead_id = desk.take(lead).lead_id
    desk.take(evolve(lead, source="垂媒"))
    assert desk.lead(lead_id).source == "朋友圈广告"
    assert [one.detail["source"] for one in desk.history(lead_id)] == ["朋友圈广告", "垂媒"]


def test_a_contact_without_a_phone_gets_one_later(desk):
    """The second way to reach somebody (第二留资) is written down, and it stays one lead."""
    wecom = desk.take(NewLead(external_userid="wm1", store="s1"))
    phone = desk.take(new(external_userid="wm1"))
    assert phone.lead_id == wecom.lead_id
    assert [one.what for one in desk.history(wecom.lead_id)] == ["taken", "again", "second_way"]
    assert desk.phone(wecom.lead_id).startswith("138")


def test_two_leads_that_turn_out_to_be_one_person_become_one(desk):
    """The one with an owner stays; history, consents and identities move to it."""
    lead = new()
    by_phone = desk.take(lead).lead_id
    by_wecom = desk.take(NewLead(unionid="u1", name="小王")).lead_id
    desk.consents.record(by_wecom, agreed())
    desk.assign()
    taken = desk.take(evolve(lead, unionid="u1"))
    gone = {by_phone, by_wecom} - {taken.lead_id}
    assert taken.joined == (*gone,)
    assert desk.lead(*gone) is None
    assert desk.find(unionid="u1") == desk.find(phone=lead.phone)
    assert desk.consents.holds(taken.lead_id, "provide_to_dealer", recipient="bj")


def test_phones_are_sealed_and_hashed_with_the_key(stage, desk):
    """The database holds no number, and another key finds and opens nothing."""
    lead = new()
    lead_id = desk.take(lead).lead_id
    with stage.engine.connect() as connection:
        tables = [connection.execute(sa.select(table)).all() for table in t.ALL]
    assert lead.phone not in repr(tables)
    assert desk.phone(lead_id) == lead.phone
    assert desk.find(phone=f"+86 {lead.phone}").lead_id == lead_id
    other = stage.desk(keys=LeadKeys("x" * 32))
    assert other.find(phone=lead.phone) is None
    with pytest.raises(ConfigurationError, match="another key"):
        other.phone(lead_id)


def test_phones_need_not_be_kept(stage):
    """With hashes only, people are recognised and nobody can be called."""
    desk = stage.desk(keys=LeadKeys(KEY, keep_phones=False))
    lead = new()
    assert desk.phone(desk.take(lead).lead_id) == ""
    assert desk.take(evolve(lead, model="S5")).outcome == "merged"
    with pytest.raises(ConfigurationError, match="32"):
        LeadKeys("short")


def test_corps_do_not_see_each_other(engine):
    """The same phone in two corps is two leads."""
    one, two = Stage.open(engine).desk(), Stage.open(engine).desk()
    lead = new()
    assert {one.take(lead).outcome, two.take(lead).outcome} == {"new"}
    assert len(two.leads()) == 1


# Given once.


def test_leads_go_round_and_say_why(stage, desk):
    """Two members of one weight get the same number, in turn."""
    for _ in range(6):
        desk.take(new())
    found = desk.assign()
    assert Counter(one.userid for one in found) == {"anna": 3, "bert": 3}
    assert all(one.userid != after.userid for one, after in pairwise(found))
    assert found[0].because == ("furthest below their share (1 of 2)",)
    assert desk.assign() == []
    assert desk.lead(found[0].lead_id).status is LeadStatus.ASSIGNED


def test_whose_turn_it_is_outlives_the_process(stage):
    """Counters are stored: one lead a day goes to one after the other."""
    found = []
    for _ in range(4):
        desk = stage.desk()
        desk.take(new())
        found += [one.userid for one in desk.assign()]
        stage.wait(days=1)
    assert found == ["anna", "bert", "anna", "bert"]


def test_a_lead_of_a_city_goes_to_the_store_of_the_city(desk):
    """No store is named: city, then region decide."""
    desk.take(new(store="", city="天津市"))
    (one,) = desk.assign()
    assert (one.userid, one.store) == ("cora", "s2")


def test_the_day_of_a_full_member_is_over_and_the_backup_is_asked(engine):
    """Capacity counts by day; then whoever manages gets it; then it waits."""
    people = network(
        member=[
            {"userid": "anna", "store": "s1", "roles": ["dcc_operator"], "capacity": 1},
            {"userid": "boss1", "store": "s1", "roles": ["dcc_manager"], "capacity": 0},
        ]
    )
    stage = Stage.open(engine, people=people)
    desk = stage.desk()
    desk.take(new())
    desk.take(new())
    assert [one.userid for one in desk.assign()] == ["anna", "boss1"]
    stage.wait(days=1)
    desk.take(new())
    assert [one.userid for one in desk.assign()] == ["anna"]


def test_a_lead_that_nobody_can_have_waits_and_then_goes_to_the_pool(engine):
    """It says why, tries again, and is not lost."""
    stage = Stage.open(engine, people=network(member=[{"userid": "anna", "store": "s1"}]))
    desk = stage.desk()
    lead_id = desk.take(new()).lead_id
    assert desk.assign() == []
    assert desk.lead(lead_id).blocked == "nobody"
    stage.wait(hours=73)
    assert desk.assign() == []
    assert desk.lead(lead_id).status is LeadStatus.POOL


def test_somebody_who_comes_back_gets_the_owner_of_before(stage, desk):
    """A closed lead that is left again goes to whoever knew the person."""
    lead = new()
    lead_id = stage.given(desk, lead)
    owner = desk.lead(lead_id).owner
    desk.close(lead_id, reason="战败")
    stage.given(desk)
    assert desk.take(evolve(lead, model="S5")).reopened
    (again,) = desk.assign()
    assert (again.lead_id, again.userid) == (lead_id, owner)


# Told once.


def test_a_member_is_told_once_with_buttons_and_answers(stage, desk):
    """The card names no phone; a press is an answer; a second press changes nothing."""
    lead = new()
    lead_id = stage.given(desk, lead)
    assert desk.deliver(stage.fake.client()).sent == 1
    assert desk.deliver(stage.fake.client()).sent == 0
    owner = desk.lead(lead_id).owner
    assert stage.told(owner) == ["新线索"]
    (message,) = stage.fake.messages_to(owner)
    assert lead.phone not in str(message.body)
    card = message.body["template_card"]
    event = TemplateCardPressed(
        created_at=TEN, to_user="ww1", from_user=owner, task_id=card["task_id"], event_key=card["button_list"][0]["key"]
    )
    assert [desk.on_card(event), desk.on_card(event)] == [Answer.DONE, Answer.ALREADY]
    assert desk.lead(lead_id).status is LeadStatus.ACCEPTED
    assert desk.on_card(evolve(event, task_id="other")) is None


def test_a_refused_lead_goes_to_somebody_else_at_once(stage, desk):
    """The reason stays; the next one is another one; whoever had it cannot answer any more."""
    lead_id = stage.given(desk)
    first = desk.lead(lead_id).owner
    assert desk.refuse(lead_id, first, reason="异地") is Answer.DONE
    (again,) = desk.assign()
    assert again.userid != first
    assert desk.accept(lead_id, first) is Answer.NOT_YOURS
    assert [one.state for one in desk.assignments(lead_id)] == [AssignmentState.REFUSED, AssignmentState.OPEN]
    with pytest.raises(ValidationError, match="reason"):
        desk.refuse(lead_id, again.userid, reason=" ")
    assert desk.accept("nobody", first) is Answer.UNKNOWN


def test_a_notice_that_was_sent_and_not_marked_is_not_seen_twice(stage, desk):
    """The worker dies after the platform has taken it: the next one repeats, and the platform drops the double."""
    stage.given(desk)

    def die(point: str) -> None:
        if point == "told":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stage.desk(crash=die).deliver(stage.fake.client())
    stage.wait(minutes=2)
    assert desk.deliver(stage.fake.client()).sent == 1
    assert stage.told("anna") == ["新线索"]


def test_after_the_window_of_doubles_nobody_sends_again(stage, desk):
    """Nobody knows whether it was sent: it is counted, and the deadlines go on."""
    lead_id = stage.given(desk)

    def die(point: str) -> None:
        if point == "told":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stage.desk(crash=die).deliver(stage.fake.client())
    stage.wait(hours=5)
    assert desk.deliver(stage.fake.client()).unsure == 1
    assert desk.tick().alarmed == 1
    assert desk.lead(lead_id).status is LeadStatus.ASSIGNED


def test_a_member_who_cannot_be_told_loses_the_lead_at_once(engine):
    """Outside of the app's range: the lead goes to the next one."""
    stage = Stage.open(engine)
    stage.fake.leave("anna")
    desk = stage.desk()
    lead_id = stage.given(desk)
    assert desk.lead(lead_id).owner == "anna"
    assert desk.deliver(stage.fake.client()).failed == 1
    assert [one.userid for one in desk.assign()] == ["bert"]


def test_the_platform_is_busy_and_the_notice_waits(stage, desk):
    """A limit is a reason to wait, not to give up."""
    stage.given(desk)
    stage.fake.fail_next("message/send", times=20, errcode=45009)
    assert desk.deliver(stage.fake.client()).later == 1
    assert desk.deliver(stage.fake.client()).later == 0
    stage.fake.clear_faults()
    stage.wait(minutes=5)
    assert desk.deliver(stage.fake.client()).sent == 1
    assert stage.told("anna") == ["新线索"]


# Late once.


def test_a_late_lead_is_reminded_alarmed_and_given_to_somebody_else(stage, desk):
    """30 minutes, 2 hours, one working day, each once."""
    lead_id = stage.given(desk)
    steps = []
    for hours in (0.4, 0.2, 0.1, 1.4, 0.1, 24):
        stage.wait(hours=hours)
        report = desk.tick()
        steps.append((report.reminded, report.alarmed, report.reassigned))
    assert steps == [(0, 0, 0), (1, 0, 0), (0, 0, 0), (0, 1, 0), (0, 0, 0), (0, 0, 1)]
    assert desk.lead(lead_id).status is LeadStatus.NEW
    assert desk.assign()[0].userid == "bert"
    desk.deliver(stage.fake.client())
    assert stage.told("anna") == ["线索已转给他人"]
    assert "新线索" in stage.told("bert")


def test_deadlines_count_in_the_hours_of_the_shop(engine):
    """A lead of the evening is due in the morning."""
    stage = Stage.open(engine)
    stage.wait(hours=9, minutes=50)
    desk = stage.desk()
    stage.given(desk)
    ((one,),) = [desk.assignments(lead.lead_id) for lead in desk.leads()]
    assert one.contact_by == (TEN + timedelta(days=1)).replace(hour=9, minute=20)


def test_whoever_was_reached_in_time_is_left_alone(stage, desk):
    """An effective contact ends the deadlines; a try does not."""
    lead_id = stage.given(desk)
    owner = desk.lead(lead_id).owner
    desk.contacted(lead_id, owner, evidence="call 1", effective=False)
    stage.wait(minutes=31)
    assert desk.tick().reminded == 1
    desk.contacted(lead_id, owner, evidence="call 2, 3 min", next_at=TEN + timedelta(days=1))
    stage.wait(hours=30)
    report = desk.tick()
    assert (report.alarmed, report.reassigned, report.follow_ups) == (0, 0, 1)
    assert desk.lead(lead_id).status is LeadStatus.WORKING


def test_after_three_members_a_lead_is_in_the_pool(engine):
    """And whoever lost it has to wait to take it back."""
    people = network(
        member=[
            {"userid": name, "store": "s1", "roles": ["sales_advisor"]} for name in ("anna", "bert", "cora", "dora")
        ]
    )
    stage = Stage.open(engine, people=people)
    desk = stage.desk()
    lead_id = stage.given(desk)
    for _ in range(3):
        desk.give_back(lead_id, desk.lead(lead_id).owner, reason="联系不上")
        desk.assign()
    assert desk.lead(lead_id).status is LeadStatus.POOL
    assert [one.lead_id for one in desk.pool("dora")] == [lead_id]
    assert desk.take_from_pool(lead_id, "anna") is PoolAnswer.RESTING
    assert desk.take_from_pool(lead_id, "dora") is PoolAnswer.DONE
    assert desk.take_from_pool(lead_id, "bert") is PoolAnswer.GONE
    assert desk.lead(lead_id).owner == "dora"


def test_the_pool_has_limits(engine):
    """Rights, a number for each day, and hands that are full."""
    people = network(
        member=[
            {"userid": "anna", "store": "s1", "roles": ["sales_advisor"], "capacity": 0},
            {"userid": "boss1", "store": "s1", "roles": ["technician"]},
        ]
    )
    stage = Stage.open(engine, DeskSettings(take_most_a_day=2, hold_most=3, pool_after=timedelta(0)), people)
    desk = stage.desk()
    ids = [desk.take(new()).lead_id for _ in range(5)]
    desk.assign()
    assert desk.take_from_pool(ids[0], "boss1") is PoolAnswer.NO_RIGHT
    assert desk.pool("boss1") == []
    assert [desk.take_from_pool(one, "anna") for one in ids[:3]] == [
        PoolAnswer.DONE,
        PoolAnswer.DONE,
        PoolAnswer.DAY_FULL,
    ]
    stage.wait(days=2)
    assert [desk.take_from_pool(one, "anna") for one in ids[2:4]] == [PoolAnswer.DONE, PoolAnswer.HANDS_FULL]


# Who agreed.


def test_a_dealer_gets_no_lead_without_separate_consent(stage, desk):
    """The lead waits; the consent names the dealer; then it goes."""
    lead_id = desk.take(new("b1")).lead_id
    assert desk.assign() == []
    assert desk.lead(lead_id).blocked == "no_consent"
    desk.consents.record(lead_id, agreed("somebody else"))
    assert desk.assign() == []
    assert desk.consents.record(lead_id, agreed("北京远途"))
    assert not desk.consents.record(lead_id, agreed("北京远途"))
    assert [one.userid for one in desk.assign()] == ["dora"]


def test_a_dealers_own_desk_needs_no_consent_to_give_itself_data(engine):
    """The handler of the data is the dealer."""
    stage = Stage.open(engine, DeskSettings(handler="bj"))
    desk = stage.desk()
    desk.take(new("b1"))
    assert [one.userid for one in desk.assign()] == ["dora"]


def test_a_consent_that_is_taken_back_stops_what_was_not_sent(stage, desk):
    """The card is not sent, the member loses the lead and is told to stop; the ledger keeps both times."""
    lead_id = desk.take(new("b1"), consents=[agreed()]).lead_id
    desk.assign()
    assert desk.consents.withdraw(lead_id, "provide_to_dealer", evidence="call") == 1
    assert desk.lead(lead_id).blocked == "no_consent"
    report = desk.deliver(stage.fake.client())
    assert stage.told("dora") == ["客户撤回授权, 请停止联系"]
    assert report.sent == 1
    (record,) = desk.consents.of(lead_id)
    assert record.withdrawn_at == stage.fake.clock.now()
    assert desk.assign() == []


def test_a_dealer_with_a_corp_of_its_own_gets_a_lead_by_hand_over(engine):
    """Members of another corp are given nothing here; without consent the hand-over is refused; it is done once."""
    people = network(
        dealer=[{"code": "own", "same_handler": True}, {"code": "bj", "name": "北京远途", "corp_id": "wwdealer"}],
        region=[],
    )
    desk = Stage.open(engine, people=people).desk()
    lead = new("b1")
    lead_id = desk.take(lead).lead_id
    assert desk.assign() == []
    assert [one.lead_id for one in desk.leads(blocked="other_corp")] == [lead_id]
    sink = Sink()
    assert desk.hand_over(lead_id, dealer="bj", sink=sink) is HandOver.NO_CONSENT
    assert sink.taken == []
    desk.consents.record(lead_id, agreed())
    answers = [desk.hand_over(lead_id, dealer="bj", sink=sink) for _ in range(2)]
    assert answers == [HandOver.DONE, HandOver.ALREADY]
    (handed,) = sink.taken
    assert handed.phone == lead.phone
    assert lead.phone not in repr(handed)
    assert desk.lead(lead_id).status is LeadStatus.CLOSED
    assert desk.hand_over("nobody", dealer="bj", sink=sink) is HandOver.UNKNOWN


@define
class Sink:
    """A dealer's system that keeps what it gets."""

    taken: list[object] = field(factory=list)

    def take(self, lead: object) -> str:
        """Keep it."""
        self.taken.append(lead)
        return "DMS-1"


def test_a_consent_has_to_be_provable():
    """Text, evidence and, for a dealer, the recipient."""
    for missing in ({"evidence": ""}, {"text_version": " "}, {"recipient": ""}):
        with pytest.raises(ValidationError, match=next(iter(missing))):
            evolve(agreed(), **missing)


# Who was added.


def added(external_userid: str = "wm9", userid: str = "anna", **values: object) -> Added:
    """Somebody was added."""
    return Added(external_userid=external_userid, userid=userid, at=TEN, **values)


def test_the_own_link_tells_who_was_added(stage, desk):
    """From the text message to the add to the first reply, the lead knows."""
    lead_id = desk.take(new(), consents=[agreed(purpose="sms")]).lead_id
    desk.assign()
    url = desk.make_link(lead_id, url="https://work.weixin.qq.com/ca/caw1")
    assert desk.make_link(lead_id, url="https://work.weixin.qq.com/ca/caw1") == url
    state = url.partition("customer_channel=")[2]
    provider = Provider()
    assert desk.send_links(provider, text="您好 {}".format).sent == 1
    assert desk.send_links(provider, text="您好 {}".format).sent == 0
    assert desk.link_opened(state)
    assert desk.match(added(state=state)).kind is MatchKind.STATE
    assert desk.match(added(state=state)).lead_id == lead_id
    assert desk.replied("wm9")
    assert not desk.replied("wm9")
    assert [(one.stage, one.leads) for one in desk.numbers.funnel(exposed=100)] == [
        ("exposed", 100),
        ("lead", 1),
        ("link_opened", 1),
        ("added", 1),
        ("first_reply", 1),
    ]
    rate = desk.numbers.add_rate()
    assert (rate.value, rate.target, rate.small, rate.cases) == (1.0, 0.45, True, 1)
    assert "138" not in repr(provider.sent)


def test_no_text_message_without_consent(desk):
    """It stays queued until somebody agrees."""
    lead_id = desk.take(new()).lead_id
    desk.make_link(lead_id, url="https://work.weixin.qq.com/ca/caw1")
    assert desk.send_links(Provider(), text=str).no_consent == 1
    desk.consents.record(lead_id, agreed(purpose="sms"))
    assert desk.send_links(Provider(refuses=True), text=str).failed == 1
    assert desk.send_links(Provider(), text=str).sent == 1


@pytest.mark.parametrize(("idempotent", "sent"), [(False, 1), (True, 2)])
def test_a_text_message_whose_fate_is_unknown_is_not_repeated(stage, desk, idempotent, sent):
    """Unless the provider recognises the repeat by its key."""
    lead_id = desk.take(new(), consents=[agreed(purpose="sms")]).lead_id
    desk.make_link(lead_id, url="https://work.weixin.qq.com/ca/caw1")
    provider = Provider(idempotent=idempotent)

    def die(point: str) -> None:
        if point == "sms sent":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stage.desk(crash=die).send_links(provider, text=str)
    stage.wait(minutes=10)
    report = desk.send_links(provider, text=str)
    assert (report.unsure, len(provider.sent)) == (0 if idempotent else 1, sent)
    assert len({one.key for one in provider.sent}) == 1


def test_who_came_by_a_link_has_opened_it(desk):
    """Without the platform's event of an opened link, an add by it is an opening; one by a code is not."""
    first, second = desk.take(new()).lead_id, desk.take(new(phone="13900000002")).lead_id
    state = desk.make_link(first, url="https://work.weixin.qq.com/ca/caw1").partition("customer_channel=")[2]
    desk.match(added(state=state))
    desk.match(added("wm8", state="campaign", phones=("13900000002",)))
    assert desk.lead(first).link_opened_at == TEN
    assert (desk.lead(second).link_opened_at, desk.lead(second).added_at) == (None, TEN)


def test_the_phone_of_the_remark_tells_who_was_added(desk):
    """However it is written; the second member becomes co-owner."""
    lead = new()
    lead_id = desk.take(lead).lead_id
    (one,) = desk.assign()
    other = "bert" if one.userid == "anna" else "anna"
    match = desk.match(added(userid=other, phones=(f"+86 {lead.phone}", "nonsense")))
    assert (match.kind, match.lead_id) == (MatchKind.PHONE, lead_id)
    stored = desk.lead(lead_id)
    assert (stored.owner, stored.co_owner, stored.added_by) == (one.userid, other, other)
    assert desk.contacted(lead_id, other, evidence="chat") is Answer.DONE


def test_in_doubt_a_person_decides(stage, desk):
    """A family's phone and somebody else's WeChat: nobody guesses, the manager is asked."""
    one, two = new(), NewLead(unionid="u7", store="s1")
    first, second = desk.take(one).lead_id, desk.take(two).lead_id
    who = added(phones=(one.phone,), unionid="u7")
    match = desk.match(who)
    assert match.kind is MatchKind.AMBIGUOUS
    assert set(match.candidates) == {first, second}
    desk.deliver(stage.fake.client())
    assert stage.told("boss1") == ["新好友可能对应多条线索, 请核对"] * 2
    assert desk.decide(who, second, actor="boss1")
    assert desk.find(external_userid="wm9").lead_id == second
    assert desk.decide(who, first, actor="boss1")
    assert desk.find(external_userid="wm9").lead_id == first
    assert desk.merge([first, second], actor="boss1") in {first, second}


def test_somebody_nobody_knew_becomes_a_lead_without_a_phone(engine, desk):
    """Its owner of before is whoever was added; a setting leaves it alone."""
    match = desk.match(added())
    assert match.kind is MatchKind.NEW
    assert [one.userid for one in desk.assign()] == ["anna"]
    quiet = Stage.open(engine, DeskSettings(adds_are_leads=False)).desk()
    assert quiet.match(added()).kind is MatchKind.NONE


def test_who_did_not_add_is_called(stage, desk):
    """A day after the link, once; with a task list it is a task, else a card."""
    lead_id = stage.given(desk)
    owner = desk.lead(lead_id).owner
    desk.contacted(lead_id, owner, evidence="call")
    assert desk.link_shown(lead_id)
    stage.wait(hours=25)
    assert [desk.tick().not_added, desk.tick().not_added] == [1, 0]

    tasks = TaskList()
    assert stage.desk(tasks=tasks).deliver(stage.fake.client()).tasks == 1
    (task,) = tasks.made
    assert (task.kind, task.userid) == ("add_friend", owner)


@define
class TaskList:
    """A task list that keeps what it is told."""

    made: list[object] = field(factory=list)

    def create(self, task: object) -> None:
        """Keep it."""
        self.made.append(task)


# Numbers, changes, forgetting.


def test_numbers_have_definitions(stage, desk):
    """Reach speed, acceptance, who is late, where leads come from."""
    for source in ("朋友圈广告", "朋友圈广告", "官网"):
        stage.given(desk, new(source=source))
    first, second, _ = desk.leads()
    desk.accept(first.lead_id, first.owner)
    stage.wait(minutes=10)
    desk.contacted(first.lead_id, first.owner, evidence="call")
    stage.wait(hours=1)
    half, most = desk.numbers.reach_speed()
    assert (half.value, half.cases, most.value) == (600.0, 1, 600.0)
    assert "first effective contact" in half.definition
    in_time = desk.numbers.accepted_in_time(Span(since=TEN, store="s1"))
    assert (in_time.value, in_time.cases) == (pytest.approx(1 / 3), 3)
    late = desk.numbers.overdue()
    assert sum(one.overdue for one in late) == 2
    assert late[0].longest == timedelta(minutes=40)
    assert second.owner in {one.userid for one in late}
    assert [(one.source, one.leads) for one in desk.numbers.source_mix()] == [("朋友圈广告", 2), ("官网", 1)]


def test_a_call_of_somebody_else_counts_and_frees_nobody(stage, desk):
    """A talk of the voice robot is a contact; the owner still has to do theirs."""
    lead_id = stage.given(desk)
    assert desk.called(lead_id, CallOutcome.NO_ANSWER, by="robot", evidence="call 1") is Answer.DONE
    assert desk.lead(lead_id).contacted_at is None
    desk.called(lead_id, CallOutcome.WANTS_WECOM, by="robot", evidence="call 2")
    assert desk.lead(lead_id).contacted_at == stage.fake.clock.now()
    stage.wait(hours=1)
    assert desk.tick().reminded == 1
    assert desk.called("nobody", CallOutcome.REFUSED, by="robot", evidence="") is Answer.UNKNOWN


def test_work_that_is_no_message_becomes_staff_tasks_and_channel_codes_name_leads(stage, desk):
    """The desk's neighbours: each task once for its key, each code read back."""
    corp_id = stage.fake.corp_id
    channels = Channels(stage.engine, corp_id, clock=stage.fake.clock.time)
    work = TaskDesk(stage.engine, corp_id, roster=stage.network)
    tasks = TaskDeskTasks(work, clock=stage.fake.clock.time)
    bound = stage.desk(tasks=tasks, states=ChannelStates(channels))
    lead_id = stage.given(bound)
    owner = bound.lead(lead_id).owner
    state = channels.state(Source(lead=lead_id))
    assert bound.match(added("wm8", owner, state=state)).lead_id == lead_id
    assert ChannelStates(channels)("somebody else's") == ""
    bound.contacted(lead_id, owner, evidence="call", next_at=stage.fake.clock.now())
    stage.wait(minutes=1)
    bound.tick()
    assert bound.deliver(stage.fake.client()).tasks == 1
    (task,) = work.open().tasks
    assert (task.kind, task.assignee) == ("call", owner)


def test_changes_go_to_a_crm_and_do_not_come_back(desk):
    """A program that copies leads elsewhere goes on where it was and leaves out its own words."""
    lead_id = desk.take(new()).lead_id
    (taken,) = desk.changes()
    desk.close(lead_id, reason="won", actor="crm")
    assert desk.changes(after=taken.id, without="crm") == []
    assert [one.what for one in desk.changes(after=taken.id)] == ["closed"]


def test_a_forgotten_lead_leaves_no_trace_of_the_person(stage, desk):
    """Numbers stay, words go; the same person is new afterwards."""
    lead = new(name="王小明")
    lead_id = stage.given(desk, lead)
    assert desk.forget(lead_id) > 4
    assert desk.find(phone=lead.phone) is None
    assert desk.history(lead_id) == []
    with stage.engine.connect() as connection:
        mine = [connection.execute(sa.select(table).where(table.c.corp_id == stage.corp_id)).all() for table in t.ALL]
    assert "王小明" not in repr(mine)
    assert desk.take(lead).outcome == "new"


def test_nothing_the_desk_says_names_a_person(stage, desk):
    """Reprs of leads, keys, desks and reports show neither phone nor name."""
    lead = new(name="王小明")
    stage.given(desk, lead)
    shown = repr((desk, LeadKeys(KEY), desk.leads(), desk.find(phone=lead.phone), lead, desk.assign()))
    assert lead.phone not in shown
    assert "王小明" not in shown
    assert KEY not in shown


def test_settings_that_make_no_sense_are_refused():
    """The alarm does not come before the reminder."""
    with pytest.raises(ConfigurationError, match="first_contact"):
        DeskSettings(alarm=timedelta(minutes=1))


CELL = st.sampled_from(
    ["", "王", "13800138000", "138****8000", "3/1/2026", "2026-03-01", "=1", "一店", "火星店", '"', ","]
)


@settings(max_examples=25)
@given(st.lists(st.lists(CELL, min_size=4, max_size=5), max_size=12))
def test_every_row_of_an_import_is_counted_once_and_a_second_import_changes_nothing(engine, rows):
    """Whatever stands in a list: the numbers add up, and what was new is repeated the next time."""
    desk = Stage.open(engine).desk()
    table = "姓名,手机,门店,留资时间\n" + "".join(",".join(row) + "\n" for row in rows)
    first, second = desk.import_file(table.encode()), desk.import_file(table.encode())
    for one in (first, second):
        assert one.rows == one.new + one.merged + one.repeated + one.bad + one.blank
    assert (second.new, second.merged, second.bad) == (0, 0, first.bad)
    assert second.repeated == first.new + first.merged + first.repeated
    assert len(desk.leads()) == first.new
