"""What every phase of the runner shares: ports, settings, the clock of one tick. Does nothing by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable
from zoneinfo import ZoneInfo

from attrs import field, frozen
from sqlalchemy.engine import Engine

from wecom_auto._time import CHINA
from wecom_auto._types import JSON
from wecom_auto.errors import WeComError
from wecom_auto.sop._rows._catalogue import Catalogue
from wecom_auto.sop._rows._ledger import CapRule
from wecom_auto.sop._shared._faults import Faults
from wecom_auto.sop._shared._webhooks import Webhooks
from wecom_auto.sop.calendar import Calendar
from wecom_auto.sop.conditions import Facts
from wecom_auto.sop.contents import Content
from wecom_auto.sop.sending import NotCreated, Timing, Trouble, outcome_of

if TYPE_CHECKING:
    # Both work with what is described here.
    from wecom_auto._client import WeCom
    from wecom_auto.sop.tasks._office import Office

Now: TypeAlias = Callable[[], datetime]
"""The time of a tick: the instant that the caller named plus the time that has passed since."""


class RelationFacts(Protocol):
    """How one member stands to the customer."""

    @property
    def userid(self) -> str:
        """The member."""
        ...

    @property
    def following(self) -> bool:
        """Whether both are friends."""
        ...

    @property
    def added_at(self) -> datetime | None:
        """Since when."""
        ...

    @property
    def contacted_at(self) -> datetime | None:
        """When they last talked, if anybody knows."""
        ...

    @property
    def add_way(self) -> int:
        """How they met; see `wecom_auto.models.AddWay`."""
        ...


class FollowerFacts(Protocol):
    """One member and the tags that this member put on the customer."""

    @property
    def relation(self) -> RelationFacts:
        """The relation."""
        ...

    @property
    def tags(self) -> frozenset[str]:
        """Names of tags."""
        ...


class CustomerFacts(Facts, Protocol):
    """The planner's facts, and who follows the customer."""

    @property
    def followers(self) -> Sequence[FollowerFacts]:
        """Everybody who follows the customer or did."""
        ...

    def with_delivered(self, step_ids: Iterable[str], /) -> CustomerFacts:
        """The same facts with the steps that reached the customer."""
        ...


class CustomerBook(Protocol):
    """Where facts come from; `wecom_auto.directory.Directory` is one, a dealer's CRM may be another."""

    def facts_for(self, pairs: Iterable[tuple[str, str]], /) -> Mapping[tuple[str, str], CustomerFacts]:
        """Facts of many (external_userid, userid) at once."""
        ...

    def tag_ids(self, name: str, /) -> tuple[str, ...]:
        """Ids of the corp tags of this name."""
        ...

    def mark_tags(
        self, userid: str, external_userid: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()
    ) -> None:
        """Take in tags that we changed by API: the platform sends no callback for those."""
        ...

    def set_attribute(self, external_userid: str, name: str, value: JSON, /) -> None:
        """Remember something about a customer."""
        ...

    def member_left(self, userid: str, at: datetime, /) -> None:
        """Remember that a member has left, and is nobody's friend any more."""
        ...


@runtime_checkable
class EventBook(Protocol):
    """A `CustomerBook` that also remembers what `Runner.record_event` tells; a `Directory` is one."""

    def record_event(self, external_userid: str, name: str, at: datetime, /) -> object:
        """Remember that something happened; the same event at the same time is one event."""
        ...


class ContentSource(Protocol):
    """Where message contents come from; `wecom_auto.sop.contents.Contents` is one."""

    def render(self, name: str, variables: Mapping[str, str], /) -> Content:
        """The content of this name with its variables filled in."""
        ...


def _nobody(_userid: str) -> str:
    return ""


def _nothing(_userid: str) -> Mapping[str, str]:
    return {}


