"""Raw access to the fake for its own tests: no SDK in between, so that both cannot be wrong in the same way."""

from __future__ import annotations

from typing import Any

from wecom_auto import _http
from wecom_auto.testing import FakeWeCom

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 16


class Raw:
    """An app that speaks plain HTTP through the transport."""

    def __init__(self, fake: FakeWeCom, secret: str = "") -> None:
        self.fake = fake
        self.http = _http.httpx.Client(transport=fake.transport, base_url="https://qyapi.weixin.qq.com/cgi-bin/")
        self.secret = secret or fake.secret
        self.token = self.gettoken()["access_token"]

    def gettoken(self) -> dict[str, Any]:
        """Ask for a token."""
        return self.http.get("gettoken", params={"corpid": self.fake.corp_id, "corpsecret": self.secret}).json()

    def renew(self) -> None:
        """Take another token."""
        self.token = self.gettoken()["access_token"]

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """GET with the token."""
        return self.http.get(path, params={"access_token": self.token, **query}).json()

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        """POST JSON with the token."""
        return self.http.post(path, params={"access_token": self.token}, json=body).json()

    def customer(self, path: str, **body: Any) -> dict[str, Any]:
        """POST to the customer-contact API."""
        return self.post("externalcontact/" + path, **body)

    def upload(self, kind: str, data: bytes, filename: str = "a.png") -> dict[str, Any]:
        """Upload a temporary medium."""
        query = {"access_token": self.token, "type": kind}
        return self.http.post("media/upload", params=query, files={"media": (filename, data)}).json()


def code(answer: dict[str, Any]) -> int:
    """Return the errcode of an answer."""
    return answer["errcode"]
