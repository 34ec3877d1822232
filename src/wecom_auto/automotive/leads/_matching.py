"""Recognise a lead in the person who has just been added: by state, by WeCom id, by phone; a person decides in doubt.

No event tells a phone number: what members write into the remark (备注手机号) is all there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection

from wecom_auto.automotive.leads import _books as books
from wecom_auto.automotive.leads import _tables as t
from wecom_auto.automotive.leads._books import Desk
from wecom_auto.automotive.leads._cells import UnreadableError, read_phone
from wecom_auto.automotive.leads._intake import join, take_in
from wecom_auto.automotive.leads._links import note_opened
from wecom_auto.automotive.leads._states import LeadStatus, NoticeKind
from wecom_auto.automotive.leads._values import NewLead
from wecom_auto.store import repeatable, rows_where, transaction


class MatchKind(StrEnum):
    """How somebody who was added was recognised."""

    STATE = "state"
    """By the link or the code, which was this lead's own."""
    IDENTITY = "identity"
    """By external_userid or unionid."""
    PHONE = "phone"
    AMBIGUOUS = "ambiguous"
    """They point to different leads: a person decides."""
    NEW = "new"
    """Nobody knew the person: a lead without a phone."""
    NONE = "none"


@frozen(kw_only=True)
class Match:
    """Who was added.

    Attributes:
        kind: How they were recognised.
        lead_id: The lead; empty for `AMBIGUOUS` and `NONE`.
        candidates: The leads that it may be, if it is ambiguous.
    """

    kind: MatchKind
    lead_id: str = ""
    candidates: tuple[str, ...] = ()


class LeadStates(Protocol):
    """Answers which lead a `state` was made for; `wecom_auto.automotive.channels.Channels` is wrapped into one."""

    def __call__(self, state: str, /) -> str:
        """Return the lead's number, empty if the state names none."""
        ...


@frozen(kw_only=True)
class Added:
    """Somebody became a contact.

    Attributes:
        external_userid: Who.
        userid: Whose contact.
        at: When.
        state: Of the code or link, empty if none.
        unionid: If the app may see it.
        phones: What members have written into the remark.
        name: Their nickname, for a lead that nobody knew.
    """

    external_userid: str
    userid: str
    at: datetime
    state: str = ""
    unionid: str = ""
    phones: Sequence[str] = ()
    name: str = ""


@repeatable
def added(desk: Desk, who: Added, states: LeadStates | None) -> Match:
    """Match one add; the same one twice changes nothing more."""
    by_channel = states(who.state) if states is not None and who.state else ""
    with transaction(desk.engine) as connection:
        if who.state:
            # Few corps are told of an opened link, but whoever came by one has opened it.
            note_opened(connection, desk, who.state)
        kind, found = _candidates(connection, desk, who, by_channel)
        if not found:
            return _unknown(connection, desk, who)
        if len(found) > 1:
            return _ambiguous(connection, desk, who, sorted(found))
        lead_id = next(iter(found))
        attach(connection, desk, lead_id, who, kind.value)
        desk.crash("matched")
    return Match(kind=kind, lead_id=lead_id)


@repeatable
def decide(desk: Desk, who: Added, lead_id: str, actor: str) -> bool:
    """A person says which lead it is."""
    with transaction(desk.engine) as connection:
        if books.lead(connection, desk.corp_id, lead_id) is None:
            return False
        c = t.identities.c
        named = sa.or_(
            sa.and_(c.kind == "external_userid", c.value == who.external_userid),
            sa.and_(c.kind == "unionid", c.value == who.unionid, c.value != ""),
        )
        # What the person says counts more than what was found before.
        connection.execute(sa.update(t.identities).where(c.corp_id == desk.corp_id, named).values(lead_id=lead_id))
        attach(connection, desk, lead_id, who, f"decided by {actor}")
    return True


