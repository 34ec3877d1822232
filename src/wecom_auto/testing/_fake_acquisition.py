"""The acquisition-link chapter (获客助手, manual 97297, 97298, 97375, 100130): links, customers, statistics, quota.

Unverified: 40058 for a link that does not exist or belongs to another app, for a dead chat key, for more than 500
people, and for statistics of more than 30 days apart or 180 days ago; 48002 for a priority in a trade without it, and
for apps that are neither 营销获客 nor a component; that `mark_source` of other apps is passed over in silence;
that customers stay listed after one side has deleted the other; that a deleted link has no statistics.
A `chat_status` of 2 (unknown) never comes: the fake always knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wecom_auto.testing import _lookups as look
from wecom_auto.testing._link_rules import CHAT_KEY_SECONDS, balance, last_day, members_of, range_of
from wecom_auto.testing._paging import page, page_size
from wecom_auto.testing._registry import Ask, endpoint
from wecom_auto.testing._spec import flag, integer, items, nested, text
from wecom_auto.testing._state_acquisition import Link, LinkCustomer, Permit
from wecom_auto.testing._wire import Body, Refusal

MISSING, BAD, FULL, NO_PARTY, NOT_ALLOWED, NO_USER = 40063, 40058, 41095, 60123, 48002, 60111
DAY: Final = 86_400
BEIJING: Final = 8 * 3_600
DAYS_BACK, DAYS_APART = 180, 30
CORP, MEMBERS = 1, 2
OPTIONS: Final = (
    nested("range", items("user_list", most=500), items("department_list", int)),
    nested(
        "priority_option",
        integer("priority_type", required=MISSING, enum=(CORP, MEMBERS)),
        items("priority_userid_list", most=1000),
    ),
    flag("skip_verify"),
    flag("mark_source"),
)
LINK_ID: Final = text("link_id", required=MISSING)


@endpoint(
    "POST",
    "externalcontact/customer_acquisition/create_link",
    text("link_name", required=MISSING, chars=30),
    *OPTIONS,
)
def create_link(ask: Ask) -> Mapping[str, object]:
    """Make a link."""
    most = ask.limits.links
    if most is not None and len(ask.state.acquisition.links) >= most:
        raise Refusal(FULL, f"at most {most} links")
    fields = _settings(ask)
    _check_people(ask, fields.get("range") or {})
    _check_priority(ask, fields.get("priority_option"))
    link_id = ask.state.ids.letters("caw", "link", 18)
    link = Link(
        seq=ask.state.ids.number("link"),
        link_id=link_id,
        agent_id=ask.app.agent_id,
        created_at=ask.now,
        url=f"https://work.weixin.qq.com/ca/{link_id}",
        fields=fields,
    )
    ask.state.acquisition.links[link_id] = link
    shown = {"link_name": fields["link_name"], "url": link.url, "create_time": link.created_at}
    return {"link": {"link_id": link_id, **shown}}


@endpoint("POST", "externalcontact/customer_acquisition/get", LINK_ID)
def get(ask: Ask) -> Mapping[str, object]:
    """Answer one link; its id is left out, as in the manual's example."""
    link = _own(ask)
    shown: Body = {
        "link_name": link.fields["link_name"],
        "url": link.url,
        "create_time": link.created_at,
        "skip_verify": link.fields.get("skip_verify", True),
    }
    if ask.app.agent_id in ask.state.acquisition.permits:
        shown["mark_source"] = link.fields.get("mark_source", True)
    people: Body = {"user_list": [], "department_list": [], **range_of(link)}
    priority = link.fields.get("priority_option")
    return {"link": shown, "range": people, **({"priority_option": priority} if priority else {})}


@endpoint("POST", "externalcontact/customer_acquisition/list_link", integer("limit"), text("cursor"))
def list_link(ask: Ask) -> Mapping[str, object]:
    """List the ids of the app's own links."""
    links = [one for one in ask.state.acquisition.links.values() if one.agent_id == ask.app.agent_id]
    rows, cursor = page(ask, links, lambda one: one.seq, page_size(ask, default=100, most=100, above="most"))
    return {"link_id_list": [one.link_id for one in rows], "next_cursor": cursor}


@endpoint(
    "POST",
    "externalcontact/customer_acquisition/update_link",
    LINK_ID,
    text("link_name", chars=30),
    *OPTIONS,
)
def update_link(ask: Ask) -> None:
    """Overwrite the fields that are given; range and priority as a whole."""
    link = _own(ask)
    given = _settings(ask)
    # Who has resigned stays behind a link that gets another name.
    if "range" in given:
        _check_people(ask, given["range"])
    _check_priority(ask, given.get("priority_option"))
    link.fields = link.fields | given
    link.unavailable = False


@endpoint("POST", "externalcontact/customer_acquisition/delete_link", LINK_ID)
def delete_link(ask: Ask) -> None:
    """Delete a link; who opens it afterwards reaches nobody."""
    del ask.state.acquisition.links[_own(ask).link_id]


@endpoint("POST", "externalcontact/customer_acquisition/customer", LINK_ID, integer("limit"), text("cursor"))
def customer(ask: Ask) -> Mapping[str, object]:
    """List who was added through a link; who waits for the member is not."""
    came = [one for one in _own(ask).customers if not one.pending]
    size = page_size(ask, default=1000, most=1000, above="most")
    rows, cursor = page(ask, came, lambda one: one.seq, size)
    return {"customer_list": [_show(one) for one in rows], "next_cursor": cursor}


