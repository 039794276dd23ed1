"""Operators that take parts of a tensor."""

from __future__ import annotations

from sentis_lint.inference.sentis_litert import dims
from sentis_lint.inference.sentis_litert.dims import INT_MAX, INT_MIN
from sentis_lint.inference.sentis_litert.elements import wrapped
from sentis_lint.inference.sentis_litert.faults import Fault, require
from sentis_lint.inference.sentis_litert.layers import Layer
from sentis_lint.inference.sentis_litert.operation import Held, Operation, at
from sentis_lint.inference.sentis_litert.operators.registry import converts
from sentis_lint.inference.sentis_litert.partial import INT, MAX_TRACKED, Partial, concrete


def number(tensor: Partial) -> int:
    """The single number of a tensor of at most one dimension.

    Raises:
        Fault: it has more dimensions, no elements, or its value is not known.
    """
    require(tensor.rank <= 1, "value-rank", f"rank {tensor.rank}")
    return at(concrete(tensor), 0)


@converts("SLICE")
def slice_(op: Operation) -> None:
    """A slice of known bounds."""
    held = op.held(0)
    begin, length = concrete(op.plain(1).known), concrete(op.plain(2).known)
    starts, ends = [], []
    for place in range(len(begin)):
        axis = held.layout[place]
        starts.append(at(begin, axis))
        ends.append(INT_MAX if at(length, axis) == -1 else wrapped(begin[axis] + length[axis]))
    result = op.graph.call("Slice", held.layer, op.graph.ints(starts), op.graph.ints(ends), None, None)
    op.give_held(Held(result, held.layout))


def _bit(mask: int, position: int) -> bool:
    return bool((mask >> (position % 32)) & 1)


@converts("STRIDED_SLICE")
def strided_slice(op: Operation) -> None:
    """A slice with steps and masks."""
    op.need_options()
    if op.number("ellipsis_mask") != 0 or op.number("offset"):
        raise Fault("refused", "ellipsis_mask or offset")
    new_axes, shrink = op.number("new_axis_mask"), op.number("shrink_axis_mask")
    held = op.held(0)
    begin, end, step = _bounds(op)
    if not held.layout.is_identity and new_axes == 0 and shrink == 0:
        order = op.graph.ints(held.layout.axes)
        bounds = [op.graph.call("Gather", bound, order, 0) for bound in (begin, end, step)]
        result = op.graph.call("Slice", held.layer, bounds[0], bounds[1], None, bounds[2])
        op.give_held(Held(result, held.layout))
        return
    tensor = held.rearranged(op.graph)
    if new_axes != 0:
        axes = [axis for axis in range(tensor.known.rank) if _bit(new_axes, axis)]
        tensor = op.graph.call("Unsqueeze", tensor, op.graph.ints(axes))
    result = op.graph.call("Slice", tensor, begin, end, None, step)
    if shrink != 0:
        axes = [axis for axis in range(tensor.known.rank) if _bit(shrink, axis)]
        for axis in axes:
            # Begin -1 made the end 0, and the slice empty.
            empty = result.known.sizes[axis] == 0 and begin.known.element(axis) == -1
            require(not empty, "last-element", f"axis {axis}")
        result = op.graph.call("Squeeze", result, op.graph.ints(axes))
    op.give(result)


def _bounds(op: Operation) -> tuple[Layer, Layer, Layer | None]:
    """Begin, end and step, with the masks worked in where there are any; then they must be known."""
    begin_mask, end_mask, shrink = (op.number(name) for name in ("begin_mask", "end_mask", "shrink_axis_mask"))
    if begin_mask == 0 and end_mask == 0 and shrink == 0:
        return op.plain(1), op.plain(2), op.optional_plain(3)
    begin, end, step = (concrete(op.plain(index).known) for index in (1, 2, 3))
    for j in range(len(begin)):
        if _bit(begin_mask, j):
            begin[j] = 0 if at(step, j) > 0 else -1
        if _bit(end_mask, j):
            at(end, j)
            end[j] = INT_MAX if at(step, j) > 0 else INT_MIN
        if _bit(shrink, j):
            at(end, j)
            at(step, j)
            end[j] = wrapped(begin[j] + 1)
            step[j] = 1
    return op.graph.ints(begin), op.graph.ints(end), op.graph.ints(step)


@converts("SPLIT")
def split(op: Operation) -> None:
    """Equal parts along a known axis."""
    op.need_options()
    held = op.held(1)
    axis = held.layout.inverse()[number(op.plain(0).known)]
    count = op.number("num_splits")
    require(count <= len(op.node.outputs), "no-output", f"{count} parts for {len(op.node.outputs)} outputs")
    parts = op.graph.call_many("Split", held.layer, None, axis, count)
    for index in range(count):
        op.give_held(Held(parts[index], held.layout), index)


@converts("SPLIT_V")
def split_v(op: Operation) -> None:
    """Parts of known lengths along a known axis; the length of that axis is always read."""
    op.need_options()
    count = op.number("num_splits")
    held = op.held(0)
    lengths = concrete(op.plain(1).known)
    axis = held.layout.inverse()[number(op.plain(2).known)]
    total = held.layer.known.sizes[dims.axis(axis, held.layer.known.rank)]
    if total is None:
        raise Fault("split-length")
    require(count <= len(op.node.outputs), "no-output", f"{count} parts for {len(op.node.outputs)} outputs")
    rest, positive = None, 0
    for index in range(count):
        if at(lengths, index) < 0:
            rest = index
        else:
            positive += lengths[index]
    if rest is not None:
        lengths[rest] = total - positive
    parts = op.graph.call_many("Split", held.layer, op.graph.ints(lengths), axis, count)
    for index in range(count):
        op.give_held(Held(parts[index], held.layout), index)


@converts("REVERSE_V2")
def reverse_v2(op: Operation) -> None:
    """A slice with step -1 along as many axes as the file's shape of the axes says."""
    tensor, axes = op.plain(0), op.plain(1)
    count = at(op.file_shape(1), 0)
    require(count >= 0, "negative-size", "number of axes")
    starts, ends, steps = (op.graph.constant(_repeated(value, count)) for value in (-1, INT_MIN, -1))
    op.give(op.graph.call("Slice", tensor, starts, ends, axes, steps))


def _repeated(value: int, count: int) -> Partial:
    return Partial(INT, (count,), [value] * count if count <= MAX_TRACKED else None)


@converts("TOPK_V2")
def topk_v2(op: Operation) -> None:
    """The largest elements along the last axis."""
    tensor = op.plain(0)
    count = op.graph.call("Reshape", op.plain(1), op.graph.ints([1]), False)
    values, indices = op.graph.call_many("TopK", tensor, count, -1)
    op.give(values, 0)
    op.give(indices, 1)
