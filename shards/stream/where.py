"""A predicate over index columns, as a user writes it, turned into a pyarrow expression.

    seconds < 20 and (language in ('de', 'en') or speaker is None) and not snr < 10

Python's own parser reads it, and only what is listed here is accepted; nothing is ever evaluated. A comparison with a
column that holds no value is neither true nor false, and such a row is left out, as in SQL; `snr is None` finds it.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from shards.config import ConfigError

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], pc.Expression]] = {
    ast.Eq: lambda left, right: left == right,
    ast.NotEq: lambda left, right: left != right,
    ast.Lt: lambda left, right: left < right,
    ast.LtE: lambda left, right: left <= right,
    ast.Gt: lambda left, right: left > right,
    ast.GtE: lambda left, right: left >= right,
}

_UNKNOWN = pc.scalar(pa.scalar(None, pa.bool_()))


def parse_where(text: str, columns: Sequence[str]) -> pc.Expression:
    """The predicate `text` over the columns named.

    Raises:
        ConfigError: text that is no predicate, or names another column.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        return _condition(tree, columns)
    except SyntaxError as error:
        raise ConfigError(f"where: cannot read '{text}': {error.msg} at character {error.offset}") from None
    except ValueError as error:  # characters that no source code may hold
        raise ConfigError(f"where: cannot read '{text}': {error}") from None
    except (RecursionError, MemoryError):
        raise ConfigError("where: the predicate is nested too deeply") from None
    except _NotAcceptedError as error:
        raise ConfigError(f"where: {error} in '{text}'") from None


class _NotAcceptedError(Exception):
    """A part of the text that no predicate has."""


def _condition(node: ast.expr, columns: Sequence[str]) -> pc.Expression:
    match node:
        case ast.BoolOp(op=op, values=values):
            result = _condition(values[0], columns)
            for value in values[1:]:
                other = _condition(value, columns)
                result = result & other if isinstance(op, ast.And) else result | other
            return result
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return ~_condition(operand, columns)
        case ast.Compare():
            return _comparison(node, columns)
        case ast.Name():
            return _column(node, columns)  # a column of true and false
    raise _NotAcceptedError(f"expected a comparison, found '{ast.unparse(node)}'")


def _comparison(node: ast.Compare, columns: Sequence[str]) -> pc.Expression:
    """A comparison, or a chain of them such as `1 < seconds <= 20`."""
    result: pc.Expression | None = None
    left = node.left
    for op, right in zip(node.ops, node.comparators, strict=True):
        if isinstance(op, (ast.In, ast.NotIn)):
            if not isinstance(right, (ast.Tuple, ast.List)) or not right.elts:
                raise _NotAcceptedError(f"expected a list of values after 'in', found '{ast.unparse(right)}'")
            column = _column(left, columns)
            # `isin` calls a missing value false, and its negation would find it.
            part = pc.if_else(column.is_valid(), column.isin(_values(right.elts)), _UNKNOWN)
            part = ~part if isinstance(op, ast.NotIn) else part
        elif isinstance(op, (ast.Is, ast.IsNot)):
            if not (isinstance(right, ast.Constant) and right.value is None):
                raise _NotAcceptedError(f"expected None after 'is', found '{ast.unparse(right)}'")
            part = _column(left, columns).is_null()
            part = ~part if isinstance(op, ast.IsNot) else part
        else:
            if not isinstance(left, ast.Name) and not isinstance(right, ast.Name):
                _values([left, right])  # say so if they are neither text nor number
                raise _NotAcceptedError(f"'{ast.unparse(node)}' compares no column")
            part = _COMPARISONS[type(op)](_operand(left, columns), _operand(right, columns))
        result = part if result is None else result & part
        left = right
    assert result is not None
    return result


def _operand(node: ast.expr, columns: Sequence[str]) -> pc.Expression:
    return _column(node, columns) if isinstance(node, ast.Name) else pc.scalar(_values([node])[0])


def _column(node: ast.expr, columns: Sequence[str]) -> pc.Expression:
    if not isinstance(node, ast.Name):
        raise _NotAcceptedError(f"expected a column, found '{ast.unparse(node)}'")
    if node.id not in columns:
        close = difflib.get_close_matches(node.id, columns, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"there are {', '.join(sorted(columns))}"
        raise _NotAcceptedError(f"no column '{node.id}' ({hint})")
    return pc.field(node.id)


def _values(nodes: Sequence[ast.expr]) -> list[str | int | float | bool]:
    """Texts and numbers as the user wrote them; only those that one column could hold together."""
    values = [_value(node) for node in nodes]
    try:
        pa.array(values)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError):
        said = ", ".join(map(ast.unparse, nodes))
        raise _NotAcceptedError(f"no column holds {said}") from None
    return values


def _value(node: ast.expr) -> str | int | float | bool:
    match node:
        case ast.Constant(value=bool() | int() | float() | str() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
    raise _NotAcceptedError(f"expected a text or a number, found '{ast.unparse(node)}'")
