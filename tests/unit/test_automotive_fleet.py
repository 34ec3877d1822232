"""Thousands of codes from one table: what is made, what moves with the hours, and what happens on bad days."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from tests.stores import KINDS, fresh_database

from wecom_auto._time import CHINA
from wecom_auto.automotive.channels import Source
from wecom_auto.automotive.fleet import (
    Code,
    CodeKind,
    Fleet,
    FleetTable,
    KnownCode,
    Platform,
    Shifts,
    Todo,
    compare,
    staff,
)
from wecom_auto.callbacks.events import CustomerAdded
from wecom_auto.errors import ConfigurationError
from wecom_auto.sop import DefinitionError, WeekendCalendar
from wecom_auto.store import open_store
from wecom_auto.testing import FakeWeCom, Limits

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=CHINA)
HOUR = timedelta(hours=1)
EXAMPLES = Path(__file__).parents[2] / "examples" / "automotive"
SHIFTS = Shifts.from_file(EXAMPLES / "shifts.toml", calendar=WeekendCalendar())
STAFF = ("zhangsan", "lisi", "wangwu", "zhaoliu", "zhoujie", "sunqi")
HEAD = "编码,类型,员工,备用员工,每日上限,班次,群,渠道,门店,备注\n"


@pytest.fixture
def fake() -> FakeWeCom:
    """A corp with six members, a group and uses for links."""
    fake = FakeWeCom(now=NINE)
    for userid in STAFF:
        fake.add_member(userid)
    fake.create_group("zhangsan", "潜客一群")
    fake.buy_link_uses(1000)
    return fake


@contextmanager
def fleet_in(url: str, fake: FakeWeCom) -> Iterator[Fleet]:
    """A fleet in a database."""
    engine = open_store(url)
    yield Fleet(engine, fake.corp_id, clock=fake.clock.time)
    engine.dispose()


@pytest.fixture
def fleet(fake: FakeWeCom) -> Iterator[Fleet]:
    """A fleet in memory."""
    with fleet_in("sqlite://", fake) as opened:
        yield opened


@pytest.fixture(params=KINDS)
def everywhere(request: pytest.FixtureRequest, tmp_path: Path, fake: FakeWeCom) -> Iterator[Fleet]:
    """A fleet on each kind of database in turn."""
    with fresh_database(request.param, tmp_path) as url, fleet_in(url, fake) as opened:
        yield opened


def table(*codes: Code) -> FleetTable:
    """A table of good rows."""
    return FleetTable(codes=codes)


def example(fake: FakeWeCom) -> FleetTable:
    """The table that ships, with the group that this corp has."""
    read = FleetTable.read(EXAMPLES / "qr.csv", shifts=SHIFTS)
    (group,) = fake.groups()
    codes = (evolve(one, chat_ids=(group.chat_id,)) if one.chat_ids else one for one in read.codes)
    return evolve(read, codes=tuple(codes))


def hall(**changes: object) -> Code:
    """One code of the showroom."""
    return evolve(Code(key="hall", users=("zhangsan",), source=Source(store="bj01")), **changes)


def ways(fake: FakeWeCom) -> dict[str, tuple[str, ...]]:
    """The contact ways that the platform has: remark to members."""
    client = fake.client()
    found = [client.contact_ways.get(one.config_id) for one in client.contact_ways.iter_all()]
    return {one.remark: tuple(sorted(one.users)) for one in found}


# Reading


def test_the_example_has_no_bad_row():
    """The files that ship are read whole."""
    read = FleetTable.read(EXAMPLES / "qr.csv", shifts=SHIFTS)
    assert read.problems == ()
    assert [one.kind for one in read.codes] == [
        CodeKind.CONTACT, CodeKind.CONTACT, CodeKind.CONTACT, CodeKind.GROUP, CodeKind.LINK,
    ]  # fmt: skip


def test_excel_and_gbk_are_read_alike(tmp_path):
    """The same rows from a workbook with a title above, and from a GBK file."""
    from openpyxl import Workbook

    text = HEAD + "bj01,联系我,zhangsan;lisi,,20,,,store,bj01,展厅\n"
    book = Workbook()
    book.active.append(["北京一店 活码 2026"])
    for line in text.splitlines():
        book.active.append([int(cell) if cell == "20" else cell for cell in line.split(",")])
    book.save(tmp_path / "a.xlsx")
    (tmp_path / "a.csv").write_bytes(text.encode("gbk"))
    assert FleetTable.read(tmp_path / "a.xlsx") == FleetTable.read(tmp_path / "a.csv")
    assert FleetTable.read(tmp_path / "a.csv").codes[0].users == ("zhangsan", "lisi")


@pytest.mark.parametrize(
    ("row", "column", "value", "reason"),
    [
        (",联系我,zhangsan,,,,,,,", "编码", "", "missing"),
        ("a,海报,zhangsan,,,,,,,", "类型", "海报", "write 联系我, 群活码 or 获客链接"),
        ("a,联系我,,,,,,,,", "员工", "", "needs members, departments or a shift"),
        ("a,群活码,,,,,,,,", "群", "", "1 to 5 groups"),
        ("a,联系我,zhangsan,,,,wr1,,,", "群", "wr1", "groups are for group codes"),
        ("a,联系我,zhangsan,,很多,,,,,", "每日上限", "很多", "whole number"),
        ("a,联系我,zhangsan,,0,,,,,", "每日上限", "0", "from 1"),
        ("a,联系我,zhangsan,,,夜班,,,,", "班次", "夜班", "no such shift"),
        ("a,联系我,zhangsan,,,,,,," + "长" * 31, "备注", "长" * 31, "31 characters, at most 30"),
        ("ok,联系我,zhangsan,,,,,,,", "编码", "ok", "another row"),
        ("a,群活码,,,,,w1;w2;w3;w4;w5;w6,,,", "群", "w1;w2;w3;w4;w5;w6", "6 of them, at most 5"),
        ("=1+1,联系我,=cmd,,,,,," + "=" * 70 + ",", "门店", "'" + "=" * 60, "formula"),
    ],
)
def test_a_bad_cell_is_named_and_good_rows_are_kept(row, column, value, reason):
    """Row, heading, value and reason of what is wrong; the row before it is a code."""
    read = FleetTable.read(HEAD + "ok,联系我,zhangsan,,,,,,,\n" + row + "\n", shifts=SHIFTS)
    assert [one.key for one in read.codes] == ["ok"]
    problem = read.problems[-1]
    assert (problem.row, problem.column, problem.value) == (3, column, value)
    assert reason in problem.reason


def test_a_table_without_a_key_is_refused():
    """Without 编码 nobody knows which row is which code."""
    with pytest.raises(ConfigurationError, match="编码"):
        FleetTable.read("员工,备注\nzhangsan,展厅\n")


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_in_one_message(data):
    """No file makes the reader fall."""
    try:
        FleetTable.read(HEAD.encode() + data)
    except ConfigurationError:
        return


# Shifts and caps


@pytest.mark.parametrize(
    ("clock", "users"),
    [
        ("2026-03-02T08:59", ("zhoujie",)),
        ("2026-03-02T09:00", ("zhangsan", "lisi")),
        ("2026-03-02T15:00", ("wangwu", "zhaoliu")),
        ("2026-03-02T21:00", ("zhoujie",)),
        ("2026-03-07T10:00", ("zhangsan", "lisi", "sunqi")),
    ],
)
def test_who_is_on_duty(clock, users):
    """The timetable of the example, at its edges and on a Saturday."""
    assert SHIFTS.on_duty("dcc", datetime.fromisoformat(clock).replace(tzinfo=CHINA)) == users


def test_a_night_belongs_to_the_day_on_which_it_begins():
    """A turn over midnight is worked on the morning after its days, and on dates of its own."""
    turn = 'hours = "22:00-06:00"\ndays = ["fri"]\ndates = [2026-03-04]\nusers = ["x"]\n'
    night = Shifts.from_file(f'[[shift]]\nname = "n"\n[[shift.turn]]\n{turn}')
    on = {day: bool(night.on_duty("n", datetime(2026, 3, day, 2, tzinfo=CHINA))) for day in range(4, 9)}
    assert on == {4: False, 5: True, 6: False, 7: True, 8: False}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("09:00-15:00", "9-15"), "part of the day"),
        (('["restday"]', '["sonntag"]'), "unknown day"),
        (('["zhangsan", "lisi"]', "[]"), "needs somebody"),
        (("Asia/Shanghai", "Asia/Peking2"), "time zone"),
    ],
)
def test_a_wrong_timetable_is_refused_with_its_place(change, message):
    """What cannot be meant is named."""
    text = (EXAMPLES / "shifts.toml").read_text("utf-8").replace(*change, 1)
    with pytest.raises(DefinitionError, match=message):
        Shifts.from_file(text)


@pytest.mark.parametrize(
    ("adds", "users", "backup", "overloaded"),
    [
        ({}, ("zhangsan", "lisi"), False, False),
        ({"zhangsan": 2}, ("lisi",), False, False),
        ({"zhangsan": 2, "lisi": 3}, ("zhoujie",), True, False),
        ({"zhangsan": 2, "lisi": 2, "zhoujie": 2}, ("zhangsan", "lisi"), False, True),
    ],
)
def test_full_members_are_left_out_until_nobody_is_left(adds, users, backup, overloaded):
    """First those with room, then the backup, then everybody: a code always leads to somebody."""
    code = Code(key="a", users=("zhangsan", "lisi"), backup=("zhoujie",), daily_cap=2)
    found = staff(code, Shifts(), NINE, adds)
    assert (found.users, found.backup, found.overloaded) == (users, backup, overloaded)


@given(
    st.sampled_from(["", "dcc"]),
    st.lists(st.sampled_from(STAFF), min_size=1, unique=True),
    st.lists(st.sampled_from(STAFF), unique=True),
    st.integers(0, 3),
    st.dictionaries(st.sampled_from(STAFF), st.integers(0, 5)),
    st.integers(0, 24 * 60),
)
def test_a_code_always_leads_to_somebody(shift, users, backup, cap, adds, minutes):
    """Whatever the hour and however full everybody is, and never to a stranger."""
    code = Code(key="a", users=tuple(users), backup=tuple(backup), daily_cap=cap, shift=shift)
    found = staff(code, SHIFTS, NINE + timedelta(minutes=minutes), adds)
    assert found.users
    assert set(found.users) <= {*users, *backup}


# Plan and apply


def test_the_example_is_made_and_stays(everywhere, fake):
    """Every row becomes a code with its people, and a second run has nothing to do."""
    client = fake.client()
    report = everywhere.apply(example(fake), client, now=NINE, shifts=SHIFTS)
    assert report.clean
    assert len(report.created) == 5
    assert ways(fake)["北京一店 展厅"] == ("lisi", "zhangsan")
    again = everywhere.plan(example(fake), now=NINE, shifts=SHIFTS, client=client)
    assert (again.findings, again.kept) == ((), 5)


def test_every_code_can_be_printed(fleet, fake):
    """Contact ways and group codes have the address of a picture, links one with their channel."""
    fleet.apply(example(fake), fake.client(), now=NINE, shifts=SHIFTS)
    urls = {one.key: one.url for one in fleet.codes()}
    assert all(url.startswith("https://") for url in urls.values())
    assert "customer_channel=w1" in urls["sms-spring"]


def test_a_scan_is_attributed_to_the_row(fleet, fake):
    """Who scans the code of a store is counted for channel, campaign and store of its row."""
    fleet.apply(example(fake), fake.client(), now=NINE, shifts=SHIFTS)
    fake.scan(fleet.code("sh02-autoshow").config_id)
    fake.open_link(fleet.code("sms-spring").url)
    for event in fake.events:
        if isinstance(event, CustomerAdded):
            fleet.channels.record(event)
    assert {one.key: one.adds for one in fleet.channels.count("campaign")} == {"spring-launch": 2}
    assert {one.key: one.adds for one in fleet.channels.count("store")} == {"": 1, "sh02": 1}


def test_the_shift_moves_the_code(fleet, fake):
    """At three in the afternoon other members are behind the code, and the code is the same."""
    client = fake.client()
    fleet.apply(example(fake), client, now=NINE, shifts=SHIFTS)
    before = fleet.code("bj01-hall").config_id
    report = fleet.apply(example(fake), client, now=NINE + 6 * HOUR, shifts=SHIFTS, look=False)
    assert report.updated == ("bj01-hall",)
    assert ways(fake)["北京一店 展厅"] == ("wangwu", "zhaoliu")
    assert fleet.code("bj01-hall").config_id == before


def test_a_daily_cap_brings_in_the_backup_and_midnight_ends_it(fleet, fake):
    """Who has had enough customers today is left out until tomorrow."""
    code = hall(daily_cap=2, backup=("zhoujie",))
    fleet.apply(table(code), fake.client(), now=NINE)
    for _ in range(2):
        fake.scan(fleet.code("hall").config_id)
    for event in fake.events:
        if isinstance(event, CustomerAdded):
            fleet.channels.record(event)
    assert fleet.apply(table(code), fake.client(), now=NINE + HOUR).updated == ("hall",)
    assert ways(fake)[""] == ("zhoujie",)
    fleet.apply(table(code), fake.client(), now=NINE + 24 * HOUR)
    assert ways(fake)[""] == ("zhangsan",)


def test_a_plan_says_what_changes(fleet, fake):
    """People who come and go, and settings with before and after."""
    fleet.apply(table(hall()), fake.client(), now=NINE)
    changed = table(hall(users=("lisi",), remark="新展厅", source=Source(store="bj02")))
    (finding,) = fleet.plan(changed, now=NINE).of(Todo.UPDATE)
    assert finding.detail == "remark '' → '新展厅', source, users +lisi -zhangsan"


def test_planning_changes_nothing(fleet, fake):
    """A plan reads, here and at the platform."""
    fleet.plan(example(fake), now=NINE, shifts=SHIFTS, client=fake.client())
    assert fleet.codes() == ()
    assert ways(fake) == {}
    assert fleet.channels.names("store") == ()


def test_nothing_is_deleted_unasked(fleet, fake):
    """A row that is gone is reported, and its code goes only with delete=True; its key may be used again."""
    fleet.apply(table(hall(), hall(key="b")), fake.client(), now=NINE)
    assert fleet.apply(table(hall()), fake.client(), now=NINE).deleted == ()
    assert [one.key for one in fleet.plan(table(hall()), now=NINE).of(Todo.DELETE)] == ["b"]
    assert fleet.apply(table(hall()), fake.client(), now=NINE, delete=True).deleted == ("b",)
    assert len(ways(fake)) == 1
    assert fleet.apply(table(hall(), hall(key="b")), fake.client(), now=NINE).created == ("b",)


def test_a_broken_row_kills_no_code(fleet, fake):
    """A row with a mistake is there: its code is left as it is, also if nobody can read which one it is."""
    fleet.apply(table(hall()), fake.client(), now=NINE)
    for row in ("hall,联系我,,,,,,,,", "=A7,联系我,zhangsan,,,,,,,", ",联系我,zhangsan,,,,,,,"):
        broken = FleetTable.read(HEAD + row + "\n")
        assert fleet.apply(broken, fake.client(), now=NINE, delete=True).deleted == ()


def test_orphans_are_named_and_stay(fleet, fake):
    """A code that this app made elsewhere is found, and nobody touches it."""
    fake.client().contact_ways.create(users=["lisi"], remark="手工")
    fleet.apply(table(hall()), fake.client(), now=NINE)
    plan = fleet.plan(table(hall()), now=NINE, client=fake.client())
    assert [one.kind for one in plan.of(Todo.ORPHAN)] == [CodeKind.CONTACT]
    assert "手工" in ways(fake)


def test_a_code_that_was_deleted_elsewhere_is_made_anew(fleet, fake):
    """The plan calls it lost; the next run replaces it."""
    fleet.apply(table(hall()), fake.client(), now=NINE)
    fake.client().contact_ways.delete(fleet.code("hall").config_id)
    assert [one.key for one in fleet.plan(table(hall()), now=NINE, client=fake.client()).of(Todo.LOST)] == ["hall"]
    assert fleet.apply(table(hall()), fake.client(), now=NINE).created == ("hall",)


def test_a_lost_code_is_noticed_by_an_update_too(fleet, fake):
    """Without a look first, the refused update tells; the run after it replaces the code."""
    fleet.apply(table(hall()), fake.client(), now=NINE)
    fake.client().contact_ways.delete(fleet.code("hall").config_id)
    moved = table(hall(users=("lisi",)))
    assert "hall" in fleet.apply(moved, fake.client(), now=NINE, look=False).failed
    assert fleet.apply(moved, fake.client(), now=NINE, look=False).created == ("hall",)


def test_a_code_cannot_change_its_kind(fleet, fake):
    """A contact way becomes no group code: the plan says so and the code stays."""
    fleet.apply(table(hall()), fake.client(), now=NINE)
    (group,) = fake.groups()
    plan = fleet.plan(table(hall(kind=CodeKind.GROUP, users=(), chat_ids=(group.chat_id,))), now=NINE)
    assert [one.key for one in plan.of(Todo.KIND)] == ["hall"]


def test_one_wrong_member_stops_no_other_code(fleet, fake):
    """A row whose member does not exist fails with the platform's words; the others are made."""
    report = fleet.apply(table(hall(key="a", users=("ghost",)), hall(key="b")), fake.client(), now=NINE)
    assert report.created == ("b",)
    assert "60111" in report.failed["a"]
    assert fleet.apply(table(hall(key="a"), hall(key="b")), fake.client(), now=NINE).created == ("a",)


