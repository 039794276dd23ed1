"""Reductions: they keep a pending layout where dimensions are kept."""

from __future__ import annotations

from sentis_lint.inference.sentis_litert.faults import Fault
from sentis_lint.inference.sentis_litert.operation import Held, Operation
from sentis_lint.inference.sentis_litert.operators.registry import CONVERTERS, Converter, converts
from sentis_lint.inference.sentis_litert.partial import FLOAT, INT


def _reduced(op: Operation, target: str) -> Held:
    op.need_options()
    held = op.held(0)
    if target == "ReduceMean" and held.layer.known.kind != FLOAT:
        raise Fault("refused", "integer input")
    axes = op.with_rank(op.plain(1), 1)
    keep = bool(op.number("keep_dims"))
    if keep and not held.layout.is_identity:
        axes = op.graph.call("Gather", op.graph.ints(held.layout.inverse().axes), axes, 0)
        return Held(op.graph.call(target, held.layer, axes, keep), held.layout)
    return Held.plain(op.graph.call(target, held.rearranged(op.graph), axes, keep))


def _reduction(target: str) -> Converter:
    def convert(op: Operation) -> None:
        op.give_held(_reduced(op, target))

    return convert


CONVERTERS.update(
    {
        "MEAN": _reduction("ReduceMean"),
        "REDUCE_MAX": _reduction("ReduceMax"),
        "REDUCE_MIN": _reduction("ReduceMin"),
        "REDUCE_PROD": _reduction("ReduceProd"),
        "SUM": _reduction("ReduceSum"),
    }
)


@converts("REDUCE_ANY")
def reduce_any(op: Operation) -> None:
    """The maximum, then at least 0 of the output's type."""
    held = _reduced(op, "ReduceMax")
    kind = op.output_kind()
    zero = op.graph.call("ConstantOfShape", op.graph.ints([]), kind)
    op.give_held(Held(op.graph.call("Max", held.layer, zero), held.layout))


@converts("REDUCE_ALL")
def reduce_all(op: Operation) -> None:
    """The minimum, then at most 1."""
    held = _reduced(op, "ReduceMin")
    op.give_held(Held(op.graph.call("Min", held.layer, op.graph.scalar(INT, 1)), held.layout))
