"""Operators on single elements: exact numbers, symbolic sizes (never negative), and what is unknown.

Every function takes and returns elements; None in or out means unknown. Numbers are exact results, still to be rounded
to the dtype by `dtypes.fit`; symbols are only claimed where an operation leaves the size as it is.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from sentis_lint.inference.facts import Element
from sentis_lint.inference.onnx.dtypes import Number

Binary = Callable[[Any, Any], Element]
Unary = Callable[[Number], Number | None]


def nothing(_one: Any, _other: Any) -> Element:
    """An operator whose results are not followed."""
    return None


def add(one: Any, other: Any) -> Element:
    """Sum."""
    if one is None or other is None:
        return None
    if isinstance(one, str) or isinstance(other, str):
        return other if one == 0 else one if other == 0 else None
    result: Number = one + other
    return result


def subtract(one: Any, other: Any) -> Element:
    """Difference; a size less itself is 0."""
    if one is None or other is None:
        return None
    if isinstance(one, str) or isinstance(other, str):
        return one if other == 0 else 0 if one == other else None
    result: Number = one - other
    return result


def multiply(one: Any, other: Any) -> Element:
    """Product."""
    if one is None or other is None:
        return None
    if isinstance(one, str) or isinstance(other, str):
        if one == 0 or other == 0:
            return 0
        return other if one == 1 else one if other == 1 else None
    result: Number = one * other
    return result


def divide_integers(one: Any, other: Any) -> Element:
    """Quotient, truncated toward zero."""
    if one is None or other is None or other == 0:
        return None
    if isinstance(one, str) or isinstance(other, str):
        return one if other == 1 else None
    quotient: int = abs(one) // abs(other)
    return quotient if (one < 0) == (other < 0) else -quotient


def divide_floats(one: Any, other: Any) -> Element:
    """Quotient; division by zero is left alone."""
    if one is None or other is None or other == 0:
        return None
    quotient: float = one / other
    return quotient


def modulo(one: Any, other: Any) -> Element:
    """Remainder with the sign of the divisor (``fmod=0``)."""
    if _not_numbers(one, other) or other == 0:
        return 0 if isinstance(one, str) and other in (1, -1) else None
    remainder: Number = one % other
    return remainder


def fmod(one: Any, other: Any) -> Element:
    """Remainder with the sign of the dividend (``fmod=1``), as C computes it."""
    if _not_numbers(one, other) or other == 0:
        return None
    if isinstance(one, int) and isinstance(other, int):
        remainder = abs(one) % abs(other)
        return -remainder if one < 0 else remainder
    return math.fmod(one, other) if math.isfinite(one) and not math.isnan(other) else math.nan


def power(one: Any, other: Any) -> Element:
    """Power of integers; only where the result stays small, whatever the file asks for."""
    if _not_numbers(one, other) or not isinstance(one, int) or not isinstance(other, int):
        return None
    if other < 0 or (abs(one) > 1 and abs(one).bit_length() * other > 128):
        return None
    result: int = one ** (other if abs(one) > 1 else min(other, 2 + other % 2))
    return result


def maximum(one: Any, other: Any) -> Element:
    """The greater of two; a size beside a number that is not positive is the greater."""
    return _extreme(one, other, greater=True)


def minimum(one: Any, other: Any) -> Element:
    """The smaller of two."""
    return _extreme(one, other, greater=False)


def _extreme(one: Any, other: Any, greater: bool) -> Element:
    if one is None or other is None:
        return None
    if isinstance(one, str) or isinstance(other, str):
        if one == other:
            return str(one)
        symbol, number = (one, other) if isinstance(one, str) else (other, one)
        if isinstance(number, str) or number > 0:
            return None
        result: Element = symbol if greater else number
        return result
    if math.isnan(one) or math.isnan(other):
        return None
    if one == other:
        return one if repr(one) == repr(other) else None  # 0.0 and -0.0
    larger = one > other
    return one if larger == greater else other  # type: ignore[no-any-return]


def equal(one: Any, other: Any) -> Element:
    """Equality; a size is never equal to a negative number."""
    if one is None or other is None:
        return None
    if isinstance(one, str) or isinstance(other, str):
        if isinstance(one, str) and isinstance(other, str):
            return True if one == other else None
        return False if (other if isinstance(one, str) else one) < 0 else None
    return bool(one == other)


def less(one: Any, other: Any) -> Element:
    """Whether the first is less than the second."""
    if one is None or other is None:
        return None
    if isinstance(one, str):
        if isinstance(other, str):
            return False if one == other else None
        return False if other <= 0 else None
    if isinstance(other, str):
        return True if one < 0 else None
    return bool(one < other)


def greater(one: Any, other: Any) -> Element:
    """Whether the first is greater than the second."""
    return less(other, one)


def less_or_equal(one: Any, other: Any) -> Element:
    """Whether the first is at most the second."""
    if _not_numbers(one, other):
        return negation(less(other, one))
    return bool(one <= other)


def greater_or_equal(one: Any, other: Any) -> Element:
    """Whether the first is at least the second."""
    return less_or_equal(other, one)


def negation(one: Any) -> Element:
    """Logical not."""
    return None if one is None else not one


def conjunction(one: Any, other: Any) -> Element:
    """Logical and: one false suffices."""
    if one is False or other is False:
        return False
    return True if one is True and other is True else None


def disjunction(one: Any, other: Any) -> Element:
    """Logical or: one true suffices."""
    if one is True or other is True:
        return True
    return False if one is False and other is False else None


def exclusive(one: Any, other: Any) -> Element:
    """Logical exclusive or."""
    return None if one is None or other is None else bool(one) != bool(other)


def choose(condition: Any, one: Any, other: Any) -> Element:
    """The first where the condition holds, else the second; either where both are the same."""
    if condition is None:
        same = one is not None and one == other and not isinstance(one, float)
        return one if same else None
    result: Element = one if condition else other
    return result


def bitwise(function: Callable[[int, int], int]) -> Binary:
    """A bitwise operator on integers."""

    def applied(one: Any, other: Any) -> Element:
        return None if _not_numbers(one, other) else function(one, other)

    return applied


bit_and = bitwise(operator.and_)
bit_or = bitwise(operator.or_)
bit_xor = bitwise(operator.xor)


def _not_numbers(one: Any, other: Any) -> bool:
    return one is None or other is None or isinstance(one, str) or isinstance(other, str)
