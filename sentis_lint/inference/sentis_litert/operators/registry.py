"""Where converters are registered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sentis_lint.inference.sentis_litert.operation import Operation

Converter = Callable[[Operation], None]

CONVERTERS: Final[dict[str, Converter]] = {}
"""Converter by operator."""


def converts(*names: str) -> Callable[[Converter], Converter]:
    """Register a converter for some operators."""

    def register(converter: Converter) -> Converter:
        for name in names:
            CONVERTERS[name] = converter
        return converter

    return register
