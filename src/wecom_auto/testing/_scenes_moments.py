"""What happens to moments: members publish, forget and post of their own accord; customers like and comment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from attrs import field, frozen

from wecom_auto.testing._publishing import add_moment, publish, waiting
from wecom_auto.testing._records import moment
from wecom_auto.testing._scenes import CustomerLike, Scenes, scene
from wecom_auto.testing._state_moments import MomentRow, MomentTask, Reaction

__all__ = ["FakeMomentTask", "MomentScenes"]


@frozen(kw_only=True)
class FakeMomentTask:
    """One member's part of a moment.

    Args:
        moment_id: The moment.
        userid: The member.
        text: Its text.
        published_at: When the member published it, None before.
        forgotten: The member will not think of it by themselves.
        cancelled: The corp has stopped it.
        customers: For whom it was published.
        reached: Who of them can see it.
        comments: Who commented, once for each comment.
        likes: Who likes it.
    """

    moment_id: str
    userid: str
    text: str
    published_at: datetime | None
    forgotten: bool
    cancelled: bool
    customers: tuple[str, ...] = field(repr=False)
    reached: tuple[str, ...] = field(repr=False)
    comments: tuple[str, ...]
    likes: tuple[str, ...]


class MomentScenes(Scenes):
    """Moments (客户朋友圈)."""

    @scene
    def moments(self) -> tuple[str, ...]:
        """Return the ids of all moments, oldest first; those of jobs that are under way are not there yet."""
        return tuple(self._core.state.moments.rows)

    @scene
    def moment_tasks(self, moment_id: str) -> tuple[FakeMomentTask, ...]:
        """Return every member's part of a moment.

        Raises:
            LookupError: No such moment.
        """
        row = self._moment(moment_id)
        return tuple(_record(row, one) for one in row.tasks.values())

    @scene
    def pending_moments(self, userid: str) -> tuple[FakeMomentTask, ...]:
        """Return the moments that wait for a member's tap, the forgotten ones included."""
        return tuple(_record(*one) for one in waiting(self._core.state, userid))

    @scene
    def publish_moment(
        self, userid: str, moment_id: str | None = None, *, only: Iterable[CustomerLike] = ()
    ) -> tuple[FakeMomentTask, ...]:
        """Let a member publish: now customers see it, as far as tags, friendship and the daily limit go.

        Args:
            userid: The member.
            moment_id: One moment; without it everything that waits and is not forgotten.
            only: The customers left ticked; the others do not see it.

        Returns:
            The tasks that are done now.

        Raises:
            LookupError: The member is gone, or `moment_id` does not wait for them.
        """
        self._member(userid)
        found = [one for one in waiting(self._core.state, userid) if moment_id in (None, one[0].moment_id)]
        if moment_id is None:
            found = [one for one in found if not one[1].forgotten]
        elif not found:
            msg = f"{moment_id} does not wait for {userid}: unknown, published or cancelled"
            raise LookupError(msg)
        for row, task in found:
            self._publish(row, task, only)
        return tuple(_record(*one) for one in found)

    @scene
    def forget_moment(self, userid: str, moment_id: str | None = None) -> None:
        """Let a member forget one moment, or all that wait: only `publish_moment` with its id publishes it now."""
        for row, task in waiting(self._core.state, userid):
            if moment_id in (None, row.moment_id):
                task.forgotten = True

    @scene
    def member_publishes_moment(
        self,
        userid: str,
        text: str,
        *,
        customers: Iterable[CustomerLike] = (),
        location: Mapping[str, str] | None = None,
    ) -> FakeMomentTask:
        """Let a member publish a moment of their own.

        Args:
            userid: The member.
            text: What they write.
            customers: Who may see it; everybody they follow unless given.
            location: Where they are: `latitude`, `longitude` and `name`.
        """
        self._member(userid)
        place = {"location": dict(location)} if location else {}
        content = {"text": {"content": text}, **place}
        chosen = list(customers)
        row = add_moment(self._core.state, self._core.clock.time(), content, [userid], creator=userid)
        row.partly = bool(chosen)
        self._publish(row, row.tasks[userid], chosen)
        return _record(row, row.tasks[userid])

    @scene
    def delete_moment(self, moment_id: str) -> None:
        """Let a member delete a moment of their own; the API does not show it any more.

        Raises:
            ValueError: It is a moment of the corp. What its members do to their copies is not played.
        """
        row = self._moment(moment_id)
        if not row.creator:
            msg = f"{moment_id} is a moment of the corp; only one that a member made can be deleted here"
            raise ValueError(msg)
        row.deleted = True

    @scene
    def like_moment(self, userid: str, moment_id: str, who: CustomerLike) -> None:
        """Let somebody like what a member published.

        Args:
            userid: The member who published it.
            moment_id: The moment.
            who: A customer, or the userid of a member.

        Raises:
            LookupError: It is not published, or the customer cannot see it.
        """
        task = self._published(userid, moment_id)
        one = self._reaction(task, who)
        task.likes.setdefault(one.who, one)

    @scene
    def comment_moment(self, userid: str, moment_id: str, who: CustomerLike) -> None:
        """Let somebody comment on what a member published; the API never tells the words.

        Args:
            userid: The member who published it.
            moment_id: The moment.
            who: A customer, or the userid of a member.

        Raises:
            LookupError: It is not published, or the customer cannot see it.
        """
        task = self._published(userid, moment_id)
        task.comments.append(self._reaction(task, who))

    def _publish(self, row: MomentRow, task: MomentTask, only: Iterable[CustomerLike]) -> None:
        core = self._core
        ticked = {self._person(one).external_userid for one in only}
        publish(core.state, row, task, core.clock.time(), most=core.limits.moments_seen, only=ticked)

    def _moment(self, moment_id: str) -> MomentRow:
        row = self._core.state.moments.rows.get(moment_id)
        if row is None or row.deleted:
            msg = f"{moment_id}: no such moment; a job makes it when the clock moves on (Settings.moment_lag)"
            raise LookupError(msg)
        return row

    def _published(self, userid: str, moment_id: str) -> MomentTask:
        task = self._moment(moment_id).tasks.get(userid)
        if task is None or not task.published_at:
            msg = f"{userid} has not published {moment_id}; publish_moment() first"
            raise LookupError(msg)
        return task

    def _reaction(self, task: MomentTask, who: CustomerLike) -> Reaction:
        """Return a reaction of now, of a customer who can see the moment or of a member."""
        if isinstance(who, str) and who in self._core.state.members:
            return Reaction(who=self._member(who).userid, customer=False, at=self._now())
        external_userid = self._person(who).external_userid
        if external_userid not in task.reached:
            msg = f"{external_userid} cannot see this moment of {task.userid}"
            raise LookupError(msg)
        return Reaction(who=external_userid, customer=True, at=self._now())


def _record(row: MomentRow, task: MomentTask) -> FakeMomentTask:
    return FakeMomentTask(
        moment_id=row.moment_id,
        userid=task.userid,
        text=str(row.content.get("text", {}).get("content", "")),
        published_at=moment(task.published_at) if task.published_at else None,
        forgotten=task.forgotten,
        cancelled=row.cancelled,
        customers=tuple(task.customers),
        reached=tuple(task.reached),
        comments=tuple(one.who for one in task.comments),
        likes=tuple(task.likes),
    )
