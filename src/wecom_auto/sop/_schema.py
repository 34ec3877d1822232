"""The JSON Schema of a definition document, for editors and for other writers. Checks nothing itself."""

from __future__ import annotations

from typing import Final

from wecom_auto._types import JSON
from wecom_auto.sop._policies import Holidays, Owner, Shift
from wecom_auto.sop.definition import SCHEMA

_DURATION: Final = r"^[0-9]{1,5}(min|h|d)$"
_OFFSET: Final = r"^[+-][0-9]{1,5}(min|h|d|mo)( [0-9]{2}:[0-9]{2})?$"
_RANGE: Final = r"^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$"
_ID: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
_TRIGGER: Final = r"^(customer\.added|import|manual|(attribute\.set|event|tag\.added):.+)$"


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
            "owner": {"enum": [word.value for word in Owner], "default": Owner.LAST_CONTACT.value},
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


def _step() -> dict[str, JSON]:
    names: dict[str, JSON] = {"anyOf": [_text(), {"type": "array", "items": _text(), "minItems": 1}]}
    actions = _table(
        {
            "welcome": _text(),
            "mass": _text(),
            "staff_task": _text(),
            "tag": names,
            "untag": names,
            "move_pool": _text(),
            "end": {"type": "boolean"},
            "remind_staff": _text(_DURATION),
            "escalate": _text(_DURATION),
            "due": _text(_DURATION),
        }
    ) | {"minProperties": 1}
    arms: dict[str, JSON] = {"type": "object", "minProperties": 1, "additionalProperties": {"type": "integer"}}
    wait = _table({"for": _text(), "max": _text(_DURATION)}, ["for", "max"])
    keys: dict[str, JSON] = {"id": _text(_ID), "at": _text(_OFFSET), "if": _text(), "do": actions, "ab": arms}
    return _table(keys | {"wait": wait}, ["id", "at", "do"])


def _text(pattern: str = "") -> dict[str, JSON]:
    found: dict[str, JSON] = {"type": "string"}
    return found | ({"pattern": pattern} if pattern else {"minLength": 1})


def _table(properties: dict[str, JSON], required: list[str] | None = None) -> dict[str, JSON]:
    found: dict[str, JSON] = {"type": "object", "additionalProperties": False, "properties": properties}
    return found | ({"required": required} if required else {})
