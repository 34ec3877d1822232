"""States of 30 characters: what goes in comes out, nothing else is taken for it, and what it meant stays."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import assume, example, given
from hypothesis import strategies as st
from tests.stores import KINDS, fresh_database

from wecom_auto._time import CHINA
from wecom_auto.automotive.channels import (
    Channels,
    Origin,
    Source,
    SourceKind,
    StateError,
    decode,
    encode,
    encode_long,
)
from wecom_auto.automotive.channels._codec import _ALPHABET, _BASE, _PRIME, MOST
from wecom_auto.automotive.channels._tables import sources
from wecom_auto.callbacks.events import CustomerAdded
from wecom_auto.errors import ConfigurationError, ValidationError
from wecom_auto.store import open_store
from wecom_auto.testing import FakeWeCom

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=CHINA)
FITTING = st.tuples(
    st.integers(0, 16**3 - 1),
    st.integers(0, 16**4 - 1),
    st.integers(0, 16**4 - 1),
    st.integers(0, 16**5 - 1),
    st.integers(0, 16**8 - 1),
).filter(any)


@pytest.fixture
def fake() -> FakeWeCom:
    """A corp with two advisors."""
    fake = FakeWeCom(now=NINE)
    for userid in ("zhangsan", "lisi"):
        fake.add_member(userid)
    return fake


@contextmanager
def registry(url: str, fake: FakeWeCom) -> Iterator[Channels]:
    """A registry with a channel, a campaign and a store."""
    engine = open_store(url)
    channels = Channels(engine, fake.corp_id, clock=fake.clock.time)
    channels.register("channel", "moments-ad", name="朋友圈广告")
    channels.register(SourceKind.CAMPAIGN, "spring-launch")
    channels.register("store", "bj01", name="北京一店")
    yield channels
    engine.dispose()


@pytest.fixture
def channels(fake: FakeWeCom) -> Iterator[Channels]:
    """The registry in memory."""
    with registry("sqlite://", fake) as opened:
        yield opened


@pytest.fixture(params=KINDS)
def everywhere(request: pytest.FixtureRequest, tmp_path: Path, fake: FakeWeCom) -> Iterator[Channels]:
    """The registry on each kind of database in turn."""
    with fresh_database(request.param, tmp_path) as url, registry(url, fake) as opened:
        yield opened


def added(
    fake: FakeWeCom, state: str, external_userid: str = "wm1", userid: str = "zhangsan", minutes: float = 0
) -> CustomerAdded:
    """The event of an add by this state."""
    return CustomerAdded(
        to_user=fake.corp_id,
        created_at=NINE + timedelta(minutes=minutes),
        userid=userid,
        external_userid=external_userid,
        state=state,
    )


@given(FITTING)
@example((0, 0, 0, 0, 1))
@example((16**3 - 1, 16**4 - 1, 16**4 - 1, 16**5 - 1, 16**8 - 1))
def test_numbers_come_back(numbers):
    """What is packed is read back, and fits the platform's 30 characters."""
    state = encode(numbers)
    assert len(state) <= 30
    assert decode(state).numbers == numbers
    assert decode(state).origin is Origin.OURS


@given(FITTING, FITTING)
def test_two_sources_never_share_a_state(one, other):
    """Different numbers give different states."""
    assert (encode(one) == encode(other)) == (one == other)


@given(st.integers(1, MOST))
def test_long_states_come_back(number):
    """The number of a row of the side table comes back, and is not taken for a channel."""
    packed = decode(encode_long(number))
    assert (packed.origin, packed.long_number, packed.numbers) == (Origin.LONG, number, ())


@given(FITTING, st.data())
def test_one_changed_character_is_seen(numbers, data):
    """Whatever character of a state is replaced by whatever other one, the state is not ours any more."""
    state = encode(numbers)
    place = data.draw(st.integers(0, len(state) - 1))
    char = data.draw(st.characters())
    assume(char != state[place])
    assert decode(state[:place] + char + state[place + 1 :]).origin in {Origin.DAMAGED, Origin.FOREIGN}


