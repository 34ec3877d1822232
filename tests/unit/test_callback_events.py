"""Bodies become typed events, events become bodies, and nothing is refused for what it says."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from wecom_auto.callbacks import (
    EVENT_TYPES,
    AcquisitionEvent,
    ArchiveApproved,
    Callback,
    CustomerAdded,
    CustomerDeleted,
    CustomerEdited,
    CustomerEvent,
    CustomerHalfAdded,
    CustomerTransferFailed,
    CustomerUnfollowed,
    DeleteSource,
    Event,
    GroupCreated,
    GroupDismissed,
    GroupEvent,
    GroupUpdated,
    GroupUpdateDetail,
    JoinedBy,
    LeftBy,
    LinkChatStarted,
    LinkCustomerLost,
    LinkDeleted,
    LinkFriendRequested,
    LinkMessagesReceived,
    LinkOpened,
    LinkQuotaExhausted,
    LinkQuotaExpiring,
    LinkQuotaIncreased,
    LinkQuotaLow,
    LinkUnavailable,
    ServicePriceChanged,
    ServiceQuotaExhausted,
    ServiceQuotaLow,
    ServiceQuotaUsed,
    SuiteTicketPushed,
    TagCreated,
    TagDeleted,
    TagEvent,
    TagKind,
    TagsShuffled,
    TagUpdated,
    TransferFailReason,
    UnknownEvent,
    event_xml,
    read_event,
)
from wecom_auto.errors import CallbackError, ValidationError

BODIES: list[dict[str, str]] = json.loads(
    (Path(__file__).parent.parent / "fixtures" / "callbacks" / "bodies.json").read_text("utf-8")
)
XML = {body["name"]: body["xml"].encode() for body in BODIES}
OFFICIAL_TIME = datetime(2014, 6, 24, 11, 48, 33, tzinfo=UTC)
NOW = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
CORP = "ww1234567890abcdef"
WM = "woAJ2GCAAAXtWyujaWJHDDGi0mAAAA"
WR = "wrx7HUARsKwGRaQBVKPBTcEyzdHA4HrQ"

CONTACT = {"created_at": NOW, "to_user": CORP, "userid": "zhangsan", "external_userid": WM}
GROUP = {"created_at": NOW, "to_user": CORP, "chat_id": WR}
TAG = {"created_at": NOW, "to_user": CORP, "id": "TAG_ID", "tag_type": TagKind.TAG, "strategy_id": "1"}
LINK = {"created_at": NOW, "to_user": CORP, "link_id": "cawcdea7783d7330b4"}
WELCOME = {"state": "teststate", "welcome_code": "WELCOMECODE"}

TYPED: dict[str, Event] = {
    "change_external_contact.add_external_contact": CustomerAdded(**CONTACT, **WELCOME),
    "change_external_contact.add_half_external_contact": CustomerHalfAdded(**CONTACT, **WELCOME),
    "change_external_contact.edit_external_contact": CustomerEdited(**CONTACT),
    "change_external_contact.del_external_contact": CustomerDeleted(**CONTACT, source=DeleteSource.TRANSFER),
    "change_external_contact.del_follow_user": CustomerUnfollowed(**CONTACT),
    "change_external_contact.transfer_fail": CustomerTransferFailed(
        **CONTACT, fail_reason=TransferFailReason.CUSTOMER_REFUSED
    ),
    "change_external_contact.msg_audit_approved": ArchiveApproved(**CONTACT, welcome_code="WELCOMECODE"),
    "change_external_chat.create": GroupCreated(**GROUP),
    "change_external_chat.update": GroupUpdated(
        **GROUP,
        update_detail=GroupUpdateDetail.ADD_MEMBER,
        join_scene=JoinedBy(1),
        quit_scene=LeftBy.SELF,
        mem_change_cnt=10,
        mem_change_list=("Jack", "Rose"),
        last_mem_ver="9c3f97c2ada667dfb5f6d03308d963e1",
        cur_mem_ver="71217227bbd112ecfe3a49c482195cb4",
    ),
    "change_external_chat.dismiss": GroupDismissed(**GROUP),
    "change_external_tag.create": TagCreated(**TAG),
    "change_external_tag.update": TagUpdated(**TAG),
    "change_external_tag.delete": TagDeleted(**TAG),
    "change_external_tag.shuffle": TagsShuffled(created_at=NOW, to_user=CORP, id="TAG_ID", strategy_id="STRATEGY_ID"),
    "customer_acquisition.balance_low": LinkQuotaLow(created_at=NOW, to_user=CORP),
    "customer_acquisition.balance_exhausted": LinkQuotaExhausted(created_at=NOW, to_user=CORP),
    "customer_acquisition.balance_increased": LinkQuotaIncreased(created_at=NOW, to_user=CORP),
    "customer_acquisition.quota_expire_soon": LinkQuotaExpiring(
        created_at=NOW, to_user=CORP, expires_at=datetime(2023, 7, 31, 16, tzinfo=UTC), uses=100
    ),
    "customer_acquisition.link_unavailable": LinkUnavailable(**LINK),
    "customer_acquisition.delete_link": LinkDeleted(**LINK),
    "customer_acquisition.open_profile": LinkOpened(**LINK, state="STATE"),
    "customer_acquisition.friend_request": LinkFriendRequested(**LINK, state="STATE"),
    "customer_acquisition.customer_start_chat": LinkChatStarted(**LINK, userid="zhangsan", external_userid=WM),
    "customer_acquisition.message_from_customer": LinkMessagesReceived(**LINK, chat_key="CHATKEY"),
    "customer_acquisition.del_follow_user": LinkCustomerLost(**LINK, userid="zhangsan", external_userid=WM),
}


def body_of(*fields: str) -> bytes:
    """Return a customer event whose own fields are as given."""
    head = (
        f"<ToUserName>{CORP}</ToUserName><FromUserName>sys</FromUserName><CreateTime>1700000000</CreateTime>"
        "<MsgType>event</MsgType>"
    )
    return f"<xml>{head}{''.join(fields)}</xml>".encode()


def kind(family: str, change_type: str) -> str:
    """Return what names an event."""
    return f"<Event>{family}</Event><ChangeType>{change_type}</ChangeType>"


EDITED = kind("change_external_contact", "edit_external_contact")
UPDATED = kind("change_external_chat", "update") + "<ChatId>wr1</ChatId><UpdateDetail>add_member</UpdateDetail>"


@pytest.mark.parametrize("name", TYPED)
def test_every_field_of_the_reference_is_typed(name: str) -> None:
    """Each event of contact, groups, tags and acquisition links is its class, every field read and nothing left."""
    event = read_event(XML[name])
    assert event == TYPED[name]
    assert (type(event), event.name, dict(event.extra)) == (type(TYPED[name]), name, {})


def test_every_class_has_an_example() -> None:
    """No class of customer contact and of acquisition links goes untested, those of providers' stock of uses aside."""
    without = {ServicePriceChanged, ServiceQuotaExhausted, ServiceQuotaLow, ServiceQuotaUsed}
    bases = (CustomerEvent, GroupEvent, TagEvent, AcquisitionEvent)
    assert {type(event) for event in TYPED.values()} == {cls for cls in EVENT_TYPES if issubclass(cls, bases)} - without


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("ChangeExternalContactAddExternalContact", CustomerAdded),
        ("ChangeExternalContactAddHalfExternalContact", CustomerHalfAdded),
        ("ChangeExternalContactEditExternalContact", CustomerEdited),
        ("ChangeExternalContactDelExternalContact", CustomerDeleted),
        ("ChangeExternalContactDelFollowUser", CustomerUnfollowed),
        ("ChangeExternalContactTransferFail", CustomerTransferFailed),
        ("ChangeExternalChatCreate", GroupCreated),
        ("ChangeExternalChatUpdate", GroupUpdated),
        ("ChangeExternalChatDismiss", GroupDismissed),
        ("ChangeExternalTagCreate", TagCreated),
        ("ChangeExternalTagUpdate", TagUpdated),
        ("ChangeExternalTagDelete", TagDeleted),
    ],
)
def test_the_envelope_of_suites_is_the_same_event(name: str, cls: type[Event]) -> None:
    """The vendor's own samples, which are in the providers' envelope, are the same classes; the corp is the tenant."""
    event = read_event(XML[f"official-{name}"])
    assert type(event) is cls
    assert (event.suite_id, event.corp_id, event.created_at) == (
        "ww4asffe99e54c0f4c",
        "wxf8b4f85f3a794e77",
        OFFICIAL_TIME,
    )


