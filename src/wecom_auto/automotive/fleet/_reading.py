"""Read codes from a table as dealers keep it: every row is a code or says what is wrong with it; none is lost."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

from attrs import field, frozen

from wecom_auto.automotive.channels import Source
from wecom_auto.automotive.fleet._codes import Code, CodeKind
from wecom_auto.automotive.fleet._shifts import Shifts
from wecom_auto.automotive.sheets import Formula, Line, harmless, read_sheet, text_of
from wecom_auto.errors import ConfigurationError
from wecom_auto.sop._document._problems import suggestion

T = TypeVar("T")

_LOOK: Final = 25
_SOFT: Final = re.compile(r"[\s_*:：()（）./\\-]+")
_BETWEEN: Final = re.compile(r"[;；,，、\s]+")
_YES: Final = frozenset({"是", "y", "yes", "true", "1", "√"})
_NO: Final = frozenset({"否", "n", "no", "false", "0", "×"})
_REMARK: Final = 30
_KEY: Final = 64
_USERS: Final = 100
_LINK_USERS: Final = 500
_CHATS: Final = 5
_ROOM: Final = 40
_CAP: Final = 10_000
_SHOWN: Final = 60
_DIGITS: Final = 9


@frozen(kw_only=True)
class RowProblem:
    """What is wrong with one cell.

    Attributes:
        row: Its line in a CSV file or its row in a sheet, counted from 1.
        column: The heading.
        value: What stands there, cut after 60 characters.
        reason: What is wrong and what to write.
    """

    row: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        return f"row {self.row}, {self.column}: {self.value!r}: {self.reason}"


@frozen(kw_only=True)
class FleetTable:
    """A table of codes, read.

    Attributes:
        codes: The good rows.
        problems: What is wrong with the others; a row may have several.
        broken: Keys of rows that are there and wrong: their codes are left as they are.
        blind: The key of some row cannot be read, so that nothing is taken for gone.
    """

    codes: tuple[Code, ...]
    problems: tuple[RowProblem, ...] = ()
    broken: frozenset[str] = field(factory=frozenset[str])
    blind: bool = False

    @classmethod
    def read(cls, source: Path | bytes | str, *, shifts: Shifts | None = None, sheet: str = "") -> FleetTable:
        """Read a CSV file (UTF-8 or GBK) or an Excel workbook.

        Args:
            source: A file, its bytes, or the text of a CSV file.
            shifts: The timetables that rows may name.
            sheet: Name of the sheet of a workbook; by default the first visible one.

        Raises:
            ConfigurationError: no line among the first 25 has a column for the key (编码).
        """
        lines = read_sheet(source, sheet=sheet)
        above = list(islice(lines, _LOOK))
        for at, line in enumerate(above):
            headings = [text_of(cell) for cell in line.cells]
            fields = {name: place for place, text in enumerate(headings) if (name := _field(text))}
            if "key" in fields:
                reader = _Reader(fields, headings, shifts or Shifts())
                return reader.read((*above[at + 1 :], *lines))
        msg = "no line among the first 25 has a column for the code's key: add 编码 (or key) to the headings"
        raise ConfigurationError(msg)


class _CellError(Exception):
    """A cell that cannot be read; the text says why."""


@frozen
class _Reader:
    fields: Mapping[str, int]
    headings: Sequence[str]
    shifts: Shifts
    problems: list[RowProblem] = field(factory=list)

    def read(self, lines: Iterable[Line]) -> FleetTable:
        codes: dict[str, Code] = {}
        broken: set[str] = set()
        for line in lines:
            if line.is_blank:
                continue
            before = len(self.problems)
            code = self._code(line, codes.keys() | broken)
            if len(self.problems) > before:
                broken.add(code.key)
            else:
                codes[code.key] = code
        return FleetTable(
            codes=tuple(codes.values()),
            problems=tuple(self.problems),
            broken=frozenset(broken - {""}),
            blind="" in broken,
        )

    def _code(self, line: Line, taken: Iterable[str]) -> Code:
        def get(name: str, read: Callable[[str], T], default: T) -> T:
            return self._cell(line, name, read, default)

        key = get("key", _key_not_in(taken), "")
        kind = get("kind", _kind, CodeKind.CONTACT)
        code = Code(
            key=key,
            kind=kind,
            users=get("users", _ids(_LINK_USERS if kind is CodeKind.LINK else _USERS), ()),
            parties=get("parties", _numbers, ()),
            backup=get("backup", _ids(_USERS), ()),
            daily_cap=get("daily_cap", _count, 0),
            shift=get("shift", self._shift, ""),
            chat_ids=get("chat_ids", _ids(_CHATS), ()),
            auto_create_room=get("auto_create_room", _flag, default=True),
            room_base_name=get("room_base_name", _text(_ROOM), ""),
            room_base_id=get("room_base_id", _count, 1),
            source=Source(**{name: get(name, _text(_KEY), "") for name in ("channel", "campaign", "store", "advisor")}),
            remark=get("remark", _text(_REMARK), ""),
            skip_verify=get("skip_verify", _flag, default=True),
            caption=get("caption", _text(200), ""),
        )
        if not key and "key" not in self._wrong(line):
            self._say(line, "key", "", "the key (编码) is missing")
        self._check(line, code)
        return code

    def _check(self, line: Line, code: Code) -> None:
        """Hold the cells of a row against each other."""
        people = code.users or code.parties or code.shift
        if code.kind is CodeKind.GROUP and not code.chat_ids and "chat_ids" not in self._wrong(line):
            self._say(line, "chat_ids", "", f"a group code needs 1 to {_CHATS} groups")
        if code.kind is not CodeKind.GROUP and not people and not self._wrong(line) & {"users", "parties", "shift"}:
            self._say(line, "users", "", "a code needs members, departments or a shift")
        if code.kind is not CodeKind.GROUP and code.chat_ids:
            self._say(line, "chat_ids", ";".join(code.chat_ids), "groups are for group codes (群活码)")
        if len(code.name) > _REMARK:
            self._say(line, "remark", "", f"a link is named by its remark, up to {_REMARK} characters")

    def _wrong(self, line: Line) -> set[str]:
        names = {self._heading(name): name for name in self.fields}
        return {names.get(one.column, "") for one in self.problems if one.row == line.number}

    def _cell(self, line: Line, name: str, read: Callable[[str], T], default: T) -> T:
        place = self.fields.get(name)
        cell = line.cells[place] if place is not None and place < len(line.cells) else None
        if isinstance(cell, Formula) and cell.result is None:
            self._say(line, name, cell.text, "a formula that was never calculated: open and save the file in Excel")
            return default
        text = text_of(cell)
        if not text:
            return default
        try:
            return read(text)
        except _CellError as error:
            self._say(line, name, text, str(error))
            return default

    def _shift(self, text: str) -> str:
        if text in self.shifts.shifts:
            return text
        msg = f"no such shift; {suggestion(text, self.shifts.shifts)}" if self.shifts.shifts else "no shifts were given"
        raise _CellError(msg)

    def _heading(self, name: str) -> str:
        return self.headings[self.fields[name]] if name in self.fields else name

    def _say(self, line: Line, name: str, value: str, reason: str) -> None:
        shown = harmless(value[:_SHOWN])
        self.problems.append(RowProblem(row=line.number, column=self._heading(name), value=shown, reason=reason))


def _key_not_in(taken: Iterable[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text in taken:
            msg = "another row has this key; keys are unique"
            raise _CellError(msg)
        return _text(_KEY)(text)

    return read


def _kind(text: str) -> CodeKind:
    for kind, names in _columns()["kinds"].items():
        if _plain(text) in map(_plain, names):
            return CodeKind(kind)
    msg = "no kind of code; write 联系我, 群活码 or 获客链接"
    raise _CellError(msg)


def _text(most: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if len(text) > most:
            msg = f"{len(text)} characters, at most {most}"
            raise _CellError(msg)
        return text

    return read


def _ids(most: int) -> Callable[[str], tuple[str, ...]]:
    def read(text: str) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(one for one in _BETWEEN.split(text) if one))
        if len(found) > most:
            msg = f"{len(found)} of them, at most {most}"
            raise _CellError(msg)
        if any(len(one) > _KEY for one in found):
            msg = f"an id has at most {_KEY} characters; separate ids with ;"
            raise _CellError(msg)
        return found

    return read


def _numbers(text: str) -> tuple[int, ...]:
    found = [one for one in _BETWEEN.split(text) if one]
    if not all(one.isascii() and one.isdigit() and len(one) <= _DIGITS for one in found):
        msg = "departments are numbers, separated by ;"
        raise _CellError(msg)
    return tuple(map(int, found))


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:_DIGITS]) <= _CAP):
        msg = f"a whole number from 1 to {_CAP:,} is expected"
        raise _CellError(msg)
    return int(text)


def _flag(text: str) -> bool:
    word = text.casefold()
    if word in _YES | _NO:
        return word in _YES
    msg = "write 是 or 否"
    raise _CellError(msg)


def _field(heading: str) -> str:
    wanted = _plain(heading)
    return next(
        (name for name, table in _columns().items() if name != "kinds" and wanted in map(_plain, table["names"])), ""
    )


def _plain(text: str) -> str:
    return _SOFT.sub("", unicodedata.normalize("NFKC", text)).casefold()


@cache
def _columns() -> dict[str, Any]:
    return tomllib.loads((files("wecom_auto.automotive.fleet") / "columns.toml").read_text(encoding="utf-8"))
