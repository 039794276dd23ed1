"""Layers that pad and cut."""

from __future__ import annotations

import math
from typing import Any, Final

from sentis_lint.inference.sentis_litert import dims, elements
from sentis_lint.inference.sentis_litert.dims import Size
from sentis_lint.inference.sentis_litert.elements import Element
from sentis_lint.inference.sentis_litert.faults import require
from sentis_lint.inference.sentis_litert.partial import INT, Partial, from_tracked, ints
from sentis_lint.inference.sentis_litert.results.types import NOTHING, Rules


def _pad(tensor: Partial, pads: Partial, value: Partial | None, axes: None, mode: str) -> Partial:
    shape = tensor.sizes
    length = pads.of_rank(1)[0]
    if length is not None:
        require(length % 2 == 0 and length == 2 * len(shape), "rank", f"{length} paddings for rank {len(shape)}")
    require(pads.kind == INT or not shape, "kinds")
    rank = len(shape)
    sizes: list[Size] = []
    for axis, one in enumerate(shape):
        amount = elements.add(pads.element(axis), pads.element(axis + rank))
        sizes.append(from_tracked(elements.add(one, amount)))
    return Partial(tensor.kind, tuple(sizes))


def _slice(tensor: Partial, starts: Partial, ends: Partial, axes: Partial | None, steps: Partial | None) -> Partial:
    if tensor.shape is None:
        return Partial(tensor.kind, None)
    if axes is None:
        axes = ints(range(len(tensor.shape)))
    if steps is None:
        steps = Partial(INT, starts.shape, None if starts.elements is None else [1] * len(starts.elements))
    if tensor.elements is not None and len(tensor.shape) == 1:
        bounds = (starts.element(0), ends.element(0), steps.element(0))
        if all(isinstance(bound, int) for bound in bounds):
            return _cut(tensor, *bounds)
    if axes.elements is None:
        return Partial(tensor.kind, dims.unknown_sizes(len(tensor.shape)))
    sizes: list[Size] = list(tensor.shape)
    for position, axis in enumerate(axes.elements):
        if not isinstance(axis, int):
            sizes = [None] * len(sizes)
            continue
        place = dims.axis(axis, len(sizes))
        start, end, step = (_int(bound.element(position)) for bound in (starts, ends, steps))
        sizes[place] = dims.slice_size(tensor.shape[place], start, end, step)
    return Partial(tensor.kind, tuple(sizes))


def _int(element: Element) -> int | None:
    return element if isinstance(element, int) else None


def _cut(tensor: Partial, start: Any, end: Any, step: Any) -> Partial:
    length = len(tensor.tracked)
    first, last = dims.slice_bounds(length, start, end, step)
    # Step 0 makes the importer divide by zero in floating point, and take the result for a length of 0.
    count = max(math.ceil((last - first) / step), 0) if step else 0
    return Partial(tensor.kind, (count,), [tensor.element(first + i * step) for i in range(count)])


def _split(tensor: Partial, sizes: Partial | None, axis: int, count: int) -> list[Partial]:
    place = dims.axis(axis, tensor.rank)
    if sizes is not None and count == 0:
        count = len(sizes.tracked)
    lengths: list[Size] = [None] * count
    if sizes is None:
        length = tensor.sizes[place]
        if length is not None:
            require(count >= 1, "negative-size")
            each = math.ceil(length / count)
            lengths = [*[each] * (count - 1), dims.size(length - each * (count - 1))]
    else:
        lengths = [from_tracked(sizes.element(position)) for position in range(count)]
    return [Partial(tensor.kind, (*tensor.sizes[:place], length, *tensor.sizes[place + 1 :])) for length in lengths]


def _select(tensor: Partial, axis: Partial, index: Partial) -> Partial:
    if not axis.is_static:
        return Partial(tensor.kind, dims.unknown_sizes(tensor.rank - 1))
    position = _int(axis.element(0)) or 0
    place = dims.axis(position, tensor.rank)
    result = Partial(tensor.kind, tensor.sizes[:place] + tensor.sizes[place + 1 :])
    if position == 0 and tensor.elements is not None and index.is_static:
        which = _int(index.element(0))
        if which is not None and result.elements is not None:
            first = tensor.element(which + len(tensor.elements) if which < 0 else which)
            return Partial(tensor.kind, result.shape, [first, *result.elements[1:]])
    return result


def _narrow(tensor: Partial, axis: Partial, start: Partial, length: Partial) -> Partial:
    place = dims.axis(_int(axis.element(0)) or 0, tensor.rank)
    size = tensor.sizes[place]
    first, count = _int(start.element(0)), _int(length.element(0))
    left: Size = None
    if first is not None and count is not None and size is not None:
        require(size != 0, "zero-division")
        begin = int(math.fmod(first + size, size))
        left = from_tracked(min(begin + count, size) - begin)
    return Partial(tensor.kind, (*tensor.sizes[:place], left, *tensor.sizes[place + 1 :]))


RULES: Final[Rules] = {
    "Narrow": (_narrow, NOTHING),
    "Pad": (_pad, frozenset({2, 3})),
    "Select": (_select, NOTHING),
    "Slice": (_slice, frozenset({3, 4})),
    "Split": (_split, frozenset({1})),
}
"""Rule by kind of layer, with the positions of arguments that may be left out."""
