"""Contact ways (客户联系 › 联系我与客户入群方式): codes and buttons that make somebody a customer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from types import NoneType
from typing import Final

from wecom_auto._binding import C, Endpoints, endpoint, paged
from wecom_auto._call import Call, Effect, Page
from wecom_auto._checks import AnyOf, Check, Limit, OneOf
from wecom_auto._types import UNSET, Unset
from wecom_auto.api._rules import When, Without, page_of
from wecom_auto.api._values import listed, seconds
from wecom_auto.models import (
    Conclusions,
    ContactWay,
    ContactWayCreated,
    ContactWayRef,
    ContactWayScene,
    ContactWayType,
)

__all__ = ["ContactWayEndpoints"]

_TWO_WEEKS: Final = 14 * 86_400

_LIMITS: Final[tuple[Check, ...]] = (
    Limit("remark", chars=30),
    Limit("state", chars=30),
    Limit("user", items=100),
    Limit("expires_in", least=1, most=_TWO_WEEKS),
    Limit("chat_expires_in", least=1, most=_TWO_WEEKS),
    Limit("conclusions.text.content", bytes=4000),
    Limit("conclusions.link.title", bytes=128),
    Limit("conclusions.link.desc", bytes=512),
    Limit("conclusions.miniprogram.title", bytes=64),
)


def _type_for(users: Sequence[str], parties: Sequence[int]) -> ContactWayType:
    return ContactWayType.SINGLE if len(users) == 1 and not parties else ContactWayType.MULTIPLE


class ContactWayEndpoints(Endpoints[C]):
    """Contact ways (联系我): channel QR codes and mini-program buttons."""

    __slots__ = ()

    @endpoint
    def create(
        self,
        *,
        users: Sequence[str] = (),
        parties: Sequence[int] = (),
        type: ContactWayType | int | Unset = UNSET,  # noqa: A002  # the platform's name
        scene: ContactWayScene | int = ContactWayScene.QR_CODE,
        style: int | Unset = UNSET,
        remark: str | Unset = UNSET,
        skip_verify: bool | Unset = UNSET,
        state: str | Unset = UNSET,
        is_temp: bool | Unset = UNSET,
        expires_in_seconds: int | Unset = UNSET,
        chat_expires_in_seconds: int | Unset = UNSET,
        unionid: str | Unset = UNSET,
        is_exclusive: bool | Unset = UNSET,
        mark_source: bool | Unset = UNSET,
        conclusions: Conclusions | Unset = UNSET,
    ) -> Call[ContactWayCreated]:
        """Make a code or a button. A lost answer is not repeated: look with `list` first, or you get two.

        A corp has room for 500,000, together with join ways.
        Temporary ones do not count, but 100,000 a day is the most.
        Members must be activated, real-name verified and have customer contact.
        The console does not show contact ways: keep the `config_id`.

        Manual: `配置客户联系「联系我」方式 <https://developer.work.weixin.qq.com/document/path/92228>`__

        Args:
            users: The members, up to 100 with everybody in `parties`.
            parties: Department ids; several members only.
            type: One member or several; by default as `users` and `parties` say.
            scene: QR code or mini program.
            style: The button's style, 1 to 3, or 1 to 2 for several members; mini program only.
            remark: A note for yourselves, up to 30 characters.
            skip_verify: Add customers without confirmation by the member; the platform's default is True.
            state: The channel parameter (渠道参数), up to 30 characters: it comes back with the customer.
            is_temp: A temporary chat, medical trade only, one member only.
            expires_in_seconds: Life of a temporary code, up to 14 days; 7 days by default.
            chat_expires_in_seconds: Life of a temporary chat, up to 14 days; 24 hours by default.
            unionid: The one customer a temporary code is for.
            is_exclusive: All customers of one outside corp come to the same member.
            mark_source: Name this app as the source; 营销获客 apps only.
            conclusions: Closing words of a temporary chat.

        Raises:
            PermissionDeniedError: 41054 a member is not activated; 84074 or 60011 outside the app's range.
            InvalidRequestError: 40098 a member is not real-name verified.
            QuotaExceededError: The 500,000 are used up.
        """
        return Call.post(
            Effect.CREATE,
            "/cgi-bin/externalcontact/add_contact_way",
            ContactWayCreated,
            type=_type_for(users, parties) if type is UNSET else type,
            scene=scene,
            style=style,
            remark=remark,
            skip_verify=skip_verify,
            state=state,
            user=listed("user", users) or UNSET,
            party=listed("party", parties) or UNSET,
            is_temp=is_temp,
            expires_in=expires_in_seconds,
            chat_expires_in=chat_expires_in_seconds,
            unionid=unionid,
            is_exclusive=is_exclusive,
            mark_source=mark_source,
            conclusions=conclusions,
        ).checked(
            OneOf("type", (1, 2)),
            OneOf("scene", (1, 2)),
            AnyOf("user", "party"),
            When("type", ContactWayType.SINGLE.value, Limit("user", items=1)),
            When("type", ContactWayType.SINGLE.value, Without("party", "departments only with type=MULTIPLE")),
            Limit("style", least=1, most=3),
            When("type", ContactWayType.MULTIPLE.value, Limit("style", most=2)),
            *_LIMITS,
        )

    @endpoint
    def get(self, config_id: str) -> Call[ContactWay]:
        """Fetch one contact way.

        Manual: `获取企业已配置的「联系我」方式 <https://developer.work.weixin.qq.com/document/path/92228>`__

        Args:
            config_id: From `create` or `list`.

        Raises:
            NotFoundError: 41044 there is none of that id.
        """
        path = "/cgi-bin/externalcontact/get_contact_way"
        return Call.post(Effect.READ, path, ContactWay, config_id=config_id).unwrap("contact_way")

    @endpoint
    def list(
        self,
        *,
        start_at: datetime | Unset = UNSET,
        end_at: datetime | Unset = UNSET,
        cursor: str = "",
        limit: int = 100,
    ) -> Call[Page[ContactWayRef]]:
        """List one page of contact ways that were made after 2021-07-10; temporary ones are not listed.

        Manual: `获取企业已配置的「联系我」列表 <https://developer.work.weixin.qq.com/document/path/92228>`__

        Args:
            start_at: Made at or after; aware. 90 days ago by default.
            end_at: Made at or before; aware. Now by default.
            cursor: `Page.next_cursor` of the page before; empty for the first page.
            limit: Contact ways on a page, 1 to 1,000.
        """
        return self._list(start_at, end_at, cursor, limit)

    @paged
    def iter_all(
        self,
        *,
        start_at: datetime | Unset = UNSET,
        end_at: datetime | Unset = UNSET,
        cursor: str = "",
        limit: int = 1000,
    ) -> Call[Page[ContactWayRef]]:
        """Iterate over the contact ways of a span of time; see `list`.

        Manual: `获取企业已配置的「联系我」列表 <https://developer.work.weixin.qq.com/document/path/92228>`__

        Args:
            start_at: Made at or after; aware. 90 days ago by default.
            end_at: Made at or before; aware. Now by default.
            cursor: Where to resume; empty for the start.
            limit: Contact ways on a page, 1 to 1,000.
        """
        return self._list(start_at, end_at, cursor, limit)

    def _list(
        self, start_at: datetime | Unset, end_at: datetime | Unset, cursor: str, limit: int
    ) -> Call[Page[ContactWayRef]]:
        path = "/cgi-bin/externalcontact/list_contact_way"
        start, end = seconds("start_at", start_at), seconds("end_at", end_at)
        call = Call.post(
            Effect.READ, path, ContactWayRef, start_time=start, end_time=end, cursor=cursor or UNSET, limit=limit
        )
        return call.paged("contact_way").checked(page_of(1000))

    @endpoint
    def update(
        self,
        config_id: str,
        *,
        users: Sequence[str] | Unset = UNSET,
        parties: Sequence[int] | Unset = UNSET,
        style: int | Unset = UNSET,
        remark: str | Unset = UNSET,
        skip_verify: bool | Unset = UNSET,
        state: str | Unset = UNSET,
        expires_in_seconds: int | Unset = UNSET,
        chat_expires_in_seconds: int | Unset = UNSET,
        unionid: str | Unset = UNSET,
        mark_source: bool | Unset = UNSET,
        conclusions: Conclusions | Unset = UNSET,
    ) -> Call[None]:
        """Change a contact way. Fields that are not given stay; `users` and `parties` replace the whole list.

        Type and scene cannot change. A temporary code that has expired cannot be edited.

        Manual: `更新企业已配置的「联系我」方式 <https://developer.work.weixin.qq.com/document/path/92228>`__

        Args:
            config_id: Which one.
            users: The members.
            parties: Department ids; several members only.
            style: The button's style; mini program only.
            remark: A note for yourselves, up to 30 characters.
            skip_verify: Add customers without confirmation by the member.
            state: The channel parameter, up to 30 characters.
            expires_in_seconds: Life of a temporary code, up to 14 days.
            chat_expires_in_seconds: Life of a temporary chat, up to 14 days.
            unionid: The one customer a temporary code is for.
            mark_source: Name this app as the source; only the app that made it may change this.
            conclusions: Closing words of a temporary chat.

        Raises:
            NotFoundError: 41044 there is none of that id.
        """
        return Call.post(
            Effect.SET,
            "/cgi-bin/externalcontact/update_contact_way",
            NoneType,
            config_id=config_id,
            remark=remark,
            skip_verify=skip_verify,
            style=style,
            state=state,
            user=listed("user", users),
            party=listed("party", parties),
            expires_in=expires_in_seconds,
            chat_expires_in=chat_expires_in_seconds,
            unionid=unionid,
            mark_source=mark_source,
            conclusions=conclusions,
        ).checked(Limit("style", least=1, most=3), *_LIMITS)

    @endpoint
    def delete(self, config_id: str) -> Call[None]:
        """Delete a contact way; codes that were printed stop working.

        Manual: `删除企业已配置的「联系我」方式 <https://developer.work.weixin.qq.com/document/path/92228>`__

        Args:
            config_id: Which one.

        Raises:
            NotFoundError: 41044 there is none of that id.
        """
        return Call.post(Effect.DELETE, "/cgi-bin/externalcontact/del_contact_way", NoneType, config_id=config_id)

    @endpoint
    def close_temp_chat(self, userid: str, external_userid: str) -> Call[None]:
        """End a temporary chat; the closing words go out first.

        Manual: `结束临时会话 <https://developer.work.weixin.qq.com/document/path/92228>`__

        Args:
            userid: The member.
            external_userid: The customer; a temporary chat must be open between the two.
        """
        path = "/cgi-bin/externalcontact/close_temp_chat"
        return Call.post(Effect.SET, path, NoneType, userid=userid, external_userid=external_userid)
