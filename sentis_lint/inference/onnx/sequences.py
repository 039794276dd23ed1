"""Sequences and optionals. Of a sequence the dtype of its tensors is known, never their shapes."""

from __future__ import annotations

from collections.abc import Sequence

from sentis_lint.inference.facts import Fact
from sentis_lint.inference.onnx.call import Call, Handler


def _sequence(dtype: str | None) -> Sequence[Fact]:
    return (Fact(dtype, None, kind="sequence"),)


def _construct(call: Call) -> Sequence[Fact]:
    return _sequence(call.dtype(*range(len(call.inputs))))


def _empty(call: Call) -> Sequence[Fact]:
    return _sequence(call.dtype_attribute("dtype", "float32"))


def _same_sequence(call: Call) -> Sequence[Fact]:
    dtype = call.any_kind(0).dtype
    return _sequence(dtype)


def _insert(call: Call) -> Sequence[Fact]:
    sequence, tensor = call.any_kind(0).dtype, call.fact(1).dtype
    return _sequence(sequence or tensor if sequence in (None, tensor) or tensor is None else None)


def _at(call: Call) -> Sequence[Fact]:
    return (Fact(call.any_kind(0).dtype, None),)


def _length(_: Call) -> Sequence[Fact]:
    return (Fact("int64", ()),)


def _split(call: Call) -> Sequence[Fact]:
    return _sequence(call.fact(0).dtype)


def _concat(call: Call) -> Sequence[Fact]:
    return (Fact(call.any_kind(0).dtype, None),)


def _optional(call: Call) -> Sequence[Fact]:
    return (Fact(call.any_kind(0).dtype, None, kind="optional"),)


def _get_element(call: Call) -> Sequence[Fact]:
    fact = call.any_kind(0)
    if fact.kind == "optional":
        # What the optional holds, a tensor or a sequence, is not followed.
        return (Fact(None, None),)
    return (Fact(fact.dtype, fact.shape, kind=fact.kind),)


def _has_element(_: Call) -> Sequence[Fact]:
    return (Fact("bool", ()),)


HANDLERS: dict[str, Handler] = {
    "ConcatFromSequence": _concat,
    "Optional": _optional,
    "OptionalGetElement": _get_element,
    "OptionalHasElement": _has_element,
    "SequenceAt": _at,
    "SequenceConstruct": _construct,
    "SequenceEmpty": _empty,
    "SequenceErase": _same_sequence,
    "SequenceInsert": _insert,
    "SequenceLength": _length,
    "SplitToSequence": _split,
}
