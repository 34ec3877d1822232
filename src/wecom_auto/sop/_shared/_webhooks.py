"""The port for functions of the program that steps call by name. Calls none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from attrs import frozen


@frozen(kw_only=True)
class WebhookCall:
    """What a webhook of a step is given.

    Attributes:
        name: As the definition names it.
        key: The same for every repetition of this call: at least once means that there may be some.
        corp_id: The corp.
        sop: The SOP.
        version: Its version.
        step: The step.
        external_userid: The customer, the group or whatever the run is about.
        userid: The acting member.
    """

    name: str
    key: str
    corp_id: str
    sop: str
    version: int
    step: str
    external_userid: str
    userid: str


WebhookPort: TypeAlias = Callable[[WebhookCall], object]
"""A function of the program that a step calls by name; any exception means: again later. Its answer is not used."""
Webhooks: TypeAlias = Mapping[str, WebhookPort]
