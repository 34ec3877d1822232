"""Tell watch, groups and tag rules what was said. Everything that it does may be done twice."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from attrs import define, field, frozen

from wecom_auto._time import require_aware
from wecom_auto.archive import ArchiveReader, Party, PartyKind, Sight, StoredUtterance
from wecom_auto.automotive.groups import GroupDesk
from wecom_auto.automotive.tagplan import Signal, SignalKind, Tagger
from wecom_auto.automotive.watch import Evidence, Touch, WatchDesk

__all__ = ["ConversationFeed", "FeedReport", "evidence_of"]

_SILENT: Final = frozenset({"agree", "disagree", "revoke", "switch"})
"""What is in an archive and is nobody's word."""


def evidence_of(sees: Sight) -> frozenset[Evidence]:
    """Return what an archive is worth as a source of `WatchDesk`: nothing, if it sees nothing."""
    return frozenset() if sees is Sight.NOTHING else frozenset({Evidence.ARCHIVE})


@frozen(kw_only=True)
class FeedReport:
    """What was told.

    Attributes:
        told: Messages that were heard.
        failed: Why messages could not be, by msgid; they come again.
        contacts: Messages that changed something for a customer or group that is watched.
        hits: Messages of people outside that hit a rule.
        frozen: Groups that were frozen because of one.
    """

    told: int = 0
    failed: dict[str, str] = field(factory=dict[str, str])
    contacts: int = 0
    hits: int = 0
    frozen: tuple[str, ...] = ()


@define
class _Counts:
    contacts: int = 0
    hits: int = 0
    frozen: dict[str, None] = field(factory=dict[str, None])


class ConversationFeed:
    """Makes contacts, signals and frozen groups of what an archive tells.

    A customer's word waits for an answer, a member's word is one: in a one-to-one chat for the customer, in a group
    for the group. What a member says counts as an answer whatever it is: an archive does not say that a message was a
    mass message. Robots answer nobody.

    Args:
        watch: Hears of contacts; give its `sources` what `evidence_of` says.
        tagger: Hears the name of each key-word rule that a customer's words hit, as a signal of kind ``keyword``.
        groups: Freezes the group in which a rule of `freeze` was hit.
        freeze: Names of those rules.
    """

    def __init__(
        self,
        *,
        watch: WatchDesk | None = None,
        tagger: Tagger | None = None,
        groups: GroupDesk | None = None,
        freeze: Collection[str] = (),
    ) -> None:
        self.watch = watch
        self.tagger = tagger
        self.groups = groups
        self.freeze = frozenset(freeze)

    def __repr__(self) -> str:
        return f"ConversationFeed(freeze={sorted(self.freeze)})"

    def deliver(self, reader: ArchiveReader, now: datetime, *, limit: int = 1000) -> FeedReport:
        """Tell what the reader has read and nobody has heard; run it after `ArchiveReader.read`.

        Args:
            reader: Of the same corp.
            now: Aware.
            limit: The most messages.
        """
        counts = _Counts()
        report = reader.deliver(lambda one: self._hear(one, now, counts), require_aware(now, "now"), limit=limit)
        return FeedReport(
            told=report.told,
            failed=dict(report.failed),
            contacts=counts.contacts,
            hits=counts.hits,
            frozen=tuple(counts.frozen),
        )

    def _hear(self, one: StoredUtterance, now: datetime, counts: _Counts) -> None:
        if one.kind in _SILENT or one.action != "send":
            return
        counts.contacts += self._touch(one, now)
        if one.hits and one.sender.kind is PartyKind.CONTACT:
            self._hit(one, now, counts)
            counts.hits += 1

    def _touch(self, one: StoredUtterance, now: datetime) -> bool:
        subject = one.room or _person(one)
        if self.watch is None or not subject or one.sender.kind is PartyKind.ROBOT:
            return False
        outside = one.sender.kind is PartyKind.CONTACT
        member = "" if outside else one.sender.id
        touch = Touch(subject=subject, at=one.at, evidence=Evidence.ARCHIVE, inbound=outside, userid=member)
        return self.watch.touch(touch, now=now)

    def _hit(self, one: StoredUtterance, now: datetime, counts: _Counts) -> None:
        for name in one.hits:
            if self.tagger is not None:
                # For every member who has the customer: a complaint is not one member's matter.
                who = one.sender.id
                self.tagger.hear(Signal(kind=SignalKind.KEYWORD, value=name, at=one.at, external_userid=who))
            if self.groups is not None and one.room and name in self.freeze:
                # The rule's name, and not a word of the customer's: the reason is read by people.
                self.groups.freeze(one.room, now=now, reason=f"会话存档命中关键词规则「{name}」", by="archive")
                counts.frozen[one.room] = None


def _person(one: StoredUtterance) -> str:
    people: tuple[Party | None, ...] = (one.sender, one.receiver)
    return next((party.id for party in people if party is not None and party.kind is PartyKind.CONTACT), "")
