"""Everything a fake corp holds, as plain mutable rows. No rules: handlers and scenes change it, the core locks it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

from attrs import define, field

from wecom_auto.testing._ids import Ids
from wecom_auto.testing._state_acquisition import Acquisition
from wecom_auto.testing._state_archive import Archive
from wecom_auto.testing._state_group_welcomes import GroupWelcomes
from wecom_auto.testing._state_intercept import Intercept
from wecom_auto.testing._state_journal import Journal
from wecom_auto.testing._state_kf import KfDesk
from wecom_auto.testing._state_lives import Live
from wecom_auto.testing._state_moments import Moments
from wecom_auto.testing._state_products import Products
from wecom_auto.testing._state_schedules import CalendarRow, ScheduleRow
from wecom_auto.testing._state_school import School
from wecom_auto.testing._state_served import Served
from wecom_auto.testing._state_strategies import Strategies
from wecom_auto.testing._state_transfers import Transfers
from wecom_auto.testing._wire import Body

__all__ = [
    "App",
    "AppKind",
    "ContactWay",
    "Grant",
    "Group",
    "GroupMember",
    "JoinWay",
    "MassMessage",
    "MassTask",
    "Media",
    "Member",
    "Message",
    "Person",
    "Recipient",
    "Relation",
    "State",
    "Tag",
    "TagGroup",
    "Welcome",
]


AppKind: TypeAlias = Literal["self-built", "delegated", "third-party"]
"""Whose an app is: the corp's own (自建), made for it by a provider (代开发), or a provider's product (第三方)."""


@define(kw_only=True)
class App:
    """An app: its secret, and what it may see. A self-built one has no provider.

    `contact_sync` makes its secret that of contact sync (通讯录同步).
    """

    name: str
    secret: str = field(repr=False)
    agent_id: int
    customer_contact: bool = True
    visible: frozenset[str] | None = None
    kind: AppKind = "self-built"
    provider: str = ""
    contact_sync: bool = False


@define(kw_only=True)
class Grant:
    """An access token that was handed out; `dead` is the errcode of an early end."""

    app: App
    expires_at: float
    dead: int = 0


@define(kw_only=True)
class Relation:
    """A member follows a customer. `half` waits for the member, `unfriended` was ended by the customer."""

    seq: int
    userid: str
    external_userid: str
    created_at: int
    add_way: int = 0
    state: str = ""
    remark: str = ""
    remark_company: str = ""
    mobiles: list[str] = field(factory=list[str])
    description: str = ""
    tags: dict[str, None] = field(factory=dict[str, None])
    oper_userid: str = ""
    half: bool = False
    unfriended: bool = False
    chatted_at: float = 0.0
    welcome_used: bool = False
    temp_until: float = 0.0


@define(kw_only=True)
class Member:
    """Somebody of the corp.

    `active` ends with resigning, at `left_at`; `contact` is the customer-contact right, `verified` the real name,
    `can_add` ends when the platform bars them from adding customers. `card` is what customers see, as on the wire.
    `activated` only says what `user/get` answers.
    """

    seq: int
    userid: str
    name: str
    department: int = 1
    active: bool = True
    contact: bool = True
    console_welcome: bool = False
    verified: bool = True
    left_at: int = 0
    can_add: bool = True
    activated: bool = True
    avatar: str = ""
    alias: str = ""
    position: str = ""
    external_position: str = ""
    card: Body = field(factory=dict[str, Any])
    relations: dict[str, Relation] = field(factory=dict[str, Relation])
    unassigned: dict[str, Relation] = field(factory=dict[str, Relation])


@define(kw_only=True)
class Person:
    """A customer: who follows them, and when mass messages reached them."""

    external_userid: str
    name: str
    type: int = 1
    gender: int = 0
    unionid: str = ""
    avatar: str = ""
    followers: dict[str, Relation] = field(factory=dict[str, Relation])
    received: list[float] = field(factory=list[float])


@define(kw_only=True)
class Tag:
    """A corp tag; `deleted` rows stay, because queries by id still name them."""

    id: str
    name: str
    group_id: str
    created_at: int
    order: int = 0
    agent_id: int = 0
    deleted: bool = False


@define(kw_only=True)
class TagGroup:
    """A tag group. `strategy_id` is 0 for corp tags, else the customer strategy that the tags belong to."""

    group_id: str
    name: str
    created_at: int
    order: int = 0
    agent_id: int = 0
    deleted: bool = False
    strategy_id: int = 0
    tags: dict[str, Tag] = field(factory=dict[str, Tag])

    def living(self) -> list[Tag]:
        """Return the tags that are not deleted, bigger order first."""
        return sorted((tag for tag in self.tags.values() if not tag.deleted), key=lambda tag: -tag.order)


@define(kw_only=True)
class ContactWay:
    """A channel code (联系我). `fields` are the request's own; `turn` rotates the members of a code for several."""

    seq: int
    config_id: str
    agent_id: int
    created_at: int
    fields: Body
    qr_code: str
    turn: int = 0


