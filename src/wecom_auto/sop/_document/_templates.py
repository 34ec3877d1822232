"""Fill variables into texts with Jinja2's sandbox, cut down to what a message needs. Evaluates nothing else.

Values, ``if`` and a few harmless filters; no loop, no call, no arithmetic, no assignment, no include and no import.
So the work grows with the length of the template, and no template can make a text longer than its parts.
Manual of the language: https://jinja.palletsprojects.com/en/stable/templates/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from wecom_auto.errors import ConfigurationError

SOURCE_BYTES: Final = 16_000
"""The longest template; the platform's longest text has a quarter of that."""
VALUE_CHARS: Final = 4_000
"""The longest value of one variable."""
FILTERS: Final = ("capitalize", "d", "default", "length", "lower", "trim", "truncate", "upper")
"""The filters of Jinja2 whose result is never longer than what goes in, or a text that stands in the template."""
_NODES: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.CondExpr,
    nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Concat, nodes.Filter, nodes.Test,
    nodes.Keyword, nodes.List, nodes.Tuple,
)  # fmt: skip
_WORDS: Final[Mapping[type[nodes.Node], str]] = {
    nodes.For: "a loop",
    nodes.Call: "a call",
    nodes.Assign: "an assignment",
    nodes.Include: "an include",
    nodes.Import: "an import",
    nodes.FromImport: "an import",
    nodes.Extends: "an inheritance",
    nodes.Macro: "a macro",
    nodes.Getattr: "an attribute",
    nodes.Getitem: "an index",
}
_OWN: Final = frozenset({"self", "super", "caller", "loop", "varargs", "kwargs"})
_TESTS: Final = frozenset({"defined", "undefined", "none", "string", "in", "eq", "ne", "equalto"})


def _environment() -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
    made.globals.clear()
    made.filters = {name: made.filters[name] for name in FILTERS}
    made.tests = {name: made.tests[name] for name in _TESTS}
    return made


_ENVIRONMENT: Final = _environment()


def variables_of(source: str) -> frozenset[str]:
    """The variables that a template names.

    Raises:
        ConfigurationError: It is no template, or uses what a message does not need.
    """
    return frozenset(one.name for one in _parse(source).find_all(nodes.Name))


def render(source: str, variables: Mapping[str, str], *, most: int) -> str:
    """Fill variables in.

    Args:
        source: The template.
        variables: By name; a template that names any other one is refused.
        most: The most bytes of UTF-8 that may come out; rendering stops there.

    Raises:
        ConfigurationError: A variable nobody gave, a value or a result that is too long, or a broken template.
    """
    for name, value in variables.items():
        if len(value) > VALUE_CHARS:
            msg = f"variable {name} has {len(value)} characters, at most {VALUE_CHARS}: shorten it"
            raise ConfigurationError(msg)
    try:
        return "".join(_bounded(_compiled(source), variables, most))
    except UndefinedError as error:
        msg = f"variable {error.message}: give it in Settings.variables"
        raise ConfigurationError(msg) from error
    except (SecurityError, TemplateError, TypeError, ValueError) as error:
        msg = f"the template cannot be filled in: {error}"
        raise ConfigurationError(msg) from error


def _bounded(template: Template, variables: Mapping[str, str], most: int) -> Iterator[str]:
    size = 0
    for part in template.generate(dict(variables)):
        size += len(part.encode())
        if size > most:
            msg = f"the text has more than {most} bytes of UTF-8 once its variables are filled in: shorten it"
            raise ConfigurationError(msg)
        yield part


@lru_cache(maxsize=1024)
def _compiled(source: str) -> Template:
    _parse(source)
    return _ENVIRONMENT.from_string(source)


def _parse(source: str) -> nodes.Template:
    if (size := len(source.encode())) > SOURCE_BYTES:
        msg = f"the template has {size} bytes of UTF-8, at most {SOURCE_BYTES}: shorten it"
        raise ConfigurationError(msg)
    try:
        tree = _ENVIRONMENT.parse(source)
    except (TemplateSyntaxError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        msg = f"line {line} of the template: {error}; write {{{{ '{{{{' }}}} for two braces"
        raise ConfigurationError(msg) from error
    for node in tree.find_all(nodes.Node):
        _admit(node)
    return tree


def _admit(node: nodes.Node) -> None:
    if not isinstance(node, _NODES):
        what = _WORDS.get(type(node), type(node).__name__.lower())
        msg = f"line {node.lineno} of the template: {what} has no place in a message; use variables, if and filters"
        raise ConfigurationError(msg)
    if isinstance(node, nodes.Name) and node.name in _OWN:
        msg = f"line {node.lineno} of the template: {node.name} is no variable but the language's own; rename it"
        raise ConfigurationError(msg)
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        msg = f"line {node.lineno} of the template: no filter is called {node.name!r}; there are {', '.join(FILTERS)}"
        raise ConfigurationError(msg)
    if isinstance(node, nodes.Test) and node.name not in _TESTS:
        msg = f"line {node.lineno} of the template: no test is called {node.name!r}; there are {sorted(_TESTS)}"
        raise ConfigurationError(msg)
