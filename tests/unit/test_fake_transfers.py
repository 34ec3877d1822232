"""Customers who change hands: when, with what, who is told, and what is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.unit.test_fake_support import Raw, code

from wecom_auto.callbacks.events import (
    CustomerAdded,
    CustomerDeleted,
    CustomerTransferFailed,
    DeleteSource,
    TransferFailReason,
)
from wecom_auto.testing import FakeCustomer, FakeWeCom, Limits

DONE, WAITING, REFUSED, FULL, NO_RECORD = 1, 2, 3, 4, 5


@pytest.fixture
def fake() -> FakeWeCom:
    """Give a corp of three members."""
    fake = FakeWeCom()
    for userid in ("zhangsan", "lisi", "wangwu"):
        fake.add_member(userid)
    return fake


@pytest.fixture
def raw(fake: FakeWeCom) -> Raw:
    """Give an app of the corp."""
    return Raw(fake)


def _start(raw: Raw, *people: FakeCustomer, giver: str = "zhangsan", taker: str = "lisi", path: str = "") -> list[int]:
    """Start a transfer and return the errcode of each customer."""
    raw.renew()  # a token does not live as long as a transfer waits
    ids = [one.external_userid for one in people]
    answer = raw.customer(f"{path}transfer_customer", handover_userid=giver, takeover_userid=taker, external_userid=ids)
    assert code(answer) == 0, answer
    assert [one["external_userid"] for one in answer["customer"]] == ids
    return [one["errcode"] for one in answer["customer"]]


def _resigned(raw: Raw, *people: FakeCustomer, taker: str = "lisi") -> list[int]:
    return _start(raw, *people, taker=taker, path="resigned/")


def _states(raw: Raw, giver: str = "zhangsan", taker: str = "lisi", path: str = "") -> list[tuple[int, int]]:
    raw.renew()
    answer = raw.customer(f"{path}transfer_result", handover_userid=giver, takeover_userid=taker)
    return [(one["status"], one["takeover_time"]) for one in answer["customer"]]


def _unassigned(raw: Raw) -> list[str]:
    raw.renew()
    return [one["external_userid"] for one in raw.customer("get_unassigned_list")["info"]]


def test_it_takes_effect_after_24_hours_and_not_before(fake: FakeWeCom, raw: Raw) -> None:
    """A customer has their old member until the last second, and the time was announced."""
    one = fake.add_customer(followed_by="zhangsan")
    assert _start(raw, one) == [0]
    due = int(fake.clock.time()) + 86_400
    fake.clock.advance(hours=24, seconds=-1)
    assert _states(raw) == [(WAITING, due)]
    assert fake.customer(one).follow("zhangsan")
    fake.clock.advance(seconds=1)
    assert _states(raw) == [(DONE, due)]
    assert [follow.userid for follow in fake.customer(one).follows] == ["lisi"]
    assert fake.member("zhangsan").customers == ()


def test_a_long_jump_of_the_clock_changes_no_dates(fake: FakeWeCom, raw: Raw) -> None:
    """What fell due in between happened then: relation and callbacks carry that time, in that order."""
    first, second = fake.add_customer(followed_by="zhangsan"), fake.add_customer(followed_by="zhangsan")
    _start(raw, first)
    start = fake.clock.now()
    fake.clock.advance(hours=1)
    _start(raw, second)
    fake.clock.advance(days=10)
    added = [event for event in fake.events if isinstance(event, CustomerAdded)]
    assert [event.created_at - start for event in added] == [timedelta(hours=24), timedelta(hours=25)]
    raw.renew()
    answer = raw.get("externalcontact/get", external_userid=first.external_userid)
    assert answer["follow_user"][0]["createtime"] == int((start + timedelta(hours=24)).timestamp())


def test_tags_and_notes_go_along(fake: FakeWeCom, raw: Raw) -> None:
    """The new member has what the old one noted; how they met is the assignment, and the channel is gone."""
    tag = fake.add_tag("意向", "高")
    one = fake.add_customer(followed_by="zhangsan", state="bj01")
    fake.staff_remarks("zhangsan", one, remark="李部长", description="看过展车")
    fake.staff_marks_tag("zhangsan", one, add=[tag])
    _start(raw, one)
    fake.clock.advance(hours=24)
    follow = fake.customer(one).follow("lisi")
    assert (follow.remark, follow.description, follow.tags) == ("李部长", "看过展车", (tag,))
    assert (follow.add_way, follow.state) == (202, "")


def test_who_knew_the_customer_keeps_their_own_notes(fake: FakeWeCom, raw: Raw) -> None:
    """The taker's remark stays, the tags are joined, and a farewell to the taker is forgotten."""
    high, low = fake.add_tag("意向", "高"), fake.add_tag("意向", "低")
    one = fake.add_customer(followed_by=["zhangsan", "lisi"])
    fake.staff_marks_tag("zhangsan", one, add=[high])
    fake.staff_marks_tag("lisi", one, add=[low])
    fake.staff_remarks("lisi", one, remark="老李")
    fake.unfriend(one, "lisi")
    _start(raw, one)
    fake.clock.advance(hours=24)
    (follow,) = fake.customer(one).follows
    assert (follow.userid, follow.remark, follow.tags, follow.unfriended) == ("lisi", "老李", (low, high), False)


