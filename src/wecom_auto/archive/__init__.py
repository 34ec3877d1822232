"""The conversation archive (会话存档): where messages come from, and what may be kept of them.

Three sources: the data zone (`ZoneArchive`) tells that something was said, never what; the vendor's native library
(`NativeArchive`) gives the words, to corps that have the classic archive; `NoArchive` sees nothing and says so.
`ArchiveReader` keeps facts, not words, of people who have agreed, and refuses the rest.

Needs the extra: ``wecom-auto[sop]`` (SQLAlchemy and Alembic). It ships no library of the vendor.
"""

from __future__ import annotations

from wecom_auto._model import publish
from wecom_auto.archive._agreements import AgreementSource, PlatformAgreements
from wecom_auto.archive._classic import MediaFile, NativeArchive
from wecom_auto.archive._keys import ArchiveKeys
from wecom_auto.archive._native import NativeFinanceSdk
from wecom_auto.archive._reader import ArchiveReader
from wecom_auto.archive._sdk import FinanceSdk
from wecom_auto.archive._stored import ArchiveState, DeliverReport, ReadReport, StoredUtterance, UnreadMessage
from wecom_auto.archive._values import (
    Agreement,
    ArchiveSource,
    NoArchive,
    Party,
    PartyKind,
    Sight,
    SourcePage,
    Unreadable,
    Utterance,
)
from wecom_auto.archive._words import KeyWords, words_of
from wecom_auto.archive._zone import ZoneArchive

__all__ = [
    "Agreement",
    "AgreementSource",
    "ArchiveKeys",
    "ArchiveReader",
    "ArchiveSource",
    "ArchiveState",
    "DeliverReport",
    "FinanceSdk",
    "KeyWords",
    "MediaFile",
    "NativeArchive",
    "NativeFinanceSdk",
    "NoArchive",
    "Party",
    "PartyKind",
    "PlatformAgreements",
    "ReadReport",
    "Sight",
    "SourcePage",
    "StoredUtterance",
    "UnreadMessage",
    "Unreadable",
    "Utterance",
    "ZoneArchive",
    "words_of",
]

publish(globals(), __all__, __name__)
