"""Folding: layers whose inputs are all known are computed at import, so that what they cannot compute fails there.

Source: com.unity.ai.inference Runtime/Core/Compiler/Passes/FuseConstantsPass.cs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sentis_lint.inference.sentis_litert.elements import OPAQUE, Element
from sentis_lint.inference.sentis_litert.faults import Fault
from sentis_lint.inference.sentis_litert.layers import CALL, CONSTANT, Arg, Layer, LayerGraph, layers_in
from sentis_lint.inference.sentis_litert.optimiser.blame import OptimiserFault
from sentis_lint.inference.sentis_litert.partial import INT, Partial
from sentis_lint.inference.sentis_litert.results import infer

_RANDOM: Final = frozenset({"Multinomial", "RandomNormalLike", "RandomUniformLike"})

_FLOAT_ONLY: Final = frozenset(
    {
        *("AveragePool", "Ceil", "Conv", "ConvTranspose", "Cos", "Elu", "Exp", "Floor", "Gelu", "HardSwish", "LRN"),
        *("LeakyRelu", "Log", "LogSoftmax", "MaxPool", "PRelu", "ReduceMean", "Relu", "Relu6", "Resize", "Sigmoid"),
        *("Sin", "Softmax", "Tanh"),
    }
)
"""Layers that take nothing but floats for their first input, and fail on others even if there is nothing to compute."""

_FLOAT_ONLY_UNLESS_EMPTY: Final = frozenset({"Atan2", "MatMul", "Reciprocal", "Round", "Rsqrt", "Sqrt"})
"""Layers that take floats alone, but do not look at them where the result is empty."""


def fold_constants(graph: LayerGraph) -> None:
    """Work out everything again with constants computed, and put constants in the place of what is known.

    Raises:
        OptimiserFault: a layer cannot be computed, or what is known now contradicts itself.
    """
    known: set[Layer] = set()
    several: dict[Layer, list[Partial]] = {}
    computed: list[Layer] = []
    for layer in graph:
        if layer.op != CALL:
            if layer.op == CONSTANT:
                known.add(layer)
            continue
        if layer.target == "getitem":
            source, position = layer.args
            assert isinstance(source, Layer)
            assert isinstance(position, int)
            result: Partial | list[Partial] = several[source][position]
            ready = source in known
        else:
            ready = layer.target not in _RANDOM and known.issuperset(layer.inputs())
            try:
                result = (
                    graph.once("compute", _computed, layer.target, layer.args, layer.partial)
                    if ready
                    else graph.infer(layer.target, layer.args)
                )
            except Fault as fault:
                raise OptimiserFault(layer.origin, fault) from fault
        if isinstance(result, list):
            several[layer] = result
            if ready:
                known.add(layer)
            continue
        layer.partial = result
        if ready or result.is_static:
            known.add(layer)
            computed.append(layer)
    substitutes = {layer: graph.constant(layer.known, before=layer) for layer in computed}
    for user in dict.fromkeys(user for layer in computed for user in layer.users):
        user.set_args(tuple(_substituted(arg, substitutes) for arg in user.args))
    for layer in computed:
        graph.erase(layer)
    graph.erase_unused()


def _substituted(arg: Arg, substitutes: Mapping[Layer, Layer]) -> Arg:
    if isinstance(arg, Layer):
        return substitutes.get(arg, arg)
    if isinstance(arg, tuple):
        return tuple(substitutes.get(one, one) if isinstance(one, Layer) else one for one in arg)
    return arg


def _computed(target: str, args: Sequence[Arg], before: Partial | None) -> Partial | list[Partial]:
    """What comes of a layer of known inputs. Elements we cannot tell are opaque.

    Args:
        target: kind of layer.
        args: its arguments.
        before: what was known of its result until now.

    Raises:
        Fault: it cannot be computed.
    """
    inputs = [one.known for one in layers_in(args)]
    try:
        result = infer(target, args)
    except Fault:
        # Values that only became known now are computed without the checks of inference.
        if before is None:
            raise
        result = before
    _refuse_kinds(target, args, inputs, result)
    if isinstance(result, list):
        return [_filled(one) for one in result]
    if target == "Reshape":
        _refuse_lengths(inputs[0], inputs[1], result)
    if result.elements is not None and not result.is_static:
        values = _moved(target, args, inputs)
        if values is not None:
            return Partial(result.kind, result.shape, values)
    return _filled(result)


def _refuse_kinds(target: str, args: Sequence[Arg], inputs: list[Partial], result: Partial | list[Partial]) -> None:
    ints = inputs[0].kind == INT or (target in {"MatMul", "Atan2"} and inputs[1].kind == INT)
    if target == "ScalarMad":
        ints = ints and args[1] != INT
    if not ints:
        return
    empty = isinstance(result, Partial) and result.shape is not None and 0 in result.shape
    refused = target in _FLOAT_ONLY or target == "ScalarMad" or target in _FLOAT_ONLY_UNLESS_EMPTY
    if refused and not (empty and target not in _FLOAT_ONLY):
        raise Fault("folding", f"{target} of integers")


def _refuse_lengths(tensor: Partial, shape: Partial, result: Partial) -> None:
    old = _length(tensor)
    new = _length(result)
    if old is not None and new is not None and old != new:
        raise Fault("folding", f"{old} elements reshaped to {new}")


def _length(tensor: Partial) -> int | None:
    if tensor.shape is None or None in tensor.shape:
        return None
    return math.prod(size for size in tensor.shape if size is not None)


def _filled(partial: Partial) -> Partial:
    if partial.elements is None:
        return partial
    return Partial(partial.kind, partial.shape, [OPAQUE if one is None else one for one in partial.elements])


def _moved(target: str, args: Sequence[Arg], inputs: list[Partial]) -> list[Element] | None:
    """Elements of a rearrangement of known elements, for the rearrangements that paddings go through."""
    source = inputs[0]
    if source.elements is None or source.shape is None:
        return None
    if target == "Transpose" and isinstance(args[1], tuple):
        axes = [axis for axis in args[1] if isinstance(axis, int)]
        sizes = [size or 0 for size in source.shape]
        return [source.elements[position] for position in _transposed(sizes, axes)]
    if target == "Gather" and args[2] == 0 and source.shape and inputs[1].elements is not None:
        row = len(source.elements) // (source.shape[0] or 1)
        rows = [index for index in inputs[1].elements if isinstance(index, int)]
        if len(rows) == len(inputs[1].elements) and all(0 <= index < (source.shape[0] or 0) for index in rows):
            return [element for index in rows for element in source.elements[index * row : (index + 1) * row]]
    return None


def _transposed(sizes: list[int], axes: list[int]) -> Iterable[int]:
    """Positions in the source of the elements of a transposed tensor, in order."""
    strides = [math.prod(sizes[axis + 1 :]) for axis in range(len(sizes))]
    positions = [0]
    for axis in axes:
        positions = [base + step * strides[axis] for base in positions for step in range(sizes[axis])]
    return positions
