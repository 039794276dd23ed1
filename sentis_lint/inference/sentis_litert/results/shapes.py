"""Layers that rearrange."""

from __future__ import annotations

from typing import Final

from sentis_lint.inference.sentis_litert import dims
from sentis_lint.inference.sentis_litert.dims import Size
from sentis_lint.inference.sentis_litert.elements import Element
from sentis_lint.inference.sentis_litert.faults import require
from sentis_lint.inference.sentis_litert.partial import INT, Partial, from_tracked, known_axes, shape_from
from sentis_lint.inference.sentis_litert.results.types import NOTHING, Rules


def _concat(tensors: list[Partial], axis: int) -> Partial:
    ranks = {tensor.rank for tensor in tensors if tensor.shape is not None}
    if not ranks:
        return Partial(tensors[0].kind, None)
    require(len(ranks) == 1, "sizes-differ", f"ranks {' and '.join(map(str, sorted(ranks)))}")
    rank = ranks.pop()
    place = dims.axis(axis, rank)
    shapes = [tensor.of_rank(rank) for tensor in tensors]
    sizes: list[Size] = []
    for position in range(rank):
        total: Size = 0 if position == place else None
        for shape in shapes:
            total = (dims.add if position == place else dims.agree)(total, shape[position])
        sizes.append(total)
    result = Partial(tensors[0].kind, tuple(sizes))
    if rank != 1 or result.elements is None:
        return result
    joined: list[Element] = []
    for tensor in tensors:
        require(not tensor.tracked or tensor.kind == result.kind, "kinds")
        joined += tensor.tracked
    return Partial(result.kind, result.shape, joined)


def _reshape(tensor: Partial, shape: Partial, allow_zero: bool) -> Partial:
    shape.of_rank(1)
    if shape.elements is None:
        length = shape.of_rank(1)[0]
        return tensor.reshaped(None if length is None else dims.unknown_sizes(length))
    sizes: list[Size] = []
    dims.checked_rank(len(shape.elements))
    require(shape.kind == INT or not shape.elements, "kinds")
    for position, element in enumerate(shape.elements):
        if not isinstance(element, int) or element < 0:
            # -1 is worked out; what is below it is left unknown.
            sizes.append(None)
        elif element == 0 and not allow_zero:
            sizes.append(None if tensor.shape is None else tensor.shape[dims.axis(position, len(tensor.shape))])
        else:
            sizes.append(element)
    return tensor.reshaped(tuple(sizes))


def _transpose(tensor: Partial, axes: tuple[int, ...]) -> Partial:
    shape = tensor.of_rank(len(axes))
    places = [dims.axis(axis, len(shape)) for axis in axes]
    require(len(set(places)) == len(places), "axis", f"permutation {list(axes)}")
    return Partial(tensor.kind, tuple(shape[place] for place in places))


def _squeeze(tensor: Partial, axes: Partial | None) -> Partial:
    if axes is None:
        return tensor.reshaped(None if tensor.shape is None else dims.squeeze_all(tensor.shape))
    if axes.elements is None:
        return tensor.reshaped(None)
    if not axes.is_static:
        return tensor.reshaped(dims.unknown_sizes(tensor.rank - len(axes.elements)))
    return tensor.reshaped(None if tensor.shape is None else dims.squeeze(tensor.shape, known_axes(axes)))


def _unsqueeze(tensor: Partial, axes: Partial) -> Partial:
    require(axes.kind == INT, "kinds")
    if tensor.shape is None or axes.elements is None:
        return tensor.reshaped(None)
    rank = dims.checked_rank(len(tensor.shape) + len(axes.elements))
    if not axes.is_static:
        return tensor.reshaped(dims.unknown_sizes(rank))
    return tensor.reshaped(dims.unsqueeze(tensor.shape, known_axes(axes)))


def _expand(tensor: Partial, shape: Partial) -> Partial:
    target = shape_from(shape)
    if target is None or tensor.shape is None:
        return Partial(tensor.kind, None)
    return Partial(tensor.kind, dims.broadcast(target, tensor.shape))


def _tile(tensor: Partial, repeats: Partial) -> Partial:
    count = repeats.of_rank(1)[0]
    if repeats.elements is None:
        if tensor.shape is None:
            return Partial(tensor.kind, None if count is None else dims.unknown_sizes(count))
        require(count in (None, len(tensor.shape)), "rank", f"{count} repeats for rank {len(tensor.shape)}")
        return Partial(tensor.kind, dims.unknown_sizes(len(tensor.shape)))
    shape = tensor.of_rank(len(repeats.elements))
    require(repeats.kind == INT or not shape, "kinds")
    factors = [from_tracked(element) for element in repeats.elements]
    return Partial(tensor.kind, tuple(dims.multiply(one, factor) for one, factor in zip(shape, factors, strict=True)))


RULES: Final[Rules] = {
    "Concat": (_concat, NOTHING),
    "Expand": (_expand, NOTHING),
    "Reshape": (_reshape, NOTHING),
    "Squeeze": (_squeeze, frozenset({1})),
    "Tile": (_tile, NOTHING),
    "Transpose": (_transpose, NOTHING),
    "Unsqueeze": (_unsqueeze, NOTHING),
}
"""Rule by kind of layer, with the positions of arguments that may be left out."""
