"""Compare the LiteRT reader with the bindings that the FlatBuffers compiler makes from the schema.

    python tools/differential_litert.py fixtures ~/.cache/sentis-lint/corpus
    python tools/differential_litert.py --binding path/to/schema_py_generated.py fixtures

Every file is read twice, and everything the graph says is compared: operators with their codes, versions, inputs,
outputs and options, tensors with dtype, shape, quantisation and the bytes of their data, signatures and metadata. The
default reference is the ``tflite`` package; ``--binding`` names a newer one. What is too new for the reference (an
operator, a dtype, an options field) is counted and left out.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from sentis_lint.graph import Graph, Model, Node, ReadError, Value
from sentis_lint.readers import litert
from sentis_lint.readers import litert_schema as schema
from sentis_lint.readers.source import FileSource


class Binding:
    """Classes of a binding by name, whether it is one module or a package with a module a class."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self.skipped: Counter[str] = Counter()
        """What the binding does not know, with how often it was met."""

    def type(self, name: str) -> Any:
        """A class; None where the binding is older than it."""
        found = getattr(self._module, name, None)
        if isinstance(found, ModuleType):
            found = getattr(found, name, None)
        return found

    def root(self, data: bytes) -> Any:
        """The model table of a file."""
        return self.type("Model").GetRootAs(data, 0)

    def member(self, enum: str, number: int) -> str:
        """Name of an enumeration's member; ``unknown(7)`` where it has none."""
        names = {value: name for name, value in vars(self.type(enum)).items() if isinstance(value, int)}
        return str(names.get(number, f"unknown({number})"))


def load_binding(path: Path | None) -> Binding:
    """The binding in a file, or the ``tflite`` package."""
    if path is None:
        return Binding(importlib.import_module("tflite"))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} is no Python module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return Binding(module)


def differences(model: Model, data: bytes, binding: Binding) -> Iterator[str]:
    """What the reader and the binding do not agree on, one line each."""
    root = binding.root(data)
    yield from _compare("version", model.ir_version, root.Version())
    yield from _compare("description", model.description, _text(root.Description()))
    metadata = {_text(entry.Name()): entry.Buffer() for entry in _items(root, "Metadata")}
    sizes = {name: f"<{root.Buffers(index).DataLength()} bytes>" for name, index in metadata.items()}
    yield from _compare("metadata", model.metadata, sizes)
    graphs = [graph for graph in model.graphs if graph.index >= 0]
    yield from _compare("number of subgraphs", len(graphs), root.SubgraphsLength())
    for graph, subgraph in zip(graphs, _items(root, "Subgraphs"), strict=False):
        for line in _graph_differences(model, graph, subgraph, root, binding):
            yield f"subgraph {graph.index}: {line}"
    if binding.type("SignatureDef") is not None:
        yield from _compare("signatures", _signatures(model), _reference_signatures(root))


def _graph_differences(model: Model, graph: Graph, subgraph: Any, root: Any, binding: Binding) -> Iterator[str]:
    yield from _compare("name", graph.name, _text(subgraph.Name()))
    yield from _compare("inputs", [value.index for value in graph.inputs], _numbers(subgraph, "Inputs"))
    yield from _compare("outputs", [value.index for value in graph.outputs], _numbers(subgraph, "Outputs"))
    yield from _compare("number of tensors", len(graph.value_info), subgraph.TensorsLength())
    for value, tensor in zip(graph.value_info.values(), _items(subgraph, "Tensors"), strict=False):
        for line in _tensor_differences(model, value, tensor, root, binding):
            yield f"tensor {value.index}: {line}"
    yield from _compare("number of operators", len(graph.nodes), subgraph.OperatorsLength())
    for node, operator in zip(graph.nodes, _items(subgraph, "Operators"), strict=False):
        for line in _operator_differences(graph, node, operator, root, binding):
            yield f"operator {node.index}: {line}"


