"""LiteRT as the Sentis importer reads it, for the engine."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cached_property
from typing import Final

from sentis_lint.graph import Graph, Node, Value
from sentis_lint.inference.facts import UNKNOWN, Fact
from sentis_lint.inference.litert import FileDialect
from sentis_lint.inference.sentis_litert.faults import OPTIMISER_CODES
from sentis_lint.inference.sentis_litert.importer import Import, Importer, chosen_signature, is_constant, stored_shape
from sentis_lint.inference.sentis_litert.operation import KINDS
from sentis_lint.inference.sentis_litert.partial import FLOAT, INT, Partial
from sentis_lint.readers import litert_schema

LAST_OF_OLD_FIELD: Final = 127
"""Operator codes up to this one are taken from the old, one-byte field."""

_DTYPES: Final = {FLOAT: "float32", INT: "int32"}


class LiteRTDialect(FileDialect):
    """What Sentis makes of a LiteRT model.

    The importer is a single pass with a state of its own (see `importer`), so the whole model is imported at once and
    the engine is handed what came of each node. Facts of results are what the importer tracks, not what the file says.
    """

    enters_subgraphs = False

    @cached_property
    def imported(self) -> Import:
        """What came of importing the model."""
        return Importer(self.model, self.operator, self.elements).run()

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
        elements = None if known is None else tuple(known)
        return Fact(value.dtype, stored_shape(value), elements, constant=True, stored=True)

    def operator(self, node: Node) -> str:
        """The operator a node is taken for: by the new field of its code above 127, else by the old one."""
        if node.codes is None:
            return node.op_type
        new, old = node.codes
        code = new if new > LAST_OF_OLD_FIELD else old
        return litert_schema.operator_names().get(code, f"UNKNOWN_{code}")

    def identities(self, nodes: Sequence[Node]) -> list[Hashable]:
        """Nodes are alike where the importer made the same of them, and the file says the same of their operands."""
        # What is the same is the same object: see `declared` and `_fact`.
        imported, declared = self.imported, self.declared
        blamed = imported.faults.keys() | imported.doubts.keys() | imported.late.keys()
        return [
            (
                self.operator(node),
                node.custom_code,
                id(node.attributes),
                node.has_options,
                node.options_type,
                *[id(declared(name)) for name in node.inputs],
                None,
                *[id(declared(name)) for name in node.outputs],
                *map(id, self._results(node)),
                node.codes,
                *(tuple(self.context(node).values())[-2:] if node.index in blamed else ()),
            )
            for node in nodes
        ]

    def infer(self, node: Node, inputs: Sequence[Fact | None]) -> Sequence[Fact]:
        """What the importer tracks of the results; nothing where it gives up on the node or before it."""
        return self._results(node)

    def _results(self, node: Node) -> tuple[Fact, ...]:
        known = self.imported.results.get(node.index, {})
        facts = []
        for position, name in enumerate(node.outputs):
            partial = known.get(position)
            facts.append(UNKNOWN if partial is None or name is None else self._fact(partial, name))
        return tuple(facts)

    def _fact(self, partial: Partial, name: str) -> Fact:
        held = self.imported.held.get(name)
        declared = self.values.get(name)
        axes = None if held is None else held.layout.axes
        key = (partial, None if declared is None else declared.dtype, axes)
        fact = self._facts.get(key)
        if fact is None:
            fact = self._facts[key] = self.table.intern(_made_fact(*key))
        return fact

    @cached_property
    def _facts(self) -> dict[tuple[Partial, str | None, tuple[int, ...] | None], Fact]:
        return {}

    def context(self, node: Node) -> dict[str, tuple[object, ...]]:
        """The file's facts of a node, and why the importer gives up on it (`faults`) or might (`doubts`)."""
        fault, doubt = self.imported.faults.get(node.index), self.imported.doubts.get(node.index)
        late = self.imported.late.get(node.index)
        certain = [] if fault is None else [fault.code]
        doubtful = [] if doubt is None else [doubt.code]
        if late is not None:
            (certain if late.code in OPTIMISER_CODES else doubtful).append(late.code)
        return {**super().context(node), "faults": tuple(certain), "doubts": tuple(doubtful)}


def _made_fact(partial: Partial, declared: str | None, axes: tuple[int, ...] | None) -> Fact:
    """What the importer knows of a value, as a fact.

    Args:
        partial: its knowledge.
        declared: the dtype the file gives.
        axes: the order in which axes are held; None for plain order.
    """
    dtype = _DTYPES[partial.kind]
    if declared is not None and KINDS.get(declared) == partial.kind:
        dtype = declared
    layout = None if axes == tuple(range(len(partial.shape or ()))) else axes
    known = None
    if partial.elements is not None and layout is None:
        known = tuple(element if isinstance(element, int | float) else None for element in partial.elements)
        known = None if all(element is None for element in known) else known
    return Fact(dtype, partial.shape, known, constant=partial.is_static, layout=layout)
