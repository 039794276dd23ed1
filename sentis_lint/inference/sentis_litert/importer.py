"""The importer's pass over a model: constants, inputs, operators in file order, outputs.

Source: com.unity.ai.inference Editor/LiteRT/LiteRTModelConverter.cs and LiteRTTensorExtensions.cs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from sentis_lint.graph import Graph, Model, Node, Signature, Tensor, Value
from sentis_lint.inference.sentis_litert import dims, optimiser
from sentis_lint.inference.sentis_litert.elements import OPAQUE, Element, single, wrapped
from sentis_lint.inference.sentis_litert.faults import Fault, Unknowable
from sentis_lint.inference.sentis_litert.layers import Layer, LayerGraph
from sentis_lint.inference.sentis_litert.layout import Permutation
from sentis_lint.inference.sentis_litert.operation import KINDS, Held, Operation
from sentis_lint.inference.sentis_litert.operators import CONVERTERS
from sentis_lint.inference.sentis_litert.partial import FLOAT, INT, MAX_TRACKED, Partial
from sentis_lint.records import field, record, replace

CONSTANT_SIZES: Final = {
    "float16": 2,
    "float32": 4,
    "float64": 8,
    "bool": 1,
    "int8": 1,
    "int16": 2,
    "int32": 4,
    "int64": 8,
    "uint8": 1,
    "uint16": 2,
    "uint32": 4,
    "uint64": 8,
}
"""Bytes of an element by dtype, for the dtypes of which the importer reads constants."""

_LENIENT: Final = frozenset({"float32", "int32"})
"""Constants of these dtypes may hold more bytes than their shape needs."""


@record
class Import:
    """What came of importing a model, as far as it can be told."""

    faults: dict[int, Fault] = field(default_factory=dict)
    """Why conversion gives up, by index of the operator. The importer stops at the first; the others are as certain."""
    doubts: dict[int, Fault] = field(default_factory=dict)
    """Why conversion would give up, if what could not be made before came out as the file says."""
    late: dict[int, Fault] = field(default_factory=dict)
    """Why the optimiser gave up, by index of the operator to blame; looked for only where conversion succeeds."""
    results: dict[int, dict[int, Partial]] = field(default_factory=dict)
    """What the importer knows of results, in plain order of axes, by index of the operator and of the output."""
    held: dict[str, Held | None] = field(default_factory=dict)
    """What is held by value at the end; None for what is neither made nor described well enough to be assumed."""
    unknown: bool = False
    """Something stands in the way besides `faults`: an operator that is not handled, a constant that is not read."""


class Importer:
    """One pass over a model."""

    def __init__(
        self,
        model: Model,
        operator: Callable[[Node], str],
        elements: Callable[[Tensor], Sequence[object] | None],
    ) -> None:
        """Prepare a pass.

        Args:
            model: a LiteRT model with at least one subgraph.
            operator: the name of the operator a node is taken for.
            elements: the elements of a small constant.
        """
        self._model = model
        self._graph: Graph = model.graphs[0]
        self._operator = operator
        self._elements = elements
        self._by_index = {value.index: name for name, value in self._graph.value_info.items()}
        self._layers = LayerGraph()
        self._assumed: set[str] = set()
        """Values that are only assumed to be as the file says, or that depend on such."""
        self._plain: dict[tuple[Partial, Permutation], Partial] = {}
        self.result = Import()

    def run(self) -> Import:
        """Import the model as far as possible."""
        self._constants()
        self._inputs()
        for node in self._graph.nodes:
            self._convert(node)
        outputs = self._outputs()
        if not (self.result.unknown or self.result.faults):
            self._optimise(outputs)
        return self.result

    # Boundary

    def _constants(self) -> None:
        for name, value in self._graph.value_info.items():
            if is_constant(value):
                partial = self._constant(value)
                if partial is None:
                    self.result.unknown = True
                    self._assume(name)
                else:
                    self.result.held[name] = Held.plain(self._layers.constant(partial), constant=True)

    def _assume(self, name: str) -> None:
        """Go on with a value as the file describes it."""
        value = self._graph.value_info.get(name)
        kind = None if value is None else KINDS.get(value.dtype or "")
        shape = None if value is None else value.shape
        self._assumed.add(name)
        self.result.held[name] = None
        if kind is not None and shape is not None and len(shape) <= dims.MAX_RANK:
            sizes = tuple(size if isinstance(size, int) and size >= 0 else None for size in shape)
            self.result.held[name] = Held.plain(self._layers.input(Partial(kind, sizes)))

    def _constant(self, value: Value) -> Partial | None:
        """A constant; None where the importer gives up on it (limits on constants say why)."""
        dtype, shape = value.dtype or "", stored_shape(value)
        width = CONSTANT_SIZES.get(dtype)
        if width is None or value.sparse or len(shape) > dims.MAX_RANK or any(size < 0 for size in shape):
            return None
        count = math.prod(shape)
        stored = value.constant.storage.length if value.constant is not None and count else 0
        if stored != count * width and not (dtype in _LENIENT and stored > count * width):
            return None
        if value.constant is not None and value.constant.storage.field == "missing":
            return None
        known = self._constant_elements(value.constant, count, width) if count else []
        return Partial(FLOAT if dtype.startswith("float") else INT, shape, known)

    def _constant_elements(self, tensor: Tensor | None, count: int, width: int) -> list[Element]:
        if count > MAX_TRACKED or tensor is None:
            return []
        # What is stored beyond the shape is not read.
        stored = self._elements(replace(tensor, storage=replace(tensor.storage, length=count * width)))
        if stored is None:
            return [OPAQUE] * count
        return [_tracked(element) for element in stored[:count]]

    def _inputs(self) -> None:
        signature = chosen_signature(self._model)
        names = [value.name for value in self._graph.inputs]
        if signature is not None:
            names = [name for _, value in signature.inputs for name in self._in_main(signature, value)]
        for name in names:
            value = self._graph.value_info.get(name)
            kind = None if value is None else KINDS.get(value.dtype or "")
            shape = None if value is None else [dim if isinstance(dim, int) else -1 for dim in value.shape or ()]
            if kind is None or shape is None or len(shape) > dims.MAX_RANK or any(dim < -1 for dim in shape):
                self.result.unknown = True
                self._assume(name)
                continue
            self._assumed.discard(name)
            sizes = tuple(None if dim == -1 else dim for dim in shape)
            self.result.held[name] = Held.plain(self._layers.input(Partial(kind, sizes)))

    def _in_main(self, signature: Signature, name: str) -> list[str]:
        # The importer takes the signature's indices for indices into the first subgraph, whichever is meant.
        graphs = self._model.graphs
        if signature.subgraph == 0 or signature.subgraph >= len(graphs):
            return [name]
        value = graphs[signature.subgraph].value_info.get(name)
        return [self._by_index.get(value.index, "")] if value is not None else [""]

    def _outputs(self) -> list[Layer]:
        signature = chosen_signature(self._model)
        names = [value.name for value in self._graph.outputs]
        if signature is not None:
            names = [name for _, value in signature.outputs for name in self._in_main(signature, value)]
        layers: list[Layer] = []
        for name in names:
            held = self.result.held.get(name)
            if held is None or name in self._assumed:
                # A missing output is for the limits on outputs; an assumed one is a consequence.
                self.result.unknown = True
                continue
            try:
                layers.append(held.rearranged(self._layers))
            except Fault as fault:
                self.result.faults.setdefault(self._maker(name), fault)
        return layers

    def _maker(self, name: str) -> int:
        return max((node.index for node in self._graph.nodes if name in node.outputs), default=-1)

    # Operators

    def _convert(self, node: Node) -> None:
        name = self._operator(node)
        converter = CONVERTERS.get(name)
        assumed = bool(self._assumed) and not self._assumed.isdisjoint(node.inputs)
        operation = Operation(node, name, self._layers, self.result.held, self._graph.value_info)
        if converter is None:
            self.result.unknown = True
        else:
            self._layers.origin = node.index
            try:
                converter(operation)
            except Fault as fault:
                (self.result.doubts if assumed else self.result.faults)[node.index] = fault
                converter = None
            except Unknowable:
                converter = None
        known: dict[int, Partial] = {}
        for index, output in enumerate(node.outputs):
            if output is None:
                continue
            held = operation.results.get(index)
            if converter is None:
                self._assume(output)
            elif held is not None:
                self.result.held[output] = held
                known[index] = self._plain_partial(held)
                (self._assumed.add if assumed else self._assumed.discard)(output)
        self.result.results[node.index] = known

    def _plain_partial(self, held: Held) -> Partial:
        """What is known of a held tensor, with its axes in plain order; the same object for the same knowledge."""
        if held.layout.is_identity:
            return held.layer.known
        key = (held.layer.known, held.layout)
        plain = self._plain.get(key)
        if plain is None:
            plain = self._plain[key] = self._layers.intern(plain_partial(held))
        return plain

    def _optimise(self, outputs: list[Layer]) -> None:
        self._layers.origin = -1
        try:
            optimiser.run(self._layers, outputs)
        except optimiser.OptimiserFault as failure:
            self.result.late[failure.origin] = failure.fault


def is_constant(value: Value) -> bool:
    """Whether the importer takes a value for a constant: it has data in the file proper, or a size of 0.

    A value whose buffer the file does not have counts as one too: the importer fails on looking for its data.
    """
    storage = value.constant.storage if value.constant is not None else None
    if storage is not None and (storage.field == "missing" or (storage.field == "buffer" and storage.length > 0)):
        return True
    return 0 in (value.shape or ())


def stored_shape(value: Value) -> tuple[int, ...]:
    """The shape that constants are read with: never the one with unknown sizes."""
    shape = value.static_shape if value.static_shape is not None else value.shape or ()
    return tuple(dim if isinstance(dim, int) else -1 for dim in shape)


def chosen_signature(model: Model) -> Signature | None:
    """The signature the importer takes by default: the last of those with the first one's key."""
    if not model.signatures:
        return None
    key = model.signatures[0].key
    return [signature for signature in model.signatures if signature.key == key][-1]


def plain_partial(held: Held) -> Partial:
    """What is known of a held tensor, with its axes in plain order where the layout makes sense."""
    partial = held.layer.known
    axes = held.layout.axes
    if partial.shape is None or held.layout.is_identity or sorted(axes) != list(range(len(partial.shape))):
        return partial
    inverse = held.layout.inverse().axes
    return Partial(partial.kind, tuple(partial.shape[axis] for axis in inverse))


def _tracked(element: object) -> Element:
    if isinstance(element, bool):
        return int(element)
    if isinstance(element, int):
        # Wider integers are clamped.
        return min(max(element, dims.INT_MIN), dims.INT_MAX)
    return single(element) if isinstance(element, float) else OPAQUE


__all__ = ["Import", "Importer", "chosen_signature", "is_constant", "plain_partial", "stored_shape", "wrapped"]
