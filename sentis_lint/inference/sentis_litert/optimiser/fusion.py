"""Passes that fuse products with what follows them.

Source: com.unity.ai.inference Runtime/Core/Compiler/Passes: FuseDensePass.cs, FuseLinearLayersPass.cs.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from sentis_lint.inference.sentis_litert import dims, elements
from sentis_lint.inference.sentis_litert.elements import OPAQUE, Element
from sentis_lint.inference.sentis_litert.faults import Fault, require
from sentis_lint.inference.sentis_litert.layers import CALL, CONSTANT, Arg, Layer, LayerGraph
from sentis_lint.inference.sentis_litert.optimiser.blame import blaming
from sentis_lint.inference.sentis_litert.partial import FLOAT, INT, Partial

_MATRIX = 2


def fuse_dense(graph: LayerGraph) -> None:
    """Fuse a product by constant weights with the addition that alone uses it.

    Raises:
        OptimiserFault: a shape was lost, or makes no sense for a bias.
    """
    for product in graph.calls("MatMul"):
        if len(product.users) != 1:
            continue
        user = next(iter(product.users))
        tensor, weights = _layer(product.args[0]), _layer(product.args[1])
        if user.op != CALL or user.target not in {"Add", "ScalarMad"} or weights.op != CONSTANT:
            continue
        with blaming(user):
            fused = _dense(graph, product, user, tensor.known, weights.known)
            if fused is not None:
                graph.merge(product, user, *fused)


def _dense(
    graph: LayerGraph, product: Layer, user: Layer, tensor: Partial, weights: Partial
) -> tuple[str, tuple[Arg, ...]] | None:
    """The layer that a product and its user are fused into, if they are."""
    if user.target == "ScalarMad":
        if user.args[1] == INT or user.args[2] != 1 or user.args[3] == 0:
            return None
        bias = graph.constant(Partial(FLOAT, (weights.sizes[-1],), None), before=product)
        return "Dense", (*product.args[:2], bias)
    bias = _layer(user.args[1] if user.args[0] is product else user.args[0])
    shape = bias.known.shape
    if weights.rank > _MATRIX:
        if shape is None or not weights.rank == tensor.rank == len(shape):
            return None
        batches = zip(tensor.sizes[:-2], weights.sizes[:-2], shape[:-2], strict=True)
        if any(not one == two == three for one, two, three in batches):
            return None
        return "DenseBatched", (*product.args[:2], bias)
    if shape is None or None in shape:
        return None
    require(bool(shape), "dense-scalar")
    if dims.product(shape) != shape[-1] or len(shape) > (_MATRIX if tensor.shape is None else len(tensor.shape)):
        return None
    return "Dense", (*product.args[:2], bias)


# Linear layers

_WITH_WEIGHTS: Final = frozenset({"Conv", "Dense", "ScalarMad"})
_LINEAR: Final = _WITH_WEIGHTS | {"Add", "Div", "Mul", "Sub"}


class _Linear(NamedTuple):
    """A linear layer: a single argument is not constant."""

    layer: Layer
    place: int
    """Which argument that is."""

    @property
    def target(self) -> str:
        return self.layer.target

    @property
    def source(self) -> Layer:
        return _layer(self.layer.args[self.place])

    @property
    def constant(self) -> Partial:
        """The other operand of arithmetic."""
        return _layer(self.layer.args[1 - self.place]).known

    @property
    def weights(self) -> Partial:
        """The weights of a product."""
        return _layer(self.layer.args[1]).known

    @property
    def scale(self) -> Element:
        return _number(self.layer.args[2])

    @property
    def bias(self) -> Element:
        return _number(self.layer.args[3])

    @property
    def is_float(self) -> bool:
        return self.layer.args[1] == FLOAT


def fuse_linear(graph: LayerGraph) -> None:
    """Fuse linear layers with the linear layer before them, from the last to the first.

    Raises:
        OptimiserFault: weights are integers where floats are computed with, or a bias has several dimensions.
    """
    pending = list(graph)
    while pending:
        second = _linear(pending.pop())
        first = None if second is None else _linear(second.source)
        if first is None or second is None or len(first.layer.users) != 1:
            continue
        with blaming(second.layer if second.target not in {"Conv", "Dense"} else first.layer):
            fused = _fused(graph, first, second)
            if fused is not None:
                pending.append(graph.merge(first.layer, second.layer, *fused))


def _linear(layer: Layer) -> _Linear | None:
    if layer.erased or layer.op != CALL or layer.target not in _LINEAR:
        return None
    places = [place for place, arg in enumerate(layer.args) if isinstance(arg, Layer) and arg.op != CONSTANT]
    if len(places) != 1 or (layer.target in _WITH_WEIGHTS and places[0] > 0):
        return None
    return _Linear(layer, places[0])


def _fused(graph: LayerGraph, first: _Linear, second: _Linear) -> tuple[str, tuple[Arg, ...]] | None:
    pair = (first.target, second.target)
    if "Conv" in pair:
        return _with_convolution(graph, first, second)
    if "Dense" in pair:
        return _with_dense(graph, first, second)
    if "ScalarMad" in pair:
        return _with_scaling(graph, first, second)
    if pair in {("Add", "Add"), ("Mul", "Mul")}:
        return second.target, (first.source, _joined(graph, first, second))
    if pair == ("Add", "Sub"):
        joined = _joined(graph, first, second)
        return "Sub", (joined, first.source) if second.place == 1 else (first.source, joined)
    if pair == ("Sub", "Add"):
        joined = _joined(graph, first, second)
        return ("Add", (first.source, joined)) if first.place == 0 else ("Sub", (joined, first.source))
    return None


def _joined(graph: LayerGraph, first: _Linear, second: _Linear) -> Layer:
    """A constant computed from the constants of two layers."""
    shape = dims.broadcast(first.constant.sizes, second.constant.sizes)
    return _opaque(graph, first.constant.kind, shape, first.layer)


def _opaque(graph: LayerGraph, kind: str, shape: dims.Sizes, before: Layer) -> Layer:
    partial = Partial(kind, shape)
    values = None if partial.elements is None else [OPAQUE] * len(partial.elements)
    return graph.constant(Partial(kind, shape, values), before=before)


def _with_convolution(graph: LayerGraph, first: _Linear, second: _Linear) -> tuple[str, tuple[Arg, ...]] | None:
    pair = (first.target, second.target)
    if pair == ("ScalarMad", "Conv"):
        if first.bias != 0:
            return None
        _need_float_weights(second.weights)
        return "Conv", (first.source, *second.layer.args[1:])
    if pair == ("Conv", "ScalarMad"):
        _need_float_weights(first.weights)
        bias = _opaque(graph, FLOAT, first.weights.sizes[:1], first.layer)
        return "Conv", (*first.layer.args[:2], bias, *first.layer.args[3:])
    if pair != ("Conv", "Add"):
        return None
    _need_float_weights(first.weights)
    kernel, shape = first.weights.sizes, second.constant.sizes
    spatial = len(kernel) - 2
    fits = (
        dims.product(shape) == kernel[0]
        and spatial + 1 <= len(shape) <= len(kernel)
        and shape[-spatial - 1] == kernel[0]
    )
    if not fits:
        return None
    bias = _opaque(graph, FLOAT, kernel[:1], first.layer)
    return "Conv", (*first.layer.args[:2], bias, *first.layer.args[3:])


def _with_dense(graph: LayerGraph, first: _Linear, second: _Linear) -> tuple[str, tuple[Arg, ...]] | None:
    pair = (first.target, second.target)
    if pair == ("Dense", "Dense"):
        _need_float_weights(first.weights, second.weights)
        bias = _layer(first.layer.args[2]).known.sizes
        require(math.prod(size or 0 for size in bias[1:]) == 1, "dense-chain", f"a bias of shape {list(bias)}")
        weights = _opaque(graph, FLOAT, (first.weights.sizes[-2], second.weights.sizes[-1]), first.layer)
        return "Dense", (first.source, weights, _opaque(graph, FLOAT, second.weights.sizes[-1:], first.layer))
    if pair == ("Dense", "ScalarMad"):
        _need_float_weights(first.weights)
        return "Dense", first.layer.args
    if pair == ("ScalarMad", "Dense"):
        _need_float_weights(second.weights)
        return "Dense", (first.source, *second.layer.args[1:])
    return None


def _need_float_weights(*weights: Partial) -> None:
    if any(one.kind == INT for one in weights):
        raise Fault("int-kernel-fusion")


def _with_scaling(graph: LayerGraph, first: _Linear, second: _Linear) -> tuple[str, tuple[Arg, ...]] | None:
    pair = (first.target, second.target)
    if pair == ("ScalarMad", "ScalarMad"):
        scale = elements.multiply(second.scale, first.scale)
        bias = elements.add(elements.multiply(second.scale, first.bias), second.bias)
        return "ScalarMad", (first.source, first.layer.args[1], _argument(scale), _argument(bias))
    scaling, other = (first, second) if first.target == "ScalarMad" else (second, first)
    if not scaling.is_float:
        return None
    neutral = scaling.bias == 0 if other.target in {"Mul", "Div"} else scaling.scale == 1
    if not neutral:
        return None
    if other.constant.kind == INT:
        raise Fault("int-kernel-fusion")
    constant = _opaque(graph, FLOAT, other.constant.sizes, first.layer)
    if other.target in {"Add", "Mul"}:
        return other.target, (first.source, constant)
    if scaling is second and other.target == "Sub":
        # The side of the constant is mixed up here; that changes numbers, not whether the model imports.
        return "Sub", (first.source, constant)
    return other.target, (first.source, constant) if other.place == 0 else (constant, first.source)


def _number(arg: Arg) -> Element:
    return arg if isinstance(arg, int | float) else OPAQUE


def _argument(value: Element) -> Arg:
    return value if isinstance(value, int | float) else None


def _layer(arg: Arg) -> Layer:
    assert isinstance(arg, Layer)
    return arg
