"""What callbacks lost comes back as events: each once, marked, and nothing that was told already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy.engine import Connection
from tests.stores import KINDS, fresh_database

from wecom_auto.callbacks import EventRouter
from wecom_auto.callbacks.events import (
    CustomerAdded,
    CustomerDeleted,
    CustomerEdited,
    Event,
    GroupCreated,
    GroupDismissed,
    GroupUpdated,
    GroupUpdateDetail,
    TagCreated,
    TagDeleted,
    TagKind,
    TagUpdated,
    read_event,
)
from wecom_auto.directory import Directory, SyncKind
from wecom_auto.errors import WeComError
from wecom_auto.inbox import Inbox
from wecom_auto.store import open_store
from wecom_auto.testing import FakeWeCom


@pytest.fixture
def fake() -> FakeWeCom:
    """A corp with a member."""
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


def swept(fake: FakeWeCom, directory: Directory, **options: object) -> list[Event]:
    """Return what a sweep an hour later hands out."""
    fake.clock.advance(hours=2)
    kept: list[Event] = []

    def keep(connection: Connection, events: Sequence[Event]) -> None:
        assert connection.in_transaction()
        kept.extend(events)

    directory.reconcile(fake.client(), keep, **options)  # type: ignore[arg-type]
    return kept


@pytest.mark.parametrize("whole", [True, False])
def test_the_first_read_hands_out_nothing(fake, directory, whole):
    """Before the mirror was filled once nobody can say what is new."""
    fake.create_group("zhangsan", "一群")
    fake.add_customer(followed_by="zhangsan")
    assert swept(fake, directory, whole=whole) == []


def test_everything_that_was_lost_comes_back_once(fake, directory):
    """All kinds of changes without a single callback: one event for each, marked; the next sweep finds nothing."""
    edited, gone = (fake.add_customer(name=name, followed_by="zhangsan") for name in ("李四", "王五"))
    group, ended = fake.create_group("zhangsan", "一群"), fake.create_group("zhangsan", "二群")
    stage, old = fake.add_tag("阶段", "到店"), fake.add_tag("等级", "A")
    fake.join_group(group, gone)
    directory.sync(fake.client())
    fake.clock.advance(hours=2)

    new = fake.add_customer(name="赵六", followed_by="zhangsan", state="bj01")
    came_at = fake.clock.now()
    fake.staff_remarks("zhangsan", edited, remark="李先生")
    fake.staff_marks_tag("zhangsan", edited, add=[stage])
    fake.delete_customer("zhangsan", gone)
    fake.join_group(group, new)
    fake.quit_group(group, gone)
    fake.dismiss_group(ended)
    opened = fake.create_group("zhangsan", "三群")
    fake.staff_renames_tag(stage, "已到店")
    fake.staff_deletes_tag(old)
    made = fake.add_tag("阶段", "试驾")

    events = swept(fake, directory)
    assert all(event.reconstructed for event in events)
    assert swept(fake, directory) == []
    by_kind: dict[type, list[Event]] = {}
    for event in events:
        by_kind.setdefault(type(event), []).append(event)
    (added,) = by_kind.pop(CustomerAdded)
    assert isinstance(added, CustomerAdded)
    assert (added.external_userid, added.created_at) == (new.external_userid, came_at)
    assert [one.external_userid for one in by_kind.pop(CustomerDeleted)] == [gone.external_userid]
    assert [one.external_userid for one in by_kind.pop(CustomerEdited)] == [edited.external_userid]
    assert [one.chat_id for one in by_kind.pop(GroupCreated)] == [opened.chat_id]
    assert [one.chat_id for one in by_kind.pop(GroupDismissed)] == [ended.chat_id]
    moves = {one.update_detail: (one.chat_id, one.mem_change_list) for one in by_kind.pop(GroupUpdated)}
    assert moves == {
        GroupUpdateDetail.ADD_MEMBER: (group.chat_id, (new.external_userid,)),
        GroupUpdateDetail.DEL_MEMBER: (group.chat_id, (gone.external_userid,)),
    }
    assert [one.id for one in by_kind.pop(TagCreated)] == [made.id]
    assert [one.id for one in by_kind.pop(TagUpdated)] == [stage.id]
    assert {(one.tag_type, one.id) for one in by_kind.pop(TagDeleted)} == {
        (TagKind.TAG, old.id),
        (TagKind.TAG_GROUP, old.group_id),
    }
    assert by_kind == {}


def test_what_was_told_is_not_told_again(fake, directory):
    """Changes whose callbacks came, and those that we made ourselves, are no news."""
    client = fake.client()
    tag = fake.add_tag("阶段", "到店")
    group = fake.create_group("zhangsan", "一群")
    directory.sync(client)
    fake.clock.advance(hours=2)
    heard = len(fake.events)
    customer = fake.add_customer(followed_by="zhangsan")
    fake.join_group(group, customer)
    fake.staff_remarks("zhangsan", customer, remark="李先生")
    for event in fake.events[heard:]:
        directory.apply(event, client)
    # Nobody scanned a code, so nobody told of the customer either: the answer to the edit did.
    client.tags.mark("zhangsan", customer.external_userid, add=[tag.id])
    directory.mark_tags("zhangsan", customer.external_userid, add=[tag.id])
    assert swept(fake, directory) == []


def test_a_sweep_of_what_is_new_finds_it_too(fake, directory):
    """The cheap sweep finds who came and went without reading everybody again."""
    gone = fake.add_customer(followed_by="zhangsan")
    directory.sync(fake.client())
    fake.clock.advance(hours=2)
    fake.delete_customer("zhangsan", gone)
    new = fake.add_customer(followed_by="zhangsan")
    found = {(type(one), one.external_userid) for one in swept(fake, directory, whole=False)}
    assert found == {(CustomerAdded, new.external_userid), (CustomerDeleted, gone.external_userid)}


def test_an_event_that_cannot_be_kept_is_found_again(fake, directory):
    """If keeping fails, the mirror does not know either: nothing is lost between the two."""
    directory.sync(fake.client())
    fake.clock.advance(hours=2)
    new = fake.add_customer(followed_by="zhangsan")

    def full(connection: Connection, events: Sequence[Event]) -> None:
        del connection
        if events:
            msg = "disk full"
            raise WeComError(msg)

    with pytest.raises(WeComError, match="disk full"):
        directory.reconcile(fake.client(), full)
    (again,) = swept(fake, directory)
    assert isinstance(again, CustomerAdded)
    assert again.external_userid == new.external_userid


def test_a_reconstructed_event_can_be_stored_and_read(fake, directory):
    """It has a body like any other; what is read from it is equal, and still marked."""
    directory.sync(fake.client())
    fake.clock.advance(hours=2)
    fake.add_customer(followed_by="zhangsan", state="展厅")
    (event,) = swept(fake, directory, kinds=[SyncKind.CUSTOMERS])
    assert event.delivery is not None
    again = read_event(
        event.delivery.body,
        receive_id=event.delivery.receive_id,
        timestamp=event.delivery.timestamp,
        nonce=event.delivery.nonce,
    )
    assert again == event
    assert again.reconstructed
    assert again.dedupe_key == event.dedupe_key != ""
    real = read_event(event.delivery.body, receive_id=fake.corp_id, timestamp="1", nonce="2")
    assert not real.reconstructed


def test_a_sweep_that_stops_hands_out_the_rest_later(fake, directory):
    """Stopped in the middle, the sweep goes on; every event is handed out once."""
    fake.create_group("zhangsan", "一群")
    fake.add_customer(followed_by="zhangsan")
    directory.sync(fake.client())
    fake.clock.advance(hours=2)
    fake.create_group("zhangsan", "二群")
    fake.add_customer(followed_by="zhangsan")
    fake.fail_next("externalcontact/groupchat/list", errcode=48002)
    kept: list[Event] = []
    with pytest.raises(WeComError):
        directory.reconcile(fake.client(), lambda _connection, events: kept.extend(events))
    directory.reconcile(fake.client(), lambda _connection, events: kept.extend(events))
    assert sorted(type(one).__name__ for one in kept) == ["CustomerAdded", "GroupCreated"]


def test_an_inbox_keeps_what_was_lost(fake, directory):
    """The whole way: lost callback, sweep, inbox in the same database, handler; once, and marked."""
    handled: list[Event] = []
    router = EventRouter()
    router.on(CustomerAdded)(handled.append)
    inbox = Inbox(directory.engine, router, clock=fake.clock.time)
    directory.sync(fake.client())
    fake.clock.advance(hours=2)
    new = fake.add_customer(followed_by="zhangsan", state="bj01")
    directory.reconcile(fake.client(), inbox.keep)
    directory.reconcile(fake.client(), inbox.keep)
    inbox.work_once()
    (event,) = handled
    assert isinstance(event, CustomerAdded)
    assert (event.external_userid, event.reconstructed) == (new.external_userid, True)
    assert directory.apply(event)
    assert directory.facts(new.external_userid, "zhangsan").following()
