"""Moments (客户朋友圈): tasks that members publish, and what customers do. The API itself publishes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from types import NoneType
from typing import Final

from wecom_auto._binding import C, Endpoints, Step, endpoint, paged, pause, step, workflow
from wecom_auto._bulk import Progress, Report
from wecom_auto._call import Call, Effect, Page
from wecom_auto._types import UNSET, Unset
from wecom_auto.api._moment_calls import (
    create_call,
    customers_call,
    list_call,
    members_call,
    reached_call,
    result_call,
)
from wecom_auto.errors import JobTimeoutError, api_error
from wecom_auto.models import (
    FilterType,
    Moment,
    MomentAttachment,
    MomentCreated,
    MomentCustomer,
    MomentInteractions,
    MomentJob,
    MomentTask,
    Text,
)

__all__ = ["MomentEndpoints"]

_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 10.0


class MomentEndpoints(Endpoints[C]):
    """Moments (客户朋友圈): tasks that members publish, and what customers say."""

    __slots__ = ()

    @endpoint
    def create(
        self,
        *,
        text: str | Text | Unset = UNSET,
        attachments: Sequence[MomentAttachment] = (),
        userids: Sequence[str] | Unset = UNSET,
        department_ids: Sequence[int] | Unset = UNSET,
        tag_ids: Sequence[str] | Unset = UNSET,
    ) -> Call[str]:
        """Start a job that gives members the task to publish a moment; `wait` tells what became of it.

        Nobody sees anything before a member taps.
        Without members, departments and tags, **every** member whom the app sees gets it, for all their customers.
        Tags alone go to the members who follow such customers; together with members, both must fit.
        A lost answer is not repeated: members would get a second task. Look with `list` before you try again.
        A corp may make 10 a minute, which the client keeps to, and 100,000 a month.

        Manual: `创建发表任务 <https://developer.work.weixin.qq.com/document/path/95094>`__

        Args:
            text: Up to 2,000 characters.
            attachments: Up to 9 pictures, or one video, or one link. Files come from `media.upload_attachment`.
            userids: Who is to publish, up to 100,000.
            department_ids: Departments whose members are to publish.
            tag_ids: Corp tags; only customers who carry one may see it. Tags of rule groups do not work.

        Returns:
            The id of the job; it dies after 24 hours.

        Raises:
            ValidationError: A list is empty: leave it out to mean everybody.
            InvalidRequestError: 41072 a file comes from `media.upload`; 40007 it has died; 41089 there is no content.
            RateLimitError: 41078 too many jobs are running; 45009 more than 10 a minute.
        """
        return create_call(text, attachments, userids, department_ids, tag_ids)

    @endpoint
    def result(self, jobid: str) -> Call[MomentJob]:
        """Ask how far the making of a moment has come; `wait` does so until it is done.

        Manual: `获取任务创建结果 <https://developer.work.weixin.qq.com/document/path/95094>`__

        Args:
            jobid: From `create`, up to 64 bytes, at most 24 hours old.

        Raises:
            NotFoundError: No such job, or it is too old. Unverified: 40088 and 40089.
        """
        return result_call(jobid)

    @workflow
    def wait(self, jobid: str, *, timeout_seconds: float = 60.0, progress: Report | None = None) -> Step[MomentCreated]:
        """Ask until a moment is made, first after 1 s and then with growing pauses of at most 10 s.

        It is made, not published: `iter_members` tells who has tapped.

        Manual: `获取任务创建结果 <https://developer.work.weixin.qq.com/document/path/95094>`__

        Args:
            jobid: From `create`.
            timeout_seconds: How long to be patient; 0 asks once.
            progress: Is told the status after every question: 1, 2 and 3 of 3.

        Returns:
            The moment's id, and which members, departments and tags were left out.

        Raises:
            JobTimeoutError: It is not done yet; `.jobid` is there to wait again, and the job goes on.
            APIError: The job has failed, for instance because nobody is left who could publish.
        """
        return (yield from _wait(jobid, timeout_seconds, progress))

    @workflow
    def create_and_wait(
        self,
        *,
        text: str | Text | Unset = UNSET,
        attachments: Sequence[MomentAttachment] = (),
        userids: Sequence[str] | Unset = UNSET,
        department_ids: Sequence[int] | Unset = UNSET,
        tag_ids: Sequence[str] | Unset = UNSET,
        timeout_seconds: float = 60.0,
        progress: Report | None = None,
    ) -> Step[MomentCreated]:
        """Make a moment and wait until members have the task; see `create` and `wait`.

        Manual: `创建发表任务 <https://developer.work.weixin.qq.com/document/path/95094>`__

        Args:
            text: Up to 2,000 characters.
            attachments: Up to 9 pictures, or one video, or one link.
            userids: Who is to publish.
            department_ids: Departments whose members are to publish.
            tag_ids: Corp tags of the customers who may see it.
            timeout_seconds: How long to be patient.
            progress: Is told the status after every question.

        Raises:
            JobTimeoutError: The job exists and goes on: `wait` for its `.jobid`, and do not create a second one.
            APIError: The platform refused, or the job has failed.
        """
        jobid = yield from step(create_call(text, attachments, userids, department_ids, tag_ids))
        return (yield from _wait(jobid, timeout_seconds, progress))

    @endpoint
    def cancel(self, moment_id: str) -> Call[None]:
        """Stop what members have not published yet. What is published stays published.

        Manual: `停止发表企业朋友圈 <https://developer.work.weixin.qq.com/document/path/97612>`__

        Args:
            moment_id: A moment of the corp.

        Raises:
            NotFoundError: 41060 no such moment.
            InvalidRequestError: 41067 a member made it.
        """
        return Call.post(Effect.SET, "/cgi-bin/externalcontact/cancel_moment_task", NoneType, moment_id=moment_id)

    @endpoint
    def list(
        self,
        *,
        start_at: datetime,
        end_at: datetime,
        creator: str | Unset = UNSET,
        filter_type: FilterType | int | Unset = UNSET,
        cursor: str = "",
        limit: int = 20,
    ) -> Call[Page[Moment]]:
        """List one page of the moments that were made in a span of time; deleted ones are left out.

        Manual: `获取企业全部的发表列表 <https://developer.work.weixin.qq.com/document/path/93333>`__

        Args:
            start_at: Made after it; aware.
            end_at: Made before it; aware; at most 30 days later.
            creator: Only those of this member; those made by API have no creator.
            filter_type: Made by the corp, by members, or all; the platform's default is all.
            cursor: `Page.next_cursor` of the page before; empty for the first page.
            limit: Moments on a page, 1 to 20.
        """
        return list_call(start_at, end_at, creator, filter_type, cursor, limit)

    @paged
    def iter_all(
        self,
        *,
        start_at: datetime,
        end_at: datetime,
        creator: str | Unset = UNSET,
        filter_type: FilterType | int | Unset = UNSET,
        cursor: str = "",
        limit: int = 20,
    ) -> Call[Page[Moment]]:
        """Iterate over the moments that were made in a span of time; see `list`.

        Manual: `获取企业全部的发表列表 <https://developer.work.weixin.qq.com/document/path/93333>`__

        Args:
            start_at: Made after it; aware.
            end_at: Made before it; aware; at most 30 days later.
            creator: Only those of this member.
            filter_type: Made by the corp, by members, or all.
            cursor: Where to resume; empty for the start.
            limit: Moments on a page, 1 to 20.
        """
        return list_call(start_at, end_at, creator, filter_type, cursor, limit)

    @endpoint
    def list_members(self, moment_id: str, *, cursor: str = "", limit: int = 500) -> Call[Page[MomentTask]]:
        """List one page of the members who have the task, and whether they published.

        Nothing calls back when a member publishes: ask again, with growing pauses.

        Manual: `获取客户朋友圈企业发表的列表 <https://developer.work.weixin.qq.com/document/path/93333>`__

        Args:
            moment_id: A moment of the corp.
            cursor: `Page.next_cursor` of the page before; empty for the first page.
            limit: Members on a page, 1 to 1,000.

        Raises:
            NotFoundError: 41060 no such moment.
            InvalidRequestError: 41067 a member made it, so nobody has a task.
            ServerBusyError: 41079 it is still being dispatched; ask again later.
        """
        return members_call(moment_id, cursor, limit)

    @paged
    def iter_members(self, moment_id: str, *, cursor: str = "", limit: int = 500) -> Call[Page[MomentTask]]:
        """Iterate over the members who have the task, and whether they published; see `list_members`.

        Manual: `获取客户朋友圈企业发表的列表 <https://developer.work.weixin.qq.com/document/path/93333>`__

        Args:
            moment_id: A moment of the corp.
            cursor: Where to resume; empty for the start.
            limit: Members on a page, 1 to 1,000.
        """
        return members_call(moment_id, cursor, limit)

    @endpoint
    def list_customers(
        self, moment_id: str, *, userid: str, cursor: str = "", limit: int = 500
    ) -> Call[Page[MomentCustomer]]:
        """List one page of the customers for whom a member published a moment: who was chosen, not who can see it.

        Manual: `获取客户朋友圈发表时选择的可见范围 <https://developer.work.weixin.qq.com/document/path/93333>`__

        Args:
            moment_id: The moment.
            userid: The member who published it.
            cursor: `Page.next_cursor` of the page before; empty for the first page.
            limit: Customers on a page, 1 to 1,000.

        Raises:
            NotFoundError: 41061 the moment is not the member's; 41062 the member has not published it yet.
        """
        return customers_call(moment_id, userid, cursor, limit)

    @paged
    def iter_customers(
        self, moment_id: str, *, userid: str, cursor: str = "", limit: int = 500
    ) -> Call[Page[MomentCustomer]]:
        """Iterate over the customers for whom a member published a moment; see `list_customers`.

        Manual: `获取客户朋友圈发表时选择的可见范围 <https://developer.work.weixin.qq.com/document/path/93333>`__

        Args:
            moment_id: The moment.
            userid: The member who published it.
            cursor: Where to resume; empty for the start.
            limit: Customers on a page, 1 to 1,000.
        """
        return customers_call(moment_id, userid, cursor, limit)

    @endpoint
    def list_reached(
        self, moment_id: str, *, userid: str, cursor: str = "", limit: int = 3000
    ) -> Call[Page[MomentCustomer]]:
        """List one page of the customers who can see what a member published. Whether they look, nobody tells.

        Manual: `获取客户朋友圈发表后的可见客户列表 <https://developer.work.weixin.qq.com/document/path/93333>`__

        Args:
            moment_id: The moment.
            userid: The member who published it.
            cursor: `Page.next_cursor` of the page before; empty for the first page.
            limit: Customers on a page, 1 to 5,000.

        Raises:
            NotFoundError: 41061 the moment is not the member's; 41062 the member has not published it yet.
        """
        return reached_call(moment_id, userid, cursor, limit)

    @paged
    def iter_reached(
        self, moment_id: str, *, userid: str, cursor: str = "", limit: int = 3000
    ) -> Call[Page[MomentCustomer]]:
        """Iterate over the customers who can see what a member published; see `list_reached`.

        Manual: `获取客户朋友圈发表后的可见客户列表 <https://developer.work.weixin.qq.com/document/path/93333>`__

        Args:
            moment_id: The moment.
            userid: The member who published it.
            cursor: Where to resume; empty for the start.
            limit: Customers on a page, 1 to 5,000.
        """
        return reached_call(moment_id, userid, cursor, limit)

    @endpoint
    def interactions(self, moment_id: str, *, userid: str) -> Call[MomentInteractions]:
        """Read who commented on what a member published, and who liked it. The words of a comment are not told.

        Manual: `获取客户朋友圈的互动数据 <https://developer.work.weixin.qq.com/document/path/93333>`__

        Args:
            moment_id: The moment.
            userid: The member who published it.

        Raises:
            NotFoundError: 41061 the moment is not the member's; 41062 the member has not published it yet.
        """
        path = "/cgi-bin/externalcontact/get_moment_comments"
        return Call.post(Effect.READ, path, MomentInteractions, moment_id=moment_id, userid=userid)


def _wait(jobid: str, timeout_seconds: float, progress: Report | None) -> Step[MomentCreated]:
    now = started = yield from pause(0)
    length = _FIRST_PAUSE
    while True:
        job = yield from step(result_call(jobid))
        if progress is not None:
            progress(Progress(done=job.status, total=3))
        if job.done:
            return _made(job)
        left = started + timeout_seconds - now
        if left <= 0:
            raise JobTimeoutError(jobid, waited_seconds=now - started, what="the moment")
        now = yield from pause(min(length, left))
        length = min(length * 2, _LONGEST_PAUSE)


def _made(job: MomentJob) -> MomentCreated:
    """Return what became of a job, or raise the error that it ended with."""
    made = job.result or MomentCreated()
    if made.errcode:
        raise api_error(made.errcode, made.errmsg, call="GET externalcontact/get_moment_task_result")
    return made
