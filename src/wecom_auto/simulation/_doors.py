"""Read off a definition what the simulated world must hold: tags, events, attributes, and how its customers come in.

Guesses nothing about what a SOP does; a condition that cannot be met keeps its customers out, as it would in real life.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from attrs import evolve, field, frozen

from wecom_auto.errors import ConfigurationError
from wecom_auto.sop import Definition, KnownFacts, Tag, Untag
from wecom_auto.sop.conditions import Condition

_PREFIX: Final = re.compile(r"state\.startswith\('([^']*)'\)|state == '([^']*)'")
_DATE: Final = "2030-01-01"
TARGET: Final = "customer"


@frozen(kw_only=True)
class Door:
    """How the customers of one SOP come in.

    Attributes:
        definition: The SOP.
        state: What the channel of their contact way begins with, or is.
        exact: Whether `state` must be the whole text.
        tags: Tags that members put on them at once.
        attributes: Attributes that they bring along, without the anchor.
        happens: What then happens to them, so that the SOP lets them in: ``event:x``, ``tag.added:x``, ``manual`` …
    """

    definition: Definition
    state: str = ""
    exact: bool = False
    tags: tuple[str, ...] = ()
    attributes: Mapping[str, bool] = field(factory=dict[str, bool])
    happens: str = ""

    @property
    def anchor(self) -> str:
        """The attribute that the offsets count from; empty for none."""
        return self.definition.entry.anchor or ""


def door(definition: Definition) -> Door:
    """How customers come into this SOP.

    Raises:
        ConfigurationError: The SOP is not about customers.
    """
    target = str(getattr(definition, "target", TARGET))
    if target != TARGET:
        msg = f"{definition.sop}: target = {target!r} cannot be simulated, only SOPs for customers can"
        raise ConfigurationError(msg)
    on = definition.entry.on
    found = Door(definition=definition, happens="" if on == "customer.added" else on)
    where = definition.entry.where
    if where is None:
        return found
    match = _PREFIX.search(where.text)
    if match is not None:
        found = evolve(found, state=match[1] or match[2], exact=match[1] is None)
    tags, attributes = _needed(where, found)
    return evolve(found, tags=tags, attributes=attributes)


def _needed(where: Condition, found: Door) -> tuple[tuple[str, ...], dict[str, bool]]:
    """The fewest tags and attributes that make the entry condition true."""
    anchor = found.anchor
    wanted = sorted(use for use in where.uses if use[0] in {"tag", "attr"} and use[1] != anchor)
    facts = KnownFacts(channel=found.state, attributes={anchor: _DATE} if anchor else {})
    if where.evaluate(facts):
        return (), {}
    kept = list(wanted)
    for one in wanted:
        fewer = [other for other in kept if other != one]
        if where.evaluate(_with(facts, fewer)):
            kept = fewer
    tags = tuple(name for kind, name in kept if kind == "tag")
    # Where nothing helps, nothing is put on: a tag that closes the door may also close others.
    if not where.evaluate(_with(facts, kept)):
        return (), {}
    return tags, {name: True for kind, name in kept if kind == "attr"}


def _with(facts: KnownFacts, names: Iterable[tuple[str, str]]) -> KnownFacts:
    names = list(names)
    attributes = {name: True for kind, name in names if kind == "attr"}
    tags = (name for kind, name in names if kind == "tag")
    return KnownFacts(channel=facts.channel, tags=tags, attributes={**facts.attributes, **attributes})


def conditions(definition: Definition) -> Iterator[Condition]:
    """Every condition of a definition."""
    if definition.entry.where is not None:
        yield definition.entry.where
    yield from (one.when for one in definition.exits)
    for step in definition.steps:
        if step.when is not None:
            yield step.when
        if step.wait is not None:
            yield step.wait.until


def asked(definitions: Iterable[Definition], kind: str) -> tuple[str, ...]:
    """The names that conditions ask for: of ``tag``, ``event`` or ``attr``."""
    uses = {use for one in definitions for each in conditions(one) for use in each.uses}
    return tuple(sorted(name for found, name in uses if found == kind))


def tag_names(definitions: Iterable[Definition]) -> tuple[str, ...]:
    """Every tag that the corp must have."""
    known = tuple(definitions)
    put = {action.name for one in known for step in one.steps for action in step.do if isinstance(action, Tag | Untag)}
    triggers = {one.entry.on.partition(":")[2] for one in known if one.entry.on.startswith("tag.added:")}
    return tuple(sorted({*asked(known, "tag"), *put, *triggers}))
