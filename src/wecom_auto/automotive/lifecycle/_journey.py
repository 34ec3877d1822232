"""Where every customer of one corp is: moves, grades, silence, second looks, history.

It writes its own tables only. What the platform and the SOPs are shown of it is brought there by `mirror`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from attrs import evolve
from sqlalchemy.engine import Connection, Engine

from wecom_auto._time import Clock, from_unix, require_aware
from wecom_auto.automotive.lifecycle import _rows
from wecom_auto.automotive.lifecycle._grades import GradeScheme
from wecom_auto.automotive.lifecycle._mirror import Mirror, MirrorReport, Shown
from wecom_auto.automotive.lifecycle._moves import (
    LossKind,
    Move,
    Outcome,
    Position,
    TransitionError,
    decide,
    next_review,
    silent,
)
from wecom_auto.automotive.lifecycle._rows import HistoryEntry
from wecom_auto.automotive.lifecycle._stages import Lifecycle
from wecom_auto.directory import Directory
from wecom_auto.errors import ConfigurationError, ValidationError
from wecom_auto.store import reading, repeatable, transaction

if TYPE_CHECKING:
    from wecom_auto._client import WeCom

STAGE: Final = "stage"
GRADE: Final = "grade"
_ID_CHARS: Final = 64
_MOST: Final = 1000


class Journey:
    """The way of every customer of one corp through a lifecycle (客户旅程).

    Args:
        engine: From `wecom_auto.store.open_store`.
        corp_id: The corp.
        lifecycle: The stages and their rules.
        grades: The grades, if any are given.
        clock: Unix seconds of "now"; a test or the fake brings its own.
    """

    def __init__(
        self,
        engine: Engine,
        corp_id: str,
        lifecycle: Lifecycle,
        grades: GradeScheme | None = None,
        *,
        clock: Clock = time.time,
    ) -> None:
        self.engine = engine
        self.corp_id = corp_id
        self.lifecycle = lifecycle
        self.grades = grades
        self._clock = clock

    def __repr__(self) -> str:
        return f"Journey(corp_id={self.corp_id!r}, lifecycle={self.lifecycle.name!r})"

    def move(self, external_userid: str, move: Move) -> Outcome:
        """Move a customer to a stage because a person or a program decides so.

        Args:
            external_userid: The customer, or whatever id your leads have before they are customers.
            move: Where to and why.

        Returns:
            MOVED, SAME, or LATE.

        Raises:
            TransitionError: the lifecycle has no such way; the message names those it has. Nothing is written.
            ConfigurationError: no such stage, or a loss without a reason code.
        """
        return self._stage(external_userid, move, refuse=True)

    def hear(self, external_userid: str, move: Move) -> Outcome:
        """Take news of another system (DMS, CRM, callback), which nobody can correct any more: `move` without refusal.

        What the lifecycle has no way for is kept in the history as REFUSED, and the stage stays; of a customer who has
        no stage yet nothing is kept.

        Raises:
            ConfigurationError: no such stage, or a loss without a reason code.
        """
        return self._stage(external_userid, move, refuse=False)

    def grade(
        self, external_userid: str, code: str, *, at: datetime, reason: str = "", by: str = "", note: str = ""
    ) -> Outcome:
        """Give a customer a grade (意向等级); every grade may follow every other.

        Args:
            external_userid: The customer.
            code: A grade of the scheme.
            at: When; a grade from before the present one is kept in the history only.
            reason: Why, up to 64 characters.
            by: Who or what says so.
            note: More about it.

        Raises:
            ConfigurationError: the journey has no scheme, or no such grade in it.
        """
        self._scheme().grade(code)
        given = Move(stage=code, at=at, reason=reason, by=by, note=note)
        return self._take(GRADE, external_userid, given, refuse=False)

    @repeatable
    def sign_of_life(self, external_userid: str, at: datetime) -> bool:
        """Note that a prospect answered, called, clicked or came: the lost period begins anew.

        Returns:
            False if the customer has no stage.
        """
        moment = require_aware(at, "at")
        with transaction(self.engine) as connection:
            here = _rows.lock(connection, self.corp_id, STAGE, external_userid)
            if here is not None and moment > here.active_at:
                _rows.put(connection, self.corp_id, STAGE, evolve(here, active_at=moment), mirror_at=None)
        return here is not None

    def stage_of(self, external_userid: str) -> Position | None:
        """Return a customer's stage, None if they have none."""
        with reading(self.engine) as connection:
            return _rows.get(connection, self.corp_id, STAGE, external_userid)

    def grade_of(self, external_userid: str) -> Position | None:
        """Return a customer's grade, None if they have none."""
        with reading(self.engine) as connection:
            return _rows.get(connection, self.corp_id, GRADE, external_userid)

    def history(self, external_userid: str) -> tuple[HistoryEntry, ...]:
        """Return everything that was said about a customer's stage, in the order in which it was told."""
        with reading(self.engine) as connection:
            return _rows.entries(connection, self.corp_id, STAGE, external_userid)

    def grade_history(self, external_userid: str) -> tuple[HistoryEntry, ...]:
        """Return everything that was said about a customer's grade, in the order in which it was told."""
        with reading(self.engine) as connection:
            return _rows.entries(connection, self.corp_id, GRADE, external_userid)

    def counts(self) -> dict[str, int]:
        """Return how many customers are in each stage, in the order of the lifecycle; those with nobody included."""
        with reading(self.engine) as connection:
            found = _rows.counts(connection, self.corp_id, STAGE)
        return {one.code: found.get(one.code, 0) for one in self.lifecycle.stages}

    def silent(self, now: datetime, *, limit: int = _MOST) -> list[Position]:
        """List prospects whose lost period (战败周期) is over, the most silent first."""
        before = require_aware(now, "now") - self.lifecycle.lost_after
        values = [one.code for one in self.lifecycle.stages if one.prospect]
        with reading(self.engine) as connection:
            return _rows.silent_since(connection, self.corp_id, STAGE, values, before, limit)

    def expire(self, now: datetime, *, reason: str, limit: int = _MOST) -> list[str]:
        """Take silent prospects for lost (超时战败).

        Args:
            now: Aware.
            reason: The reason code that they get, for example ``unreachable``.
            limit: The most in one call.

        Returns:
            Whom.
        """
        lost = Move(stage=self.lifecycle.lost_stage, at=now, reason=reason, loss=LossKind.TIMED_OUT, by="expire")
        self.lifecycle.reason(reason)
        found = self.silent(now, limit=limit)
        return [one.external_userid for one in found if self._lose(one.external_userid, lost)]

    def reviews(self, now: datetime, *, limit: int = _MOST) -> list[Position]:
        """List the lost whom somebody should look at again, the longest waiting first."""
        with reading(self.engine) as connection:
            return _rows.to_review(connection, self.corp_id, STAGE, require_aware(now, "now"), limit)

    @repeatable
    def reviewed(self, external_userid: str, at: datetime) -> datetime | None:
        """Note that somebody looked again and the customer stays lost.

        Returns:
            When the next look is due, None if this was the last one.
        """
        moment = require_aware(at, "at")
        with transaction(self.engine) as connection:
            here = _rows.lock(connection, self.corp_id, STAGE, external_userid)
            if here is None or here.review_at is None or here.review_at > moment:
                return here.review_at if here else None
            later = next_review(self.lifecycle, here.since, max(moment, here.since))
            _rows.put(connection, self.corp_id, STAGE, evolve(here, review_at=later), mirror_at=None)
            return later

    def mirror(
        self,
        client: WeCom,
        directory: Directory,
        now: datetime,
        *,
        tell: Callable[[str, str, str], None] | None = None,
        limit: int = _MOST,
    ) -> MirrorReport:
        """Show stages and grades as attributes ``stage`` and ``grade`` and as one tag each; run it every minute.

        Stopped half-way, it goes on where it stood; what it did is not done again, and doing it again would do no harm.
        The tags must be there: apply the tag plan first.

        Args:
            client: Its app may mark customers.
            directory: Knows who follows a customer, and with which tags; it is told what was marked.
            now: Aware.
            tell: Called with (external_userid, attribute, value) instead of `Directory.set_attribute`; give it
                `Runner.set_attribute`, so that SOPs hear of a new stage.
            limit: The most customers in one call.

        Raises:
            ConfigurationError: a tag of the lifecycle or the scheme is not in the corp's library.
        """
        stages = {one.code: one.title for one in self.lifecycle.stages}
        grades = {one.code: one.code for one in self.grades.grades} if self.grades else {}
        shown = [
            Shown(attribute=STAGE, tag_group=self.lifecycle.tag_group, tags=stages),
            Shown(attribute=GRADE, tag_group=self.grades.tag_group if self.grades else "", tags=grades),
        ]
        moment, told = require_aware(now, "now"), tell or directory.set_attribute
        return Mirror(self.engine, self.corp_id, client, directory, told).run(shown, moment, limit)

    @repeatable
    def _lose(self, external_userid: str, lost: Move) -> bool:
        with transaction(self.engine) as connection:
            here = _rows.lock(connection, self.corp_id, STAGE, external_userid)
            # Somebody may have called since the list was read.
            if here is None or not silent(self.lifecycle, here, lost.at):
                return False
            return self._decide(connection, external_userid, here, lost, refuse=False) is Outcome.MOVED

    def _stage(self, external_userid: str, move: Move, *, refuse: bool) -> Outcome:
        return self._take(STAGE, external_userid, move, refuse=refuse)

    def _take(self, kind: str, external_userid: str, move: Move, *, refuse: bool) -> Outcome:
        if not external_userid or len(external_userid) > _ID_CHARS:
            length = f"{len(external_userid)} characters"
            raise ValidationError(field="external_userid", value=length, limit=f"1 to {_ID_CHARS} characters")
        while (outcome := self._try(kind, external_userid, move, refuse)) is None:
            continue
        return outcome

    @repeatable
    def _try(self, kind: str, external_userid: str, move: Move, refuse: bool) -> Outcome | None:
        with transaction(self.engine) as connection:
            here = _rows.lock(connection, self.corp_id, kind, external_userid)
            if kind == GRADE:
                return self._write(connection, kind, external_userid, here, move, _regrade(here, move))
            return self._decide(connection, external_userid, here, move, refuse=refuse)

    def _decide(
        self, connection: Connection, external_userid: str, here: Position | None, move: Move, *, refuse: bool
    ) -> Outcome | None:
        outcome = decide(self.lifecycle, here, move)
        if outcome is Outcome.REFUSED and refuse:
            at = here.value if here else ""
            raise TransitionError(at, move.stage, self.lifecycle.allowed(at or None))
        return self._write(connection, STAGE, external_userid, here, move, outcome)

    def _write(
        self,
        connection: Connection,
        kind: str,
        external_userid: str,
        here: Position | None,
        move: Move,
        outcome: Outcome,
    ) -> Outcome | None:
        """Write what was decided; None if somebody else was first, so that it has to be decided anew."""
        corp, now = self.corp_id, from_unix(self._clock())
        if outcome is Outcome.SAME:
            if here is not None and move.at > here.active_at:
                _rows.put(connection, corp, kind, evolve(here, active_at=move.at), mirror_at=None)
            return outcome
        if outcome is not Outcome.MOVED and _rows.told_before(connection, corp, kind, external_userid, move):
            return outcome
        if outcome is Outcome.REFUSED and here is None:
            return outcome
        lost = kind == STAGE and move.stage == self.lifecycle.lost_stage
        if here is None:
            first = self._moved(external_userid, None, move, 1, lost=lost)
            if not _rows.put_first(connection, corp, kind, first, mirror_at=now):
                return None
        elif outcome is Outcome.MOVED:
            moved = self._moved(external_userid, here, move, here.number + 1, lost=lost)
            _rows.put(connection, corp, kind, moved, mirror_at=now)
        else:
            _rows.put(connection, corp, kind, evolve(here, number=here.number + 1), mirror_at=None)
        _rows.append(
            connection,
            corp,
            kind,
            number=here.number + 1 if here else 1,
            external_userid=external_userid,
            before=here.value if here else "",
            outcome=outcome,
            move=move,
            loss=lost,
            now=now,
        )
        return outcome

    def _moved(self, external_userid: str, here: Position | None, move: Move, number: int, *, lost: bool) -> Position:
        # An advance that is told late does not make the customer younger than what is known of them.
        since = max(move.at, here.since) if here else move.at
        return Position(
            external_userid=external_userid,
            value=move.stage,
            since=since,
            active_at=max(move.at, here.active_at) if here else move.at,
            review_at=next_review(self.lifecycle, since, since) if lost else None,
            number=number,
        )

    def _scheme(self) -> GradeScheme:
        if self.grades is None:
            msg = "the journey has no grades: pass a scheme, for example GradeScheme.preset('classic_dealer')"
            raise ConfigurationError(msg)
        return self.grades


def _regrade(here: Position | None, move: Move) -> Outcome:
    if here is None:
        return Outcome.MOVED
    if here.value == move.stage:
        return Outcome.SAME
    return Outcome.LATE if move.at < here.since else Outcome.MOVED