@pytest.mark.parametrize("name", XML)
def test_every_body_of_the_reference_passes(name: str) -> None:
    """Each of the 161 bodies is an event, and says the same after being written and read again."""
    event = read_event(XML[name])
    assert read_event(event_xml(event)) == event


def test_values_lose_the_blanks_around_them() -> None:
    """The vendor's sample with a blank before the name of the event is read like the others."""
    event = read_event(XML["official-SuiteTicket"])
    assert isinstance(event, SuiteTicketPushed)
    assert (event.name, event.ticket) == ("suite_ticket", "asdfasfdasdfasdf")


def test_a_name_in_another_case_is_the_same_name() -> None:
    """AgentId and AgentID, UserId and UserID are one field each."""
    event = read_event(body_of(EDITED, "<AgentId>1</AgentId><UserId>z</UserId><externaluserid>wm</externaluserid>"))
    assert event == CustomerEdited(created_at=NOW, to_user=CORP, agent_id="1", userid="z", external_userid="wm")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<MemChangeList><Item>a</Item><Item>b</Item></MemChangeList>", ("a", "b")),
        ("<MemChangeList><Item>a</Item></MemChangeList>", ("a",)),
        ("<MemChangeList>a</MemChangeList><MemChangeList>b</MemChangeList>", ("a", "b")),
        ("<MemChangeList>a, b,</MemChangeList>", ("a", "b")),
        ("<MemChangeList></MemChangeList>", ()),
        ("", ()),
    ],
)
def test_lists_come_in_three_forms(written: str, read: tuple[str, ...]) -> None:
    """A wrapper, repeated siblings and commas are all lists, a single item too."""
    event = read_event(body_of(UPDATED, written))
    assert isinstance(event, GroupUpdated)
    assert event.mem_change_list == read


