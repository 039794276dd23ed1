"""What a converter sees of one operator: its options, its inputs as the importer holds them, the file's own shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from sentis_lint.graph import Node, Value
from sentis_lint.inference.sentis_litert.faults import Fault, Unknowable, require
from sentis_lint.inference.sentis_litert.layers import Layer, LayerGraph
from sentis_lint.inference.sentis_litert.layout import Permutation, relative
from sentis_lint.inference.sentis_litert.partial import FLOAT, INT

KINDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("float32", "float16", "float64", "bfloat16"), FLOAT),
    **dict.fromkeys(("int4", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool"), INT),
}
"""The importer's kind by dtype; it knows no other dtypes."""


class Held(NamedTuple):
    """A tensor as the importer holds it."""

    layer: Layer
    layout: Permutation
    constant: bool = False
    """A constant or a plain function of one: the importer would rather rearrange it than the other operand."""

    @classmethod
    def plain(cls, layer: Layer, *, constant: bool = False) -> Held:
        """A tensor with its axes in plain order.

        Raises:
            Fault: its rank is not known.
        """
        return cls(layer, Permutation.identity(layer.known.rank), constant)

    def rearranged(self, graph: LayerGraph, layout: Permutation | None = None) -> Layer:
        """The tensor in another layout, the plain one by default; a transposition where the axes have to move.

        Raises:
            Fault: the layout is for another rank.
        """
        if layout is None and self.layout.is_identity:
            return self.layer
        moved = relative(self.layout, layout)
        if moved.is_identity:
            return self.layer
        return graph.call("Transpose", self.layer, moved.axes)


