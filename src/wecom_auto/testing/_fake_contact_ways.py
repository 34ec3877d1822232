"""The contact-way chapter (客户联系「联系我」管理, manual 92228): channel codes of members.

Unverified: the errcodes of users (60111) and departments (60123) that do not exist, and what a `limit` above 1000 of
`list_contact_way` falls back to (the maximum, here).
"""

from __future__ import annotations

from collections.abc import Mapping

from wecom_auto.testing import _lookups as look
from wecom_auto.testing._paging import page, page_size
from wecom_auto.testing._registry import Ask, endpoint
from wecom_auto.testing._spec import flag, integer, items, text
from wecom_auto.testing._state import ContactWay
from wecom_auto.testing._temp_ways import CONCLUSIONS, closing_words, expired
from wecom_auto.testing._wire import Body, Refusal

__all__ = ["full"]

MISSING, BAD, NO_CONFIG, BAD_CONFIG, CROWD, FULL = 40063, 40058, 41043, 41044, 41041, 41045
BAD_STYLE, NO_PARTY, NO_RIGHT, NO_RELATION = 41042, 60123, 48002, 84061
DAY = 86_400
FORTNIGHT = 14 * DAY
SEVERAL, STYLES_OF_ONE = 2, 3

EDITABLE = (
    text("remark", chars=30),
    flag("skip_verify"),
    text("state", chars=30),
    items("user"),
    items("party", int),
    flag("is_temp"),
    integer("expires_in", least=1, most=FORTNIGHT),
    integer("chat_expires_in", least=1, most=FORTNIGHT),
    text("unionid"),
    flag("is_exclusive"),
    flag("mark_source"),
    CONCLUSIONS,
)


@endpoint(
    "POST",
    "externalcontact/add_contact_way",
    integer("type", required=41037, enum=(1, 2), bad=41039),
    integer("scene", required=41038, enum=(1, 2), bad=41040),
    integer("style", least=1, most=3, bad=BAD_STYLE),
    *EDITABLE,
)
def add_contact_way(ask: Ask) -> Mapping[str, object]:
    """Create a channel code; the QR code comes back for scene 2."""
    if ask.body.get("is_temp") and not ask.settings.temp_chat:
        raise Refusal(NO_RIGHT, "temporary contact ways are for medical corps")
    full(ask)
    config_id = ask.state.ids.hexa("config")
    fields = _given(ask)
    _check_style(fields)
    _check_range(ask, fields)
    way = ContactWay(
        seq=ask.state.ids.number("contact_way"),
        config_id=config_id,
        agent_id=ask.app.agent_id,
        created_at=ask.now,
        fields=fields,
        qr_code=f"https://wework.qpic.cn/wwpic/{config_id}/0",
    )
    ask.state.contact_ways[config_id] = way
    return {"config_id": config_id, **_qr(way)}


@endpoint("POST", "externalcontact/get_contact_way", text("config_id", required=NO_CONFIG))
def get_contact_way(ask: Ask) -> Mapping[str, object]:
    """Answer one channel code."""
    way = _own(ask)
    defaults: Body = {"remark": "", "state": "", "skip_verify": True, "is_temp": False, "user": [], "party": []}
    return {"contact_way": {"config_id": way.config_id, **defaults, **way.fields, **_qr(way)}}


@endpoint(
    "POST",
    "externalcontact/list_contact_way",
    integer("start_time"),
    integer("end_time"),
    integer("limit"),
    text("cursor"),
)
def list_contact_way(ask: Ask) -> Mapping[str, object]:
    """List the codes made in a time range, 90 days unless given; temporary ones are left out."""
    start, end = ask.body.get("start_time", ask.now - 90 * DAY), ask.body.get("end_time", ask.now)
    if start > end:
        raise Refusal(BAD, "start_time lies after end_time")
    ways = [
        one
        for one in ask.state.contact_ways.values()
        if start <= one.created_at <= end and one.agent_id == ask.app.agent_id and not one.fields.get("is_temp")
    ]
    rows, cursor = page(ask, ways, lambda one: one.seq, page_size(ask, default=100, most=1000, above="most"))
    return {"contact_way": [{"config_id": one.config_id} for one in rows], "next_cursor": cursor}


