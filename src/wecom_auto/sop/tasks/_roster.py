"""Who does what in a shop (花名册): roles, supervisors, stand-ins, leave, hours. Asks nobody and keeps no state.

Roles are data: `sales_advisor`, `service_manager` or any other word. One that nobody holds is answered by nobody,
never by an error.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, Protocol, cast

from attrs import evolve, field, frozen

from wecom_auto.errors import ConfigurationError
from wecom_auto.sop._document._policies import Holidays
from wecom_auto.sop._document._problems import DefinitionError, inside, is_table, read_table, read_text, read_word
from wecom_auto.sop._document._timing import ClockRange, parse_zone
from wecom_auto.sop.calendar import Calendar, ChinaCalendar
from wecom_auto.sop.tasks._hours import WorkingHours

SUPERVISOR: Final = "supervisor"
BACKUP: Final = "backup"


class Roster(Protocol):
    """Where people come from; `StaticRoster` is one, a dealer's HR system may be another.

    It is asked outside of transactions, a few times per task.
    """

    def resolve(self, role: str, member: str, subject: str, /) -> Sequence[str]:
        """Who may do the work, the best first.

        Args:
            role: Such as ``service_manager``; empty for the member itself.
            member: Who looks after the subject.
            subject: The customer, the group, or whatever the work is about.

        Returns:
            Userids; none for a role that nobody holds.
        """
        ...

    def supervisor(self, userid: str, /) -> str:
        """Who stands above a member (N+1); empty for nobody."""
        ...

    def backup(self, userid: str, /) -> str:
        """Who stands in for a member; empty for nobody."""
        ...

    def working(self, userid: str, at: datetime, /) -> bool:
        """Whether the member works on that day: has not left and is not on leave. Hours of the day do not matter."""
        ...

    def hours(self, userid: str, /) -> WorkingHours:
        """When the member's shop works."""
        ...

    def store(self, userid: str, /) -> str:
        """The member's shop; empty if nobody knows."""
        ...


@frozen(kw_only=True)
class PlainRoster:
    """Knows a supervisor and one shop for everybody: what a runner has without a roster of its own.

    Attributes:
        above: Names a member's supervisor.
        shop: When everybody works.
    """

    above: Callable[[str], str] = field(default=lambda _userid: "")
    shop: WorkingHours = field(factory=WorkingHours)

    def resolve(self, role: str, member: str, subject: str, /) -> Sequence[str]:
        """The member for an empty role, the supervisor for `supervisor`, else nobody."""
        del subject
        found = member if not role else self.above(member) if role == SUPERVISOR else ""
        return (found,) if found else ()

    def supervisor(self, userid: str, /) -> str:
        """Who stands above a member."""
        return self.above(userid)

    def backup(self, userid: str, /) -> str:
        """Nobody."""
        del userid
        return ""

    def working(self, userid: str, at: datetime, /) -> bool:
        """Everybody, always."""
        del userid, at
        return True

    def hours(self, userid: str, /) -> WorkingHours:
        """The one shop's hours."""
        del userid
        return self.shop

    def store(self, userid: str, /) -> str:
        """Unknown."""
        del userid
        return ""


@frozen(kw_only=True)
class Staffer:
    """One member of staff.

    Attributes:
        store: The shop.
        roles: What the member may be asked to do.
        supervisor: Who stands above; empty for the shop's.
        backup: Who stands in; empty for nobody.
        away: Days of leave, first and last included.
        hours: When the member works, if not when the shop does.
    """

    store: str = ""
    roles: frozenset[str] = frozenset()
    supervisor: str = ""
    backup: str = ""
    away: tuple[tuple[date, date], ...] = ()
    hours: WorkingHours | None = None


@frozen(kw_only=True)
class Store:
    """One shop (门店).

    Attributes:
        supervisor: Who stands above everybody who names no other.
        hours: When the shop works.
    """

    supervisor: str = ""
    hours: WorkingHours = field(factory=WorkingHours)


_NOBODY: Final = Staffer()
_NOWHERE: Final = Store()


