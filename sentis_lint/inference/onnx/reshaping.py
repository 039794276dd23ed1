"""Operators that give the same elements another shape, repeat them, or pad them."""

from __future__ import annotations

from collections.abc import Sequence

from sentis_lint.graph import Dim, Shape
from sentis_lint.inference.facts import MAX_ELEMENTS, Element, Fact, broadcast
from sentis_lint.inference.onnx import elements as flat
from sentis_lint.inference.onnx.call import (
    MAX_INT64,
    Call,
    Handler,
    Unclear,
    axes_argument,
    dim_of,
    dims_of,
    has_axes,
    known_integers,
    normal_axes,
    normal_axis,
    product,
    scalar,
    sum_of,
)

MAX_SYMBOLS = 64
"""A shape with more symbolic sizes is not multiplied out."""

AXES_AS_INPUT = 13
"""Since this opset Squeeze and Unsqueeze take their axes as an input."""


def _identity(call: Call) -> Sequence[Fact]:
    fact = call.any_kind(0)
    if fact.kind != "tensor":
        return (Fact(fact.dtype, None, kind=fact.kind),)
    return (Fact(fact.dtype, fact.shape, call.elements(0)),)


def _reshape(call: Call) -> Sequence[Fact]:
    data = call.fact(0)
    if call.opset < 5:
        target: Sequence[Element] | None = call.integers("shape")
    else:
        wanted = call.fact(1)
        dims = dims_of(wanted)
        if dims is None:
            return (Fact(data.dtype, None),)
        target = wanted.elements if wanted.elements is not None else dims
    if target is None:
        return (Fact(data.dtype, None),)
    shape = reshaped(data.shape, target, bool(call.integer("allowzero", 0)))
    return (Fact(data.dtype, shape, call.elements(0)),)


def reshaped(shape: Shape | None, target: Sequence[Element], allow_zero: bool) -> Shape:
    """The shape that Reshape gives: 0 keeps a dimension (unless allowed as a size), -1 takes what is left."""
    result: list[Dim] = []
    copied: set[int] = set()
    inferred: int | None = None
    for position, element in enumerate(target):
        if element == 0 and isinstance(element, int) and not allow_zero:
            result.append(shape[position] if shape is not None and position < len(shape) else None)
            copied.add(position)
        elif element == -1:
            if inferred is not None:
                raise Unclear("shape")
            inferred = position
            result.append(None)
        else:
            result.append(dim_of(element))
    if shape is None:
        return tuple(result)
    if inferred is not None:
        # Copied dimensions stand on both sides, known or not.
        rest = tuple(dim for position, dim in enumerate(shape) if position not in copied)
        others = [dim for position, dim in enumerate(result) if position not in copied and position != inferred]
        result[inferred] = None if None in others else left_over(rest, others)
    elif result.count(None) == 1:
        # Whatever the one unknown element says, the number of elements must stay the same.
        position = result.index(None)
        others = result[:position] + result[position + 1 :]
        if all(isinstance(dim, int) and dim > 0 for dim in others) and all(isinstance(dim, int) for dim in shape):
            result[position] = left_over(shape, others)
    sizes = product(result), product(shape)
    if isinstance(sizes[0], int) and isinstance(sizes[1], int) and sizes[0] != sizes[1]:
        return (None,) * len(result)
    return tuple(result)


def left_over(shape: Shape, others: Sequence[Dim]) -> Dim:
    """The one dimension that, with the others (all known), makes up the number of elements of a shape.

    Symbols on both sides cancel: a size that could be 0 would leave the dimension undefined, which no runtime accepts.
    """
    symbols = [dim for dim in shape if not isinstance(dim, int)]
    total = product([dim for dim in shape if isinstance(dim, int)])
    divisor = product([dim for dim in others if isinstance(dim, int)])
    if len(symbols) > MAX_SYMBOLS or not isinstance(total, int) or not isinstance(divisor, int):
        return None
    for dim in others:
        if not isinstance(dim, int):
            if dim not in symbols:
                return None
            symbols.remove(dim)
    if None in symbols or divisor == 0 or total % divisor:
        return None
    if not symbols:
        return total // divisor
    return symbols[0] if total == divisor and len(symbols) == 1 else None


