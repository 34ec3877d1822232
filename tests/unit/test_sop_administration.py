from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from tests.stores import KINDS, empty_database, fresh_database
from tests.unit._sop_stage import NINE, SERVERS, URL, Stage, close_stages, mass, sop

from wecom_auto.errors import ConfigurationError, ValidationError
from wecom_auto.sop import Definition, Edit, Settings
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop.administration import Administration, partition_sql
from wecom_auto.store import open_store

LONG = timedelta(days=430)
"""Longer than thirteen months, wherever in a month it begins."""


def care(version: int, *steps: str, more: str = "", reentry: str = "always") -> Definition:
    """The SOP `care` in one of its versions."""
    head = f'sop = "care"\nversion = {version}\ntitle = "care"\n'
    return Definition.from_toml(f'{head}{more}\n[entry]\non = "manual"\nreentry = "{reentry}"\n' + "".join(steps))


V1 = care(1, mass("d1", "+1d 10:00", "a"), mass("d3", "+3d 10:00", "b"))
V2 = care(2, mass("d1", "+2d 10:00", "a"), mass("d5", "+5d 10:00", "c"))


@pytest.fixture(scope="module", params=KINDS)
def engine(request, tmp_path_factory):
    """One database for all tests of this file, on each kind of server in turn."""
    with fresh_database(request.param, tmp_path_factory.mktemp("store")) as url:
        engine = open_store(url)
        SERVERS.append(engine)
        yield engine
        SERVERS.pop()
        engine.dispose()


@pytest.fixture
def stage(engine):
    """A corp with an empty database; chunks of two."""
    assert SERVERS[-1] is engine
    return Stage.open(URL, settings=Settings(chunk=2))


def enrol(stage: Stage, *definitions: Definition, customers: int = 3) -> list[str]:
    """Publish and let everybody in."""
    found = stage.member("zhang", customers)
    stage.publish(*definitions)
    for one in found:
        assert stage.runner.enrol("care", one, now=stage.now, userid="zhang")
    return found


def versions(stage: Stage) -> list[int]:
    """The version of every run."""
    with stage.directory.engine.connect() as connection:
        return list(connection.scalars(sa.select(t.enrolments.c.version).order_by(t.enrolments.c.id)))


def rows(stage: Stage, table: sa.Table) -> int:
    """How many rows a table has."""
    with stage.directory.engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_a_migration_is_shown_before_it_is_done(stage):
    """What is shown is what is then done, and showing moves nobody."""
    enrol(stage, V1)
    stage.publish(V2)
    shown = stage.runner.admin.show_migration("care", stage.now, policy=Edit.MIGRATE)
    assert versions(stage) == [1, 1, 1]
    assert stage.runner.admin.migrate("care", stage.now, policy=Edit.MIGRATE) == shown
    assert versions(stage) == [2, 2, 2]
    assert (shown.runs, shown.by_version, shown.dropped, shown.added) == (3, {1: 3}, {"d3": 3}, {"d5": 3})
    assert shown.next_steps == {"d1": 3}
    assert shown.moves[0].next_at == NINE.replace(day=4, hour=10)


def test_a_touched_step_is_not_repeated_after_a_migration(stage):
    """Who has had d1 gets the new version's d5 and nothing else."""
    customers = enrol(stage, V1)
    stage.run_until_idle(days=2)
    stage.publish(V2)
    stage.runner.admin.migrate("care", stage.now, policy=Edit.MIGRATE)
    stage.run_until_idle()
    assert stage.sent() == {(one, f"内容 {text}"): 1 for one in customers for text in ("a", "c")}
    assert "moved:version" in stage.reasons(customers[0])


def test_an_interrupted_migration_goes_on(stage):
    """Whoever dies after the first chunk has moved two; the next one moves the third, once."""
    customers = enrol(stage, V1)
    stage.publish(V2)
    seen: list[int] = []

    def die(done: int) -> None:
        seen.append(done)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stage.runner.admin.migrate("care", stage.now, policy=Edit.MIGRATE, progress=die)
    assert (seen, versions(stage)) == ([2], [2, 2, 1])
    assert stage.runner.admin.migrate("care", stage.now, policy=Edit.MIGRATE).runs == 1
    assert [stage.reasons(one).count("moved:version") for one in customers] == [1, 1, 1]


