"""The accounts of customer service (微信客服, manual 94645 to 94647, 94661 to 94665): who answers, and the links.

Unverified: which code answers a full account (95005 for the 5,001st, 40058 for too many servicers), a strange or empty
open_kfid (95004, 95000) and a name that is too long (95006); that a department of servicers needs no member. Every app
may manage every account here, and every corp counts as verified.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wecom_auto.testing import _lookups as look
from wecom_auto.testing._registry import Ask, endpoint
from wecom_auto.testing._spec import any_of, integer, items, text
from wecom_auto.testing._state_kf import KfAccountRow
from wecom_auto.testing._wire import Body, Refusal

MISSING, BAD, NO_MEMBER = 40063, 40058, 60111
NO_ID, NO_ACCOUNT, FULL, BAD_NAME = 95000, 95004, 95005, 95006
ACCOUNTS, MEMBERS, DEPARTMENTS, PAGE = 5_000, 2_000, 20, 100
KFID = text("open_kfid", required=NO_ID, octets=64)
PICTURE: Final = text("media_id", octets=128)
WHO: Final = (items("userid_list", most=100), any_of("userid_list", "department_id_list"))


@endpoint("POST", "kf/account/add", text("name", required=BAD_NAME, chars=16, bad=BAD_NAME), PICTURE)
def add(ask: Ask) -> Mapping[str, object]:
    """Make an account."""
    look.medium(ask, ask.body.get("media_id", ""))
    if len(ask.state.kf.accounts) >= ACCOUNTS:
        raise Refusal(FULL, f"{ACCOUNTS} accounts")
    account = KfAccountRow(
        seq=ask.state.ids.number("kf account"),
        open_kfid=ask.state.ids.letters("wk", "open_kfid", 32),
        name=ask.body["name"],
        media_id=ask.body["media_id"],
    )
    ask.state.kf.accounts[account.open_kfid] = account
    return {"open_kfid": account.open_kfid}


@endpoint("POST", "kf/account/update", KFID, text("name", chars=16, bad=BAD_NAME), PICTURE)
def update(ask: Ask) -> None:
    """Change name or picture."""
    found = account(ask)
    media_id = ask.body.get("media_id")
    if media_id:
        look.medium(ask, media_id)
    found.name = ask.body.get("name") or found.name
    found.media_id = media_id or found.media_id


@endpoint("POST", "kf/account/del", KFID)
def delete(ask: Ask) -> None:
    """Delete an account, with its conversations."""
    del ask.state.kf.accounts[account(ask).open_kfid]


@endpoint("POST", "kf/account/list", integer("offset"), integer("limit", least=1, most=PAGE))
def list_accounts(ask: Ask) -> Mapping[str, object]:
    """List accounts."""
    start = ask.body.get("offset", 0)
    found = list(ask.state.kf.accounts.values())[start : start + ask.body.get("limit", PAGE)]
    shown = [
        {
            "open_kfid": one.open_kfid,
            "name": one.name,
            "avatar": f"https://wework.qpic.cn/kf/{one.seq}/0",
            "manage_privilege": True,
        }
        for one in found
    ]
    return {"account_list": shown}


@endpoint("POST", "kf/add_contact_way", KFID, text("scene", octets=32))
def add_contact_way(ask: Ask) -> Mapping[str, object]:
    """Answer a link, the same one for the same scene."""
    found, scene = account(ask), ask.body.get("scene", "")
    known = {named: url for url, named in found.links.items()}
    tail = f"?enc_scene={ask.state.ids.letters('ENC', 'kf scene', 24)}" if scene and scene not in known else ""
    url = known.get(scene, f"https://work.weixin.qq.com/kfid/{found.open_kfid}{tail}")
    found.links[url] = scene
    return {"url": url}


@endpoint("GET", "kf/servicer/list", KFID)
def list_servicers(ask: Ask) -> Mapping[str, object]:
    """List who answers."""
    found = account(ask)
    members = [_servicer(userid, serving=serving) for userid, serving in found.servicers.items()]
    return {"servicer_list": [*members, *({"department_id": one} for one in found.departments)]}


@endpoint("POST", "kf/servicer/add", KFID, *WHO, items("department_id_list", int, most=DEPARTMENTS))
def add_servicers(ask: Ask) -> Mapping[str, object]:
    """Let members and departments answer."""
    found = account(ask)
    new = {one for one in ask.body.get("userid_list", ()) if one not in found.servicers}
    more = {one for one in ask.body.get("department_id_list", ()) if one not in found.departments}
    if len(found.servicers) + len(new) > MEMBERS or len(found.departments) + len(more) > DEPARTMENTS:
        raise Refusal(BAD, f"an account has room for {MEMBERS} members and {DEPARTMENTS} departments")
    results = []
    for userid in ask.body.get("userid_list", ()):
        known = look.visible(ask, userid) and userid in ask.state.members and ask.state.members[userid].active
        results.append({"userid": userid, **(_done(userid in new) if known else _unknown())})
        if known:
            found.servicers.setdefault(userid, True)
    for party in ask.body.get("department_id_list", ()):
        results.append({"department_id": party, **_done(party in more)})
        found.departments[party] = None
    return {"result_list": results}


@endpoint("POST", "kf/servicer/del", KFID, *WHO, items("department_id_list", int, most=100))
def remove_servicers(ask: Ask) -> Mapping[str, object]:
    """Let members and departments answer no longer."""
    found = account(ask)
    gone = [{"userid": one, **_done(one in found.servicers)} for one in ask.body.get("userid_list", ())]
    parties = ask.body.get("department_id_list", ())
    gone += [{"department_id": one, **_done(one in found.departments)} for one in parties]
    for userid in ask.body.get("userid_list", ()):
        found.servicers.pop(userid, None)
    for party in parties:
        found.departments.pop(party, None)
    return {"result_list": gone}


def account(ask: Ask) -> KfAccountRow:
    """Return the account of a request.

    Raises:
        Refusal: 95004.
    """
    found = ask.state.kf.accounts.get(ask.body["open_kfid"])
    if found is None:
        raise Refusal(NO_ACCOUNT, f"open_kfid {ask.body['open_kfid']}: kf/account/add makes one")
    return found


def _servicer(userid: str, *, serving: bool) -> Body:
    return {"userid": userid, "status": 0 if serving else 1, **({} if serving else {"stop_type": 0})}


def _done(changed: bool) -> Body:  # the only thing it says
    return {"errcode": 0, "errmsg": "success" if changed else "ignored"}


def _unknown() -> Body:
    return {"errcode": NO_MEMBER, "errmsg": "userid not found"}
