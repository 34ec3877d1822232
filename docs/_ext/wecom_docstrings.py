"""Let docstrings be written as Markdown is: single backticks, fenced code, inline links. Changes nothing else.

A name in single backticks becomes a link if it is documented, and code if it is not.
"""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<code>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[(?P<text>[^\]\[]+)\]\((?P<url>https?://[^)\s]+)\)")
_MARK = "wecom-ref-or-code"


def _directive(match: re.Match[str]) -> str:
    code = textwrap.indent(textwrap.dedent(match["code"]), f"{match['indent']}   ")
    return f"{match['indent']}.. code-block:: {match['language'] or 'text'}\n\n{code}"


def _to_rst(_app: Sphinx, what: str, _name: str, _obj: object, _options: Any, lines: list[str]) -> None:
    if what in {"attribute", "data", "property"}:
        # Napoleon would take "It happened: treat it as done." for a type and its description; a comment stops it.
        lines[:0] = ["..", ""]
    text = _FENCE.sub(_directive, "\n".join(lines))
    lines[:] = _LINK.sub(r"`\g<text> <\g<url>>`__", text).split("\n")


def _ref_or_code(
    _name: str, rawtext: str, text: str, _line: int, inliner: Any, _options: Any = None, _content: Any = None
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    literal = nodes.literal(rawtext, text, classes=["code"])
    # `Customer` and `customers.get` may be documented; `errcode` and `EXIT` are names of too many things.
    if not re.fullmatch(r"[A-Z]\w*[a-z]\w*(\.\w+)*|[a-z_]\w*(\.\w+)+", text):
        return [literal], []
    env = inliner.document.settings.env
    node = addnodes.pending_xref(
        rawtext, literal, refdomain="py", reftype="obj", reftarget=text, refexplicit=False, refspecific=False,
        refdoc=env.current_document.docname, refwarn=False,
    )  # fmt: skip
    node["py:module"] = env.ref_context.get("py:module")
    node["py:class"] = env.ref_context.get("py:class")
    node[_MARK] = True
    return [node], []


def _stay_code(_app: Sphinx, _env: Any, node: addnodes.pending_xref, contents: nodes.Node) -> nodes.Node | None:
    """Keep a name that is documented nowhere as code, without a warning."""
    return contents if node.get(_MARK) else None


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the role and the two handlers."""
    from docutils.parsers.rst import roles

    roles.register_local_role("ref-or-code", _ref_or_code)
    app.connect("autodoc-process-docstring", _to_rst, priority=100)
    app.connect("missing-reference", _stay_code)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
