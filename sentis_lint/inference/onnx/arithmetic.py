"""Operators of two or more operands that broadcast: arithmetic, comparison, logic, bits, Where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sentis_lint.graph import Shape
from sentis_lint.inference.facts import Element, Fact, broadcast
from sentis_lint.inference.onnx import symbols
from sentis_lint.inference.onnx.call import Call, Handler, unify
from sentis_lint.inference.onnx.dtypes import INTEGER_RANGE, fit, integer_bits
from sentis_lint.inference.onnx.elements import Elements, combine, sizes_of

NUMPY_BROADCASTING = 7
"""Since this opset two operands broadcast as numpy has it; before, only on request and only the second one."""

VARIADIC_BROADCASTING = 8
"""The same for Max, Mean, Min and Sum."""

MAX_FOLDED = 64
"""Elements of Max and Min are followed over so many operands."""


def broadcast_elements(
    function: Callable[..., Element], dtype: str | None, operands: Sequence[Fact], shape: Shape | None
) -> Elements | None:
    """The function over the operands' elements, as elements of a dtype; None where nothing comes out known."""
    rows: list[tuple[Elements, tuple[int, ...]]] = []
    for operand in operands:
        if operand.elements is None or operand.dtype == "string":
            return None
        sizes = sizes_of(operand.shape)
        if sizes is None:
            return None
        rows.append((operand.elements, sizes))
    target = sizes_of(shape)
    if target is None:
        return None
    fitted = fit(dtype)

    def applied(*values: Any) -> Element:
        result = function(*values)
        return result if result is None or isinstance(result, str) else fitted(result)

    return combine(applied, rows, target)


def legacy_shape(call: Call) -> Shape | None:
    """Before numpy's broadcasting the result has the shape of the first operand."""
    first, second = call.shape(0), call.shape(1)
    if call.integer("broadcast", 0) == 0:
        return unify((first, second))
    if first is None or second is None:
        return first
    return None if len(second) > len(first) else first


def binary(function: symbols.Binary, result: str | None = None) -> Handler:
    """An operator of two operands; `result` is its dtype where that is not the operands'."""

    def infer(call: Call) -> Sequence[Fact]:
        one, other = call.fact(0), call.fact(1)
        legacy = call.opset < NUMPY_BROADCASTING and (call.present("broadcast") or call.present("axis"))
        if legacy:
            shape = legacy_shape(call)
        elif one.shape == other.shape:
            shape = one.shape
        else:
            shape = broadcast((one.shape, other.shape))
        dtype = result or (one.dtype if one.dtype == other.dtype else call.dtype(0, 1))
        if one.elements is None or other.elements is None or (legacy and call.present("axis")):
            return (Fact(dtype, shape),)
        return (Fact(dtype, shape, broadcast_elements(function, dtype, (one, other), shape)),)

    return infer


def _divide(call: Call) -> Sequence[Fact]:
    return (_DIVIDE_INTEGERS if call.dtype(0, 1) in INTEGER_RANGE else _DIVIDE_FLOATS)(call)


def _modulo(call: Call) -> Sequence[Fact]:
    if call.integer("fmod", 0):
        return _FMOD(call)
    # The remainder of floats is spelled out with a division, whose rounding is left to the runtime.
    return (_MODULO if call.dtype(0, 1) in INTEGER_RANGE else _SHAPE_ONLY)(call)


def _power(call: Call) -> Sequence[Fact]:
    # The exponent may be of another dtype; the result is the base's.
    integers = call.fact(0).dtype in INTEGER_RANGE and call.fact(1).dtype in INTEGER_RANGE
    shape = (
        broadcast((call.shape(0), call.shape(1)))
        if call.opset >= NUMPY_BROADCASTING or not call.present("broadcast")
        else legacy_shape(call)
    )
    dtype = call.fact(0).dtype or (call.fact(1).dtype if call.opset < 12 else None)
    if not integers:
        return (Fact(dtype, shape),)
    return (Fact(dtype, shape, broadcast_elements(symbols.power, dtype, (call.fact(0), call.fact(1)), shape)),)


