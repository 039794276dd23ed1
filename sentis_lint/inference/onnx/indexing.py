"""Operators that pick elements of a tensor or write some: gathering, slicing, scattering, sorting out."""

from __future__ import annotations

from collections.abc import Sequence

from sentis_lint.graph import Dim, Shape
from sentis_lint.inference.facts import Element, Fact
from sentis_lint.inference.onnx import elements as flat
from sentis_lint.inference.onnx.call import (
    Call,
    Handler,
    Unclear,
    dim_of,
    known_integers,
    normal_axis,
    product,
    same,
    scalar,
)


def _gather(call: Call) -> Sequence[Fact]:
    data, indices = call.fact(0), call.fact(1)
    if data.shape is None or indices.shape is None:
        return (Fact(data.dtype, None),)
    axis = normal_axis(call.integer("axis", 0), len(data.shape))
    shape = (*data.shape[:axis], *indices.shape, *data.shape[axis + 1 :])
    elements, sizes, target = call.elements(0), flat.sizes_of(data.shape), flat.sizes_of(shape)
    picks = call.elements(1)
    if elements is None or sizes is None or target is None or picks is None:
        return (Fact(data.dtype, shape),)
    inner, length = flat.count(sizes[axis + 1 :]), sizes[axis]
    result: list[Element] = []
    for outer in range(flat.count(sizes[:axis])):
        for pick in picks:
            if isinstance(pick, int) and -length <= pick < length:
                start = (outer * length + pick % length) * inner
                result += elements[start : start + inner]
            else:
                result += (None,) * inner
    return (Fact(data.dtype, shape, tuple(result)),)


def _gather_elements(call: Call) -> Sequence[Fact]:
    data, indices = call.fact(0), call.shape(1)
    if indices is None and data.shape is not None:
        indices = (None,) * len(data.shape)
    return (Fact(data.dtype, indices),)


def _gather_nd(call: Call) -> Sequence[Fact]:
    data, indices = call.fact(0), call.shape(1)
    batch = call.integer("batch_dims", 0)
    if data.shape is None or indices is None or not indices or not isinstance(indices[-1], int) or batch < 0:
        return (Fact(data.dtype, None),)
    start = batch + indices[-1]
    if start > len(data.shape) or indices[-1] < 1:
        raise Unclear("indices")
    return (Fact(data.dtype, (*indices[:-1], *data.shape[start:])),)


