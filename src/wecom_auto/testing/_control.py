"""The door for other languages: `/_fake/…` does over HTTP what a Python test does by method. JSON in, JSON out.

`POST /_fake/<verb>` with the arguments of the method of the same name as a JSON object.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

import attrs

from wecom_auto.testing._wire import Body, RawReply, RawRequest, encode

if TYPE_CHECKING:
    from wecom_auto.testing._fake import FakeWeCom

__all__ = ["CONTROL", "VERBS", "control"]

CONTROL: Final = "/_fake/"

VERBS: Final = frozenset(
    {
        "book_live", "cancel_live", "end_live", "shop_from_live", "start_live", "watch_live",
        "answer_schedule", "schedule_of",
        "kf_allow_upgrades", "kf_answer", "kf_end", "kf_enter", "kf_follow_recommendation", "kf_sent", "kf_serve",
        "kf_take", "kf_write",
        "add_robot", "agree_to_archive", "archive_message", "create_internal_group", "customer_says", "expire_archive",
        "notify_from_zone", "open_archive", "serve_zone",
        "allow_on_cards", "edit_card", "set_contact_sync",
        "group_says", "member_says", "request_friend",
        "add_other_contact", "add_parent", "add_student", "external_userid_for", "greetings", "notices", "openid_of",
        "opengid_of", "parent", "scan_school_code", "set_app_kind", "told_of_group_welcome", "unsubscribe",
        "use_group_welcome",
        "allow_adding", "authorize_component", "bar_from_adding", "buy_link_uses", "click_link", "delete_link",
        "open_link", "permit_links",
        "add_department", "add_strategy", "add_strategy_tag", "make_super_admin",
        "accept", "add_app", "add_customer", "add_member", "add_tag", "calls", "chat", "clear_faults", "comment_moment",
        "count", "create_group", "customer", "customers", "delete_customer", "delete_moment", "deliver", "deliver_to",
        "dismiss_group", "disturb", "fail_next", "fail_randomly", "forget", "forget_moment", "group", "groups",
        "join_group", "leave", "like_moment", "mass_messages", "mass_tasks", "member", "member_mass_send",
        "member_publishes_moment", "messages_to", "moment_tasks", "moments", "pending", "pending_moments",
        "publish_moment", "quit_group", "refuse_transfer", "reset", "revoke_tokens", "scan", "staff_marks_tag",
        "staff_remarks", "state", "tap", "transfers", "unfriend", "verify_url",
    }
)  # fmt: skip
"""The methods of `FakeWeCom` that can be called over HTTP, by their own names and arguments."""

BAD_REQUEST, NOT_FOUND = 400, 404


def control(fake: FakeWeCom, raw: RawRequest) -> RawReply:
    """Run one verb: 200 with `{"result": …}`, 400 with `{"error": …}` for wrong arguments, 404 for an unknown verb."""
    verb = raw.path.removeprefix(CONTROL).strip("/")
    special: Mapping[str, Callable[[FakeWeCom, Body], object]] = {"advance": _advance, "now": _now, "fail": _fail}
    if verb not in VERBS and verb not in special:
        return RawReply(
            status=NOT_FOUND, body=encode({"error": f"no verb {verb!r}", "verbs": sorted({*VERBS, *special})})
        )
    try:
        arguments = _arguments(raw)
        result = special[verb](fake, arguments) if verb in special else getattr(fake, verb)(**arguments)
    except (TypeError, ValueError, LookupError) as error:
        return RawReply(status=BAD_REQUEST, body=encode({"error": str(error)}))
    return RawReply(body=encode({"result": plain(result)}))


def _arguments(raw: RawRequest) -> Body:
    if raw.method == "GET" or not raw.body:
        return dict(raw.query)
    arguments: object = json.loads(raw.body)
    if not isinstance(arguments, dict):
        msg = "the body must be a JSON object of arguments"
        raise TypeError(msg)
    return cast("Body", arguments)


def _advance(fake: FakeWeCom, arguments: Body) -> object:
    if "to" in arguments:
        return fake.clock.advance_to(datetime.fromisoformat(arguments["to"]))
    strange = arguments.keys() - {"days", "hours", "minutes", "seconds"}
    if strange:
        msg = f"advance takes days, hours, minutes, seconds or to, not {sorted(strange)}"
        raise TypeError(msg)
    return fake.clock.advance(timedelta(**{name: float(value) for name, value in arguments.items()}))


def _now(fake: FakeWeCom, _arguments: Body) -> object:
    return fake.clock.now()


def _fail(fake: FakeWeCom, arguments: Body) -> None:
    fake.fail_next(**arguments)


def plain(value: Any) -> Any:
    """Return a value as JSON knows it: snapshots as objects, times in ISO 8601, bytes as text."""
    if attrs.has(type(value)):
        return {name: plain(one) for name, one in attrs.asdict(value, recurse=False).items()}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in cast("Mapping[object, object]", value).items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(one) for one in cast("list[object]", value)]
    return value
