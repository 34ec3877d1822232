"""Move running runs to a newer version of their SOP, a chunk at a time: show first, then do. Publishes nothing.

What a new version means for one run is decided by `_remap`; here it is counted, or written down.
A run that is in the new version is never looked at again, so a migration that was interrupted goes on where it stood.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from attrs import field, frozen
from sqlalchemy.engine import Connection

from wecom_auto.sop import store
from wecom_auto.sop._document._policies import Edit
from wecom_auto.sop._planning._remap import Remap, remap
from wecom_auto.sop._planning._timetable import slot
from wecom_auto.sop._rows import _journal, _work
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._journal import Entry
from wecom_auto.sop._rows._states import EnrolmentStatus, TouchStatus
from wecom_auto.sop._shared._context import Context
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.store import Enrolment, Touch
from wecom_auto.store import reading, repeatable, transaction

Progress = Callable[[int], None]
"""Told how many runs have been dealt with so far."""
_ACTIVE = EnrolmentStatus.ACTIVE.value


@frozen(kw_only=True)
class RunMove:
    """What a migration does to one run.

    Attributes:
        enrolment_id: The run.
        external_userid: Whom it is about.
        userid: Who acts.
        from_version: Where it is pinned.
        to_version: Where it goes; the same if it stays.
        kept: Steps that were decided and are not done again.
        again: Steps that asked nobody for anything and are decided anew.
        dropped: Steps still to come that the new version does not have.
        added: Steps that are new and still to come.
        next_step: The next step in the new version; empty if none is left.
        next_at: When it is due by its offset, window and holidays; conditions are looked at only then.
    """

    enrolment_id: int
    external_userid: str
    userid: str
    from_version: int
    to_version: int
    kept: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    next_step: str = ""
    next_at: datetime | None = None


@frozen(kw_only=True)
class Migration:
    """What a migration would do, or has done.

    Attributes:
        sop: The SOP.
        to_version: The version that runs are moved to.
        policy: How; `finish` moves nobody.
        runs: How many runs are moved.
        by_version: How many come from each older version.
        dropped: Step id to how many runs lose it.
        added: Step id to how many runs get it.
        next_steps: Step id to how many runs go on with it; an empty id for runs with nothing left.
        moves: The first of them, one by one.
    """

    sop: str
    to_version: int
    policy: str
    runs: int = 0
    by_version: Mapping[int, int] = field(factory=dict[int, int])
    dropped: Mapping[str, int] = field(factory=dict[str, int])
    added: Mapping[str, int] = field(factory=dict[str, int])
    next_steps: Mapping[str, int] = field(factory=dict[str, int])
    moves: tuple[RunMove, ...] = ()


@frozen(kw_only=True)
class _Case:
    run: Enrolment
    touched: Mapping[str, Touch]
    remap: Remap
    move: RunMove


@frozen(kw_only=True)
class _Tally:
    """Counts cases as they come by."""

    sample: int
    by_version: Counter[int] = field(factory=Counter[int])
    dropped: Counter[str] = field(factory=Counter[str])
    added: Counter[str] = field(factory=Counter[str])
    next_steps: Counter[str] = field(factory=Counter[str])
    moves: list[RunMove] = field(factory=list[RunMove])

    def take(self, move: RunMove) -> None:
        self.by_version[move.from_version] += 1
        self.dropped.update(move.dropped)
        self.added.update(move.added)
        self.next_steps[move.next_step] += 1
        if len(self.moves) < self.sample:
            self.moves.append(move)

    def result(self, new: Definition, policy: Edit) -> Migration:
        return Migration(
            sop=new.sop,
            to_version=new.version,
            policy=policy.value,
            runs=self.by_version.total(),
            by_version=dict(sorted(self.by_version.items())),
            dropped=dict(self.dropped),
            added=dict(self.added),
            next_steps=dict(self.next_steps),
            moves=tuple(self.moves),
        )


def show_migration(context: Context, sop: str, now: datetime, policy: Edit | None, sample: int) -> Migration:
    """Count what `migrate` would do now; writes nothing."""
    new, edit = _target(context, sop, policy)
    tally, after = _Tally(sample=sample), 0
    while edit is not Edit.FINISH:
        with reading(context.engine) as connection:
            runs = _older(connection, context, new, after)
            touched = store.touches_of(connection, [run.id for run in runs])
        if not runs:
            break
        for case in _cases(context, new, edit, runs, touched, now):
            tally.take(case.move)
        after = runs[-1].id
    return tally.result(new, edit)


def migrate(
    context: Context, sop: str, now: datetime, policy: Edit | None, sample: int, progress: Progress
) -> Migration:
    """Move every active run of an older version to the newest one, in one short transaction for each chunk."""
    new, edit = _target(context, sop, policy)
    tally, after = _Tally(sample=sample), 0
    while edit is not Edit.FINISH:
        moved = _move_chunk(context, new, edit, after, now)
        if not moved:
            break
        for case in moved:
            tally.take(case.move)
        after = moved[-1].run.id
        progress(tally.by_version.total())
    return tally.result(new, edit)


def _target(context: Context, sop: str, policy: Edit | None) -> tuple[Definition, Edit]:
    with reading(context.engine) as connection:
        new = context.catalogue.latest(connection, sop)
    return new, policy or new.policy.on_edit


def _older(
    connection: Connection, context: Context, new: Definition, after: int, *, lock: bool = False
) -> list[Enrolment]:
    e = t.enrolments.c
    mine = (e.corp_id == context.corp_id, e.sop == new.sop, e.version < new.version, e.id > after)
    query = sa.select(e.id).where(*mine, _work.ACTIVE).order_by(e.id).limit(context.settings.chunk)
    ids = list(connection.scalars(query.with_for_update() if lock else query))
    return [*store.enrolments_by_id(connection, ids).values()]


def _cases(
    context: Context,
    new: Definition,
    edit: Edit,
    runs: Sequence[Enrolment],
    touched: Mapping[int, Mapping[str, Touch]],
    now: datetime,
) -> Iterator[_Case]:
    versions = context.catalogue.cached_many(context.engine, {(run.sop, run.version) for run in runs})
    for run in runs:
        touches = touched.get(run.id, {})
        state = run.planner_state({step: touch.outcome for step, touch in touches.items()})
        found = remap(versions[run.sop, run.version], new, state, edit, now=now)
        yield _Case(run=run, touched=touches, remap=found, move=_move(context, new, run, found))


def _move(context: Context, new: Definition, run: Enrolment, found: Remap) -> RunMove:
    state = found.state
    left = [step for step in new.steps if step.id not in state.done]
    slots = [(slot(new, step, state.anchor_at, context.calendar, seed=state.seed), step.id) for step in left]
    next_at, next_step = min([(one.due_at, step_id) for one, step_id in slots if one.exists], default=(None, ""))
    return RunMove(
        enrolment_id=run.id,
        external_userid=run.external_userid,
        userid=run.userid,
        from_version=run.version,
        to_version=new.version,
        kept=found.kept,
        again=found.again,
        dropped=found.dropped,
        added=found.added,
        next_step=next_step,
        next_at=next_at,
    )


@repeatable
def _move_chunk(context: Context, new: Definition, edit: Edit, after: int, now: datetime) -> list[_Case]:
    with reading(context.engine) as connection:
        # Old definitions are read here: on SQLite a second connection would wait for our own transaction.
        versions = {(run.sop, run.version) for run in _older(connection, context, new, after)}
    context.catalogue.cached_many(context.engine, versions)
    with transaction(context.engine) as connection:
        runs = _older(connection, context, new, after, lock=True)
        known = [run for run in runs if (run.sop, run.version) in versions]
        touched = store.touches_of(connection, [run.id for run in known])
        cases = [*_cases(context, new, edit, known, touched, now)]
        for case in cases:
            _write(connection, context, new, case, now)
        _journal.write(connection, context.corp_id, now, [_told(case) for case in cases])
    return cases


def _write(connection: Connection, context: Context, new: Definition, case: _Case, now: datetime) -> None:
    e, state = t.enrolments.c, case.remap.state
    values = {"version": new.version, "anchor_at": state.anchor_at, "enrolled_at": state.enrolled_at}
    # Planned anew from the anchor at the next tick; whoever is planning the old version now finds the news changed.
    values |= {"wake_at": now, "news": e.news + 1}
    connection.execute(sa.update(t.enrolments).where(e.id == case.run.id).values(values))
    store.delete_touches(connection, [case.touched[step] for step in case.remap.again])
    steps = {step.id for step in new.steps}
    gone = [touch for touch in case.touched.values() if touch.step not in steps and touch.state is TouchStatus.DUE]
    owned = store.lock_touches(connection, [touch.id for touch in gone], TouchStatus.DUE, wait=True)
    store.move_touches(connection, [*owned.values()], TouchStatus.SKIPPED, reason="dropped:version")
    store.insert_touches(connection, [_passed(context, case, step, now) for step in case.remap.passed])


def _passed(context: Context, case: _Case, step: str, now: datetime) -> dict[str, object]:
    """The row of a new step that lies behind a branch which has gone past its place."""
    return {
        "corp_id": context.corp_id,
        "enrolment_id": case.run.id,
        "run": case.run.run,
        "step": step,
        "external_userid": case.run.external_userid,
        "userid": case.run.userid,
        "kind": "none",
        "state": TouchStatus.SKIPPED.value,
        "due_at": now,
        "check_at": None,
        "attempts": 0,
        "reason": "skipped:branch",
        "arm": "",
    }


def _told(case: _Case) -> Entry:
    parts = [f"v{case.move.from_version} → v{case.move.to_version}"]
    parts += [
        f"{name}: {', '.join(steps)}" for name, steps in (("-", case.move.dropped), ("+", case.move.added)) if steps
    ]
    return Entry(
        reason="moved:version",
        external_userid=case.run.external_userid,
        sop=case.run.sop,
        step=case.move.next_step,
        enrolment_id=case.run.id,
        due_at=case.move.next_at,
        detail="; ".join(parts),
    )
