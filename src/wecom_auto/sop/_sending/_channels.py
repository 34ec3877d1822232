"""What a batch is at the platform: a mass message to customers, one to groups, or a moment. Decides nothing.

The protocol of `wecom_auto.sop.sending` is the same for all three; only the calls and their limits differ.
A mass message is known by its msgid as soon as it was asked for.
A moment (客户朋友圈) is made by a job of the platform's own: the call names the job, and the job names the moment.
Manual: https://developer.work.weixin.qq.com/document/path/92135 (创建企业群发),
https://developer.work.weixin.qq.com/document/path/95094 (创建发表任务).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal, Protocol

from attrs import field, frozen

from wecom_auto._types import UNSET
from wecom_auto.errors import APIError, NotFoundError, WeComError, api_error
from wecom_auto.models import (
    ChatType,
    FilterType,
    MassMessageResult,
    MomentTask,
    PublishStatus,
    SendStatus,
    TaskStatus,
    TextMessage,
)
from wecom_auto.sop._document import _moment_content as moments
from wecom_auto.sop._document._files import media_ids_of
from wecom_auto.sop._outcomes import Created, Lost, Outcome, outcome_of
from wecom_auto.sop._rows._batches import BatchRow
from wecom_auto.sop._rows._states import BatchKind
from wecom_auto.sop._sending._likeness import could_be, could_be_moment, posted
from wecom_auto.sop.contents import Content

if TYPE_CHECKING:
    from wecom_auto._client import WeCom

_ALREADY_CANCELLED: Final = 41093
_WHOLE_SECOND: Final = timedelta(seconds=1)


@frozen(kw_only=True)
class Result:
    """What became of one recipient.

    Attributes:
        target: The customer or group.
        status: Sent, or why not.
        sent_at: When.
    """

    target: str = field(repr=False)
    status: SendStatus
    sent_at: datetime | None = None


@frozen(kw_only=True)
class Reading:
    """What the platform says about a task.

    Attributes:
        waiting: Members who have the task and have not tapped.
        tapped: Members who have.
        confirmed_at: When the sender tapped; `None` if that has not happened, or is not told.
        results: What became of each recipient; of groups only those that were sent to.
        everybody: What became of every recipient, where there are no results of single ones: of a moment.
    """

    waiting: tuple[str, ...] = ()
    tapped: tuple[str, ...] = ()
    confirmed_at: datetime | None = None
    results: tuple[Result, ...] = field(default=(), repr=False)
    everybody: SendStatus | None = None

    @property
    def confirmed(self) -> bool:
        """Whether anybody has tapped."""
        return bool(self.tapped)


@frozen(kw_only=True)
class Listed:
    """A task of the platform's list, with what was read about it.

    Attributes:
        id: The task.
        made_at: When it was made.
        members: Who has to tap.
        recipients: Who is to get it from our sender; of a moment nobody.
    """

    id: str
    made_at: datetime
    members: frozenset[str] = frozenset()
    recipients: frozenset[str] = field(default=frozenset(), repr=False)


class Channel(Protocol):
    """One kind of task at the platform."""

    @property
    def most(self) -> int:
        """The most recipients of one task."""
        ...

    @property
    def lists_unsent(self) -> bool:
        """Whether the results name recipients who have got nothing yet."""
        ...

    @property
    def purpose(self) -> Literal["message", "moment"]:
        """What its media are uploaded for."""
        ...

    def create(self, client: WeCom, row: BatchRow, content: Content, recipients: Sequence[str], /) -> Created:
        """Make the call that creates; `client` tries once, `content` has media in place of files.

        Raises:
            WeComError: Whatever became of it.
        """
        ...

    def read(self, client: WeCom, row: BatchRow, /) -> Reading:
        """Ask who has tapped, and what became of the recipients."""
        ...

    def withdraw(self, client: WeCom, task: str, /) -> None:
        """Stop what nobody has confirmed yet."""
        ...

    def remind(self, client: WeCom, task: str, /) -> None:
        """Nudge who has not tapped, where the platform has a call for it."""
        ...

    def listed(self, client: WeCom, row: BatchRow, search: Search, /) -> Sequence[Listed]:
        """Read the whole list between two times, and more about whatever looks like the batch."""
        ...

    def owns(self, task: Listed, row: BatchRow, recipients: frozenset[str], /) -> bool:
        """Whether a listed task is the batch's."""
        ...


