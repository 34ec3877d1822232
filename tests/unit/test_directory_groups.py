"""Groups, their members and channel codes in the mirror: read in bulk, told by events, late, twice and out of order."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.stores import KINDS, fresh_database, memory_store

from wecom_auto.callbacks.events import GroupDismissed, GroupUpdated, GroupUpdateDetail, JoinedBy, LeftBy
from wecom_auto.directory import Directory, Membership, SyncKind, SyncProgress, WayKind
from wecom_auto.directory._membership import GroupRow, came, members_read, named, read, went
from wecom_auto.errors import PermissionDeniedError, WeComError
from wecom_auto.models import GroupChat, GroupMember, GroupMemberType, GroupStatus, JoinScene
from wecom_auto.store import open_store
from wecom_auto.testing import FakeWeCom

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
GET, LIST = "externalcontact/groupchat/get", "externalcontact/groupchat/list"
GET_WAY = "externalcontact/get_contact_way"


def at(minutes: float) -> datetime:
    """Return a time so many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


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


def inside(directory: Directory, chat_id: str) -> set[str]:
    """Return who is in a group, as the mirror knows it."""
    return {one.userid for one in directory.group_members(chat_id)}


# Rules, without a database


def membership(**fields: object) -> Membership:
    """Return somebody in a group."""
    return Membership(chat_id="wr1", userid="wm1", **fields)  # type: ignore[arg-type]


def test_an_old_event_undoes_nothing():
    """Joined, left, joined again: whatever order the three arrive in, the last one that happened counts."""
    news = [
        lambda one: came(one, at(0), JoinScene.QR_CODE),
        lambda one: went(one, at(1)),
        lambda one: came(one, at(2), JoinScene.INVITED),
    ]
    for order in itertools.permutations(news):
        found = membership()
        for apply in order:
            found = apply(found)
        assert (found.inside, found.changed_at, found.join_scene) == (True, at(2), JoinScene.INVITED)


def test_a_list_that_lags_does_not_bring_back_who_has_left():
    """For an hour after the event a list with the old join time is late news; after that it is right."""
    gone = went(came(membership(), at(0), JoinScene.QR_CODE), at(10))
    told = [GroupMember(userid="wm1", type=GroupMemberType.CUSTOMER, joined_at=at(0))]
    assert members_read({"wm1": gone}, "wr1", told, at(11)) == []
    (back,) = members_read({"wm1": gone}, "wr1", told, at(71))
    assert back.inside
    (again,) = members_read({"wm1": gone}, "wr1", [GroupMember(userid="wm1", joined_at=at(10.5))], at(11))
    assert again.inside


def test_a_list_that_lags_does_not_send_away_who_has_just_come():
    """Who joined within the hour may be missing from the list; who joined before has left."""
    just = came(membership(), at(0), JoinScene.QR_CODE)
    assert members_read({"wm1": just}, "wr1", [], at(1)) == []
    (left,) = members_read({"wm1": just}, "wr1", [], at(61))
    assert (left.inside, left.left_at) == (False, at(61))


def test_an_older_answer_changes_nothing():
    """Two answers that overtake each other leave the younger one."""
    young = read(GroupRow(chat_id="wr1"), GroupChat(chat_id="wr1", name="新"), at(2))
    assert read(young, GroupChat(chat_id="wr1", name="旧"), at(1)) == young


def test_a_list_may_name_a_dissolved_group_for_a_while():
    """Dissolved by an event, still listed a minute later: dissolved. Listed a day later: it lives."""
    gone = GroupRow(chat_id="wr1", dismissed_at=at(0))
    assert not named(gone, GroupStatus.NORMAL, at(1)).living
    assert named(gone, GroupStatus.NORMAL, at(24 * 60)).living


# Bulk reads


