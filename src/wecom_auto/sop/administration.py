"""Keep one corp's SOP store in order: new versions for running runs, many entries at once, old rows, sizes.

Every operation can be shown before it is done, goes on where it stood after an interruption, and may run while workers
work. It sends nothing: what it changes is carried out by the next tick.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from wecom_auto._time import require_aware
from wecom_auto.errors import ValidationError
from wecom_auto.sop._document._policies import Edit
from wecom_auto.sop._keeping import _backfill, _migration, _retention
from wecom_auto.sop._keeping._backfill import Backfill
from wecom_auto.sop._keeping._migration import Migration, Progress, RunMove
from wecom_auto.sop._keeping._retention import MonthSize, Pruned, Sizes
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._partitions import partition_sql
from wecom_auto.sop._shared._context import Context
from wecom_auto.store import reading

__all__ = [
    "Administration",
    "Backfill",
    "Migration",
    "MonthSize",
    "Pruned",
    "RunMove",
    "Sizes",
    "corps",
    "partition_sql",
]

KEEP: Final = timedelta(days=395)
"""Thirteen months: a year's campaign can still be compared with the last one's."""
_LEAST: Final = timedelta(days=31)
_MONTH: Final = timedelta(days=30)


def _silent(_done: int) -> None:
    """Nobody wants to see progress."""


class Administration:
    """What is done to one corp's SOPs as a whole; `Runner.admin` is one."""

    def __init__(self, context: Context) -> None:
        self._context = context

    @property
    def dialect(self) -> str:
        """The kind of database: ``sqlite``, ``postgresql``, ``mysql`` or ``mariadb``."""
        return self._context.engine.dialect.name

    def show_migration(self, sop: str, now: datetime, *, policy: Edit | None = None, sample: int = 20) -> Migration:
        """Count what `migrate` would do; writes nothing.

        Args:
            sop: A published SOP; its newest version is the target.
            now: Aware.
            policy: How; by default what the newest version says (`policy.on_edit`), and `finish` moves nobody.
            sample: How many runs to show one by one.

        Raises:
            ConfigurationError: No such SOP is published.
        """
        return _migration.show_migration(self._context, sop, require_aware(now, "now"), policy, sample)

    def migrate(
        self,
        sop: str,
        now: datetime,
        *,
        policy: Edit | None = None,
        sample: int = 20,
        progress: Progress = _silent,
    ) -> Migration:
        """Move every active run to the newest version; a step that was touched under its id is never done again.

        Args:
            sop: A published SOP.
            now: Aware.
            policy: See `show_migration`.
            sample: How many runs to report one by one.
            progress: Told the number of runs moved so far, after each chunk.

        Raises:
            ConfigurationError: No such SOP is published.
            DefinitionError: The versions have different targets.
        """
        return _migration.migrate(self._context, sop, require_aware(now, "now"), policy, sample, progress)

    def backfill(
        self,
        sop: str,
        subjects: Iterable[str],
        *,
        name: str,
        now: datetime,
        spread: timedelta = timedelta(),
        dry_run: bool = False,
        progress: Progress = _silent,
    ) -> Backfill:
        """Let many into a SOP by hand, the start of their offsets spread over days.

        Args:
            sop: A published SOP.
            subjects: external_userids (chat_ids for a group SOP, userids for a staff SOP).
            name: Tells this backfill from the next: the same name lets nobody in twice, so repeat it after a crash.
            now: Aware.
            spread: Whole days, at most 366, over which the entries' first days are distributed, by a stable draw.
            dry_run: Only count, by day; conditions and re-entry are not looked at.
            progress: Told how many subjects are done, every hundred.

        Raises:
            ConfigurationError: No such SOP, or it has ended; or a spread for a SOP that counts from a date of the
                customer.
            ValidationError: `spread` is no number of whole days from 0 to 366.
        """
        return _backfill.backfill(
            self._context, sop, subjects, name=name, now=now, spread=spread, dry_run=dry_run, progress=progress
        )

    def show_prune(self, now: datetime, *, keep: timedelta = KEEP) -> Pruned:
        """Count what `prune` would remove; writes nothing. Arguments as there."""
        return _retention.show_prune(self._context, _before(now, keep), now)

    def prune(self, now: datetime, *, keep: timedelta = KEEP, progress: Progress = _silent) -> Pruned:
        """Remove what ended long ago: runs with their steps, tasks and decisions, batches, periods of the ledger.

        A run of a SOP that never lets the same customer in again stays as a bare row, without its steps.
        The audit log stays: it is there to outlive what it tells of.

        Args:
            now: Aware.
            keep: How long after its end a run stays, at least 31 days: the ledger's month must be over.
            progress: Told the number of steps removed so far, after each chunk.

        Raises:
            ValidationError: `keep` is shorter.
        """
        return _retention.prune(self._context, _before(now, keep), now, progress)

    def sizes(self, now: datetime, *, keep: timedelta = KEEP) -> Sizes:
        """How many rows there are, by table and by month, and what to do about it. Reads whole tables: ask at night."""
        _before(now, keep)
        return _retention.sizes(self._context, now, keep // _MONTH)


def corps(engine: Engine) -> tuple[str, ...]:
    """The corps that have published SOPs in a store."""
    c = t.sops.c
    with reading(engine) as connection:
        return tuple(connection.scalars(sa.select(c.corp_id).distinct().order_by(c.corp_id)))


def _before(now: datetime, keep: timedelta) -> datetime:
    if keep < _LEAST:
        raise ValidationError(field="keep", value=str(keep), limit="at least 31 days")
    return require_aware(now, "now") - keep
