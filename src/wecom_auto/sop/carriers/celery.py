"""Celery as a carrier, on Redis or RabbitMQ: beat sends one tick a minute, workers do what is due.

It never sends an ETA or a countdown, and refuses to start where somebody else does: a timer in a broker cannot be
moved, previewed or withdrawn, and it comes twice when a worker holds it for longer than the broker waits.
Needs the extra ``wecom-auto[celery]``. Manual: https://docs.celeryq.dev/en/stable/userguide/configuration.html.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from celery import Celery, Task, signals
from celery.worker.request import Request

from wecom_auto.errors import ConfigurationError
from wecom_auto.sop.carriers._jobs import TICK_SECONDS, Jobs, utc_now
from wecom_auto.sop.carriers._port import Job

if TYPE_CHECKING:
    from wecom_auto.sop.runner import Runner

__all__ = ["SETTINGS", "CeleryCarrier", "check", "create_app", "register"]

_NAME: Final = "wecom_auto"
_EXPIRES: Final = 5 * TICK_SECONDS
"""A message that nobody took in time is dropped: whatever is still due was sent again meanwhile."""
_LEAST_VISIBILITY: Final = _EXPIRES
SETTINGS: Final[Mapping[str, Any]] = {
    "accept_content": ["json"],
    "broker_connection_max_retries": None,
    "broker_connection_retry_on_startup": True,
    "broker_transport_options": {"visibility_timeout": 600},
    "result_backend": None,
    "task_acks_late": True,
    "task_ignore_result": True,
    "task_reject_on_worker_lost": True,
    "task_serializer": "json",
    "worker_prefetch_multiplier": 1,
}
"""Settings of an app that carries nothing but SOP jobs; `create_app` uses them, `check` looks for those that matter.

A job is acknowledged when it is done, so that a killed worker's job is done by another one; a worker takes one job at a
time; a broker that does not answer is waited for without end.
"""
_DELAYS: Final = ("eta", "countdown")


class _NoEta(Request):  # type: ignore[misc]  # Celery has no types.
    """A message as the worker sees it: one that is to wait is not kept in the worker's memory, but refused at once."""

    @property
    def eta(self) -> None:
        """Never: the task itself refuses."""


class _Prompt(Task):  # type: ignore[misc]  # Celery has no types.
    """A task that cannot be told to wait."""

    abstract = True
    Request = _NoEta

    def apply_async(self, *args: Any, **options: Any) -> Any:
        """Send the task now.

        Raises:
            ConfigurationError: With an ETA or a countdown.
        """
        for option in _DELAYS:
            if options.get(option) is not None:
                raise ConfigurationError(_refusal(str(self.name), option))
        return super().apply_async(*args, **options)


def _refusal(name: str, option: str) -> str:
    return (
        f"task {name!r} is sent with {option}: SOP jobs never wait in a broker, the store knows when they are due; "
        f"leave {option} out, and let beat send {name.rpartition('.')[0]}.tick every minute"
    )


class CeleryCarrier:
    """Sends SOP jobs with Celery; made by `register`.

    Args:
        app: The Celery app.
        name: Prefix of the tasks, and the queue.
    """

    def __init__(self, app: Celery, name: str = _NAME) -> None:
        self.app, self.name = app, name

    def submit(self, job: Job, key: str, payload: Sequence[str]) -> None:
        """Send one job; see `Carrier`. Celery knows no keys: a second one is sent, and finds nothing to do."""
        del key
        self.app.tasks[self._task(job)].apply_async((list(payload),))

    def every(self, seconds: int, job: Job) -> None:
        """Have beat send a job; see `Carrier`. A tick that nobody took before the next one is dropped."""
        entry = {"task": self._task(job), "schedule": float(seconds), "args": ([],), "options": {"expires": seconds}}
        self.app.conf.beat_schedule = {**(self.app.conf.beat_schedule or {}), self._task(job): entry}

    def run_worker(self) -> None:
        """Work in this process; the same as ``celery -A … worker -Q wecom_auto``."""
        self.app.worker_main(["worker", "--queues", self.name, "--loglevel", "INFO"])

    def _task(self, job: Job) -> str:
        return f"{self.name}.{job}"


class _Workplace:
    """One runner for each process, made when it is first needed: connections do not survive a fork."""

    def __init__(self, make: Callable[[], Jobs]) -> None:
        self._make, self._lock, self._pid = make, threading.Lock(), 0
        self._jobs: Jobs | None = None

    def jobs(self) -> Jobs:
        """The jobs of this process."""
        with self._lock:
            if self._jobs is None or self._pid != os.getpid():
                self._jobs, self._pid = self._make(), os.getpid()
            return self._jobs


