"""The mass-message chapter (群发, manual 92135, 93338, 97610, 97611). Creates tasks; only a member's tap sends.

Unverified: who gets the task of a customer that has never chatted (the member who added them last, here), and what a
query beyond one month answers (40058, here).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import takewhile
from typing import TypeAlias

from attrs import frozen

from wecom_auto.testing import _lookups as look
from wecom_auto.testing._content import CONTENT, checked_content
from wecom_auto.testing._paging import page, page_size
from wecom_auto.testing._registry import Ask, endpoint
from wecom_auto.testing._sending import SENT, add_task
from wecom_auto.testing._spec import flag, integer, items, nested, objects, text
from wecom_auto.testing._state import MassMessage, MassTask, Person, Recipient, Relation
from wecom_auto.testing._wire import Body, Refusal

MISSING, BAD, NO_TAG, NO_MSGID, BAD_MSGID, NOBODY = 40063, 40058, 40068, 41046, 41047, 41048
DISPATCHING, CANCELLED, REMINDED, NO_MEMBER = 41063, 41093, 41094, 60111
DAY, MONTH = 86_400, 31 * 86_400
REMINDERS = 3

Plan: TypeAlias = dict[str, list[str]]
"""Recipients by the member who has to send to them."""


@frozen
class _Split:
    plan: Plan
    fail_list: list[str]


@endpoint(
    "POST",
    "externalcontact/add_msg_template",
    text("chat_type", enum=("single", "group")),
    items("external_userid", most=10_000),
    items("chat_id_list", most=2_000),
    nested("tag_filter", objects("group_list", items("tag_list", most=100))),
    text("sender"),
    flag("allow_select"),
    *CONTENT,
)
def add_msg_template(ask: Ask) -> Mapping[str, object]:
    """Create a mass message: a task for each member concerned, and nothing sent yet."""
    content = checked_content(ask)
    chat_type = ask.body.get("chat_type") or "single"
    split = _split_groups(ask) if chat_type == "group" else _split_customers(ask)
    if not split.plan:
        raise Refusal(NOBODY)
    message = MassMessage(
        seq=ask.state.ids.number("mass_message"),
        msgid=ask.state.ids.letters("msg", "msgid", 30),
        agent_id=ask.app.agent_id,
        creator="",
        create_type=0,
        chat_type=chat_type,
        created_at=ask.time,
        content=content,
    )
    for userid, targets in split.plan.items():
        add_task(ask.state, message, userid, targets)
    ask.state.mass_messages[message.msgid] = message
    return {"fail_list": split.fail_list, "msgid": message.msgid}


@endpoint(
    "POST",
    "externalcontact/get_groupmsg_list_v2",
    text("chat_type", required=MISSING, enum=("single", "group")),
    integer("start_time", required=MISSING),
    integer("end_time", required=MISSING),
    text("creator"),
    integer("filter_type", enum=(0, 1, 2)),
    integer("limit"),
    text("cursor"),
)
def get_groupmsg_list(ask: Ask) -> Mapping[str, object]:
    """List mass messages of one month; those made by API carry no creator."""
    start, end = ask.body["start_time"], ask.body["end_time"]
    if not 0 <= end - start <= MONTH:
        raise Refusal(BAD, "end_time must lie 0 to 31 days after start_time")
    latest = ask.time - ask.settings.list_lag.total_seconds()
    # The newest ones stand at the end: a year of messages is not looked through for a day of them.
    since = takewhile(lambda one: int(one.created_at) >= start, reversed(ask.state.mass_messages.values()))
    rows = [one for one in since if int(one.created_at) <= end and one.created_at <= latest and _wanted(ask, one)][::-1]
    found, cursor = page(ask, rows, lambda one: one.seq, page_size(ask, default=50, most=100))
    return {"group_msg_list": [_show(one) for one in found], "next_cursor": cursor}


@endpoint(
    "POST", "externalcontact/get_groupmsg_task", text("msgid", required=NO_MSGID), integer("limit"), text("cursor")
)
def get_groupmsg_task(ask: Ask) -> Mapping[str, object]:
    """List the members of a mass message and whether they have sent it."""
    rows = list(_dispatched(ask).tasks.values())
    found, cursor = page(ask, rows, lambda one: one.seq, page_size(ask, default=500, most=1000))
    return {"task_list": [_show_task(one) for one in found], "next_cursor": cursor}


@endpoint(
    "POST",
    "externalcontact/get_groupmsg_send_result",
    text("msgid", required=NO_MSGID),
    text("userid", required=41009),
    integer("limit"),
    text("cursor"),
)
def get_groupmsg_send_result(ask: Ask) -> Mapping[str, object]:
    """List what became of one member's recipients; of groups, those only that were sent."""
    message = _dispatched(ask)
    task = message.tasks.get(ask.body["userid"])
    if task is None:
        raise Refusal(NO_MEMBER, "this member has no task of the message")
    grouped = message.chat_type == "group"
    rows = [one for one in task.recipients.values() if not grouped or one.status == SENT]
    found, cursor = page(ask, rows, lambda one: one.seq, page_size(ask, default=500, most=1000))
    kind = "chat_id" if grouped else "external_userid"
    return {"send_list": [_show_result(task, one, kind) for one in found], "next_cursor": cursor}


