"""What a condition sees of one node: its attributes, the facts of its inputs and outputs, its place in the graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sentis_lint.conditions.evaluate import ABSENT, State, Symbol, Value
from sentis_lint.graph import Attribute, Node, Tensor
from sentis_lint.inference.facts import Element, Fact

UNSUPPORTED = "unsupported"
"""`NodeView.target_type` of a dtype that the target has nothing for."""

_PLAIN = (int, float, str, bool)


class NodeView:
    """One node as conditions see it. Its methods are the functions of the language, under the same names.

    An index is that of an input (or output) as the node lists them, from 0. Whatever is asked of an input or output
    that is not listed, or left out, is unknown, except for `has_input` and its like, which are no.
    """

    __slots__ = (
        "_attributes",
        "_schema",
        "_target_types",
        "_tensor_elements",
        "_values",
        "context",
        "domain",
        "effective_opset",
        "inputs",
        "n_inputs",
        "n_outputs",
        "node",
        "op_type",
        "opset",
        "outputs",
        "uses",
    )

    def __init__(
        self,
        *,
        node: Node,
        inputs: Sequence[Fact | None],
        outputs: Sequence[Fact | None],
        uses: Sequence[tuple[bool, bool]],
        opset: int | None,
        effective_opset: int | None,
        attributes: Mapping[str, tuple[Any, ...]] | None,
        target_types: Mapping[str, str],
        tensor_elements: Callable[[Tensor], Sequence[Any] | None] = lambda tensor: None,
        context: Mapping[str, Value] | None = None,
    ) -> None:
        """Describe a node.

        Args:
            node: the node itself.
            inputs: a fact for each listed input; None where it is left out.
            outputs: a fact for each listed output.
            uses: for each listed output, whether a node consumes it and whether it is an output of the graph.
            opset: version of the node's domain; None: not known.
            effective_opset: version that the target's importer goes by.
            attributes: what the standard declares for this operator and opset: ``(type, default, …)`` by name, as
                `standards.Schema.attributes` has it, the default None or `ABSENT` where there is none. None: the
                standard does not know the operator, so every attribute counts as the node carries it.
            target_types: the target's type (``float``, ``int``) by dtype; a dtype it lacks is unsupported there.
            tensor_elements: elements of a small constant, flat and row-major; None for one that is not to be read.
            context: further facts about the node's place in the model by name, for predicates that ask for them.
        """
        self.node = node
        self.inputs = inputs
        self.outputs = outputs
        self.uses = uses
        self.opset = opset
        self.effective_opset = effective_opset
        self.op_type = node.op_type
        self.domain = node.domain
        self.context = context or {}
        self.n_inputs = _listed(inputs)
        self.n_outputs = _listed(node.outputs)
        self._attributes = node.attributes
        self._schema = attributes
        self._target_types = target_types
        self._tensor_elements = tensor_elements
        self._values: dict[str | int, Value] = {}

    # Attributes

    def attribute(self, name: str) -> Value:
        """Value of an attribute: the node's, else the standard's default, else `ABSENT`.

        The elements stand for a small tensor. Unknown: a graph, a type, a large tensor, a reference to an attribute of
        the enclosing function. An attribute stored with another type than the standard's counts as not carried.
        """
        try:
            return self._values[name]
        except KeyError:
            value = self._values[name] = self._attribute(name)
            return value

    def _attribute(self, name: str) -> Value:
        declared = self._schema.get(name) if self._schema else None
        attribute = self._attributes.get(name)
        if attribute is not None and (declared is None or declared[0] == attribute.type):
            return self._carried(attribute)
        if declared is None or declared[1] is None:
            return ABSENT
        return _as_value(declared[1])

    def _carried(self, attribute: Attribute) -> Value:
        if attribute.reference is not None:
            return None
        value = attribute.value
        if isinstance(value, Tensor):
            elements = self._tensor_elements(value)
            return None if elements is None else _elements(elements, value.dtype)
        return _as_value(value)

    def present(self, name: str) -> State:
        """Whether the node carries the attribute, with the type the standard wants."""
        attribute = self._attributes.get(name)
        if attribute is None:
            return False
        declared = self._schema.get(name) if self._schema else None
        if declared is not None and declared[0] != attribute.type:
            return False
        return None if attribute.reference is not None else True

    def stored_type(self, name: str) -> str:
        """Type the attribute is stored with, whatever the standard wants; ``""`` where the node does not carry it."""
        attribute = self._attributes.get(name)
        return "" if attribute is None else attribute.type

    def tensor_dtype(self, name: str) -> str | None:
        """Dtype of a tensor attribute; unknown where there is no tensor."""
        tensor = self._tensor(name)
        return None if tensor is None else tensor.dtype

    def tensor_storage(self, name: str) -> str | None:
        """Field that holds the data of a tensor attribute (``raw float_data …``, see `graph.Storage.field`)."""
        tensor = self._tensor(name)
        return None if tensor is None else tensor.storage.field

    def tensor_shape(self, name: str) -> Value:
        """Shape of a tensor attribute."""
        tensor = self._tensor(name)
        return None if tensor is None else tuple(tensor.shape)

    def _tensor(self, name: str) -> Tensor | None:
        attribute = self._attributes.get(name)
        return attribute.value if attribute is not None and isinstance(attribute.value, Tensor) else None

    # Inputs

    def input(self, index: int) -> Fact | None:
        """The fact of an input; None where it is not listed or left out."""
        return self.inputs[index] if 0 <= index < len(self.inputs) else None

    def has_input(self, index: int) -> bool:
        """Whether an input is listed and not left out."""
        return self.input(index) is not None

    def rank(self, index: int) -> int | None:
        """Number of dimensions of an input."""
        return _rank(self.input(index))

    def shape(self, index: int) -> Value:
        """Dimensions of an input."""
        return _shape(self.input(index))

    def dim(self, index: int, axis: int) -> Value:
        """One dimension of an input; a negative axis counts from the end."""
        return _dim(self.input(index), axis)

    def numel(self, index: int) -> int | None:
        """Number of elements of an input."""
        fact = self.input(index)
        if fact is None or fact.shape is None:
            return None
        return 0 if 0 in fact.shape else fact.size

    def dtype(self, index: int) -> str | None:
        """Dtype of an input, as the model's standard has it."""
        fact = self.input(index)
        return None if fact is None else fact.dtype

    def target_type(self, index: int) -> str | None:
        """What the target makes of an input's dtype: ``float``, ``int``, or ``unsupported``."""
        dtype = self.dtype(index)
        return None if dtype is None else self._target_types.get(dtype, UNSUPPORTED)

    def const(self, index: int) -> bool | None:
        """Whether an input is known before the model runs."""
        fact = self.input(index)
        return None if fact is None else fact.constant

    def stored(self, index: int) -> bool | None:
        """Whether an input is stored in the file."""
        fact = self.input(index)
        return None if fact is None else fact.stored

    def value(self, index: int) -> Value:
        """Elements of an input, flat and row-major."""
        if index not in self._values:
            fact = self.input(index)
            known = None if fact is None or fact.elements is None else _elements(fact.elements, fact.dtype)
            self._values[index] = known
        return self._values[index]

    def kind(self, index: int) -> str | None:
        """``tensor``, or what else an input is typed as (``sequence optional map sparse_tensor``)."""
        fact = self.input(index)
        return None if fact is None else fact.kind

    def missing(self, index: int) -> bool | None:
        """Whether nothing produces an input."""
        fact = self.input(index)
        return None if fact is None else fact.missing

    # Outputs

    def output(self, index: int) -> Fact | None:
        """The fact of an output; None where it is not listed or left out."""
        return self.outputs[index] if self.has_output(index) and index < len(self.outputs) else None

    def has_output(self, index: int) -> bool:
        """Whether an output is listed and not left out."""
        names = self.node.outputs
        return 0 <= index < len(names) and bool(names[index])

    def out_rank(self, index: int) -> int | None:
        """Number of dimensions of an output."""
        return _rank(self.output(index))

    def out_shape(self, index: int) -> Value:
        """Dimensions of an output."""
        return _shape(self.output(index))

    def out_dim(self, index: int, axis: int) -> Value:
        """One dimension of an output; a negative axis counts from the end."""
        return _dim(self.output(index), axis)

    def out_dtype(self, index: int) -> str | None:
        """Dtype of an output."""
        fact = self.output(index)
        return None if fact is None else fact.dtype

    def used_output(self, index: int) -> bool:
        """Whether a node or the graph's outputs use an output."""
        return self.consumed_output(index) or self.graph_output(index)

    def consumed_output(self, index: int) -> bool:
        """Whether a node consumes an output."""
        return 0 <= index < len(self.uses) and self.uses[index][0]

    def graph_output(self, index: int) -> bool:
        """Whether an output is one of the graph's."""
        return 0 <= index < len(self.uses) and self.uses[index][1]


