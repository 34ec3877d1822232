"""Grades (意向等级) as data, and when a customer of a grade is to be contacted next. Pure: no clock, no database.

Four published schemes disagree; they ship side by side, and nothing here says which one is right.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Final

from attrs import frozen

from wecom_auto._time import require_aware
from wecom_auto.automotive._presets import preset_names, preset_text
from wecom_auto.automotive._toml_lists import read_list
from wecom_auto.errors import ConfigurationError
from wecom_auto.sop._document._problems import DefinitionError, inside, read_table, read_text, suggestion
from wecom_auto.sop._document._timing import parse_duration
from wecom_auto.sop._document._toml import read_toml
from wecom_auto.sop.tasks import WorkingHours

_KEYS: Final = {"name", "tag_group", "source", "grade"}
_GRADE_KEYS: Final = {"code", "title", "meaning", "every", "first"}
_NAME: Final = 30


@frozen(kw_only=True)
class Grade:
    """One grade.

    Attributes:
        code: What people, programs and the tag call it, such as ``H``.
        title: What it means in Chinese.
        meaning: What it means in English.
        every: From one contact to the next; None if the grade asks for none.
        first: From the moment of the grade to the first contact, in working time; None if `every` says it all.
    """

    code: str
    title: str = ""
    meaning: str = ""
    every: timedelta | None = None
    first: timedelta | None = None


@frozen(kw_only=True)
class GradeScheme:
    """A set of grades (分级方案).

    Attributes:
        name: Of the preset or the file.
        grades: From the warmest to the coldest, then those after the order.
        tag_group: The group of corp tags that shows the grade; one tag at a time.
        source: Where its numbers come from.
    """

    name: str
    grades: tuple[Grade, ...]
    tag_group: str = ""
    source: str = ""

    @classmethod
    def preset(cls, name: str) -> GradeScheme:
        """Take a scheme that ships with the package: ``classic_dealer``, ``habcn``, ``by_visit`` or ``online_lead``."""
        return cls.from_file(preset_text("grades", name))

    @classmethod
    def presets(cls) -> tuple[str, ...]:
        """List the schemes that ship with the package."""
        return preset_names("grades")

    @classmethod
    def from_file(cls, source: str | os.PathLike[str]) -> GradeScheme:
        """Read a scheme from a TOML file, or from its text.

        Raises:
            DefinitionError: the file says something that cannot be meant, with the place.
        """
        table = read_table(read_toml(source), _KEYS, ("name", "grade"))
        grades = read_list(table["grade"], "grade", _grade)
        codes = [one.code for one in grades]
        twice = next((one for one in codes if codes.count(one) > 1), None)
        if twice is not None:
            problem = f"two grades have the code {twice!r}"
            raise DefinitionError(problem, place="grade")
        return cls(
            name=read_text(table["name"], "name", chars=64),
            grades=grades,
            tag_group=read_text(table["tag_group"], "tag_group", chars=_NAME) if "tag_group" in table else "",
            source=str(table.get("source", "")),
        )

    def grade(self, code: str) -> Grade:
        """Return a grade by its code.

        Raises:
            ConfigurationError: there is none; the message names the nearest.
        """
        known = {one.code: one for one in self.grades}
        if code not in known:
            msg = f"no grade {code!r} in scheme {self.name!r}; {suggestion(code, known)}"
            raise ConfigurationError(msg)
        return known[code]

    def next_contact(
        self, code: str, *, since: datetime, contacted_at: datetime | None = None, hours: WorkingHours | None = None
    ) -> datetime | None:
        """Return when a customer of this grade is to be contacted next, always at a time when people work.

        The first contact counts working time from the grade; later ones count calendar days from the last contact, and
        what falls outside the hours waits for the next opening.

        Args:
            code: The grade.
            since: When the customer got it; aware.
            contacted_at: The last effective contact (connected or replied); one from before the grade counts as well.
            hours: When the shop works; every day from 9 to 20 by default.

        Returns:
            None if the grade asks for no contact.

        Raises:
            ConfigurationError: no such grade, or nobody works for 400 days.
        """
        grade, shop = self.grade(code), hours or WorkingHours()
        begun = require_aware(since, "since")
        if contacted_at is None and grade.first is not None:
            return shop.add(begun, grade.first)
        if grade.every is None:
            return None
        return shop.next_open(require_aware(contacted_at or begun, "contacted_at") + grade.every)


def _grade(value: object) -> Grade:
    table = read_table(value, _GRADE_KEYS, ("code",))
    return Grade(
        code=read_text(table["code"], "code", chars=_NAME),
        title=str(table.get("title", "")),
        meaning=str(table.get("meaning", "")),
        every=inside("every", parse_duration, table["every"]) if "every" in table else None,
        first=inside("first", parse_duration, table["first"]) if "first" in table else None,
    )
