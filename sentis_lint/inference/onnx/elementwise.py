"""Operators of one operand whose result has its shape; some compute the elements of small constants."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from sentis_lint.inference.facts import Element, Fact
from sentis_lint.inference.onnx import symbols
from sentis_lint.inference.onnx.arithmetic import broadcast_elements
from sentis_lint.inference.onnx.call import Call, Handler, same, scalar
from sentis_lint.inference.onnx.dtypes import INTEGER_RANGE, Number, fit

CLIP_BY_INPUT = 11
"""Since this opset Clip takes its bounds as inputs, before as attributes."""


def unary(function: symbols.Unary, of_size: bool | None = None, result: str | None = None) -> Handler:
    """An operator on single elements.

    Args:
        function: a number to the exact result, or None where it is not certain.
        of_size: whether the operator leaves a symbolic size as it is.
        result: dtype of the result where that is not the operand's.
    """

    def infer(call: Call) -> Sequence[Fact]:
        fact = call.fact(0)
        elements = fact.elements
        dtype = result or fact.dtype
        if elements is None or fact.dtype == "string":
            return same(call) if result is None else (Fact(dtype, fact.shape),)
        fitted = fit(dtype)

        def applied(element: Element) -> Element:
            if element is None or isinstance(element, str):
                return element if of_size else None
            number = function(element)
            return None if number is None else fitted(number)

        return (Fact(dtype, fact.shape, tuple(map(applied, elements))),)

    return infer


def _whole(function: Any) -> symbols.Unary:
    """A rounding function that leaves infinities and NaN alone."""

    def applied(number: Number) -> Number:
        if not math.isfinite(number):
            return number
        whole: Number = function(number)
        return math.copysign(float(whole), number) if isinstance(number, float) else whole

    return applied


def _sign(number: Number) -> Number | None:
    return number if math.isnan(number) else (number > 0) - (number < 0)


def _reciprocal(number: Number) -> Number | None:
    return 1 / number if number else None


def _square_root(number: Number) -> Number | None:
    return math.sqrt(number) if number >= 0 else None


def _relu(number: Number) -> Number | None:
    return number if number >= 0 else 0 if number < 0 else None


def _is_nan(number: Number) -> Number:
    return math.isnan(number)


def _is_infinite(call: Call) -> Sequence[Fact]:
    positive, negative = call.integer("detect_positive", 1), call.integer("detect_negative", 1)

    def detect(number: Number) -> Number:
        return bool((number == math.inf and positive) or (number == -math.inf and negative))

    return unary(detect, result="bool")(call)


def _bitwise_not(call: Call) -> Sequence[Fact]:
    dtype = call.fact(0).dtype
    if dtype not in INTEGER_RANGE:
        return same(call)
    low, high = INTEGER_RANGE[dtype]
    return unary(lambda number: ~int(number) if low < 0 else high - int(number))(call)


def _clip(call: Call) -> Sequence[Fact]:
    fact = call.fact(0)
    dtype = fact.dtype
    if call.opset >= CLIP_BY_INPUT:
        dtype = call.dtype(0, 1, 2)
    if fact.elements is None:
        return same(call) if dtype == fact.dtype else (Fact(dtype, fact.shape),)
    elements: Any = fact
    for position, name, function in ((1, "min", symbols.maximum), (2, "max", symbols.minimum)):
        if call.opset >= CLIP_BY_INPUT:
            if not call.has(position):
                continue
            bound = scalar(call.fact(position))
        elif call.present(name):
            bound = call.number(name, 0.0)
        else:
            continue
        if bound is None:
            return (Fact(dtype, fact.shape),)
        limit = Fact(dtype, (), (bound,))
        elements = Fact(dtype, fact.shape, broadcast_elements(function, dtype, (elements, limit), fact.shape))
        if elements.elements is None:
            break
    return (Fact(dtype, fact.shape, elements.elements),)


# Functions whose last bit depends on who computes them: only dtype and shape follow.
_SHAPE_ONLY = """Acos Acosh Asin Asinh Atan Atanh Celu Cos Cosh Elu Erf Exp Gelu HardSigmoid HardSwish Hardmax LeakyRelu
    Log LogSoftmax Mish Selu Shrink Sigmoid Sin Sinh Softmax Softplus Softsign Swish Tan Tanh ThresholdedRelu"""

HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(_SHAPE_ONLY.split(), same),
    "Abs": unary(abs, of_size=True),
    "BitwiseNot": _bitwise_not,
    "Ceil": unary(_whole(math.ceil)),
    "Clip": _clip,
    "Floor": unary(_whole(math.floor)),
    "IsInf": _is_infinite,
    "IsNaN": unary(_is_nan, result="bool"),
    "Neg": unary(lambda number: -number),
    "Not": unary(lambda number: not number, result="bool"),
    "Reciprocal": unary(_reciprocal),
    "Relu": unary(_relu, of_size=True),
    "Round": unary(_whole(round)),
    "Sign": unary(_sign),
    "Sqrt": unary(_square_root),
}
