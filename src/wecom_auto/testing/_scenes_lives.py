"""Live streams (直播): a member holds one, and people watch. No call of the API does any of it here."""

from __future__ import annotations

from wecom_auto.callbacks.events import LivingStatus, LivingStatusChanged
from wecom_auto.testing._scenes import CustomerLike, Scenes, scene
from wecom_auto.testing._state_lives import Live, Watch

__all__ = ["LiveScenes"]


class LiveScenes(Scenes):
    """Live streams inside WeCom (企业微信直播)."""

    @scene
    def book_live(
        self, userid: str, theme: str, *, starts_in: int = 0, seconds: int = 3_600, by_api: bool = False
    ) -> str:
        """Let a member book a stream.

        Args:
            userid: Who holds it.
            theme: What it is called.
            starts_in: In how many seconds.
            seconds: How long it is booked for.
            by_api: A program booked it for them, so that there are callbacks (直播状态变更).

        Returns:
            The livingid.
        """
        state = self._core.state
        live = Live(
            seq=state.ids.number("live"),
            livingid=state.ids.letters("lv", "live", 30),
            userid=self._member(userid).userid,
            theme=theme,
            booked_at=self._now() + starts_in,
            booked_seconds=seconds,
            by_api=by_api,
        )
        state.lives[live.livingid] = live
        self._tell_live(live, LivingStatus.BOOKED)
        return live.livingid

    @scene
    def start_live(self, livingid: str) -> None:
        """Let a stream begin."""
        live = self._live(livingid)
        live.started_at = self._now()
        self._tell_live(live, LivingStatus.LIVE)

    @scene
    def watch_live(
        self,
        livingid: str,
        viewer: CustomerLike,
        *,
        seconds: int,
        comments: int = 0,
        spoke: bool = False,
        invited_by: str = "",
    ) -> None:
        """Let somebody watch, once more if they have watched before.

        Args:
            livingid: The stream.
            viewer: A customer, anybody else outside, or the userid of a member.
            seconds: How long.
            comments: How often they wrote something.
            spoke: They spoke (连麦).
            invited_by: The member who invited them.
        """
        live, state = self._live(livingid), self._core.state
        member = isinstance(viewer, str) and viewer in state.members
        who = str(viewer) if member else self._person(viewer).external_userid
        if who not in live.watched:
            live.watched[who] = Watch(seq=state.ids.number("watch"), who=who, member=member)
        row = live.watched[who]
        row.seconds += seconds
        row.commented = row.commented or comments > 0
        row.spoke = row.spoke or spoke
        row.invited_by = row.invited_by or invited_by
        live.comments += comments

    @scene
    def shop_from_live(self, livingid: str, viewer: CustomerLike) -> str:
        """Let somebody who watches tap on a product, which opens the mini program of the shop.

        Args:
            livingid: The stream.
            viewer: Who has watched.

        Returns:
            The ``ww_share_code`` that the mini program gets; it works for 5 minutes.

        Raises:
            LookupError: They have not watched.
        """
        live, state = self._live(livingid), self._core.state
        who = viewer if isinstance(viewer, str) else viewer.external_userid
        if who not in live.watched:
            msg = f"{who}: does not watch {livingid}; watch_live(...) first"
            raise LookupError(msg)
        code = state.ids.letters("", "share code", 32)
        state.live_codes[code] = (livingid, who, self._now())
        return code

    @scene
    def end_live(self, livingid: str) -> None:
        """Let a stream end."""
        live = self._live(livingid)
        live.started_at = live.started_at or self._now()
        live.ended_at = self._now()
        self._tell_live(live, LivingStatus.ENDED)

    @scene
    def cancel_live(self, livingid: str) -> None:
        """Let a member take a booked stream back."""
        live = self._live(livingid)
        live.cancelled = True
        self._tell_live(live, LivingStatus.CANCELLED)

    def _live(self, livingid: str) -> Live:
        live = self._core.state.lives.get(livingid)
        if live is None or live.ended_at or live.cancelled:
            msg = f"{livingid}: no such stream that goes on; book_live(...) makes one"
            raise LookupError(msg)
        return live

    def _tell_live(self, live: Live, status: LivingStatus) -> None:
        if live.by_api:
            self._emit(LivingStatusChanged, living_id=live.livingid, status=status)
