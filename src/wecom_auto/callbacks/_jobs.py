"""The ends of long jobs (异步任务) as values. Holds facts only: reads no bytes and calls no API.

They come to the app that started the job.
"""

from __future__ import annotations

from typing import ClassVar, Final

from attrs import field, frozen

from wecom_auto._model import OpenStrEnum
from wecom_auto.callbacks._discreet import Part
from wecom_auto.callbacks._event import KnownEvent
from wecom_auto.callbacks._wire import wire

__all__ = [
    "BatchJob",
    "BatchJobFinished",
    "BatchJobType",
    "MediaUploadFinished",
]


class BatchJobType(OpenStrEnum):
    """What a job does. Unverified: the exports and the import of a chain."""

    SYNC_USER = "sync_user"
    REPLACE_USER = "replace_user"
    INVITE_USER = "invite_user"
    REPLACE_PARTY = "replace_party"
    EXPORT_USER = "export_user"
    EXPORT_SIMPLE_USER = "export_simple_user"
    EXPORT_DEPARTMENT = "export_department"
    EXPORT_TAGUSER = "export_taguser"
    IMPORT_CHAIN_CONTACT = "import_chain_contact"


@frozen(kw_only=True, repr=False)
class BatchJob(Part):
    """A job and how it went.

    Args:
        job_id: Its id, up to 64 characters; ask for the result with it.
        job_type: What it did.
        errcode: 0 if it went well.
        errmsg: Why not.
    """

    job_id: str = field(metadata=wire("JobId"))
    job_type: BatchJobType | None = field(default=None, metadata=wire("JobType", BatchJobType))
    errcode: int | None = field(default=None, metadata=wire("ErrCode", int))
    errmsg: str = field(default="", metadata=wire("ErrMsg"))


@frozen(kw_only=True, repr=False)
class BatchJobFinished(KnownEvent):
    """A job on the address book or a chain ended (异步任务完成): ask for its result.

    Sent to every kind of app. Manual: `事件格式 <https://developer.work.weixin.qq.com/document/path/90240>`__.

    Args:
        job: Which, and how it went.
    """

    FAMILY: ClassVar[str] = "batch_job_result"

    job: BatchJob = field(metadata=wire("BatchJob", of=BatchJob))


@frozen(kw_only=True, repr=False)
class MediaUploadFinished(KnownEvent):
    """An upload of a large file ended, well or not (异步上传临时素材结果).

    Sent to self-built and provider-built apps. Manual: `异步上传临时素材
    <https://developer.work.weixin.qq.com/document/path/96219>`__.

    Args:
        job_id: Ask for the result with it within 60 minutes.
    """

    FAMILY: ClassVar[str] = "upload_media_job_finish"

    job_id: str = field(metadata=wire("JobId"))


EVENTS: Final = (
    BatchJobFinished,
    MediaUploadFinished,
)
"""The classes of this chapter that name an event."""
