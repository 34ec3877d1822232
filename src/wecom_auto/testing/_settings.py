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
        tags: Corp tags and strategy tags together (92117, 94882).
        tags_per_customer: Tags of one member on one customer (92118).
        contact_ways: Contact ways and join ways together (92228, 92229).
        way_users: Members of one contact way, departments expanded (92228).
        links: Acquisition links of the corp; above it 41095.
            The platform publishes no number, so none is set.
        link_people: Members of one acquisition link, departments expanded (97297).
        intercept_rules: Intercept rules (95097).
        group_size: Members of a group before a join way opens the next one.
            Unverified: 200 for groups that are joined by code.
        moment_jobs: Jobs that may make moments at once; above it 41078.
            The platform publishes no number, so none is set.
        moments_seen: Moments of one member that one customer sees in a day.
            Unverified: a rule of the console, not of the API's pages.
        customers_per_member: Customers of a member who takes some over; only transfers look at it.
            Unverified: it depends on the corp's size and verification.
        group_welcomes: Group welcome templates (92366).
        groups_given: Groups of one owner that may be given away in a day (92127, 95703).
    """

    base: tuple[RateRule, ...] = (RateRule(10_000, "minute"), RateRule(150_000, "hour"))
    paths: Mapping[str, tuple[RateRule, ...]] = field(
        factory=lambda: {
            "message/send": (),
            # Manual 90454: per corp and per app; this fake counts both by path.
            "get_jsapi_ticket": (RateRule(400, "hour"),),
            "ticket/get": (RateRule(100, "hour"),),
            "media/uploadimg": (RateRule(1_000, "day"), RateRule(3_000, "month")),
            # Manual 91614 and 91782.
            "msgaudit/get_permit_user_list": (RateRule(1_000, "minute"),),
            "msgaudit/check_single_agree": (RateRule(2_500, "minute"),),
            "msgaudit/check_room_agree": (RateRule(1_500, "minute"),),
            # Manual 95094.
            "externalcontact/add_moment_task": (RateRule(10, "minute"), RateRule(100_000, "month")),
        }
    )
    concurrency: Mapping[str, int] = field(factory=dict[str, int])
    bad_secrets: int = 2_000
    tags: int = 10_000
    tags_per_customer: int = 3_000
    contact_ways: int = 500_000
    way_users: int = 100
    links: int | None = None
    link_people: int = 500
    intercept_rules: int = 100
    group_size: int = 200
    moment_jobs: int | None = None
    moments_seen: int = 3
    group_welcomes: int = 100
    customers_per_member: int = 20_000
    groups_given: int = 300


@frozen(kw_only=True)
class Settings:
    """The habits of the platform that a test may want otherwise.

    Args:
        quota: The console's mass-message rule.
        list_lag: How late `get_groupmsg_list_v2` shows a new message. Unverified: nobody has measured it.
        dispatch_lag: How long a new mass message answers 41063, and a new moment 41079, to queries of its tasks and
            results.
        moment_lag: How long a job takes to make a moment; half of it is over when its status changes from 1 to 2.
            Unverified: nobody has measured it.
        welcome_lag: How long a taken welcome code answers 41096 to other apps before it answers 41051.
        inherit_lag: How long a group whose owner left is being inherited (status 2) before it has its new owner.
            Unverified: nobody has measured it.
        statistics_lag: How long after midnight in Beijing the statistics of the day before are still zeros.
            Unverified: people have seen it between two and three in the morning.
        token_seconds: The life of a token.
        token_rule: What a second gettoken gives.
        temp_chat: Whether the corp may make temporary contact ways (medical corps only, 92228).
        is_education: Whether the corp is of the education trade; the school endpoints answer 65014 otherwise.
        callback_timeout: Real seconds that a receiver has for its answer (90930).
        callback_tries: Deliveries in all, the first included (90930).
        link_priority: Whether the corp's trade may set priorities of acquisition links (客户与成员关系绑定, 97297).
        link_open_events: Whether its trade gets an event when a link is opened (链接打开回调, 97299).
        retry_any_status: Retry every answer other than 200, as the page of 2022 says;
            the page of 2026 retries connection failures and timeouts only.
    """

    quota: QuotaRule = "month"
    list_lag: timedelta = timedelta(0)
    dispatch_lag: timedelta = timedelta(0)
    moment_lag: timedelta = timedelta(seconds=5)
    welcome_lag: timedelta = timedelta(0)
    inherit_lag: timedelta = timedelta(0)
    statistics_lag: timedelta = timedelta(0)
    token_seconds: int = 7_200
    token_rule: TokenRule = "same"  # noqa: S105 - the name of a rule
    temp_chat: bool = False
    link_priority: bool = False
    link_open_events: bool = False
    is_education: bool = False
    callback_timeout: float = 5.0
    callback_tries: int = 3
    retry_any_status: bool = False
