"""SOP: the timetable against hand-written SQL, an empty scan of a million runs, and mass messages on a bad day.

The hand-written programs run the same statements in the same chunks with the bare driver, and the same planner,
so the ratio is what the store layer costs. PostgreSQL is measured when ``WECOM_AUTO_TEST_POSTGRES_URL`` is set.
Run: ``python -m benchmarks sop``.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from benchmarks._measure import cpu
from wecom_auto.directory import Directory
from wecom_auto.directory._facts import DirectoryFacts
from wecom_auto.sop import Content, Contents, Definition, EnrolmentState, Runner, Settings, WeekendCalendar, plan
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._runs._advance import advance
from wecom_auto.sop.store import due_enrolments
from wecom_auto.store import open_store
from wecom_auto.testing import FakeWeCom

RUNS: Final = 5_000
CHUNK: Final = 500
ROUNDS: Final = 5
CORP: Final = "wwbench"
NOW: Final = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
CALENDAR: Final = WeekendCalendar()
DEFINITION: Final = Definition.from_toml("""
sop = "bench"
version = 1
title = "bench"
[entry]
on = "manual"
[[step]]
id = "first"
at = "+0min"
do = { mass = "a" }
[[step]]
id = "second"
at = "+3d 10:00"
do = { mass = "b" }
""")


class Facts:
    """A book of facts that costs nothing: the directory is not what is measured."""

    def facts_for(self, pairs: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], DirectoryFacts]:
        """Empty facts for everybody."""
        return {pair: DirectoryFacts(external_userid=pair[0], userid=pair[1]) for pair in pairs}


class FriendlyFacts(Facts):
    """Everybody is a friend."""

    def facts_for(self, pairs: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], DirectoryFacts]:
        """Facts of a friend for everybody."""
        return {pair: _Friend(external_userid=pair[0], userid=pair[1]) for pair in pairs}


class _Friend(DirectoryFacts):
    def following(self) -> bool:
        return True


def fill(engine: Engine, *, runs: int, wake_at: datetime) -> None:
    """Empty the tables and enrol `runs` customers."""
    with engine.begin() as connection:
        for table in (t.decisions, t.touches, t.enrolments):
            connection.execute(sa.delete(table))
        row = {
            "corp_id": CORP,
            "sop": "bench",
            "version": 1,
            "userid": "zhang",
            "occurrence": "once",
            "anchor_at": NOW,
            "enrolled_at": NOW,
            "run": 1,
            "state": 0,
            "wake_at": wake_at,
            "goal": False,
        }
        for start in range(0, runs, 50_000):
            names = [f"wm{number:08}" for number in range(start, min(start + 50_000, runs))]
            rows = [row | {"external_userid": name, "arm_seed": name} for name in names]
            connection.execute(sa.insert(t.enrolments), rows)


def make_runner(engine: Engine) -> Runner:
    """A runner with free facts."""
    client = FakeWeCom(corp_id=CORP).client()
    runner = Runner(engine, client, FriendlyFacts(), Contents({}), corp_id=CORP, calendar=CALENDAR)  # type: ignore[arg-type]
    with engine.begin() as connection:
        for table in (t.sops, t.definitions):
            connection.execute(sa.delete(table).where(table.c.corp_id == CORP))
    runner.publish(DEFINITION, NOW)
    return runner


def advance_ours(runner: Runner) -> None:
    """Advance everything with the library."""
    advance(runner._context, runner._start(NOW))  # noqa: SLF001 - the phase that is measured


def advance_by_hand(
    connection: Any, mark: str, read: Callable[[Any], datetime], write: Callable[[datetime], Any]
) -> None:
    """Advance everything with the bare driver: the same statements in the same chunks."""
    now, cursor = write(NOW), connection.cursor()
    while due := _chunk(cursor, mark, now):
        marks = ",".join([mark] * len(due))
        ids = [row[0] for row in due]
        read_touches = f"SELECT enrolment_id, step, state, reason FROM sop_touches WHERE enrolment_id IN ({marks})"  # noqa: S608
        cursor.execute(read_touches, ids)
        done = {row[0]: {row[1]: row[2]} for row in cursor.fetchall()}
        connection.commit()
        touches, wakes = _plan_chunk(due, done, read, write)
        if mark == "?":
            cursor.execute("BEGIN IMMEDIATE")
        lock = "" if mark == "?" else " FOR UPDATE SKIP LOCKED"
        owned = f"SELECT id FROM sop_enrolments WHERE id IN ({marks}) AND state = 0 AND wake_at <= {mark}{lock}"  # noqa: S608
        cursor.execute(owned, [*ids, now])
        mine = {row[0] for row in cursor.fetchall()}
        cursor.executemany(
            "INSERT INTO sop_touches (corp_id, enrolment_id, run, step, external_userid, userid, kind, state, due_at,"  # noqa: S608
            f" check_at, attempts, reason, arm) VALUES ({','.join([mark] * 13)}) ON CONFLICT DO NOTHING",
            [row for row in touches if row[1] in mine],
        )
        for wake_at, group in wakes.items():
            sleeping = [one for one in group if one in mine]
            marks = ",".join([mark] * len(sleeping))
            update = f"UPDATE sop_enrolments SET wake_at = {mark} WHERE id IN ({marks}) AND state = 0"  # noqa: S608
            cursor.execute(update, [wake_at, *sleeping])
        connection.commit()


def _chunk(cursor: Any, mark: str, now: Any) -> Sequence[tuple[Any, ...]]:
    cursor.execute(
        "SELECT id, external_userid, userid, anchor_at, enrolled_at, arm_seed FROM sop_enrolments"  # noqa: S608
        f" WHERE corp_id = {mark} AND state = 0 AND wake_at <= {mark} AND sop IN ({mark})"
        f" ORDER BY wake_at LIMIT {CHUNK}",
        (CORP, now, "bench"),
    )
    found: Sequence[tuple[Any, ...]] = cursor.fetchall()
    return found


def _plan_chunk(
    due: Sequence[tuple[Any, ...]],
    done: Mapping[int, Mapping[str, str]],
    read: Callable[[Any], datetime],
    write: Callable[[datetime], Any],
) -> tuple[list[tuple[Any, ...]], dict[Any, list[int]]]:
    touches: list[tuple[Any, ...]] = []
    wakes: dict[Any, list[int]] = {}
    facts = FriendlyFacts().facts_for([(row[1], row[2]) for row in due])
    for run, customer, member, anchor_at, enrolled_at, seed in due:
        state = EnrolmentState(
            id=str(run),
            sop="bench",
            version=1,
            customer=customer,
            member=member,
            anchor_at=read(anchor_at),
            enrolled_at=read(enrolled_at),
            done=done.get(run, {}),
            arm_seed=seed,
        )
        planned = plan(DEFINITION, state, facts[customer, member], NOW, calendar=CALENDAR)
        for one in planned.decisions:
            due_at = write(one.due_at)
            row = (CORP, run, 1, one.step_id, customer, member, "mass", "due", due_at, due_at, 0, one.reason, "")
            touches.append(row)
        if planned.wake_at is not None:
            wakes.setdefault(write(planned.wake_at), []).append(run)
    return touches, wakes


def compare(url: str, what: str, budget: str, *, mark: str) -> dict[str, Any]:
    """Advance everybody by hand and with the library, in turns; the ratio is the hand-written time over ours."""
    engine = open_store(url)
    runner = make_runner(engine)
    lite = mark == "?"
    read = (lambda text: datetime.fromisoformat(text + "+00:00")) if lite else (lambda value: value)
    write = (lambda at: at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")) if lite else (lambda value: value)
    ratios: list[float] = []
    measure = cpu if lite else wall  # A server does its work in another process.
    for _ in range(ROUNDS):
        fill(engine, runs=RUNS, wake_at=NOW)
        by_hand = measure(lambda: _with_driver(engine, lambda raw: advance_by_hand(raw, mark, read, write)))
        expected = touched(engine)
        fill(engine, runs=RUNS, wake_at=NOW)
        ours = measure(lambda: advance_ours(runner))
        assert touched(engine) == expected == RUNS
        ratios.append(by_hand / ours)
    engine.dispose()
    note = f"{RUNS} runs, {min(ratios):.2f}…{max(ratios):.2f} over {ROUNDS} rounds; the planner is in both"
    return {"what": what, "ratio": statistics.median(ratios), "budget": budget, "note": note}


def _with_driver(engine: Engine, work: Callable[[Any], None]) -> None:
    raw = engine.raw_connection()
    try:
        work(raw.driver_connection)
    finally:
        raw.close()


def touched(engine: Engine) -> int:
    """How many touches were written."""
    with engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(t.touches)) or 0


def wall(work: Callable[[], Any]) -> float:
    """Return the seconds on the wall for `work`."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def scan(folder: Path) -> dict[str, Any]:
    """Ask a million sleeping runs who is due: nobody."""
    engine = open_store(f"sqlite:///{folder / 'million.db'}")
    make_runner(engine)
    fill(engine, runs=1_000_000, wake_at=NOW + timedelta(days=30))
    with engine.connect() as connection:
        times = [wall(lambda: due_enrolments(connection, CORP, NOW, CHUNK)) * 1e3 for _ in range(51)]
    engine.dispose()
    note = "milliseconds for one look at the timetable, SQLite file"
    what = "1 M sleeping enrolments, nothing due"
    return {"what": what, "ratio": statistics.median(times), "budget": "≤ 5 ms", "note": note}