def _flatten(call: Call) -> Sequence[Fact]:
    data = call.fact(0)
    if data.shape is None:
        return (Fact(data.dtype, (None, None)),)
    rank, axis = len(data.shape), call.integer("axis", 1)
    axis = rank if axis == rank else normal_axis(axis, max(rank, 1))
    shape = (product(data.shape[:axis]), product(data.shape[axis:]))
    return (Fact(data.dtype, shape, call.elements(0)),)


def _squeeze(call: Call) -> Sequence[Fact]:
    data = call.fact(0)
    shape = data.shape
    if not has_axes(call, AXES_AS_INPUT):
        if shape is None or not all(isinstance(dim, int) for dim in shape):
            return (Fact(data.dtype, None),)
        return (Fact(data.dtype, tuple(dim for dim in shape if dim != 1), call.elements(0)),)
    axes = axes_argument(call, AXES_AS_INPUT)
    if shape is None or axes == ():
        return (Fact(data.dtype, None),)
    if axes is None:
        single = call.fact(1).size == 1
        return (Fact(data.dtype, (None,) * (len(shape) - 1) if single and shape else None),)
    removed = set(normal_axes(axes, len(shape)))
    if any(isinstance(shape[axis], int) and shape[axis] != 1 for axis in removed):
        raise Unclear("axes")
    return (Fact(data.dtype, tuple(dim for axis, dim in enumerate(shape) if axis not in removed), call.elements(0)),)


def _unsqueeze(call: Call) -> Sequence[Fact]:
    data = call.fact(0)
    if not has_axes(call, AXES_AS_INPUT):
        raise Unclear("axes")
    axes = axes_argument(call, AXES_AS_INPUT)
    if data.shape is None:
        return (Fact(data.dtype, None),)
    if axes is None:
        count = call.fact(1).size
        known = count is not None and count <= MAX_ELEMENTS
        return (Fact(data.dtype, (None,) * (len(data.shape) + count) if known and count is not None else None),)
    rank = len(data.shape) + len(axes)
    added = set(normal_axes(axes, rank))
    rest = iter(data.shape)
    return (Fact(data.dtype, tuple(1 if axis in added else next(rest) for axis in range(rank)), call.elements(0)),)


def _expand(call: Call) -> Sequence[Fact]:
    data = call.fact(0)
    target = dims_of(call.fact(1))
    shape = broadcast((data.shape, target))
    elements = call.elements(0)
    source, sizes = flat.sizes_of(data.shape), flat.sizes_of(shape)
    if elements is None or source is None or sizes is None:
        return (Fact(data.dtype, shape),)
    return (Fact(data.dtype, shape, flat.expand(elements, source, sizes)),)


def _tile(call: Call) -> Sequence[Fact]:
    data = call.fact(0)
    if data.shape is None:
        return (Fact(data.dtype, None),)
    rank = len(data.shape)
    if call.opset < 6:
        tiles, axis = scalar(call.fact(1)), scalar(call.fact(2))
        if not isinstance(axis, int | float):
            return (Fact(data.dtype, (None,) * rank),)
        repeats: list[Dim] = [1] * rank
        repeats[normal_axis(int(axis), rank)] = dim_of(int(tiles)) if isinstance(tiles, int | float) else None
    else:
        known = dims_of(call.fact(1))
        if known is not None and len(known) != rank:
            raise Unclear("repeats")
        repeats = list(known) if known is not None else [None] * rank
    shape = tuple(product(pair) for pair in zip(data.shape, repeats, strict=True))
    elements, source, sizes = call.elements(0), flat.sizes_of(data.shape), flat.sizes_of(shape)
    if elements is None or source is None or sizes is None:
        return (Fact(data.dtype, shape),)
    places = [0]
    for size, original, stride in zip(sizes, source, flat.strides_of(source), strict=True):
        places = [base + step % original * stride for base in places for step in range(size)]
    return (Fact(data.dtype, shape, tuple(elements[place] for place in places)),)


def _transpose(call: Call) -> Sequence[Fact]:
    data = call.fact(0)
    permutation = call.integers("perm")
    if data.shape is None:
        return (Fact(data.dtype, (None,) * len(permutation) if permutation else None),)
    rank = len(data.shape)
    axes = tuple(reversed(range(rank))) if permutation is None else normal_axes(permutation, rank)
    if len(axes) != rank:
        raise Unclear("perm")
    shape = tuple(data.shape[axis] for axis in axes)
    elements, sizes = call.elements(0), flat.sizes_of(data.shape)
    if elements is None or sizes is None:
        return (Fact(data.dtype, shape),)
    return (Fact(data.dtype, shape, flat.transpose(elements, sizes, axes)),)


