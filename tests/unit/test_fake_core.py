"""Tokens, protocol errors, limits, bad days and records of the fake."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from tests.unit.test_fake_support import Raw, code

from wecom_auto import _http
from wecom_auto.testing import FakeWeCom, Limits, RateRule, Settings, UnknownFieldWarning, UnknownPathWarning

FOLLOWERS = "externalcontact/get_follow_user_list"


@pytest.fixture
def fake() -> FakeWeCom:
    """Give an empty corp."""
    return FakeWeCom()


@pytest.fixture
def raw(fake: FakeWeCom) -> Raw:
    """Give an app of a corp with staff."""
    fake.add_member("zhangsan")
    return Raw(fake)


def test_a_call_without_token_answers_41001(raw: Raw) -> None:
    """41001 names a missing token."""
    assert code(raw.http.get(FOLLOWERS).json()) == 41001


def test_an_invented_token_answers_40014(raw: Raw) -> None:
    """40014 names a token that was never given."""
    raw.token = "x" * 64
    assert code(raw.get(FOLLOWERS)) == 40014


def test_a_token_lives_7200_virtual_seconds(raw: Raw, fake: FakeWeCom) -> None:
    """A token works until its last second and answers 42001 after it."""
    fake.clock.advance(seconds=7199)
    assert code(raw.get(FOLLOWERS)) == 0
    fake.clock.advance(seconds=1)
    assert code(raw.get(FOLLOWERS)) == 42001


@pytest.mark.parametrize("errcode", [40014, 42001])
def test_revoked_tokens_die_early(raw: Raw, fake: FakeWeCom, errcode: int) -> None:
    """A revoked token is refused, and a new one works."""
    fake.revoke_tokens(errcode=errcode)
    assert code(raw.get(FOLLOWERS)) == errcode
    raw.renew()
    assert code(raw.get(FOLLOWERS)) == 0


def test_gettoken_repeats_the_token_and_its_rest(raw: Raw, fake: FakeWeCom) -> None:
    """By default a second gettoken answers the living token and what is left of it."""
    fake.clock.advance(seconds=200)
    assert raw.gettoken() == {"errcode": 0, "errmsg": "ok", "access_token": raw.token, "expires_in": 7000}


def test_gettoken_can_kill_the_old_token() -> None:
    """With the rule new-kills-old, the first token dies when the second is given."""
    fake = FakeWeCom(settings=Settings(token_rule="new-kills-old"))
    first, second = Raw(fake), Raw(fake)
    assert first.token != second.token
    assert code(first.get(FOLLOWERS)) == 40014
    assert code(second.get(FOLLOWERS)) == 0


def test_gettoken_can_give_a_new_token_beside_the_old() -> None:
    """With the rule new, both tokens live."""
    fake = FakeWeCom(settings=Settings(token_rule="new"))
    first, second = Raw(fake), Raw(fake)
    assert first.token != second.token
    assert code(first.get(FOLLOWERS)) == code(second.get(FOLLOWERS)) == 0


@pytest.mark.parametrize(
    ("query", "errcode"),
    [
        ({"corpsecret": "s"}, 41002),
        ({"corpid": "ww"}, 41004),
        ({"corpid": "wwother", "corpsecret": "s"}, 40013),
        ({"corpid": "wwfa4e000000000001", "corpsecret": "wrong"}, 40001),
    ],
)
def test_gettoken_refuses(raw: Raw, query: dict[str, str], errcode: int) -> None:
    """Each way to ask wrongly for a token has its code."""
    assert code(raw.http.get("gettoken", params=query).json()) == errcode


def test_many_wrong_secrets_ban_the_address_for_an_hour() -> None:
    """After the limit of wrong secrets even the right one answers 45009, until an hour has passed."""
    fake = FakeWeCom(limits=Limits(bad_secrets=3))
    good = Raw(fake)
    wrong = {"corpid": fake.corp_id, "corpsecret": "wrong"}
    assert [code(good.http.get("gettoken", params=wrong).json()) for _ in range(3)] == [40001] * 3
    assert code(good.gettoken()) == 45009
    fake.clock.advance(hours=1)
    assert code(good.gettoken()) == 0


def test_apps_do_not_share_rights(fake: FakeWeCom, raw: Raw) -> None:
    """A token acts for its own app: another app's id is 301002, and an app outside customer contact gets 48002."""
    fake.add_app("notices", "s2", agent_id=7, customer_contact=False)
    other = Raw(fake, "s2")
    assert code(other.get(FOLLOWERS)) == 48002
    message = {"touser": "zhangsan", "msgtype": "text", "text": {"content": "hi"}}
    assert code(other.post("message/send", agentid=fake.agent_id, **message)) == 301002
    assert code(other.post("message/send", agentid=7, **message)) == 0