@given(FITTING)
def test_two_swapped_characters_are_seen(numbers):
    """Any two characters that change places are noticed."""
    state = encode(numbers)
    for one, other in itertools.combinations(range(len(state)), 2):
        chars = list(state)
        chars[one], chars[other] = chars[other], chars[one]
        if chars != list(state):
            assert decode("".join(chars)).origin in {Origin.DAMAGED, Origin.FOREIGN}


def test_every_place_weighs_something_else():
    """The numbers behind the check: no two places weigh the same, and none undoes a check character."""
    weights = [pow(_BASE, place, _PRIME) for place in range(3, 3 + 30)]
    assert len(set(weights)) == len(weights)
    assert {(weight + 32**power) % _PRIME for weight in weights for power in range(3)}.isdisjoint({0})


@given(FITTING, st.integers(1, 29))
def test_a_cut_state_is_seen(numbers, length):
    """A state that lost its end is damaged, or too short to look like ours."""
    state = encode(numbers)
    assume(length < len(state))
    assert decode(state[:length]).origin in {Origin.DAMAGED, Origin.FOREIGN}


@given(st.text(max_size=80))
def test_reading_never_raises(text):
    """Any text is read; what is called ours would be written exactly so."""
    packed = decode(text)
    if packed.origin is Origin.OURS:
        assert encode(packed.numbers) == text
    if packed.origin is Origin.LONG:
        assert encode_long(packed.long_number) == text


@given(st.text(alphabet=_ALPHABET, min_size=1, max_size=24).map(lambda body: "w1" + body))
def test_what_begins_like_ours_must_be_written_like_ours(text):
    """There is one spelling of every state, so that one source never looks like two."""
    packed = decode(text)
    again = {Origin.OURS: lambda: encode(packed.numbers), Origin.LONG: lambda: encode_long(packed.long_number)}
    assert packed.origin is Origin.DAMAGED or again[packed.origin]() == text


@pytest.mark.parametrize("numbers", [(), (0, 0, 0, 0, 0), (1, 2, 3), (1, -1, 0, 0, 0), (16**20, 1, 1, 1, 16**5)])
def test_numbers_that_do_not_fit_are_refused(numbers):
    """An empty source, a negative number and too big ones have no state."""
    with pytest.raises(StateError):
        encode(numbers)


def test_a_scan_is_attributed_to_its_source(everywhere, fake):
    """The state of a code comes back with the customer, and says channel, store and advisor."""
    source = Source(channel="moments-ad", store="bj01", advisor="zhangsan")
    way = fake.client().contact_ways.create(users=["zhangsan"], state=everywhere.state(source))
    fake.scan(way.config_id, name="王女士")
    event = next(one for one in fake.events if isinstance(one, CustomerAdded))
    found = everywhere.record(event)
    assert found.source == source
    assert found.origin is Origin.OURS


def test_the_customer_channel_of_a_link_is_read_too(channels, fake):
    """An acquisition link hands its customer_channel back as the state."""
    state = channels.state(Source(channel="moments-ad", lead="L-20260302-0001"))
    link = fake.client().acquisition_links.create("大促", userids=["zhangsan"])
    fake.buy_link_uses(10)
    fake.open_link(link.link_id, customer_channel=state)
    event = next(one for one in fake.events if isinstance(one, CustomerAdded))
    assert channels.record(event).source == Source(channel="moments-ad", lead="L-20260302-0001")


def test_the_same_source_has_the_same_state(channels):
    """Asking twice gives no second number."""
    source = Source(channel="moments-ad", lead="L-1")
    assert channels.state(source) == channels.state(source)


def test_an_unknown_channel_is_refused(channels):
    """A misspelt channel gets no state; the error says how to register it."""
    with pytest.raises(ConfigurationError, match=r"register\('channel', 'moment-ad'\)"):
        channels.state(Source(channel="moment-ad"))


def test_a_retired_store_gets_no_new_code_and_stays_readable(channels):
    """Retiring a store keeps what its printed codes mean."""
    state = channels.state(Source(store="bj01"))
    assert channels.retire("store", "bj01")
    assert channels.source(state) == Source(store="bj01")
    with pytest.raises(ConfigurationError, match="retired"):
        channels.state(Source(store="bj01"))


