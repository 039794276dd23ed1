"""Views of nodes made by hand, for tests of conditions and predicates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sentis_lint.conditions import NodeView
from sentis_lint.graph import Attribute, Node, Storage, Tensor
from sentis_lint.inference.facts import Fact

SCHEMA: dict[str, tuple[Any, ...]] = {
    "axes": ("ints", None, False),
    "axis": ("int", -1, False),
    "ceil_mode": ("int", 0, False),
    "auto_pad": ("string", "NOTSET", False),
    "kernel_shape": ("ints", None, True),
    "alpha": ("float", 1.0, False),
    "value": ("tensor", None, False),
}
TARGET_TYPES = {"float32": "float", "float16": "float", "int32": "int", "int64": "int", "bool": "int"}


def kind_of(value: object) -> str:
    """The attribute type that a Python value is stored with."""
    if isinstance(value, tuple):
        return kind_of(value[0]) + "s" if value else "ints"
    return {int: "int", float: "float", str: "string", Tensor: "tensor"}[type(value)]


def view(
    inputs: Sequence[Fact | None] = (),
    outputs: Sequence[Fact | None] = (),
    *,
    op_type: str = "Op",
    output_names: Sequence[str | None] | None = None,
    uses: Sequence[tuple[bool, bool]] | None = None,
    opset: int | None = 15,
    schema: Mapping[str, tuple[Any, ...]] | None = SCHEMA,
    stored: Sequence[Attribute] = (),
    elements: Mapping[str, Sequence[Any]] | None = None,
    context: Mapping[str, Any] | None = None,
    **attributes: Any,
) -> NodeView:
    """A view of a node with these facts and attributes; `stored` are attributes given with their type."""
    carried = [Attribute(name, kind_of(value), value) for name, value in attributes.items()]
    node = Node(
        index=0,
        name="node",
        op_type=op_type,
        domain="",
        inputs=tuple(None if fact is None else f"x{index}" for index, fact in enumerate(inputs)),
        outputs=tuple(f"y{index}" for index in range(len(outputs))) if output_names is None else tuple(output_names),
        attributes={attribute.name: attribute for attribute in [*carried, *stored]},
    )
    return NodeView(
        node=node,
        inputs=inputs,
        outputs=outputs,
        uses=[(False, False)] * len(outputs) if uses is None else uses,
        opset=opset,
        effective_opset=opset,
        attributes=schema,
        target_types=TARGET_TYPES,
        tensor_elements=lambda tensor: (elements or {}).get(tensor.name),
        context=context,
    )


def tensor(name: str, dtype: str, shape: tuple[int, ...], field: str = "raw") -> Tensor:
    """A tensor with no bytes anywhere."""
    return Tensor(name, dtype, shape, Storage(field))


def constant(*elements: Any, dtype: str = "int64") -> Fact:
    """The fact of a rank-1 initializer."""
    return Fact(dtype, (len(elements),), tuple(elements), constant=True, stored=True)
