"""Invite in the welcome message: the one message that goes out without a member's tap. It lives 20 seconds.

The invitation is written down as told before the call, so a repeated callback and a second worker send nothing again;
what the platform certainly refused is told in the usual way by the next `GroupDesk.apply`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.engine import Engine

from wecom_auto.automotive.groups import _invitations as book
from wecom_auto.automotive.groups._policy import WELCOME, GroupPolicy
from wecom_auto.automotive.groups._values import Action, Decision, GroupPlan, InviteWay
from wecom_auto.callbacks.events import CustomerAdded
from wecom_auto.errors import WeComError
from wecom_auto.models import Attachment
from wecom_auto.sop.sending import Lost, outcome_of

if TYPE_CHECKING:
    from wecom_auto._client import WeCom

WelcomeText = Callable[[Decision], str]
"""The words of a welcome that invites; `Decision.url` is the link or code."""
WelcomeAttachments = Callable[[Decision], Sequence[Attachment]]
"""What comes with them."""


def can_greet(event: CustomerAdded, now: datetime) -> bool:
    """Whether the event's code can still be used."""
    return bool(event.welcome_code) and now <= event.created_at + WELCOME


def greet(
    engine: Engine,
    corp_id: str,
    policy: GroupPolicy,
    plan: GroupPlan,
    client: WeCom,
    event: CustomerAdded,
    now: datetime,
    text: WelcomeText,
    attachments: WelcomeAttachments | None,
) -> bool:
    """Use the event's code for the invitation of a plan about this customer; whether it was, or may have been, used."""
    wanted = next((one for one in plan.of(Action.INVITE) if one.way is InviteWay.WELCOME), None)
    if wanted is None:
        return False
    words, more = text(wanted), attachments(wanted) if attachments else ()
    if not book.invite(engine, corp_id, policy, wanted.chat_id, [wanted], now, told=True):
        return False
    try:
        patient = client.with_options(attempts=1, timeout_seconds=5, max_wait_seconds=0)
        if patient.welcome.send(event.welcome_code, text=words, attachments=more):
            return True
    except WeComError as error:
        if isinstance(outcome_of(error), Lost):
            return True
    book.take_back(engine, corp_id, wanted, policy.way)
    return False
