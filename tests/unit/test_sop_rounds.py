"""Triggers that are dates: each Monday, a day of the month, birthdays. Once for each date, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.stores import KINDS, fresh_database
from tests.unit._sop_stage import NINE, URL, Stage

from wecom_auto._time import CHINA
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._runs import _rounds
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.runner import Runner

CREATE = "externalcontact/add_msg_template"


def weekly(steps="", *, on="calendar:weekly mon,thu", target="group", more=""):
    """A definition that a date lets in."""
    do = {"group": 'group = "a"', "customer": 'mass = "a"', "moment": 'moment = "a"', "staff": 'staff_task = "周报"'}
    one = f'[[step]]\nid = "post"\nat = "+0d 10:00"\ndo = {{ {do[target]} }}\n'
    return Definition.from_toml(
        f'sop = "round"\nversion = 1\ntitle = "t"\ntarget = "{target}"\n[entry]\non = "{on}"\n{more}\n{steps or one}'
    )


@pytest.fixture
def stage():
    """Two groups of one owner, on a Monday at nine."""
    return with_groups(URL)


def with_groups(url, count=2):
    """Some groups of one owner."""
    stage = Stage.open(url)
    stage.fake.add_member("zhang")
    for number in range(count):
        stage.fake.create_group("zhang", f"群{number}")
    stage.directory.sync(stage.fake.client())
    return stage


@pytest.fixture(params=KINDS)
def anywhere(request, tmp_path: Path) -> Iterator[Stage]:
    """The same on each kind of database."""
    with fresh_database(request.param, tmp_path) as url:
        found = with_groups(url, 5)
        yield found
        found.directory.engine.dispose()


def days(stage):
    """The local days on which tasks were made."""
    return [call.at.astimezone(CHINA).strftime("%m-%d %H:%M") for call in stage.fake.calls(CREATE)]


def occurrences_of(stage):
    """(occurrence, how many came in), in order."""
    e = t.enrolments.c
    query = sa.select(e.occurrence, sa.func.count()).group_by(e.occurrence).order_by(e.occurrence)
    with stage.directory.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def test_every_group_gets_its_message_on_its_days(stage):
    """Mondays and Thursdays for two weeks: one tap a day for both groups, nothing in between."""
    stage.publish(weekly())
    stage.run_until_idle(days=10)
    assert days(stage) == ["03-02 10:00", "03-05 10:00", "03-09 10:00"]
    assert set(stage.sent().values()) == {3}
    dates = ("2026-03-02", "2026-03-05", "2026-03-09", "2026-03-12")
    assert occurrences_of(stage) == [(f"calendar:{date}", 2) for date in dates]


def test_nothing_is_written_for_later_days(stage):
    """One row names the next day; runs are made when it comes."""
    stage.publish(weekly(on="calendar:weekly thu"))
    stage.tick()
    assert stage.runner.next_wake() == datetime(2026, 3, 5, tzinfo=CHINA)
    assert occurrences_of(stage) == []


def test_a_second_tick_lets_nobody_in_again(stage):
    """The same day is dealt with once, however often somebody ticks."""
    stage.publish(weekly())
    stage.tick()
    assert stage.tick().idle
    assert occurrences_of(stage) == [("calendar:2026-03-02", 2)]


def test_a_day_whose_first_step_has_passed_is_not_taken_any_more(stage):
    """Published at noon on Monday: the message of ten o'clock is not sent after the fact, Thursday is next."""
    stage.fake.clock.advance(hours=3)
    stage.publish(weekly())
    stage.run_until_idle(days=4)
    assert days(stage) == ["03-05 10:00"]


def test_an_outage_costs_what_is_too_late_and_no_more(stage):
    """Asleep for three weeks: the day that is late by less than the rule allows is made up for, the others are not."""
    stage.publish(weekly(more='[window]\nlate = "drop after 1d"'))
    stage.tick(datetime(2026, 3, 24, 9, 0, tzinfo=CHINA))
    assert days(stage) == ["03-24 09:00"]
    assert stage.logged()["skipped:missed"] == 6
    assert occurrences_of(stage) == [("calendar:2026-03-23", 2)]


