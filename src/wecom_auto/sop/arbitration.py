"""Decide which messages may reach a customer today, and what becomes of the others. Pure: no clock, no database.

Several SOPs may want the same customer on the same local day. The order is: legal notices, services, marketing; then
the SOP's priority, the nearest deadline, the one that has waited longest.
Later claims of the same day take part before they are due, so that a small message in the morning does not shut out an
important one in the afternoon.
A legal notice heeds neither gap nor fatigue, a service no gap; marketing heeds both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from attrs import define, evolve, field, frozen

from wecom_auto.sop._document._policies import Conflict, Fatigue, Purpose
from wecom_auto.sop.contents import Content

__all__ = ["Asked", "Claim", "Fate", "Rules", "Ruling", "arbitrate", "within_ceiling"]

_RANK: Final = {Purpose.LEGAL: 0, Purpose.SERVICE: 1, Purpose.MARKETING: 2}
_WEEK: Final = timedelta(days=7)


@frozen(kw_only=True)
class Claim:
    """One message that wants to reach one customer today.

    Attributes:
        id: Names it in the rulings.
        customer: Whom.
        sop: For which SOP.
        key: Tells what is said: the same key never reaches the same customer twice within `Rules.repeat`.
        sender: Who has to tap; only messages of one sender can be merged.
        at: When it comes due; later than now for one that only takes part because its turn is today.
        since: Since when it has been due.
        deadline: After this it is too late.
        purpose: Why the SOP speaks to people.
        priority: The SOP's; higher wins.
        gap: Least distance to marketing messages of other SOPs.
        fatigue: The SOP's limit of messages per customer, whoever sends them.
        on_conflict: What becomes of it when it loses.
        content: What is said; `None` for one that is not due yet.
        splits: Whether its SOP may cost a member more taps than the ceiling.
    """

    id: int
    customer: str
    sop: str
    key: Hashable
    sender: str = ""
    at: datetime
    since: datetime
    deadline: datetime
    purpose: Purpose = Purpose.MARKETING
    priority: int = 50
    gap: timedelta = timedelta()
    fatigue: Fatigue = field(factory=Fatigue)
    on_conflict: Conflict = Conflict.DEFER
    content: Content | None = field(default=None, repr=False)
    splits: bool = False

    @property
    def order(self) -> tuple[int, int, datetime, datetime, int]:
        """Smaller wins."""
        return _RANK[self.purpose], -self.priority, self.deadline, self.since, self.id


@frozen(kw_only=True)
class Asked:
    """A message that a member was asked for before, or that has just won.

    Attributes:
        sop: Of which SOP.
        key: As in `Claim`.
        at: When.
        purpose: Why the SOP speaks to people.
    """

    sop: str
    key: Hashable
    at: datetime
    purpose: Purpose = Purpose.MARKETING


class Fate(StrEnum):
    """What becomes of a claim."""

    SEND = "send"
    MERGE = "merge"
    """It shares the message of another claim."""
    DEFER = "defer"
    DROP = "drop"


@frozen(kw_only=True)
class Ruling:
    """What becomes of one claim.

    Attributes:
        claim: Which.
        fate: What.
        reason: Why, as a code; empty for what is sent.
        later: When a deferred claim is looked at again.
        into: The claim whose message it shares; its own id when it leads.
        content: What is sent, merged or not.
    """

    claim: Claim
    fate: Fate
    reason: str = ""
    later: datetime | None = None
    into: int = 0
    content: Content | None = field(default=None, repr=False)


@frozen(kw_only=True)
class Rules:
    """What a corp decides once.

    Attributes:
        zone: Whose days and months count.
        repeat: Within this time the same key does not reach a customer again.
    """

    zone: ZoneInfo
    repeat: timedelta = timedelta(days=1)

    def start_of_day(self, moment: datetime) -> datetime:
        """Midnight before a moment, in the corp's zone."""
        return datetime.combine(moment.astimezone(self.zone).date(), time(), self.zone)

    def next_day(self, moment: datetime) -> datetime:
        """Midnight after a moment, in the corp's zone."""
        day = moment.astimezone(self.zone).date() + timedelta(days=1)
        return datetime.combine(day, time(), self.zone)

    def start_of_month(self, moment: datetime) -> datetime:
        """The first midnight of the month, in the corp's zone."""
        return datetime.combine(moment.astimezone(self.zone).date().replace(day=1), time(), self.zone)

    def next_month(self, moment: datetime) -> datetime:
        """The first midnight of the next month, in the corp's zone."""
        return self.start_of_month(self.start_of_month(moment) + timedelta(days=32))

    def same_hour(self, day: datetime, moment: datetime) -> datetime:
        """The hour of a moment on the day that begins at `day`, so that nobody is asked at midnight."""
        clock = moment.astimezone(self.zone).time()
        return datetime.combine(day.astimezone(self.zone).date(), clock, self.zone)

    def horizon(self, moment: datetime) -> datetime:
        """How far back messages count, for a moment: a month, at least; the caller reads as far as this."""
        return min(self.start_of_month(moment), moment - _WEEK)


