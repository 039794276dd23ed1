"""Predicates over LiteRT nodes: what the importer's own bookkeeping says (see `inference.sentis_litert`)."""

from __future__ import annotations

from sentis_lint.conditions.view import NodeView
from sentis_lint.predicates import predicate


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
