"""Layers that look up and scatter."""

from __future__ import annotations

from typing import Final

from sentis_lint.inference.sentis_litert import dims
from sentis_lint.inference.sentis_litert.dims import Size
from sentis_lint.inference.sentis_litert.elements import Element
from sentis_lint.inference.sentis_litert.faults import require
from sentis_lint.inference.sentis_litert.partial import INT, Partial, from_tracked
from sentis_lint.inference.sentis_litert.results.types import NOTHING, Rules


def _gather(tensor: Partial, indices: Partial, axis: int) -> Partial:
    if (
        tensor.kind == INT
        and axis == 0
        and tensor.elements is not None
        and indices.elements is not None
        and tensor.rank == 1
        and indices.rank <= 1
    ):
        require(indices.kind == INT or not indices.elements, "kinds")
        return Partial(INT, indices.shape, [_picked(tensor, index) for index in indices.elements])
    if tensor.shape is None:
        return Partial(tensor.kind, None)
    require(len(tensor.shape) >= 1, "rank")
    if indices.shape is None:
        return Partial(tensor.kind, None)
    place = dims.axis(axis, len(tensor.shape))
    dims.checked_rank(len(tensor.shape) - 1 + len(indices.shape))
    return Partial(tensor.kind, tensor.shape[:place] + indices.shape + tensor.shape[place + 1 :])


def _picked(tensor: Partial, index: Element) -> Element:
    if not isinstance(index, int):
        return index
    return tensor.element(index + len(tensor.tracked) if index < 0 else index)


def _gather_nd(tensor: Partial, indices: Partial, batch: int) -> Partial:
    for one in (tensor, indices):
        require(one.shape is None or len(one.shape) >= batch, "rank")
    if tensor.shape is None or indices.shape is None:
        return Partial(tensor.kind, None)
    require(bool(indices.shape), "axis")
    depth = indices.shape[-1]
    if depth is None:
        return Partial(tensor.kind, None)
    require(batch + depth <= len(tensor.shape), "axis", f"indices of length {depth} into rank {len(tensor.shape)}")
    rank = dims.checked_rank(len(tensor.shape) + len(indices.shape) - depth - 1 - batch)
    sizes: list[Size] = []
    for position in range(rank):
        if position < batch:
            sizes.append(dims.agree(tensor.shape[position], indices.shape[position]))
        elif position < len(indices.shape) - 1:
            sizes.append(indices.shape[position])
        else:
            sizes.append(tensor.shape[dims.axis(position - rank, len(tensor.shape))])
    return Partial(tensor.kind, tuple(sizes))


def _scatter_nd(tensor: Partial, indices: Partial, updates: Partial) -> Partial:
    shape = tensor.shape
    if indices.shape is not None:
        require(len(indices.shape) >= 1, "rank")
        depth = indices.shape[-1]
        if updates.shape is not None and depth is not None:
            rank = len(updates.shape) - (len(indices.shape) - depth - 1)
            shape = tensor.of_rank(rank)
    require(shape is None or len(shape) >= 1, "rank")
    return Partial(tensor.kind, shape)


def _top_k(tensor: Partial, count: Partial, axis: int) -> list[Partial]:
    if tensor.shape is None:
        return [Partial(tensor.kind, None), Partial(INT, None)]
    require(count.of_rank(1)[0] in (None, 1), "length")
    require(count.kind == INT, "kinds")
    sizes = list(tensor.shape)
    sizes[dims.axis(axis, len(sizes))] = from_tracked(count.element(0))
    return [Partial(tensor.kind, tuple(sizes)), Partial(INT, tuple(sizes))]


RULES: Final[Rules] = {
    "Gather": (_gather, NOTHING),
    "GatherND": (_gather_nd, NOTHING),
    "ScatterND": (_scatter_nd, NOTHING),
    "TopK": (_top_k, NOTHING),
}
"""Rule by kind of layer, with the positions of arguments that may be left out."""
