"""Look for a second task of one batch in the platform's list, and withdraw the younger one. It should find none.

The platform checks no fence: a process that is frozen between its last check and the write, for longer than its lease,
creates a task although another worker has asked for the batch again.
Only a task that is proved ours is touched: it names the batch in a link; or it says the same, to our sender, and to
nobody but customers of the batch, after the batch was made.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from attrs import evolve, frozen

from wecom_auto.errors import APIError, WeComError
from wecom_auto.models import ChatType, FilterType, LinkAttachment, MassMessage, MiniProgramAttachment
from wecom_auto.sop import store
from wecom_auto.sop._document._files import media_ids_of
from wecom_auto.sop._rows import _batches, _journal
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._batches import BatchRow, SupersededError
from wecom_auto.sop._rows._states import BatchKind, BatchStatus, TouchStatus
from wecom_auto.sop._sending import _media, _scans
from wecom_auto.sop._sending._likeness import could_be
from wecom_auto.sop._shared._context import Context, Tick
from wecom_auto.sop.sending import Move
from wecom_auto.store import reading, repeatable, transaction

_FIRST: Final = timedelta(days=7)
"""How far back the first sweep looks."""
_FROZEN: Final = timedelta(days=3)
"""The longest time that a process is believed to sleep between its check and its write."""
_ALREADY_CANCELLED: Final = 41093
# Moments are not swept: the list of moments names neither the job nor all members who have to publish.
_CHATS: Final = {BatchKind.SINGLE: ChatType.SINGLE, BatchKind.GROUP: ChatType.GROUP}


@frozen(kw_only=True)
class Swept:
    """What a sweep found.

    Attributes:
        tasks: How many tasks of the corp were read.
        duplicates: How many of them were a second task of one batch. It should be zero.
        suspects: Tasks that look like a second one but are not proved ours: left alone, for a person to see.
        until: Up to which time the list was read.
    """

    tasks: int = 0
    duplicates: tuple[str, ...] = ()
    suspects: tuple[str, ...] = ()
    until: datetime | None = None


def sweep_if_due(context: Context, tick: Tick) -> None:
    """Sweep if it is time."""
    every = context.settings.sweep_every
    if not every:
        return
    now = tick.now()
    read_until = _scans.turn(context, "sweep", every, now, begin_at=now - _FIRST)
    if read_until is not None:
        sweep(context, tick, read_until)


def sweep(context: Context, tick: Tick, read_until: datetime | None = None) -> Swept:
    """Read the list since `read_until`, a week back by default, and withdraw what is there twice."""
    found, end = Swept(), tick.now() - context.settings.timing.quiet
    try:
        for since, until in _scans.steps(read_until or end - _FIRST, end):
            for kind in _CHATS:
                found = _add(found, _part(context, tick, kind, since, until))
            _scans.advance(context, "sweep", until)
    except WeComError as error:
        tick.failed(error)
    tick.counts["duplicates"] += len(found.duplicates)
    return found


def _add(one: Swept, other: Swept) -> Swept:
    return Swept(
        tasks=one.tasks + other.tasks,
        duplicates=tuple(dict.fromkeys((*one.duplicates, *other.duplicates))),
        suspects=tuple(dict.fromkeys((*one.suspects, *other.suspects))),
        until=other.until,
    )


def _part(context: Context, tick: Tick, kind: BatchKind, since: datetime, until: datetime) -> Swept:
    api = context.client.mass_messages
    listed = [*api.iter_all(chat_type=_CHATS[kind], start_at=since, end_at=until, filter_type=FilterType.CORP)]
    with reading(context.engine) as connection:
        owned = _batches.owners(connection, [one.msgid for one in listed])
    strangers = [one for one in listed if one.msgid not in owned]
    found = Swept(tasks=len(listed), until=until)
    if not strangers:
        return found
    batches = _by_text(_candidates(context, kind, since, until))
    named = (media_id for one in strangers for media_id in media_ids_of(one.attachments))
    media = _media.origins(context, named)
    for message in strangers:
        text = message.text.content if message.text is not None else ""
        found = _add(found, _judge(context, tick, message, batches.get(text, ()), media))
    return evolve(found, until=until)


def _candidates(context: Context, kind: BatchKind, since: datetime, until: datetime) -> list[BatchRow]:
    """Batches that have a task and were frozen early enough for a second one in this time."""
    b = t.batches.c
    mine = (
        b.corp_id == context.corp_id,
        b.kind == kind.value,
        b.msgid.is_not(None),
        b.slot_at >= since - _FROZEN,
        b.slot_at <= until,
    )
    with reading(context.engine) as connection:
        ids = list(connection.scalars(sa.select(b.id).where(*mine)))
        rows = [_batches.read(connection, one, "no") for one in ids]
    return [row for row in rows if row is not None]


def _by_text(rows: Iterable[BatchRow]) -> Mapping[str, Sequence[BatchRow]]:
    found: defaultdict[str, list[BatchRow]] = defaultdict(list)
    for row in rows:
        found[row.message().text].append(row)
    return found


def _judge(
    context: Context, tick: Tick, message: MassMessage, rows: Sequence[BatchRow], media: Mapping[str, str]
) -> Swept:
    for row in rows:
        until = row.slot_at + _FROZEN
        since = row.slot_at - context.settings.timing.skew
        if not could_be(message, row.message(), since, until, media):
            continue
        proof = _proof(context, message, row)
        if proof is None:
            continue
        if not proof:
            detail = f"{message.msgid} looks like a second task of batch {row.batch.id}"
            entry = _journal.Entry(reason="alert:suspect", detail=detail)
            _journal.note(context.engine, context.corp_id, tick.now(), entry)
            return Swept(suspects=(message.msgid,))
        younger = _keep_the_older(context, row, message, tick.now())
        return Swept(duplicates=(younger,) if _withdraw(context, tick, younger, row.batch.id) else ())
    return Swept()


def _proof(context: Context, message: MassMessage, row: BatchRow) -> bool | None:
    """Whether a task is proved to be the batch's: `None` if it is another member's or reaches none of its customers."""
    if _names(message, context.settings.link_parameter, row.batch.id):
        return True
    api = context.client.mass_messages
    members = {one.userid for one in api.iter_members(message.msgid)}
    if row.sender not in members:
        return None
    theirs = {one.external_userid or one.chat_id for one in api.iter_results(message.msgid, userid=row.sender)}
    with reading(context.engine) as connection:
        ours = {one.external_userid for one in store.touches_in_batch(connection, row.batch.id, *TouchStatus)}
    if row.batch.kind is BatchKind.GROUP and not theirs:
        # Results of groups name those that were sent to, and nobody before.
        return False
    if not theirs & ours:
        return None
    return members == {row.sender} and theirs <= ours


def _names(message: MassMessage, parameter: str, batch_id: str) -> bool:
    """Whether a link or card of the task carries the batch's id."""
    addresses = [item.url for item in message.attachments if isinstance(item, LinkAttachment)]
    addresses += [item.page for item in message.attachments if isinstance(item, MiniProgramAttachment)]
    return bool(parameter) and any(f"{parameter}={batch_id}" in address for address in addresses)