def test_a_number_is_never_given_again(channels):
    """A new store gets a number of its own, also after another one was retired."""
    old = channels.names("store")[0]
    channels.retire("store", "bj01")
    assert channels.register("store", "sh01").number != old.number


def test_a_note_goes_through_the_side_table(everywhere):
    """What has no room in 30 characters comes back whole."""
    source = Source(channel="moments-ad", note="素材 " + "长" * 400)
    state = everywhere.state(source)
    assert len(state) <= 30
    assert everywhere.source(state) == source
    assert everywhere.state(source) == state


@pytest.mark.parametrize(
    ("state", "origin"),
    [
        ("", Origin.NONE),
        ("门店展厅", Origin.FOREIGN),
        ("w1zzzzzz", Origin.DAMAGED),
        (encode((9, 0, 0, 0, 0)), Origin.FOREIGN),
    ],
)
def test_foreign_states_are_kept_and_not_understood(channels, fake, state, origin):
    """A state of another tool, a broken one and a number of another corp are written down as what they are."""
    found = channels.record(added(fake, state))
    assert (found.origin, found.source, found.state) == (origin, Source(), state)


def test_an_add_is_written_once(everywhere, fake):
    """The platform repeats events; the second one changes nothing."""
    event = added(fake, everywhere.state(Source(channel="moments-ad")))
    assert everywhere.record(event) is not None
    assert everywhere.record(event) is None
    assert len(everywhere.attributions("wm1")) == 1


def test_attribution_survives_the_registry(channels, fake):
    """What an add meant stays, even when the entry behind it is gone altogether."""
    channels.record(added(fake, channels.state(Source(channel="moments-ad", store="bj01"))))
    with channels.engine.begin() as connection:
        connection.execute(sa.delete(sources))
    assert channels.attributions("wm1")[0].source == Source(channel="moments-ad", store="bj01")


def test_adds_are_counted_by_every_part(everywhere, fake):
    """Adds by channel, store and advisor, in a span of time; a customer who comes twice is one customer."""
    here = everywhere.state(Source(channel="moments-ad", store="bj01", advisor="zhangsan"))
    there = everywhere.state(Source(channel="moments-ad", campaign="spring-launch", advisor="lisi"))
    for minutes, (state, who) in enumerate([(here, "wm1"), (here, "wm1"), (there, "wm2"), ("", "wm3")]):
        everywhere.record(added(fake, state, who, minutes=minutes))
    assert [(one.key, one.adds, one.customers) for one in everywhere.count("channel")] == [
        ("moments-ad", 3, 2),
        ("", 1, 1),
    ]
    assert [(one.key, one.adds) for one in everywhere.count("store", since=NINE + timedelta(minutes=1))] == [
        ("", 2),
        ("bj01", 1),
    ]
    assert [one.key for one in everywhere.count("advisor", within=Source(campaign="spring-launch"))] == ["lisi"]


def test_a_lead_finds_its_add(channels, fake):
    """The add that a lead's own link brought is found by the lead."""
    channels.record(added(fake, channels.state(Source(lead="L-7"))))
    assert [one.external_userid for one in channels.added_by_lead("L-7")] == ["wm1"]


def test_another_corps_event_is_refused(channels, fake):
    """An event of another corp is not counted here."""
    other = CustomerAdded(to_user="wwother", created_at=NINE, userid="zhangsan", external_userid="wm1")
    with pytest.raises(ValidationError, match="corp_id"):
        channels.record(other)


def test_workers_that_name_leads_together_give_each_its_own_number(everywhere):
    """Numbers given at the same time differ, and the same lead has one."""
    leads = [f"L-{number % 12}" for number in range(48)]
    with ThreadPoolExecutor(4) as pool:
        states = list(pool.map(lambda lead: everywhere.state(Source(lead=lead)), leads))
    assert len(set(zip(leads, states, strict=True))) == 12
    assert [one.number for one in everywhere.names("lead")] == list(range(1, 13))
