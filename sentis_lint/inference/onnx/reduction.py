"""Reductions over axes, ArgMax and ArgMin, and running sums."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, reduce
from typing import Any

from sentis_lint.graph import Shape
from sentis_lint.inference.facts import Element, Fact
from sentis_lint.inference.onnx import elements as flat
from sentis_lint.inference.onnx import symbols
from sentis_lint.inference.onnx.call import (
    Call,
    Handler,
    axes_argument,
    has_axes,
    normal_axes,
    normal_axis,
    same,
    scalar,
)
from sentis_lint.inference.onnx.dtypes import INTEGER_RANGE, fit

AXES_AS_INPUT = 18
"""Since this opset the reductions take their axes as an input."""

SUM_AXES_AS_INPUT = 13
"""The same for ReduceSum, which changed first."""


def reduced_shape(shape: Shape, axes: Sequence[int], keep: bool) -> Shape:
    """The shape without the reduced axes, or with size 1 there."""
    reduced = set(axes)
    if keep:
        return tuple(1 if axis in reduced else dim for axis, dim in enumerate(shape))
    return tuple(dim for axis, dim in enumerate(shape) if axis not in reduced)


def _reduce(since: int, fold: symbols.Binary | None, call: Call) -> Sequence[Fact]:
    data = call.fact(0)
    keep = call.integer("keepdims", 1) != 0
    given = has_axes(call, since)
    axes = axes_argument(call, since) if given else ()
    if axes is None:
        rank = data.rank
        single = call.fact(1).size == 1
        lost = 0 if keep else 1 if single else None
        known = rank is not None and lost is not None and rank >= lost
        return (Fact(data.dtype, (None,) * (rank - lost) if known and rank is not None and lost is not None else None),)
    if not axes:
        if call.opset >= since and call.integer("noop_with_empty_axes", 0):
            return same(call) if fold is None else (Fact(data.dtype, data.shape, call.elements(0)),)
        if data.shape is None:
            return (Fact(data.dtype, None if keep else ()),)
        normal = tuple(range(len(data.shape)))
    elif data.shape is None:
        return (Fact(data.dtype, None),)
    else:
        # An axis named twice counts once for some runtimes and is an error for others.
        normal = normal_axes(axes, len(data.shape))
    shape = reduced_shape(data.shape, normal, keep)
    elements, sizes = call.elements(0), flat.sizes_of(data.shape)
    if fold is None or elements is None or sizes is None or data.dtype not in INTEGER_RANGE:
        return (Fact(data.dtype, shape),)
    return (Fact(data.dtype, shape, _folded(fold, elements, sizes, normal, fit(data.dtype))),)


def _folded(
    fold: symbols.Binary,
    elements: flat.Elements,
    sizes: flat.Sizes,
    axes: Sequence[int],
    fitted: Callable[[Any], Element],
) -> flat.Elements | None:
    starts, members = flat.grouped(sizes, axes)
    if not members:
        return None

    def step(one: Element, other: Element) -> Element:
        result = fold(one, other)
        return result if result is None or isinstance(result, str) else fitted(result)

    return tuple(reduce(step, [elements[start + member] for member in members]) for start in starts)


def _arg(call: Call) -> Sequence[Fact]:
    shape = call.shape(0)
    if shape is None:
        return (Fact("int64", None),)
    axis = normal_axis(call.integer("axis", 0), len(shape))
    return (Fact("int64", reduced_shape(shape, (axis,), call.integer("keepdims", 1) != 0)),)


def _running(fold: symbols.Binary, call: Call) -> Sequence[Fact]:
    data = call.fact(0)
    elements, axis = call.elements(0), scalar(call.fact(1))
    plain = not call.integer("exclusive", 0) and not call.integer("reverse", 0)
    if elements is None or data.rank != 1 or axis not in (0, -1) or data.dtype not in INTEGER_RANGE or not plain:
        return same(call)
    fitted = fit(data.dtype)
    result: list[Element] = []
    for element in elements:
        total = fold(result[-1], element) if result else element
        result.append(total if total is None or isinstance(total, str) else fitted(total))
    return (Fact(data.dtype, data.shape, tuple(result)),)


_FOLDS: dict[str, symbols.Binary | None] = {
    "ReduceL1": None,
    "ReduceL2": None,
    "ReduceLogSum": None,
    "ReduceLogSumExp": None,
    "ReduceMax": symbols.maximum,
    "ReduceMean": None,
    "ReduceMin": symbols.minimum,
    "ReduceProd": symbols.multiply,
    "ReduceSum": symbols.add,
    "ReduceSumSquare": None,
}

HANDLERS: dict[str, Handler] = {
    **{
        name: partial(_reduce, SUM_AXES_AS_INPUT if name == "ReduceSum" else AXES_AS_INPUT, fold)
        for name, fold in _FOLDS.items()
    },
    "ArgMax": _arg,
    "ArgMin": _arg,
    "CumProd": partial(_running, symbols.multiply),
    "CumSum": partial(_running, symbols.add),
}
