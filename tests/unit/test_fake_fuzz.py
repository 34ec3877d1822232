"""Whatever comes, the fake answers as a platform does: JSON with an errcode, and never with a traceback."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wecom_auto.testing import FakeWeCom
from wecom_auto.testing._chapters import ROUTES
from wecom_auto.testing._multipart import first_file
from wecom_auto.testing._wire import RawRequest

FAKE = FakeWeCom()
ONE = FAKE.add_customer(followed_by="zhangsan")
TAG = FAKE.add_tag("意向", "高")
CHAT = FAKE.create_group("zhangsan", "群")
KNOWN = ["zhangsan", ONE.external_userid, TAG.id, TAG.group_id, CHAT.chat_id, "", "text", "image", "single", "group"]

scalars = st.none() | st.booleans() | st.integers(-2, 2**33) | st.text(max_size=3) | st.sampled_from(KNOWN)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["content", "media_id", "msgtype", "image", "name", "tag_list", "title"]), inner
        )
    ),
    max_leaves=6,
)


def _token() -> str:
    raw = RawRequest(method="GET", path="/cgi-bin/gettoken", query={"corpid": FAKE.corp_id, "corpsecret": FAKE.secret})
    return json.loads(FAKE.handle(raw).body)["access_token"]


@pytest.mark.parametrize("path", sorted(ROUTES))
@given(data=st.data())
@settings(max_examples=20, derandomize=True)
def test_every_endpoint_answers_every_body(path: str, data: st.DataObject) -> None:
    """Known fields with wild values give an errcode, whatever they are."""
    route = ROUTES[path]
    names = sorted(route.fields) or ["x"]
    body = data.draw(st.dictionaries(st.sampled_from(names), values))
    query = {"access_token": _token()}
    if route.method == "GET":
        query |= {name: str(value) for name, value in body.items()}
    raw = RawRequest(method=route.method, path=f"/cgi-bin/{path}", query=query, body=json.dumps(body).encode())
    answer = json.loads(FAKE.handle(raw).body)
    assert isinstance(answer["errcode"], int)


@given(path=st.sampled_from(sorted(ROUTES)), body=st.binary(max_size=40), kind=st.text(max_size=30))
@settings(max_examples=200, derandomize=True)
def test_every_endpoint_answers_noise(path: str, body: bytes, kind: str) -> None:
    """Bytes that are no JSON and no form give an errcode too."""
    kind = f"multipart/form-data; boundary={kind}"
    raw = RawRequest(
        method="POST", path=f"/cgi-bin/{path}", query={"access_token": _token()}, body=body, content_type=kind
    )
    assert "errcode" in json.loads(FAKE.handle(raw).body)


@given(
    data=st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"--", b"a", b"\xff", b"\x85", b"\x0c", b"\x1c", b" "])).map(
        b"".join
    )
)
@settings(max_examples=300, derandomize=True)
def test_forms_keep_every_byte(data: bytes) -> None:
    """A file comes out of its form as it went in, line ends of any kind included."""
    form = b'--b\r\nContent-Disposition: form-data; name="media"; filename="a.bin"\r\n\r\n' + data + b"\r\n--b--\r\n"
    found = first_file("multipart/form-data; boundary=b", form)
    assert found is not None
    assert found.data == data
