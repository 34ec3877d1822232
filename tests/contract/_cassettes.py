"""Record and replay HTTP: scrubbed both ways, readable, and labelled with where it comes from."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import vcr
import yaml
from tests.contract._scrub import SCRUBBED, Scrubber
from vcr.request import Request

CASSETTES: Final = Path(__file__).parents[2] / "cassettes"
REAL: Final = CASSETTES / "real"
"""What a real corp said, if somebody has recorded it."""
HOST: Final = "http://fake.wecom.invalid"
"""Where cassettes of the fake were recorded, whatever port that was; a name that can never be reached."""
REAL_HOST: Final = "https://real.wecom.invalid"

_LABEL: Final = (
    "# Recorded over HTTP from FakeWeCom (wecom_auto.testing, seed 7): nothing here was said by the real platform.\n"
    "# Record again: python -m pytest tests/contract --record\n"
)
_REAL_LABEL: Final = (
    "# Recorded from the real platform on {day}; names, texts, ids and addresses are placeholders, times are moved.\n"
    "# Record again: python -m pytest tests/contract --record-real\n"
)
_SECRETS: Final = ("access_token", "corpsecret", "corpid")
_MOBILE: Final = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
_MATCH: Final = ["method", "path", "query", "body"]
_JSON: Final = "application/json; charset=UTF-8"


def scrub(text: str) -> str:
    """Return `text` without mobile numbers."""
    return _MOBILE.sub(SCRUBBED, text)


def _content_type(request: Request) -> dict[str, str]:
    return {"content-type": request.headers.get("content-type", "")}


def _scrub_request(request: Request) -> Request:
    request.uri = re.sub(r"^https?://[^/]+", HOST, request.uri)
    request.headers = _content_type(request)
    if isinstance(request.body, bytes) and not _is_multipart(request):
        request.body = scrub(request.body.decode()).encode()
    return request


def _is_multipart(request: Request) -> bool:
    return str(request.headers["content-type"]).startswith("multipart/")


def _scrub_response(response: dict[str, Any]) -> dict[str, Any]:
    raw = response["body"]["string"]
    text = raw if isinstance(raw, str) else raw.decode()
    answer = json.loads(text)
    for secret in ("access_token", "ticket"):
        if secret in answer:
            answer[secret] = SCRUBBED
    body = scrub(json.dumps(answer, ensure_ascii=False)).encode()
    return {**response, "headers": {"content-type": [_JSON]}, "body": {"string": body}}


class _ReadableYaml:
    """Write Chinese as Chinese, and say on top where it comes from."""

    def __init__(self, label: str) -> None:
        self._label = label

    def serialize(self, cassette: dict[str, Any]) -> str:
        return self._label + yaml.safe_dump(cassette, allow_unicode=True, sort_keys=False, width=120)

    @staticmethod
    def deserialize(text: str) -> Any:
        return yaml.safe_load(text)


def tape(name: str, *, record: bool) -> Any:
    """Return a context in which HTTP is recorded from the fake to, or replayed from, the cassette `name`.

    Replaying refuses everything that was not recorded.
    """
    filters = {"before_record_request": _scrub_request, "before_record_response": _scrub_response}
    return _use(CASSETTES / f"{name}.yaml", _LABEL, record=record, **filters)


def real_tape(file: Path, *, scrubber: Scrubber | None, day: str = "") -> Any:
    """Return a context in which HTTP is recorded from a real corp to `file`, or without a `scrubber` replayed from it.

    What is replayed speaks in placeholders already, so that nothing but the token and the address is replaced then.
    """

    def request(asked: Request) -> Request:
        asked.headers = _content_type(asked)
        if scrubber is None:
            asked.uri = re.sub(r"^https?://[^/]+", REAL_HOST, asked.uri)
        else:
            asked.uri = scrubber.url(asked.uri, REAL_HOST)
            asked.body = scrubber.body(asked.body or b"")
        return asked

    def response(said: dict[str, Any]) -> dict[str, Any]:
        if scrubber is None:
            return said
        return {**said, "headers": {"content-type": [_JSON]}, "body": {"string": scrubber.body(said["body"]["string"])}}

    label = _REAL_LABEL.format(day=day)
    return _use(
        file, label, record=scrubber is not None, before_record_request=request, before_record_response=response
    )


def _use(file: Path, label: str, *, record: bool, **filters: Callable[[Any], Any]) -> Any:
    recorder = vcr.VCR(
        cassette_library_dir=str(file.parent),
        record_mode="all" if record else "none",
        match_on=_MATCH,
        filter_query_parameters=[(secret, SCRUBBED) for secret in _SECRETS],
        **filters,
    )
    recorder.register_serializer("readable", _ReadableYaml(label))
    if record:
        file.unlink(missing_ok=True)
    return recorder.use_cassette(file.name, serializer="readable")
