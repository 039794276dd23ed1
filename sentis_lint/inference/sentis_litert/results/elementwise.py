"""Element-wise layers."""

from __future__ import annotations

import operator
from typing import Any, Final

from sentis_lint.inference.sentis_litert import dims, elements
from sentis_lint.inference.sentis_litert.elements import Element
from sentis_lint.inference.sentis_litert.faults import require
from sentis_lint.inference.sentis_litert.partial import FLOAT, INT, Partial, broadcast, unary
from sentis_lint.inference.sentis_litert.results.types import NOTHING, Rule, Rules


def _same(tensor: Partial, *_: Any) -> Partial:
    return Partial(tensor.kind, tensor.shape)


def _identity(tensor: Partial) -> Partial:
    return tensor


def _unary(function: elements.Unary) -> Rule:
    def rule(tensor: Partial) -> Partial:
        return unary(tensor, function)

    return rule


def _not(tensor: Partial) -> Partial:
    require(tensor.kind == INT, "kinds")
    return unary(tensor, elements.invert)


def _binary(combine: elements.Binary, result: str | None = None) -> Rule:
    def rule(left: Partial, right: Partial, *_: Any) -> Partial:
        require(left.kind == right.kind, "kinds")
        return broadcast(left, right, result or left.kind, combine)

    return rule


def _int_binary(combine: elements.Binary) -> Rule:
    def rule(left: Partial, right: Partial) -> Partial:
        require(left.kind == right.kind == INT, "kinds")
        return broadcast(left, right, INT, combine)

    return rule


def _power(base: Partial, exponent: Partial) -> Partial:
    if base.kind != exponent.kind:
        return broadcast(base, exponent, FLOAT, None)
    return broadcast(base, exponent, base.kind, elements.power)


def _atan2(y: Partial, x: Partial) -> Partial:
    return broadcast(x, y, x.kind, None)


def _prelu(tensor: Partial, slope: Partial) -> Partial:
    if tensor.shape is None or slope.shape is None:
        return Partial(FLOAT, tensor.shape)
    missing = len(tensor.shape) - len(slope.shape)
    require(missing >= 0, "rank")
    pairs = zip(tensor.shape[missing:], slope.shape, strict=True)
    return Partial(FLOAT, tensor.shape[:missing] + tuple(a if b == 1 else dims.agree(a, b) for a, b in pairs))


def _cast(tensor: Partial, kind: str) -> Partial:
    convert = elements.to_int if kind == INT else elements.to_float
    source = Partial(kind, tensor.shape, tensor.elements)
    return unary(source, convert)


def _where(condition: Partial, one: Partial, two: Partial) -> Partial:
    if condition.shape is None or one.shape is None or two.shape is None:
        return Partial(one.kind, None)
    result = Partial(one.kind, dims.broadcast(condition.shape, dims.broadcast(one.shape, two.shape)))
    parts = (condition.elements, one.elements, two.elements)
    if result.elements is None or result.rank > 1 or None in parts or not result.elements:
        return result
    require(condition.kind == INT, "kinds")
    chosen: list[Element] = []
    for index in range(len(result.elements)):
        which = condition.element(index % len(condition.tracked))
        source = one if which == 1 else two if which == 0 else None
        if source is not None:
            # Elements of the other kind cannot be copied.
            require(source.kind == one.kind, "kinds")
        chosen.append(None if source is None else source.element(index % len(source.tracked)))
    return Partial(one.kind, result.shape, chosen)


_UNTRACKED: Final = (
    *("Abs", "Ceil", "Clip", "Cos", "CumSum", "Elu", "Exp", "Floor", "Gelu", "HardSwish", "LeakyRelu", "Log"),
    *("LogSoftmax", "Reciprocal", "Relu", "Relu6", "Round", "Rsqrt", "ScalarMad", "Sigmoid", "Sin", "Softmax"),
    *("Sqrt", "Swish", "Tanh"),
)
"""Layers whose results keep kind and shape, and of whose elements nothing is known."""

RULES: Final[Rules] = {
    **dict.fromkeys(_UNTRACKED, (_same, NOTHING)),
    "Add": (_binary(elements.add), NOTHING),
    "And": (_int_binary(elements.both), NOTHING),
    "Atan2": (_atan2, NOTHING),
    "BitwiseXor": (_int_binary(elements.xor), NOTHING),
    "Cast": (_cast, NOTHING),
    "Div": (_binary(elements.divide), NOTHING),
    "Equal": (_binary(elements.comparison(operator.eq), INT), NOTHING),
    "FloorDiv": (_binary(elements.floor_divide), NOTHING),
    "Greater": (_binary(elements.comparison(operator.gt), INT), NOTHING),
    "GreaterOrEqual": (_binary(elements.comparison(operator.ge), INT), NOTHING),
    "Identity": (_identity, NOTHING),
    "Less": (_binary(elements.comparison(operator.lt), INT), NOTHING),
    "LessOrEqual": (_binary(elements.comparison(operator.le), INT), NOTHING),
    "Max": (_binary(elements.maximum), NOTHING),
    "Min": (_binary(elements.minimum), NOTHING),
    "Mod": (_binary(elements.modulo), NOTHING),
    "Mul": (_binary(elements.multiply), NOTHING),
    "Neg": (_unary(elements.negate), NOTHING),
    "Not": (_not, NOTHING),
    "NotEqual": (_binary(elements.comparison(operator.ne), INT), NOTHING),
    "Or": (_int_binary(elements.either), NOTHING),
    "PRelu": (_prelu, NOTHING),
    "Pow": (_power, NOTHING),
    "Sign": (_unary(elements.sign), NOTHING),
    "Square": (_unary(elements.square), NOTHING),
    "Sub": (_binary(elements.subtract), NOTHING),
    "Where": (_where, NOTHING),
}
"""Rule by kind of layer, with the positions of arguments that may be left out."""