def arbitrate(
    claims: Iterable[Claim], asked: Mapping[str, Sequence[Asked]], now: datetime, rules: Rules
) -> list[Ruling]:
    """Decide about the messages of many customers; customers have nothing to do with each other.

    Args:
        claims: Those due, and those that come due later today; for these there is no ruling.
        asked: By customer: what members were asked for since `Rules.horizon`, or further back for a longer gap.
        now: Aware.
        rules: The corp's.

    Returns:
        A ruling for every claim that is due, in the order in which they won or lost.
    """
    by_customer: defaultdict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_customer[claim.customer].append(claim)
    found: list[Ruling] = []
    for customer, mine in by_customer.items():
        day = _Day(now=now, rules=rules, asked=list(asked.get(customer, ())))
        for claim in sorted(mine, key=lambda one: one.order):
            day.hear(claim)
        found.extend(day.rulings.values())
    return found


@define
class _Day:
    """The day of one customer: what was asked for, and what has won so far."""

    now: datetime
    rules: Rules
    asked: list[Asked]
    coming: list[Claim] = field(factory=list[Claim])
    rulings: dict[int, Ruling] = field(factory=dict[int, Ruling])

    def hear(self, claim: Claim) -> None:
        """Let the next important claim win or lose."""
        obstacle = self._obstacle(claim)
        if claim.at > self.now:
            # Not due yet: it only keeps its place against lesser claims, if nothing stands in its own way.
            if obstacle is None:
                self.asked.append(_as_asked(claim))
                self.coming.append(claim)
        elif obstacle is None:
            self._admit(claim)
        elif obstacle[0] == _DUPLICATE:
            self._rule(claim, Fate.DROP, _DUPLICATE)
        else:
            self._lose(claim, *obstacle)

    def _admit(self, claim: Claim) -> None:
        self.asked.append(_as_asked(claim))
        self.rulings[claim.id] = Ruling(claim=claim, fate=Fate.SEND, into=claim.id, content=claim.content)

    def _obstacle(self, claim: Claim) -> tuple[str, datetime] | None:
        """Why the claim cannot be sent at its time, and when it could; `None` if it can."""
        repeat = claim.at - self.rules.repeat
        if any(one.key == claim.key and repeat < one.at <= claim.at for one in self.asked):
            # Two runs of one customer with two members, and both chose the same sender.
            return _DUPLICATE, claim.at
        if claim.purpose is Purpose.LEGAL:
            return None
        times = [free for free in (self._after_gap(claim), self._after_fatigue(claim)) if free > claim.at]
        return ("fatigue", max(times)) if times else None

    def _after_gap(self, claim: Claim) -> datetime:
        if claim.purpose is not Purpose.MARKETING:
            return claim.at
        others = (one for one in self.asked if one.sop != claim.sop and one.purpose is Purpose.MARKETING)
        return max((one.at + claim.gap for one in others if one.at + claim.gap > claim.at), default=claim.at)

    def _after_fatigue(self, claim: Claim) -> datetime:
        rules, at, limits = self.rules, claim.at, claim.fatigue
        free = [at]
        if self._is_full(limits.day, rules.start_of_day(at), rules.next_day(at)):
            free.append(rules.same_hour(rules.next_day(at), claim.since))
        if self._is_full(limits.month, rules.start_of_month(at), rules.next_month(at)):
            free.append(rules.same_hour(rules.next_month(at), claim.since))
        week = sorted(one.at for one in self.asked if at - _WEEK < one.at <= at + _WEEK)
        if limits.week is not None and len(week) >= limits.week:
            free.append(week[-limits.week] + _WEEK)
        return max(free)

    def _is_full(self, limit: int | None, start: datetime, end: datetime) -> bool:
        return limit is not None and sum(start <= one.at < end for one in self.asked) >= limit

    def _lose(self, claim: Claim, what: str, free: datetime) -> None:
        if claim.on_conflict is Conflict.MERGE and self._merge(claim):
            return
        if claim.on_conflict is Conflict.DROP:
            self._rule(claim, Fate.DROP, "dropped:conflict")
        elif free > claim.deadline:
            self._rule(claim, Fate.DROP, f"dropped:{what}")
        else:
            self.rulings[claim.id] = Ruling(claim=claim, fate=Fate.DEFER, reason=f"deferred:{what}", later=free)

    def _merge(self, claim: Claim) -> bool:
        """Share the message of one that has won, or wait for one that will win today, if the contents allow it."""
        if claim.content is None or not claim.content.merge:
            return False
        for leader in self.rulings.values():
            if leader.fate is not Fate.SEND or leader.claim.sender != claim.sender:
                continue
            joined = Content.joined([leader.content, claim.content]) if leader.content is not None else None
            if joined is not None:
                self._share(claim, leader, joined)
                return True
        soon = min((one.at for one in self.coming if one.at <= claim.deadline), default=None)
        if soon is not None:
            self.rulings[claim.id] = Ruling(claim=claim, fate=Fate.DEFER, reason="deferred:merge", later=soon)
        return soon is not None

    def _share(self, claim: Claim, leader: Ruling, joined: Content) -> None:
        self.rulings[claim.id] = Ruling(claim=claim, fate=Fate.MERGE, reason="merged", into=leader.into)
        for number, one in self.rulings.items():
            if one.into == leader.into:
                self.rulings[number] = evolve(one, content=joined)

    def _rule(self, claim: Claim, fate: Fate, reason: str) -> None:
        self.rulings[claim.id] = Ruling(claim=claim, fate=fate, reason=reason)