def test_sync_reads_groups_with_members_and_how_they_came(fake, directory):
    """After one bulk read the mirror knows groups, owners, members, join scenes and the channel of the join way."""
    client = fake.client()
    group = fake.create_group("zhangsan", "意向客户一群")
    friend = fake.add_customer(name="李四", followed_by="zhangsan")
    scanned = fake.add_customer(name="王五", followed_by="zhangsan")
    fake.join_group(group, friend, invited_by="zhangsan")
    way = client.join_ways.create(chat_ids=[group.chat_id], state="bj01-hall")
    fake.join_group(way.config_id, scanned)
    done = directory.sync(client)
    assert (done.groups, done.finished) == (1, True)
    (row,) = directory.groups(owner="zhangsan")
    assert (row.chat_id, row.name, row.status, row.living) == (group.chat_id, "意向客户一群", GroupStatus.NORMAL, True)
    people = {one.userid: one for one in directory.group_members(group.chat_id)}
    assert people.keys() == {"zhangsan", friend.external_userid, scanned.external_userid}
    one, two = people[friend.external_userid], people[scanned.external_userid]
    assert (one.join_scene, one.invitor, one.name) == (JoinScene.INVITED, "zhangsan", "李四")
    assert (two.join_scene, two.state, two.type) == (JoinScene.QR_CODE, "bj01-hall", GroupMemberType.CUSTOMER)
    assert [one.chat_id for one in directory.memberships(friend.external_userid)] == [group.chat_id]


def test_sync_reads_contact_ways_and_keeps_the_deleted(fake, directory):
    """A code that was deleted is known for ever: customers go on carrying its state."""
    client = fake.client()
    kept, dropped = (client.contact_ways.create(users=["zhangsan"], state=f"bj0{n}", remark="展厅") for n in (1, 2))
    directory.sync(client)
    assert {one.config_id for one in directory.ways()} == {kept.config_id, dropped.config_id}
    client.contact_ways.delete(dropped.config_id)
    fake.clock.advance(hours=1)
    directory.sync(client)
    assert [one.config_id for one in directory.ways()] == [kept.config_id]
    (gone,) = directory.ways(state="bj02", living=False)
    assert (gone.kind, gone.users, gone.remark, gone.deleted_at is not None) == (
        WayKind.CONTACT,
        ("zhangsan",),
        "展厅",
        True,
    )


def test_our_own_codes_are_told(fake, directory):
    """What our own calls did is recorded at once: no callback would tell, and join ways are in no list."""
    client = fake.client()
    group = fake.create_group("zhangsan", "一群")
    contact = client.contact_ways.create(users=["zhangsan"], state="bj01")
    join = client.join_ways.create(chat_ids=[group.chat_id], state="bj02")
    directory.upsert_ways([client.contact_ways.get(contact.config_id), client.join_ways.get(join.config_id)])
    found = {one.kind: one for one in directory.ways()}
    assert (found[WayKind.JOIN].chat_ids, found[WayKind.JOIN].state) == ((group.chat_id,), "bj02")
    directory.sync(client)
    directory.way_deleted(join.config_id)
    assert [one.kind for one in directory.ways()] == [WayKind.CONTACT]


def test_the_library_loses_what_it_does_not_hold(fake, directory):
    """A tag that was deleted while nobody listened is gone from the mirror and from its customers."""
    client = fake.client()
    keep, drop = fake.add_tag("阶段", "到店"), fake.add_tag("阶段", "试驾")
    fake.add_tag("等级", "A")
    customer = fake.add_customer(followed_by="zhangsan")
    fake.staff_marks_tag("zhangsan", customer, add=[keep, drop])
    directory.sync(client)
    assert {group.group_name: [tag.name for tag in group.tags] for group in directory.tag_groups()}.keys() == {
        "阶段",
        "等级",
    }
    fake.staff_deletes_tag(drop)
    directory.sync(client, kinds=[SyncKind.TAGS])
    (stage,) = [group for group in directory.tag_groups() if group.group_name == "阶段"]
    assert [tag.name for tag in stage.tags] == ["到店"]
    assert directory.facts(customer.external_userid).tags == {"到店"}


