from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event as sqlalchemy_event
from tests.stores import KINDS, fresh_database

from wecom_auto.callbacks.events import (
    CustomerAdded,
    CustomerDeleted,
    CustomerEdited,
    CustomerEvent,
    CustomerHalfAdded,
    CustomerUnfollowed,
    Delivery,
    TagCreated,
    TagDeleted,
    TagKind,
    UnknownEvent,
)
from wecom_auto.directory import Directory, Relation, RelationStatus
from wecom_auto.directory._relation import changed, listed, missing
from wecom_auto.errors import ValidationError, api_error
from wecom_auto.models import AddWay, Customer, CustomerDetail, Follow, FollowedCustomer, FollowTag, Tag, TagGroup
from wecom_auto.store import open_store

CORP = "ww1"
NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)
WHO = {"userid": "zhangsan", "external_userid": "wm1"}


@pytest.fixture(params=KINDS)
def directory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Directory]:
    """A mirror on an empty database, whose clock stands at 12:00 in Shanghai."""
    with fresh_database(request.param, tmp_path) as url:
        engine = open_store(url)
        yield Directory(engine, CORP, clock=NOON.timestamp)
        engine.dispose()


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Directory]:
    """The same on SQLite only, for facts that do not depend on the database."""
    engine = open_store(f"sqlite:///{tmp_path / 'local.db'}")
    yield Directory(engine, CORP, clock=NOON.timestamp)
    engine.dispose()


def at(minutes: float) -> datetime:
    """Minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def event(kind: type, minutes: float, *, key: str = "", **fields: object) -> object:
    """Make an event; with a `key` it came by a delivery of that nonce."""
    who = WHO if issubclass(kind, CustomerEvent) else {}
    delivery = Delivery(nonce=key, body=f"{kind.__name__}{minutes}".encode()) if key else None
    return kind(to_user=CORP, created_at=at(minutes), delivery=delivery, **{**who, **fields})


def detail(*follows: Follow, name: str = "王先生") -> CustomerDetail:
    """What the platform answers about wm1."""
    return CustomerDetail(customer=Customer(external_userid="wm1", name=name), follows=follows)


def follow(userid: str = "zhangsan", minutes: float = -60, **fields: object) -> Follow:
    """What one member knows of wm1, as an answer tells it."""
    return Follow(userid=userid, created_at=at(minutes), **fields)


class StubCustomers:
    """Answers `get` with what it was given, and counts."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.asked = 0

    def get(self, external_userid: str) -> object:
        """Answer, or raise the answer."""
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def status(directory: Directory, userid: str = "zhangsan") -> RelationStatus | None:
    """How the member and wm1 stand."""
    followers = directory.facts("wm1", userid).followers
    return next((one.relation.status for one in followers if one.userid == userid), None)


def test_added_customer_is_followed_with_the_channel(directory):
    """An added event makes a relation that knows its channel and its time."""
    assert directory.apply(event(CustomerAdded, 0, state="showroom-bj01"))
    facts = directory.facts("wm1", "zhangsan")
    assert facts.following()
    assert facts.state() == "showroom-bj01"
    assert facts.followers[0].relation.added_at == NOON


def test_half_added_customer_is_not_followed_yet(directory):
    """Until the member confirms, no message can be sent, but the channel is known."""
    directory.apply(event(CustomerHalfAdded, 0, state="showroom-bj01"))
    facts = directory.facts("wm1", "zhangsan")
    assert not facts.following()
    assert facts.state() == "showroom-bj01"


def test_half_added_event_that_arrives_late_does_not_undo_the_whole(local):
    """Both halves may carry the same second, and the earlier may come second."""
    local.apply(event(CustomerAdded, 0))
    local.apply(event(CustomerHalfAdded, 0))
    assert local.facts("wm1", "zhangsan").following()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(CustomerDeleted, RelationStatus.DELETED), (CustomerUnfollowed, RelationStatus.UNFOLLOWED)],
)
def test_end_of_a_relation(directory, kind, expected):
    """Either side may end it, and then nothing can be sent."""
    directory.apply(event(CustomerAdded, 0))
    directory.apply(event(kind, 1))
    assert status(directory) is expected
    assert not directory.facts("wm1", "zhangsan").following()


