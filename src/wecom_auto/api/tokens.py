"""Tickets and addresses (获取凭证, IP 段): what a server needs before it can be called or call back.

The access token (access_token) has no method here: the client fetches and renews it by itself,
because a call that carries a secret could be printed, stored or compared.
"""

from __future__ import annotations

from wecom_auto._binding import C, Endpoints, endpoint
from wecom_auto._call import Call
from wecom_auto.models import Ticket, TicketKind

__all__ = ["TokenEndpoints"]


class TokenEndpoints(Endpoints[C]):
    """Tickets for the JS-SDK, and the platform's addresses for firewalls."""

    __slots__ = ()

    @endpoint
    def jsapi_ticket(self) -> Call[Ticket]:
        """Fetch the corp's ticket, which signs `wx.config` on a page.

        Manual: `获取企业的jsapi_ticket <https://developer.work.weixin.qq.com/document/path/90506>`__

        Returns:
            The ticket. Cache it, for it may be fetched 400 times an hour by a corp and 100 times by an app.

        Raises:
            RateLimitError: 45009 fetched too often.
        """
        return Call.get("/cgi-bin/get_jsapi_ticket", Ticket)

    @endpoint
    def app_ticket(self, kind: TicketKind | str = TicketKind.AGENT_CONFIG) -> Call[Ticket]:
        """Fetch the app's ticket, which signs `wx.agentConfig`; the corp's ticket does not fit there (40093).

        Manual: `获取应用的jsapi_ticket <https://developer.work.weixin.qq.com/document/path/90506>`__

        Args:
            kind: What it is for.

        Returns:
            The ticket. Cache it, for the limits of `jsapi_ticket` hold.

        Raises:
            RateLimitError: 45009 fetched too often.
        """
        return Call.get("/cgi-bin/ticket/get", Ticket, type=kind)

    @endpoint
    def api_ips(self) -> Call[tuple[str, ...]]:
        """List the addresses of the platform's API, for a firewall that guards the way out.

        Manual: `获取企业微信接口IP段 <https://developer.work.weixin.qq.com/document/path/92520>`__

        Returns:
            Addresses and ranges; they change, refresh them daily.
        """
        return Call.get("/cgi-bin/get_api_domain_ip", tuple[str, ...]).unwrap("ip_list")

    @endpoint
    def callback_ips(self) -> Call[tuple[str, ...]]:
        """List the addresses from which callbacks come, for a firewall that guards the way in.

        Manual: `获取企业微信回调IP段 <https://developer.work.weixin.qq.com/document/path/90930>`__

        Returns:
            Addresses and ranges; they change, refresh them daily.
        """
        return Call.get("/cgi-bin/getcallbackip", tuple[str, ...]).unwrap("ip_list")
