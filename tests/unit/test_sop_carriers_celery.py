from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from tests.unit._sop_stage import TEN, URL, Stage, mass, sop

from wecom_auto.errors import ConfigurationError
from wecom_auto.sop.carriers import Job

pytest.importorskip("celery", reason="needs the extra `celery`")
from celery import Celery

from wecom_auto.sop.carriers.celery import SETTINGS, CeleryCarrier, check, create_app, register


def no_runner():
    """A process that only sends needs none."""
    raise AssertionError


@pytest.fixture
def app() -> Celery:
    """An app as it ships, with a broker in memory."""
    return create_app("memory://", no_runner)


def sent(app: Celery) -> dict:
    """The headers of the one message that waits, and what it carries."""
    with app.connection_for_read() as connection, connection.SimpleQueue("wecom_auto") as queue:
        message = queue.get(block=False)
        message.ack()
        assert message.content_type == "application/json"
        return message.headers | {"args": json.loads(message.body)[0]}


def test_what_ships_is_safe(app):
    """The app as it is made passes its own check."""
    check(app)
    assert {task for task in app.tasks if task.startswith("wecom_auto.")} == {f"wecom_auto.{job}" for job in Job}


def test_a_message_carries_ids_and_never_waits(app):
    """JSON, no ETA, and an end to its life."""
    CeleryCarrier(app).submit(Job.DISPATCH, "dispatch:a", ("a", "b"))
    message = sent(app)
    assert (message["task"], message["args"], message["eta"]) == ("wecom_auto.dispatch", [["a", "b"]], None)
    life = datetime.fromisoformat(message["expires"]) - datetime.now(UTC)
    assert timedelta(minutes=4) < life <= timedelta(minutes=5)
    assert message["ignore_result"]


@pytest.mark.parametrize("options", [{"eta": datetime(2027, 1, 1, tzinfo=UTC)}, {"countdown": 0}, {"countdown": 60}])
def test_an_eta_is_refused_where_it_is_sent(app, options):
    """The error names the task, the option and what to do instead."""
    with pytest.raises(ConfigurationError, match=r"'wecom_auto.plan' is sent with (eta|countdown): .* leave"):
        app.tasks["wecom_auto.plan"].apply_async(([],), **options)
    with pytest.raises(ConfigurationError):
        app.tasks["wecom_auto.plan"].s([]).apply_async(**options)


def test_an_eta_that_came_another_way_is_refused_where_it_arrives(app):
    """A task that was sent by its name with an ETA does not run."""
    task = app.tasks["wecom_auto.plan"]
    task.push_request(eta="2027-01-01T00:00:00+00:00", args=([],), kwargs={})
    with pytest.raises(ConfigurationError, match="is sent with eta"):
        task.run([])


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"worker_prefetch_multiplier": 4}, "worker_prefetch_multiplier is 4, set it to 1"),
        ({"accept_content": ["json", "pickle"]}, r"accept_content takes pickle, set it to \['json'\]"),
        ({"broker_transport_options": {"visibility_timeout": 30}}, r"'visibility_timeout'\] is 30 s, set it to 300"),
        ({"task_annotations": {"wecom_auto.plan": {"acks_late": False}}}, "task_acks_late is off for wecom_auto.plan"),
        ({"task_annotations": {"*": {"reject_on_worker_lost": False}}}, "task_reject_on_worker_lost is off"),
        ({"task_annotations": {"*": {"ignore_result": False}}}, "task_ignore_result is off"),
        ({"task_annotations": {"*": {"serializer": "pickle"}}}, "task_serializer is 'pickle'"),
        (
            {"beat_schedule": {"mine": {"task": "wecom_auto.tick", "schedule": 60, "options": {"countdown": 5}}}},
            r"beat_schedule\['mine'\] is sent with countdown, leave it out",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_unsafe_settings_are_named(setting, told):
    """Each setting with which jobs would be lost, doubled or delayed is named with its remedy."""
    app = Celery("mine", broker="memory://", set_as_current=False)
    app.conf.update({**SETTINGS, **setting})
    beat = setting.get("beat_schedule", {})
    register(app, no_runner)
    app.conf.beat_schedule = {**app.conf.beat_schedule, **beat}
    with pytest.raises(ConfigurationError, match=told):
        check(app)


def test_an_app_of_yours_keeps_its_settings():
    """Registering adds tasks and a beat entry, and changes nothing for the other tasks of the app."""
    app = Celery("mine", broker="memory://", set_as_current=False)
    before = (app.conf.task_acks_late, app.conf.worker_prefetch_multiplier, app.conf.result_backend)
    register(app, no_runner, name="corp1")
    register(app, no_runner, name="corp2")
    assert (app.conf.task_acks_late, app.conf.worker_prefetch_multiplier, app.conf.result_backend) == before
    assert sorted(app.conf.beat_schedule) == ["corp1.tick", "corp2.tick"]
    for name in ("corp1.plan", "corp2.plan"):
        assert app.amqp.router.route({}, name)["queue"].name == name.removesuffix(".plan")
    assert app.tasks["corp2.plan"].acks_late


def test_beat_sends_a_tick_a_minute_and_nothing_else(app):
    """A tick that nobody took before the next one is dropped."""
    assert app.conf.beat_schedule == {
        "wecom_auto.tick": {
            "task": "wecom_auto.tick",
            "schedule": 60.0,
            "args": ([],),
            "options": {"expires": 60},
        }
    }


def test_a_sop_goes_through_the_tasks():
    """The tasks call the runner, and what follows from one is sent by the carrier."""
    stage = Stage.open(URL)
    stage.publish(sop("s", mass("m", "+1h", "a")))
    for customer in stage.member("li", 5):
        stage.runner.enrol("s", customer, now=stage.now)
    stage.fake.clock.advance_to(TEN)
    app = create_app("memory://", lambda: stage.runner, clock=lambda: stage.now)
    # In this process, one inside the other.
    app.conf.task_always_eager = True
    app.conf.task_eager_propagates = True
    app.tasks["wecom_auto.tick"].apply_async(([],))
    assert stage.states() == ["created"]
    assert set(stage.sent().values()) == {1}
