"""Stages as data: what they are called, where a customer may go from each, why customers are lost.

A lifecycle is read from a preset or a file and never changed; it decides nothing about a customer by itself.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Final

from attrs import evolve, field, frozen

from wecom_auto.automotive._presets import preset_text
from wecom_auto.automotive._toml_lists import read_list
from wecom_auto.errors import ConfigurationError
from wecom_auto.sop._document._problems import (
    DefinitionError,
    inside,
    read_bool,
    read_int,
    read_table,
    read_text,
    suggestion,
)
from wecom_auto.sop._document._timing import parse_duration
from wecom_auto.sop._document._toml import read_toml

_KEYS: Final = {"name", "tag_group", "start", "lost", "lost_after", "stage"}
_STAGE_KEYS: Final = {"code", "title", "to", "prospect", "aside", "enter", "basis"}
_LOST_KEYS: Final = {"stage", "review_days", "reason"}
_NAME: Final = 30
"""A stage's title becomes a tag, and a tag has at most 30 characters (manual 92117)."""
_MOST_DAYS: Final = 3650


@frozen(kw_only=True)
class Stage:
    """One stage (阶段) of a customer.

    Attributes:
        code: What programs call it, such as ``test_drive``.
        title: What people and the tag call it, such as 试驾; up to 30 characters.
        to: Codes of the stages that may follow.
        prospect: The customer has not bought yet, so that silence loses them.
        aside: Beside the way from lead to owner, such as lost: news from before it never leads on from here.
        enter: When a customer gets here, in words.
        basis: Where this stage comes from.
    """

    code: str
    title: str
    to: tuple[str, ...] = ()
    prospect: bool = False
    aside: bool = False
    enter: str = ""
    basis: str = ""


@frozen(kw_only=True)
class LossReason:
    """Why a customer was lost (战败原因).

    Attributes:
        code: What programs call it, such as ``price``.
        title: What people call it, such as 价格.
    """

    code: str
    title: str


@frozen(kw_only=True)
class Lifecycle:
    """The stages of one kind of customer, and the rules between them.

    Attributes:
        name: Of the preset or the file.
        stages: In the order in which a customer goes through them.
        start: Codes of the stages in which a customer may be first seen.
        lost_after: Silence after which a prospect is taken for lost (战败周期). There is no default: only you know it.
            Suggestions (ours): 90 days, 60 for pure electric cars.
        lost_stage: Code of the stage of the lost.
        reasons: Why customers are lost; one of them must be given.
        reviews: How long after the loss somebody looks again.
        tag_group: The group of corp tags that shows the stage; one tag at a time.
    """

    name: str
    stages: tuple[Stage, ...]
    start: tuple[str, ...]
    lost_after: timedelta
    lost_stage: str
    reasons: tuple[LossReason, ...]
    reviews: tuple[timedelta, ...] = ()
    tag_group: str = ""
    _by_code: dict[str, Stage] = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_by_code", {one.code: one for one in self.stages})

    @classmethod
    def preset(cls, name: str = "automotive", *, lost_after: timedelta) -> Lifecycle:
        """Take a lifecycle that ships with the package.

        Args:
            name: ``automotive`` has the 12 stages from lead to churned.
            lost_after: Silence after which a prospect is lost. Suggestions (ours): 90 days, 60 for electric cars.
        """
        return cls.from_file(preset_text("lifecycle", name), lost_after=lost_after)

    @classmethod
    def from_file(cls, source: str | os.PathLike[str], *, lost_after: timedelta | None = None) -> Lifecycle:
        """Read a lifecycle from a TOML file, or from its text.

        Args:
            source: The file; or the text itself, recognised by a line break.
            lost_after: Wins over the file's own ``lost_after``; one of the two must be there.

        Raises:
            DefinitionError: the file says something that cannot be meant, with the place.
            ConfigurationError: the lost period is nowhere.
        """
        return _read(read_toml(source), lost_after)

    def stage(self, code: str) -> Stage:
        """Return a stage by its code.

        Raises:
            ConfigurationError: there is none; the message names the nearest.
        """
        found = self._by_code.get(code)
        if found is None:
            msg = f"no stage {code!r} in lifecycle {self.name!r}; {suggestion(code, self._by_code)}"
            raise ConfigurationError(msg)
        return found

    def allowed(self, code: str | None) -> tuple[str, ...]:
        """Return the codes of the stages that may follow; those to begin with for None."""
        return self.start if code is None else self.stage(code).to

    def rank(self, code: str) -> int:
        """Return how far a stage is on the way from lead to owner; -1 for one beside it."""
        stage = self.stage(code)
        return -1 if stage.aside else self.stages.index(stage)

    def reason(self, code: str) -> LossReason:
        """Return why customers are lost, by code.

        Raises:
            ConfigurationError: no such reason; the message names all.
        """
        for one in self.reasons:
            if one.code == code:
                return one
        known = ", ".join(f"{one.code} ({one.title})" for one in self.reasons)
        msg = f"a loss needs a reason code, not {code!r}: {known}"
        raise ConfigurationError(msg)

    def lost_for(self, lost_after: timedelta) -> Lifecycle:
        """Return the same lifecycle with another lost period, for example for electric cars."""
        return evolve(self, lost_after=_positive(lost_after))