def test_both_members_apps_are_told(fake: FakeWeCom, raw: Raw) -> None:
    """The giver loses the customer by a transfer, and the taker gets a new one without a welcome code."""
    one = fake.add_customer(followed_by="zhangsan")
    _start(raw, one)
    fake.clock.advance(hours=24)
    lost, won = fake.events
    assert isinstance(lost, CustomerDeleted)
    assert (lost.userid, lost.external_userid, lost.source) == (
        "zhangsan",
        one.external_userid,
        DeleteSource.TRANSFER,
    )
    assert isinstance(won, CustomerAdded)
    assert (won.userid, won.external_userid, won.welcome_code) == ("lisi", one.external_userid, "")


def test_who_knew_the_customer_is_not_told(fake: FakeWeCom, raw: Raw) -> None:
    """No add event if the taker has the customer already, or once gave them away (92125)."""
    friend, old = fake.add_customer(followed_by=["zhangsan", "lisi"]), fake.add_customer(followed_by="lisi")
    _start(raw, friend)
    _start(raw, old, giver="lisi", taker="zhangsan")
    fake.clock.advance(hours=24)
    assert [event.userid for event in fake.events if isinstance(event, CustomerAdded)] == ["zhangsan"]
    assert _start(raw, old) == [0]
    fake.clock.advance(hours=24)
    assert [event.userid for event in fake.events if isinstance(event, CustomerAdded)] == ["zhangsan"]
    assert set(fake.member("lisi").customers) == {friend.external_userid, old.external_userid}


def test_a_receiver_gets_what_time_brings(fake: FakeWeCom, raw: Raw) -> None:
    """Moving the clock delivers the callbacks of a transfer by itself, if the receiver wants that."""
    got: list[bytes] = []
    fake.deliver_to(lambda _query, body: got.append(body) or 200, "token", "A" * 43, automatic=True)
    _start(raw, fake.add_customer(followed_by="zhangsan"))
    fake.clock.advance(hours=24)
    assert len(got) == 2
    fake.clock.advance(hours=24)
    assert len(got) == 2


def test_a_customer_may_refuse(fake: FakeWeCom, raw: Raw) -> None:
    """A refusal is told at once, names the member who should have had them, and changes nothing else."""
    one = fake.add_customer(followed_by="zhangsan")
    _start(raw, one)
    assert fake.refuse_transfer(one).status == REFUSED
    (event,) = fake.events
    assert isinstance(event, CustomerTransferFailed)
    assert (event.userid, event.external_userid) == ("lisi", one.external_userid)
    assert event.fail_reason is TransferFailReason.CUSTOMER_REFUSED
    fake.clock.advance(hours=25)
    assert _states(raw) == [(REFUSED, 0)]
    assert [follow.userid for follow in fake.customer(one).follows] == ["zhangsan"]
    assert len(fake.events) == 1
    assert _start(raw, one) == [0], "it may be tried again"


def test_only_who_waits_can_refuse(fake: FakeWeCom, raw: Raw) -> None:
    """Before the start and after the end there is nothing to refuse; of two transfers one can be chosen."""
    one = fake.add_customer(followed_by=["zhangsan", "wangwu"])
    with pytest.raises(LookupError, match=r"transfers\.customers"):
        fake.refuse_transfer(one)
    _start(raw, one)
    _start(raw, one, giver="wangwu")
    assert fake.refuse_transfer(one.external_userid, handover_userid="wangwu").handover_userid == "wangwu"
    fake.clock.advance(hours=24)
    with pytest.raises(LookupError):
        fake.refuse_transfer(one)
    assert {follow.userid for follow in fake.customer(one).follows} == {"lisi", "wangwu"}


