"""Operators that look up, scatter and generate."""

from __future__ import annotations

from sentis_lint.inference.sentis_litert import dims
from sentis_lint.inference.sentis_litert.faults import require
from sentis_lint.inference.sentis_litert.layers import Layer
from sentis_lint.inference.sentis_litert.layout import Permutation
from sentis_lint.inference.sentis_litert.operation import Operation
from sentis_lint.inference.sentis_litert.operators.registry import Converter, converts
from sentis_lint.inference.sentis_litert.operators.slices import number
from sentis_lint.inference.sentis_litert.partial import INT


@converts("EMBEDDING_LOOKUP")
def embedding_lookup(op: Operation) -> None:
    """Rows of a table."""
    op.give(op.graph.call("Gather", op.plain(1), op.plain(0), 0))


@converts("GATHER")
def gather(op: Operation) -> None:
    """Entries along an axis, with batch dimensions by way of GatherND."""
    op.need_options()
    axis, batch = op.number("axis"), op.number("batch_dims")
    tensor = op.plain(0)
    if batch <= 0:
        op.give(op.graph.call("Gather", tensor, op.plain(1), axis))
        return
    if axis != batch:
        tensor = _moved(op, tensor, axis, batch)
    indices = op.plain(1)
    rank = indices.known.rank
    indices = op.graph.call("Unsqueeze", indices, op.graph.ints([-1]))
    result = op.graph.call("GatherND", tensor, indices, batch)
    if axis != batch:
        result = _moved(op, result, rank, batch)
    op.give(result)


def _moved(op: Operation, tensor: Layer, source: int, target: int) -> Layer:
    rank = tensor.known.rank
    axes = list(range(rank))
    place = dims.axis(source, rank)
    axes.insert(dims.axis(target, rank), axes.pop(place))
    return op.graph.call("Transpose", tensor, tuple(axes))


@converts("GATHER_ND")
def gather_nd(op: Operation) -> None:
    """Entries by multi-dimensional indices."""
    op.give(op.graph.call("GatherND", op.plain(0), op.plain(1), 0))


@converts("SCATTER_ND")
def scatter_nd(op: Operation) -> None:
    """Updates written into zeros."""
    indices, updates, shape = op.plain(0), op.plain(1), op.plain(2)
    zeros = op.graph.call("ConstantOfShape", shape, updates.known.kind)
    op.give(op.graph.call("ScatterND", zeros, indices, updates))


@converts("SPARSE_TO_DENSE")
def sparse_to_dense(op: Operation) -> None:
    """Values written into a default."""
    default, shape, indices, values = op.plain(3), op.plain(1), op.plain(0), op.plain(2)
    require(indices.known.rank >= 1, "rank", "scalar indices")
    if indices.known.rank == 1:
        indices = op.graph.call("Unsqueeze", indices, op.graph.ints([1]))
    if values.known.rank == 0:
        values = op.graph.call("Expand", values, op.graph.call("Shape", indices, 0, 1))
    op.give(op.graph.call("ScatterND", op.graph.call("Expand", default, shape), indices, values))


@converts("ONE_HOT")
def one_hot(op: Operation) -> None:
    """Indices as vectors."""
    op.need_options()
    indices, depth, on, off = op.plain(0), op.plain(1), op.plain(2), op.plain(3)
    on = op.graph.call("Reshape", on, op.graph.ints([1]), False)
    off = op.graph.call("Reshape", off, op.graph.ints([1]), False)
    values = op.graph.call("Concat", (off, on), 0)
    op.give(op.graph.call("OneHot", indices, depth, values, op.number("axis")))


@converts("WHERE")
def where(op: Operation) -> None:
    """Indices of the elements that are not 0."""
    op.give(op.graph.call("Transpose", op.graph.call("NonZero", op.plain(0)), (1, 0)))


@converts("RANGE")
def range_(op: Operation) -> None:
    """Equally spaced numbers."""
    op.give(op.graph.call("Range", op.plain(0), op.plain(1), op.plain(2)))


def _arg(target: str) -> Converter:
    def convert(op: Operation) -> None:
        axis = number(op.plain(1).known)
        plain = Permutation.identity(len(op.file_shape(0)))
        op.give(op.graph.call(target, op.plain(0, plain), axis))

    return convert


converts("ARG_MAX")(_arg("ArgMax"))
converts("ARG_MIN")(_arg("ArgMin"))


def _random(target: str) -> Converter:
    def convert(op: Operation) -> None:
        op.need_options()
        zeros = op.graph.call("ConstantOfShape", op.plain(0), INT)
        op.give(op.graph.call(target, zeros))

    return convert


converts("RANDOM_STANDARD_NORMAL")(_random("RandomNormalLike"))
converts("RANDOM_UNIFORM")(_random("RandomUniformLike"))


@converts("MULTINOMIAL")
def multinomial(op: Operation) -> None:
    """Samples by probability, of a known number."""
    op.need_options()
    tensor = op.plain(0)
    op.give(op.graph.call("Multinomial", tensor, number(op.plain(1).known)))
