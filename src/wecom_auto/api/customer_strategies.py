"""Customer strategies (客户联系规则组): rule groups for customer contact, nested like the company.

An app sees and manages only what it made itself. Who lies in the range may use the group's own tags
(`wecom.strategy_tags`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import NoneType

from wecom_auto._binding import C, Endpoints, Step, endpoint, paged, step, walk, workflow
from wecom_auto._bulk import BulkResult, Report
from wecom_auto._call import Call, Effect, Page
from wecom_auto._checks import Limit, OneOf
from wecom_auto._types import UNSET, Unset
from wecom_auto._walk import Steps
from wecom_auto.api._strategies import (
    ADMINS,
    CHANGES,
    MaxNodes,
    WholeNodes,
    delete_all,
    detailed,
    move_nodes,
    range_page,
    ref_page,
    wire_nodes,
)
from wecom_auto.api._values import listed
from wecom_auto.models import CustomerPrivilege, CustomerStrategy, RangeNode, StrategyRef

__all__ = ["CustomerStrategyEndpoints"]

_BASIC = ("view_customer_list", "view_customer_data", "view_room_list", "contact_me", "join_room")
_RIGHTS = tuple(OneOf(f"privilege.{right}", (True,)) for right in _BASIC)
"""Basic rights cannot be turned off."""


class CustomerStrategyEndpoints(Endpoints[C]):
    """Customer strategies (客户联系规则组): list, read, make, change, delete."""

    __slots__ = ()

    @endpoint
    def list(self, *, cursor: str = "", limit: int = 1000) -> Call[Page[StrategyRef]]:
        """List one page of the ids of customer strategies; those of other apps and of the console are not told.

        Manual: `获取规则组列表 <https://developer.work.weixin.qq.com/document/path/94883>`__

        Args:
            cursor: `Page.next_cursor` of the page before; empty for the first page.
            limit: Ids on a page, 1 to 1,000.
        """
        return _refs(cursor, limit)

    @paged
    def iter_all(self, *, cursor: str = "", limit: int = 1000) -> Call[Page[StrategyRef]]:
        """Iterate over the ids of this app's customer strategies; `iter_details` brings names and parents along.

        Manual: `获取规则组列表 <https://developer.work.weixin.qq.com/document/path/94883>`__

        Args:
            cursor: Where to resume; empty for the start.
            limit: Ids on a page, 1 to 1,000.
        """
        return _refs(cursor, limit)

    @walk
    def iter_details(self, *, limit: int = 1000, resume: str = "", concurrency: int = 1) -> Steps[CustomerStrategy]:
        """Iterate over this app's customer strategies with all that `get` tells: one call for each.

        Manual: `获取规则组详情 <https://developer.work.weixin.qq.com/document/path/94883>`__

        Args:
            limit: Ids on a page, 1 to 1,000.
            resume: The `checkpoint` of a batch, to go on after it.
            concurrency: The most calls under way at once, 1 to 100.

        Raises:
            PagingError: The platform answered the same cursor twice.
        """
        return detailed(lambda cursor: _refs(cursor, limit), _detail, resume, concurrency)

    @endpoint
    def get(self, strategy_id: int) -> Call[CustomerStrategy]:
        """Fetch a customer strategy: its name, its parent, its administrators and their rights.

        Manual: `获取规则组详情 <https://developer.work.weixin.qq.com/document/path/94883>`__

        Args:
            strategy_id: A strategy that this app made.

        Raises:
            APIError: There is no such strategy, or another app made it. Unverified: with which code.
        """
        return _detail(strategy_id)

    @endpoint
    def list_range(self, strategy_id: int, *, cursor: str = "", limit: int = 1000) -> Call[Page[RangeNode]]:
        """List one page of the members and departments that a strategy manages.

        Manual: `获取规则组管理范围 <https://developer.work.weixin.qq.com/document/path/94883>`__

        Args:
            strategy_id: The strategy.
            cursor: `Page.next_cursor` of the page before; empty for the first page.
            limit: Nodes on a page, 1 to 1,000.
        """
        return _nodes(strategy_id, cursor, limit)

    @paged
    def iter_range(self, strategy_id: int, *, cursor: str = "", limit: int = 1000) -> Call[Page[RangeNode]]:
        """Iterate over the members and departments that a strategy manages.

        Manual: `获取规则组管理范围 <https://developer.work.weixin.qq.com/document/path/94883>`__

        Args:
            strategy_id: The strategy.
            cursor: Where to resume; empty for the start.
            limit: Nodes on a page, 1 to 1,000.
        """
        return _nodes(strategy_id, cursor, limit)

    @endpoint
    def create(
        self,
        name: str,
        *,
        admins: Sequence[str],
        nodes: Sequence[RangeNode],
        parent_id: int | Unset = UNSET,
        privilege: CustomerPrivilege | Unset = UNSET,
    ) -> Call[int]:
        """Make a customer strategy. The platform wants such calls one after the other, and the client sends them so.

        Strategies nest up to 5 levels deep, and each holds up to 3,000 nodes.
        A repeat makes a second one, so it is not repeated after a lost answer: look with `iter_details`.

        Manual: `创建新的规则组 <https://developer.work.weixin.qq.com/document/path/94883>`__

        Args:
            name: The name.
            admins: Userids of its administrators (负责人), 1 to 20; no super administrators (超级管理员).
            nodes: Whom it manages: 1 to 100 members and departments; `add_range_many` adds the rest.
                Below a parent, the parent's range must hold all of them.
            parent_id: The strategy that this one lies in; 0 or nothing for the top.
            privilege: What the administrators may do; rights that are not said are granted.
                Below a parent the parent's rights hold, whatever is said here.

        Returns:
            The id.

        Raises:
            NotFoundError: 60111 there is no such member, 60003 no such department.
            PermissionDeniedError: 60011 a node lies outside the parent's range. Unverified: the code.
        """
        return (
            Call.post(
                Effect.CREATE,
                "/cgi-bin/externalcontact/customer_strategy/create",
                int,
                parent_id=parent_id,
                strategy_name=name,
                admin_list=listed("admin_list", admins),
                privilege=privilege,
                range=listed("range", nodes),
            )
            .unwrap("strategy_id")
            .checked(
                Limit("strategy_name", least=1),
                ADMINS,
                Limit("range", least=1),
                MaxNodes(("range",)),
                WholeNodes("range"),
                *_RIGHTS,
            )
        )

    @endpoint
    def edit(
        self,
        strategy_id: int,
        *,
        name: str | Unset = UNSET,
        admins: Sequence[str] | Unset = UNSET,
        privilege: CustomerPrivilege | Unset = UNSET,
        add: Sequence[RangeNode] | Unset = UNSET,
        remove: Sequence[RangeNode] | Unset = UNSET,
    ) -> Call[None]:
        """Change a customer strategy; what is not given stays. One call after the other, as `create`.

        Manual: `编辑规则组及其管理范围 <https://developer.work.weixin.qq.com/document/path/94883>`__

        Args:
            strategy_id: A strategy that this app made; its parent cannot be changed.
            name: The new name.
            admins: The administrators from now on, 1 to 20, instead of all those before.
            privilege: The rights from now on, instead of all those before: say all of them, or use `change_privilege`.
                Below a parent the parent's rights hold, whatever is said here.
            add: Nodes to add to the range; added and removed ones together up to 100 in a call.
            remove: Nodes to take out of it.

        Raises:
            NotFoundError: 60111 there is no such member, 60003 no such department.
            PermissionDeniedError: 60011 a node lies outside the parent's range, or another app made the strategy.
                Unverified: the code.
        """
        return _edit(strategy_id, name=name, admins=admins, privilege=privilege, add=add, remove=remove)

    @workflow
    def change_privilege(self, strategy_id: int, change: CustomerPrivilege) -> Step[CustomerPrivilege]:
        """Change some rights of a strategy at the top and keep the others: read, merge, write.

        Manual: `编辑规则组及其管理范围 <https://developer.work.weixin.qq.com/document/path/94883>`__

        Args:
            strategy_id: The strategy.
            change: The rights to change; those that it does not say stay.

        Returns:
            All rights as they were written.
        """
        strategy = yield from step(_detail(strategy_id))
        wanted = strategy.privilege.merged(change)
        yield from step(_edit(strategy_id, privilege=wanted))
        return wanted

    @workflow
    def add_range_many(
        self, strategy_id: int, nodes: Iterable[RangeNode], *, progress: Report | None = None
    ) -> Step[BulkResult[RangeNode, None]]:
        """Add any number of nodes to the range of a strategy, 100 in a call, one call after the other.

        Manual: `编辑规则组及其管理范围 <https://developer.work.weixin.qq.com/document/path/94883>`__

        Args:
            strategy_id: The strategy; it holds up to 3,000 nodes.
            nodes: Members and departments.
            progress: Is told after every call.

        Returns:
            Which were added and which were not, and why. A node that is refused takes the 99 of its call along.
        """
        return move_nodes(nodes, lambda some: _edit(strategy_id, add=some), progress)

    @workflow
    def remove_range_many(
        self, strategy_id: int, nodes: Iterable[RangeNode], *, progress: Report | None = None
    ) -> Step[BulkResult[RangeNode, None]]:
        """Take any number of nodes out of the range of a strategy; see `add_range_many`.

        Manual: `编辑规则组及其管理范围 <https://developer.work.weixin.qq.com/document/path/94883>`__

        Args:
            strategy_id: The strategy.
            nodes: Members and departments.
            progress: Is told after every call.
        """
        return move_nodes(nodes, lambda some: _edit(strategy_id, remove=some), progress)

    @endpoint
    def delete(self, strategy_id: int) -> Call[None]:
        """Delete a customer strategy.

        Unverified: what becomes of strategies below it and of its tags; `delete_tree` deletes those first.

        Manual: `删除规则组 <https://developer.work.weixin.qq.com/document/path/94883>`__

        Args:
            strategy_id: A strategy that this app made.
        """
        return _delete(strategy_id)

    @workflow
    def delete_tree(self, strategy_id: int, *, progress: Report | None = None) -> Step[BulkResult[int, None]]:
        """Delete a strategy and all below it, the deepest first. Reads every strategy to find them.

        Manual: `删除规则组 <https://developer.work.weixin.qq.com/document/path/94883>`__

        Args:
            strategy_id: The strategy at the root of what shall go.
            progress: Is told after every deletion.

        Returns:
            Which were deleted, in that order, and which were not, and why.
        """
        walk = detailed(lambda cursor: _refs(cursor, 1000), _detail, "", 1)
        return delete_all(strategy_id, walk, _delete, progress)


def _refs(cursor: str, limit: int) -> Call[Page[StrategyRef]]:
    return ref_page("/cgi-bin/externalcontact/customer_strategy/list", cursor, limit)


def _detail(strategy_id: int) -> Call[CustomerStrategy]:
    path = "/cgi-bin/externalcontact/customer_strategy/get"
    return Call.post(Effect.READ, path, CustomerStrategy, strategy_id=strategy_id).unwrap("strategy")


def _nodes(strategy_id: int, cursor: str, limit: int) -> Call[Page[RangeNode]]:
    return range_page("/cgi-bin/externalcontact/customer_strategy/get_range", strategy_id, cursor, limit)


def _edit(
    strategy_id: int,
    *,
    name: str | Unset = UNSET,
    admins: Sequence[str] | Unset = UNSET,
    privilege: CustomerPrivilege | Unset = UNSET,
    add: Sequence[RangeNode] | Unset = UNSET,
    remove: Sequence[RangeNode] | Unset = UNSET,
) -> Call[None]:
    return Call.post(
        Effect.SET,
        "/cgi-bin/externalcontact/customer_strategy/edit",
        NoneType,
        strategy_id=strategy_id,
        strategy_name=name,
        admin_list=listed("admin_list", admins),
        privilege=privilege,
        range_add=wire_nodes("range_add", add),
        range_del=wire_nodes("range_del", remove),
    ).checked(
        CHANGES,
        Limit("strategy_name", least=1),
        ADMINS,
        MaxNodes(("range_add", "range_del")),
        WholeNodes("range_add"),
        WholeNodes("range_del"),
        *_RIGHTS,
    )


def _delete(strategy_id: int) -> Call[None]:
    return Call.post(Effect.DELETE, "/cgi-bin/externalcontact/customer_strategy/del", NoneType, strategy_id=strategy_id)
