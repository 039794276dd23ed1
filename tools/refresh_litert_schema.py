"""Write ``rules/standards/litert.json``: the LiteRT schema, as far as the reader needs it.

The source is the Python binding that the FlatBuffers compiler made from the schema (``schema_py_generated.py`` of
``ai-edge-litert``). It is parsed, never run. After installing a newer one, run this again::

    python tools/refresh_litert_schema.py                 # the installed ai-edge-litert
    python tools/refresh_litert_schema.py --binding FILE  # any other copy

A binding says where a field lies, how wide it is and what its default is. It does not say which enumeration a number
is of, nor which options table belongs to which operator: these two facts are kept here, and what a new schema brings
beyond them stops the program with a line that says what to add.
"""

from __future__ import annotations

import argparse
import ast
import importlib.metadata
import importlib.util
import json
import re
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "rules" / "standards" / "litert.json"

STRUCTURE = (
    "Model",
    "OperatorCode",
    "SubGraph",
    "Tensor",
    "Operator",
    "Buffer",
    "Metadata",
    "SignatureDef",
    "TensorMap",
    "QuantizationParameters",
    "SparsityParameters",
    "ExternalBufferGroup",
    "ExternalBuffer",
)
"""The tables that make up a file, besides the options tables."""

ENUM_OF_FIELD = {
    "algorithm": "RngAlgorithm",
    "combiner": "CombinerType",
    "compare_type": "StablehloComparisonType",
    "comparison_direction": "StablehloComparisonDirection",
    "composite_attributes_format": "CustomOptionsFormat",
    "fused_activation_function": "ActivationFunctionType",
    "idx_out_type": "TensorType",
    "in_data_type": "TensorType",
    "kernel_type": "LSTMKernelType",
    "key_dtype": "TensorType",
    "mode": "MirrorPadMode",
    "out_data_type": "TensorType",
    "out_type": "TensorType",
    "output_type": "TensorType",
    "padding": "Padding",
    "precision_config": "StablehloPrecisionConfig",
    "quantized_bias_type": "TensorType",
    "reduce_function": "ReduceWindowFunction",
    "type": "LSHProjectionType",
    "value_dtype": "TensorType",
    "weights_format": "FullyConnectedOptionsWeightsFormat",
}
"""Enumeration of each field of an options table that is one; the name of the field decides."""

PLAIN_NUMBERS = {("CallOptions", "subgraph")}
"""Fields as wide as an enumeration that are plain numbers."""

OPTIONS_OF_OPERATOR = {
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "CONV_3D_TRANSPOSE": "Conv3DOptions",
    "L2_NORMALIZATION": "L2NormOptions",
    "L2_POOL_2D": "Pool2DOptions",
    "MAXIMUM": "MaximumMinimumOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "MEAN": "ReducerOptions",
    "MINIMUM": "MaximumMinimumOptions",
    "MULTINOMIAL": "RandomOptions",
    "RANDOM_STANDARD_NORMAL": "RandomOptions",
    "RANDOM_UNIFORM": "RandomOptions",
    "REDUCE_ALL": "ReducerOptions",
    "REDUCE_ANY": "ReducerOptions",
    "REDUCE_MAX": "ReducerOptions",
    "REDUCE_MIN": "ReducerOptions",
    "REDUCE_PROD": "ReducerOptions",
    "SUM": "ReducerOptions",
    "UNIDIRECTIONAL_SEQUENCE_RNN": "SequenceRNNOptions",
}
"""Options table of the operators that share one; any other operator's is called like the operator, or it has none."""

SCALARS = {
    "BoolFlags": "bool",
    "Int8Flags": "int8",
    "Uint8Flags": "uint8",
    "Int16Flags": "int16",
    "Uint16Flags": "uint16",
    "Int32Flags": "int32",
    "Uint32Flags": "uint32",
    "Int64Flags": "int64",
    "Uint64Flags": "uint64",
    "Float32Flags": "float32",
    "Float64Flags": "float64",
}
"""Scalar types by the name the FlatBuffers library has for them."""

ENUM_WIDTHS = {"int8", "uint32"}
"""Scalar types that the schema uses for enumerations, and hardly for anything else."""


def enumerations(module: ast.Module) -> dict[str, dict[str, int]]:
    """Name of each enumeration (unions included) to its members."""
    found = {}
    for node in module.body:
        if isinstance(node, ast.ClassDef):
            members = {
                statement.targets[0].id: statement.value.value
                for statement in node.body
                if isinstance(statement, ast.Assign)
                and isinstance(statement.targets[0], ast.Name)
                and isinstance(statement.value, ast.Constant)
                and isinstance(statement.value.value, int)
            }
            if members:
                found[node.name] = members
    return found


def by_number(members: dict[str, int]) -> list[str | None]:
    """Names in the order of their numbers; None where a number has no name."""
    names: list[str | None] = [None] * (max(members.values()) + 1)
    for name, number in members.items():
        names[number] = name
    return names


def tables(module: ast.Module) -> dict[str, list[list[Any] | None]]:
    """Name of each table to its fields in vtable order: ``[name, type, default]``; None: a slot without accessor."""
    return {
        node.name: fields(node)
        for node in module.body
        if isinstance(node, ast.ClassDef) and any(getattr(item, "name", None) == "Init" for item in node.body)
    }


