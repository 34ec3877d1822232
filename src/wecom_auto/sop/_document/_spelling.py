"""Write a checked condition back as text: one spelling for one meaning, on every version of Python."""

from __future__ import annotations

import ast
from typing import Final

_OR, _AND, _NOT, _PLAIN = range(1, 5)
_SYMBOLS: Final[dict[type[ast.cmpop], str]] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
}


def spell(node: ast.expr, around: int = 0) -> str:
    """The canonical text of a node of the grammar.

    Args:
        node: A node that the condition parser has accepted.
        around: How tightly the surrounding operator binds; brackets are written only where they matter.
    """
    text, binds = _spelled(node)
    return f"({text})" if binds < around else text


def _spelled(node: ast.expr) -> tuple[str, int]:
    match node:
        case ast.BoolOp(op=ast.Or(), values=values):
            return " or ".join(spell(value, _AND) for value in values), _OR
        case ast.BoolOp(values=values):
            return " and ".join(spell(value, _NOT) for value in values), _AND
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return f"not {spell(operand, _NOT)}", _NOT
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return f"{spell(left, _PLAIN)} {_SYMBOLS[type(op)]} {spell(right, _PLAIN)}", _NOT
        case _:
            return _atom(node), _PLAIN


def _atom(node: ast.expr) -> str:
    match node:
        case ast.Call(func=function, args=arguments):
            return f"{_atom(function)}({', '.join(map(_atom, arguments))})"
        case ast.Attribute(value=value, attr=name):
            return f"{_atom(value)}.{name}"
        case ast.Tuple(elts=items):
            return f"({', '.join(map(_atom, items))}{',' if len(items) == 1 else ''})"
        case ast.UnaryOp(operand=operand):
            return f"-{_atom(operand)}"
        case ast.Constant(value=str() as value):
            return f'"{value}"' if "'" in value else f"'{value}'"
        case ast.Name(id=name):
            return name
        case _:
            return ast.unparse(node)
