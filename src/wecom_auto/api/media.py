"""Files (素材管理): upload what messages refer to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wecom_auto._binding import C, Endpoints, endpoint
from wecom_auto._call import Call
from wecom_auto._checks import OneOf
from wecom_auto.api._rules import FileSize
from wecom_auto.api._values import File, upload
from wecom_auto.models import AttachmentUse, Media, MediaKind, UploadedAttachment, UploadedImage

__all__ = ["MediaEndpoints"]

_MEGABYTE: Final = 1024 * 1024
_MOST: Final[Mapping[str, int]] = {
    MediaKind.IMAGE: 10 * _MEGABYTE,
    MediaKind.VOICE: 2 * _MEGABYTE,
    MediaKind.VIDEO: 10 * _MEGABYTE,
    MediaKind.FILE: 20 * _MEGABYTE,
}
_TAKEN: Final[Mapping[int, tuple[str, ...]]] = {
    AttachmentUse.MOMENT: (MediaKind.IMAGE.value, MediaKind.VIDEO.value),
    AttachmentUse.PRODUCT_ALBUM: (MediaKind.IMAGE.value,),
}


class MediaEndpoints(Endpoints[C]):
    """Temporary media (临时素材) and permanent pictures."""

    __slots__ = ()

    @endpoint
    def upload(self, kind: MediaKind | str, file: File, *, filename: str = "") -> Call[Media]:
        """Upload a temporary file; it lives 3 days and all apps of the corp can use it.

        A lost answer is repeated: a second copy only dies later.

        Manual: `上传临时素材 <https://developer.work.weixin.qq.com/document/path/90253>`__

        Args:
            kind: Picture (JPG, PNG; 10 MB), voice (AMR; 2 MB, 60 s), video (MP4; 10 MB) or file (20 MB).
            file: The bytes, an open file or a path; more than 5 bytes.
            filename: What recipients see, Chinese is fine; by default the file's own name.

        Raises:
            InvalidRequestError: 40004 the kind is wrong; 40006 or 40009 the size; 40123 it is not a picture.
        """
        media = upload(file, filename)
        size = FileSize(len(media.content), _MOST.get(kind, 20 * _MEGABYTE))
        return Call.put_file("/cgi-bin/media/upload", Media, media, type=kind).checked(
            OneOf("type", tuple(_MOST)), size
        )

    @endpoint
    def upload_attachment(
        self, kind: MediaKind | str, file: File, *, attachment_type: AttachmentUse | int, filename: str = ""
    ) -> Call[UploadedAttachment]:
        """Upload a file for moments or product albums; it lives 3 days.

        Ids of `upload` do not work there, and ids from here work nowhere else (41072).
        A lost answer is repeated: a second copy only dies later.

        Manual: `上传附件资源 <https://developer.work.weixin.qq.com/document/path/95098>`__

        Args:
            kind: Picture (JPG, PNG; 10 MB) or video (MP4; 10 MB). Product albums take pictures only.
            file: The bytes, an open file or a path; more than 5 bytes.
                For moments a picture measures at most 10,800 by 1,080 pixels, and a video lasts at most 30 s;
                the platform checks that.
            attachment_type: What it is for.
            filename: By default the file's own name.

        Raises:
            InvalidRequestError: 41080 or 40009 the file is too large; 41081 too many pixels; 41082 too long a video;
                41090 the video is no MP4.
        """
        media = upload(file, filename)
        path = "/cgi-bin/media/upload_attachment"
        call = Call.put_file(path, UploadedAttachment, media, media_type=kind, attachment_type=attachment_type)
        kinds = (MediaKind.IMAGE.value, MediaKind.VIDEO.value, MediaKind.FILE.value)
        return call.checked(
            OneOf("attachment_type", ("1", "2")),
            OneOf("media_type", _TAKEN.get(attachment_type, kinds)),
            FileSize(len(media.content), 10 * _MEGABYTE),
        )

    @endpoint
    def upload_image(self, file: File, *, filename: str = "") -> Call[UploadedImage]:
        """Upload a picture for good and get its URL, which works in WeCom and in messages to customers only.

        A corp may upload 1,000 a day and 3,000 a month.

        Manual: `上传图片 <https://developer.work.weixin.qq.com/document/path/90256>`__

        Args:
            file: The bytes, an open file or a path; 6 bytes to 2 MB.
            filename: By default the file's own name.

        Raises:
            InvalidRequestError: 40009 the size is wrong; 40123 it is not a picture.
        """
        media = upload(file, filename)
        call = Call.put_file("/cgi-bin/media/uploadimg", UploadedImage, media)
        return call.checked(FileSize(len(media.content), 2 * _MEGABYTE))
