"""The chapter of live streams (直播, manual 93634 to 93641, 93874, 94442): book, read, and delete a replay.

`fake.book_live`, `start_live`, `watch_live` and `end_live` play them; `fake.shop_from_live` opens a mini program.

Unverified: how many who watched stand in one answer (20 here; few, so that a test meets a second part), whether
members and others share it, and what a strange key answers (40058); that every app reads the streams of the members
in its range; that somebody can be asked for while it is on air; that a stream that a person booked answers 92008 to
who changes it, and one in the past or an unknown code 40058; that booking and cancelling by call cause the callback.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import evolve

from wecom_auto.callbacks.events import LivingStatus, LivingStatusChanged
from wecom_auto.testing import _lookups as look
from wecom_auto.testing._paging import page, page_size
from wecom_auto.testing._records import moment
from wecom_auto.testing._registry import Ask, endpoint
from wecom_auto.testing._spec import integer, items, nested, text
from wecom_auto.testing._state_lives import Live, Watch
from wecom_auto.testing._wire import Body, Refusal

BAD, MISSING, NO_MEMBER, OUT_OF_RANGE, BEGUN, KEPT, NO_RIGHT = 40058, 40063, 60111, 92000, 92006, 92007, 92008
LINES, IDS, PICTURES = 20, 100, 5
CODE_SECONDS: Final = 300
BOOKED, LIVE, ENDED, CANCELLED = 0, 1, 2, 4
REPLAY_DELETED: Final = 2
LIVINGID = text("livingid", required=MISSING)
KIND = integer("type", enum=(0, 1, 2, 3, 4))
REMIND = integer("remind_time")


@endpoint(
    "POST",
    "living/create",
    text("anchor_userid", required=MISSING),
    text("theme", required=MISSING, chars=20),
    integer("living_start", required=MISSING),
    integer("living_duration", required=MISSING, least=1),
    KIND,
    text("description", chars=100),
    REMIND,
    text("activity_cover_mediaid"),
    text("activity_share_mediaid"),
    nested("activity_detail", text("description"), items("image_list", most=PICTURES)),
    also=("agentid",),
)
def create(ask: Ask) -> Mapping[str, object]:
    """Book a stream for a member."""
    _anchor(ask, ask.body["anchor_userid"])
    _to_come(ask)
    detail = ask.body.get("activity_detail", {})
    pictures = [ask.body.get(name, "") for name in ("activity_cover_mediaid", "activity_share_mediaid")]
    for media_id in filter(None, (*pictures, *detail.get("image_list", ()))):
        look.medium(ask, media_id)
    live = Live(
        seq=ask.state.ids.number("live"),
        livingid=ask.state.ids.letters("lv", "live", 30),
        userid=ask.body["anchor_userid"],
        theme=ask.body["theme"],
        booked_at=ask.body["living_start"],
        booked_seconds=ask.body["living_duration"],
        by_api=True,
        kind=ask.body.get("type", 0),
        description=ask.body.get("description") or detail.get("description", ""),
    )
    ask.state.lives[live.livingid] = live
    _tell(ask, live, LivingStatus.BOOKED)
    return {"livingid": live.livingid}


@endpoint(
    "POST",
    "living/modify",
    LIVINGID,
    text("theme", octets=60),
    integer("living_start"),
    integer("living_duration", least=1),
    KIND,
    text("description", octets=300),
    REMIND,
)
def modify(ask: Ask) -> None:
    """Change what was booked."""
    live = _booked(ask)
    _to_come(ask)
    live.theme = ask.body.get("theme") or live.theme
    live.booked_at = ask.body.get("living_start", live.booked_at)
    live.booked_seconds = ask.body.get("living_duration", live.booked_seconds)
    live.kind = ask.body.get("type", live.kind)
    live.description = ask.body.get("description", live.description)


@endpoint("POST", "living/cancel", LIVINGID)
def cancel(ask: Ask) -> None:
    """Take back what was booked."""
    live = _booked(ask)
    live.cancelled = True
    _tell(ask, live, LivingStatus.CANCELLED)


@endpoint("POST", "living/get_living_code", LIVINGID, text("openid", required=MISSING))
def get_living_code(ask: Ask) -> Mapping[str, object]:
    """Answer a code with which one person watches."""
    _live(ask)
    return {"living_code": ask.state.ids.letters("", "living code", 32)}


@endpoint("POST", "living/get_living_share_info", text("ww_share_code", required=MISSING))
def get_living_share_info(ask: Ask) -> Mapping[str, object]:
    """Answer who came from a stream into a mini program."""
    live, who, at = ask.state.live_codes.get(ask.body["ww_share_code"], ("", "", 0))
    if not live or ask.time >= at + CODE_SECONDS:
        raise Refusal(BAD, "ww_share_code: unknown, or older than 5 minutes; fake.shop_from_live(...) makes one")
    row = ask.state.lives[live].watched[who]
    viewer = {"viewer_userid" if row.member else "viewer_external_userid": who}
    invited = {"invitor_userid": row.invited_by} if row.invited_by else {}
    return {"livingid": live, **viewer, **invited}


@endpoint("POST", "living/get_user_all_livingid", text("userid", required=MISSING), text("cursor"), integer("limit"))
def get_user_all_livingid(ask: Ask) -> Mapping[str, object]:
    """List a member's streams."""
    userid = ask.body["userid"]
    _anchor(ask, userid)
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
        "type": live.kind,
        "status": status,
        "description": live.description,
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


def _booked(ask: Ask) -> Live:
    live = _live(ask)
    if not live.by_api:
        raise Refusal(NO_RIGHT, "a person has booked it")
    if live.started_at or live.cancelled:
        raise Refusal(BEGUN, "it has begun, or was cancelled")
    return live


def _anchor(ask: Ask, userid: str) -> None:
    if userid not in ask.state.members:
        raise Refusal(NO_MEMBER, f"userid {userid}: fake.add_member({userid!r}) adds them")
    if not look.visible(ask, userid):
        raise Refusal(OUT_OF_RANGE, f"userid {userid}: see visible= of the app's fake.add_app(...)")


def _to_come(ask: Ask) -> None:
    if ask.body.get("living_start", ask.now) < ask.now:
        raise Refusal(BAD, "living_start: it is over")


def _tell(ask: Ask, live: Live, status: LivingStatus) -> None:
    at = moment(ask.now)
    ask.emit(LivingStatusChanged(created_at=at, to_user=ask.state.corp_id, living_id=live.livingid, status=status))


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
