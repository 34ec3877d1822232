"""What may be said about a corp's tags, one line each. Finds nothing by itself."""

from __future__ import annotations

import enum

from attrs import frozen


class Difference(enum.StrEnum):
    """How a library differs from a plan."""

    MISSING_GROUP = "missing_group"
    """The group is not there; it will be made with its tags."""
    MISSING_TAG = "missing_tag"
    """The tag is not there; it will be made."""
    RENAMED = "renamed"
    """It is there under a name that it had before; it will be renamed."""
    ORDER = "order"
    """It stands in another place; its order will be changed."""
    FOREIGN_GROUP = "foreign_group"
    """The plan knows no such group; it stays."""
    FOREIGN_TAG = "foreign_tag"
    """The plan knows no such tag in this group; it stays."""
    DOUBLE = "double"
    """Several groups have this name; the first one is taken, the others stay."""
    NOT_OURS = "not_ours"
    """Somebody else made it (console, another app), as far as is known: the platform may refuse to change it."""
    TOO_LONG = "too_long"
    """The console takes 15 characters."""
    DUPLICATE = "duplicate"
    """Several groups of the plan have a tag of this name."""
    EMPTY = "empty"
    """The plan has no tag for this open group yet: it appears with its first tag."""
    TOO_MANY = "too_many"
    """The corp has room for 10,000 tags."""


CHANGES = frozenset({Difference.MISSING_GROUP, Difference.MISSING_TAG, Difference.RENAMED, Difference.ORDER})
"""What `TagPlan.apply` does something about."""


@frozen(kw_only=True)
class TagFinding:
    """One difference.

    Attributes:
        kind: What differs.
        group: Name of the group in the plan, or in the library if the plan does not know it.
        tag: Name of the tag; empty for the group itself.
        detail: The old name, the wanted order, or whatever else there is to say.
        id: The tag's or group's id in the library; empty if it is not there.
        order: The sort value that is wanted; 0 where it does not matter.
    """

    kind: Difference
    group: str
    tag: str = ""
    detail: str = ""
    id: str = ""
    order: int = 0

    @property
    def changes(self) -> bool:
        """Whether `TagPlan.apply` does something about it."""
        return self.kind in CHANGES

    def __str__(self) -> str:
        name = f"{self.group} / {self.tag}" if self.tag else self.group
        return f"{self.kind.value}: {name}" + (f" ({self.detail})" if self.detail else "")