def create_app(
    broker: str,
    runner: Callable[[], Runner],
    *,
    name: str = _NAME,
    clock: Callable[[], datetime] = utc_now,
    seconds: int = TICK_SECONDS,
) -> Celery:
    """Make a Celery app that carries SOP jobs and nothing else.

    Args:
        broker: ``redis://…`` or ``amqp://…``.
        runner: Makes the runner of a worker process; called once in each.
        name: Prefix of the tasks, and the queue.
        clock: Gives the present, aware.
        seconds: The distance of two ticks.
    """
    app = Celery(name, broker=broker, set_as_current=False)
    app.conf.update(SETTINGS)
    register(app, runner, name=name, clock=clock, seconds=seconds)
    return app


def register(
    app: Celery,
    runner: Callable[[], Runner],
    *,
    name: str = _NAME,
    clock: Callable[[], datetime] = utc_now,
    seconds: int = TICK_SECONDS,
) -> CeleryCarrier:
    """Add the four tasks and the beat entry of one corp to an app of yours.

    The app's own settings stay as they are; a worker or a beat that would be unsafe with them does not start.

    Args:
        app: The Celery app.
        runner: Makes the runner of a worker process; called once in each.
        name: Prefix of the tasks, and the queue; one for each corp.
        clock: Gives the present, aware.
        seconds: The distance of two ticks.
    """
    carrier = CeleryCarrier(app, name)
    workplace = _Workplace(lambda: Jobs(runner(), clock=clock, seconds=seconds))
    for job in Job:
        _add_task(carrier, workplace, job)
    _add_route(app, name)
    carrier.every(seconds, Job.TICK)

    def starting(sender: Any = None, **_others: Any) -> None:
        if getattr(sender, "app", app) is app:
            _check_or_leave(app, name)

    for signal in (signals.worker_init, signals.beat_init):
        signal.connect(starting, weak=False, dispatch_uid=(name, id(app)))
    return carrier


def _add_route(app: Celery, name: str) -> None:
    """Send our tasks to our queue, whoever sends them; the routes of the app's other tasks come after."""
    others = app.conf.task_routes or ()
    app.conf.task_routes = [{f"{name}.*": {"queue": name}}, *(others if isinstance(others, list | tuple) else [others])]


def _add_task(carrier: CeleryCarrier, workplace: _Workplace, job: Job) -> None:
    def task(self: Any, payload: Sequence[str] = ()) -> None:
        if self.request.eta is not None:
            raise ConfigurationError(_refusal(self.name, "eta"))
        workplace.jobs().run(job, payload, carrier)

    carrier.app.task(
        task,
        bind=True,
        base=_Prompt,
        shared=False,
        name=f"{carrier.name}.{job}",
        acks_late=True,
        reject_on_worker_lost=True,
        ignore_result=True,
        serializer="json",
        expires=_EXPIRES,
    )


def _check_or_leave(app: Celery, name: str) -> None:
    try:
        check(app, name=name)
    except ConfigurationError as error:
        # Celery swallows every other exception of a signal's handler.
        raise SystemExit(str(error)) from error


def check(app: Celery, *, name: str = _NAME) -> None:
    """Look for settings with which jobs would be lost, doubled or delayed; workers and beats do it when they start.

    Args:
        app: The Celery app.
        name: As it was registered.

    Raises:
        ConfigurationError: Names every setting that is unsafe, and what it has to be.
    """
    problems = [*_app_problems(app), *_task_problems(app, name), *_schedule_problems(app, name)]
    if problems:
        msg = f"Celery app {app.main!r} is not safe for SOP jobs: " + "; ".join(problems)
        raise ConfigurationError(msg)


def _app_problems(app: Celery) -> Iterator[str]:
    conf = app.conf
    if conf.worker_prefetch_multiplier != 1:
        yield f"worker_prefetch_multiplier is {conf.worker_prefetch_multiplier!r}, set it to 1"
    if others := sorted(set(conf.accept_content) - {"json", "application/json"}):
        yield f"accept_content takes {', '.join(others)}, set it to ['json']"
    seconds = (conf.broker_transport_options or {}).get("visibility_timeout", _LEAST_VISIBILITY)
    if seconds < _LEAST_VISIBILITY:
        yield f"broker_transport_options['visibility_timeout'] is {seconds} s, set it to {_LEAST_VISIBILITY} or more"


def _task_problems(app: Celery, name: str) -> Iterator[str]:
    # As they are after `task_annotations`, which may change any of them.
    for job in Job:
        task = app.tasks[f"{name}.{job}"]
        for attribute, setting in (
            ("acks_late", "task_acks_late"),
            ("reject_on_worker_lost", "task_reject_on_worker_lost"),
            ("ignore_result", "task_ignore_result"),
        ):
            if not getattr(task, attribute):
                yield f"{setting} is off for {task.name}, switch it on"
        if task.serializer != "json":
            yield f"task_serializer is {task.serializer!r} for {task.name}, set it to 'json'"


def _schedule_problems(app: Celery, name: str) -> Iterator[str]:
    for title, entry in (app.conf.beat_schedule or {}).items():
        for option in _DELAYS:
            if str(entry.get("task", "")).startswith(f"{name}.") and option in (entry.get("options") or {}):
                yield f"beat_schedule[{title!r}] is sent with {option}, leave it out"
