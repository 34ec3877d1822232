"""The rules of acquisition links that endpoints, scenes and the clock share: who is behind one, and what a use costs.

Unverified: that a use is paid when somebody becomes a customer; that uses which end first are used first;
that uses which end unused cause the events of a balance, too; that warnings come a whole number of days before the end;
what the number of messages is that `get_chat_info` answers (the one at which the event was sent, here).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeAlias

from wecom_auto._time import CHINA
from wecom_auto.callbacks.events import (
    Event,
    LinkChatStarted,
    LinkMessagesReceived,
    LinkQuotaExhausted,
    LinkQuotaExpiring,
    LinkQuotaIncreased,
    LinkQuotaLow,
)
from wecom_auto.testing._records import moment
from wecom_auto.testing._registry import Tick, over_time
from wecom_auto.testing._state import Member, Relation, State
from wecom_auto.testing._state_acquisition import Acquisition, ChatKey, Link, LinkCustomer, Package
from wecom_auto.testing._wire import Body

__all__ = [
    "CHAT_KEY_SECONDS",
    "Say",
    "add_uses",
    "balance",
    "heard",
    "joined",
    "last_day",
    "members_of",
    "open_members",
    "range_of",
]

LOW: Final = 20
DAY: Final = 86_400
WARNINGS: Final = (14, 7, 3, 2, 1)
MILESTONES: Final = frozenset({3, 5, 10})
CHAT_KEY_SECONDS: Final = 30 * 60

Say: TypeAlias = Callable[[Event], None]
"""Sends a callback."""


def range_of(link: Link) -> Body:
    """Return who may get the customers of a link, as the request had it."""
    found: Body = link.fields.get("range") or {}
    return found


def members_of(state: State, wanted: Body) -> list[str]:
    """Return everybody in a range: the listed members, and who is in the departments now."""
    found: dict[str, None] = dict.fromkeys(wanted.get("user_list") or [])
    for party in wanted.get("department_list") or []:
        found |= dict.fromkeys(state.of_department(party))
    return list(found)


def open_members(state: State, link: Link) -> list[Member]:
    """Return those behind a link who can add customers now."""
    known = [state.members[one] for one in members_of(state, range_of(link)) if one in state.members]
    return [one for one in known if one.active and one.contact and one.can_add]


# Uses


def balance(acquisition: Acquisition) -> int:
    """Return how many uses are left."""
    return sum(package.balance for package in acquisition.packages)


def last_day(package: Package) -> int:
    """Return when the day begins in China on which a package ends."""
    end = datetime.fromtimestamp(package.expires_at, CHINA)
    return int(end.replace(hour=0, minute=0, second=0, microsecond=0).timestamp())


def add_uses(state: State, uses: int, now: float, days: float, say: Say) -> None:
    """Put bought uses into the corp."""
    ends = now + days * DAY
    before = balance(state.acquisition)
    warnings = [left for left in WARNINGS if ends - left * DAY > now]
    state.acquisition.packages.append(Package(balance=uses, expires_at=ends, warnings=warnings))
    _tell(state, now, before, say)


def _spend(state: State, now: float, say: Say) -> None:
    packages = [one for one in state.acquisition.packages if one.balance]
    if not packages:
        # Somebody who asked while there were uses may be accepted when there are none.
        return
    before = balance(state.acquisition)
    min(packages, key=lambda one: one.expires_at).balance -= 1
    state.acquisition.used += 1
    _tell(state, now, before, say)


def _tell(state: State, at: float, before: int, say: Say) -> None:
    """Send the event of a balance that has changed, if there is one."""
    left = balance(state.acquisition)
    if before and not left:
        say(LinkQuotaExhausted(created_at=moment(at), to_user=state.corp_id))
    elif before >= LOW > left:
        say(LinkQuotaLow(created_at=moment(at), to_user=state.corp_id))
    elif left and not before:
        say(LinkQuotaIncreased(created_at=moment(at), to_user=state.corp_id))


def _due(package: Package) -> float:
    return package.expires_at - (package.warnings[0] * DAY if package.warnings else 0)


@over_time
def uses_end(tick: Tick) -> None:
    """Announce the end of uses some days before, and let them end."""
    packages = tick.state.acquisition.packages
    while packages and _due(package := min(packages, key=_due)) <= tick.time:
        at = _due(package)
        if package.warnings:
            package.warnings.pop(0)
            _warn(tick, package, at)
        else:
            before = balance(tick.state.acquisition)
            packages.remove(package)
            _tell(tick.state, at, before, tick.emit)


def _warn(tick: Tick, package: Package, at: float) -> None:
    if package.balance:
        event = LinkQuotaExpiring(
            created_at=moment(at),
            to_user=tick.state.corp_id,
            expires_at=moment(last_day(package)),
            uses=package.balance,
        )
        tick.emit(event)


# Customers


def joined(state: State, relation: Relation, now: float, say: Say) -> None:
    """Count somebody who has become a customer by a link, if they came by one: it costs a use."""
    came = state.acquisition.came.get(relation.seq)
    if came is not None and came.pending:
        came.pending, came.added_at = False, now
        _spend(state, now, say)


def heard(state: State, relation: Relation, now: float, say: Say) -> None:
    """Count a message of a customer who came by a link, and send the events of the 1st, 3rd, 5th and 10th."""
    came = state.acquisition.came.get(relation.seq)
    if came is None or came.pending or came.userid != relation.userid:  # handed over since
        return
    came.received += 1
    if came.received == 1:
        say(_started(state, came, now))
    elif came.received in MILESTONES:
        say(_received(state, came, now))


def _started(state: State, came: LinkCustomer, now: float) -> LinkChatStarted:
    return LinkChatStarted(
        created_at=moment(now),
        to_user=state.corp_id,
        userid=came.userid,
        external_userid=came.external_userid,
        link_id=came.link_id,
    )


def _received(state: State, came: LinkCustomer, now: float) -> LinkMessagesReceived:
    key = state.ids.letters("", "chat_key", 43)
    state.acquisition.chat_keys[key] = ChatKey(customer=came, received=came.received, issued_at=now)
    return LinkMessagesReceived(created_at=moment(now), to_user=state.corp_id, link_id=came.link_id, chat_key=key)
