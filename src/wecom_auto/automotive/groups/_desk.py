"""The desk that plans and carries out what a policy wants with customer groups. It has no timer: somebody calls it.

It removes nobody and opens no group, because the platform lets no program do that: those are tasks of members.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

from attrs import evolve, frozen
from sqlalchemy.engine import Engine

from wecom_auto._time import require_aware
from wecom_auto._types import JSON
from wecom_auto.automotive.channels import Channels
from wecom_auto.automotive.groups import _reading as read
from wecom_auto.automotive.groups import _tables as t
from wecom_auto.automotive.groups._applying import Applied, Office, TellInvited, carry_out
from wecom_auto.automotive.groups._arrivals import Arrival, read_arrivals
from wecom_auto.automotive.groups._decide import WAY_GROUPS, decide
from wecom_auto.automotive.groups._greeting import WelcomeAttachments, WelcomeText, can_greet, greet
from wecom_auto.automotive.groups._invitations import Invitation, invitations_of
from wecom_auto.automotive.groups._policy import GroupPolicy
from wecom_auto.automotive.groups._report import GroupReport, report_on
from wecom_auto.automotive.groups._template import GroupTemplate
from wecom_auto.automotive.groups._values import KIND, STORE, GroupPlan, GroupView, JoinWayView
from wecom_auto.callbacks.events import CustomerAdded
from wecom_auto.directory import Directory
from wecom_auto.errors import ValidationError
from wecom_auto.sop.tasks import PlainRoster, Roster, TaskDesk, TaskOrder, TaskRecord
from wecom_auto.store import reading, repeatable, transaction, upsert

if TYPE_CHECKING:
    from wecom_auto._client import WeCom

TAGS: Final = "tags"
FROZEN_AT: Final = "frozen_at"
_MOST_TAGS: Final = 50
_TAG: Final = 30


class TellGroup(Protocol):
    """How a group's attribute is set; `Runner.set_attribute` is one, and stops the SOPs of a frozen group at once."""

    def __call__(self, subject: str, name: str, value: JSON, now: datetime, /, *, target: str) -> None:
        """Set it.

        Args:
            subject: The chat_id.
            name: The attribute.
            value: Its value.
            now: Aware.
            target: Always ``group``.
        """
        ...


@frozen(kw_only=True)
class GroupSettings:
    """What a corp decides once about its groups.

    Attributes:
        owner_role: Who takes over groups whose owner has left, as a role of the roster.
        pr_role: Who hears of a frozen group.
        source: The name of the desk's staff tasks.
    """

    owner_role: str = "group_owner"
    pr_role: str = "oem_pr"
    source: str = "prospect_groups"