def _shift(call: Call) -> Sequence[Fact]:
    left = call.string("direction", "") == "LEFT"
    dtype = call.dtype(0, 1)
    bits = integer_bits(dtype) if dtype in INTEGER_RANGE and dtype is not None else 0

    def shift(one: Any, other: Any) -> Element:
        if not isinstance(one, int) or not isinstance(other, int) or not 0 <= other < bits:
            return None
        return (one << other) & (2**bits - 1) if left else one >> other

    return binary(shift)(call)


def _prelu(call: Call) -> Sequence[Fact]:
    # The slope is broadcast to the input, never the other way round.
    return (Fact(call.dtype(0, 1), call.shape(0)),)


def _swiglu(call: Call) -> Sequence[Fact]:
    return (Fact(call.dtype(0, 1), unify((call.shape(0), call.shape(1)))),)


def variadic(function: symbols.Binary | None, exact_in_any_order: bool = True) -> Handler:
    """An operator of any number of operands, folded from the left."""

    def infer(call: Call) -> Sequence[Fact]:
        facts = [call.fact(position) for position in range(len(call.inputs))]
        if not facts:
            return ()
        shapes = [fact.shape for fact in facts]
        shape = broadcast(shapes) if call.opset >= VARIADIC_BROADCASTING else unify(shapes)
        dtype = call.dtype(*range(len(facts)))
        most = MAX_FOLDED if exact_in_any_order else 2
        if function is None or len(facts) > most or facts[0].elements is None:
            return (Fact(dtype, shape),)

        def fold(*values: Any) -> Element:
            result: Element = values[0]
            for value in values[1:]:
                result = function(result, value)
            return result

        return (Fact(dtype, shape, broadcast_elements(fold, dtype, facts, shape)),)

    return infer


def _where(call: Call) -> Sequence[Fact]:
    facts = (call.fact(0), call.fact(1), call.fact(2))
    shape = broadcast([fact.shape for fact in facts])
    dtype = call.dtype(1, 2)
    condition, one, other = (fact.elements for fact in facts)
    if dtype == "string" or shape is None or (one is None and other is None):
        return (Fact(dtype, shape),)
    if condition is None and (one is None or other is None):
        return (Fact(dtype, shape),)
    # A side that is not known at all may still not be chosen.
    filled = [_filled(fact) for fact in facts]
    return (Fact(dtype, shape, broadcast_elements(symbols.choose, dtype, filled, shape)),)


def _filled(fact: Fact) -> Fact:
    sizes = None if fact.elements is not None else sizes_of(fact.shape)
    if sizes is None:
        return fact
    total = 1
    for size in sizes:
        total *= size
    return Fact(fact.dtype, fact.shape, (None,) * total)


_DIVIDE_INTEGERS = binary(symbols.divide_integers)
_DIVIDE_FLOATS = binary(symbols.divide_floats)
_MODULO = binary(symbols.modulo)
_FMOD = binary(symbols.fmod)
_SHAPE_ONLY = binary(symbols.nothing)

HANDLERS: dict[str, Handler] = {
    "Add": binary(symbols.add),
    "And": binary(symbols.conjunction, "bool"),
    "BitShift": _shift,
    "BitwiseAnd": binary(symbols.bit_and),
    "BitwiseOr": binary(symbols.bit_or),
    "BitwiseXor": binary(symbols.bit_xor),
    "Div": _divide,
    "Equal": binary(symbols.equal, "bool"),
    "Greater": binary(symbols.greater, "bool"),
    "GreaterOrEqual": binary(symbols.greater_or_equal, "bool"),
    "Less": binary(symbols.less, "bool"),
    "LessOrEqual": binary(symbols.less_or_equal, "bool"),
    "Max": variadic(symbols.maximum),
    "Mean": variadic(None),
    "Min": variadic(symbols.minimum),
    "Mod": _modulo,
    "Mul": binary(symbols.multiply),
    "Or": binary(symbols.disjunction, "bool"),
    "PRelu": _prelu,
    "Pow": _power,
    "Sub": binary(symbols.subtract),
    "SwiGLU": _swiglu,
    "Sum": variadic(symbols.add, exact_in_any_order=False),
    "Where": _where,
    "Xor": binary(symbols.exclusive, "bool"),
}
