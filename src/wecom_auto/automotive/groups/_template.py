"""What a group should look like, and in what it differs. Pure: it compares, and changes nothing.

Names, notices, owners and administrators of a customer group are changed in the client only, so a difference is
something to tell a member.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping
from string import Formatter
from typing import Final

from attrs import field, frozen

from wecom_auto.automotive._presets import preset_names, preset_text
from wecom_auto.automotive._toml_lists import read_list
from wecom_auto.models import GroupChat, GroupMemberType
from wecom_auto.sop._document._problems import DefinitionError, is_table, read_int, read_table, read_text
from wecom_auto.sop._document._toml import read_toml

_KEYS: Final = {
    "name", "kind", "name_pattern", "owner_roles", "admin_roles", "least_admins", "notice", "welcome", "members",
}  # fmt: skip
_NUMBER: Final = "number"
_ADMINS: Final = 3
"""The most administrators of a customer group, the owner aside (the client's own limit)."""
RolesOf = Callable[[str], Collection[str]]
"""Which roles a member has."""


@frozen(kw_only=True)
class Deviation:
    """One thing in which a group differs from its template.

    Attributes:
        chat_id: The group.
        field: ``name``, ``owner``, ``admins``, ``notice``, ``welcome`` or ``members:ROLE``.
        wanted: What the template says.
        found: What there is.
    """

    chat_id: str
    field: str
    wanted: str
    found: str

    def __str__(self) -> str:
        return f"{self.chat_id} {self.field}: {self.found or 'nothing'} instead of {self.wanted}"


@frozen(kw_only=True)
class GroupTemplate:
    """What groups of a kind look like (群模板).

    Attributes:
        name: Of the preset or the file.
        kind: The kind of group.
        name_pattern: The name, with fields such as ``{store}``; ``{number}`` stands for digits. Empty for any name.
        owner_roles: One of these the owner must have; empty for anybody.
        admin_roles: One of these every administrator must have; empty for anybody.
        least_admins: How many administrators there are at least, 0 to 3.
        notice: Words that the notice on top (群公告) must contain; empty for any.
        welcome: The welcome template that the owner is to choose; which one is chosen no call tells, so it is compared
            with what was written down.
        members: How many members with a role are in it at least.
    """

    name: str
    kind: str
    name_pattern: str = ""
    owner_roles: tuple[str, ...] = ()
    admin_roles: tuple[str, ...] = ()
    least_admins: int = 0
    notice: str = ""
    welcome: str = ""
    members: Mapping[str, int] = field(factory=dict[str, int])

    @classmethod
    def preset(cls, name: str = "prospect") -> GroupTemplate:
        """Take a template that ships with the package."""
        return cls.from_file(preset_text("group_templates", name))

    @classmethod
    def presets(cls) -> tuple[str, ...]:
        """List the templates that ship with the package."""
        return preset_names("group_templates")

    @classmethod
    def from_file(cls, source: str | os.PathLike[str]) -> GroupTemplate:
        """Read a template from a TOML file, or from its text.

        Raises:
            DefinitionError: the file says something that cannot be meant, with the place.
        """
        table = read_table(read_toml(source), _KEYS, ("name", "kind"))
        pattern = str(table.get("name_pattern", ""))
        _compile(pattern)
        return cls(
            name=read_text(table["name"], "name", chars=64),
            kind=read_text(table["kind"], "kind", chars=32),
            name_pattern=pattern,
            owner_roles=read_list(table.get("owner_roles", []), "owner_roles", str),
            admin_roles=read_list(table.get("admin_roles", []), "admin_roles", str),
            least_admins=read_int(table.get("least_admins", 0), "least_admins", least=0, most=_ADMINS),
            notice=str(table.get("notice", "")),
            welcome=str(table.get("welcome", "")),
            members=_members(table.get("members", {})),
        )

    def read_name(self, name: str) -> Mapping[str, str] | None:
        """Return the fields of a group's name, such as the store; None if the name does not fit.

        Args:
            name: The group's name.
        """
        found = _compile(self.name_pattern).fullmatch(name)
        return None if found is None else found.groupdict()

    def deviations(self, group: GroupChat, roles: RolesOf, *, welcome: str = "") -> tuple[Deviation, ...]:
        """Say in what a group differs; of a group as it should be, nothing.

        Args:
            group: From `groups.get`.
            roles: Which roles a member has, for example from the network.
            welcome: The welcome template that was chosen, as far as somebody wrote it down.
        """
        found = [*self._people(group, roles)]
        if self.name_pattern and self.read_name(group.name) is None:
            found.append(("name", self.name_pattern, group.name))
        if self.notice and self.notice not in group.notice:
            found.append(("notice", self.notice, group.notice[:100]))
        if self.welcome and welcome != self.welcome:
            found.append(("welcome", self.welcome, welcome))
        return tuple(
            Deviation(chat_id=group.chat_id, field=name, wanted=wanted, found=there)
            for name, wanted, there in sorted(found)
        )

    def _people(self, group: GroupChat, roles: RolesOf) -> list[tuple[str, str, str]]:
        found: list[tuple[str, str, str]] = []
        if self.owner_roles and not set(self.owner_roles) & set(roles(group.owner)):
            found.append(("owner", " or ".join(self.owner_roles), group.owner))
        admins = [one.userid for one in group.admins]
        strangers = [one for one in admins if self.admin_roles and not set(self.admin_roles) & set(roles(one))]
        if len(admins) < self.least_admins or strangers:
            wanted = f"at least {self.least_admins} of {' or '.join(self.admin_roles) or 'anybody'}"
            found.append(("admins", wanted, ", ".join(strangers or admins)))
        staff = [one.userid for one in group.members if one.type == GroupMemberType.MEMBER]
        for role, least in self.members.items():
            count = sum(role in roles(one) for one in staff)
            if count < least:
                found.append((f"members:{role}", str(least), str(count)))
        return found


def _compile(pattern: str) -> re.Pattern[str]:
    """Turn ``{brand}购车交流—{store}{number}群`` into an expression; the same field twice must say the same."""
    parts, seen = list[str](), set[str]()
    try:
        pieces = list(Formatter().parse(pattern))
    except ValueError as error:
        problem = f"not a pattern: {error}"
        raise DefinitionError(problem, place="name_pattern") from None
    for text, name, _, _ in pieces:
        parts.append(re.escape(text))
        if name is None:
            continue
        if not name.isidentifier():
            problem = f"{name!r} is no name of a field"
            raise DefinitionError(problem, place="name_pattern", remedy="write {store}, {number} or the like")
        parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>{r'[0-9]+' if name == _NUMBER else '.+?'})")
        seen.add(name)
    return re.compile("".join(parts) if parts else ".*")


def _members(value: object) -> dict[str, int]:
    if not is_table(value):
        problem = "a table of roles and numbers is expected"
        raise DefinitionError(problem, place="members")
    return {str(role): read_int(count, f"members.{role}", least=1, most=100) for role, count in value.items()}
