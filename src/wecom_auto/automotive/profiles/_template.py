"""What customers see of staff, as a file says, filled for each member. Pure: it calls nobody."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from string import Formatter
from typing import Final
from urllib.parse import quote

from attrs import field, frozen

from wecom_auto.automotive._toml_lists import read_list
from wecom_auto.automotive.network import Member, Network
from wecom_auto.automotive.profiles._cards import Card
from wecom_auto.models import ExternalAttribute, ExternalAttributeType, MiniProgramValue, TextValue, WebValue
from wecom_auto.sop._document._problems import DefinitionError, inside, is_table, read_table, read_text, suggestion
from wecom_auto.sop._document._toml import read_toml

_KEYS: Final = {"name", "roles", "external_position", "alias", "corp_name", "channels", "titles", "line", "remove"}
_WORDS: Final = {"name", "title", "store", "store_code", "dealer", "region", "brand", "userid"}
_POSITION, _ALIAS, _TITLE, _TEXT = 12, 64, 12, 64


@frozen(kw_only=True)
class ProfileLine:
    """One line of a card; all but the label may hold words such as ``{store}``.

    Attributes:
        label: As the console has it; lines with other labels are ignored by the platform, in silence.
        text: What it says, up to 64 characters (12 in some editions of the manual); for a line of text.
        title: What people tap on, up to 12 characters; for a link or a mini program.
        url: Where a link leads; begins with ``http://`` or ``https://``.
        appid: A mini program that the corp has installed.
        page: Its page.
    """

    label: str
    text: str = ""
    title: str = ""
    url: str = ""
    appid: str = ""
    page: str = ""

    def filled(self, words: Mapping[str, str]) -> ExternalAttribute:
        """Return the line of one member.

        Raises:
            DefinitionError: a word has nothing behind it, or a text is too long.
        """
        place = f"line {self.label!r}"
        if self.text:
            text = TextValue(value=_fill(self.text, words, place, chars=_TEXT))
            return ExternalAttribute(type=ExternalAttributeType.TEXT, name=self.label, text=text)
        title = _fill(self.title, words, place, chars=_TITLE)
        # Names of shops in an address must not change what it means.
        safe = {name: quote(value, safe="") for name, value in words.items()}
        if self.url:
            web = WebValue(title=title, url=_fill(self.url, safe, place))
            return ExternalAttribute(type=ExternalAttributeType.WEB, name=self.label, web=web)
        mini = MiniProgramValue(title=title, appid=self.appid, page=_fill(self.page, safe, place))
        return ExternalAttribute(type=ExternalAttributeType.MINI_PROGRAM, name=self.label, mini_program=mini)


@frozen(kw_only=True)
class ProfileTemplate:
    """What customers see of staff (对外资料模板).

    Texts may hold ``{name}`` (the member's), ``{title}``, ``{store}``, ``{store_code}``, ``{dealer}``, ``{region}``,
    ``{brand}`` and ``{userid}``.

    Attributes:
        name: Of the file.
        roles: For members with one of these; for everybody if empty.
        titles: What customers call a role, such as 专属顾问; of a role without one, its title in the network.
        external_position: The job title (对外职务), up to 12 characters when filled.
        alias: The other name (别名), up to 64 characters; whether customers see it is a setting of the console.
        corp_name: The short name of the corp; must be one that the console offers.
        channels: The nickname of the Channels account (视频号); must be bound to the corp.
        lines: Lines that every card has.
        remove: Labels of lines that no card shall have: they are emptied, which takes them off (unverified).
    """

    name: str
    roles: tuple[str, ...] = ()
    titles: Mapping[str, str] = field(factory=dict[str, str])
    external_position: str = ""
    alias: str = ""
    corp_name: str = ""
    channels: str = ""
    lines: tuple[ProfileLine, ...] = ()
    remove: tuple[str, ...] = ()

    @classmethod
    def from_file(cls, source: str | os.PathLike[str]) -> ProfileTemplate:
        """Read a template from a TOML file, or from its text.

        Raises:
            DefinitionError: the file says something that cannot be meant, with the place.
        """
        table = read_table(read_toml(source), _KEYS, ("name",))
        titles = table.get("titles", {})
        if not is_table(titles):
            problem = "a table of roles and titles is expected"
            raise DefinitionError(problem, place="titles")
        lines = read_list(table.get("line", []), "line", _line)
        if len({one.label for one in lines}) < len(lines):
            problem = "two lines have the same label"
            raise DefinitionError(problem, place="line")
        remove = read_list(table.get("remove", []), "remove", lambda one: read_text(one, "remove", chars=64))
        if both := sorted({*remove} & {one.label for one in lines}):
            problem = f"{both[0]!r} is a line, and to be removed"
            raise DefinitionError(problem, place="remove")
        return cls(
            name=read_text(table["name"], "name", chars=64),
            roles=read_list(table.get("roles", []), "roles", lambda one: read_text(one, "role", chars=64)),
            titles={str(role): read_text(title, f"titles.{role}", chars=64) for role, title in titles.items()},
            lines=lines,
            remove=remove,
            **{
                key: _pattern(table.get(key, ""), key)
                for key in ("external_position", "alias", "corp_name", "channels")
            },
        )

    def members(self, network: Network) -> Iterator[Member]:
        """The active members that it is for, in the order of the network."""
        for one in network.members.values():
            if one.active and (not self.roles or set(self.roles) & set(one.roles)):
                yield one

    def title(self, member: Member, network: Network) -> str:
        """What customers call the member: the title of the first role that has one."""
        roles = [one for one in member.roles if not self.roles or one in self.roles]
        known = {code: role.title for code, role in network.roles.items()}
        return next((title for one in roles if (title := self.titles.get(one) or known.get(one, ""))), "")

    def card(self, member: Member, network: Network, *, name: str = "") -> Card:
        """Fill the template for one member.

        Args:
            member: Of the network.
            network: Names the store, the dealer and the region.
            name: The member's own name, as the platform has it.

        Raises:
            DefinitionError: a word has nothing behind it, or a text is too long.
        """
        dealer = network.dealer_of(member.store)
        region = network.regions.get(dealer.region)
        store = network.stores.get(member.store)
        words = {
            "name": name,
            "title": self.title(member, network),
            "store": (store.name or store.code) if store else "",
            "store_code": member.store,
            "dealer": dealer.name or dealer.code,
            "region": (region.name or region.code) if region else "",
            "brand": network.name,
            "userid": member.userid,
        }
        return Card(
            userid=member.userid,
            external_position=_fill(self.external_position, words, "external_position", chars=_POSITION),
            alias=_fill(self.alias, words, "alias", chars=_ALIAS),
            corp_name=_fill(self.corp_name, words, "corp_name"),
            channels=_fill(self.channels, words, "channels"),
            lines=tuple(one.filled(words) for one in self.lines),
            remove=self.remove,
        )


def _line(value: object) -> ProfileLine:
    table = read_table(value, {"label", "text", "title", "url", "appid", "page"}, ("label",))
    texts = {key: _pattern(table[key], key) for key in ("text", "title", "url", "page") if key in table}
    line = ProfileLine(label=read_text(table["label"], "label", chars=64), appid=str(table.get("appid", "")), **texts)
    if sum(map(bool, (line.text, line.url, line.appid))) != 1 or bool(line.text) == bool(line.title):
        problem = f"line {line.label!r} is a text, or a title with url, or a title with appid"
        raise DefinitionError(problem, remedy="give one of text, url and appid")
    if line.url and not line.url.startswith(("http://", "https://")):
        problem = f"{line.url!r:.60} does not begin with http:// or https://"
        raise DefinitionError(problem, place="url")
    return line


def _pattern(value: object, place: str) -> str:
    """Read a text whose words in braces are known."""
    text = str(value)
    for word in inside(place, _words, text):
        if word not in _WORDS:
            problem = f"nothing is called {{{word}}}"
            raise DefinitionError(problem, place=place, remedy=suggestion(word, _WORDS))
    return text


def _words(value: object) -> Iterable[str]:
    try:
        return [word for _, word, _, _ in Formatter().parse(str(value)) if word is not None]
    except ValueError as error:
        problem = f"not a pattern: {error}"
        raise DefinitionError(problem) from None


def _fill(pattern: str, words: Mapping[str, str], place: str, *, chars: int = 2048) -> str:
    """Put words into a pattern.

    Raises:
        DefinitionError: a word has nothing behind it, or the text is too long.
    """
    missing = [word for word in _words(pattern) if not words[word]]
    if missing:
        problem = f"there is nothing to put for {{{missing[0]}}}"
        raise DefinitionError(problem, place=place)
    text = pattern.format_map(words)
    if len(text) > chars:
        problem = f"{text!r:.80} has {len(text)} characters, at most {chars}"
        raise DefinitionError(problem, place=place, remedy="shorten the template, or the name in the network")
    return text
