"""ONNX models from one line of text, for tests and for the `bad` and `good` examples of the tables.

    y = Relu (float[1,3] x)
    opset 12: h = Relu (float[N,3] x); y = Clip (h, "", float max = {6}) => h, y
    opset 15, com.microsoft 1: y = com.microsoft.Gelu (float16[2,?] x)

A text is statements between ``;``, each ``OUT[, OUT] = [domain.]Op <attributes> (ARG[, ARG])``. The attributes are
written as in ONNX's own text form, graphs among them. An argument is

- a name made by an earlier statement or argument,
- ``""``: left out,
- ``float[1,3,N,?] x``: a graph input (``float x``: of unknown rank; ``float[] x``: a scalar),
- ``int64[2] axes = {0, 1}``: a constant, stored as an initializer in ``raw_data`` as exporters do; ``stored bool[1] c =
  {true}`` keeps it in the typed field instead (``int32_data``), ``sparse float[3] w = {0, 1, 0}`` makes a sparse
  initializer of what is not 0.

Outputs of the last statement are the graph's, unless ``=> y, z`` at the end names others. In front may stand ``opset
N[, domain N]:`` (default 15); a domain that is used and not declared is imported at version 1. What inference knows of
the graph's outputs is filled in; else they have a name and no type. A text that starts with ``<ir_version`` is a whole
model in ONNX's text form, its typed fields left as they are.

Tensors in attributes are stored in ``raw_data`` as well. In them ONNX's parser takes float16 as bit patterns.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper, numpy_helper, parser

DEFAULT_OPSET = 15
IR_VERSION = 8
WEIGHTS = "weights.bin"
"""File of the external constants."""

_OPSET = re.compile(r"\s*opset\s+([^:;(]*):(.*)", re.DOTALL)
_OPSET_ENTRY = re.compile(r"(?:([A-Za-z_][\w.]*)\s+)?(\d+)")
_CALL = re.compile(r"(?:([A-Za-z_][\w.]*)\.)?([A-Za-z_]\w*)\s*([<(].*)", re.DOTALL)
_ARGUMENT = re.compile(
    r"(?:(?P<form>stored|sparse|cut|external(?:@\d+)?)\s+)?(?P<dtype>[a-z]\w*)\s*(?:\[(?P<dims>[^\]]*)\])?\s+(?P<name>[^\s={}]+)"
    r"\s*(?:=\s*\{(?P<data>.*)\})?",
    re.DOTALL,
)
_DTYPES = {name.lower(): number for name, number in TensorProto.DataType.items() if number} | {
    "float32": TensorProto.FLOAT,
    "float64": TensorProto.DOUBLE,
}
_OPENING, _CLOSING = "([{<", ")]}>"


class ModelTextError(ValueError):
    """A model text makes no sense; the message quotes the part."""


def build(text: str) -> onnx.ModelProto:
    """The model that a text describes.

    Raises:
        ModelTextError: the text makes no sense.
    """
    return _build(text)[0]


def _build(text: str) -> tuple[onnx.ModelProto, bytes]:
    """The model, and the bytes of its external constants."""
    if text.lstrip().startswith("<"):
        try:
            return parser.parse_model(text), b""
        except parser.ParseError as error:
            raise ModelTextError(_reason(error)) from None
    opsets, body = _split_opsets(text)
    statements, outputs = _split_outputs(body)
    graph = _Graph()
    for statement in statements:
        graph.add(statement)
    return _inferred(graph.model(opsets, outputs)), bytes(graph.weights)


def write(folder: Path, text: str, name: str = "m.onnx") -> Path:
    """Write the model that a text describes into a folder, with its weights beside it, and return its path."""
    path = folder / name
    model, weights = _build(text)
    path.write_bytes(model.SerializeToString())
    if weights:
        (folder / WEIGHTS).write_bytes(weights)
    return path


class _Graph:
    """A graph under construction."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.sparse_initializers: list[onnx.SparseTensorProto] = []
        self.known: set[str] = set()
        self.weights = bytearray()
        """Bytes of the external constants."""

    def add(self, statement: str) -> None:
        """Add one ``OUT = Op <…> (ARG)``."""
        parts = _split(statement, "=", 1)
        call = _CALL.fullmatch(parts[-1].strip()) if len(parts) > 1 else None
        if call is None:
            raise ModelTextError(f"expected OUT = Op <attributes> (arguments): {statement.strip()!r}")
        attributes, arguments = _split_call(call[3])
        node = _node(call[2], call[1] or "", attributes)
        node.input.extend(self._argument(text) for text in _split(arguments, ",") if arguments.strip())
        for output in _split(parts[0], ","):
            name = "" if output.strip() == '""' else _name(output)
            if name in self.known:
                raise ModelTextError(f"{name!r} is made twice")
            self.known.update({name} - {""})
            node.output.append(name)
        node.name = f"{node.op_type}_{len(self.nodes)}"
        self.nodes.append(node)

    def _argument(self, text: str) -> str:
        text = text.strip()
        if text == '""':
            return ""
        if not re.search(r"\s|=", text):
            if _name(text) not in self.known:
                raise ModelTextError(
                    f"{text!r} is not made before; a graph input is written with its type: float[2] {text}"
                )
            return text
        match = _ARGUMENT.fullmatch(text)
        if match is None:
            raise ModelTextError(f'expected a name, "", "float[1,3] x" or "float[2] c = {{1, 2}}": {text!r}')
        name = _name(match["name"])
        if name in self.known:
            raise ModelTextError(f"{name!r} is made twice")
        dtype = _DTYPES.get(match["dtype"])
        if dtype is None:
            raise ModelTextError(
                f"unknown dtype {match['dtype']!r} in {text!r}; known are {', '.join(sorted(_DTYPES))}"
            )
        self.known.add(name)
        dims = None if match["dims"] is None else [_dim(dim) for dim in match["dims"].split(",") if dim.strip()]
        if match["data"] is None:
            if match["form"]:
                raise ModelTextError(f"only a constant is {match['form']}: {text!r}")
            self.inputs.append(helper.make_tensor_value_info(name, dtype, dims))
        else:
            tensor = _tensor(name, dtype, dims, match["data"], raw=match["form"] != "stored")
            if match["form"] == "sparse":
                self.sparse_initializers.append(_sparse(tensor))
            elif match["form"] and match["form"] != "stored":
                self.initializers.append(self._external(tensor, match["form"].partition("@")[2]))
                if match["form"] == "cut":
                    self.weights.pop()
            else:
                self.initializers.append(tensor)
        return name

    def _external(self, tensor: onnx.TensorProto, offset: str) -> onnx.TensorProto:
        """The tensor with its bytes moved to the file of weights."""
        place = offset or str(len(self.weights))
        self.weights += tensor.raw_data
        entries = {"location": WEIGHTS, "offset": place, "length": str(len(tensor.raw_data))}
        moved = onnx.TensorProto(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims)
        moved.data_location = TensorProto.EXTERNAL
        for key, value in entries.items():
            moved.external_data.add(key=key, value=value)
        return moved

    def model(self, opsets: list[onnx.OperatorSetIdProto], outputs: list[str] | None) -> onnx.ModelProto:
        """The finished model; `outputs` None: those of the last statement."""
        names = [name for name in self.nodes[-1].output if name] if outputs is None else outputs
        for name in names:
            if name not in self.known:
                raise ModelTextError(f"the graph's output {name!r} is not made by any statement")
        declared = {entry.domain for entry in opsets}
        used = {node.domain for node in self.nodes} - {""} - declared
        opsets = [*opsets, *(helper.make_opsetid(domain, 1) for domain in sorted(used))]
        graph = helper.make_graph(
            self.nodes,
            "g",
            self.inputs,
            [onnx.ValueInfoProto(name=name) for name in names],
            self.initializers,
            sparse_initializer=self.sparse_initializers,
        )
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)


