"""The calendar of groups (群日历) and its export as iCalendar, which every calendar program reads. Sends nothing.

Customer groups have no calendar of their own, so this one is for members.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from attrs import evolve, field, frozen
from icalendar import Calendar, Event

from wecom_auto._time import require_aware
from wecom_auto.automotive.groups._playbook import Post

_PRODUCT: Final = "-//wecom-auto//group calendar//ZH"


@frozen(kw_only=True)
class CalendarEntry:
    """One entry.

    Attributes:
        at: When it begins; aware.
        title: What it is.
        note: More about it.
        takes: How long it is shown.
    """

    at: datetime
    title: str
    note: str = ""
    takes: timedelta = timedelta(minutes=15)

    def __attrs_post_init__(self) -> None:
        require_aware(self.at, "at")


def _in_order(entries: Iterable[CalendarEntry]) -> tuple[CalendarEntry, ...]:
    return tuple(sorted(entries, key=lambda one: (one.at, one.title, one.note)))


@frozen(kw_only=True)
class GroupCalendar:
    """What happens in the groups of a kind or a shop, and when.

    Attributes:
        name: What calendar programs show.
        entries: In the order of time.
    """

    name: str
    entries: tuple[CalendarEntry, ...] = field(default=(), converter=_in_order)

    def with_posts(self, posts: Iterable[Post]) -> GroupCalendar:
        """Return the same calendar with the posts of a playbook."""
        more = [CalendarEntry(at=one.at, title=one.title, note=one.item) for one in posts]
        return evolve(self, entries=(*self.entries, *more))

    def to_ics(self, now: datetime) -> bytes:
        """Return the calendar as an ``.ics`` file; an entry keeps its UID, so that a second import doubles nothing.

        Args:
            now: When it was made; aware.
        """
        made = Calendar()
        made.add("prodid", _PRODUCT)
        made.add("version", "2.0")
        made.add("x-wr-calname", self.name)
        for one in self.entries:
            made.add_component(self._event(one, require_aware(now, "now").astimezone(UTC)))
        return bytes(made.to_ical())

    def _event(self, one: CalendarEntry, now: datetime) -> Event:
        begin = one.at.astimezone(UTC)
        event = Event()
        event.add("uid", sha256(f"{self.name}|{begin.isoformat()}|{one.title}|{one.note}".encode()).hexdigest())
        event.add("dtstamp", now)
        event.add("dtstart", begin)
        event.add("dtend", begin + one.takes)
        event.add("summary", one.title)
        if one.note:
            event.add("description", one.note)
        return event
