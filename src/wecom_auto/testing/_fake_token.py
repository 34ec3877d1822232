"""The token chapter (获取access_token, manual 91039; tickets, 90506). Hands out tokens; the core checks them."""

from __future__ import annotations

from collections.abc import Mapping

from wecom_auto.testing._registry import Ask, endpoint
from wecom_auto.testing._spec import text
from wecom_auto.testing._state import App, Grant, State
from wecom_auto.testing._wire import Refusal

__all__ = ["app_of"]

NO_CORP, NO_SECRET, BAD_CORP, BAD_SECRET, BANNED = 41002, 41004, 40013, 40001, 45009
NO_TOKEN, BAD_TOKEN, EXPIRED = 41001, 40014, 42001
BAD_REQUEST = 40058
HOUR = 3_600


@endpoint("GET", "gettoken", text("corpid", required=NO_CORP), text("corpsecret", required=NO_SECRET), token=False)
def gettoken(ask: Ask) -> Mapping[str, object]:
    """Answer a token of the app whose secret was given."""
    misses = ask.state.bad_secrets.setdefault(ask.raw.ip, [])
    misses[:] = [at for at in misses if at > ask.time - HOUR]
    if len(misses) >= ask.limits.bad_secrets:
        raise Refusal(BANNED, "too many wrong secrets from this address, banned for an hour")
    if ask.body["corpid"] != ask.state.corp_id:
        raise Refusal(BAD_CORP)
    app = next((one for one in ask.state.apps if one.secret == ask.body["corpsecret"]), None)
    if app is None:
        misses.append(ask.time)
        raise Refusal(BAD_SECRET)
    return _issue(ask, app)


@endpoint("GET", "get_jsapi_ticket")
def get_jsapi_ticket(ask: Ask) -> Mapping[str, object]:
    """Answer the corp's ticket."""
    return _ticket(ask, "corp")


@endpoint("GET", "ticket/get", text("type", required=BAD_REQUEST))
def ticket_get(ask: Ask) -> Mapping[str, object]:
    """Answer the app's ticket of a kind."""
    if ask.body["type"] not in {"agent_config", "wx_card"}:
        raise Refusal(BAD_REQUEST, "type is agent_config or wx_card")
    return _ticket(ask, f"{ask.app.agent_id}/{ask.body['type']}")


def _ticket(ask: Ask, owner: str) -> Mapping[str, object]:
    """Hand out the same ticket while it lives."""
    value, ends = ask.state.tickets.get(owner, ("", 0.0))
    if ends <= ask.time:
        value, ends = ask.state.ids.letters("", "ticket", 64), ask.time + ask.settings.token_seconds
        ask.state.tickets[owner] = (value, ends)
    return {"ticket": value, "expires_in": int(ends - ask.time)}


@endpoint("GET", "get_api_domain_ip")
@endpoint("GET", "getcallbackip")
def addresses(ask: Ask) -> Mapping[str, object]:
    """Answer where the platform lives: on loopback, as the fake does."""
    del ask
    return {"ip_list": ["127.0.0.1"]}


def _issue(ask: Ask, app: App) -> Mapping[str, object]:
    living = {
        token: grant
        for token, grant in ask.state.grants.items()
        if grant.app is app and not grant.dead and grant.expires_at > ask.time
    }
    if ask.settings.token_rule == "same" and living:  # noqa: S105 - the name of a rule
        token, grant = next(iter(living.items()))
        return {"access_token": token, "expires_in": int(grant.expires_at - ask.time)}
    if ask.settings.token_rule == "new-kills-old":  # noqa: S105 - the name of a rule
        for grant in living.values():
            grant.dead = BAD_TOKEN
    token = ask.state.ids.letters("", "token", 64) * 2
    ask.state.grants[token] = Grant(app=app, expires_at=ask.time + ask.settings.token_seconds)
    return {"access_token": token, "expires_in": ask.settings.token_seconds}


def app_of(state: State, token: str, now: float) -> App:
    """Return the app that a token speaks for.

    Raises:
        Refusal: 41001 missing, 40014 unknown or revoked, 42001 expired.
    """
    if not token:
        raise Refusal(NO_TOKEN)
    grant = state.grants.get(token)
    if grant is None:
        raise Refusal(BAD_TOKEN)
    if grant.dead:
        raise Refusal(grant.dead)
    if now >= grant.expires_at:
        raise Refusal(EXPIRED)
    return grant.app