def _pad(call: Call) -> Sequence[Fact]:
    data = call.fact(0)
    rank = data.rank
    if call.opset < 11:
        pads: Sequence[Element] | None = call.integers("paddings" if call.opset < 2 else "pads")
        if pads is None:
            raise Unclear("pads")
    else:
        pads = call.elements(1)
    axes: tuple[int, ...] | None = None
    if rank is None and pads is not None and not call.has(3):
        rank = len(pads) // 2
    if rank is None:
        return (Fact(data.dtype, None),)
    if call.opset >= 18 and call.has(3):
        named = known_integers(call.elements(3))
        axes = None if named is None else normal_axes(named, rank)
    else:
        axes = tuple(range(rank))
    shape: list[Dim] = list(data.shape) if data.shape is not None else [None] * rank
    if pads is None or axes is None or len(pads) != 2 * len(axes):
        return (Fact(data.dtype, (None,) * rank),)
    for position, axis in enumerate(axes):
        begin, end = pads[position], pads[position + len(axes)]
        known = isinstance(begin, int) and isinstance(end, int)
        shape[axis] = sum_of((shape[axis], begin, end)) if known else None  # type: ignore[arg-type]
    return (Fact(data.dtype, tuple(shape)),)


def _depth_to_space(call: Call) -> Sequence[Fact]:
    block = call.optional_integer("blocksize")
    data = call.fact(0)
    batch, channels, height, width = _four(data)
    return (Fact(data.dtype, (batch, _divided(channels, block * block), *_scaled((height, width), block))),)


def _space_to_depth(call: Call) -> Sequence[Fact]:
    block = call.optional_integer("blocksize")
    data = call.fact(0)
    batch, channels, height, width = _four(data)
    spatial = (_divided(height, block), _divided(width, block))
    return (Fact(data.dtype, (batch, *_scaled((channels,), block * block), *spatial)),)


def _four(fact: Fact) -> tuple[Dim, Dim, Dim, Dim]:
    if fact.shape is None:
        return (None, None, None, None)
    batch, channels, height, width = fact.shape
    return batch, channels, height, width


def _divided(dim: Dim, divisor: int) -> Dim:
    if divisor == 1:
        return dim
    return dim // divisor if isinstance(dim, int) and divisor > 0 and dim % divisor == 0 else None


def _scaled(dims: Sequence[Dim], factor: int) -> tuple[Dim, ...]:
    if not 0 < factor <= MAX_INT64:
        raise Unclear("blocksize")
    return tuple(product((dim, factor)) for dim in dims)


def _center_crop_pad(call: Call) -> Sequence[Fact]:
    data = call.fact(0)
    if data.shape is None:
        return (Fact(data.dtype, None),)
    named = call.integers("axes")
    axes = tuple(range(len(data.shape))) if named is None else normal_axes(named, len(data.shape))
    wanted = dims_of(call.fact(1))
    if wanted is not None and len(wanted) != len(axes):
        raise Unclear("shape")
    shape: list[Dim] = list(data.shape)
    for position, axis in enumerate(axes):
        shape[axis] = wanted[position] if wanted is not None else None
    return (Fact(data.dtype, tuple(shape)),)


def _column_to_image(call: Call) -> Sequence[Fact]:
    data = call.fact(0)
    image, block = dims_of(call.fact(1)), dims_of(call.fact(2))
    spatial = image if image is not None else (None,) * len(block) if block is not None else None
    if spatial is None:
        return (Fact(data.dtype, None),)
    batch, columns, _ = data.shape if data.shape is not None else (None, None, None)
    size = product(block) if block is not None else None
    channels = _divided(columns, size) if isinstance(size, int) else None
    return (Fact(data.dtype, (batch, channels, *spatial)),)


HANDLERS: dict[str, Handler] = {
    "CenterCropPad": _center_crop_pad,
    "Col2Im": _column_to_image,
    "DepthToSpace": _depth_to_space,
    "Expand": _expand,
    "Flatten": _flatten,
    "Identity": _identity,
    "Pad": _pad,
    "Reshape": _reshape,
    "SpaceToDepth": _space_to_depth,
    "Squeeze": _squeeze,
    "Tile": _tile,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
