"""The fake's dials: every limit and delay of the platform that is a number. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal, TypeAlias

from attrs import field, frozen

__all__ = ["Limits", "QuotaRule", "RateRule", "Settings", "TokenRule", "Window"]

Window: TypeAlias = Literal["minute", "hour", "day", "month"]
"""The windows that the platform counts in (manual 90454)."""

QuotaRule: TypeAlias = Literal["month", "week", "day"]
"""How often mass messages may reach one customer: as many a month as it has days, 7 a week, or 1 a day (92135)."""

TokenRule: TypeAlias = Literal["same", "new", "new-kills-old"]
"""What a second gettoken gives. The manual of today promises none of the three (91039)."""


@frozen
class RateRule:
    """At most `count` calls in a `window`; the call above it blocks the API for the rest of a penalty (90454)."""

    count: int
    window: Window


@frozen(kw_only=True)
class Limits:
    """The frequency and amount limits (访问频率限制, manual 90312 and 90454).

    Args:
        base: The rules of every path of a corp.
        paths: Rules of single paths, instead of `base`; an empty tuple means no limit.
        concurrency: How many calls of one path may be in flight; above it 45033.
            The platform publishes no number, so none is set.
        bad_secrets: Wrong secrets in an hour after which the address is banned from gettoken for an hour.
            Unverified: a staff answer of 2021 names 2000.
        tags: Corp tags (92117).
        tags_per_customer: Tags of one member on one customer (92118).
        contact_ways: Contact ways and join ways together (92228, 92229).
        way_users: Members of one contact way, departments expanded (92228).
        group_size: Members of a group before a join way opens the next one.
            Unverified: 200 for groups that are joined by code.
    """

    base: tuple[RateRule, ...] = (RateRule(10_000, "minute"), RateRule(150_000, "hour"))
    paths: Mapping[str, tuple[RateRule, ...]] = field(
        factory=lambda: {
            "message/send": (),
            # Manual 90454: per corp and per app; this fake counts both by path.
            "get_jsapi_ticket": (RateRule(400, "hour"),),
            "ticket/get": (RateRule(100, "hour"),),
            "media/uploadimg": (RateRule(1_000, "day"), RateRule(3_000, "month")),
        }
    )
    concurrency: Mapping[str, int] = field(factory=dict[str, int])
    bad_secrets: int = 2_000
    tags: int = 10_000
    tags_per_customer: int = 3_000
    contact_ways: int = 500_000
    way_users: int = 100
    group_size: int = 200


@frozen(kw_only=True)
class Settings:
    """The habits of the platform that a test may want otherwise.

    Args:
        quota: The console's mass-message rule.
        list_lag: How late `get_groupmsg_list_v2` shows a new message. Unverified: nobody has measured it.
        dispatch_lag: How long a new mass message answers 41063 to queries of its tasks and results.
        welcome_lag: How long a taken welcome code answers 41096 to other apps before it answers 41051.
        token_seconds: The life of a token.
        token_rule: What a second gettoken gives.
        temp_chat: Whether the corp may make temporary contact ways (medical corps only, 92228).
        callback_timeout: Real seconds that a receiver has for its answer (90930).
        callback_tries: Deliveries in all, the first included (90930).
        retry_any_status: Retry every answer other than 200, as the page of 2022 says;
            the page of 2026 retries connection failures and timeouts only.
    """

    quota: QuotaRule = "month"
    list_lag: timedelta = timedelta(0)
    dispatch_lag: timedelta = timedelta(0)
    welcome_lag: timedelta = timedelta(0)
    token_seconds: int = 7_200
    token_rule: TokenRule = "same"  # noqa: S105 - the name of a rule
    temp_chat: bool = False
    callback_timeout: float = 5.0
    callback_tries: int = 3
    retry_any_status: bool = False
