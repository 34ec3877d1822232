"""The home-and-school chapter (家校沟通, manual 91609, 92318, 92320, 92506): notices and who follows them.

The corp must be a school (`Settings.is_education`). That the app is among those which parents may use
(家长可使用的应用) is not asked for beyond what every endpoint here asks for.

Unverified: 65014 for every endpoint here in a corp that is no school; that who does not follow the notices is listed
as invalid; 81013 when nobody is left; that `toall` wins over the lists; that a text above 2,048 bytes answers 45002;
that the doubles of the duplicate check answer 0.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import cast

from wecom_auto.testing import _lookups as look
from wecom_auto.testing._registry import Ask, endpoint
from wecom_auto.testing._spec import Check, integer, items, nested, objects, text, verify
from wecom_auto.testing._state import State
from wecom_auto.testing._state_school import Notice
from wecom_auto.testing._wire import Body, Refusal

MISSING, BAD_KIND, BAD, TOO_LARGE, NO_CONTENT = 40063, 40008, 40058, 45002, 44004
NO_AGENT, NOT_OWN, NOBODY, ALL_BAD = 41011, 301002, 82001, 81013
NO_SCHOOL, BAD_MODE, NO_RECORD = 65014, 65001, 60136
PARENTS, STUDENTS, BOTH = 0, 1, 2
PARTIES = 100

_MEDIA = (text("media_id", required=MISSING),)
_TITLE, _URL = text("title", required=MISSING), text("url", required=MISSING)
KINDS: dict[str, tuple[Check, ...]] = {
    "text": (text("content", required=NO_CONTENT, octets=2048, bad=TOO_LARGE),),
    "image": _MEDIA,
    "voice": _MEDIA,
    "video": (*_MEDIA, text("title"), text("description")),
    "file": _MEDIA,
    "textcard": (_URL, _TITLE, text("description", required=MISSING), text("btntxt")),
    "news": (objects("articles", _TITLE, required=MISSING),),
    "mpnews": (objects("articles", _TITLE, text("content", required=MISSING), required=MISSING),),
    "miniprogram": (text("appid", required=MISSING), text("pagepath", required=MISSING), text("title")),
}


@endpoint(
    "POST",
    "externalcontact/message/send",
    text("msgtype", required=BAD_KIND, enum=tuple(KINDS), bad=BAD_KIND),
    items("to_external_user"),
    items("to_parent_userid", most=1000),
    items("to_student_userid", most=1000),
    integer("toall", enum=(0, 1)),
    integer("recv_scope", enum=(PARENTS, STUDENTS, BOTH)),
    integer("agentid", required=NO_AGENT, digits=True),
    integer("enable_id_trans", enum=(0, 1)),
    integer("enable_duplicate_check", enum=(0, 1)),
    integer("duplicate_check_interval", most=4 * 3_600),
    *(nested(kind) for kind in KINDS),
    also=("to_party",),
)
def send(ask: Ask) -> Mapping[str, object]:
    """Send a notice to parents and students who follow the school's notices."""
    _school_only(ask)
    if int(ask.body["agentid"]) != ask.app.agent_id:
        raise Refusal(NOT_OWN, f"agentid is not the app of this token, which is {ask.app.agent_id}")
    kind = str(ask.body["msgtype"])
    _check_message(ask, kind)
    parents, students, invalid = _receivers(ask)
    notice = Notice(
        agent_id=ask.app.agent_id,
        msgtype=kind,
        body=ask.body,
        at=ask.time,
        parents=sorted(parents),
        students=sorted(students),
    )
    if not _repeated(ask):
        ask.state.school.notices.append(notice)
    return {name: some for name, some in invalid.items() if some}


@endpoint("GET", "externalcontact/get_subscribe_mode")
def get_subscribe_mode(ask: Ask) -> Mapping[str, object]:
    """Answer whether anybody who scans may join, or listed parents only (92318)."""
    return {"subscribe_mode": _school_only(ask).school.subscribe_mode}


@endpoint(
    "POST",
    "externalcontact/set_subscribe_mode",
    integer("subscribe_mode", required=MISSING, enum=(1, 2), bad=BAD_MODE),
)
def set_subscribe_mode(ask: Ask) -> None:
    """Decide who may join (92318)."""
    _school_only(ask).school.subscribe_mode = ask.body["subscribe_mode"]


@endpoint("GET", "externalcontact/get_subscribe_qr_code")
def get_subscribe_qr_code(ask: Ask) -> Mapping[str, object]:
    """Answer the code of the school's notices in three sizes (92320)."""
    digest = _school_only(ask).ids.digest("school_code").hex()[:32]
    sizes = {"qrcode_big": 1200, "qrcode_middle": 430, "qrcode_thumb": 258}
    return {name: f"https://p.qpic.cn/wwhead/{digest}/{pixels}" for name, pixels in sizes.items()}


