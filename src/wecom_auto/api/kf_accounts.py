"""Accounts of customer service (微信客服): name, link, and who answers. Reads and sends no message."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Final

from wecom_auto._binding import C, Endpoints, Step, endpoint, step, workflow
from wecom_auto._call import Call, Effect
from wecom_auto._checks import AnyOf, Limit
from wecom_auto._types import UNSET, Unset
from wecom_auto.api._values import listed
from wecom_auto.models import KfAccount, KfServicer, KfServicerResult

__all__ = ["KfAccountEndpoints"]

_PAGE: Final = 100
_ACCOUNT: Final = Limit("open_kfid", bytes=64, least=1)
_NAME: Final = Limit("name", chars=16, least=1)
_PICTURE: Final = Limit("media_id", bytes=128, least=1)


class KfAccountEndpoints(Endpoints[C]):
    """Customer-service accounts (客服账号) and their servicers (接待人员)."""

    __slots__ = ()

    @endpoint
    def create(self, name: str, *, media_id: str) -> Call[str]:
        """Make an account and return its open_kfid; a corp has 5,000 at most, 10 while it is not verified.

        Manual: `添加客服账号 <https://developer.work.weixin.qq.com/document/path/94662>`__

        Args:
            name: What customers see, up to 16 characters.
            media_id: Its picture, from `media.upload`; up to 128 bytes.

        Raises:
            QuotaExceededError: 95005 there are too many; 95026 those there are hardly used; 95027 not verified.
        """
        call = Call.post(Effect.CREATE, "/cgi-bin/kf/account/add", str, name=name, media_id=media_id)
        return call.unwrap("open_kfid").checked(_NAME, _PICTURE)

    @endpoint
    def update(self, open_kfid: str, *, name: str | Unset = UNSET, media_id: str | Unset = UNSET) -> Call[None]:
        """Change name or picture of an account; what is not given stays.

        Manual: `修改客服账号 <https://developer.work.weixin.qq.com/document/path/94664>`__

        Args:
            open_kfid: The account, up to 64 bytes.
            name: What customers see, up to 16 characters.
            media_id: Its picture, from `media.upload`; up to 128 bytes.

        Raises:
            NotFoundError: 95004 there is no such account.
        """
        call = Call.post(
            Effect.SET, "/cgi-bin/kf/account/update", NoneType, open_kfid=open_kfid, name=name, media_id=media_id
        )
        return call.checked(_ACCOUNT, _NAME, _PICTURE, AnyOf("name", "media_id"))

    @endpoint
    def delete(self, open_kfid: str) -> Call[None]:
        """Delete an account.

        Manual: `删除客服账号 <https://developer.work.weixin.qq.com/document/path/94663>`__

        Args:
            open_kfid: The account, up to 64 bytes.

        Raises:
            NotFoundError: 95004 there is no such account.
        """
        return Call.post(Effect.DELETE, "/cgi-bin/kf/account/del", NoneType, open_kfid=open_kfid).checked(_ACCOUNT)

    @endpoint
    def list(self, *, offset: int = 0, limit: int = _PAGE) -> Call[tuple[KfAccount, ...]]:
        """List accounts, a part at a time; see `list_all`.

        Manual: `获取客服账号列表 <https://developer.work.weixin.qq.com/document/path/94661>`__

        Args:
            offset: How many to pass over.
            limit: How many, up to 100.
        """
        return _part(offset, limit)

    @workflow
    def list_all(self) -> Step[tuple[KfAccount, ...]]:
        """List all accounts.

        Manual: `获取客服账号列表 <https://developer.work.weixin.qq.com/document/path/94661>`__
        """
        found: list[KfAccount] = []
        while True:
            part = yield from step(_part(len(found), _PAGE))
            found.extend(part)
            if len(part) < _PAGE:
                return tuple(found)

    @endpoint
    def create_link(self, open_kfid: str, *, scene: str | Unset = UNSET) -> Call[str]:
        """Return a link (客服链接) by which customers begin a conversation: behind a button, in a menu, as a code.

        Add ``&scene_param=…`` (URL-encoded, up to 128 bytes before) to a link with a scene to tell more; change nothing
        else in it.

        Manual: `获取客服账号链接 <https://developer.work.weixin.qq.com/document/path/94665>`__

        Args:
            open_kfid: The account.
            scene: Comes back when somebody enters by it: up to 32 of ``0-9a-zA-Z_-``.

        Raises:
            NotFoundError: 95004 there is no such account.
        """
        call = Call.post(Effect.SET, "/cgi-bin/kf/add_contact_way", str, open_kfid=open_kfid, scene=scene)
        return call.unwrap("url").checked(_ACCOUNT, Limit("scene", bytes=32, least=1))

    @endpoint
    def list_servicers(self, open_kfid: str) -> Call[tuple[KfServicer, ...]]:
        """List who answers for an account.

        Manual: `获取接待人员列表 <https://developer.work.weixin.qq.com/document/path/94645>`__

        Args:
            open_kfid: The account.

        Raises:
            NotFoundError: 95004 there is no such account.
        """
        call = Call.get("/cgi-bin/kf/servicer/list", tuple[KfServicer, ...], open_kfid=open_kfid)
        return call.unwrap("servicer_list").checked(_ACCOUNT)

    @endpoint
    def add_servicers(
        self,
        open_kfid: str,
        *,
        userids: Sequence[str] | Unset = UNSET,
        department_ids: Sequence[int] | Unset = UNSET,
    ) -> Call[tuple[KfServicerResult, ...]]:
        """Let members answer for an account; it has room for 2,000 members and 20 departments.

        Manual: `添加接待人员 <https://developer.work.weixin.qq.com/document/path/94646>`__

        Args:
            open_kfid: The account.
            userids: Members, up to 100.
            department_ids: Departments, up to 20.

        Returns:
            What became of each; the call succeeds although some of them failed.

        Raises:
            NotFoundError: 95004 there is no such account.
        """
        return _servicers(Effect.SET, "add", open_kfid, userids, department_ids, most_departments=20)

    @endpoint
    def remove_servicers(
        self,
        open_kfid: str,
        *,
        userids: Sequence[str] | Unset = UNSET,
        department_ids: Sequence[int] | Unset = UNSET,
    ) -> Call[tuple[KfServicerResult, ...]]:
        """Let members answer for an account no longer.

        Manual: `删除接待人员 <https://developer.work.weixin.qq.com/document/path/94647>`__

        Args:
            open_kfid: The account.
            userids: Members, up to 100.
            department_ids: Departments, up to 100.

        Returns:
            What became of each.

        Raises:
            NotFoundError: 95004 there is no such account.
        """
        return _servicers(Effect.DELETE, "del", open_kfid, userids, department_ids, most_departments=100)


def _part(offset: int, limit: int) -> Call[tuple[KfAccount, ...]]:
    call = Call.post(Effect.READ, "/cgi-bin/kf/account/list", tuple[KfAccount, ...], offset=offset, limit=limit)
    return call.unwrap("account_list").checked(Limit("offset", least=0), Limit("limit", least=1, most=_PAGE))


def _servicers(
    effect: Effect,
    what: str,
    open_kfid: str,
    userids: Sequence[str] | Unset,
    department_ids: Sequence[int] | Unset,
    *,
    most_departments: int,
) -> Call[tuple[KfServicerResult, ...]]:
    call = Call.post(
        effect,
        f"/cgi-bin/kf/servicer/{what}",
        tuple[KfServicerResult, ...],
        open_kfid=open_kfid,
        userid_list=listed("userids", userids) or UNSET,
        department_id_list=listed("department_ids", department_ids) or UNSET,
    )
    return call.unwrap("result_list").checked(
        _ACCOUNT,
        Limit("userid_list", items=100),
        Limit("department_id_list", items=most_departments),
        AnyOf("userid_list", "department_id_list"),
    )
