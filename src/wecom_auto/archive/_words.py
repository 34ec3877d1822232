"""The words of an archived message, and which key words are among them. Looks at text, keeps none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from attrs import frozen

from wecom_auto.errors import ValidationError
from wecom_auto.models import (
    ArchivedCalendar,
    ArchivedChannels,
    ArchivedChatRecord,
    ArchivedContent,
    ArchivedDocument,
    ArchivedFile,
    ArchivedLink,
    ArchivedMarkdown,
    ArchivedMiniProgram,
    ArchivedMixed,
    ArchivedNews,
    ArchivedText,
    ArchivedTodo,
    ArchivedVote,
)

__all__ = ["KeyWords", "words_of"]

_CHARS: Final = 64


def words_of(content: ArchivedContent) -> str:
    """Return what somebody wrote or passed on in words; empty for what has none, such as a picture."""
    return "\n".join(filter(None, _parts(content)))


def _parts(content: ArchivedContent) -> Iterator[str]:
    match content:
        case ArchivedText() | ArchivedMarkdown():
            yield content.content
        case ArchivedMixed():
            yield from (one.text for one in content.items)
        case ArchivedChatRecord():
            yield content.title
            yield from (one.text for one in content.items)
        case ArchivedLink() | ArchivedMiniProgram():
            yield from (content.title, content.description)
        case ArchivedNews():
            yield from (text for one in content.items for text in (one.title, one.description))
        case ArchivedFile():
            yield content.filename
        case ArchivedTodo():
            yield from (content.title, content.content)
        case ArchivedVote():
            yield from (content.title, *content.choices)
        case ArchivedCalendar():
            yield from (content.title, content.remarks)
        case ArchivedDocument():
            yield content.title
        case ArchivedChannels():
            yield content.description
        case _:
            return


@frozen(init=False)
class KeyWords:
    """Words by the name of what they mean, such as ``{"complaint": ["投诉", "维权"]}``; capitals do not matter.

    Args:
        words: The name is what is kept of a hit, up to 64 characters.

    Raises:
        ValidationError: A name is too long, or a word empty.
    """

    words: Mapping[str, tuple[str, ...]]

    def __init__(self, words: Mapping[str, Iterable[str]] | None = None) -> None:
        folded = {name: tuple(word.casefold() for word in some) for name, some in (words or {}).items()}
        for name, some in folded.items():
            if not 1 <= len(name) <= _CHARS:
                field = "keywords"
                raise ValidationError(
                    field, value=f"a name of {len(name)} characters", limit=f"1 to {_CHARS} characters"
                )
            if not some or not all(word.strip() for word in some):
                field = f"keywords[{name}]"
                raise ValidationError(field, value="an empty word, or none", limit="at least one word of one character")
        object.__setattr__(self, "words", folded)

    def hits(self, text: str) -> tuple[str, ...]:
        """Return the names whose words are in a text."""
        folded = text.casefold()
        return tuple(name for name, some in self.words.items() if any(word in folded for word in some))