class Operation:
    """One operator on its way through the importer."""

    def __init__(
        self,
        node: Node,
        name: str,
        graph: LayerGraph,
        held: Mapping[str, Held | None],
        values: Mapping[str, Value],
    ) -> None:
        """Describe an operator.

        Args:
            node: the operator.
            name: what the importer takes it for.
            graph: where layers are added.
            held: what the importer holds by value; None for what could not be converted.
            values: the file's own description of the values.
        """
        self.node = node
        self.node_name = name
        self.graph = graph
        self.results: dict[int, Held] = {}
        self._held = held
        self._values = values

    # Options

    def need_options(self) -> None:
        """Fault unless the table of options is present.

        Raises:
            Fault: it is absent.
        """
        require(self.node.has_options, "no-options")

    def number(self, name: str, default: int = 0) -> int:
        """A numeric option."""
        attribute = self.node.attributes.get(name)
        return default if attribute is None or not isinstance(attribute.value, int) else int(attribute.value)

    def real(self, name: str, default: float = 0.0) -> float:
        """A floating-point option."""
        attribute = self.node.attributes.get(name)
        return default if attribute is None or not isinstance(attribute.value, int | float) else float(attribute.value)

    def text(self, name: str, default: str) -> str:
        """An enumerated option, by the name of its member."""
        attribute = self.node.attributes.get(name)
        return default if attribute is None else str(attribute.value)

    def numbers(self, name: str) -> tuple[int, ...] | None:
        """An option that is a list of ints; None where it is absent."""
        attribute = self.node.attributes.get(name)
        return None if attribute is None or not isinstance(attribute.value, tuple) else attribute.value

    # Inputs

    @property
    def n_inputs(self) -> int:
        """Number of inputs listed."""
        return len(self.node.inputs)

    def optional(self, index: int) -> Held | None:
        """An input as it is held; None where it is left out or nothing made it.

        Raises:
            Unknowable: it depends on what could not be converted.
        """
        name = self.node.inputs[index] if index < self.n_inputs else None
        if name is None or name not in self._held:
            return None
        held = self._held[name]
        if held is None:
            raise Unknowable
        return held

    def held(self, index: int) -> Held:
        """A required input as it is held.

        Raises:
            Fault: it is left out, or nothing made it.
        """
        held = self.optional(index)
        if held is None:
            raise Fault("null-input", f"input {index}")
        return held

    def plain(self, index: int, layout: Permutation | None = None) -> Layer:
        """A required input in plain order, or in a given layout.

        Raises:
            Fault: it is left out, or the layout is for another rank.
        """
        return self.held(index).rearranged(self.graph, layout)

    def optional_plain(self, index: int) -> Layer | None:
        """An optional input in plain order."""
        held = self.optional(index)
        return None if held is None else held.rearranged(self.graph)

    def file_shape(self, index: int) -> list[int]:
        """The shape the file gives for an input, -1 for unknown sizes.

        Raises:
            Fault: no such input.
        """
        name = self.node.inputs[index] if index < self.n_inputs else None
        return self._file_shape(name, "null-input")

    def output_shape(self, index: int = 0) -> list[int]:
        """The shape the file gives for an output, -1 for unknown sizes.

        Raises:
            Fault: no such output.
        """
        name = self.node.outputs[index] if index < len(self.node.outputs) else None
        return self._file_shape(name, "no-output")

    def _file_shape(self, name: str | None, code: str) -> list[int]:
        value = None if name is None else self._values.get(name)
        if value is None:
            raise Fault(code)
        return [dim if isinstance(dim, int) else -1 for dim in value.shape or ()]

    def output_kind(self, index: int = 0) -> str:
        """Kind of an output by the file's dtype.

        Raises:
            Fault: the importer has no kind for that dtype.
        """
        name = self.node.outputs[index] if index < len(self.node.outputs) else None
        value = None if name is None else self._values.get(name)
        kind = KINDS.get((value.dtype or "") if value is not None else "")
        if kind is None:
            raise Fault("output-type", str(value.dtype) if value is not None else "")
        return kind

    # Results

    def give(self, layer: Layer, index: int = 0) -> None:
        """Set an output to a tensor in plain order.

        Raises:
            Fault: its rank is not known, or there is no such output.
        """
        self.give_held(Held.plain(layer), index)

    def give_held(self, held: Held, index: int = 0) -> None:
        """Set an output.

        Raises:
            Fault: there is no such output.
        """
        require(index < len(self.node.outputs) and self.node.outputs[index] is not None, "no-output")
        self.results[index] = held

    # Helpers shared by converters

    def activated(self, layer: Layer) -> Layer:
        """A layer followed by the fused activation; activations the importer does not know are dropped."""
        activation = self.text("fused_activation_function", "NONE")
        if activation == "RELU_N1_TO_1":
            return self.graph.call("Clip", layer, self.graph.scalar(FLOAT, -1.0), self.graph.scalar(FLOAT, 1.0))
        target = {"RELU": "Relu", "RELU6": "Relu6", "TANH": "Tanh"}.get(activation)
        return layer if target is None else self.graph.call(target, layer)

    def with_rank(self, layer: Layer, rank: int, *, append: bool = False) -> Layer:
        """A layer with dimensions of size 1 added in front (or at the end).

        Raises:
            Fault: it has more dimensions already.
        """
        missing = rank - layer.known.rank
        require(missing >= 0, "rank", f"rank {layer.known.rank} over {rank}")
        if missing == 0:
            return layer
        axes = [rank - 1 - i for i in range(missing)] if append else list(range(missing))
        return self.graph.call("Unsqueeze", layer, self.graph.ints(axes))


def at(values: Sequence[int], index: int) -> int:
    """A member of a list, negative indices counted from the end.

    Raises:
        Fault: the list is shorter.
    """
    require(-len(values) <= index < len(values), "axis", f"dimension {index} of {len(values)}")
    return values[index]


def inner(values: Sequence[int]) -> list[int]:
    """A list without its first and last member.

    Raises:
        Fault: it has fewer than two.
    """
    require(len(values) > 1, "axis", f"{len(values)} dimensions")
    return list(values[1:-1])
