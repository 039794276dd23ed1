"""Arithmetic on tracked elements: int or float, None where one is not known, `OPAQUE` where only we do not know it.

The importer follows the elements of tensors of at most 16 elements. Integers wrap at 32 bits, floats are rounded to
single precision, as in the importer's own arithmetic.

Source: com.unity.ai.inference Runtime/Core/ShapeInference/PartialTensorElement.cs.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Final

from sentis_lint.inference.sentis_litert.faults import Fault


class Opaque:
    """Type of `OPAQUE`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "OPAQUE"


OPAQUE: Final = Opaque()
"""An element that the importer knows and we do not."""

Element = int | float | Opaque | None
Number = int | float

Binary = Callable[[Element, Element], Element]
Unary = Callable[[Element], Element]


def single(value: float) -> float:
    """The nearest single-precision number; infinite where it is out of range."""
    try:
        rounded: float = struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return rounded


def wrapped(value: int) -> int:
    """The low 32 bits, signed."""
    return (value + 2**31) % 2**32 - 2**31


def _number(value: Number) -> Number:
    return single(value) if isinstance(value, float) else wrapped(value)


def _known(compute: Callable[[Number, Number], Number]) -> Binary:
    def computed(left: Element, right: Element) -> Element:
        if left is None or right is None:
            return None
        if isinstance(left, Opaque) or isinstance(right, Opaque):
            return OPAQUE
        return _number(compute(left, right))

    return computed


def _int_floor(value: Number) -> Number:
    return float(math.floor(value)) if math.isfinite(value) else value


add: Final = _known(lambda left, right: left + right)
subtract: Final = _known(lambda left, right: left - right)
_product: Final = _known(lambda left, right: left * right)


def multiply(left: Element, right: Element) -> Element:
    """Product; 0 wins over an unknown element."""
    if left is None or right is None:
        return left if left == 0 else right if right == 0 else None
    return _product(left, right)


def _truncated(left: Number, right: Number) -> Number:
    if isinstance(left, float) or isinstance(right, float):
        return left / right
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _quotient(rounded: Callable[[Number, Number], Number], left: Element, right: Element) -> Element:
    if right is not None and right == 0:
        raise Fault("zero-division")
    if left is not None and left == 0:
        return left
    return left if right == 1 else _known(rounded)(left, right)


def divide(left: Element, right: Element) -> Element:
    """Quotient, truncated for integers.

    Raises:
        Fault: the divisor is known to be 0.
    """
    return _quotient(_truncated, left, right)


def _floored(left: Number, right: Number) -> Number:
    if isinstance(left, float) or isinstance(right, float):
        return _int_floor(left / right)
    return left // right


def floor_divide(left: Element, right: Element) -> Element:
    """Quotient, rounded down.

    Raises:
        Fault: the divisor is known to be 0.
    """
    return _quotient(_floored, left, right)


def _modulo(left: Number, right: Number) -> Number:
    if isinstance(left, float) or isinstance(right, float):
        try:
            return math.fmod(math.fmod(left, right) + right, right)
        except ValueError:
            return math.nan
    if right == 0:
        raise Fault("zero-division")
    return left % right


def modulo(left: Element, right: Element) -> Element:
    """Remainder with the divisor's sign.

    Raises:
        Fault: both are known integers and the divisor is 0.
    """
    if left is None or right is None:
        return left if left == 0 else None
    return _known(_modulo)(left, right)


def power(left: Element, right: Element) -> Element:
    """Power.

    Raises:
        Fault: the result does not fit an integer.
    """
    if left is None or right is None:
        if right is not None and right == 0:
            return 1
        return left if right == 1 else None
    if isinstance(left, Opaque) or isinstance(right, Opaque):
        return OPAQUE
    try:
        result = float(left) ** float(right)
    except ZeroDivisionError:
        result = math.inf
    except OverflowError:
        result = math.inf
    if isinstance(result, complex):
        result = math.nan
    return to_int(result) if isinstance(left, int) else single(result)


def to_int(value: Element) -> Element:
    """The nearest integer, halves to even.

    Raises:
        Fault: it does not fit 32 bits.
    """
    if value is None or isinstance(value, Opaque | int):
        return value
    if not math.isfinite(value) or not -(2**31) <= round(value) < 2**31:
        raise Fault("overflow", f"{value:g}")
    return round(value)


def to_float(value: Element) -> Element:
    """The same number as a float."""
    return value if value is None or isinstance(value, Opaque) else single(float(value))


def negate(value: Element) -> Element:
    """The negated number."""
    return value if value is None or isinstance(value, Opaque) else _number(-value)


def square(value: Element) -> Element:
    """The number times itself."""
    return multiply(value, value)


def sign(value: Element) -> Element:
    """1 for 0 and above, else -1, as the importer computes it."""
    if value is None or isinstance(value, Opaque):
        return value
    result = 1 if value >= 0 else -1
    return float(result) if isinstance(value, float) else result


minimum: Final = _known(min)
maximum: Final = _known(max)
xor: Final = _known(lambda left, right: int(left) ^ int(right))


def comparison(compare: Callable[[Number, Number], bool]) -> Binary:
    """A comparison giving 1 or 0."""
    return _known(lambda left, right: int(compare(left, right)))


def both(left: Element, right: Element) -> Element:
    """Logical and, as the importer follows it: 0 wins, 1 is neutral."""
    if 0 in (left, right):
        return 0
    return right if left == 1 else left if right in (1, left) else None


def either(left: Element, right: Element) -> Element:
    """Logical or, as the importer follows it: 1 wins, 0 is neutral."""
    if left == 0:
        return right
    if right in (0, left):
        return left
    return 1 if 1 in (left, right) else None


def invert(value: Element) -> Element:
    """Logical not of 0 and 1."""
    return {1: 0, 0: 1}.get(value) if isinstance(value, int) else value
