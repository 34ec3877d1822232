"""Read YAML with every scalar as the text that was written. Guesses nothing: the schema says what is a number.

YAML 1.1 reads `on: customer.added` with the key `True`, `at: 10:00` as 600, `end: no` as false and `1.10` as 1.1.
Here all of these are texts; where the format wants a whole number or `true`/`false`, and the text is exactly one, it
becomes one; everything else stays a text, which the definition then refuses or understands.
Aliases, tags and keys that stand twice are refused: they make documents that nobody can review.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, Final

from wecom_auto._types import JSON
from wecom_auto.errors import ConfigurationError
from wecom_auto.sop._document._problems import DefinitionError, read_file

_CHARS: Final = 1_000_000
_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_BOOLEANS: Final = {"true": True, "false": False}


def read_yaml(source: str | os.PathLike[str], schema: Mapping[str, JSON]) -> object:
    """Parse YAML.

    Args:
        source: A path; or the text itself, recognised by a line break.
        schema: The JSON Schema of the document; it tells numbers and truths from texts.

    Raises:
        DefinitionError: Not YAML (with line and column), an alias, a tag, a key twice, more than a million characters.
        ConfigurationError: PyYAML is not installed.
    """
    return _typed(_load(_text(source)), schema)


def _text(source: str | os.PathLike[str]) -> str:
    text = source if isinstance(source, str) and "\n" in source else read_file(source)
    if len(text) > _CHARS:
        problem = f"the document has more than {_CHARS} characters"
        raise DefinitionError(problem)
    return text


def _load(text: str) -> object:
    try:
        import yaml
    except ImportError as error:
        msg = 'YAML needs PyYAML: pip install "wecom-auto[yaml]"'
        raise ConfigurationError(msg) from error
    try:
        node = yaml.compose(text, Loader=yaml.BaseLoader)
        for event in yaml.parse(text, Loader=yaml.BaseLoader):
            _refuse(event)
        return _plain(node)
    except yaml.YAMLError as error:
        problem = f"not YAML: {' '.join(str(error).split())}"
    except RecursionError:
        problem = "not YAML: too many levels"
    raise DefinitionError(problem)


def _refuse(event: Any) -> None:
    mark = event.start_mark
    where = f"line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
    if getattr(event, "anchor", None):
        problem = f"an anchor or alias ({where})"
        raise DefinitionError(problem, remedy="write the part out where it belongs")
    if getattr(event, "tag", None):
        problem = f"the tag {event.tag!r:.40} ({where})"
        raise DefinitionError(problem, remedy="leave the tag out")


def _plain(node: Any) -> object:
    match getattr(node, "id", ""):
        case "mapping":
            found: dict[str, object] = {}
            for key, value in node.value:
                name = str(key.value)
                if name in found:
                    problem = f"the key {name!r:.60} stands twice (line {key.start_mark.line + 1})"
                    raise DefinitionError(problem, remedy="keep one of them")
                found[name] = _plain(value)
            return found
        case "sequence":
            return [_plain(item) for item in node.value]
        case "scalar":
            return str(node.value)
        case _:
            return {}


def _typed(value: object, schema: Mapping[str, JSON]) -> object:
    """Turn texts into what the schema wants, where they are exactly that."""
    options: Any = schema.get("anyOf", [schema])
    if isinstance(value, str):
        kinds = {option.get("type") for option in options}
        if "boolean" in kinds:
            return _BOOLEANS.get(value, value)
        return int(value) if "integer" in kinds and _INTEGER.fullmatch(value) else value
    if isinstance(value, dict):
        table: Mapping[str, Any] = next((option for option in options if option.get("type") == "object"), {})
        others, keys = table.get("additionalProperties") or {}, table.get("properties", {})
        return {key: _typed(item, keys.get(key, others)) for key, item in value.items()}
    if isinstance(value, list):
        items: Mapping[str, Any] = next(
            (option.get("items", {}) for option in options if option.get("type") == "array"), {}
        )
        return [_typed(item, items) for item in value]
    return value
