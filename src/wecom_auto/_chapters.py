"""List the chapters of the manual as attributes. One list for both clients and for calls without a client.

A chapter is imported when it is first used, so that a program pays for what it calls.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

from wecom_auto._binding import Async, Bound, Sync, Unbound

if TYPE_CHECKING:
    from wecom_auto.api.contact_ways import ContactWayEndpoints
    from wecom_auto.api.customers import CustomerEndpoints
    from wecom_auto.api.follow_users import FollowUserEndpoints
    from wecom_auto.api.groups import GroupEndpoints
    from wecom_auto.api.join_ways import JoinWayEndpoints
    from wecom_auto.api.mass_messages import MassMessageEndpoints
    from wecom_auto.api.media import MediaEndpoints
    from wecom_auto.api.messages import MessageEndpoints
    from wecom_auto.api.tags import TagEndpoints
    from wecom_auto.api.tokens import TokenEndpoints
    from wecom_auto.api.welcome import WelcomeEndpoints

__all__ = ["Calls", "Chapters"]

C = TypeVar("C", Sync, Async, Unbound)


class Chapters(Generic[C]):
    """The chapters of the manual, in the colour of their client."""

    def _bound(self) -> Bound | None:
        """Return the client that the chapters belong to."""
        raise NotImplementedError

    @cached_property
    def follow_users(self) -> FollowUserEndpoints[C]:
        """Members with the customer-contact feature (配置了客户联系功能的成员)."""
        from wecom_auto.api.follow_users import FollowUserEndpoints

        return FollowUserEndpoints(self._bound())

    @cached_property
    def customers(self) -> CustomerEndpoints[C]:
        """Customers (客户管理): list, read, remark."""
        from wecom_auto.api.customers import CustomerEndpoints

        return CustomerEndpoints(self._bound())

    @cached_property
    def tags(self) -> TagEndpoints[C]:
        """Corp tags (企业客户标签) and marking customers with them."""
        from wecom_auto.api.tags import TagEndpoints

        return TagEndpoints(self._bound())

    @cached_property
    def contact_ways(self) -> ContactWayEndpoints[C]:
        """Contact ways (联系我): channel QR codes and mini-program plug-ins."""
        from wecom_auto.api.contact_ways import ContactWayEndpoints

        return ContactWayEndpoints(self._bound())

    @cached_property
    def join_ways(self) -> JoinWayEndpoints[C]:
        """Group join ways (客户群「加入群聊」): QR codes that lead into groups."""
        from wecom_auto.api.join_ways import JoinWayEndpoints

        return JoinWayEndpoints(self._bound())

    @cached_property
    def groups(self) -> GroupEndpoints[C]:
        """Customer groups (客户群): list and read."""
        from wecom_auto.api.groups import GroupEndpoints

        return GroupEndpoints(self._bound())

    @cached_property
    def mass_messages(self) -> MassMessageEndpoints[C]:
        """Mass messages (企业群发): tasks that members confirm, and what became of them."""
        from wecom_auto.api.mass_messages import MassMessageEndpoints

        return MassMessageEndpoints(self._bound())

    @cached_property
    def welcome(self) -> WelcomeEndpoints[C]:
        """Welcome messages (新客户欢迎语): once, within 20 seconds."""
        from wecom_auto.api.welcome import WelcomeEndpoints

        return WelcomeEndpoints(self._bound())

    @cached_property
    def media(self) -> MediaEndpoints[C]:
        """Temporary media (临时素材) and permanent pictures."""
        from wecom_auto.api.media import MediaEndpoints

        return MediaEndpoints(self._bound())

    @cached_property
    def messages(self) -> MessageEndpoints[C]:
        """Application messages (应用消息) to members of the corp."""
        from wecom_auto.api.messages import MessageEndpoints

        return MessageEndpoints(self._bound())

    @cached_property
    def tokens(self) -> TokenEndpoints[C]:
        """Tickets (凭证) for the JS-SDK, and the addresses of the platform."""
        from wecom_auto.api.tokens import TokenEndpoints

        return TokenEndpoints(self._bound())


class Calls(Chapters[Unbound]):
    """The chapters without a client: every method returns a `Call` to preview, store, compare or send later."""

    def _bound(self) -> None:
        return None
