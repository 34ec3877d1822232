"""SOPs whose subject is a programme of moments: a job makes the task, members publish, customers with a tag see it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve
from tests.unit._sop_stage import NINE, TEN, URL, Stage

from wecom_auto.sop import BatchStatus
from wecom_auto.sop.contents import Content, Contents
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.runner import Settings
from wecom_auto.testing import FakeWeCom

CREATE = "externalcontact/add_moment_task"


def moment_sop(steps: str, *, on: str = "manual", name: str = "moments") -> Definition:
    """A definition for moments."""
    return Definition.from_toml(
        f'sop = "{name}"\nversion = 1\ntitle = "朋友圈"\ntarget = "moment"\n[entry]\non = "{on}"\n{steps}\n'
    )


def post(step: str, at: str, content: str, visible: str = "") -> str:
    """One step that posts a moment."""
    tags = f", visible = [{visible}]" if visible else ""
    return f'[[step]]\nid = "{step}"\nat = "{at}"\ndo = {{ moment = "{content}"{tags} }}\n'


def opened(*, lag: timedelta = timedelta(minutes=2), **settings) -> Stage:
    """A corp with two members, one of whose customers has a tag; jobs take a while."""
    fake = FakeWeCom(now=NINE)
    fake.settings = evolve(fake.settings, moment_lag=lag)
    stage = Stage.open(URL, settings=Settings(**settings), fake=fake)
    vip = fake.add_tag("意向", "高意向")
    for member in ("zhang", "li"):
        first, *_ = stage.member(member, 2)
        fake.staff_marks_tag(member, first, add=[vip])
    stage.directory.sync(fake.client())
    return stage


def play(stage, definition, days=5, publish=("zhang", "li")):
    """Let the programme in and tick at every wake-up; some members publish."""
    stage.publish(definition)
    stage.runner.enrol(definition.sop, definition.sop, now=stage.now)
    limit = stage.now + timedelta(days=days)
    while (wake := stage.runner.next_wake()) is not None and wake < limit:
        stage.tick(max(wake, stage.now))
        for member in publish:
            stage.fake.publish_moment(member)


def test_a_moment_goes_to_those_who_follow_its_customers():
    """Tags name who may see it, members publish, and the programme is told what came of it."""
    stage = opened()
    play(stage, moment_sop(post("post", "+0d 10:00", "a", '"高意向"')))
    (moment_id,) = stage.fake.moments()
    assert [task.userid for task in stage.fake.moment_tasks(moment_id)] == ["zhang", "li"]
    assert stage.fake.count(CREATE) == 1
    assert stage.touches() == {("moments", "post"): "delivered"}
    assert stage.states() == ["done"]
    assert [
        (one.userid, one.published_at is not None, one.reached) for one in stage.runner.publications("moments")
    ] == [
        ("li", True, 1),
        ("zhang", True, 1),
    ]


def test_without_tags_the_named_members_publish_for_everybody():
    """`Settings.publishers` says who has the task; their customers all see it."""
    stage = opened(publishers=("zhang",))
    play(stage, moment_sop(post("post", "+0d 10:00", "a")))
    assert stage.fake.calls(CREATE)[0].body["visible_range"] == {"sender_list": {"user_list": ["zhang"]}}
    assert [one.reached for one in stage.runner.publications("moments")] == [2]


def test_an_unknown_tag_shows_nothing_to_anybody():
    """A tag that does not exist must not widen the audience to everybody: the step fails and a person hears of it."""
    stage = opened()
    play(stage, moment_sop(post("post", "+0d 10:00", "a", '"高意向", "没有"')))
    assert stage.fake.count(CREATE) == 0
    assert stage.touches() == {("moments", "post"): "failed"}
    assert stage.logged()["alert:failed:unknown_tag"] == 1


@pytest.mark.parametrize("fault", [{"reset": "after"}, {"reset": "before"}, {"late_busy": True}, {"status": 502}])
def test_a_moment_of_unknown_outcome_is_looked_up(fault):
    """T7, T9, T10: after a lost answer the list of moments is read before anything is asked again."""
    stage = opened()
    stage.fake.fail_next(CREATE, **fault)
    play(stage, moment_sop(post("post", "+0d 10:00", "a", '"高意向"') + post("late", "+1d 10:00", "b")))
    assert len(stage.fake.moments()) == 2
    assert set(stage.touches().values()) == {"delivered"}
    assert set(stage.states()) == {"done"}


def test_a_job_that_takes_long_is_waited_for():
    """Nothing is asked a second time while the platform is at it, however long that takes."""
    stage = opened(lag=timedelta(hours=3))
    play(stage, moment_sop(post("post", "+0d 10:00", "a")))
    assert (stage.fake.count(CREATE), stage.states()) == (1, ["done"])


def test_a_job_that_nobody_asked_about_for_a_day_is_looked_up():
    """The platform forgets a job after 24 hours: the list tells what it made."""
    stage = opened()
    stage.publish(moment_sop(post("post", "+0d 10:00", "a")))
    stage.runner.enrol("moments", "moments", now=stage.now)
    stage.tick(TEN)
    stage.tick(hours=30)
    assert stage.states() == ["unknown"]
    stage.tick()
    stage.tick()
    assert stage.states() == ["created"]
    assert (stage.fake.count(CREATE), len(stage.fake.moments())) == (1, 1)


def test_a_job_for_nobody_is_refused_without_an_alarm():
    """Nobody follows a customer with the tag: the job ends with 41048, the step is refused, nobody is woken up."""
    stage = opened()
    stage.fake.add_tag("意向", "没人有")
    stage.directory.upsert_tags(stage.fake.client().tags.list())
    play(stage, moment_sop(post("post", "+0d 10:00", "a", '"没人有"')))
    assert stage.touches() == {("moments", "post"): "refused"}
    assert stage.states() == ["failed"]
    assert not [reason for reason in stage.logged() if reason.startswith("alert")]


def test_who_does_not_publish_is_nudged_and_reported_and_the_rest_is_withdrawn():
    """One publishes, one forgets: two messages, one report, and after the deadline the task is stopped."""
    stage = opened(notify=True, supervisor=lambda _userid: "boss")
    stage.fake.add_member("boss")
    play(stage, moment_sop(post("post", "+0d 10:00", "a", '"高意向"')), publish=["zhang"])
    assert len(stage.fake.messages_to("li")) == 2
    assert stage.fake.messages_to("zhang") == ()
    assert "li" in str(stage.fake.messages_to("boss")[0].body)
    assert stage.fake.count("externalcontact/cancel_moment_task") == 1
    assert stage.states() == ["expired"]
    assert stage.touches() == {("moments", "post"): "delivered"}


def test_a_moment_that_nobody_publishes_expires():
    """Nobody taps: nobody saw anything, and the step says so."""
    stage = opened()
    play(stage, moment_sop(post("post", "+0d 10:00", "a")), publish=[])
    assert stage.touches() == {("moments", "post"): "expired"}
    assert "expired:unconfirmed" in stage.reasons("moments")


def test_a_pause_withdraws_what_is_not_published():
    """A paused SOP stops its moment; what was published stays."""
    stage = opened()
    stage.publish(moment_sop(post("post", "+0d 10:00", "a")))
    stage.runner.enrol("moments", "moments", now=stage.now)
    stage.tick(TEN)
    stage.tick(minutes=5)
    (moment_id,) = stage.fake.moments()
    stage.fake.publish_moment("zhang", moment_id)
    stage.runner.pause("moments", stage.now)
    stage.tick(minutes=1)
    assert all(task.cancelled for task in stage.fake.moment_tasks(moment_id))
    assert (stage.states(), stage.touches()) == (["cancelled"], {("moments", "post"): "delivered"})


def test_comments_and_likes_are_counted():
    """What customers do in the days after a moment was published is read with the results."""
    stage = opened()
    stage.publish(moment_sop(post("post", "+0d 10:00", "a")))
    stage.runner.enrol("moments", "moments", now=stage.now)
    stage.tick(TEN)
    stage.tick(minutes=5)
    (moment_id,) = stage.fake.moments()
    (task,) = stage.fake.publish_moment("zhang", moment_id)
    stage.fake.like_moment("zhang", moment_id, task.reached[0])
    stage.fake.comment_moment("zhang", moment_id, task.reached[1])
    stage.run_until_idle()
    found = {one.userid: (one.reached, one.comments, one.likes) for one in stage.runner.publications("moments")}
    assert found == {"zhang": (2, 1, 1), "li": (0, 0, 0)}


def test_a_second_moment_of_ours_is_withdrawn():
    """The residual: of two listed moments that match one batch the younger one is stopped, and it is reported."""
    stage = opened(lag=timedelta(0))
    stage.fake.fail_next(CREATE, reset="after")
    stage.publish(moment_sop(post("post", "+0d 10:00", "a")))
    stage.runner.enrol("moments", "moments", now=stage.now)
    stage.tick(TEN)
    stage.fake.clock.advance(seconds=2)
    stage.fake.client().moments.create(text="内容 a")
    stage.tick(minutes=50)
    first, second = stage.fake.moments()
    assert [task.cancelled for task in stage.fake.moment_tasks(first)] == [False, False]
    assert [task.cancelled for task in stage.fake.moment_tasks(second)] == [True, True]
    assert stage.logged()["alert:duplicate"] == 1


def test_what_a_moment_cannot_show_is_refused_before_the_call():
    """A text of more than 2,000 characters fits a message, not a moment."""
    stage = opened()
    stage = Stage.open(URL, fake=stage.fake, contents=Contents({"long": Content(text="a" * 2001)}))
    play(stage, moment_sop(post("post", "+0d 10:00", "long")))
    assert stage.fake.count(CREATE) == 0
    assert stage.logged()["alert:failed:content"] == 1
    assert BatchStatus.CREATED.value not in stage.states()
