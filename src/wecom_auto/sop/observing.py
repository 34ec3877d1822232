"""Tell observers and the log what the engine does: values with ids, never a name, a text or a phone number.

An observer runs in the worker's own thread and should be quick; what it raises is logged and goes no further.
It hears of a decision or of a batch only after its transaction is committed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, TypeVar, runtime_checkable

from attrs import field, frozen
from sqlalchemy.engine import Connection

from wecom_auto.store import after_commit

if TYPE_CHECKING:
    from wecom_auto.sop._rows._journal import Entry

__all__ = ["AlertRaised", "BatchMoved", "DecisionMade", "Observer", "TickFinished"]

T = TypeVar("T")

log: Final = logging.getLogger("wecom_auto.sop")

Attributes: TypeAlias = Mapping[str, str | int | float | bool]
"""As OpenTelemetry takes them: flat, dotted names in lower case, no nulls."""
OBSERVERS: Final = "wecom_auto_sop_observers"
"""The execution option of an engine that carries its observers to every transaction."""


@frozen(kw_only=True)
class TickFinished:
    """A tick, or a part of one that a queue carried, is over.

    Attributes:
        corp_id: The corp.
        at: The instant that the caller named.
        seconds: How long it has taken.
        counts: As in `TickReport`.
    """

    corp_id: str
    at: datetime
    seconds: float
    counts: Mapping[str, int] = field(factory=dict[str, int])

    def attributes(self) -> Attributes:
        """For a span: how often each thing happened."""
        counted = {f"wecom.sop.tick.{name.replace(':', '_')}": count for name, count in self.counts.items() if count}
        return {"wecom.corp.id": self.corp_id, **counted}


@frozen(kw_only=True)
class DecisionMade:
    """A line of the journal: why a step of a run was done, skipped, put off or dropped.

    Attributes:
        corp_id: The corp.
        at: When.
        reason: A code of `reason_text`.
        sop: The SOP, empty if several are concerned.
        step: The step, empty for the run as a whole.
        enrolment: The run; 0 for none. Who the customer is stays in the database.
    """

    corp_id: str
    at: datetime
    reason: str
    sop: str = ""
    step: str = ""
    enrolment: int = 0

    def attributes(self) -> Attributes:
        """For a span or a counter; the run is left out of counters, because every one would make a series."""
        named = {"wecom.sop.name": self.sop, "wecom.sop.step": self.step, "wecom.sop.reason": self.reason}
        return {"wecom.corp.id": self.corp_id, **{name: value for name, value in named.items() if value}}


@frozen(kw_only=True)
class BatchMoved:
    """A send batch has moved from one state to another.

    Attributes:
        corp_id: The corp.
        at: When.
        batch: Its id.
        sender: The member who has to tap; a userid, personal data in some houses, and no attribute.
        rule: The move, ``T1`` to ``T12``; see `wecom_auto.sop.sending`.
        state: Where it stands now.
        reason: Why.
    """

    corp_id: str
    at: datetime
    batch: str
    sender: str = field(repr=False)
    rule: str
    state: str
    reason: str

    def attributes(self) -> Attributes:
        """For a span or a counter."""
        return {
            "wecom.corp.id": self.corp_id,
            "wecom.sop.batch.rule": self.rule,
            "wecom.sop.batch.state": self.state,
            "wecom.sop.reason": self.reason,
        }


@frozen(kw_only=True)
class AlertRaised:
    """A person must look at something.

    Attributes:
        corp_id: The corp.
        at: When.
        kind: What, without ``alert:``.
        sop: The SOP, if one is concerned.
        step: The step.
        detail: The batch, the error code, the member.
    """

    corp_id: str
    at: datetime
    kind: str
    sop: str = ""
    step: str = ""
    detail: str = field(default="", repr=False)

    def attributes(self) -> Attributes:
        """For a counter or an event."""
        named = {"wecom.sop.alert": self.kind, "wecom.sop.name": self.sop, "wecom.sop.step": self.step}
        return {"wecom.corp.id": self.corp_id, **{name: value for name, value in named.items() if value}}


@runtime_checkable
class Observer(Protocol):
    """Whoever wants to know what the engine does; give it to `Runner(observers=…)`."""

    def on_tick(self, tick: TickFinished, /) -> None:
        """A tick is over."""
        ...

    def on_decision(self, decision: DecisionMade, /) -> None:
        """Something was decided about one run."""
        ...

    def on_batch(self, batch: BatchMoved, /) -> None:
        """A batch has moved."""
        ...

    def on_alert(self, alert: AlertRaised, /) -> None:
        """A person must look at something."""
        ...


_ALERT: Final = "alert:"


def heard_by(connection: Connection) -> Sequence[Observer]:
    """Who listens to what this connection writes."""
    observers: Sequence[Observer] = connection.get_execution_options().get(OBSERVERS, ())
    return observers


def decided(connection: Connection, corp_id: str, at: datetime, entries: Iterable[Entry]) -> None:
    """Tell of lines of the journal once they are committed."""
    observers = heard_by(connection)
    if observers or log.isEnabledFor(logging.DEBUG):
        told = list(entries)
    else:
        told = [one for one in entries if one.reason.startswith(_ALERT)]
    if told:
        after_commit(connection, lambda: _tell_entries(observers, corp_id, at, told))


def moved(connection: Connection, batch: BatchMoved) -> None:
    """Tell of a batch once its move is committed."""
    observers = heard_by(connection)
    if observers or log.isEnabledFor(logging.INFO):
        after_commit(connection, lambda: _tell_batch(observers, batch))


def ticked(observers: Iterable[Observer], tick: TickFinished) -> None:
    """Tell of a tick."""
    if any(tick.counts.values()) and log.isEnabledFor(logging.INFO):
        counted = ", ".join(f"{count} {name}" for name, count in sorted(tick.counts.items()) if count)
        log.info("tick: %s", counted, extra={"wecom_corp": tick.corp_id, "wecom_seconds": tick.seconds})
    for one in observers:
        _safely(one.on_tick, tick)


def _tell_entries(observers: Iterable[Observer], corp_id: str, at: datetime, entries: Iterable[Entry]) -> None:
    for one in entries:
        if one.reason.startswith(_ALERT):
            _tell_alert(
                observers,
                AlertRaised(
                    corp_id=corp_id,
                    at=at,
                    kind=one.reason.removeprefix(_ALERT),
                    sop=one.sop,
                    step=one.step,
                    detail=one.detail,
                ),
            )
            continue
        run = one.enrolment_id or 0
        ids = {"wecom_corp": corp_id, "wecom_sop": one.sop, "wecom_enrolment": run}
        log.debug("decision: %s %s", one.reason, one.step, extra=ids)
        made = DecisionMade(corp_id=corp_id, at=at, reason=one.reason, sop=one.sop, step=one.step, enrolment=run)
        for observer in observers:
            _safely(observer.on_decision, made)


def _tell_alert(observers: Iterable[Observer], alert: AlertRaised) -> None:
    # The detail may name a member: it stays in the journal, and goes to observers only.
    ids = {"wecom_corp": alert.corp_id, "wecom_sop": alert.sop}
    log.warning("alert: %s %s", alert.kind, alert.step, extra=ids)
    for observer in observers:
        _safely(observer.on_alert, alert)


def _tell_batch(observers: Iterable[Observer], batch: BatchMoved) -> None:
    ids = {"wecom_corp": batch.corp_id, "wecom_batch": batch.batch}
    log.info("batch %s: %s, %s (%s)", batch.batch, batch.state, batch.reason, batch.rule, extra=ids)
    for observer in observers:
        _safely(observer.on_batch, batch)


def _safely(tell: Callable[[T], None], what: T) -> None:
    try:
        tell(what)
    except Exception:  # whatever it is: an observer must not stop the engine
        log.exception("an observer failed")