def _split_opsets(text: str) -> tuple[list[onnx.OperatorSetIdProto], str]:
    match = _OPSET.fullmatch(text)
    if match is None:
        return [helper.make_opsetid("", DEFAULT_OPSET)], text
    opsets = []
    for entry in match[1].split(","):
        parts = _OPSET_ENTRY.fullmatch(entry.strip())
        if parts is None:
            raise ModelTextError(f"expected 'opset N:' or 'opset N, domain N:': {entry.strip()!r}")
        opsets.append(onnx.OperatorSetIdProto(domain=parts[1] or "", version=int(parts[2])))
    return opsets, match[2]


def _split_outputs(body: str) -> tuple[list[str], list[str] | None]:
    statements = [statement for statement in _split(body, ";") if statement.strip()]
    if not statements:
        raise ModelTextError("there is no statement")
    *others, last = statements
    last, *suffix = _split(last, "=>")
    if len(suffix) > 1:
        raise ModelTextError(f"more than one '=>': {body.strip()!r}")
    outputs = [_name(name) for name in suffix[0].split(",")] if suffix else None
    # The suffix may follow a semicolon of its own.
    return [*others, *([last] if last.strip() or not others else [])], outputs


def _split_call(rest: str) -> tuple[str, str]:
    """``<…> (arguments)`` or ``(arguments) <…>`` as attributes with their brackets and arguments without."""
    pieces = list(_brackets(rest))
    if "".join(piece[0] for piece in pieces) not in {"(", "<(", "(<"}:
        raise ModelTextError(f"expected <attributes> (arguments): {rest!r}")
    arguments = next(piece for piece in pieces if piece[0] == "(")
    attributes = next((piece for piece in pieces if piece[0] == "<"), "")
    return attributes if attributes[1:-1].strip() else "", arguments[1:-1]


