"""The tags that a corp should have, as data. Compares and changes nothing."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from attrs import evolve, field, frozen

from wecom_auto.automotive._presets import preset_names, preset_text
from wecom_auto.automotive._toml_lists import read_list
from wecom_auto.automotive.tagplan._findings import Difference, TagFinding
from wecom_auto.automotive.tagplan._rules import TagRule, read_rule
from wecom_auto.errors import ConfigurationError
from wecom_auto.sop._document._problems import DefinitionError, read_bool, read_table, read_text, suggestion
from wecom_auto.sop._document._toml import read_toml

if TYPE_CHECKING:
    from wecom_auto._client import WeCom
    from wecom_auto.automotive.tagplan._apply import Applied, Progress
    from wecom_auto.automotive.tagplan._diff import TagDiff
    from wecom_auto.automotive.tagplan._made import MadeTags

NAME_CHARS: Final = 30
"""The longest name of a tag or a group by API (manual 92117)."""
CONSOLE_CHARS: Final = 15
"""The longest name that the console takes: a longer one can be made by API and not be edited by hand."""
CONSOLE_TAGS: Final = 100
"""The most tags of a group, and groups, that the console takes."""
CORP_TAGS: Final = 10_000
"""Corp tags and strategy tags of a corp together (manual 92117, 94882)."""
_KEYS: Final = {"name", "group", "rule"}
_GROUP_KEYS: Final = {"name", "was", "exclusive", "open", "basis", "tags"}


@frozen(kw_only=True)
class PlannedTag:
    """One tag that should be there.

    Attributes:
        name: Up to 30 characters, unique in its group; up to 15 if it is to be edited in the console.
        was: Names that it had before: a tag with one of them is renamed, so that customers keep it.
    """

    name: str
    was: tuple[str, ...] = ()


@frozen(kw_only=True)
class PlannedGroup:
    """One group of tags that should be there.

    Attributes:
        name: Up to 30 characters.
        tags: In the order in which they are shown.
        was: Names that it had before.
        exclusive: A customer carries one tag of it at a time (单选).
        open: Tags that are not in the plan are welcome here.
        basis: Where its values come from.
    """

    name: str
    tags: tuple[PlannedTag, ...] = ()
    was: tuple[str, ...] = ()
    exclusive: bool = False
    open: bool = False
    basis: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its tags."""
        return tuple(one.name for one in self.tags)


