"""Members' daily statistics (联系客户统计), each day read once: one member a call, 30 days a call, 180 days back.

A call for several members adds them up, and averages cannot be taken apart again; so each member is asked alone.
Manual: https://developer.work.weixin.qq.com/document/path/92132.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from wecom_auto import _codec
from wecom_auto._time import CHINA, require_aware
from wecom_auto.api._days import spans
from wecom_auto.automotive.watch._tables import figures
from wecom_auto.models import BehaviorDay
from wecom_auto.sop.tasks._values import require
from wecom_auto.store import reading, repeatable, transaction, upsert

if TYPE_CHECKING:
    from wecom_auto._client import WeCom

_SPAN: Final = 30
_BACK: Final = 179
_DAY: Final = timedelta(days=1)
_F: Final = figures.c


class FigureBook:
    """Keeps what the platform counted of each member on each day.

    Args:
        engine: From `wecom_auto.store.open_store`.
        corp_id: The corp.
        client: Its app sees the members.
        members: Names the members, each time anew.
        ready_after: When a day's figures are believed, after its end; before, the platform answers zeros.
    """

    def __init__(
        self,
        engine: Engine,
        corp_id: str,
        client: WeCom,
        members: Callable[[], Iterable[str]],
        *,
        ready_after: timedelta = timedelta(hours=9),
    ) -> None:
        self.engine = engine
        self.corp_id = corp_id
        self._client = client
        self._members = members
        self._ready_after = ready_after

    def __repr__(self) -> str:
        return f"FigureBook(corp_id={self.corp_id!r})"

    def last_ready(self, now: datetime) -> date:
        """The newest Beijing day whose figures are believed."""
        return (require_aware(now, "now").astimezone(CHINA) - self._ready_after).date() - _DAY

    def newest(self, now: datetime) -> Mapping[str, BehaviorDay]:
        """The newest day of every member; a second question on the same day calls nothing."""
        day = self.last_ready(now)
        read = self.days(self._members(), first_day=day, last_day=day, now=now)
        return {userid: found[0] for userid, found in read.items() if found}

    def days(
        self, userids: Iterable[str], *, first_day: date, last_day: date, now: datetime
    ) -> dict[str, tuple[BehaviorDay, ...]]:
        """Days of members, oldest first; only those that were never read are asked for.

        Args:
            userids: The members.
            first_day: A Beijing day, at most 179 days ago.
            last_day: Included; a day that is not ready is left out.
            now: Aware.

        Raises:
            ValidationError: The first day is too long ago: the platform has forgotten it.
            WeComError: The platform refuses; what was read before stays.
        """
        oldest = now.astimezone(CHINA).date() - timedelta(days=_BACK)
        require(first_day >= oldest, "first_day", first_day.isoformat(), f"not before {oldest.isoformat()}")
        last = min(last_day, self.last_ready(now))
        return {one: self._of(one, first_day, last, now) for one in dict.fromkeys(userids)}

    def _of(self, userid: str, first: date, last: date, now: datetime) -> tuple[BehaviorDay, ...]:
        known = self._known(userid, first, last)
        missing = [day for day in _range(first, last) if day not in known]
        for begin, end in spans(missing[0], missing[-1], _SPAN) if missing else ():
            read = self._client.statistics.get_behavior([userid], first_day=begin, last_day=end)
            by_day = {one.day: one for one in read if one.day is not None}
            fresh = {day: by_day.get(day) for day in _range(begin, end)}
            self._keep(userid, fresh, now)
            known |= fresh
        return tuple(one for day in _range(first, last) if (one := known.get(day)) is not None)

    def _known(self, userid: str, first: date, last: date) -> dict[date, BehaviorDay | None]:
        mine = (_F.corp_id == self.corp_id, _F.userid == userid, _F.day.between(first, last))
        with reading(self.engine) as connection:
            rows = connection.execute(sa.select(_F.day, _F.answer).where(*mine)).all()
        return {day: None if answer is None else _codec.decode(BehaviorDay, answer) for day, answer in rows}

    @repeatable
    def _keep(self, userid: str, read: Mapping[date, BehaviorDay | None], now: datetime) -> None:
        rows = [
            {
                "corp_id": self.corp_id,
                "userid": userid,
                "day": day,
                "answer": None if one is None else _codec.encode_object(one),
                "read_at": now,
            }
            for day, one in read.items()
        ]
        with transaction(self.engine) as connection:
            upsert(connection, figures, rows)


def _range(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=count) for count in range((last - first).days + 1))
