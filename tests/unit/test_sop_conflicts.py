"""Several SOPs and one customer: who goes first, who waits, who shares, who is kept out, and who has not agreed."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests.unit._sop_stage import TEN, URL, Stage, mass, sop

from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop.contents import Content, Contents
from wecom_auto.sop.runner import Settings

CREATE = "externalcontact/add_msg_template"
MERGED = Contents({name: Content(text=f"内容 {name}", merge=True) for name in ("a", "b", "c")})
NO_GAP = Settings(gap=timedelta(0))


@pytest.fixture
def stage():
    """One corp with an empty database, at nine in the morning."""
    return Stage.open(URL)


def enrolled(stage, customer, *definitions, **more):
    """Publish SOPs and let the customer into each; return who came in."""
    stage.publish(*definitions)
    return [stage.runner.enrol(one.sop, customer, now=stage.now, **more) for one in definitions]


def policy(priority=50, step="s", at="+0d 10:00", content="a", name="one", more="", **words):
    """A SOP with one message and a policy."""
    table = ", ".join(f'{key} = "{value}"' for key, value in words.items())
    head = f"priority = {priority}\n{more}\npolicy = {{ {table} }}"
    return sop(name, mass(step, at, content), head=head)


def test_the_important_message_of_the_afternoon_wins_the_day(stage):
    """A small SOP that is due at ten does not take the day from the great one at two; its turn comes later."""
    (customer,) = stage.member("zhang", 1)
    small = policy(10, content="a", name="small", more='window = { late = "drop after 5d" }')
    great = policy(90, at="+0d 14:00", content="b", name="great")
    enrolled(stage, customer, small, great)
    stage.tick(TEN)
    assert stage.fake.count(CREATE) == 0
    stage.run_until_idle()
    calls = [(call.at, call.body["text"]["content"]) for call in stage.fake.calls(CREATE)]
    assert calls == [(TEN + timedelta(hours=4), "内容 b"), (TEN + timedelta(days=2, hours=4), "内容 a")]


def test_a_message_that_was_deferred_to_the_afternoon_keeps_its_rank(stage):
    """What waits for the window of the afternoon is heard in the morning, too."""
    (customer,) = stage.member("zhang", 1)
    window = 'window = { allow = ["14:00-18:00"] }'
    great = policy(90, content="b", name="great", more=window)
    enrolled(stage, customer, great)
    stage.tick(TEN)
    small = policy(10, at="+0d 11:00", name="small", more='window = { late = "drop after 5d" }')
    enrolled(stage, customer, small)
    stage.tick(TEN + timedelta(hours=1))
    assert stage.fake.count(CREATE) == 0
    assert "deferred:fatigue" in stage.reasons(customer)


def test_a_legal_notice_waits_for_nobody(stage):
    """A recall notice of the lowest priority goes out on the day of another message."""
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, customer, policy(90, name="one"), policy(0, content="b", name="recall", purpose="legal"))
    stage.tick(TEN)
    assert len(stage.sent()) == 2


def test_fatigue_counts_the_messages_of_all_sops():
    """A budget of one a day and two a week: the third SOP of the week waits until the first message is a week old."""
    stage = Stage.open(URL, settings=NO_GAP)
    (customer,) = stage.member("zhang", 1)
    window = 'window = { late = "drop after 20d" }\npolicy = { fatigue = { day = 1, week = 2 } }'
    for number, name in enumerate("abc"):
        enrolled(stage, customer, sop(name, mass("s", "+0d 10:00", name), head=f"priority = {9 - number}\n{window}"))
    stage.run_until_idle()
    days = [(call.at - TEN).days for call in stage.fake.calls(CREATE)]
    assert days == [0, 1, 7]


def test_two_messages_share_one_tap_and_one_allowance():
    """Contents that declare it are one message: one call, one tap, one message of the allowance, two outcomes."""
    stage = Stage.open(URL, contents=MERGED)
    (customer,) = stage.member("zhang", 1)
    enrolled(
        stage,
        customer,
        policy(90, name="one", on_conflict="merge"),
        policy(10, name="two", step="other", content="b", on_conflict="merge"),
    )
    stage.run_until_idle()
    assert stage.sent() == {(customer, "内容 a\n\n内容 b"): 1}
    assert stage.touches() == {(customer, "s"): "delivered", (customer, "other"): "delivered"}
    assert (stage.caps(), stage.logged()["merged"]) == ({customer: (0, 1)}, 1)


def test_customers_with_the_same_pair_share_a_batch():
    """Merging costs no tap per customer: everybody whom the same two SOPs want is in one task."""
    stage = Stage.open(URL, contents=MERGED)
    customers = stage.member("zhang", 3)
    for customer in customers:
        enrolled(
            stage,
            customer,
            policy(90, name="one", on_conflict="merge"),
            policy(10, name="two", step="other", content="b", on_conflict="merge"),
        )
    stage.run_until_idle()
    assert stage.sent() == dict.fromkeys([(one, "内容 a\n\n内容 b") for one in customers], 1)
    assert (stage.fake.count(CREATE), stage.states()) == (1, ["done"])


def test_a_merged_message_is_never_half_true():
    """Whoever leaves one of the two SOPs before the call gets the other's words alone."""
    stage = Stage.open(URL, contents=MERGED)
    (customer,) = stage.member("zhang", 1)
    out = "[[exit]]\nwhen = \"event('bought')\"\n"
    one = sop("one", mass("s", "+0d 10:00", "a"), head='priority = 90\npolicy = { on_conflict = "merge" }', exits=out)
    enrolled(stage, customer, one, policy(10, name="two", step="other", content="b", on_conflict="merge"))
    stage.fake.fail_next(CREATE, errcode=45009)
    stage.tick(TEN)
    stage.directory.record_event(customer, "bought", stage.now)
    stage.run_until_idle()
    assert stage.sent() == {(customer, "内容 b"): 1}
    assert (stage.touches()[customer, "other"], stage.caps()) == ("delivered", {customer: (0, 1)})


