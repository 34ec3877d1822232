"""Which groups a customer is meant for, as data and one pure function. No clock, no database, no platform."""

from __future__ import annotations

import enum
import os
from datetime import datetime, timedelta
from typing import Final

from attrs import field, frozen

from wecom_auto._time import require_aware
from wecom_auto.automotive._presets import preset_names, preset_text
from wecom_auto.automotive._toml_lists import read_list
from wecom_auto.automotive.groups._values import CustomerView, InviteWay
from wecom_auto.errors import ConfigurationError
from wecom_auto.sop._document._problems import (
    DefinitionError,
    inside,
    read_bool,
    read_int,
    read_table,
    read_text,
    read_word,
)
from wecom_auto.sop._document._timing import parse_duration
from wecom_auto.sop._document._toml import read_toml

CODE_ENTRY: Final = 200
"""Members from which on no code lets anybody in; only an invitation by somebody inside does."""
GROUP_SIZE: Final = 500
"""The most people in one customer group."""
WELCOME: Final = timedelta(seconds=20)
"""How long the code of a welcome message is valid (manual 92137)."""
_MOST_INVITATIONS: Final = 20
_NAME: Final = 32


class LeaveOthers(enum.StrEnum):
    """When a customer leaves the group of an earlier stage."""

    JOINED = "joined"
    """As soon as they are in the one that is meant for them."""
    NEVER = "never"
    """They may stay in both."""


@frozen(kw_only=True)
class Capacity:
    """How full a group may get.

    Attributes:
        warn: Members from which on somebody is told, so that the next group is there in time.
        roll: Members up to which people are invited; at most 200, because no code lets more in.
        most: Members at which the platform refuses everybody; at most 500.
    """

    warn: int = 180
    roll: int = CODE_ENTRY
    most: int = GROUP_SIZE

    def __attrs_post_init__(self) -> None:
        if not 0 < self.warn <= self.roll <= CODE_ENTRY or not self.roll <= self.most <= GROUP_SIZE:
            problem = f"warn {self.warn}, roll {self.roll}, most {self.most} do not go up, or pass a limit"
            remedy = f"0 < warn <= roll <= {CODE_ENTRY} and roll <= most <= {GROUP_SIZE}"
            raise DefinitionError(problem, place="capacity", remedy=remedy)


@frozen(kw_only=True)
class GroupRule:
    """Which kind of group customers of some stages are meant for.

    Attributes:
        group: The kind.
        stages: Codes of the stages.
    """

    group: str
    stages: tuple[str, ...]


@frozen(kw_only=True)
class AppointmentRule:
    """Around a test drive customers are meant for another group, whatever their stage.

    Attributes:
        attribute: The customer's attribute with the time of the test drive.
        stages: In which stages it counts.
        group: The kind of group.
        before: How long before.
        after: How long after.
    """

    attribute: str
    stages: tuple[str, ...]
    group: str
    before: timedelta
    after: timedelta


@frozen(kw_only=True)
class Desired:
    """Where a customer should be.

    Attributes:
        kind: The kind of group; empty for none.
        reason: Why.
        buyer: They have bought, and leave every group that the policy rules.
    """

    kind: str
    reason: str
    buyer: bool = False


