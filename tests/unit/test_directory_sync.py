from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from wecom_auto.directory import Directory, RelationStatus, SyncProgress
from wecom_auto.errors import InvalidRequestError, WeComError
from wecom_auto.store import open_store
from wecom_auto.testing import FakeWeCom

BATCH = "externalcontact/batch/get_by_user"


@pytest.fixture
def fake() -> FakeWeCom:
    """A corp of its own."""
    return FakeWeCom(seed=1)


@pytest.fixture
def directory(fake: FakeWeCom, tmp_path: Path) -> Iterator[Directory]:
    """An empty mirror of that corp, on the corp's clock."""
    engine = open_store(f"sqlite:///{tmp_path / 'wecom.db'}")
    yield Directory(engine, fake.corp_id, clock=fake.clock.time)
    engine.dispose()


def status(directory: Directory, customer: str, userid: str) -> RelationStatus:
    """How the two stand, as the mirror knows it."""
    return next(one for one in directory.facts(customer, userid).followers if one.userid == userid).relation.status


def test_sync_reads_everybody_with_tags_and_channels(fake, directory):
    """After one bulk read the mirror knows every relation, its channel, its tags and the names."""
    tag = fake.add_tag("阶段", "车主")
    people = [fake.add_customer(name=f"客户{n}", followed_by="zhangsan", state="showroom-bj01") for n in range(230)]
    fake.staff_marks_tag("zhangsan", people[3], add=[tag])
    done = directory.sync(fake.client())
    assert (done.customers, done.tags, done.finished) == (230, 1, True)
    assert fake.count(BATCH) == 3
    facts = directory.facts(people[3].external_userid, "zhangsan")
    assert (facts.name, facts.state(), facts.tags, facts.following()) == ("客户3", "showroom-bj01", {"车主"}, True)


def test_members_are_read_a_hundred_at_a_time(fake, directory):
    """150 members cost two requests, not 150."""
    for number in range(150):
        fake.add_customer(followed_by=f"user{number}")
    directory.sync(fake.client())
    assert fake.count(BATCH) == 2
    assert len(directory.external_userids()) == 150


def test_stopped_sync_goes_on_where_it_stood(fake, directory):
    """A failure in mid-run keeps what was read, and the next run reads only the rest."""
    for _ in range(250):
        fake.add_customer(followed_by="zhangsan")
    client = fake.client().with_options(attempts=1)

    def fail_after_first(progress: SyncProgress) -> None:
        if progress.customers == 100 and fake.count(BATCH) == 1:
            fake.fail_next(BATCH, reset="before")

    with pytest.raises(WeComError):
        directory.sync(client, fail_after_first)
    assert len(directory.external_userids()) == 100
    before = fake.count(BATCH)
    assert directory.sync(client).customers == 250
    assert fake.count(BATCH) - before == 2
    assert len(directory.external_userids()) == 250


def stop_after_first(fake: FakeWeCom, directory: Directory) -> None:
    """Leave a bulk read standing after its first page."""
    client = fake.client().with_options(attempts=1)

    def fail(progress: SyncProgress) -> None:
        if progress.customers and fake.count(BATCH) == 1:
            fake.fail_next(BATCH, reset="before")

    with pytest.raises(WeComError):
        directory.sync(client, fail)


def test_cursor_that_died_is_no_dead_end(fake, directory):
    """A stored cursor that the platform does not take any more starts that chunk of members again."""
    for _ in range(150):
        fake.add_customer(followed_by="zhangsan")
    stop_after_first(fake, directory)
    fake.fail_next(BATCH, errcode=40058)
    assert directory.sync(fake.client()).finished
    assert len(directory.external_userids()) == 150


def test_refusal_of_a_fresh_cursor_is_told(fake, directory):
    """A request that is refused again and again is an error, not an endless loop."""
    for _ in range(150):
        fake.add_customer(followed_by="zhangsan")
    stop_after_first(fake, directory)
    fake.fail_next(BATCH, errcode=40058, times=3)
    with pytest.raises(InvalidRequestError):
        directory.sync(fake.client())


def test_what_a_whole_sync_did_not_see_is_gone(fake, directory):
    """Deletions whose callback got lost are found, the others stay."""
    gone, kept = (fake.add_customer(followed_by="zhangsan") for _ in range(2))
    directory.sync(fake.client())
    fake.delete_customer("zhangsan", gone)
    fake.clock.advance(hours=1)
    directory.sync(fake.client())
    assert status(directory, gone.external_userid, "zhangsan") is RelationStatus.DELETED
    assert status(directory, kept.external_userid, "zhangsan") is RelationStatus.FOLLOWING


def test_customers_of_a_member_who_left_are_gone(fake, directory):
    """Who resigned is no follower any more, though no callback of a customer said so."""
    customer = fake.add_customer(followed_by=["zhangsan", "lisi"])
    directory.sync(fake.client())
    fake.leave("zhangsan")
    fake.clock.advance(hours=1)
    directory.sync(fake.client())
    facts = directory.facts(customer.external_userid, "lisi")
    assert facts.following()
    assert status(directory, customer.external_userid, "zhangsan") is RelationStatus.DELETED


def test_addition_during_a_sync_survives_it(fake, directory):
    """A customer who comes while the bulk read runs is not marked as gone at its end."""
    fake.add_customer(followed_by="zhangsan")
    client, late = fake.client(), []

    def somebody_comes(progress: SyncProgress) -> None:
        if not late:
            fake.clock.advance(seconds=5)
            late.append(fake.add_customer(followed_by="zhangsan"))
            directory.upsert_customer(client.customers.get(late[0].external_userid))
        del progress

    directory.sync(client, somebody_comes)
    assert status(directory, late[0].external_userid, "zhangsan") is RelationStatus.FOLLOWING


def test_empty_corp_is_no_error(fake, directory):
    """A corp without members and customers is read in no time."""
    assert directory.sync(fake.client()).finished
    fake.add_member("zhangsan")
    assert directory.sync(fake.client()).customers == 0


def test_callbacks_and_own_edits_keep_the_mirror_right(fake, directory):
    """A life in events: added, tagged by hand, tagged by API, left; the mirror follows each step."""
    client = fake.client()
    fake.add_member("zhangsan")
    code = client.contact_ways.create(users=["zhangsan"], state="showroom-bj01")
    tags = [fake.add_tag("阶段", name) for name in ("到店", "试驾")]
    directory.upsert_tags(client.tags.list())
    customer = fake.scan(code.config_id, name="王女士").external_userid
    directory.apply(fake.events[-1], client)
    assert directory.facts(customer, "zhangsan").state() == "showroom-bj01"

    fake.clock.advance(minutes=1)
    fake.staff_marks_tag("zhangsan", customer, add=[tags[0]])
    directory.apply(fake.events[-1], client)
    assert directory.facts(customer, "zhangsan").tags == {"到店"}

    told = len(fake.events)
    client.tags.mark("zhangsan", customer, add=[tags[1].id], remove=[tags[0].id])
    directory.mark_tags("zhangsan", customer, add=[tags[1].id], remove=[tags[0].id])
    assert len(fake.events) == told
    assert directory.facts(customer, "zhangsan").tags == {"试驾"}

    fake.clock.advance(timedelta(days=1))
    fake.unfriend(customer, "zhangsan")
    directory.apply(fake.events[-1], client)
    assert not directory.facts(customer, "zhangsan").following()
    fake.clock.advance(timedelta(days=1))
    directory.sync(client)
    assert status(directory, customer, "zhangsan") is RelationStatus.UNFOLLOWED
