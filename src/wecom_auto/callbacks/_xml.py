"""Read and write the small XML trees of callbacks. Refuses DTDs, entities, depth and size; knows nothing of events."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias, cast
from xml.parsers.expat import ExpatError, ParserCreate, XMLParserType
from xml.sax.saxutils import escape

from defusedxml.ElementTree import DefusedXMLParser

from wecom_auto.errors import CallbackError, ValidationError

MAX_DEPTH: Final = 16
MAX_TAGS: Final = 50_000
BLANK: Final = " \t\r\n"
_GUARD: Final = DefusedXMLParser(target=object(), forbid_dtd=True)
_REFUSE_DTD: Final = _GUARD.defused_start_doctype_decl
_REFUSE_ENTITY: Final = _GUARD.defused_entity_decl
_REFUSE_UNPARSED: Final = _GUARD.defused_unparsed_entity_decl
# It always raises, where a handler that goes on would return a number.
_REFUSE_EXTERNAL: Final = cast("Callable[..., int]", _GUARD.defused_external_entity_ref_handler)
_BOM: Final = b"\xef\xbb\xbf"
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_ROOT: Final = "<xml>"
# One element that holds text and nothing else, in the few forms that need no parser: a name without a colon, no
# attribute, no reference, no bracket in a text. Each step is linear; `match` at a position keeps it so, where a search
# would not.
_LEAF: Final = re.compile(r"[ \t\n]*<([A-Za-z_][A-Za-z0-9_]*)>(?:<!\[CDATA\[([^\]]*)\]\]>|([^<&\]]*))</\1>")
# No control character, so no carriage return either; U+FFFE and U+FFFF begin with the two that are looked for apart.
_HARMLESS: Final = bytes([9, 10, *range(32, 256)])
_HARMFUL: Final = b"\xef\xbf"
# What XML 1.0 cannot carry at all, not even escaped.
_ILLEGAL: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


Node: TypeAlias = "tuple[str, str, tuple[Node, ...]]"
"""Tag, text and children of an element. Plain tuples: one `Element` costs as much as parsing it."""


class Element(NamedTuple):
    """One element of a decrypted body, as it came.

    Attributes are not kept: the platform sends none.

    Args:
        tag: Name in the platform's spelling, e.g. ``"ExternalUserID"``.
        text: Its text without the blanks around it (official samples contain such blanks); empty if it has children.
        children: Elements inside, in document order.
    """

    tag: str
    text: str = ""
    children: tuple[Element, ...] = ()

    @classmethod
    def of(cls, node: Node) -> Element:
        """Return a parsed tree with names for its parts."""
        tag, text, children = node
        return cls(tag, text, tuple(cls.of(child) for child in children))

    def find(self, tag: str) -> Element | None:
        """Return the first child of that name, or ``None``; upper and lower case are the same (``AgentID``)."""
        wanted = tag.lower()
        return next((child for child in self.children if child.tag.lower() == wanted), None)

    def value(self, tag: str, default: str = "") -> str:
        """Return the text of the first child of that name, or the default."""
        child = self.find(tag)
        return default if child is None else child.text


def trimmed(data: bytes) -> bytes:
    """Return a document without the byte order mark and the blanks that some put in front, where neither may stand."""
    return data.removeprefix(_BOM).lstrip()


def parse_xml(data: bytes, *, max_tags: int = MAX_TAGS, max_depth: int = MAX_DEPTH) -> Node:
    """Parse untrusted bytes into a tree.

    Args:
        data: A UTF-8 document; any other encoding it declares for itself is ignored.
        max_tags: Most ``<`` accepted, so that a small body cannot become a large tree.
        max_depth: Deepest nesting accepted.

    Raises:
        CallbackError: Not well-formed, has a DTD or an entity, is not UTF-8, or is beyond a limit.
    """
    _check_tags(data, max_tags)
    flat = _flat(data)
    if flat is not None:
        return "xml", "", flat
    parser = _guarded_parser()
    # Finished nodes, and a None for each that is still open.
    done: list[Node | None] = []
    texts: list[str] = []

    def start(_tag: str, _attributes: dict[str, str]) -> None:
        done.append(None)
        texts.clear()

    def end(tag: str) -> None:
        if done[-1] is None:
            done[-1] = (tag, "".join(texts).strip(BLANK), ())
        elif done.count(None) > max_depth:
            msg = f"callback XML: nested deeper than {max_depth}"
            raise CallbackError(msg)
        else:
            _close(tag, done)

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = texts.append
    _run(parser, data)
    return cast("Node", done[0])


def text_of(data: bytes, wanted: str, *, max_tags: int = 32) -> str | None:
    """Return the text of the first element of that name, or ``None``, without growing a tree.

    Args:
        data: A UTF-8 document of nobody knows whom.
        wanted: Name of the element.
        max_tags: Most ``<`` accepted; the platform's envelope has eleven.

    Raises:
        CallbackError: Not well-formed, has a DTD or an entity, or is not UTF-8, or has too many tags.
    """
    _check_tags(data, max_tags)
    flat = _flat(data)
    if flat is not None:
        return next((text for tag, text, _ in flat if tag == wanted), None)
    parser = _guarded_parser()
    found: list[str] = []
    texts: list[str] = []

    def end(tag: str) -> None:
        if tag == wanted:
            found.append("".join(texts).strip(BLANK))
        texts.clear()

    parser.EndElementHandler = end
    parser.CharacterDataHandler = texts.append
    _run(parser, data)
    return found[0] if found else None


def _flat(data: bytes) -> tuple[Node, ...] | None:
    """Return the children of a root that has nothing but texts in it, or ``None`` to let the parser decide.

    Most callbacks look like that, and this takes half the time of the parser. It refuses nothing, and reads nothing
    that the parser would read differently.
    """
    if data.translate(None, _HARMLESS) or _HARMFUL in data:
        return None
    try:
        text = trimmed(data).decode()
    except UnicodeDecodeError:
        return None
    if not text.startswith(_ROOT):
        return None
    at = len(_ROOT)
    nodes: list[Node] = []
    while (leaf := _LEAF.match(text, at)) is not None:
        tag, marked, plain = leaf.groups()
        nodes.append((tag, (plain if marked is None else marked).strip(BLANK), ()))
        at = leaf.end()
    return tuple(nodes) if nodes and text[at:].strip(BLANK) == "</xml>" else None


def _check_tags(data: bytes, max_tags: int) -> None:
    if data.count(b"<") > max_tags:
        msg = f"callback XML: more than {max_tags} tags"
        raise CallbackError(msg)


def _run(parser: XMLParserType, data: bytes) -> None:
    try:
        parser.Parse(trimmed(data), True)
    except (ExpatError, ValueError) as error:
        # The text of the cause can quote the body.
        msg = f"callback body is not the XML the platform sends ({type(error).__name__})"
        raise CallbackError(msg) from None


def _close(tag: str, done: list[Node | None]) -> None:
    """Close a node that has children: they are what was finished since it was opened."""
    first = len(done) - 1
    while done[first] is not None:
        first -= 1
    children = tuple(cast("list[Node]", done[first + 1 :]))
    done[first:] = [(tag, "", children)]


def _guarded_parser() -> XMLParserType:
    """Return an expat parser with the refusals of defusedxml.

    Its own parser goes through ElementTree in Python and takes three times as long.
    """
    parser = ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _REFUSE_DTD
    parser.EntityDeclHandler = _REFUSE_ENTITY
    parser.UnparsedEntityDeclHandler = _REFUSE_UNPARSED
    parser.ExternalEntityRefHandler = _REFUSE_EXTERNAL
    return parser


def write_xml(node: Node) -> bytes:
    """Write a tree as the platform does: CDATA around text, no declaration, no blanks between elements.

    Raises:
        ValidationError: A name or a text that XML cannot carry.
    """
    pieces: list[str] = []
    _write(node, pieces)
    return "".join(pieces).encode()


def _write(node: Node, pieces: list[str]) -> None:
    tag, text, children = node
    if not _NAME.fullmatch(tag):
        name = f"the name {tag!r}"
        raise ValidationError(field="extra", value=name, limit="names of letters, digits, '_', '-' and '.'")
    pieces.append(f"<{tag}>")
    pieces.append(_escaped(tag, text))
    for child in children:
        _write(child, pieces)
    pieces.append(f"</{tag}>")


def _escaped(tag: str, text: str) -> str:
    if _ILLEGAL.search(text):
        raise ValidationError(tag, value="a control character", limit="what XML can carry", fix="remove it")
    if not text or (text.isascii() and text.isdigit()):
        return text
    # CDATA cannot hold its own end, and a parser would turn a carriage return into a line feed.
    if "]]>" in text or "\r" in text:
        return escape(text, {"\r": "&#13;"})
    return f"<![CDATA[{text}]]>"