def test_late_add_does_not_undo_a_newer_deletion(directory):
    """The deletion that happened later wins, though the addition arrives after it."""
    directory.apply(event(CustomerDeleted, 5))
    directory.apply(event(CustomerAdded, 0, state="showroom-bj01"))
    assert status(directory) is RelationStatus.DELETED
    assert directory.facts("wm1", "zhangsan").state() == "showroom-bj01"


def test_customer_who_comes_back_is_followed_again(directory):
    """A younger addition revives the relation, with its own time."""
    for kind, minutes in ((CustomerAdded, 0), (CustomerDeleted, 5), (CustomerAdded, 9)):
        directory.apply(event(kind, minutes))
    relation = directory.facts("wm1", "zhangsan").followers[0].relation
    assert relation.following
    assert relation.added_at == at(9)


def test_event_order_does_not_matter(local):
    """Whatever the order of arrival, the newest event decides."""
    events = [(CustomerAdded, 0), (CustomerUnfollowed, 1), (CustomerAdded, 2), (CustomerDeleted, 3)]
    for number, order in enumerate(itertools.permutations(events)):
        for kind, minutes in order:
            local.apply(event(kind, minutes, external_userid=f"wm{number}"))
        assert local.facts(f"wm{number}", "zhangsan").followers[0].relation.status is RelationStatus.DELETED


def test_workers_that_race_agree_on_the_newest_news(directory):
    """Events of one relation that are applied at the same moment leave the newest status, on every database."""
    news = [(CustomerAdded, 0), (CustomerUnfollowed, 1), (CustomerAdded, 2), (CustomerDeleted, 3)]
    with ThreadPoolExecutor(4) as workers:
        done = [
            workers.submit(directory.apply, event(kind, minutes, external_userid=f"wm{number}"))
            for number in range(12)
            for kind, minutes in news
        ]
        assert all(one.result() for one in done)
    found = directory.facts_for((f"wm{number}", "zhangsan") for number in range(12)).values()
    assert {facts.followers[0].relation.status for facts in found} == {RelationStatus.DELETED}


@given(st.permutations([(s, m) for m, s in enumerate(RelationStatus) if s is not RelationStatus.UNKNOWN]))
def test_newest_news_decides(order):
    """The pure rule gives one status for every order of arrival."""
    relation = Relation(external_userid="wm1", userid="zhangsan")
    for status_, minutes in order:
        relation = changed(relation, status_, at(minutes))
    assert relation.status is RelationStatus.DELETED
    assert relation.status_at == at(int(RelationStatus.DELETED))


def test_repeated_event_is_applied_once(directory):
    """The platform repeats what it thinks was lost; the second delivery changes nothing and says so."""
    assert directory.apply(event(CustomerAdded, 0, key="k1"))
    directory.apply(event(CustomerDeleted, 0, key="k2"))
    assert not directory.apply(event(CustomerAdded, 0, key="k1"))
    assert status(directory) is RelationStatus.DELETED


def test_event_made_by_hand_is_always_applied(local):
    """Without a key of its delivery nothing tells whether it is the same event, so it is applied again."""
    assert local.apply(event(CustomerAdded, 0))
    assert local.apply(event(CustomerAdded, 0))


def test_event_of_another_corp_is_refused(local):
    """Rows of two corps never mix: the wrong corp is an error, and nothing is written."""
    with pytest.raises(ValidationError, match="corp_id"):
        local.apply(evolve(event(CustomerAdded, 0), to_user="ww2"))
    assert local.external_userids() == ()


def test_two_corps_share_a_database(local):
    """What one corp knows the other does not."""
    other = Directory(local.engine, "ww2", clock=NOON.timestamp)
    local.apply(event(CustomerAdded, 0))
    assert other.facts("wm1", "zhangsan").followers == ()
    assert other.external_userids() == ()


def test_unknown_event_is_only_remembered(local):
    """An event that says nothing about customers is accepted once and changes nothing."""
    unknown = UnknownEvent(to_user=CORP, created_at=NOON, delivery=Delivery(nonce="k", body=b""))
    assert local.apply(unknown)
    assert not local.apply(unknown)
    assert local.external_userids() == ()