def _listed(entries: Sequence[object]) -> int:
    count = len(entries)
    while count and not _is_there(entries[count - 1]):
        count -= 1
    return count


def _is_there(entry: object) -> bool:
    return entry is not None and entry != ""


def _rank(fact: Fact | None) -> int | None:
    return None if fact is None or fact.shape is None else len(fact.shape)


def _shape(fact: Fact | None) -> Value:
    if fact is None or fact.shape is None:
        return None
    return tuple(Symbol(dim) if dim.__class__ is str else dim for dim in fact.shape)


def _dim(fact: Fact | None, axis: int) -> Value:
    if fact is None or fact.shape is None or not -len(fact.shape) <= axis < len(fact.shape):
        return None
    dim = fact.shape[axis]
    return Symbol(dim) if isinstance(dim, str) else dim


def _elements(elements: Sequence[Element], dtype: str | None) -> tuple[Value, ...]:
    # A str among the elements of a number tensor is the name of a size.
    if dtype == "string":
        return tuple(_as_value(element) for element in elements)
    return tuple(Symbol(element) if isinstance(element, str) else element for element in elements)


def _as_value(value: Any) -> Value:
    if isinstance(value, tuple | list):
        return tuple(_as_value(member) for member in value)
    return value if isinstance(value, _PLAIN) or value is ABSENT else None