def test_a_paused_sop_lets_nobody_in(stage):
    """A pause over a Monday: what has become too late is skipped, the next day goes on."""
    stage.publish(weekly(on="calendar:weekly mon", more='[window]\nlate = "drop after 1h"'))
    stage.runner.pause("round", stage.now)
    stage.tick(datetime(2026, 3, 3, 9, 0, tzinfo=CHINA))
    assert occurrences_of(stage) == []
    stage.runner.resume("round", stage.now)
    stage.run_until_idle(days=8)
    assert days(stage) == ["03-09 10:00"]


def test_a_stopped_round_goes_on_where_it_stood(anywhere, monkeypatch):
    """A worker dies after its first page; after its lease another one lets in the others, and nobody twice."""
    stage = anywhere
    monkeypatch.setattr(_rounds, "_PAGE", 2)
    monkeypatch.setattr(_rounds, "_PAGES", 1)
    stage.publish(weekly())
    context = stage.runner._context
    taken = _rounds._take(context, stage.now)
    definition = weekly()
    next(_rounds._work(context, stage.runner._start(stage.now), definition, taken))
    assert occurrences_of(stage) == [("calendar:2026-03-02", 2)]
    stage.tick(minutes=1)
    assert occurrences_of(stage) == [("calendar:2026-03-02", 2)]
    stage.tick(minutes=5)
    stage.tick(minutes=5)
    stage.tick(minutes=5)
    assert occurrences_of(stage) == [("calendar:2026-03-02", 5)]
    assert stage.logged()["entered"] == 5


def test_two_workers_do_not_let_in_twice(anywhere):
    """Whoever finds the day taken leaves it alone; whoever lost it writes nothing."""
    stage = anywhere
    stage.publish(weekly())
    context = stage.runner._context
    slow = _rounds._take(context, stage.now)
    assert _rounds._take(context, stage.now) is None
    stage.fake.clock.advance(minutes=3)
    parts = (stage.directory.engine, stage.fake.client(), stage.directory, context.contents)
    other = Runner(*parts, stopwatch=lambda: 0.0)
    assert other.enrol_due(stage.now).counts["entered"] == 5
    tick = stage.runner._start(stage.now)
    assert list(_rounds._work(context, tick, weekly(), slow)) == []
    assert (tick.counts["entered"], stage.logged()["entered"]) == (0, 5)


def test_groups_that_come_later_join_on_the_next_day(stage):
    """Who is meant is asked when the day comes: new groups are in, dissolved ones are not."""
    stage.publish(weekly())
    stage.run_until_idle(days=2)
    gone = stage.fake.groups()[0]
    stage.fake.dismiss_group(gone)
    stage.fake.create_group("zhang", "新群")
    for event in stage.fake.events[-2:]:
        stage.directory.apply(event, stage.fake.client())
    stage.run_until_idle(days=4)
    assert [sorted(call.body["chat_id_list"]) for call in stage.fake.calls(CREATE)][-1] == sorted(
        one.chat_id for one in stage.fake.groups() if one.chat_id != gone.chat_id
    )


def test_the_condition_and_the_reentry_rule_hold(stage):
    """`where` is asked on each day; `after 13d` leaves a week out; both say why."""
    first, second = (one.chat_id for one in stage.fake.groups())
    stage.directory.set_attribute(first, "kind", "prospect")
    stage.directory.set_attribute(second, "kind", "owner")
    stage.publish(
        weekly(on="calendar:weekly mon", more="where = \"attr('kind') == 'prospect'\"\nreentry = \"after 13d\"")
    )
    stage.run_until_idle(days=15)
    assert days(stage) == ["03-02 10:00", "03-16 10:00"]
    assert set(stage.reasons(second)) == {"entry:condition"}
    assert "entry:reentry" in stage.reasons(first)


def test_a_new_version_goes_on_from_the_day_reached(stage):
    """The same trigger in a new version: Monday is not repeated; another trigger starts anew."""
    first = weekly()
    stage.publish(first)
    stage.run_until_idle(days=1)
    second = Definition.from_document(first.document() | {"version": 2, "title": "anders"})
    stage.publish(second)
    stage.run_until_idle(days=4)
    assert days(stage) == ["03-02 10:00", "03-05 10:00"]


def test_a_moment_programme_comes_in_once_for_each_date():
    """The subject of a moment SOP is the SOP itself: one run for each date."""
    stage = Stage.open(URL)
    stage.member("zhang", 1)
    stage.publish(weekly(target="moment"))
    stage.run_until_idle(days=5)
    assert occurrences_of(stage) == [("calendar:2026-03-02", 1), ("calendar:2026-03-05", 1)]


