"""Say as events what a write has changed: what the platform would have told, had its callbacks come.

It only compares before and after. Whether an event was lost or never due is for its callers to know.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Any

from attrs import define, field, frozen

from wecom_auto.callbacks import reconstruct
from wecom_auto.callbacks.events import (
    CustomerAdded,
    CustomerDeleted,
    CustomerEdited,
    Event,
    GroupCreated,
    GroupDismissed,
    GroupUpdated,
    GroupUpdateDetail,
    JoinedBy,
    TagCreated,
    TagDeleted,
    TagEvent,
    TagKind,
    TagUpdated,
)
from wecom_auto.directory._membership import GroupRow, Membership
from wecom_auto.directory._relation import NEVER, Relation, RelationStatus
from wecom_auto.models import JoinScene

__all__ = ["News", "TagNews", "lost"]

_FRIENDS = (RelationStatus.FOLLOWING, RelationStatus.UNFOLLOWED)


@frozen
class TagNews:
    """A tag, or a group of tags, that is new, has another name, or is gone."""

    kind: type[TagCreated | TagUpdated | TagDeleted]
    id: str
    what: TagKind


@define
class News:
    """What one write has changed.

    Attributes:
        relations: Before and after.
        retagged: Pairs of customer and member whose tags came out different.
        tags: Tags and their groups.
        groups: Before and after.
        members: Before and after; None for somebody who was never there.
    """

    relations: list[tuple[Relation, Relation]] = field(factory=list)
    retagged: set[tuple[str, str]] = field(factory=set)
    tags: list[TagNews] = field(factory=list)
    groups: list[tuple[GroupRow, GroupRow]] = field(factory=list)
    members: list[tuple[Membership | None, Membership]] = field(factory=list)


def lost(news: News, corp_id: str, as_of: datetime) -> list[Event]:
    """Return the events that would have told this, marked as reconstructed.

    Args:
        news: What an answer of the platform has changed.
        corp_id: The corp.
        as_of: When it was asked: the time of what has no time of its own.
    """
    said = [*_customers(news, corp_id, as_of), *_groups(news, corp_id, as_of), *_tags(news, corp_id, as_of)]
    return [reconstruct(event) for event in said]


def _customers(news: News, corp_id: str, as_of: datetime) -> Iterator[Event]:
    told: set[tuple[str, str]] = set()
    for old, new in news.relations:
        who: dict[str, Any] = {"to_user": corp_id, "external_userid": new.external_userid, "userid": new.userid}
        pair = (new.external_userid, new.userid)
        if new.status is RelationStatus.FOLLOWING and old.status is not RelationStatus.FOLLOWING:
            yield CustomerAdded(created_at=new.added_at or as_of, state=new.state, **who)
        elif new.status is RelationStatus.DELETED and old.status in _FRIENDS:
            yield CustomerDeleted(created_at=new.status_at, **who)
        elif old.read_at > NEVER and old.remark != new.remark:
            yield CustomerEdited(created_at=as_of, **who)
        else:
            continue
        told.add(pair)
    for external_userid, userid in sorted(news.retagged - told):
        yield CustomerEdited(created_at=as_of, to_user=corp_id, external_userid=external_userid, userid=userid)


def _groups(news: News, corp_id: str, as_of: datetime) -> Iterator[Event]:
    fresh = set[str]()
    versions: dict[str, tuple[str, str]] = {}
    for old, new in news.groups:
        which: dict[str, Any] = {"to_user": corp_id, "chat_id": new.chat_id}
        if old.living and not new.living:
            yield GroupDismissed(created_at=new.dismissed_at or as_of, **which)
        elif old.read_at == NEVER and new.read_at > NEVER:
            fresh.add(new.chat_id)
            yield GroupCreated(created_at=new.created_at or as_of, **which)
        else:
            versions[new.chat_id] = (old.member_version, new.member_version)
            for detail in _details(old, new):
                yield GroupUpdated(created_at=as_of, update_detail=detail, **which)
    yield from _moves([one for one in news.members if one[1].chat_id not in fresh], versions, corp_id, as_of)


def _details(old: GroupRow, new: GroupRow) -> Iterator[GroupUpdateDetail]:
    if old.owner and old.owner != new.owner:
        yield GroupUpdateDetail.CHANGE_OWNER
    if old.read_at > NEVER and old.name != new.name:
        yield GroupUpdateDetail.CHANGE_NAME


def _moves(
    members: Iterable[tuple[Membership | None, Membership]],
    versions: dict[str, tuple[str, str]],
    corp_id: str,
    as_of: datetime,
) -> Iterator[Event]:
    """One event for those of a group who came in the same way at the same time, or who are gone."""
    moved = [(new.chat_id, new.inside, _came(new, as_of), new) for old, new in members if _has_moved(old, new)]
    moved.sort(key=lambda one: (one[0], one[1], one[2], one[3].userid))
    for (chat_id, inside, (at, scene)), some in groupby(moved, key=lambda one: one[:3]):
        who = tuple(one[3].userid for one in some)
        before, after = versions.get(chat_id, ("", ""))
        yield GroupUpdated(
            created_at=at,
            to_user=corp_id,
            chat_id=chat_id,
            update_detail=GroupUpdateDetail.ADD_MEMBER if inside else GroupUpdateDetail.DEL_MEMBER,
            join_scene=JoinedBy(scene) if inside else None,
            mem_change_cnt=len(who),
            mem_change_list=who,
            last_mem_ver=before,
            cur_mem_ver=after,
        )


def _has_moved(old: Membership | None, new: Membership) -> bool:
    return new.inside if old is None else old.inside is not new.inside


def _came(new: Membership, as_of: datetime) -> tuple[datetime, int]:
    if not new.inside:
        return new.left_at or as_of, 0
    invited = new.join_scene is JoinScene.INVITED
    return new.joined_at or as_of, 0 if invited else int(new.join_scene)


def _tags(news: News, corp_id: str, as_of: datetime) -> Iterator[TagEvent]:
    for one in news.tags:
        yield one.kind(created_at=as_of, to_user=corp_id, id=one.id, tag_type=one.what)
