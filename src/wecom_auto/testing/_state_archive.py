"""The archive of a corp as plain mutable rows: seats, keys, agreements, words, programs in the zone. No rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from attrs import define, field

from wecom_auto.testing._wire import Body

__all__ = ["Agreed", "Archive", "ArchivedRow", "InternalRoom", "Robot", "ZoneAnswer"]

ZoneAnswer: TypeAlias = Callable[[str, str], str]
"""A program's ability: takes request data and notify id, returns response data."""


@define(kw_only=True)
class Agreed:
    """What somebody outside has said about being archived, and when."""

    status: str
    at: int


@define(kw_only=True)
class InternalRoom:
    """An internal group; `members` are userids and when they joined."""

    roomid: str
    name: str
    creator: str
    created_at: int
    members: dict[str, int]


@define(kw_only=True)
class Robot:
    """A robot that writes in groups."""

    robot_id: str
    name: str
    creator: str


@define(kw_only=True)
class ArchivedRow:
    """Something that was said, as the archive has it; `version` is that of the public key, 0 for none."""

    seq: int
    at: float
    version: int
    body: Body


@define(kw_only=True)
class Archive:
    """Everything. `state` is `""` (off), `open` or `expired`; `agreed` is by userid or roomid, and person."""

    state: str = ""
    agent_id: int = 0
    seats: dict[str, int] = field(factory=dict[str, int])
    agreed: dict[tuple[str, str], Agreed] = field(factory=dict[tuple[str, str], Agreed])
    rooms: dict[str, InternalRoom] = field(factory=dict[str, InternalRoom])
    robots: dict[str, Robot] = field(factory=dict[str, Robot])
    rows: list[ArchivedRow] = field(factory=list[ArchivedRow])
    keys: list[str] = field(factory=list[str])
    media: dict[str, bytes] = field(factory=dict[str, bytes], repr=False)
    programs: dict[tuple[str, str], ZoneAnswer] = field(factory=dict[tuple[str, str], ZoneAnswer])
    images: set[str] = field(factory=set[str])
    notices: dict[str, float] = field(factory=dict[str, float], repr=False)
    told_at: float = float("-inf")
