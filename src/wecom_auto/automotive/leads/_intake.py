"""Take a lead in: recognise the person, merge what was known before with what is new, keep every inquiry.

One transaction for each lead; it calls nobody and gives nothing away.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection

from wecom_auto.automotive.leads import _books as books
from wecom_auto.automotive.leads import _tables as t
from wecom_auto.automotive.leads._books import Desk
from wecom_auto.automotive.leads._states import AssignmentState, LeadStatus, NoticeKind, StoredLead
from wecom_auto.automotive.leads._values import NewLead
from wecom_auto.store import insert_once, repeatable, rows_where, transaction

_LATEST: Final = ("name", "model", "note", "city")
"""Fields in which the latest word counts; source and campaign are those of the first inquiry."""
_FIRST: Final = ("source", "campaign", "region", "dealer", "store")
_OVER: Final = {LeadStatus.POOL, LeadStatus.CLOSED}
_OWNED: Final = (t.identities, t.rows, t.history, t.links, t.consents)


@frozen(kw_only=True)
class Taken:
    """What has become of a lead that was taken in.

    Attributes:
        lead_id: Its number.
        outcome: ``new``; ``merged`` into a person who was known; ``repeated``: this very row was there before.
        reopened: It was in the pool or closed, and waits again for somebody.
        joined: Numbers of leads that turned out to be the same person and are this one now.
    """

    lead_id: str
    outcome: str
    reopened: bool = False
    joined: tuple[str, ...] = ()


@repeatable
def take(desk: Desk, new: NewLead, origin: str, actor: str = "") -> Taken:
    """Store one lead."""
    with transaction(desk.engine) as connection:
        taken = take_in(connection, desk, new, origin, desk.now(), actor)
        desk.crash("taken")
    return taken


def take_in(connection: Connection, desk: Desk, new: NewLead, origin: str, now: datetime, actor: str = "") -> Taken:
    """Store one lead in a transaction that is somebody else's."""
    key = desk.keys.row_key(new)
    mine = {"corp_id": desk.corp_id, "row_key": key}
    known = rows_where(connection, t.rows, mine, columns=("lead_id",)).scalar()
    if known is not None:
        return Taken(lead_id=known, outcome="repeated")
    identities = identities_of(desk, new)
    owners = sorted(set(books.owners_of(connection, desk.corp_id, identities).values()))
    lead_id = owners[0] if owners else key[:32]
    row = {"corp_id": desk.corp_id, "row_key": key, "lead_id": lead_id, "origin": origin[:255], "at": now}
    if not insert_once(connection, t.rows, row):
        return Taken(lead_id=lead_id, outcome="repeated")
    if not owners:
        _create(connection, desk, lead_id, new, now)
    before = books.kinds_of(connection, desk.corp_id, lead_id) if owners else set[str]()
    # Of two programs that bring the same person together, one is told here whose it is.
    told = {books.identify(connection, desk.corp_id, lead_id, kind, value, now) for kind, value in identities}
    same = {lead_id, *owners, *told}
    newborn = "" if owners else lead_id
    survivor, joined = (lead_id, ()) if len(same) == 1 else join(connection, desk, same, now, newborn=newborn)
    fresh = not owners and survivor == lead_id
    detail = {"origin": origin[:128], "source": new.source, "campaign": new.campaign, "model": new.model}
    books.note(connection, desk.corp_id, survivor, "taken" if fresh else "again", now, actor=actor, detail=detail)
    if fresh:
        return Taken(lead_id=survivor, outcome="new")
    reopened = _update(connection, desk, survivor, new, now)
    gained = {kind for kind, _ in identities} - before
    if gained and before:
        # 第二留资: a contact of WeCom leaves a phone, or the other way round.
        books.note(connection, desk.corp_id, survivor, "second_way", now, actor=actor, detail={"kinds": sorted(gained)})
    return Taken(lead_id=survivor, outcome="merged", reopened=reopened, joined=joined)


def identities_of(desk: Desk, new: NewLead) -> list[tuple[str, str]]:
    """By what the person is recognised; always in the same order, so that two programs lock in the same order."""
    values = {
        "external_userid": new.external_userid,
        "phone": desk.keys.hash(new.phone) if new.phone else "",
        "unionid": new.unionid,
    }
    return [(kind, value) for kind, value in values.items() if value]


def _create(connection: Connection, desk: Desk, lead_id: str, new: NewLead, now: datetime) -> None:
    dealer = desk.network.dealer_of(new.store) if new.store else None
    row: dict[str, Any] = dict.fromkeys(("blocked", "owner", "co_owner", "last_owner", "added_by"), "")
    row |= {name: getattr(new, name) for name in (*_LATEST, *_FIRST)}
    row |= {
        "corp_id": desk.corp_id,
        "lead_id": lead_id,
        "status": LeadStatus.NEW.value,
        "phone_box": desk.keys.seal(new.phone),
        "dealer": new.dealer or (dealer.code if dealer else ""),
        "region": new.region or (dealer.region if dealer else ""),
        "extra": dict(new.extra),
        "inquiries": 1,
        "rounds": 0,
        "left_at": new.left_at or now,
        "created_at": now,
        "next_at": now,
    }
    insert_once(connection, t.leads, row)


