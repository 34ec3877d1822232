"""Decide whom to tell of what (未跟进预警). Pure: reads no clock and no database, tells nobody.

One silence is one ladder, however many rules it breaks: the member, the supervisor, another member.
Each rung counts working time from the one before, so that nobody is passed over who had no time to act.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from attrs import field, frozen

from wecom_auto._time import CHINA, require_aware
from wecom_auto.automotive.lifecycle import GradeScheme
from wecom_auto.automotive.watch._rules import Rule, Rung, WatchRules
from wecom_auto.automotive.watch._values import (
    PRECISION,
    Alert,
    Evidence,
    Facts,
    Fired,
    Silence,
    Standing,
    SubjectKind,
)
from wecom_auto.models import BehaviorDay
from wecom_auto.sop.tasks import PlainRoster, Roster, TaskRecord

SOURCE: Final = "watch"
"""What staff tasks of the watch call their source; they are never watched themselves."""
_DAY: Final = timedelta(days=1)
_STEP: Final = timedelta(minutes=15)


@frozen(kw_only=True)
class Watch:
    """The rules, and who is who.

    Attributes:
        rules: What is too late.
        grades: Names the next contact of a grade; None looks at no grade.
        roster: Supervisors, stand-ins, leave and hours; a `Network` is one.
        ready_after: When the platform's figures of a day are believed, after its end; before, they are zeros.
    """

    rules: WatchRules
    grades: GradeScheme | None = None
    roster: Roster = field(factory=PlainRoster)
    ready_after: timedelta = timedelta(hours=9)

    def evaluate(self, facts: Facts, now: datetime) -> tuple[Alert, ...]:
        """Say whom to tell of what, now: at most one rung of each silence, and only somebody who is at work.

        Args:
            facts: What is known.
            now: Aware.

        Raises:
            ConfigurationError: The hours of a shop never open.
        """
        moment = require_aware(now, "now")
        climbed = (self._climb(one, facts.fired.get(one.key, ()), moment) for one in self.silences(facts))
        return tuple(alert for alert in climbed if alert is not None)

    def silences(self, facts: Facts) -> Iterator[Silence]:
        """Every silence that is or will be too long, with its deadline."""
        for standing in facts.standings:
            found = [*self._of_standing(standing, facts)]
            if found:
                yield min(found, key=lambda one: one.deadline)
        for task in facts.tasks:
            yield from self._of_task(task)
        for userid, day in facts.figures.items():
            yield from self._of_figures(userid, day)

    def next_look(self, facts: Facts, now: datetime) -> datetime | None:
        """When to look at these facts again if nothing is heard; None for never."""
        times = [self._next(one, facts.fired.get(one.key, ()))[1] for one in self.silences(facts)]
        known = [one for one in times if one is not None]
        # What is due and has not been told waits for somebody to be at work.
        return max(min(known), now + _STEP) if known else None

    # Silences.

    def _of_standing(self, one: Standing, facts: Facts) -> Iterator[Silence]:
        rules, hours = self.rules, self.roster.hours(one.holder)
        if one.waiting_at is not None and rules.first_response is not None:
            deadline = hours.add(one.waiting_at, rules.first_response)
            yield self._silence(one, Rule.FIRST_RESPONSE, one.waiting_at, deadline, one.waiting_evidence)
            return
        since = one.touched_at or one.subject.since
        fresh = one.touched_at is None and one.subject.kind is SubjectKind.CUSTOMER
        if fresh and rules.first_response is not None:
            yield self._silence(one, Rule.FIRST_RESPONSE, since, hours.add(since, rules.first_response), facts.best)
        elif rules.no_touch is not None:
            yield self._silence(one, Rule.NO_TOUCH, since, hours.next_open(since + rules.no_touch), facts.best)
        if (due := self._grade_due(one)) is not None:
            yield self._silence(one, Rule.GRADE, since, due, facts.best)

    def _grade_due(self, one: Standing) -> datetime | None:
        grades, subject = self.grades, one.subject
        if grades is None or subject.grade not in {grade.code for grade in grades.grades}:
            return None
        return grades.next_contact(
            subject.grade,
            since=subject.graded_at or subject.since,
            contacted_at=one.touched_at,
            hours=self.roster.hours(one.holder),
        )

    @staticmethod
    def _silence(one: Standing, rule: Rule, since: datetime, deadline: datetime, evidence: Evidence) -> Silence:
        return Silence(
            subject=one.subject.id,
            rule=rule,
            about=one.holder,
            since=since,
            deadline=deadline,
            evidence=evidence,
            precision=PRECISION[evidence],
            supervisor=one.subject.supervisor,
            others=tuple(member for member in one.subject.members if member != one.holder),
        )

    def _of_task(self, task: TaskRecord) -> Iterator[Silence]:
        if self.rules.task_grace is None or task.source == SOURCE or task.state.final:
            return
        yield Silence(
            subject=task.subject or f"task:{task.id}",
            rule=Rule.TASK,
            about=task.assignee,
            since=task.created_at,
            deadline=self.roster.hours(task.assignee).add(task.deadline_at, self.rules.task_grace),
            evidence=Evidence.TASK,
            precision=PRECISION[Evidence.TASK],
            others=tuple(one for one in (self.roster.backup(task.assignee),) if one),
            task_id=task.id,
        )

    def _of_figures(self, userid: str, day: BehaviorDay) -> Iterator[Silence]:
        problem = self._bad_day(day)
        if day.day is None or not problem:
            return
        begun = datetime(day.day.year, day.day.month, day.day.day, tzinfo=CHINA)
        yield Silence(
            subject=userid,
            rule=Rule.FIGURES,
            about=userid,
            since=begun,
            deadline=begun + _DAY + self.ready_after,
            evidence=Evidence.BEHAVIOUR,
            precision=PRECISION[Evidence.BEHAVIOUR],
            detail=f"{day.day}: {problem}",
        )

    def _bad_day(self, day: BehaviorDay) -> str:
        rules = self.rules
        if (day.chats or 0) < rules.min_chats:
            return ""
        share, minutes = day.reply_percentage, day.avg_reply_minutes
        if share is not None and rules.min_reply_percentage is not None and share < rules.min_reply_percentage:
            return f"已回复聊天占比 {share:g}%，要求 {rules.min_reply_percentage}%"
        longest = rules.max_first_reply
        if minutes is not None and longest is not None and timedelta(minutes=minutes) > longest:
            return f"平均首次回复 {minutes:g} 分钟，要求 {longest / timedelta(minutes=1):g} 分钟"
        return ""

    # The ladder.

    def _climb(self, silence: Silence, fired: tuple[Fired, ...], now: datetime) -> Alert | None:
        rung, due = self._next(silence, fired)
        if rung is None or due is None or now < due:
            return None
        to = self._receiver(silence, rung, now)
        if not self._awake(to or silence.about, now):
            return None
        return Alert(silence=silence, rung=rung, to=to, due_at=due)

    def _next(self, silence: Silence, fired: tuple[Fired, ...]) -> tuple[Rung | None, datetime | None]:
        """The rung that comes next, and when."""
        if not fired:
            return Rung.ALERT, silence.deadline
        last, hours = fired[-1], self.roster.hours(silence.about)
        if last.rung is Rung.ALERT and self.rules.escalate_after is not None:
            return Rung.ESCALATE, hours.add(last.at, self.rules.escalate_after)
        movable = silence.rule is not Rule.FIGURES and last.rung is not Rung.REASSIGN
        if movable and self.rules.reassign_after is not None:
            return Rung.REASSIGN, hours.add(last.at, self.rules.reassign_after)
        return None, None

    def _receiver(self, silence: Silence, rung: Rung, now: datetime) -> str:
        about, roster = silence.about, self.roster
        above = silence.supervisor or roster.supervisor(about)
        higher = (above, roster.backup(above), roster.supervisor(above)) if above else ()
        lines: dict[Rung, tuple[str, ...]] = {
            Rung.ALERT: (about, *silence.others, roster.backup(about), *higher),
            Rung.ESCALATE: higher,
            Rung.REASSIGN: (*silence.others, roster.backup(about), *higher),
        }
        line = (about,) if silence.rule is Rule.FIGURES and rung is Rung.ALERT else lines[rung]
        return next((one for one in line if one and roster.working(one, now)), "")

    def _awake(self, userid: str, now: datetime) -> bool:
        """Whether it is an hour at which somebody may be told something."""
        hours = self.roster.hours(userid)
        wall = now.astimezone(hours.zone)
        minute = wall.hour * 60 + wall.minute
        quiet = any(start <= minute < end for part in self.rules.quiet for start, end in part.minutes())
        return not quiet and hours.is_open(now)
