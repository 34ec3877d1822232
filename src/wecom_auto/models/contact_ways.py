"""Contact ways: codes and buttons that make somebody a customer (联系我, manual 92228)."""

from __future__ import annotations

from attrs import frozen

from wecom_auto._model import Form, Model, OpenIntEnum, wire
from wecom_auto.models._render import RichTable, Rows, html_table, rich_table
from wecom_auto.models.attachments import ImageAttachment, LinkAttachment, MiniProgramAttachment, Text

__all__ = [
    "Conclusions",
    "ContactWay",
    "ContactWayCreated",
    "ContactWayRef",
    "ContactWayScene",
    "ContactWayType",
]


class ContactWayType(OpenIntEnum):
    """How many members share a contact way (联系方式类型)."""

    UNKNOWN = 0
    """Not said in the answer; the platform has no such value."""
    SINGLE = 1
    """One member (单人)."""
    MULTIPLE = 2
    """Several members or departments (多人); the platform picks one for each customer."""


class ContactWayScene(OpenIntEnum):
    """Where a contact way is used (场景)."""

    UNKNOWN = 0
    """Not said in the answer; the platform has no such value."""
    MINI_PROGRAM = 1
    """A button in a mini program (在小程序中联系)."""
    QR_CODE = 2
    """A QR code (通过二维码联系)."""


@frozen(kw_only=True)
class Conclusions(Model):
    """The closing words of a temporary chat (结束语): a text, and at most one of the others.

    Attributes:
        text: Up to 4,000 UTF-8 bytes.
        image: Written as ``media_id``, read back as ``pic_url``.
        link: A link.
        mini_program: A mini program card.
    """

    text: Text | None = None
    image: ImageAttachment | None = wire("", None, Form.BARE)
    link: LinkAttachment | None = wire("", None, Form.BARE)
    mini_program: MiniProgramAttachment | None = wire("miniprogram", None, Form.BARE)


@frozen(kw_only=True)
class ContactWay(Model):
    """A contact way (「联系我」方式).

    Attributes:
        config_id: The id; it is not shown in the console, so keep it.
        type: One member or several.
        scene: Mini program or QR code.
        style: Number of the button's style, 1 to 3; mini program only.
        remark: A note for yourselves, up to 30 characters.
        skip_verify: Customers are added without confirmation by the member.
        state: The channel parameter (渠道参数), up to 30 characters.
        users: The members' userids.
        parties: Department ids.
        qr_code: URL of the code's picture; QR code only.
        is_temp: A temporary chat (临时会话); medical trade only.
        expires_in_seconds: Life of a temporary code.
        chat_expires_in_seconds: Life of a temporary chat.
        unionid: The one customer a temporary code is for.
        is_exclusive: All customers of one outside corp come to the same member.
        mark_source: The customer's source names this app; 营销获客 apps only.
        conclusions: The closing words of a temporary chat.
    """

    config_id: str
    type: ContactWayType = ContactWayType.UNKNOWN
    scene: ContactWayScene = ContactWayScene.UNKNOWN
    style: int | None = None
    remark: str = ""
    skip_verify: bool | None = None
    state: str = ""
    users: tuple[str, ...] = wire("user", ())
    parties: tuple[int, ...] = wire("party", ())
    qr_code: str = ""
    is_temp: bool = False
    expires_in_seconds: int | None = wire("expires_in", None)
    chat_expires_in_seconds: int | None = wire("chat_expires_in", None)
    unionid: str = ""
    is_exclusive: bool = False
    mark_source: bool | None = None
    conclusions: Conclusions | None = None

    def _repr_html_(self) -> str:
        return html_table(self.remark or self.config_id, self._rows())

    def __rich__(self) -> RichTable:
        return rich_table(self.remark or self.config_id, self._rows())

    def _rows(self) -> Rows:
        yield "config_id", self.config_id
        yield "state", self.state
        yield "users", ", ".join(self.users)
        yield "parties", ", ".join(map(str, self.parties))
        yield "qr_code", self.qr_code


@frozen(kw_only=True)
class ContactWayCreated(Model):
    """What `contact_ways.create` answers.

    Attributes:
        config_id: The id; keep it.
        qr_code: URL of the code's picture; empty for a mini-program button.
    """

    config_id: str
    qr_code: str = ""


@frozen(kw_only=True)
class ContactWayRef(Model):
    """A line of `contact_ways.list`.

    Attributes:
        config_id: The id, for `contact_ways.get`.
    """

    config_id: str
