"""Build the calls of moments (客户朋友圈), each in one place for a page and for an iterator. Sends nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from attrs import frozen

from wecom_auto._call import Call, Effect, Page
from wecom_auto._checks import AnyOf, Limit, OneOf
from wecom_auto._types import UNSET, JSONObject, Unset
from wecom_auto.api._rules import MaxSpan, page_of
from wecom_auto.api._values import listed, seconds, some, text_of
from wecom_auto.errors import ValidationError
from wecom_auto.models import FilterType, Moment, MomentAttachment, MomentCustomer, MomentJob, MomentTask, Text

__all__ = ["create_call", "customers_call", "list_call", "members_call", "reached_call", "result_call"]

_KINDS: Final = ("image", "video", "link")
_MOST_IMAGES: Final = 9


@frozen
class _OneKind:
    """What a moment may hold: up to 9 pictures, or one video, or one link, each with a file of its own."""

    field: str = "attachments"

    def __call__(self, fields: JSONObject) -> None:
        """Raise `ValidationError` if kinds are mixed, if there are too many, or if a file is missing."""
        kinds = [str(one["msgtype"]) for one in self._attachments(fields)]
        limit = f"up to {_MOST_IMAGES} pictures, or one video, or one link"
        if len(set(kinds)) > 1 or (len(kinds) > 1 and kinds[0] != "image"):
            raise ValidationError(self.field, value=", ".join(kinds), limit=limit)
        for place, one in enumerate(self._attachments(fields)):
            part = one.get(kinds[place])
            if not (isinstance(part, dict) and part.get("media_id")):
                where = f"{self.field}[{place}].{kinds[place]}.media_id"
                raise ValidationError(where, value="nothing", limit="an id from media.upload_attachment")

    def _attachments(self, fields: JSONObject) -> list[JSONObject]:
        given = fields.get(self.field)
        return [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []


def create_call(
    text: str | Text | Unset,
    attachments: Sequence[MomentAttachment],
    userids: Sequence[str] | Unset,
    department_ids: Sequence[int] | Unset,
    tag_ids: Sequence[str] | Unset,
) -> Call[str]:
    """Return the call that starts a job."""
    senders = _given(user_list=some("userids", userids), department_list=some("department_ids", department_ids))
    customers = _given(tag_list=some("tag_ids", tag_ids))
    path = "/cgi-bin/externalcontact/add_moment_task"
    content = {"text": text_of(text), "attachments": listed("attachments", attachments) or UNSET}
    visible = _given(sender_list=senders or UNSET, external_contact_list=customers or UNSET)
    call = Call.post(Effect.SEND, path, str, **content, visible_range=visible or UNSET)
    return call.unwrap("jobid").checked(
        AnyOf("text", "attachments"),
        Limit("text.content", chars=2000),
        Limit("attachments", items=_MOST_IMAGES),
        OneOf("attachments[].msgtype", _KINDS),
        _OneKind(),
        Limit("attachments[].link.title", chars=64),
        Limit("visible_range.sender_list.user_list", items=100_000),
    )


def result_call(jobid: str) -> Call[MomentJob]:
    """Return the call that asks for a job."""
    path = "/cgi-bin/externalcontact/get_moment_task_result"
    return Call.get(path, MomentJob, jobid=jobid).checked(Limit("jobid", bytes=64))


def list_call(
    start_at: datetime,
    end_at: datetime,
    creator: str | Unset,
    filter_type: FilterType | int | Unset,
    cursor: str,
    limit: int,
) -> Call[Page[Moment]]:
    """Return the call that lists moments."""
    times = {"start_time": seconds("start_at", start_at), "end_time": seconds("end_at", end_at)}
    page = {"limit": limit, "cursor": cursor or UNSET}
    path = "/cgi-bin/externalcontact/get_moment_list"
    call = Call.post(Effect.READ, path, Moment, **times, creator=creator, filter_type=filter_type, **page)
    return call.paged("moment_list").checked(
        OneOf("filter_type", (0, 1, 2)), MaxSpan("start_time", "end_time", 30), page_of(20)
    )


def members_call(moment_id: str, cursor: str, limit: int) -> Call[Page[MomentTask]]:
    """Return the call that lists the members of a moment."""
    path = "/cgi-bin/externalcontact/get_moment_task"
    call = Call.post(Effect.READ, path, MomentTask, moment_id=moment_id, limit=limit, cursor=cursor or UNSET)
    return call.paged("task_list").checked(page_of(1000))


def customers_call(moment_id: str, userid: str, cursor: str, limit: int) -> Call[Page[MomentCustomer]]:
    """Return the call that lists the customers who were chosen."""
    path = "/cgi-bin/externalcontact/get_moment_customer_list"
    page = {"limit": limit, "cursor": cursor or UNSET}
    call = Call.post(Effect.READ, path, MomentCustomer, moment_id=moment_id, userid=userid, **page)
    return call.paged("customer_list").checked(page_of(1000))


def reached_call(moment_id: str, userid: str, cursor: str, limit: int) -> Call[Page[MomentCustomer]]:
    """Return the call that lists the customers who can see a moment."""
    path = "/cgi-bin/externalcontact/get_moment_send_result"
    page = {"limit": limit, "cursor": cursor or UNSET}
    call = Call.post(Effect.READ, path, MomentCustomer, moment_id=moment_id, userid=userid, **page)
    return call.paged("customer_list").checked(page_of(5000))


def _given(**fields: object) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not UNSET}
