"""Conditions: strings in a closed grammar, read by a whitelist and never by `eval`.

```text
tag('已成交')                 the customer carries this tag
event('deal.signed')          this event has been seen; comparable with another event
attr('car_sold')              an attribute of the customer
delivered('d30')              step d30 has really reached the customer
unfollowed()                  the customer is no longer a friend of the member
state                         the channel text: state == 'x', state in ('x', 'y'), state.startswith('x')
and  or  not  ==  !=  <  <=  >  >=  in  not in  is None  is not None
```

**A missing fact is neither true nor false.** A comparison with a missing attribute, and a missing attribute that
stands alone, are *unknown*; `not` keeps unknown; `and` and `or` decide where one side is enough (three-valued logic).
Unknown never sends: a guard that is unknown skips its step (`skipped:unknown`) and an entry that is unknown enrols
nobody. Unknown never ends a run either. `attr('x') is None` is how a definition asks for the gap itself.
An event that was not seen, a tag that is not there and a step that was not delivered are known: they are false.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final, Protocol, TypeAlias

from attrs import field, frozen

from wecom_auto._types import JSON
from wecom_auto.sop._document._problems import ConditionError, DefinitionError, read_text, suggestion
from wecom_auto.sop._document._spelling import spell

Truth: TypeAlias = bool | None
"""True, false, or unknown (`None`)."""
_Value: TypeAlias = "JSON | datetime"
_Reader: TypeAlias = "Callable[[Facts], _Value]"
_Test: TypeAlias = "Callable[[Facts], Truth]"

MAX_CHARS: Final = 2000
MAX_NODES: Final = 300
MAX_DEPTH: Final = 25
MAX_NAME: Final = 200
_FUNCTIONS: Final = {"attr": 1, "delivered": 1, "event": 1, "tag": 1, "unfollowed": 0}
_COMPARE: Final[dict[type[ast.cmpop], Callable[..., object]]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda left, right: operator.contains(right, left),
    ast.NotIn: lambda left, right: not operator.contains(right, left),
}


class Facts(Protocol):
    """What is known about one customer and one member now.

    Every method answers from memory: the planner calls them many times.
    An implementation that cannot answer raises; it never guesses.
    """

    def has_tag(self, name: str, /) -> bool:
        """Whether any member has marked the customer with the corp tag of this name."""
        ...

    def event(self, name: str, /) -> datetime | None:
        """When the event was last seen, or `None`."""
        ...

    def attribute(self, name: str, /) -> JSON:
        """The value of an attribute; `None` when it was never set."""
        ...

    def state(self) -> str:
        """The channel text of the contact way through which the customer came; empty when unknown."""
        ...

    def following(self) -> bool:
        """Whether the customer is a friend of the member."""
        ...

    def delivered(self, step_id: str, /) -> bool:
        """Whether this step of this run has reached the customer (send result 1, or a task that was done)."""
        ...


@frozen(repr=False)
class Condition:
    """One condition: its canonical text and its test.

    Two conditions are equal when their canonical texts are, however they were written or built.
    `&`, `|` and `~` combine them.

    Attributes:
        text: Canonical text: one spelling of quotes, spaces and brackets, whatever was written.
        uses: Every fact it reads, for example `("tag", "已成交")`; `state` and `unfollowed` have an empty name.
    """

    text: str
    uses: frozenset[tuple[str, str]] = field(eq=False)
    _test: _Test = field(eq=False)

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Read a condition.

        Args:
            text: At most 2,000 characters and 25 levels.

        Raises:
            ConditionError: Anything outside the grammar, with the column (`__import__('os')` for one).
        """
        reader = _Parser(text)
        test = reader.test(reader.tree)
        return cls(spell(reader.tree), frozenset(reader.uses), test)

    def evaluate(self, facts: Facts) -> Truth:
        """True, false, or `None` where the facts do not suffice."""
        return self._test(facts)

    def __and__(self, other: Condition) -> Condition:
        return Condition.parse(f"({self.text}) and ({other.text})")

    def __or__(self, other: Condition) -> Condition:
        return Condition.parse(f"({self.text}) or ({other.text})")

    def __invert__(self) -> Condition:
        return Condition.parse(f"not ({self.text})")

    def __bool__(self) -> bool:
        # `a and b` would silently drop one of the two conditions.
        msg = "a condition has no truth of its own; combine with & | ~ instead of and, or, not"
        raise TypeError(msg)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Condition({self.text!r})"

    def __reduce__(self) -> tuple[Callable[[str], Condition], tuple[str]]:
        return (Condition.parse, (self.text,))


