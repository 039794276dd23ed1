"""Operators that change the shape alone."""

from __future__ import annotations

from sentis_lint.inference.sentis_litert.faults import Fault, require
from sentis_lint.inference.sentis_litert.layout import Permutation
from sentis_lint.inference.sentis_litert.operation import Held, Operation
from sentis_lint.inference.sentis_litert.operators.elementwise import common_layout
from sentis_lint.inference.sentis_litert.operators.registry import converts
from sentis_lint.inference.sentis_litert.partial import INT, concrete


@converts("CONCATENATION")
def concatenation(op: Operation) -> None:
    """Tensors side by side, in their common layout if they have one."""
    op.need_options()
    axis = op.number("axis")
    operands = [op.held(index) for index in range(op.n_inputs)]
    require(bool(operands), "null-input")
    layout = common_layout(operands)
    layers = tuple(operand.rearranged(op.graph, layout) for operand in operands)
    place = axis if layout is None else layout.inverse()[axis]
    result = op.graph.call("Concat", layers, place)
    op.give_held(Held.plain(result) if layout is None else Held(result, layout))


@converts("RESHAPE")
def reshape(op: Operation) -> None:
    """A shape from the second input, or from the options where there is just one input."""
    tensor = op.plain(0)
    if op.n_inputs > 1:
        shape = op.plain(1)
    else:
        op.need_options()
        wanted = op.numbers("new_shape")
        if not wanted:
            # Absent; a list that is there and empty, for a scalar, has never been seen.
            raise Fault("null-input", "no new_shape")
        shape = op.graph.ints(wanted)
    op.give(op.graph.call("Reshape", tensor, shape, True))


@converts("SQUEEZE")
def squeeze(op: Operation) -> None:
    """Dimensions of size 1 removed: those listed, else all."""
    op.need_options()
    axes = op.numbers("squeeze_dims")
    op.give(op.graph.call("Squeeze", op.plain(0), op.graph.ints(axes) if axes else None))


@converts("EXPAND_DIMS")
def expand_dims(op: Operation) -> None:
    """A dimension of size 1 added."""
    op.give(op.graph.call("Unsqueeze", op.plain(0), op.plain(1)))


@converts("TRANSPOSE")
def transpose(op: Operation) -> None:
    """Only the noted layout changes; no layer is made."""
    held = op.held(0)
    axes = concrete(op.plain(1).known)
    order = Permutation.of([axis + len(axes) if axis < 0 else axis for axis in axes])
    op.give_held(Held(held.layer, held.layout.then(order.inverse()), held.constant))


@converts("PACK")
def pack(op: Operation) -> None:
    """Tensors stacked along a new axis, as many as the options say."""
    op.need_options()
    axis, count = op.number("axis"), op.number("values_count")
    if count > op.n_inputs:
        raise Fault("refused", f"{count} of {op.n_inputs} inputs")
    layers = []
    for index in range(count):
        plain = Permutation.identity(len(op.file_shape(index)))
        layers.append(op.graph.call("Unsqueeze", op.plain(index, plain), op.graph.ints([axis])))
    require(bool(layers), "null-input")
    op.give(op.graph.call("Concat", tuple(layers), axis))


@converts("UNPACK")
def unpack(op: Operation) -> None:
    """Slices along an axis; each is taken for a tensor in plain order."""
    op.need_options()
    held = op.held(0)
    axis = held.layout.inverse()[op.number("axis")]
    for index in range(op.number("num")):
        op.give(op.graph.call("Select", held.layer, op.graph.ints([axis]), op.graph.ints([index])), index)


@converts("SHAPE")
def shape(op: Operation) -> None:
    """The shape, with its entries put in plain order."""
    held = op.held(0)
    sizes = op.graph.call("Shape", held.layer, 0, 8)
    op.give(op.graph.call("Gather", sizes, op.graph.ints(held.layout.inverse().axes), 0))


@converts("RANK")
def rank(op: Operation) -> None:
    """The rank the file gives."""
    op.give(op.graph.scalar(INT, len(op.file_shape(0))))


@converts("FILL")
def fill(op: Operation) -> None:
    """A value spread over a shape."""
    op.give(op.graph.call("Expand", op.plain(1), op.plain(0)))


@converts("BROADCAST_TO")
def broadcast_to(op: Operation) -> None:
    """A tensor spread over a shape."""
    op.give(op.graph.call("Expand", op.plain(0), op.plain(1)))


@converts("BROADCAST_ARGS")
def broadcast_args(op: Operation) -> None:
    """The shape that two shapes broadcast to."""
    op.give(op.graph.call("BroadcastArgs", op.plain(0), op.plain(1)))


@converts("TILE")
def tile(op: Operation) -> None:
    """A tensor repeated along each axis."""
    held = op.held(0)
    repeats = op.graph.call("Gather", op.plain(1), op.graph.ints(held.layout.axes), 0)
    op.give_held(Held(op.graph.call("Tile", held.layer, repeats), held.layout))


@converts("PAD", "PADV2", "MIRROR_PAD")
def pad(op: Operation) -> None:
    """Padding, with the rows of the paddings put in the order of the layout; that loses their values."""
    mirror = op.node_name == "MIRROR_PAD"
    if mirror:
        op.need_options()
    held = op.held(0)
    pads = op.graph.call("Gather", op.plain(1), op.graph.ints(held.layout.axes), 0)
    pads = op.graph.call("Transpose", pads, (1, 0))
    pads = op.graph.call("Reshape", pads, op.graph.ints([-1]), False)
    mode = op.text("mode", "REFLECT") if mirror else "CONSTANT"
    if mode not in {"REFLECT", "SYMMETRIC", "CONSTANT"}:
        raise Fault("refused", f"mode {mode}")
    value = op.optional_plain(2) if op.node_name == "PADV2" else None
    op.give_held(Held(op.graph.call("Pad", held.layer, pads, value, None, mode), held.layout))
