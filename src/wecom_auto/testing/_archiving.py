"""What goes into the archive, and in which form it comes out: the classic one, and that of the zone. Knows no scene.

Unverified: what the platform gives of somebody who has not agreed. This fake gives everything, so that a reader
meets rows that it must refuse. Mass messages and welcome messages are not archived here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from wecom_auto.callbacks.events import ArchiveMessagesWaiting
from wecom_auto.testing._core import Core
from wecom_auto.testing._records import moment
from wecom_auto.testing._state_archive import Archive, ArchivedRow
from wecom_auto.testing._wire import Body

__all__ = ["KEPT", "hits", "keep", "living", "zone_row"]

KEPT: Final = timedelta(days=5)
QUIET: Final = 15.0
"""Seconds in which at most one callback says that there is something (95039)."""
ZONE_KINDS: Final[Mapping[str, int]] = {
    "text": 1, "image": 2, "emotion": 3, "link": 4, "weapp": 5, "voice": 6, "video": 7, "file": 8, "card": 9,
    "chatrecord": 10, "sphfeed": 11, "calendar": 12, "redpacket": 13, "external_redpacket": 13, "location": 14,
    "meeting": 15, "todo": 16, "vote": 17, "docmsg": 18, "news": 19, "mixed": 20, "meeting_voice_call": 21,
    "voiptext": 22, "qydiskfile": 23, "agree": 24, "disagree": 25, "markdown": 27,
}  # fmt: skip
MEMBER, CONTACT, ROBOT = 1, 2, 3


def keep(
    core: Core,
    sender: str,
    receivers: Sequence[str],
    msgtype: str,
    body: Body,
    *,
    roomid: str = "",
    action: str = "send",
) -> str:
    """Archive a message, if anybody in it has a seat; return its msgid, empty if nobody has.

    Args:
        core: The platform.
        sender: Who wrote it.
        receivers: Who got it.
        msgtype: Its kind.
        body: Its fields, already under the right key.
        roomid: The group.
        action: `send` or `recall`.
    """
    state, archive, now = core.state, core.state.archive, core.clock.time()
    if archive.state != "open" or not archive.seats.keys() & {sender, *receivers}:
        return ""
    outside = any(one in state.people for one in (sender, *receivers))
    msgid = f"{state.ids.number('archived'):020d}_{int(now)}" + ("_external" if outside else "")
    head = {"msgid": msgid, "action": action, "from": sender, "tolist": list(receivers), "roomid": roomid}
    row = {**head, "msgtime": int(now * 1000), "msgtype": msgtype, **body}
    archive.rows.append(ArchivedRow(seq=len(archive.rows) + 1, at=now, version=len(archive.keys), body=row))
    if now - archive.told_at >= QUIET:
        archive.told_at = now
        core.outbox.emit(ArchiveMessagesWaiting(created_at=moment(int(now)), to_user=state.corp_id))
    return msgid


def living(archive: Archive, now: float, after: int, limit: int) -> list[ArchivedRow]:
    """Rows after a number that are not too old to be had."""
    found = archive.rows[after : after + limit]
    return [row for row in found if row.at > now - KEPT.total_seconds()]


def zone_row(core: Core, row: ArchivedRow) -> Body:
    """A row as a program in the zone gets it: who, to whom, when, which kind, and nothing of what it says."""
    body = row.body

    def party(one: str) -> Body:
        kind = MEMBER if one in core.state.members else ROBOT if one in core.state.archive.robots else CONTACT
        return {"type": kind, "id": one}

    return {
        "msgid": body["msgid"],
        "sender": party(body["from"]),
        "receiver_list": [party(one) for one in body["tolist"]],
        "chatid": body["roomid"],
        "send_time": int(row.at),
        "msgtype": ZONE_KINDS.get(body["msgtype"], 0),
        "service_encrypt_info": {"encrypted_secret_key": "", "public_key_ver": row.version},
    }


def hits(row: ArchivedRow, rules: Mapping[str, Sequence[str]]) -> list[Body]:
    """Which rules a row hits, as the zone says it."""
    words = str(row.body.get("text", {}).get("content", ""))
    found = [rule for rule, wanted in rules.items() if any(word in words for word in wanted)]
    return [{"rule_id": rule, "has_hit_keyword": True, "semantics_list": []} for rule in found]
