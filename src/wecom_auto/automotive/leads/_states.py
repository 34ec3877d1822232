"""The words that the desk writes into its tables, its settings, and what a person reads back. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from attrs import field, frozen

from wecom_auto.automotive.leads.allocation import AllocationRule, at_work, by_store, standard, weighted, with_role
from wecom_auto.errors import ConfigurationError

if TYPE_CHECKING:
    from wecom_auto.automotive.leads._scripts import LeadScripts


class LeadStatus(StrEnum):
    """How far a lead has come."""

    NEW = "new"
    """Nobody has it yet, or nobody any more."""
    ASSIGNED = "assigned"
    """Somebody has been given it and has not answered."""
    ACCEPTED = "accepted"
    """Somebody has said yes and has not reached the person."""
    WORKING = "working"
    """The person was reached."""
    POOL = "pool"
    """In the pool (公海): whoever may takes it."""
    CLOSED = "closed"
    """Won, lost or unusable; a new inquiry opens it again."""


class AssignmentState(StrEnum):
    """What has become of one assignment."""

    OPEN = "open"
    ACCEPTED = "accepted"
    WORKING = "working"
    REFUSED = "refused"
    RETURNED = "returned"
    REASSIGNED = "reassigned"
    """Taken away: nobody was reached in time."""
    UNREACHABLE = "unreachable"
    """The member cannot be told: outside of the app's range, or gone."""
    WITHDRAWN = "withdrawn"
    """Consent was taken back, or the lead was merged into another one."""
    CLOSED = "closed"


LIVE = (AssignmentState.OPEN, AssignmentState.ACCEPTED, AssignmentState.WORKING)
"""States of an assignment that is somebody's."""


class NoticeKind(StrEnum):
    """Why a member is told something."""

    ASSIGNED = "assigned"
    AGAIN = "again"
    """The person left their details again."""
    REMIND = "remind"
    ALARM = "alarm"
    TAKEN = "taken"
    """Somebody else has the lead now."""
    STOP = "stop"
    """Consent was taken back: do not contact the person."""
    FOLLOW_UP = "follow_up"
    NOT_ADDED = "not_added"
    """The link has led to nothing: add the person by phone."""
    AMBIGUOUS = "ambiguous"
    """Somebody was added who may be one of several leads: a person decides."""
    ANSWER = "answer"
    """The lead was accepted: what did the person say?"""


class CustomerAnswer(StrEnum):
    """What a customer said, as the member writes it down on the card (客户答复)."""

    WANTS_DRIVE = "wants_drive"
    """Comes to the shop, or for a test drive (预约到店, 试驾)."""
    INTERESTED = "interested"
    """Interested, no appointment yet (有意向)."""
    LATER = "later"
    """Not now; may be asked again (以后再联系)."""
    NO_ANSWER = "no_answer"
    """Not reached: nobody answered, busy, switched off (未接通). A try, no contact."""
    WRONG_PERSON = "wrong_person"
    """Somebody else's number (号码有误). Closes the lead."""
    REFUSED = "refused"
    """Does not want to be contacted (不再联系). Closes the lead."""


def _no_url(lead_id: str) -> str:
    del lead_id
    return "https://work.weixin.qq.com"


def _usual_backup() -> tuple[AllocationRule, ...]:
    return (by_store(), with_role("dcc_manager", "sales_manager"), at_work(), weighted())


@frozen(kw_only=True)
class DeskSettings:
    """How patient the desk is; every number may be another one.

    Spans count in the working hours of the member: 24 hours are one working day.

    Attributes:
        first_contact: When the person should be reached; then the member is reminded.
            30 minutes, 2 hours and 24 hours are ours, between the trade's best practice (5 minutes), its rule for the
            best leads (2 hours) and its rule for a first follow-up (24 hours).
        alarm: When the manager is told.
        reassign: When somebody else gets it.
        most_rounds: After so many members it goes into the pool.
        pool_after: A lead that nobody could be given goes into the pool after this long, round the clock.
        take_most_a_day: Most leads that a member takes from the pool on one day.
        hold_most: Most leads that a member may be working on to take one more.
        pool_rest: How long a member may not take back from the pool what was taken away from them.
        not_added_after: How long after the text message somebody is asked to add the person by phone.
        policies: Who gets a lead.
        backup: Who gets it if nobody is left by them.
        handler: Who has collected the data: empty for the car maker, or the code of a dealer that runs a desk of its
            own. Anybody else's members get a lead only with the person's separate consent.
        sms_consent: The purpose that a text message needs a consent for; empty if another program checks that.
        adds_are_leads: Somebody who is added and matches no lead becomes one, without a phone.
        add_rate_target: The line that the add rate is compared with; 45 % was reached with advertisements in WeChat
            Moments by one car maker, as a trade article tells.
        lead_url: Where a tap on a card leads: your page of the lead.
        buttons: Send cards with buttons, which need a callback; otherwise cards with a link.
        scripts: Chooses the talk script (话术) that a card brings along, for example
            `SegmentScripts` of the content library. With `buttons`,
            whoever accepts then gets a second card, on which the customer's answer is written down with one tap.
    """

    first_contact: timedelta = timedelta(minutes=30)
    alarm: timedelta = timedelta(hours=2)
    reassign: timedelta = timedelta(hours=24)
    most_rounds: int = 3
    pool_after: timedelta = timedelta(hours=72)
    take_most_a_day: int = 5
    hold_most: int = 50
    pool_rest: timedelta = timedelta(days=7)
    not_added_after: timedelta = timedelta(hours=24)
    policies: Sequence[AllocationRule] = field(factory=standard, repr=False)
    backup: Sequence[AllocationRule] = field(factory=_usual_backup, repr=False)
    handler: str = ""
    sms_consent: str = "sms"
    adds_are_leads: bool = True
    add_rate_target: float = 0.45
    lead_url: Callable[[str], str] = field(default=_no_url, repr=False)
    buttons: bool = True
    scripts: LeadScripts | None = field(default=None, repr=False)

    def __attrs_post_init__(self) -> None:
        if not timedelta(0) < self.first_contact <= self.alarm <= self.reassign:
            msg = "settings: 0 < first_contact <= alarm <= reassign expected"
            raise ConfigurationError(msg)
        if self.most_rounds < 1:
            msg = "settings: most_rounds has to be at least 1"
            raise ConfigurationError(msg)