def test_client_fills_in_what_the_event_hints_at(directory):
    """With a client the name, the way of adding and the tags come with the event."""
    tag = FollowTag(tag_id="et1", name="已成交", group_name="阶段")
    answer = detail(follow(state="s", add_way=AddWay.QR_CODE, tags=(tag,)))
    directory.apply(event(CustomerEdited, 0), SimpleNamespace(customers=StubCustomers(answer)))
    facts = directory.facts("wm1", "zhangsan")
    assert facts.name == "王先生"
    assert facts.has_tag("已成交")
    assert facts.followers[0].relation.add_way == AddWay.QR_CODE


def test_repeated_event_costs_no_call(local):
    """What was applied before is not read again."""
    customers = StubCustomers(detail(follow()))
    for _ in range(2):
        local.apply(event(CustomerEdited, 0, key="k"), SimpleNamespace(customers=customers))
    assert customers.asked == 1


def test_relation_that_ended_before_we_asked_is_no_error(local):
    """84061 means that another event is on its way; the one at hand still counts."""
    gone = api_error(84061, "not external contact", call="GET externalcontact/get", attempts=1)
    local.apply(event(CustomerAdded, 0), SimpleNamespace(customers=StubCustomers(gone)))
    assert status(local) is RelationStatus.FOLLOWING


def test_failed_read_leaves_the_event_for_the_next_delivery(local):
    """If the platform fails, the event is not marked as seen: the repetition applies it."""
    busy = api_error(-1, "system busy", call="GET externalcontact/get", attempts=3)
    customers = StubCustomers(busy)
    with pytest.raises(type(busy)):
        local.apply(event(CustomerAdded, 0, key="k"), SimpleNamespace(customers=customers))
    customers.answer = detail(follow())
    assert local.apply(event(CustomerAdded, 0, key="k"), SimpleNamespace(customers=customers))


def test_complete_answer_ends_relations_that_it_lacks(directory):
    """A follower who is not listed any more has lost the customer."""
    directory.upsert_customer(detail(follow("zhangsan"), follow("lisi")), complete=True)
    directory.upsert_customer(detail(follow("lisi")), as_of=at(1), complete=True)
    assert status(directory, "zhangsan") is RelationStatus.DELETED
    assert status(directory, "lisi") is RelationStatus.FOLLOWING


def test_partial_answer_ends_nothing(local):
    """One page of many says nothing about the followers on the others."""
    local.upsert_customer(detail(follow("zhangsan"), follow("lisi")))
    local.upsert_customer(detail(follow("lisi")), as_of=at(1))
    assert status(local, "zhangsan") is RelationStatus.FOLLOWING


def test_answer_older_than_an_event_changes_nothing(local):
    """A slow answer does not revive a relation that ended while it was on its way."""
    local.apply(event(CustomerDeleted, 5))
    local.upsert_customer(detail(follow()), as_of=at(4))
    assert status(local) is RelationStatus.DELETED


def test_listing_does_not_revive_a_customer_who_left(local):
    """The platform goes on listing a relation that the customer ended: it stays ended until they add again."""
    local.apply(event(CustomerUnfollowed, 5))
    local.upsert_customer(detail(follow(minutes=-60)), as_of=at(9))
    assert status(local) is RelationStatus.UNFOLLOWED
    local.upsert_customer(detail(follow(minutes=8)), as_of=at(9))
    assert status(local) is RelationStatus.FOLLOWING


def test_older_answer_keeps_newer_fields(local):
    """Answers that overtake each other leave the newest name and remark."""
    local.upsert_customer(detail(follow(remark="新"), name="新"), as_of=at(5))
    local.upsert_customer(detail(follow(remark="旧"), name="旧"), as_of=at(1))
    facts = local.facts("wm1", "zhangsan")
    assert (facts.name, facts.followers[0].relation.remark) == ("新", "新")


def test_bulk_answer_is_accepted_too(local):
    """An entry of the bulk read carries one relation and bare tag ids."""
    local.upsert_tags([TagGroup(group_id="eg1", group_name="阶段", tags=(Tag(id="et1", name="车主"),))])
    local.upsert_customer(
        FollowedCustomer(customer=Customer(external_userid="wm1", name="王"), follow=follow(tag_ids=("et1",)))
    )
    assert local.facts("wm1", "zhangsan").tags == {"车主"}


