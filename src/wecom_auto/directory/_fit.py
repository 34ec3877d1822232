"""Make texts that people type fit for every database. Touches no id: one that does not fit is an error to be seen."""

from __future__ import annotations

from typing import Final

__all__ = ["NAME_LENGTH", "fit"]

NAME_LENGTH: Final = 255
"""Characters of a column that holds a name, a remark or a channel."""


def fit(text: str) -> str:
    """Return a text without what a database refuses: NUL (PostgreSQL), half an emoji (all), more than its column."""
    if text.isascii() and "\0" not in text:
        return text[:NAME_LENGTH]
    return text.replace("\0", "").encode("utf-8", "replace").decode()[:NAME_LENGTH]
