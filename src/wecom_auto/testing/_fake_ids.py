"""The conversion of identifiers (ID 转换, manual 92323, 93274, 94822, 95195, 95327, 95884), each for its kinds of app.

Unverified: that a customer whom an app may not see answers 40096; 41056 for the openid of a WeCom user; 60011 for a
group whose owner is out of range; 846000 where a self-built app is refused and 48002 for other kinds of app; that ids
which cannot be upgraded are left out; that a unionid which nobody has answers no id, and that an openid beside it is
looked at (40073 unknown, 610018 somebody else's). `to_service_external_userid` and the two `get_new_external_userid`
are known from typed models only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wecom_auto.testing import _lookups as look
from wecom_auto.testing._forms import app_form, opengid, openid
from wecom_auto.testing._registry import Ask, endpoint
from wecom_auto.testing._spec import integer, items, text
from wecom_auto.testing._state import App, Group, Person
from wecom_auto.testing._wire import Refusal

MISSING, NO_EXTERNAL, NO_CUSTOMER, NO_OPENID, NOT_WECHAT = 40063, 41035, 40096, 40073, 41056
NO_OPENGID, NOT_VISIBLE, NO_PERMISSION, PROVIDERS_ONLY = 90511, 60011, 48002, 846000
OTHERS_OPENID, NO_SIBLING, SIBLING_BLIND, NO_APP = 610018, 610020, 610021, 301002
WECHAT, OUTSIDER = 1, 2
IDS = items("external_userid_list", required=MISSING, most=1000)
EXTERNAL = text("external_userid", required=NO_EXTERNAL)


@endpoint("POST", "externalcontact/convert_to_openid", EXTERNAL)
def convert_to_openid(ask: Ask) -> Mapping[str, object]:
    """Answer the openid of a WeChat customer (92323)."""
    person = _find(ask, ask.app, ask.body["external_userid"])
    if person.type != WECHAT:
        raise Refusal(NOT_WECHAT, "a WeCom user has no openid")
    return {"openid": openid(ask.state.ids, person.external_userid)}


@endpoint("POST", "externalcontact/opengid_to_chatid", text("opengid", required=MISSING))
def opengid_to_chatid(ask: Ask) -> Mapping[str, object]:
    """Answer the customer group that a mini program was opened in (94822)."""
    wanted = ask.body["opengid"]
    living = (one for one in ask.state.groups.values() if not one.dismissed)
    group = next((one for one in living if opengid(ask.state.ids, one.chat_id) == wanted), None)
    if group is None:
        raise Refusal(NO_OPENGID, "fake.opengid_of(group) gives one")
    if not look.visible(ask, group.owner):
        raise Refusal(NOT_VISIBLE, "the owner is outside the visible range")
    return {"chat_id": group.chat_id}


@endpoint(
    "POST",
    "externalcontact/from_service_external_userid",
    EXTERNAL,
    integer("source_agentid", required=MISSING),
)
def from_service_external_userid(ask: Ask) -> Mapping[str, object]:
    """Answer the corp's id of a customer whom a provider's app sees otherwise; both apps must see them (95884)."""
    if ask.app.kind != "self-built":
        raise Refusal(NO_PERMISSION, "self-built apps only")
    source = next((one for one in ask.state.apps if one.agent_id == ask.body["source_agentid"]), None)
    if source is None or source.kind == "self-built":
        raise Refusal(NO_APP, "source_agentid is no provider's app; see kind= of fake.add_app(...)")
    person = _find(ask, source, ask.body["external_userid"])
    if not _seen(ask, ask.app, person):
        raise Refusal(NO_CUSTOMER, "the calling app may not see this customer")
    return {"external_userid": person.external_userid}


@endpoint("POST", "externalcontact/to_service_external_userid", EXTERNAL)
def to_service_external_userid(ask: Ask) -> Mapping[str, object]:
    """Answer a delegated app's customer as the third-party app of the same provider sees them (95195)."""
    if ask.app.kind != "delegated":
        raise Refusal(NO_PERMISSION, "delegated apps only; see kind= of fake.add_app(...)")
    apps = ask.state.apps
    sibling = next((one for one in apps if one.kind == "third-party" and one.provider == ask.app.provider), None)
    if sibling is None:
        raise Refusal(NO_SIBLING, f"no third-party app of {ask.app.provider!r}")
    if not sibling.customer_contact:
        raise Refusal(SIBLING_BLIND, f"app {sibling.agent_id}")
    person = _find(ask, ask.app, ask.body["external_userid"])
    return {"external_userid": app_form(ask.state.ids, sibling, person.external_userid)}


