"""Live streams and who watched them, as plain mutable rows. No rules."""

from __future__ import annotations

from attrs import define, field

__all__ = ["Live", "Watch"]


@define(kw_only=True)
class Watch:
    """How long somebody watched, and what they did."""

    seq: int
    who: str
    member: bool
    seconds: int = 0
    commented: bool = False
    spoke: bool = False
    invited_by: str = ""


@define(kw_only=True)
class Live:
    """A stream. `by_api` ones have callbacks; `comments` counts them all."""

    seq: int
    livingid: str
    userid: str
    theme: str
    booked_at: int
    booked_seconds: int
    by_api: bool
    started_at: int = 0
    ended_at: int = 0
    cancelled: bool = False
    replay_deleted: bool = False
    kind: int = 0
    description: str = ""
    comments: int = 0
    watched: dict[str, Watch] = field(factory=dict[str, Watch])
