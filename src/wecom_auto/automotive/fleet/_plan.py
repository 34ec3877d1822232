"""Compare the codes that should exist with those that do. Pure: it is handed everything, and calls nobody."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from attrs import field, frozen

from wecom_auto.automotive.fleet._codes import Code, CodeKind
from wecom_auto.automotive.fleet._reading import FleetTable
from wecom_auto.automotive.fleet._rows import KnownCode
from wecom_auto.automotive.fleet._shifts import Shifts, Staffing, staff

CODES: Final = 500_000
"""Contact ways and join ways of a corp together (manual 92228, 92229)."""
FEW_USES: Final = 20
"""Uses of acquisition links below which the platform warns (使用量即将耗尽)."""


class Todo(enum.StrEnum):
    """What is to be done about a code."""

    CREATE = "create"
    """It is not there."""
    UPDATE = "update"
    """It is there with other settings, most often with other people behind it."""
    DELETE = "delete"
    """It is there and the table does not have it any more; done only if asked for: printed codes stop working."""
    LOST = "lost"
    """It was made and the platform does not know it any more; it is made anew, printed ones are dead."""
    UNSURE = "unsure"
    """A program died while making it: `apply` looks whether the platform has it."""
    ORPHAN = "orphan"
    """This app has made it and the fleet does not know it; it stays."""
    KIND = "kind"
    """A code cannot become one of another kind: give the row another key."""
    QUOTA = "quota"
    """There is no room, or no use left."""
    OVERLOADED = "overloaded"
    """Everybody behind it has had enough customers today, the backup too."""


@frozen(kw_only=True)
class FleetFinding:
    """One thing to be done or to be looked at.

    Attributes:
        todo: What.
        key: The code; of an orphan its config_id.
        kind: What it leads to; None for what concerns no single code.
        detail: What changes, or whatever else there is to say.
    """

    todo: Todo
    key: str
    kind: CodeKind | None = None
    detail: str = ""

    def __str__(self) -> str:
        what = f" {self.kind.value}" if self.kind else ""
        return f"{self.todo.value}{what}: {self.key}" + (f" ({self.detail})" if self.detail else "")


@frozen(kw_only=True)
class Platform:
    """What was read from the platform, as far as somebody looked.

    Attributes:
        contact_ways: Ids of the app's contact ways; None if nobody looked.
        links: Ids of the app's acquisition links; None if nobody looked.
        link_uses: Uses that are left; None if nobody looked.
    """

    contact_ways: frozenset[str] | None = None
    links: frozenset[str] | None = None
    link_uses: int | None = None

    def has(self, known: KnownCode) -> bool:
        """Whether a live code is still there; yes, if nobody looked or nobody can: group codes are in no list."""
        listed = {CodeKind.CONTACT: self.contact_ways, CodeKind.LINK: self.links}.get(known.kind)
        return listed is None or known.config_id in listed


@frozen(kw_only=True)
class FleetPlan:
    """What is to be done so that the codes are those of the table.

    Attributes:
        findings: Everything, in the order of the table.
        kept: Codes that are as they should be.
        staffing: Who is to be behind each code now, by key.
        at: The moment that it was made for.
    """

    findings: tuple[FleetFinding, ...]
    kept: int
    staffing: Mapping[str, Staffing] = field(repr=False)
    at: datetime

    def of(self, *todos: Todo) -> tuple[FleetFinding, ...]:
        """Return the findings of some kinds."""
        return tuple(one for one in self.findings if one.todo in todos)

    @property
    def fits(self) -> bool:
        """Whether the corp has room for it."""
        return not any(one.todo is Todo.QUOTA and one.kind is not CodeKind.LINK for one in self.findings)

    def counts(self) -> dict[str, int]:
        """Return how many findings there are of each kind, those without any left out."""
        found = {todo.value: len(self.of(todo)) for todo in Todo}
        return {name: number for name, number in found.items() if number} | {"kept": self.kept}


def compare(
    table: FleetTable,
    known: Mapping[str, KnownCode],
    *,
    shifts: Shifts,
    at: datetime,
    adds_today: Mapping[str, int],
    platform: Platform,
) -> FleetPlan:
    """Say what is to be done.

    Args:
        table: What should be there.
        known: What the fleet has made.
        shifts: The timetables.
        at: The moment for which members are chosen.
        adds_today: How many customers each member has got today.
        platform: What was read from the platform.
    """
    staffing = {one.key: staff(one, shifts, at, adds_today) for one in table.codes if one.kind is not CodeKind.GROUP}
    rows = [(one, known.get(one.key), staffing.get(one.key, Staffing(users=()))) for one in table.codes]
    found = [finding for code, row, staffed in rows if (finding := _about(code, row, staffed, platform))]
    kept = len(rows) - len(found)
    found += [_crowded(code, staffed) for code, _, staffed in rows if staffed.overloaded]
    found += _gone(table, known)
    found += _orphans(known.values(), platform)
    found += _quota(found, known.values(), platform, [one.kind for one in table.codes])
    return FleetPlan(findings=tuple(found), kept=kept, staffing=staffing, at=at)


def _about(code: Code, row: KnownCode | None, staffed: Staffing, platform: Platform) -> FleetFinding | None:
    if row is None or row.status == "deleted":
        return FleetFinding(todo=Todo.CREATE, key=code.key, kind=code.kind)
    if row.kind is not code.kind:
        return FleetFinding(todo=Todo.KIND, key=code.key, kind=row.kind, detail=f"the table says {code.kind.value}")
    if row.creating:
        return FleetFinding(todo=Todo.UNSURE, key=code.key, kind=code.kind, detail=f"since {row.intent_at:%F %R} UTC")
    if row.status == "lost" or not platform.has(row):
        return FleetFinding(todo=Todo.LOST, key=code.key, kind=code.kind, detail=row.config_id)
    changes = ", ".join(_changes(row.settings, code.settings(staffed.users)))
    return FleetFinding(todo=Todo.UPDATE, key=code.key, kind=code.kind, detail=changes) if changes else None


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name, value in after.items():
        if before.get(name) == value:
            continue
        if isinstance(value, list):
            gone = [f"-{one}" for one in before.get(name) or () if one not in value]
            come = [f"+{one}" for one in value if one not in (before.get(name) or ())]
            yield f"{name} {' '.join(map(str, (*come, *gone)))}".strip()
        elif isinstance(value, dict):
            yield name
        else:
            yield f"{name} {before.get(name)!r} → {value!r}"


def _crowded(code: Code, staffed: Staffing) -> FleetFinding:
    detail = f"over {code.daily_cap} a day: {', '.join(staffed.full)}"
    return FleetFinding(todo=Todo.OVERLOADED, key=code.key, kind=code.kind, detail=detail)


def _gone(table: FleetTable, known: Mapping[str, KnownCode]) -> list[FleetFinding]:
    # A row that is there and cannot be read is no reason to kill a printed code.
    if table.blind:
        return []
    wanted = {one.key for one in table.codes} | table.broken
    return [
        FleetFinding(todo=Todo.DELETE, key=one.key, kind=one.kind, detail=one.config_id)
        for one in known.values()
        if one.key not in wanted and one.status != "deleted"
    ]


def _orphans(known: Iterable[KnownCode], platform: Platform) -> list[FleetFinding]:
    mine = {one.config_id for one in known if one.status != "deleted"}
    listed = ((CodeKind.CONTACT, platform.contact_ways), (CodeKind.LINK, platform.links))
    return [
        FleetFinding(todo=Todo.ORPHAN, key=config_id, kind=kind)
        for kind, ids in listed
        for config_id in sorted((ids or frozenset()) - mine)
    ]


def _quota(
    found: Iterable[FleetFinding], known: Iterable[KnownCode], platform: Platform, kinds: Iterable[CodeKind]
) -> Iterator[FleetFinding]:
    living = [one for one in known if one.live]
    ways = sum(one.kind is CodeKind.CONTACT for one in living)
    there = max(ways, len(platform.contact_ways or ())) + sum(one.kind is CodeKind.GROUP for one in living)
    fresh = sum(one.todo in {Todo.CREATE, Todo.LOST} and one.kind is not CodeKind.LINK for one in found)
    if there + fresh > CODES:
        yield FleetFinding(todo=Todo.QUOTA, key="codes", detail=f"{there} there, {fresh} to be made, room for {CODES}")
    uses = platform.link_uses
    if uses is not None and uses < FEW_USES and CodeKind.LINK in kinds:
        detail = f"{uses} uses left; with 0 no link works"
        yield FleetFinding(todo=Todo.QUOTA, key="links", kind=CodeKind.LINK, detail=detail)
