"""The LiteRT schema: operators, their options tables, enumerations, and the layout of the tables of a file.

The facts lie in ``rules/standards/litert.json``, made by ``tools/refresh_litert_schema.py``. The file is read on the
first question.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, NamedTuple

from sentis_lint.readers.flatbuffer import Field, Layout
from sentis_lint.targets import rules_folder


class Option(NamedTuple):
    """One field of an options table."""

    name: str
    type: str
    """Kind as `graph.Attribute.type` has it: ``int bool float string``, a vector is ``ints floats strings``."""
    default: int | bool | float | str | tuple[()]
    """What the schema says for a field that is left out; an empty tuple or string for vectors and strings."""
    scalar: str
    """Type of one element in the file (``int8``), or ``string``."""
    enum: tuple[str | None, ...] | None
    """Names of an enumeration's members by number, where the field is one."""

    @property
    def is_vector(self) -> bool:
        """Whether the field holds any number of elements."""
        return self.default == ()


class OptionsTable(NamedTuple):
    """One kind of options table."""

    name: str
    options: tuple[Option, ...]
    layout: Layout
    has_floats: bool


class OperatorSchema(NamedTuple):
    """One builtin operator."""

    name: str
    code: int
    options: str | None
    """Name of its options table; None where it has none."""


@cache
def _content() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((rules_folder() / "standards" / "litert.json").read_bytes())
    return content


@cache
def operators() -> dict[str, OperatorSchema]:
    """Every builtin operator by name."""
    rows: dict[str, list[Any]] = _content()["operators"]
    return {name: OperatorSchema(name, code, options) for name, (code, options) in rows.items()}


@cache
def operator_names() -> dict[int, str]:
    """Name of each builtin operator by code."""
    return {operator.code: operator.name for operator in operators().values()}


@cache
def enum(name: str) -> tuple[str | None, ...]:
    """Names of the members of an enumeration by number; None where a number has no name."""
    return tuple(_content()["enums"][name])


def member(names: tuple[str | None, ...], number: int) -> str:
    """Name of a member; ``unknown(7)`` where the schema has none of that number."""
    name = names[number] if 0 <= number < len(names) else None
    return f"unknown({number})" if name is None else name


@cache
def dtypes() -> tuple[str, ...]:
    """Dtypes by number, spelled as the graph has them: ``float32``, ``float8e4m3fn``."""
    return tuple((name or "").lower().replace("float8_", "float8") for name in enum("TensorType"))


@cache
def union_members(which: int) -> tuple[str | None, ...]:
    """Options tables by the number of their kind, for ``builtin_options`` (1) and ``builtin_options_2`` (2)."""
    return tuple(_content()["builtin_options" if which == 1 else "builtin_options_2"])


@cache
def layout(table: str, *names: str) -> Layout:
    """Layout of a table of the file's structure, with the named fields in the given order."""
    rows = _content()["structure"][table]
    slots = {row[0]: (slot, row) for slot, row in enumerate(rows) if row}
    fields = []
    for name in names:
        slot, (_, kind, default) = slots[name]
        fields.append(Field(slot, kind, 0 if default is None else default))
    return Layout(table, fields, len(rows))


@cache
def options_table(name: str) -> OptionsTable | None:
    """An options table by name (``Conv2DOptions``); None for one that is not of the schema (also for ``NONE``)."""
    rows = _content()["options"].get(name)
    if rows is None:
        return None
    present = [(slot, row) for slot, row in enumerate(rows) if row]
    options = tuple(_option(*row) for _, row in present)
    fields = [
        Field(slot, option.scalar if row[1][0] != "[" else "vector", _number(row[2], option))
        for (slot, row), option in zip(present, options, strict=True)
    ]
    has_floats = any("float" in option.scalar for option in options)
    return OptionsTable(name, options, Layout(name, fields, len(rows)), has_floats)


def _option(name: str, kind: str, default: Any) -> Option:
    inner = kind.strip("[]")
    enum_name, _, scalar = inner.rpartition(":")
    names = enum(enum_name) if enum_name else None
    if names is not None or inner == "string":
        attribute_type = "string"
    elif scalar == "bool":
        attribute_type = "bool"
    else:
        attribute_type = "float" if "float" in scalar else "int"
    if kind.startswith("["):
        return Option(name, ("int" if attribute_type == "bool" else attribute_type) + "s", (), scalar, names)
    return Option(name, attribute_type, "" if default is None else default, scalar, names)


def _number(default: Any, option: Option) -> Any:
    """The default as the file would have it: the number of an enumeration's member."""
    if default is None:
        return 0
    return option.enum.index(default) if option.enum is not None else default
