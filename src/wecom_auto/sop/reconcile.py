"""Find out whether a task exists of which nobody knows: look in the platform's list before asking again.

The list does not name the creator of tasks made by API, so a task is recognised by its content, time, sender and
recipients.
Reads only; the one thing it changes at the platform is to withdraw a second task that turned out to be ours, too.
Manual: https://developer.work.weixin.qq.com/document/path/93338 (获取企业的全部群发记录).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import cast

from attrs import field, frozen

from wecom_auto import _codec
from wecom_auto._types import JSON, JSONObject
from wecom_auto.errors import WeComError
from wecom_auto.models import ChatType, CreateType, FilterType, MassMessage
from wecom_auto.sop import _batches, _journal, _media, sending, store
from wecom_auto.sop._batches import BatchRow, SupersededError
from wecom_auto.sop._context import Context, Tick
from wecom_auto.sop._dispatch import Steps, expiry, put_back
from wecom_auto.sop._files import REFERENCE, media_ids_of
from wecom_auto.sop._states import BatchStatus, TouchStatus
from wecom_auto.sop.contents import Content
from wecom_auto.sop.sending import Batch, Move, Timing
from wecom_auto.store import reading, repeatable, transaction


@frozen(kw_only=True)
class Listed:
    """A task of the platform's list, with what was read about it.

    Attributes:
        message: The task.
        members: Who has to tap.
        recipients: Who is to get it from our sender.
    """

    message: MassMessage
    members: frozenset[str] = frozenset()
    recipients: frozenset[str] = field(default=frozenset(), repr=False)


def window(batch: Batch, timing: Timing) -> tuple[datetime, datetime]:
    """Between which times the task must have been created, if it was."""
    first, last = batch.first_call_at, batch.last_call_at
    if first is None or last is None:
        msg = f"batch {batch.id} was never called: there is nothing to look for"
        raise ValueError(msg)
    return first - timing.skew, last + timing.call_max + timing.skew


def could_be(
    message: MassMessage,
    content: Content,
    since: datetime,
    until: datetime,
    media: Mapping[str, str] = MappingProxyType({}),
) -> bool:
    """Whether a listed task may be ours, by what the list alone says; `media` knows the files behind our media."""
    made = message.created_at
    # The platform counts whole seconds, so the first one may have begun before our own clock's.
    in_time = made is not None and since.replace(microsecond=0) <= made <= until
    text = message.text.content if message.text is not None else ""
    return (
        in_time
        and message.create_type is CreateType.CORP
        and text == content.text
        and len(message.attachments) == len(content.attachments)
        and all(
            _same(_wire(theirs), _wire(ours), media)
            for theirs, ours in zip(message.attachments, content.attachments, strict=True)
        )
    )


def _wire(attachment: object) -> JSONObject:
    return cast("JSONObject", _codec.encode(attachment))


def _same(theirs: JSONObject, ours: JSONObject, media: Mapping[str, str]) -> bool:
    """Compare what both sides state: the platform may leave out or add fields of an attachment."""
    if theirs.get("msgtype") != ours.get("msgtype"):
        return False
    kind = str(ours.get("msgtype"))
    left, right = theirs.get(kind), ours.get(kind)
    if not isinstance(left, Mapping) or not isinstance(right, Mapping):
        return left == right
    return all(_agree(left[key], right[key], media) for key in left.keys() & right.keys())


def _agree(theirs: JSON, ours: JSON, media: Mapping[str, str]) -> bool:
    """Whether two values may mean the same.

    A local file has had several media; only a medium that is known to be another file's speaks against it.
    """
    if not isinstance(ours, str) or not ours.startswith(REFERENCE):
        return theirs == ours
    return media.get(str(theirs), ours.removeprefix(REFERENCE)) == ours.removeprefix(REFERENCE)


def matches(
    tasks: Iterable[Listed], sender: str, customers: Iterable[str], owned: Iterable[str]
) -> tuple[MassMessage, ...]:
    """Which tasks are ours, the oldest first: our sender, a recipient of ours, and no other batch's (I7)."""
    wanted, taken = frozenset(customers), frozenset(owned)
    ours = [
        task.message
        for task in tasks
        if sender in task.members and task.recipients & wanted and task.message.msgid not in taken
    ]
    return tuple(sorted(ours, key=_age))


