"""The reader of the archive: cursor and rows move together, people who have not agreed are refused, nothing sticks."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine
from tests.stores import KINDS, fresh_database, memory_store
from tests.unit._archive_stage import (
    AT,
    CONTACT,
    MEMBER,
    OTHER,
    ROOM,
    CannedSdk,
    chatdata,
    message,
    private_pem,
    public_pem,
    sealed,
)

from wecom_auto.archive import (
    Agreement,
    ArchiveKeys,
    ArchiveReader,
    ArchiveSource,
    NativeArchive,
    NoArchive,
    Party,
    PartyKind,
    PlatformAgreements,
    Sight,
    SourcePage,
    StoredUtterance,
    Unreadable,
    Utterance,
    ZoneArchive,
)
from wecom_auto.archive import _tables as t
from wecom_auto.callbacks import ArchiveApproved, EventRouter
from wecom_auto.errors import APIError, PermissionDeniedError, ValidationError
from wecom_auto.models import AgreeStatus
from wecom_auto.store import open_store
from wecom_auto.testing import FakeWeCom

CORP = "ww1"
START = datetime.fromtimestamp(AT / 1000, UTC)
NOW = START + timedelta(hours=1)
BOSS = Party(id="boss", kind=PartyKind.MEMBER)
ANNA = Party(id=MEMBER, kind=PartyKind.MEMBER)
LISI = Party(id=CONTACT, kind=PartyKind.CONTACT)
WANG = Party(id=OTHER, kind=PartyKind.CONTACT)


def said(number: int, sender: Party = LISI, to: Party = ANNA, **more: Any) -> Utterance:
    """Something that was said, `number` seconds after the start."""
    base = {"msgid": f"m{number}", "at": START + timedelta(seconds=number), "kind": "text", "text": "您好"}
    return Utterance(sender=sender, receivers=(to,), **{**base, **more})


class Canned:
    """A source with a log, read by numbers; some rows cannot be read until they are healed."""

    name = "canned"
    sees = Sight.TEXT

    def __init__(self, *log: Utterance | Unreadable, size: int = 100) -> None:
        self.log, self.size = list(log), size
        self.healed: dict[str, Utterance] = {}

    def read(self, cursor: str, limit: int, /) -> SourcePage:
        """Give the next rows; an empty page is the end."""
        start = int(cursor or 0)
        rows = self.log[start : start + min(limit, self.size)]
        return SourcePage(rows=tuple(rows), cursor=str(start + len(rows)) if rows else cursor, more=bool(rows))

    def read_again(self, raw: str, /) -> Utterance | Unreadable:
        """Give what was healed."""
        return self.healed.get(raw) or Unreadable(msgid="", raw=raw, why="still not")


class Known:
    """Who has agreed, and how often somebody asked."""

    def __init__(self, *agreed: Agreement) -> None:
        self.agreed, self.asked = list(agreed), list[tuple[list[tuple[str, str]], list[str]]]()

    def look(self, pairs: Collection[tuple[str, str]], rooms: Collection[str], /) -> list[Agreement]:
        """Answer what is known."""
        self.asked.append((sorted(pairs), sorted(rooms)))
        return [one for one in self.agreed if (one.place, one.external_userid) in set(pairs) or one.place in set(rooms)]


def agreement(place: str = MEMBER, person: str = CONTACT, *, seconds: int = 0, yes: bool = True) -> Agreement:
    """Somebody's word."""
    status = AgreeStatus.AGREE if yes else AgreeStatus.DISAGREE
    return Agreement(place=place, external_userid=person, status=status, at=START + timedelta(seconds=seconds))


def reader_of(engine: Engine, corp_id: str, source: ArchiveSource, **more: Any) -> ArchiveReader:
    """A reader that keeps what colleagues say, too: most of these tests need nobody's agreement."""
    return ArchiveReader(engine, corp_id, source, **{"keep_internal": True, **more})


