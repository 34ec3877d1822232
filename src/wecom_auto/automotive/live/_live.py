"""From the audience of a stream to events, tags and SOPs. A second run tells nobody anything twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from wecom_auto.automotive.tagplan import Signal, SignalKind, Tagger
from wecom_auto.directory import Directory
from wecom_auto.models import LiveAudience, LiveStatus, LiveStream, LiveViewer
from wecom_auto.sop import Runner

if TYPE_CHECKING:
    from wecom_auto._client import WeCom

WATCHED: Final = "live.watched"
"""The event of somebody who watched long enough."""
COMMENTED: Final = "live.commented"
"""The event of somebody who wrote something, however long they watched."""
SPOKE: Final = "live.spoke"
"""The event of somebody who spoke (连麦)."""
_LEAST: Final = timedelta(minutes=5)


@frozen(kw_only=True)
class LiveVisit:
    """What somebody outside did at one stream.

    Attributes:
        external_userid: The person.
        watched: How long, all visits together.
        commented: They wrote something; what, the platform does not tell.
        spoke: They spoke (连麦).
        at: When the stream ended; the moment of all its events.
        events: What is told of it.
    """

    external_userid: str
    watched: timedelta
    commented: bool
    spoke: bool
    at: datetime
    events: tuple[str, ...]


@frozen(kw_only=True)
class LiveReport:
    """What `record_live` did.

    Attributes:
        stream: The stream.
        ended: It is over; nothing is recorded before.
        visits: Customers of whom something was told, now or in an earlier run.
        recorded: How many events were new.
        brief: How many people outside did nothing that counts.
        strangers: Who did something that counts and is nobody's customer: no tag can be put on them.
    """

    stream: LiveStream
    ended: bool
    visits: tuple[LiveVisit, ...] = ()
    recorded: int = 0
    brief: int = 0
    strangers: tuple[str, ...] = ()


def live_viewers(stream: LiveStream, audience: LiveAudience, *, least: timedelta = _LEAST) -> tuple[LiveVisit, ...]:
    """Say who outside did something that counts at a stream, longest first. Pure: it calls nobody.

    Args:
        stream: From `live_streams.get`.
        audience: From `live_streams.audience`.
        least: How long somebody must watch for ``live.watched``; a comment counts without.

    Returns:
        Nobody for a stream that never began.
    """
    if stream.started_at is None:
        return ()
    at = stream.started_at + timedelta(seconds=stream.duration_seconds)
    merged: dict[str, LiveViewer] = {}
    for one in audience.viewers:
        if one.external_userid:  # Unverified: whether a person may stand in several lines.
            before = merged.get(one.external_userid)
            merged[one.external_userid] = one if before is None else _sum(before, one)
    found = (_visit(one, at, least) for one in merged.values())
    return tuple(sorted((one for one in found if one.events), key=lambda one: -one.watched))


def record_live(
    client: WeCom,
    livingid: str,
    directory: Directory,
    *,
    tagger: Tagger | None = None,
    runner: Runner | None = None,
    least: timedelta = _LEAST,
) -> LiveReport:
    """Tell directory, tag rules and SOPs what customers did at a stream that is over.

    Run it when the stream ends (`LivingStatusChanged`, for streams that a program booked), or every night for the
    streams of `live_streams.iter_by_user`. Stopped half-way, it goes on; run twice, it tells nothing twice.

    Args:
        client: Its app may read the stream.
        livingid: The stream.
        directory: Learns the events ``live.watched``, ``live.commented`` and ``live.spoke``, at the end of the stream.
        tagger: Hears the same as signals of kind ``event``; `Tagger.run` marks.
        runner: Its SOPs may begin or end with the events.
        least: How long somebody must watch for ``live.watched``.

    Raises:
        APIError: 92008 the app has no right on the stream.
    """
    stream = client.live_streams.get(livingid)
    if stream.status != LiveStatus.ENDED:
        return LiveReport(stream=stream, ended=False)
    audience = client.live_streams.audience(livingid)
    visits = live_viewers(stream, audience, least=least)
    facts = directory.facts_for([(one.external_userid, "") for one in visits])
    known = [one for one in visits if facts[one.external_userid, ""].followers]
    recorded = 0
    for visit in known:
        for event in visit.events:
            if facts[visit.external_userid, ""].event(event) != visit.at:
                # The rules hear first: after a crash in between they hear it again, which changes nothing.
                _hear(tagger, visit, event)
                recorded += directory.record_event(visit.external_userid, event, visit.at)
            if runner is not None:  # It knows an event by its moment, and begins nothing twice.
                runner.record_event(visit.external_userid, event, visit.at)
    strangers = tuple(one.external_userid for one in visits if one not in known)
    brief = len({one.external_userid for one in audience.viewers} - {""}) - len(visits)
    return LiveReport(
        stream=stream, ended=True, visits=tuple(known), recorded=recorded, brief=brief, strangers=strangers
    )


def _hear(tagger: Tagger | None, visit: LiveVisit, event: str) -> None:
    if tagger is not None:
        signal = Signal(kind=SignalKind.EVENT, value=event, at=visit.at, external_userid=visit.external_userid)
        tagger.hear(signal)


def _sum(one: LiveViewer, other: LiveViewer) -> LiveViewer:
    return evolve(
        one,
        watched_seconds=one.watched_seconds + other.watched_seconds,
        commented=one.commented or other.commented,
        spoke=one.spoke or other.spoke,
    )


def _visit(one: LiveViewer, at: datetime, least: timedelta) -> LiveVisit:
    watched = timedelta(seconds=one.watched_seconds)
    happened = ((WATCHED, watched >= least), (COMMENTED, one.commented), (SPOKE, one.spoke))
    return LiveVisit(
        external_userid=one.external_userid,
        watched=watched,
        commented=one.commented,
        spoke=one.spoke,
        at=at,
        events=tuple(name for name, true in happened if true),
    )