def test_members_of_staff_come_in_by_a_date():
    """Whoever follows customers, owns a group or has a department is a member; who has left is not."""
    stage = Stage.open(URL)
    stage.member("zhang", 1)
    stage.member("li", 1)
    stage.directory.set_attribute("wang", "departments", ["售后"])
    stage.directory.set_attribute("sun", "departments", ["售后"])
    stage.runner.member_left("sun", stage.now)
    stage.publish(weekly(target="staff", on="calendar:weekly mon"))
    stage.tick()
    e = t.enrolments.c
    with stage.directory.engine.connect() as connection:
        assert list(connection.scalars(sa.select(e.userid).order_by(e.userid))) == ["li", "wang", "zhang"]
    assert stage.reasons("sun") == ["blocked:member_left"]


BIRTHDAY = Definition.from_toml(
    'sop = "birthday"\nversion = 1\ntitle = "生日"\n[entry]\non = "birthday"\n'
    '[[step]]\nid = "week"\nat = "-7d 10:00"\ndo = { staff_task = "准备礼物" }\n'
    '[[step]]\nid = "day"\nat = "+0d 09:30"\ndo = { mass = "a" }\n'
)


def test_birthdays_come_round_every_year_once():
    """29 February is kept on the 28th; steps before the day are in time; next year is another run."""
    stage = Stage.open(URL)
    leap, other = stage.member("zhang", 2)
    stage.fake.clock.advance_to(datetime(2026, 12, 20, 9, 0, tzinfo=CHINA))
    stage.publish(BIRTHDAY)
    stage.runner.set_attribute(leap, "birthday", "1992-02-29", stage.now)
    stage.runner.set_attribute(other, "birthday", "07-01", stage.now)
    stage.run_until_idle(days=760)
    assert days(stage) == ["02-28 09:30", "07-01 09:30", "02-29 09:30", "07-01 09:30"]
    assert occurrences_of(stage) == [("birthday:2027", 2), ("birthday:2028", 2)]
    with stage.directory.engine.connect() as connection:
        rows = connection.execute(sa.select(t.touches.c.step, t.touches.c.due_at, t.touches.c.kind)).all()
    assert sorted(at.astimezone(CHINA).strftime("%m-%d") for step, at, _ in rows if step == "week")[:1] == ["02-21"]


def test_a_birthday_learned_on_the_day_is_kept():
    """The round of today is over when the birthday is typed in: the customer comes in all the same."""
    stage = Stage.open(URL)
    (customer,) = stage.member("zhang", 1)
    stage.publish(BIRTHDAY)
    stage.tick()
    stage.tick(minutes=5)
    stage.runner.set_attribute(customer, "birthday", "1990-03-02", stage.now)
    stage.run_until_idle(days=2)
    assert days(stage) == ["03-02 09:30"]
    assert stage.reasons(customer).count("entered") == 1


def test_a_vehicle_date_lets_in_and_is_the_anchor():
    """`vehicle:policy_end` enrols when the date is set; a corrected date moves the run."""
    stage = Stage.open(URL)
    (customer,) = stage.member("zhang", 1)
    steps = '[[step]]\nid = "d30"\nat = "-30d 10:00"\ndo = { mass = "a" }\n'
    stage.publish(weekly(steps, on="vehicle:policy_end", target="customer"))
    stage.runner.set_attribute(customer, "vehicle.policy_end", "2026-04-05", stage.now)
    stage.runner.set_attribute(customer, "vehicle.policy_end", "2026-04-10", stage.now)
    stage.run_until_idle(days=60)
    assert days(stage) == ["03-11 10:00"]
    assert stage.now > NINE


def test_a_stage_that_is_entered_lets_in_each_time():
    """`stage.entered:` is fired by the attribute `stage`, for the kind of subject that has it."""
    stage = Stage.open(URL)
    (customer,) = stage.member("zhang", 1)
    stage.publish(weekly(on="stage.entered:visited", target="customer", more='reentry = "always"'))
    stage.runner.set_attribute(customer, "stage", "visited", stage.now)
    stage.runner.set_attribute("wrgroup", "stage", "visited", stage.now, target="group")
    stage.run_until_idle(days=2)
    assert stage.reasons(customer).count("entered") == 1
    assert stage.reasons("wrgroup") == []
    assert stage.now - NINE < timedelta(days=3)