def _age(message: MassMessage) -> tuple[datetime, str]:
    if message.created_at is None:  # pragma: no cover - `could_be` has refused it
        msg = f"task {message.msgid} without create_time"
        raise ValueError(msg)
    return message.created_at, message.msgid


def reconcile(context: Context, tick: Tick, row: BatchRow) -> Steps:
    """Settle a claimed batch of unknown outcome (T9, T10)."""
    try:
        tasks = _look(context, row)
    except WeComError as error:
        put_back(context, row, tick, "reconcile", error)
        return
    yield "K7"
    state, ours = _write_verdict(context, row, tasks, tick.now())
    tick.counts[f"unknown_to_{state.value}"] += 1
    yield "K8"
    if len(ours) > 1:
        withdraw_younger(context, tick, ours)


@repeatable
def _write_verdict(
    context: Context, row: BatchRow, tasks: Sequence[Listed], now: datetime
) -> tuple[BatchStatus, Sequence[MassMessage]]:
    with transaction(context.engine) as connection:
        held = _batches.hold(connection, row)
        touches = store.touches_in_batch(connection, row.batch.id, TouchStatus.BATCHED)
        owners = _batches.owners(connection, [task.message.msgid for task in tasks])
        others = [msgid for msgid, owner in owners.items() if owner != row.batch.id]
        ours = matches(tasks, row.sender, [touch.external_userid for touch in touches], others)
        move = _verdict(row, ours, now, context.settings.timing)
        if move is None:
            raise SupersededError(row.batch.id)
        expires_at = expiry(context, row, now) if move.batch.state is BatchStatus.CREATED else row.expires_at
        after = _batches.save(connection, context.corp_id, row, move, now, held=held, expires_at=expires_at)
    return after.batch.state, ours


def _verdict(row: BatchRow, ours: Sequence[MassMessage], now: datetime, timing: Timing) -> Move | None:
    if ours:
        return sending.found(row.batch, ours[0].msgid, now, timing)
    return sending.missing(row.batch, now, timing)


def media_ids(messages: Iterable[MassMessage]) -> set[str]:
    """Every media id that these tasks name."""
    return {media_id for message in messages for media_id in media_ids_of(message.attachments)}


def _look(context: Context, row: BatchRow) -> list[Listed]:
    """Read the whole list of the time in question, and more about whatever may be ours."""
    since, until = window(row.batch, context.settings.timing)
    content, api = row.message(), context.client.mass_messages
    listed = [*api.iter_all(chat_type=ChatType.SINGLE, start_at=since, end_at=until, filter_type=FilterType.CORP)]
    media = _media.origins(context, media_ids(listed)) if content.files else {}
    found: list[Listed] = []
    for message in _unowned(context, row, [one for one in listed if could_be(one, content, since, until, media)]):
        members = frozenset(task.userid for task in api.iter_members(message.msgid))
        recipients: frozenset[str] = frozenset()
        if row.sender in members:
            results = api.iter_results(message.msgid, userid=row.sender)
            recipients = frozenset(one.external_userid for one in results)
        found.append(Listed(message=message, members=members, recipients=recipients))
    return found


def _unowned(context: Context, row: BatchRow, messages: Sequence[MassMessage]) -> list[MassMessage]:
    """Leave out what is known to be another batch's: its members need not be read."""
    with reading(context.engine) as connection:
        owners = _batches.owners(connection, [one.msgid for one in messages])
    return [one for one in messages if owners.get(one.msgid, row.batch.id) == row.batch.id]


def withdraw_younger(context: Context, tick: Tick, ours: Sequence[MassMessage]) -> None:
    """Cancel every task but the oldest: the residual that no client can exclude, made small.

    A process that was frozen between its last check and the write can have made a second task.
    """
    for message in ours[1:]:
        try:
            context.client.mass_messages.cancel(message.msgid)
            detail = f"{message.msgid} withdrawn"
        except WeComError as error:
            detail = f"{message.msgid} not withdrawn: {error}"
        _journal.note(
            context.engine, context.corp_id, tick.now(), _journal.Entry(reason="alert:duplicate", detail=detail)
        )
        tick.counts["duplicates"] += 1
