"""Matrix products and the normalisation that needs sums of squares."""

from __future__ import annotations

from sentis_lint.inference.sentis_litert.faults import Fault
from sentis_lint.inference.sentis_litert.layout import Permutation
from sentis_lint.inference.sentis_litert.operation import Operation
from sentis_lint.inference.sentis_litert.operators.registry import converts
from sentis_lint.inference.sentis_litert.partial import FLOAT


@converts("FULLY_CONNECTED")
def fully_connected(op: Operation) -> None:
    """A product with float weights of two dimensions; the input is flattened unless it has two or may keep its own."""
    op.need_options()
    tensor, weights, bias = op.plain(0), op.plain(1), op.optional_plain(2)
    if op.text("weights_format", "DEFAULT") != "DEFAULT":
        raise Fault("refused", "weights_format")
    if weights.known.kind != FLOAT:
        raise Fault("refused", "integer weights")
    if weights.known.rank != 2:
        raise Fault("refused", f"weights of rank {weights.known.rank}")
    if not op.number("keep_num_dims") and tensor.known.rank != 2:
        columns = weights.known.sizes[1]
        if None in weights.known.sizes or columns is None:
            raise Fault("weights-size")
        tensor = op.graph.call("Reshape", tensor, op.graph.ints([-1, columns]), False)
    weights = op.graph.call("Transpose", weights, (1, 0))
    result = op.graph.call("MatMul", tensor, weights)
    if bias is not None:
        result = op.graph.call("Add", result, bias)
    op.give(op.activated(result))


@converts("BATCH_MATMUL")
def batch_matmul(op: Operation) -> None:
    """A product of batches of matrices."""
    op.need_options()
    layouts = [
        Permutation.swapped(len(op.file_shape(index))) if op.number(name) else None
        for index, name in enumerate(("adj_x", "adj_y"))
    ]
    op.give(op.graph.call("MatMul", op.plain(0, layouts[0]), op.plain(1, layouts[1])))


@converts("L2_NORMALIZATION")
def l2_normalization(op: Operation) -> None:
    """A division by the root of the sum of squares over the last axis."""
    op.need_options()
    tensor = op.plain(0)
    norm = op.graph.call("Sqrt", op.graph.call("ReduceSumSquare", tensor, op.graph.ints([-1]), True))
    op.give(op.activated(op.graph.call("Div", tensor, norm)))
