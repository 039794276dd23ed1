"""What a rule is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sentis_lint.inference.sentis_litert.partial import Partial

Result = Partial | list[Partial]
"""What is known of the result of a layer, or of its results."""

Rule = Callable[..., Result]
"""Takes the arguments of a call, layers replaced by what is known of them."""

Rules = Mapping[str, tuple[Rule, frozenset[int]]]
"""Rule by kind of layer, with the positions of arguments that may be left out."""

NOTHING: Final[frozenset[int]] = frozenset()
"""No argument may be left out."""
