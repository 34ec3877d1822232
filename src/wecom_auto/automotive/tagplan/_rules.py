"""Rules that put tags on customers by themselves (自动打标签): data, and one pure function that evaluates them."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from attrs import field, frozen

from wecom_auto._time import require_aware
from wecom_auto.automotive._toml_lists import read_list
from wecom_auto.sop._document._problems import DefinitionError, inside, read_bool, read_table, read_text, suggestion
from wecom_auto.sop._document._timing import parse_duration

_KEYS: Final = {"id", "from", "field", "equals", "tag", "for", "off"}
_CHARS: Final = 191


class SignalKind(enum.StrEnum):
    """What a rule may listen to."""

    STATE = "state"
    """The customer came by a code: `field` is a part of the source (``channel``, ``campaign``, ``store``, …)."""
    EVENT = "event"
    """Something happened, such as ``testdrive.booked``."""
    FORM = "form"
    """The customer answered a form: `field` is the question."""
    KEYWORD = "keyword"
    """A word was said in a chat, told by an intercept rule (敏感词) or an archive."""


@frozen(kw_only=True)
class Signal:
    """Something that was noticed about a customer.

    Attributes:
        kind: What.
        value: The key of the source's part, the name of the event, the answer, or the word.
        at: When; aware.
        external_userid: The customer.
        userid: The member whose relation gets the tag; empty for everybody who has the customer.
        field: The part of the source, or the question.
    """

    kind: SignalKind
    value: str = field(repr=False)
    at: datetime
    external_userid: str
    userid: str = ""
    field: str = ""

    def __attrs_post_init__(self) -> None:
        require_aware(self.at, "at")


@frozen(kw_only=True)
class TagRule:
    """One rule.

    Attributes:
        id: What reports call it.
        kind: What it listens to.
        group: The group of the tag.
        tag: The tag.
        field: Only this part of the source, or this question; empty for any.
        equals: Only these values; none of them for any.
        lasts: How long the tag stays; None for ever. A second signal begins the time anew.
        off: Take the tag off instead.
    """

    id: str
    kind: SignalKind
    group: str
    tag: str
    field: str = ""
    equals: frozenset[str] = frozenset()
    lasts: timedelta | None = None
    off: bool = False

    def fires(self, signal: Signal) -> bool:
        """Whether the rule means this signal; letters count as they are written."""
        return (
            signal.kind is self.kind
            and self.field in {"", signal.field}
            and (not self.equals or signal.value in self.equals)
        )


@frozen(kw_only=True)
class TagOrder:
    """What a rule wants for one customer.

    Attributes:
        external_userid: The customer.
        userid: The member; empty for everybody who has the customer.
        group: The group of the tag.
        tag: The tag.
        rule: Who wants it.
        at: The moment of the signal.
        expires_at: When the tag goes by itself; None for never.
        off: Take the tag off.
    """

    external_userid: str
    userid: str
    group: str
    tag: str
    rule: str
    at: datetime
    expires_at: datetime | None = None
    off: bool = False


def evaluate(rules: Iterable[TagRule], signal: Signal) -> tuple[TagOrder, ...]:
    """Say what the rules want after a signal, in their order. Pure: reads no clock and no database."""
    return tuple(
        TagOrder(
            external_userid=signal.external_userid,
            userid=signal.userid,
            group=rule.group,
            tag=rule.tag,
            rule=rule.id,
            at=signal.at,
            expires_at=signal.at + rule.lasts if rule.lasts and not rule.off else None,
            off=rule.off,
        )
        for rule in rules
        if rule.fires(signal)
    )


def read_rule(value: object) -> TagRule:
    """Read one rule of a plan.

    Raises:
        DefinitionError: it cannot be meant, with the place.
    """
    table = read_table(value, _KEYS, ("id", "from", "tag"))
    kinds = [one.value for one in SignalKind]
    if table["from"] not in kinds:
        problem = f"unknown source {table['from']!r:.60}"
        raise DefinitionError(problem, place="from", remedy=suggestion(str(table["from"]), kinds))
    group, slash, tag = read_text(table["tag"], "tag", chars=_CHARS).partition("/")
    if not slash or not tag:
        problem = f"{table['tag']!r:.60} names no group"
        raise DefinitionError(problem, place="tag", remedy='write "group/tag", for example "来源渠道/直播"')
    return TagRule(
        id=read_text(table["id"], "id", chars=64),
        kind=SignalKind(str(table["from"])),
        group=group,
        tag=tag,
        field=str(table.get("field", "")),
        equals=frozenset(read_list(table.get("equals", []), "equals", _value)),
        lasts=inside("for", parse_duration, table["for"]) if "for" in table else None,
        off=read_bool(table.get("off", False), "off"),
    )


def _value(value: object) -> str:
    return read_text(value, "a value", chars=_CHARS)
