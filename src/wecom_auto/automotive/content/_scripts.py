"""Talk scripts (话术) for members: which approved text goes with a lead. Writes none, and sends none to customers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from wecom_auto.automotive.content._library import Category, LibraryItem
from wecom_auto.automotive.content._source import ApprovedContents, ContentRefusedError
from wecom_auto.automotive.leads import StoredLead, TalkScript
from wecom_auto.errors import ConfigurationError
from wecom_auto.sop._document._templates import variables_of

SCRIPT_CHARS: Final = 160
"""What a card shows for sure (sub_title_text, advised by manual 90236)."""
_VARIABLES: Final = ("campaign", "model", "name", "source", "store")
_PLACES: Final = ("campaign", "model", "source")


def usual_segments(lead: StoredLead) -> tuple[str, ...]:
    """The segments of a lead, from narrow to wide: ``campaign:…``, ``model:…``, ``source:…``.

    Args:
        lead: From the desk.
    """
    return tuple(f"{place}:{value}" for place in _PLACES if (value := getattr(lead, place)))


class SegmentScripts:
    """Scripts of a content library (内容库) by segment, approved and valid on that day.

    A script is a content of the category ``话术``; its ``audience`` lists the segments that it is for, and no audience
    means all leads. The first segment of a lead for which there is a script decides, in the order of the file.
    A script may name the variables ``name``, ``model``, ``store``, ``source`` and ``campaign``.

    Args:
        contents: The library with its approvals; what is not approved, early or expired is passed over.
        category: Which contents are scripts.
        segments: The segments of a lead, from narrow to wide; for example its grade of your `Journey`.

    Raises:
        ConfigurationError: A script is longer than 160 characters, which cards do not show for sure, has no text,
            carries attachments, which no card has, or names another variable.
    """

    def __init__(
        self,
        contents: ApprovedContents,
        *,
        category: str = "话术",
        segments: Callable[[StoredLead], Sequence[str]] = usual_segments,
    ) -> None:
        self._contents = contents
        self._segments = segments
        self._scripts = tuple(contents.approvals.library.of(Category(category)))
        for item in self._scripts:
            _check(item)

    def __repr__(self) -> str:
        return f"SegmentScripts({len(self._scripts)} scripts)"

    def __call__(self, lead: StoredLead, /) -> TalkScript | None:
        """The script of a lead; None if nothing approved is for it.

        Args:
            lead: From the desk.
        """
        for segment in (*self._segments(lead), ""):
            for item in self._scripts:
                if segment in item.content.audience if segment else not item.content.audience:
                    try:
                        said = self._contents.render(item.name, {one: getattr(lead, one) for one in _VARIABLES})
                    except ContentRefusedError:
                        continue
                    return TalkScript(name=item.name, text=said.text)
        return None


def _check(item: LibraryItem) -> None:
    content = item.content
    strange = sorted(variables_of(content.text) - {*_VARIABLES})
    faults = {
        f"the text has {len(content.text)} characters, a card shows {SCRIPT_CHARS}": len(content.text) > SCRIPT_CHARS,
        "it has no text": not content.text.strip(),
        "it has attachments, which no card carries": bool(content.attachments),
        f"variable {', '.join(strange)} is none of {', '.join(_VARIABLES)}": bool(strange),
    }
    for fault, true in faults.items():
        if true:
            msg = f"script {item.name!r}: {fault}"
            raise ConfigurationError(msg)