_DUPLICATE: Final = "skipped:duplicate"


def within_ceiling(
    rulings: Sequence[Ruling], taps: Mapping[str, int], most: int, now: datetime, rules: Rules
) -> list[Ruling]:
    """Spread what would cost a member too many taps in one day over the days that follow.

    Args:
        rulings: From `arbitrate`.
        taps: By sender: how many were asked for today already.
        most: Taps a day and member; legal notices and SOPs with ``allow_split`` do not heed it, but they count.
        now: Aware.
        rules: The corp's.
    """
    groups: dict[tuple[str, str], list[Ruling]] = {}
    for one in sorted(rulings, key=lambda each: each.claim.order):
        if one.fate in {Fate.SEND, Fate.MERGE} and one.content is not None:
            groups.setdefault((one.claim.sender, one.content.digest), []).append(one)
    used, late = dict(taps), set[int]()
    for (sender, _), group in groups.items():
        free = any(one.claim.purpose is Purpose.LEGAL or one.claim.splits for one in group)
        if free or used.get(sender, 0) < most:
            used[sender] = used.get(sender, 0) + 1
        else:
            late |= {one.claim.id for one in group}
    return [_tomorrow(one, now, rules) if one.claim.id in late else one for one in rulings]


def _tomorrow(one: Ruling, now: datetime, rules: Rules) -> Ruling:
    later = rules.same_hour(rules.next_day(now), one.claim.since)
    if one.claim.on_conflict is Conflict.DROP or later > one.claim.deadline:
        return Ruling(claim=one.claim, fate=Fate.DROP, reason="dropped:ceiling")
    return Ruling(claim=one.claim, fate=Fate.DEFER, reason="deferred:ceiling", later=later)


def _as_asked(claim: Claim) -> Asked:
    return Asked(sop=claim.sop, key=claim.key, at=claim.at, purpose=claim.purpose)
