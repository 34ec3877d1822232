"""What goes wrong in the mirror's world: odd texts, crowds, clocks, what the app may not read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.stores import KINDS, fresh_database

from wecom_auto.callbacks.events import Event
from wecom_auto.directory import Directory, SyncKind, SyncProgress
from wecom_auto.directory._fit import fit
from wecom_auto.models import Customer, CustomerDetail, Follow, GroupChat, GroupMember, JoinWay, Tag, TagGroup
from wecom_auto.store import open_store
from wecom_auto.testing import FakeWeCom

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
LONG = "名" * 300
ODD = "王\0👩‍🚒\ud83d"
"""With a NUL, an emoji of several code points, and half of one."""


@pytest.fixture
def fake() -> FakeWeCom:
    """A corp with one member."""
    fake = FakeWeCom(seed=1)
    fake.add_member("zhangsan")
    return fake


@pytest.fixture(params=KINDS)
def directory(request: pytest.FixtureRequest, fake: FakeWeCom, tmp_path: Path) -> Iterator[Directory]:
    """An empty mirror of that corp, on the corp's clock, on each kind of database."""
    with fresh_database(request.param, tmp_path) as url:
        engine = open_store(url)
        yield Directory(engine, fake.corp_id, clock=fake.clock.time)
        engine.dispose()


def sweep(fake: FakeWeCom, directory: Directory, **options: object) -> list[Event]:
    """Return what a sweep two hours later hands out."""
    fake.clock.advance(hours=2)
    kept: list[Event] = []
    directory.reconcile(fake.client(), lambda _connection, events: kept.extend(events), **options)  # type: ignore[arg-type]
    return kept


# Texts


def test_a_text_is_made_fit():
    """Short texts stay as they are; NUL, half an emoji and what is too long go."""
    assert fit("王女士 👩‍🚒") == "王女士 👩‍🚒"
    assert fit(ODD) == "王👩‍🚒?"
    assert fit("a\0b") == "ab"
    assert (fit(LONG), fit("a" * 300)) == ("名" * 255, "a" * 255)


@pytest.mark.parametrize("text", [LONG, ODD, "👨‍👩‍👧‍👦" * 20])
def test_no_text_that_people_type_stops_the_mirror(directory, text):
    """Longer than a column, NUL, emoji: kept as far as the database can, on every database."""
    follow = Follow(userid="zhangsan", remark=text, state=text, created_at=NOON)
    person = Customer(external_userid="wm1", name=text, corp_name=text)
    directory.upsert_customer(CustomerDetail(customer=person, follows=(follow,)), as_of=NOON)
    member = GroupMember(userid="wm1", name=text, state=text, joined_at=NOON)
    directory.upsert_groups([GroupChat(chat_id="wr1", name=text, members=(member,))], as_of=NOON)
    directory.upsert_tags([TagGroup(group_id="g", group_name=text, tags=(Tag(id="t", name=text),))])
    directory.upsert_ways([JoinWay(config_id="c", state=text, remark=text)])
    assert directory.facts("wm1").name == fit(text)
    assert directory.facts("wm1", "zhangsan").state() == fit(text)
    assert directory.group("wr1").name == fit(text)
    assert [one.name for one in directory.group_members("wr1")] == [fit(text)]
    assert [group.group_name for group in directory.tag_groups()] == [fit(text)]
    assert directory.ways()[0].state == fit(text)


def test_a_text_that_was_cut_is_no_news_every_night(fake, directory):
    """What is compared is what was kept: names that do not fit are not "changed" in each sweep."""
    group = fake.create_group("zhangsan", LONG)
    customer = fake.add_customer(name=LONG, followed_by="zhangsan")
    fake.join_group(group, customer)
    fake.staff_remarks("zhangsan", customer, remark=LONG)
    fake.add_tag(LONG, LONG)
    directory.sync(fake.client())
    assert sweep(fake, directory) == []


# Crowds


@pytest.mark.parametrize("whole", [True, False])
def test_where_a_read_stands_fits_into_the_database(fake, directory, whole):
    """With two thousand members the rest to be read is longer than the 64 KiB of a MySQL TEXT."""
    for number in range(2000):
        fake.add_member(f"a_rather_long_userid_as_some_corps_have_them_{number:05d}")
    kinds = [SyncKind.CUSTOMERS, SyncKind.GROUPS] if whole else [SyncKind.GROUPS]
    assert directory.sync(fake.client(), kinds=kinds, whole=whole, concurrency=4).finished


