"""Layers that make tensors from shapes and numbers."""

from __future__ import annotations

import math
from typing import Final

from sentis_lint.inference.sentis_litert import dims
from sentis_lint.inference.sentis_litert.dims import Size
from sentis_lint.inference.sentis_litert.elements import Element
from sentis_lint.inference.sentis_litert.faults import require
from sentis_lint.inference.sentis_litert.partial import FLOAT, INT, MAX_TRACKED, Partial, from_tracked, shape_from
from sentis_lint.inference.sentis_litert.results.types import NOTHING, Rules


def _shape(tensor: Partial, start: int, end: int) -> Partial:
    if tensor.shape is None:
        return Partial(INT, (None,))
    part = tensor.shape[start : min(end, len(tensor.shape))]
    return Partial(INT, (len(part),), part)


def _broadcast_args(one: Partial, two: Partial) -> Partial:
    if None in one.sizes or None in two.sizes:
        return Partial(INT, (None,))
    require(one.rank >= 1 and two.rank >= 1, "axis")
    length = max(one.sizes[0] or 0, two.sizes[0] or 0)
    if length > MAX_TRACKED:
        return Partial(INT, (length,))
    result: list[Element] = [1] * length
    for source in (one, two):
        require(source.elements is not None and source.kind == INT, "kinds")
        for back in range(1, len(source.tracked) + 1):
            require(back <= length, "length")
            size = dims.broadcast_size(from_tracked(source.tracked[-back]), from_tracked(result[-back]))
            result[-back] = size
    return Partial(INT, (length,), result)


def _constant_of_shape(shape: Partial, kind: str) -> Partial:
    result = Partial(kind, shape_from(shape))
    if result.elements is None:
        return result
    zero: Element = 0 if kind == INT else 0.0
    return Partial(kind, result.shape, [zero] * len(result.elements))


def _range(start: Partial, limit: Partial, delta: Partial) -> Partial:
    for tensor in (start, limit, delta):
        tensor.of_rank(0)
    values = [tensor.element(0) for tensor in (start, limit, delta)]
    length: Size = None
    if start.kind == INT and values[0] == 0:
        require(delta.kind == INT, "kinds")
        if values[2] == 1:
            require(limit.kind == INT, "kinds")
            length = from_tracked(values[1])
    if start.is_static and limit.is_static and delta.is_static:
        require(start.kind == limit.kind == delta.kind, "kinds")
        first, last, step = values
        if isinstance(first, int | float) and isinstance(last, int | float) and isinstance(step, int | float):
            count = (last - first) / step if step else math.nan
            length = max(math.ceil(count), 0) if math.isfinite(count) else None
    return Partial(start.kind, (length,))


def _one_hot(indices: Partial, depth: Partial, values: Partial, axis: int) -> Partial:
    if indices.shape is None:
        return Partial(values.kind, None)
    shape = list(dims.unsqueeze(indices.shape, [axis]))
    require(depth.kind == INT, "kinds")
    shape[axis] = from_tracked(depth.element(0))
    return Partial(values.kind, tuple(shape))


def _non_zero(tensor: Partial) -> Partial:
    return Partial(INT, (tensor.rank, None))


def _random_like(tensor: Partial) -> Partial:
    return Partial(FLOAT, tensor.shape)


def _multinomial(tensor: Partial, count: int) -> Partial:
    require(tensor.shape is None or bool(tensor.shape), "axis")
    return Partial(INT, (None if tensor.shape is None else tensor.shape[0], dims.size(count)))


RULES: Final[Rules] = {
    "BroadcastArgs": (_broadcast_args, NOTHING),
    "ConstantOfShape": (_constant_of_shape, NOTHING),
    "Multinomial": (_multinomial, NOTHING),
    "NonZero": (_non_zero, NOTHING),
    "OneHot": (_one_hot, NOTHING),
    "RandomNormalLike": (_random_like, NOTHING),
    "RandomUniformLike": (_random_like, NOTHING),
    "Range": (_range, NOTHING),
    "Shape": (_shape, NOTHING),
}
"""Rule by kind of layer, with the positions of arguments that may be left out."""