def test_values_of_tomorrow_are_members() -> None:
    """Unknown enumeration values are kept, equal what came, and survive pickling."""
    event = read_event(body_of(UPDATED, "<JoinScene>77</JoinScene>").replace(b"add_member", b"split_group"))
    assert isinstance(event, GroupUpdated)
    assert (event.join_scene, event.update_detail) == (77, "split_group")
    assert pickle.loads(pickle.dumps(event)) == event  # noqa: S301 - our own bytes


def test_unknown_fields_are_kept() -> None:
    """A field of tomorrow, plain, nested or repeated, is in ``extra``, and the tree is in ``raw``."""
    body = body_of(
        EDITED,
        "<UserID>z</UserID><ExternalUserID>wm</ExternalUserID>",
        "<New>1</New><Deep><A>x</A><A>y</A></Deep><More>1</More><More>2</More>",
    )
    event = read_event(body)
    assert isinstance(event, CustomerEdited)
    assert event.extra == {"New": "1", "Deep": {"A": ["x", "y"]}, "More": ["1", "2"]}
    assert event.raw is not None
    assert (event.raw.value("new"), event.raw.value("none", "-")) == ("1", "-")
    assert event.delivery is not None
    assert event.delivery.body == body


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (body_of(EDITED, "<UserID>z</UserID>"), "external_userid"),
        (body_of(EDITED, "<UserID></UserID><ExternalUserID>wm</ExternalUserID>"), "userid"),
        (body_of(UPDATED, "<JoinScene>many</JoinScene>"), "ValueError"),
        (body_of(UPDATED).replace(b"1700000000", b"9" * 30), "Error"),
        (body_of(UPDATED).replace(b"1700000000", b"soon"), "ValueError"),
    ],
)
def test_a_known_event_that_lacks_something_is_not_lost(body: bytes, problem: str) -> None:
    """A body that its class cannot hold is an `UnknownEvent` that says why, with everything in it."""
    event = read_event(body, timestamp="1700000009")
    assert isinstance(event, UnknownEvent)
    assert problem in event.problem
    assert event.family.startswith("change_external_")
    assert event.raw is not None
    assert event.raw.value("Event") == event.family
    assert event.created_at in {NOW, NOW + timedelta(seconds=9)}