def read_condition(value: object, place: str) -> Condition | None:
    """A condition, as text or built; `None` when the key is absent.

    Raises:
        DefinitionError: Neither; a text outside the grammar is a `ConditionError` inside the message.
    """
    if value is None or isinstance(value, Condition):
        return value
    try:
        return Condition.parse(read_text(value, "a condition", chars=1_000_000))
    except DefinitionError as error:
        raise error.at(place) from None


class _Parser:
    """Reads one text into a checked tree and compiles the tree into nested functions."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.uses: set[tuple[str, str]] = set()
        if len(text) > MAX_CHARS:
            problem = f"the condition is longer than {MAX_CHARS} characters"
            raise ConditionError(problem, text=text, column=MAX_CHARS + 1, remedy="split it over several steps")
        if "\\" in text:
            # Also keeps Python's warnings about unknown escapes out of a user's console.
            problem = "a backslash is not part of the grammar"
            raise ConditionError(problem, text=text, column=text.index("\\") + 1)
        self.source = "".join(" " if char in "\r\n\t" else char for char in text)
        self.indent = len(self.source) - len(self.source.lstrip())
        self.tree = self._flatten(self._read())
        self._measure()

    def _read(self) -> ast.expr:
        try:
            return ast.parse(self.source.strip(), mode="eval").body
        except SyntaxError as error:
            # Text that stops too early is reported on a line after its end, at column 0.
            column = (error.offset or len(self.source.strip()) + 1) + self.indent
            problem = f"not a condition: {error.msg}"
        except (ValueError, RecursionError, MemoryError):  # pragma: no cover - differs by version of Python
            problem, column = "not a condition", 1
        raise ConditionError(problem, text=self.text, column=column) from None

    def _measure(self) -> None:
        for count, (depth, node) in enumerate(_walk(self.tree)):
            if count > MAX_NODES or depth > MAX_DEPTH:
                raise self._refuse(node, f"more than {MAX_NODES} parts or {MAX_DEPTH} levels")

    def _flatten(self, node: ast.expr, depth: int = 0) -> ast.expr:
        # `(a and b) and c` and `a and b and c` are one document, so they must be one text.
        if depth > MAX_DEPTH:
            raise self._refuse(node, f"more than {MAX_DEPTH} levels")
        if isinstance(node, ast.BoolOp):
            values: list[ast.expr] = []
            for item in (self._flatten(value, depth + 1) for value in node.values):
                same = isinstance(item, ast.BoolOp) and type(item.op) is type(node.op)
                values.extend(item.values if same and isinstance(item, ast.BoolOp) else [item])
            node.values = values
        elif isinstance(node, ast.UnaryOp):
            node.operand = self._flatten(node.operand, depth + 1)
        return node

    def _refuse(self, node: ast.AST, problem: str, remedy: str = "") -> ConditionError:
        # ast counts columns in bytes of UTF-8; people count characters.
        offset = getattr(node, "col_offset", 0)
        column = len(self.source.strip().encode()[:offset].decode(errors="ignore")) + self.indent + 1
        return ConditionError(problem, text=self.text, column=column, remedy=remedy)

    def test(self, node: ast.expr) -> _Test:
        """Compile a node that stands where a truth is expected."""
        match node:
            case ast.BoolOp(op=ast.And(), values=values):
                return _all([self.test(value) for value in values])
            case ast.BoolOp(op=ast.Or(), values=values):
                return _any([self.test(value) for value in values])
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return _not(self.test(operand))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self._compare(left, op, right)
            case ast.Compare():
                raise self._refuse(node, "compare two values at a time", "join two comparisons with and")
            case ast.Call(func=ast.Attribute()):
                return self._starts(node)
            case ast.Call():
                return self._call_test(node)
            case _:
                raise self._refuse(node, "this is not something that is true or false", "compare it, or call tag('…')")

    def _call_test(self, node: ast.Call) -> _Test:
        name, argument = self._call(node)
        match name:
            case "tag":
                return lambda facts: facts.has_tag(argument)
            case "event":
                return lambda facts: facts.event(argument) is not None
            case "delivered":
                return lambda facts: facts.delivered(argument)
            case "unfollowed":
                return lambda facts: not facts.following()
            case _:
                return lambda facts: None if (value := facts.attribute(argument)) is None else bool(value)

    def _call(self, node: ast.Call) -> tuple[str, str]:
        if not isinstance(node.func, ast.Name) or node.func.id not in _FUNCTIONS:
            called = ast.unparse(node.func)[:40]
            raise self._refuse(node, f"unknown function {called!r}", suggestion(called, _FUNCTIONS))
        name, wanted = node.func.id, _FUNCTIONS[node.func.id]
        if node.keywords or len(node.args) != wanted:
            raise self._refuse(node, f"{name}() takes {wanted} argument{'' if wanted == 1 else 's'}")
        argument = self._string(node.args[0]) if wanted else ""
        self.uses.add((name, argument))
        return name, argument

    def _starts(self, node: ast.Call) -> _Test:
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="state"), attr="startswith"), args=[prefix], keywords=[]
            ):
                start = self._string(prefix)
                self.uses.add(("state", ""))
                return lambda facts: facts.state().startswith(start)
            case _:
                raise self._refuse(node, "only state.startswith('…') may be called this way")

    def _string(self, node: ast.expr) -> str:
        match self._literal(node):
            case str() as text if 0 < len(text) <= MAX_NAME:
                return text
            case _:
                raise self._refuse(node, f"a text in quotes of 1 to {MAX_NAME} characters is expected here")

    def _compare(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> _Test:
        read = self._reader(left)
        if isinstance(op, ast.Is | ast.IsNot):
            if not (isinstance(right, ast.Constant) and right.value is None):
                raise self._refuse(right, "`is` compares with None only", "use == instead")
            wanted = isinstance(op, ast.Is)
            return lambda facts: (read(facts) is None) is wanted
        return _comparison(read, _COMPARE[type(op)], self._reader(right))

    def _reader(self, node: ast.expr) -> _Reader:
        match node:
            case ast.Name(id="state"):
                self.uses.add(("state", ""))
                return lambda facts: facts.state()
            case ast.Call(func=ast.Name(id="event")):
                _, event = self._call(node)
                return lambda facts: facts.event(event)
            case ast.Call(func=ast.Name(id="attr")):
                _, name = self._call(node)
                return lambda facts: facts.attribute(name)
            case ast.Call():
                return self.test(node)
            case _:
                value = self._literal(node)
                return lambda _facts: value

    def _literal(self, node: ast.expr) -> JSON:
        match node:
            case ast.Constant(value=str() as text):
                return self._printable(node, text)
            case ast.Constant(value=bool() | int() | float() as value):
                return value
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return -value
            case ast.Tuple(elts=items) if items:
                return tuple(self._literal(item) for item in items)
            case ast.Name(id=name):
                raise self._refuse(node, f"unknown name {name!r}", suggestion(name, ["state", *_FUNCTIONS]))
            case _:
                raise self._refuse(node, f"{ast.unparse(node)[:60]!r} is not part of the grammar")

    def _printable(self, node: ast.expr, text: str) -> str:
        # Without escapes every text has one spelling; a text with both quotes would have none.
        if text.isprintable() and not {"'", '"'} <= set(text):
            return text
        raise self._refuse(node, "a text must be printable and hold one kind of quote at most")


def _walk(node: ast.AST, depth: int = 0) -> Iterator[tuple[int, ast.AST]]:
    yield depth, node
    if depth <= MAX_DEPTH:
        for child in ast.iter_child_nodes(node):
            yield from _walk(child, depth + 1)


def _all(tests: Sequence[_Test]) -> _Test:
    def conjunction(facts: Facts) -> Truth:
        result: Truth = True
        for test in tests:
            value = test(facts)
            if value is False:
                return False
            if value is None:
                result = None
        return result

    return conjunction


def _any(tests: Sequence[_Test]) -> _Test:
    def disjunction(facts: Facts) -> Truth:
        result: Truth = False
        for test in tests:
            value = test(facts)
            if value:
                return True
            if value is None:
                result = None
        return result

    return disjunction


def _not(test: _Test) -> _Test:
    return lambda facts: None if (value := test(facts)) is None else not value


def _comparison(left: _Reader, compare: Callable[..., object], right: _Reader) -> _Test:
    def comparison(facts: Facts) -> Truth:
        one, other = left(facts), right(facts)
        if one is None or other is None:
            return None
        try:
            return bool(compare(one, other))
        except TypeError:
            # Facts of kinds that cannot be compared ("12" with 12) say nothing, like a missing one.
            return None

    return comparison
