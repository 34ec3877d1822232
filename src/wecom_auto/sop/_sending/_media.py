"""Bring local files to the platform before a message names them, and once more before they die.

A temporary medium lives 3 days and a batch may be asked for again days after it was frozen, so the medium is chosen
when the call is made, never when the batch is made.
Uploading may be repeated: a second copy only dies later.
Manual: https://developer.work.weixin.qq.com/document/path/90253 (上传临时素材).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

import sqlalchemy as sa

from wecom_auto.models import AttachmentUse
from wecom_auto.sop import store
from wecom_auto.sop._document._files import LocalFile
from wecom_auto.sop._rows import _sending_tables as t
from wecom_auto.sop._shared._context import Context, Settings
from wecom_auto.sop.contents import Content
from wecom_auto.store import reading, repeatable, transaction, upsert

Purpose: TypeAlias = Literal["message", "moment"]
"""Media of messages and of moments are uploaded by different calls and do not fit each other."""
LIFE: Final = timedelta(days=3)
"""How long a temporary medium lives."""
MARGIN: Final = timedelta(hours=1)
"""Nothing is sent with a medium that dies within this time."""
_REMEMBERED: Final = timedelta(days=40)
"""How long dead media stay in the books: the platform's list may still name them."""


def task_life(settings: Settings) -> timedelta:
    """How long a medium of a mass message has to live: until the task is withdrawn, if media live so long.

    Unverified: whether a medium must still live when the member taps.
    """
    return min(settings.expire_after + MARGIN, LIFE - MARGIN)


def provide(
    context: Context, content: Content, now: datetime, *, lives: timedelta = MARGIN, purpose: Purpose = "message"
) -> Content:
    """The content as the endpoints take it, with media that live long enough.

    Args:
        context: The corp.
        content: With local files, or without.
        now: Aware.
        lives: How long each medium must live from now on.
        purpose: What the media are for.

    Raises:
        ConfigurationError: A file is gone, or is another one by now.
        WeComError: It cannot be uploaded.
    """
    if not content.files:
        return content
    known = _known(context, [one.sha256 for one in content.files], purpose, now + lives)
    for one in content.files:
        if one.sha256 not in known:
            known[one.sha256] = _upload(context, one, purpose, now)
    return content.with_media(known)


def _known(context: Context, digests: Iterable[str], purpose: Purpose, alive_at: datetime) -> dict[str, str]:
    m = t.media.c
    mine = (m.corp_id == context.corp_id, m.purpose == purpose, m.sha256.in_(list(digests)), m.expires_at > alive_at)
    query = sa.select(m.sha256, m.media_id).where(*mine).order_by(m.expires_at)
    with reading(context.engine) as connection:
        return {row.sha256: row.media_id for row in connection.execute(query)}


def _upload(context: Context, file: LocalFile, purpose: Purpose, now: datetime) -> str:
    api, data = context.client.media, file.load()
    if purpose == "moment":
        use = AttachmentUse.MOMENT
        media_id = api.upload_attachment(file.kind, data, attachment_type=use, filename=file.name).media_id
    else:
        media_id = api.upload(file.kind, data, filename=file.name).media_id
    _remember(context, file.sha256, purpose, media_id, now)
    return media_id


@repeatable
def _remember(context: Context, sha256: str, purpose: Purpose, media_id: str, now: datetime) -> None:
    m = t.media.c
    # Counted from before the upload began: dead too early is safe.
    row = {"corp_id": context.corp_id, "media_id": media_id, "purpose": purpose, "sha256": sha256}
    times = {"uploaded_at": now, "expires_at": now + LIFE}
    old = (m.corp_id == context.corp_id, m.expires_at < now - _REMEMBERED)
    with transaction(context.engine) as connection:
        connection.execute(sa.delete(t.media).where(*old))
        upsert(connection, t.media, [row | times])


@repeatable
def forget(context: Context, content: Content, now: datetime) -> None:
    """Believe the platform that media of this content are dead: they are uploaded again next time."""
    m = t.media.c
    mine = (m.corp_id == context.corp_id, m.sha256.in_([one.sha256 for one in content.files]), m.expires_at > now)
    with transaction(context.engine) as connection:
        connection.execute(sa.update(t.media).where(*mine).values(expires_at=now))


def origins(context: Context, media_ids: Iterable[str]) -> dict[str, str]:
    """The digests of the files behind media that we uploaded: media id to digest."""
    found: dict[str, str] = {}
    m = t.media.c
    with reading(context.engine) as connection:
        for chunk in store.chunked(sorted(set(media_ids))):
            query = sa.select(m.media_id, m.sha256).where(m.corp_id == context.corp_id, m.media_id.in_(chunk))
            found |= {row.media_id: row.sha256 for row in connection.execute(query)}
    return found