def test_a_member_may_be_full(fake: FakeWeCom, raw: Raw) -> None:
    """Whoever finds no room stays where they were, with status 4 and a callback; friends need no new room."""
    fake.limits = Limits(customers_per_member=2)
    friend = fake.add_customer(followed_by=["zhangsan", "lisi"])
    first, second = fake.add_customer(followed_by="zhangsan"), fake.add_customer(followed_by="zhangsan")
    _start(raw, first, second, friend)
    fake.clock.advance(hours=24)
    assert [status for status, _ in _states(raw)] == [DONE, FULL, DONE]
    (failed,) = [event for event in fake.events if isinstance(event, CustomerTransferFailed)]
    assert (failed.external_userid, failed.userid) == (second.external_userid, "lisi")
    assert failed.fail_reason is TransferFailReason.CUSTOMER_LIMIT_EXCEED
    assert fake.member("zhangsan").customers == (second.external_userid,)


def test_a_customer_changes_hands_twice_in_90_days(fake: FakeWeCom, raw: Raw) -> None:
    """The third time answers 40128, until the first is 90 days ago; refusals do not count."""
    one = fake.add_customer(followed_by="zhangsan")
    ways = [("zhangsan", "lisi"), ("lisi", "wangwu")]
    _start(raw, one)
    fake.refuse_transfer(one)
    for giver, taker in ways:
        assert _start(raw, one, giver=giver, taker=taker) == [0]
        fake.clock.advance(days=1)
    assert _start(raw, one, giver="wangwu") == [40128]
    fake.clock.advance(days=88)
    assert _start(raw, one, giver="wangwu") == [40128]
    fake.clock.advance(days=1)
    assert _start(raw, one, giver="wangwu") == [0]


def test_after_leaving_there_is_no_such_limit(fake: FakeWeCom, raw: Raw) -> None:
    """The two times in 90 days are about members who stay."""
    one = fake.add_customer(followed_by="zhangsan")
    for giver, taker in [("zhangsan", "lisi"), ("lisi", "zhangsan")]:
        _start(raw, one, giver=giver, taker=taker)
        fake.clock.advance(days=1)
    assert _start(raw, one) == [40128]
    fake.leave("zhangsan")
    assert _resigned(raw, one) == [0]


def test_each_customer_has_a_reason_of_their_own(fake: FakeWeCom, raw: Raw) -> None:
    """Strangers, half friends, lost friends and those on the way fail; the others start all the same."""
    raw.customer("add_contact_way", type=1, scene=2, user=["zhangsan"], state="s", skip_verify=False)
    good, waiting = fake.add_customer(followed_by="zhangsan"), fake.add_customer(followed_by="zhangsan")
    stranger, half = fake.add_customer(followed_by="lisi"), fake.scan("s")
    lost = fake.add_customer(followed_by="zhangsan")
    fake.unfriend(lost, "zhangsan")
    nobody = FakeCustomer(external_userid="wmNOBODY", name="")
    _start(raw, waiting)
    assert _start(raw, nobody, stranger, half, lost, waiting, good) == [40096, 40131, 40131, 40131, 40129, 0]
    assert [one.external_userid for one in fake.transfers()] == [waiting.external_userid, good.external_userid]