def test_without_any_time_the_request_tells_it() -> None:
    """The signed timestamp of the request stands in for a missing time, and 1970 for a bad one of those."""
    body = b"<xml><InfoType>suite_ticket</InfoType></xml>"
    assert read_event(body, timestamp="1700000000").created_at == NOW
    assert read_event(body, timestamp="now").created_at == datetime(1970, 1, 1, tzinfo=UTC)


def test_families_share_names_of_changes() -> None:
    """``del_follow_user`` of the acquisition links is not the one of customer contact."""
    event = read_event(XML["customer_acquisition.del_follow_user"])
    assert type(event) is LinkCustomerLost
    assert event.name == "customer_acquisition.del_follow_user"


def test_robots_speak_json() -> None:
    """A robot's JSON is an `UnknownEvent` with the whole document in ``extra``."""
    event = read_event(b'{"msgid": "M1", "from": {"userid": "z"}, "msgtype": "text"}', timestamp="1700000000")
    assert isinstance(event, UnknownEvent)
    assert (event.name, event.from_user, event.created_at, event.raw) == ("message.text", "z", NOW, None)
    assert event.extra["msgid"] == "M1"
    with pytest.raises(CallbackError):
        read_event(b"[1]")


def test_a_message_is_named_by_its_kind() -> None:
    """A member's message has no family: its kind is its name."""
    assert read_event(XML["message.text"]).name == "message.text"


