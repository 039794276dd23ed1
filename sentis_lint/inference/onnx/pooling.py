"""Pooling, its inverse, and operators on regions of interest."""

from __future__ import annotations

from collections.abc import Sequence

from sentis_lint.graph import Dim, Shape
from sentis_lint.inference.facts import Fact
from sentis_lint.inference.onnx.call import Call, Handler, Unclear, dims_of
from sentis_lint.inference.onnx.windows import Windows

PADDED_WINDOWS_IGNORED = 22
"""Since this opset a window that would start in the end's padding is dropped; before, runtimes differ."""


def pooled(call: Call) -> Shape | None:
    """Shape of the output of a pooling operator."""
    data, kernel = call.shape(0), call.integers("kernel_shape")
    if kernel is None:
        # LpPool-1 may leave it out without saying what that means.
        return None if data is None else (None,) * len(data)
    rank = len(kernel) + 2
    data = (None,) * rank if data is None else data
    if len(data) != rank:
        raise Unclear("kernel_shape")
    windows = Windows(call, kernel)
    ceil = call.integer("ceil_mode", 0) != 0
    ignored = True if call.opset >= PADDED_WINDOWS_IGNORED else None
    spatial = (windows.slide(axis, size, ceil, ignored) for axis, size in enumerate(data[2:]))
    return (*data[:2], *spatial)


def _pool(call: Call) -> Sequence[Fact]:
    return (Fact(call.fact(0).dtype, pooled(call)),)


def _max_pool(call: Call) -> Sequence[Fact]:
    shape = pooled(call)
    return (Fact(call.fact(0).dtype, shape), Fact("int64", shape))


def _global_pool(call: Call) -> Sequence[Fact]:
    data = call.fact(0)
    if data.shape is None:
        return (Fact(data.dtype, None),)
    if len(data.shape) < 2:
        raise Unclear("rank")
    return (Fact(data.dtype, (*data.shape[:2], *(1,) * (len(data.shape) - 2))),)


def _unpool(call: Call) -> Sequence[Fact]:
    data, kernel = call.fact(0), call.integers("kernel_shape")
    if kernel is None:
        raise Unclear("kernel_shape")
    rank = len(kernel) + 2
    if call.has(2):
        wanted = dims_of(call.fact(2))
        return (Fact(data.dtype, wanted if wanted is not None and len(wanted) == rank else (None,) * rank),)
    shape = (None,) * rank if data.shape is None else data.shape
    if len(shape) != rank:
        raise Unclear("kernel_shape")
    windows = Windows(call, kernel)
    spatial: list[Dim] = []
    for axis, size in enumerate(shape[2:]):
        known = isinstance(size, int)
        grown = (size - 1) * windows.strides[axis] + kernel[axis] - sum(windows.pads[axis]) if known else None  # type: ignore[operator]
        spatial.append(grown)
    return (Fact(data.dtype, (*shape[:2], *spatial)),)


def _region(data: Shape | None, regions: Dim, size: Sequence[Dim]) -> Shape:
    channels = data[1] if data is not None and len(data) == 4 else None
    return (regions, channels, *size)


def _max_roi_pool(call: Call) -> Sequence[Fact]:
    size, rois = call.integers("pooled_shape"), call.shape(1)
    if size is None or len(size) != 2:
        raise Unclear("pooled_shape")
    regions = rois[0] if rois is not None and len(rois) == 2 else None
    return (Fact(call.dtype(0, 1), _region(call.shape(0), regions, size)),)


def _roi_align(call: Call) -> Sequence[Fact]:
    size = (call.integer("output_height", 1), call.integer("output_width", 1))
    rois, batch = call.shape(1), call.shape(2)
    regions = rois[0] if rois is not None and len(rois) == 2 else None
    if not isinstance(regions, int) and batch is not None and len(batch) == 1 and batch[0] is not None:
        regions = batch[0]
    return (Fact(call.dtype(0, 1), _region(call.shape(0), regions, size)),)


def _non_max_suppression(_: Call) -> Sequence[Fact]:
    return (Fact("int64", (None, 3)),)


HANDLERS: dict[str, Handler] = {
    "AveragePool": _pool,
    "GlobalAveragePool": _global_pool,
    "GlobalLpPool": _global_pool,
    "GlobalMaxPool": _global_pool,
    "LpPool": _pool,
    "MaxPool": _max_pool,
    "MaxRoiPool": _max_roi_pool,
    "MaxUnpool": _unpool,
    "NonMaxSuppression": _non_max_suppression,
    "RoiAlign": _roi_align,
}