@endpoint("POST", "externalcontact/batch_to_external_userid", items("mobiles", required=MISSING, most=100))
def batch_to_external_userid(ask: Ask) -> Mapping[str, object]:
    """Turn parents' mobile numbers into external_userids; each may fail by itself (92506)."""
    parents = _school_only(ask).school.parents.values()
    known = {one.mobile: one for one in parents if one.mobile and one.external_userid}
    found = [known[one] for one in ask.body["mobiles"] if one in known]
    missing = [one for one in ask.body["mobiles"] if one not in known]
    rows = [{"mobile": one.mobile, "external_userid": one.external_userid} | _foreign(one.foreign_key) for one in found]
    failed = [{"errcode": NO_RECORD, "errmsg": "record not found", "mobile": one} for one in missing]
    return {"success_list": rows, "fail_list": failed}


def _foreign(key: str) -> Body:
    return {"foreign_key": key} if key else {}


def _school_only(ask: Ask) -> State:
    if not ask.settings.is_education:
        raise Refusal(NO_SCHOOL, "Settings(is_education=True) makes the corp a school")
    return ask.state


def _check_message(ask: Ask, kind: str) -> None:
    part: Body | None = ask.body.get(kind)
    if part is None:
        raise Refusal(MISSING, kind)
    verify(part, KINDS[kind])
    for name in ("media_id", "thumb_media_id"):
        if part.get(name):
            look.medium(ask, part[name])


def _receivers(ask: Ask) -> tuple[set[str], set[str], Body]:
    """Return the parents and the students who get it, and those who were named in vain."""
    school, body = ask.state.school, ask.body
    parents, students, invalid = _everybody(ask) if body.get("toall") == 1 else _named(ask)
    scope = body.get("recv_scope", PARENTS)
    above = [one for child in students for one in school.parents_of(child)]
    reached = {one for one in (*parents, *above) if school.parents[one].subscribed} if scope != STUDENTS else set[str]()
    learning = {one for one in students if school.students[one].subscribed} if scope != PARENTS else set[str]()
    if not (reached or learning):
        raise Refusal(
            ALL_BAD, "nobody of them follows the school's notices: fake.add_parent(...), fake.scan_school_code(...)"
        )
    return reached, learning, invalid


def _everybody(ask: Ask) -> tuple[Iterable[str], Iterable[str], Body]:
    return list(ask.state.school.parents), list(ask.state.school.students), {}


def _named(ask: Ask) -> tuple[Iterable[str], Iterable[str], Body]:
    """Return the parents and students whom the lists name, departments expanded, and what names nobody."""
    school, body = ask.state.school, ask.body
    externals, parents, students = (
        body.get(name) or [] for name in ("to_external_user", "to_parent_userid", "to_student_userid")
    )
    parties = _parties(ask)
    if not (externals or parents or students or parties):
        raise Refusal(NOBODY, "no receiver, and toall is not 1")
    by_id = {one: school.of_external(one) for one in externals}
    known = {str(one) for one in school.parties()}
    classes = [int(one) for one in parties if str(one) in known]
    pupils = [one.student_userid for one in school.students.values() if 1 in classes or one.party in classes]
    invalid: Body = {
        "invalid_external_user": [one for one, found in by_id.items() if found is None or not found.subscribed],
        "invalid_parent_userid": [one for one in parents if not _follows(ask, one)],
        "invalid_student_userid": [one for one in students if one not in school.students],
        "invalid_party": [one for one in parties if str(one) not in known],
    }
    good = [one for one in parents if one in school.parents]
    good += [one.parent_userid for one in by_id.values() if one is not None]
    return good, [*(one for one in students if one in school.students), *pupils], invalid


def _parties(ask: Ask) -> list[int | str]:
    """Return the departments, which come as numbers and in one of the manual's examples as texts."""
    parties: object = ask.body.get("to_party") or []
    if not isinstance(parties, list):
        raise Refusal(BAD, "to_party: must be a list")
    rows = cast("list[object]", parties)
    found = [one for one in rows if isinstance(one, int | str) and not isinstance(one, bool)]
    if len(found) != len(rows) or len(found) > PARTIES:
        raise Refusal(BAD, f"to_party: at most {PARTIES} numbers")
    return found


def _follows(ask: Ask, parent_userid: str) -> bool:
    found = ask.state.school.parents.get(parent_userid)
    return found is not None and found.subscribed


def _repeated(ask: Ask) -> bool:
    """Whether the app has sent the very same in the interval, and asks that doubles be dropped."""
    if ask.body.get("enable_duplicate_check") != 1:
        return False
    since = ask.time - ask.body.get("duplicate_check_interval", 1_800)
    sent = [one for one in ask.state.school.notices if one.at > since and one.agent_id == ask.app.agent_id]
    same = json.dumps(ask.body, sort_keys=True)
    return any(json.dumps(one.body, sort_keys=True) == same for one in sent)