def _tensor_differences(model: Model, value: Value, tensor: Any, root: Any, binding: Binding) -> Iterator[str]:
    name = _text(tensor.Name())
    yield from _compare("name", value.name if value.label is None else value.label, name)
    yield from _compare("dtype code", value.dtype_code, tensor.Type())
    dtype = binding.member("TensorType", tensor.Type()).lower().replace("float8_", "float8")
    if dtype.startswith("unknown") and tensor.Type() < len(schema.dtypes()):
        binding.skipped[f"dtype {value.dtype}"] += 1
    else:
        yield from _compare("dtype", value.dtype, dtype)
    signature = None if tensor.ShapeSignatureIsNone() else _numbers(tensor, "ShapeSignature")
    static = _numbers(tensor, "Shape")
    shape = static if signature is None else signature
    yield from _compare("shape", value.shape, tuple(None if dim == -1 else dim for dim in shape))
    yield from _compare("static shape", value.static_shape, None if signature is None else tuple(static))
    yield from _compare("rank", value.has_shape_field, bool(tensor.HasRank() or static))
    yield from _compare("variable", value.variable, tensor.IsVariable())
    yield from _compare("sparse", value.sparse, tensor.Sparsity() is not None)
    quantisation = tensor.Quantization()
    scale, zero_point, axis, details = [], [], 0, None
    if quantisation is not None:
        scale, zero_point = _numbers(quantisation, "Scale"), _numbers(quantisation, "ZeroPoint")
        axis = quantisation.QuantizedDimension()
        kind = quantisation.DetailsType()
        details = binding.member("QuantizationDetails", kind) if kind else None
    if value.quantisation is None:
        yield from _compare("quantisation", (), (*scale, *zero_point, *([details] if details else [])))
    else:
        found = value.quantisation
        stored = (list(found.scale), list(found.zero_point), found.axis, found.details)
        yield from _compare("quantisation", stored, (scale, zero_point, axis, details))
    yield from _data_differences(model, value, tensor, root)


def _data_differences(model: Model, value: Value, tensor: Any, root: Any) -> Iterator[str]:
    storage = value.constant.storage if value.constant is not None else None
    if tensor.Buffer() >= root.BuffersLength():
        yield from _compare("storage", storage and storage.field, "missing")
        return
    buffer = root.Buffers(tensor.Buffer())
    stored = buffer.DataAsNumpy().tobytes() if buffer.DataLength() else b""
    if storage is None or storage.field in {"none", "external"}:
        yield from _compare("bytes of data", 0, len(stored))
    elif storage.field == "buffer" and model.source is not None:
        same = model.source.read(storage.offset, storage.length) == stored
        yield from _compare("data are the same", same, True)
    else:
        yield from _compare("place of data", (storage.offset, storage.length), (buffer.Offset(), buffer.Size()))


def _operator_differences(graph: Graph, node: Node, operator: Any, root: Any, binding: Binding) -> Iterator[str]:
    index = operator.OpcodeIndex()
    if index >= root.OperatorCodesLength():
        yield from _compare("operator", node.op_type, f"#{index}")
    else:
        code = root.OperatorCodes(index)
        codes = (_builtin_code(code), code.DeprecatedBuiltinCode())
        yield from _compare("codes", node.codes, codes)
        yield from _compare("version", node.version, code.Version())
        yield from _compare("custom code", node.custom_code or "", _text(code.CustomCode()))
        name = binding.member("BuiltinOperator", max(codes))
        if name.startswith("unknown") and max(codes) in schema.operator_names():
            binding.skipped[f"operator {node.op_type}"] += 1
        else:
            yield from _compare("operator", node.op_type, name.replace("unknown(", "UNKNOWN_").rstrip(")"))
    names = list(graph.value_info)
    for side, found in (("Inputs", node.inputs), ("Outputs", node.outputs)):
        expected = tuple(
            None if place == -1 else names[place] if 0 <= place < len(names) else f"#{place}"
            for place in _numbers(operator, side)
        )
        yield from _compare(side.lower(), found, expected)
    yield from _options_differences(node, operator, binding)


def _options_differences(node: Node, operator: Any, binding: Binding) -> Iterator[str]:
    union, kind, table = "BuiltinOptions", operator.BuiltinOptionsType(), operator.BuiltinOptions()
    if table is None and (operator.BuiltinOptions2Type() or operator.BuiltinOptions2()):
        union, kind, table = "BuiltinOptions2", operator.BuiltinOptions2Type(), operator.BuiltinOptions2()
    name = binding.member(union, kind)
    yield from _compare("kind of options", node.options_type or "NONE", name)
    yield from _compare("options present", node.has_options, table is not None)
    reference = binding.type(name)
    if table is None or reference is None:
        yield from _compare("options", dict(node.attributes), {})
        return
    options = reference()
    options.Init(table.Bytes, table.Pos)
    known = schema.options_table(name)
    rows = known.options if known else ()
    yield from _compare("names of options", list(node.attributes), [option.name for option in rows])
    for option in rows:
        accessor = "".join(part.capitalize() for part in option.name.split("_"))
        if not hasattr(options, accessor):
            binding.skipped[f"{name}.{option.name}"] += 1
            continue
        expected: Any = _numbers(options, accessor) if option.is_vector else getattr(options, accessor)()
        if option.enum is not None:
            enum = next(key for key in _ENUMS if schema.enum(key) == option.enum)
            numbers = expected if option.is_vector else [expected]
            expected = [binding.member(enum, number) for number in numbers]
            expected = expected if option.is_vector else expected[0]
        elif option.scalar == "string":
            expected = _text(expected)
        expected = tuple(expected) if option.is_vector else expected
        yield from _compare(f"option {option.name}", node.attributes[option.name].value, expected)


