"""The chapter of live streams (直播, manual 93634 to 93636, 93874): read them, and delete a replay.

`fake.book_live`, `start_live`, `watch_live` and `end_live` play them; no call of this fake books one.

Unverified: how many who watched stand in one answer (20 here; few, so that a test meets a second part), whether
members and others share it, and what a strange key answers (40058); that every app reads the streams of the members
in its range; that somebody can be asked for while it is on air.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import evolve

from wecom_auto.testing import _lookups as look
from wecom_auto.testing._paging import page, page_size
from wecom_auto.testing._registry import Ask, endpoint
from wecom_auto.testing._spec import integer, text
from wecom_auto.testing._state_lives import Live, Watch
from wecom_auto.testing._wire import Body, Refusal

MISSING, NO_MEMBER, OUT_OF_RANGE, KEPT, NO_RIGHT = 40063, 60111, 92000, 92007, 92008
LINES, IDS = 20, 100
BOOKED, LIVE, ENDED, CANCELLED = 0, 1, 2, 4
REPLAY_DELETED: Final = 2
LIVINGID = text("livingid", required=MISSING)


@endpoint("POST", "living/get_user_all_livingid", text("userid", required=MISSING), text("cursor"), integer("limit"))
def get_user_all_livingid(ask: Ask) -> Mapping[str, object]:
    """List a member's streams."""
    userid = ask.body["userid"]
    if userid not in ask.state.members:
        raise Refusal(NO_MEMBER, f"userid {userid}: fake.add_member({userid!r}) adds them")
    if not look.visible(ask, userid):
        raise Refusal(OUT_OF_RANGE, f"userid {userid}: see visible= of the app's fake.add_app(...)")
    mine = [one for one in ask.state.lives.values() if one.userid == userid]
    found, following = page(ask, mine, lambda one: one.seq, page_size(ask, default=IDS, most=IDS))
    return {"livingid_list": [one.livingid for one in found], "next_cursor": following}


@endpoint("GET", "living/get_living_info", LIVINGID)
def get_living_info(ask: Ask) -> Mapping[str, object]:
    """Answer one stream."""
    live = _live(ask)
    status = CANCELLED if live.cancelled else ENDED if live.ended_at else LIVE if live.started_at else BOOKED
    seconds = (live.ended_at or ask.now) - live.started_at if live.started_at else 0
    info: Body = {
        "theme": live.theme,
        "living_start": live.started_at,
        "living_duration": seconds,
        "reserve_start": live.booked_at,
        "reserve_living_duration": live.booked_seconds,
        "anchor_userid": live.userid,
        "main_department": ask.state.members[live.userid].department,
        "type": 0,
        "status": status,
        "description": "",
        "open_replay": 1,
        "replay_status": REPLAY_DELETED if live.replay_deleted else 0,
        "viewer_num": len(live.watched),
        "comment_num": live.comments,
        "mic_num": sum(one.spoke for one in live.watched.values()),
        "online_count": 0,
        "subscribe_count": 0,
    }
    return {"living_info": info}


@endpoint("POST", "living/get_watch_stat", LIVINGID, text("next_key"))
def get_watch_stat(ask: Ask) -> Mapping[str, object]:
    """Answer a part of those who watched."""
    live, key = _live(ask), ask.body.get("next_key", "")
    asked = {"livingid": live.livingid, "cursor": "" if key == "0" else key}
    found, following = page(evolve(ask, body=asked), list(live.watched.values()), lambda one: one.seq, LINES)
    users = [_watched(one, {"userid": one.who}) for one in found if one.member]
    others = [_watched(one, _outside(ask, one.who)) for one in found if not one.member]
    stat = {"users": users, "external_users": others}
    return {"ending": int(not following), "next_key": following, "stat_info": stat}


@endpoint("POST", "living/delete_replay_data", LIVINGID)
def delete_replay_data(ask: Ask) -> None:
    """Delete the replay of a stream that is over."""
    live = _live(ask)
    if not live.ended_at:
        raise Refusal(KEPT, "it is not over")
    live.replay_deleted = True


def _live(ask: Ask) -> Live:
    live = ask.state.lives.get(ask.body["livingid"])
    if live is None or not look.visible(ask, live.userid):
        raise Refusal(NO_RIGHT, f"livingid {ask.body['livingid']}: fake.book_live(...) makes one")
    return live


def _outside(ask: Ask, external_userid: str) -> Body:
    person = ask.state.people[external_userid]
    return {"external_userid": external_userid, "type": person.type, "name": person.name}


def _watched(one: Watch, head: Body) -> Body:
    invited = {"invitor_userid": one.invited_by} if one.invited_by else {}
    return {
        **head,
        "watch_time": one.seconds,
        "is_comment": int(one.commented),
        "is_mic": int(one.spoke),
        **invited,
    }
