"""Compare where customers should be with where they are, and groups with their limits. Pure: it is handed everything.

Nobody who has bought is invited, no group is promised to more people than its code lets in, and a plan that was carried
out wants the same thing only once.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from attrs import evolve, field, frozen

from wecom_auto._time import require_aware
from wecom_auto.automotive.groups._policy import Desired, GroupPolicy, LeaveOthers
from wecom_auto.automotive.groups._values import (
    Action,
    CustomerView,
    Decision,
    GroupPlan,
    GroupView,
    JoinWayView,
)

WAY_GROUPS: Final = 5
"""The most groups of one join way (manual 92229)."""
Pool = tuple[str, str]
"""Kind and shop: the groups that can stand in for each other."""


def decide(
    policy: GroupPolicy,
    customers: Iterable[CustomerView],
    groups: Iterable[GroupView],
    now: datetime,
    *,
    ways: Iterable[JoinWayView] = (),
) -> GroupPlan:
    """Say what is to be done about every group and every customer; the order in which they are given does not matter.

    Args:
        policy: The rules.
        customers: Everybody whom the policy is about.
        groups: Every living group; those of other kinds are left alone.
        now: Aware.
        ways: The join ways that are known, by which invitations lead into groups.
    """
    require_aware(now, "now")
    floor = _Floor(policy, groups, ways)
    about_customers = [
        one for who in sorted(customers, key=_external_userid) for one in _customer(policy, floor, who, now)
    ]
    buyers = Counter(one.chat_id for one in about_customers if one.action is Action.LEAVE and one.reason == "buyer")
    return GroupPlan(at=now, decisions=(*_groups(policy, floor, buyers), *about_customers))


def _external_userid(customer: CustomerView) -> str:
    return customer.external_userid


class _Floor:
    """The groups and how many places each has left; the one thing that changes while a plan is made."""

    def __init__(self, policy: GroupPolicy, groups: Iterable[GroupView], ways: Iterable[JoinWayView]) -> None:
        ruled = sorted((one for one in groups if one.kind in policy.kinds), key=_oldest)
        self.groups = {one.chat_id: one for one in ruled}
        self.ways = {(one.kind, one.store): one for one in sorted(ways, key=lambda way: way.config_id)}
        self.left = {one.chat_id: policy.capacity.roll - one.size - one.held for one in ruled}
        self.dry = set[Pool]()
        self.pools = defaultdict[Pool, list[GroupView]](list)
        for one in ruled:
            self.pools[one.kind, one.store].append(one)
        self._roomy = {pool: deque(self._in_turn(pool, found)) for pool, found in self.pools.items()}

    def _in_turn(self, pool: Pool, groups: Iterable[GroupView]) -> list[GroupView]:
        """Groups with room: those that the join way leads to first, because it leads nowhere else today."""
        first = self.ways[pool].chat_ids if pool in self.ways else ()
        usable = [one for one in groups if is_open(one) and self.left[one.chat_id] > 0]
        return sorted(usable, key=lambda one: one.chat_id not in first)

    def pool(self, kind: str, store: str) -> Pool:
        """The shop's groups, or those of the whole corp if the shop has none."""
        shop, corp = (kind, store), (kind, "")
        return corp if shop not in self.pools and corp in self.pools else shop

    def take(self, pool: Pool) -> GroupView | None:
        """Hold a place in the first group of a pool that has one."""
        roomy = self._roomy.get(pool, deque())
        while roomy and self.left[roomy[0].chat_id] <= 0:
            roomy.popleft()
        if not roomy:
            self.dry.add(pool)
            return None
        self.left[roomy[0].chat_id] -= 1
        return roomy[0]


def is_open(group: GroupView) -> bool:
    """Whether anybody may be invited to a group, its size aside."""
    return not group.frozen and not group.owner_left and bool(group.owner)


def _oldest(group: GroupView) -> tuple[float, str]:
    return group.created_at.timestamp() if group.created_at else float("inf"), group.chat_id


@frozen
class _Case:
    """One customer, with the groups they are in."""

    who: CustomerView
    desired: Desired
    mine: Sequence[GroupView] = field(factory=tuple)

    def about(self, action: Action, reason: str, group: GroupView) -> Decision:
        return Decision(
            action=action,
            reason=reason,
            external_userid=self.who.external_userid,
            chat_id=group.chat_id,
            kind=group.kind,
            store=group.store,
            owner=group.heir or group.owner if group.owner_left else group.owner,
            joined_at=self.who.inside.get(group.chat_id),
        )


def _customer(policy: GroupPolicy, floor: _Floor, who: CustomerView, now: datetime) -> Iterator[Decision]:
    mine = [floor.groups[one] for one in sorted(who.inside) if one in floor.groups]
    case = _Case(who, policy.desired(who, now), mine)
    if case.desired.buyer or not case.desired.kind:
        action = Action.LEAVE if case.desired.buyer else Action.KEEP
        yield from (case.about(action, case.desired.reason, group) for group in mine)
        return
    right = [group for group in mine if group.kind == case.desired.kind]
    yield from (case.about(Action.KEEP, "right_group", group) for group in right)
    yield from (_elsewhere(policy, case, group, joined=bool(right)) for group in mine if group not in right)
    if not right:
        yield _invite(policy, floor, case, now)


