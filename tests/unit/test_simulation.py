"""A year in seconds: the same seed gives the same numbers, nothing twice, nothing lost, and what the numbers mean."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta

import pytest
from attrs import evolve
from tests.unit._sop import FILES, INSURANCE, PROSPECT, sop, step

from wecom_auto.errors import ConfigurationError
from wecom_auto.simulation import Habits, Report, Scenario, Share, Spread, simulate
from wecom_auto.simulation._company import company
from wecom_auto.simulation._doors import door
from wecom_auto.simulation._lives import Deed, lives, seats
from wecom_auto.simulation._play import Play
from wecom_auto.simulation._tally import count
from wecom_auto.sop import Contents, Settings

CONTENTS = Contents.from_toml(FILES / "contents.toml")
SMALL = Scenario(definitions=[PROSPECT, INSURANCE], contents=CONTENTS, customers=60, days=45, members=3)


@pytest.fixture(scope="module")
def report() -> Report:
    """One small year, played once."""
    return simulate(SMALL)


def test_the_same_seed_gives_the_same_report(report):
    """Two runs of one scenario do not differ in a single number."""
    assert simulate(SMALL).document() == report.document()


def test_another_seed_gives_another_report(report):
    """The seed decides: it is not left unused."""
    assert simulate(evolve(SMALL, seed=8)).document() != report.document() | {"seed": 8}


def test_nothing_is_sent_twice_and_nothing_is_lost(report):
    """The platform's own books agree with the engine's rows."""
    assert (report.duplicates, report.lost.total, report.clean) == (0, 0, True)
    assert report.sent > SMALL.customers


def test_every_planned_touch_is_accounted_for(report):
    """Planned is the sum of what became of it."""
    parts = report.sent + report.done + sum(report.dropped.values()) + report.unconfirmed + report.waiting
    assert report.planned == parts


def test_every_customer_enters_a_sop(report):
    """The doors fit: conditions of both SOPs are met by what their customers bring along."""
    assert sum(goal.entered for goal in report.goals.values()) >= SMALL.customers
    assert {name for name, goal in report.goals.items() if goal.entered} == {PROSPECT.sop, INSURANCE.sop}


@pytest.mark.slow
def test_the_numbers_do_not_depend_on_the_hash_seed():
    """Two processes with different hash seeds say the same."""
    words = ["sop", "simulate", str(FILES / "prospect.toml"), "--customers", "40", "--days", "20", "--json"]
    code = f"from wecom_auto.cli import main; raise SystemExit(main({words!r}))"
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1
    assert json.loads(said.pop())["customers"] == 40


def test_a_second_task_is_found_in_the_books_of_the_platform():
    """If somebody asks the platform for a task that no batch owns, the report says so: the count can fail."""
    with company(SMALL) as found:
        play = Play(found, SMALL, lives(SMALL, found.doors, range(3)), seats(SMALL, range(3)))
        play.run(lambda _: None)
        who = next(one for one in found.fake.customers() if found.book.friend(one.external_userid))
        sender = found.book.friend(who.external_userid)
        found.client.mass_messages.create(
            chat_type="single", external_userids=[who.external_userid], sender=sender, text="again"
        )
        assert count(found, play).books["duplicates"] == 1


def test_members_who_never_tap_leave_everything_unconfirmed():
    """Without a tap nothing but the welcome message arrives, whatever was planned."""
    habits = Habits(prompt=0, nudged=0, resign=0)
    found = simulate(evolve(SMALL, definitions=[PROSPECT], habits=habits))
    assert found.taps_per_member == Spread()
    assert found.unconfirmed > 0
    assert found.sent <= SMALL.customers + 5  # a second member welcomes, too
    assert found.alerts["unconfirmed"] > 0


def test_a_member_with_too_many_customers_is_named():
    """Ten single messages a day are more than anybody taps."""
    steps = "\n".join(step(f"s{n}", f"+1d {10 + n}:00", do=f'mass = "tpl/{n}"') for n in range(7))
    contents = Contents.from_toml(FILES / "contents.toml")
    library = Contents({f"tpl/{n}": contents.items["tpl/brochure"] for n in range(7)})
    many = sop(steps)
    texts = Contents({name: evolve(one, text=f"{one.text}{name}") for name, one in library.items.items()})
    settings = Settings(gap=timedelta(0))
    scenario = Scenario(
        definitions=[many], contents=texts, customers=20, days=20, members=1, settings=settings,
        habits=Habits(resign=0, holidays=0, prompt=1),
    )  # fmt: skip
    found = simulate(scenario)
    assert [one.userid for one in found.overloaded] == ["advisor001"]
    assert found.overloaded[0].days_over > 0


def test_a_used_up_allowance_is_counted_as_cap_loss():
    """Where members keep the whole allowance for themselves, every mass message is lost to the cap."""
    found = simulate(evolve(SMALL, definitions=[PROSPECT], settings=Settings(reserve=31)))
    assert found.cap_losses == found.dropped["dropped:cap"] > 0
    assert found.tasks == 0


def test_a_goal_is_reached_as_often_as_the_table_says():
    """Everybody who signs at once is a conversion."""
    habits = Habits(events={"deal.signed": Share(1, 0.5, 1)}, unfriend=Share(0), tags={}, resign=0, two_members=0)
    found = simulate(evolve(SMALL, definitions=[PROSPECT], customers=20, days=400, habits=habits))
    assert found.goals[PROSPECT.sop].goal == 20
    assert found.goals[PROSPECT.sop].conversion == 1.0


def test_one_more_customer_changes_nobody_elses_life():
    """Everybody has dice of their own."""
    few, more = (
        [one for one in lives(evolve(SMALL, customers=count), [door(PROSPECT)], range(1)) if one.deed is Deed.UNFRIEND]
        for count in (50, 51)
    )
    assert {one.who for one in few} <= {one.who for one in more}


def test_the_door_brings_what_the_entry_condition_asks_for():
    """A state that begins right, the owner's tag, and no tag that would shut the door."""
    assert door(PROSPECT).state == "showroom-"
    assert door(PROSPECT).tags == ()
    assert door(INSURANCE).tags == ("车主",)
    assert door(INSURANCE).anchor == "insurance_expiry"


