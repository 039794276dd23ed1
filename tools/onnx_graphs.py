"""The uniform op graph made from ``onnx`` protobufs, for tools and tests independent of the project's reader."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy
import onnx
from onnx import helper, numpy_helper

from sentis_lint.graph import Attribute, Graph, Model, Node, OpsetImport, Storage, Tensor, Value
from sentis_lint.inference.facts import MAX_ELEMENTS, Element, Fact
from sentis_lint.inference.onnx import declared_shape
from sentis_lint.readers.onnx_tensors import DTYPES

KINDS = {number: name.lower() for name, number in onnx.AttributeProto.AttributeType.items()}
"""Name of each attribute type."""


class HeldTensor(Tensor):
    """A tensor that keeps its protobuf, so that its elements can be read."""

    proto: onnx.TensorProto


def dtype_name(code: int) -> str:
    """Our name of an ONNX dtype number."""
    return DTYPES[code] if 0 <= code < len(DTYPES) else f"unknown({code})"


def tensor(proto: onnx.TensorProto) -> Tensor:
    """A tensor with its shape; the elements stay in the protobuf."""
    made = HeldTensor(proto.name, dtype_name(proto.data_type), tuple(proto.dims), Storage("raw"))
    made.proto = proto
    return made


def elements(held: Tensor) -> tuple[Element, ...] | None:
    """Elements of a small tensor; None if it is large or its data lie elsewhere."""
    if not isinstance(held, HeldTensor) or held.size > MAX_ELEMENTS:
        return None
    try:
        return array_elements(numpy_helper.to_array(held.proto))
    except (ValueError, TypeError, OSError, AssertionError):
        return None


def array_elements(array: Any) -> tuple[Element, ...] | None:
    """Elements of a small array as plain Python values; None for strings and complex numbers."""
    array = numpy.asarray(array)
    if array.size > MAX_ELEMENTS or array.dtype.kind in "OUSc":
        return None
    if array.dtype.kind not in "biuf":
        array = array.astype(numpy.float32)
    return tuple(array.ravel().tolist())


def attribute(proto: onnx.AttributeProto) -> Attribute:
    """One attribute."""
    value: Any = helper.get_attribute_value(proto)
    kind = KINDS[proto.type]
    if kind == "tensor":
        value = tensor(value)
    elif kind == "sparse_tensor":
        value = Tensor("", dtype_name(value.values.data_type), tuple(value.dims), Storage("raw"), sparse=True)
    elif kind == "graph":
        value = graph(value)
    elif kind == "graphs":
        value = tuple(graph(item) for item in value)
    elif kind == "string":
        value = value.decode(errors="replace")
    elif kind == "strings":
        value = tuple(item.decode(errors="replace") for item in value)
    elif isinstance(value, Sequence):
        value = tuple(value)
    return Attribute(proto.name, kind, value, proto.ref_attr_name or None)


def value_of(proto: onnx.ValueInfoProto) -> Value:
    """What the file says about a value."""
    kind = (proto.type.WhichOneof("value") or "").removesuffix("_type")
    if kind not in ("tensor", "sparse_tensor"):
        return Value(proto.name, kind=kind or "unset")
    described = getattr(proto.type, f"{kind}_type")
    shape = None
    if described.HasField("shape"):
        shape = tuple(
            dim.dim_value if dim.HasField("dim_value") else dim.dim_param or None for dim in described.shape.dim
        )
    code = described.elem_type
    return Value(proto.name, dtype_name(code) if code else None, shape, kind)


def node(proto: onnx.NodeProto, index: int = 0) -> Node:
    """One node."""
    return Node(
        index,
        proto.name,
        proto.op_type,
        proto.domain,
        tuple(name or None for name in proto.input),
        tuple(name or None for name in proto.output),
        {item.name: attribute(item) for item in proto.attribute},
    )


def graph(proto: onnx.GraphProto) -> Graph:
    """One graph."""
    return Graph(
        proto.name,
        [node(item, index) for index, item in enumerate(proto.node)],
        [value_of(item) for item in proto.input],
        [value_of(item) for item in proto.output],
        {item.name: tensor(item) for item in proto.initializer},
    )


def model(proto: onnx.ModelProto, path: Path = Path()) -> Model:
    """A whole model; model-local functions are left out."""
    imports = [OpsetImport(item.domain, item.version) for item in proto.opset_import]
    return Model("onnx", path, [graph(proto.graph)], imports)


def boundary(main: Graph) -> dict[str, Fact]:
    """Facts of graph inputs and initializers."""
    facts = {}
    for value in main.inputs:
        tensor_fact = Fact(value.dtype, declared_shape(value.shape))
        facts[value.name] = tensor_fact if value.kind == "tensor" else Fact(None, None, kind=value.kind)
    for name, held in main.initializers.items():
        facts[name] = Fact(held.dtype, held.shape, elements(held), constant=True, stored=True)
    return facts
