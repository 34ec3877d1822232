"""The listening part of a runner: who comes in, what has happened, who has left. Sends nothing but welcomes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from wecom_auto._time import require_aware
from wecom_auto._types import JSON
from wecom_auto.callbacks.events import CustomerAdded, Event
from wecom_auto.sop._acting._welcome import send_welcome
from wecom_auto.sop._document._policies import Target
from wecom_auto.sop._hearing import _news, _transfers
from wecom_auto.sop._runs import _attributes, _control, _entry
from wecom_auto.sop._runs._advance import WELCOME_CODE
from wecom_auto.sop._runs._entry import Candidate
from wecom_auto.sop._shared._context import Context, EventBook
from wecom_auto.sop._shared._given import require_id, require_ids, require_json, require_target
from wecom_auto.sop.tasks._desk import desk_of
from wecom_auto.sop.tasks._values import require
from wecom_auto.store import reading


class RunnerNews:
    """What a runner is told; a part of `Runner`."""

    _context: Context

    def enrol(
        self,
        sop: str,
        external_userid: str,
        *,
        now: datetime,
        userid: str = "",
        anchor_at: datetime | None = None,
        occurrence: str = "",
    ) -> bool:
        """Let one customer into one SOP by hand or by import; its condition and re-entry rule still hold.

        Args:
            sop: A published SOP.
            external_userid: The customer.
            now: Aware.
            userid: The member; empty lets the SOP's owner rule choose.
            anchor_at: What offsets are counted from (aware); by default the SOP's anchor, or now.
            occurrence: Tells this entry from the next one; the same text never enrols twice.

        Returns:
            Whether a run began. If not, `why` says so.

        Raises:
            ConfigurationError: No such SOP is published, or it has ended.
            ValidationError: A naive time, or an empty id.
        """
        require_aware(now, "now")
        if anchor_at is not None:
            require_aware(anchor_at, "anchor_at")
        require_id(external_userid, "external_userid")
        if userid:
            require_id(userid, "userid")
        require("\0" not in occurrence, "occurrence", "a NUL character", "a text without NUL")
        with reading(self._context.engine) as connection:
            definition = self._context.catalogue.open(connection, sop)
        key = occurrence or f"manual@{now.isoformat()}"
        candidate = Candidate(external_userid=external_userid, userid=userid, occurrence=key, anchor_at=anchor_at)
        return _entry.enrol(self._context, definition, candidate, now)

    def on_event(self, event: Event, now: datetime) -> None:
        """Take a callback that the directory has applied already: let the customer in, welcome, wake, withdraw.

        Args:
            event: Any; those that concern no SOP do nothing.
            now: Aware.
        """
        desk_of(self._context.office).hear(event, require_aware(now, "now"))
        _news.take(self._context, event, now)

    def welcome(self, event: CustomerAdded, now: datetime, *, deadline: datetime | None = None) -> bool:
        """Send the welcome message of the customer's run with the event's code; `on_event` does this by itself.

        Args:
            event: With its code.
            now: Aware.
            deadline: When the code dies; 20 seconds after the event by default.

        Returns:
            Whether a message was sent. It is never sent twice, and never after the deadline.
        """
        until = event.created_at + WELCOME_CODE if deadline is None else require_aware(deadline, "deadline")
        return send_welcome(self._context, event, require_aware(now, "now"), until)

    def record_event(
        self, external_userid: str, name: str, now: datetime, *, target: Target | str = Target.CUSTOMER
    ) -> None:
        """Remember what happened outside the platform, such as ``testdrive.booked``, and tell the SOPs.

        A directory remembers it for conditions like ``event('testdrive.booked')``; a book of your own that is no
        `EventBook` has to know it already.

        Args:
            external_userid: The customer; or the chat_id of a group, the userid of a member, the name of a SOP.
            name: As the definitions name it.
            now: When it happened.
            target: What the id names; only SOPs about that kind are told.

        Raises:
            ValidationError: No such target, no identifier, or a naive time.
        """
        about, _ = require_target(target), require_id(external_userid, "external_userid")
        require("\0" not in name, "name", "a NUL character", "a text without NUL")
        moment = require_aware(now, "now").isoformat()
        book = self._context.book
        candidate = Candidate(external_userid=external_userid, occurrence=f"event:{name}@{moment}")
        if isinstance(book, EventBook):
            book.record_event(external_userid, name, now)
        try:
            _entry.trigger(self._context, f"event:{name}", candidate, now, target=about)
        finally:
            _entry.wake(self._context, external_userid, now)

    def tag_added(self, external_userid: str, name: str, now: datetime, *, userid: str = "") -> None:
        """Tell the SOPs of a tag that your own program has put on a customer; the platform calls nobody back for that.

        Args:
            external_userid: The customer.
            name: The tag's name, as in ``tag.added:NAME``.
            now: When it was put on; aware.
            userid: The member whose relation carries it; empty lets the SOP's owner rule choose.
        """
        _attributes.tag_added(self._context, external_userid, userid, name, require_aware(now, "now"))

    def set_attribute(
        self,
        external_userid: str,
        name: str,
        value: JSON | date,
        now: datetime,
        *,
        target: Target | str = Target.CUSTOMER,
    ) -> None:
        """Set an attribute in the directory and tell the SOPs: a changed anchor re-plans its run.

        The attribute ``frozen`` of a group stops every SOP in it as long as it is true, and withdraws what its owner
        has not confirmed; what other groups were to get by the same tap is asked for again.

        Args:
            external_userid: The customer; or the chat_id of a group, the userid of a member, the name of a SOP.
            name: Such as ``insurance_expiry``.
            value: Anything JSON can hold, or a date.
            now: Aware.
            target: What the id names; only SOPs about that kind are told.

        Raises:
            ValidationError: No such target, no identifier, a value that is no JSON, or a naive time, be it `now` or
                the value.
        """
        about, _ = require_target(target), require_id(external_userid, "external_userid")
        require_id(name, "name")
        if isinstance(value, datetime):
            require_aware(value, "value")
        stored = value.isoformat() if isinstance(value, date) else require_json(value, "value")
        _attributes.set_attribute(self._context, external_userid, name, stored, require_aware(now, "now"), about)

    def member_left(self, userid: str, now: datetime) -> None:
        """Withdraw what a member has not confirmed and close the member's runs; other members' runs go on.

        What the member was to send for somebody else's run, and is proved unsent, goes to another follower.
        """
        self._context.book.member_left(require_id(userid, "userid"), require_aware(now, "now"))
        _control.member_left(self._context, userid, now)
        desk_of(self._context.office).member_left(userid, now)

    def member_absent(self, userid: str, start: datetime, end: datetime, *, now: datetime) -> None:
        """Remember a leave: tasks go to a stand-in, messages to another follower, as each SOP's `on_absence` says.

        Args:
            userid: The member.
            start: Aware.
            end: Aware; the first instant at which the member works again.
            now: Aware.
        """
        require_id(userid, "userid")
        desk_of(self._context.office).member_absent(userid, start, end, now=now)

    def transfer_started(
        self, external_userids: Sequence[str], *, handover_userid: str, takeover_userid: str, now: datetime,
        resigned: bool = False,
    ) -> None:  # fmt: skip
        """Tell the SOPs that customers were given to another member: nothing is sent to them until that is settled.

        Their runs follow them, rest or end, as ``on_transfer`` of their SOPs says; ticks ask the platform what became
        of it.

        Args:
            external_userids: Those whose transfer has started, by `api.transfers`.
            handover_userid: Who gives them away.
            takeover_userid: Who gets them.
            now: Aware.
            resigned: Whether the giver has left the company.

        Raises:
            ValidationError: One text instead of a list, no identifier, one member for both, or a naive time.
        """
        for one in require_ids(external_userids, "external_userids"):
            require_id(one, "external_userids")
        giver = require_id(handover_userid, "handover_userid")
        taker = require_id(takeover_userid, "takeover_userid")
        require(giver != taker, "takeover_userid", "the member who gives them away", "another member")
        _transfers.start(
            self._context,
            external_userids,
            handover_userid,
            takeover_userid,
            require_aware(now, "now"),
            resigned=resigned,
        )

    def resume_customer(self, sop: str, external_userid: str, now: datetime) -> int:
        """Let the runs of one customer go on that rest after a transfer; returns how many."""
        return _transfers.resume(self._context, sop, external_userid, require_aware(now, "now"))

    def complete_task(self, task_id: int, evidence: str, now: datetime) -> bool:
        """Close a staff task with its evidence.

        Args:
            task_id: From the table of staff tasks.
            evidence: What proves it: a note, a work order, a message id.
            now: Aware.

        Returns:
            False if the task is closed already, or does not exist.
        """
        return desk_of(self._context.office).complete(task_id, now=now, evidence=evidence)