@pytest.fixture(params=KINDS)
def engine(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[Engine]:
    """A fresh database of each kind."""
    with fresh_database(request.param, tmp_path) as url:
        engine = open_store(url, migrate=False)
        yield engine
        engine.dispose()


@pytest.fixture
def memory() -> Iterator[Engine]:
    """A database in memory."""
    engine = memory_store()
    yield engine
    engine.dispose()


def ids(reader: ArchiveReader) -> list[str]:
    """What is stored, oldest first."""
    return [one.msgid for one in reversed(reader.said())]


def test_a_log_is_read_once(engine: Engine) -> None:
    """Pages are stored with their cursor, repeats are dropped, and reading again adds nothing."""
    log = [said(number, ANNA, BOSS) for number in range(5)]
    source = Canned(*log, log[3], said(9, ANNA, BOSS), size=2)
    reader = reader_of(engine, CORP, source)
    first = reader.read(NOW, pages=2)
    assert (first.stored, first.pages, first.caught_up) == (4, 2, False)
    rest = reader.read(NOW)
    assert (rest.stored, rest.repeated, rest.caught_up, rest.sees) == (2, 1, True, Sight.TEXT)
    assert reader.read(NOW + timedelta(minutes=1)).pages == 0
    assert ids(reader) == ["m0", "m1", "m2", "m3", "m4", "m9"]
    state = reader.state()
    assert (state.cursor, state.stored, state.refused, state.untold) == ("7", 6, 0, 6)
    assert (state.moved_at, state.caught_up_at) == (NOW, NOW + timedelta(minutes=1))


def test_facts_are_kept_and_words_are_not(engine: Engine) -> None:
    """By default there is no word in the database; who wants them says so, and what no database takes is dropped."""
    words = "我要投诉 \ud83d\0 12315"
    rows = [said(1, text=words), said(2, ANNA, LISI, text="", kind="image"), said(3, ANNA, WANG, room=ROOM)]
    agreed = Known(agreement())
    terms = {"complaint": ["投诉", "12315"]}
    reader = reader_of(engine, CORP, Canned(*rows), agreements=agreed, keywords=terms)
    reader.read(NOW)
    third, second, first = reader.said()
    assert (first.hits, first.text, first.characters, first.kind) == (("complaint",), None, 12, "text")
    assert (first.sender, first.receiver, first.room, first.at) == (LISI, ANNA, "", START + timedelta(seconds=1))
    assert (second.kind, second.characters, second.hits) == ("image", 0, ())
    assert (third.room, third.receiver) == (ROOM, None)
    with engine.connect() as connection:
        assert "投诉" not in str(connection.execute(sa.select(t.messages)).all())
    keeping = reader_of(engine, "ww2", Canned(*rows), agreements=agreed, keep_text=True)
    keeping.read(NOW)
    assert [one.text for one in keeping.said()] == ["您好", None, "我要投诉 ? 12315"]
    assert "投诉" not in repr(keeping.said())


def test_people_are_refused_until_they_agree(engine: Engine) -> None:
    """Before their word nothing of them is kept, not even their id; what they wrote after it is."""
    rows = [said(1), said(2, ANNA, LISI), said(10), said(11, WANG, ANNA)]
    known = Known(agreement(seconds=5))
    reader = reader_of(engine, CORP, Canned(*rows), agreements=known)
    report = reader.read(NOW)
    assert (report.stored, report.refused) == (1, 3)
    assert ids(reader) == ["m10"]
    assert known.asked == [([(MEMBER, OTHER), (MEMBER, CONTACT)] if OTHER < CONTACT else
                            [(MEMBER, CONTACT), (MEMBER, OTHER)], [])]  # fmt: skip
    assert reader.agreed(MEMBER, CONTACT) == agreement(seconds=5)
    assert reader.agreed(MEMBER, OTHER) is None
    with engine.connect() as connection:
        assert OTHER not in str(connection.execute(sa.select(t.messages)).all())


def test_a_group_is_agreed_to_by_itself(memory: Engine) -> None:
    """In a group the word given there counts, and members need none."""
    rows = [said(1, LISI, ANNA, room=ROOM), said(2, WANG, ANNA, room=ROOM), said(3, ANNA, LISI, room=ROOM)]
    known = Known(agreement(ROOM), agreement(MEMBER, OTHER))
    reader = reader_of(memory, CORP, Canned(*rows), agreements=known)
    assert reader.read(NOW).refused == 1
    assert ids(reader) == ["m1", "m3"]
    assert known.asked == [([], [ROOM])]


def test_the_archive_itself_says_who_agrees(memory: Engine) -> None:
    """An agreement in the log counts from its place on, a refusal ends it, and both are kept as facts."""
    rows = [
        said(1),
        said(2, kind="agree", text="", agreement=agreement(seconds=2)),
        said(3),
        said(4, kind="disagree", text="", agreement=agreement(seconds=4, yes=False)),
        said(5),
    ]
    reader = reader_of(memory, CORP, Canned(*rows, size=4))
    assert reader.read(NOW).refused == 2
    assert ids(reader) == ["m2", "m3", "m4"]
    assert reader.agreed(MEMBER, CONTACT) == agreement(seconds=4, yes=False)


def test_a_callback_says_who_agrees(memory: Engine) -> None:
    """`msg_audit_approved` is remembered; an older one that comes late takes nothing back."""
    reader = reader_of(memory, CORP, Canned(said(1)))
    router = EventRouter()
    router.on(ArchiveApproved)(reader.approved)
    event = ArchiveApproved(created_at=START, to_user=CORP, userid=MEMBER, external_userid=CONTACT)
    router.dispatch(event)
    assert reader.read(NOW).stored == 1
    later = reader_of(
        memory, CORP, Canned(said(7, kind="disagree", agreement=agreement(seconds=7, yes=False)), said(8))
    )
    later.source.name = "later"  # type: ignore[misc]  # another source, same rows
    later.read(NOW)
    reader.approved(event)
    assert reader.agreed(MEMBER, CONTACT) == agreement(seconds=7, yes=False)


def test_whom_to_ask_and_how_often(memory: Engine) -> None:
    """A yes is believed for a day, a no for a minute, and what is accepted is yours to say."""
    known = Known(agreement())
    source = Canned(said(1), said(2, WANG, ANNA), size=2)
    reader = reader_of(memory, CORP, source, agreements=known)
    reader.read(NOW)
    source.log += [said(3), said(4, WANG, ANNA)]
    reader.read(NOW + timedelta(seconds=30))
    assert len(known.asked) == 1
    source.log += [said(5), said(6, WANG, ANNA)]
    known.agreed.append(agreement(person=OTHER, seconds=6))
    reader.read(NOW + timedelta(minutes=2))
    assert known.asked[1:] == [([(MEMBER, OTHER)], [])]
    source.log += [said(7)]
    reader.read(NOW + timedelta(days=2))
    assert known.asked[2:] == [([(MEMBER, CONTACT)], [])]
    assert ids(reader) == ["m1", "m3", "m5", "m6", "m7"]
    default = Agreement(place=MEMBER, external_userid=CONTACT, status=AgreeStatus.DEFAULT_AGREE, at=START)
    strict = reader_of(memory, "ww2", Canned(said(1)), agreements=Known(default))
    assert strict.read(NOW).refused == 1
    accepted = [AgreeStatus.AGREE, AgreeStatus.DEFAULT_AGREE]
    lenient = reader_of(memory, "ww3", Canned(said(1)), agreements=Known(default), accepted=accepted)
    assert lenient.read(NOW).stored == 1


def test_colleagues_among_themselves_are_left_alone(memory: Engine) -> None:
    """By default nothing of a chat without anybody outside is kept; a group of which nobody says who is in it is."""
    robot = Party(id="wb", kind=PartyKind.ROBOT)
    rows = [
        said(1, ANNA, BOSS),
        said(2, ANNA, BOSS, room=ROOM),
        said(3, robot, ANNA),
        said(4, ANNA, BOSS, kind="switch"),
        said(5, ANNA, LISI, room=ROOM),
        Utterance(msgid="m6", sender=ANNA, room=ROOM, at=START, kind="text"),
        said(7, ANNA, BOSS, room=ROOM, msgid="m7_external"),
    ]
    reader = ArchiveReader(memory, CORP, Canned(*rows))
    report = reader.read(NOW)
    assert (report.stored, report.internal, report.refused) == (3, 4, 0)
    assert sorted(ids(reader)) == ["m5", "m6", "m7_external"]
    assert reader_of(memory, "ww2", Canned(*rows)).read(NOW).stored == 7


def test_a_chat_without_a_member_is_refused(memory: Engine) -> None:
    """Nobody can have agreed to it, so nobody is asked."""
    known = Known()
    reader = reader_of(memory, CORP, Canned(said(1, LISI, Party(id="wb", kind=PartyKind.ROBOT))), agreements=known)
    assert reader.read(NOW).refused == 1
    assert known.asked == []


def test_what_cannot_be_read_waits_for_its_key(engine: Engine) -> None:
    """A message of a lost key holds nobody up; with the key it is stored like any other, once."""
    rows = [sealed(1, message(1)), sealed(2, message(2), version=2), sealed(3, message(3))]
    sdk = CannedSdk({0: chatdata(*rows)})
    known = Known(agreement())
    reader = reader_of(engine, CORP, NativeArchive(sdk=sdk, keys=ArchiveKeys({1: private_pem()})), agreements=known)
    report = reader.read(NOW)
    assert (report.stored, report.unreadable, reader.state().cursor) == (2, 1, "3")
    (waiting,) = reader.unread()
    assert (waiting.msgid, waiting.key_version, waiting.found_at) == ("m2_external", 2, NOW)
    assert "no private key of version 2" in waiting.why
    assert reader.read_again(NOW).unreadable == 1
    keys = ArchiveKeys({1: private_pem(), 2: private_pem(2)})
    healed = reader_of(engine, CORP, NativeArchive(sdk=sdk, keys=keys), agreements=known)
    assert (healed.read_again(NOW).stored, healed.unread()) == (1, ())
    assert healed.read_again(NOW).pages == 0
    assert ids(healed) == ["m1_external", "m2_external", "m3_external"]


def test_what_is_read_again_needs_an_agreement(memory: Engine) -> None:
    """What could not be read at first is no way round the agreement."""
    bad = Unreadable(msgid="m1", raw="one", why="no key")
    source = Canned(bad, Unreadable(msgid="m2", raw="two", why="no key"))
    reader = reader_of(memory, CORP, source, agreements=Known(agreement(seconds=2)))
    assert reader.read(NOW).unreadable == 2
    source.healed = {"one": said(1), "two": said(2)}
    report = reader.read_again(NOW)
    assert (report.stored, report.refused, ids(reader)) == (1, 1, ["m2"])


@pytest.mark.parametrize(
    "row",
    [
        said(1, msgid=""),
        said(1, msgid="m" * 129),
        said(1, msgid="m\0"),
        said(1, ANNA, Party(id="x" * 65, kind=PartyKind.MEMBER)),
        said(1, kind="k" * 65),
        said(1, at=datetime(68, 1, 1, tzinfo=UTC)),
        said(1, at=datetime(9999, 1, 1, tzinfo=UTC)),
    ],
    ids=["no id", "long id", "zero", "long userid", "long kind", "long ago", "never"],
)
def test_what_no_column_can_hold_is_set_aside(engine: Engine, row: Utterance) -> None:
    """A strange id stops nobody on any database."""
    reader = reader_of(engine, CORP, Canned(row, said(2, ANNA, BOSS)), agreements=Known(agreement()))
    report = reader.read(NOW)
    assert (report.stored, report.unreadable) == (1, 1)
    (waiting,) = reader.unread()
    assert "too long, or the time" in waiting.why
    assert reader.read_again(NOW).unreadable == 1


def test_two_workers_read_one_log(engine: Engine) -> None:
    """The slower one finds the cursor moved, writes nothing, and goes on from there."""
    source = Canned(*(said(number, ANNA, BOSS) for number in range(6)), size=3)
    quick, slow = reader_of(engine, CORP, source), reader_of(engine, CORP, source)
    read = source.read

    def late(cursor: str, limit: int, /) -> SourcePage:
        page = read(cursor, limit)
        source.read = read  # type: ignore[method-assign]  # a stub
        quick.read(NOW, pages=1)
        return page

    source.read = late  # type: ignore[method-assign]  # a stub
    report = slow.read(NOW)
    assert (report.stored, report.repeated, report.pages) == (3, 0, 2)
    assert len(ids(slow)) == 6
    assert slow.state().stored == 6


def test_a_refusal_of_the_platform_keeps_what_was_read(memory: Engine) -> None:
    """When the platform cannot be asked the page waits; nothing is lost, and nothing is guessed."""

    class Down(Known):
        down = True

        def look(self, pairs: Collection[tuple[str, str]], rooms: Collection[str], /) -> list[Agreement]:
            if self.down:
                raise PermissionDeniedError(301053)
            return super().look(pairs, rooms)

    known = Down(agreement())
    reader = reader_of(memory, CORP, Canned(said(1, ANNA, BOSS), said(2), size=1), agreements=known)
    with pytest.raises(APIError, match="301053"):
        reader.read(NOW)
    assert ids(reader) == ["m1"]
    known.down = False
    assert reader.read(NOW).stored == 1


def test_strange_words_about_agreements_and_rules_stop_nobody(engine: Engine) -> None:
    """Ids with zeros, times that are none, long words, numbers beyond all bounds: kept as far as they can be."""
    odd = AgreeStatus("Maybe" * 20)
    rows = [
        said(1, kind="agree", agreement=agreement(person="wm\0")),
        said(2, kind="agree", agreement=Agreement(place=MEMBER, external_userid=CONTACT, status=odd, at=START)),
        said(3, kind="agree", agreement=Agreement(
            place=MEMBER, external_userid=OTHER, status=odd, at=datetime(68, 1, 1, tzinfo=UTC))),
        said(4, ANNA, BOSS, hits=("rule\0",)),
        Unreadable(msgid="m" * 200, raw="r\0\ud83d", why="w" * 600, key_version=2**40),
    ]  # fmt: skip
    reader = reader_of(engine, CORP, Canned(*rows))
    assert reader.read(NOW).stored == 4
    assert reader.said(limit=1)[0].hits == ("rule",)
    (waiting,) = reader.unread()
    assert (len(waiting.msgid), waiting.key_version, len(waiting.why)) == (128, 0, 500)
    known = reader.agreed(MEMBER, CONTACT)
    assert known is not None
    assert known.status == "MaybeMaybeMaybeMaybeMaybeMaybeMa"
    assert reader.agreed(MEMBER, OTHER) is None


def test_a_cursor_that_is_too_long_is_named(memory: Engine) -> None:
    """It could not be kept, so nothing is."""
    source = Canned(said(1, ANNA, BOSS))
    source.read = lambda _cursor, _limit: SourcePage(rows=(said(1),), cursor="c" * 256)  # type: ignore[method-assign]  # a stub
    with pytest.raises(ValidationError, match="cursor of canned: got 256"):
        reader_of(memory, CORP, source).read(NOW)


# Telling


def test_everything_is_told_once_in_order(engine: Engine) -> None:
    """Oldest first, whatever order the archive had; what was told is not told again."""
    source = Canned(*(said(number, ANNA, BOSS) for number in (3, 1, 2)))
    reader = reader_of(engine, CORP, source)
    reader.read(NOW)
    heard: list[StoredUtterance] = []
    assert reader.deliver(heard.append, NOW, limit=2).told == 2
    assert reader.deliver(heard.append, NOW).told == 1
    assert [one.msgid for one in heard] == ["m1", "m2", "m3"]
    assert reader.deliver(heard.append, NOW).told == 0
    assert reader.state().untold == 0


def test_what_fails_comes_again_after_the_others(memory: Engine) -> None:
    """A message that cannot be heard holds nobody up; a mistake of the program goes through, and forgets nothing."""
    reader = reader_of(memory, CORP, Canned(*(said(number, ANNA, BOSS) for number in range(3))))
    reader.read(NOW)
    heard: list[str] = []

    def hear(one: StoredUtterance) -> None:
        if one.msgid == "m0":
            raise APIError(45009)
        heard.append(one.msgid)

    report = reader.deliver(hear, NOW, limit=2)
    assert (report.told, list(report.failed)) == (1, ["m0"])
    assert reader.deliver(hear, NOW, limit=1).told == 1
    assert heard == ["m1", "m2"]

    def broken(one: StoredUtterance) -> None:
        raise ZeroDivisionError(one.msgid)

    with pytest.raises(ZeroDivisionError):
        reader.deliver(broken, NOW)
    assert reader.deliver(lambda one: heard.append(one.msgid), NOW).told == 1
    assert heard == ["m1", "m2", "m0"]


# Keeping


def test_what_is_asked_for_is_found(engine: Engine) -> None:
    """By group, by person, by time, newest first."""
    rows = [said(1, ANNA, BOSS), said(2, ANNA, LISI, room=ROOM), said(3, BOSS, ANNA), said(4, BOSS, ANNA, room=ROOM)]
    reader = reader_of(engine, CORP, Canned(*rows))
    reader.read(NOW)
    assert [one.msgid for one in reader.said(room=ROOM)] == ["m4", "m2"]
    assert [one.msgid for one in reader.said(person=MEMBER)] == ["m3", "m2", "m1"]
    assert [one.msgid for one in reader.said(since=START + timedelta(seconds=3))] == ["m4", "m3"]
    assert [one.msgid for one in reader.said(limit=1)] == ["m4"]


def test_time_and_people_are_forgotten(engine: Engine) -> None:
    """Retention deletes by time; a person who asks is deleted with their word; other corps stay."""
    rows = [Unreadable(msgid="", raw="x", why="w"), said(1), said(2, ANNA, LISI), said(3, WANG, ANNA)]
    known = Known(agreement(), agreement(person=OTHER))
    reader = reader_of(engine, CORP, Canned(*rows), agreements=known)
    other = reader_of(engine, "ww2", Canned(*rows), agreements=known)
    for one in (reader, other):
        one.read(NOW)
    assert reader.prune(START + timedelta(seconds=2)) == 1
    assert reader.forget(CONTACT) == 1
    assert ids(reader) == ["m3"]
    assert reader.agreed(MEMBER, CONTACT) is None
    assert (reader.prune(NOW + timedelta(seconds=1)), reader.unread()) == (2, ())
    assert len(ids(other)) == 3
    assert len(other.unread()) == 1


def test_no_archive_is_read_without_a_trace(memory: Engine) -> None:
    """It is caught up at once, and says that it sees nothing."""
    report = reader_of(memory, CORP, NoArchive()).read(NOW)
    assert (report.pages, report.caught_up, report.sees) == (0, True, Sight.NOTHING)


def test_what_cannot_be_meant_is_refused(memory: Engine) -> None:
    """Naive times, limits and names out of bounds; and no repr shows more than names."""
    reader = reader_of(memory, CORP, Canned())
    assert repr(reader) == "ArchiveReader(corp_id='ww1', source='canned', keep_text=False)"
    naive = NOW.replace(tzinfo=None)
    for wrong in (
        lambda: reader.read(naive),
        lambda: reader.read(NOW, limit=0),
        lambda: reader.read(NOW, limit=1001),
        lambda: reader.prune(naive),
        lambda: reader.deliver(print, naive),
        lambda: said(1, at=naive),
        lambda: Agreement(place="p", external_userid="e", status=AgreeStatus.AGREE, at=naive),
        lambda: reader_of(memory, CORP, NoArchive(name="")),
        lambda: reader_of(memory, CORP, NoArchive(name="n" * 65)),
    ):
        with pytest.raises(ValidationError):
            wrong()


# Against the fake


def test_both_sources_on_the_fake_tell_the_same_facts(memory: Engine) -> None:
    """Through the native library and through the zone the same things were said; only one of them knows the words."""
    fake = FakeWeCom()
    fake.add_member(MEMBER)
    fake.open_archive([MEMBER], public_key=public_pem())
    lisi, wang = (fake.add_customer(name=name, followed_by=MEMBER) for name in ("李四", "王五"))
    group = fake.create_group(MEMBER, "潜客群")
    fake.join_group(group, lisi)
    fake.agree_to_archive(lisi, userid=MEMBER)
    fake.agree_to_archive(lisi, group=group)
    fake.clock.advance(minutes=1)
    fake.customer_says(lisi, MEMBER, "我要投诉")
    fake.customer_says(wang, MEMBER, "没有同意")
    fake.group_says(group, lisi, "群里投诉", messages=2)
    fake.member_says(MEMBER, lisi, "马上处理")
    picture = {"image": {"md5sum": "m", "sdkfileid": "f"}}
    fake.archive_message(MEMBER, [lisi.external_userid], "image", picture, media=b"x")
    fake.serve_zone("p", "a", rules={"r1": ["投诉"]})
    asking = PlatformAgreements(fake.client())
    native = NativeArchive(sdk=fake.finance_sdk(), keys=ArchiveKeys({1: private_pem()}))
    words = reader_of(memory, CORP, native, agreements=asking, keywords={"complaint": ["投诉"]}, keep_text=True)
    zone = ZoneArchive(client=fake.client(), program_id="p", ability_id="a", rules={"r1": "complaint"})
    facts = reader_of(memory, "ww2", zone, agreements=asking)
    for reader in (words, facts):
        report = reader.read(fake.clock.now(), limit=3)
        assert (report.stored, report.refused) == (7, 1)
    ours = [(one.msgid, one.kind, one.hits, one.sender, one.room) for one in words.said()]
    assert ours == [(one.msgid, one.kind, one.hits, one.sender, one.room) for one in facts.said()]
    assert sum(one.hits == ("complaint",) for one in words.said()) == 3
    assert {one.text for one in words.said()} == {"我要投诉", "群里投诉", "马上处理", None}
    assert {one.text for one in facts.said()} == {None}


def test_the_platform_is_asked_by_hundreds_and_past_bad_ids() -> None:
    """A hundred chats are one call; one bad id leaves the others known, and an unknown group is nobody's agreement."""
    fake = FakeWeCom()
    fake.add_member(MEMBER)
    fake.open_archive([MEMBER])
    lisi = fake.add_customer(followed_by=MEMBER)
    fake.agree_to_archive(lisi, userid=MEMBER)
    asking = PlatformAgreements(fake.client())
    pairs = {(MEMBER, lisi.external_userid), *((MEMBER, f"wm{number}") for number in range(149))}
    (found,) = asking.look(pairs, ["wr-nobody"])
    assert (found.place, found.external_userid, found.status) == (MEMBER, lisi.external_userid, AgreeStatus.AGREE)
    assert fake.count("msgaudit/check_single_agree") == 2
    fake.fail_next("msgaudit/check_single_agree", errcode=40058)
    (again,) = asking.look([(MEMBER, lisi.external_userid), (MEMBER, "bad")], [])
    assert again == found
    fake.fail_next("msgaudit/check_single_agree", errcode=40058)
    assert asking.look([(MEMBER, lisi.external_userid)], []) == []
    fake.expire_archive()
    with pytest.raises(APIError, match="301052"):
        asking.look([(MEMBER, lisi.external_userid)], [])


def test_the_fake_says_that_something_waits_every_15_seconds() -> None:
    """Many messages are one callback, the next one comes 15 seconds later; without a seat nothing is archived."""
    fake = FakeWeCom()
    for userid in (MEMBER, "lisi"):
        fake.add_member(userid)
    wang = fake.add_customer(followed_by=MEMBER)
    fake.member_says(MEMBER, wang, "档案还没开")
    fake.open_archive([MEMBER], public_key=public_pem())
    for _ in range(3):
        fake.member_says(MEMBER, wang, "在吗")
    fake.clock.advance(seconds=15)
    fake.customer_says(wang, MEMBER, "在")
    assert fake.archive_message("lisi", ["lisi"], "text", {"text": {"content": "没有席位"}}) == ""
    assert [one.name for one in fake.events].count("msgaudit_notify") == 2
    sdk = fake.finance_sdk()
    assert len(json.loads(sdk.get_chat_data(0, 10))["chatdata"]) == 4
    fake.clock.advance(days=6)
    assert json.loads(sdk.get_chat_data(0, 10))["chatdata"] == []
    fake.expire_archive()
    assert json.loads(sdk.get_chat_data(0, 10))["errcode"] == 301052


def test_the_fake_plays_the_library() -> None:
    """Files in pieces, codes on demand, keys that do not fit, pages that are too large, another app's secret."""
    fake = FakeWeCom()
    fake.add_member(MEMBER)
    sdk = fake.finance_sdk()
    assert json.loads(sdk.get_chat_data(0, 1))["errcode"] == 301053
    fake.open_archive([MEMBER], public_key=public_pem())
    body = {"file": {"sdkfileid": "f"}}
    fake.archive_message(MEMBER, ["boss"], "file", body, media=b"\0abcdefg")
    sdk.piece, sdk.most = 3, 10
    assert json.loads(sdk.get_chat_data(0, 1))["errcode"] == 301058
    assert [sdk.get_media(index, "f") for index in ("", "3", "6")] == [
        (b"\0ab", "3", False),
        (b"cde", "6", False),
        (b"fg", "9", True),
    ]
    sdk.fail_next(10001)
    for code, call in (
        (10001, lambda: sdk.get_media("", "f")),
        (10005, lambda: sdk.get_media("", "nothing")),
        (10000, lambda: sdk.get_chat_data(0, 0)),
        (10006, lambda: sdk.decrypt(b"key", "bm9pc2U=")),
    ):
        with pytest.raises(APIError) as caught:
            call()
        assert caught.value.errcode == code
    assert sdk.calls[0] == ("GetChatData", 0)
    sdk.close()
    fake.add_app("other", "another-secret-of-the-corp", agent_id=7)
    with fake.client(secret="another-secret-of-the-corp") as other, pytest.raises(APIError, match="48002"):
        other.archive.list_users()


# Whatever happens


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_way_of_reading_stores_the_same(data: st.DataObject) -> None:
    """Pages of any size, stopped anywhere, with repeats and unreadable rows: each message is there once."""
    numbers = data.draw(st.lists(st.integers(0, 8), max_size=20))
    log: list[Utterance | Unreadable] = [
        said(number, ANNA, BOSS) if number else Unreadable(msgid="", raw=f"raw{place}", why="w")
        for place, number in enumerate(numbers)
    ]
    engine = memory_store()
    source = Canned(*log)
    reader = reader_of(engine, CORP, source)
    done = False
    while not done:
        source.size = data.draw(st.integers(1, 5))
        done = reader.read(NOW, pages=data.draw(st.integers(1, 3)), limit=data.draw(st.integers(1, 5))).caught_up
    wanted = sorted({f"m{number}" for number in numbers if number})
    assert sorted(ids(reader)) == wanted
    state = reader.state()
    assert (state.stored, state.unread, state.cursor) == (len(wanted), numbers.count(0), str(len(log)) if log else "")
    engine.dispose()
