"""The options of LiteRT operators as attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sentis_lint.graph import Attribute
from sentis_lint.readers import litert_schema as schema
from sentis_lint.readers.flatbuffer import FlatBuffer

Attributes = Mapping[str, Attribute]


class OptionsReader:
    """Reads options tables of one file.

    Equal options of the same operator code give one and the same mapping, so that its identity stands for the options,
    for their kind and for the operator code. A table that is there and empty is told apart from one that is not there.
    """

    def __init__(self, buffer: FlatBuffer) -> None:
        self._buffer = buffer
        self._shared: dict[tuple[Any, ...], Attributes] = {}
        self._kinds: dict[tuple[int, int], str] = {}

    def absent(self, operator_code: int, kind: str | None) -> Attributes:
        """The empty mapping of nodes without an options table."""
        return self._shared.setdefault((operator_code, kind), {})

    def kind(self, which: int, number: int) -> str:
        """Name of a kind of options table in ``builtin_options`` (1) or ``builtin_options_2`` (2)."""
        name = self._kinds.get((which, number))
        if name is None:
            name = self._kinds[which, number] = schema.member(schema.union_members(which), number)
        return name

    def read(self, operator_code: int, kind: str, position: int) -> Attributes:
        """The fields of an options table, those left out with the schema's default; empty if the kind is unknown.

        Args:
            operator_code: index of the node's operator code.
            kind: name of the options table.
            position: where the table lies.
        """
        table = schema.options_table(kind)
        if table is None:
            return self._shared.setdefault((operator_code, kind, "present"), {})
        values = self._buffer.record(table.layout, position)
        for index, option in enumerate(table.options):
            if option.is_vector:
                values[index] = self._buffer.numbers(values[index], option.scalar, f"{kind}.{option.name}")
            elif option.scalar == "string":
                values[index] = self._buffer.text(values[index], f"{kind}.{option.name}")
        # 0.0 and -0.0 are equal as keys and yet not the same option: the text tells them apart.
        text = str(values) if table.has_floats else None
        key = (operator_code, kind, "present", text, *values)
        found = self._shared.get(key)
        if found is None:
            found = self._shared[key] = {
                option.name: _attribute(option, value) for option, value in zip(table.options, values, strict=True)
            }
        return found


def _attribute(option: schema.Option, value: Any) -> Attribute:
    if option.enum is not None:
        numbers = value if option.is_vector else (value,)
        names = tuple(schema.member(option.enum, number) for number in numbers)
        value = names if option.is_vector else names[0]
    return Attribute(option.name, option.type, value)
