"""What every event is made of. Parses nothing and sends nothing; the classes are in `wecom_auto.callbacks.events`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar, Final

import attrs
from attrs import field, frozen

from wecom_auto._model import NO_EXTRA
from wecom_auto._time import require_aware
from wecom_auto._types import JSON
from wecom_auto.callbacks._discreet import Discreet, masked, names_only
from wecom_auto.callbacks._wire import head, moment
from wecom_auto.callbacks._xml import Element, Node
from wecom_auto.callbacks.crypto import Delivery

__all__ = ["Event", "KnownEvent", "UnknownEvent", "masked"]


_WHEN: Final = frozenset({"createtime", "timestamp"})


RECONSTRUCTED: Final = "reconstructed"
"""Stands where the platform's nonce stands in an event that did come."""


def _aware(_event: Event, attribute: attrs.Attribute[datetime], value: datetime) -> None:
    if value.tzinfo is not UTC:  # What comes from the platform always is.
        require_aware(value, attribute.name)


@frozen(kw_only=True, repr=False)
class Event(Discreet):
    """Something that happened on the platform and was told to this receiver.

    Both envelopes of the platform end here: events of apps (``Event``) and of providers' suites (``InfoType``).

    Args:
        created_at: When it happened, to the second (``CreateTime`` or ``TimeStamp``).
            If the body does not say, when the request was signed.
        to_user: Corp id; a provider's data URL may get the suite id here (Unverified).
        from_user: Who caused it: a userid, or ``"sys"``, also where the envelope names nobody.
        agent_id: The app, where the platform names one.
        suite_id: The provider's suite; empty for events of a corp's own apps.
        auth_corp_id: The corp of a provider's customer; empty for events of a corp's own apps.
        extra: Fields this class has no attribute for, by their wire names.
        tree: What `raw` shows.
        delivery: How it came, decrypted body included; ``None`` for an event that was not received.
        late: An inbox says so when a younger event about the same thing came first: what the API says is newer.
    """

    created_at: datetime = field(validator=_aware, metadata=head("CreateTime", "TimeStamp", parse=moment))
    to_user: str = field(default="", metadata=head("ToUserName"))
    from_user: str = field(default="sys", metadata=head("FromUserName"))
    agent_id: str = field(default="", metadata=head("AgentID"))
    suite_id: str = field(default="", metadata=head("SuiteId"))
    auth_corp_id: str = field(default="", metadata=head("AuthCorpId"))
    extra: Mapping[str, JSON] = field(default=NO_EXTRA, hash=False, repr=names_only)
    _tree: Node | None = field(default=None, alias="tree", eq=False, repr=False)
    delivery: Delivery | None = field(default=None, eq=False, repr=False)
    late: bool = field(default=False, eq=False)

    @property
    def raw(self) -> Element | None:
        """The decrypted tree as it came; ``None`` for JSON and for an event that was not received."""
        return None if self._tree is None else Element.of(self._tree)

    @property
    def corp_id(self) -> str:
        """The corp it happened in, whichever envelope brought it."""
        return self.auth_corp_id or self.to_user

    @property
    def is_for_provider(self) -> bool:
        """Whether it came in the envelope of providers (``InfoType``), which wants the answer ``success``."""
        return bool(self.suite_id)

    @property
    def reconstructed(self) -> bool:
        """Whether it never came, and was made from what the API says; see `Directory.reconcile`."""
        return self.delivery is not None and self.delivery.nonce == RECONSTRUCTED

    @property
    def name(self) -> str:
        """Family and change joined by a point, e.g. ``"change_external_contact.add_external_contact"``."""
        return ""

    @property
    def tells_itself_apart(self) -> bool:
        """Whether two real events of the same second cannot have the same body.

        Where they can, the body says no more than "something changed, read it again".
        """
        return False

    @property
    def dedupe_key(self) -> str:
        """A text that is equal for two deliveries of one event; empty for an event that was not received.

        It covers receiver and body, and not the ciphertext, which may change from try to try (Unverified).
        Where an event does not `tells_itself_apart`, it covers the signed timestamp and nonce too:
        reading a customer once more does no harm, and missing the second of two edits does.
        """
        if self.delivery is None:
            return ""
        body, receive_id, timestamp, nonce = self.delivery
        parts = (receive_id,) if self.tells_itself_apart else (receive_id, timestamp, nonce)
        # JSON keeps the parts apart whatever they hold, and escapes what is no UTF-8.
        return hashlib.sha256(json.dumps(parts).encode() + body).hexdigest()


@frozen(kw_only=True, repr=False)
class KnownEvent(Event):
    """An event that has a class of its own.

    Attributes:
        MSG_TYPE: Its ``MsgType``: ``"event"``, or the kind of a message.
        FAMILY: Its ``Event`` or ``InfoType``; empty for a message.
        CHANGE_TYPE: Its ``ChangeType``; empty if it has none.
        READ_AGAIN: Whether it says no more than "something changed, read it again", or not who did it.
    """

    MSG_TYPE: ClassVar[str] = "event"
    FAMILY: ClassVar[str] = ""
    CHANGE_TYPE: ClassVar[str] = ""
    READ_AGAIN: ClassVar[bool] = False

    @property
    def says_when(self) -> bool:
        """Whether its body says when it happened; one that was not received always does."""
        return self._tree is None or any(text and tag.lower() in _WHEN for tag, text, _ in self._tree[2])

    @property
    def name(self) -> str:
        """Family and change joined by a point, e.g. ``"change_external_contact.add_external_contact"``."""
        return name_of(type(self))

    @property
    def tells_itself_apart(self) -> bool:
        """Whether two real events of the same second cannot have the same body, which then has to name the second."""
        return not self.READ_AGAIN and self.says_when


def name_of(cls: type[KnownEvent]) -> str:
    """Return the name that all events of a class have; see `Event.name`."""
    return ".".join(filter(None, (cls.FAMILY or f"message.{cls.MSG_TYPE}", cls.CHANGE_TYPE)))


@frozen(kw_only=True, repr=False)
class UnknownEvent(Event):
    """An event or message without a class: everything it said is in ``extra`` and ``raw``.

    Args:
        family: ``Event`` or ``InfoType``; empty for a message.
        change_type: ``ChangeType``, if there is one.
        msg_type: ``MsgType``: ``"event"``, or the kind of a message such as ``"text"``.
        problem: Why an event of a known family could not be read as its class; empty if it has no class.
    """

    family: str = field(default="", metadata=head("Event", "InfoType"))
    change_type: str = field(default="", metadata=head("ChangeType"))
    msg_type: str = field(default="", metadata=head("MsgType"))
    problem: str = ""

    @property
    def is_for_provider(self) -> bool:
        """Whether it came in the envelope of providers; those of licences name no suite."""
        return bool(self.suite_id) or (self._tree is not None and any(tag == "InfoType" for tag, _, _ in self._tree[2]))

    @property
    def name(self) -> str:
        """Family and change joined by a point; for a message ``message.`` and its kind."""
        return ".".join(filter(None, (self.family or f"message.{self.msg_type}", self.change_type)))

    @property
    def tells_itself_apart(self) -> bool:
        """Whether the platform gave it an id of its own."""
        return any(name.lower() == "msgid" for name in self.extra)
