"""What members do about events in their calendars (日程): they look, accept and decline. No call of the API does it."""

from __future__ import annotations

from typing import Final, Literal

from wecom_auto.testing._scenes import Scenes, scene

__all__ = ["ScheduleScenes"]

ANSWERS: Final = {"tentative": 1, "accepted": 2, "declined": 4}


class ScheduleScenes(Scenes):
    """Events in the calendars of members."""

    @scene
    def schedule_of(self, userid: str) -> tuple[str, ...]:
        """Return the titles of the events in a member's calendar that stand, by their beginning.

        Args:
            userid: The member.
        """
        rows = [one for one in self._core.state.schedules.values() if not one.cancelled]
        mine = [one for one in rows if userid in {who["userid"] for who in one.fields.get("attendees", ())}]
        return tuple(
            str(one.fields.get("summary", "")) for one in sorted(mine, key=lambda one: one.fields["start_time"])
        )

    @scene
    def answer_schedule(
        self, schedule_id: str, userid: str, answer: Literal["tentative", "accepted", "declined"]
    ) -> None:
        """Let a member answer whether they take part.

        Args:
            schedule_id: The event.
            userid: The member.
            answer: What they say.

        Raises:
            LookupError: No such event, or they are not asked.
        """
        row = self._core.state.schedules.get(schedule_id)
        if row is None or userid not in {who["userid"] for who in row.fields.get("attendees", ())}:
            msg = f"{userid}: not asked to {schedule_id}; oa/schedule/add names who is"
            raise LookupError(msg)
        row.answers[userid] = ANSWERS[answer]