@define(kw_only=True)
class JoinWay:
    """A group join code (加入群聊)."""

    config_id: str
    agent_id: int
    fields: Body
    qr_code: str
    rooms_made: int = 0


@define(kw_only=True)
class GroupMember:
    """Somebody in a customer group; type 1 is a member of the corp, 2 an outsider."""

    userid: str
    type: int
    name: str
    join_time: int
    join_scene: int
    invitor: str = ""
    state: str = ""


@define(kw_only=True)
class Group:
    """A customer group (客户群). Status 1: its owner has left the corp; 2: it is being inherited; 3: it was."""

    seq: int
    chat_id: str
    name: str
    owner: str
    created_at: int
    notice: str = ""
    status: int = 0
    dismissed: bool = False
    version: str = ""
    members: dict[str, GroupMember] = field(factory=dict[str, GroupMember])
    admins: dict[str, None] = field(factory=dict[str, None])
    received: list[float] = field(factory=list[float])


@define(kw_only=True)
class Recipient:
    """One customer or group of a mass-message task: 0 waiting, 1 sent, 2 no friend any more, 3 quota used up."""

    seq: int
    target: str
    status: int = 0
    sent_at: int = 0


@define(kw_only=True)
class MassTask:
    """What one member has to confirm: 0 waiting, 2 done. The manual has no 1."""

    seq: int
    userid: str
    status: int = 0
    sent_at: int = 0
    forgotten: bool = False
    recipients: dict[str, Recipient] = field(factory=dict[str, Recipient])


@define(kw_only=True)
class MassMessage:
    """A mass message (群发). `create_type` 0 was made by the corp, 1 by a member."""

    seq: int
    msgid: str
    agent_id: int
    creator: str
    create_type: int
    chat_type: str
    created_at: float
    content: Body
    cancelled: bool = False
    reminded: list[float] = field(factory=list[float])
    tasks: dict[str, MassTask] = field(factory=dict[str, MassTask])


@define(kw_only=True)
class Welcome:
    """A welcome code: who may be greeted by whom, until when, and which app took it."""

    code: str
    userid: str
    external_userid: str
    issued_at: float
    taken_by: int | None = None
    taken_at: float = 0.0
    content: Body = field(factory=dict[str, Any])


@define(kw_only=True)
class Media:
    """A temporary medium; its bytes are not kept. `scene` is 0 for messages, 1 for moments, 2 for product albums."""

    media_id: str
    type: str
    size: int
    filename: str
    created_at: float
    scene: int = 0


@define(kw_only=True)
class Message:
    """An application message; `dropped` names the members whose limit swallowed it."""

    msgid: str
    agent_id: int
    msgtype: str
    users: list[str]
    body: Body
    at: float
    dropped: list[str] = field(factory=list[str])


