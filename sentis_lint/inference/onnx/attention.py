"""Attention and what goes with it."""

from __future__ import annotations

from collections.abc import Sequence

from sentis_lint.graph import Dim, Shape
from sentis_lint.inference.facts import Fact
from sentis_lint.inference.onnx.call import Call, Handler, Unclear, same, sum_of, unify


def _heads(call: Call, position: int, attribute: str) -> Shape | None:
    """An input as ``(batch, heads, sequence, head size)``, however it is packed."""
    shape = call.shape(position)
    if shape is None or len(shape) == 4:
        return shape
    if len(shape) != 3:
        raise Unclear("rank")
    heads = call.optional_integer(attribute)
    batch, sequence, packed = shape
    return (batch, heads, sequence, _divided(packed, heads))


def _divided(dim: Dim, divisor: int) -> Dim:
    if divisor < 1:
        raise Unclear("heads")
    return dim // divisor if isinstance(dim, int) and dim % divisor == 0 else None


def _multiplied(dim: Dim, factor: int) -> Dim:
    return dim * factor if isinstance(dim, int) else dim if factor == 1 else None


def _attention(call: Call) -> Sequence[Fact]:
    query_shape = call.shape(0)
    unknown: Shape = (None, None, None, None)
    query = _heads(call, 0, "q_num_heads") or unknown
    key = _heads(call, 1, "kv_num_heads") or unknown
    value = _heads(call, 2, "kv_num_heads") or unknown
    past_key, past_value = call.shape(4), call.shape(5)
    total = _present_length(call, 4, key[2])
    dtype, value_dtype = call.dtype(0, 1), call.fact(2).dtype
    output: Shape | None = None
    if query_shape is not None:
        batch, heads, sequence, _ = query
        if len(query_shape) == 4:
            output = (batch, heads, sequence, value[3])
        else:
            output = (batch, sequence, _multiplied(value[3], call.optional_integer("q_num_heads")))
    present_key = unify(((key[0], key[1], total, key[3]), _without_length(past_key)))
    present_value = unify(((value[0], value[1], total, value[3]), _without_length(past_value)))
    return (
        Fact(dtype, output),
        Fact(dtype, present_key),
        Fact(value_dtype, present_value),
        Fact(dtype, (query[0], query[1], query[2], total)),
    )


def _present_length(call: Call, position: int, length: Dim) -> Dim:
    if not call.has(position):
        return length
    past = call.shape(position)
    return sum_of((past[2], length)) if past is not None and len(past) == 4 else None


def _without_length(shape: Shape | None) -> Shape | None:
    return (*shape[:2], None, shape[3]) if shape is not None and len(shape) == 4 else None


def _linear_attention(call: Call) -> Sequence[Fact]:
    query, key, value = (call.shape(position) or (None, None, None) for position in range(3))
    query_heads, heads = call.optional_integer("q_num_heads"), call.optional_integer("kv_num_heads")
    if len(query) != 3 or len(key) != 3 or len(value) != 3:
        raise Unclear("rank")
    value_size = _divided(value[2], heads)
    output = (query[0], query[1], _multiplied(value_size, query_heads))
    state = unify(((query[0], heads, _divided(key[2], heads), value_size), call.shape(3)))
    dtype, state_dtype = call.dtype(0, 1, 2), call.fact(3).dtype
    if not call.has(3) and dtype == "float32":
        # The first state is float32 or of the other inputs' dtype; here both say the same.
        state_dtype = dtype
    return (Fact(dtype, output), Fact(state_dtype, state))


HANDLERS: dict[str, Handler] = {
    "Attention": _attention,
    "LinearAttention": _linear_attention,
    "RotaryEmbedding": same,
}