def test_a_customer_of_more_than_500_members_is_known_to_all(fake, directory):
    """One answer holds 500 followers; a read of what is new reads on, and then does not read them every hour."""
    members = [f"u{number:03d}" for number in range(520)]
    for one in members:
        fake.add_member(one)
    customer = fake.add_customer(followed_by=members).external_userid
    directory.sync(fake.client(), kinds=[SyncKind.CUSTOMERS], whole=False)
    assert {one.userid for one in directory.facts(customer).followers} == set(members)
    before = fake.count("externalcontact/get")
    directory.sync(fake.client(), kinds=[SyncKind.CUSTOMERS], whole=False)
    assert fake.count("externalcontact/get") == before


# Clocks


@pytest.mark.parametrize("whole", [True, False])
def test_a_clock_that_is_set_back_during_a_read_loses_nobody(fake, directory, whole):
    """What a read saw is never older than the read: nobody is taken for gone at its end."""
    customer = fake.add_customer(followed_by="zhangsan")
    group = fake.create_group("zhangsan", "一群")
    client = fake.client()
    client.contact_ways.create(users=["zhangsan"], state="s")
    directory.sync(client)
    fake.clock.advance(days=1)
    back = timedelta(0)

    def clock() -> float:
        return fake.clock.time() - back.total_seconds()

    def set_back(progress: SyncProgress) -> None:
        nonlocal back
        del progress
        back = timedelta(minutes=5)

    unsteady = Directory(directory.engine, directory.corp_id, clock=clock)
    unsteady.sync(client, set_back, whole=whole)
    assert unsteady.facts(customer.external_userid, "zhangsan").following()
    assert [one.chat_id for one in unsteady.groups()] == [group.chat_id]
    assert len(unsteady.ways()) == 1


# What the app may not read


@pytest.mark.parametrize("errcode", [60011, 84074, 701008])
def test_a_group_that_must_not_be_read_does_not_stop_the_others(fake, directory, errcode):
    """A group whose owner has no licence, or lies out of range, is known by name only, and stays."""
    groups = {fake.create_group("zhangsan", f"{number}群").chat_id for number in range(3)}
    fake.fail_next("externalcontact/groupchat/get", errcode=errcode)
    assert directory.sync(fake.client()).finished
    assert {one.chat_id for one in directory.groups()} == groups
    assert sorted(bool(one.name) for one in directory.groups()) == [False, True, True]
    assert directory.sync(fake.client(), whole=False).groups == 1  # tried again


def test_two_corps_that_share_a_database_are_swept_apart(fake, directory):
    """What one corp does not list says nothing about the other, though ids may be equal."""
    other = FakeWeCom(seed=2, corp_id="ww0000000000000002")
    customer = fake.add_customer(followed_by="zhangsan", external_userid="wmSame")
    other.add_customer(followed_by="zhangsan", external_userid="wmSame")
    theirs = Directory(directory.engine, other.corp_id, clock=other.clock.time)
    for corp, mirror in ((fake, directory), (other, theirs)):
        mirror.sync(corp.client())
    other.delete_customer("zhangsan", "wmSame")
    assert [type(one).__name__ for one in sweep(other, theirs)] == ["CustomerDeleted"]
    assert sweep(fake, directory) == []
    assert directory.facts(customer.external_userid, "zhangsan").following()
    assert not theirs.facts("wmSame", "zhangsan").following()


def test_the_number_of_statements_does_not_grow_with_the_rows(fake, directory):
    """A group or a customer more costs no statement more."""

    def statements() -> int:
        made = 0

        def count(*_: object) -> None:
            nonlocal made
            made += 1

        sa.event.listen(directory.engine, "before_cursor_execute", count)
        directory.sync(fake.client(), kinds=[SyncKind.CUSTOMERS, SyncKind.GROUPS])
        sa.event.remove(directory.engine, "before_cursor_execute", count)
        return made

    def grow(number: int) -> None:
        for _ in range(number):
            group = fake.create_group("zhangsan", "群")
            fake.join_group(group, fake.add_customer(followed_by="zhangsan"))

    grow(1)
    statements()
    few = statements()
    grow(30)
    statements()
    assert statements() == few