def _update(connection: Connection, desk: Desk, lead_id: str, new: NewLead, now: datetime) -> bool:
    """Add an inquiry to what is known; True if the lead waits for somebody again."""
    found = books.lead(connection, desk.corp_id, lead_id)
    if found is None:
        return False
    values = merged(found, new)
    if new.phone:
        values["phone_box"] = desk.keys.seal(new.phone)
    reopened = found.status in _OVER
    if reopened:
        values |= {"status": LeadStatus.NEW.value, "next_at": now, "blocked": "", "pooled_at": None}
    books.change(connection, desk.corp_id, lead_id, **values)
    if found.owner and not reopened:
        books.tell(connection, desk, found, NoticeKind.AGAIN, found.owner, now, again=str(found.inquiries + 1))
    return reopened


def merged(found: StoredLead, new: NewLead) -> dict[str, Any]:
    """What an inquiry changes in what is known: pure."""
    values: dict[str, Any] = {name: getattr(new, name) for name in _LATEST if getattr(new, name)}
    values |= {name: getattr(new, name) for name in _FIRST if getattr(new, name) and not getattr(found, name)}
    if new.store and not found.owner:
        values["store"] = new.store
    if new.extra:
        values["extra"] = {**found.extra, **new.extra}
    return values | {"inquiries": found.inquiries + 1}


def join(
    connection: Connection, desk: Desk, lead_ids: set[str], now: datetime, *, newborn: str = ""
) -> tuple[str, tuple[str, ...]]:
    """Make one lead of several that are the same person: one that has an owner stays, else the oldest.

    Args:
        connection: An open transaction.
        desk: The desk.
        lead_ids: The leads.
        now: The time.
        newborn: One that this transaction has made, and that is no inquiry of its own.
    """
    found = [one for one in (books.lead(connection, desk.corp_id, lead_id) for lead_id in sorted(lead_ids)) if one]
    if not found:
        msg = "none of these leads is there any more"
        raise LookupError(msg)
    if len(found) == 1:
        return found[0].lead_id, ()
    order = sorted(found, key=lambda one: (one.lead_id == newborn, not one.owner, one.created_at, one.lead_id))
    stays, *others = order
    for other in others:
        _absorb(connection, desk, stays, other, now, inquiries=0 if other.lead_id == newborn else other.inquiries)
    return stays.lead_id, tuple(one.lead_id for one in others if one.lead_id != newborn)


def _absorb(
    connection: Connection, desk: Desk, stays: StoredLead, other: StoredLead, now: datetime, *, inquiries: int
) -> None:
    live = books.live(connection, desk.corp_id, other.lead_id)
    if live:
        books.close(connection, desk.corp_id, live, AssignmentState.WITHDRAWN, now, "the same person as another lead")
        books.tell(connection, desk, other, NoticeKind.TAKEN, live.userid, now)
    for table in _OWNED:
        ours = (table.c.corp_id == desk.corp_id, table.c.lead_id == other.lead_id)
        connection.execute(sa.update(table).where(*ours).values(lead_id=stays.lead_id))
    box = sa.select(t.leads.c.phone_box).where(t.leads.c.corp_id == desk.corp_id, t.leads.c.lead_id == other.lead_id)
    sealed = connection.scalar(box) or ""
    values = {name: getattr(other, name) for name in _ACHIEVED if not getattr(stays, name) and getattr(other, name)}
    books.change(connection, desk.corp_id, stays.lead_id, inquiries=t.leads.c.inquiries + inquiries, **values)
    books.change(connection, desk.corp_id, stays.lead_id, unadded_since=_unadded_since())
    if sealed:
        mine = (t.leads.c.corp_id == desk.corp_id, t.leads.c.lead_id == stays.lead_id, t.leads.c.phone_box == "")
        connection.execute(sa.update(t.leads).where(*mine).values(phone_box=sealed))
    connection.execute(sa.delete(t.leads).where(t.leads.c.corp_id == desk.corp_id, t.leads.c.lead_id == other.lead_id))
    books.note(connection, desk.corp_id, stays.lead_id, "joined", now, detail={"lead": other.lead_id})


def _unadded_since() -> sa.ColumnElement[datetime | None]:
    """Since when the link of a lead has led to nothing, with what two leads have brought together."""
    c, h = t.leads.c, t.history.c
    asked = sa.exists().where(h.corp_id == c.corp_id, h.lead_id == c.lead_id, h.what == "not_added")
    return sa.case((sa.and_(c.added_at.is_(None), ~asked), c.link_sent_at))


_ACHIEVED: Final = (
    "name",
    "store",
    "dealer",
    "region",
    "city",
    "model",
    "source",
    "campaign",
    "contacted_at",
    "link_sent_at",
    "link_opened_at",
    "added_at",
    "added_by",
    "first_reply_at",
)
