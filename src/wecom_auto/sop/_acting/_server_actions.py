"""Carry out what a server can do by itself: tags, pools, stages, messages to members, webhooks.

All of it may be repeated: marking a tag twice marks it once, and a webhook has a key by which it knows a repeat.
Tags that we change by API cause no callback, so they are taken into the directory at once.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from wecom_auto.errors import ConfigurationError
from wecom_auto.sop._document._actions import MovePool, Notice, SetStage, Tag, Untag, Webhook
from wecom_auto.sop._document._policies import Target
from wecom_auto.sop._runs._jobs import Job
from wecom_auto.sop._shared._context import Context, Tick
from wecom_auto.sop._shared._webhooks import WebhookCall
from wecom_auto.sop.tasks._notices import say
from wecom_auto.store import repeatable, transaction

_LOG: Final = logging.getLogger("wecom_auto.sop")
Changed: TypeAlias = tuple[Literal["tag", "stage"], str]
"""What an action has changed that other SOPs may wait for."""


class BlockedError(Exception):
    """An action cannot be done, now or ever; the text is the reason code."""


class WebhookError(Exception):
    """A webhook of the program has failed; it is called again later."""


def act(context: Context, tick: Tick, job: Job) -> list[Changed]:
    """Do all server actions of a step, the cheap and repeatable ones first.

    Raises:
        BlockedError: One of them can never be done.
        WeComError: The platform refuses, perhaps for now.
        WebhookError: The program's own function fails.
    """
    words = [_words(context, job, action.text) for action in job.actions if isinstance(action, Notice)]
    changed: list[Changed] = [("tag", name) for name in _mark(context, job)]
    for action in job.actions:
        match action:
            case MovePool(pool=pool):
                context.book.set_attribute(job.run.external_userid, "pool", pool)
            case SetStage(name=name):
                context.book.set_attribute(job.run.external_userid, "stage", name)
                changed.append(("stage", name))
            case _:
                # Planned by somebody else, or done below.
                continue
    for name in [action.name for action in job.actions if isinstance(action, Webhook)]:
        _call(context, job, name)
    # Last, because it is the one thing that a repetition would do twice.
    _notify(context, tick, job, words)
    return changed


def _mark(context: Context, job: Job) -> list[str]:
    """Put the tags of the step on and off in one call."""
    add = [one.name for one in job.actions if isinstance(one, Tag)]
    remove = [one.name for one in job.actions if isinstance(one, Untag)]
    if not add and not remove:
        return []
    if not job.facts.following():
        reason = "blocked:not_friend"
        raise BlockedError(reason)
    ids = {name: context.book.tag_ids(name) for name in (*add, *remove)}
    unknown = [name for name, found in ids.items() if not found]
    if unknown:
        reason = "failed:unknown_tag"
        raise BlockedError(reason)
    # A name may stand in several groups; the first one is put on, every one is taken off.
    on = [ids[name][0] for name in add]
    off = [tag_id for name in remove for tag_id in ids[name]]
    customer, member = job.run.external_userid, job.run.userid
    context.client.tags.mark(member, customer, add=on, remove=off)
    context.book.mark_tags(member, customer, add=on, remove=off)
    return add


def _words(context: Context, job: Job, text: str) -> str:
    """A content by name, or the words themselves."""
    try:
        return context.contents.render(text, context.settings.variables(_acting(job))).text
    except ConfigurationError:
        # What is no name of a content is the message; what looks like one is a mistake.
        if text.startswith("tpl/"):
            reason = "failed:content"
            raise BlockedError(reason) from None
        return text


def _acting(job: Job) -> str:
    return job.run.userid or (job.run.external_userid if job.definition.target is Target.STAFF else "")


@repeatable
def _notify(context: Context, tick: Tick, job: Job, words: Sequence[str]) -> None:
    """Put messages to the acting member on their way."""
    member = _acting(job)
    if not (member and words):
        return
    with transaction(context.engine) as connection:
        for text in words:
            say(connection, context.office, member, text, tick.now())


def _call(context: Context, job: Job, name: str) -> None:
    port = context.webhooks.get(name)
    if port is None:
        reason = "failed:unknown_webhook"
        raise BlockedError(reason)
    call = WebhookCall(
        name=name,
        key=f"{context.corp_id}:{job.touch.id}:{name}",
        corp_id=context.corp_id,
        sop=job.run.sop,
        version=job.run.version,
        step=job.touch.step,
        external_userid=job.run.external_userid,
        userid=job.run.userid,
    )
    try:
        port(call)
    except Exception as error:
        # Whatever the program's own function raises must not stop the corp's other work; its text may name people.
        _LOG.warning("webhook %r of %s/%s failed: %s", name, call.sop, call.step, type(error).__name__)
        raise WebhookError(type(error).__name__) from error