def _scatter_nd(call: Call) -> Sequence[Fact]:
    data = call.fact(0)
    elements, sizes = call.elements(0), flat.sizes_of(data.shape)
    updates, indices, index_sizes = call.elements(2), known_integers(call.elements(1)), flat.sizes_of(call.shape(1))
    plain = elements is not None and sizes is not None and call.string("reduction", "none") == "none"
    if not plain or updates is None or indices is None or not index_sizes or sizes is None or elements is None:
        return same(call)
    depth = index_sizes[-1]
    inner = flat.count(sizes[depth:])
    strides = flat.strides_of(sizes)[:depth]
    written = list(elements)
    if depth < 1 or depth > len(sizes) or len(updates) != len(indices) // depth * inner:
        raise Unclear("indices")
    for row in range(len(indices) // depth):
        start = 0
        for position, stride, size in zip(indices[row * depth : (row + 1) * depth], strides, sizes, strict=False):
            start += normal_axis(position, size) * stride
        written[start : start + inner] = updates[row * inner : (row + 1) * inner]
    return (Fact(data.dtype, data.shape, tuple(written)),)


def _slice(call: Call) -> Sequence[Fact]:
    data = call.fact(0)
    if data.shape is None:
        return (Fact(data.dtype, None),)
    rank = len(data.shape)
    steps: Sequence[Element] | None
    if call.opset < 10:
        starts: Sequence[Element] | None = call.integers("starts")
        ends: Sequence[Element] | None = call.integers("ends")
        named = call.integers("axes")
        has_named, steps = named is not None, None
        has_steps = False
        count = len(starts) if starts is not None else None
    else:
        starts, ends, steps = call.elements(1), call.elements(2), call.elements(4)
        has_named, has_steps = call.has(3), call.has(4)
        named = known_integers(call.elements(3))
        count = next((size for size in (call.fact(1).size, call.fact(2).size) if size is not None), None)
    if has_named and named is None:
        return (Fact(data.dtype, (None,) * rank),)
    if named is None:
        if count is None or count > rank:
            return (Fact(data.dtype, (None,) * rank),)
        named = tuple(range(count))
    axes = [normal_axis(axis, rank) for axis in named]
    if len(set(axes)) != len(axes):
        return (Fact(data.dtype, (None,) * rank),)
    shape: list[Dim] = list(data.shape)
    spans: dict[int, tuple[int, int]] = {}
    for position, axis in enumerate(axes):
        start, end = _at(starts, position), _at(ends, position)
        step = _at(steps, position) if has_steps else 1
        shape[axis], span = sliced(data.shape[axis], start, end, step)
        if span is not None:
            spans[axis] = span
    return (Fact(data.dtype, tuple(shape), _sliced_elements(call, data.shape, tuple(shape), axes, spans)),)


def _at(elements: Sequence[Element] | None, position: int) -> Element:
    return elements[position] if elements is not None and position < len(elements) else None


def sliced(dim: Dim, start: Element, end: Element, step: Element) -> tuple[Dim, tuple[int, int] | None]:
    """Length of a slice along one axis, and where it starts and how it steps where both are known.

    A slice that takes everything keeps a symbolic size.
    """
    if not isinstance(step, int) or step == 0:
        return None, None
    if not isinstance(start, int) or not isinstance(end, int):
        everything = dim is not None and isinstance(dim, str) and start == 0 and end == dim and step == 1
        return (dim if everything else None), None
    if not isinstance(dim, int):
        # An end that far lies behind every size that a tensor can have.
        whole = (start == 0 and step == 1 and end >= 2**31 - 1) or (step == -1 and start == -1 and end <= -(2**31) + 1)
        if step > 0 and (start >= end >= 0 or 0 > start >= end):
            return 0, None
        return (dim if whole else None), None
    if step > 0:
        first = min(max(start + dim if start < 0 else start, 0), dim)
        last = min(max(end + dim if end < 0 else end, 0), dim)
        return max(-(-(last - first) // step), 0), (first, step)
    if start < -dim or end in (2**31 - 1, 2**63 - 1):
        # A start before the first element is clamped to it by the standard, and lies outside for numpy. The greatest
        # integers mean "to the end", backwards as well, for ONNX Runtime.
        return None, None
    first = min(start + dim if start < 0 else start, dim - 1)
    last = min(max(end + dim if end < 0 else end, -1), dim - 1)
    return max(-((last - first) // -step), 0), (first, step)


def _sliced_elements(
    call: Call, source: Shape, target: Shape, axes: Sequence[int], spans: dict[int, tuple[int, int]]
) -> flat.Elements | None:
    elements, sizes, wanted = call.elements(0), flat.sizes_of(source), flat.sizes_of(target)
    if elements is None or sizes is None or wanted is None or len(spans) != len(axes):
        return None
    if not flat.count(wanted):
        return ()
    strides = flat.strides_of(sizes)
    start = sum(first * strides[axis] for axis, (first, _) in spans.items())
    steps = [stride * spans[axis][1] if axis in spans else stride for axis, stride in enumerate(strides)]
    return flat.gather(elements, wanted, steps, start)


def _compress(call: Call) -> Sequence[Fact]:
    data, condition = call.fact(0), call.elements(1)
    length: Dim = None
    if condition is not None and all(isinstance(element, int) for element in condition):
        length = sum(bool(element) for element in condition)
    if not call.present("axis"):
        return (Fact(data.dtype, (length,)),)
    if data.shape is None:
        return (Fact(data.dtype, None),)
    axis = normal_axis(call.optional_integer("axis"), len(data.shape))
    return (Fact(data.dtype, (*data.shape[:axis], length, *data.shape[axis + 1 :])),)


def _non_zero(call: Call) -> Sequence[Fact]:
    shape, elements = call.shape(0), call.elements(0)
    if not shape:
        # What a scalar gives differs between runtimes.
        return (Fact("int64", (None, None)),)
    sizes = flat.sizes_of(shape)
    if elements is None or sizes is None or any(not isinstance(element, int | float) for element in elements):
        return (Fact("int64", (len(shape), None)),)
    found = [position for position, element in enumerate(elements) if element]
    rows = [
        position // stride % size
        for stride, size in zip(flat.strides_of(sizes), sizes, strict=True)
        for position in found
    ]
    return (Fact("int64", (len(shape), len(found)), tuple(rows)),)


def _top_k(call: Call) -> Sequence[Fact]:
    data = call.fact(0)
    kept = call.optional_integer("k") if call.opset < 10 else scalar(call.fact(1))
    if data.shape is None:
        return (Fact(data.dtype, None), Fact("int64", None))
    axis = normal_axis(call.integer("axis", -1), len(data.shape))
    shape = (*data.shape[:axis], dim_of(kept), *data.shape[axis + 1 :])
    return (Fact(data.dtype, shape), Fact("int64", shape))


def _unique(call: Call) -> Sequence[Fact]:
    data = call.fact(0)
    index = Fact("int64", (None,))
    if not call.present("axis"):
        inverse = (product(data.shape),) if data.shape is not None else (None,)
        return (Fact(data.dtype, (None,)), index, Fact("int64", inverse), index)
    if data.shape is None:
        return (Fact(data.dtype, None), index, index, index)
    axis = normal_axis(call.optional_integer("axis"), len(data.shape))
    shape = (*data.shape[:axis], None, *data.shape[axis + 1 :])
    return (Fact(data.dtype, shape), index, Fact("int64", (data.shape[axis],)), index)


HANDLERS: dict[str, Handler] = {
    "Compress": _compress,
    "Gather": _gather,
    "GatherElements": _gather_elements,
    "GatherND": _gather_nd,
    "NonZero": _non_zero,
    "ReverseSequence": same,
    "Scatter": same,
    "ScatterElements": same,
    "ScatterND": _scatter_nd,
    "Slice": _slice,
    "TensorScatter": same,
    "TopK": _top_k,
    "Trilu": same,
    "Unique": _unique,
}
