"""Which tags to put on and take off, so that an exclusive group (单选标签组) shows one. Calls nobody.

The mirror knows tags of a customer by name: of a name that several groups have, nobody knows whose tag is on.
Such a tag is put on again, which does no harm.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from attrs import field, frozen

from wecom_auto.models import TagGroup


@frozen(kw_only=True)
class TagChoice:
    """The tags of one group.

    Attributes:
        ids: Their ids, by name.
        doubtful: Names that other groups have, too.
    """

    ids: Mapping[str, str] = field(factory=dict[str, str])
    doubtful: frozenset[str] = frozenset()

    @classmethod
    def of(cls, library: Iterable[TagGroup], group_name: str) -> TagChoice:
        """Find a group in the corp's library; empty if it is not there."""
        groups = tuple(library)
        found = {tag.name: tag.id for one in groups if one.group_name == group_name for tag in one.tags}
        elsewhere = {tag.name for one in groups if one.group_name != group_name for tag in one.tags}
        return cls(ids=found, doubtful=frozenset(found.keys() & elsewhere))

    def only(self, wanted: str, present: frozenset[str]) -> tuple[list[str], list[str]]:
        """Return the ids to put on and to take off, so that `wanted` is the one tag of the group.

        Args:
            wanted: Name of the tag; empty to take every tag of the group off.
            present: Names of the tags that are on.
        """
        off = [self.ids[name] for name in sorted(present) if name in self.ids and name != wanted]
        return self.added(wanted, present), off

    def added(self, wanted: str, present: frozenset[str]) -> list[str]:
        """Return the id to put on; none if it is on."""
        on = wanted in self.ids and (wanted not in present or wanted in self.doubtful)
        return [self.ids[wanted]] if on else []


NO_RELATION: Final = 84061
"""The member does not follow the customer any more; the event that says so is under way."""