@frozen(kw_only=True)
class Settings:
    """What a corp decides once for all its SOPs.

    Attributes:
        timing: The constants of the send protocol.
        cap: The administrator's rule for mass messages to one customer.
        group_cap: The rule for messages into one group; the platform's own is as many a month as it has days, the
            owner's own messages included.
        publishers: Members who get every moment to publish; without any, all who follow customers with its tags, and
            without tags every member whom the app sees.
        reserve: How many messages of a period are left for what members send themselves; they use the same allowance.
        gap: Least distance between mass messages of two different SOPs to one customer.
        recipients: Most customers in one task; the platform takes 10,000.
        chunk: How many runs are advanced in one transaction.
        remind_after: When a member who has not tapped is nudged, unless the step says; a second time a day later.
        escalate_after: When the supervisor hears of it, unless the step says.
        expire_after: When an unconfirmed task is withdrawn; never before the step's own escalation has had a day.
        task_due: Deadline of a staff task whose step names none.
        working_hours: When members may be nudged, in ``zone``.
        zone: The zone of working hours and of the allowance's days.
        notify: Whether members and supervisors get application messages; needs an app with an agent id.
        supervisor: Names a member's supervisor (N+1); an empty text for none.
        variables: The variables of a segment by sender, for example the store's name; never one per customer,
            because every distinct text costs the member one more tap.
        link_parameter: Query parameter that carries the batch's id in links, so that the platform's list names it;
            empty leaves links alone.
        taps_per_day: Most mass messages one member is asked to confirm a day; what is more waits until tomorrow, the
            least important first. Zero for no limit; legal notices and SOPs with ``allow_split`` do not heed it.
        count_every: How often the mass messages that members and other apps sent are counted in the ledger;
            zero for never, and then `reserve` has to leave them room.
        sweep_every: How often the platform's list is searched for a second task of one batch; zero for never.
    """

    timing: Timing = field(factory=Timing)
    cap: CapRule = "month"
    group_cap: CapRule = "month"
    publishers: tuple[str, ...] = ()
    reserve: int = 0
    gap: timedelta = timedelta(days=2)
    recipients: int = 10_000
    chunk: int = 500
    remind_after: timedelta = timedelta(hours=4)
    escalate_after: timedelta = timedelta(hours=24)
    expire_after: timedelta = timedelta(hours=48)
    task_due: timedelta = timedelta(days=2)
    working_hours: tuple[time, time] = (time(9), time(20))
    zone: ZoneInfo = CHINA
    notify: bool = False
    supervisor: Callable[[str], str] = _nobody
    variables: Callable[[str], Mapping[str, str]] = _nothing
    link_parameter: str = "wa_batch"
    taps_per_day: int = 0
    count_every: timedelta = timedelta(hours=1)
    sweep_every: timedelta = timedelta(days=1)


@frozen(kw_only=True)
class Context:
    """One corp's engine and everything it works with."""

    engine: Engine
    client: WeCom
    book: CustomerBook
    contents: ContentSource
    corp_id: str
    calendar: Calendar
    settings: Settings
    catalogue: Catalogue
    office: Office
    webhooks: Webhooks
    new_id: Callable[[], str]
    crash: Callable[[str], None]


@frozen(kw_only=True)
class Tick:
    """One call of ``Runner.tick``: its clock, and what it has done so far."""

    now: Now
    counts: Counter[str] = field(factory=Counter[str])
    troubles: dict[str, Trouble] = field(factory=dict[str, "Trouble"])
    faults: Faults = field(factory=Faults)

    def failed(self, error: WeComError) -> Trouble | None:
        """Remember what other calls would meet, too, so that this tick does not try them one by one."""
        outcome = outcome_of(error)
        if not isinstance(outcome, NotCreated):
            return None
        # A limit of another call is none of the calls that create.
        if outcome.trouble is Trouble.EVERYTHING:
            self.troubles[outcome.reason] = outcome.trouble
        return outcome.trouble

    def may_call(self, *, create: bool = False) -> bool:
        """Whether another call is worth trying."""
        return Trouble.EVERYTHING not in self.troubles.values() and not (create and self.troubles)
