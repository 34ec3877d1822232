"""The desk: one object for everything that is done with leads. It starts no thread and keeps nothing in memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path

from attrs import evolve
from sqlalchemy.engine import Engine

from wecom_auto._client import AsyncWeCom, WeCom
from wecom_auto._time import Clock, require_aware
from wecom_auto.automotive.leads import (
    _answers,
    _assigning,
    _books,
    _deadlines,
    _delivery,
    _forgetting,
    _handover,
    _importing,
    _intake,
    _links,
    _matching,
)
from wecom_auto.automotive.leads import _tables as t
from wecom_auto.automotive.leads._answers import Answer, CallOutcome, PoolAnswer
from wecom_auto.automotive.leads._books import Desk
from wecom_auto.automotive.leads._consent import ConsentLedger, ConsentRecord
from wecom_auto.automotive.leads._deadlines import DueReport
from wecom_auto.automotive.leads._delivery import DeliveryReport, LeadTasks
from wecom_auto.automotive.leads._handover import HandOver, LeadSink
from wecom_auto.automotive.leads._importing import ImportReport
from wecom_auto.automotive.leads._intake import Taken
from wecom_auto.automotive.leads._keys import LeadKeys
from wecom_auto.automotive.leads._links import LinkReport, SmsSender
from wecom_auto.automotive.leads._matching import Added, LeadStates, Match
from wecom_auto.automotive.leads._messages import pressed
from wecom_auto.automotive.leads._metrics import LeadNumbers
from wecom_auto.automotive.leads._queries import LeadQueries
from wecom_auto.automotive.leads._reading import LeadReader
from wecom_auto.automotive.leads._states import (
    Assignment,
    AssignmentState,
    CustomerAnswer,
    DeskSettings,
    LeadStatus,
    StoredLead,
)
from wecom_auto.automotive.leads._values import NewLead
from wecom_auto.automotive.network import Network
from wecom_auto.callbacks import CustomerAdded, TemplateCardPressed
from wecom_auto.models import CustomerDetail
from wecom_auto.store import transaction


def _nothing(_: object) -> None:
    """Do nothing."""


class LeadDesk(LeadQueries):
    """Leads of one corp: in, to a member, to a first contact, to a friend.

    Somebody calls `assign`, `deliver` and `tick` again and again, once a minute: cron, a loop, a task queue.
    Several workers may do so at the same time.

    Args:
        engine: From `wecom_auto.store.open_store`.
        corp_id: The corp; several share a database without sharing leads.
        network: Who belongs where.
        keys: The secret behind phone numbers.
        settings: How patient it is.
        tasks: Where work goes that is no message, for example a `wecom_auto.sop.tasks` desk.
        states: Answers which lead a `state` of a channel code names.
        clock: Unix seconds of "now".
        crash: Called at named points, for tests that kill the process there.

    Attributes:
        consents: Who agreed to what (同意台账).
        numbers: Add rate, reach speed, who is late, where leads come from.
    """

    def __init__(
        self,
        engine: Engine,
        corp_id: str,
        *,
        network: Network,
        keys: LeadKeys,
        settings: DeskSettings | None = None,
        tasks: LeadTasks | None = None,
        states: LeadStates | None = None,
        clock: Clock = time.time,
        crash: Callable[[str], object] = _nothing,
    ) -> None:
        desk = Desk(
            engine=engine,
            corp_id=corp_id,
            network=network,
            keys=keys,
            settings=settings or DeskSettings(),
            clock=clock,
            crash=crash,
        )
        super().__init__(desk)
        self._tasks = tasks
        self._states = states
        self.consents = ConsentLedger(self._desk)
        self.numbers = LeadNumbers(self._desk)

    def __repr__(self) -> str:
        return f"LeadDesk(corp_id={self._desk.corp_id!r})"

    # In.

    def take(
        self, lead: NewLead, *, origin: str = "", consents: Iterable[ConsentRecord] = (), actor: str = ""
    ) -> Taken:
        """Take in one lead; the same content twice is one.

        Args:
            lead: From a form, a `LeadReader` or a program.
            origin: Which form, file or program.
            consents: What the person has agreed to with it.
            actor: The program that says so, for `changes(without=…)`.
        """
        taken = _intake.take(self._desk, lead, origin, actor)
        for consent in consents:
            self.consents.record(taken.lead_id, consent, actor=origin)
        return taken

    def import_file(
        self,
        source: Path | bytes,
        *,
        reader: LeadReader | None = None,
        sheet: str = "",
        origin: str = "",
        dry_run: bool = False,
        errors: Path | None = None,
        progress: Callable[[int], object] = _nothing,
    ) -> ImportReport:
        """Take in a CSV file or an Excel workbook; good rows are kept, bad ones reported.

        Args:
            source: The file, or its bytes.
            reader: What its columns mean; by default the shipped headings and this network's stores.
            sheet: Name of the sheet.
            origin: What the history calls it; the file's name by default.
            dry_run: Store nothing, and say what would have happened.
            errors: Write the bad rows here, to be corrected and imported again: CSV as Excel opens it, with the
                personal data that stands in the rows.
            progress: Called with the number of rows so far.

        Raises:
            ConfigurationError: it is no lead list.
        """
        name = origin or (source.name if isinstance(source, Path) else "upload")
        found = reader or self.reader()
        rows = found.read(source, sheet=sheet)
        return _importing.bring(self._desk, rows, name, dry_run=dry_run, errors=errors, progress=progress)

    def import_webhook(self, body: bytes | str, *, origin: str = "webhook") -> ImportReport:
        """Take in the JSON body of a request whose signature you have verified.

        Args:
            body: One lead or a list, at most 1 MiB.
            origin: What the history calls it.

        Raises:
            ConfigurationError: it holds no leads.
        """
        rows = self.reader().webhook(body)
        return _importing.bring(self._desk, rows, origin, dry_run=False, errors=None, progress=_nothing)

    def reader(self) -> LeadReader:
        """A reader that knows this network's stores and refuses days to come."""
        network = self._desk.network
        reader = LeadReader(latest=self._desk.now())
        return evolve(reader, stores=network.store_code) if network.stores else reader

    # To a member.

    def assign(self, *, limit: int = 100) -> Sequence[Assignment]:
        """Give leads that wait to members, by the settings' rules; nobody is told before `deliver`.

        Args:
            limit: Most leads.
        """
        return _assigning.assign(self._desk, limit)

    def deliver(self, wecom: WeCom, *, limit: int = 100) -> DeliveryReport:
        """Tell members what was decided, each once.

        Args:
            wecom: A client of the app that members see.
            limit: Most messages.
        """
        return _delivery.deliver(self._desk, wecom, self._tasks, limit)

    async def deliver_async(self, wecom: AsyncWeCom, *, limit: int = 100) -> DeliveryReport:
        """Tell members what was decided; see `deliver`."""
        return await _delivery.deliver_async(self._desk, wecom, self._tasks, limit)

    def tick(self, *, limit: int = 500) -> DueReport:
        """Do what is due: remind, tell managers, give late leads to others, ask for those who did not add.

        Args:
            limit: Most leads.
        """
        return _deadlines.tick(self._desk, limit)

    def accept(self, lead_id: str, userid: str) -> Answer:
        """The member says yes."""
        return _answers.accept(self._desk, lead_id, userid)

    def refuse(self, lead_id: str, userid: str, *, reason: str) -> Answer:
        """The member says no; somebody else gets it.

        Args:
            lead_id: The lead.
            userid: The member.
            reason: Why; no personal data.
        """
        return _answers.give_up(self._desk, lead_id, userid, reason, AssignmentState.REFUSED)

    def give_back(self, lead_id: str, userid: str, *, reason: str) -> Answer:
        """The member gives it back (退回) after having had it; see `refuse`."""
        return _answers.give_up(self._desk, lead_id, userid, reason, AssignmentState.RETURNED)

    def contacted(
        self, lead_id: str, userid: str, *, evidence: str, effective: bool = True, next_at: datetime | None = None
    ) -> Answer:
        """The member has tried to reach the person.

        Args:
            lead_id: The lead.
            userid: The member.
            evidence: How one can tell: ``call 12:03, 2 min``, the id of a record.
            effective: The person answered; a try alone stops no deadline.
            next_at: When the member wants to be reminded to follow up; aware.
        """
        if next_at is not None:
            require_aware(next_at, "next_at")
        return _answers.contacted(self._desk, lead_id, userid, evidence, effective=effective, next_at=next_at)

    def answered(
        self, lead_id: str, userid: str, said: CustomerAnswer, *, evidence: str = "", next_at: datetime | None = None
    ) -> Answer:
        """The member writes down what the customer said; `on_card` does so for cards.

        `NO_ANSWER` is a try and stops no deadline, `WRONG_PERSON` and `REFUSED` close the lead, all others are contact.

        Args:
            lead_id: The lead.
            userid: The member.
            said: What the customer said.
            evidence: How one can tell; the same evidence twice counts once.
            next_at: When the member wants to be reminded to follow up; aware.
        """
        if next_at is not None:
            require_aware(next_at, "next_at")
        return _answers.answered(self._desk, lead_id, userid, said, evidence, next_at)

    def called(self, lead_id: str, outcome: CallOutcome, *, by: str, evidence: str) -> Answer:
        """A call centre or a voice robot has called (外呼); the owner's deadlines go on.

        After `NO_ANSWER` and `WANTS_WECOM`, `make_link` and `send_links` are the next step.

        Args:
            lead_id: The lead.
            outcome: How it ended.
            by: Which program or vendor.
            evidence: The id of its record.
        """
        return _answers.called(self._desk, lead_id, outcome, by, evidence)

    def on_card(self, event: TemplateCardPressed) -> Answer | None:
        """A member pressed a button of a card: yes, no, or what the customer said; None for cards of others.

        Args:
            event: Register it: ``router.on(TemplateCardPressed)(desk.on_card)``.
        """
        said = pressed(event.task_id, event.event_key)
        if said is None:
            return None
        if said.answer is not None:
            return self.answered(said.lead_id, event.from_user, said.answer, evidence=f"card {event.task_id}")
        if said.accepts:
            return self.accept(said.lead_id, event.from_user)
        return self.refuse(said.lead_id, event.from_user, reason=said.reason)

    def close(self, lead_id: str, *, reason: str, actor: str = "") -> Answer:
        """The lead is over: won, lost, unusable. A new inquiry opens it again.

        Args:
            lead_id: The lead.
            reason: Why.
            actor: Who says so.
        """
        return _answers.finish(self._desk, lead_id, reason, actor)

    def hand_over(self, lead_id: str, *, dealer: str, sink: LeadSink) -> HandOver:
        """Give a lead to a dealer that has a corp of its own, if the person has agreed to that.

        `leads(blocked="other_corp")` lists those that wait for it. It is closed here; a new inquiry opens it again.

        Args:
            lead_id: The lead.
            dealer: Code of the dealer.
            sink: Brings it there; has to recognise a key that it has seen.
        """
        return _handover.hand_over(self._desk, lead_id, dealer, sink)

    # The pool.

    def pool(self, userid: str, *, limit: int = 100) -> Sequence[StoredLead]:
        """List the pool (公海) as a member may see it, the longest waiting first.

        Args:
            userid: The member.
            limit: Most leads.
        """
        network = self._desk.network
        dealer = network.dealer_of(network.store(userid)).code
        c = t.leads.c
        wanted = [c.corp_id == self._desk.corp_id, c.status == LeadStatus.POOL.value]
        wanted += [c.dealer.in_(["", dealer])] if dealer else []
        if not network.may(userid, "pool"):
            return []
        return _books.listed(self._desk, wanted, c.pooled_at, limit)

    def take_from_pool(self, lead_id: str, userid: str) -> PoolAnswer:
        """A member takes a lead from the pool, within the limits of the settings."""
        return _answers.take_from_pool(self._desk, lead_id, userid)

    # To a friend.

    def make_link(self, lead_id: str, *, url: str, link_id: str = "", state: str = "") -> str:
        """Return an address of an acquisition link (获客链接) that is this lead's own, and queue it for `send_links`.

        Args:
            lead_id: The lead.
            url: `AcquisitionLink.url`.
            link_id: Its id; a lead has one address for each.
            state: A ``customer_channel`` of yours, for example of `Channels.state` with ``lead=lead_id``;
                one made of chance by default.

        Raises:
            LookupError: There is no such lead.
        """
        return _links.make(self._desk, lead_id, url, link_id or url[:64], state)

    def send_links(self, sender: SmsSender, *, text: Callable[[str], str], limit: int = 100) -> LinkReport:
        """Send queued addresses by text message to those who have agreed to that.

        Args:
            sender: The provider.
            text: Makes the text of the address.
            limit: Most messages.
        """
        return _links.send(self._desk, sender, text, limit)

    def link_shown(self, lead_id: str) -> bool:
        """The lead was shown a code or a link elsewhere; False if that was known."""
        with transaction(self._desk.engine) as connection:
            return _links.first_time(connection, self._desk, lead_id, "link_sent_at")

    def link_opened(self, state: str) -> bool:
        """Somebody has opened a lead's address.

        Args:
            state: Its ``customer_channel``.
        """
        return _links.opened(self._desk, state)

    def on_added(self, event: CustomerAdded, detail: CustomerDetail | None = None) -> Match:
        """A customer was added: find the lead.

        Args:
            event: From the callback.
            detail: From `customers.get`; brings unionid, name and the phones of the remark.
        """
        follows = detail.follows if detail else ()
        phones = tuple(phone for one in follows if one.userid == event.userid for phone in one.remark_mobiles)
        customer = detail.customer if detail else None
        who = Added(
            external_userid=event.external_userid,
            userid=event.userid,
            at=event.created_at,
            state=event.state,
            unionid=customer.unionid if customer else "",
            phones=phones,
            name=customer.name if customer else "",
        )
        return self.match(who)

    def match(self, who: Added) -> Match:
        """Find the lead of somebody who was added, however you learned of it.

        Args:
            who: The person.
        """
        return _matching.added(self._desk, who, self._states)

    def decide(self, who: Added, lead_id: str, *, actor: str) -> bool:
        """A person says which lead somebody is who may have been several; False if there is no such lead."""
        return _matching.decide(self._desk, who, lead_id, actor)

    def merge(self, lead_ids: Iterable[str], *, actor: str) -> str:
        """A person says that leads are one person.

        Returns:
            The lead that stays.

        Raises:
            LookupError: None of them is there.
        """
        return _matching.merge(self._desk, lead_ids, actor)

    def replied(self, external_userid: str) -> bool:
        """A contact has written for the first time; False if that was known, or nobody knows the contact."""
        desk = self._desk
        with transaction(desk.engine) as connection:
            ids = [("external_userid", external_userid)]
            lead_id = _books.owners_of(connection, desk.corp_id, ids).get(ids[0], "")
            return bool(lead_id) and _links.first_time(connection, desk, lead_id, "first_reply_at")

    def forget(self, lead_id: str) -> int:
        """Delete a lead and everything that says who it was (个人信息保护法 Art. 47).

        Numbers stay: an assignment is counted, without a person. By hand: remarks in WeCom, chats, exported files.

        Args:
            lead_id: The lead.

        Returns:
            How many rows were deleted or emptied.
        """
        return _forgetting.forget(self._desk, lead_id)