@frozen
class StaticRoster:
    """A roster from a file.

    Attributes:
        members: Userid to member; the order of the file is the order in which they are asked.
        stores: Name to shop.
    """

    members: Mapping[str, Staffer]
    stores: Mapping[str, Store] = field(factory=dict[str, Store])

    @classmethod
    def from_toml(cls, source: str | os.PathLike[str], *, calendar: Calendar | None = None) -> StaticRoster:
        """Read a TOML file with tables ``[stores.NAME]`` and ``[members.USERID]``.

        Args:
            source: A path.
            calendar: Knows holidays; mainland China by default.

        Raises:
            ConfigurationError: The file cannot be read; the message names the table and the key.
        """
        try:
            tables = tomllib.loads(Path(source).read_text(encoding="utf-8"))
            return cls.parse(tables, calendar=calendar)
        except (OSError, ValueError) as error:
            msg = f"{os.fspath(source)}: {error}"
            raise ConfigurationError(msg) from error

    @classmethod
    def parse(cls, tables: Mapping[str, Any], *, calendar: Calendar | None = None) -> StaticRoster:
        """Read the same from tables that were read already.

        Raises:
            DefinitionError: A key or a value that does not belong there.
        """
        known = calendar or ChinaCalendar()
        whole = read_table(tables, ("stores", "members"))
        stores: dict[str, Store] = {}
        for name, one in _entries(whole.get("stores", {}), "stores").items():
            stores[name] = inside(f"stores.{name}", lambda value: _store(value, known), one)
        members: dict[str, Staffer] = {}
        for name, one in _entries(whole.get("members", {}), "members").items():
            members[name] = inside(f"members.{name}", lambda value: _member(value, stores), one)
        return cls(members, stores)

    def resolve(self, role: str, member: str, subject: str, /) -> Sequence[str]:
        """The member, if it holds the role; else those of the same shop who do, in the order of the file."""
        del subject
        if not role:
            return (member,) if member else ()
        if role in {SUPERVISOR, BACKUP}:
            found = self.supervisor(member) if role == SUPERVISOR else self.backup(member)
            return (found,) if found else ()
        if role in self._of(member).roles:
            return (member,)
        shop = self._of(member).store
        return tuple(name for name, one in self.members.items() if role in one.roles and one.store == shop)

    def supervisor(self, userid: str, /) -> str:
        """The member's own supervisor, or the shop's; nobody is their own."""
        above = self._of(userid).supervisor or self._shop(userid).supervisor
        return "" if above == userid else above

    def backup(self, userid: str, /) -> str:
        """Who stands in."""
        return self._of(userid).backup

    def working(self, userid: str, at: datetime, /) -> bool:
        """Whether the member is not on leave; somebody whom the file does not know works."""
        today = at.astimezone(self.hours(userid).zone).date()
        return not any(first <= today <= last for first, last in self._of(userid).away)

    def hours(self, userid: str, /) -> WorkingHours:
        """The member's own hours, or the shop's."""
        return self._of(userid).hours or self._shop(userid).hours

    def store(self, userid: str, /) -> str:
        """The member's shop."""
        return self._of(userid).store

    def _of(self, userid: str) -> Staffer:
        return self.members.get(userid, _NOBODY)

    def _shop(self, userid: str) -> Store:
        return self.stores.get(self._of(userid).store, _NOWHERE)


def _entries(value: object, place: str) -> dict[str, object]:
    """A table whose keys are names that the user chose."""
    if not is_table(value):
        problem = f"{place} must be a table"
        raise DefinitionError(problem)
    return dict(value)


def _store(value: object, calendar: Calendar) -> Store:
    table = read_table(value, ("zone", "hours", "days", "dates", "supervisor"))
    hours = WorkingHours(
        shifts=_shifts(table["hours"]) if "hours" in table else WorkingHours().shifts,
        days=Holidays(read_word(table.get("days", Holidays.SEND), Holidays, "days")),
        zone=parse_zone(table.get("zone", "Asia/Shanghai")),
        calendar=calendar,
        dates={_date(name): _shifts(one) for name, one in _entries(table.get("dates", {}), "dates").items()},
    )
    return Store(supervisor=_optional(table, "supervisor"), hours=hours)


def _member(value: object, stores: Mapping[str, Store]) -> Staffer:
    table = read_table(value, ("store", "roles", "supervisor", "backup", "away", "hours"))
    shop = _optional(table, "store")
    if shop and shop not in stores:
        problem = f"there is no store {shop!r}"
        raise DefinitionError(problem, place="store", remedy=f"add [stores.{shop}]")
    own = _shifts(table["hours"]) if "hours" in table else None
    return Staffer(
        store=shop,
        roles=frozenset(read_text(one, "roles") for one in _list(table.get("roles", []), "roles")),
        supervisor=_optional(table, "supervisor"),
        backup=_optional(table, "backup"),
        away=tuple(_stretch(one) for one in _list(table.get("away", []), "away")),
        hours=None if own is None else evolve(stores.get(shop, _NOWHERE).hours, shifts=own),
    )


def _optional(table: Mapping[str, object], key: str) -> str:
    return read_text(table[key], key) if key in table else ""


def _list(value: object, place: str) -> list[object]:
    if not isinstance(value, list):
        problem = f"{place} must be a list"
        raise DefinitionError(problem)
    return [*cast("list[object]", value)]


def _shifts(value: object) -> tuple[ClockRange, ...]:
    return tuple(ClockRange.parse(one) for one in _list(value, "hours"))


def _date(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        problem = f"{value!r:.60} is not a date"
        raise DefinitionError(problem, remedy="write 2026-02-17") from None


def _stretch(value: object) -> tuple[date, date]:
    """One day, or the first and the last of several: `"2026-03-02/2026-03-06"`."""
    first, _, last = str(value).partition("/")
    found = _date(first), _date(last or first)
    if found[0] > found[1]:
        problem = f"{value!r:.60} ends before it begins"
        raise DefinitionError(problem, remedy="write first/last")
    return found
