"""Owners: how many are contacts, and whom they bring by codes of their own."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from attrs import evolve
from tests.stores import memory_store

from wecom_auto._time import CHINA
from wecom_auto.automotive.channels import Channels, decode
from wecom_auto.automotive.owners import (
    Owner,
    OwnerCoverage,
    Referral,
    ReferralCount,
    Referrals,
    ReferralStanding,
    owner_coverage,
)
from wecom_auto.callbacks import CustomerAdded
from wecom_auto.directory import Directory
from wecom_auto.errors import ConfigurationError, ValidationError
from wecom_auto.models import Customer, Follow, FollowedCustomer
from wecom_auto.testing import FakeWeCom

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=CHINA)


def contact(external_userid: str, *, unionid: str = "", phones: tuple[str, ...] = ()) -> FollowedCustomer:
    """A contact as `customers.iter_all` tells it."""
    customer = Customer(external_userid=external_userid, unionid=unionid)
    return FollowedCustomer(customer=customer, follow=Follow(userid="anna", remark_mobiles=phones))


def shape(one: OwnerCoverage) -> tuple[object, ...]:
    """What the tests look at."""
    return one.store, one.owners, one.added, one.missing


# The add rate of owners.


def test_owners_are_found_by_id_unionid_and_the_phone_of_the_remark():
    """Whatever the list knows; phones are read as people write them."""
    owners = [
        Owner(key="VIN1", store="s1", external_userid="wm1"),
        Owner(key="VIN2", store="s1", unionid="u2"),
        Owner(key="VIN3", store="s2", phone="139 0000 0003"),
        Owner(key="VIN4", store="s2", phone="13900000004"),
    ]
    contacts = [contact("wm1"), contact("wm2", unionid="u2"), contact("wm3", phones=("老客户", "+86 13900000003"))]
    total, first, second = owner_coverage(owners, contacts, target=0.8)
    assert shape(total) == (None, 4, 3, ("VIN4",))
    assert shape(first) == ("s1", 2, 2, ())
    assert shape(second) == ("s2", 2, 1, ("VIN4",))
    assert (total.rate.value, total.rate.target, total.rate.small) == (0.75, 0.8, True)


def test_somebody_with_three_cars_is_one_person():
    """Lines that share a phone or an id are one; a line that knows both joins two."""
    owners = [
        Owner(key="VIN1", store="s1", phone="13900000001"),
        Owner(key="VIN2", store="s1", unionid="u1"),
        Owner(key="VIN3", store="s2", phone="13900000001", unionid="u1"),
    ]
    total, first, second = owner_coverage(owners, [contact("wm1", unionid="u1")])
    assert [(one.owners, one.added) for one in (total, first, second)] == [(1, 1)] * 3


def test_an_empty_list_has_no_rate():
    """Nothing divided by nothing is no number."""
    (total,) = owner_coverage([], [contact("wm1")])
    assert (total.owners, total.rate.value) == (0, None)


def test_a_bad_line_is_named_without_its_number():
    """The key says where to look; the phone stands nowhere."""
    with pytest.raises(ValidationError, match=r"owner VIN1: phone.*bad_phone") as caught:
        owner_coverage([Owner(key="VIN1", phone="1390000")], [])
    assert "1390000" not in str(caught.value)
    with pytest.raises(ValidationError, match="owner VIN2"):
        owner_coverage([Owner(key="VIN2")], [])
    assert "139" not in repr(Owner(key="VIN3", phone="13900000003"))


# Referrals.


@pytest.fixture
def fake() -> FakeWeCom:
    """A corp with two members."""
    fake = FakeWeCom(now=NOON)
    fake.add_member("anna")
    fake.add_member("bert")
    return fake


@pytest.fixture
def channels(fake):
    """Its registry."""
    return Channels(memory_store(), fake.corp_id, clock=fake.clock.time)


def add(fake: FakeWeCom, channels: Channels, who: str, state: str, userid: str = "anna") -> None:
    """Somebody is added a minute later, and the registry writes it down."""
    fake.clock.advance(minutes=1)
    event = CustomerAdded(
        to_user=fake.corp_id, userid=userid, external_userid=who, state=state, created_at=fake.clock.now()
    )
    channels.record(event)


def test_a_code_of_each_referrer_fits_and_comes_back(fake, channels):
    """30 characters, the same ones for the same referrer, and no number of anybody in them."""
    referrals = Referrals(channels)
    state = referrals.state("wmOwner1")
    assert len(state) <= 30
    assert state == referrals.state("wmOwner1") != referrals.state("wmOwner2")
    assert referrals.referrer(state) == "wmOwner1"
    assert referrals.referrer("") == referrals.referrer("宣传册") == ""
    channels.register("channel", "hall")
    assert referrals.referrer(channels.state(channels.source(state))) == "wmOwner1"
    assert decode(state).numbers == ()
    assert repr(referrals) == f"Referrals(corp_id='{fake.corp_id}', channel='referral')"


@pytest.mark.parametrize(
    "referrer", ["", " ", "x" * 65, "13900000001", "owner-13900000001"], ids=["empty", "blank", "long", "phone", "in"]
)
def test_bad_referrers_are_refused(channels, referrer):
    """A state is shown in the console, so a phone number may not be in it."""
    with pytest.raises(ValidationError, match="referrer"):
        Referrals(channels).state(referrer)


def test_an_unknown_campaign_is_refused(channels):
    """As everywhere in the registry: a misspelt key opens nothing."""
    with pytest.raises(ConfigurationError, match="campaign"):
        Referrals(channels).state("wm1", campaign="sprnig")


def test_one_link_serves_all_referrers(fake, channels):
    """The address of a referrer brings the state back, and the referrer is known."""
    fake.buy_link_uses(10)
    link = fake.client().acquisition_links.create("老带新", userids=["anna"])
    referrals = Referrals(channels)
    friend = fake.open_link(referrals.address(link.url, "wmOwner1"))
    (event,) = [one for one in fake.undelivered if isinstance(one, CustomerAdded)]
    channels.record(event)
    (found,) = referrals.referred("wmOwner1")
    assert (found.external_userid, found.standing) == (friend.external_userid, ReferralStanding.NEW)
    assert referrals.referred("wmOwner2") == ()


def test_who_was_a_contact_before_counts_for_nobody(fake, channels):
    """First come by any way, then by a code; by a second referrer; and the referrer by their own code."""
    referrals = Referrals(channels)
    first, second = (referrals.state(one) for one in ("wmA", "wmB"))
    add(fake, channels, "wmKnown", "")
    add(fake, channels, "wmKnown", first, userid="bert")
    add(fake, channels, "wmFresh", first)
    add(fake, channels, "wmFresh", second, userid="bert")
    add(fake, channels, "wmB", second)
    assert [(one.referrer, one.external_userid, one.standing.value) for one in referrals.referred()] == [
        ("wmA", "wmKnown", "known"),
        ("wmA", "wmFresh", "new"),
        ("wmB", "wmFresh", "known"),
        ("wmB", "wmB", "own"),
    ]
    assert referrals.count() == (
        ReferralCount(referrer="wmA", new=1, known=1, own=0, successes=None),
        ReferralCount(referrer="wmB", new=0, known=1, own=1, successes=None),
    )


def test_the_directory_knows_friends_from_before_the_registry(fake, channels):
    """Whoever was added before anybody wrote adds down is known all the same."""
    old = fake.add_customer(followed_by="anna")
    directory = Directory(memory_store(), fake.corp_id, clock=fake.clock.time)
    directory.sync(fake.client())
    fake.clock.advance(days=1)
    state = Referrals(channels).state("wmA")
    add(fake, channels, old.external_userid, state, userid="bert")
    add(fake, channels, "wmStranger", state)
    standings = {one.external_userid: one.standing for one in Referrals(channels, directory=directory).referred()}
    assert standings == {old.external_userid: ReferralStanding.KNOWN, "wmStranger": ReferralStanding.NEW}
    assert {one.standing for one in Referrals(channels).referred()} == {ReferralStanding.NEW}


def test_orders_after_the_add_are_counted_by_referrer(fake, channels):
    """An order of before is none that the referrer has brought; spans narrow by the add."""
    channels.register("campaign", "spring")
    channels.register("store", "bj01")
    referrals = Referrals(channels)
    state = referrals.state("wmA", campaign="spring", store="bj01", advisor="anna")
    for who in ("wm1", "wm2", "wm3"):
        add(fake, channels, who, state)
    now = fake.clock.now()
    orders = {"wm1": [now + timedelta(days=2)], "wm2": [now - timedelta(days=9)], "wmOther": [now]}
    (count,) = referrals.count(happened=orders)
    assert (count.new, count.successes) == (3, 1)
    assert referrals.count(since=now)[0].new == 1
    assert referrals.count(until=NOON) == ()
    first = referrals.referred()[0]
    assert evolve(first, added_at=NOON) == Referral(
        referrer="wmA",
        external_userid="wm1",
        userid="anna",
        added_at=NOON,
        campaign="spring",
        store="bj01",
        standing=ReferralStanding.NEW,
    )
    with pytest.raises(ValidationError, match="since"):
        referrals.count(since=datetime(2026, 3, 1))  # noqa: DTZ001 - that is the point