def test_an_app_sees_its_visible_range_only(fake: FakeWeCom, raw: Raw) -> None:
    """Members outside the range are not listed, and asking for them answers 60011."""
    fake.add_member("lisi")
    fake.add_app("small", "s2", agent_id=7, visible=["lisi"])
    small = Raw(fake, "s2")
    assert small.get(FOLLOWERS)["follow_user"] == ["lisi"]
    assert code(small.get("externalcontact/list", userid="zhangsan")) == 60011


def test_the_wrong_method_answers_40058(raw: Raw) -> None:
    """40058 is what the table of codes names for a POST sent as GET."""
    assert code(raw.get("externalcontact/mark_tag")) == 40058
    assert code(raw.post(FOLLOWERS)) == 40058


@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff"])
def test_broken_json_answers_40058(raw: Raw, content: bytes) -> None:
    """A body that is not a JSON object is refused."""
    answer = raw.http.post("externalcontact/mark_tag", params={"access_token": raw.token}, content=content)
    assert code(answer.json()) == 40058


def test_errmsg_has_the_platforms_shape(raw: Raw) -> None:
    """The errmsg of a failure carries hint, address and link, as support asks for them."""
    message = raw.get("externalcontact/list")["errmsg"]
    assert "hint: [" in message
    assert "from ip: 127.0.0.1" in message
    assert message.endswith("e=41009")


def test_an_unknown_path_is_404_and_warned_about(raw: Raw) -> None:
    """A path outside the table answers 404 with HTML, and tells whoever runs the tests."""
    with pytest.warns(UnknownPathWarning, match="kf/get_corp_statistic"):
        answer = raw.http.post("kf/get_corp_statistic", json={})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html"


def test_a_misspelt_field_is_warned_about(raw: Raw) -> None:
    """A field outside the manual is ignored as on the platform, and warned about."""
    with pytest.warns(UnknownFieldWarning, match="group_ids"):
        assert code(raw.customer("get_corp_tag_list", group_ids=[])) == 0


def test_over_the_minute_limit_blocks_for_a_minute() -> None:
    """The call above the limit answers 45009, and so does every call of the next 60 s; then it works."""
    fake = FakeWeCom(limits=Limits(base=(RateRule(2, "minute"),)))
    raw = Raw(fake)
    assert [code(raw.get(FOLLOWERS)) for _ in range(3)] == [0, 0, 45009]
    fake.clock.advance(seconds=59)
    assert code(raw.get(FOLLOWERS)) == 45009
    fake.clock.advance(seconds=1)
    assert code(raw.get(FOLLOWERS)) == 0


def test_limits_are_counted_for_each_path() -> None:
    """One API over its limit leaves the others alone."""
    fake = FakeWeCom(limits=Limits(base=(RateRule(1, "hour"),)))
    raw = Raw(fake)
    raw.get(FOLLOWERS)
    assert code(raw.get(FOLLOWERS)) == 45009
    assert code(raw.customer("get_corp_tag_list")) == 0


def test_the_day_limit_ends_with_the_day() -> None:
    """A block of a day limit is lifted at midnight in China."""
    fake = FakeWeCom(limits=Limits(paths={FOLLOWERS: (RateRule(1, "day"),)}))
    raw = Raw(fake)
    assert [code(raw.get(FOLLOWERS)) for _ in range(2)] == [0, 45009]
    fake.clock.advance(hours=15)  # From 09:00 to midnight.
    raw.renew()
    assert code(raw.get(FOLLOWERS)) == 0


