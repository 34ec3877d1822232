"""Who came into which group, and by what: the join way's `state`, an invitation, a code. Reads the mirror only.

Events of groups carry no state: it is known once the group was read, by a client that handles the event or by a sync.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

import sqlalchemy as sa
from attrs import field, frozen
from sqlalchemy.engine import Connection

from wecom_auto._time import require_aware
from wecom_auto.automotive.channels import Channels, Origin, Source, decode
from wecom_auto.automotive.groups._reading import attribute_of
from wecom_auto.automotive.groups._values import KIND, STORE
from wecom_auto.directory._tables import group_members
from wecom_auto.models import GroupMemberType, JoinScene


class ArrivalBy(enum.StrEnum):
    """By what arrivals are counted."""

    CHANNEL = "channel"
    CAMPAIGN = "campaign"
    STORE = "store"
    """The store in the code that was scanned, which need not be the group's."""
    ADVISOR = "advisor"
    LEAD = "lead"
    STATE = "state"
    """The text of the join way, whoever made it."""
    SCENE = "scene"
    """Code, link or invitation, by the name of `JoinScene`."""
    INVITOR = "invitor"
    """The member who brought them."""
    KIND = "kind"
    """The kind of group."""
    GROUP = "group"
    """The group, by chat_id."""


@frozen(kw_only=True)
class Arrival:
    """How one customer came into one group; who left and came back is the last time only.

    Attributes:
        external_userid: The customer.
        chat_id: The group.
        kind: What the group is for; empty if nobody has said so.
        store: The group's shop.
        joined_at: When; None if only the list of members was seen.
        left_at: When they were found gone; None while they are inside.
        scene: The way in, as the platform tells it.
        invitor: The member who brought them; empty if a customer did, or nobody.
        state: Of the join way; empty if they came otherwise.
        origin: Whether the state is one of our channels.
        source: What it means; empty unless it is ours.
    """

    external_userid: str
    chat_id: str
    kind: str = ""
    store: str = ""
    joined_at: datetime | None = None
    left_at: datetime | None = None
    scene: JoinScene = JoinScene.UNKNOWN
    invitor: str = ""
    state: str = ""
    origin: Origin = Origin.NONE
    source: Source = field(factory=Source)

    def key(self, by: ArrivalBy) -> str:
        """What it is counted under; empty if it does not say."""
        match by:
            case ArrivalBy.SCENE:
                return self.scene.name.lower()
            case ArrivalBy.GROUP:
                return self.chat_id
            case ArrivalBy.STATE | ArrivalBy.INVITOR | ArrivalBy.KIND:
                return str(getattr(self, by.value))
            case _:
                return str(getattr(self.source, by.value))


@frozen(kw_only=True)
class ArrivalCount:
    """How many came in one way.

    Attributes:
        key: What was counted by; empty for those who do not say.
        joins: Customers in groups; who is in two groups counts twice.
        customers: Different customers.
        inside: How many of the joins are inside still.
    """

    key: str
    joins: int
    customers: int
    inside: int


def read_arrivals(
    connection: Connection,
    corp_id: str,
    channels: Channels | None,
    *,
    kind: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[Arrival]:
    """Read them in the order of groups and customers; each state is understood once.

    Args:
        connection: A transaction.
        corp_id: The corp.
        channels: Says what states mean; None leaves every source empty.
        kind: Only groups of this kind; empty for all.
        since: Joined at or after; aware.
        until: Joined before; aware.
    """
    m, known = group_members.c, dict[str, tuple[Origin, Source]]()
    wanted = [m.corp_id == corp_id, m.type != GroupMemberType.MEMBER]
    wanted += [m.joined_at >= require_aware(since, "since")] if since else []
    wanted += [m.joined_at < require_aware(until, "until")] if until else []
    kinds, stores = attribute_of(connection, corp_id, KIND), attribute_of(connection, corp_id, STORE)
    columns = (m.chat_id, m.userid, m.joined_at, m.left_at, m.join_scene, m.invitor, m.state)
    for row in connection.execute(sa.select(*columns).where(*wanted).order_by(m.chat_id, m.userid)):
        group = kinds.get(row.chat_id, "")
        if kind and group != kind:
            continue
        if row.state not in known:
            known[row.state] = _meaning(channels, row.state)
        origin, source = known[row.state]
        yield Arrival(
            external_userid=row.userid,
            chat_id=row.chat_id,
            kind=group,
            store=stores.get(row.chat_id, ""),
            joined_at=row.joined_at,
            left_at=row.left_at,
            scene=JoinScene(row.join_scene),
            invitor=row.invitor,
            state=row.state,
            origin=origin,
            source=source,
        )


def _meaning(channels: Channels | None, state: str) -> tuple[Origin, Source]:
    source = channels.source(state) if channels and state else None
    origin = decode(state).origin
    # A text that looks like ours and means nothing here belongs to another registry.
    unknown = channels is not None and source is None and origin in {Origin.OURS, Origin.LONG}
    return (Origin.FOREIGN if unknown else origin), source or Source()


def count_arrivals(arrivals: Iterable[Arrival], by: ArrivalBy | str) -> tuple[ArrivalCount, ...]:
    """Count arrivals, most first.

    Args:
        arrivals: From `GroupDesk.arrivals`.
        by: Such as ``channel``.
    """
    who, joins, inside = defaultdict[str, "set[str]"](set), defaultdict[str, int](int), defaultdict[str, int](int)
    for one in arrivals:
        key = one.key(ArrivalBy(by))
        who[key].add(one.external_userid)
        joins[key] += 1
        inside[key] += one.left_at is None
    counts = [ArrivalCount(key=key, joins=joins[key], customers=len(who[key]), inside=inside[key]) for key in who]
    return tuple(sorted(counts, key=lambda one: (-one.joins, one.key)))
