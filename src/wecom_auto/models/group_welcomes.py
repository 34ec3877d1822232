"""Group welcome templates: what greets a customer who joins a group (入群欢迎语素材, manual 92366)."""

from __future__ import annotations

from attrs import frozen

from wecom_auto._model import Form, Model, wire
from wecom_auto.models.attachments import (
    Attachment,
    FileAttachment,
    ImageAttachment,
    LinkAttachment,
    MiniProgramAttachment,
    Text,
    VideoAttachment,
)

__all__ = ["GroupWelcome"]


@frozen(kw_only=True)
class GroupWelcome(Model):
    """A group welcome template (入群欢迎语素材): a text, and at most one of the others.

    Attributes:
        text: Up to 3,000 UTF-8 bytes; ``%NICKNAME%`` becomes the customer's nickname.
        image: Written as ``media_id``, read back as ``pic_url``.
        link: A link.
        mini_program: A mini program card.
        file: A file.
        video: A video.
        agentid: The app; third-party suites of the old kind with several apps only.
    """

    text: Text | None = None
    image: ImageAttachment | None = wire("", None, Form.BARE)
    link: LinkAttachment | None = wire("", None, Form.BARE)
    mini_program: MiniProgramAttachment | None = wire("miniprogram", None, Form.BARE)
    file: FileAttachment | None = wire("", None, Form.BARE)
    video: VideoAttachment | None = wire("", None, Form.BARE)
    agentid: int = 0

    @property
    def attachment(self) -> Attachment | None:
        """What comes with the text: the first of image, link, mini program, file and video."""
        kinds = (self.image, self.link, self.mini_program, self.file, self.video)
        return next((one for one in kinds if one is not None), None)
