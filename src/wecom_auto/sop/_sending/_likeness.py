"""Whether what the platform's list shows may be what a batch asked for. Pure: compares, asks nobody.

The list names no creator for tasks made by API, so a task is recognised by its time and its content.
A local file has had several media; only a medium that is known to be another file's speaks against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, cast

from wecom_auto import _codec
from wecom_auto._types import JSON, JSONObject
from wecom_auto.models import CreateType, MassMessage, Moment, VisibleType
from wecom_auto.sop._document._files import REFERENCE
from wecom_auto.sop._document._moment_content import shown
from wecom_auto.sop.contents import Content

_NO_MEDIA: Final[Mapping[str, str]] = MappingProxyType({})


def could_be(
    message: MassMessage, content: Content, since: datetime, until: datetime, media: Mapping[str, str] = _NO_MEDIA
) -> bool:
    """Whether a listed mass message may be ours, by what the list alone says.

    Args:
        message: From the list.
        content: What the batch sends, with local files.
        since: The earliest time at which it can have been made.
        until: The latest.
        media: The files behind our media, by media id.
    """
    text = message.text.content if message.text is not None else ""
    return (
        _in_time(message.created_at, since, until)
        and message.create_type is CreateType.CORP
        and text == content.text
        and len(message.attachments) == len(content.attachments)
        and all(
            _same(_wire(theirs), _wire(ours), media)
            for theirs, ours in zip(message.attachments, content.attachments, strict=True)
        )
    )


def could_be_moment(
    moment: Moment,
    content: Content,
    since: datetime,
    until: datetime,
    media: Mapping[str, str] = _NO_MEDIA,
    *,
    partly: bool,
) -> bool:
    """Whether a listed moment may be ours; `partly` says that only customers with a tag were to see it."""
    text = moment.text.content if moment.text is not None else ""
    theirs, ours = posted(moment), shown(content)
    return (
        _in_time(moment.created_at, since, until)
        and moment.create_type is CreateType.CORP
        and (moment.visible_type is VisibleType.PARTLY) is partly
        and text == content.text
        and len(theirs) == len(ours)
        and all(_agree(one, other, media) for one, other in zip(theirs, ours, strict=True))
    )


def posted(moment: Moment) -> tuple[str, ...]:
    """The media of a moment, or the address of its link."""
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
    """Whether two values may mean the same."""
    if not isinstance(ours, str) or not ours.startswith(REFERENCE):
        return theirs == ours
    return media.get(str(theirs), ours.removeprefix(REFERENCE)) == ours.removeprefix(REFERENCE)
