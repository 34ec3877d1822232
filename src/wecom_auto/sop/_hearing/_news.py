"""What callbacks mean for SOPs: who comes in, whose runs look again, whom the welcome code greets.

The directory has taken the event in already.
A message into a group reaches everybody in it, so joins are counted by the day: whoever joins on one day is greeted
together, and the SOP's re-entry rule says how often a group may be greeted at all.
"""

from __future__ import annotations

from datetime import datetime

from wecom_auto.callbacks.events import (
    CustomerAdded,
    CustomerDeleted,
    CustomerEdited,
    CustomerUnfollowed,
    Event,
    GroupCreated,
    GroupDismissed,
    GroupUpdated,
    GroupUpdateDetail,
)
from wecom_auto.sop._acting._welcome import send_welcome
from wecom_auto.sop._document._policies import Target
from wecom_auto.sop._hearing import _transfers
from wecom_auto.sop._runs import _entry
from wecom_auto.sop._runs._advance import WELCOME_CODE
from wecom_auto.sop._runs._entry import Candidate
from wecom_auto.sop._shared._context import Context

_CUSTOMERS = ("wm", "wo")
"""How ids of people outside the corp begin."""


def take(context: Context, event: Event, now: datetime) -> None:
    """Act on an event; one that concerns no SOP does nothing."""
    if _transfers.hear(context, event, now):
        return
    match event:
        case CustomerAdded():
            _added(context, event, now)
        case CustomerEdited():
            _edited(context, event, now)
        case CustomerUnfollowed() | CustomerDeleted():
            _entry.wake(context, event.external_userid, now)
        case GroupCreated():
            _created(context, event, now)
        case GroupUpdated():
            _updated(context, event, now)
        case GroupDismissed():
            _entry.wake(context, event.chat_id, now)
        case _:
            return


def _added(context: Context, event: CustomerAdded, now: datetime) -> None:
    customer, member = event.external_userid, event.userid
    occurrence = f"added@{event.created_at.isoformat()}"
    candidate = Candidate(external_userid=customer, userid=member, occurrence=occurrence)
    try:
        _entry.trigger(context, "customer.added", candidate, now)
    finally:
        # The code dies in seconds, whatever has kept the customer out of another SOP.
        if event.welcome_code:
            send_welcome(context, event, now, event.created_at + WELCOME_CODE)


def _edited(context: Context, event: CustomerEdited, now: datetime) -> None:
    customer, member = event.external_userid, event.userid
    facts = context.book.facts_for([(customer, member)])[customer, member]
    names = {name for one in facts.followers if one.relation.userid == member for name in one.tags}
    try:
        for name in sorted(names):
            # The event does not say what changed, so a tag found this way lets in once.
            candidate = Candidate(external_userid=customer, userid=member, occurrence=f"tag:{name}")
            _entry.trigger(context, f"tag.added:{name}", candidate, now)
    finally:
        _entry.wake(context, customer, now)


def _created(context: Context, event: GroupCreated, now: datetime) -> None:
    """Let a new group into the SOPs that wait for one."""
    occurrence = f"created@{event.created_at.isoformat()}"
    candidate = Candidate(external_userid=event.chat_id, occurrence=occurrence)
    _entry.trigger(context, "group.created", candidate, now, target=Target.GROUP)


def _updated(context: Context, event: GroupUpdated, now: datetime) -> None:
    """Let in on joins, and look at the group's runs: its owner, its name or its size may be others now."""
    try:
        if event.update_detail is GroupUpdateDetail.ADD_MEMBER:
            _joined(context, event, now)
    finally:
        _entry.wake(context, event.chat_id, now)


def _joined(context: Context, event: GroupUpdated, now: datetime) -> None:
    customers = [one for one in event.mem_change_list if one.startswith(_CUSTOMERS)]
    day = event.created_at.astimezone(context.settings.zone).date()
    for customer in customers:
        candidate = Candidate(external_userid=customer, occurrence=f"joined:{event.chat_id}@{day}")
        _entry.trigger(context, "group.joined", candidate, now)
    if customers or not event.mem_change_list:
        # An event that names nobody still says that somebody came.
        candidate = Candidate(external_userid=event.chat_id, occurrence=f"joined@{day}")
        _entry.trigger(context, "group.joined", candidate, now, target=Target.GROUP)
