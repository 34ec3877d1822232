"""Errors of a definition: what is wrong, where, and what to do. Never repairs a document silently."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeGuard, TypeVar

from wecom_auto.errors import WeComError

_T = TypeVar("_T")


class DefinitionError(WeComError, ValueError):
    """A SOP document that cannot be understood.

    Attributes:
        problem: What is wrong, in one clause.
        place: Where: `step[2].do.remind`, counted from 0 as in the canonical JSON; empty for the whole document.
        remedy: What to write instead.
        code: The linter's code for this finding (`SOP001` unless a more exact one exists).
    """

    def __init__(self, problem: str, *, place: str = "", remedy: str = "", code: str = "SOP001") -> None:
        self.problem, self.place, self.remedy, self.code = problem, place, remedy, code
        super().__init__("; ".join(part for part in (f"{place}: {problem}" if place else problem, remedy) if part))

    def at(self, place: str) -> DefinitionError:
        """The same problem, seen from the outer document.

        Args:
            place: The path of the part that was being read.
        """
        where = f"{place}.{self.place}" if self.place else place
        return DefinitionError(self.problem, place=where, remedy=self.remedy, code=self.code)


class ConditionError(DefinitionError):
    """A condition outside the closed grammar.

    Attributes:
        text: The condition as written.
        column: Where in `text`, counted from 1 in characters (not bytes).
    """

    def __init__(self, problem: str, *, text: str, column: int, remedy: str = "") -> None:
        self.text, self.column = text, column
        super().__init__(f"{problem} (column {column} of {text[:200]!r})", remedy=remedy, code="SOP004")


def inside(place: str, parse: Callable[[object], _T], value: object) -> _T:
    """Read a part of a document; its errors name the place."""
    try:
        return parse(value)
    except DefinitionError as error:
        raise error.at(place) from None


def suggestion(word: str, known: Collection[str]) -> str:
    """A remedy that names the nearest known word, or all of them."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(known))}"


def is_table(value: object) -> TypeGuard[Mapping[str, object]]:
    """Whether a value read from TOML or JSON is a table."""
    return isinstance(value, Mapping)


def read_file(path: str | os.PathLike[str]) -> str:
    """The text of a file in UTF-8, with or without a byte-order mark.

    Raises:
        DefinitionError: It is not UTF-8, or cannot be read.
    """
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        problem = f"{os.fspath(path)!r:.200} is not UTF-8 (byte {error.start + 1})"
        raise DefinitionError(problem, remedy="save the file as UTF-8") from None
    except OSError as error:
        problem = f"cannot read {os.fspath(path)!r:.200}: {error}"
        raise DefinitionError(problem) from None


def read_table(value: object, known: Collection[str], required: Collection[str] = ()) -> Mapping[str, object]:
    """A table whose keys are all known.

    Raises:
        DefinitionError: Not a table, an unknown key (with a suggestion), or a required key is missing.
    """
    if not is_table(value):
        problem = f"a table is expected, not {type(value).__name__}"
        raise DefinitionError(problem)
    for key in value:
        if key not in known:
            problem = f"unknown key {key!r}"
            raise DefinitionError(problem, remedy=suggestion(str(key), known))
    for key in required:
        if key not in value:
            problem = f"{key!r} is missing"
            raise DefinitionError(problem, remedy=f"add {key} = …")
    return value


def read_text(value: object, place: str, *, chars: int = 200) -> str:
    """A non-empty string of at most `chars` characters."""
    if isinstance(value, str) and value.strip() and len(value) <= chars:
        return value
    problem = f"{place} must be a text of 1 to {chars} characters, not {value!r:.60}"
    raise DefinitionError(problem)


def read_int(value: object, place: str, *, least: int, most: int) -> int:
    """A whole number inside its limits; `true` is not a number."""
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
        return value
    problem = f"{place} must be a whole number from {least} to {most}, not {value!r:.60}"
    raise DefinitionError(problem)


def read_bool(value: object, place: str) -> bool:
    """`true` or `false`, nothing else."""
    if isinstance(value, bool):
        return value
    problem = f"{place} must be true or false, not {value!r:.60}"
    raise DefinitionError(problem)


def read_word(value: object, words: type[StrEnum], place: str) -> str:
    """One of the words of an enum.

    Raises:
        DefinitionError: Another word, with a suggestion.
    """
    known = [word.value for word in words]
    if value in known:
        return str(value)
    problem = f"{place} must be one of its words, not {value!r:.60}"
    raise DefinitionError(problem, remedy=suggestion(str(value), known))
