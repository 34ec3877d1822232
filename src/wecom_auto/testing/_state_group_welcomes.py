"""Group welcome templates, as plain mutable rows. No rules."""

from __future__ import annotations

from typing import Any

from attrs import define, field

from wecom_auto.testing._wire import Body

__all__ = ["Greeting", "GroupWelcomes", "WelcomeTemplate"]


@define(kw_only=True)
class WelcomeTemplate:
    """A template of the library; `notified` names the members who were told of it."""

    template_id: str
    agent_id: int
    content: Body = field(factory=dict[str, Any])
    notified: list[str] = field(factory=list[str])


@define(kw_only=True)
class Greeting:
    """What one customer was greeted with when they joined a group."""

    chat_id: str
    external_userid: str
    template_id: str
    content: Body
    at: float


@define(kw_only=True)
class GroupWelcomes:
    """Group welcome templates; `used` says which template greets in which group."""

    templates: dict[str, WelcomeTemplate] = field(factory=dict[str, WelcomeTemplate])
    used: dict[str, str] = field(factory=dict[str, str])
    greetings: list[Greeting] = field(factory=list[Greeting])
