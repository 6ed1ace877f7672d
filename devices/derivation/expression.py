"""Conditions that a scenario states over values: a small language that can do nothing else.

Numbers, texts, names, ``+ - * / %``, comparisons (also in a row, and ``in`` a list), ``and``, ``or``, ``not``, and
the functions ``abs``, ``min``, ``max`` and ``bit(word, number)``. Python's own syntax, of which everything else is
refused when the scenario is read. Logic has three values, as in SQL: what depends on an unknown value is unknown.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

LONGEST = 500
"""Characters of a condition."""
Value = bool | int | float | str | None

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}
_COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda value, some: value in some,
    ast.NotIn: lambda value, some: value not in some,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {ast.USub: operator.neg, ast.UAdd: operator.pos}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "min": min,
    "max": max,
    "bit": lambda word, number: bool(int(word) >> int(number) & 1) if 0 <= number < 64 else None,
}
_COUNTS = {"abs": (1,), "min": range(2, 9), "max": range(2, 9), "bit": (2,)}


class ConditionText:
    """A condition, checked once and asked as often as wanted. Pickles.

    Args:
        text: The condition.

    Raises:
        ValueError: It is none, with what is wrong.

    >>> hot = ConditionText("temperature > 80 and speed != 0")
    >>> hot({"temperature": 90.0, "speed": 3}), hot({"temperature": 90.0, "speed": None}), sorted(hot.names)
    (True, None, ['speed', 'temperature'])
    """

    def __init__(self, text: str):
        self.text = text
        self._tree = _parsed(text)
        self.names = {node.id for node in ast.walk(self._tree) if isinstance(node, ast.Name)} - set(_FUNCTIONS)

    def __call__(self, values: Mapping[str, Value]) -> bool | None:
        """Whether it holds; None where that depends on a value that is not known, or that does not fit."""
        try:
            found = _evaluated(self._tree, values)
        except (TypeError, ArithmeticError, ValueError):
            return None
        return None if found is None else bool(found)


def _parsed(text: str) -> ast.expr:
    wanted = "a condition such as 'temperature > 80 and not running'"
    if len(text) > LONGEST:
        raise ValueError(f"expected {wanted} of at most {LONGEST} characters, got {len(text)}")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ValueError(f"expected {wanted}, got {text!r}") from None
    _check(tree, wanted)
    return tree


def _check(node: ast.AST, wanted: str) -> None:
    """Refuse what does not belong to the language.

    Raises:
        ValueError: Names it.
    """
    allowed: tuple[type[ast.AST], ...] = (
        ast.BinOp, ast.BoolOp, ast.Compare, ast.UnaryOp, ast.Name, ast.Constant, ast.Call, ast.Tuple, ast.List,
        ast.And, ast.Or, ast.Not, ast.Load, *_BINARY, *_COMPARED, *_UNARY,
    )  # fmt: skip
    wrong = not isinstance(node, allowed)
    if isinstance(node, ast.Constant):
        wrong = not isinstance(node.value, bool | int | float | str)
    elif isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        wrong = name not in _FUNCTIONS or bool(node.keywords) or len(node.args) not in _COUNTS[name]
    if wrong:
        got = ast.unparse(node) if isinstance(node, ast.expr) else type(node).__name__.lower()
        raise ValueError(f"expected {wanted}, got {got!r}")
    for child in ast.iter_child_nodes(node):
        _check(child, wanted)


def _evaluated(node: ast.expr, values: Mapping[str, Value]) -> Any:
    match node:
        case ast.Constant():
            return node.value
        case ast.Name():
            value = values.get(node.id)
            return None if isinstance(value, float) and value != value else value
        case ast.BoolOp():
            return _logic(node, values)
        case ast.UnaryOp():
            return _unary(node, values)
        case ast.Compare():
            return _compared(node, values)
        case ast.Tuple() | ast.List():
            return [_evaluated(each, values) for each in node.elts]
        case ast.BinOp():
            pair = [_evaluated(node.left, values), _evaluated(node.right, values)]
            return None if None in pair else _BINARY[type(node.op)](*map(_number, pair))
        case ast.Call(func=ast.Name(id=name)):
            given = [_evaluated(each, values) for each in node.args]
            return None if None in given else _FUNCTIONS[name](*map(_number, given))
    raise TypeError(type(node).__name__)


def _number(value: Any) -> Any:
    if isinstance(value, bool | int | float):
        return value
    raise TypeError("expected a number")


def _unary(node: ast.UnaryOp, values: Mapping[str, Value]) -> Any:
    value = _evaluated(node.operand, values)
    if value is None:
        return None
    return not value if isinstance(node.op, ast.Not) else _UNARY[type(node.op)](value)


def _logic(node: ast.BoolOp, values: Mapping[str, Value]) -> bool | None:
    """Kleene's logic: one value that decides is enough."""
    decides = isinstance(node.op, ast.Or)
    found = [_evaluated(each, values) for each in node.values]
    if any(value is not None and bool(value) == decides for value in found):
        return decides
    return None if None in found else not decides


def _compared(node: ast.Compare, values: Mapping[str, Value]) -> bool | None:
    sides = [_evaluated(each, values) for each in (node.left, *node.comparators)]
    if None in sides:
        return None
    pairs = zip(sides, sides[1:], node.ops, strict=False)
    return all(_COMPARED[type(how)](left, right) for left, right, how in pairs)