@frozen(kw_only=True)
class GroupPolicy:
    """Who is meant for which group (群策略).

    Attributes:
        name: Of the preset or the file.
        lost_after: Silence after which a prospect is meant for the group of the lost (战败周期). There is no default:
            only you know it. Suggestions (ours): 90 days, 60 for pure electric cars.
        rules: Kinds of groups by stage.
        lost_group: The kind for the lost; empty if there is none.
        buyer_stages: Stages of people who have bought: they leave every group of a rule and are never invited.
        buyer_grades: Grades of people who have bought.
        high_intent: Grades of people who are served one to one and not invited.
        appointment: What a test drive changes; None for nothing.
        capacity: How full groups may get.
        groups_enabled: False for a brand that serves one to one only: nobody is invited, buyers still leave.
        max_invitations: The most invitations of one customer to one kind of group.
        invite_again_after: The least time between two of them.
        invitation_lasts: How long a place is held for somebody who was invited.
        consent: The customer's attribute that must be true before they are invited; empty asks for none.
        leave_others: When customers leave the group of an earlier stage.
        way: How an invitation goes out once the welcome message is over.
    """

    name: str
    lost_after: timedelta
    rules: tuple[GroupRule, ...]
    lost_group: str = ""
    buyer_stages: tuple[str, ...] = ()
    buyer_grades: tuple[str, ...] = ()
    high_intent: tuple[str, ...] = ()
    appointment: AppointmentRule | None = None
    capacity: Capacity = field(factory=Capacity)
    groups_enabled: bool = True
    max_invitations: int = 2
    invite_again_after: timedelta = timedelta(days=30)
    invitation_lasts: timedelta = timedelta(days=7)
    consent: str = ""
    leave_others: LeaveOthers = LeaveOthers.JOINED
    way: InviteWay = InviteWay.SOP

    @classmethod
    def preset(cls, name: str = "automotive", *, lost_after: timedelta) -> GroupPolicy:
        """Take a policy that ships with the package.

        Args:
            name: ``automotive`` has three kinds of groups: prospect, test drive, lost.
            lost_after: Silence after which a prospect is lost; give the lifecycle's own.
        """
        return cls.from_file(preset_text("groups", name), lost_after=lost_after)

    @classmethod
    def presets(cls) -> tuple[str, ...]:
        """List the policies that ship with the package."""
        return preset_names("groups")

    @classmethod
    def from_file(cls, source: str | os.PathLike[str], *, lost_after: timedelta | None = None) -> GroupPolicy:
        """Read a policy from a TOML file, or from its text.

        Args:
            source: The file; or the text itself, recognised by a line break.
            lost_after: Wins over the file's own ``lost_after``; one of the two must be there.

        Raises:
            DefinitionError: the file says something that cannot be meant, with the place.
            ConfigurationError: the lost period is nowhere.
        """
        return _read(read_toml(source), lost_after)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of groups that the policy rules; every other group is left alone."""
        extra = (self.appointment.group,) if self.appointment else ()
        return tuple(dict.fromkeys([*(one.group for one in self.rules), *extra]))

    def bought(self, stage: str, grade: str = "") -> bool:
        """Whether somebody of this stage and grade has bought."""
        return stage in self.buyer_stages or grade in self.buyer_grades

    def desired(self, customer: CustomerView, now: datetime) -> Desired:
        """Say where a customer should be; whether they may be invited now is another question.

        Args:
            customer: Who.
            now: Aware.
        """
        require_aware(now, "now")
        if self.bought(customer.stage, customer.grade):
            return Desired(kind="", reason="buyer", buyer=True)
        if not customer.stage:
            return Desired(kind="", reason="unknown_stage")
        kind = next((rule.group for rule in self.rules if customer.stage in rule.stages), "")
        if not kind:
            return Desired(kind="", reason="no_rule")
        if kind == self.lost_group:
            return Desired(kind=kind, reason="lost")
        if self.lost_group and self._silent(customer, now):
            return Desired(kind=self.lost_group, reason="lost_period")
        near = self._appointed(customer, now)
        return Desired(kind=near, reason="appointment") if near else Desired(kind=kind, reason="stage")

    def _silent(self, customer: CustomerView, now: datetime) -> bool:
        # Who has an appointment ahead of them is not lost, however long they said nothing.
        ahead = customer.appointment is not None and customer.appointment > now
        last = customer.active_at or customer.since
        return not ahead and last is not None and now - last >= self.lost_after

    def _appointed(self, customer: CustomerView, now: datetime) -> str:
        rule, at = self.appointment, customer.appointment
        if rule is None or at is None or customer.stage not in rule.stages:
            return ""
        return rule.group if at - rule.before <= now <= at + rule.after else ""

    def refusal(self, customer: CustomerView, kind: str, now: datetime) -> str:
        """Say why a customer may not be invited to a kind of group now; empty if they may."""
        if not self.groups_enabled:
            return "groups_off"
        if customer.grade in self.high_intent:
            return "high_intent"
        if not customer.friend:
            return "not_a_friend"
        if self.consent and not customer.agreed:
            return "no_consent"
        return self._asked(customer, kind, now)

    def _asked(self, customer: CustomerView, kind: str, now: datetime) -> str:
        if kind in customer.open:
            return "invited"
        if customer.invited.get(kind, 0) >= self.max_invitations:
            return "asked_enough"
        last = customer.invited_at.get(kind)
        return "too_soon" if last is not None and now - last < self.invite_again_after else ""

    def way_for(self, customer: CustomerView, now: datetime) -> InviteWay:
        """Say how an invitation reaches a customer: the welcome message while it can still be sent."""
        added = customer.added_at
        return InviteWay.WELCOME if added is not None and timedelta(0) <= now - added <= WELCOME else self.way


_KEYS: Final = {
    "name", "lost_after", "groups_enabled", "buyer_stages", "buyer_grades", "high_intent", "max_invitations",
    "invite_again_after", "invitation_lasts", "consent", "leave_others", "way", "capacity", "appointment", "rule",
    "lost_group",
}  # fmt: skip


def _read(document: object, lost_after: timedelta | None) -> GroupPolicy:
    table = read_table(document, _KEYS, ("name", "rule", "buyer_stages"))
    rules = read_list(table["rule"], "rule", _rule)
    _once(rules)
    own = _span(table["lost_after"], "lost_after") if "lost_after" in table else None
    period = lost_after or own
    if period is None or period <= timedelta(0):
        msg = (
            "the lost period is missing or not longer than nothing: "
            'pass lost_after=timedelta(days=90), or write lost_after = "90d" into the file'
        )
        raise ConfigurationError(msg)
    buyers = _words(table["buyer_stages"], "buyer_stages")
    _apart(rules, buyers)
    kinds = [rule.group for rule in rules]
    lost = str(table.get("lost_group", "lost" if "lost" in kinds else ""))
    if lost and lost not in kinds:
        problem = f"no rule is about the group {lost!r}"
        raise DefinitionError(problem, place="lost_group")
    return GroupPolicy(
        name=read_text(table["name"], "name", chars=64),
        lost_after=period,
        rules=rules,
        lost_group=lost,
        buyer_stages=buyers,
        buyer_grades=_words(table.get("buyer_grades", []), "buyer_grades"),
        high_intent=_words(table.get("high_intent", []), "high_intent"),
        appointment=inside("appointment", _appointment, table["appointment"]) if "appointment" in table else None,
        capacity=inside("capacity", _capacity, table.get("capacity", {})),
        groups_enabled=read_bool(table.get("groups_enabled", True), "groups_enabled"),
        max_invitations=read_int(table.get("max_invitations", 2), "max_invitations", least=0, most=_MOST_INVITATIONS),
        invite_again_after=_span(table.get("invite_again_after", "30d"), "invite_again_after"),
        invitation_lasts=_span(table.get("invitation_lasts", "7d"), "invitation_lasts"),
        consent=str(table.get("consent", "")),
        leave_others=LeaveOthers(read_word(table.get("leave_others", "joined"), LeaveOthers, "leave_others")),
        way=InviteWay(read_word(table.get("way", "sop"), InviteWay, "way")),
    )


def _once(rules: tuple[GroupRule, ...]) -> None:
    stages = [stage for rule in rules for stage in rule.stages]
    twice = next((one for one in stages if stages.count(one) > 1), None)
    if twice is not None:
        problem = f"two rules are about the stage {twice!r}"
        raise DefinitionError(problem, place="rule")


def _apart(rules: tuple[GroupRule, ...], buyers: tuple[str, ...]) -> None:
    both = next((one for rule in rules for one in rule.stages if one in buyers), None)
    if both is not None:
        problem = f"{both!r} is a stage of buyers, and a rule invites it"
        raise DefinitionError(problem, place="rule", remedy="take it out of one of the two")


def _rule(value: object) -> GroupRule:
    table = read_table(value, {"group", "stages"}, ("group", "stages"))
    return GroupRule(group=read_text(table["group"], "group", chars=_NAME), stages=_words(table["stages"], "stages"))


def _appointment(value: object) -> AppointmentRule:
    keys = ("attribute", "stages", "group", "before", "after")
    table = read_table(value, set(keys), keys)
    return AppointmentRule(
        attribute=read_text(table["attribute"], "attribute", chars=64),
        stages=_words(table["stages"], "stages"),
        group=read_text(table["group"], "group", chars=_NAME),
        before=_span(table["before"], "before"),
        after=_span(table["after"], "after"),
    )


def _capacity(value: object) -> Capacity:
    table = read_table(value, {"warn", "roll", "most"})
    numbers = {name: read_int(number, name, least=1, most=GROUP_SIZE) for name, number in table.items()}
    return Capacity(**numbers)


def _words(value: object, place: str) -> tuple[str, ...]:
    return read_list(value, place, lambda one: read_text(one, "a code", chars=64))


def _span(value: object, place: str) -> timedelta:
    return inside(place, parse_duration, value)
