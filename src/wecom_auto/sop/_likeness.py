"""Whether what the platform's list shows may be what a batch asked for. Pure: compares, asks nobody.

The list names no creator for tasks made by API, so a task is recognised by its time and its content.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from wecom_auto import _codec
from wecom_auto._types import JSONObject
from wecom_auto.models import CreateType, MassMessage, Moment, VisibleType
from wecom_auto.sop._moment_content import shown
from wecom_auto.sop.contents import Content


def same_message(message: MassMessage, content: Content, since: datetime, until: datetime) -> bool:
    """Whether a listed mass message may be ours, by what the list alone says."""
    text = message.text.content if message.text is not None else ""
    return (
        _in_time(message.created_at, since, until)
        and message.create_type is CreateType.CORP
        and text == content.text
        and len(message.attachments) == len(content.attachments)
        and all(
            _same(_wire(theirs), _wire(ours))
            for theirs, ours in zip(message.attachments, content.attachments, strict=True)
        )
    )


def same_moment(moment: Moment, content: Content, since: datetime, until: datetime, *, partly: bool) -> bool:
    """Whether a listed moment may be ours; `partly` says that only customers with a tag were to see it."""
    text = moment.text.content if moment.text is not None else ""
    return (
        _in_time(moment.created_at, since, until)
        and moment.create_type is CreateType.CORP
        and (moment.visible_type is VisibleType.PARTLY) is partly
        and text == content.text
        and _posted(moment) == shown(content)
    )


def _posted(moment: Moment) -> tuple[str, ...]:
    """The pictures, the video or the link of a moment."""
    if moment.images:
        return tuple(one.media_id for one in moment.images)
    if moment.video is not None:
        return (moment.video.media_id,)
    return (moment.link.url,) if moment.link is not None else ()


def _in_time(made: datetime | None, since: datetime, until: datetime) -> bool:
    # The platform counts whole seconds, so the first one may have begun before our own clock's.
    return made is not None and since.replace(microsecond=0) <= made <= until


def _wire(attachment: object) -> JSONObject:
    return cast("JSONObject", _codec.encode(attachment))


def _same(theirs: JSONObject, ours: JSONObject) -> bool:
    """Compare what both sides state: the platform may leave out or add fields of an attachment."""
    if theirs.get("msgtype") != ours.get("msgtype"):
        return False
    kind = str(ours.get("msgtype"))
    left, right = theirs.get(kind), ours.get(kind)
    if not isinstance(left, Mapping) or not isinstance(right, Mapping):
        return left == right
    return all(left[key] == right[key] for key in left.keys() & right.keys())
