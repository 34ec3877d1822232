"""Give leads to members: whose turn it is, written with the assignment and with what the member has to be told.

All of it is one transaction, and of two workers of a corp one waits for the other: no lead is given away twice, no
turn is counted twice. It tells nobody itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from attrs import define, evolve, field
from sqlalchemy.engine import Connection

from wecom_auto.automotive.leads import _books as books
from wecom_auto.automotive.leads import _tables as t
from wecom_auto.automotive.leads._books import Desk
from wecom_auto.automotive.leads._consent import NO_CONSENT, may_have
from wecom_auto.automotive.leads._states import Assignment, AssignmentState, LeadStatus, NoticeKind, StoredLead
from wecom_auto.automotive.leads.allocation import Candidate, Choice, Wanted, choose, next_turn
from wecom_auto.store import alone, insert_once, reading, repeatable, transaction, upsert

_HAD_IT: Final = {
    AssignmentState.REFUSED,
    AssignmentState.RETURNED,
    AssignmentState.REASSIGNED,
    AssignmentState.UNREACHABLE,
}
NOBODY: Final = "nobody"
OTHER_CORP: Final = "other_corp"
"""The dealer's members are in a corp of their own, where this app reaches nobody: hand it over."""


@define
class Turns:
    """What every member has been given, as the database had it when this transaction began to hold it."""

    desk: Desk
    now: datetime
    rows: dict[tuple[str, str], tuple[int, int, str, int]]
    changed: set[tuple[str, str]] = field(factory=set)
    present: dict[str, tuple[bool, bool]] = field(factory=dict)

    @classmethod
    def hold(cls, connection: Connection, desk: Desk, now: datetime) -> Turns:
        """Keep every other worker of the corp out until the transaction ends, and read the turns."""
        c = t.turns.c
        first = {"corp_id": desk.corp_id, "store": "", "userid": "", "turn": 0, "given": 0, "day": "", "given_today": 0}
        insert_once(connection, t.turns, first)
        if not alone(connection):
            ours = (c.corp_id == desk.corp_id, c.store == "", c.userid == "")
            connection.execute(sa.select(c.turn).where(*ours).with_for_update())
        query = sa.select(c.store, c.userid, c.turn, c.given, c.day, c.given_today).where(c.corp_id == desk.corp_id)
        found = connection.execute(query).all()
        return cls(desk, now, {(row[0], row[1]): (row[2], row[3], row[4], row[5]) for row in found})

    def candidates(self, stores: Sequence[str]) -> list[Candidate]:
        """Everybody of these stores who may be given leads."""
        network = self.desk.network
        found = []
        for member in network.members_of(stores):
            if network.may(member.userid, "leads"):
                turn, today = self._turn(member.store, member.userid), self._today(member.store, member.userid)
                working, on_shift = self._presence(member.userid)
                found.append(
                    Candidate(
                        userid=member.userid,
                        store=member.store,
                        roles=member.roles,
                        weight=member.weight,
                        capacity=member.capacity,
                        given_today=today,
                        turn=max(turn, self._turn(member.store, "")),
                        working=working,
                        on_shift=on_shift,
                    )
                )
        return found

    def _presence(self, userid: str) -> tuple[bool, bool]:
        """Whether a member is here today, and at work now; asked once, because the time of a transaction stands."""
        if userid not in self.present:
            network, at = self.desk.network, self.now
            working = network.working(userid, at)
            self.present[userid] = working, working and network.hours(userid).is_open(at)
        return self.present[userid]

    def count(self, store: str, userid: str, weight: int) -> None:
        """Write down that a member was given one."""
        turn, of_store = self._turn(store, userid), self._turn(store, "")
        begun = max(turn, of_store)
        given = self.rows.get((store, userid), (0, 0, "", 0))[1]
        today = self._today(store, userid) + 1
        self.rows[store, userid] = (next_turn(turn, of_store, weight), given + 1, self._day(userid), today)
        self.rows[store, ""] = (begun, 0, "", 0)
        self.changed |= {(store, userid), (store, "")}

    def save(self, connection: Connection) -> None:
        """Write what has changed."""
        names = ("turn", "given", "day", "given_today")
        rows = [
            {"corp_id": self.desk.corp_id, "store": store, "userid": userid}
            | dict(zip(names, self.rows[store, userid], strict=True))
            for store, userid in sorted(self.changed)
        ]
        upsert(connection, t.turns, rows)

    def _turn(self, store: str, userid: str) -> int:
        return self.rows.get((store, userid), (0, 0, "", 0))[0]

    def _today(self, store: str, userid: str) -> int:
        _, _, day, today = self.rows.get((store, userid), (0, 0, "", 0))
        return today if day == self._day(userid) else 0

    def _day(self, userid: str) -> str:
        return self.now.astimezone(self.desk.network.hours(userid).zone).date().isoformat()


@repeatable
def assign(desk: Desk, limit: int) -> list[Assignment]:
    """Give away up to so many leads that wait."""
    now = desk.now()
    with reading(desk.engine) as connection:
        # Nobody is kept out for nothing, which is how most rounds end.
        if not books.due(connection, desk.corp_id, [LeadStatus.NEW], now, 1):
            return []
    with transaction(desk.engine) as connection:
        turns = Turns.hold(connection, desk, now)
        waiting = books.due(connection, desk.corp_id, [LeadStatus.NEW], now, limit)
        found = [_assign(connection, desk, turns, lead_id, now) for lead_id in waiting]
        turns.save(connection)
        desk.crash("assigning")
    desk.crash("assigned")
    return [one for one in found if one is not None]


