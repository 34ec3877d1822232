"""What was recorded from a real corp replays and is fit for the public; the recorder is tried on a fake one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import yaml
from tests.contract import _real, conftest
from tests.contract._cassettes import REAL, REAL_HOST
from tests.contract._real import ADDRESS, CASES, OWN, VARIABLES, Corp, MissingVariablesError, record, replay
from tests.contract._scrub import RECORDED_AT, SECRETS, Scrubber, leftovers

from wecom_auto.testing import FakeWeCom

real = pytest.mark.parametrize("real", CASES)
CORP, SECRET, USERID = "ww8f3b2c91d04e7a65", "hT3k9Zq-real-looking-secret_b7Wm2xYv", "ZhangWei"


@pytest.fixture
def corp() -> Iterator[tuple[FakeWeCom, Corp]]:
    """Give a fake over HTTP that passes for a real corp: people with names, phones, groups, tags and codes."""
    fake = FakeWeCom(corp_id=CORP, secret=SECRET, seed=41)
    fake.add_member(USERID, name="张伟")
    fake.add_member("LiNa", name="李娜")
    people = [fake.add_customer(name=name, followed_by=USERID) for name in ("王芳", "陈静怡", "O'Brien")]
    fake.add_tag("意向车型", "Model Y 长续航")
    group = fake.create_group(USERID, "浦东一店车友群")
    fake.join_group(group, people[0], invited_by=USERID)
    with fake.client() as app:
        app.customers.remark(
            people[0].external_userid,
            userid=USERID,
            remark="王芳 13912345678",
            description="家住浦东新区世纪大道100号",
            remark_mobiles=["13912345678"],
        )
        app.contact_ways.create(users=[USERID], remark="浦东一店前台", state="pudong-01")
        made = app.mass_messages.create(sender=USERID, external_userids=[people[1].external_userid], text="陈姐您好")
    fake.tap(USERID, made.msgid)
    with fake.serve() as url:
        yield fake, Corp(CORP, SECRET, USERID, url)


def personal(fake: FakeWeCom) -> set[str]:
    """Return every text of the corp that is no word of the manual, and everything secret."""
    found: set[str] = {CORP, SECRET}

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                walk(inner)
                walk(key if re.search(r"[A-Z]", key) else "")
        elif isinstance(value, list):
            for inner in value:
                walk(inner)
        elif isinstance(value, str) and not re.fullmatch(r"[\w+:.-]{0,12}|[a-z_]+", value, re.ASCII):
            found.add(value)

    walk(fake.state())
    return (found - OWN) | {USERID, "LiNa", "O'Brien", "13912345678", "pudong", "浦东", "陈姐", "Model Y"}


@real
def test_nothing_personal_is_recorded_and_it_replays(real: str, corp: tuple[FakeWeCom, Corp], tmp_path: Path) -> None:
    """A corp that looks real leaves no name, text, id, phone, address or secret, and the cassette plays again."""
    fake, where = corp
    file = record(real, where, now=fake.clock.now(), folder=tmp_path)
    text = file.read_text("utf-8")
    assert [one for one in personal(fake) if one in text] == []
    assert where.url not in text
    check(file)
    assert replay(real, tmp_path)


def check(file: Path) -> None:
    """Assert that a real cassette says what it is and holds placeholders only."""
    text = file.read_text("utf-8")
    assert text.startswith("# Recorded from the real platform on 2")
    assert re.findall(r"(?<!\d)1[3-9]\d{9}(?!\d)", text) == []
    for one in yaml.safe_load(text)["interactions"]:
        uri = urlsplit(one["request"]["uri"])
        assert f"{uri.scheme}://{uri.netloc}" == REAL_HOST
        documents = [dict(parse_qsl(uri.query)), one["request"]["body"], one["response"]["body"]["string"]]
        for document in documents:
            parsed = document if isinstance(document, dict) else json.loads(document or "{}")
            assert list(leftovers(parsed, own=OWN)) == []
        assert set(one["request"]["headers"]) | set(one["response"]["headers"]) == {"content-type"}


RECORDED = sorted(REAL.glob("*.yaml")) or [
    pytest.param(REAL, marks=pytest.mark.skip(reason="nobody has recorded from a real corp yet (--record-real)"))
]


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
def test_a_real_cassette_holds_placeholders_only(file: Path) -> None:
    """Whatever is in the folder of real cassettes is scrubbed, labelled, and belongs to a case that replays."""
    check(file)
    assert file.stem in CASES
    assert replay(file.stem)


def test_one_value_is_one_placeholder() -> None:
    """Ids stay the same from answer to request, and the distance between moments stays."""
    now = RECORDED_AT + timedelta(days=200)
    scrubber = Scrubber(now=now, known={"ZhangWei": "me"}, own=frozenset())
    wm = "wmEAAAAA1234567890abcdefg"
    answer = scrubber.value(
        {"external_userid": [wm, "x"], "userid": "ZhangWei", "createtime": int(now.timestamp()) - 60}
    )
    asked = dict(parse_qsl(urlsplit(scrubber.url(f"https://a/b?external_userid={wm}&access_token=t", "h://x")).query))
    assert asked == {"external_userid": answer["external_userid"][0], "access_token": "SCRUBBED"}
    assert answer["external_userid"][0] != answer["external_userid"][1]
    assert answer["userid"] == "me"
    assert answer["createtime"] == int(RECORDED_AT.timestamp()) - 60


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("anything_new", "沪A12345"),
        ("mobile", 13912345678),
        ("status", "1001"),
        ("errmsg", "invalid user, hint: [1], from ip: 203.0.113.7"),
        ("avatar", "https://wework.qpic.cn/bizmail/abc/0"),
        *((key, "value") for key in sorted(SECRETS)),
    ],
)
def test_what_nobody_called_harmless_is_replaced(key: str, value: object) -> None:
    """A field that the recorder has never heard of is scrubbed, and the check would find it if it were not."""
    scrubber = Scrubber(now=RECORDED_AT, known={}, own=frozenset())
    assert list(leftovers({key: value})) != []
    scrubbed = scrubber.value({"deep": [{key: value}]})
    assert str(value) not in json.dumps(scrubbed, ensure_ascii=False)
    assert list(leftovers(scrubbed)) == []


def test_what_is_no_json_is_dropped() -> None:
    """A gateway's page may say anything, so nothing of it is kept."""
    assert Scrubber(now=RECORDED_AT, known={}, own=frozenset()).body(b"<html>10.1.2.3</html>") == b"SCRUBBED"