def test_too_many_calls_at_once_answer_45033() -> None:
    """Calls in flight above the concurrency limit answer 45033."""
    fake = FakeWeCom(limits=Limits(concurrency={FOLLOWERS: 1}))
    raw = Raw(fake)
    with fake._core.visiting(FOLLOWERS):
        assert code(raw.get(FOLLOWERS)) == 45033
    assert code(raw.get(FOLLOWERS)) == 0


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_concurrent_tasks_are_counted(backend: str) -> None:
    """Of four tasks at once against a limit of two, two answer 45033, on asyncio and trio."""
    import anyio

    fake = FakeWeCom(limits=Limits(concurrency={FOLLOWERS: 2}))
    token = Raw(fake).token
    codes: list[int] = []

    async def main() -> None:
        async with _http.httpx.AsyncClient(transport=fake.transport) as client, anyio.create_task_group() as group:

            async def one() -> None:
                url = f"https://qyapi.weixin.qq.com/cgi-bin/{FOLLOWERS}"
                codes.append((await client.get(url, params={"access_token": token})).json()["errcode"])

            for _ in range(4):
                group.start_soon(one)

    anyio.run(main, backend=backend)
    assert sorted(codes) == [0, 0, 45033, 45033]


def test_a_planned_errcode_strikes_once_and_changes_nothing(fake: FakeWeCom, raw: Raw) -> None:
    """The next request answers the planned code without being carried out; the one after works."""
    fake.fail_next("externalcontact/add_corp_tag", errcode=-1)
    body = {"group_name": "意向", "tag": [{"name": "高"}]}
    assert code(raw.customer("add_corp_tag", **body)) == -1
    assert raw.customer("get_corp_tag_list")["tag_group"] == []
    assert code(raw.customer("add_corp_tag", **body)) == 0


def test_late_busy_carries_out_and_answers_minus_one(fake: FakeWeCom, raw: Raw) -> None:
    """late_busy is the nasty -1: the tag exists afterwards."""
    fake.fail_next("externalcontact/add_corp_tag", late_busy=True)
    assert code(raw.customer("add_corp_tag", group_name="意向", tag=[{"name": "高"}])) == -1
    assert len(raw.customer("get_corp_tag_list")["tag_group"]) == 1


@pytest.mark.parametrize(("moment", "groups"), [("before", 0), ("after", 1)])
def test_a_reset_comes_before_or_after_the_work(fake: FakeWeCom, raw: Raw, moment: str, groups: int) -> None:
    """A reset raises a read error; only `after` has carried the call out."""
    fake.fail_next("externalcontact/add_corp_tag", reset=moment)
    with pytest.raises(_http.httpx.ReadError):
        raw.customer("add_corp_tag", group_name="意向", tag=[{"name": "高"}])
    assert len(raw.customer("get_corp_tag_list")["tag_group"]) == groups


@pytest.mark.parametrize(
    ("fault", "status", "start"),
    [
        ({"status": 502}, 502, b"<html>"),
        ({"html": True}, 200, b"<html>"),
        ({"body": "garbage"}, 200, b"\x00"),
        ({"body": "empty"}, 200, b""),
        ({"body": "truncated"}, 200, b'{"errcode":0'),
    ],
)
def test_spoiled_answers(fake: FakeWeCom, raw: Raw, fault: dict, status: int, start: bytes) -> None:
    """5xx, HTML, garbage, an empty and a cut body come as ordered, and none of them parses as JSON."""
    fake.fail_next(FOLLOWERS, **fault)
    answer = raw.http.get(FOLLOWERS, params={"access_token": raw.token})
    assert answer.status_code == status
    assert answer.content.startswith(start)
    with pytest.raises(ValueError, match=r".*"):
        answer.json()


def test_a_slow_answer_moves_the_clock(fake: FakeWeCom, raw: Raw) -> None:
    """Through the transport nobody sleeps: the virtual clock takes the time."""
    before = fake.clock.now()
    fake.fail_next(FOLLOWERS, slow=3)
    assert code(raw.get(FOLLOWERS)) == 0
    assert fake.clock.now() - before == timedelta(seconds=3)


def test_a_slow_answer_runs_into_the_callers_timeout(fake: FakeWeCom, raw: Raw) -> None:
    """An answer later than the read timeout raises it, after that long and no longer."""
    before = fake.clock.now()
    fake.fail_next(FOLLOWERS, slow=60)
    with pytest.raises(_http.httpx.ReadTimeout):
        raw.get(FOLLOWERS)
    assert fake.clock.now() - before == timedelta(seconds=5)


