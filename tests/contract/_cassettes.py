"""Record and replay HTTP: scrubbed both ways, readable, and labelled with where it comes from."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import vcr
import yaml
from vcr.request import Request

CASSETTES: Final = Path(__file__).parents[2] / "cassettes"
HOST: Final = "http://fake.wecom.invalid"
"""Where cassettes were recorded, whatever port that was; a name that can never be reached."""

_LABEL: Final = (
    "# Recorded over HTTP from FakeWeCom (wecom_auto.testing, seed 7): nothing here was said by the real platform.\n"
    "# Record again: python -m pytest tests/contract --record\n"
)
_SECRETS: Final = ("access_token", "corpsecret", "corpid")
_MOBILE: Final = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
SCRUBBED: Final = "SCRUBBED"


def scrub(text: str) -> str:
    """Return `text` without mobile numbers."""
    return _MOBILE.sub(SCRUBBED, text)


def _scrub_request(request: Request) -> Request:
    request.uri = re.sub(r"^https?://[^/]+", HOST, request.uri)
    request.headers = {"content-type": request.headers.get("content-type", "")}
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
    return {**response, "headers": {"content-type": ["application/json; charset=UTF-8"]}, "body": {"string": body}}


class _ReadableYaml:
    """Write Chinese as Chinese, and say on top where it comes from."""

    @staticmethod
    def serialize(cassette: dict[str, Any]) -> str:
        return _LABEL + yaml.safe_dump(cassette, allow_unicode=True, sort_keys=False, width=120)

    @staticmethod
    def deserialize(text: str) -> Any:
        return yaml.safe_load(text)


def tape(name: str, *, record: bool) -> Any:
    """Return a context in which HTTP is recorded to, or replayed from, the cassette `name`.

    Replaying refuses everything that was not recorded.
    """
    recorder = vcr.VCR(
        cassette_library_dir=str(CASSETTES),
        record_mode="all" if record else "none",
        match_on=["method", "path", "query", "body"],
        filter_query_parameters=[(secret, SCRUBBED) for secret in _SECRETS],
        before_record_request=_scrub_request,
        before_record_response=_scrub_response,
    )
    recorder.register_serializer("readable", _ReadableYaml)
    if record:
        (CASSETTES / f"{name}.yaml").unlink(missing_ok=True)
    return recorder.use_cassette(f"{name}.yaml", serializer="readable")
