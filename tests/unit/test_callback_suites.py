"""The events of providers: suites, licences and orders; what they are, how they are answered, what they keep secret."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from wecom_auto.callbacks import (
    EVENT_TYPES,
    AcquisitionPermitChanged,
    ActivatedLicense,
    AppEditionChanged,
    AppOrderChanged,
    AppOrderOpened,
    AppOrderPaid,
    AppOrderRefunded,
    ArchiveAgreedInChat,
    ArchiveAgreedInGroup,
    AuthCancelled,
    AuthChanged,
    AuthCreated,
    AuthExtraInfo,
    Event,
    LicenseKind,
    LicensePaid,
    LicenseRefunded,
    LicenseRefundStatus,
    LicensesActivated,
    LicenseScene,
    LicenseStatus,
    PermanentCodeReset,
    SpecialAuth,
    SpecialAuthApproved,
    SpecialAuthCancelled,
    SuiteEvent,
    SuiteTicketPushed,
    UnknownEvent,
    event_xml,
    read_event,
)

FIXTURES = Path(__file__).parent.parent / "fixtures" / "callbacks"
# Transcribed or constructed, as each entry says; those of `suites.json` are built from the manual's lists of fields.
BODIES = {
    entry["name"]: entry["xml"].encode()
    for file in ("bodies.json", "suites.json")
    for entry in json.loads((FIXTURES / file).read_text("utf-8"))
}
AT = {"created_at": datetime(2014, 6, 24, 11, 48, 33, tzinfo=UTC)}
SUITE = {**AT, "suite_id": "ww4asffe99e54c0f4c"}
CORP = {**SUITE, "auth_corp_id": "wxf8b4f85f3a794e77"}
ORDER = {**SUITE, "paid_corp_id": "wxf8b4f85f3a794aaa"}
LICENSE = {**AT, "auth_corp_id": "wxf8b4f85f3a794e77", "service_corp_id": "ww0provider0corp00"}
TYPED: dict[str, Event] = {
    "suite_ticket": SuiteTicketPushed(**SUITE, ticket="asdfasfdasdfasdf"),
    "official-SuiteTicket": SuiteTicketPushed(**SUITE, ticket="asdfasfdasdfasdf"),
    "create_auth": AuthCreated(**SUITE, auth_code="AUTHCODE", state="state123"),
    "official-CreateAuth": AuthCreated(**SUITE, auth_code="AUTHCODE"),
    "create_auth.kf": AuthCreated(
        **SUITE, auth_code="AUTHCODE", state="s1", extra_info=AuthExtraInfo(open_kfids=("wk1", "wk2"))
    ),
    "change_auth": AuthChanged(**CORP, state="abc"),
    "official-ChangeAuth": AuthChanged(**CORP),
    "cancel_auth": AuthCancelled(**CORP),
    "official-CancelAuth": AuthCancelled(**CORP),
    "reset_permanent_code": PermanentCodeReset(**CORP, auth_code="AUTHCODE"),
    "approve_special_auth": SpecialAuthApproved(**CORP, auth_type=SpecialAuth.CUSTOMER_ACQUISITION),
    "cancel_special_auth": SpecialAuthCancelled(**CORP, auth_type=SpecialAuth.CUSTOMER_ACQUISITION),
    "customer_acquisition_permit_change": AcquisitionPermitChanged(**CORP),
    "chat_archive_audit_approved_single": ArchiveAgreedInChat(**CORP, open_userid="woAAA", external_userid="wmAAA"),
    "chat_archive_audit_approved_room": ArchiveAgreedInGroup(**CORP, chat_id="wrAAA", external_userid="wmAAA"),
    "license_pay_success": LicensePaid(**LICENSE, order_id="OI00000000000001", buyer_userid="lisi"),
    "license_refund": LicenseRefunded(**LICENSE, order_id="OI00000000000001", status=LicenseRefundStatus.DONE),
    "auto_activate": LicensesActivated(
        **LICENSE,
        scene=LicenseScene.MEMBER_OPENED_APP,
        licenses=(
            ActivatedLicense(
                active_code="CODE-NEW",
                kind=LicenseKind.BASIC,
                expires_at=datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
                userid="zhangsan",
                previous_status=LicenseStatus.ACTIVE,
                previous_active_code="CODE-OLD",
            ),
            ActivatedLicense(
                active_code="CODE-2",
                kind=LicenseKind.EXTERNAL_CONTACT,
                expires_at=datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
                userid="wangwu",
                previous_status=LicenseStatus.NONE,
            ),
        ),
    ),
    "open_order": AppOrderOpened(**ORDER, order_id="ORDER1", operator_userid="zhaoliu"),
    "change_order": AppOrderChanged(**ORDER, old_order_id="ORDER1", new_order_id="ORDER2"),
    "pay_for_app_success": AppOrderPaid(**ORDER, order_id="ORDER2"),
    "refund": AppOrderRefunded(**ORDER, order_id="ORDER2"),
    "change_editon": AppEditionChanged(**ORDER),
}


@pytest.mark.parametrize("name", TYPED)
def test_every_field_is_typed(name: str) -> None:
    """Each body is its class, field by field and nothing left over, in the providers' envelope, there and back."""
    event = read_event(BODIES[name])
    assert (event, type(event), dict(event.extra)) == (TYPED[name], type(TYPED[name]), {})
    assert event.is_for_provider
    written = event_xml(event)
    assert b"<InfoType>" in written
    assert b"<Event>" not in written
    assert read_event(written) == event


