"""Resampling: Resize, Upsample, and sampling grids."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sentis_lint.graph import Dim, Shape
from sentis_lint.inference.facts import MAX_ELEMENTS, Element, Fact
from sentis_lint.inference.onnx.call import Call, Handler, Unclear, dims_of, normal_axes
from sentis_lint.inference.onnx.dtypes import fit


def scaled(dim: Dim, scale: Element) -> Dim:
    """``floor(dim * scale)``; unknown where single and double precision would give different sizes."""
    if not isinstance(scale, int | float) or not math.isfinite(scale) or scale <= 0:
        return None
    if scale == 1:
        return dim
    if not isinstance(dim, int):
        return None
    single = fit("float32")(dim * float(scale))
    exact = math.floor(dim * float(scale))
    if not isinstance(single, float) or not math.isfinite(single) or math.floor(single) != exact:
        return None
    return exact


def _scaled_shape(shape: Shape | None, scales: Sequence[Element] | None, count: int | None) -> Shape | None:
    if shape is None:
        return None if count is None else (None,) * count
    if scales is None or len(scales) != len(shape):
        return (None,) * len(shape)
    return tuple(scaled(dim, scale) for dim, scale in zip(shape, scales, strict=True))


def _length(fact: Fact) -> int | None:
    size = fact.size
    return size if size is not None and size <= MAX_ELEMENTS else None


def _upsample(call: Call) -> Sequence[Fact]:
    data = call.fact(0)
    if call.opset < 7:
        if data.shape is not None and len(data.shape) != 4:
            raise Unclear("rank")
        scales: Sequence[Element] | None = (1, 1, call.number("height_scale", 0), call.number("width_scale", 0))
    elif call.opset < 9:
        scales = call.floats("scales")
    else:
        scales = call.elements(1)
    count = len(scales) if scales is not None else _length(call.fact(1)) if call.opset >= 9 else None
    return (Fact(data.dtype, _scaled_shape(data.shape, scales, count)),)


def _resize(call: Call) -> Sequence[Fact]:
    data = call.fact(0)
    if call.opset < 11:
        return (Fact(data.dtype, _scaled_shape(data.shape, call.elements(1), _length(call.fact(1)))),)
    # An empty tensor stands for an input left out: opset 11 and 12 know no other way.
    has_scales = call.has(2) and call.fact(2).size != 0
    has_sizes = call.has(3) and call.fact(3).size != 0
    if has_scales == has_sizes:
        return (Fact(data.dtype, None if data.shape is None else (None,) * len(data.shape)),)
    named = call.integers("axes")
    given = call.fact(2 if has_scales else 3)
    rank = data.rank if data.shape is not None or named is not None else _length(given)
    if rank is None:
        return (Fact(data.dtype, None),)
    shape: list[Dim] = list(data.shape) if data.shape is not None else [None] * rank
    axes = normal_axes(named, rank) if named is not None else tuple(range(rank))
    if has_scales:
        cropped = call.string("coordinate_transformation_mode", "half_pixel") == "tf_crop_and_resize"
        scales = call.elements(2)
        if scales is None or len(scales) != len(axes) or cropped:
            scales = (None,) * len(axes)
        for axis, scale in zip(axes, scales, strict=True):
            shape[axis] = scaled(shape[axis], scale)
    else:
        for axis, size in zip(axes, _sizes(call, [shape[axis] for axis in axes]), strict=True):
            shape[axis] = size
    return (Fact(data.dtype, tuple(shape)),)


def _sizes(call: Call, dims: Sequence[Dim]) -> Sequence[Dim]:
    wanted = dims_of(call.fact(3))
    unknown: Sequence[Dim] = (None,) * len(dims)
    if wanted is None or len(wanted) != len(dims):
        return unknown
    policy = call.string("keep_aspect_ratio_policy", "stretch")
    if policy == "stretch":
        return wanted
    pairs = [
        (size, dim) for size, dim in zip(wanted, dims, strict=True) if isinstance(size, int) and isinstance(dim, int)
    ]
    if len(pairs) != len(dims) or policy not in ("not_larger", "not_smaller") or any(dim < 1 for _, dim in pairs):
        return unknown
    # The exact fraction; where a product lies too near to a half, rounding in single precision could differ.
    scale_size, scale_dim = pairs[0]
    for size, dim in pairs[1:]:
        smaller = size * scale_dim < scale_size * dim
        if smaller == (policy == "not_larger"):
            scale_size, scale_dim = size, dim
    result: list[Dim] = []
    for _, dim in pairs:
        rounded, rest = divmod(2 * dim * scale_size + scale_dim, 2 * scale_dim)
        near_half = min(rest, 2 * scale_dim - rest) * 1000 < 2 * scale_dim
        result.append(None if near_half else rounded)
    return result


def _grid_sample(call: Call) -> Sequence[Fact]:
    data, grid = call.fact(0), call.shape(1)
    rank = data.rank if data.rank is not None else len(grid) if grid is not None else None
    if rank is None:
        return (Fact(data.dtype, None),)
    if rank < 3 or (grid is not None and len(grid) != rank):
        raise Unclear("rank")
    batch, channels = data.shape[:2] if data.shape is not None else (None, None)
    if batch is None and grid is not None:
        batch = grid[0]
    spatial = grid[1:-1] if grid is not None else (None,) * (rank - 2)
    return (Fact(data.dtype, (batch, channels, *spatial)),)


def _affine_grid(call: Call) -> Sequence[Fact]:
    theta, size = call.fact(0), dims_of(call.fact(1))
    if size is not None and len(size) in (4, 5):
        return (Fact(theta.dtype, (size[0], *size[2:], len(size) - 2)),)
    if theta.shape is None:
        return (Fact(theta.dtype, None),)
    batch, spatial, _ = theta.shape
    if spatial not in (2, 3) or not isinstance(spatial, int):
        return (Fact(theta.dtype, None),)
    return (Fact(theta.dtype, (batch, *(None,) * spatial, spatial)),)


HANDLERS: dict[str, Handler] = {
    "AffineGrid": _affine_grid,
    "GridSample": _grid_sample,
    "Resize": _resize,
    "Upsample": _upsample,
}