def test_a_full_corp_is_not_begun(fake, tmp_path):
    """Beyond 500,000 codes nothing is made; the plan says how many there are."""
    known = {
        str(n): KnownCode(key=str(n), kind=CodeKind.CONTACT, status="live", config_id=str(n), intent_at=NINE)
        for n in range(3)
    }
    listed = Platform(contact_ways=frozenset(map(str, range(500_000))))
    plan = compare(table(hall()), known, shifts=Shifts(), at=NINE, adds_today={}, platform=listed)
    assert not plan.fits
    assert "500000 there, 1 to be made" in plan.of(Todo.QUOTA)[0].detail


def test_the_platforms_own_no_ends_the_run(fleet, fake):
    """When the quota is used up the run stops and says so, instead of asking 4,000 times."""
    fake.limits = Limits(contact_ways=1)
    report = fleet.apply(table(*(hall(key=str(n)) for n in range(5))), fake.client(), now=NINE)
    assert len(report.created) == 1
    assert "41045" in report.stopped
    assert fake.count("externalcontact/add_contact_way") == 2


def test_links_without_uses_are_warned_about(fleet, fake):
    """A link costs a use for every customer: few that are left are a finding, none of them stops other codes."""
    bare = FakeWeCom(now=NINE)
    bare.add_member("zhangsan")
    plan = fleet.plan(table(hall(kind=CodeKind.LINK)), now=NINE, client=bare.client())
    assert "0 uses left" in plan.of(Todo.QUOTA)[0].detail
    assert plan.fits


