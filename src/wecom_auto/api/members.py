"""Members of the corp (通讯录管理 › 成员管理), as far as customers see them. Hires, moves and dismisses nobody."""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType
from typing import Final

from wecom_auto._binding import C, Endpoints, endpoint
from wecom_auto._call import Call, Effect
from wecom_auto._checks import Check, Limit
from wecom_auto._types import UNSET, Unset
from wecom_auto.api._rules import Given
from wecom_auto.models import CorpMember, ExternalAttribute, ExternalProfile

__all__ = ["MemberEndpoints"]

_USERID: Final = Limit("userid", bytes=64, least=1)
_LINE: Final = "external_profile.external_attr[]"
_CHECKS: Final[tuple[Check, ...]] = (
    _USERID,
    Given("name", "alias", "position", "avatar_mediaid", "external_position", "external_profile"),
    Limit("name", chars=64, least=1),
    Limit("alias", chars=64),
    Limit("position", bytes=128),
    Limit("avatar_mediaid", least=1),
    Limit("external_position", chars=12),
    Limit(f"{_LINE}.name", least=1),
    Limit(f"{_LINE}.web.title", chars=12),
    Limit(f"{_LINE}.miniprogram.title", chars=12),
)


class MemberEndpoints(Endpoints[C]):
    """Members of the corp (成员管理): read one, and change what customers see of them."""

    __slots__ = ()

    @endpoint
    def get(self, userid: str) -> Call[CorpMember]:
        """Fetch one member of the app's visible range.

        Ask with an app's secret: the contact-sync secret (通讯录同步) may not read from addresses that are new since
        15 August 2022. A delegated app gets `external_position` and `external_profile` only if an administrator has
        agreed.

        Manual: `读取成员 <https://developer.work.weixin.qq.com/document/path/90196>`__

        Args:
            userid: The member, 1 to 64 bytes.

        Raises:
            NotFoundError: 60111 there is no such member.
            PermissionDeniedError: 60011 outside the app's visible range.
        """
        return Call.get("/cgi-bin/user/get", CorpMember, userid=userid).checked(_USERID)

    @endpoint
    def update(
        self,
        userid: str,
        *,
        name: str | Unset = UNSET,
        alias: str | Unset = UNSET,
        position: str | Unset = UNSET,
        avatar_media_id: str | Unset = UNSET,
        external_position: str | Unset = UNSET,
        external_profile: ExternalProfile | Unset = UNSET,
    ) -> Call[None]:
        """Change what is given of a member; the rest stays.

        Ask with the contact-sync secret (管理工具 › 通讯录同步) or a third-party contact app; the manual names no
        other, and whether an app of your own with the right to edit contacts will do is unverified.
        What the platform ignores it ignores in silence: labels that the console does not have, mini programs that
        the corp has not installed. Read the member again to see what was taken.

        Manual: `更新成员 <https://developer.work.weixin.qq.com/document/path/90197>`__

        Args:
            userid: The member, 1 to 64 bytes.
            name: 1 to 64 characters.
            alias: Another name (别名), up to 64 characters.
            position: The job title inside (职务), up to 128 bytes.
            avatar_media_id: The picture (头像), from `media.upload`. No app that is new since 20 June 2022 can read it
                back.
            external_position: The job title that customers see (对外职务), up to 12 characters; empty shows `position`.
            external_profile: The card that customers see. Give all its lines: unverified whether those left out stay.
                Labels are those of the console; titles of links and mini programs have up to 12 characters, addresses
                begin with http:// or https://. A text has up to 12 characters in some editions of the manual and
                more in others, so it is not refused here. A line with all values empty is cleared.
                The status of the Channels account is the platform's and not sent.

        Raises:
            PermissionDeniedError: 48002 this secret may not write; 60011 outside the visible range.
            NotFoundError: 60111 there is no such member.
        """
        return Call.post(
            Effect.SET,
            "/cgi-bin/user/update",
            NoneType,
            userid=userid,
            name=name,
            alias=alias,
            position=position,
            avatar_mediaid=avatar_media_id,
            external_position=external_position,
            external_profile=UNSET if isinstance(external_profile, Unset) else _profile(external_profile),
        ).checked(*_CHECKS)


def _profile(card: ExternalProfile) -> Mapping[str, object]:
    nickname = card.wechat_channels.nickname if card.wechat_channels else ""
    return {
        "external_corp_name": card.external_corp_name or None,
        "wechat_channels": {"nickname": nickname} if nickname else None,
        "external_attr": [_line(one) for one in card.external_attr],
    }


def _line(line: ExternalAttribute) -> Mapping[str, object]:
    """Write a line with its type and its empty values, which models leave out: here they mean something."""
    text, web, mini = line.text, line.web, line.mini_program
    return {
        "type": line.type,
        "name": line.name,
        "text": {"value": text.value} if text else None,
        "web": {"url": web.url, "title": web.title} if web else None,
        "miniprogram": {"appid": mini.appid, "pagepath": mini.page, "title": mini.title} if mini else None,
    }