def test_own_marking_counts_at_once(directory):
    """The platform sends no callback for our own API, so the mirror must not wait for one."""
    directory.upsert_tags([TagGroup(group_id="eg1", group_name="阶段", tags=(Tag(id="et1", name="已发资料"),))])
    directory.mark_tags("zhangsan", "wm1", add=["et1"])
    assert directory.facts("wm1", "zhangsan").has_tag("已发资料")
    directory.mark_tags("zhangsan", "wm1", remove=["et1"])
    assert not directory.facts("wm1", "zhangsan").has_tag("已发资料")


def test_marking_twice_is_marking_once(directory):
    """A repeated mark is no error, also when some of the tags are there already."""
    directory.mark_tags("zhangsan", "wm1", add=["et1"])
    directory.mark_tags("zhangsan", "wm1", add=["et1", "et2"])
    assert directory.facts("wm1", "zhangsan").followers[0].tags == {"et1", "et2"}


def test_answer_asked_before_our_marking_does_not_undo_it(local):
    """A detail that was on its way while we marked knows nothing of the mark."""
    local.upsert_customer(detail(follow()), as_of=at(-10))
    local.mark_tags("zhangsan", "wm1", add=["et1"])
    local.upsert_customer(detail(follow()), as_of=at(-1))
    assert local.facts("wm1", "zhangsan").followers[0].tags == {"et1"}
    local.upsert_customer(detail(follow()), as_of=at(1))
    assert local.facts("wm1", "zhangsan").followers[0].tags == frozenset()


def test_tag_of_a_colleague_counts(local):
    """A "do not disturb" put by anybody keeps everybody quiet."""
    local.upsert_customer(detail(follow("zhangsan"), follow("lisi", tags=(FollowTag(tag_id="et1", name="勿扰"),))))
    assert local.facts("wm1", "zhangsan").has_tag("勿扰")


def test_tags_of_an_ended_relation_do_not_count(local):
    """Who deleted the customer took the tags along."""
    local.upsert_customer(detail(follow("zhangsan"), follow("lisi", tags=(FollowTag(tag_id="et1", name="勿扰"),))))
    local.apply(event(CustomerDeleted, 1, userid="lisi"))
    assert not local.facts("wm1", "zhangsan").has_tag("勿扰")


def test_deleted_tag_vanishes_from_customers(directory):
    """Deleting a group deletes its tags without events of their own."""
    directory.upsert_tags([TagGroup(group_id="eg1", group_name="阶段", tags=(Tag(id="et1", name="车主"),))])
    directory.mark_tags("zhangsan", "wm1", add=["et1"])
    directory.apply(event(TagDeleted, 0, id="eg1", tag_type=TagKind.TAG_GROUP))
    assert directory.facts("wm1", "zhangsan").followers[0].tags == frozenset()
    assert directory.tag_ids("车主") == ()


def test_new_tag_is_read_by_its_event(local):
    """A tag made by hand gets its name from the platform; the event has only the id."""
    asked: list[dict[str, object]] = []

    def answer(**fields: object) -> list[TagGroup]:
        asked.append(fields)
        return [TagGroup(group_id="eg1", group_name="阶段", tags=(Tag(id="et1", name="车主"),))]

    client = SimpleNamespace(tags=SimpleNamespace(list=answer))
    local.apply(event(TagCreated, 0, id="et1", tag_type=TagKind.TAG), client)
    local.apply(event(TagCreated, 0, id="eg1", tag_type=TagKind.TAG_GROUP), client)
    assert asked == [{"tag_ids": ["et1"]}, {"group_ids": ["eg1"]}]
    assert local.tag_ids("车主") == ("et1",)
    assert local.tag_ids("车主", group_name="别的") == ()


def test_renamed_tag_has_its_new_name(local):
    """Reading tags again overwrites names, and leaves out deleted ones."""
    local.upsert_tags(
        [TagGroup(group_id="eg1", tags=(Tag(id="et1", name="旧"), Tag(id="et2", name="没了", deleted=True)))]
    )
    local.upsert_tags([TagGroup(group_id="eg1", tags=(Tag(id="et1", name="新"),))])
    assert local.tag_ids("新") == ("et1",)
    assert local.tag_ids("旧") == local.tag_ids("没了") == ()


def test_business_event_is_recorded_once(directory):
    """The same event at the same time is one; facts tell the latest."""
    assert directory.record_event("wm1", "testdrive.booked", at(0))
    assert not directory.record_event("wm1", "testdrive.booked", at(0))
    assert directory.record_event("wm1", "testdrive.booked", at(9))
    assert directory.facts("wm1").event("testdrive.booked") == at(9)
    assert directory.facts("wm1").event("deal.signed") is None