def _assign(connection: Connection, desk: Desk, turns: Turns, lead_id: str, now: datetime) -> Assignment | None:
    found = books.lead(connection, desk.corp_id, lead_id)
    if found is None or found.status is not LeadStatus.NEW:
        return None
    stores = _stores(desk, found)
    ours = [store for store in stores if desk.network.dealer_of(store).corp_id in {"", desk.corp_id}]
    allowed = [store for store in ours if may_have(connection, desk, lead_id, store)]
    if not allowed:
        why = NO_CONSENT if ours else OTHER_CORP if stores else NOBODY
        _wait(connection, desk, found, why, now)
        return None
    before = books.assignments(connection, desk.corp_id, lead_id) if found.rounds else []
    wanted = Wanted(
        stores=tuple(allowed),
        previous_owner=found.last_owner,
        refused_by=frozenset(one.userid for one in before if one.state in _HAD_IT),
        source=found.source,
        model=found.model,
    )
    choice = choose(wanted, turns.candidates(allowed), desk.settings.policies, backup=desk.settings.backup)
    if not choice.userid:
        _wait(connection, desk, found, NOBODY, now)
        return None
    turns.count(choice.store, choice.userid, choice.weight)
    return give(connection, desk, found, choice, now)


def _stores(desk: Desk, found: StoredLead) -> list[str]:
    """Where the lead belongs: its store, else its dealer's, its city's, its region's, else anybody's."""
    network = desk.network
    if found.store in network.stores:
        return [found.store]
    areas = {"dealer": found.dealer, "city": found.city, "region": found.region}
    for name, value in areas.items():
        if value and (stores := network.stores_for(**{name: value})):
            return [*stores]
    return [*network.stores]


def _wait(connection: Connection, desk: Desk, found: StoredLead, why: str, now: datetime) -> None:
    """Nobody may have it: look again later, or when the consent is there; after a time it goes into the pool."""
    if why == NOBODY and now - found.created_at >= desk.settings.pool_after:
        to_pool(connection, desk, found, now, "nobody could be given it")
        return
    later = None if why in {NO_CONSENT, OTHER_CORP} else now + desk.settings.first_contact
    books.change(connection, desk.corp_id, found.lead_id, blocked=why, next_at=later)
    if found.blocked != why:
        books.note(connection, desk.corp_id, found.lead_id, "blocked", now, detail={"why": why})


def to_pool(connection: Connection, desk: Desk, found: StoredLead, now: datetime, why: str) -> None:
    """Put a lead where whoever may can take it."""
    values = {"status": LeadStatus.POOL.value, "owner": "", "blocked": "", "next_at": None, "pooled_at": now}
    books.change(connection, desk.corp_id, found.lead_id, **values)
    books.note(connection, desk.corp_id, found.lead_id, "pooled", now, detail={"why": why})


_INSERT: Final = sa.insert(t.assignments)


def give(
    connection: Connection, desk: Desk, found: StoredLead, choice: Choice, now: datetime, *, tell: bool = True
) -> Assignment:
    """Write an assignment, and that its member has to be told."""
    hours, settings = desk.network.hours(choice.userid), desk.settings
    one = Assignment(
        lead_id=found.lead_id,
        round=found.rounds + 1,
        userid=choice.userid,
        store=choice.store,
        because=choice.because,
        state=AssignmentState.OPEN,
        assigned_at=now,
        contact_by=hours.add(now, settings.first_contact),
        alarm_at=hours.add(now, settings.alarm),
        reassign_at=hours.add(now, settings.reassign),
        accepted_at=None,
        contacted_at=None,
        reminded_at=None,
        alarmed_at=None,
        closed_at=None,
        reason="",
    )
    connection.execute(_INSERT, _row(desk, one))
    dealer = desk.network.dealer_of(choice.store)
    values = {
        "status": LeadStatus.ASSIGNED.value,
        "blocked": "",
        "owner": choice.userid,
        "store": choice.store,
        "dealer": dealer.code or found.dealer,
        "region": dealer.region or found.region,
        "rounds": one.round,
        "next_at": one.contact_by,
        "pooled_at": None,
    }
    books.change(connection, desk.corp_id, found.lead_id, **values)
    detail = {"round": one.round, "to": one.userid, "because": [*choice.because], "backup": choice.is_backup}
    books.note(connection, desk.corp_id, found.lead_id, "assigned", now, detail=detail)
    if tell:
        told = evolve(found, store=choice.store, rounds=one.round)
        by = one.contact_by.astimezone(hours.zone).strftime("%m-%d %H:%M")
        books.tell(connection, desk, told, NoticeKind.ASSIGNED, choice.userid, now, by=by)
    return one


def _row(desk: Desk, one: Assignment) -> dict[str, Any]:
    values = {column.name: getattr(one, column.name) for column in t.assignments.columns if column.name != "corp_id"}
    return values | {"corp_id": desk.corp_id, "because": [*one.because], "state": one.state.value}