def test_dissolved_groups_are_found(fake, directory):
    """A group that the list does not name any more is dissolved, whether or not its callback came."""
    gone, kept = fake.create_group("zhangsan", "一群"), fake.create_group("zhangsan", "二群")
    directory.sync(fake.client())
    fake.dismiss_group(gone)
    fake.clock.advance(hours=1)
    directory.sync(fake.client(), whole=False)
    assert [one.chat_id for one in directory.groups()] == [kept.chat_id]
    assert len(directory.groups(living=False)) == 2


def test_a_group_that_is_dissolved_during_the_read_is_no_error(fake, directory):
    """Listed, then gone when it is asked for: marked as gone, and the others are read."""
    one, two = fake.create_group("zhangsan", "一群"), fake.create_group("zhangsan", "二群")

    def dissolve(progress: SyncProgress) -> None:
        if progress.kind is SyncKind.GROUPS and not progress.groups and fake.count(GET) == 0:
            fake.dismiss_group(one)

    directory.sync(fake.client(), dissolve)
    assert [row.chat_id for row in directory.groups()] == [two.chat_id]


def test_groups_of_owners_who_left_are_asked_for_by_name(fake, directory):
    """The list leaves out groups whose owner has left, unless it is asked for that owner."""
    group = fake.create_group("zhangsan", "一群")
    directory.sync(fake.client())
    fake.leave("zhangsan")
    fake.clock.advance(hours=1)
    directory.sync(fake.client())
    (row,) = directory.groups()
    assert (row.chat_id, row.status) == (group.chat_id, GroupStatus.OWNER_LEFT)


def test_a_corp_too_large_for_one_list_is_asked_by_owner(fake, directory):
    """81017: more than 1,000 visible members; the list is asked for a hundred owners at a time."""
    for number in range(1001):
        fake.add_member(f"user{number}")
    groups = {fake.create_group(f"user{number}", "群").chat_id for number in (0, 500, 1000)}
    directory.sync(fake.client(), kinds=[SyncKind.GROUPS])
    assert {one.chat_id for one in directory.groups()} == groups
    assert fake.count(LIST) == 1 + 11


# Only what is new


def test_a_read_of_what_is_new_costs_little(fake, directory):
    """A second read that is not whole asks for lists, and for nothing that is known."""
    client = fake.client()
    for number in range(5):
        fake.create_group("zhangsan", f"{number}群")
        client.contact_ways.create(users=["zhangsan"], state=f"s{number}")
        fake.add_customer(followed_by="zhangsan")
    directory.sync(client)
    before = fake.count("*")
    new = fake.add_customer(name="新人", followed_by="zhangsan").external_userid
    fake.create_group("zhangsan", "新群")
    fake.clock.advance(minutes=1)
    done = directory.sync(client, whole=False)
    assert (done.customers, done.groups, done.contact_ways) == (1, 1, 0)
    # Tags; members, one list of customers, one customer; members, list of groups, one group; list of codes.
    assert fake.count("*") - before == 8
    assert directory.facts(new, "zhangsan").following()


def test_a_read_of_what_is_new_finds_who_is_gone(fake, directory):
    """A deletion whose callback got lost shows in the list."""
    gone = fake.add_customer(followed_by="zhangsan").external_userid
    directory.sync(fake.client())
    fake.clock.advance(hours=1)
    fake.delete_customer("zhangsan", gone)
    fake.clock.advance(hours=1)
    directory.sync(fake.client(), whole=False)
    assert not directory.facts(gone, "zhangsan").following()


def test_a_read_of_what_is_new_finds_members_who_left(fake, directory):
    """Who resigned follows nobody any more, though the platform does not name them at all."""
    customer = fake.add_customer(followed_by=["zhangsan", "lisi"]).external_userid
    directory.sync(fake.client())
    fake.leave("zhangsan")
    fake.clock.advance(hours=1)
    directory.sync(fake.client(), whole=False)
    facts = {one.userid: one.relation.following for one in directory.facts(customer).followers}
    assert facts == {"zhangsan": False, "lisi": True}