def test_without_the_variables_nothing_is_asked() -> None:
    """The message names every variable that is missing, and what it is for."""
    some = {"WECOM_AUTO_REAL_CORP_ID": "ww1"}
    with pytest.raises(MissingVariablesError, match=r"set WECOM_AUTO_REAL_SECRET \(.*WECOM_AUTO_REAL_USERID \("):
        Corp.from_environment(some)
    complete = dict.fromkeys(VARIABLES, "x")
    assert Corp.from_environment(complete).url == "https://qyapi.weixin.qq.com"
    assert Corp.from_environment({**complete, ADDRESS: "http://127.0.0.1:1"}).url == "http://127.0.0.1:1"
    assert "secret" not in repr(Corp.from_environment(complete))


def test_the_switch_refuses_without_the_variables() -> None:
    """The command ends with a message in words before anything is asked, and with the code of a wrong command."""
    command = [sys.executable, "-m", "pytest", str(Path(__file__)), "--record-real", "-q", "-k", "one_value"]
    bare = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=bare, cwd=REAL.parents[1])
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert (
        "--record-real asks a real corp and needs to know which; set WECOM_AUTO_REAL_CORP_ID (the corp)" in done.stdout
    )


@pytest.mark.parametrize(("writes", "wanted"), [(False, ["tags"]), (True, ["tag_life", "tags"])])
def test_only_the_second_switch_writes(monkeypatch: pytest.MonkeyPatch, writes: bool, wanted: list[str]) -> None:
    """Of the selected cases those that write are recorded only if somebody says so; others not at all."""
    names: list[str] = []
    monkeypatch.setattr(_real, "record", lambda name, *_rest, **_options: names.append(name))
    for variable in VARIABLES:
        monkeypatch.setenv(variable, "x")
    params = [{"real": "tags"}, {"real": "tag_life"}, {"real": "no such case"}, {"name": "groups"}]
    items = [SimpleNamespace(nodeid="tests/contract/x", callspec=SimpleNamespace(params=one)) for one in params]
    conftest.record_real(items, writes=writes)
    assert names == wanted


def test_a_case_that_fails_leaves_no_cassette(corp: tuple[FakeWeCom, Corp], tmp_path: Path) -> None:
    """Half a recording would replay as if it were whole."""
    fake, where = corp
    fake.fail_next("externalcontact/get_follow_user_list", errcode=48002)
    with pytest.raises(Exception, match="48002"):
        record("follow_users", where, now=fake.clock.now(), folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.writes])
def test_what_was_written_is_taken_away(name: str, corp: tuple[FakeWeCom, Corp], tmp_path: Path) -> None:
    """A case that writes leaves the corp as it was, even if it fails on the way."""
    fake, where = corp
    before = fake.state()
    record(name, where, now=fake.clock.now(), folder=tmp_path)
    assert kept(fake.state()) == kept(before)
    fake.fail_next(f"externalcontact/{'edit_corp_tag' if name == 'tag_life' else 'get_contact_way'}", errcode=48002)
    with pytest.raises(Exception, match="48002"):
        record(name, where, now=fake.clock.now(), folder=tmp_path)
    assert kept(fake.state()) == kept(before)


def kept(state: Any) -> Any:
    """Return what a corp holds of what the cases write, without what has been deleted."""
    groups = {key: group for key, group in state["tag_groups"].items() if not group["deleted"]}
    return groups, state["contact_ways"]


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.writes])
def test_reading_cases_only_read(name: str, corp: tuple[FakeWeCom, Corp], tmp_path: Path) -> None:
    """What runs without the second switch changes nothing at the corp."""
    fake, where = corp
    before = fake.state()
    record(name, where, now=fake.clock.now(), folder=tmp_path)
    assert fake.state() == before
