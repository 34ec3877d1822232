"""What is known about customers and groups, and what is decided about them. Values only: nothing here decides."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime

from attrs import field, frozen

KIND: str = "kind"
"""The attribute of a group that says what it is for: ``prospect``, ``test_drive``, ``lost``, ``service``."""
STORE: str = "store"
"""The attribute of a group or customer that names the shop."""


class GroupKind(enum.StrEnum):
    """What a customer group is for; a policy may use other words as well."""

    PROSPECT = "prospect"
    """潜客群: has left a contact, has not driven."""
    TEST_DRIVE = "test_drive"
    """试驾潜客群: drives or has driven, has not bought."""
    LOST = "lost"
    """战败群: was lost."""
    SERVICE = "service"
    """管家服务群: owners. No policy here invites into it or out of it."""


class Action(enum.StrEnum):
    """What a plan wants."""

    INVITE = "invite"
    """Show the customer the way into a group; whether they come is up to them."""
    LEAVE = "leave"
    """A member asks the customer to leave, or takes them out: no API removes anybody."""
    KEEP = "keep"
    """The customer is where they should be, or is left where they are."""
    WAIT = "wait"
    """The customer should be in a group and is not invited now; the reason says why."""
    TRANSFER = "transfer"
    """The group gets another owner."""
    ROTATE = "rotate"
    """A join way leads to other groups, because some of its groups are full or closed."""
    CREATE = "create"
    """A member opens a new group: every group of the kind is full."""
    WARN = "warn"
    """A group needs a look: it is nearly full, full, or has nobody who could own it."""
    ALARM = "alarm"
    """Buyers are in a prospect group."""


class InviteWay(enum.StrEnum):
    """By which way an invitation reaches a customer; each carries the link or code of the join way."""

    WELCOME = "welcome"
    """The welcome message, in the twenty seconds after the customer was added."""
    MASS = "mass"
    """A mass message, which a member confirms."""
    SOP = "sop"
    """A SOP that begins when the customer is invited."""


@frozen(kw_only=True)
class CustomerView:
    """A customer as a policy sees them.

    Attributes:
        external_userid: Who.
        stage: Code of the stage; empty if unknown.
        since: When the stage began.
        active_at: The last sign of life; the lost period counts from it.
        grade: The grade; empty if unknown.
        store: The shop; empty for none.
        friend: Whether a member follows them, so that anybody can write to them.
        member: Who follows them.
        added_at: When the newest friendship began.
        appointment: When the test drive is or was.
        agreed: Whether the consent is there that the policy asks for.
        inside: The groups they are in, with the time at which they came.
        invited: How often they were invited, by kind.
        invited_at: When they were last invited, by kind.
        open: The group that they are invited to and have not come to, by kind.
    """

    external_userid: str
    stage: str = ""
    since: datetime | None = None
    active_at: datetime | None = None
    grade: str = ""
    store: str = ""
    friend: bool = True
    member: str = ""
    added_at: datetime | None = None
    appointment: datetime | None = None
    agreed: bool = True
    inside: Mapping[str, datetime | None] = field(factory=dict[str, "datetime | None"])
    invited: Mapping[str, int] = field(factory=dict[str, int])
    invited_at: Mapping[str, datetime] = field(factory=dict[str, datetime])
    open: Mapping[str, str] = field(factory=dict[str, str])


@frozen(kw_only=True)
class GroupView:
    """A customer group as a policy sees it.

    Attributes:
        chat_id: Which.
        name: Its name.
        kind: What it is for; empty if nobody has said so, and then it is nobody's business here.
        store: The shop; empty for groups of the whole corp.
        owner: Its owner.
        heir: Who takes it over if the owner has left; empty if nobody can.
        size: How many are in it, members of the corp included.
        held: Places held for customers who were invited and have not come yet.
        created_at: When it was made.
        frozen: Whether a complaint has stopped everything in it.
        owner_left: Whether its owner has left the corp.
    """

    chat_id: str
    name: str = ""
    kind: str = ""
    store: str = ""
    owner: str = ""
    heir: str = ""
    size: int = 0
    held: int = 0
    created_at: datetime | None = None
    frozen: bool = False
    owner_left: bool = False


@frozen(kw_only=True)
class JoinWayView:
    """A join way (加入群聊) that leads into groups of one kind.

    Attributes:
        config_id: Which.
        kind: The kind of its groups.
        store: Their shop; empty for groups of the whole corp.
        url: The link or code that invitations carry.
        chat_ids: The groups that it leads to now, at most 5.
    """

    config_id: str
    kind: str
    store: str = ""
    url: str = ""
    chat_ids: tuple[str, ...] = ()


@frozen(kw_only=True)
class Decision:
    """One thing that a plan wants, and why.

    Attributes:
        action: What.
        reason: A word for programs, such as ``buyer``; `Decision.why` is for people.
        kind: The kind of group.
        store: The shop.
        external_userid: The customer; empty for what is about a group only.
        chat_id: The group; empty if it is about a customer without one.
        way: Of an invitation: how it goes out.
        url: Of an invitation: the link or code.
        config_id: Of a rotation: the join way. Of an invitation: the join way of its link.
        chat_ids: Of a rotation: the groups that it is to lead to.
        owner: The present owner of the group.
        heir: Of a transfer: the new owner.
        joined_at: Of a leave: when the customer came, so that coming back is something new.
        number: How many: which invitation it is, how many are in the group, how many buyers.
    """

    action: Action
    reason: str
    kind: str = ""
    store: str = ""
    external_userid: str = ""
    chat_id: str = ""
    way: InviteWay | None = None
    url: str = ""
    config_id: str = ""
    chat_ids: tuple[str, ...] = ()
    owner: str = ""
    heir: str = ""
    joined_at: datetime | None = None
    number: int = 0

    @property
    def why(self) -> str:
        """The reason in a sentence."""
        return REASONS.get(self.reason, self.reason)


REASONS: Mapping[str, str] = {
    "stage": "the stage asks for this kind of group",
    "appointment": "the test drive is near, or was",
    "lost": "the customer is lost",
    "lost_period": "the lost period is over without a sign of life",
    "buyer": "the customer has bought and leaves every prospect group",
    "moved_on": "the customer has joined the group of the next stage",
    "right_group": "the customer is in the right group",
    "high_intent": "the customer is close to buying and is served one to one",
    "groups_off": "groups are switched off: customers are served one to one",
    "unknown_stage": "nobody knows the customer's stage",
    "no_rule": "no group is meant for this stage",
    "not_joined_yet": "the customer stays here until they have joined the group of the next stage",
    "not_a_friend": "no member follows the customer, so nobody can invite them",
    "no_consent": "the customer has not agreed to be invited",
    "invited": "the customer is invited and has not come yet",
    "too_soon": "the customer was invited not long ago",
    "asked_enough": "the customer was invited as often as is allowed",
    "no_room": "no group of this kind has room",
    "no_link": "no join way is known that leads into the groups of this kind",
    "full": "the group cannot be entered by code any more",
    "nearly_full": "the group will soon be full",
    "too_large": "the group is at the platform's limit",
    "closed": "a group of the join way is full, frozen, gone or without an owner",
    "more_room": "more groups have room than the join way leads to",
    "owner_left": "the owner has left the corp",
    "no_heir": "the owner has left the corp, and nobody can take over",
    "contaminated": "buyers are in a prospect group",
}
"""What each reason means, for people."""


@frozen(kw_only=True)
class GroupPlan:
    """What a policy wants at one moment; nothing has been done yet.

    Attributes:
        at: When it was made.
        decisions: Groups first, then customers by id.
        whole: Whether it is about every customer, so that what it does not want any more can be taken back.
    """

    at: datetime
    decisions: tuple[Decision, ...]
    whole: bool = True

    def of(self, *actions: Action) -> tuple[Decision, ...]:
        """The decisions of some kinds."""
        return tuple(one for one in self.decisions if one.action in actions)

    @property
    def changes(self) -> tuple[Decision, ...]:
        """What `GroupDesk.apply` would do something about."""
        return self.of(Action.INVITE, Action.LEAVE, Action.TRANSFER, Action.ROTATE, Action.CREATE)

    def counts(self) -> dict[str, int]:
        """How many decisions of each action there are, by ``action:reason``."""
        found: dict[str, int] = {}
        for one in self.decisions:
            key = f"{one.action.value}:{one.reason}"
            found[key] = found.get(key, 0) + 1
        return dict(sorted(found.items()))