@frozen
class Search:
    """What is looked for in the platform's list.

    Attributes:
        since: The earliest time at which the task can have been made.
        until: The latest.
        fresh: Leaves those tasks that belong to no other batch.
        origins: The digests of the files behind media of ours.
    """

    since: datetime
    until: datetime
    fresh: Callable[[Sequence[str]], Sequence[str]]
    origins: Callable[[Iterable[str]], Mapping[str, str]]


@frozen
class _Mass:
    """Mass messages (企业群发) to customers or to groups."""

    chat_type: ChatType
    most: int
    lists_unsent: bool
    purpose: Literal["message", "moment"] = "message"

    def create(self, client: WeCom, row: BatchRow, content: Content, recipients: Sequence[str]) -> Created:
        groups = self.chat_type is ChatType.GROUP
        answer = client.mass_messages.create(
            chat_type=self.chat_type,
            external_userids=UNSET if groups else recipients,
            chat_ids=recipients if groups else UNSET,
            sender=row.sender,
            text=content.message,
            attachments=content.attachments,
        )
        return Created(msgid=answer.msgid, refused=answer.fail_list)

    def read(self, client: WeCom, row: BatchRow) -> Reading:
        api, msgid = client.mass_messages, row.batch.msgid or ""
        mine = next((task for task in api.iter_members(msgid) if task.userid == row.sender), None)
        if mine is None or mine.status is not TaskStatus.SENT:
            return Reading(waiting=(row.sender,))
        # Results change only by a tap, so they are read only after one.
        results = tuple(map(_result, api.iter_results(msgid, userid=row.sender)))
        return Reading(tapped=(row.sender,), confirmed_at=mine.sent_at, results=results)

    def withdraw(self, client: WeCom, task: str) -> None:
        try:
            client.mass_messages.cancel(task)
        except APIError as error:
            if error.errcode != _ALREADY_CANCELLED:
                raise

    def remind(self, client: WeCom, task: str) -> None:
        client.mass_messages.remind(task)

    def listed(self, client: WeCom, row: BatchRow, search: Search) -> Sequence[Listed]:
        since, until, content = search.since, search.until, row.message()
        api = client.mass_messages
        every = [*api.iter_all(chat_type=self.chat_type, start_at=since, end_at=until, filter_type=FilterType.CORP)]
        media = search.origins(one for message in every for one in media_ids_of(message.attachments))
        alike = {one.msgid: one for one in every if could_be(one, content, since, until, media)}
        return [self._about(client, row, one, alike[one].created_at or since) for one in search.fresh([*alike])]

    def _about(self, client: WeCom, row: BatchRow, msgid: str, made_at: datetime) -> Listed:
        api = client.mass_messages
        members = frozenset(task.userid for task in api.iter_members(msgid))
        recipients: frozenset[str] = frozenset()
        if row.sender in members:
            recipients = frozenset(_result(one).target for one in api.iter_results(msgid, userid=row.sender))
        return Listed(id=msgid, made_at=made_at, members=members, recipients=recipients)

    def owns(self, task: Listed, row: BatchRow, recipients: frozenset[str]) -> bool:
        # The results of a message to groups name nobody before the tap: that must not rule our own task out.
        untold = not self.lists_unsent and not task.recipients
        return row.sender in task.members and (untold or bool(task.recipients & recipients))


def _result(one: MassMessageResult) -> Result:
    return Result(target=one.chat_id or one.external_userid, status=one.status, sent_at=one.sent_at)


