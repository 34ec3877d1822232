"""What people and programs ask a lead desk: leads, who had them, what happened. Changes nothing."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from wecom_auto.automotive.leads import _books, _intake, _matching
from wecom_auto.automotive.leads import _tables as t
from wecom_auto.automotive.leads._books import Desk
from wecom_auto.automotive.leads._states import Assignment, HistoryEntry, LeadStatus, StoredLead
from wecom_auto.automotive.leads._values import NewLead
from wecom_auto.store import reading


class LeadQueries:
    """The questions; `LeadDesk` is what is asked.

    Args:
        desk: What the desk shares.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def lead(self, lead_id: str) -> StoredLead | None:
        """One lead; None if there is none, or if it was merged into another."""
        with reading(self._desk.engine) as connection:
            return _books.lead(connection, self._desk.corp_id, lead_id, lock=False)

    def find(self, *, phone: str = "", unionid: str = "", external_userid: str = "") -> StoredLead | None:
        """The lead of a person.

        Args:
            phone: As people write it.
            unionid: In WeChat.
            external_userid: In the corp.
        """
        known = NewLead(phone=_matching.only_phone(phone), unionid=unionid, external_userid=external_userid)
        ids = _intake.identities_of(self._desk, known)
        with reading(self._desk.engine) as connection:
            owners = _books.owners_of(connection, self._desk.corp_id, ids)
            lead_id = next((owners[one] for one in ids if one in owners), "")
            return _books.lead(connection, self._desk.corp_id, lead_id, lock=False) if lead_id else None

    def phone(self, lead_id: str) -> str:
        """The phone number, for a call; empty if it is not kept. Who may see it is for your program to say."""
        c = t.leads.c
        query = sa.select(c.phone_box).where(c.corp_id == self._desk.corp_id, c.lead_id == lead_id)
        with reading(self._desk.engine) as connection:
            return self._desk.keys.open(connection.scalar(query) or "")

    def leads(
        self,
        *,
        status: LeadStatus | None = None,
        store: str = "",
        owner: str = "",
        blocked: str = "",
        limit: int = 100,
    ) -> Sequence[StoredLead]:
        """List leads, the oldest first.

        Args:
            status: Only these.
            store: Only of this store.
            owner: Only of this member.
            blocked: Only those that wait for this reason.
            limit: Most of them.
        """
        c = t.leads.c
        wanted = [c.corp_id == self._desk.corp_id]
        wanted += [c.status == status.value] if status else []
        wanted += [c.store == store] if store else []
        wanted += [c.owner == owner] if owner else []
        wanted += [c.blocked == blocked] if blocked else []
        return _books.listed(self._desk, wanted, c.created_at, limit)

    def assignments(self, lead_id: str) -> Sequence[Assignment]:
        """Who has had a lead, in order."""
        with reading(self._desk.engine) as connection:
            return _books.assignments(connection, self._desk.corp_id, lead_id)

    def history(self, lead_id: str) -> Sequence[HistoryEntry]:
        """What happened to a lead, in order."""
        return _books.told(self._desk, [t.history.c.lead_id == lead_id], 10_000)

    def changes(self, *, after: int = 0, without: str = "", limit: int = 1000) -> Sequence[HistoryEntry]:
        """What happened to all leads behind an entry; `CrmSync` copies it into a CRM, also when workers overtake.

        Args:
            after: `HistoryEntry.id` of the last one that was copied.
            without: Leave out what this actor did, so that what came from there does not go back.
            limit: Most entries.
        """
        c = t.history.c
        return _books.told(self._desk, [c.id > after, *([c.actor != without] if without else [])], limit)
