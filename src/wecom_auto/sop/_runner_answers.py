"""The answering part of a runner: how things stand, why somebody got something or not, what comes. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from wecom_auto._time import require_aware
from wecom_auto.sop import status as _status
from wecom_auto.sop._rows import _journal
from wecom_auto.sop._rows._journal import LoggedDecision
from wecom_auto.sop._sending import _publications
from wecom_auto.sop._sending._publications import Publication
from wecom_auto.sop._shared._context import Context
from wecom_auto.sop.experiments import Experiment, Happened, experiment
from wecom_auto.sop.explaining import Explanation, explain
from wecom_auto.sop.forecast import forecast
from wecom_auto.sop.preview import PreviewRow
from wecom_auto.sop.replaying import Replay, replay
from wecom_auto.sop.status import Health, HealthLimits, Status
from wecom_auto.sop.tasks import AuditLine
from wecom_auto.sop.tasks._desk import desk_of
from wecom_auto.store import reading


class RunnerAnswers:
    """What a runner is asked; a part of `Runner`."""

    _context: Context

    def status(self, now: datetime) -> Status:
        """How the corp's SOPs stand: what is due, unknown, held, unconfirmed, overdue.

        Args:
            now: Aware.
        """
        with reading(self._context.engine) as connection:
            return _status.snapshot(connection, self._context.corp_id, now)

    def health(self, now: datetime, limits: HealthLimits | None = None) -> Health:
        """Whether somebody has to look, and why; for a probe.

        Args:
            now: Aware.
            limits: From when on a number is a reason.
        """
        return _status.judge(self.status(now), limits or HealthLimits())

    def why(self, external_userid: str) -> tuple[LoggedDecision, ...]:
        """Everything that was decided about one customer, oldest first; `reason_text` puts a reason into words."""
        with reading(self._context.engine) as connection:
            return _journal.read(connection, self._context.corp_id, external_userid)

    def explain(self, external_userid: str, now: datetime) -> Explanation:
        """Why one customer did or did not get something, as a chain of sentences; `why` is the data underneath.

        Args:
            external_userid: The customer.
            now: Aware; what comes next is counted from here.
        """
        return explain(self._context, external_userid, require_aware(now, "now"))

    def forecast(self, now: datetime, *, days: int = 30, external_userid: str = "") -> Iterator[PreviewRow]:
        """Who gets what in the next days, and what is dropped and why, for every run; nothing is collected.

        Args:
            now: Aware.
            days: How far, 1 to 1,000.
            external_userid: Only this customer.

        Yields:
            Rows, by run and by time within a run; `wecom_auto.sop.forecast` writes them as CSV and HTML.
        """
        return forecast(self._context, require_aware(now, "now"), days=days, customer=external_userid)

    def replay(self, external_userid: str) -> Replay:
        """Plan one customer's past again and compare it with what was decided.

        Args:
            external_userid: The customer.
        """
        return replay(self._context, external_userid)

    def audit(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        userid: str = "",
        limit: int | None = None,
    ) -> tuple[AuditLine, ...]:
        """Who did what to confirmations and staff tasks, oldest first; `wecom_auto.sop.tasks.to_csv` writes a table.

        Args:
            since: Not before.
            until: Before.
            userid: Whose work it is.
            limit: At most so many lines.
        """
        for name, moment in (("since", since), ("until", until)):
            if moment is not None:
                require_aware(moment, name)
        return desk_of(self._context.office).audit(since=since, until=until, userid=userid, limit=limit)

    def experiment(
        self,
        sop: str,
        step: str,
        now: datetime,
        *,
        within: timedelta = timedelta(days=30),
        happened: Happened | None = None,
        control: str = "",
    ) -> Experiment:
        """What an A/B step (``ab = {…}``) has shown: counts by arm, the difference, and its 95 % interval.

        Args:
            sop: A published SOP.
            step: Its step with arms.
            now: Aware; customers whose time is not over by then are not counted.
            within: How long after the step's time something counts.
            happened: When what counts happened, by customer, such as the orders of your DMS; by default the goal of
                the run (an exit with ``goal = true``).
            control: The arm to compare with; ``holdout`` by default, or the first arm.

        Raises:
            ConfigurationError: No such SOP, step or arm.
            ValidationError: A naive time, or a span that is not longer than nothing.
        """
        moment = require_aware(now, "now")
        return experiment(self._context, sop, step, moment, within=within, happened=happened, control=control)

    def publications(self, sop: str) -> tuple[Publication, ...]:
        """Who has published the moments of a SOP, how many customers can see them, comments and likes.

        Read with the results, several times in the days after a moment was made; the words of a comment are not told.
        """
        with reading(self._context.engine) as connection:
            return _publications.of_sop(connection, self._context.corp_id, sop)