def test_both_parts_of_a_merged_message_learn_that_it_was_not_sent():
    """Status 2 and 3 belong to the message, and so to every step in it."""
    stage = Stage.open(URL, contents=MERGED)
    (customer,) = stage.member("zhang", 1)
    enrolled(
        stage,
        customer,
        policy(90, name="one", on_conflict="merge"),
        policy(10, name="two", step="other", content="b", on_conflict="merge"),
    )
    stage.tick(TEN)
    stage.fake.unfriend(customer, "zhang")
    stage.run_until_idle()
    assert set(stage.touches().values()) == {"not_friend"}
    assert stage.caps() == {customer: (0, 0)}


def test_a_full_day_waits_for_the_next_one():
    """With one message a day, the second of the day is sent the day after, as long as it is not late."""
    stage = Stage.open(URL, settings=Settings(cap="day", gap=timedelta(0)))
    (customer,) = stage.member("zhang", 1)
    enrolled(stage, customer, sop("one", mass("s1", "+0d 10:00", "a") + mass("s2", "+0d 11:00", "b")))
    stage.run_until_idle()
    assert set(stage.touches().values()) == {"delivered"}
    assert "deferred:cap" in stage.reasons(customer)


def test_messages_that_the_allowance_costs_are_reported():
    """Whoever goes without a message is counted, and a person hears of it."""
    stage = Stage.open(URL, settings=Settings(cap="day", gap=timedelta(0)))
    (customer,) = stage.member("zhang", 1)
    steps = mass("s1", "+0d 10:00", "a") + mass("s2", "+0d 11:00", "b")
    enrolled(stage, customer, sop("one", steps, head='policy = { on_conflict = "drop" }'))
    stage.tick(TEN)
    assert stage.tick(hours=1).counts["dropped:cap"] == 1
    assert stage.logged()["alert:cap"] == 1


def test_a_member_has_so_many_taps_a_day():
    """The third text of the day waits until tomorrow; a SOP that allows itself more does not."""
    stage = Stage.open(URL, settings=Settings(taps_per_day=2, gap=timedelta(0)))
    customers = stage.member("zhang", 4)
    for customer, name in zip(customers, "abc", strict=False):
        enrolled(stage, customer, policy(50, name=name, content=name))
    stage.publish(sop("split", mass("s", "+0d 10:00", "welcome"), head="policy = { allow_split = true }"))
    stage.runner.enrol("split", customers[3], now=stage.now)
    stage.run_until_idle()
    days = [(call.at - TEN).days for call in stage.fake.calls(CREATE)]
    assert (sorted(days), len(stage.sent())) == ([0, 0, 0, 1], 4)
    assert stage.logged()["deferred:ceiling"] == 1


def with_consent(stage, name="one"):
    """A SOP that asks for the consent called marketing."""
    return policy(name=name, consent="marketing")


@pytest.mark.parametrize("value", [None, False, "yes", 1])
def test_nobody_is_let_in_without_consent(stage, value):
    """Only an attribute that is true is a consent; what is unknown is none."""
    (customer,) = stage.member("zhang", 1)
    if value is not None:
        stage.directory.set_attribute(customer, "consent.marketing", value)
    assert enrolled(stage, customer, with_consent(stage)) == [False]
    assert stage.reasons(customer) == ["blocked:no_consent"]


def test_a_withdrawn_consent_ends_the_run_by_the_next_tick(stage):
    """The run ends at once, not when its next step is due, and nothing more is sent."""
    (customer,) = stage.member("zhang", 1)
    stage.directory.set_attribute(customer, "consent.marketing", True)
    assert enrolled(stage, customer, with_consent(stage)) == [True]
    stage.runner.set_attribute(customer, "consent.marketing", False, stage.now)
    stage.tick(minutes=1)
    assert stage.reasons(customer)[-1] == "exit:no_consent"
    stage.run_until_idle()
    assert stage.fake.count(CREATE) == 0


