"""Pulling everything of customer service in parts: it ends, says where it stopped, and never goes in circles."""

from __future__ import annotations

import pytest
from tests.chapters._shared import calls

from wecom_auto.errors import PagingError
from wecom_auto.models import KfAccount, KfMessage, KfPage
from wecom_auto.testing import FakeWeCom


def page(cursor: str, *, more: bool = True, messages: int = 1) -> KfPage:
    """A page as the platform answers it."""
    return KfPage(messages=(KfMessage(msgid=cursor),) * messages, has_more=more, next_cursor=cursor)


def test_messages_are_pulled_until_nothing_is_left() -> None:
    """An empty page with more behind it is no end; the cursor of the last page is kept."""
    work = calls.kf_messages.sync_all("wk1", cursor="c0", token="t")
    assert next(work).body == {"open_kfid": "wk1", "cursor": "c0", "token": "t", "limit": 1000}
    assert work.send(page("c1", messages=0)).cursor == "c1"
    work.send(page("c2"))
    with pytest.raises(StopIteration) as ended:
        work.send(page("c3", more=False))
    found = ended.value.value
    assert ([one.msgid for one in found.messages], found.has_more, found.next_cursor) == (["c2", "c3"], False, "c3")


def test_pulling_stops_after_so_many_pages_and_says_so() -> None:
    """Whoever goes on does so from the cursor."""
    work = calls.kf_messages.sync_all("wk1", pages=2)
    next(work)
    work.send(page("c1"))
    with pytest.raises(StopIteration) as ended:
        work.send(page("c2"))
    assert (ended.value.value.has_more, ended.value.value.next_cursor) == (True, "c2")


def test_a_cursor_that_comes_back_ends_the_pulling() -> None:
    """A platform that answers where it was asked from would be asked for ever."""
    work = calls.kf_messages.sync_all("wk1")
    next(work)
    work.send(page("c1"))
    work.send(page("c2"))
    with pytest.raises(PagingError, match="messages of wk1"):
        work.send(page("c1"))


def test_accounts_are_listed_by_the_hundred() -> None:
    """A full part may not be the last one."""
    work = calls.kf_accounts.list_all()
    next(work)
    more = work.send(tuple(KfAccount(open_kfid=f"wk{number}") for number in range(100)))
    assert more.body == {"offset": 100, "limit": 100}
    with pytest.raises(StopIteration) as ended:
        work.send((KfAccount(open_kfid="wk100"),))
    assert len(ended.value.value) == 101


def test_what_pays_for_a_message_stands_in_no_repr() -> None:
    """Codes are secrets, and so are unionids."""
    fake = FakeWeCom()
    fake.add_member("anna")
    app = fake.client()
    media_id = app.media.upload("image", b"\x89PNG\r\n\x1a\n", filename="a.png").media_id
    desk = app.kf_accounts.create("客服", media_id=media_id)
    guest = fake.kf_enter(desk, unionid="oSecret")
    pulled = app.kf_messages.sync(desk)
    fake.kf_write(desk, guest, "你好")
    moved = app.kf_sessions.move(desk, external_userid=guest.external_userid, state=2)
    known = app.kf_sessions.get_customers([guest.external_userid])
    code = pulled.messages[0].content.welcome_code
    assert code
    assert moved.msg_code
    assert all(one not in f"{pulled} {moved} {known}" for one in (code, moved.msg_code, "oSecret"))
