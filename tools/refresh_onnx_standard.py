"""Write ``rules/standards/onnx.json``: what the ONNX standard says of every operator, in every version.

The source is the schema registry of the installed ``onnx`` package; run this after installing a newer one. The file is
read by `sentis_lint.standards`, which explains its layout.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import onnx
from onnx import defs

TARGET = Path(__file__).resolve().parent.parent / "rules" / "standards" / "onnx.json"

DOMAINS = ("", "ai.onnx.ml")

UNLIMITED = 2**31 - 1
"""How the registry writes "any number of inputs"."""

DTYPES = {"float": "float32", "double": "float64"}
"""Where the standard's name of a dtype is not the one used here."""


class TypeSets:
    """The distinct sets of allowed types, each kept once and referred to by a key that follows from its content."""

    def __init__(self) -> None:
        self.sets: dict[str, str] = {}

    def key(self, names: set[str]) -> str:
        """Key of the set; the set is added when it is new.

        Raises:
            ValueError: two different sets have the same key.
        """
        text = " ".join(sorted(type_name(name) for name in names))
        key = hashlib.sha256(text.encode()).hexdigest()[:5]
        if self.sets.setdefault(key, text) != text:
            raise ValueError(f"two sets of types have the key {key}; take a longer one")
        return key


def type_name(text: str) -> str:
    """``tensor(float)`` as ``float32``, ``seq(tensor(double))`` as ``seq(float64)``, maps without the space."""
    text = re.sub(r"\btensor\(([^()]*)\)", r"\1", text.replace(" ", ""))
    return re.sub(r"\w+", lambda match: DTYPES.get(match[0], match[0]), text)


def attribute(schema_attribute: Any) -> list[Any]:
    """``[type, default or null, required]``; defaults are those of the types that have a plain value."""
    kind = schema_attribute.type.name.lower()
    proto = schema_attribute.default_value
    default: Any = None
    if proto.name:
        default = onnx.helper.get_attribute_value(proto)
        if isinstance(default, bytes):
            default = default.decode()
        elif isinstance(default, list):
            default = [item.decode() if isinstance(item, bytes) else item for item in default]
        if not isinstance(default, int | float | str | list):
            default = None
    return [kind, default, bool(schema_attribute.required)]


def parameters(formal: Any, constraints: dict[str, str], types: TypeSets) -> list[list[Any]]:
    """``[name, option, min_arity, type]`` per input or output; `type` names a constraint, or is a type set's key."""
    result = []
    for parameter in formal:
        kind = parameter.type_str if parameter.type_str in constraints else types.key(set(parameter.types))
        row = [parameter.name, parameter.option.name.lower(), parameter.min_arity, kind]
        if not parameter.is_homogeneous:
            row.append(False)
        result.append(row)
    return result


def version(schema: Any, types: TypeSets) -> dict[str, Any]:
    """One version of one operator; keys that say nothing are left out."""
    constraints = {item.type_param_str: types.key(set(item.allowed_type_strs)) for item in schema.type_constraints}
    row: dict[str, Any] = {"since": schema.since_version}
    if schema.deprecated:
        row["deprecated"] = True
    row["attributes"] = {name: attribute(item) for name, item in sorted(schema.attributes.items())}
    row["inputs"] = parameters(schema.inputs, constraints, types)
    row["outputs"] = parameters(schema.outputs, constraints, types)
    row["counts"] = [
        None if count == UNLIMITED else count
        for count in (schema.min_input, schema.max_input, schema.min_output, schema.max_output)
    ]
    row["types"] = constraints
    return row


def standard() -> dict[str, Any]:
    """The whole content of the file."""
    types = TypeSets()
    domains: dict[str, dict[str, list[Any]]] = {domain: defaultdict(list) for domain in DOMAINS}
    schemas = [schema for schema in defs.get_all_schemas_with_history() if schema.domain in domains]
    for schema in sorted(schemas, key=lambda item: (item.domain, item.name, -item.since_version)):
        domains[schema.domain][schema.name].append(version(schema, types))
    newest = {
        domain: max(row["since"] for rows in operators.values() for row in rows)
        for domain, operators in domains.items()
    }
    return {
        "onnx": onnx.__version__,
        "newest": newest,
        "type_sets": dict(sorted(types.sets.items())),
        "domains": domains,
    }


def text(content: dict[str, Any]) -> str:
    """The file: JSON with one line an operator, so that differences between releases can be read."""
    head = {key: value for key, value in content.items() if key != "domains"}
    lines = [json.dumps(head, indent=0)[:-2] + ',\n"domains": {']
    blocks = []
    for domain, operators in content["domains"].items():
        rows = [f"{json.dumps(name)}: {json.dumps(rows, separators=(',', ':'))}" for name, rows in operators.items()]
        blocks.append(f"{json.dumps(domain)}: {{\n" + ",\n".join(rows) + "\n}")
    return lines[0] + "\n" + ",\n".join(blocks) + "\n}\n}\n"


def main() -> int:
    """Command line: write the file, or say whether it is up to date."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; status 1 if the file would change")
    arguments = parser.parse_args()
    content = text(standard())
    if arguments.check:
        return int(not TARGET.is_file() or TARGET.read_text(encoding="utf-8") != content)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(content, encoding="utf-8")
    print(f"{TARGET}: {len(content.encode())} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
