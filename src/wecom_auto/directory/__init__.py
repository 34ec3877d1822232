"""The local mirror: customers, relations, tags, and what happened to them; filled in bulk, kept by events.

It repairs itself from the platform's answers and refuses to trust the order in which events arrive.
It knows nothing of schedules; they ask it for facts.
The whole package needs the extra ``wecom-auto[sop]``.
"""

from __future__ import annotations

from wecom_auto.directory._directory import Directory
from wecom_auto.directory._facts import DirectoryFacts, Follower
from wecom_auto.directory._jobs import SyncKind, SyncProgress
from wecom_auto.directory._membership import GroupRow, Membership
from wecom_auto.directory._reader import Keep
from wecom_auto.directory._relation import Relation, RelationStatus
from wecom_auto.directory._subjects import SubjectFacts
from wecom_auto.directory._ways import Way, WayKind

__all__ = [
    "Directory",
    "DirectoryFacts",
    "Follower",
    "GroupRow",
    "Keep",
    "Membership",
    "Relation",
    "RelationStatus",
    "SubjectFacts",
    "SyncKind",
    "SyncProgress",
    "Way",
    "WayKind",
]