@endpoint("POST", "externalcontact/unionid_to_external_userid", text("unionid", required=MISSING), text("openid"))
def unionid_to_external_userid(ask: Ask) -> Mapping[str, object]:
    """Answer a provider's app the customer with a unionid, or no id (93274)."""
    _providers_only(ask)
    unionid, given = ask.body["unionid"], ask.body.get("openid")
    found = next((one for one in ask.state.people.values() if one.unionid == unionid), None)
    if given:
        _check_openid(ask, given, found)
    if found is None or not _seen(ask, ask.app, found):
        return {}
    return {"external_userid": app_form(ask.state.ids, ask.app, found.external_userid)}


@endpoint("POST", "externalcontact/get_new_external_userid", IDS)
def get_new_external_userid(ask: Ask) -> Mapping[str, object]:
    """Answer the ids of today for those from before the upgrade, of customers whom the app sees (95327)."""
    _providers_only(ask)
    return _upgraded(ask, (one for one in ask.state.people.values() if _followed(ask.app, one)))


@endpoint("POST", "externalcontact/groupchat/get_new_external_userid", text("chat_id", required=MISSING), IDS)
def groupchat_get_new_external_userid(ask: Ask) -> Mapping[str, object]:
    """Answer the ids of today for those of a group's members, customers or not (95327)."""
    _providers_only(ask)
    group = look.group(ask, ask.body["chat_id"])
    people = ask.state.people
    return _upgraded(ask, (people[one.userid] for one in group.members.values() if one.type == OUTSIDER))


def _providers_only(ask: Ask) -> None:
    if ask.app.kind == "self-built":
        raise Refusal(PROVIDERS_ONLY, "see kind= of fake.add_app(...)")


def _upgraded(ask: Ask, people: Iterable[Person]) -> Mapping[str, object]:
    """Return rows for the ids that can be mapped, in the order of the request."""
    ids, app = ask.state.ids, ask.app
    known = {app_form(ids, app, one.external_userid, before_upgrade=True): one.external_userid for one in people}
    wanted = [one for one in ask.body["external_userid_list"] if one in known]
    rows = [{"external_userid": one, "new_external_userid": app_form(ids, app, known[one])} for one in wanted]
    return {"items": rows}


def _find(ask: Ask, app: App, form: str) -> Person:
    """Return the customer whom an app knows by an id.

    Raises:
        Refusal: 40096 when it knows nobody by it, or may not see them.
    """
    people: Iterable[Person] = ask.state.people.values()
    if app.kind == "self-built":
        people = filter(None, [ask.state.people.get(form)])
    ids = ask.state.ids
    found = next((one for one in people if app_form(ids, app, one.external_userid) == form), None)
    if found is None:
        raise Refusal(
            NO_CUSTOMER, f"fake.external_userid_for(customer, {app.agent_id}) gives the id as this app knows it"
        )
    if not _seen(ask, app, found):
        raise Refusal(NO_CUSTOMER, f"no follower is visible to app {app.agent_id}")
    return found


def _seen(ask: Ask, app: App, person: Person) -> bool:
    """Whether a member whom an app sees follows a customer, or owns a group that they are in."""
    owners = (one.owner for one in ask.state.groups.values() if _inside(one, person))
    return _followed(app, person) or any(_visible(app, one) for one in owners)


def _followed(app: App, person: Person) -> bool:
    return any(_visible(app, one.userid) for one in person.followers.values() if not one.half)


def _visible(app: App, userid: str) -> bool:
    return app.visible is None or userid in app.visible


def _inside(group: Group, person: Person) -> bool:
    return not group.dismissed and person.external_userid in group.members


def _check_openid(ask: Ask, given: str, owner: Person | None) -> None:
    known = {openid(ask.state.ids, one): one for one in ask.state.people}
    if given not in known:
        raise Refusal(NO_OPENID, "fake.openid_of(customer) gives one")
    if owner is None or known[given] != owner.external_userid:
        raise Refusal(OTHERS_OPENID, "unionid and openid are of two people")
