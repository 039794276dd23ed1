"""Inference over models written as one line of text (see `tests.models`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sentis_lint.graph import Attribute, Node, Shape
from sentis_lint.inference.facts import UNKNOWN, Element, Fact, FactTable
from sentis_lint.inference.onnx import InferenceContext, infer_node
from tests import models
from tools import inference_truth, onnx_graphs

CONTEXT = InferenceContext(onnx_graphs.elements, FactTable())
"""A context for nodes made by hand."""


def infer(text: str, **given: Fact) -> dict[str, Fact]:
    """Facts of every value of a model text; `given` replaces what it says of graph inputs."""
    return inference_truth.infer_graph(onnx_graphs.model(models.build(text)), given)


def output(text: str, **given: Fact) -> Fact:
    """The fact of the last statement's first output."""
    proto = models.build(text)
    facts = inference_truth.infer_graph(onnx_graphs.model(proto), given)
    return facts[proto.graph.output[0].name]


def shape(text: str, **given: Fact) -> Shape | None:
    """The shape of the last statement's first output."""
    return output(text, **given).shape


def elements(text: str, **given: Fact) -> tuple[Element, ...] | None:
    """The elements of the last statement's first output."""
    return output(text, **given).elements


def call(
    op_type: str,
    inputs: Sequence[Fact | None] = (),
    attributes: dict[str, Any] | None = None,
    *,
    opset: int = 17,
    outputs: int = 1,
    domain: str = "",
) -> list[Fact]:
    """`infer_node` on a node made by hand; attributes are given as plain values, or as `Attribute`."""
    made = {name: _attribute(name, value) for name, value in (attributes or {}).items()}
    names = tuple(None if fact is None else f"x{position}" for position, fact in enumerate(inputs))
    node = Node(0, "n", op_type, domain, names, tuple(f"y{position}" for position in range(outputs)), made)
    return infer_node(node, inputs, opset, CONTEXT)


def _attribute(name: str, value: Any) -> Attribute:
    if isinstance(value, Attribute):
        return value
    plural = "s" if isinstance(value, tuple) else ""
    sample = value[0] if plural and value else 0 if plural else value
    kind = {int: "int", float: "float", str: "string"}[type(sample)]
    return Attribute(name, kind + plural, value)


def fact(dtype: str | None, shape: Shape | None, *elements: Element, constant: bool = False) -> Fact:
    """A fact with elements, if any are given."""
    return Fact(dtype, shape, elements or None, constant)


__all__ = ["CONTEXT", "UNKNOWN", "call", "elements", "fact", "infer", "output", "shape"]
