"""Choose who sends a message, fill its content in, and see that it may be sent today. Writes nothing."""

from __future__ import annotations

from datetime import date

from attrs import evolve

from wecom_auto.errors import ConfigurationError
from wecom_auto.sop._document._actions import Moment, Sending
from wecom_auto.sop._document._moment_content import check as check_moment
from wecom_auto.sop._rows._batches import Audience
from wecom_auto.sop._rows._states import BatchKind, TouchStatus
from wecom_auto.sop._runs._judge import Verdict, faulty
from wecom_auto.sop._sending._absence import Presence
from wecom_auto.sop._shared._context import Context
from wecom_auto.sop._shared._faults import is_general
from wecom_auto.sop._shared._subjects import member_for
from wecom_auto.sop.contents import Content
from wecom_auto.sop.definition import Definition


def address(context: Context, verdict: Verdict, here: Presence) -> Verdict:
    """Choose the sender and fill the content in; an error in the content or in what fills it in puts the step off."""
    try:
        return _address(context, verdict, here)
    except Exception as error:
        if is_general(error):
            raise
        return faulty(verdict.touch, verdict.run, error, here.now)


def _address(context: Context, verdict: Verdict, here: Presence) -> Verdict:
    if verdict.action is None or verdict.definition is None or verdict.facts is None:
        return verdict
    sender = member_for(verdict.definition, verdict.facts, verdict.run.userid)
    if sender is None:
        return evolve(verdict, action=None, state=TouchStatus.SKIPPED, reason="blocked:not_friend")
    chosen = here.stand_in(verdict.definition, verdict.facts, verdict.touch, sender)
    if chosen.reason:
        state = TouchStatus.EXPIRED if chosen.later is None else TouchStatus.DUE
        return evolve(verdict, action=None, state=state, reason=chosen.reason, later=chosen.later)
    sender = chosen.userid
    audience = _audience(context, verdict.action)
    if audience is None:
        return evolve(verdict, action=None, state=TouchStatus.FAILED, reason="failed:unknown_tag")
    try:
        content = context.contents.render(verdict.action.content, context.settings.variables(sender))
        if verdict.kind is BatchKind.MOMENT:
            check_moment(content)
        content.stamped(context.settings.link_parameter, "batch")
    except ConfigurationError:
        return evolve(verdict, action=None, state=TouchStatus.FAILED, reason="failed:content")
    unfit = _unfit(content, verdict.definition, here.now.astimezone(context.settings.zone).date())
    if unfit:
        return evolve(verdict, action=None, state=TouchStatus.SKIPPED, reason=unfit)
    return evolve(verdict, sender=sender, content=content, audience=audience)


def _audience(context: Context, action: Sending) -> str | None:
    """Who publishes a moment and who may see it; empty for messages.

    `None` if a tag does not exist: leaving it out would show the moment to customers it is not for.
    """
    if not isinstance(action, Moment):
        return ""
    found = [context.book.tag_ids(name) for name in action.visible]
    if not all(found):
        return None
    tag_ids = tuple(sorted({tag_id for ids in found for tag_id in ids}))
    return Audience(tag_ids=tag_ids, userids=tuple(context.settings.publishers)).to_json()


def _unfit(content: Content, definition: Definition, today: date) -> str:
    """Why a content must not be sent today, or by this SOP; empty if it may."""
    if not content.is_valid_on(today):
        return "expired:content"
    return "blocked:audience" if content.audience and definition.category not in content.audience else ""
