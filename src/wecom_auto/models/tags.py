"""Corp tags and their groups (企业标签, manual 92117)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from attrs import field, frozen

from wecom_auto._model import Model, wire
from wecom_auto._types import UNSET, Unset
from wecom_auto.errors import ValidationError
from wecom_auto.models._render import RichTable, Rows, html_table, rich_table

__all__ = ["NewTag", "StrategyTagGroup", "Tag", "TagChange", "TagGroup"]


def _ids(ids: Iterable[str]) -> tuple[str, ...]:
    """Return the ids as a tuple, refusing one text, which would be read letter by letter."""
    if isinstance(ids, str):
        name, limit = "add / remove", "a list of tag ids"
        raise ValidationError(name, value="one text", limit=limit, fix="write [...] around it")
    return tuple(ids)


@frozen(kw_only=True)
class Tag(Model):
    """A corp tag (企业标签).

    Attributes:
        id: The id, ``et…``.
        name: The name, up to 30 characters.
        created_at: When it was made.
        order: Sort value; bigger comes first.
        deleted: Deleted already; only told when asked by tag or group id.
    """

    id: str
    name: str = ""
    created_at: datetime | None = wire("create_time", None)
    order: int = 0
    deleted: bool = False


@frozen(kw_only=True)
class TagGroup(Model):
    """A group of corp tags (标签组).

    Attributes:
        group_id: The id, ``et…`` as for tags.
        group_name: The name, up to 30 characters.
        created_at: When it was made.
        order: Sort value; bigger comes first.
        deleted: Deleted already; only told when asked by tag id.
        tags: The tags in it; a group without tags does not exist.
    """

    group_id: str
    group_name: str = ""
    created_at: datetime | None = wire("create_time", None)
    order: int = 0
    deleted: bool = False
    tags: tuple[Tag, ...] = wire("tag", ())

    def tag_named(self, name: str) -> Tag | None:
        """Return the tag called `name` that is not deleted, None if there is none."""
        return next((tag for tag in self.tags if tag.name == name and not tag.deleted), None)

    def _repr_html_(self) -> str:
        return html_table(self.group_name, self._rows())

    def __rich__(self) -> RichTable:
        return rich_table(self.group_name, self._rows())

    def _rows(self) -> Rows:
        return ((tag.id, f"{tag.name} (deleted)" if tag.deleted else tag.name) for tag in self.tags)


@frozen(kw_only=True)
class StrategyTagGroup(TagGroup):
    """A group of tags that belong to one customer strategy (规则组标签组, manual 94882). It is never told when deleted.

    Attributes:
        strategy_id: The customer strategy; 0 where the platform leaves it out.
        group_id: The id.
        group_name: The name, up to 30 characters.
        created_at: When it was made.
        order: Sort value; bigger comes first.
        deleted: As for corp tags; the platform does not tell it here.
        tags: The tags in it; a group without tags does not exist.
    """

    strategy_id: int = 0


@frozen(kw_only=True)
class NewTag(Model):
    """A tag to make.

    Attributes:
        name: The name, up to 30 characters, unique in its group.
        order: Sort value from 0 to 2³²-1; bigger comes first.
    """

    name: str
    order: int | Unset = UNSET


@frozen(kw_only=True)
class TagChange:
    """What `tags.mark_many` does to one customer of one member.

    Attributes:
        userid: The member; they must follow the customer.
        external_userid: The customer.
        add: Ids of tags to put on.
        remove: Ids of tags to take off.
    """

    userid: str
    external_userid: str
    add: tuple[str, ...] = field(default=(), converter=_ids)
    remove: tuple[str, ...] = field(default=(), converter=_ids)