@define(kw_only=True)
class State:
    """One corp, whole. `waiting` names the mass messages that each member has not confirmed yet.

    `parents` names the department above each department that `add_department` made; others hang below the root, 1.
    """

    corp_id: str
    ids: Ids
    apps: list[App] = field(factory=list[App])
    grants: dict[str, Grant] = field(factory=dict[str, Grant], repr=False)
    members: dict[str, Member] = field(factory=dict[str, Member])
    parents: dict[int, int] = field(factory=dict[int, int])
    people: dict[str, Person] = field(factory=dict[str, Person])
    tag_groups: dict[str, TagGroup] = field(factory=dict[str, TagGroup])
    tags: dict[str, Tag] = field(factory=dict[str, Tag])
    contact_ways: dict[str, ContactWay] = field(factory=dict[str, ContactWay])
    join_ways: dict[str, JoinWay] = field(factory=dict[str, JoinWay])
    groups: dict[str, Group] = field(factory=dict[str, Group])
    mass_messages: dict[str, MassMessage] = field(factory=dict[str, MassMessage])
    waiting: dict[str, dict[str, None]] = field(factory=dict[str, dict[str, None]])
    welcomes: dict[str, Welcome] = field(factory=dict[str, Welcome])
    media: dict[str, Media] = field(factory=dict[str, Media])
    images: dict[str, int] = field(factory=dict[str, int])
    messages: list[Message] = field(factory=list[Message])
    said: dict[str, Message] = field(factory=dict[str, Message])
    """By app and body the last message: what a repeat is recognised by."""
    heard: defaultdict[str, list[Message]] = field(factory=lambda: defaultdict[str, list[Message]](list))
    """By member every message to them."""
    transfers: Transfers = field(factory=Transfers)
    acquisition: Acquisition = field(factory=Acquisition)
    strategies: Strategies = field(factory=Strategies)
    moments: Moments = field(factory=Moments)
    intercept: Intercept = field(factory=Intercept)
    journal: Journal = field(factory=Journal)
    products: Products = field(factory=Products)
    group_welcomes: GroupWelcomes = field(factory=GroupWelcomes)
    school: School = field(factory=School)
    served: Served = field(factory=Served)
    kf: KfDesk = field(factory=KfDesk)
    archive: Archive = field(factory=Archive)
    calendars: dict[str, CalendarRow] = field(factory=dict[str, CalendarRow])
    dead_calendars: set[str] = field(factory=set[str])
    schedules: dict[str, ScheduleRow] = field(factory=dict[str, ScheduleRow])
    lives: dict[str, Live] = field(factory=dict[str, Live])
    live_codes: dict[str, tuple[str, str, int]] = field(factory=dict[str, tuple[str, str, int]])
    card_labels: frozenset[str] | None = None
    card_programs: frozenset[str] | None = None
    bad_secrets: dict[str, list[float]] = field(factory=dict[str, list[float]], repr=False)
    tickets: dict[str, tuple[str, float]] = field(factory=dict[str, tuple[str, float]], repr=False)

    def relations(self) -> Iterator[Relation]:
        """Yield all that members have with customers, what those who left have left behind included."""
        for member in self.members.values():
            yield from member.relations.values()
            yield from member.unassigned.values()
        yield from (one.left_behind for one in self.transfers.waiting.values() if one.left_behind is not None)

    def departments(self) -> set[int]:
        """Return the departments that were made or have a member; 1 is the root and always there."""
        return {1, *self.parents, *(member.department for member in self.members.values())}

    def line(self, party: int) -> set[int]:
        """Return a department and all above it, up to the root."""
        line = {1, party}
        while (party := self.parents.get(party, 1)) not in line:
            line.add(party)
        return line

    def of_department(self, party: int) -> list[str]:
        """Return the active members of a department and of those below it; the root holds everybody."""
        return [one.userid for one in self.members.values() if one.active and party in self.line(one.department)]