def bad_day() -> dict[str, Any]:
    """Send 400 mass messages while answers get lost or come as a late -1; count in the fake's own books."""
    fake = FakeWeCom(seed=7)
    customers = []
    for number in range(400):
        fake.add_member(f"member{number:03}")
        customers.append(fake.add_customer(name=f"c{number}", followed_by=f"member{number:03}").external_userid)
    directory = Directory(open_store("sqlite://"), fake.corp_id, clock=fake.clock.time)
    directory.sync(fake.client())
    settings = Settings(gap=timedelta(0))
    library = Contents({"a": Content(text="今天到店有礼")})
    runner = Runner(directory.engine, fake.client(), directory, library, settings=settings, stopwatch=lambda: 0.0)
    step = '[[step]]\nid = "s"\nat = "+0min"\ndo = { mass = "a" }\n'
    head = 'sop = "s"\nversion = 1\ntitle = "s"\n[entry]\non = "manual"\n[window]\nlate = "drop after 9d"\n'
    runner.publish(Definition.from_toml(head + step), fake.clock.now())
    for customer in customers:
        runner.enrol("s", customer, now=fake.clock.now())
    for fault in ({"reset": "after"}, {"late_busy": True}, {"reset": "before"}):
        fake.fail_randomly("externalcontact/add_msg_template", 0.2, **fault)  # type: ignore[arg-type]
    unknown = 0
    for _ in range(12):
        unknown += runner.tick(fake.clock.now()).counts.get("unknown", 0)
        fake.clock.advance(minutes=11)
    tasks = [task for msgid in fake.mass_messages() for task in fake.mass_tasks(msgid)]
    made = Counter(recipient.target for task in tasks for recipient in task.recipients)
    with directory.engine.connect() as connection:
        states = Counter(connection.scalars(sa.select(t.batches.c.state)))
    note = f"{len(made)} of 400 asked for, {states['held']} held for a person, {unknown} outcomes were unknown at first"
    assert len(made) + states["held"] == len(customers)
    what = "400 mass messages, 36 % lost answers or late -1: duplicates"
    return {"what": what, "ratio": sum(made.values()) - len(made), "budget": "0", "note": note}


def run() -> list[dict[str, Any]]:
    """Return the rows of the budget table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lite = f"sqlite:///{folder / 'advance.db'}"
        rows = [compare(lite, "SOP advance, SQLite, against hand-written sqlite3", "≥ 0.6", mark="?")]
        if url := os.environ.get("WECOM_AUTO_TEST_POSTGRES_URL"):
            what = "SOP advance, PostgreSQL, against hand-written psycopg"
            rows.append(compare(url, what, "≥ 0.8", mark="%s"))
        return [*rows, scan(folder), bad_day()]


if __name__ == "__main__":
    for one in run():
        print(one)
