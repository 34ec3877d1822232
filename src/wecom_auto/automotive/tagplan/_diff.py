"""Compare a plan with the corp's library. Pure: it is handed both, and calls nobody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from attrs import frozen

from wecom_auto.automotive.tagplan._findings import Difference, TagFinding
from wecom_auto.automotive.tagplan._plan import CORP_TAGS, PlannedGroup, PlannedTag, TagPlan
from wecom_auto.models import Tag, TagGroup


@frozen(kw_only=True)
class TagDiff:
    """How the library of a corp differs from a plan.

    Attributes:
        findings: Everything, changes first.
        total: How many tags the corp has now.
    """

    findings: tuple[TagFinding, ...]
    total: int

    @property
    def changes(self) -> tuple[TagFinding, ...]:
        """What `TagPlan.apply` would do."""
        return tuple(one for one in self.findings if one.changes)

    @property
    def warnings(self) -> tuple[TagFinding, ...]:
        """What a person should look at."""
        return tuple(one for one in self.findings if not one.changes)

    def of(self, kind: Difference) -> tuple[TagFinding, ...]:
        """Return the findings of one kind."""
        return tuple(one for one in self.findings if one.kind is kind)


def compare(plan: TagPlan, library: Sequence[TagGroup], *, made: frozenset[str] | None = None) -> TagDiff:
    """Say how a library differs from a plan.

    Args:
        plan: What should be there.
        library: What is there, from ``tags.list``.
        made: Ids of groups and tags that this app is known to have made; None if nobody kept count.
    """
    living = [one for one in library if not one.deleted]
    pairs = [(group, _find_group(group, living)) for group in plan.groups]
    found = [*_groups(plan, pairs, living), *_places(pairs)]
    total = sum(len(_tags(one)) for one in living)
    fresh = sum(one.kind is Difference.MISSING_TAG for one in found)
    if total + fresh > CORP_TAGS:
        found.append(TagFinding(kind=Difference.TOO_MANY, group="", detail=f"{total} there, {fresh} to be made"))
    if made is not None:
        edits = {Difference.RENAMED, Difference.ORDER}
        found += [_not_ours(one) for one in found if one.kind in edits and one.id not in made]
    found += _of_the_plan(plan)
    return TagDiff(findings=tuple(sorted(found, key=lambda one: not one.changes)), total=total)


def _find_group(planned: PlannedGroup, living: Iterable[TagGroup]) -> TagGroup | None:
    for name in (planned.name, *planned.was):
        for group in living:
            if group.group_name == name:
                return group
    return None


def _find_tag(planned: PlannedTag, tags: Sequence[Tag]) -> Tag | None:
    return next((tag for name in (planned.name, *planned.was) for tag in tags if tag.name == name), None)


def _tags(group: TagGroup) -> tuple[Tag, ...]:
    return tuple(tag for tag in group.tags if not tag.deleted)


def _groups(
    plan: TagPlan,
    pairs: Iterable[tuple[PlannedGroup, TagGroup | None]],
    living: Sequence[TagGroup],
) -> Iterator[TagFinding]:
    taken: set[str] = set()
    for planned, group in pairs:
        if group is None:
            if planned.tags:
                yield TagFinding(kind=Difference.MISSING_GROUP, group=planned.name, detail=f"{len(planned.tags)} tags")
            yield from (TagFinding(kind=Difference.MISSING_TAG, group=planned.name, tag=name) for name in planned.names)
            continue
        taken.add(group.group_id)
        if group.group_name != planned.name:
            yield TagFinding(
                kind=Difference.RENAMED, group=planned.name, detail=f"is {group.group_name}", id=group.group_id
            )
        yield from _inside(planned, group)
    names = {one.name for one in plan.groups}
    for group in living:
        if group.group_id not in taken:
            kind = Difference.DOUBLE if group.group_name in names else Difference.FOREIGN_GROUP
            detail = f"{len(_tags(group))} tags"
            yield TagFinding(kind=kind, group=group.group_name, detail=detail, id=group.group_id)


def _inside(planned: PlannedGroup, group: TagGroup) -> Iterator[TagFinding]:
    tags, known = _tags(group), set[str]()
    for one in planned.tags:
        tag = _find_tag(one, tags)
        if tag is None:
            yield TagFinding(kind=Difference.MISSING_TAG, group=planned.name, tag=one.name, id=group.group_id)
            continue
        known.add(tag.id)
        if tag.name != one.name:
            yield TagFinding(
                kind=Difference.RENAMED, group=planned.name, tag=one.name, detail=f"is {tag.name}", id=tag.id
            )
    for tag in tags:
        if tag.id not in known and not planned.open:
            yield TagFinding(kind=Difference.FOREIGN_TAG, group=planned.name, tag=tag.name, id=tag.id)


def _places(pairs: Sequence[tuple[PlannedGroup, TagGroup | None]]) -> Iterator[TagFinding]:
    """Find groups and tags that stand in the wrong place. Bigger values come first; gaps between them are welcome."""
    names = [planned.name for planned, _ in pairs]
    there = [(planned.name, group.group_id, group.order) for planned, group in pairs if group is not None]
    for name, group_id, order in _misplaced(there, names):
        yield TagFinding(kind=Difference.ORDER, group=name, id=group_id, order=order, detail=f"order {order}")
    for planned, group in pairs:
        if group is None:
            continue
        found = [(one, _find_tag(one, _tags(group))) for one in planned.tags]
        rows = [(one.name, tag.id, tag.order) for one, tag in found if tag is not None]
        for name, tag_id, order in _misplaced(rows, list(planned.names)):
            detail = f"order {order}"
            yield TagFinding(kind=Difference.ORDER, group=planned.name, tag=name, id=tag_id, order=order, detail=detail)


def _misplaced(rows: Sequence[tuple[str, str, int]], names: Sequence[str]) -> Iterator[tuple[str, str, int]]:
    """Yield what must get a new value; nothing if the values that are there fall from the first to the last."""
    orders = [order for _, _, order in rows]
    if all(one > other for one, other in pairwise(orders)):
        return
    for name, row_id, order in rows:
        wanted = order_of(name, names)
        if order != wanted:
            yield name, row_id, wanted


def order_of(name: str, names: Sequence[str]) -> int:
    """Return the sort value of a place: the first of 18 gets 180, so that there is room between two."""
    return 10 * (len(names) - list(names).index(name))


def _not_ours(change: TagFinding) -> TagFinding:
    return TagFinding(
        kind=Difference.NOT_OURS,
        group=change.group,
        tag=change.tag,
        id=change.id,
        detail=f"{change.kind.value} may be refused: this app is not known to have made it",
    )


def _of_the_plan(plan: TagPlan) -> Iterator[TagFinding]:
    for group in plan.groups:
        if not group.tags:
            yield TagFinding(kind=Difference.EMPTY, group=group.name)
    yield from plan.warnings()
