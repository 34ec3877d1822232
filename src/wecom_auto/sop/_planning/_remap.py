"""What a new version of a definition means for a run of the old one. Writes nothing; the caller shows it first.

A step is known by its id for ever: whatever a run has asked for under an id it never asks for again, in any version.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from attrs import evolve, frozen

from wecom_auto._time import require_aware
from wecom_auto.sop._document._policies import Edit
from wecom_auto.sop._document._problems import DefinitionError
from wecom_auto.sop._planning._decisions import NOTHING_ASKED, EnrolmentState
from wecom_auto.sop.definition import Definition

_PASSED = "skipped:branch"


@frozen(kw_only=True)
class Remap:
    """A run in its new version.

    Attributes:
        state: The run as the planner sees it from now on; the old one, if the policy lets it finish.
        kept: Steps that were decided and still are: they are not done again.
        again: Steps that asked nobody for anything and are decided anew (`restart` only).
        gone: Steps that were decided and that the new version does not have; they stay in the history.
        dropped: Steps that were still to come and that the new version does not have.
        added: Steps that are new and still to come.
        passed: Steps that are new and lie behind a branch that has gone past their place already.
    """

    state: EnrolmentState
    kept: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether the run leaves its old version at all."""
        return bool(self.kept or self.again or self.gone or self.dropped or self.added or self.passed)


def remap(
    old: Definition, new: Definition, state: EnrolmentState, policy: Edit | None = None, *, now: datetime
) -> Remap:
    """Carry a run over to a new version.

    Args:
        old: The version that the run is pinned to.
        new: The version that it would go on in.
        state: The run.
        policy: What to do; by default what the new version says (`policy.on_edit`).
            `finish` changes nothing.
            `migrate` keeps what was decided, and everything else follows the new version, counted from the same anchor.
            `restart` also decides anew what asked nobody for anything, and counts from `now` where the offsets count
            from the entry; a date such as the end of an insurance stays what it is.
        now: Aware time of the migration.

    Raises:
        DefinitionError: The two are different SOPs, or for different targets; or the run is not pinned to `old`.
    """
    moment = require_aware(now, "now")
    _check(old, new, state)
    edit = policy or new.policy.on_edit
    if edit is Edit.FINISH:
        return Remap(state=state)
    restart = edit is Edit.RESTART
    again = tuple(_undone(old, state)) if restart else ()
    done = {step: outcome for step, outcome in state.done.items() if step not in again}
    passed = tuple(dict.fromkeys(_passed(old, new, done)))
    moved = evolve(state, version=new.version, done=done | dict.fromkeys(passed, _PASSED))
    if restart and new.entry.anchor is None and not new.entry.brings_date:
        moved = evolve(moved, anchor_at=moment, enrolled_at=moment)
    before, after = [step.id for step in old.steps], [step.id for step in new.steps]
    return Remap(
        state=moved,
        kept=tuple(step for step in after if step in done),
        again=tuple(step for step in again if step in after),
        gone=tuple(step for step in state.done if step not in after),
        dropped=tuple(step for step in before if step not in after and step not in state.done),
        added=tuple(step for step in after if step not in before and step not in moved.done),
        passed=passed,
    )


def _check(old: Definition, new: Definition, state: EnrolmentState) -> None:
    if (old.sop, old.target) != (new.sop, new.target):
        problem = f"a run of {old.sop!r} ({old.target}) cannot go on in {new.sop!r} ({new.target})"
        raise DefinitionError(problem, place="sop", remedy="migrate between versions of one SOP")
    if (state.sop, state.version) != (old.sop, old.version):
        problem = f"the run is pinned to {state.sop!r} version {state.version}, not to version {old.version}"
        raise DefinitionError(problem, place="version", remedy="load the version that the run is pinned to")


def _undone(old: Definition, state: EnrolmentState) -> Iterator[str]:
    for step in old.steps:
        outcome = state.done.get(step.id, "")
        # A branch that was taken has been followed: neither it nor what it passed by is gone over again.
        if step.jump is None and outcome != _PASSED and outcome.startswith(NOTHING_ASKED):
            yield step.id


def _passed(old: Definition, new: Definition, done: Mapping[str, str]) -> Iterator[str]:
    """New steps between a branch that was taken and the step it went on with."""
    places = {step.id: place for place, step in enumerate(new.steps)}
    for index, step in enumerate(old.steps):
        if step.jump is None or step.id not in done or step.id not in places:
            continue
        behind = [other.id for other in old.steps[index + 1 :]]
        skipped = [other for other in behind if done.get(other) == _PASSED]
        landing = next((other for other in behind if done.get(other) != _PASSED), "")
        if skipped and behind[0] == skipped[0] and places.get(landing, 0) > places[step.id]:
            between = new.steps[places[step.id] + 1 : places[landing]]
            yield from (other.id for other in between if other.id not in done)