def test_naive_time_of_an_event_is_refused(local):
    """A time without a zone is refused before anything is written."""
    with pytest.raises(ValidationError, match="at"):
        local.record_event("wm1", "deal.signed", datetime(2026, 3, 1))  # noqa: DTZ001  # The point of the test.


@pytest.mark.parametrize("value", [None, True, 7, 1.5, "京A", ["a", {"b": 1}], {"c": None}])
def test_attribute_comes_back_as_it_was(directory, value):
    """Whatever JSON holds survives, and a second value replaces the first."""
    directory.set_attribute("wm1", "x", "old")
    directory.set_attribute("wm1", "x", value)
    assert directory.facts("wm1").attribute("x") == value


def test_date_attribute_is_iso_text(local):
    """A date is kept as text that every reader understands."""
    local.set_attribute("wm1", "insurance_expiry", date(2026, 11, 12))
    assert local.facts("wm1").attribute("insurance_expiry") == "2026-11-12"
    assert local.facts("wm1").attribute("car_sold") is None


def test_last_contact_only_moves_forward(local):
    """A contact that is reported late does not move the last one back."""
    local.record_contact("wm1", "zhangsan", at(5))
    local.record_contact("wm1", "zhangsan", at(1))
    assert local.facts("wm1", "zhangsan").followers[0].relation.contacted_at == at(5)


def test_longest_relation_comes_first(local):
    """Who has known the customer longest is first: senders fall back to it."""
    local.upsert_customer(detail(follow("new", -1), follow("old", -99), follow("mid", -50)))
    assert [one.userid for one in local.facts("wm1").followers] == ["old", "mid", "new"]


def test_facts_of_nobody_are_empty(local):
    """An unknown customer has no facts, which is no error."""
    facts = local.facts("wm404", "zhangsan")
    assert (facts.name, facts.tags, facts.state(), facts.following()) == ("", frozenset(), "", False)


def test_delivered_steps_come_from_the_sender(local):
    """The directory knows no messages; who sends them adds what arrived."""
    facts = local.facts("wm1")
    assert not facts.delivered("d30")
    assert facts.with_delivered(["d30"]).delivered("d30")


def test_facts_for_many_cost_few_queries(local):
    """Reading 300 customers takes as many queries as reading one."""
    for number in range(300):
        local.apply(event(CustomerAdded, 0, external_userid=f"wm{number}"))
    queries: list[str] = []
    sqlalchemy_event.listen(local.engine, "before_cursor_execute", lambda *args: queries.append(args[2]))
    facts = local.facts_for((f"wm{number}", "zhangsan") for number in range(300))
    assert len(facts) == 300
    assert all(one.following() for one in facts.values())
    assert len([query for query in queries if query.startswith("SELECT")]) == 5


def test_name_and_attributes_stay_out_of_the_repr(local):
    """A repr may end up in a log: it shows no name and no attribute."""
    local.upsert_customer(detail(follow()))
    local.set_attribute("wm1", "phone", "13800138000")
    shown = repr(local.facts("wm1"))
    assert "王先生" not in shown
    assert "13800138000" not in shown


def test_missing_is_not_newer_than_an_event_of_the_same_second():
    """An answer asked in the second of an addition may have been made before it."""
    relation = changed(Relation(external_userid="wm1", userid="u"), RelationStatus.FOLLOWING, at(0))
    assert missing(relation, as_of=at(0)) == relation
    assert missing(relation, as_of=at(1)).status is RelationStatus.DELETED


def test_listed_relation_keeps_its_start():
    """An answer without a time does not clear the one that is known."""
    relation = changed(Relation(external_userid="wm1", userid="u"), RelationStatus.FOLLOWING, at(0))
    assert listed(relation, added_at=None, as_of=at(1)).added_at == at(0)


def test_a_member_who_left_is_nobodys_friend(directory):
    """The platform tells nobody that a member has left: said here, all relations end, and a younger one stays."""
    for customer, minutes in (("wm1", -1), ("wm2", 1)):
        directory.apply(event(CustomerAdded, minutes, external_userid=customer))
    directory.member_left("zhangsan", NOON)
    assert [directory.facts(one, "zhangsan").following() for one in ("wm1", "wm2")] == [False, True]