# Bad days

FAULTS = [{"reset": "after"}, {"reset": "before"}, {"late_busy": True}, {"body": "truncated"}, {"status": 502}]
CREATES = {
    CodeKind.CONTACT: "externalcontact/add_contact_way",
    CodeKind.LINK: "externalcontact/customer_acquisition/create_link",
}


@pytest.mark.parametrize("fault", FAULTS, ids=str)
@pytest.mark.parametrize("kind", CREATES)
def test_an_unheard_answer_makes_no_second_code(everywhere, fake, fault, kind):
    """The code whose answer was lost is found or made, once; so are those beside it with the same settings."""
    codes = table(*(Code(key=f"k{n}", kind=kind, users=("zhangsan",), remark="同名") for n in range(3)))
    fake.fail_next(CREATES[kind], **fault)
    everywhere.apply(codes, fake.client(), now=NINE)
    report = everywhere.apply(codes, fake.client(), now=NINE)
    assert report.clean
    client = fake.client()
    listed = client.contact_ways.iter_all() if kind is CodeKind.CONTACT else client.acquisition_links.iter_all()
    assert len(list(listed)) == 3
    assert all(one.live for one in everywhere.codes())
    assert everywhere.plan(codes, now=NINE, client=client).findings == ()


def test_a_group_code_that_nobody_can_look_for_is_said(fleet, fake):
    """The platform lists no group codes: a lost answer may have made one, and the report says so."""
    (group,) = fake.groups()
    code = Code(key="g", kind=CodeKind.GROUP, chat_ids=(group.chat_id,))
    fake.fail_next("externalcontact/groupchat/add_join_way", reset="after")
    first = fleet.apply(table(code), fake.client(), now=NINE)
    assert first.doubtful == ("g",)
    assert fleet.apply(table(code), fake.client(), now=NINE).created == ("g",)