def test_a_step_that_the_new_version_lacks_is_not_sent(stage):
    """d3 is due and waits for its batch while the version without it comes: nobody gets it."""
    customers = enrol(stage, V1)
    stage.run_until_idle(days=2)
    stage.fake.clock.advance_to(NINE.replace(day=5, hour=10))
    stage.runner.plan(0, stage.now)
    for shard in range(64):
        stage.runner.plan(shard, stage.now)
    assert stage.touches()[customers[0], "d3"] == "due"
    stage.publish(V2)
    stage.runner.admin.migrate("care", stage.now, policy=Edit.MIGRATE)
    assert stage.touches()[customers[0], "d3"] == "skipped"
    assert touch_reason(stage, customers[0], "d3") == "dropped:version"
    stage.run_until_idle()
    assert (customers[0], "内容 b") not in stage.sent()


def touch_reason(stage: Stage, customer: str, step: str) -> str:
    """Why a touch is where it is."""
    u = t.touches.c
    with stage.directory.engine.connect() as connection:
        return connection.scalar(sa.select(u.reason).where(u.external_userid == customer, u.step == step)) or ""


def test_what_follows_a_delivery_is_done_after_a_migration(stage):
    """d3 was sent and its run moved to a version without d3 before the member tapped: the tag is still put on."""
    with stage.fake.client() as client:
        client.tags.create(["已发资料"], group_name="进度")
    tagging = care(1, mass("d3", "+3d 10:00", "b", do=', tag = "已发资料"'), mass("d30", "+30d 10:00", "c"))
    customers = enrol(stage, tagging)
    stage.directory.sync(stage.fake.client())
    stage.tick(NINE.replace(day=5, hour=10))
    stage.publish(care(2, mass("d30", "+30d 10:00", "c")))
    stage.runner.admin.migrate("care", stage.now, policy=Edit.MIGRATE)
    stage.tap_all()
    stage.run_until_idle(days=5)
    tags = {tag.name for tag in stage.fake.customer(customers[0]).tags_by("zhang")}
    assert (tags, stage.touches()[customers[0], "d3"]) == ({"已发资料"}, "delivered")


def test_a_version_may_say_that_runs_follow_it(stage):
    """`on_edit = "migrate"` moves running runs when it is published; without it they finish on theirs."""
    enrol(stage, V1)
    stage.publish(V2)
    assert versions(stage) == [1, 1, 1]
    stage.publish(care(3, mass("d5", "+5d 10:00", "c"), more='[policy]\non_edit = "migrate"'))
    assert versions(stage) == [3, 3, 3]


def test_finish_moves_nobody(stage):
    """The default policy of a version leaves the runs of older ones alone."""
    enrol(stage, V1)
    stage.publish(V2)
    assert stage.runner.admin.migrate("care", stage.now).runs == 0
    assert versions(stage) == [1, 1, 1]


def test_restart_counts_from_now(stage):
    """A restarted run counts its offsets from the migration."""
    customers = enrol(stage, V1)
    stage.run_until_idle(days=2)
    stage.publish(V2)
    stage.fake.clock.advance_to(NINE.replace(day=20))
    stage.runner.admin.migrate("care", stage.now, policy=Edit.RESTART)
    stage.run_until_idle()
    assert stage.sent()[customers[0], "内容 c"] == 1
    with stage.directory.engine.connect() as connection:
        due_at = connection.scalar(sa.select(sa.func.max(t.touches.c.due_at)))
    assert due_at == NINE.replace(day=25, hour=10)


def test_an_unknown_sop_is_named(stage):
    """A migration of what is not published says what there is."""
    stage.publish(V1)
    with pytest.raises(ConfigurationError, match="there are: care"):
        stage.runner.admin.show_migration("cart", stage.now)


def test_a_backfill_is_spread_and_lets_nobody_in_twice(stage):
    """Sixty customers come in over ten days, by a draw that is the same the second time."""
    customers = stage.member("zhang", 60)
    stage.publish(V1)
    ask = {"name": "spring", "now": stage.now, "spread": timedelta(days=10)}
    shown = stage.runner.admin.backfill("care", customers, dry_run=True, **ask)
    assert rows(stage, t.enrolments) == 0
    done = stage.runner.admin.backfill("care", customers, **ask)
    assert done == shown
    assert (done.entered, len(done.days)) == (60, 10)
    assert max(done.days.values()) <= 15
    again = stage.runner.admin.backfill("care", customers, **ask)
    assert (again.entered, sum(again.refused.values())) == (0, 60)


def test_a_backfill_says_why_somebody_stays_outside(stage):
    """A customer whom the entry condition refuses is counted under its reason."""
    customers = stage.member("zhang", 2)
    stage.publish(sop("care", mass("d1", "+1d 10:00", "a"), where="where = \"tag('车主')\""))
    done = stage.runner.admin.backfill("care", customers, name="x", now=stage.now)
    assert (done.entered, done.refused) == (0, {"entry:condition": 2})


