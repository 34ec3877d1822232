"""Members who may work with customers (客户联系 › 企业服务人员管理)."""

from __future__ import annotations

from wecom_auto._binding import C, Endpoints, endpoint
from wecom_auto._call import Call

__all__ = ["FollowUserEndpoints"]


class FollowUserEndpoints(Endpoints[C]):
    """Members who have the customer-contact feature (配置了客户联系功能的成员)."""

    __slots__ = ()

    @endpoint
    def list(self) -> Call[tuple[str, ...]]:
        """List the userids of the members who may have customers, within the app's visible range.

        Manual: `获取配置了客户联系功能的成员列表 <https://developer.work.weixin.qq.com/document/path/92571>`__

        Returns:
            The userids; all at once, there are no pages.

        Raises:
            PermissionDeniedError: 48002 the app may not use customer contact; 60020 this IP is not trusted.
        """
        return Call.get("/cgi-bin/externalcontact/get_follow_user_list", tuple[str, ...]).unwrap("follow_user")
