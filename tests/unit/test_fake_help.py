"""The fake helps whoever writes a first test: mistakes are named, with what to do, and never pass in silence."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.unit.test_fake_support import Raw, code

from wecom_auto import NotFoundError
from wecom_auto.testing import FakeWeCom, Fault, FaultOptions, Limits, Settings
from wecom_auto.testing._control import VERBS


def test_a_fake_can_be_used_in_a_with_statement() -> None:
    """`with FakeWeCom() as fake` gives the fake, and it lives on after the block."""
    with FakeWeCom() as fake, fake.client() as app:
        fake.add_member("zhangsan")
        assert app.follow_users.list() == ("zhangsan",)
    assert fake.count("gettoken") == 1


@pytest.mark.parametrize("name", ["httpx", "httpx2"])
def test_the_transport_serves_clients_of_either_library(name: str) -> None:
    """`fake.transport` answers and fails in the words of the library whose client asks."""
    library = pytest.importorskip(name, reason=f"{name} is an optional extra")
    fake = FakeWeCom()
    with library.Client(transport=fake.transport, base_url="https://qyapi.weixin.qq.com/cgi-bin/") as client:
        assert code(client.get("gettoken").json()) == 41002
        fake.fail_next("gettoken", reset="before")
        with pytest.raises(library.ReadError):
            client.get("gettoken")


@pytest.mark.parametrize(
    ("path", "body", "hint"),
    [
        ("externalcontact/get", {"external_userid": "wm1"}, "fake.add_customer("),
        ("externalcontact/list", {"userid": "lisi"}, "fake.add_member('lisi')"),
        ("externalcontact/list", {"userid": "gone"}, "has left"),
        ("externalcontact/list", {"userid": "plain"}, "contact=False"),
    ],
)
def test_a_refusal_says_how_the_test_gets_what_is_missing(path: str, body: dict[str, str], hint: str) -> None:
    """The errmsg of a missing person names the method of the fake that brings them."""
    fake = FakeWeCom()
    fake.add_member("gone")
    fake.leave("gone")
    fake.add_member("plain", contact=False)
    assert hint in Raw(fake).get(path, **body)["errmsg"]


def test_a_missing_relation_says_what_ties_two_people() -> None:
    """84061 distinguishes strangers from people who wait for a confirmation."""
    fake = FakeWeCom()
    fake.add_member("zhangsan")
    raw, stranger = Raw(fake), fake.add_customer().external_userid
    raw.customer("add_contact_way", type=1, scene=2, user=["zhangsan"], state="s", skip_verify=False)
    asking = fake.scan("s").external_userid
    for one, hint in ((stranger, "followed_by="), (asking, "fake.accept(")):
        assert hint in raw.customer("remark", userid="zhangsan", external_userid=one, remark="x")["errmsg"]


def test_the_hint_reaches_the_sdks_exception() -> None:
    """Who reads the traceback of a first test reads what to add."""
    with FakeWeCom().client() as app, pytest.raises(NotFoundError, match=r"fake\.add_customer"):
        app.customers.get("wm-nobody")


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ({}, "needs one of errcode"),
        ({"errmsg": "busy", "processed": True}, "needs one of errcode"),
        ({"errode": -1}, "has no errode"),
        ({"reset": "sometimes"}, "before, after"),
        ({"body": "xml"}, "html, garbage, empty, truncated"),
    ],
)
def test_a_fault_that_is_none_is_refused(fault: dict[str, Any], problem: str) -> None:
    """A bad day that would never come is an error, for a test that waits for it proves nothing."""
    fake = FakeWeCom()
    with pytest.raises(ValueError, match=problem):
        fake.fail_next("gettoken", **fault)
    with pytest.raises(ValueError, match=problem):
        Fault.of(**fault)


@pytest.mark.parametrize("probability", [-0.1, 1.1])
def test_a_probability_lies_between_0_and_1(probability: float) -> None:
    """Percent are not taken for probabilities."""
    with pytest.raises(ValueError, match="from 0 to 1"):
        FakeWeCom().fail_randomly("*", probability, errcode=-1)


def test_a_misspelt_path_is_named() -> None:
    """A path that the fake does not serve cannot be failed or counted, and the nearest one is proposed."""
    fake = FakeWeCom()
    for ask in (fake.calls, fake.count, lambda path: fake.fail_next(path, errcode=-1)):
        with pytest.raises(ValueError, match="did you mean 'externalcontact/get'"):
            ask("externalcontact/gett")
    with pytest.raises(ValueError, match=r"no such endpoint$"):
        fake.fail_randomly("xyzzy", 1.0, errcode=-1)


@pytest.mark.filterwarnings("ignore::wecom_auto.testing.UnknownPathWarning")
def test_an_unknown_path_that_was_asked_for_is_on_record() -> None:
    """What the fake answered 404 can be looked at like any other call."""
    fake = FakeWeCom()
    Raw(fake).http.get("department/get")
    assert fake.count("department/get") == 1
    assert [one.errcode for one in fake.calls("/cgi-bin/department/get")] == [None]


@pytest.mark.parametrize(("agent_id", "errcode"), [("1000002", 0), ("7", 301002), ("1e6", 40058), ("", 40058)])
def test_an_agentid_may_be_digits(agent_id: str, errcode: int) -> None:
    """Programs that keep their agentid as text are understood; other text is not."""
    fake = FakeWeCom()
    fake.add_member("zhangsan")
    body = {"touser": "zhangsan", "msgtype": "text", "agentid": agent_id, "text": {"content": "x"}}
    assert code(Raw(fake).post("message/send", **body)) == errcode


# The page that teaches it

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"


def test_the_first_test_of_the_page_passes_as_it_stands(tmp_path: Path) -> None:
    """Who copies the first example into an empty folder and runs pytest sees one test pass."""
    text = PAGE.read_text(encoding="utf-8")
    (source,) = re.findall(r"^```python\n# test_showroom\.py\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (tmp_path / "test_showroom.py").write_text(source, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    assert "1 passed" in run.stdout


@pytest.mark.parametrize(
    "names",
    [
        sorted({*VERBS, "advance", "now", "fail"}),
        sorted(FaultOptions.__annotations__),
        [one.name for kind in (Limits, Settings) for one in attrs.fields(kind)],
    ],
    ids=["verbs", "faults", "dials"],
)
def test_the_page_names_everything(names: list[str]) -> None:
    """Every verb, fault and dial is on the page that teaches the fake."""
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in names if not re.search(rf"`{name}(`|=)", text)] == []
