"""Convolutions and their transposes."""

from __future__ import annotations

from collections.abc import Sequence

from sentis_lint.graph import Dim, Shape
from sentis_lint.inference.facts import Fact
from sentis_lint.inference.onnx.call import Call, Handler, Unclear, unify
from sentis_lint.inference.onnx.windows import Windows

SAME_PADS_DEFINED = 11
"""Since this opset the standard says which size ConvTranspose gives with ``auto_pad=SAME_*``."""


def kernel_shape(call: Call, weights: Shape) -> Shape:
    """The kernel's spatial sizes: the attribute, else those of the weights."""
    named = call.integers("kernel_shape")
    if named is None:
        return weights[2:]
    if len(named) != len(weights) - 2:
        raise Unclear("kernel_shape")
    return unify((named, weights[2:])) or named


def convolved(call: Call, data: Shape | None, weights: Shape | None) -> Shape | None:
    """Shape of a convolution's output, from the shapes of its input and its weights."""
    if weights is None:
        named = call.integers("kernel_shape")
        rank = len(data) if data is not None else len(named) + 2 if named is not None else None
        if rank is None:
            return None
        weights = (None, None, *(named if named is not None else (None,) * (rank - 2)))
    data = (None,) * len(weights) if data is None else data
    if len(data) != len(weights) or len(data) < 3:
        raise Unclear("rank")
    windows = Windows(call, kernel_shape(call, weights))
    return (data[0], weights[0], *windows.output(data[2:]))


def _conv(call: Call) -> Sequence[Fact]:
    dtype = call.dtype(0, 1, 2)
    return (Fact(dtype, convolved(call, call.shape(0), call.shape(1))),)


def _conv_integer(call: Call) -> Sequence[Fact]:
    return (Fact("int32", convolved(call, call.shape(0), call.shape(1))),)


def _quantized_conv(call: Call) -> Sequence[Fact]:
    return (Fact(call.fact(7).dtype, convolved(call, call.shape(0), call.shape(3))),)


def _deformable_conv(call: Call) -> Sequence[Fact]:
    return (Fact(call.dtype(0, 1, 2), convolved(call, call.shape(0), call.shape(1))),)


def _conv_transpose(call: Call) -> Sequence[Fact]:
    dtype = call.dtype(0, 1, 2)
    data, weights = call.shape(0), call.shape(1)
    if data is None and weights is None:
        return (Fact(dtype, None),)
    rank = len(weights if weights is not None else data or ())
    data = (None,) * rank if data is None else data
    weights = (None,) * rank if weights is None else weights
    if len(data) != len(weights) or rank < 3:
        raise Unclear("rank")
    group = call.integer("group", 1)
    if group < 1:
        raise Unclear("group")
    per_group = weights[1]
    channels: Dim = per_group * group if isinstance(per_group, int) else per_group if group == 1 else None
    return (Fact(dtype, (data[0], channels, *_transposed(call, data[2:], kernel_shape(call, weights)))),)


def _transposed(call: Call, spatial: Shape, kernel: Shape) -> Sequence[Dim]:
    count = len(spatial)
    windows = Windows(call, kernel)
    named = call.integers("output_shape")
    if named:
        # Old files give all dimensions here, batch and channels included.
        return named if len(named) == count else (None,) * count
    added = call.integers("output_padding") or (0,) * count
    if len(added) != count:
        raise Unclear("output_padding")
    result: list[Dim] = []
    for axis, size in enumerate(spatial):
        stride, extent = windows.strides[axis], windows.extent(axis)
        if windows.same:
            clear = call.opset >= SAME_PADS_DEFINED and not added[axis] and not windows.unclear
            result.append(size * stride if clear and isinstance(size, int) else None)
        elif extent is None:  # which it also is where the padding is unclear
            result.append(None)
        elif not isinstance(size, int):
            grown = added[axis] + extent - sum(windows.pads[axis]) - 1
            result.append(size if stride == 1 and grown == 0 else None)
        else:
            result.append(stride * (size - 1) + added[axis] + extent - sum(windows.pads[axis]))
    return result


def _causal_conv(call: Call) -> Sequence[Fact]:
    dtype = call.dtype(0, 1, 2, 3)
    data, weights = call.shape(0), call.shape(1)
    known = data is not None and len(data) == 3
    batch, channels = data[:2] if known and data is not None else (None, None)
    kernel = weights[2] if weights is not None and len(weights) == 3 else None
    state = unify(((batch, channels, kernel - 1 if isinstance(kernel, int) else None), call.shape(3)))
    return (Fact(dtype, data if known else (None, None, None)), Fact(dtype, state))


HANDLERS: dict[str, Handler] = {
    "CausalConvWithState": _causal_conv,
    "Conv": _conv,
    "ConvInteger": _conv_integer,
    "ConvTranspose": _conv_transpose,
    "DeformConv": _deformable_conv,
    "QLinearConv": _quantized_conv,
}
