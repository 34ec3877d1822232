"""Look for mistakes in a definition and its contents before customers find them. Changes nothing, sends nothing.

Every finding has a code, a place and a remedy. The codes are stable; `CODES` lists them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date

from wecom_auto._types import JSONObject
from wecom_auto.sop._document._problems import DefinitionError, is_table
from wecom_auto.sop._document._toml import read_toml
from wecom_auto.sop._lint._contents import contents as check_contents
from wecom_auto.sop._lint._dates import dates
from wecom_auto.sop._lint._exits import exits
from wecom_auto.sop._lint._findings import CODES, Finding, Severity
from wecom_auto.sop._lint._flow import flow
from wecom_auto.sop._lint._load import load
from wecom_auto.sop._lint._names import names
from wecom_auto.sop._lint._rules import Allowance, Rules
from wecom_auto.sop.calendar import Calendar, ChinaCalendar
from wecom_auto.sop.definition import Definition

__all__ = ["CODES", "Allowance", "Finding", "Rules", "Severity", "check", "check_file", "read_contents"]


def check_file(
    path: str | os.PathLike[str],
    *,
    contents: str | os.PathLike[str] | None = None,
    today: date,
    calendar: Calendar | None = None,
    rules: Rules | None = None,
) -> tuple[Finding, ...]:
    """Check a file; a document that cannot be read is a finding too, not an exception.

    Args:
        path: The definition, in TOML, YAML or JSON by the ending of its name.
        contents: The content library it names; left out, contents are not looked at.
        today: The day from which dates are judged.
        calendar: Answers for days; by default China's.
        rules: What is known about the corp; by default the platform's own allowance and 5 taps a day.
    """
    try:
        definition = Definition.from_file(path)
        library = None if contents is None else read_contents(contents)
    except DefinitionError as error:
        return (Finding(code=error.code, place=error.place or str(path), message=error.problem, remedy=error.remedy),)
    return check(definition, contents=library, today=today, calendar=calendar, rules=rules)


def read_contents(source: str | os.PathLike[str]) -> dict[str, JSONObject]:
    """The tables of a content library as they stand, so that a broken one can be described.

    Raises:
        DefinitionError: Not TOML, or cannot be read.
    """
    return {name: table for name, table in read_toml(source).items() if is_table(table)}  # type: ignore[misc]


def check(
    definition: Definition,
    *,
    contents: Mapping[str, JSONObject] | None = None,
    today: date,
    calendar: Calendar | None = None,
    rules: Rules | None = None,
) -> tuple[Finding, ...]:
    """Check a definition.

    Args:
        definition: Any definition.
        contents: Content name to its table (`text`, `attachments`, …); `None` skips the contents.
        today: The day from which dates are judged.
        calendar: Answers for days; by default China's.
        rules: What is known about the corp; by default the platform's own allowance and 5 taps a day.

    Returns:
        The findings, in the order of the document; empty for a clean one.
    """
    known = rules or Rules()
    found = [*flow(definition), *exits(definition), *load(definition, known, today)]
    found += [*dates(definition, today, calendar or ChinaCalendar()), *names(definition, known)]
    if contents is not None:
        found += check_contents(definition, contents, known, today)
    return tuple(found)
