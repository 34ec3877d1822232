"""Talk scripts (话术) go out with the lead, approved and of its segment; the answer comes back from a card."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve
from tests.unit._lead_stage import TEN, Stage, new

from wecom_auto.automotive.content import Approvals, ApprovedContents, ContentLibrary, SegmentScripts
from wecom_auto.automotive.leads import (
    Answer,
    AnswerCount,
    CustomerAnswer,
    DeskSettings,
    LeadStatus,
    PoolAnswer,
    Span,
    TalkScript,
)
from wecom_auto.callbacks import TemplateCardPressed
from wecom_auto.errors import ConfigurationError
from wecom_auto.store import open_store

BOOK = """
["script/x7"]
category = "话术"
audience = ["model:X7"]
valid_from = 2026-03-02
valid_until = 2026-03-08
text = "{{ name }}，X7 到店试驾有礼"

["script/all"]
category = "话术"
text = "您好，我是您的专属顾问"

["script/draft"]
category = "话术"
audience = ["model:S5"]
text = "还没审核"

["tpl/march"]
category = "活动优惠"
text = "三月活动"
"""
LIBRARY = ContentLibrary.from_toml(BOOK)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """One database for the module: corps do not see each other."""
    engine = open_store(f"sqlite:///{tmp_path_factory.mktemp('scripts') / 'store.db'}")
    yield engine
    engine.dispose()


def scripts(stage: Stage, library: ContentLibrary = LIBRARY, **options: object) -> SegmentScripts:
    """The library of a stage, with two scripts approved."""
    desk = Approvals(stage.engine, stage.corp_id, library, lambda _: ["dealer_ops"])
    for name in {"script/x7", "script/all"} & library.items.keys():
        desk.submit(name, by="ann", now=TEN)
        desk.approve(name, by="ops", now=TEN)
    return SegmentScripts(ApprovedContents(desk, clock=stage.fake.clock.time), **options)


@pytest.fixture
def stage(engine) -> Stage:
    """A corp whose desk hands out scripts."""
    stage = Stage.open(engine)
    stage.settings = DeskSettings(scripts=scripts(stage))
    return stage


def card(stage: Stage, userid: str, number: int = -1) -> dict[str, object]:
    """A card that a member has got."""
    return stage.fake.messages_to(userid)[number].body["template_card"]


def press(stage: Stage, desk, userid: str, key: str, number: int = -1) -> Answer | None:
    """Press a button of the newest card."""
    task = card(stage, userid, number)["task_id"]
    event = TemplateCardPressed(created_at=TEN, to_user="ww1", from_user=userid, task_id=task, event_key=key)
    return desk.on_card(event)


def accepted(stage: Stage, desk, **lead: object) -> tuple[str, str]:
    """A lead that a member has accepted, and has got the second card for."""
    lead_id = stage.given(desk, new(**lead))
    desk.deliver(stage.fake.client())
    owner = desk.lead(lead_id).owner
    assert press(stage, desk, owner, "lead:accept") is Answer.DONE
    assert desk.deliver(stage.fake.client()).sent == 1
    return lead_id, owner


def test_a_lead_card_brings_the_script_of_its_segment(stage):
    """The narrowest approved one; what is not approved is passed over for that of everybody."""
    desk = stage.desk()
    said = {}
    for model in ("X7", "S5", "T1"):
        lead_id = stage.given(desk, new(model=model))
        desk.deliver(stage.fake.client())
        said[model] = card(stage, desk.lead(lead_id).owner)["sub_title_text"]
    everybody = "话术: 您好，我是您的专属顾问"
    assert said == {"X7": "话术: 王女士，X7 到店试驾有礼", "S5": everybody, "T1": everybody}


def test_an_expired_script_is_not_handed_out(stage):
    """From the day after its last one the next best is."""
    stage.wait(days=7)
    desk = stage.desk()
    lead_id = stage.given(desk, new(model="X7"))
    desk.deliver(stage.fake.client())
    assert card(stage, desk.lead(lead_id).owner)["sub_title_text"] == "话术: 您好，我是您的专属顾问"


def test_a_repeat_brings_the_same_words(stage):
    """The script expires between two tries: the bytes stay, so that the platform drops the double."""
    stage.wait(days=6, hours=13, minutes=59)
    lead_id = stage.given(stage.desk(), new(model="X7"))

    def die(point: str) -> None:
        if point == "told":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stage.desk(crash=die).deliver(stage.fake.client())
    stage.wait(minutes=2)
    desk = stage.desk()
    assert desk.deliver(stage.fake.client()).sent == 1
    (told,) = stage.fake.messages_to(desk.lead(lead_id).owner)
    assert "X7" in told.body["template_card"]["sub_title_text"]


def test_the_answer_is_written_down_with_one_tap(stage):
    """Who accepts gets a card with six answers; a tap is contact, evidence and a number for the script."""
    desk = stage.desk()
    lead_id, owner = accepted(stage, desk, model="X7")
    second = card(stage, owner)
    assert [one["text"] for one in second["button_list"]] == [
        "预约到店试驾", "有意向", "以后再联系", "未接通", "号码有误", "不再联系",
    ]  # fmt: skip
    assert "X7" in second["sub_title_text"]
    assert press(stage, desk, owner, "lead:answer:wants_drive") is Answer.DONE
    assert press(stage, desk, owner, "lead:answer:wants_drive") is Answer.ALREADY
    stored = desk.lead(lead_id)
    assert (stored.status, stored.contacted_at) == (LeadStatus.WORKING, stage.fake.clock.now())
    (entry,) = [one for one in desk.history(lead_id) if one.what == "answered"]
    assert (entry.actor, entry.detail["answer"], entry.detail["script"]) == (owner, "wants_drive", "script/x7")
    counted = AnswerCount(script="script/x7", answer=CustomerAnswer.WANTS_DRIVE, leads=1)
    assert desk.numbers.answers() == (counted,)
    assert desk.numbers.answers(Span(since=TEN + timedelta(days=1))) == ()


def test_nobody_answered_is_a_try_and_the_next_card_follows(stage):
    """No deadline stops; the next answer replaces the first one in the numbers."""
    desk = stage.desk()
    lead_id, owner = accepted(stage, desk)
    assert press(stage, desk, owner, "lead:answer:no_answer") is Answer.DONE
    assert desk.lead(lead_id).contacted_at is None
    assert desk.deliver(stage.fake.client()).sent == 1
    assert card(stage, owner)["task_id"] != card(stage, owner, -2)["task_id"]
    assert press(stage, desk, owner, "lead:answer:later") is Answer.DONE
    assert [(one.answer, one.leads) for one in desk.numbers.answers()] == [(CustomerAnswer.LATER, 1)]


@pytest.mark.parametrize("said", [CustomerAnswer.REFUSED, CustomerAnswer.WRONG_PERSON])
def test_who_does_not_want_to_be_contacted_is_not(stage, said):
    """The lead is closed at once, with the reason, and nobody is reminded of it."""
    desk = stage.desk()
    lead_id, owner = accepted(stage, desk)
    assert press(stage, desk, owner, f"lead:answer:{said.value}") is Answer.DONE
    assert desk.lead(lead_id).status is LeadStatus.CLOSED
    assert desk.history(lead_id)[-1].detail == {"reason": f"customer: {said.value}"}
    stage.wait(days=2)
    assert desk.tick().reminded == 0
    assert desk.answered(lead_id, owner, CustomerAnswer.LATER) is Answer.NOT_YOURS


def test_answers_of_strangers_and_of_other_cards_change_nothing(stage):
    """Only whoever has the lead writes down an answer, and only on its own card."""
    desk = stage.desk()
    lead_id, owner = accepted(stage, desk)
    other = {"anna": "bert", "bert": "anna"}[owner]
    assert desk.answered(lead_id, other, CustomerAnswer.LATER) is Answer.NOT_YOURS
    assert desk.answered("nobody", owner, CustomerAnswer.LATER) is Answer.UNKNOWN
    assert press(stage, desk, owner, "refused") is None
    assert press(stage, desk, owner, "lead:accept") is None
    assert press(stage, desk, owner, "lead:answer:later", number=0) is None


def test_a_lead_from_the_pool_brings_the_card_for_the_answer(engine):
    """Whoever took it has accepted it: the script comes with the card for the answer."""
    stage = Stage.open(engine, DeskSettings(most_rounds=1))
    stage.settings = evolve(stage.settings, scripts=scripts(stage))
    desk = stage.desk()
    lead_id = stage.given(desk)
    assert desk.refuse(lead_id, desk.lead(lead_id).owner, reason="异地") is Answer.DONE
    assert desk.take_from_pool(lead_id, "cora") is PoolAnswer.DONE
    desk.deliver(stage.fake.client())
    assert stage.told("cora") == ["客户怎么说? 联系后点选"]
    assert "X7" in card(stage, "cora")["sub_title_text"]


def test_cards_with_a_link_carry_the_script_and_ask_nothing(engine):
    """Without buttons the answer is told by a program."""
    stage = Stage.open(engine)
    stage.settings = DeskSettings(buttons=False, scripts=scripts(stage))
    desk = stage.desk()
    lead_id = stage.given(desk)
    desk.deliver(stage.fake.client())
    owner = desk.lead(lead_id).owner
    (message,) = stage.fake.messages_to(owner)
    assert message.body["textcard"]["description"].endswith("话术: 王女士，X7 到店试驾有礼")
    desk.accept(lead_id, owner)
    assert desk.deliver(stage.fake.client()).sent == 0
    assert desk.answered(lead_id, owner, CustomerAnswer.INTERESTED, evidence="call 7") is Answer.DONE
    assert desk.answered(lead_id, owner, CustomerAnswer.INTERESTED, evidence="call 7") is Answer.ALREADY


def test_a_chooser_that_fails_costs_the_script_and_not_the_lead(engine, caplog):
    """The card goes out without one; the log names the lead and the kind of error, not its words."""

    def choose(_lead: object) -> TalkScript:
        msg = "王女士"
        raise RuntimeError(msg)

    stage = Stage.open(engine, DeskSettings(scripts=choose))
    desk = stage.desk()
    lead_id = stage.given(desk)
    assert desk.deliver(stage.fake.client()).sent == 1
    assert "sub_title_text" not in card(stage, desk.lead(lead_id).owner)
    assert f"lead {lead_id}: no script, the chooser raised RuntimeError" in caplog.text
    assert "王女士" not in caplog.text


def test_segments_may_be_yours(stage):
    """A grade, a city: any words, from narrow to wide."""
    library = ContentLibrary.from_toml('["script/x7"]\ncategory = "话术"\naudience = ["grade:H"]\ntext = "尊享"\n')
    choose = scripts(stage, library, segments=lambda _: ("grade:H",))
    desk = stage.desk()
    lead = desk.lead(stage.given(desk))
    assert choose(lead) == TalkScript(name="script/x7", text="尊享")
    assert scripts(stage, ContentLibrary({}))(lead) is None
    assert "尊享" not in repr(choose(lead))
    assert repr(choose) == "SegmentScripts(1 scripts)"


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        (f'text = "{"长" * 161}"', "the text has 161 characters, a card shows 160"),
        ('text = "{{ phone }}"', "variable phone is none of campaign, model, name, source, store"),
        (
            'text = "看"\nattachments = [{ msgtype = "link", link = { title = "看", url = "https://a.cn" } }]',
            "it has attachments, which no card carries",
        ),
        ('attachments = [{ msgtype = "link", link = { title = "看", url = "https://a.cn" } }]', "it has no text"),
    ],
    ids=["too long", "variable", "attachment", "no text"],
)
def test_scripts_that_no_card_shows_are_refused(stage, table, fault):
    """When the desk is made, not when a lead waits."""
    library = ContentLibrary.from_toml(f'["script/bad"]\ncategory = "话术"\n{table}\n')
    with pytest.raises(ConfigurationError, match=fault):
        scripts(stage, library)
