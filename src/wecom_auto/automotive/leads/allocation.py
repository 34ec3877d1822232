"""Who gets a lead (线索分配): pure rules that are put one after the other. Reads no clock and no database.

Every rule takes candidates away or leaves them, and says why; the last word has the turn, so that the same facts always
give the same member and nobody is given more than their share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Protocol, TypeAlias

from attrs import evolve, field, frozen

__all__ = [
    "STRIDE",
    "AllocationRule",
    "Candidate",
    "Choice",
    "Kept",
    "Wanted",
    "at_work",
    "by_store",
    "choose",
    "next_turn",
    "not_refused",
    "on_shift",
    "previous_owner_first",
    "round_robin",
    "standard",
    "under_capacity",
    "weighted",
    "with_role",
]

STRIDE: Final = 1_000_000
"""What one lead adds to the turn of a member with weight 1."""


@frozen(kw_only=True)
class Candidate:
    """A member as allocation sees them.

    Attributes:
        userid: The member.
        store: Code of the store.
        roles: Codes of roles.
        weight: Share of the leads, 1 to 100.
        capacity: Most leads a day; None for no limit.
        given_today: Leads of today.
        turn: What they have been given so far, by weight; the lowest is next.
        working: Here and not on leave today.
        on_shift: Working at this moment.
    """

    userid: str
    store: str = ""
    roles: tuple[str, ...] = ()
    weight: int = 1
    capacity: int | None = None
    given_today: int = 0
    turn: int = 0
    working: bool = True
    on_shift: bool = True


@frozen(kw_only=True)
class Wanted:
    """What is to be given away.

    Attributes:
        stores: Codes of the stores that may take it; empty for all.
        previous_owner: Who looked after this person before.
        refused_by: Members who had it and gave it back, or were too slow.
        source: Channel, for rules of your own.
        model: Model, for rules of your own.
    """

    stores: tuple[str, ...] = ()
    previous_owner: str = ""
    refused_by: frozenset[str] = frozenset()
    source: str = ""
    model: str = ""


Kept: TypeAlias = tuple[tuple[Candidate, ...], str]
"""Who is left, and the reason in a few words."""


class AllocationRule(Protocol):
    """One rule."""

    def __call__(self, wanted: Wanted, candidates: tuple[Candidate, ...], /) -> Kept:
        """Return who is left, and why."""
        ...


@frozen(kw_only=True)
class Choice:
    """Who gets it and why.

    Attributes:
        userid: The member; empty if nobody may have it.
        store: Their store.
        because: One line for each rule that has said something, in order.
        passed: Members who did not get it, with the rule that took them out.
        is_backup: Nobody was left by the rules, and the backup took it.
        weight: The share that counts for this lead.
    """

    userid: str = ""
    store: str = ""
    because: tuple[str, ...] = ()
    passed: Mapping[str, str] = field(factory=dict[str, str])
    is_backup: bool = False
    weight: int = 1


def _filter(reason: str, keep: Callable[[Wanted, Candidate], bool], *, soft: bool) -> AllocationRule:
    def policy(wanted: Wanted, candidates: tuple[Candidate, ...], /) -> Kept:
        left = tuple(one for one in candidates if keep(wanted, one))
        if soft and not left and candidates:
            return candidates, f"nobody: {reason}; everybody stays"
        return left, reason

    return policy


def by_store() -> AllocationRule:
    """Only members of the stores that the lead wants, or that its dealer, city or region has."""
    return _filter("store", lambda wanted, one: not wanted.stores or one.store in wanted.stores, soft=False)


def with_role(*roles: str) -> AllocationRule:
    """Only members with one of these roles.

    Args:
        roles: Codes such as ``dcc_operator``.
    """
    any_of = frozenset(roles)
    return _filter(f"role {', '.join(roles)}", lambda _, one: bool(any_of & set(one.roles)), soft=False)


def at_work() -> AllocationRule:
    """Only members who are not on leave today."""
    return _filter("at work today", lambda _, one: one.working, soft=False)


def on_shift(*, strict: bool = False) -> AllocationRule:
    """Members whose shift it is.

    Args:
        strict: Nobody gets it outside of the shifts; otherwise it goes to somebody who finds it in the morning.
    """
    return _filter("on shift", lambda _, one: one.on_shift, soft=not strict)


def under_capacity() -> AllocationRule:
    """Only members who have had fewer leads today than they can take."""
    return _filter(
        "below the day's capacity",
        lambda _, one: one.capacity is None or one.given_today < one.capacity,
        soft=False,
    )


def not_refused() -> AllocationRule:
    """Not those who had it already and gave it back."""
    return _filter("has not had it before", lambda wanted, one: one.userid not in wanted.refused_by, soft=False)


def previous_owner_first() -> AllocationRule:
    """Whoever looked after the person before, if they are among those who are left."""
    reason = "looked after this person before"
    known = _filter(reason, lambda wanted, one: one.userid == wanted.previous_owner, soft=True)

    def policy(wanted: Wanted, candidates: tuple[Candidate, ...], /) -> Kept:
        return known(wanted, candidates) if wanted.previous_owner else (candidates, "")

    return policy


def round_robin() -> AllocationRule:
    """One after the other: weights do not count."""

    def policy(_wanted: Wanted, candidates: tuple[Candidate, ...], /) -> Kept:
        return _first(tuple(evolve(one, weight=1) for one in candidates)), "longest without one"

    return policy


def weighted() -> AllocationRule:
    """By weight: twice the weight is twice the leads in the long run."""

    def policy(_wanted: Wanted, candidates: tuple[Candidate, ...], /) -> Kept:
        return _first(candidates), "furthest below their share"

    return policy


def _first(candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    return tuple(sorted(candidates, key=lambda one: (one.turn, one.userid))[:1])


def standard() -> tuple[AllocationRule, ...]:
    """The rules of a usual network: store, role, leave, capacity, shift, previous owner, weight."""
    return (
        by_store(),
        not_refused(),
        at_work(),
        under_capacity(),
        previous_owner_first(),
        on_shift(),
        weighted(),
    )


def choose(
    wanted: Wanted,
    candidates: Iterable[Candidate],
    policies: Sequence[AllocationRule],
    *,
    backup: Sequence[AllocationRule] = (),
) -> Choice:
    """Apply the rules in their order.

    Args:
        wanted: The lead.
        candidates: Everybody who might get it, in any order.
        policies: The rules; the last one leaves one member.
        backup: Rules that are tried if nobody is left, on everybody again.

    Returns:
        The same choice for the same facts, whatever the order of the candidates.
    """
    everybody = tuple(sorted(candidates, key=lambda one: one.userid))
    found = _choose(wanted, everybody, policies)
    if found.userid or not backup:
        return found
    second = _choose(wanted, everybody, backup)
    return Choice(
        userid=second.userid,
        store=second.store,
        because=(*found.because, "nobody is left: backup", *second.because),
        passed={**found.passed, **second.passed},
        is_backup=bool(second.userid),
        weight=second.weight,
    )


def _choose(wanted: Wanted, everybody: tuple[Candidate, ...], policies: Sequence[AllocationRule]) -> Choice:
    left, because, passed = everybody, list[str](), dict[str, str]()
    for policy in policies:
        kept, reason = policy(wanted, left)
        out = {one.userid for one in left} - {one.userid for one in kept}
        passed |= dict.fromkeys(out, f"not: {reason}")
        if out or reason.startswith("nobody"):
            because.append(f"{reason} ({len(kept)} of {len(left)})")
        left = kept
    winner = min(left, key=lambda one: (one.turn, one.userid), default=None)
    if winner is None:
        return Choice(because=tuple(because), passed=passed)
    return Choice(userid=winner.userid, store=winner.store, because=tuple(because), passed=passed, weight=winner.weight)


def next_turn(turn: int, of_store: int, weight: int) -> int:
    """The turn of a member who has just been given one.

    Whoever was away goes on with the others instead of making up for it.

    Args:
        turn: The member's turn before.
        of_store: The turn at which the store stands.
        weight: The member's share.
    """
    return max(turn, of_store) + STRIDE // max(weight, 1)
