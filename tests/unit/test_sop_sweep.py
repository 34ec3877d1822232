"""A process that was frozen for longer than its lease creates a second task: the sweep finds and withdraws it."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import httpx
import pytest
from attrs import evolve
from tests.unit._sop_stage import NINE, TEN, URL, Stage, mass, sop

from wecom_auto.models import LinkAttachment, Text
from wecom_auto.sop import Content, Contents
from wecom_auto.sop.runner import Runner, Settings
from wecom_auto.testing import FakeWeCom

CREATE = "externalcontact/add_msg_template"
CANCEL = "externalcontact/cancel_groupmsg_send"
LIST = "externalcontact/get_groupmsg_list_v2"
ONE = sop("one", mass("s1", "+0d 10:00", "a"))
LINK = LinkAttachment(title="资料", url="https://dealer.example/car")
CONTENTS = {
    "text": Content(text="内容"),
    "link": Content(text="内容", attachments=[LINK]),
}


def stage_of(kind="text", fake=None):
    """A stage whose content is a text or carries a link, with two customers in the SOP."""
    stage = Stage.open(
        URL,
        contents=Contents({"a": CONTENTS[kind]}),
        settings=Settings(sweep_every=timedelta(0), count_every=timedelta(0)),
        fake=fake,
    )
    stage.publish(ONE)
    for customer in stage.member("zhang", 2):
        stage.runner.enrol("one", customer, now=stage.now)
    return stage


def frozen_worker(stage, during, content):
    """Another process on the same database, frozen between its last check and the write of its first create call."""
    naps = count()

    def hook(request):
        if request.url.path.endswith("add_msg_template") and not next(naps):
            during()

    http = httpx.Client(transport=stage.fake.transport, event_hooks={"request": [hook]})
    return Runner(
        stage.directory.engine,
        stage.fake.client(http=http),
        stage.directory,
        Contents({"a": content}),
        settings=stage.settings,
        new_id=lambda: "frozen",
        stopwatch=lambda: 0.0,
    )


@pytest.fixture(params=["text", "link"])
def twice(request):
    """One batch, two tasks: the second of them from a process that slept for half an hour."""
    stage = stage_of(request.param)
    sleeper = frozen_worker(stage, lambda: [stage.tick(minutes=10) for _ in range(3)], CONTENTS[request.param])
    stage.fake.clock.advance_to(TEN)
    sleeper.tick(stage.now)
    assert (stage.fake.count(CREATE), len(stage.fake.mass_messages()), len(stage.batches())) == (2, 2, 1)
    return stage


def test_the_younger_task_is_withdrawn(twice):
    """The sweep withdraws the sleeper's task and reports it; the customers get one message."""
    twice.fake.clock.advance(hours=1)
    found = twice.runner.sweep(twice.now)
    own = twice.batches()[0]["msgid"]
    assert (len(found.duplicates), own in found.duplicates) == (1, False)
    twice.run_until_idle()
    assert twice.logged()["alert:duplicate"] == 1
    assert all(twice.fake.customer(one).mass_messages == 1 for one, _ in twice.touches())


def test_a_second_sweep_finds_nothing_new(twice):
    """What is withdrawn already is not reported again."""
    twice.fake.clock.advance(hours=1)
    twice.runner.sweep(twice.now)
    assert twice.runner.sweep(twice.now).duplicates == ()
    assert twice.logged()["alert:duplicate"] == 1


def test_ticks_sweep_by_themselves(twice):
    """Once a day, from the second day on, and the report counts what was found."""
    twice.runner._context = evolve(
        twice.runner._context, settings=evolve(twice.settings, sweep_every=timedelta(days=1))
    )
    assert [twice.tick(hours=hours).counts.get("duplicates", 0) for hours in (1, 20, 4, 1, 24)] == [0, 0, 1, 0, 0]


def test_an_honest_week_has_no_duplicates():
    """Different batches with one text to different customers are no duplicates."""
    stage = stage_of()
    stage.run_until_idle()
    for customer in stage.member("li", 2):
        stage.runner.enrol("one", customer, now=stage.now)
    stage.run_until_idle()
    found = stage.runner.sweep(stage.now + timedelta(hours=1))
    assert (found.tasks, found.duplicates, found.suspects, stage.fake.count(CANCEL)) == (2, (), (), 0)


@pytest.mark.parametrize(
    ("text", "others", "suspects"),
    [("内容", True, 1), ("内容", False, 0), ("别的", True, 0)],
    ids=["same text, one customer of ours too many", "same text, strangers", "another text"],
)
def test_a_task_that_is_not_proved_ours_is_left_alone(text, others, suspects):
    """A colleague's app may say the same words: nobody but a person touches that task."""
    stage = stage_of()
    stranger = stage.fake.add_customer(name="别人", followed_by="zhang").external_userid
    stage.run_until_idle()
    ours = [customer for customer, _ in stage.touches()]
    stage.fake.client().mass_messages.create(
        chat_type="single",
        external_userids=[stranger, *(ours if others else ())],
        sender="zhang",
        text=Text(content=text),
    )
    stage.fake.clock.advance(hours=1)
    found = stage.runner.sweep(stage.now)
    assert (found.duplicates, len(found.suspects), stage.fake.count(CANCEL)) == ((), suspects, 0)


def test_the_task_that_was_made_first_is_the_one_that_stays():
    """Where the list had shown the first task too late, the batch follows it, and the second one is withdrawn."""
    fake = FakeWeCom(now=NINE)
    fake.settings = evolve(fake.settings, list_lag=timedelta(hours=1))
    stage = stage_of(fake=fake)
    stage.fake.fail_next(CREATE, late_busy=True)
    stage.tick(TEN)
    stage.tick(minutes=20)
    stage.tick(minutes=1)
    first, second = stage.fake.mass_messages()
    assert stage.batches()[0]["msgid"] == second
    found = stage.runner.sweep(stage.now + timedelta(hours=1, minutes=20))
    stage.fake.clock.advance(hours=1, minutes=20)
    found = stage.runner.sweep(stage.now)
    assert (found.duplicates, stage.batches()[0]["msgid"]) == ((second,), first)
    stage.run_until_idle()
    assert all(fake.customer(one).mass_messages == 1 for one, _ in stage.touches())


def test_a_list_that_cannot_be_read_is_read_again():
    """An outage costs a sweep and no more: the next one begins where this one stopped."""
    stage = stage_of()
    stage.run_until_idle()
    stage.fake.fail_next(LIST, times=10, reset="before")
    assert stage.runner.sweep(stage.now).until is None
    stage.fake.clear_faults()
    stage.fake.clock.advance(hours=1)
    assert stage.runner.sweep(stage.now).tasks == 1
