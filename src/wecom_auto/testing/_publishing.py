"""How a moment comes to be: a job turns into tasks, a member's tap makes it visible. Answers no request.

Unverified, because the manual does not say: tags are OR; the members of a task are fixed when the job is done and its
customers when the member taps; a job without anybody who could publish ends with 41048; members without the
customer-contact right count as invalid; how many moments of a member a customer sees in a day (`Limits.moments_seen`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from wecom_auto._time import CHINA
from wecom_auto.testing._state import Relation, State
from wecom_auto.testing._state_moments import MomentJob, MomentRow, MomentTask
from wecom_auto.testing._wire import Body

__all__ = ["add_moment", "make", "publish", "waiting"]

NOBODY = 41048


def make(state: State, job: MomentJob) -> None:
    """Carry out a job: give its members the task, or note why nobody has it."""
    bad_users = [one for one in job.users or () if not _may_publish(state, job, one)]
    bad_departments = [one for one in job.departments or () if not _in_department(state, job, one)]
    bad_tags = [one for one in job.tags or () if not _is_corp_tag(state, one)]
    tags = None if job.tags is None else [one for one in job.tags if one not in bad_tags]
    senders = _senders(state, job, tags)
    job.result = {
        "errcode": 0 if senders else NOBODY,
        "errmsg": "ok" if senders else "nobody is left who could publish",
        "invalid_sender_list": {"user_list": bad_users, "department_list": bad_departments},
        "invalid_external_contact_list": {"tag_list": bad_tags},
    }
    if senders:
        row = add_moment(state, job.due_at, job.content, senders, tags=tags or ())
        job.result["moment_id"] = row.moment_id
    del state.moments.open[job.jobid]


def add_moment(
    state: State, at: float, content: Body, senders: Iterable[str], *, creator: str = "", tags: Iterable[str] = ()
) -> MomentRow:
    """Put a moment into the world, with a task for each sender; it was made by `creator`, or by the corp."""
    row = MomentRow(
        seq=state.ids.number("moment"),
        moment_id=state.ids.letters("mom", "moment_id", 32),
        creator=creator,
        create_type=1 if creator else 0,
        created_at=at,
        content=content,
        partly=bool(tags),
        tags=list(tags),
    )
    row.tasks = {one: MomentTask(seq=place, userid=one) for place, one in enumerate(senders)}
    state.moments.rows[row.moment_id] = row
    return row


def waiting(state: State, userid: str) -> list[tuple[MomentRow, MomentTask]]:
    """Return what a member has not published yet and still may."""
    rows = [row for row in state.moments.rows.values() if userid in row.tasks and not row.cancelled]
    return [(row, row.tasks[userid]) for row in rows if not row.tasks[userid].published_at]


def publish(state: State, row: MomentRow, task: MomentTask, now: float, *, most: int, only: set[str]) -> None:
    """Publish one member's part: choose the customers, and find out who of them can see it.

    Args:
        state: The corp.
        row: The moment.
        task: The member's part of it.
        now: Virtual unix seconds.
        most: Moments of one member that a customer sees in a day.
        only: Customers that the member left ticked; empty means all.
    """
    relations = state.members[task.userid].relations.values()
    chosen = [one for one in relations if _fits(one, row) and (not only or one.external_userid in only)]
    task.published_at = now
    task.customers = [one.external_userid for one in chosen]
    task.reached = [one.external_userid for one in chosen if not one.unfriended and _sees(state, one, now, most)]


def _fits(relation: Relation, row: MomentRow) -> bool:
    return not relation.half and (not row.tags or not relation.tags.keys().isdisjoint(row.tags))


def _sees(state: State, relation: Relation, now: float, most: int) -> bool:
    """Say whether a customer sees one more moment of this member today, and count it if so."""
    today = datetime.fromtimestamp(now, CHINA).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    seen = state.moments.seen.setdefault(f"{relation.userid}/{relation.external_userid}", [])
    if sum(at >= today for at in seen) >= most:
        return False
    seen.append(now)
    return True


def _senders(state: State, job: MomentJob, tags: list[str] | None) -> list[str]:
    """Return who gets the task: who was named or everybody, as far as they have customers with the tags."""
    named = list(job.users or ())
    for party in job.departments or ():
        named += state.of_department(party)
    everybody = job.users is None and job.departments is None
    candidates = list(state.members) if everybody else list(dict.fromkeys(named))
    able = [one for one in candidates if _may_publish(state, job, one)]
    if tags is None:
        return able
    return [one for one in able if _follows(state, one, set(tags))]


def _follows(state: State, userid: str, tags: set[str]) -> bool:
    relations = state.members[userid].relations.values()
    return any(not one.half and not tags.isdisjoint(one.tags) for one in relations)


def _may_publish(state: State, job: MomentJob, userid: str) -> bool:
    member = state.members.get(userid)
    return bool(member and member.active and member.contact and _visible(job, userid))


def _in_department(state: State, job: MomentJob, party: int) -> bool:
    """Say whether a department exists and the app sees somebody of it."""
    return party in state.departments() and (
        job.visible is None or any(_visible(job, one) for one in state.of_department(party))
    )


def _visible(job: MomentJob, userid: str) -> bool:
    return job.visible is None or userid in job.visible


def _is_corp_tag(state: State, tag_id: str) -> bool:
    tag = state.tags.get(tag_id)
    return tag is not None and not tag.deleted and not state.tag_groups[tag.group_id].strategy_id