def test_every_class_has_an_example() -> None:
    """No class of a provider's events goes untested, and each has the platform's name."""
    assert {type(event) for event in TYPED.values()} == {cls for cls in EVENT_TYPES if issubclass(cls, SuiteEvent)}
    assert all(name.startswith((event.name, "official-")) for name, event in TYPED.items())


def test_no_secret_is_shown() -> None:
    """Tickets and codes buy access to a corp: they are in no repr, nor what rich shows, nor the delivery's."""
    secrets = ("asdfasfdasdfasdf", "AUTHCODE", "CODE-NEW", "CODE-OLD", "CODE-2")
    for name in TYPED:
        event = read_event(BODIES[name])
        shown = repr(event) + repr(list(event.__rich_repr__())) + repr(event.delivery)
        assert not [secret for secret in secrets if secret in shown], name


def test_a_ticket_without_a_ticket_is_not_lost() -> None:
    """A body that lacks its secret is unknown and says what it lacks, not what it holds."""
    event = read_event(b"<xml><SuiteId>s</SuiteId><InfoType>suite_ticket</InfoType><TimeStamp>1</TimeStamp></xml>")
    assert isinstance(event, UnknownEvent)
    assert event.problem == "without ticket"


def test_the_payer_is_the_corp() -> None:
    """An order names the corp that pays under a name of its own, and a licence the customer under the usual one."""
    assert read_event(BODIES["open_order"]).corp_id == "wxf8b4f85f3a794aaa"
    assert read_event(BODIES["license_refund"]).corp_id == "wxf8b4f85f3a794e77"


def test_an_unknown_info_type_is_for_the_provider_too() -> None:
    """What has no class and names no suite is still in the providers' envelope, and is written in it."""
    event = read_event(b"<xml><ServiceCorpId>w</ServiceCorpId><InfoType>x</InfoType><TimeStamp>1</TimeStamp></xml>")
    assert isinstance(event, UnknownEvent)
    assert event.is_for_provider
    assert read_event(event_xml(event)) == event


def test_two_changes_of_one_second_are_two() -> None:
    """What only says that something changed is told apart by the request; a code or an order names itself."""
    for name in TYPED:
        keys = {read_event(BODIES[name], timestamp="1", nonce=nonce).dedupe_key for nonce in ("a", "b", "b")}
        again = name.removeprefix("official-") in {
            *("change_auth", "ChangeAuth", "customer_acquisition_permit_change", "change_editon")
        }
        assert len(keys) == (2 if again else 1), name


def test_values_of_tomorrow_are_members() -> None:
    """Unknown rights, scenes and kinds are kept, and a field of tomorrow is in ``extra`` of its part."""
    body = (
        BODIES["auto_activate"].replace(b"<Scene>1", b"<Scene>9").replace(b"<Type>2</Type>", b"<Type>8</Type><N>x</N>")
    )
    event = read_event(body)
    assert isinstance(event, LicensesActivated)
    assert (event.scene, event.licenses[1].kind, event.licenses[1].extra) == (9, 8, {"N": "x"})
    assert read_event(event_xml(event)) == event