def test_a_redelivery_has_the_same_key() -> None:
    """Another nonce, timestamp and ciphertext around the same body: the same event."""
    callback = Callback("Tk0enForTests", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", CORP)
    body = XML["change_external_contact.add_external_contact"]
    first, again = (callback.crypto.encrypt(body, nonce=f"n{n}", timestamp=n) for n in (1, 2))
    assert first.encrypt != again.encrypt
    keys = {callback.open(sent.query(), sent.post_xml(CORP)).dedupe_key for sent in (first, again)}
    assert len(keys) == 1


def test_two_receivers_are_two_events() -> None:
    """The same body for another corp is not a redelivery."""
    body = XML["change_external_contact.add_external_contact"]
    assert read_event(body, receive_id="wwa").dedupe_key != read_event(body, receive_id="wwb").dedupe_key


def test_two_events_of_one_second_are_two() -> None:
    """Two joins, two edits, two changed tags of the same second are not one redelivered."""
    joins = [body_of(UPDATED, f"<CurMemVer>{version}</CurMemVer>") for version in ("1", "2")]
    assert len({read_event(body, nonce="n", timestamp="1").dedupe_key for body in joins}) == 2
    for name in (
        "change_external_contact.edit_external_contact",
        "change_external_tag.update",
        "change_external_tag.shuffle",
        "official-ChangeExternalChatUpdate",
        "click",
        "customer_acquisition.open_profile",
        "customer_acquisition.friend_request",
    ):
        keys = {read_event(XML[name], nonce=nonce, timestamp="1").dedupe_key for nonce in ("n1", "n2", "n2")}
        assert len(keys) == 2, name


def test_a_message_id_is_a_name() -> None:
    """A message has an id, so that its redelivery is known by the body alone."""
    assert len({read_event(XML["message.text"], nonce=nonce).dedupe_key for nonce in "ab"}) == 1


def test_an_event_of_our_own_has_no_key() -> None:
    """What was not delivered cannot be delivered again."""
    event = TYPED["change_external_chat.create"]
    assert (event.dedupe_key, event.raw, event.delivery) == ("", None, None)


def test_messages_of_a_link_as_they_were_told_once() -> None:
    """The fields that the event lost in December 2024 are read where a sender still has them; the key is not shown."""
    head = kind("customer_acquisition", "message_from_customer")
    old = "<UserID>zhangsan</UserID><ExternalUserID>wm1</ExternalUserID><ChatSeq>3</ChatSeq>"
    event = read_event(body_of(head, "<LinkId>caw1</LinkId><ChatKey>KEY</ChatKey>", old))
    assert event == LinkMessagesReceived(
        created_at=NOW,
        to_user=CORP,
        link_id="caw1",
        chat_key="KEY",
        userid="zhangsan",
        external_userid="wm1",
        chat_seq=3,
    )
    assert "KEY" not in repr(event)


def test_a_day_without_a_zone_is_refused() -> None:
    """The end of a quota is a moment too."""
    with pytest.raises(ValidationError, match="expires_at"):
        LinkQuotaExpiring(created_at=NOW, expires_at=datetime(2026, 3, 1), uses=1)  # noqa: DTZ001 - that is the point


def test_nobodys_time_is_refused() -> None:
    """A time without a zone means another moment on every machine."""
    with pytest.raises(ValidationError, match="created_at"):
        GroupCreated(created_at=datetime(2026, 3, 1), chat_id="wr")  # noqa: DTZ001 - that is the point


def test_a_repr_shows_no_phone_and_no_code() -> None:
    """Phone numbers, welcome codes and the values of unknown fields stay out of logs; rich gets the same."""
    added = CustomerAdded(
        **{**CONTACT, "userid": "13800138000"}, welcome_code="CODE123", extra={"Mobile": "13900139000"}
    )
    unknown = read_event(b"<xml><InfoType>x</InfoType><Mobile>13700137000</Mobile></xml>")
    for event in (added, unknown):
        shown = repr(event) + repr(list(event.__rich_repr__())) + str(event.delivery)
        assert not [secret for secret in ("13800138000", "CODE123", "13900139000", "13700137000") if secret in shown]
        assert "Mobile" in shown
    assert repr(added).startswith("CustomerAdded(created_at=")
    assert "agent_id" not in repr(added)


@pytest.mark.parametrize("extra", [{"a b": "x"}, {"<": "x"}, {"ok": "\x00"}, {"ok": "\ufffe"}, {"1": "x"}])
def test_what_xml_cannot_carry_is_named(extra: dict[str, str]) -> None:
    """A body of ours that no parser would read is refused when it is made."""
    with pytest.raises(ValidationError):
        event_xml(GroupCreated(created_at=NOW, chat_id="wr", extra=extra))


def test_a_base_class_has_no_body() -> None:
    """A bare `Event` has no name on the platform, and says nothing that could be told apart."""
    bare = Event(created_at=NOW)
    assert (bare.name, bare.tells_itself_apart) == ("", False)
    with pytest.raises(TypeError, match="base class"):
        event_xml(bare)


def test_a_local_time_is_the_same_moment() -> None:
    """A time of China is written as the moment it is, and read in UTC."""
    china = datetime(2026, 3, 1, 10, tzinfo=timezone(timedelta(hours=8)))
    assert read_event(event_xml(GroupCreated(created_at=china, chat_id="wr"))).created_at == china
