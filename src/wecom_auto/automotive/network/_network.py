"""Car maker, regions, dealers, stores and members (主机厂, 区域, 经销商, 门店, 成员), as a file says. Keeps no state.

It answers who belongs where and who works when; whose turn it is knows the lead desk.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import Final

from attrs import field, frozen

from wecom_auto.automotive.network._roles import Role, shipped_roles
from wecom_auto.sop.tasks import WorkingHours

_SUPERVISOR: Final = "supervisor"
_BACKUP: Final = "backup"


@frozen(kw_only=True)
class Region:
    """A sales region (大区).

    Attributes:
        code: Its key.
        name: What people call it.
        manager: Userid of who is told when a dealer does not act; empty for nobody.
    """

    code: str
    name: str = ""
    manager: str = ""


@frozen(kw_only=True)
class Dealer:
    """A dealer (经销商), which is a business of its own.

    Attributes:
        code: Its key.
        name: What people call it; also the recipient that a consent names.
        region: Code of its region.
        manager: Userid above its stores' managers.
        corp_id: Its own WeCom corp; empty if its members are in the car maker's.
        same_handler: It is run by the car maker itself (直营), so that personal data does not change hands.
    """

    code: str
    name: str = ""
    region: str = ""
    manager: str = ""
    corp_id: str = ""
    same_handler: bool = False


@frozen(kw_only=True)
class Store:
    """A store (门店).

    Attributes:
        code: Its key.
        name: What people call it.
        dealer: Code of its dealer.
        aliases: Other names that lead lists use.
        cities: Cities whose leads it takes.
        manager: Userid who is told when somebody is late.
        hours: When it is open.
    """

    code: str
    name: str = ""
    dealer: str = ""
    aliases: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()
    manager: str = ""
    hours: WorkingHours = field(factory=WorkingHours, repr=False)


@frozen(kw_only=True)
class Member:
    """A member of staff (员工).

    Attributes:
        userid: In WeCom.
        store: Code of the store; empty for people of the car maker or the dealer.
        roles: Codes of roles.
        weight: Share of the leads, 1 to 100; twice the weight is twice the leads.
        capacity: Most leads a day; None for no limit.
        hours: The shift, if it is not the store's hours.
        leave: Days of leave, first and last included.
        backup: Userid who stands in.
        supervisor: Userid above; empty for the store's manager.
        active: False for somebody who has left.
    """

    userid: str
    store: str = ""
    roles: tuple[str, ...] = ()
    weight: int = 1
    capacity: int | None = None
    hours: WorkingHours | None = field(default=None, repr=False)
    leave: tuple[tuple[date, date], ...] = ()
    backup: str = ""
    supervisor: str = ""
    active: bool = True


_NOBODY: Final = Member(userid="")
_NOWHERE: Final = Store(code="")
_NO_DEALER: Final = Dealer(code="")


@frozen(kw_only=True)
class Network:
    """The whole hierarchy; it is also the roster that staff tasks ask.

    Attributes:
        name: The car maker.
        regions: By code.
        dealers: By code.
        stores: By code.
        members: By userid, in the order of the file.
        roles: By code.
    """

    name: str = ""
    regions: Mapping[str, Region] = field(factory=dict[str, Region], repr=False)
    dealers: Mapping[str, Dealer] = field(factory=dict[str, Dealer], repr=False)
    stores: Mapping[str, Store] = field(factory=dict[str, Store], repr=False)
    members: Mapping[str, Member] = field(factory=dict[str, Member], repr=False)
    roles: Mapping[str, Role] = field(factory=shipped_roles, repr=False)

    # Where somebody or something belongs.

    def store_code(self, written: str) -> str | None:
        """The code of a store by its code, its name or another name; None if there is none, or if two are meant.

        Args:
            written: As it stands in a list; spaces, case and full-width forms do not matter.
        """
        found = self._store_names.get(_plain(written), set())
        return next(iter(found)) if len(found) == 1 else None

    def dealer_of(self, store: str) -> Dealer:
        """The dealer of a store; one without a code if nobody knows."""
        return self.dealers.get(self.stores.get(store, _NOWHERE).dealer, _NO_DEALER)

    def region_of(self, store: str) -> str:
        """Code of the region of a store; empty if nobody knows."""
        return self.dealer_of(store).region

    def stores_for(self, *, dealer: str = "", region: str = "", city: str = "") -> tuple[str, ...]:
        """Codes of the stores of a dealer, a region or a city; those that all given ones have in common.

        Args:
            dealer: Code or name.
            region: Code or name.
            city: As stores list it.
        """
        return tuple(
            store.code
            for store in self.stores.values()
            if (not dealer or dealer in {store.dealer, self.dealer_of(store.code).name})
            and (not region or region in self._region_names(store.code))
            and (not city or _plain(city).removesuffix("市") in self._cities(store))
        )

    def members_of(self, stores: Iterable[str], *, roles: Iterable[str] = ()) -> Iterator[Member]:
        """Active members of stores, in the order of the file.

        Args:
            stores: Codes.
            roles: Only those with one of these; everybody if empty.
        """
        wanted, any_of = set(stores), set(roles)
        for member in self.members.values():
            if member.active and member.store in wanted and (not any_of or any_of & set(member.roles)):
                yield member

    def may(self, userid: str, what: str) -> bool:
        """Whether one of a member's roles has a right.

        Args:
            userid: The member.
            what: ``leads``, ``pool``, ``supervises`` or ``consent``.
        """
        rights = (self.roles.get(role) for role in self._of(userid).roles)
        return any(getattr(role, what) is True for role in rights if role is not None)

    def sees(self, userid: str, store: str) -> bool:
        """Whether a member's roles reach a store: its leads, tasks, groups and figures.

        Args:
            userid: The member.
            store: Code of the store.
        """
        own = self._of(userid).store
        scopes = {self.roles[role].scope for role in self._of(userid).roles if role in self.roles}
        return (
            "oem" in scopes
            or ("region" in scopes and self.region_of(own) == self.region_of(store) != "")
            or ("dealer" in scopes and self.dealer_of(own).code == self.dealer_of(store).code != "")
            or ("store" in scopes and own == store)
        )

    def stores_seen_by(self, userid: str) -> tuple[str, ...]:
        """Codes of the stores that a member's roles reach, in the order of the file; see `sees`.

        The domain of whoever is asked: all stores for the car maker, those of a region or dealer, the own one, none.
        Filter with it what your program shows: leads, tasks, groups, scores. Who is logged in is your program's matter.

        Args:
            userid: The member.
        """
        return tuple(store for store in self.stores if self.sees(userid, store))

    # What a roster of staff tasks answers.

    def resolve(self, role: str, member: str, subject: str, /) -> Sequence[str]:
        """Who may do the work: the member if it has the role, else those of the same store who do."""
        del subject
        if not role or role in self._of(member).roles:
            return (member,) if member else ()
        if role in {_SUPERVISOR, _BACKUP}:
            found = self.supervisor(member) if role == _SUPERVISOR else self.backup(member)
            return (found,) if found else ()
        return tuple(one.userid for one in self.members_of([self.store(member)], roles=[role]))

    def supervisor(self, userid: str, /) -> str:
        """Who stands above: the own supervisor, the store's manager, the dealer's, the region's."""
        member = self._of(userid)
        store = self.stores.get(member.store, _NOWHERE)
        dealer = self.dealer_of(member.store)
        region = self.regions.get(dealer.region)
        above = (member.supervisor, store.manager, dealer.manager, region.manager if region else "")
        line = [one for one in above if one]
        # Whoever stands in the line is answered by the next one above.
        after = line[line.index(userid) + 1 :] if userid in line else line
        return next((one for one in after if one != userid), "")

    def backup(self, userid: str, /) -> str:
        """Who stands in."""
        return self._of(userid).backup

    def working(self, userid: str, at: datetime, /) -> bool:
        """Whether the member is here and not on leave on that day."""
        member = self._of(userid)
        today = at.astimezone(self.hours(userid).zone).date()
        return member.active and not any(first <= today <= last for first, last in member.leave)

    def on_shift(self, userid: str, at: datetime) -> bool:
        """Whether the member works at this instant."""
        return self.working(userid, at) and self.hours(userid).is_open(at)

    def hours(self, userid: str, /) -> WorkingHours:
        """The member's own hours, or the store's."""
        member = self._of(userid)
        return member.hours or self.stores.get(member.store, _NOWHERE).hours

    def store(self, userid: str, /) -> str:
        """Code of the member's store."""
        return self._of(userid).store

    def _of(self, userid: str) -> Member:
        return self.members.get(userid, _NOBODY)

    def _region_names(self, store: str) -> set[str]:
        code = self.region_of(store)
        return {code, self.regions[code].name} if code in self.regions else {code}

    @staticmethod
    def _cities(store: Store) -> set[str]:
        return {_plain(city).removesuffix("市") for city in store.cities}

    @cached_property
    def _store_names(self) -> Mapping[str, set[str]]:
        found: dict[str, set[str]] = {}
        for store in self.stores.values():
            for name in {store.code, store.name, *store.aliases} - {""}:
                found.setdefault(_plain(name), set()).add(store.code)
        return found


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()
