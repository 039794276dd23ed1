"""LiteRT as the Sentis importer reads it, for the engine."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property
from typing import Final

from sentis_lint.conditions import NodeView
from sentis_lint.graph import Graph, Model, Node, Tensor, Value
from sentis_lint.inference.facts import MAX_ELEMENTS, UNKNOWN, Element, Fact, FactTable
from sentis_lint.inference.sentis_litert.faults import OPTIMISER_CODES
from sentis_lint.inference.sentis_litert.importer import Import, Importer, chosen_signature, is_constant, stored_shape
from sentis_lint.inference.sentis_litert.operation import KINDS, Held
from sentis_lint.inference.sentis_litert.partial import FLOAT, Partial
from sentis_lint.readers import litert_schema
from sentis_lint.readers.constants import elements
from sentis_lint.tables import FormatTables
from sentis_lint.walk import Uses

LAST_OF_OLD_FIELD: Final = 127
"""Operator codes up to this one are taken from the old, one-byte field."""

MAX_FLOATS: Final = 64
"""Floating-point constants with more elements are weights: no rule asks for their values."""

_CUSTOM: Final = "CUSTOM"
_DTYPES: Final = {FLOAT: "float32", "int": "int32"}


class LiteRTDialect:
    """What Sentis makes of a LiteRT model.

    The importer is a single pass with a state of its own (see `importer`), so the whole model is imported at once and
    the engine is handed what came of each node. Facts of results are what the importer tracks, not what the file says.
    """

    in_file_order = True

    def __init__(self, model: Model, tables: FormatTables) -> None:
        self.model = model
        self.table = FactTable()
        self.target_types: Mapping[str, str] = tables.target_types
        self._names = litert_schema.operator_names()

    @cached_property
    def imported(self) -> Import:
        """What came of importing the model."""
        return Importer(self.model, self.operator, self.elements).run()

    def elements(self, tensor: Tensor) -> Sequence[Element] | None:
        """Elements of a small constant; None if it is large or unreadable."""
        size = tensor.size
        if size > MAX_ELEMENTS or (size > MAX_FLOATS and "float" in tensor.dtype):
            return None
        return elements(tensor, self.model)

    def boundary(self, graph: Graph) -> dict[str, Fact]:
        """Facts of the inputs of the signature the importer takes, and of constants."""
        facts = {
            name: self.table.intern(self._constant(value))
            for name, value in graph.value_info.items()
            if is_constant(value)
        }
        signature = chosen_signature(self.model)
        names = [value.name for value in graph.inputs]
        for name in names if signature is None else [value for _, value in signature.inputs]:
            value = graph.value_info.get(name)
            if value is not None:
                facts[name] = self.table.intern(Fact(value.dtype, value.shape))
        return facts

    def _constant(self, value: Value) -> Fact:
        tensor = value.constant
        known = None if tensor is None or tensor.storage.field != "buffer" else self.elements(tensor)
        return Fact(
            value.dtype, stored_shape(value), None if known is None else tuple(known), constant=True, stored=True
        )

    def operator(self, node: Node) -> str:
        """The operator a node is taken for: by the new field of its code above 127, else by the old one.

        A custom operator goes by ``CUSTOM.<its name>``, so that its name is that of no builtin one.
        """
        if node.codes is None:
            return node.op_type
        new, old = node.codes
        code = new if new > LAST_OF_OLD_FIELD else old
        name = self._names.get(code, f"UNKNOWN_{code}")
        return f"{name}.{node.custom_code}" if name == _CUSTOM and node.custom_code else name

    def identities(self, nodes: Sequence[Node]) -> list[Hashable]:
        """Each node stands for itself: the file describes its results, and the importer has a state of its own."""
        return list(range(len(nodes)))

    def infer(self, node: Node, inputs: Sequence[Fact | None]) -> Sequence[Fact]:
        """What the importer tracks of the results; nothing where it gives up on the node or before it."""
        known = self.imported.results.get(node.index, {})
        facts = []
        for position, name in enumerate(node.outputs):
            partial = known.get(position)
            facts.append(UNKNOWN if partial is None or name is None else self._fact(partial, name))
        return facts

    def _fact(self, partial: Partial, name: str) -> Fact:
        held = self.imported.held.get(name)
        declared = self.model.graphs[0].value_info.get(name)
        dtype = _DTYPES[partial.kind]
        if declared is not None and KINDS.get(declared.dtype or "") == partial.kind:
            dtype = declared.dtype or dtype
        known = None
        if partial.elements is not None and _in_plain_order(held):
            known = tuple(element if isinstance(element, int | float) else None for element in partial.elements)
            known = None if all(element is None for element in known) else known
        axes = None if held is None else held.layout.axes
        layout = None if axes == tuple(range(len(partial.shape or ()))) else axes
        return Fact(dtype, partial.shape, known, constant=partial.is_static, layout=layout)

    def view(self, node: Node, inputs: Sequence[Fact | None], outputs: Sequence[Fact], uses: Uses) -> NodeView:
        """What conditions see of the node."""
        schema = litert_schema.operators().get(self.operator(node))
        options = None if schema is None or schema.options is None else litert_schema.options_table(schema.options)
        return NodeView(
            node=node,
            inputs=inputs,
            outputs=outputs,
            uses=uses,
            opset=node.version,
            effective_opset=None,
            attributes=None
            if options is None or not node.has_options
            else {option.name: (option.type, option.default) for option in options.options},
            target_types=self.target_types,
            context=self._context(node),
        )

    def _context(self, node: Node) -> dict[str, object]:
        certain: list[str] = []
        doubtful: list[str] = []
        for found, codes in ((self.imported.faults, certain), (self.imported.doubts, doubtful)):
            fault = found.get(node.index)
            if fault is not None:
                codes.append(fault.code)
        late = self.imported.late.get(node.index)
        if late is not None:
            (certain if late.code in OPTIMISER_CODES else doubtful).append(late.code)
        return {
            "faults": tuple(certain),
            "doubts": tuple(doubtful),
            "file_inputs": tuple(self._in_file(name) for name in node.inputs),
            "file_outputs": tuple(self._in_file(name) for name in node.outputs),
        }

    def _in_file(self, name: str | None) -> tuple[str | None, tuple[int, ...] | None]:
        value = None if name is None else self.model.graphs[0].value_info.get(name)
        if value is None or value.shape is None:
            return None, None
        return value.dtype, tuple(size if isinstance(size, int) else -1 for size in value.shape)


def _in_plain_order(held: Held | None) -> bool:
    return held is not None and held.layout.is_identity
