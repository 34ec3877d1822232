"""The consent ledger (同意台账): who agreed to what, by which text, and when it was taken back. Writes no law.

A car maker that gives personal data to a dealer needs the person's separate consent, which names the recipient
(个人信息保护法 Art. 23); one that is not there is a no, and taking it back stops what has not been sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection, RowMapping

from wecom_auto._time import require_aware
from wecom_auto.automotive.leads import _books as books
from wecom_auto.automotive.leads import _tables as t
from wecom_auto.automotive.leads._books import Desk
from wecom_auto.automotive.leads._states import AssignmentState, LeadStatus, NoticeKind
from wecom_auto.errors import ValidationError
from wecom_auto.store import insert_once, reading, repeatable, rows_where, transaction

PROVIDE_TO_DEALER: Final = "provide_to_dealer"
"""The purpose of a hand-over from the car maker to a dealer."""
NO_CONSENT: Final = "no_consent"


@frozen(kw_only=True)
class ConsentRecord:
    """What somebody has agreed to (同意记录).

    Attributes:
        purpose: Such as ``provide_to_dealer`` or ``sms``.
        recipient: Code or name of who gets the data; needed for `provide_to_dealer`, empty otherwise.
        basis: ``consent`` (separate or not), ``contract``, ``legal``.
        text_version: Which text was shown, so that it can be shown again.
        evidence: Where it can be proved: the id of a form, a recording, a screenshot. No personal data.
        at: When.
        data_kinds: Which kinds of data, such as ``姓名、手机号``.
        withdrawn_at: When it was taken back; None while it holds.
    """

    purpose: str
    text_version: str
    evidence: str
    at: datetime
    recipient: str = ""
    basis: str = "consent"
    data_kinds: str = ""
    withdrawn_at: datetime | None = None

    def __attrs_post_init__(self) -> None:
        require_aware(self.at, "at")
        for name in ("purpose", "text_version", "evidence"):
            if not getattr(self, name).strip():
                raise ValidationError(name, value="nothing", limit="a consent that can be proved")
        if self.purpose == PROVIDE_TO_DEALER and not self.recipient:
            raise ValidationError(field="recipient", value="nothing", limit="the dealer, whom the consent has to name")


class ConsentLedger:
    """Consents of the leads of one desk; `LeadDesk.consents` is one.

    Args:
        desk: What the desk shares.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @repeatable
    def record(self, lead_id: str, consent: ConsentRecord, *, actor: str = "") -> bool:
        """Write a consent down; a lead that waited for it goes on.

        Args:
            lead_id: Whose.
            consent: What was agreed to.
            actor: Userid or program that writes it down.

        Returns:
            False if this very consent was written down before.

        Raises:
            LookupError: There is no such lead.
        """
        desk, now = self._desk, self._desk.now()
        with transaction(desk.engine) as connection:
            found = books.lead(connection, desk.corp_id, lead_id)
            if found is None:
                raise LookupError(lead_id)
            row = {name: getattr(consent, name) for name in _WRITTEN}
            fresh = insert_once(
                connection,
                t.consents,
                row | {"corp_id": desk.corp_id, "lead_id": lead_id, "withdrawn_at": None, "withdrawal_evidence": ""},
            )
            if fresh:
                detail = {"purpose": consent.purpose, "recipient": consent.recipient, "text": consent.text_version}
                books.note(connection, desk.corp_id, lead_id, "consent", now, actor=actor, detail=detail)
            if found.blocked == NO_CONSENT:
                books.change(connection, desk.corp_id, lead_id, blocked="", next_at=now)
        return fresh

    @repeatable
    def withdraw(self, lead_id: str, purpose: str, *, recipient: str = "", evidence: str, actor: str = "") -> int:
        """Take consents back, which is as easy as giving them; from now on nothing is dispatched by them.

        A member of the recipient who has the lead loses it and is told to stop.

        Args:
            lead_id: Whose.
            purpose: Which.
            recipient: Only this one; everybody if empty.
            evidence: How the person said so.
            actor: Userid or program that writes it down.

        Returns:
            How many consents were taken back.
        """
        desk, now = self._desk, self._desk.now()
        c = t.consents.c
        with transaction(desk.engine) as connection:
            where = [c.corp_id == desk.corp_id, c.lead_id == lead_id, c.purpose == purpose, c.withdrawn_at.is_(None)]
            where += [c.recipient == recipient] if recipient else []
            gone = sa.update(t.consents).where(*where)
            count = connection.execute(gone.values(withdrawn_at=now, withdrawal_evidence=evidence[:255])).rowcount
            if count:
                detail = {"purpose": purpose, "recipient": recipient}
                books.note(connection, desk.corp_id, lead_id, "consent_withdrawn", now, actor=actor, detail=detail)
            if purpose == PROVIDE_TO_DEALER:
                self._stop(connection, lead_id, now)
        return count

    def of(self, lead_id: str) -> Sequence[ConsentRecord]:
        """Everything that a lead has agreed to, also what was taken back, in order."""
        c = t.consents.c
        query = sa.select(t.consents).where(c.corp_id == self._desk.corp_id, c.lead_id == lead_id)
        with reading(self._desk.engine) as connection:
            return [_record(row) for row in connection.execute(query.order_by(c.at, c.id)).mappings()]

    def holds(self, lead_id: str, purpose: str, *, recipient: str = "") -> bool:
        """Whether a lead agrees at this moment.

        Args:
            lead_id: Whose.
            purpose: Which.
            recipient: Code or name of who would get data.
        """
        with reading(self._desk.engine) as connection:
            return bool(granted(connection, self._desk, lead_id, purpose, {recipient} if recipient else set()))

    def _stop(self, connection: Connection, lead_id: str, now: datetime) -> None:
        desk = self._desk
        found = books.lead(connection, desk.corp_id, lead_id)
        live = books.live(connection, desk.corp_id, lead_id) if found else None
        if found is None or live is None or may_have(connection, desk, lead_id, live.store):
            return
        books.close(connection, desk.corp_id, live, AssignmentState.WITHDRAWN, now, "consent was taken back")
        books.tell(connection, desk, found, NoticeKind.STOP, live.userid, now)
        values = {"status": LeadStatus.NEW.value, "owner": "", "co_owner": "", "blocked": NO_CONSENT, "next_at": None}
        books.change(connection, desk.corp_id, lead_id, last_owner=live.userid, **values)


_WRITTEN: Final = ("purpose", "recipient", "basis", "text_version", "evidence", "at", "data_kinds")


def granted(connection: Connection, desk: Desk, lead_id: str, purpose: str, recipients: set[str]) -> set[str]:
    """The recipients that a lead agrees to now; with none asked for, all of them, also the empty one."""
    key = {"corp_id": desk.corp_id, "lead_id": lead_id, "purpose": purpose}
    found = rows_where(connection, t.consents, key, columns=("recipient", "withdrawn_at"))
    now = {row.recipient for row in found if row.withdrawn_at is None}
    return now & recipients if recipients else now


def may_have(connection: Connection, desk: Desk, lead_id: str, store: str) -> bool:
    """Whether members of a store may be given a lead: the data stays with its handler, or the person agreed."""
    dealer = desk.network.dealer_of(store)
    if not dealer.code or dealer.same_handler or dealer.code == desk.settings.handler:
        return True
    names = {dealer.code, dealer.name} - {""}
    return bool(granted(connection, desk, lead_id, PROVIDE_TO_DEALER, names))


def _record(row: RowMapping) -> ConsentRecord:
    return ConsentRecord(**{name: row[name] for name in (*_WRITTEN, "withdrawn_at")})
