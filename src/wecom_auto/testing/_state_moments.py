"""Moment tasks and what became of them, as plain mutable rows. No rules."""

from __future__ import annotations

from typing import Any

from attrs import define, field

__all__ = ["MomentJob", "MomentRow", "MomentTask", "Moments", "Reaction"]


@define(kw_only=True)
class Reaction:
    """A comment or a like: of a customer or of a member."""

    who: str
    customer: bool
    at: int


@define(kw_only=True)
class MomentTask:
    """One member's part of a moment; `customers` were chosen at the tap, `reached` are those who can see it."""

    seq: int
    userid: str
    published_at: float = 0.0
    forgotten: bool = False
    customers: list[str] = field(factory=list[str])
    reached: list[str] = field(factory=list[str])
    comments: list[Reaction] = field(factory=list[Reaction])
    likes: dict[str, Reaction] = field(factory=dict[str, Reaction])


@define(kw_only=True)
class MomentRow:
    """A moment. `create_type` 0 was made by the corp, 1 by a member; without tags it is public."""

    seq: int
    moment_id: str
    creator: str
    create_type: int
    created_at: float
    content: dict[str, Any]
    partly: bool = False
    tags: list[str] = field(factory=list[str])
    cancelled: bool = False
    deleted: bool = False
    tasks: dict[str, MomentTask] = field(factory=dict[str, MomentTask])


@define(kw_only=True)
class MomentJob:
    """A job that makes a moment. `visible` is what its app saw; a range of None was not given; `result` ends it."""

    jobid: str
    agent_id: int
    visible: frozenset[str] | None
    created_at: float
    due_at: float
    content: dict[str, Any]
    users: list[str] | None = None
    departments: list[int] | None = None
    tags: list[str] | None = None
    result: dict[str, Any] = field(factory=dict[str, Any])


@define(kw_only=True)
class Moments:
    """Moment tasks and what became of them. `open` names the jobs that are not done, `seen` when a customer saw what.

    The keys of `seen` are the member and the customer, joined by a slash.
    """

    jobs: dict[str, MomentJob] = field(factory=dict[str, MomentJob])
    open: dict[str, None] = field(factory=dict[str, None])
    rows: dict[str, MomentRow] = field(factory=dict[str, MomentRow])
    seen: dict[str, list[float]] = field(factory=dict[str, list[float]])
