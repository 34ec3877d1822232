"""What the tests know of `wecom.kf_accounts`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.chapters import Make
from tests.chapters._shared import PNG, calls
from tests.contract._play import Case, Play, refused

from wecom_auto import Call
from wecom_auto.errors import NotFoundError
from wecom_auto.models import KfServing
from wecom_auto.testing import FakeWeCom

accounts = calls.kf_accounts

CALLS: Mapping[str, list[Call[Any]]] = {
    "kf/account/add": [accounts.create("n", media_id="m")],
    "kf/account/update": [accounts.update("k", name="n", media_id="m")],
    "kf/account/del": [accounts.delete("k")],
    "kf/account/list": [accounts.list(offset=1, limit=1)],
    "kf/add_contact_way": [accounts.create_link("k", scene="s")],
    "kf/servicer/list": [accounts.list_servicers("k")],
    "kf/servicer/add": [accounts.add_servicers("k", userids=["u"], department_ids=[1])],
    "kf/servicer/del": [accounts.remove_servicers("k", userids=["u"], department_ids=[1])],
}

ANSWERS: list[tuple[str, Call[Any]]] = [
    ("kf/account/add", accounts.create("n", media_id="m")),
    ("kf/account/update", accounts.update("k", name="n")),
    ("kf/account/del", accounts.delete("k")),
    ("kf/account/list", accounts.list()),
    ("kf/add_contact_way", accounts.create_link("k")),
    ("kf/servicer/list", accounts.list_servicers("k")),
    ("kf/servicer/add", accounts.add_servicers("k", userids=["u"])),
    ("kf/servicer/del", accounts.remove_servicers("k", userids=["u"])),
]

REQUESTS: list[tuple[str, Make]] = [
    (
        "kf/account/add",
        lambda: accounts.create(
            "新建的客服账号", media_id="294DpAog3YA5b9rTK4PjjfRfYLO0L5qpDHAJIzhhQ2jAEWjb9i661Q4lk8oFnPtmj"
        ),
    ),
    (
        "kf/account/update",
        lambda: accounts.update(
            "wkAJ2GCAAAZSfhHCt7IFSvLKtMPxyJTw",
            name="修改客服名",
            media_id="294DpAog3YA5b9rTK4PjjfRfYLO0L5qpDHAJIzhhQ2jAEWjb9i661Q4lk8oFnPtmj",
        ),
    ),
    ("kf/account/del", lambda: accounts.delete("wkAJ2GCAAAZSfhHCt7IFSvLKtMPxyJTw")),
    ("kf/account/list", lambda: accounts.list(offset=0, limit=100)),
    ("kf/add_contact_way", lambda: accounts.create_link("OPEN_KFID", scene="12345")),
    (
        "kf/servicer/add",
        lambda: accounts.add_servicers("kfxxxxxxxxxxxxxx", userids=["zhangsan", "lisi"], department_ids=[2, 4]),
    ),
    (
        "kf/servicer/del",
        lambda: accounts.remove_servicers("kfxxxxxxxxxxxxxx", userids=["zhangsan", "lisi"], department_ids=[2, 4]),
    ),
]

REFUSED: list[tuple[str, Make]] = [
    ("name", lambda: accounts.create("", media_id="m")),
    ("name", lambda: accounts.create("客" * 17, media_id="m")),
    ("media_id", lambda: accounts.create("n", media_id="")),
    ("media_id", lambda: accounts.create("n", media_id="m" * 129)),
    ("open_kfid", lambda: accounts.update("", name="n")),
    ("open_kfid", lambda: accounts.update("k" * 65, name="n")),
    ("name", lambda: accounts.update("k", name="客" * 17)),
    ("media_id", lambda: accounts.update("k", media_id="m" * 129)),
    ("name / media_id", lambda: accounts.update("k")),
    ("open_kfid", lambda: accounts.delete("")),
    ("offset", lambda: accounts.list(offset=-1)),
    ("limit", lambda: accounts.list(limit=0)),
    ("limit", lambda: accounts.list(limit=101)),
    ("open_kfid", lambda: accounts.create_link("")),
    ("scene", lambda: accounts.create_link("k", scene="s" * 33)),
    ("scene", lambda: accounts.create_link("k", scene="")),
    ("open_kfid", lambda: accounts.list_servicers("")),
    ("open_kfid", lambda: accounts.add_servicers("", userids=["u"])),
    ("userid_list", lambda: accounts.add_servicers("k", userids=["u"] * 101)),
    ("department_id_list", lambda: accounts.add_servicers("k", department_ids=[1] * 21)),
    ("userid_list / department_id_list", lambda: accounts.add_servicers("k")),
    ("userid_list", lambda: accounts.remove_servicers("k", userids=["u"] * 101)),
    ("department_id_list", lambda: accounts.remove_servicers("k", department_ids=[1] * 101)),
    ("userid_list / department_id_list", lambda: accounts.remove_servicers("k", userids=[])),
]

ACCEPTED: list[Make] = [
    lambda: accounts.create("客" * 16, media_id="m" * 128),
    lambda: accounts.list(offset=0, limit=100),
    lambda: accounts.create_link("k" * 64, scene="s" * 32),
    lambda: accounts.add_servicers("k", userids=["u"] * 100, department_ids=[1] * 20),
    lambda: accounts.remove_servicers("k", department_ids=[1] * 100),
]

ARGUMENTS: Mapping[str, Any] = {"open_kfid": "k", "name": "n", "media_id": "m"}
RECOGNISED = {"kf/add_contact_way": "it answers the link of the account and scene, and makes nothing that costs"}


def kf_accounts(fake: FakeWeCom) -> Play:
    """An account is made, named, linked and staffed; one bad servicer does not stop the others; it is deleted."""
    for userid in ("zhangsan", "lisi"):
        fake.add_member(userid)
    media = yield lambda app: app.media.upload("image", PNG, filename="kf.png")
    open_kfid = yield lambda app: app.kf_accounts.create("客服", media_id=media.media_id)
    assert (yield lambda app: app.kf_accounts.update(open_kfid, name="新车顾问")) is None
    listed = yield lambda app: app.kf_accounts.list()
    (account,) = yield lambda app: app.kf_accounts.list_all()
    assert listed == (account,)
    assert (account.open_kfid, account.name, account.manageable) == (open_kfid, "新车顾问", True)
    added = yield lambda app: app.kf_accounts.add_servicers(
        open_kfid, userids=["zhangsan", "nobody"], department_ids=[1]
    )
    assert [(one.userid, one.department_id, one.errcode) for one in added] == [
        ("zhangsan", 0, 0),
        ("nobody", 0, 60111),
        ("", 1, 0),
    ]
    servicers = yield lambda app: app.kf_accounts.list_servicers(open_kfid)
    assert [(one.userid, one.department_id, one.status) for one in servicers] == [
        ("zhangsan", 0, KfServing.SERVING),
        ("", 1, None),
    ]
    gone = yield lambda app: app.kf_accounts.remove_servicers(
        open_kfid, userids=["zhangsan", "lisi"], department_ids=[1]
    )
    assert [(one.errcode, one.errmsg) for one in gone] == [(0, "success"), (0, "ignored"), (0, "success")]
    assert (yield lambda app: app.kf_accounts.list_servicers(open_kfid)) == ()
    link = yield lambda app: app.kf_accounts.create_link(open_kfid, scene="live-0320")
    assert link == (yield lambda app: app.kf_accounts.create_link(open_kfid, scene="live-0320"))
    assert (yield lambda app: app.kf_accounts.delete(open_kfid)) is None
    try:
        yield lambda app: app.kf_accounts.delete(open_kfid)
    except NotFoundError as error:
        refused(NotFoundError, 95004, error)
    else:
        raise AssertionError


CASES: tuple[Case, ...] = (kf_accounts,)