def _elsewhere(policy: GroupPolicy, case: _Case, group: GroupView, *, joined: bool) -> Decision:
    if joined and policy.leave_others is LeaveOthers.JOINED:
        return case.about(Action.LEAVE, "moved_on", group)
    return case.about(Action.KEEP, case.desired.reason if joined else "not_joined_yet", group)


def _invite(policy: GroupPolicy, floor: _Floor, case: _Case, now: datetime) -> Decision:
    who, kind = case.who, case.desired.kind
    pool = floor.pool(kind, who.store)
    way = floor.ways.get(pool)
    refused = policy.refusal(who, kind, now)
    group = None if refused else floor.take(pool)
    refused = refused or ("no_room" if group is None else "" if way is not None else "no_link")
    if refused or group is None or way is None:
        return Decision(
            action=Action.WAIT,
            reason=refused,
            kind=kind,
            store=pool[1],
            external_userid=who.external_userid,
            chat_id=who.open.get(kind, ""),
        )
    return Decision(
        action=Action.INVITE,
        reason=case.desired.reason,
        kind=kind,
        store=group.store,
        external_userid=who.external_userid,
        chat_id=group.chat_id,
        owner=group.owner,
        way=policy.way_for(who, now),
        url=way.url,
        config_id=way.config_id,
        number=who.invited.get(kind, 0) + 1,
    )


def _groups(policy: GroupPolicy, floor: _Floor, buyers: Mapping[str, int]) -> Iterator[Decision]:
    for group in floor.groups.values():
        yield from _group(policy, group, buyers.get(group.chat_id, 0))
    for pool, way in sorted(floor.ways.items()):
        wanted = rotate(policy, way, floor.pools.get(pool, ()))
        if wanted and wanted != way.chat_ids:
            yield Decision(
                action=Action.ROTATE,
                reason="closed" if set(way.chat_ids) - set(wanted) else "more_room",
                kind=way.kind,
                store=way.store,
                config_id=way.config_id,
                chat_ids=wanted,
            )
    for kind, store in sorted(_running_dry(policy, floor)):
        owner = next((one.heir or one.owner for one in reversed(floor.pools.get((kind, store), ()))), "")
        count = len(floor.pools.get((kind, store), ()))
        yield Decision(action=Action.CREATE, reason="no_room", kind=kind, store=store, owner=owner, number=count)


def _group(policy: GroupPolicy, group: GroupView, buyers: int) -> Iterator[Decision]:
    def found(action: Action, reason: str, number: int = 0) -> Decision:
        return Decision(
            action=action,
            reason=reason,
            kind=group.kind,
            store=group.store,
            chat_id=group.chat_id,
            owner=group.owner,
            heir=group.heir if action is Action.TRANSFER else "",
            number=number,
        )

    if group.owner_left:
        yield found(Action.TRANSFER, "owner_left") if group.heir else found(Action.WARN, "no_heir")
    fullness = how_full(policy, group.size)
    if fullness:
        yield found(Action.WARN, fullness, group.size)
    if buyers:
        yield found(Action.ALARM, "contaminated", buyers)


def how_full(policy: GroupPolicy, size: int) -> str:
    """Name what is wrong with the size of a group; empty if nothing is."""
    limits = policy.capacity
    if size >= limits.most:
        return "too_large"
    if size >= limits.roll:
        return "full"
    return "nearly_full" if size >= limits.warn else ""


def _running_dry(policy: GroupPolicy, floor: _Floor) -> set[Pool]:
    """Pools without a group that stays below the warning: the next group is wanted before the last one is full."""
    if not policy.groups_enabled:
        return set()
    spare = policy.capacity.roll - policy.capacity.warn
    return {
        pool
        for pool in {*floor.pools, *floor.dry}
        if not any(_soon_open(one) and floor.left[one.chat_id] > spare for one in floor.pools.get(pool, ()))
    }


def _soon_open(group: GroupView) -> bool:
    return is_open(evolve(group, owner_left=group.owner_left and not group.heir))


def rotate(policy: GroupPolicy, way: JoinWayView, groups: Iterable[GroupView]) -> tuple[str, ...]:
    """Say which groups a join way should lead to: the oldest five with room, those it has now before others.

    The platform fills the groups of a join way in their order and takes at most five, so a pool of more goes through
    it by turns.

    Args:
        policy: Its capacity.
        way: The join way.
        groups: Every group of its kind and shop.

    Returns:
        One to five chat ids; empty if no group has room, and then the join way is left as it is.
    """
    room = {one.chat_id: one for one in groups if is_open(one) and one.size < policy.capacity.roll}
    kept = [one for one in way.chat_ids if one in room]
    fresh = [one.chat_id for one in sorted(room.values(), key=_oldest) if one.chat_id not in kept]
    return tuple((kept + fresh)[:WAY_GROUPS])
