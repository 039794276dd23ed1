"""Reductions."""

from __future__ import annotations

from typing import Final

from sentis_lint.inference.sentis_litert import dims
from sentis_lint.inference.sentis_litert.dims import Size
from sentis_lint.inference.sentis_litert.faults import require
from sentis_lint.inference.sentis_litert.partial import INT, Partial, known_axes
from sentis_lint.inference.sentis_litert.results.types import NOTHING, Rules


def _arg_reduce(tensor: Partial, axis: int) -> Partial:
    shape = tensor.sizes
    place = dims.axis(axis, len(shape))
    require(shape[place] != 0, "not-unit", "a size of 0")
    return Partial(INT, shape[:place] + shape[place + 1 :])


def _reduce(tensor: Partial, axes: Partial, keep: bool) -> Partial:
    if axes.elements:
        return _reduce_axes(tensor, axes, keep)
    if None not in axes.sizes:
        require(bool(axes.sizes), "axis")
        if axes.sizes[0] != 0:
            shape = dims.unknown_sizes(tensor.rank) if keep and tensor.shape is not None else None
            return Partial(tensor.kind, shape)
        return Partial(tensor.kind, tensor.shape)
    return Partial(tensor.kind, None)


def _reduce_axes(tensor: Partial, axes: Partial, keep: bool) -> Partial:
    require(axes.kind == INT, "kinds")
    count = len(axes.tracked)
    if tensor.shape is None:
        # Nothing is set, and only reshaping gives a rank.
        return Partial(tensor.kind, None)
    sizes: list[Size] = list(tensor.shape)
    if not axes.is_static:
        sizes = [one if one == 1 else None for one in sizes]
    for element in axes.tracked:
        if isinstance(element, int):
            sizes[dims.axis(element, len(sizes))] = 1
    result = Partial(tensor.kind, tuple(sizes))
    if keep:
        return result
    if not axes.is_static:
        return result.reshaped(dims.unknown_sizes(result.rank - count))
    return result.reshaped(dims.squeeze(result.sizes, known_axes(axes)))


_REDUCTIONS: Final = ("ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare")

RULES: Final[Rules] = {
    **dict.fromkeys(_REDUCTIONS, (_reduce, NOTHING)),
    "ArgMax": (_arg_reduce, NOTHING),
    "ArgMin": (_arg_reduce, NOTHING),
}
"""Rule by kind of layer, with the positions of arguments that may be left out."""