@pytest.mark.parametrize("whole", [True, False])
def test_whom_the_app_may_not_read_loses_nobody(fake, directory, whole):
    """A member whom the app must not see any more is told as failed; their customers are not taken for gone."""
    customers = {one: fake.add_customer(followed_by=one).external_userid for one in ("zhangsan", "lisi")}
    directory.sync(fake.client())
    fake.clock.advance(hours=1)
    paths = {True: "externalcontact/batch/get_by_user", False: "externalcontact/list"}
    fake.fail_next(paths[whole], errcode=60011, times=2 if whole else 1)  # both together, then one of them alone
    (failed,) = directory.sync(fake.client(), whole=whole).failed
    assert all(directory.facts(customer, member).following() for member, customer in customers.items())
    assert failed in customers


def test_a_group_of_which_an_event_spoke_is_read_again(fake, directory):
    """Without a client an event is a hint; the next read that is not whole follows it."""
    group = fake.create_group("zhangsan", "一群")
    directory.sync(fake.client())
    fake.clock.advance(minutes=1)
    event = GroupUpdated(
        created_at=fake.clock.now(),
        to_user=fake.corp_id,
        chat_id=group.chat_id,
        update_detail=GroupUpdateDetail.CHANGE_NAME,
    )
    directory.apply(event)
    fake.clock.advance(minutes=1)
    before = fake.count(GET)
    directory.sync(fake.client(), whole=False)
    directory.sync(fake.client(), whole=False)
    assert fake.count(GET) - before == 1


# Stops


@pytest.mark.parametrize("kind", list(SyncKind))
@pytest.mark.parametrize("whole", [True, False])
def test_a_read_that_stops_anywhere_goes_on_and_ends_equal(fake, directory, kind, whole):
    """Stopped after every single step of a kind, the mirror ends as if nothing had happened."""
    fill(fake)
    client = fake.client()

    def stop(progress: SyncProgress) -> None:
        if progress.kind is kind and not progress.finished:
            raise Stopped

    for _ in range(100):
        try:
            done = directory.sync(client, stop, whole=whole)
        except Stopped:
            continue
        break
    assert done.finished
    with_rest = Directory(memory_store(), fake.corp_id, clock=fake.clock.time)
    with_rest.sync(fake.client())
    assert seen(directory) == seen(with_rest)
    with_rest.engine.dispose()


class Stopped(Exception):  # noqa: N818  # not an error of anybody
    """The process was killed."""


def fill(fake: FakeWeCom) -> None:
    """Put some of everything into the corp."""
    client = fake.client()
    for number in range(3):
        fake.add_tag("阶段", str(number))
        group = fake.create_group("zhangsan", f"{number}群")
        client.contact_ways.create(users=["zhangsan"], state=f"s{number}")
        for _ in range(60):
            fake.join_group(group, fake.add_customer(followed_by="zhangsan"))
    fake.add_member("lisi")
    fake.add_customer(followed_by=["lisi", "zhangsan"])


def seen(directory: Directory) -> object:
    """Return what the mirror knows, without the times of asking."""
    groups = {one.chat_id: (one.name, one.owner, inside(directory, one.chat_id)) for one in directory.groups()}
    ways = {(one.config_id, one.state, one.users) for one in directory.ways()}
    customers = {
        one: [(f.userid, f.relation.status) for f in directory.facts(one).followers]
        for one in directory.external_userids()
    }
    return groups, ways, customers, directory.tag_groups()


def test_a_kind_that_was_read_is_not_read_again_after_a_stop(fake, directory):
    """A run that broke in the groups does not read the customers a second time."""
    fill(fake)
    fake.fail_next(LIST, errcode=48002)
    with pytest.raises(PermissionDeniedError):
        directory.sync(fake.client())
    before = fake.count("externalcontact/batch/get_by_user")
    assert directory.sync(fake.client()).customers == 182
    assert fake.count("externalcontact/batch/get_by_user") == before


