"""What the ONNX standard says of its operators: inputs, outputs, attributes with defaults, allowed dtypes, by opset.

The facts lie in ``rules/standards/onnx.json``, made by ``tools/refresh_onnx_standard.py`` from the schema registry of
the ``onnx`` package. The file is read on the first question, and only the operators asked for become objects.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, NamedTuple

from sentis_lint.targets import rules_folder


class AttributeSchema(NamedTuple):
    """One attribute as the standard declares it."""

    type: str
    """Kind as `graph.Attribute.type` has it: ``float int string tensor graph … floats ints strings …``."""
    default: float | int | str | tuple[Any, ...] | None
    """None where the standard gives no default, or one without a plain value (a tensor)."""
    required: bool


class Parameter(NamedTuple):
    """One declared input or output."""

    name: str
    option: str
    """``single``, ``optional`` or ``variadic``."""
    min_arity: int
    """For a variadic parameter: the least number of values it stands for."""
    type: str
    """Name of the type constraint (``T``), shared by all parameters of the same type; ``""`` where there is none."""
    types: frozenset[str]
    """Allowed dtypes; what is no tensor is spelled ``seq(float32)``, ``optional(…)``, ``map(int64,float32)``."""
    homogeneous: bool = True
    """For a variadic parameter: whether all its values have the same type."""


class Schema(NamedTuple):
    """One version of one operator."""

    domain: str
    name: str
    since_version: int
    """The first opset version with this form."""
    deprecated: bool
    attributes: dict[str, AttributeSchema]
    inputs: tuple[Parameter, ...]
    outputs: tuple[Parameter, ...]
    min_inputs: int
    max_inputs: int | None
    """None: no limit."""
    min_outputs: int
    max_outputs: int | None

    def input(self, position: int) -> Parameter | None:
        """The parameter that stands at an input position; None beyond the declared ones."""
        return _at(self.inputs, position)

    def output(self, position: int) -> Parameter | None:
        """The parameter that stands at an output position; None beyond the declared ones."""
        return _at(self.outputs, position)


def schema(domain: str, op_type: str, opset: int) -> Schema | None:
    """The form of an operator that holds at an opset version of its domain.

    An opset newer than the standard known here gives the newest form. None: the domain or the operator is not of the
    standard (``com.microsoft``), or the operator came later than `opset`.
    """
    versions = _rows(domain, op_type)
    for position, row in enumerate(versions):
        if row["since"] <= opset:
            return _schema("" if domain == "ai.onnx" else domain, op_type, position)
    return None


def since_versions(domain: str, op_type: str) -> tuple[int, ...]:
    """The opset versions that changed an operator, newest first; empty for what is not of the standard."""
    return tuple(row["since"] for row in _rows(domain, op_type))


def operators(domain: str = "") -> tuple[str, ...]:
    """Names of all operators the standard ever had in a domain (``""`` or ``ai.onnx.ml``)."""
    return tuple(_content()["domains"].get("" if domain == "ai.onnx" else domain, ()))


def newest_opset(domain: str = "") -> int | None:
    """The newest opset version known of a domain; None for a domain that is not of the standard."""
    newest: int | None = _content()["newest"].get("" if domain == "ai.onnx" else domain)
    return newest


def _at(parameters: tuple[Parameter, ...], position: int) -> Parameter | None:
    if position < 0:
        return None
    if position < len(parameters):
        return parameters[position]
    return parameters[-1] if parameters and parameters[-1].option == "variadic" else None


def _rows(domain: str, op_type: str) -> list[dict[str, Any]]:
    operators = _content()["domains"].get("" if domain == "ai.onnx" else domain)
    rows: list[dict[str, Any]] = operators.get(op_type, []) if operators else []
    return rows


@cache
def _content() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((rules_folder() / "standards" / "onnx.json").read_bytes())
    return content


@cache
def _types(key: str) -> frozenset[str]:
    return frozenset(_content()["type_sets"][key].split())


@cache
def _schema(domain: str, op_type: str, position: int) -> Schema:
    row = _rows(domain, op_type)[position]
    counts = row["counts"]
    return Schema(
        domain=domain,
        name=op_type,
        since_version=row["since"],
        deprecated=row.get("deprecated", False),
        attributes={name: _attribute(*fields) for name, fields in row["attributes"].items()},
        inputs=tuple(_parameter(fields, row["types"]) for fields in row["inputs"]),
        outputs=tuple(_parameter(fields, row["types"]) for fields in row["outputs"]),
        min_inputs=counts[0],
        max_inputs=counts[1],
        min_outputs=counts[2],
        max_outputs=counts[3],
    )


def _attribute(kind: str, default: Any, required: bool) -> AttributeSchema:
    return AttributeSchema(kind, tuple(default) if isinstance(default, list) else default, required)


def _parameter(fields: list[Any], constraints: dict[str, str]) -> Parameter:
    name, option, min_arity, kind = fields[:4]
    constraint, key = (kind, constraints[kind]) if kind in constraints else ("", kind)
    return Parameter(name, option, min_arity, constraint, _types(key), len(fields) < 5)