def fields(table: ast.ClassDef) -> list[list[Any] | None]:
    """The fields of one table, from its accessors."""
    found: dict[int, list[Any]] = {}
    for method in table.body:
        slot = slot_of(method) if isinstance(method, ast.FunctionDef) else None
        # A vector has further accessors (length, …) on the same slot; the first one is the field's own.
        if isinstance(method, ast.FunctionDef) and slot is not None and slot not in found:
            found[slot] = [snake_case(method.name), field_type(method), default(method)]
    return [found.get(slot) for slot in range(max(found) + 1)] if found else []


def slot_of(method: ast.FunctionDef) -> int | None:
    """Position in the vtable of the field that an accessor reads."""
    for call in ast.walk(method):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "Offset":
            offset = ast.literal_eval(call.args[0])
            return (int(offset) - 4) // 2
    return None


def field_type(method: ast.FunctionDef) -> str:
    """``int32``, ``string``, ``table`` or ``union``; ``[int32]`` and so on for a vector."""
    attributes = [node.attr for node in ast.walk(method) if isinstance(node, ast.Attribute)]
    kind = next((SCALARS[name] for name in attributes if name in SCALARS), None)
    kind = kind or next((name.lower() for name in ("String", "Union") if name in attributes), "table")
    return f"[{kind}]" if "Vector" in attributes else kind


def default(method: ast.FunctionDef) -> Any:
    """What the accessor answers for an absent field; None for what lies elsewhere (vectors, strings, tables)."""
    last = method.body[-1]
    if field_type(method).startswith("[") or not isinstance(last, ast.Return):
        return None
    return None if last.value is None else ast.literal_eval(last.value)


def snake_case(name: str) -> str:
    """``KeepNumDims`` as ``keep_num_dims``."""
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def name_enumerations(table: str, rows: list[list[Any] | None], enums: dict[str, dict[str, int]]) -> None:
    """Replace the width of an enumeration by its name, and its default's number by that of the member."""
    for row in rows:
        if row is None:
            continue
        name, kind, value = row
        width = kind.strip("[]")
        if width not in ENUM_WIDTHS and not (name in ENUM_OF_FIELD and width == "int32"):
            continue
        if (table, name) in PLAIN_NUMBERS:
            continue
        if name not in ENUM_OF_FIELD:
            raise SystemExit(f"{table}.{name} may be an enumeration: add it to ENUM_OF_FIELD or PLAIN_NUMBERS")
        enum = ENUM_OF_FIELD[name]
        row[1] = kind.replace(width, f"{enum}:{width}")
        if value is not None:
            row[2] = by_number(enums[enum])[value]


def operators(codes: dict[str, int], unions: list[dict[str, int]]) -> dict[str, list[Any]]:
    """Name of each operator to its code and the name of its options table (None: it has none)."""
    known = {plain(name.removesuffix("Options")): name for union in unions for name in union if name != "NONE"}
    return {name: [code, OPTIONS_OF_OPERATOR.get(name) or known.get(plain(name))] for name, code in codes.items()}


def plain(name: str) -> str:
    """A name without case and underscores."""
    return name.replace("_", "").lower()


def content(source: str, origin: str) -> dict[str, Any]:
    """What the file holds."""
    module = ast.parse(source)
    enums, layouts = enumerations(module), tables(module)
    unions = [enums["BuiltinOptions"], enums["BuiltinOptions2"]]
    options = [name for union in unions for name in union if name != "NONE"]
    for name in options:
        name_enumerations(name, layouts[name], enums)
    used = {row[1].strip("[]").split(":")[0] for name in options for row in layouts[name] if row and ":" in row[1]}
    return {
        "about": f"generated by tools/refresh_litert_schema.py from {origin}; do not edit",
        "operators": operators(enums["BuiltinOperator"], unions),
        "builtin_options": by_number(enums["BuiltinOptions"]),
        "builtin_options_2": by_number(enums["BuiltinOptions2"]),
        "enums": {name: by_number(enums[name]) for name in sorted(used | {"TensorType", "QuantizationDetails"})},
        "structure": {name: layouts[name] for name in STRUCTURE},
        "options": {name: layouts[name] for name in options},
    }


def layout(data: dict[str, Any]) -> str:
    """The file's text: one line an entry, so that a new schema makes a readable difference."""
    lines = []
    for key, value in data.items():
        if isinstance(value, dict):
            rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(entry)}" for name, entry in value.items())
            lines.append(f"{json.dumps(key)}: {{\n{rows}\n}}")
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(value)}")
    return "{" + ",\n".join(lines) + "}\n"


def installed_binding() -> tuple[Path, str]:
    """The binding of the installed package and what to call it."""
    spec = importlib.util.find_spec("ai_edge_litert")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("ai-edge-litert is not installed; install it or name a file with --binding")
    path = Path(next(iter(spec.submodule_search_locations))) / "schema_py_generated.py"
    return path, f"ai-edge-litert {importlib.metadata.version('ai-edge-litert')}"


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binding", type=Path, help="schema_py_generated.py to read")
    parser.add_argument("--origin", help="what the output calls the source (with --binding)")
    parser.add_argument("--output", type=Path, default=TARGET)
    arguments = parser.parse_args()
    if arguments.binding:
        path, origin = arguments.binding, arguments.origin or arguments.binding.name
    else:
        path, origin = installed_binding()
    arguments.output.write_text(layout(content(path.read_text(encoding="utf-8"), origin)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
