"""Corp tags (客户联系 › 客户标签管理): the library, and putting them on customers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import NoneType

from wecom_auto._binding import C, Endpoints, Step, endpoint, workflow
from wecom_auto._bulk import BulkResult, Report, in_bulk
from wecom_auto._call import Call, Effect
from wecom_auto._checks import AnyOf, Limit
from wecom_auto._types import UNSET, Unset
from wecom_auto.api._values import listed, some
from wecom_auto.models import NewTag, TagChange, TagGroup

__all__ = ["TagEndpoints"]

_ORDER_MOST = 2**32 - 1


class TagEndpoints(Endpoints[C]):
    """Corp tags (企业客户标签) and marking customers with them."""

    __slots__ = ()

    @endpoint
    def list(
        self, *, tag_ids: Sequence[str] | Unset = UNSET, group_ids: Sequence[str] | Unset = UNSET
    ) -> Call[tuple[TagGroup, ...]]:
        """List tag groups with their tags; all of them if no ids are given.

        Manual: `获取企业标签库 <https://developer.work.weixin.qq.com/document/path/92117>`__

        Args:
            tag_ids: Only the groups of these tags; deleted ones are told too.
            group_ids: Only these groups; `tag_ids` is ignored then.
        """
        return Call.post(
            Effect.READ,
            "/cgi-bin/externalcontact/get_corp_tag_list",
            tuple[TagGroup, ...],
            tag_id=some("tag_id", tag_ids),
            group_id=some("group_id", group_ids),
        ).unwrap("tag_group")

    @endpoint
    def create(
        self,
        tags: Sequence[NewTag | str],
        *,
        group_id: str | Unset = UNSET,
        group_name: str | Unset = UNSET,
        order: int | Unset = UNSET,
        agentid: int | Unset = UNSET,
    ) -> Call[TagGroup]:
        """Add tags to a group that exists, or to a new one.

        Repeating the call makes no second tag, so it is repeated after a lost answer.
        A corp has room for 10,000 tags, strategy tags included.

        Manual: `添加企业客户标签 <https://developer.work.weixin.qq.com/document/path/92117>`__

        Args:
            tags: At least one; texts are names.
            group_id: The group; wins over `group_name` and `order`.
            group_name: The group, up to 30 characters; made if nobody has it.
            order: Sort value of a new group from 0 to 2³²-1; bigger comes first.
            agentid: Third-party suites of the old kind with several apps only.

        Returns:
            The group with the tags of this call.

        Raises:
            ConflictError: 40071 a tag of that name is in the group already.
            QuotaExceededError: The corp's 10,000 tags are used up.
        """
        named = [NewTag(name=tag) if isinstance(tag, str) else tag for tag in listed("tag", tags)]
        return (
            Call.post(
                Effect.SET,
                "/cgi-bin/externalcontact/add_corp_tag",
                TagGroup,
                group_id=group_id,
                group_name=group_name,
                order=order,
                tag=named,
                agentid=agentid,
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
        agentid: int | Unset = UNSET,
    ) -> Call[None]:
        """Rename or reorder a tag or a group. An app may edit only its own.

        Manual: `编辑企业客户标签 <https://developer.work.weixin.qq.com/document/path/92117>`__

        Args:
            id: A tag id or a group id.
            name: The new name, up to 30 characters, unique among its siblings.
            order: Sort value from 0 to 2³²-1; bigger comes first.
            agentid: Third-party suites of the old kind with several apps only.

        Raises:
            NotFoundError: 40068 there is no such tag or group.
            ConflictError: 40071 a sibling has that name already.
        """
        path = "/cgi-bin/externalcontact/edit_corp_tag"
        call = Call.post(Effect.SET, path, NoneType, id=id, name=name, order=order, agentid=agentid)
        return call.checked(Limit("name", chars=30, least=1), Limit("order", least=0, most=_ORDER_MOST))

    @endpoint
    def delete(
        self,
        *,
        tag_ids: Sequence[str] = (),
        group_ids: Sequence[str] = (),
        agentid: int | Unset = UNSET,
    ) -> Call[None]:
        """Delete tags, or whole groups. A group vanishes with its last tag. An app may delete only its own.

        Manual: `删除企业客户标签 <https://developer.work.weixin.qq.com/document/path/92117>`__

        Args:
            tag_ids: Tags to delete.
            group_ids: Groups to delete with all their tags.
            agentid: Third-party suites of the old kind with several apps only.

        Raises:
            NotFoundError: 40068 one of them does not exist.
        """
        return Call.post(
            Effect.DELETE,
            "/cgi-bin/externalcontact/del_corp_tag",
            NoneType,
            tag_id=listed("tag_id", tag_ids) or UNSET,
            group_id=listed("group_id", group_ids) or UNSET,
            agentid=agentid,
        ).checked(AnyOf("tag_id", "group_id"))

    @endpoint
    def mark(
        self,
        userid: str,
        external_userid: str,
        *,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
    ) -> Call[None]:
        """Put tags on a member's customer, and take tags off.

        The platform sends no callback for this: what mirrors tags must be told by the caller.
        At most 3,000 tags fit on one member's view of one customer.

        Manual: `编辑客户企业标签 <https://developer.work.weixin.qq.com/document/path/92118>`__

        Args:
            userid: The member; they must follow the customer.
            external_userid: The customer.
            add: Ids of tags to put on. Strategy tags only if this app made the strategy and the member is in its range.
            remove: Ids of tags to take off.

        Raises:
            NotFoundError: 84061 the member does not follow the customer; 40068 a tag does not exist.
            RateLimitError: 45033 too many calls at once.
        """
        return _mark(userid, external_userid, add, remove)

    @workflow
    def mark_many(
        self, changes: Iterable[TagChange], *, concurrency: int = 1, progress: Report | None = None
    ) -> Step[BulkResult[TagChange, None]]:
        """Put tags on any number of customers, and take tags off, one customer in a call; see `mark`.

        The platform takes few of these calls at once (45033), so at most five are made however many are allowed here.

        Manual: `编辑客户企业标签 <https://developer.work.weixin.qq.com/document/path/92118>`__

        Args:
            changes: What to change on whom.
            concurrency: The most calls at once, 1 to 100.
            progress: Is told after every call.

        Returns:
            ``failed`` has the reason of each customer, such as 84061 the member does not follow them any more.
            A change may be made twice without harm, so ``unknown`` is always empty.
        """
        return (yield from in_bulk(changes, 1, _mark_first, concurrency=concurrency, progress=progress))


def _mark_first(changes: Sequence[TagChange]) -> Call[None]:
    (change,) = changes
    return _mark(change.userid, change.external_userid, change.add, change.remove)


def _mark(userid: str, external_userid: str, add: Sequence[str], remove: Sequence[str]) -> Call[None]:
    return Call.post(
        Effect.SET,
        "/cgi-bin/externalcontact/mark_tag",
        NoneType,
        userid=userid,
        external_userid=external_userid,
        add_tag=listed("add_tag", add) or UNSET,
        remove_tag=listed("remove_tag", remove) or UNSET,
    ).checked(AnyOf("add_tag", "remove_tag"))
