"""Changes of dtype: casts and quantisation."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sentis_lint.inference.facts import Element, Fact
from sentis_lint.inference.onnx.call import Call, Handler
from sentis_lint.inference.onnx.dtypes import FLOAT_DTYPES, INTEGER_RANGE, SIZE_DTYPES, fit
from sentis_lint.inference.onnx.elements import Elements

CAST_BY_NAME = 6
"""Before this opset Cast names its target dtype by a string."""

DEQUANTIZE_TO_SCALE = 19
"""Since this opset DequantizeLinear gives the dtype of its scale, before always float32."""

_DTYPE_NAMES = {"FLOAT": "float32", "DOUBLE": "float64"}


def cast(elements: Elements, source: str | None, target: str | None) -> Elements | None:
    """Elements cast to another dtype; what overflows or is not exact everywhere stays unknown."""
    if target is None or source == "string" or target == "string":
        return None
    fitted = fit(target)
    to_integer = target in INTEGER_RANGE

    def one(element: Element) -> Element:
        if element is None:
            return None
        if isinstance(element, str):
            return element if target in SIZE_DTYPES else None
        if target == "bool":
            return element != 0
        if to_integer:
            return fitted(math.trunc(element)) if math.isfinite(element) else None
        number = fitted(element)
        # A finite number beyond the target's range becomes infinite in some runtimes and the largest one in others.
        overflow = isinstance(number, float) and math.isinf(number) and math.isfinite(element)
        return None if overflow else number

    return tuple(map(one, elements))


def _cast_to(call: Call, target: str | None) -> Sequence[Fact]:
    fact = call.fact(0)
    elements = None if fact.elements is None else cast(fact.elements, fact.dtype, target)
    return (Fact(target, fact.shape, elements),)


def _cast(call: Call) -> Sequence[Fact]:
    if call.opset < CAST_BY_NAME:
        name = call.string("to", "")
        target: str | None = _DTYPE_NAMES.get(name, name.lower())
        known = target in INTEGER_RANGE or target in FLOAT_DTYPES or target in ("bool", "string")
        return _cast_to(call, target if known else None)
    return _cast_to(call, call.dtype_attribute("to", None))


def _cast_like(call: Call) -> Sequence[Fact]:
    return _cast_to(call, call.fact(1).dtype)


def _bit_cast(call: Call) -> Sequence[Fact]:
    return (Fact(call.dtype_attribute("to", None), call.shape(0)),)


def _quantize(call: Call) -> Sequence[Fact]:
    declared = _output_dtype(call)
    return (Fact(call.fact(2).dtype or declared if call.has(2) else declared or "uint8", call.shape(0)),)


def _dequantize(call: Call) -> Sequence[Fact]:
    dtype = "float32" if call.opset < DEQUANTIZE_TO_SCALE else _output_dtype(call) or call.fact(1).dtype
    return (Fact(dtype, call.shape(0)),)


def _output_dtype(call: Call) -> str | None:
    # 0 (undefined) is how the standard writes the default.
    return call.dtype_attribute("output_dtype", None) if call.integer("output_dtype", 0) else None


def _dynamic_quantize(call: Call) -> Sequence[Fact]:
    return (Fact("uint8", call.shape(0)), Fact("float32", ()), Fact("uint8", ()))


HANDLERS: dict[str, Handler] = {
    "BitCast": _bit_cast,
    "Cast": _cast,
    "CastLike": _cast_like,
    "DequantizeLinear": _dequantize,
    "DynamicQuantizeLinear": _dynamic_quantize,
    "QuantizeLinear": _quantize,
}
