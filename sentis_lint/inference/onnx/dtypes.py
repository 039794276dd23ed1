"""Which numbers an element of each dtype can hold."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

from sentis_lint.inference.facts import Element

Number = int | float | bool

_INTEGER_BITS = {f"{sign}int{bits}": (bits, sign == "") for bits in (2, 4, 8, 16, 32, 64) for sign in ("", "u")}

INTEGER_RANGE = {
    name: (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    for name, (bits, signed) in _INTEGER_BITS.items()
}
"""Least and greatest value of each integer dtype."""

SIZE_DTYPES = frozenset({"int32", "int64"})
"""Dtypes whose elements may carry symbolic sizes."""

FLOAT_DTYPES = frozenset({"float16", "float32", "float64"})
"""Floating-point dtypes whose elements are computed here."""

_PACKED = {"float16": struct.Struct("<e"), "float32": struct.Struct("<f"), "float64": struct.Struct("<d")}


def integer_bits(dtype: str) -> int:
    """Width of an integer dtype in bits.

    Raises:
        KeyError: it is no integer dtype.
    """
    return _INTEGER_BITS[dtype][0]


def fit(dtype: str | None) -> Callable[[Number], Element]:
    """A function that makes an exact result an element of a dtype: rounded once, or None where it does not fit.

    Results of one operation in double precision, rounded once to single or half, are what an operation in single or
    half gives (for addition, subtraction, multiplication, division and square root).
    """
    return _FIT.get(dtype or "", _unknown)


def _unknown(_: Number) -> Element:
    return None


def _fit_integer(low: int, high: int) -> Callable[[Number], Element]:
    def fitted(number: Number) -> Element:
        return int(number) if low <= number <= high else None

    return fitted


def _fit_float(dtype: str) -> Callable[[Number], Element]:
    packed = _PACKED[dtype]

    def fitted(number: Number) -> Element:
        number = float(number)
        if math.isnan(number):
            return math.nan  # the one object, so that equal facts stay equal
        try:
            rounded: float = packed.unpack(packed.pack(number))[0]
        except OverflowError:
            return math.copysign(math.inf, number)
        return rounded

    return fitted


def _fit_bool(number: Number) -> Element:
    return bool(number)


_FIT: dict[str, Callable[[Number], Element]] = {
    "bool": _fit_bool,
    **{name: _fit_integer(low, high) for name, (low, high) in INTEGER_RANGE.items()},
    **{name: _fit_float(name) for name in _PACKED},
}
