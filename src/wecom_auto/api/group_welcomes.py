"""Group welcome templates (客户联系 › 入群欢迎语素材管理): the library. Owners put a template on a group by hand."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Final

from attrs import frozen

from wecom_auto._binding import C, Endpoints, endpoint
from wecom_auto._call import Call, Effect
from wecom_auto._checks import AnyOf, Check, Limit
from wecom_auto._codec import encode_object
from wecom_auto._types import UNSET, JSONObject, Unset
from wecom_auto.api._values import flag, listed, text_of
from wecom_auto.errors import ValidationError
from wecom_auto.models import Attachment, GroupWelcome, Text

__all__ = ["GroupWelcomeEndpoints"]

_KINDS: Final = ("image", "link", "miniprogram", "file", "video")


@frozen
class _OneKind:
    """One attachment of a kind that the manual knows, or none."""

    kinds: tuple[str, ...] = _KINDS
    others: tuple[str, ...] = ("template_id", "text", "notify", "agentid")

    def __call__(self, fields: JSONObject) -> None:
        """Raise `ValidationError` if there are several kinds, or one that nobody knows."""
        field, given = "attachments", [name for name in fields if name not in self.others]
        if len(given) > 1:
            found, limit = " and ".join(given), "a text and one attachment"
            raise ValidationError(field, value=found, limit=limit, fix="make a template for each")
        if given and given[0] not in self.kinds:
            raise ValidationError(field, value=given[0], limit="one of " + ", ".join(self.kinds))


_LIMITS: Final[tuple[Check, ...]] = (
    _OneKind(),
    AnyOf("text.content", *_KINDS),
    Limit("text.content", bytes=3000),
    Limit("link.title", bytes=128),
    Limit("link.desc", bytes=512),
    Limit("miniprogram.title", bytes=64),
)


class GroupWelcomeEndpoints(Endpoints[C]):
    """Group welcome templates (入群欢迎语素材): what greets who joins a group."""

    __slots__ = ()

    @endpoint
    def create(
        self,
        *,
        text: str | Text | Unset = UNSET,
        attachments: Sequence[Attachment] = (),
        notify: bool | Unset = UNSET,
        agentid: int | Unset = UNSET,
    ) -> Call[str]:
        """Put a template into the corp's library, which has room for 100.

        No API puts it on a group: owners do that in their client, and `notify` tells them that there is something new.
        A lost answer is not repeated, and no API lists the library: a second copy would take up a place for good.

        Manual: `添加入群欢迎语素材 <https://developer.work.weixin.qq.com/document/path/92366>`__

        Args:
            text: Up to 3,000 UTF-8 bytes; ``%NICKNAME%`` becomes the customer's nickname.
            attachments: At most one picture, link, mini program, file or video.
                Files from `media.upload` must be alive now.
            notify: Tell members that they may use it; the platform's default is True.
            agentid: Third-party suites of the old kind with several apps only.

        Returns:
            The id of the template. Keep it, for no API finds it again.

        Raises:
            QuotaExceededError: 41055 the library has 100 templates.
            InvalidRequestError: 40007 a file has died.
        """
        path = "/cgi-bin/externalcontact/group_welcome_template/add"
        content = _content(text, attachments)
        call = Call.post(Effect.CREATE, path, str, **content, notify=flag(notify), agentid=agentid)
        return call.unwrap("template_id").checked(*_LIMITS)

    @endpoint
    def edit(
        self,
        template_id: str,
        *,
        text: str | Text | Unset = UNSET,
        attachments: Sequence[Attachment] = (),
        agentid: int | Unset = UNSET,
    ) -> Call[None]:
        """Change a template. An app may edit only its own. Nobody is told.

        Say the whole template again. Unverified: whether a part that is left out stays or goes.

        Manual: `编辑入群欢迎语素材 <https://developer.work.weixin.qq.com/document/path/92366>`__

        Args:
            template_id: The template.
            text: Up to 3,000 UTF-8 bytes. Another source says 4,000; the page says 3,000.
            attachments: At most one picture, link, mini program, file or video.
            agentid: Third-party suites of the old kind with several apps only.

        Raises:
            PermissionDeniedError: 41058 another app made it.
        """
        path = "/cgi-bin/externalcontact/group_welcome_template/edit"
        content = _content(text, attachments)
        call = Call.post(Effect.SET, path, NoneType, template_id=template_id, **content, agentid=agentid)
        return call.checked(*_LIMITS)

    @endpoint
    def get(self, template_id: str) -> Call[GroupWelcome]:
        """Fetch a template. A picture comes back as a URL, however it was given.

        Manual: `获取入群欢迎语素材 <https://developer.work.weixin.qq.com/document/path/92366>`__

        Args:
            template_id: The template.
        """
        path = "/cgi-bin/externalcontact/group_welcome_template/get"
        return Call.post(Effect.READ, path, GroupWelcome, template_id=template_id)

    @endpoint
    def delete(self, template_id: str, *, agentid: int | Unset = UNSET) -> Call[None]:
        """Delete a template. An app may delete only its own.

        Manual: `删除入群欢迎语素材 <https://developer.work.weixin.qq.com/document/path/92366>`__

        Args:
            template_id: The template.
            agentid: Third-party suites of the old kind with several apps only.

        Raises:
            PermissionDeniedError: 41058 another app made it.
        """
        path = "/cgi-bin/externalcontact/group_welcome_template/del"
        return Call.post(Effect.DELETE, path, NoneType, template_id=template_id, agentid=agentid)


def _content(text: str | Text | Unset, attachments: Sequence[Attachment]) -> dict[str, object]:
    """Return text and attachments as templates nest them: each under its kind, without an envelope."""
    parts = [encode_object(one) for one in listed("attachments", attachments)]
    return {"text": text_of(text), **{name: part[name] for part in parts for name in part if name != "msgtype"}}
