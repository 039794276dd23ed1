"""What the importer knows of a layer's result, from what it knows of the arguments.

Source: com.unity.ai.inference Runtime/Core/Layers/Layer.*.cs.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, Final

from sentis_lint.inference.sentis_litert import dims, elements
from sentis_lint.inference.sentis_litert.dims import Size, Sizes
from sentis_lint.inference.sentis_litert.elements import Element
from sentis_lint.inference.sentis_litert.faults import Fault, require
from sentis_lint.inference.sentis_litert.layers import Arg, Layer
from sentis_lint.inference.sentis_litert.partial import (
    FLOAT,
    INT,
    MAX_TRACKED,
    Partial,
    broadcast,
    from_tracked,
    ints,
    shape_from,
    unary,
)

Result = Partial | list[Partial]
Rule = Callable[..., Result]


def infer(target: str, args: Sequence[Arg]) -> Result:
    """What is known of the result (or results) of a layer.

    Raises:
        Fault: the layer does not take these arguments, or one of the needed ones is None.
    """
    rule, optional = RULES[target]
    return rule(*(_argument(arg, position in optional) for position, arg in enumerate(args)))


def _argument(arg: Arg, optional: bool) -> Any:
    if isinstance(arg, Layer):
        return arg.known
    if isinstance(arg, tuple) and any(isinstance(inner, Layer) or inner is None for inner in arg):
        return [_argument(inner, False) for inner in arg]
    if arg is None and not optional:
        raise Fault("null-input")
    return arg


# Element-wise


def _same(tensor: Partial, *_: Any) -> Partial:
    return Partial(tensor.kind, tensor.shape)


def _identity(tensor: Partial) -> Partial:
    return tensor


def _unary(function: elements.Unary) -> Rule:
    def rule(tensor: Partial) -> Partial:
        return unary(tensor, function)

    return rule


def _not(tensor: Partial) -> Partial:
    require(tensor.kind == INT, "kinds")
    return unary(tensor, elements.invert)


def _binary(combine: elements.Binary, result: str | None = None) -> Rule:
    def rule(left: Partial, right: Partial, *_: Any) -> Partial:
        require(left.kind == right.kind, "kinds")
        return broadcast(left, right, result or left.kind, combine)

    return rule


def _int_binary(combine: elements.Binary) -> Rule:
    def rule(left: Partial, right: Partial) -> Partial:
        require(left.kind == right.kind == INT, "kinds")
        return broadcast(left, right, INT, combine)

    return rule


def _power(base: Partial, exponent: Partial) -> Partial:
    if base.kind != exponent.kind:
        return broadcast(base, exponent, FLOAT, None)
    return broadcast(base, exponent, base.kind, elements.power)


def _atan2(y: Partial, x: Partial) -> Partial:
    return broadcast(x, y, x.kind, None)


def _prelu(tensor: Partial, slope: Partial) -> Partial:
    if tensor.shape is None or slope.shape is None:
        return Partial(FLOAT, tensor.shape)
    missing = len(tensor.shape) - len(slope.shape)
    require(missing >= 0, "rank")
    pairs = zip(tensor.shape[missing:], slope.shape, strict=True)
    return Partial(FLOAT, tensor.shape[:missing] + tuple(a if b == 1 else dims.agree(a, b) for a, b in pairs))


def _cast(tensor: Partial, kind: str) -> Partial:
    convert = elements.to_int if kind == INT else elements.to_float
    source = Partial(kind, tensor.shape, tensor.elements)
    return unary(source, convert)


def _where(condition: Partial, one: Partial, two: Partial) -> Partial:
    if condition.shape is None or one.shape is None or two.shape is None:
        return Partial(one.kind, None)
    result = Partial(one.kind, dims.broadcast(condition.shape, dims.broadcast(one.shape, two.shape)))
    parts = (condition.elements, one.elements, two.elements)
    if result.elements is None or result.rank > 1 or None in parts or not result.elements:
        return result
    require(condition.kind == INT, "kinds")
    chosen: list[Element] = []
    for index in range(len(result.elements)):
        which = condition.element(index % len(condition.tracked))
        source = one if which == 1 else two if which == 0 else None
        if source is not None:
            # Elements of the other kind cannot be copied.
            require(source.kind == one.kind, "kinds")
        chosen.append(None if source is None else source.element(index % len(source.tracked)))
    return Partial(one.kind, result.shape, chosen)


# Shapes


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
    return tensor.reshaped(None if tensor.shape is None else dims.squeeze(tensor.shape, _axes(axes)))


def _unsqueeze(tensor: Partial, axes: Partial) -> Partial:
    require(axes.kind == INT, "kinds")
    if tensor.shape is None or axes.elements is None:
        return tensor.reshaped(None)
    rank = dims.checked_rank(len(tensor.shape) + len(axes.elements))
    if not axes.is_static:
        return tensor.reshaped(dims.unknown_sizes(rank))
    return tensor.reshaped(dims.unsqueeze(tensor.shape, _axes(axes)))


def _axes(axes: Partial) -> list[int]:
    return [element if isinstance(element, int) else 0 for element in axes.tracked]


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


def _pad(tensor: Partial, pads: Partial, value: Partial | None, axes: None, mode: str) -> Partial:
    shape = tensor.sizes
    length = pads.of_rank(1)[0]
    if length is not None:
        require(length % 2 == 0 and length == 2 * len(shape), "rank", f"{length} paddings for rank {len(shape)}")
    require(pads.kind == INT or not shape, "kinds")
    rank = len(shape)
    sizes: list[Size] = []
    for axis, one in enumerate(shape):
        amount = elements.add(pads.element(axis), pads.element(axis + rank))
        sizes.append(from_tracked(elements.add(one, amount)))
    return Partial(tensor.kind, tuple(sizes))


def _slice(tensor: Partial, starts: Partial, ends: Partial, axes: Partial | None, steps: Partial | None) -> Partial:
    if tensor.shape is None:
        return Partial(tensor.kind, None)
    if axes is None:
        axes = ints(range(len(tensor.shape)))
    if steps is None:
        steps = Partial(INT, starts.shape, None if starts.elements is None else [1] * len(starts.elements))
    if tensor.elements is not None and len(tensor.shape) == 1:
        bounds = (starts.element(0), ends.element(0), steps.element(0))
        if all(isinstance(bound, int) for bound in bounds):
            return _cut(tensor, *bounds)
    if axes.elements is None:
        return Partial(tensor.kind, dims.unknown_sizes(len(tensor.shape)))
    sizes = list(tensor.shape)
    for position, axis in enumerate(axes.elements):
        if not isinstance(axis, int):
            sizes = [None] * len(sizes)
            continue
        place = dims.axis(axis, len(sizes))
        start, end, step = (_int(bound.element(position)) for bound in (starts, ends, steps))
        sizes[place] = dims.slice_size(tensor.shape[place], start, end, step)
    return Partial(tensor.kind, tuple(sizes))


def _int(element: Element) -> int | None:
    return element if isinstance(element, int) else None


def _cut(tensor: Partial, start: Any, end: Any, step: Any) -> Partial:
    length = len(tensor.tracked)
    first, last = dims.slice_bounds(length, start, end, step)
    # Step 0 makes the importer divide by zero in floating point, and take the result for a length of 0.
    count = max(math.ceil((last - first) / step), 0) if step else 0
    return Partial(tensor.kind, (count,), [tensor.element(first + i * step) for i in range(count)])


def _split(tensor: Partial, sizes: Partial | None, axis: int, count: int) -> list[Partial]:
    place = dims.axis(axis, tensor.rank)
    if sizes is not None and count == 0:
        count = len(sizes.tracked)
    lengths: list[Size] = [None] * count
    if sizes is None:
        length = tensor.sizes[place]
        if length is not None:
            require(count >= 1, "negative-size")
            each = math.ceil(length / count)
            lengths = [each] * (count - 1) + [dims.size(length - each * (count - 1))]
    else:
        lengths = [from_tracked(sizes.element(position)) for position in range(count)]
    return [
        Partial(tensor.kind, (*tensor.sizes[:place], length, *tensor.sizes[place + 1 :])) for length in lengths
    ]


def _select(tensor: Partial, axis: Partial, index: Partial) -> Partial:
    if not axis.is_static:
        return Partial(tensor.kind, dims.unknown_sizes(tensor.rank - 1))
    position = _int(axis.element(0)) or 0
    place = dims.axis(position, tensor.rank)
    result = Partial(tensor.kind, tensor.sizes[:place] + tensor.sizes[place + 1 :])
    if position == 0 and tensor.elements is not None and index.is_static:
        which = _int(index.element(0))
        if which is not None and result.elements is not None:
            first = tensor.element(which + len(tensor.elements) if which < 0 else which)
            return Partial(tensor.kind, result.shape, [first, *result.elements[1:]])
    return result


def _narrow(tensor: Partial, axis: Partial, start: Partial, length: Partial) -> Partial:
    place = dims.axis(_int(axis.element(0)) or 0, tensor.rank)
    size = tensor.sizes[place]
    first, count = _int(start.element(0)), _int(length.element(0))
    left: Size = None
    if first is not None and count is not None and size is not None:
        require(size != 0, "zero-division")
        begin = int(math.fmod(first + size, size))
        left = from_tracked(min(begin + count, size) - begin)
    return Partial(tensor.kind, (*tensor.sizes[:place], left, *tensor.sizes[place + 1 :]))


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


# Indexing


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
    return result.reshaped(dims.squeeze(result.sizes, _axes(axes)))


# Products and windows


def _matmul_shape(one: Partial, two: Partial) -> Sizes | None:
    if one.shape is None or two.shape is None:
        return None
    left, right = one.shape, two.shape
    require(bool(left) and bool(right), "rank", "a scalar")
    if len(right) == 1:
        return _product_shape(left, (right[0], 1))[:-1] if len(left) > 1 else _product_shape((1, *left), (right[0], 1))[:0]
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


def _convolution(
    tensor: Partial,
    kernel: Partial,
    bias: Partial | None,
    auto: str,
    dilations: tuple[int, ...],
    pads: tuple[int, ...],
    strides: tuple[int, ...],
) -> Partial:
    shape = tensor.sizes
    spatial = len(shape) - 2
    require(spatial <= 3, "rank")  # noqa: PLR2004
    taps = kernel.of_rank(len(shape))
    channels = taps[0]
    if bias is not None:
        channels = dims.agree(channels, bias.of_rank(1)[0])
    sizes: list[Size] = [shape[0], channels]
    for i in range(spatial):
        tap = taps[i + 2]
        padding = pads[i] + pads[i + spatial] if auto == "explicit" else 0
        known = tap is not None
        sizes.append(dims.pool(shape[i + 2], tap or 0, strides[i], padding, dilations[i], auto) if known else None)
    return Partial(FLOAT, tuple(sizes))


def _deconvolution(
    tensor: Partial,
    kernel: Partial,
    bias: Partial | None,
    auto: str,
    dilations: tuple[int, ...],
    pads: tuple[int, ...],
    strides: tuple[int, ...],
) -> Partial:
    shape = tensor.sizes
    spatial = len(shape) - 2
    taps = kernel.of_rank(len(shape))
    channels = taps[1]
    if bias is not None:
        channels = dims.agree(channels, bias.of_rank(1)[0])
    sizes: list[Size] = [shape[0], channels]
    for i in range(spatial):
        if auto != "explicit":
            sizes.append(dims.multiply(shape[i + 2], strides[i]))
            continue
        reach = dims.multiply(dims.subtract(taps[i + 2], 1), dilations[i])
        length = dims.add(dims.multiply(dims.subtract(shape[i + 2], 1), strides[i]), reach)
        total = dims.add(length, 1)
        padding = pads[i] + pads[i + spatial]
        sizes.append(None if total is None else dims.size(total - padding))
    return Partial(FLOAT, tuple(sizes))


def _pool(
    tensor: Partial, kernel: tuple[int, ...], strides: tuple[int, ...], pads: tuple[int, ...], auto: str
) -> Partial:
    shape = tensor.of_rank(2 + len(kernel))
    spatial = len(kernel)
    sizes = [
        dims.pool(shape[i + 2], kernel[i], strides[i], pads[i] + pads[i + spatial] if auto == "explicit" else 0, 1, auto)
        for i in range(spatial)
    ]
    return Partial(tensor.kind, (*shape[:2], *sizes))


def _local_normalisation(tensor: Partial) -> Partial:
    require(tensor.rank >= 2, "rank")  # noqa: PLR2004
    return _same(tensor)


def _depth_to_space(tensor: Partial, block: int) -> Partial:
    n, c, h, w = tensor.of_rank(4)
    return Partial(
        tensor.kind, (n, dims.divide(c, block * block), dims.multiply(h, block), dims.multiply(w, block))
    )


def _space_to_depth(tensor: Partial, block: int) -> Partial:
    n, c, h, w = tensor.of_rank(4)
    return Partial(tensor.kind, (n, dims.multiply(c, block * block), dims.divide(h, block), dims.divide(w, block)))


def _resize(tensor: Partial, sizes: Partial) -> Partial:
    count = sizes.of_rank(1)[0]
    rank = tensor.rank
    if count is not None:
        require(count == rank, "rank", f"{count} sizes for rank {rank}")
    require(sizes.kind == INT, "kinds")
    return Partial(tensor.kind, tuple(from_tracked(sizes.element(position)) for position in range(rank)))


def _random_like(tensor: Partial) -> Partial:
    return Partial(FLOAT, tensor.shape)


def _multinomial(tensor: Partial, count: int) -> Partial:
    require(tensor.shape is None or bool(tensor.shape), "axis")
    return Partial(INT, (None if tensor.shape is None else tensor.shape[0], dims.size(count)))


_UNTRACKED = (
    "Abs Ceil Clip Cos CumSum Elu Exp Floor Gelu HardSwish LeakyRelu Log LogSoftmax Reciprocal Relu Relu6 Round Rsqrt "
    "ScalarMad Sigmoid Sin Softmax Sqrt Swish Tanh"
).split()
_REDUCTIONS = "ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare".split()

RULES: Final[dict[str, tuple[Rule, frozenset[int]]]] = {
    **{name: (_same, frozenset[int]()) for name in _UNTRACKED},
    **{name: (_reduce, frozenset[int]()) for name in _REDUCTIONS},
    "Add": (_binary(elements.add), frozenset()),
    "And": (_int_binary(elements.both), frozenset()),
    "ArgMax": (_arg_reduce, frozenset()),
    "ArgMin": (_arg_reduce, frozenset()),
    "Atan2": (_atan2, frozenset()),
    "AveragePool": (_pool, frozenset()),
    "BitwiseXor": (_int_binary(elements.xor), frozenset()),
    "BroadcastArgs": (_broadcast_args, frozenset()),
    "Cast": (_cast, frozenset()),
    "Concat": (_concat, frozenset()),
    "ConstantOfShape": (_constant_of_shape, frozenset()),
    "Conv": (_convolution, frozenset({2})),
    "ConvTranspose": (_deconvolution, frozenset({2})),
    "Dense": (_dense, frozenset()),
    "DenseBatched": (_dense, frozenset()),
    "DepthToSpace": (_depth_to_space, frozenset()),
    "Div": (_binary(elements.divide), frozenset()),
    "Equal": (_binary(elements.comparison(operator.eq), INT), frozenset()),
    "Expand": (_expand, frozenset()),
    "FloorDiv": (_binary(elements.floor_divide), frozenset()),
    "Gather": (_gather, frozenset()),
    "GatherND": (_gather_nd, frozenset()),
    "Greater": (_binary(elements.comparison(operator.gt), INT), frozenset()),
    "GreaterOrEqual": (_binary(elements.comparison(operator.ge), INT), frozenset()),
    "Identity": (_identity, frozenset()),
    "LRN": (_local_normalisation, frozenset()),
    "Less": (_binary(elements.comparison(operator.lt), INT), frozenset()),
    "LessOrEqual": (_binary(elements.comparison(operator.le), INT), frozenset()),
    "MatMul": (_matmul, frozenset()),
    "Max": (_binary(elements.maximum), frozenset()),
    "MaxPool": (_pool, frozenset()),
    "Min": (_binary(elements.minimum), frozenset()),
    "Mod": (_binary(elements.modulo), frozenset()),
    "Mul": (_binary(elements.multiply), frozenset()),
    "Multinomial": (_multinomial, frozenset()),
    "Narrow": (_narrow, frozenset()),
    "Neg": (_unary(elements.negate), frozenset()),
    "NonZero": (_non_zero, frozenset()),
    "Not": (_not, frozenset()),
    "NotEqual": (_binary(elements.comparison(operator.ne), INT), frozenset()),
    "OneHot": (_one_hot, frozenset()),
    "Or": (_int_binary(elements.either), frozenset()),
    "PRelu": (_prelu, frozenset()),
    "Pad": (_pad, frozenset({2, 3})),
    "Pow": (_power, frozenset()),
    "RandomNormalLike": (_random_like, frozenset()),
    "RandomUniformLike": (_random_like, frozenset()),
    "Range": (_range, frozenset()),
    "Reshape": (_reshape, frozenset()),
    "Resize": (_resize, frozenset()),
    "ScatterND": (_scatter_nd, frozenset()),
    "Select": (_select, frozenset()),
    "Shape": (_shape, frozenset()),
    "Sign": (_unary(elements.sign), frozenset()),
    "Slice": (_slice, frozenset({3, 4})),
    "SpaceToDepth": (_space_to_depth, frozenset()),
    "Split": (_split, frozenset({1})),
    "Square": (_unary(elements.square), frozenset()),
    "Squeeze": (_squeeze, frozenset({1})),
    "Sub": (_binary(elements.subtract), frozenset()),
    "Tile": (_tile, frozenset()),
    "TopK": (_top_k, frozenset()),
    "Transpose": (_transpose, frozenset()),
    "Unsqueeze": (_unsqueeze, frozenset()),
    "Where": (_where, frozenset()),
}
"""Rule by kind of layer, with the positions of arguments that may be left out."""