@frozen(kw_only=True)
class TagPlan:
    """The tag groups that a corp should have, in the order in which they are shown, and the rules that use them.

    Attributes:
        name: Of the preset or the file.
        groups: The groups.
        rules: What puts tags on customers by itself.
    """

    name: str
    groups: tuple[PlannedGroup, ...]
    rules: tuple[TagRule, ...] = ()
    _by_name: dict[str, PlannedGroup] = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {one.name: one for one in self.groups})

    @classmethod
    def preset(cls, name: str = "automotive") -> TagPlan:
        """Take a plan that ships with the package: ``automotive`` has 18 groups."""
        return cls.from_file(preset_text("tags", name))

    @classmethod
    def presets(cls) -> tuple[str, ...]:
        """List the plans that ship with the package."""
        return preset_names("tags")

    @classmethod
    def from_file(cls, source: str | os.PathLike[str]) -> TagPlan:
        """Read a plan from a TOML file, or from its text.

        Args:
            source: The file; or the text itself, recognised by a line break.

        Raises:
            DefinitionError: the file says something that cannot be meant, with the place.
        """
        table = read_table(read_toml(source), _KEYS, ("name", "group"))
        plan = cls(
            name=read_text(table["name"], "name", chars=64),
            groups=read_list(table["group"], "group", _group),
            rules=read_list(table.get("rule", []), "rule", read_rule),
        )
        _refuse_doubles((one.name for one in plan.groups), "group", "two groups are called")
        _refuse_doubles((one.id for one in plan.rules), "rule", "two rules have the id")
        for number, rule in enumerate(plan.rules):
            if rule.tag not in plan.group(rule.group).names and not plan.group(rule.group).open:
                problem = f"group {rule.group!r} has no tag {rule.tag!r}"
                remedy = suggestion(rule.tag, plan.group(rule.group).names)
                raise DefinitionError(problem, place=f"rule[{number}].tag", remedy=remedy)
        return plan

    def group(self, name: str) -> PlannedGroup:
        """Return a group by its name.

        Raises:
            ConfigurationError: there is none; the message names the nearest.
        """
        if name not in self._by_name:
            msg = f"no tag group {name!r} in plan {self.name!r}; {suggestion(name, self._by_name)}"
            raise ConfigurationError(msg)
        return self._by_name[name]

    def filled(self, values: Mapping[str, Iterable[str]]) -> TagPlan:
        """Return the plan with more tags, for example models from the catalogue.

        Args:
            values: Names of tags by name of the group, added behind those that are there.

        Raises:
            ConfigurationError: no such group, or a name with more than 30 characters.
        """
        more = {self.group(name).name: tuple(names) for name, names in values.items()}
        long = next((tag for names in more.values() for tag in names if not 0 < len(tag) <= NAME_CHARS), None)
        if long is not None:
            msg = f"tag {long[:40]!r} has {len(long)} characters; a name has 1 to {NAME_CHARS}"
            raise ConfigurationError(msg)
        return evolve(self, groups=tuple(_with(one, more.get(one.name, ())) for one in self.groups))

    def warnings(self) -> tuple[TagFinding, ...]:
        """Say what works by API and is a nuisance: what the console does not take, names that several groups have."""
        where: defaultdict[str, list[str]] = defaultdict(list)
        found: list[TagFinding] = []
        for group in self.groups:
            found += [_too_long(group.name, "", f"{len(group.name)} characters")] if _is_long(group.name) else []
            found += [_too_long(group.name, tag, f"{len(tag)} characters") for tag in group.names if _is_long(tag)]
            if len(group.tags) > CONSOLE_TAGS:
                found.append(_too_long(group.name, "", f"{len(group.tags)} tags; the console takes {CONSOLE_TAGS}"))
            for name in group.names:
                where[name].append(group.name)
        for name, groups in where.items():
            if len(groups) > 1:
                detail = f"also in {', '.join(groups[1:])}: who asks for the name means all of them"
                found.append(TagFinding(kind=Difference.DUPLICATE, group=groups[0], tag=name, detail=detail))
        return tuple(found)

    def diff(self, wecom: WeCom, *, made: MadeTags | None = None) -> TagDiff:
        """Read the corp's library and say what differs; changes nothing.

        Args:
            wecom: A client whose app may read tags.
            made: Remembers what this app made; without it nobody knows which tags it may edit.
        """
        from wecom_auto.automotive.tagplan._diff import compare

        return compare(self, wecom.tags.list(), made=None if made is None else made.ids())

    def apply(self, wecom: WeCom, *, made: MadeTags | None = None, progress: Progress | None = None) -> Applied:
        """Make the library what the plan says: create, rename, reorder. Deletes nothing.

        Run it again after a crash or a lost answer: it looks first, and does only what is missing.

        Args:
            wecom: A client whose app may edit tags.
            made: Remembers what this app made; give the same one every time.
            progress: Is told before every call: how many are done, how many there are, and what comes.

        Raises:
            ConfigurationError: the plan has no room in the corp's 10,000 tags; nothing was made.
            APIError: as the client raises it; what was made before stays.
        """
        from wecom_auto.automotive.tagplan._apply import apply

        return apply(self, wecom, made, progress)


def _is_long(name: str) -> bool:
    return len(name) > CONSOLE_CHARS


def _too_long(group: str, tag: str, detail: str) -> TagFinding:
    return TagFinding(kind=Difference.TOO_LONG, group=group, tag=tag, detail=detail)


def _with(group: PlannedGroup, names: Iterable[str]) -> PlannedGroup:
    fresh = tuple(PlannedTag(name=name) for name in dict.fromkeys(names) if name not in group.names)
    return evolve(group, tags=group.tags + fresh)


def _group(value: object) -> PlannedGroup:
    table = read_table(value, _GROUP_KEYS, ("name", "tags"))
    tags = read_list(table["tags"], "tags", _tag)
    _refuse_doubles((one.name for one in tags), "tags", "two tags are called")
    group = PlannedGroup(
        name=read_text(table["name"], "name", chars=NAME_CHARS),
        tags=tags,
        was=read_list(table.get("was", []), "was", _name),
        exclusive=read_bool(table.get("exclusive", False), "exclusive"),
        open=read_bool(table.get("open", False), "open"),
        basis=str(table.get("basis", "")),
    )
    if not tags and not group.open:
        problem = "a group needs a tag: the platform keeps no empty group"
        raise DefinitionError(problem, place="tags", remedy="write open = true if the tags come from a catalogue")
    return group


def _tag(value: object) -> PlannedTag:
    if isinstance(value, str):
        return PlannedTag(name=_name(value))
    table = read_table(value, {"name", "was"}, ("name",))
    return PlannedTag(name=_name(table["name"]), was=read_list(table.get("was", []), "was", _name))


def _name(value: object) -> str:
    return read_text(value, "a name", chars=NAME_CHARS)


def _refuse_doubles(names: Iterable[str], place: str, what: str) -> None:
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        problem = f"{what} {twice!r}"
        raise DefinitionError(problem, place=place)