@frozen
class _Moments:
    """Moments (客户朋友圈): members publish, customers with a tag may see it."""

    most: int = 1
    lists_unsent: bool = False
    purpose: Literal["message", "moment"] = "moment"

    def create(self, client: WeCom, row: BatchRow, content: Content, recipients: Sequence[str]) -> Created:
        del recipients
        audience = row.heard_by()
        jobid = client.moments.create(
            text=content.message,
            attachments=moments.attachments(content),
            userids=audience.userids or UNSET,
            tag_ids=audience.tag_ids or UNSET,
        )
        return Created(jobid=jobid)

    def read(self, client: WeCom, row: BatchRow) -> Reading:
        tasks = tuple(client.moments.iter_members(row.batch.msgid or ""))
        tapped = tuple(one.userid for one in tasks if one.status is PublishStatus.PUBLISHED)
        return Reading(waiting=tuple(_waiting(tasks)), tapped=tapped, everybody=SendStatus.SENT if tapped else None)

    def withdraw(self, client: WeCom, task: str) -> None:
        client.moments.cancel(task)

    def remind(self, client: WeCom, task: str) -> None:
        """The platform has no such call: an application message does it."""

    def listed(self, client: WeCom, row: BatchRow, search: Search) -> Sequence[Listed]:
        since, until, content = search.since, search.until, row.message()
        # Both ends of this list are left out.
        start, end = since - _WHOLE_SECOND, until + _WHOLE_SECOND
        every = [*client.moments.iter_all(start_at=start, end_at=end, filter_type=FilterType.CORP)]
        media = search.origins(one for moment in every for one in posted(moment))
        partly = bool(row.heard_by().tag_ids)
        alike = {
            one.moment_id: one for one in every if could_be_moment(one, content, since, until, media, partly=partly)
        }
        return [self._about(client, one, alike[one].created_at or since) for one in search.fresh([*alike])]

    def _about(self, client: WeCom, moment_id: str, made_at: datetime) -> Listed:
        members = frozenset(task.userid for task in client.moments.iter_members(moment_id))
        return Listed(id=moment_id, made_at=made_at, members=members)

    def owns(self, task: Listed, row: BatchRow, recipients: frozenset[str]) -> bool:
        del recipients
        named = frozenset(row.heard_by().userids)
        return not named or task.members <= named


def _waiting(tasks: Sequence[MomentTask]) -> Iterator[str]:
    return (one.userid for one in tasks if one.status is not PublishStatus.PUBLISHED)


CHANNELS: Final[Mapping[BatchKind, Channel]] = {
    BatchKind.SINGLE: _Mass(ChatType.SINGLE, most=10_000, lists_unsent=True),
    BatchKind.GROUP: _Mass(ChatType.GROUP, most=2_000, lists_unsent=False),
    BatchKind.MOMENT: _Moments(),
}


def channel_of(row: BatchRow) -> Channel:
    """The kind of task that a batch is."""
    return CHANNELS[row.batch.kind]


def job_outcome(client: WeCom, jobid: str) -> Outcome | None:
    """Ask what became of the job of a moment; `None` while it is under way.

    Raises:
        WeComError: The question failed; the job goes on.
    """
    try:
        job = client.moments.result(jobid)
    except NotFoundError:
        # It died after a day: only the list knows now.
        return Lost(reason="unknown:job")
    if not job.done or job.result is None:
        return None
    made = job.result
    if made.errcode or not made.moment_id:
        return outcome_of(api_error(made.errcode, made.errmsg, call="GET externalcontact/get_moment_task_result"))
    return Created(msgid=made.moment_id)


def say(client: WeCom, userids: Sequence[str], text: str) -> None:
    """Send an application message to members; a failure is no reason to stop anything."""
    if not userids:
        return
    try:
        client.messages.send(TextMessage(content=text), users=userids)
    except WeComError:
        return