def _node(op_type: str, domain: str, attributes: str) -> onnx.NodeProto:
    try:
        node = parser.parse_node(f"y = {op_type} {attributes} ()")
    except parser.ParseError as error:
        raise ModelTextError(f"{op_type} {attributes}: {_reason(error)}") from None
    node.ClearField("output")
    node.domain = domain
    for attribute in node.attribute:
        if attribute.type == onnx.AttributeProto.TENSOR and attribute.t.data_type != TensorProto.STRING:
            attribute.t.CopyFrom(_as_raw(attribute.t))
    return node


def _tensor(name: str, dtype: int, dims: list[Any] | None, data: str, *, raw: bool) -> onnx.TensorProto:
    if not all(isinstance(dim, int) for dim in dims or ()):
        raise ModelTextError(f"the shape of the constant {name!r} has to be numbers")
    shape = dims or []
    values = [_element(element.strip(), dtype) for element in _split(data, ",") if data.strip()]
    if len(values) != math.prod(shape):
        raise ModelTextError(
            f"the constant {name!r} has {len(values)} elements where its shape {shape} has {math.prod(shape)}"
        )
    tensor = helper.make_tensor(name, dtype, shape, values)
    return _as_raw(tensor) if raw and dtype != TensorProto.STRING else tensor


def _sparse(tensor: onnx.TensorProto) -> onnx.SparseTensorProto:
    dense = numpy_helper.to_array(tensor).reshape(-1)
    places = dense.nonzero()[0].astype("int64")
    values = numpy_helper.from_array(dense[places], tensor.name)
    return helper.make_sparse_tensor(values, numpy_helper.from_array(places, f"{tensor.name}_indices"), tensor.dims)


def _as_raw(tensor: onnx.TensorProto) -> onnx.TensorProto:
    return numpy_helper.from_array(numpy_helper.to_array(tensor), tensor.name)


def _element(text: str, dtype: int) -> Any:
    try:
        if dtype == TensorProto.STRING:
            return json.loads(text)
        if text in {"true", "false"}:
            return text == "true"
        return int(text) if re.fullmatch(r"[-+]?\d+", text) else float(text)
    except ValueError:
        raise ModelTextError(f"not an element of a constant: {text!r}") from None


def _dim(text: str) -> int | str | None:
    text = text.strip()
    if text == "?":
        return None
    return int(text) if re.fullmatch(r"-?\d+", text) else _name(text)


def _name(text: str) -> str:
    name = text.strip()
    if not re.fullmatch(r"[\w./:\-]+", name):
        raise ModelTextError(f"not a name: {name!r}")
    return name


def _reason(error: Exception) -> str:
    """The last line of what ONNX's parser says: the others give a place in a text that nobody wrote."""
    reason = error.args[0] if error.args else ""
    text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    return text.strip().rpartition("\n")[2]


def _brackets(text: str) -> Iterator[str]:
    """The bracketed pieces that a text consists of; anything between them is a piece of its own."""
    depth, start = 0, 0
    for position, token in _tokens(text):
        if token in _OPENING:
            if not depth and text[start:position].strip():
                yield text[start:position].strip()
            start = start if depth else position
            depth += 1
        elif token in _CLOSING:
            depth -= 1
            if not depth:
                yield text[start : position + 1]
                start = position + 1
    if text[start:].strip():
        yield text[start:].strip()


def _split(text: str, separator: str, most: int = -1) -> list[str]:
    """Split at a separator that stands outside of brackets and strings."""
    parts: list[str] = []
    depth, start = 0, 0
    for position, token in _tokens(text):
        if token in _OPENING:
            depth += 1
        elif token in _CLOSING:
            depth -= 1
        elif token == separator and depth == 0 and len(parts) != most:
            parts.append(text[start:position])
            start = position + len(token)
        if depth < 0:
            break
    if depth:
        raise ModelTextError(f"brackets do not match: {text.strip()!r}")
    return [*parts, text[start:]]


def _tokens(text: str) -> Iterator[tuple[int, str]]:
    """Brackets and separators with their positions; strings are passed over and ``=>`` is one token."""
    for match in re.finditer(r'"(?:[^"\\]|\\.)*"|=>|[()\[\]{}<>=,;]', text):
        if not match[0].startswith('"'):
            yield match.start(), match[0]


def _inferred(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with what shape inference finds out about the graph's outputs."""
    try:
        known = onnx.shape_inference.infer_shapes(model, data_prop=True)
    except Exception:  # what inference refuses may be just what a test is about
        return model
    found = {value.name: value for value in known.graph.output}
    for value in model.graph.output:
        if found[value.name].type.WhichOneof("value"):
            value.CopyFrom(found[value.name])
            for dim in value.type.tensor_type.shape.dim:
                if dim.dim_param.startswith("unk__"):  # inference's own name for an unknown size
                    dim.ClearField("dim_param")
    return model
