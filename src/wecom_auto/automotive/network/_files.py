"""Read a network from TOML, or from a table with one row for each member. A mistake names the table and the key."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from attrs import evolve

from wecom_auto.automotive.network._network import Dealer, Member, Network, Region, Store
from wecom_auto.automotive.network._roles import Role, shipped_roles
from wecom_auto.automotive.sheets import read_sheet, text_of
from wecom_auto.errors import ConfigurationError
from wecom_auto.sop._document._policies import Holidays
from wecom_auto.sop._document._problems import DefinitionError, inside, read_table, read_text, read_word
from wecom_auto.sop._document._timing import ClockRange, parse_zone
from wecom_auto.sop.calendar import Calendar, ChinaCalendar
from wecom_auto.sop.tasks import WorkingHours

T = TypeVar("T")
_MOST_WEIGHT: Final = 100
_HEADINGS: Final = {
    "region": ("区域", "大区", "region"),
    "dealer": ("经销商", "经销商名称", "dealer"),
    "store": ("门店编码", "门店代码", "store", "store code"),
    "store_name": ("门店", "门店名称", "store name"),
    "city": ("城市", "city"),
    "userid": ("成员", "账号", "userid"),
    "roles": ("角色", "岗位", "roles"),
    "weight": ("权重", "weight"),
    "capacity": ("每日上限", "capacity"),
    "hours": ("班次", "hours"),
    "leave": ("休假", "leave"),
    "backup": ("替补", "backup"),
    "supervisor": ("主管", "supervisor"),
    "manager": ("店长", "store manager"),
}
_LISTS: Final = ("roles", "hours", "leave")


def read_network(source: str | os.PathLike[str], *, calendar: Calendar | None = None) -> Network:
    """Read a network file.

    TOML has tables ``[[region]]``, ``[[dealer]]``, ``[[store]]``, ``[[member]]`` and, for roles of your own,
    ``[role.CODE]``.
    A CSV file or an Excel workbook has one row for each member, with columns 区域, 经销商, 门店编码, 门店, 城市,
    成员, 角色, 权重, 每日上限, 班次, 休假, 替补, 主管, 店长; ``;`` separates several values of a cell.

    Args:
        source: A path.
        calendar: Knows holidays; mainland China by default.

    Raises:
        ConfigurationError: The file cannot be read; the message names the table and the key.
    """
    path = Path(source)
    try:
        document = tomllib.loads(path.read_text("utf-8-sig")) if path.suffix == ".toml" else _tables(path)
        return parse_network(document, calendar=calendar)
    except (OSError, ValueError) as error:
        msg = f"{os.fspath(source)}: {error}"
        raise ConfigurationError(msg) from error


def parse_network(document: Mapping[str, Any], *, calendar: Calendar | None = None) -> Network:
    """Read the same from tables that were read already.

    Raises:
        DefinitionError: A key or a value that does not belong there, or a code that nothing has.
    """
    known = calendar or ChinaCalendar()
    whole = read_table(document, ("name", "region", "dealer", "store", "member", "role"))
    regions = _by_code(whole, "region", _region)
    dealers = _by_code(whole, "dealer", lambda value: _dealer(value, regions))
    stores = _by_code(whole, "store", lambda value: _store(value, dealers, known))
    members = _by_code(whole, "member", lambda value: _member(value, stores))
    own = whole.get("role", {})
    if not isinstance(own, Mapping):
        problem = "role must be a table for each code: [role.CODE]"
        raise DefinitionError(problem)
    roles = {code: inside(f"role.{code}", partial(_role, code), table) for code, table in own.items()}
    return Network(
        name=str(whole.get("name", "")),
        regions=regions,
        dealers=dealers,
        stores=stores,
        members=members,
        roles={**shipped_roles(), **roles},
    )


def _by_code(whole: Mapping[str, Any], kind: str, read: Callable[[object], T]) -> dict[str, T]:
    found: dict[str, T] = {}
    for at, table in enumerate(_list(whole.get(kind, []), kind)):
        one = inside(f"{kind}[{at}]", read, table)
        key = cast("str", getattr(one, "userid" if kind == "member" else "code"))
        if key in found:
            problem = f"{kind} {key!r:.60} is there twice"
            raise DefinitionError(problem)
        found[key] = one
    return found


def _region(value: object) -> Region:
    table = read_table(value, ("code", "name", "manager"))
    return Region(code=_code(table, "code"), name=_text(table, "name"), manager=_text(table, "manager"))


def _dealer(value: object, regions: Mapping[str, Region]) -> Dealer:
    table = read_table(value, ("code", "name", "region", "manager", "corp_id", "same_handler"))
    return Dealer(
        code=_code(table, "code"),
        name=_text(table, "name"),
        region=_known(table, "region", regions),
        manager=_text(table, "manager"),
        corp_id=_text(table, "corp_id"),
        same_handler=table.get("same_handler") is True,
    )


def _store(value: object, dealers: Mapping[str, Dealer], calendar: Calendar) -> Store:
    keys = ("code", "name", "dealer", "aliases", "cities", "manager", "hours", "days", "zone")
    table = read_table(value, keys)
    hours = WorkingHours(calendar=calendar)
    if "hours" in table:
        hours = evolve(hours, shifts=_shifts(table["hours"]))
    if "days" in table:
        hours = evolve(hours, days=Holidays(read_word(table["days"], Holidays, "days")))
    if "zone" in table:
        hours = evolve(hours, zone=parse_zone(table["zone"]))
    return Store(
        code=_code(table, "code"),
        name=_text(table, "name"),
        dealer=_known(table, "dealer", dealers),
        aliases=_texts(table, "aliases"),
        cities=_texts(table, "cities"),
        manager=_text(table, "manager"),
        hours=hours,
    )


def _member(value: object, stores: Mapping[str, Store]) -> Member:
    keys = ("userid", "store", "roles", "weight", "capacity", "hours", "leave", "backup", "supervisor", "active")
    table = read_table(value, keys)
    store = _known(table, "store", stores)
    own = None
    if table.get("hours"):
        own = evolve(stores[store].hours if store else WorkingHours(), shifts=_shifts(table["hours"]))
    return Member(
        userid=_code(table, "userid"),
        store=store,
        roles=_texts(table, "roles"),
        weight=_number(table, "weight", 1, _MOST_WEIGHT) or 1,
        capacity=_number(table, "capacity", 0, 100_000),
        hours=own,
        leave=tuple(_stretch(one) for one in _list(table.get("leave", []), "leave")),
        backup=_text(table, "backup"),
        supervisor=_text(table, "supervisor"),
        active=table.get("active", True) is True,
    )


def _role(code: str, value: object) -> Role:
    table = read_table(value, ("title", "scope", "leads", "pool", "supervises", "consent"))
    flags = {name: table.get(name) is True for name in ("leads", "pool", "supervises", "consent")}
    return Role(code=code, title=_text(table, "title"), scope=_text(table, "scope") or "own", **flags)


def _code(table: Mapping[str, object], key: str) -> str:
    found = str(table.get(key, "")).strip()
    if not 0 < len(found) <= 64:  # noqa: PLR2004 - the width of the columns
        problem = f"{key} has {len(found)} characters"
        raise DefinitionError(problem, remedy="1 to 64")
    return found


def _text(table: Mapping[str, object], key: str) -> str:
    return read_text(table[key], key) if key in table else ""


def _texts(table: Mapping[str, object], key: str) -> tuple[str, ...]:
    return tuple(read_text(one, key) for one in _list(table.get(key, []), key))


def _known(table: Mapping[str, object], key: str, among: Mapping[str, object]) -> str:
    found = _text(table, key)
    if found and found not in among:
        problem = f"there is no {key} {found!r:.60}"
        raise DefinitionError(problem, place=key, remedy=f"add a [[{key}]] with that code")
    return found


def _number(table: Mapping[str, object], key: str, least: int, most: int) -> int | None:
    value = table.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        problem = f"{key} is {value!r:.60}"
        raise DefinitionError(problem, place=key, remedy=f"a whole number from {least} to {most}")
    return value


def _list(value: object, place: str) -> list[object]:
    if not isinstance(value, list):
        problem = f"{place} must be a list"
        raise DefinitionError(problem)
    return [*cast("list[object]", value)]


def _shifts(value: object) -> tuple[ClockRange, ...]:
    return tuple(ClockRange.parse(one) for one in _list(value, "hours"))


def _stretch(value: object) -> tuple[date, date]:
    """One day, or the first and the last of several: ``2026-03-02/2026-03-06``."""
    first, _, last = str(value).partition("/")
    try:
        found = date.fromisoformat(first.strip()), date.fromisoformat((last or first).strip())
    except ValueError:
        problem = f"{value!r:.60} is no day"
        raise DefinitionError(problem, place="leave", remedy="write 2026-03-02/2026-03-06") from None
    if found[0] > found[1]:
        problem = f"{value!r:.60} ends before it begins"
        raise DefinitionError(problem, place="leave", remedy="write first/last")
    return found


def _tables(path: Path) -> dict[str, Any]:
    """The tables of a network out of rows, one for each member."""
    lines = read_sheet(path)
    first = next(lines, None)
    header = _header([text_of(cell) for cell in first.cells]) if first else {}
    missing = [_HEADINGS[name][0] for name in ("store", "userid") if name not in header]
    if missing:
        problem = f"line 1: the columns {', '.join(missing)} are missing"
        raise DefinitionError(problem)
    found: dict[str, dict[str, dict[str, Any]]] = {"region": {}, "dealer": {}, "store": {}, "member": {}}
    for line in lines:
        if not line.is_blank:
            texts = [text_of(cell) for cell in line.cells]
            _add(found, {name: texts[at] for name, at in header.items() if at < len(texts)}, line.number)
    return {kind: [*tables.values()] for kind, tables in found.items()}


def _header(headings: Sequence[str]) -> dict[str, int]:
    meant = {word.casefold(): name for name, words in _HEADINGS.items() for word in words}
    return {meant[text.casefold()]: at for at, text in reversed([*enumerate(headings)]) if text.casefold() in meant}


def _add(found: dict[str, dict[str, dict[str, Any]]], row: Mapping[str, str], number: int) -> None:
    region, dealer, store = row.get("region", ""), row.get("dealer", ""), row.get("store", "")
    if region:
        found["region"].setdefault(region, {"code": region})
    if dealer:
        found["dealer"].setdefault(dealer, {"code": dealer, "name": dealer, "region": region})
    if store:
        table = found["store"].setdefault(store, {"code": store, "name": row.get("store_name", ""), "dealer": dealer})
        table.update({"manager": row["manager"]} if row.get("manager") else {})
        table.update({"cities": _split(row["city"])} if row.get("city") else {})
    userid = row.get("userid", "")
    if userid in found["member"]:
        problem = f"line {number}: member {userid!r:.60} is there twice"
        raise DefinitionError(problem)
    if userid:
        found["member"][userid] = {"userid": userid, "store": store} | _details(row, number)


def _details(row: Mapping[str, str], number: int) -> dict[str, Any]:
    lists = {name: _split(row[name]) for name in _LISTS if row.get(name)}
    texts = {name: row[name] for name in ("backup", "supervisor") if row.get(name)}
    try:
        return {**lists, **texts, **{name: int(row[name]) for name in ("weight", "capacity") if row.get(name)}}
    except ValueError:
        problem = f"line {number}: weight and capacity are whole numbers"
        raise DefinitionError(problem) from None


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.replace("；", ";").replace("、", ";").split(";") if part.strip()]
