"""What a new attribute means: who comes in by it, which runs look again, what is withdrawn. Calls nobody."""

from __future__ import annotations

from datetime import datetime

from attrs import evolve

from wecom_auto._types import JSON
from wecom_auto.sop._document._entering import STAGE
from wecom_auto.sop._document._policies import Target
from wecom_auto.sop._planning._standing import FROZEN
from wecom_auto.sop._rows._states import SopStatus
from wecom_auto.sop._runs import _control, _entry, _rounds
from wecom_auto.sop._runs._entry import Candidate
from wecom_auto.sop._shared._context import Context
from wecom_auto.sop.store import Enrolment
from wecom_auto.store import reading


def set_attribute(context: Context, subject: str, name: str, value: JSON, now: datetime, target: Target) -> None:
    """Set an attribute in the book, and tell the SOPs about that kind of subject."""
    context.book.set_attribute(subject, name, value)
    candidate = Candidate(external_userid=subject, occurrence=f"attribute:{name}={value}")
    try:
        _entry.trigger(context, f"attribute.set:{name}", candidate, now, target=target)
        if name == STAGE and value:
            _stage_entered(context, Candidate(external_userid=subject, occurrence=""), str(value), now, target)
        _come_round(context, subject, name, value, now, target)
    finally:
        # What must stop, stops, even if a SOP could not let the subject in.
        if name == FROZEN and target is Target.GROUP and value is True:
            _control.withdraw_from(context, subject, now)
        _entry.wake(context, subject, now)


def changed_by_us(context: Context, run: Enrolment, kind: str, name: str, now: datetime, target: Target) -> None:
    """Tell the SOPs of a tag that a step has put on, or a stage that it has set: our own cause no callback."""
    candidate = Candidate(external_userid=run.external_userid, userid=run.userid, occurrence="")
    if kind == STAGE:
        _stage_entered(context, candidate, name, now, target)
        _entry.wake(context, run.external_userid, now)
        return
    tagged = evolve(candidate, occurrence=f"tag:{name}@{now.isoformat()}")
    _entry.trigger(context, f"tag.added:{name}", tagged, now, target=target)


def tag_added(context: Context, external_userid: str, userid: str, name: str, now: datetime) -> None:
    """Tell the SOPs about customers of a tag that a program has put on."""
    occurrence = f"tag:{name}@{now.isoformat()}"
    candidate = Candidate(external_userid=external_userid, userid=userid, occurrence=occurrence)
    _entry.trigger(context, f"tag.added:{name}", candidate, now)
    _entry.wake(context, external_userid, now)


def _stage_entered(context: Context, candidate: Candidate, stage: str, now: datetime, target: Target) -> None:
    entered = evolve(candidate, occurrence=f"stage:{stage}@{now.isoformat()}")
    _entry.trigger(context, f"stage.entered:{stage}", entered, now, target=target)


def _come_round(context: Context, subject: str, name: str, value: JSON, now: datetime, target: Target) -> None:
    """Let in by a date that comes round every year, if it was learned late."""
    with reading(context.engine) as connection:
        sops = context.catalogue.sops(connection).values()
        running = [one for one in sops if one.state is SopStatus.RUNNING]
        found = [context.catalogue.known(connection, one.sop, one.version) for one in running]
    for one in found:
        if one is not None and one.target is target and one.entry.recurring and one.entry.anchor == name:
            _rounds.join_late(context, one, subject, value, now)