@pytest.mark.parametrize("spread", [timedelta(hours=5), timedelta(days=-1), timedelta(days=367)])
def test_a_spread_is_whole_days(stage, spread):
    """A spread is a number of days from 0 to 366."""
    stage.publish(V1)
    with pytest.raises(ValidationError, match="spread"):
        stage.runner.admin.backfill("care", [], name="x", now=stage.now, spread=spread)


def finished(stage: Stage, definition: Definition) -> list[str]:
    """Let everybody through to the end, then wait for more than a year."""
    customers = enrol(stage, definition)
    stage.run_until_idle()
    stage.fake.clock.advance(LONG)
    return customers


def test_old_runs_go_with_everything_that_hangs_on_them(stage):
    """Shown and done agree; nothing is left, and there is nothing to do the second time."""
    finished(stage, V1)
    shown = stage.runner.admin.show_prune(stage.now)
    gone = stage.runner.admin.prune(stage.now)
    # Only what goes with a run is shown as hanging on it; batches are counted once their last touch has gone.
    assert {name: n for name, n in gone.rows.items() if name != "sop_batches" and n} == dict(shown.rows)
    assert gone.rows["sop_touches"] == 6
    tables = (t.enrolments, t.touches, t.batches, t.decisions, t.caps)
    assert [rows(stage, table) for table in tables] == [0, 0, 0, 0, 0]
    assert not any(stage.runner.admin.prune(stage.now).rows.values())


def test_who_may_never_come_again_is_remembered(stage):
    """Of a SOP that lets nobody in twice the bare runs stay, and still keep the customers out."""
    customers = finished(stage, care(1, mass("d1", "+1d 10:00", "a"), reentry="never"))
    stage.runner.admin.prune(stage.now)
    assert (rows(stage, t.enrolments), rows(stage, t.touches)) == (3, 0)
    assert not stage.runner.enrol("care", customers[0], now=stage.now, userid="zhang")


def test_what_is_open_stays(stage):
    """A run that is still going on loses nothing, however old it is."""
    enrol(stage, care(1, mass("d1", "+1d 10:00", "a"), mass("late", "+700d 10:00", "b")))
    stage.run_until_idle(days=5)
    stage.fake.clock.advance(LONG)
    assert not any(stage.runner.admin.prune(stage.now).rows.get(name) for name in ("sop_touches", "sop_enrolments"))
    assert rows(stage, t.touches) == 3


def test_a_month_is_the_least_that_is_kept(stage):
    """The ledger of the running month cannot be removed by mistake."""
    with pytest.raises(ValidationError, match="at least 31 days"):
        stage.runner.admin.prune(stage.now, keep=timedelta(days=30))


def test_sizes_by_month_come_with_advice(stage):
    """Two steps of three customers lie in one old month, and the advice is to prune them."""
    finished(stage, V1)
    found = stage.runner.admin.sizes(stage.now)
    assert found.rows["sop_touches"] == 6
    assert [(one.month, one.touches) for one in found.months] == [("2026-03", 6)]
    assert found.advice[0].startswith("6 steps and ")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.id != "sqlite"])
def test_the_log_can_be_divided_by_month(tmp_path, kind):
    """The advised statements run as they stand, and the engine writes and reads the divided log."""
    with empty_database(kind, tmp_path) as url:
        stage = Stage.open(url, settings=Settings(chunk=2))
        customers = enrol(stage, V1)
        engine = stage.directory.engine
        dialect = engine.dialect.name
        with engine.begin() as connection:
            for statement in partition_sql(dialect, date(2026, 2, 14), 3):
                connection.exec_driver_sql(statement.replace("%", "%%"))
            if dialect == "postgresql":
                connection.exec_driver_sql("DROP TABLE sop_decisions_undivided")
        stage.run_until_idle()
        reasons = stage.reasons(customers[0])
        close_stages()
    assert (reasons[0], reasons[-1]) == ("entered", "end:completed")


def test_a_division_has_bounds():
    """Months run over the end of a year; a number of months out of range is refused by name."""
    statements = partition_sql("mariadb", date(2026, 12, 31), 2)
    assert "VALUES LESS THAN (TO_DAYS('2027-01-01')), PARTITION p2027_01" in statements[1]
    with pytest.raises(ValidationError, match="months"):
        partition_sql("postgresql", date(2026, 1, 1), 0)


def test_times_must_be_aware(stage):
    """A naive time is refused by name."""
    assert isinstance(stage.runner.admin, Administration)
    with pytest.raises(ValidationError, match="now"):
        stage.runner.admin.prune(datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None))