@endpoint(
    "POST",
    "externalcontact/customer_acquisition/statistic",
    LINK_ID,
    integer("start_time", required=MISSING),
    integer("end_time", required=MISSING),
)
def statistic(ask: Ask) -> Mapping[str, object]:
    """Count who opened a link and who was added, in whole days of Beijing, the last one included."""
    link = _own(ask)
    first, last, today = (_day(one) for one in (ask.body["start_time"], ask.body["end_time"], ask.time))
    if not 0 <= last - first <= DAYS_APART:
        raise Refusal(BAD, f"end_time must follow start_time within {DAYS_APART} days")
    if first < today - DAYS_BACK:
        raise Refusal(BAD, f"only the last {DAYS_BACK} days are known")
    clicked = {who for at, who in link.clicks if first <= _day(at) <= last}
    added = [one for one in link.customers if not one.pending and first <= _day(one.added_at) <= last]
    return {"click_link_customer_cnt": len(clicked), "new_customer_cnt": len(added)}


@endpoint("GET", "externalcontact/customer_acquisition_quota")
def customer_acquisition_quota(ask: Ask) -> Mapping[str, object]:
    """Answer the corp's uses, and on which days they end."""
    quota = ask.state.acquisition
    ends: dict[int, int] = {}
    for package in sorted(quota.packages, key=lambda one: one.expires_at):
        if package.balance:
            ends[last_day(package)] = ends.get(last_day(package), 0) + package.balance
    batches = [{"expire_date": at, "balance": left} for at, left in ends.items()]
    return {"total": quota.used, "balance": balance(quota), "quota_list": batches}


@endpoint("POST", "externalcontact/customer_acquisition/get_chat_info", text("chat_key", required=MISSING))
def get_chat_info(ask: Ask) -> Mapping[str, object]:
    """Answer who stands behind a chat key of the last 30 minutes."""
    key = ask.state.acquisition.chat_keys.get(ask.body["chat_key"])
    if key is None or key.customer.agent_id != ask.app.agent_id or ask.time > key.issued_at + CHAT_KEY_SECONDS:
        raise Refusal(BAD, "chat_key is unknown to this app, or older than 30 minutes")
    came = key.customer
    info = {"recv_msg_cnt": key.received, "link_id": came.link_id, "state": came.state}
    return {"userid": came.userid, "external_userid": came.external_userid, "chat_info": info}


@endpoint("POST", "externalcontact/customer_acquisition/get_comp_auth_info")
def get_comp_auth_info(ask: Ask) -> Mapping[str, object]:
    """Answer how the corp authorised the component that asks."""
    component = ask.state.acquisition.components.get(ask.app.agent_id)
    if component is None:
        raise Refusal(NOT_ALLOWED, "this app is no acquisition component: see fake.authorize_component(...)")
    shown: Body = {"pay_mode": component.pay_mode, "link_auth_mode": component.link_auth_mode}
    if component.pay_mode:
        shown["price"] = component.price_fen
    if component.link_auth_mode:
        shown["auth_apps"] = [{"agentid": one} for one in component.agent_ids]
    return shown


@endpoint("GET", "externalcontact/customer_acquisition_app/get_permit")
def get_permit(ask: Ask) -> Mapping[str, object]:
    """Answer whom a 营销获客 app may connect customers to."""
    permit = ask.state.acquisition.permits.get(ask.app.agent_id)
    if permit is None:
        raise Refusal(NOT_ALLOWED, "only for 营销获客 apps: fake.permit_links(...) makes this app one")
    return {"user_list": permit.userids, "department_list": permit.department_ids, "tag_list": permit.tag_ids}


def _settings(ask: Ask) -> Body:
    """Return the settings that the request gives; an empty name is none."""
    given = {name: value for name, value in ask.body.items() if name != "link_id" and value is not None}
    return given if given.get("link_name") else {name: one for name, one in given.items() if name != "link_name"}


def _check_people(ask: Ask, wanted: Body) -> None:
    """Hold the people of a link against the rules."""
    users, parties = wanted.get("user_list") or [], wanted.get("department_list") or []
    if not users and not parties:
        raise Refusal(MISSING, "range.user_list or range.department_list")
    for party in parties:
        if party not in ask.state.departments():
            raise Refusal(NO_PARTY, str(party))
    for userid in users:
        _may_have(ask, userid)
    people = len(members_of(ask.state, wanted))
    if people > ask.limits.link_people:
        raise Refusal(BAD, f"range: {people} people, at most {ask.limits.link_people}")


def _may_have(ask: Ask, userid: str) -> None:
    permit = ask.state.acquisition.permits.get(ask.app.agent_id)
    if permit is None or userid not in _permitted(ask, permit):
        look.member(ask, userid)


def _permitted(ask: Ask, permit: Permit) -> list[str]:
    return members_of(ask.state, {"user_list": permit.userids, "department_list": permit.department_ids})


def _check_priority(ask: Ask, option: Body | None) -> None:
    if not option:
        return
    if not ask.settings.link_priority:
        raise Refusal(NOT_ALLOWED, "priority_option is for some trades: Settings(link_priority=True) makes this one")
    listed = option.get("priority_userid_list") or []
    if option["priority_type"] == MEMBERS and not listed:
        raise Refusal(MISSING, "priority_option.priority_userid_list")
    for userid in listed:
        if userid not in ask.state.members:
            raise Refusal(NO_USER, userid)


def _own(ask: Ask) -> Link:
    link = ask.state.acquisition.links.get(ask.body["link_id"])
    if link is None or link.agent_id != ask.app.agent_id:
        raise Refusal(BAD, "link_id: unknown to this app, or deleted")
    return link


def _show(came: LinkCustomer) -> Body:
    ids = {"external_userid": came.external_userid, "userid": came.userid}
    return {**ids, "chat_status": int(came.received > 0), "state": came.state}


def _day(at: float) -> int:
    return int(at + BEIJING) // DAY