@frozen(kw_only=True)
class StoredLead:
    """A lead as the desk keeps it; ``repr`` shows neither name nor note.

    Attributes:
        lead_id: Its number in this desk; no personal data.
        status: How far it has come.
        blocked: Why no member has it: ``no_consent``; ``nobody`` is free; ``other_corp``: hand it over; else empty.
        name: How the person is called.
        region: Code of the region.
        dealer: Code of the dealer.
        store: Code of the store.
        city: City.
        owner: Userid of whose it is; empty for nobody.
        co_owner: Userid of who looks after the person on WeCom, if that is somebody else.
        last_owner: Who had it before.
        source: The first channel; later ones stand in the history.
        campaign: The first activity.
        model: The latest model.
        note: The latest remark.
        extra: Columns without a meaning here.
        inquiries: How often the person has left their details.
        rounds: How many members have had it.
        left_at: When the details were first left.
        created_at: When the desk got it.
        next_at: When something is due; None for nothing.
        contacted_at: When the person was first reached.
        link_sent_at: When a link was sent or shown.
        link_opened_at: When it was opened.
        added_at: When the person became a contact.
        added_by: Userid of who was added.
        first_reply_at: When the person first wrote.
        pooled_at: When it went into the pool.
    """

    lead_id: str
    status: LeadStatus
    blocked: str
    name: str = field(repr=False)
    region: str
    dealer: str
    store: str
    city: str
    owner: str
    co_owner: str
    last_owner: str
    source: str
    campaign: str
    model: str
    note: str = field(repr=False)
    extra: Mapping[str, str] = field(repr=False)
    inquiries: int
    rounds: int
    left_at: datetime | None
    created_at: datetime
    next_at: datetime | None
    contacted_at: datetime | None
    link_sent_at: datetime | None
    link_opened_at: datetime | None
    added_at: datetime | None
    added_by: str
    first_reply_at: datetime | None
    pooled_at: datetime | None


@frozen(kw_only=True)
class Assignment:
    """Who was given a lead, and why.

    Attributes:
        lead_id: The lead.
        round: Its number among the assignments of the lead, from 1.
        userid: The member.
        store: Code of the member's store.
        because: The rules that have spoken, in their order.
        state: What has become of it.
        assigned_at: When.
        contact_by: When the person should be reached.
        alarm_at: When the manager is told.
        reassign_at: When somebody else gets it.
        accepted_at: When the member said yes.
        contacted_at: When the person was reached.
        reminded_at: When the member was reminded.
        alarmed_at: When the manager was told.
        closed_at: When it ended.
        reason: What the member said, or the desk.
    """

    lead_id: str
    round: int
    userid: str
    store: str
    because: tuple[str, ...]
    state: AssignmentState
    assigned_at: datetime
    contact_by: datetime
    alarm_at: datetime
    reassign_at: datetime
    accepted_at: datetime | None
    contacted_at: datetime | None
    reminded_at: datetime | None
    alarmed_at: datetime | None
    closed_at: datetime | None
    reason: str


@frozen(kw_only=True)
class HistoryEntry:
    """Something that happened to a lead.

    Attributes:
        id: Ever growing; a program that copies leads elsewhere goes on behind it.
        lead_id: The lead.
        at: When.
        what: Such as ``taken``, ``assigned``, ``accepted``, ``reassigned``, ``matched``.
        actor: Userid, or the program that did it; empty for the desk itself.
        detail: More; nothing personal.
    """

    id: int
    lead_id: str
    at: datetime
    what: str
    actor: str
    detail: Mapping[str, object]
