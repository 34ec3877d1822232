"""Strategy tags (规则组标签): tags that belong to one customer strategy, and that only its members may use.

They are put on customers with `wecom.tags.mark`, like corp tags.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType

from wecom_auto._binding import C, Endpoints, endpoint
from wecom_auto._call import Call, Effect
from wecom_auto._checks import AnyOf, Limit
from wecom_auto._types import UNSET, Unset
from wecom_auto.api._values import listed, some
from wecom_auto.models import NewTag, StrategyTagGroup

__all__ = ["StrategyTagEndpoints"]

_ORDER_MOST = 2**32 - 1


class StrategyTagEndpoints(Endpoints[C]):
    """Strategy tags (规则组标签): list, make, change, delete."""

    __slots__ = ()

    @endpoint
    def list(
        self,
        *,
        strategy_id: int | Unset = UNSET,
        tag_ids: Sequence[str] | Unset = UNSET,
        group_ids: Sequence[str] | Unset = UNSET,
    ) -> Call[tuple[StrategyTagGroup, ...]]:
        """List groups of strategy tags with their tags; all that this app made if nothing is given.

        Manual: `获取指定规则组下的企业客户标签 <https://developer.work.weixin.qq.com/document/path/94882>`__

        Args:
            strategy_id: Only tags of this customer strategy.
            tag_ids: Only these tags, in their groups.
            group_ids: Only these groups; `tag_ids` is ignored then.
        """
        return Call.post(
            Effect.READ,
            "/cgi-bin/externalcontact/get_strategy_tag_list",
            tuple[StrategyTagGroup, ...],
            strategy_id=strategy_id,
            tag_id=some("tag_id", tag_ids),
            group_id=some("group_id", group_ids),
        ).unwrap("tag_group")

    @endpoint
    def create(
        self,
        strategy_id: int,
        tags: Sequence[NewTag | str],
        *,
        group_id: str | Unset = UNSET,
        group_name: str | Unset = UNSET,
        order: int | Unset = UNSET,
    ) -> Call[StrategyTagGroup]:
        """Add tags to a group of a customer strategy, or to a new group of it.

        Repeating the call makes no second tag, so it is repeated after a lost answer.
        A corp has room for 10,000 tags, corp tags included.

        Manual: `为指定规则组创建企业客户标签 <https://developer.work.weixin.qq.com/document/path/94882>`__

        Args:
            strategy_id: A customer strategy of this app at the top; those below it have no tags of their own.
            tags: At least one; texts are names.
            group_id: The group; wins over `group_name` and `order`.
            group_name: The group, up to 30 characters; made if the strategy has none of that name.
            order: Sort value of a new group from 0 to 2³²-1; bigger comes first.

        Returns:
            The group with the tags of this call.

        Raises:
            NotFoundError: 40068 there is no such group in this strategy.
            ConflictError: 40071 tags of these names are in the group already.
            QuotaExceededError: 40126 the corp's 10,000 tags are used up.
        """
        named = [NewTag(name=tag) if isinstance(tag, str) else tag for tag in listed("tag", tags)]
        return (
            Call.post(
                Effect.SET,
                "/cgi-bin/externalcontact/add_strategy_tag",
                StrategyTagGroup,
                strategy_id=strategy_id,
                group_id=group_id,
                group_name=group_name,
                order=order,
                tag=named,
            )
            .unwrap("tag_group")
            .checked(
                AnyOf("group_id", "group_name"),
                AnyOf("tag"),
                Limit("group_name", chars=30),
                Limit("tag[].name", chars=30, least=1),
                Limit("order", least=0, most=_ORDER_MOST),
                Limit("tag[].order", least=0, most=_ORDER_MOST),
            )
        )

    @endpoint
    def edit(
        self,
        id: str,  # noqa: A002  # the platform's name
        *,
        name: str | Unset = UNSET,
        order: int | Unset = UNSET,
    ) -> Call[None]:
        """Rename or reorder a strategy tag or a group of them; neither can move to another strategy.

        Manual: `编辑指定规则组下的企业客户标签 <https://developer.work.weixin.qq.com/document/path/94882>`__

        Args:
            id: A tag id or a group id; this app must have made it.
            name: The new name, up to 30 characters, unique among its siblings.
            order: Sort value from 0 to 2³²-1; bigger comes first.

        Raises:
            NotFoundError: 40068 there is no such tag or group.
            ConflictError: 40071 a sibling has that name already.
        """
        path = "/cgi-bin/externalcontact/edit_strategy_tag"
        call = Call.post(Effect.SET, path, NoneType, id=id, name=name, order=order)
        return call.checked(Limit("name", chars=30, least=1), Limit("order", least=0, most=_ORDER_MOST))

    @endpoint
    def delete(self, *, tag_ids: Sequence[str] = (), group_ids: Sequence[str] = ()) -> Call[None]:
        """Delete strategy tags, or whole groups of them. A group vanishes with its last tag.

        Manual: `删除指定规则组下的企业客户标签 <https://developer.work.weixin.qq.com/document/path/94882>`__

        Args:
            tag_ids: Tags to delete; this app must have made them.
            group_ids: Groups to delete with all their tags.

        Raises:
            NotFoundError: 40068 one of them does not exist.
        """
        return Call.post(
            Effect.DELETE,
            "/cgi-bin/externalcontact/del_strategy_tag",
            NoneType,
            tag_id=listed("tag_id", tag_ids) or UNSET,
            group_id=listed("group_id", group_ids) or UNSET,
        ).checked(AnyOf("tag_id", "group_id"))
