"""Concat and Split."""

from __future__ import annotations

from collections.abc import Sequence

from sentis_lint.graph import Dim, Shape
from sentis_lint.inference.facts import Fact
from sentis_lint.inference.onnx import elements as flat
from sentis_lint.inference.onnx.call import (
    Call,
    Handler,
    Unclear,
    dims_of,
    normal_axis,
    sum_of,
    unify,
)


def _concat(call: Call) -> Sequence[Fact]:
    count = len(call.inputs)
    dtype = call.dtype(*range(count))
    shapes = [call.shape(position) for position in range(count)]
    known = [shape for shape in shapes if shape is not None]
    axis = call.integer("axis", 1) if call.opset < 4 else call.optional_integer("axis")
    if not known or any(len(shape) != len(known[0]) for shape in known):
        return (Fact(dtype, None),)
    axis = normal_axis(axis, len(known[0]))
    shape = concatenated(shapes, known, axis)
    if dtype == "string" or all(call.fact(position).elements is None for position in range(count)):
        return (Fact(dtype, shape),)
    sizes = [flat.sizes_of(one) for one in shapes]
    if flat.sizes_of(shape) is None:
        return (Fact(dtype, shape),)
    parts = [(call.elements(position), size) for position, size in enumerate(sizes) if size is not None]
    if len(parts) < count:
        return (Fact(dtype, shape),)
    return (Fact(dtype, shape, flat.concatenate(parts, axis)),)


def concatenated(shapes: Sequence[Shape | None], known: Sequence[Shape], axis: int) -> Shape:
    """The shape of a concatenation along an axis; `known` are those of `shapes` that are known, all of one rank."""
    others = unify((*shape[:axis], None, *shape[axis + 1 :]) for shape in known)
    if others is None:
        raise Unclear("shapes")
    along = sum_of(shape[axis] for shape in known) if len(known) == len(shapes) else None
    return (*others[:axis], along, *others[axis + 1 :])


def _split(call: Call) -> Sequence[Fact]:
    data = call.fact(0)
    count = len(call.node.outputs)
    if data.shape is None:
        return (Fact(data.dtype, None),) * count
    axis = normal_axis(call.integer("axis", 0), len(data.shape))
    lengths = split_lengths(call, data.shape[axis], count)
    shapes = [(*data.shape[:axis], length, *data.shape[axis + 1 :]) for length in lengths]
    elements, sizes = call.elements(0), flat.sizes_of(data.shape)
    if elements is None or sizes is None:
        return [Fact(data.dtype, shape) for shape in shapes]
    strides = flat.strides_of(sizes)
    facts, start = [], 0
    for length, shape in zip(lengths, shapes, strict=True):
        part = flat.sizes_of(shape)
        if part is None or not isinstance(length, int) or start + length > sizes[axis]:
            return [Fact(data.dtype, shape) for shape in shapes]
        facts.append(Fact(data.dtype, shape, flat.gather(elements, part, strides, start * strides[axis])))
        start += length
    return facts


def split_lengths(call: Call, whole: Dim, count: int) -> Sequence[Dim]:
    """How long each part is; unknown lengths where the parts do not make up the whole."""
    unknown: Sequence[Dim] = (None,) * count
    given = call.integers("split") if call.opset < 13 else None
    if given is None and call.has(1):
        wanted = dims_of(call.fact(1))
        if wanted is None or len(wanted) != count:
            return unknown
        if wanted.count(None) == 1 and isinstance(whole, int) and all(isinstance(dim, int | None) for dim in wanted):
            rest = whole - sum(dim for dim in wanted if isinstance(dim, int))
            wanted = tuple(rest if dim is None else dim for dim in wanted)
        return wanted
    if given is not None:
        fits = len(given) == count and (not isinstance(whole, int) or sum(given) == whole)
        return given if fits else unknown
    if count == 1:
        return (whole,)
    if not isinstance(whole, int):
        return unknown
    if call.opset >= 18:
        if call.integer("num_outputs", count) != count:
            return unknown
        chunk = -(-whole // count)
        last = whole - chunk * (count - 1)
        return (*(chunk,) * (count - 1), last) if last >= 0 else unknown
    return (whole // count,) * count if whole % count == 0 else unknown


HANDLERS: dict[str, Handler] = {"Concat": _concat, "Split": _split}
