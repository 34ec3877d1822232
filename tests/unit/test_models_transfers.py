"""Transfers: the official examples, field by field, and what the models say beyond them."""

from __future__ import annotations

import pytest
from tests.chapters._shared import at, calls
from tests.unit._models import official

from wecom_auto.errors import ErrorKind
from wecom_auto.models import CustomerTransfer, GroupTransferFailure, TransferStatus

TO = {"handover_userid": "zhangsan", "takeover_userid": "lisi"}


@pytest.mark.parametrize("name", ["transfer_customer", "resigned/transfer_customer"])
def test_what_has_started(name: str) -> None:
    """分配客户 (92125, 94081): one line for each customer, 0 says that it has started."""
    call = calls.transfers.resigned_customers if "/" in name else calls.transfers.customers
    raw = official(f"externalcontact/{name}.response")
    started = call(["wm"], **TO).decode(raw)
    assert [one.external_userid for one in started] == [one["external_userid"] for one in raw["customer"]]
    assert {one.external_userid[-4:] for one in started} == {"AAAA", "BBBB"}
    assert [(one.errcode, one.started) for one in started] == [(0, True), (0, True)]


@pytest.mark.parametrize("name", ["transfer_result", "resigned/transfer_result"])
def test_what_became_of_it(name: str) -> None:
    """客户接替状态 (94088, 94082): done, waiting with a time ahead, refused without one."""
    call = calls.transfers.list_resigned_results if "/" in name else calls.transfers.list_results
    page = call("zhangsan", takeover_userid="lisi").decode(official(f"externalcontact/{name}.response"))
    assert [(one.status, one.takeover_at) for one in page.items] == [
        (TransferStatus.DONE, at(1_588_262_400)),
        (TransferStatus.WAITING, at(1_588_482_400)),
        (TransferStatus.REFUSED, None),
    ]
    assert [one.external_userid[-4:] for one in page.items] == ["CCCC", "BBBB", "AAAA"]
    assert page.next_cursor == "NEXT_CURSOR"


def test_who_has_nobody() -> None:
    """待分配的离职成员列表 (92124): who, whose, since when; and whether there is more, in both ways."""
    page = calls.transfers.list_unassigned().decode(official("externalcontact/get_unassigned_list.response"))
    assert [(one.handover_userid, one.external_userid, one.left_at) for one in page.items] == [
        ("zhangsan", "woAJ2GCAAAd4uL12hdfsdasassdDmAAAAA", at(1_550_838_571)),
        ("lisi", "wmAJ2GCAAAzLTI123ghsdfoGZNqqAAAA", at(1_550_661_468)),
    ]
    assert (page.next_cursor, page.extra["is_last"]) == ("aSfwejksvhToiMMfFeIGZZ", False)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("groupchat/transfer", "the owner of this chat is not resigned"),
        ("groupchat/onjob_transfer", "chat is not external group chat"),
    ],
)
def test_groups_that_failed(name: str, text: str) -> None:
    """分配客户群 (92127, 95703): only what failed is answered."""
    call = calls.transfers.groups if "onjob" in name else calls.transfers.resigned_groups
    (one,) = call(["wr"], new_owner="lisi").decode(official(f"externalcontact/{name}.response"))
    assert (one.chat_id, one.errmsg) == ("wrOgQhDgAAcwMTB7YmDkbeBsgT_KAAAA", text)


def test_nothing_failed() -> None:
    """An answer without the list says that every group has its new owner."""
    assert calls.transfers.groups(["wr"], new_owner="lisi").decode({"errcode": 0, "errmsg": "ok"}) == ()


@pytest.mark.parametrize("kind", [CustomerTransfer, GroupTransferFailure])
def test_an_errcode_is_explained(kind: type[CustomerTransfer | GroupTransferFailure]) -> None:
    """The meaning and the remedy come from the table of codes; a code of tomorrow is no error."""
    name = "external_userid" if kind is CustomerTransfer else "chat_id"
    known, future = (kind(**{name: "x", "errcode": code}).code for code in (40129, 987_654))  # type: ignore[arg-type]
    assert (known.zh, known.kind) == ("当前客户正在转接中", ErrorKind.ALREADY_EXISTS)
    assert "transfer_result" in known.remedy
    assert (future.known, future.code) == (False, 987_654)


def test_which_states_are_final() -> None:
    """Asking again makes sense while a customer waits, and for a state that nobody knows yet."""
    assert [status for status in (0, 1, 2, 3, 4, 5, 99) if not TransferStatus(status).settled] == [0, 2, 99]


def test_repeating_is_decided_by_what_it_does() -> None:
    """A customer's transfer is a message to a person; a group's owner is a state that can be set again."""
    assert not calls.transfers.customers(["wm"], **TO).effect.repeatable
    assert not calls.transfers.resigned_customers(["wm"], **TO).effect.repeatable
    assert calls.transfers.groups(["wr"], new_owner="lisi").effect.repeatable
    assert calls.transfers.list_unassigned().effect.repeatable