def test_a_consent_that_is_withdrawn_after_the_freeze_holds(stage):
    """Looked at once more before the call, even if nobody has told the runner."""
    (customer,) = stage.member("zhang", 1)
    stage.directory.set_attribute(customer, "consent.marketing", True)
    enrolled(stage, customer, with_consent(stage))
    stage.fake.fail_next(CREATE, errcode=45009)
    stage.tick(TEN)
    stage.directory.set_attribute(customer, "consent.marketing", False)
    stage.tick(minutes=5)
    assert (stage.fake.count(CREATE), stage.touches()) == (1, {(customer, "s"): "skipped"})
    assert "blocked:no_consent" in stage.reasons(customer)


def test_an_unconfirmed_task_is_withdrawn_with_the_consent(stage):
    """A task that waits for the tap is taken back when its only customer withdraws the consent."""
    (customer,) = stage.member("zhang", 1)
    stage.directory.set_attribute(customer, "consent.marketing", True)
    enrolled(stage, customer, two_steps())
    stage.tick(TEN)
    stage.runner.set_attribute(customer, "consent.marketing", False, stage.now)
    stage.tick(minutes=1)
    assert (stage.states(), stage.caps()) == (["cancelled"], {customer: (0, 0)})


def two_steps():
    """A SOP with consent that goes on after its first message."""
    steps = mass("s", "+0d 10:00", "a") + mass("s2", "+5d 10:00", "b")
    return sop("one", steps, head='policy = { consent = "marketing" }')


def exclusive(name, priority, word="one_per_customer", category="", at="+0d 10:00", content="a"):
    """A SOP that shares its customers with nobody."""
    more = f'category = "{category}"' if category else ""
    return policy(priority, name=name, more=more, at=at, content=content, concurrency=word)


@pytest.mark.parametrize(
    ("first", "second", "comes_in"),
    [
        (exclusive("a", 50), exclusive("b", 50), False),
        (exclusive("a", 50), exclusive("b", 60), True),
        (exclusive("a", 50), policy(10, name="b"), True),
        (policy(90, name="a"), exclusive("b", 10), True),
        (exclusive("a", 50, "one_per_category", "x"), exclusive("b", 50, "one_per_category", "x"), False),
        (exclusive("a", 50, "one_per_category", "x"), exclusive("b", 50, "one_per_category", "y"), True),
        (exclusive("a", 50, "one_per_category", "x"), exclusive("b", 50), False),
    ],
    ids=["equal", "higher", "free second", "free first", "same category", "other category", "one for all"],
)
def test_exclusive_sops_at_the_door(stage, first, second, comes_in):
    """A customer in an exclusive SOP is let into another only if that one goes first; free SOPs take no part."""
    (customer,) = stage.member("zhang", 1)
    assert enrolled(stage, customer, first, second) == [True, comes_in]
    assert ("entry:concurrency" in stage.reasons(customer)) is not comes_in


def test_the_lesser_of_two_exclusive_sops_waits(stage):
    """A SOP of higher priority comes in: the other one's messages wait until it is over."""
    (customer,) = stage.member("zhang", 1)
    window = 'window = { late = "drop after 9d" }'
    low = policy(10, name="low", content="a", concurrency="one_per_customer", more=window, at="+0d 11:00")
    enrolled(stage, customer, low, exclusive("high", 90, content="b"))
    stage.run_until_idle()
    order = [call.body["text"]["content"] for call in stage.fake.calls(CREATE)]
    assert order == ["内容 b", "内容 a"]


def test_a_waiting_sop_goes_on_when_the_other_is_over(stage):
    """While the run of higher priority lives, nothing is sent; afterwards what is not late is."""
    (customer,) = stage.member("zhang", 1)
    window = 'window = { late = "drop after 9d" }'
    low = policy(10, name="low", content="a", concurrency="one_per_customer", more=window)
    enrolled(stage, customer, low, exclusive("high", 90, content="b", at="+4d 10:00"))
    stage.run_until_idle(days=3)
    assert (stage.fake.count(CREATE), stage.logged()["deferred:concurrency"]) == (0, 3)
    stage.run_until_idle()
    assert [call.body["text"]["content"] for call in stage.fake.calls(CREATE)] == ["内容 b", "内容 a"]


def test_the_allowance_counts_a_merged_message_once_and_never_releases_it_unproved():
    """I9 with merging: one reservation for the pair, held until the platform says what became of it."""
    stage = Stage.open(URL, contents=MERGED)
    (customer,) = stage.member("zhang", 1)
    enrolled(
        stage,
        customer,
        policy(90, name="one", on_conflict="merge"),
        policy(10, name="two", step="other", content="b", on_conflict="merge"),
    )
    stage.fake.fail_next(CREATE, late_busy=True)
    stage.tick(TEN)
    assert (stage.states(), stage.caps()) == (["unknown"], {customer: (1, 0)})
    with stage.directory.engine.connect() as connection:
        held = list(connection.scalars(sa.select(t.touches.c.reserved_period).order_by(t.touches.c.id)))
    assert sorted(one is None for one in held) == [False, True]
