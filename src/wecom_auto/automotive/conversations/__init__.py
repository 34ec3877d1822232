"""What a conversation archive (会话存档) is good for at a dealer: who waits for an answer, and who complains.

It reads no archive: `wecom_auto.archive.ArchiveReader` does. Here its facts become contacts of the follow-up watch,
frozen groups and signals of tag rules. It looks at no word, only at the names of key-word rules.
"""

from __future__ import annotations

from wecom_auto._model import publish
from wecom_auto.automotive.conversations._feed import ConversationFeed, FeedReport, evidence_of

__all__ = ["ConversationFeed", "FeedReport", "evidence_of"]

publish(globals(), __all__, __name__)
