"""Send the welcome message in the callback's path: its code lives 20 seconds and works once.

The step is written down before the call, so no other worker and no second callback sends it again.
Manual: https://developer.work.weixin.qq.com/document/path/92137 (发送新客户欢迎语).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import frozen

from wecom_auto.callbacks.events import CustomerAdded
from wecom_auto.errors import WeComError
from wecom_auto.sop import store
from wecom_auto.sop._document._actions import ServerAction, Welcome
from wecom_auto.sop._rows import _journal
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._states import TouchStatus
from wecom_auto.sop._runs._advance import replan, touch_row
from wecom_auto.sop._sending import _media
from wecom_auto.sop._shared._context import Context
from wecom_auto.sop._shared._faults import is_general
from wecom_auto.sop.planner import Decision, DecisionKind
from wecom_auto.sop.sending import Lost, outcome_of
from wecom_auto.sop.store import Enrolment, Touch
from wecom_auto.store import insert_once, reading, repeatable, transaction


@frozen(kw_only=True)
class _Planned:
    run: Enrolment
    decisions: tuple[Decision, ...]
    action: Welcome


def send_welcome(context: Context, event: CustomerAdded, now: datetime, deadline: datetime) -> bool:
    """Use the event's code for the first welcome step that is due for this customer and member.

    Args:
        context: The corp.
        event: With its code.
        now: Aware.
        deadline: When the code dies.

    Returns:
        Whether a message was sent.
    """
    planned = _find(context, event, now)
    if planned is None or not event.welcome_code:
        return False
    touch = _write_down(context, planned, now)
    if touch is None:
        return False
    state, reason = _send(context, event.welcome_code, planned.action, event.userid, now, deadline)
    _write_answer(context, planned.run, touch, state, reason, now)
    return state is TouchStatus.DELIVERED


@repeatable
def _write_answer(
    context: Context, run: Enrolment, touch: Touch, state: TouchStatus, reason: str, now: datetime
) -> None:
    sent = state is TouchStatus.DELIVERED
    step = context.catalogue.cached(context.engine, run.sop, run.version).step(touch.step)
    goes_on = sent and any(isinstance(one, ServerAction) and not isinstance(one, Welcome) for one in step.do)
    with transaction(context.engine) as connection:
        store.move_touches(
            connection,
            [touch],
            state,
            reason=reason,
            sent_at=now if sent else None,
            check_at=now if goes_on else None,
        )
        _journal.write(connection, context.corp_id, now, store.lines([touch], {run.id: run}, reason))


def _find(context: Context, event: CustomerAdded, now: datetime) -> _Planned | None:
    pair = (event.external_userid, event.userid)
    with reading(context.engine) as connection:
        running = set(context.catalogue.running(connection))
        runs = store.active_of(connection, context.corp_id, *pair)
        touched = store.touches_of(connection, runs)
    facts = context.book.facts_for([pair])[pair]
    for run in runs.values():
        if run.sop not in running:
            continue
        try:
            planned = replan(context, run, facts, touched.get(run.id, {}), now)
        except Exception as error:
            if is_general(error):
                raise
            # The code lives for seconds: another run may still greet with it, and a tick tells what is wrong here.
            continue
        for one in planned.decisions:
            if one.kind is DecisionKind.WELCOME and isinstance(one.do, Welcome):
                return _Planned(run=run, decisions=(one,), action=one.do)
    return None


@repeatable
def _write_down(context: Context, planned: _Planned, now: datetime) -> Touch | None:
    row = touch_row(context.corp_id, planned.run, planned.decisions, now)
    if row is None:
        return None
    # Looked at again only if this process dies before it has written the answer.
    values = {"state": TouchStatus.REQUESTED.value, "reason": "requested", "check_at": now + timedelta(minutes=2)}
    with transaction(context.engine) as connection:
        # The database says who was first: two callbacks of one event may be at work at the same moment.
        if not insert_once(connection, t.touches, row | values):
            return None
        return store.touches_of(connection, [planned.run.id])[planned.run.id][planned.decisions[0].step_id]


def _send(
    context: Context, code: str, action: Welcome, sender: str, now: datetime, deadline: datetime
) -> tuple[TouchStatus, str]:
    if now >= deadline:
        return TouchStatus.EXPIRED, "expired:code"
    try:
        rendered = context.contents.render(action.content, context.settings.variables(sender))
        content = _media.provide(context, rendered, now)
        context.client.with_options(attempts=1, timeout_seconds=5, max_wait_seconds=0).welcome.send(
            code, text=content.message, attachments=content.attachments
        )
    except WeComError as error:
        if isinstance(outcome_of(error), Lost):
            return TouchStatus.EXPIRED, "unknown:welcome"
        return TouchStatus.FAILED, f"failed:{getattr(error, 'errcode', 'welcome')}"
    return TouchStatus.DELIVERED, "sent"
