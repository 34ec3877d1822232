"""The inbox: events are stored before the platform is answered, then handled at least once.

It starts no worker: somebody has to call `Inbox.work_once` or `Inbox.run`.
Needs the extra ``wecom-auto[sop]`` (SQLAlchemy and Alembic).
"""

from __future__ import annotations

from wecom_auto._model import publish
from wecom_auto.inbox._inbox import Inbox
from wecom_auto.inbox._subject import subject_of
from wecom_auto.inbox._values import InboxNotice, InboxReport, InboxSettings, InboxState, InboxStats, StoredEvent

__all__ = [
    "Inbox",
    "InboxNotice",
    "InboxReport",
    "InboxSettings",
    "InboxState",
    "InboxStats",
    "StoredEvent",
    "subject_of",
]

publish(globals(), __all__, __name__)
