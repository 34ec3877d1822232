"""Rules of customer service (微信客服) that calls and scenes share: rows that are pulled, and codes that pay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from wecom_auto.callbacks.events import Event, KfMessagesWaiting
from wecom_auto.testing._records import moment
from wecom_auto.testing._state import State
from wecom_auto.testing._state_kf import KfAccountRow, KfCode, KfTalk
from wecom_auto.testing._wire import Body

__all__ = ["ASSISTANT", "CLOSED", "DAYS_2", "END_CODE", "NEW", "POOL", "SERVED", "TOKEN_SECONDS", "code", "row"]

NEW, ASSISTANT, POOL, SERVED, CLOSED = 0, 1, 2, 3, 4
CUSTOMER: Final = 3
SYSTEM: Final = 4
SERVICER: Final = 5
DAYS_2: Final = 48 * 3_600
END_CODE: Final = 20
TOKEN_SECONDS: Final = 600


def row(state: State, account: KfAccountRow, at: float, origin: int, part: Body, emit: Callable[[Event], None]) -> str:
    """Put one message or event where it is pulled from, and tell that something is there; return its msgid."""
    msgid = state.ids.letters("", "kf message", 32)
    head = {"msgid": msgid, "send_time": int(at), "origin": origin}
    account.rows.append({**head, **part})
    token = state.ids.letters("ENC", "kf token", 48)
    state.kf.tokens[token] = at + TOKEN_SECONDS
    emit(KfMessagesWaiting(created_at=moment(int(at)), to_user=state.corp_id, token=token, open_kfid=account.open_kfid))
    return msgid


def code(
    state: State,
    account: KfAccountRow,
    external_userid: str,
    talk: KfTalk,
    *,
    until: float,
    text_only: bool = False,
) -> str:
    """Make a code for one message, as long as the conversation stays as it is."""
    made = state.ids.letters("", "kf code", 43)
    state.kf.codes[made] = KfCode(
        open_kfid=account.open_kfid,
        external_userid=external_userid,
        state=talk.state,
        until=until,
        text_only=text_only,
    )
    return made