class GroupDesk:
    """The prospect groups (潜客群) of one corp.

    Everything may be repeated and stopped half-way, and two workers may do it at once.

    Args:
        engine: From `wecom_auto.store.open_store`.
        directory: The mirror of the corp's groups and members; keep it synced.
        policy: Who is meant for which group.
        tasks: Where members' tasks go; its `book` should be the directory, so that leaving is found in data.
        roster: Who takes over groups, and who is told.
        tell: Sets attributes of groups; give it `Runner.set_attribute`. Without one the directory is written.
        settings: Roles and names.
    """

    def __init__(
        self,
        engine: Engine,
        directory: Directory,
        policy: GroupPolicy,
        *,
        tasks: TaskDesk,
        roster: Roster | None = None,
        tell: TellGroup | None = None,
        settings: GroupSettings | None = None,
    ) -> None:
        self.engine = engine
        self.directory = directory
        self.corp_id = directory.corp_id
        self.policy = policy
        self.tasks = tasks
        self.roster = roster or PlainRoster()
        self.settings = settings or GroupSettings()
        self._tell = tell or self._write

    def __repr__(self) -> str:
        return f"GroupDesk(corp_id={self.corp_id!r}, policy={self.policy.name!r})"

    def describe(self, chat_id: str, *, kind: str, store: str = "", now: datetime) -> None:
        """Say what a group is for; the platform has no field for it.

        Args:
            chat_id: Which.
            kind: Such as ``prospect``; see `GroupKind`.
            store: The shop; empty for a group of the whole corp.
            now: Aware.
        """
        _short("kind", kind, 32)
        _short("store", store, 64)
        self._set(chat_id, KIND, kind, now)
        self._set(chat_id, STORE, store, now)

    def adopt(self, templates: Iterable[GroupTemplate], *, now: datetime) -> dict[str, str]:
        """Describe groups that nobody has described, by their names; join ways open such groups by themselves.

        Args:
            templates: The first one whose `name_pattern` fits a name gives the kind; its field ``store`` the shop.
            now: Aware.

        Returns:
            The kind of each group that was described, by chat_id.
        """
        known, found = [one for one in templates if one.name_pattern], dict[str, str]()
        for group in self.groups(now):
            fits = ((one, one.read_name(group.name)) for one in known if not group.kind)
            template, fields = next(((one, read_) for one, read_ in fits if read_ is not None), (None, {}))
            if template is not None:
                self.describe(group.chat_id, kind=template.kind, store=fields.get("store", "")[:64], now=now)
                found[group.chat_id] = template.kind
        return found

    def tag(self, chat_id: str, tags: Collection[str], *, now: datetime) -> None:
        """Give a group its tags (群标签), in place of those it had; conditions read them by ``tag('…')``.

        The platform has tags of groups in its client and no call for them, so these are yours alone.

        Args:
            chat_id: Which.
            tags: Up to 50, of 1 to 30 characters.
            now: Aware.
        """
        if len(tags) > _MOST_TAGS:
            raise ValidationError(field="tags", value=f"{len(tags)} tags", limit=f"at most {_MOST_TAGS}")
        for one in tags:
            _short("tags", one, _TAG, least=1)
        self._set(chat_id, TAGS, sorted(set(tags)), now)

    @repeatable
    def use_way(self, way: JoinWayView, *, now: datetime) -> None:
        """Name the join way that leads into the groups of a kind and shop; one for each, the last word counts.

        Args:
            way: From `join_ways.create`, or from the fleet; `url` is its code or the link of your page with it.
            now: Aware.
        """
        if not 1 <= len(way.chat_ids) <= WAY_GROUPS:
            raise ValidationError(field="chat_ids", value=f"{len(way.chat_ids)} groups", limit=f"1 to {WAY_GROUPS}")
        row = {
            "corp_id": self.corp_id,
            "kind": way.kind,
            "store": way.store,
            "config_id": way.config_id,
            "url": way.url,
            "chat_ids": list(way.chat_ids),
            "changed_at": require_aware(now, "now"),
        }
        with transaction(self.engine) as connection:
            upsert(connection, t.join_ways, [row])

    def ways(self) -> tuple[JoinWayView, ...]:
        """List the join ways that are known."""
        with reading(self.engine) as connection:
            return read.read_ways(connection, self.corp_id)

    def links(self, store: str = "") -> dict[str, str]:
        """Return the links of a shop's groups by kind, those of the whole corp where the shop has none.

        They are what a content needs as variables: ``Settings(variables=lambda userid: …)`` of the runner.
        """
        ways = sorted(self.ways(), key=lambda way: way.store)
        return {way.kind: way.url for way in ways if way.store in {"", store}}

    def groups(self, now: datetime) -> tuple[GroupView, ...]:
        """List every living group, with its heir if its owner has left."""
        with reading(self.engine) as connection:
            found = read.read_groups(connection, self.corp_id, require_aware(now, "now")).groups
        return tuple(self._with_heir(one, now) for one in found)

    def plan(self, now: datetime, *, customers: Collection[str] | None = None) -> GroupPlan:
        """Say what is to be done, and do nothing of it.

        Args:
            now: Aware.
            customers: Only these customers, for example the one who was just added; None for everybody.
        """
        groups = self.groups(now)
        with reading(self.engine) as connection:
            ruled = {one.chat_id for one in groups if one.kind in self.policy.kinds}
            who = read.read_customers(connection, self.corp_id, self.policy, now, ruled, customers)
            views, ways = list(who), read.read_ways(connection, self.corp_id)
        plan = decide(self.policy, views, groups, now, ways=ways)
        return evolve(plan, whole=customers is None)

    def apply(self, plan: GroupPlan, client: WeCom, *, now: datetime | None = None, tell: TellInvited) -> Applied:
        """Carry a plan out; what was done already is not done again.

        Args:
            plan: From `plan`.
            client: Transfers groups and changes join ways.
            now: Aware; the time of the plan by default.
            tell: Sends one invitation, for example by ``runner.set_attribute``; called again for an invitation after
                a crash, so the same invitation must do nothing twice.
        """
        moment = require_aware(now or plan.at, "now")
        office = Office(
            engine=self.engine,
            corp_id=self.corp_id,
            directory=self.directory,
            policy=self.policy,
            tasks=self.tasks,
            source=self.settings.source,
        )
        return carry_out(office, plan, client, moment, tell)

    def greet(
        self,
        event: CustomerAdded,
        client: WeCom,
        *,
        now: datetime,
        text: WelcomeText,
        attachments: WelcomeAttachments | None = None,
    ) -> bool:
        """Invite a customer who was just added in the welcome message, if the policy wants that and a place is free.

        Call it in the callback's path, after ``directory.apply(event, client)`` and after the stage was told.
        If it answers True, nothing else may use the code: give the runner ``attrs.evolve(event, welcome_code="")``.

        Args:
            event: From the callback, with its `welcome_code`.
            client: Sends it; a lost answer is not repeated.
            now: Aware.
            text: The words; ``lambda one: f"…{one.url}"`` puts the link or code of the group into them.
            attachments: What comes with them, at most 9.

        Returns:
            True if the code was used, or may have been; if not, greet as usual.
        """
        moment = require_aware(now, "now")
        if not can_greet(event, moment):
            return False
        plan = self.plan(moment, customers=[event.external_userid])
        return greet(self.engine, self.corp_id, self.policy, plan, client, event, moment, text, attachments)

    def invitations(self, external_userid: str) -> tuple[Invitation, ...]:
        """List every invitation of a customer, the first one first."""
        with reading(self.engine) as connection:
            return invitations_of(connection, self.corp_id, external_userid)

    def arrivals(
        self,
        channels: Channels | None = None,
        *,
        kind: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> tuple[Arrival, ...]:
        """List who came into groups, and by which code, invitation or member; `count_arrivals` counts them.

        Args:
            channels: Says what the `state` of a join way means, if it was made by ``channels.state(…)``.
            kind: Only groups of this kind; empty for all.
            since: Joined at or after; aware.
            until: Joined before; aware.
        """
        with reading(self.engine) as connection:
            found = read_arrivals(connection, self.corp_id, channels, kind=kind, since=since, until=until)
            return tuple(found)

    def freeze(self, chat_id: str, *, now: datetime, reason: str, by: str = "") -> TaskRecord:
        """Stop everything in a group because of a complaint (客诉冻结), and tell PR.

        Every SOP in the group stops, what its owner has not confirmed is withdrawn if `tell` is a runner's, and nobody
        is invited until `thaw`.

        Args:
            chat_id: Which.
            now: Aware.
            reason: What happened, in words; no personal data.
            by: Who says so.

        Returns:
            The task of PR; ``held`` if nobody has that role.
        """
        group = self.directory.group(chat_id)
        already = self._frozen_at(chat_id)
        if not already:
            self._set(chat_id, read.FROZEN, True, now)
            self._set(chat_id, FROZEN_AT, now.isoformat(), now)
        order = TaskOrder(
            title="群内客诉：已冻结，请公关处理",
            kind="other",
            subject=chat_id,
            role=self.settings.pr_role,
            member=group.owner if group else "",
            description=f"{reason} {by}".strip(),
            source=self.settings.source,
            step="frozen",
        )
        return self.tasks.create(order, key=f"group-frozen:{chat_id}:{already or now.isoformat()}", now=now)

    def thaw(self, chat_id: str, *, now: datetime) -> bool:
        """Let a frozen group go on.

        Returns:
            False if it was not frozen.
        """
        if not self._frozen_at(chat_id):
            return False
        self._set(chat_id, read.FROZEN, False, now)
        self._set(chat_id, FROZEN_AT, "", now)
        return True

    def report(self, now: datetime) -> GroupReport:
        """List the groups that need a human today; of those that need nobody only the number."""
        groups = self.groups(now)
        with reading(self.engine) as connection:
            return report_on(connection, self.corp_id, self.policy, groups, now)

    def _frozen_at(self, chat_id: str) -> str:
        # What was recorded counts, whether the mirror has read the group or not.
        told = self.directory.programme_facts([(chat_id, "")])[chat_id, ""]
        since = told.attribute(FROZEN_AT)
        return since if told.attribute(read.FROZEN) is True and isinstance(since, str) else ""

    def _with_heir(self, group: GroupView, now: datetime) -> GroupView:
        if not group.owner_left or group.kind not in self.policy.kinds:
            return group
        return evolve(group, heir=next(self._heirs(group, now), ""))

    def _heirs(self, group: GroupView, now: datetime) -> Iterator[str]:
        roster, owner, role = self.roster, group.owner, self.settings.owner_role
        above = roster.supervisor(owner)
        # A roster that is asked about somebody with the role may name nobody but them: their supervisor's shop is next.
        asked = (
            *roster.resolve(role, owner, group.chat_id),
            roster.backup(owner),
            *(roster.resolve(role, above, group.chat_id) if above else ()),
            above,
        )
        return (one for one in asked if one and one != owner and roster.working(one, now))

    def _set(self, chat_id: str, name: str, value: JSON, now: datetime) -> None:
        self._tell(chat_id, name, value, require_aware(now, "now"), target="group")

    def _write(self, subject: str, name: str, value: JSON, now: datetime, /, *, target: str) -> None:
        del now, target
        self.directory.set_attribute(subject, name, value)


def _short(name: str, text: str, most: int, *, least: int = 0) -> None:
    if not least <= len(text) <= most:
        raise ValidationError(name, value=f"{len(text)} characters", limit=f"{least} to {most} characters")
