"""Read TOML text or a TOML file. Knows nothing of what the document means."""

from __future__ import annotations

import os
import tomllib

from wecom_auto.sop._document._problems import DefinitionError, read_file


def read_toml(source: str | os.PathLike[str]) -> dict[str, object]:
    """Parse TOML.

    Args:
        source: A path; or the text itself, recognised by a line break or an equals sign.

    Raises:
        DefinitionError: Not TOML (with line and column), not UTF-8, or the file cannot be read.
    """
    is_text = isinstance(source, str) and ("\n" in source or "=" in source)
    text = source if is_text and isinstance(source, str) else read_file(source)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problem = f"not TOML: {error}"
        raise DefinitionError(problem) from None