@endpoint(
    "POST",
    "externalcontact/update_contact_way",
    text("config_id", required=NO_CONFIG),
    integer("style", least=1, most=3, bad=BAD_STYLE),
    *EDITABLE,
)
def update_contact_way(ask: Ask) -> None:
    """Overwrite the fields that are given."""
    way, given = _own(ask), _given(ask)
    if expired(way, ask.time):
        raise Refusal(BAD_CONFIG, "a temporary contact way that has expired")
    changed = {**way.fields, **given}
    _check_style(changed)
    # Who has resigned stays behind a code that gets another remark.
    if not given.keys().isdisjoint(("user", "party")):
        _check_range(ask, changed)
    way.fields = changed


@endpoint("POST", "externalcontact/del_contact_way", text("config_id", required=NO_CONFIG))
def del_contact_way(ask: Ask) -> None:
    """Delete a channel code; who scans it afterwards reaches nobody."""
    del ask.state.contact_ways[_own(ask).config_id]


@endpoint(
    "POST",
    "externalcontact/close_temp_chat",
    text("userid", required=41009),
    text("external_userid", required=41035),
)
def close_temp_chat(ask: Ask) -> None:
    """End a temporary chat that is still open."""
    relation = look.relation(ask, ask.body["userid"], ask.body["external_userid"])
    if relation.temp_until <= ask.time:
        raise Refusal(NO_RELATION, "no temporary chat is open")
    relation.temp_until = 0.0


def full(ask: Ask) -> None:
    """Refuse one more code when contact ways and join ways together use up the corp's quota.

    Raises:
        Refusal: 41045.
    """
    lasting = sum(not one.fields.get("is_temp") for one in ask.state.contact_ways.values())
    if lasting + len(ask.state.join_ways) >= ask.limits.contact_ways:
        raise Refusal(FULL, f"at most {ask.limits.contact_ways} codes")


def _own(ask: Ask) -> ContactWay:
    way = ask.state.contact_ways.get(ask.body["config_id"])
    if way is None or way.agent_id != ask.app.agent_id:
        raise Refusal(BAD_CONFIG, "unknown to this app")
    return way


def _given(ask: Ask) -> Body:
    return {name: value for name, value in ask.body.items() if name != "config_id"} | closing_words(ask)


def _check_style(fields: Body) -> None:
    if fields["type"] == SEVERAL and fields.get("style", 1) >= STYLES_OF_ONE:
        raise Refusal(BAD_STYLE, "type 2 has the styles 1 and 2")


def _qr(way: ContactWay) -> Body:
    return {"qr_code": way.qr_code} if way.fields["scene"] == SEVERAL else {}


def _check_range(ask: Ask, fields: Body) -> None:
    """Hold the people of a code against its type, their rights and the limit of 100."""
    users: list[str] = fields.get("user") or []
    parties: list[int] = fields.get("party") or []
    if fields["type"] != SEVERAL and (len(users) != 1 or parties):
        raise Refusal(BAD, "type 1 takes exactly one user and no party")
    if fields.get("is_temp") and fields["type"] == SEVERAL:
        raise Refusal(BAD, "a temporary contact way is for one member, type 1")
    if not users and not parties:
        raise Refusal(MISSING, "user")
    everyone = set(users).union(*(ask.state.of_department(party) for party in parties))
    if len(everyone) > ask.limits.way_users:
        raise Refusal(CROWD, f"{len(everyone)} members, at most {ask.limits.way_users}")
    for userid in users:
        look.member(ask, userid)
    for party in parties:
        if party not in ask.state.departments():
            raise Refusal(NO_PARTY, str(party))
