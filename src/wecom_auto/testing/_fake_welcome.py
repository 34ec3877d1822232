"""The welcome chapter (发送新客户欢迎语, manual 92137): 20 seconds, once."""

from __future__ import annotations

from wecom_auto.testing._content import CONTENT, checked_content
from wecom_auto.testing._registry import Ask, endpoint
from wecom_auto.testing._spec import text
from wecom_auto.testing._wire import Refusal

NO_CODE, BAD_CODE, CHATTING, BEING_SENT = 41049, 41050, 41051, 41096
SECONDS = 20


@endpoint("POST", "externalcontact/send_welcome_msg", text("welcome_code", required=NO_CODE), *CONTENT)
def send_welcome_msg(ask: Ask) -> None:
    """Greet a new customer; the first app that calls wins."""
    welcome = ask.state.welcomes.get(ask.body["welcome_code"])
    if welcome is None:
        raise Refusal(BAD_CODE)
    relation = ask.state.people[welcome.external_userid].followers.get(welcome.userid)
    sending_until = welcome.taken_at + ask.settings.welcome_lag.total_seconds()
    if welcome.taken_by not in (None, ask.app.agent_id) and ask.time < sending_until:
        raise Refusal(BEING_SENT)
    if welcome.taken_by is not None or (relation is not None and relation.chatted_at):
        raise Refusal(CHATTING)
    if ask.time > welcome.issued_at + SECONDS or relation is None:
        raise Refusal(BAD_CODE, "older than 20 s")
    welcome.content = checked_content(ask)
    welcome.taken_by, welcome.taken_at = ask.app.agent_id, ask.time
    relation.welcome_used = True
