"""Join ways: codes and buttons that let customers into groups (客户群进群方式, manual 92229)."""

from __future__ import annotations

from attrs import frozen

from wecom_auto._model import Form, Model, OpenIntEnum, wire

__all__ = ["JoinWay", "JoinWayCreated", "JoinWayScene"]


class JoinWayScene(OpenIntEnum):
    """Where a join way is used (场景)."""

    UNKNOWN = 0
    """Not said in the answer; the platform has no such value."""
    MINI_PROGRAM = 1
    """The group plug-in of a mini program (群的小程序插件)."""
    QR_CODE = 2
    """A QR code (群的二维码插件)."""


@frozen(kw_only=True)
class JoinWay(Model):
    """A join way (「加入群聊」).

    Attributes:
        config_id: The id; it is not shown in the console, so keep it.
        scene: Mini program or QR code. The manual's own example answers 3, which it does not explain.
        remark: A note for yourselves, up to 30 characters.
        auto_create_room: Open a new group when the last one is full (200 people).
        room_base_name: Name of the groups that are opened, up to 40 characters.
        room_base_id: Number of the first group that is opened.
        chat_ids: The groups, up to 5, filled in order.
        qr_code: URL of the code or of the plug-in.
        state: The channel parameter (渠道参数), up to 30 characters; `GroupMember.state` tells it per member.
        mark_source: The customer's source names this app; 营销获客 apps only.
    """

    config_id: str
    scene: JoinWayScene = JoinWayScene.UNKNOWN
    remark: str = ""
    auto_create_room: bool | None = wire("", None, Form.FLAG)
    room_base_name: str = ""
    room_base_id: int | None = None
    chat_ids: tuple[str, ...] = wire("chat_id_list", ())
    qr_code: str = ""
    state: str = ""
    mark_source: bool | None = None


@frozen(kw_only=True)
class JoinWayCreated(Model):
    """What `join_ways.create` answers.

    Attributes:
        config_id: The id; the code's URL is in `join_ways.get`.
    """

    config_id: str