def test_one_named_twice_starts_once(fake: FakeWeCom, raw: Raw) -> None:
    """The second mention finds the customer on the way."""
    one = fake.add_customer(followed_by="zhangsan")
    assert _start(raw, one, one) == [0, 40129]


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"handover_userid": ""}, 40063),
        ({"takeover_userid": ""}, 40063),
        ({"external_userid": []}, 40063),
        ({"external_userid": ["wm"] * 101}, 40058),
        ({"transfer_success_msg": "字" * 201}, 40058),
        ({"handover_userid": "nobody"}, 60111),
        ({"handover_userid": "gone"}, 60111),
        ({"takeover_userid": "nobody"}, 60111),
        ({"takeover_userid": "gone"}, 60111),
        ({"takeover_userid": "clerk"}, 84074),
        ({"takeover_userid": "newcomer"}, 40098),
        ({"takeover_userid": "zhangsan"}, 40130),
    ],
)
def test_a_call_may_fail_as_a_whole(fake: FakeWeCom, raw: Raw, body: dict[str, object], errcode: int) -> None:
    """What is wrong with the two members concerns every customer, and nothing starts."""
    one = fake.add_customer(followed_by="zhangsan")
    fake.add_member("gone")
    fake.leave("gone")
    fake.add_member("clerk", contact=False)
    fake.add_member("newcomer", verified=False)
    good = {"handover_userid": "zhangsan", "takeover_userid": "lisi", "external_userid": [one.external_userid]}
    assert code(raw.customer("transfer_customer", **(good | body))) == errcode
    assert fake.transfers() == ()


def test_the_taker_must_be_visible_to_the_app(fake: FakeWeCom) -> None:
    """An app may give customers only to members in its visible range, and take them from anybody."""
    fake.add_app("narrow", "narrow-secret", agent_id=7, visible=["lisi"])
    app, one = Raw(fake, "narrow-secret"), fake.add_customer(followed_by="zhangsan")
    body = {"handover_userid": "zhangsan", "external_userid": [one.external_userid]}
    assert code(app.customer("transfer_customer", takeover_userid="wangwu", **body)) == 60011
    assert code(app.customer("transfer_customer", takeover_userid="lisi", **body)) == 0


def test_the_message_for_the_customer_is_kept(fake: FakeWeCom, raw: Raw) -> None:
    """A test may look at what the customer was to read."""
    one = fake.add_customer(followed_by="zhangsan")
    ids = {"handover_userid": "zhangsan", "takeover_userid": "lisi", "external_userid": [one.external_userid]}
    raw.customer("transfer_customer", **ids, transfer_success_msg="以后由李四为您服务")
    (transfer,) = fake.transfers()
    assert (transfer.message, transfer.resigned, transfer.status) == ("以后由李四为您服务", False, WAITING)
    assert transfer.due_at - transfer.started_at == timedelta(hours=24)


def test_who_leaves_in_the_meantime(fake: FakeWeCom, raw: Raw) -> None:
    """A giver who leaves does not stop the transfer; a taker who leaves does."""
    one, two = fake.add_customer(followed_by="zhangsan"), fake.add_customer(followed_by="wangwu")
    _start(raw, one)
    _start(raw, two, giver="wangwu", taker="zhangsan")
    fake.leave("zhangsan")
    assert _resigned(raw, one) == [40129]
    fake.clock.advance(hours=24)
    assert [follow.userid for follow in fake.customer(one).follows] == ["lisi"]
    assert fake.member("zhangsan").unassigned == ()
    assert [follow.userid for follow in fake.customer(two).follows] == ["wangwu"]
    assert _states(raw, "wangwu", "zhangsan") == [(NO_RECORD, 0)]


def test_relations_that_end_in_the_meantime(fake: FakeWeCom, raw: Raw) -> None:
    """Whom the giver deletes goes nowhere; who deletes the giver has refused."""
    deleted, lost = fake.add_customer(followed_by="zhangsan"), fake.add_customer(followed_by="zhangsan")
    _start(raw, deleted, lost)
    fake.delete_customer("zhangsan", deleted)
    fake.unfriend(lost, "zhangsan")
    fake.clock.advance(hours=24)
    assert [status for status, _ in _states(raw)] == [NO_RECORD, REFUSED]
    assert fake.member("lisi").customers == ()


def test_a_task_of_the_old_member_reaches_nobody(fake: FakeWeCom, raw: Raw) -> None:
    """A mass message that the giver confirms after the transfer finds no friend; the taker's does."""
    one = fake.add_customer(followed_by="zhangsan")
    old = raw.customer(
        "add_msg_template", sender="zhangsan", external_userid=[one.external_userid], text={"content": "x"}
    )
    _start(raw, one)
    fake.clock.advance(hours=24)
    (task,) = fake.tap("zhangsan", old["msgid"])
    assert [recipient.status for recipient in task.recipients] == [2]
    raw.renew()
    new = raw.customer("add_msg_template", sender="lisi", external_userid=[one.external_userid], text={"content": "x"})
    (task,) = fake.tap("lisi", new["msgid"])
    assert [recipient.status for recipient in task.recipients] == [1]