@endpoint("POST", "externalcontact/remind_groupmsg_send", text("msgid", required=NO_MSGID))
def remind_groupmsg_send(ask: Ask) -> None:
    """Nudge the members who have not sent; three times in 24 hours (97610)."""
    message = _message(ask)
    if message.cancelled:
        raise Refusal(CANCELLED)
    recent = [at for at in message.reminded if at > ask.time - DAY]
    if len(recent) >= REMINDERS:
        raise Refusal(REMINDED, "3 in 24 hours")
    message.reminded = [*recent, ask.time]


@endpoint("POST", "externalcontact/cancel_groupmsg_send", text("msgid", required=NO_MSGID))
def cancel_groupmsg_send(ask: Ask) -> None:
    """Stop what no member has confirmed; what was sent stays sent (97611)."""
    message = _message(ask)
    if message.cancelled:
        raise Refusal(CANCELLED)
    message.cancelled = True
    for userid in message.tasks:
        ask.state.waiting[userid].pop(message.msgid, None)


def _split_customers(ask: Ask) -> _Split:
    """Decide who sends to whom: the sender, or the member who chatted with each customer last."""
    listed: list[str] = ask.body.get("external_userid") or []
    groups: list[Body] = (ask.body.get("tag_filter") or {}).get("group_list") or []
    sender = ask.body.get("sender")
    if not (listed or groups or sender):
        raise Refusal(MISSING, "one of sender, external_userid, tag_filter is needed")
    if sender:
        look.member(ask, sender)
    wanted = list(dict.fromkeys(listed)) or list(ask.state.people)
    accept = _accepts([] if listed else groups, ask, sender)
    plan: Plan = {}
    failed: list[str] = []
    for external_userid in wanted:
        userid = _follower(ask.state.people.get(external_userid), accept)
        if userid:
            plan.setdefault(userid, []).append(external_userid)
        elif listed:
            failed.append(external_userid)
    return _Split(plan, failed)


def _accepts(groups: list[Body], ask: Ask, sender: str | None) -> Callable[[Relation], bool]:
    """Build the test of a relation: tags are OR inside a group of tags and AND between groups (92135)."""
    for tag_id in (one for each in groups for one in each.get("tag_list") or []):
        if tag_id not in ask.state.tags or ask.state.tags[tag_id].deleted:
            raise Refusal(NO_TAG, str(tag_id))
    wanted = [set[str](each["tag_list"]) for each in groups if each.get("tag_list")]

    def accept(relation: Relation) -> bool:
        if relation.half or relation.unfriended or (sender and relation.userid != sender):
            return False
        return look.visible(ask, relation.userid) and all(not each.isdisjoint(relation.tags) for each in wanted)

    return accept


def _follower(person: Person | None, accept: Callable[[Relation], bool]) -> str | None:
    fitting = [one for one in person.followers.values() if accept(one)] if person else []
    return max(fitting, key=lambda one: (one.chatted_at, one.seq)).userid if fitting else None


def _split_groups(ask: Ask) -> _Split:
    """Give the groups to their owner; without a list the owner picks, so every group owned is on offer."""
    sender = ask.body.get("sender")
    if not sender:
        raise Refusal(MISSING, "sender")
    look.member(ask, sender)
    owned = [one.chat_id for one in ask.state.groups.values() if one.owner == sender and not one.dismissed]
    listed: list[str] = ask.body.get("chat_id_list") or owned
    fitting = [one for one in dict.fromkeys(listed) if one in owned]
    return _Split({sender: fitting} if fitting else {}, [one for one in listed if one not in fitting])


def _message(ask: Ask) -> MassMessage:
    message = ask.state.mass_messages.get(ask.body["msgid"])
    if message is None:
        raise Refusal(BAD_MSGID)
    return message


def _dispatched(ask: Ask) -> MassMessage:
    message = _message(ask)
    if ask.time < message.created_at + ask.settings.dispatch_lag.total_seconds():
        raise Refusal(DISPATCHING)
    return message


def _wanted(ask: Ask, message: MassMessage) -> bool:
    if message.chat_type != ask.body["chat_type"]:
        return False
    creator = ask.body.get("creator")
    if creator and message.creator != creator:
        return False
    return ask.body.get("filter_type", 2) in (2, message.create_type)


def _show(message: MassMessage) -> Body:
    creator = {"creator": message.creator} if message.creator else {}
    head: Body = {"msgid": message.msgid, **creator, "create_time": int(message.created_at)}
    return {**head, "create_type": message.create_type, **message.content}


def _show_task(task: MassTask) -> Body:
    return {"userid": task.userid, "status": task.status, **({"send_time": task.sent_at} if task.status else {})}


def _show_result(task: MassTask, one: Recipient, kind: str) -> Body:
    shown: Body = {kind: one.target, "userid": task.userid, "status": one.status}
    return shown | ({"send_time": one.sent_at} if one.status == SENT else {})
