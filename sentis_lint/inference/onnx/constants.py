"""Operators that make tensors: constants, shapes, ranges, random numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sentis_lint.graph import Dim, Shape, Tensor
from sentis_lint.inference.facts import MAX_ELEMENTS, Element, Fact
from sentis_lint.inference.onnx.call import (
    Call,
    Handler,
    Unclear,
    dim_of,
    dims_of,
    normal_axis,
    product,
    scalar,
)
from sentis_lint.inference.onnx.dtypes import INTEGER_RANGE, fit
from sentis_lint.inference.onnx.elements import sizes_of


def _constant(call: Call) -> Sequence[Fact]:
    attributes = call.node.attributes
    for name in ("value", "sparse_value"):
        if name in attributes:
            tensor = attributes[name].value
            if not isinstance(tensor, Tensor):
                raise Unclear(name)
            elements = call.context.elements(tensor) if name == "value" and not tensor.sparse else None
            return (Fact(tensor.dtype, tuple(tensor.shape), elements, stored=True),)
    if "value_int" in attributes:
        return (Fact("int64", (), (fit("int64")(call.optional_integer("value_int")),), stored=True),)
    if "value_float" in attributes:
        return (Fact("float32", (), (fit("float32")(call.number("value_float", 0.0)),), stored=True),)
    if "value_string" in attributes:
        return (Fact("string", (), stored=True),)
    for name, dtype in (("value_ints", "int64"), ("value_floats", "float32")):
        numbers = call.integers(name) if dtype == "int64" else call.floats(name)
        if numbers is not None:
            small = len(numbers) <= MAX_ELEMENTS
            return (Fact(dtype, (len(numbers),), tuple(map(fit(dtype), numbers)) if small else None, stored=True),)
    strings = attributes["value_strings"].value
    return (Fact("string", (len(strings),), stored=True),)


def filled(dtype: str | None, shape: Shape | None, value: Element) -> Fact:
    """A tensor that holds one value everywhere."""
    sizes = sizes_of(shape)
    total = product(sizes) if sizes is not None else None
    return Fact(dtype, shape, (value,) * total if isinstance(total, int) and value is not None else None)


def _constant_of_shape(call: Call) -> Sequence[Fact]:
    dtype: str | None = "float32"
    value: Element = 0.0
    if call.present("value"):
        tensor = call.node.attributes["value"].value
        if not isinstance(tensor, Tensor):
            raise Unclear("value")
        elements = call.context.elements(tensor)
        dtype = tensor.dtype
        value = elements[0] if elements is not None and len(elements) == 1 and dtype != "string" else None
    shape = dims_of(call.fact(0))
    return (filled(dtype, shape, value),)


def _range(call: Call) -> Sequence[Fact]:
    dtype = call.dtype(0, 1, 2)
    start, limit, delta = (scalar(call.fact(position)) for position in range(3))
    if start == 0 and delta == 1 and isinstance(limit, str):
        return (Fact(dtype, (limit,)),)
    if isinstance(start, str) or isinstance(limit, str) or start is None or limit is None or not delta:
        return (Fact(dtype, (None,)),)
    if isinstance(delta, str):
        return (Fact(dtype, (None,)),)
    if dtype in INTEGER_RANGE:
        span, step = int(limit) - int(start), int(delta)
        length = max(-(-span // step), 0)
        if length > MAX_ELEMENTS:
            return (Fact(dtype, (length,)),)
        return (Fact(dtype, (length,), tuple(int(start) + index * step for index in range(length))),)
    if dtype not in ("float32", "float64") or not all(map(math.isfinite, (start, limit, delta))):
        return (Fact(dtype, (None,)),)
    # Runtimes compute the length in single or in double precision; it is certain where both agree.
    exact = max(math.ceil((limit - start) / delta), 0)
    rounded = fit(dtype)
    span_rounded = rounded(limit - start)
    quotient = rounded(span_rounded / delta) if isinstance(span_rounded, float) else None
    agreed = isinstance(quotient, float) and math.isfinite(quotient) and max(math.ceil(quotient), 0) == exact
    return (Fact(dtype, (exact if agreed else None,)),)


def _shape(call: Call) -> Sequence[Fact]:
    shape = call.any_kind(0).shape if call.any_kind(0).kind == "tensor" else None
    if shape is None:
        return (Fact("int64", (None,)),)
    if call.opset >= 15:
        start, end = call.integer("start", 0), call.integer("end", len(shape))
        shape = shape[slice(*_clamped(start, end, len(shape)))]
    return (Fact("int64", (len(shape),), shape if len(shape) <= MAX_ELEMENTS else None),)


def _clamped(start: int, end: int, rank: int) -> tuple[int, int]:
    start = start + rank if start < 0 else start
    end = end + rank if end < 0 else end
    start = min(max(start, 0), rank)
    return start, max(min(end, rank), start)


def _size(call: Call) -> Sequence[Fact]:
    shape = call.shape(0)
    return (Fact("int64", (), None if shape is None else (product(shape),)),)


def _eye_like(call: Call) -> Sequence[Fact]:
    shape = call.shape(0)
    dtype = call.dtype_attribute("dtype", call.fact(0).dtype)
    return (Fact(dtype, (None, None) if shape is None else shape),)


def _one_hot(call: Call) -> Sequence[Fact]:
    indices, depth = call.shape(0), scalar(call.fact(1))
    dtype = call.fact(2).dtype
    if indices is None:
        return (Fact(dtype, None),)
    axis = normal_axis(call.integer("axis", -1), len(indices) + 1)
    size: Dim = None
    if isinstance(depth, float) and math.isfinite(depth):
        size = dim_of(math.trunc(depth))
    elif not isinstance(depth, float):
        size = dim_of(depth)
    return (Fact(dtype, (*indices[:axis], size, *indices[axis:])),)


def _random(call: Call) -> Sequence[Fact]:
    call.varies = True
    shape = call.integers("shape")
    return (Fact(call.dtype_attribute("dtype", "float32"), shape),)


def _random_like(call: Call) -> Sequence[Fact]:
    call.varies = True
    return (Fact(call.dtype_attribute("dtype", call.fact(0).dtype), call.shape(0)),)


def _multinomial(call: Call) -> Sequence[Fact]:
    call.varies = True
    shape = call.shape(0)
    batch = shape[0] if shape is not None and len(shape) == 2 else None
    return (Fact(call.dtype_attribute("dtype", "int32"), (batch, call.integer("sample_size", 1))),)


HANDLERS: dict[str, Handler] = {
    "Bernoulli": _random_like,
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "EyeLike": _eye_like,
    "Multinomial": _multinomial,
    "OneHot": _one_hot,
    "RandomNormal": _random,
    "RandomNormalLike": _random_like,
    "RandomUniform": _random,
    "RandomUniformLike": _random_like,
    "Range": _range,
    "Shape": _shape,
    "Size": _size,
}