def test_results_belong_to_two_members_and_a_kind(fake: FakeWeCom, raw: Raw) -> None:
    """Other pairs, and transfers after leaving, stand elsewhere; only the last try of a customer is shown."""
    one, two = fake.add_customer(followed_by="zhangsan"), fake.add_customer(followed_by="zhangsan")
    _start(raw, one)
    fake.refuse_transfer(one)
    _start(raw, two)
    _start(raw, one)
    assert [status for status, _ in _states(raw)] == [WAITING, WAITING]
    assert _states(raw, "zhangsan", "wangwu") == _states(raw, path="resigned/") == []
    missing = raw.customer("transfer_result", handover_userid="zhangsan", takeover_userid="nobody")
    assert code(missing) == 60111


def test_results_come_a_thousand_a_page(fake: FakeWeCom, raw: Raw) -> None:
    """1,001 customers need a second page, on which nobody stands twice."""
    people = [fake.add_customer(followed_by="zhangsan") for _ in range(1_001)]
    for start in range(0, 1_001, 100):
        _start(raw, *people[start : start + 100])
    ask = {"handover_userid": "zhangsan", "takeover_userid": "lisi"}
    first = raw.customer("transfer_result", **ask)
    second = raw.customer("transfer_result", **ask, cursor=first["next_cursor"])
    found = [one["external_userid"] for page in (first, second) for one in page["customer"]]
    assert [len(first["customer"]), second["next_cursor"]] == [1_000, ""]
    assert found == [one.external_userid for one in people]


def test_who_left_must_have_left(fake: FakeWeCom, raw: Raw) -> None:
    """40097 sends to the other endpoint; unknown members are unknown there too."""
    fake.leave("wangwu")
    body = {"takeover_userid": "lisi", "external_userid": ["wm"]}
    path = "resigned/transfer_customer"
    assert code(raw.customer(path, handover_userid="zhangsan", **body)) == 40097
    assert code(raw.customer(path, handover_userid="nobody", **body)) == 60111
    assert code(raw.customer(path, handover_userid="wangwu", **body | {"takeover_userid": "wangwu"})) == 40130


def test_a_customer_left_behind_gets_somebody(fake: FakeWeCom, raw: Raw) -> None:
    """They leave the list at the start, and only the new member is told."""
    one = fake.add_customer(followed_by="zhangsan")
    fake.leave("zhangsan")
    assert _unassigned(raw) == [one.external_userid]
    assert _resigned(raw, one) == [0]
    assert _unassigned(raw) == []
    fake.clock.advance(hours=24)
    assert [status for status, _ in _states(raw, path="resigned/")] == [DONE]
    assert [type(event) for event in fake.events] == [CustomerAdded]
    assert fake.member("lisi").customers == (one.external_userid,)


def test_a_customer_left_behind_who_refuses_is_lost(fake: FakeWeCom, raw: Raw) -> None:
    """Nobody has them afterwards, and they cannot be given to somebody else."""
    one = fake.add_customer(followed_by="zhangsan")
    fake.leave("zhangsan")
    _resigned(raw, one)
    fake.refuse_transfer(one)
    assert (fake.customer(one).follows, _unassigned(raw), _resigned(raw, one)) == ((), [], [40131])
    assert [status for status, _ in _states(raw, path="resigned/")] == [REFUSED]


@pytest.mark.parametrize("full", [True, False])
def test_a_customer_left_behind_waits_for_somebody_else(fake: FakeWeCom, raw: Raw, *, full: bool) -> None:
    """If the taker has no room, or leaves too, the customer is on the list again and may go elsewhere."""
    one = fake.add_customer(followed_by="zhangsan")
    fake.leave("zhangsan")
    _resigned(raw, one)
    if full:
        fake.limits = Limits(customers_per_member=0)
    else:
        fake.leave("lisi")
    fake.clock.advance(hours=24)
    fake.limits = Limits()
    assert [status for status, _ in _states(raw, path="resigned/")] == [FULL if full else NO_RECORD]
    assert _unassigned(raw) == [one.external_userid]
    assert _resigned(raw, one, taker="wangwu") == [0]
    fake.clock.advance(hours=24)
    assert [follow.userid for follow in fake.customer(one).follows] == ["wangwu"]


