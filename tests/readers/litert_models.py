"""LiteRT files from plain dictionaries, for tests: any table of the schema, any field, also what no converter writes.

    model(tensors=[{"name": "x", "shape": [1, 4]}], operators=[{"inputs": [0], "outputs": [0]}])

A dictionary names fields as the schema does. A field that is not named is left out of the file. Options are given as
``"builtin_options": ("AddOptions", {...})``; a number for a name is a slot that the schema does not have.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import flatbuffers

from sentis_lint.targets import rules_folder

_SCHEMA = json.loads((rules_folder() / "standards" / "litert.json").read_text())

_TABLES = {
    ("Model", "operator_codes"): "OperatorCode",
    ("Model", "subgraphs"): "SubGraph",
    ("Model", "buffers"): "Buffer",
    ("Model", "metadata"): "Metadata",
    ("Model", "signature_defs"): "SignatureDef",
    ("Model", "external_buffer_groups"): "ExternalBufferGroup",
    ("Model", "external_buffers"): "ExternalBuffer",
    ("SubGraph", "tensors"): "Tensor",
    ("SubGraph", "operators"): "Operator",
    ("Tensor", "quantization"): "QuantizationParameters",
    ("Tensor", "sparsity"): "SparsityParameters",
    ("SignatureDef", "inputs"): "TensorMap",
    ("SignatureDef", "outputs"): "TensorMap",
}
"""Which table a field of type table holds."""

_PREPEND = {
    "bool": "PrependBool",
    "int8": "PrependInt8",
    "uint8": "PrependByte",
    "int32": "PrependInt32",
    "uint32": "PrependUint32",
    "int64": "PrependInt64",
    "uint64": "PrependUint64",
    "float32": "PrependFloat32",
}
_WIDTHS = {"bool": 1, "int8": 1, "uint8": 1, "int32": 4, "uint32": 4, "float32": 4, "int64": 8, "uint64": 8}


def file(fields: dict[str, Any], identifier: bytes | None = b"TFL3") -> bytes:
    """The bytes of a file whose root table, a Model, has these fields."""
    builder = flatbuffers.Builder(1024)
    root = _table(builder, "Model", fields)
    builder.Finish(root, file_identifier=identifier)
    return bytes(builder.Output())


def model(
    tensors: list[dict[Any, Any]] | None = None,
    operators: list[dict[Any, Any]] | None = None,
    codes: list[dict[str, Any]] | None = None,
    inputs: list[int] | None = None,
    outputs: list[int] | None = None,
    identifier: bytes | None = b"TFL3",
    **fields: Any,
) -> bytes:
    """The bytes of a file with one subgraph; `fields` are further fields of the Model."""
    subgraph = {
        "tensors": [{"name": "x", "shape": [1, 4]}, {"name": "y", "shape": [1, 4]}] if tensors is None else tensors,
        "inputs": [0] if inputs is None else inputs,
        "outputs": [1] if outputs is None else outputs,
        "operators": [{"opcode_index": 0, "inputs": [0], "outputs": [1]}] if operators is None else operators,
    }
    content: dict[str, Any] = {
        "version": 3,
        "operator_codes": [{"builtin_code": 101, "deprecated_builtin_code": 101}] if codes is None else codes,
        "subgraphs": [subgraph],
        "buffers": [{}],
    }
    return file({**content, **fields}, identifier)


class Source:
    """Bytes in memory, as a reader wants them."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)

    def read(self, offset: int, length: int) -> bytes:
        """Some of the bytes."""
        return self.data[offset : offset + length]

    def close(self) -> None:
        """Nothing to do."""


FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"


def _rows(table: str) -> list[Any]:
    rows: list[Any] = _SCHEMA["structure"].get(table) or _SCHEMA["options"].get(table) or []
    return rows


def _table(builder: Any, table: str, fields: dict[Any, Any]) -> int:
    slots: dict[int, tuple[str, Any]] = {}
    known = {row[0]: (slot, row[1]) for slot, row in enumerate(_rows(table)) if row}
    for name, value in fields.items():
        if isinstance(name, int):  # a slot that the schema does not have
            slots[name] = ("int32", value)
        elif name in {"builtin_options", "builtin_options2"} and isinstance(value, tuple):
            kind, content = value
            union = _SCHEMA["builtin_options" if name == "builtin_options" else "builtin_options_2"]
            slots[known[name + "_type"][0]] = ("uint8", union.index(kind) if isinstance(kind, str) else kind)
            slots[known[name][0]] = ("offset", _table(builder, kind if isinstance(kind, str) else "", content))
        else:
            slot, kind = known[name]
            slots[slot] = _field(builder, table, name, kind.split(":")[-1] if kind[0] != "[" else kind, value)
    builder.StartObject(max([*slots, -1]) + 1)
    for slot, (kind, value) in slots.items():
        if kind == "offset":
            builder.PrependUOffsetTRelativeSlot(slot, value, 0)
        else:
            getattr(builder, _PREPEND[kind] + "Slot" if kind != "uint8" else "PrependUint8Slot")(slot, value, None)
    return int(builder.EndObject())


def _field(builder: Any, table: str, name: str, kind: str, value: Any) -> tuple[str, Any]:
    if kind in _PREPEND:
        return kind, value
    if kind == "string":
        return "offset", builder.CreateString(value)
    if kind == "table":
        return "offset", _table(builder, _TABLES[table, name], value)
    inner = kind.strip("[]").split(":")[-1]
    if inner == "table":
        places = [_table(builder, _TABLES[table, name], item) for item in value]
        builder.StartVector(4, len(places), 4)
        for place in reversed(places):
            builder.PrependUOffsetTRelative(place)
        return "offset", builder.EndVector()
    builder.StartVector(_WIDTHS[inner], len(value), 16 if inner == "uint8" else _WIDTHS[inner])
    for number in reversed(value):
        getattr(builder, _PREPEND[inner])(number)
    return "offset", builder.EndVector()