_ENUMS = [
    "ActivationFunctionType",
    "CombinerType",
    "CustomOptionsFormat",
    "FullyConnectedOptionsWeightsFormat",
    "LSHProjectionType",
    "LSTMKernelType",
    "MirrorPadMode",
    "Padding",
    "ReduceWindowFunction",
    "RngAlgorithm",
    "StablehloComparisonDirection",
    "StablehloComparisonType",
    "StablehloPrecisionConfig",
    "TensorType",
]


def _signatures(model: Model) -> list[Any]:
    def indices(subgraph: int, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, Any]]:
        values = model.graphs[subgraph].value_info if subgraph < len(model.graphs) else {}
        return [(alias, values[name].index if name in values else int(name[1:])) for alias, name in pairs]

    return [
        (entry.key, entry.subgraph, indices(entry.subgraph, entry.inputs), indices(entry.subgraph, entry.outputs))
        for entry in model.signatures
    ]


def _reference_signatures(root: Any) -> list[Any]:
    def pairs(entry: Any, side: str) -> list[tuple[str, int]]:
        return [(_text(item.Name()), item.TensorIndex()) for item in _items(entry, side)]

    return [
        (_text(entry.SignatureKey()), entry.SubgraphIndex(), pairs(entry, "Inputs"), pairs(entry, "Outputs"))
        for entry in _items(root, "SignatureDefs")
    ]


def _builtin_code(code: Any) -> int:
    """The field itself: the accessor of ``tflite`` was edited to answer the deprecated field below 127."""
    import flatbuffers

    table = code._tab
    offset = table.Offset(10)
    return int(table.Get(flatbuffers.number_types.Int32Flags, offset + table.Pos)) if offset else 0


def _items(parent: Any, name: str) -> list[Any]:
    get: Callable[[int], Any] = getattr(parent, name)
    return [get(index) for index in range(getattr(parent, name + "Length")())]


def _numbers(parent: Any, name: str) -> list[Any]:
    if not getattr(parent, name + "Length")():
        return []
    if getattr(parent, name + "AsNumpy", None) is not None:
        values: list[Any] = getattr(parent, name + "AsNumpy")().tolist()
        return values
    return _items(parent, name)


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "backslashreplace")


def _compare(what: str, found: Any, expected: Any) -> Iterator[str]:
    if found == expected:
        return
    if isinstance(found, float) and isinstance(expected, float) and math.isnan(found) and math.isnan(expected):
        return
    yield f"{what}: {_short(found)}, the reference has {_short(expected)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else text[:200] + "…"


def check_file(path: Path, binding: Binding) -> list[str]:
    """Differences of one file; a file that the reader refuses has none if the reference stumbles over it as well."""
    data = path.read_bytes()
    source = FileSource(path)
    try:
        model = litert.read(source, path)
        return list(differences(model, data, binding))
    except ReadError as error:
        empty = Model("litert", path, [], source=None)
        try:
            list(differences(empty, data, binding))
            _items(binding.root(data), "OperatorCodes")
        except Exception:  # the reference checks nothing, so anything may come
            return []
        return [f"refused ({error.message}), the reference reads it"]
    finally:
        source.close()


def main() -> int:
    """Command line; exit status 1 where there are differences."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+", type=Path, help="files or folders")
    parser.add_argument("--binding", type=Path, help="schema_py_generated.py to compare with")
    arguments = parser.parse_args()
    binding = load_binding(arguments.binding)
    files = [file for path in arguments.paths for file in (sorted(path.rglob("*.tflite")) if path.is_dir() else [path])]
    differing = 0
    for file in files:
        lines = check_file(file, binding)
        differing += bool(lines)
        for line in lines[:10]:
            print(f"{file}: {line}")
        if len(lines) > 10:
            print(f"{file}: … {len(lines)} differences in all")
    print(f"{len(files)} files, {differing} with differences")
    for name, count in sorted(binding.skipped.items()):
        print(f"not known to the reference: {name} ({count} times)")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