def test_who_is_listed_as_unassigned(fake: FakeWeCom, raw: Raw) -> None:
    """Friends of members who left, with the second when they left; neither half friends nor lost ones."""
    raw.customer("add_contact_way", type=1, scene=2, user=["zhangsan"], state="s", skip_verify=False)
    one, lost = fake.add_customer(followed_by=["zhangsan", "lisi"]), fake.add_customer(followed_by="zhangsan")
    fake.scan("s")
    fake.unfriend(lost, "zhangsan")
    fake.leave("zhangsan")
    left_at = int(fake.clock.time())
    fake.clock.advance(hours=1)
    assert raw.customer("get_unassigned_list")["info"] == [
        {"handover_userid": "zhangsan", "external_userid": one.external_userid, "dimission_time": left_at}
    ]


def test_after_a_year_it_is_too_late(fake: FakeWeCom, raw: Raw) -> None:
    """Customers of somebody who left a year ago are listed no more and cannot be given."""
    one = fake.add_customer(followed_by="zhangsan")
    fake.leave("zhangsan")
    fake.clock.advance(days=365, seconds=-1)
    assert _unassigned(raw) == [one.external_userid]
    fake.clock.advance(seconds=1)
    assert (_unassigned(raw), _resigned(raw, one)) == ([], [40131])


def test_the_unassigned_come_in_pages_of_both_kinds(fake: FakeWeCom, raw: Raw) -> None:
    """A cursor names the next page, a page number does not; both end, and both say so."""
    people = [fake.add_customer(followed_by="zhangsan").external_userid for _ in range(3)]
    fake.leave("zhangsan")
    first = raw.customer("get_unassigned_list", page_size=2)
    second = raw.customer("get_unassigned_list", page_size=1_000, cursor=first["next_cursor"])
    assert (first["is_last"], second["is_last"], second["next_cursor"]) == (False, True, "")
    assert [one["external_userid"] for page in (first, second) for one in page["info"]] == people
    old = [raw.customer("get_unassigned_list", page_size=2, page_id=number) for number in range(3)]
    assert [[one["external_userid"] for one in page["info"]] for page in old] == [people[:2], people[2:], []]
    assert [page["is_last"] for page in old] == [False, True, True]
    assert not any("next_cursor" in page for page in old)
    for bad in ({"page_size": 1_001}, {"page_size": 0}, {"page_id": -1}, {"page_id": "0"}):
        assert code(raw.customer("get_unassigned_list", **bad)) == 40058
    assert code(raw.customer("get_unassigned_list", cursor="garbage!")) == 50100


def test_other_languages_can_play_it_too(fake: FakeWeCom, raw: Raw) -> None:
    """Refusing and looking are verbs of the control door, and the whole state is JSON."""
    one = fake.add_customer(followed_by="zhangsan")
    _start(raw, one)
    answer = raw.http.post("https://qyapi.weixin.qq.com/_fake/refuse_transfer", json={"customer": one.external_userid})
    assert answer.json()["result"]["status"] == REFUSED
    listed = raw.http.post("https://qyapi.weixin.qq.com/_fake/transfers").json()["result"]
    assert [row["external_userid"] for row in listed] == [one.external_userid]
    assert fake.state()["transfers"]["waiting"] == {}


def test_reset_forgets_what_waits(fake: FakeWeCom, raw: Raw) -> None:
    """After a reset nothing falls due."""
    _start(raw, fake.add_customer(followed_by="zhangsan"))
    fake.reset()
    fake.clock.advance(hours=24)
    assert (fake.transfers(), fake.events) == ((), ())


def test_who_comes_back_keeps_whom_they_met_again(fake: FakeWeCom, raw: Raw) -> None:
    """A member who left, came back and met the customer anew loses nothing by the old transfer."""
    one = fake.add_customer(followed_by="zhangsan")
    fake.leave("zhangsan")
    _resigned(raw, one)
    fake.add_member("zhangsan")
    raw.customer("add_contact_way", type=1, scene=2, user=["zhangsan"], state="s")
    fake.scan("s", customer=one)
    fake.clock.advance(hours=24)
    assert {follow.userid for follow in fake.customer(one).follows} == {"zhangsan", "lisi"}
