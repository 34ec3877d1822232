"""The moment chapter (客户朋友圈, manual 95094, 93333, 97612). Makes tasks; only a member's tap publishes.

Unverified: the errcodes of content that the manual forbids without naming one (41065 for kinds that do not go together,
45002 for text that is too long), of a job that is unknown (40088) or older than a day (40089), and of a page beyond
30 days (40058); whether cancelling twice is an error (it is not, here). The guesses about who publishes and who sees
it are in `_publishing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wecom_auto.testing import _lookups as look
from wecom_auto.testing._paging import page, page_size
from wecom_auto.testing._publishing import make
from wecom_auto.testing._registry import Ask, Tick, endpoint, over_time
from wecom_auto.testing._spec import integer, items, nested, objects, text
from wecom_auto.testing._state_moments import MomentJob, MomentRow, MomentTask, Reaction
from wecom_auto.testing._wire import Body, Refusal

MISSING, BAD, TOO_LARGE, TOO_MANY, BAD_KIND, EMPTY = 40063, 40058, 45002, 41064, 41065, 41089
NO_JOB, OLD_JOB, TOO_MANY_JOBS = 40088, 40089, 41078
NO_MOMENT_ID, NO_MOMENT, NOT_THEIRS, NOT_PUBLISHED, WRONG_MOMENT, DISPATCHING = 41059, 41060, 41061, 41062, 41067, 41079
NO_USERID = 41009
DAY, MONTH = 86_400, 30 * 86_400
KINDS = ("image", "video", "link")
STARTED, CREATING, DONE = 1, 2, 3
MOMENT_SCENE = 1

MEDIA_ID = text("media_id", required=MISSING)
MOMENT_ID = text("moment_id", required=NO_MOMENT_ID)
OF_MEMBER = (MOMENT_ID, text("userid", required=NO_USERID))
PAGE = (integer("limit"), text("cursor"))


@endpoint(
    "POST",
    "externalcontact/add_moment_task",
    nested("text", text("content", chars=2000, bad=TOO_LARGE)),
    objects(
        "attachments",
        text("msgtype", required=BAD_KIND, enum=KINDS, bad=BAD_KIND),
        nested("image", MEDIA_ID),
        nested("video", MEDIA_ID),
        nested("link", text("title", chars=64), text("url", required=MISSING), MEDIA_ID),
        most=9,
        too_many=TOO_MANY,
    ),
    nested(
        "visible_range",
        nested("sender_list", items("user_list", most=100_000), items("department_list", int)),
        nested("external_contact_list", items("tag_list")),
    ),
)
def add_moment_task(ask: Ask) -> Mapping[str, object]:
    """Start the job that makes a moment; who is named wrongly shows in its result only."""
    content = _content(ask)
    moments, most = ask.state.moments, ask.limits.moment_jobs
    if most is not None and len(moments.open) >= most:
        raise Refusal(TOO_MANY_JOBS, f"{len(moments.open)} jobs are running")
    wanted: Body = ask.body.get("visible_range") or {}
    senders: Body = wanted.get("sender_list") or {}
    job = MomentJob(
        jobid=ask.state.ids.letters("job", "moment_job", 40),
        agent_id=ask.app.agent_id,
        visible=ask.app.visible,
        created_at=ask.time,
        due_at=ask.time + ask.settings.moment_lag.total_seconds(),
        content=content,
        users=senders.get("user_list") or None,
        departments=senders.get("department_list") or None,
        tags=(wanted.get("external_contact_list") or {}).get("tag_list") or None,
    )
    moments.jobs[job.jobid] = job
    moments.open[job.jobid] = None
    if job.due_at <= ask.time:
        make(ask.state, job)
    return {"jobid": job.jobid}


@over_time
def finish_jobs(tick: Tick) -> None:
    """Carry out the jobs that are due, oldest first."""
    moments = tick.state.moments
    due = [moments.jobs[one] for one in moments.open if moments.jobs[one].due_at <= tick.time]
    for job in sorted(due, key=lambda one: one.due_at):
        make(tick.state, job)


@endpoint("GET", "externalcontact/get_moment_task_result", text("jobid", required=MISSING, octets=64))
def get_moment_task_result(ask: Ask) -> Mapping[str, object]:
    """Answer how far a job has come; the result is there when it is done."""
    job = ask.state.moments.jobs.get(ask.body["jobid"])
    if job is None or job.agent_id != ask.app.agent_id:
        raise Refusal(NO_JOB)
    if ask.time >= job.created_at + DAY:
        raise Refusal(OLD_JOB, "older than 24 hours")
    half = (job.created_at + job.due_at) / 2
    status = DONE if job.result else CREATING if ask.time >= half else STARTED
    return {"status": status, "type": "add_moment_task", **({"result": job.result} if job.result else {})}


@endpoint("POST", "externalcontact/cancel_moment_task", MOMENT_ID)
def cancel_moment_task(ask: Ask) -> None:
    """Stop what no member has published; what is published stays (97612)."""
    _of_corp(ask).cancelled = True


@endpoint(
    "POST",
    "externalcontact/get_moment_list",
    integer("start_time", required=MISSING),
    integer("end_time", required=MISSING),
    text("creator"),
    integer("filter_type", enum=(0, 1, 2)),
    *PAGE,
)
def get_moment_list(ask: Ask) -> Mapping[str, object]:
    """List the moments between two times, both left out; those made by API carry no creator."""
    start, end = ask.body["start_time"], ask.body["end_time"]
    if not 0 <= end - start <= MONTH:
        raise Refusal(BAD, "end_time must lie 0 to 30 days after start_time")
    made = [one for one in ask.state.moments.rows.values() if start < int(one.created_at) < end]
    rows = [one for one in made if _wanted(ask, one)]
    found, cursor = page(ask, rows, lambda one: one.seq, page_size(ask, default=20, most=20))
    return {"moment_list": [_show(one) for one in found], "next_cursor": cursor}


@endpoint("POST", "externalcontact/get_moment_task", MOMENT_ID, *PAGE)
def get_moment_task(ask: Ask) -> Mapping[str, object]:
    """List the members of a moment of the corp and whether they have published it."""
    rows = [one for one in _dispatched(ask, _of_corp(ask)).tasks.values() if look.visible(ask, one.userid)]
    found, cursor = page(ask, rows, lambda one: one.seq, page_size(ask, default=500, most=1000))
    shown = [{"userid": one.userid, "publish_status": int(bool(one.published_at))} for one in found]
    return {"task_list": shown, "next_cursor": cursor}


@endpoint("POST", "externalcontact/get_moment_customer_list", *OF_MEMBER, *PAGE)
def get_moment_customer_list(ask: Ask) -> Mapping[str, object]:
    """List the customers for whom a member published."""
    task = _published(ask)
    found, cursor = _page_of(ask, task.customers, page_size(ask, default=500, most=1000))
    return {
        "customer_list": [{"userid": task.userid, "external_userid": one} for one in found],
        "next_cursor": cursor,
    }


@endpoint("POST", "externalcontact/get_moment_send_result", *OF_MEMBER, *PAGE)
def get_moment_send_result(ask: Ask) -> Mapping[str, object]:
    """List the customers who can see what a member published."""
    found, cursor = _page_of(ask, _published(ask).reached, page_size(ask, default=3000, most=5000))
    return {"customer_list": [{"external_userid": one} for one in found], "next_cursor": cursor}


@endpoint("POST", "externalcontact/get_moment_comments", *OF_MEMBER)
def get_moment_comments(ask: Ask) -> Mapping[str, object]:
    """Answer who commented on what a member published, and who liked it."""
    task = _published(ask)
    return {
        "comment_list": [_show_reaction(one) for one in task.comments],
        "like_list": [_show_reaction(one) for one in task.likes.values()],
    }


def _content(ask: Ask) -> Body:
    """Return text and attachments as `get_moment_list` shows them, after looking up their media."""
    words = (ask.body.get("text") or {}).get("content")
    attachments: list[Body] = ask.body.get("attachments") or []
    if not words and not attachments:
        raise Refusal(EMPTY)
    kinds = [str(one["msgtype"]) for one in attachments]
    if len(set(kinds)) > 1 or (len(kinds) > 1 and kinds[0] != "image"):
        raise Refusal(BAD_KIND, "9 images, or 1 video, or 1 link: " + ", ".join(kinds))
    content: dict[str, Any] = {"text": {"content": words}} if words else {}
    parts = [_part(ask, one) for one in attachments]
    if parts:
        content[kinds[0]] = parts if kinds[0] == "image" else parts[0]
    return content


def _part(ask: Ask, one: Body) -> Body:
    kind = str(one["msgtype"])
    part: Body | None = one.get(kind)
    if not part:
        raise Refusal(MISSING, f"attachments: {kind}")
    medium = look.medium(ask, part["media_id"], scene=MOMENT_SCENE)
    if medium.type != ("video" if kind == "video" else "image"):
        raise Refusal(BAD_KIND, f"{kind}: the medium is a {medium.type}")
    if kind == "link":
        return {"title": part.get("title", ""), "url": part["url"]}
    cover = {"thumb_media_id": ask.state.ids.letters("3", "media", 64)} if kind == "video" else {}
    return {"media_id": part["media_id"], **cover}


def _moment(ask: Ask) -> MomentRow:
    row = ask.state.moments.rows.get(ask.body["moment_id"])
    if row is None or row.deleted or not _any_visible(ask, row):
        raise Refusal(NO_MOMENT)
    return row


def _of_corp(ask: Ask) -> MomentRow:
    row = _moment(ask)
    if row.create_type:
        raise Refusal(WRONG_MOMENT, "a member made it")
    return row


def _dispatched(ask: Ask, row: MomentRow) -> MomentRow:
    if not row.create_type and ask.time < row.created_at + ask.settings.dispatch_lag.total_seconds():
        raise Refusal(DISPATCHING)
    return row


def _published(ask: Ask) -> MomentTask:
    task = _dispatched(ask, _moment(ask)).tasks.get(ask.body["userid"])
    if task is None or not look.visible(ask, task.userid):
        raise Refusal(NOT_THEIRS)
    if not task.published_at:
        raise Refusal(NOT_PUBLISHED, f"fake.publish_moment({task.userid!r}, ...) does it")
    return task


def _any_visible(ask: Ask, row: MomentRow) -> bool:
    return any(look.visible(ask, userid) for userid in row.tasks)


def _wanted(ask: Ask, row: MomentRow) -> bool:
    if row.deleted or not _any_visible(ask, row):
        return False
    creator = ask.body.get("creator")
    if creator and row.creator != creator:
        return False
    return ask.body.get("filter_type", 2) in (2, row.create_type)


def _show(row: MomentRow) -> Body:
    creator = {"creator": row.creator} if row.creator else {}
    head: Body = {"moment_id": row.moment_id, **creator, "create_time": int(row.created_at)}
    return {**head, "create_type": row.create_type, "visible_type": int(not row.partly), **row.content}


def _show_reaction(one: Reaction) -> Body:
    return {"external_userid" if one.customer else "userid": one.who, "create_time": one.at}


def _page_of(ask: Ask, ids: list[str], size: int) -> tuple[list[str], str]:
    found, cursor = page(ask, list(enumerate(ids)), lambda one: one[0], size)
    return [one for _, one in found], cursor