def _read(document: object, lost_after: timedelta | None) -> Lifecycle:
    table = read_table(document, _KEYS, ("name", "start", "lost", "stage"))
    stages = read_list(table["stage"], "stage", _stage)
    lost = read_table(table["lost"], _LOST_KEYS, ("stage", "reason"))
    codes = [one.code for one in stages]
    _check_codes(stages, codes)
    own = inside("lost_after", parse_duration, table["lost_after"]) if "lost_after" in table else None
    period = lost_after or own
    if period is None:
        msg = (
            'the lost period is missing: pass lost_after=timedelta(days=90), or write lost_after = "90d" into the file'
        )
        raise ConfigurationError(msg)
    days = read_list(lost.get("review_days", []), "lost.review_days", _days)
    return Lifecycle(
        name=read_text(table["name"], "name", chars=64),
        stages=stages,
        start=_known(read_list(table["start"], "start", str), "start", codes),
        lost_after=_positive(period),
        lost_stage=_known((str(lost["stage"]),), "lost.stage", codes)[0],
        reasons=read_list(lost["reason"], "lost.reason", _reason),
        reviews=tuple(timedelta(days=one) for one in sorted(days)),
        tag_group=read_text(table["tag_group"], "tag_group", chars=_NAME) if "tag_group" in table else "",
    )


def _positive(period: timedelta) -> timedelta:
    if period <= timedelta(0):
        msg = f"lost_after must be longer than nothing, not {period}"
        raise ConfigurationError(msg)
    return period


def _stage(value: object) -> Stage:
    table = read_table(value, _STAGE_KEYS, ("code", "title"))
    return Stage(
        code=read_text(table["code"], "code", chars=_NAME),
        title=read_text(table["title"], "title", chars=_NAME),
        to=read_list(table.get("to", []), "to", str),
        prospect=read_bool(table.get("prospect", False), "prospect"),
        aside=read_bool(table.get("aside", False), "aside"),
        enter=str(table.get("enter", "")),
        basis=str(table.get("basis", "")),
    )


def _reason(value: object) -> LossReason:
    table = read_table(value, {"code", "title"}, ("code", "title"))
    return LossReason(
        code=read_text(table["code"], "code", chars=_NAME), title=read_text(table["title"], "title", chars=_NAME)
    )


def _days(value: object) -> int:
    return read_int(value, "a number of days", least=1, most=_MOST_DAYS)


def _check_codes(stages: tuple[Stage, ...], codes: list[str]) -> None:
    for what, values in (("code", codes), ("title", [one.title for one in stages])):
        twice = next((one for one in values if values.count(one) > 1), None)
        if twice is not None:
            problem = f"two stages have the {what} {twice!r}"
            raise DefinitionError(problem, place="stage")
    for number, stage in enumerate(stages):
        _known(stage.to, f"stage[{number}].to", codes)


def _known(wanted: tuple[str, ...], place: str, codes: list[str]) -> tuple[str, ...]:
    for one in wanted:
        if one not in codes:
            problem = f"unknown stage {one!r}"
            raise DefinitionError(problem, place=place, remedy=suggestion(one, codes))
    return wanted
