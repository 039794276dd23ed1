"""Element-wise operators: they keep a pending layout where they can."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sentis_lint.inference.sentis_litert.faults import Fault
from sentis_lint.inference.sentis_litert.layers import Layer
from sentis_lint.inference.sentis_litert.layout import Permutation
from sentis_lint.inference.sentis_litert.operation import Held, Operation
from sentis_lint.inference.sentis_litert.operators.registry import CONVERTERS, Converter, converts
from sentis_lint.inference.sentis_litert.partial import FLOAT

_UNARY = {
    "ABS": "Abs",
    "CEIL": "Ceil",
    "COS": "Cos",
    "EXP": "Exp",
    "FLOOR": "Floor",
    "GELU": "Gelu",
    "HARD_SWISH": "HardSwish",
    "LOG": "Log",
    "LOGICAL_NOT": "Not",
    "LOGISTIC": "Sigmoid",
    "NEG": "Neg",
    "RELU": "Relu",
    "RELU6": "Relu6",
    "ROUND": "Round",
    "RSQRT": "Rsqrt",
    "SIGN": "Sign",
    "SIN": "Sin",
    "SQRT": "Sqrt",
    "SQUARE": "Square",
    "TANH": "Tanh",
}
_BINARY = {
    "ATAN2": "Atan2",
    "BITWISE_XOR": "BitwiseXor",
    "EQUAL": "Equal",
    "FLOOR_DIV": "FloorDiv",
    "FLOOR_MOD": "Mod",
    "GREATER": "Greater",
    "GREATER_EQUAL": "GreaterOrEqual",
    "LESS": "Less",
    "LESS_EQUAL": "LessOrEqual",
    "LOGICAL_AND": "And",
    "LOGICAL_OR": "Or",
    "MAXIMUM": "Max",
    "MINIMUM": "Min",
    "NOT_EQUAL": "NotEqual",
    "POW": "Pow",
    "PRELU": "PRelu",
}
_ARITHMETIC = {"ADD": "Add", "DIV": "Div", "MUL": "Mul", "SUB": "Sub"}


def _unary(target: str) -> Converter:
    def convert(op: Operation) -> None:
        op.give_held(_mapped(op, op.held(0), target))

    return convert


def _mapped(op: Operation, held: Held, target: str) -> Held:
    return Held(op.graph.call(target, held.layer), held.layout, held.constant)


def _binary(target: str) -> Converter:
    def convert(op: Operation) -> None:
        op.give_held(broadcast(op, target, op.held(0), op.held(1)))

    return convert


def _arithmetic(target: str) -> Converter:
    def convert(op: Operation) -> None:
        op.need_options()
        result = broadcast(op, target, op.held(0), op.held(1))
        op.give_held(Held(op.activated(result.layer), result.layout))

    return convert


CONVERTERS.update({name: _unary(target) for name, target in _UNARY.items()})
CONVERTERS.update({name: _binary(target) for name, target in _BINARY.items()})
CONVERTERS.update({name: _arithmetic(target) for name, target in _ARITHMETIC.items()})


def broadcast(op: Operation, target: str, left: Held, right: Held) -> Held:
    """Two operands combined, in their common layout if they have one, else in plain order.

    Raises:
        Fault: the operands do not go together.
    """
    if left.constant and left.layer.known.rank < right.layer.known.rank:
        left = _spread(op, left, right.layout)
    if right.constant and right.layer.known.rank < left.layer.known.rank:
        right = _spread(op, right, left.layout)
    layout = common_layout([left, right])
    if layout is not None:
        result = op.graph.call(target, left.rearranged(op.graph, layout), right.rearranged(op.graph, layout))
        return Held(result, layout)
    return Held.plain(op.graph.call(target, left.rearranged(op.graph), right.rearranged(op.graph)))


def common_layout(operands: Sequence[Held]) -> Permutation | None:
    """The layout all operands of one rank share, constants aside; None where there is none.

    Where every operand is a constant the importer takes an empty layout of rank 0 for shared.
    """
    if len({operand.layer.known.rank for operand in operands}) > 1:
        return None
    layouts = {operand.layout.axes for operand in operands if not operand.constant}
    if len(layouts) > 1:
        return None
    return Permutation.of(layouts.pop() if layouts else ())


def _spread(op: Operation, held: Held, layout: Permutation) -> Held:
    if layout.axes == held.layout.axes:
        return held
    layer = op.with_rank(held.rearranged(op.graph), layout.rank)
    shape = held.layer.known.shape
    if shape is None or any(size != 1 for size in shape):
        layer = op.graph.call("Transpose", layer, layout.axes)
    return Held(layer, layout)


@converts("ADD_N")
def add_n(op: Operation) -> None:
    """A sum of any number of tensors."""
    total = op.held(0)
    for index in range(1, op.n_inputs):
        total = broadcast(op, "Add", total, op.held(index))
    op.give_held(total)


@converts("SQUARED_DIFFERENCE")
def squared_difference(op: Operation) -> None:
    """The square of a difference."""
    op.give_held(_mapped(op, broadcast(op, "Sub", op.held(0), op.held(1)), "Square"))


def _kept(make: Callable[[Operation, Layer], Layer]) -> Converter:
    # These forget that a constant is one.
    def convert(op: Operation) -> None:
        held = op.held(0)
        op.give_held(Held(make(op, held.layer), held.layout))

    return convert


def _clip(low: float) -> Callable[[Operation, Layer], Layer]:
    def make(op: Operation, layer: Layer) -> Layer:
        return op.graph.call("Clip", layer, op.graph.scalar(FLOAT, low), op.graph.scalar(FLOAT, 1.0))

    return make


CONVERTERS["RELU_N1_TO_1"] = _kept(_clip(-1.0))
CONVERTERS["RELU_0_TO_1"] = _kept(_clip(0.0))
CONVERTERS["ELU"] = _kept(lambda op, layer: op.graph.call("Elu", layer))
CONVERTERS["CAST"] = _kept(lambda op, layer: op.graph.call("Cast", layer, op.output_kind()))


@converts("LEAKY_RELU")
def leaky_relu(op: Operation) -> None:
    """A rectifier with a slope."""
    op.need_options()
    op.give_held(_mapped(op, op.held(0), "LeakyRelu"))


@converts("DEQUANTIZE")
def dequantize(op: Operation) -> None:
    """Only the float16 scheme is taken; the layout noted is that of the input, the data are in plain order."""
    held = op.held(0)
    if held.layer.known.kind != FLOAT:
        raise Fault("refused", "integer input")
    op.give_held(Held(op.graph.call("Identity", op.plain(0)), held.layout, held.constant))


@converts("SELECT")
def select(op: Operation) -> None:
    """A choice by a condition of fewer dimensions, aligned at the front."""
    condition, one, two = op.plain(0), op.plain(1), op.plain(2)
    condition = op.with_rank(condition, one.known.rank, append=True)
    op.give(op.graph.call("Where", condition, one, two))


@converts("SELECT_V2")
def select_v2(op: Operation) -> None:
    """A choice by a condition, broadcast."""
    op.give(op.graph.call("Where", op.plain(0), op.plain(1), op.plain(2)))


@converts("SOFTMAX")
def softmax(op: Operation) -> None:
    """A scaling in floats, then the softmax over the last axis."""
    op.need_options()
    scaled = op.graph.call("ScalarMad", op.plain(0), FLOAT, op.real("beta"), 0.0)
    op.give(op.graph.call("Softmax", scaled))


@converts("LOG_SOFTMAX")
def log_softmax(op: Operation) -> None:
    """The logarithm of the softmax over the last axis."""
    op.give(op.graph.call("LogSoftmax", op.plain(0)))


@converts("CUMSUM")
def cumsum(op: Operation) -> None:
    """A running sum."""
    op.need_options()
    op.give(op.graph.call("CumSum", op.plain(0), op.plain(1)))


@converts("ZEROS_LIKE")
def zeros_like(op: Operation) -> None:
    """Zeros of the same shape."""
    source = op.plain(0)
    shape = op.graph.call("Shape", source, 0, 8)
    op.give(op.graph.call("ConstantOfShape", shape, source.known.kind))
