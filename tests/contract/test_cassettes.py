"""Cassettes are public: they hold no secret, no token, no mobile number, and they say where they come from."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from tests.chapters import listed
from tests.contract._cases import CASES
from tests.contract._cassettes import CASSETTES, HOST, SCRUBBED, tape
from vcr.errors import CannotOverwriteExistingCassetteException

from wecom_auto.testing import FakeWeCom

SECRET = r"(?:\w*access_token|\w*secret|corpid|\w*ticket)\"?[=\"': ]+([^&\"'\s,}]+)"
FILES = [CASSETTES / f"{name}.yaml" for name in CASES]


def test_every_case_has_a_cassette() -> None:
    """Nothing is missing, nothing is left over from a case that is gone, and no two cases share a name."""
    assert sorted(CASES) == sorted(case.__name__ for case in listed("CASES"))
    assert {file.stem for file in CASSETTES.glob("*.yaml")} == set(CASES)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_secret_is_on_a_cassette(file: Path) -> None:
    """Tokens, secrets, corp ids and mobile numbers are scrubbed from requests and answers."""
    text = file.read_text("utf-8")
    fake = FakeWeCom(seed=7)
    assert fake.secret not in text
    assert fake.corp_id not in text
    assert re.findall(r"(?<![0-9A-Za-z])ww[0-9a-f]{16}(?![0-9A-Za-z])", text) == []
    assert re.findall(r"(?<!\d)1[3-9]\d{9}(?!\d)", text) == []
    assert set(re.findall(r"(?:\w*access_token|\w*secret|corpid|\w*ticket)\"?[=\"': ]+([^&\"'\s,}]+)", text)) <= {
        SCRUBBED
    }
    assert set(re.findall(r"https?://[^/\s\"']*(?=/cgi-bin)", text)) == {HOST}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_cassette_says_what_it_is(file: Path) -> None:
    """A reader is told at once that the fake spoke, and how to record again; Chinese is readable."""
    text = file.read_text("utf-8")
    assert text.startswith("# Recorded over HTTP from FakeWeCom")
    assert "pytest tests/contract --record" in text
    assert "\\u" not in text


def test_what_was_not_recorded_is_refused() -> None:
    """Replaying never reaches the network: an unrecorded question is an error that names what is recorded."""
    fake = FakeWeCom(seed=7)
    http = httpx.Client(verify=False)  # noqa: S501  # nothing here speaks TLS
    with http, tape("follow_users", record=False), fake.client(http=http, base_url=HOST) as app:
        app.follow_users.list()
        with pytest.raises(CannotOverwriteExistingCassetteException, match="groupchat/list"):
            app.groups.list()