@pytest.mark.parametrize("wrong", [{"customers": 0}, {"days": 1001}, {"members": -1}])
def test_numbers_out_of_range_are_refused(wrong):
    """The field and the limit are named."""
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        evolve(SMALL, **wrong)


def test_a_share_is_between_nothing_and_all():
    """More than everybody cannot do something."""
    with pytest.raises(ConfigurationError, match="share"):
        Share(1.2)


def test_the_command_prints_one_json_object(capsys):
    """`--json` prints the report and nothing else, and no bar."""
    from wecom_auto.cli import main

    words = ["sop", "simulate", str(FILES / "prospect.toml"), "--customers", "10", "--days", "10", "--json"]
    assert main(words) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["duplicates"] == 0
    assert said.err == ""


def test_the_command_prints_a_summary(capsys):
    """For people: what was sent, what was dropped, and that nothing came twice."""
    from wecom_auto.cli import main

    words = ["sop", "simulate", str(FILES / "prospect.toml"), "--customers", "30", "--days", "30", "--members", "2"]
    assert main(words) == 0
    assert "duplicates 0, lost 0" in capsys.readouterr().out


def test_teams_are_even_and_hold_every_seat_once():
    """No seat is left out or shared, no team has more than five, and only the number of members decides."""
    for members in (1, 4, 5, 6, 11, 23):
        teams = evolve(SMALL, members=members).teams
        assert [seat for team in teams for seat in team] == list(range(members))
        assert max(map(len, teams)) <= 5
        assert max(map(len, teams)) - min(map(len, teams)) <= 1


@pytest.mark.slow
def test_as_many_processes_as_wanted_say_the_same():
    """Two processes play the teams and add up to the report of one; time is told from the first day to the last."""
    scenario, told = evolve(SMALL, members=7, days=25), []
    found = simulate(scenario, told.append, workers=2)
    assert found.document() == simulate(scenario).document()
    assert (found.clean, found.customers, found.members) == (True, SMALL.customers, 7)
    assert told == sorted(told)
    assert scenario.end - timedelta(days=1) <= told[-1] <= scenario.end


def test_what_no_other_process_can_hold_is_refused_with_a_remedy():
    """A lambda cannot be handed over: said before anything is played."""
    settings = Settings(supervisor=lambda userid: userid)
    with pytest.raises(ConfigurationError, match=r"cannot be handed to other processes.*workers=1"):
        simulate(evolve(SMALL, members=7, settings=settings), workers=2)
    with pytest.raises(ConfigurationError, match="workers: 0 is less than 1"):
        simulate(SMALL, workers=0)
