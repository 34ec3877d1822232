"""Whether members of staff can have customers at all (客户联系成员, 激活状态). Changes nobody's rights."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from attrs import frozen

from wecom_auto.errors import NotFoundError, PermissionDeniedError
from wecom_auto.models import MemberStatus

if TYPE_CHECKING:
    from wecom_auto._client import WeCom


class StaffProblem(StrEnum):
    """Why somebody cannot have customers, the worst first."""

    UNKNOWN = "unknown"
    """There is no such member, or not any more (60111)."""
    OUT_OF_RANGE = "out_of_range"
    """Outside the app's visible range (可见范围): nobody can say more (60011)."""
    LEFT = "left"
    """Has left the corp (退出企业)."""
    DISABLED = "disabled"
    """The account is switched off (已禁用)."""
    NOT_ACTIVATED = "not_activated"
    """Has never opened WeCom (未激活): nothing reaches them, and no customer can be handed over to them."""
    NO_CONTACT_RIGHT = "no_contact_right"
    """The console does not allow them customers (客户联系功能)."""


@frozen(kw_only=True)
class StaffStanding:
    """How one member stands.

    Attributes:
        userid: The member.
        activated: They use WeCom (已激活), as far as they can be read.
        contact: They may have customers.
        problem: What is wrong first; None if nothing is.
    """

    userid: str
    activated: bool
    contact: bool
    problem: StaffProblem | None


_BY_STATUS: Final = {
    MemberStatus.LEFT: StaffProblem.LEFT,
    MemberStatus.DISABLED: StaffProblem.DISABLED,
    MemberStatus.NOT_ACTIVATED: StaffProblem.NOT_ACTIVATED,
}


def staff_standings(client: WeCom, userids: Iterable[str]) -> tuple[StaffStanding, ...]:
    """Ask the platform whether members can have customers; one call each, and one for who has the right.

    It does not know who has an interop licence (互通账号): the calls about licences (接口调用许可) are for providers'
    tokens. With an app of your own, a call that needs one says so: `LicenseError` 701008, ``unlicensed_userids`` of a
    message, ``fail_info`` of customers.

    Args:
        client: Its app sees the members, and may call customer contact.
        userids: Whom to ask for, such as ``network.members``; each once.

    Raises:
        PermissionDeniedError: 48002 the app may not call customer contact.
    """
    allowed = frozenset(client.follow_users.list())
    return tuple(_standing(client, userid, contact=userid in allowed) for userid in dict.fromkeys(userids))


def _standing(client: WeCom, userid: str, *, contact: bool) -> StaffStanding:
    status, problem = MemberStatus.UNKNOWN, None
    try:
        status = client.members.get(userid).status
    except NotFoundError:
        problem = StaffProblem.UNKNOWN
    except PermissionDeniedError:
        problem = StaffProblem.OUT_OF_RANGE
    problem = problem or _BY_STATUS.get(status) or (None if contact else StaffProblem.NO_CONTACT_RIGHT)
    return StaffStanding(userid=userid, activated=status is MemberStatus.ACTIVE, contact=contact, problem=problem)