def _candidates(connection: Connection, desk: Desk, who: Added, by_channel: str) -> tuple[MatchKind, set[str]]:
    """The leads that it may be. The own link is certain, so is the own id; a phone may be a family's."""
    by_state = _by_state(connection, desk, who.state) or ({by_channel} if by_channel else set[str]())
    by_state = {one for one in by_state if books.lead(connection, desk.corp_id, one, lock=False)}
    ids = [("external_userid", who.external_userid), ("unionid", who.unionid)]
    by_id = set(books.owners_of(connection, desk.corp_id, ids).values())
    phones = [("phone", desk.keys.hash(phone)) for phone in _phones(who.phones)]
    by_phone = set(books.owners_of(connection, desk.corp_id, phones).values())
    kind = MatchKind.STATE if by_state else MatchKind.IDENTITY if by_id else MatchKind.PHONE
    return kind, by_state | by_id | by_phone


def _by_state(connection: Connection, desk: Desk, state: str) -> set[str]:
    if not state:
        return set()
    key = {"corp_id": desk.corp_id, "state": state}
    return set(rows_where(connection, t.links, key, columns=("lead_id",)).scalars())


def _phones(written: Iterable[str]) -> set[str]:
    found = set[str]()
    for text in written:
        try:
            found.add(read_phone(text))
        except UnreadableError:
            continue
    return found - {""}


def attach(connection: Connection, desk: Desk, lead_id: str, who: Added, how: str) -> None:
    """The lead is this contact: write it down once."""
    now = desk.now()
    for kind, value in (("external_userid", who.external_userid), ("unionid", who.unionid)):
        if value:
            books.identify(connection, desk.corp_id, lead_id, kind, value, now)
    found = books.lead(connection, desk.corp_id, lead_id)
    if found is None:
        return
    values: dict[str, object] = {}
    if found.added_at is None:
        values |= {"added_at": who.at, "added_by": who.userid, "unadded_since": None}
        books.note(connection, desk.corp_id, lead_id, "matched", now, detail={"by": how, "member": who.userid})
    if found.owner and who.userid != found.owner and not found.co_owner:
        # 门店企微客服跟进 beside the advisor: two people look after one lead.
        values["co_owner"] = who.userid
    elif not found.owner and found.status in {LeadStatus.NEW, LeadStatus.POOL}:
        values["last_owner"] = who.userid
    if values:
        books.change(connection, desk.corp_id, lead_id, **values)


def _ambiguous(connection: Connection, desk: Desk, who: Added, found: list[str]) -> Match:
    now = desk.now()
    for lead_id in found:
        lead = books.lead(connection, desk.corp_id, lead_id, lock=False)
        if lead is not None:
            boss = desk.network.supervisor(who.userid) or who.userid
            books.note(connection, desk.corp_id, lead_id, "ambiguous", now, detail={"with": found})
            books.tell(connection, desk, lead, NoticeKind.AMBIGUOUS, boss, now, again=who.at.isoformat())
    return Match(kind=MatchKind.AMBIGUOUS, candidates=tuple(found))


def _unknown(connection: Connection, desk: Desk, who: Added) -> Match:
    if not desk.settings.adds_are_leads:
        return Match(kind=MatchKind.NONE)
    new = NewLead(
        external_userid=who.external_userid,
        unionid=who.unionid,
        phone=next(iter(sorted(_phones(who.phones))), ""),
        name=who.name[:64],
        store=desk.network.store(who.userid),
        source="企微添加",
        left_at=who.at,
    )
    taken = take_in(connection, desk, new, "add event", desk.now())
    attach(connection, desk, taken.lead_id, who, "new")
    return Match(kind=MatchKind.NEW, lead_id=taken.lead_id)


@repeatable
def merge(desk: Desk, lead_ids: Iterable[str], actor: str) -> str:
    """A person says that leads are one person; returns the one that stays."""
    now = desk.now()
    with transaction(desk.engine) as connection:
        survivor, joined = join(connection, desk, set(lead_ids), now)
        if joined:
            books.note(connection, desk.corp_id, survivor, "merged_by", now, actor=actor)
    return survivor


def only_phone(written: str) -> str:
    """The number that somebody wrote; empty if it is none."""
    return next(iter(_phones([written])), "")
