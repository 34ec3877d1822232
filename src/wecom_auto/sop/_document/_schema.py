"""The JSON Schema of a definition document, for editors and for other writers. Checks nothing itself."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from wecom_auto._types import JSON
from wecom_auto.sop._document._actions import Evidence, TaskKind
from wecom_auto.sop._document._entering import VEHICLE_DATES
from wecom_auto.sop._document._policies import (
    Absence,
    Concurrency,
    Conflict,
    Edit,
    Holidays,
    Owner,
    Purpose,
    Shift,
    Target,
    Transfer,
    Unconfirmed,
)

SCHEMA: Final = "wecom-auto/sop/1"
"""The version of the document format; a default never changes within one version."""
_DURATION: Final = r"^[0-9]{1,5}(min|h|d)$"
_OFFSET: Final = r"^[+-][0-9]{1,5}(min|h|d|mo)( [0-9]{2}:[0-9]{2})?$"
_RANGE: Final = r"^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$"
_ID: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
_TRIGGER: Final = (
    r"^(customer\.added|group\.(created|joined)|birthday|import|manual|(attribute\.set|event|stage\.entered|tag\.added):.+"
    rf"|vehicle:({'|'.join(VEHICLE_DATES)})"
    r"|calendar:([0-9]{4}-[0-9]{2}-[0-9]{2}|monthly [0-9]{1,2}|weekly [a-z]{3}(, ?[a-z]{3})*))$"
)


def json_schema() -> dict[str, JSON]:
    """The schema (draft 2020-12) of the canonical document and of the TOML form.

    The grammar of conditions and a few rules between keys are beyond JSON Schema: `Definition.from_document` has them.
    """
    return _table(
        {
            "schema": {"const": SCHEMA},
            "sop": _text(_ID),
            "version": {"type": "integer", "minimum": 1},
            "title": {"type": "string", "minLength": 1, "maxLength": 200},
            "timezone": {"type": "string", "default": "Asia/Shanghai"},
            "priority": {"type": "integer", "minimum": 0, "maximum": 100, "default": 50},
            "owner": _words(Owner) | {"default": Owner.LAST_CONTACT.value},
            "target": _words(Target) | {"default": Target.CUSTOMER.value},
            "category": _text() | {"maxLength": 60},
            "policy": _policy(),
            "entry": _entry(),
            "window": _window(),
            "exit": {"type": "array", "items": _table({"when": _text(), "goal": {"type": "boolean"}}, ["when"])},
            "step": {"type": "array", "minItems": 1, "maxItems": 200, "items": _step()},
        },
        ["sop", "version", "title", "entry", "step"],
    ) | {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{SCHEMA.replace('/', ':')}",
        "title": "wecom_auto SOP definition",
    }


def _entry() -> dict[str, JSON]:
    reentry = _text(r"^(never|always|per anchor|after [0-9]{1,5}d)$")
    return _table({"on": _text(_TRIGGER), "where": _text(), "reentry": reentry, "anchor": _text()}, ["on"])


def _window() -> dict[str, JSON]:
    ranges: dict[str, JSON] = {"type": "array", "items": _text(_RANGE)}
    return _table(
        {
            "allow": ranges,
            "quiet": ranges,
            "holidays": {"enum": [word.value for word in Holidays], "default": Holidays.SEND.value},
            "shift": {"enum": [word.value for word in Shift], "default": Shift.LATER.value},
            "late": _text(r"^drop after [0-9]{1,5}(min|h|d)$") | {"default": "drop after 2d"},
            "spread": _text(r"^[0-9]{1,5}d$"),
        }
    )


def _policy() -> dict[str, JSON]:
    count: dict[str, JSON] = {"type": "integer", "minimum": 1, "maximum": 1000}
    return _table(
        {
            "concurrency": _words(Concurrency),
            "on_conflict": _words(Conflict),
            "fatigue": _table({"day": count, "week": count, "month": count}),
            "gap": _text(_DURATION),
            "purpose": _words(Purpose),
            "consent": _text() | {"maxLength": 100},
            "on_edit": _words(Edit),
            "on_transfer": _words(Transfer),
            "on_absence": _words(Absence),
            "on_unconfirmed": _words(Unconfirmed),
            "allow_split": {"type": "boolean"},
        }
    )


def _step() -> dict[str, JSON]:
    arms: dict[str, JSON] = {"type": "object", "minProperties": 1, "additionalProperties": {"type": "integer"}}
    wait = _table({"for": _text(), "max": _text(_DURATION)}, ["for", "max"])
    keys: dict[str, JSON] = {"id": _text(_ID), "at": _text(_OFFSET), "if": _text(), "do": _do(), "ab": arms}
    return _table(keys | {"wait": wait, "window": _window()}, ["id", "at", "do"])


def _do() -> dict[str, JSON]:
    names: dict[str, JSON] = {"anyOf": [_text(), {"type": "array", "items": _text(), "minItems": 1}]}
    case = _table({"if": _text(), "goto": _text(_ID)}, ["goto"])
    texts: dict[str, JSON] = {
        key: _text() for key in ("welcome", "mass", "group", "moment", "notice", "move_pool", "stage", "webhook")
    }
    more: dict[str, JSON] = {
        "staff_task": {"anyOf": [_text() | {"maxLength": 100}, _task()]},
        "tag": names,
        "untag": names,
        "visible": names,
        "branch": {"type": "array", "minItems": 1, "maxItems": 20, "items": case},
        "goto": _text(_ID),
        "end": {"type": "boolean"},
        "remind_staff": _text(_DURATION),
        "escalate": _text(_DURATION),
        "due": _text(_DURATION),
    }
    return _table(texts | more) | {"minProperties": 1}


def _task() -> dict[str, JSON]:
    keys: dict[str, JSON] = {
        "title": _text() | {"maxLength": 100},
        "kind": _words(TaskKind),
        "evidence": _words(Evidence),
    }
    return _table(keys | {"role": _text(), "due": _text(_DURATION), "done": _text()}, ["title"])


def _words(words: type[StrEnum]) -> dict[str, JSON]:
    return {"enum": [word.value for word in words]}


def _text(pattern: str = "") -> dict[str, JSON]:
    found: dict[str, JSON] = {"type": "string"}
    return found | ({"pattern": pattern} if pattern else {"minLength": 1})


def _table(properties: dict[str, JSON], required: list[str] | None = None) -> dict[str, JSON]:
    found: dict[str, JSON] = {"type": "object", "additionalProperties": False, "properties": properties}
    return found | ({"required": required} if required else {})