def test_a_platform_that_is_away_ends_the_run(fleet, fake):
    """After three calls without an answer the run stops; the next one makes every code once."""
    codes = table(*(hall(key=str(n), remark=str(n)) for n in range(8)))
    fake.fail_next("externalcontact/add_contact_way", times=3, reset="after")
    assert fleet.apply(codes, fake.client(), now=NINE).stopped
    assert fleet.apply(codes, fake.client(), now=NINE).clean
    assert len(ways(fake)) == 8


class KilledError(BaseException):
    """The process is gone: nothing of it runs any more."""


@pytest.mark.parametrize("step", range(5))
def test_killed_between_two_codes_the_next_run_goes_on(fleet, fake, step):
    """Wherever a run is cut off, the next one ends where an undisturbed one ends."""

    def told(done: int, _total: int, _text: str) -> None:
        if done == step:
            raise KilledError

    with pytest.raises(KilledError):
        fleet.apply(example(fake), fake.client(), now=NINE, shifts=SHIFTS, progress=told)
    assert fleet.apply(example(fake), fake.client(), now=NINE, shifts=SHIFTS).clean
    assert len(ways(fake)) == 3
    assert sorted(one.key for one in fleet.codes() if one.live) == sorted(one.key for one in example(fake).codes)


@pytest.mark.parametrize("write", range(9))
def test_killed_at_any_write_no_code_is_made_twice(fleet, fake, write, monkeypatch):
    """Before and after the call, before and after its answer is stored: contact ways and links exist once."""
    numbers = itertools.count()
    put = Fleet.put

    def dying(self: Fleet, code: KnownCode) -> KnownCode:
        if next(numbers) == write:
            raise KilledError
        return put(self, code)

    codes = table(*(Code(key=f"k{n}", kind=kind, users=("zhangsan",)) for n, kind in enumerate(CREATES)), hall())
    with monkeypatch.context() as patched:
        patched.setattr(Fleet, "put", dying)
        with pytest.raises(KilledError):
            fleet.apply(codes, fake.client(), now=NINE)
    assert fleet.apply(codes, fake.client(), now=NINE).clean
    client = fake.client()
    assert len(list(client.contact_ways.iter_all())) == 2
    assert len(list(client.acquisition_links.iter_all())) == 1


@pytest.mark.slow
def test_a_thousand_codes(fleet, fake):
    """A thousand rows are made with one call each, and kept."""
    codes = table(*(hall(key=f"store-{n:04}", remark=f"{n:04}", source=Source(store=f"s{n}")) for n in range(1000)))
    assert len(fleet.apply(codes, fake.client(), now=NINE).created) == 1000
    plan = fleet.plan(codes, now=NINE, client=fake.client())
    assert (plan.findings, plan.kept) == ((), 1000)
