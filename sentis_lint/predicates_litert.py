"""Predicates over LiteRT nodes: what the importer's own bookkeeping says (see `inference.sentis_litert`)."""

from __future__ import annotations

import math

from sentis_lint.conditions.view import NodeView
from sentis_lint.inference.sentis_litert.dims import INT_MAX, INT_MIN, slice_size
from sentis_lint.predicates import predicate
from sentis_lint.readers import litert_schema


@predicate
def fault(view: NodeView, code: str) -> bool | None:
    """Whether the importer gives up on the node for a reason of `inference.sentis_litert.faults`.

    Unknown where it would, if what it could not make before came out as the file describes it.
    """
    if code in view.context.get("faults", ()):
        return True
    return None if code in view.context.get("doubts", ()) else False


@predicate
def read_as(view: NodeView) -> bool:
    """Whether the importer takes the node for another operator than the runtime does.

    A file says the operator's code twice, in an old field of one byte and in a new one. The runtime goes by the
    greater, the importer by the new one only above 127.
    """
    if view.node.codes is None:
        return False
    new, old = view.node.codes
    return (new if new > 127 else old) != max(new, old)


@predicate(takes_inputs=True)
def unsized(view: NodeView, index: int, axis: int) -> bool | None:
    """Whether the file leaves a size of an input open (-1); some converters look there, not at what is tracked."""
    inputs = view.context.get("file_inputs", ())
    shape = inputs[index][1] if 0 <= index < len(inputs) else None
    if shape is None or not -len(shape) <= axis < len(shape):
        return None
    return bool(shape[axis] == -1)


@predicate(takes_inputs=True)
def holds_other_order(view: NodeView, index: int) -> bool | None:
    """Whether the importer holds an input with its axes in another order than the file's."""
    fact = view.input(index)
    if fact is None or fact.shape is None:
        return None
    return fact.layout is not None and len(fact.layout) == len(fact.shape)


@predicate(takes_inputs=True)
def holds_no_order(view: NodeView, index: int) -> bool | None:
    """Whether the importer notes an empty order of axes for an input that has axes."""
    fact = view.input(index)
    if fact is None or fact.shape is None:
        return None
    return fact.layout == () and bool(fact.shape)


@predicate
def mixes_up_order(view: NodeView) -> bool | None:
    """Whether the axes that are left of input 0 without ``axis`` are held in another order than the file's."""
    fact, axis = view.input(0), view.attribute("axis")
    if fact is None or fact.shape is None or not isinstance(axis, int):
        return None
    if fact.layout is None or len(fact.layout) != len(fact.shape):
        return False
    left = [one for one in fact.layout if one != axis % len(fact.layout)]
    return left != sorted(left)


@predicate
def stale_output_shape(view: NodeView) -> bool | None:
    """Whether padding is SAME and the height or width the file gives for output 0 is not the input's over the stride.

    No where a size is unknown: the importer then works the paddings out from the input, as the runtime does.
    """
    if view.attribute("padding") != "SAME":
        return False
    inputs, outputs = view.context.get("file_inputs", ()), view.context.get("file_outputs", ())
    lengths = inputs[0][1] if inputs else None
    results = outputs[0][1] if outputs else None
    strides = (view.attribute("stride_h"), view.attribute("stride_w"))
    if lengths is None or results is None or not all(isinstance(stride, int) and stride > 0 for stride in strides):
        return None
    known = [size for size in (*lengths[1:3], *results[1:3]) if size >= 0]
    if len(lengths) != 4 or len(results) != 4 or len(known) != 4:
        return False
    return any(-(-known[i] // strides[i]) != known[i + 2] for i in range(2))


@predicate
def file_dtype_out(view: NodeView, index: int) -> str | None:
    """The dtype the file gives for an output."""
    outputs = view.context.get("file_outputs", ())
    dtype: str | None = outputs[index][0] if 0 <= index < len(outputs) else None
    return dtype


@predicate
def loses_elements(view: NodeView) -> bool | None:
    """Whether input 0 has another number of elements than output 0, or one that its known sizes do not divide."""
    count, fact = view.numel(0), view.output(0)
    if count is None or fact is None or fact.shape is None:
        return None
    known = math.prod(size for size in fact.shape if isinstance(size, int))
    unknown = sum(not isinstance(size, int) for size in fact.shape)
    if unknown == 0:
        return known != count
    # A size of 0 beside unknown ones may belong to an empty tensor of any shape.
    return True if known and count % known else None


@predicate
def options_of_another(view: NodeView) -> bool:
    """Whether the node has the options table of another operator; none is fine, and so is one no schema has."""
    expected = litert_schema.operators().get(view.op_type)
    kind = view.node.options_type
    return bool(view.node.has_options and expected and expected.options and kind and kind != expected.options)


@predicate
def new_axes(view: NodeView) -> list[int] | None:
    """STRIDED_SLICE: positions in begin that stand for a new axis."""
    entries, mask = view.dim(1, 0), view.attribute("new_axis_mask")
    if not isinstance(entries, int) or not isinstance(mask, int):
        return None
    return [position for position in range(min(entries, 32)) if mask >> position & 1]


@predicate
def cuts_new_axis(view: NodeView) -> bool | None:
    """STRIDED_SLICE: whether begin, end and stride of a new axis, which mean nothing, leave nothing of its one row."""
    positions, rank = new_axes(view), view.rank(0)
    if positions is None or rank is None:
        return None
    answer: bool | None = False
    for position in positions:
        if position < rank:
            empty = _empties_row(view, position)
            if empty:
                return True
            answer = None if empty is None else answer
    return answer


def _empties_row(view: NodeView, position: int) -> bool | None:
    begin, end, step = (_element(view, index, position) for index in (1, 2, 3))
    if step is None or step == 0:
        return None
    masks = [view.attribute(name) for name in ("begin_mask", "end_mask", "shrink_axis_mask")]
    begin_open, end_open, shrunk = (isinstance(mask, int) and bool(mask >> position & 1) for mask in masks)
    if begin_open:
        begin = 0 if step > 0 else -1
    if shrunk:
        return None
    if end_open:
        end = INT_MAX if step > 0 else INT_MIN
    return None if begin is None or end is None else slice_size(1, begin, end, step) != 1


def _element(view: NodeView, index: int, position: int) -> int | None:
    values = view.value(index)
    member = values[position] if isinstance(values, tuple) and position < len(values) else None
    return member if isinstance(member, int) else None


@predicate(takes_inputs=True)
def repeats_row(view: NodeView, index: int) -> bool | None:
    """Whether two rows (along the last axis) of an input are the same."""
    values, width = view.value(index), view.dim(index, -1)
    if not isinstance(values, tuple) or not isinstance(width, int) or width < 1:
        return None
    if any(not isinstance(value, int) for value in values):
        return None
    rows = [values[start : start + width] for start in range(0, len(values), width)]
    return len(set(rows)) < len(rows)


@predicate(takes_inputs=True)
def out_of_range(view: NodeView, index: int, size: int) -> bool | None:
    """Whether an element of an input is below 0, or not below a size."""
    values = view.value(index)
    if not isinstance(values, tuple):
        return None
    known = [value for value in values if isinstance(value, int)]
    if any(not 0 <= value < size for value in known):
        return True
    return False if len(known) == len(values) else None
