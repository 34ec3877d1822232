"""What every event is made of. Parses nothing and sends nothing; the classes are in `wecom_auto.callbacks.events`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import ClassVar, Final, Self

import attrs
from attrs import field, frozen

from wecom_auto._model import NO_EXTRA
from wecom_auto._redact import redact
from wecom_auto._time import require_aware
from wecom_auto._types import JSON
from wecom_auto.callbacks._wire import head, moment
from wecom_auto.callbacks._xml import Element, Node
from wecom_auto.callbacks.crypto import Delivery

__all__ = ["Event", "KnownEvent", "UnknownEvent"]


_WHEN: Final = frozenset({"createtime", "timestamp"})


def _aware(_event: Event, attribute: attrs.Attribute[datetime], value: datetime) -> None:
    if value.tzinfo is not UTC:  # What comes from the platform always is.
        require_aware(value, attribute.name)


def masked(_value: object) -> str:
    """Stand in a repr for a value that nobody may read in a log."""
    return "'***'"


def _names(extra: Mapping[str, JSON]) -> str:
    return repr(sorted(extra))


@frozen(kw_only=True, repr=False)
class Event:
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
    """

    created_at: datetime = field(validator=_aware, metadata=head("CreateTime", "TimeStamp", parse=moment))
    to_user: str = field(default="", metadata=head("ToUserName"))
    from_user: str = field(default="sys", metadata=head("FromUserName"))
    agent_id: str = field(default="", metadata=head("AgentID"))
    suite_id: str = field(default="", metadata=head("SuiteId"))
    auth_corp_id: str = field(default="", metadata=head("AuthCorpId"))
    extra: Mapping[str, JSON] = field(default=NO_EXTRA, hash=False, repr=_names)
    _tree: Node | None = field(default=None, alias="tree", eq=False, repr=False)
    delivery: Delivery | None = field(default=None, eq=False, repr=False)

    @property
    def raw(self) -> Element | None:
        """The decrypted tree as it came; ``None`` for JSON and for an event that was not received."""
        return None if self._tree is None else Element.of(self._tree)

    @property
    def corp_id(self) -> str:
        """The corp it happened in, whichever envelope brought it."""
        return self.auth_corp_id or self.to_user

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

    def __rich_repr__(self) -> Iterator[tuple[str, object]]:
        """Yield what a person wants to see; rich calls it."""
        for attribute in attrs.fields(type(self)):
            value = getattr(self, attribute.name)
            if attribute.repr is False or value == attribute.default:
                continue
            show = attribute.repr if callable(attribute.repr) else repr
            yield attribute.name, _Shown(str(show(value)))

    def __repr__(self) -> str:
        # A userid or a state may be somebody's phone number.
        return redact(f"{type(self).__name__}({', '.join(f'{name}={value}' for name, value in self.__rich_repr__())})")


class _Shown(str):
    """A text that is a repr already and carries no phone number."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        return super().__new__(cls, redact(text))

    def __repr__(self) -> str:
        return str(self)


@frozen(kw_only=True, repr=False)
class KnownEvent(Event):
    """An event that has a class of its own."""

    FAMILY: ClassVar[str] = ""
    CHANGE_TYPE: ClassVar[str] = ""

    @property
    def says_when(self) -> bool:
        """Whether its body says when it happened; one that was not received always does."""
        return self._tree is None or any(text and tag.lower() in _WHEN for tag, text, _ in self._tree[2])

    @property
    def name(self) -> str:
        """Family and change joined by a point, e.g. ``"change_external_contact.add_external_contact"``."""
        return f"{self.FAMILY}.{self.CHANGE_TYPE}"

    @property
    def tells_itself_apart(self) -> bool:
        """Whether two real events of the same second cannot have the same body, which then has to name the second."""
        return self.says_when


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
    def name(self) -> str:
        """Family and change joined by a point; for a message ``message.`` and its kind."""
        return ".".join(filter(None, (self.family or f"message.{self.msg_type}", self.change_type)))

    @property
    def tells_itself_apart(self) -> bool:
        """Whether the platform gave it an id of its own."""
        return any(name.lower() == "msgid" for name in self.extra)
