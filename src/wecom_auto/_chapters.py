"""List the chapters of the manual as attributes. One list for both clients and for calls without a client.

A chapter is imported when it is first used, so that a program pays for what it calls.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

from wecom_auto._binding import Async, Bound, Sync, Unbound

if TYPE_CHECKING:
    from wecom_auto.api.acquisition_links import AcquisitionLinkEndpoints
    from wecom_auto.api.archive import ArchiveEndpoints
    from wecom_auto.api.calendars import CalendarEndpoints
    from wecom_auto.api.contact_ways import ContactWayEndpoints
    from wecom_auto.api.customer_strategies import CustomerStrategyEndpoints
    from wecom_auto.api.customers import CustomerEndpoints
    from wecom_auto.api.data_zone import DataZoneEndpoints
    from wecom_auto.api.follow_users import FollowUserEndpoints
    from wecom_auto.api.group_welcomes import GroupWelcomeEndpoints
    from wecom_auto.api.groups import GroupEndpoints
    from wecom_auto.api.ids import IdEndpoints
    from wecom_auto.api.intercept_rules import InterceptRuleEndpoints
    from wecom_auto.api.join_ways import JoinWayEndpoints
    from wecom_auto.api.kf_accounts import KfAccountEndpoints
    from wecom_auto.api.kf_messages import KfMessageEndpoints
    from wecom_auto.api.kf_sessions import KfSessionEndpoints
    from wecom_auto.api.live_streams import LiveStreamEndpoints
    from wecom_auto.api.mass_messages import MassMessageEndpoints
    from wecom_auto.api.media import MediaEndpoints
    from wecom_auto.api.members import MemberEndpoints
    from wecom_auto.api.messages import MessageEndpoints
    from wecom_auto.api.moment_strategies import MomentStrategyEndpoints
    from wecom_auto.api.moments import MomentEndpoints
    from wecom_auto.api.product_albums import ProductAlbumEndpoints
    from wecom_auto.api.schedules import ScheduleEndpoints
    from wecom_auto.api.school import SchoolEndpoints
    from wecom_auto.api.statistics import StatisticsEndpoints
    from wecom_auto.api.strategy_tags import StrategyTagEndpoints
    from wecom_auto.api.tags import TagEndpoints
    from wecom_auto.api.tokens import TokenEndpoints
    from wecom_auto.api.transfers import TransferEndpoints
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
    def transfers(self) -> TransferEndpoints[C]:
        """Handing customers and groups over to a colleague (在职继承, 离职继承)."""
        from wecom_auto.api.transfers import TransferEndpoints

        return TransferEndpoints(self._bound())

    @cached_property
    def acquisition_links(self) -> AcquisitionLinkEndpoints[C]:
        """Customer-acquisition links (获客助手): links that bring customers, and their quota."""
        from wecom_auto.api.acquisition_links import AcquisitionLinkEndpoints

        return AcquisitionLinkEndpoints(self._bound())

    @cached_property
    def customer_strategies(self) -> CustomerStrategyEndpoints[C]:
        """Customer strategies (客户联系规则组): rule groups for customer contact."""
        from wecom_auto.api.customer_strategies import CustomerStrategyEndpoints

        return CustomerStrategyEndpoints(self._bound())

    @cached_property
    def strategy_tags(self) -> StrategyTagEndpoints[C]:
        """Strategy tags (规则组标签): tags of one rule group."""
        from wecom_auto.api.strategy_tags import StrategyTagEndpoints

        return StrategyTagEndpoints(self._bound())

    @cached_property
    def moments(self) -> MomentEndpoints[C]:
        """Moments (客户朋友圈): tasks that members publish, and what customers say."""
        from wecom_auto.api.moments import MomentEndpoints

        return MomentEndpoints(self._bound())

    @cached_property
    def moment_strategies(self) -> MomentStrategyEndpoints[C]:
        """Moment strategies (朋友圈规则组): rule groups for moments."""
        from wecom_auto.api.moment_strategies import MomentStrategyEndpoints

        return MomentStrategyEndpoints(self._bound())

    @cached_property
    def statistics(self) -> StatisticsEndpoints[C]:
        """Statistics (统计管理): what members and groups did, day by day."""
        from wecom_auto.api.statistics import StatisticsEndpoints

        return StatisticsEndpoints(self._bound())

    @cached_property
    def intercept_rules(self) -> InterceptRuleEndpoints[C]:
        """Intercept rules (敏感词): words and behaviour to stop or to report."""
        from wecom_auto.api.intercept_rules import InterceptRuleEndpoints

        return InterceptRuleEndpoints(self._bound())

    @cached_property
    def product_albums(self) -> ProductAlbumEndpoints[C]:
        """Product albums (商品图册): goods that members can send."""
        from wecom_auto.api.product_albums import ProductAlbumEndpoints

        return ProductAlbumEndpoints(self._bound())

    @cached_property
    def group_welcomes(self) -> GroupWelcomeEndpoints[C]:
        """Group welcome templates (入群欢迎语素材): what greets who joins a group."""
        from wecom_auto.api.group_welcomes import GroupWelcomeEndpoints

        return GroupWelcomeEndpoints(self._bound())

    @cached_property
    def ids(self) -> IdEndpoints[C]:
        """Identifiers (ID 转换): one person, several ids."""
        from wecom_auto.api.ids import IdEndpoints

        return IdEndpoints(self._bound())

    @cached_property
    def calendars(self) -> CalendarEndpoints[C]:
        """Calendars of the app for members (日历)."""
        from wecom_auto.api.calendars import CalendarEndpoints

        return CalendarEndpoints(self._bound())

    @cached_property
    def schedules(self) -> ScheduleEndpoints[C]:
        """Events in the calendars of members (日程)."""
        from wecom_auto.api.schedules import ScheduleEndpoints

        return ScheduleEndpoints(self._bound())

    @cached_property
    def school(self) -> SchoolEndpoints[C]:
        """Home and school (家校沟通): notices to parents."""
        from wecom_auto.api.school import SchoolEndpoints

        return SchoolEndpoints(self._bound())

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
    def members(self) -> MemberEndpoints[C]:
        """Members of the corp (成员管理): what customers see of them, such as the card (对外资料)."""
        from wecom_auto.api.members import MemberEndpoints

        return MemberEndpoints(self._bound())

    @cached_property
    def kf_accounts(self) -> KfAccountEndpoints[C]:
        """Accounts of customer service (微信客服): name, link, and who answers."""
        from wecom_auto.api.kf_accounts import KfAccountEndpoints

        return KfAccountEndpoints(self._bound())

    @cached_property
    def kf_messages(self) -> KfMessageEndpoints[C]:
        """Messages of customer service (微信客服): pull and answer."""
        from wecom_auto.api.kf_messages import KfMessageEndpoints

        return KfMessageEndpoints(self._bound())

    @cached_property
    def kf_sessions(self) -> KfSessionEndpoints[C]:
        """Conversations of customer service (微信客服), and the way to a member of staff."""
        from wecom_auto.api.kf_sessions import KfSessionEndpoints

        return KfSessionEndpoints(self._bound())

    @cached_property
    def live_streams(self) -> LiveStreamEndpoints[C]:
        """Live streams (直播) inside WeCom: what they were, and who watched."""
        from wecom_auto.api.live_streams import LiveStreamEndpoints

        return LiveStreamEndpoints(self._bound())

    @cached_property
    def archive(self) -> ArchiveEndpoints[C]:
        """The archive (会话内容存档): seats, agreements, internal groups, robots; no messages."""
        from wecom_auto.api.archive import ArchiveEndpoints

        return ArchiveEndpoints(self._bound())

    @cached_property
    def data_zone(self) -> DataZoneEndpoints[C]:
        """The data zone (数据与智能专区): call the corp's program in it."""
        from wecom_auto.api.data_zone import DataZoneEndpoints

        return DataZoneEndpoints(self._bound())

    @cached_property
    def tokens(self) -> TokenEndpoints[C]:
        """Tickets (凭证) for the JS-SDK, and the addresses of the platform."""
        from wecom_auto.api.tokens import TokenEndpoints

        return TokenEndpoints(self._bound())


class Calls(Chapters[Unbound]):
    """The chapters without a client: every method returns a `Call` to preview, store, compare or send later."""

    def _bound(self) -> None:
        return None
