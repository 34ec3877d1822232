"""Join ways (客户联系 › 客户群「加入群聊」管理): codes and buttons that let customers into groups."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Final

from wecom_auto._binding import C, Endpoints, endpoint
from wecom_auto._call import Call, Effect
from wecom_auto._checks import Check, Limit
from wecom_auto._types import UNSET, Unset
from wecom_auto.api._values import flag, listed
from wecom_auto.models import JoinWay, JoinWayCreated, JoinWayScene

__all__ = ["JoinWayEndpoints"]

_LIMITS: Final[tuple[Check, ...]] = (
    Limit("chat_id_list", least=1, items=5),
    # The platform cuts a longer remark without a word; a cut note is a wrong note.
    Limit("remark", chars=30),
    Limit("room_base_name", chars=40),
    Limit("room_base_id", least=0),
    Limit("state", chars=30),
)


class JoinWayEndpoints(Endpoints[C]):
    """Group join ways (客户群「加入群聊」): QR codes that lead into groups."""

    __slots__ = ()

    @endpoint
    def create(
        self,
        *,
        chat_ids: Sequence[str],
        scene: JoinWayScene | int = JoinWayScene.QR_CODE,
        remark: str | Unset = UNSET,
        auto_create_room: bool | Unset = UNSET,
        room_base_name: str | Unset = UNSET,
        room_base_id: int | Unset = UNSET,
        state: str | Unset = UNSET,
        mark_source: bool | Unset = UNSET,
    ) -> Call[JoinWayCreated]:
        """Make a code or a button. A lost answer is not repeated: there is no list to look the first one up.

        A corp has room for 500,000, together with contact ways. The console does not show them: keep the `config_id`.

        Manual: `配置客户群进群方式 <https://developer.work.weixin.qq.com/document/path/92229>`__

        Args:
            chat_ids: The groups, 1 to 5, filled in order.
            scene: QR code or mini program.
            remark: A note for yourselves, up to 30 characters.
            auto_create_room: Open a new group when the last one is full; the platform's default is True.
            room_base_name: Name of the groups that are opened, up to 40 characters.
            room_base_id: Number of the first group that is opened.
            state: The channel parameter (渠道参数), up to 30 characters; `GroupMember.state` tells it.
            mark_source: Name this app as the source; 营销获客 apps only.

        Raises:
            NotFoundError: 86003 a group does not exist.
            QuotaExceededError: The 500,000 are used up.
        """
        return Call.post(
            Effect.CREATE,
            "/cgi-bin/externalcontact/groupchat/add_join_way",
            JoinWayCreated,
            scene=scene,
            remark=remark,
            auto_create_room=flag(auto_create_room),
            room_base_name=room_base_name,
            room_base_id=room_base_id,
            chat_id_list=listed("chat_id_list", chat_ids),
            state=state,
            mark_source=mark_source,
        ).checked(*_LIMITS)

    @endpoint
    def get(self, config_id: str) -> Call[JoinWay]:
        """Fetch one join way, with the URL of its code.

        Manual: `获取客户群进群方式配置 <https://developer.work.weixin.qq.com/document/path/92229>`__

        Args:
            config_id: From `create`.

        Raises:
            NotFoundError: There is none of that id, or another app made it.
        """
        path = "/cgi-bin/externalcontact/groupchat/get_join_way"
        return Call.post(Effect.READ, path, JoinWay, config_id=config_id).unwrap("join_way")

    @endpoint
    def update(
        self,
        config_id: str,
        *,
        chat_ids: Sequence[str],
        scene: JoinWayScene | int = JoinWayScene.QR_CODE,
        remark: str | Unset = UNSET,
        auto_create_room: bool | Unset = UNSET,
        room_base_name: str | Unset = UNSET,
        room_base_id: int | Unset = UNSET,
        state: str | Unset = UNSET,
        mark_source: bool | Unset = UNSET,
    ) -> Call[None]:
        """Replace the whole configuration of a join way: what is not given falls back to the platform's default.

        Manual: `更新客户群进群方式配置 <https://developer.work.weixin.qq.com/document/path/92229>`__

        Args:
            config_id: Which one.
            chat_ids: The groups, 1 to 5, filled in order.
            scene: QR code or mini program.
            remark: A note for yourselves, up to 30 characters.
            auto_create_room: Open a new group when the last one is full.
            room_base_name: Name of the groups that are opened, up to 40 characters.
            room_base_id: Number of the first group that is opened.
            state: The channel parameter, up to 30 characters.
            mark_source: Name this app as the source; only the app that made it may change this.

        Raises:
            NotFoundError: There is none of that id, or another app made it.
        """
        return Call.post(
            Effect.SET,
            "/cgi-bin/externalcontact/groupchat/update_join_way",
            NoneType,
            config_id=config_id,
            scene=scene,
            remark=remark,
            auto_create_room=flag(auto_create_room),
            room_base_name=room_base_name,
            room_base_id=room_base_id,
            chat_id_list=listed("chat_id_list", chat_ids),
            state=state,
            mark_source=mark_source,
        ).checked(*_LIMITS)

    @endpoint
    def delete(self, config_id: str) -> Call[None]:
        """Delete a join way; codes that were printed stop working.

        Manual: `删除客户群进群方式配置 <https://developer.work.weixin.qq.com/document/path/92229>`__

        Args:
            config_id: Which one.

        Raises:
            NotFoundError: There is none of that id, or another app made it.
        """
        return Call.post(
            Effect.DELETE, "/cgi-bin/externalcontact/groupchat/del_join_way", NoneType, config_id=config_id
        )
