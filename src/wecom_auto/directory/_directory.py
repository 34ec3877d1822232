"""The local mirror of customers, relations and tags, and the facts that schedules ask for.

It believes times, not the order in which news arrives. It never calls the platform on its own:
the calls it makes are made with the client that is passed in, and never inside a transaction.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from attrs import evolve
from sqlalchemy.engine import Connection, Engine

from wecom_auto._time import Clock, from_unix, require_aware
from wecom_auto._types import JSON
from wecom_auto.callbacks.events import (
    CustomerAdded,
    CustomerEdited,
    Event,
    GroupCreated,
    GroupUpdated,
    GroupUpdateDetail,
    TagCreated,
    TagKind,
    TagUpdated,
)
from wecom_auto.directory import _answers as answers
from wecom_auto.directory import _groups, _rows, _ways
from wecom_auto.directory._answers import Write
from wecom_auto.directory._facts import DirectoryFacts
from wecom_auto.directory._jobs import SyncKind, SyncProgress
from wecom_auto.directory._membership import GroupRow, Membership
from wecom_auto.directory._reader import Keep
from wecom_auto.directory._relation import Relation, RelationStatus, changed
from wecom_auto.directory._subjects import LEFT, SubjectQueries
from wecom_auto.directory._sync import synchronise
from wecom_auto.directory._tables import EVENT_NAME, attributes, events, seen, tags
from wecom_auto.directory._ways import Way
from wecom_auto.errors import APIError, NotFoundError, ValidationError
from wecom_auto.models import ContactWay, CustomerDetail, FollowedCustomer, GroupChat, JoinWay, TagGroup
from wecom_auto.store import insert_once, reading, repeatable, transaction, upsert

if TYPE_CHECKING:
    from wecom_auto._client import WeCom

_NO_RELATION: Final = 84061
"""The relation ended before we asked; its own event tells, or told."""


class Directory(SubjectQueries):
    """What one corp knows about its customers, in one database.

    Args:
        engine: An engine of `wecom_auto.store.open_store`.
        corp_id: The corp; several corps share a database without seeing each other.
        clock: Unix seconds of "now"; a test or the fake brings its own.
    """

    def __init__(self, engine: Engine, corp_id: str, *, clock: Clock = time.time) -> None:
        self.engine = engine
        self.corp_id = corp_id
        self._clock = clock

    def __repr__(self) -> str:
        return f"Directory(corp_id={self.corp_id!r})"

    def apply(self, event: Event, client: WeCom | None = None) -> bool:
        """Take a callback into the mirror; an old event that arrives late undoes nothing.

        Args:
            event: Any event; one that says nothing about customers or tags is only remembered as seen.
            client: Reads the rest of what the event hints at (customer detail, tag names).
                Without it the mirror knows what the event itself says, until the next `sync`.

        Returns:
            False if this event was applied before.

        Raises:
            ValidationError: the event belongs to another corp.
        """
        if event.corp_id != self.corp_id:
            raise ValidationError(field="event.corp_id", value=event.corp_id, limit=f"events of {self.corp_id}")
        if self._was_seen(event):
            return False
        return self._write_event(event, answers.nothing if client is None else self._fetch(event, client))

    @repeatable
    def _write_event(self, event: Event, write_fetched: Write) -> bool:
        with transaction(self.engine) as connection:
            if not self._mark_seen(connection, event):
                return False
            answers.event(self.corp_id, event)(connection)
            write_fetched(connection)
        return True

    @repeatable
    def upsert_customer(
        self,
        detail: CustomerDetail | FollowedCustomer,
        *,
        as_of: datetime | None = None,
        complete: bool = False,
    ) -> None:
        """Take an answer of the platform into the mirror.

        Args:
            detail: From ``customers.get`` or one entry of ``customers.iter_by_user``.
            as_of: When the platform was asked; now, if not given. An older answer changes nothing that is newer.
            complete: The answer lists every follower, so a relation that it lacks is gone.
        """
        moment = self._at(as_of, "as_of")
        with transaction(self.engine) as connection:
            answers.details(self.corp_id, [detail], as_of=moment, complete=complete)(connection)

    @repeatable
    def upsert_tags(self, groups: Iterable[TagGroup]) -> None:
        """Remember the names of corp tags (企业标签), from ``tags.list`` or ``tags.create``."""
        with transaction(self.engine) as connection:
            answers.tag_groups(self.corp_id, groups)(connection)

    @repeatable
    def mark_tags(
        self, userid: str, external_userid: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()
    ) -> None:
        """Record tags that we put on or took off ourselves: the platform sends no callback for its own API.

        Args:
            userid: The member whose relation carries the tags.
            external_userid: The customer.
            add: Tag ids put on.
            remove: Tag ids taken off.
        """
        pair, now = (external_userid, userid), self._now()
        with transaction(self.engine) as connection:
            _rows.change_relations(connection, self.corp_id, {pair: partial(evolve, tags_at=now)})
            _rows.remove_tags(connection, self.corp_id, {pair: remove})
            _rows.add_tags(connection, self.corp_id, {pair: add})

    @repeatable
    def record_event(self, external_userid: str, name: str, at: datetime) -> bool:
        """Record that something happened to a customer, such as ``testdrive.booked``.

        Args:
            external_userid: The customer.
            name: At most 190 characters, by convention ``noun.verb``.
            at: When; the same event at the same time is one event.

        Returns:
            False if it was recorded before.

        Raises:
            ValidationError: The name is empty or too long, or `at` has no time zone.
        """
        if not 1 <= len(name) <= EVENT_NAME:
            raise ValidationError(field="name", value=f"{len(name)} characters", limit=f"1 to {EVENT_NAME} characters")
        row = {
            "corp_id": self.corp_id,
            "external_userid": external_userid,
            "name": name,
            "at": require_aware(at, "at"),
        }
        with transaction(self.engine) as connection:
            return insert_once(connection, events, row)

    @repeatable
    def record_contact(self, external_userid: str, userid: str, at: datetime) -> None:
        """Record that the two talked; the platform does not tell, an archive or a CRM may.

        It decides who counts as ``last_contact`` when a schedule chooses its sender.
        """
        moment = require_aware(at, "at")

        def talked(relation: Relation) -> Relation:
            return evolve(relation, contacted_at=max(moment, relation.contacted_at or moment))

        with transaction(self.engine) as connection:
            _rows.change_relations(connection, self.corp_id, {(external_userid, userid): talked})

    @repeatable
    def member_left(self, userid: str, at: datetime) -> None:
        """Record that a member has left the corp, and is nobody's friend any more; the platform sends no event.

        The member gets the attribute ``left``; set it to False for one who comes back.

        Args:
            userid: The member.
            at: When; relations that are younger stay.

        Raises:
            ValidationError: `at` has no time zone.
        """
        moment = require_aware(at, "at")
        with transaction(self.engine) as connection:
            pairs = [(customer, userid) for customer in _rows.known_customers(connection, self.corp_id, userid)]
            gone = partial(changed, status=RelationStatus.DELETED, at=moment)
            _rows.change_relations(connection, self.corp_id, dict.fromkeys(pairs, gone))
            row = {"corp_id": self.corp_id, "external_userid": userid, "name": LEFT, "value": True, "set_at": moment}
            upsert(connection, attributes, [row])

    @repeatable
    def set_attribute(self, external_userid: str, name: str, value: JSON | date) -> None:
        """Set what the dealer knows about a customer, such as ``insurance_expiry``.

        Args:
            external_userid: The customer.
            name: At most 64 characters.
            value: Anything JSON can hold; a `date` is kept as ``2026-11-12``.
        """
        row = {
            "corp_id": self.corp_id,
            "external_userid": external_userid,
            "name": name,
            "value": value.isoformat() if isinstance(value, date) else value,
            "set_at": self._now(),
        }
        with transaction(self.engine) as connection:
            upsert(connection, attributes, [row])

    def facts(self, external_userid: str, userid: str = "") -> DirectoryFacts:
        """Read everything a schedule may ask about one customer, as seen from one member."""
        return self.facts_for([(external_userid, userid)])[external_userid, userid]

    def facts_for(self, pairs: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], DirectoryFacts]:
        """Read the facts of many customers at once, in a handful of queries for every few hundred.

        Args:
            pairs: ``(external_userid, userid)``; an unknown customer gets empty facts.
        """
        with reading(self.engine) as connection:
            return _rows.read_facts(connection, self.corp_id, pairs)

    def tag_ids(self, name: str, *, group_name: str = "") -> tuple[str, ...]:
        """Find corp tags by name; several groups may each have a tag of that name.

        Args:
            name: The tag.
            group_name: Only the tag of this group.
        """
        query = sa.select(tags.c.tag_id).where(tags.c.corp_id == self.corp_id, tags.c.name == name)
        if group_name:
            query = query.where(tags.c.group_name == group_name)
        with reading(self.engine) as connection:
            return tuple(connection.scalars(query.order_by(tags.c.tag_id)))

    def external_userids(self, *, userid: str = "") -> tuple[str, ...]:
        """List the customers of one member, or of the whole corp, whether they are still friends or not."""
        with reading(self.engine) as connection:
            return _rows.known_customers(connection, self.corp_id, userid)

    @repeatable
    def upsert_groups(self, details: Iterable[GroupChat], *, as_of: datetime | None = None) -> None:
        """Take groups with their members into the mirror, from ``groups.get`` or ``groups.iter_details``.

        Args:
            details: The answers.
            as_of: When the platform was asked; now, if not given. An older answer changes nothing that is newer.
        """
        moment = self._at(as_of, "as_of")
        with transaction(self.engine) as connection:
            _groups.put_details(connection, self.corp_id, tuple(details), moment)

    @repeatable
    def upsert_ways(self, answered: Iterable[ContactWay | JoinWay], *, as_of: datetime | None = None) -> None:
        """Take channel codes into the mirror, from ``contact_ways.get`` or ``join_ways.get``.

        The platform lists no join ways: those that you make have to be told here.

        Args:
            answered: The answers.
            as_of: When the platform was asked; now, if not given.
        """
        moment = self._at(as_of, "as_of")
        with transaction(self.engine) as connection:
            _ways.put(connection, self.corp_id, answered, moment)

    @repeatable
    def way_deleted(self, config_id: str) -> None:
        """Record that we deleted a channel code; it stays known, because customers still carry its state."""
        now = self._now()
        with transaction(self.engine) as connection:
            _ways.gone(connection, self.corp_id, [config_id], now)

    def groups(self, *, owner: str = "", living: bool = True) -> tuple[GroupRow, ...]:
        """List the customer groups, by id.

        Args:
            owner: Only those of this member.
            living: Leave out those that were dissolved.
        """
        with reading(self.engine) as connection:
            return _groups.find(connection, self.corp_id, owner=owner, living=living)

    def group(self, chat_id: str) -> GroupRow | None:
        """Return one customer group, None if nothing was ever heard of it."""
        with reading(self.engine) as connection:
            return _groups.get(connection, self.corp_id, chat_id)

    def group_members(self, chat_id: str, *, inside: bool = True) -> tuple[Membership, ...]:
        """List who is in a group.

        Args:
            chat_id: The group.
            inside: Leave out those who have left.
        """
        with reading(self.engine) as connection:
            found = _groups.members_of(connection, self.corp_id, chat_id)
        return tuple(one for one in found if one.inside or not inside)

    def memberships(self, userid: str, *, inside: bool = True) -> tuple[Membership, ...]:
        """List the groups that somebody is in.

        Args:
            userid: A customer's external_userid, or a member.
            inside: Leave out those that they have left.
        """
        with reading(self.engine) as connection:
            found = _groups.memberships_of(connection, self.corp_id, userid)
        return tuple(one for one in found if one.inside or not inside)

    def ways(self, *, state: str = "", living: bool = True) -> tuple[Way, ...]:
        """List the channel codes, by id.

        Args:
            state: Only those with this channel parameter (渠道参数).
            living: Leave out those that were deleted.
        """
        with reading(self.engine) as connection:
            return _ways.find(connection, self.corp_id, state=state, living=living)

    def tag_groups(self) -> tuple[TagGroup, ...]:
        """Return the library of corp tags (企业标签), bigger order first."""
        with reading(self.engine) as connection:
            return _rows.library(connection, self.corp_id)

    def sync(
        self,
        client: WeCom,
        progress: Callable[[SyncProgress], None] | None = None,
        *,
        kinds: Iterable[SyncKind] = tuple(SyncKind),
        whole: bool = True,
        concurrency: int = 1,
    ) -> SyncProgress:
        """Read the corp in bulk; a stopped run goes on where it stood.

        A whole run reads everything again, and finds what callbacks lost: edits, deletions, members who resigned.
        Relations, groups, codes and tags that it did not see are marked as gone.
        A run that is not whole compares lists only, and reads what is new in them; it also finds what is gone.

        Args:
            client: A client whose app may read customers.
            progress: Called after every piece that is written.
            kinds: What to read; the app needs the right to read each of them.
            whole: Read everything again, or only what is new.
            concurrency: The most calls under way at once, 1 to 100.

        Raises:
            APIError: as the client raises it; what was read before stays, and the next run that asks for the same
                goes on from there.
        """
        return self._synchronise(client, progress, kinds, whole=whole, concurrency=concurrency)

    def reconcile(
        self,
        client: WeCom,
        keep: Keep,
        progress: Callable[[SyncProgress], None] | None = None,
        *,
        kinds: Iterable[SyncKind] = tuple(SyncKind),
        whole: bool = True,
        concurrency: int = 1,
    ) -> SyncProgress:
        """Read the corp in bulk as `sync` does, and hand out the events that should have told what was found.

        Callbacks get lost, and nobody says which.
        What an answer shows and no event, no earlier answer and no call of ours has told becomes an event,
        marked as `Event.reconstructed`: customers added and deleted, remarks and tags edited, groups opened,
        changed and dissolved, members who came and went, corp tags made, renamed and deleted.

        The first whole read finds everything new, and hands out nothing.
        An event that is merely late may come after its reconstruction: handlers have to bear both.
        A customer who deleted a member goes on being listed, so that cannot be found.

        Args:
            client: A client whose app may read customers.
            keep: Takes the events, with the connection of the transaction that writes what they tell: what is written
                there is written together with it or not at all. `Inbox.keep` is made for it.
            progress: Called after every piece that is written.
            kinds: What to read.
            whole: Read everything again, or only what is new.
            concurrency: The most calls under way at once, 1 to 100.

        Raises:
            APIError: as for `sync`.
        """
        return self._synchronise(client, progress, kinds, whole=whole, concurrency=concurrency, keep=keep)

    def _synchronise(
        self,
        client: WeCom,
        progress: Callable[[SyncProgress], None] | None,
        kinds: Iterable[SyncKind],
        *,
        whole: bool,
        concurrency: int,
        keep: Keep | None = None,
    ) -> SyncProgress:
        return synchronise(
            self.engine,
            self.corp_id,
            client,
            self._clock,
            progress or _ignore,
            kinds=tuple(kinds),
            whole=whole,
            concurrency=concurrency,
            keep=keep,
        )

    def _now(self) -> datetime:
        return from_unix(self._clock())

    def _at(self, given: datetime | None, field: str) -> datetime:
        return self._now() if given is None else require_aware(given, field)

    def _was_seen(self, event: Event) -> bool:
        if not event.dedupe_key:
            return False
        query = sa.select(seen.c.event_key).where(seen.c.corp_id == self.corp_id, seen.c.event_key == event.dedupe_key)
        with reading(self.engine) as connection:
            return connection.scalar(query) is not None

    def _mark_seen(self, connection: Connection, event: Event) -> bool:
        """Claim the event; False if another worker has applied it meanwhile."""
        if not event.dedupe_key:
            return True
        row = {"corp_id": self.corp_id, "event_key": event.dedupe_key, "created_at": event.created_at}
        return insert_once(connection, seen, row)

    def _fetch(self, event: Event, client: WeCom) -> Write:
        """Ask the platform for what the event hints at; return how to write the answer."""
        match event:
            # A half-added customer cannot be read yet: the platform answers 84061.
            case CustomerAdded() | CustomerEdited():
                return self._fetch_customer(event.external_userid, client)
            case TagCreated() | TagUpdated() if event.tag_type is TagKind.TAG_GROUP:
                return answers.tag_groups(self.corp_id, client.tags.list(group_ids=[event.id]))
            case TagCreated() | TagUpdated():
                return answers.tag_groups(self.corp_id, client.tags.list(tag_ids=[event.id]))
            case GroupUpdated(update_detail=GroupUpdateDetail.DEL_MEMBER) if event.mem_change_list:
                return answers.nothing  # it says all there is to know
            case GroupCreated() | GroupUpdated():
                return self._fetch_group(event.chat_id, client)
            case _:
                return answers.nothing

    def _fetch_group(self, chat_id: str, client: WeCom) -> Write:
        asked = self._now()
        try:
            group = client.groups.get(chat_id, need_name=True)
        except NotFoundError:  # dissolved since; its own event tells
            return answers.nothing
        return partial(_groups.put_details, corp_id=self.corp_id, answers=[group], as_of=asked)

    def _fetch_customer(self, external_userid: str, client: WeCom) -> Write:
        asked = self._now()
        try:
            detail = client.customers.get(external_userid)
        except APIError as error:
            if error.errcode != _NO_RELATION:
                raise
            return answers.nothing
        return answers.details(self.corp_id, [detail], as_of=asked, complete=not detail.next_cursor)


def _ignore(progress: SyncProgress) -> None:
    del progress
