"""Document what a package exports, under the name it is imported by, grouped as the source groups it.

Takes the list from `__all__`, so that a page cannot forget a name. Orders nothing and hides nothing.
"""

from __future__ import annotations

import enum
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any, get_origin

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.errors import PycodeError
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.nodes import make_refnode

if TYPE_CHECKING:
    from sphinx.application import Sphinx


_PROGRAMS = {"__main__", "migrations"}


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    yield package
    for info in pkgutil.iter_modules(getattr(package, "__path__", [])):
        if info.name not in _PROGRAMS:
            yield importlib.import_module(f"{package.__name__}.{info.name}")


def _attribute_docs(package: ModuleType) -> dict[str, list[str]]:
    """Return the docstrings that stand below module variables, which are no attribute of the value itself."""
    docs: dict[str, list[str]] = {}
    for module in _modules(package):
        try:
            found = ModuleAnalyzer.for_module(module.__name__).find_attr_docs()
        except PycodeError:
            continue
        docs |= {name: lines for (owner, name), lines in found.items() if not owner}
    return docs


def _is_private(cls: type) -> bool:
    package = importlib.import_module("wecom_auto")
    named = f"{cls.__module__}.{cls.__qualname__}"
    return re.match(r"wecom_auto\.(\w+\.)*_\w+\.", named) is not None and not hasattr(package, cls.__name__)


def _class(full: str, cls: type) -> list[str]:
    """Show the bases of exceptions and enums, and what a class has from bases that nobody imports."""
    if issubclass(cls, BaseException | enum.Enum):
        return [
            f".. auto{'class' if issubclass(cls, enum.Enum) else 'exception'}:: {full}",
            "   :show-inheritance:",
            "",
        ]
    private = any(_is_private(base) for base in cls.__mro__[1:])
    return [f".. autoclass:: {full}", *(["   :inherited-members:"] if private else []), ""]


def _entry(package: str, name: str, value: Any, docs: dict[str, list[str]]) -> list[str]:
    full = f"{package}.{name}"
    if inspect.isclass(value) and get_origin(value) is None and value.__name__ == name:
        return _class(full, value)
    if inspect.isroutine(value):
        return [f".. autofunction:: {full}", ""]
    return [f".. py:data:: {full}", "", *[f"   {line}" for line in docs.get(name, [])], ""]


class Public(Directive):
    """`.. public:: wecom_auto.models`: everything in its `__all__`; `:except:` leaves out, `:first:` puts in front."""

    required_arguments = 1
    option_spec = {"except": str.split, "first": str.split}  # noqa: RUF012 - docutils wants a plain dict

    def run(self) -> list[nodes.Node]:
        """Return the documentation of each exported name."""
        [package] = self.arguments
        module = importlib.import_module(package)
        if not hasattr(module, "__all__"):
            msg = f"{package} has no __all__: nothing to document"
            raise self.error(msg)
        docs = _attribute_docs(module)
        first = self.options.get("first", [])
        hidden = {*self.options.get("except", []), *first}
        names = [*first, *(name for name in module.__all__ if name not in hidden)]
        lines = [f".. py:currentmodule:: {package}", ""]
        lines += [line for name in names for line in _entry(package, name, getattr(module, name), docs)]
        holder = nodes.container()
        self.state.nested_parse(StringList(lines, source=f"{package}.__all__"), self.content_offset, holder)
        return holder.children


def _resolve_reexport(app: Sphinx, env: Any, node: addnodes.pending_xref, contents: nodes.Node) -> nodes.Node | None:
    """Find what is documented under the package when the source names the private module it is defined in."""
    target = str(node.get("reftarget", ""))
    if node.get("refdomain") != "py" or not (target.startswith("wecom_auto") or target.isidentifier()):
        return None
    last = target.rpartition(".")[2]
    domain = env.domains["py"]
    found = sorted((name for name in domain.objects if name.rpartition(".")[2] == last), key=len)
    # Names of packages are lower case: `a.b.Customer` is a class, `a.b.Customer.get` belongs to one.
    exported = [name for name in found if name.rpartition(".")[0].islower()]
    if not exported:
        return None
    # The same name in two packages: the page's own package is meant.
    here = str(node.get("py:module") or target.rpartition(".")[0])
    best = next((name for name in exported if here.startswith(name.rpartition(".")[0])), exported[0])
    entry = domain.objects[best]
    return make_refnode(app.builder, node["refdoc"], entry.docname, entry.node_id, contents, best)


def _keep_enum_members(_app: Sphinx, _what: str, _name: str, obj: object, _skip: object, _options: Any) -> bool | None:
    """Show members of enums also where their names say enough."""
    return False if isinstance(obj, enum.Enum) else None


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive and the handlers."""
    app.add_directive("public", Public)
    app.connect("autodoc-skip-member", _keep_enum_members)
    app.connect("missing-reference", _resolve_reexport, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
