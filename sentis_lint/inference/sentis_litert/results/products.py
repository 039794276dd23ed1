"""Matrix products."""

from __future__ import annotations

from typing import Final

from sentis_lint.inference.sentis_litert import dims
from sentis_lint.inference.sentis_litert.dims import Sizes
from sentis_lint.inference.sentis_litert.faults import Fault, require
from sentis_lint.inference.sentis_litert.partial import FLOAT, Partial
from sentis_lint.inference.sentis_litert.results.types import NOTHING, Rules


def _matmul_shape(one: Partial, two: Partial) -> Sizes | None:
    if one.shape is None or two.shape is None:
        return None
    left, right = one.shape, two.shape
    require(bool(left) and bool(right), "rank", "a scalar")
    if len(right) == 1:
        return (
            _product_shape(left, (right[0], 1))[:-1] if len(left) > 1 else _product_shape((1, *left), (right[0], 1))[:0]
        )
    if len(left) == 1:
        shape = _product_shape((1, *left), right)
        return (*shape[:-2], shape[-1])
    return _product_shape(left, right)


def _product_shape(left: Sizes, right: Sizes) -> Sizes:
    batch = dims.broadcast(left[:-2], right[:-2])
    one, two = left[-1], right[-2]
    require(one is None or two is None or one == two, "contraction", f"{one} and {two}")
    return (*batch, left[-2], right[-1])


def _matmul(one: Partial, two: Partial) -> Partial:
    return Partial(one.kind, _matmul_shape(one, two))


def _dense(tensor: Partial, weights: Partial, bias: Partial) -> Partial:
    shape = _matmul_shape(tensor, weights)
    if not shape:
        return Partial(FLOAT, shape)
    try:
        last = dims.agree(bias.sizes[-1] if bias.sizes else None, shape[-1])
    except Fault as fault:
        raise Fault("dense-bias", fault.detail) from fault
    return Partial(FLOAT, (*shape[:-1], last))


RULES: Final[Rules] = {
    "Dense": (_dense, NOTHING),
    "DenseBatched": (_dense, NOTHING),
    "MatMul": (_matmul, NOTHING),
}
"""Rule by kind of layer, with the positions of arguments that may be left out."""