def test_another_question_starts_anew(fake, directory):
    """A whole read that was stopped is not gone on with by one that only wants what is new, or other kinds."""
    fill(fake)
    fake.fail_next(LIST, errcode=48002)
    with pytest.raises(WeComError):
        directory.sync(fake.client())
    before = fake.count("externalcontact/list")
    directory.sync(fake.client(), whole=False)
    assert fake.count("externalcontact/list") == before + 2


@pytest.mark.parametrize("concurrency", [1, 8])
def test_several_calls_at_once_read_the_same(fake, directory, concurrency):
    """Concurrency changes how long it takes, and nothing else."""
    fill(fake)
    done = directory.sync(fake.client(), concurrency=concurrency)
    assert (done.tags, done.customers, done.groups, done.contact_ways) == (3, 182, 3, 3)


# Events


def test_group_events_keep_the_mirror_right(fake, directory):
    """Opened, joined, renamed owner, left, dissolved: the mirror follows each callback."""
    client = fake.client()
    group = fake.create_group("zhangsan", "一群")
    customer = fake.add_customer(followed_by="zhangsan")
    fake.join_group(group, customer)
    for event in fake.events:
        directory.apply(event, client)
    assert inside(directory, group.chat_id) == {"zhangsan", customer.external_userid}
    fake.clock.advance(minutes=5)
    fake.quit_group(group, customer)
    directory.apply(fake.events[-1], client)
    assert inside(directory, group.chat_id) == {"zhangsan"}
    (left,) = [one for one in directory.group_members(group.chat_id, inside=False) if not one.inside]
    assert left.left_at == fake.clock.now()
    fake.clock.advance(minutes=5)
    fake.dismiss_group(group)
    directory.apply(fake.events[-1], client)
    assert directory.groups() == ()
    row = directory.group(group.chat_id)
    assert row is not None
    assert row.dismissed_at == fake.clock.now()


def test_events_alone_tell_who_is_in_a_group(directory):
    """Without a client the changes of members are taken from the events, in any order."""

    def changed(minutes: float, detail: GroupUpdateDetail, *who: str) -> GroupUpdated:
        joined = detail is GroupUpdateDetail.ADD_MEMBER
        return GroupUpdated(
            created_at=at(minutes),
            to_user=directory.corp_id,
            chat_id="wr1",
            update_detail=detail,
            join_scene=JoinedBy.QR_CODE if joined else None,
            quit_scene=None if joined else LeftBy.SELF,
            mem_change_cnt=len(who),
            mem_change_list=who,
            last_mem_ver=str(minutes),
            cur_mem_ver=str(minutes + 1),
        )

    news = [
        changed(0, GroupUpdateDetail.ADD_MEMBER, "wm1", "wm2"),
        changed(1, GroupUpdateDetail.DEL_MEMBER, "wm1"),
        changed(2, GroupUpdateDetail.ADD_MEMBER, "wm1"),
        changed(3, GroupUpdateDetail.DEL_MEMBER, "wm2"),
    ]
    random.Random(5).shuffle(news)  # reproducible
    for event in [*news, *news]:
        directory.apply(event)
    assert inside(directory, "wr1") == {"wm1"}


def test_a_dissolved_group_is_not_revived_by_a_late_event(directory):
    """An update that arrives after the end of the group leaves it ended."""
    for event in (
        GroupDismissed(created_at=at(5), to_user=directory.corp_id, chat_id="wr1"),
        GroupUpdated(
            created_at=at(4),
            to_user=directory.corp_id,
            chat_id="wr1",
            update_detail=GroupUpdateDetail.CHANGE_NOTICE,
        ),
    ):
        directory.apply(event)
    assert directory.groups() == ()


def test_answers_may_be_told_by_hand(fake, directory):
    """A group that was read anyway is taken in; an older answer changes nothing."""
    client = fake.client()
    group = fake.create_group("zhangsan", "一群")
    directory.upsert_groups([client.groups.get(group.chat_id)])
    directory.upsert_groups([GroupChat(chat_id=group.chat_id, name="旧名")], as_of=fake.clock.now() - timedelta(days=1))
    (row,) = directory.groups()
    assert (row.name, inside(directory, group.chat_id)) == ("一群", {"zhangsan"})