def test_faults_of_any_path_count_their_times(fake: FakeWeCom, raw: Raw) -> None:
    """`"*"` strikes whatever comes, as often as asked."""
    fake.fail_next("*", errcode=45009, times=2)
    assert [code(raw.get(FOLLOWERS)) for _ in range(3)] == [45009, 45009, 0]


def test_random_faults_repeat_with_the_seed() -> None:
    """The same seed gives the same bad luck."""

    def luck() -> list[int]:
        fake = FakeWeCom(seed=7)
        raw = Raw(fake)
        fake.fail_randomly(FOLLOWERS, 0.5, errcode=-1)
        return [code(raw.get(FOLLOWERS)) for _ in range(20)]

    assert luck() == luck()
    assert set(luck()) == {0, -1}


def test_a_fault_must_be_one(fake: FakeWeCom) -> None:
    """A fault that changes nothing is a mistake of the test and said so."""
    with pytest.raises(ValueError, match="errcode, reset"):
        fake.fail_next(FOLLOWERS)


def test_cleared_faults_do_not_strike(fake: FakeWeCom, raw: Raw) -> None:
    """clear_faults takes planned bad luck back."""
    fake.fail_next(FOLLOWERS, errcode=-1)
    fake.clear_faults()
    assert code(raw.get(FOLLOWERS)) == 0


def test_records_hold_everything_but_secrets(fake: FakeWeCom, raw: Raw) -> None:
    """A recorded call has method, path, fields, time and answer; neither token nor secret."""
    raw.customer("get_corp_tag_list", tag_id=["et1"])
    (call,) = fake.calls("/cgi-bin/externalcontact/get_corp_tag_list")
    assert (call.method, call.body, call.errcode) == ("POST", {"tag_id": ["et1"]}, 0)
    assert (call.at, call.agent_id) == (fake.clock.now(), fake.agent_id)
    recorded = repr([*fake.calls("gettoken"), call])
    assert raw.token not in recorded
    assert fake.secret not in recorded
    assert fake.count("gettoken") == 1
    assert fake.count("*") == 2


def test_no_secret_in_repr_or_state(fake: FakeWeCom, raw: Raw) -> None:
    """The fake's repr and its state snapshot leak neither secret nor token."""
    import json

    text = repr(fake) + json.dumps(fake.state()) + repr(fake._core.state)
    assert fake.secret not in text
    assert raw.token not in text


def test_the_same_seed_gives_the_same_world() -> None:
    """Two fakes with one seed agree on every id; another seed differs."""

    def world(seed: int) -> dict:
        fake = FakeWeCom(seed=seed)
        fake.add_customer(followed_by="zhangsan")
        fake.add_tag("意向", "高")
        return dict(fake.state())

    assert world(1) == world(1)
    assert world(1)["people"] != world(2)["people"]


def test_reset_forgets_all_but_the_clock(fake: FakeWeCom, raw: Raw) -> None:
    """After a reset the corp is empty and the ids start again; time has not gone back."""
    fake.clock.advance(days=1)
    first = fake.add_customer()
    fake.fail_next("gettoken", errcode=-1)
    fake.reset()
    assert fake.state()["members"] == {}
    assert fake.count("*") == 0
    assert fake.add_customer().external_userid == first.external_userid
    assert code(Raw(fake).get(FOLLOWERS)) == 0


def test_the_clock_never_goes_back(fake: FakeWeCom) -> None:
    """Advancing by a negative time or to a past moment is refused, as is a naive one."""
    with pytest.raises(ValueError, match="back"):
        fake.clock.advance(hours=-1)
    with pytest.raises(ValueError, match="back"):
        fake.clock.advance_to(fake.clock.now() - timedelta(days=1))
    with pytest.raises(ValueError, match="aware"):
        fake.clock.advance_to(fake.clock.now().replace(tzinfo=None))


def test_threads_do_not_lose_writes(fake: FakeWeCom) -> None:
    """Eight threads that add tags at once add every one of them."""
    raw = Raw(fake)

    def add(worker: int) -> None:
        for number in range(10):
            raw.customer("add_corp_tag", group_name="g", tag=[{"name": f"{worker}-{number}"}])

    threads = [threading.Thread(target=add, args=(one,)) for one in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (group,) = raw.customer("get_corp_tag_list")["tag_group"]
    assert len(group["tag"]) == 80