@repeatable
def _keep_the_older(context: Context, row: BatchRow, message: MassMessage, now: datetime) -> str:
    """Let a batch that is still open follow the older of two tasks; say which one is to be withdrawn."""
    own, made = row.batch.msgid or "", row.batch.created_at
    older = made is None or message.created_at is None or message.created_at < made
    if row.batch.state is not BatchStatus.CREATED or not older:
        return message.msgid
    move = Move(rule="sweep", batch=evolve(row.batch, msgid=message.msgid, created_at=message.created_at, check_at=now))
    try:
        with transaction(context.engine) as connection:
            _batches.save(connection, context.corp_id, row, move, now)
    except SupersededError:
        # Somebody is at work on it, with the task that it has.
        return message.msgid
    return own


def _withdraw(context: Context, tick: Tick, msgid: str, batch_id: str) -> bool:
    """Cancel a task; False if that had been done before."""
    try:
        context.client.mass_messages.cancel(msgid)
        outcome = "withdrawn"
    except APIError as error:
        if error.errcode == _ALREADY_CANCELLED:
            return False
        outcome = f"not withdrawn: {error.errcode}"
    entry = _journal.Entry(reason="alert:duplicate", detail=f"{msgid} {outcome}, batch {batch_id}")
    _journal.note(context.engine, context.corp_id, tick.now(), entry)
    return True
