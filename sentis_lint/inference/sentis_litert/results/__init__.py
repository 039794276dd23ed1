"""What the importer knows of a layer's result, from what it knows of the arguments.

Source: com.unity.ai.inference Runtime/Core/Layers/Layer.*.cs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sentis_lint.inference.sentis_litert.faults import Fault
from sentis_lint.inference.sentis_litert.layers import Arg, Layer
from sentis_lint.inference.sentis_litert.results import (
    elementwise,
    generators,
    indexing,
    products,
    reductions,
    shapes,
    slices,
    windows,
)
from sentis_lint.inference.sentis_litert.results.types import Result, Rules

RULES: Final[Rules] = {
    **elementwise.RULES,
    **generators.RULES,
    **indexing.RULES,
    **products.RULES,
    **reductions.RULES,
    **shapes.RULES,
    **slices.RULES,
    **windows.RULES,
}


def infer(target: str, args: Sequence[Arg]) -> Result:
    """What is known of the result (or results) of a layer.

    Raises:
        Fault: the layer does not take these arguments, or one of the needed ones is None.
    """
    rule, optional = RULES[target]
    return rule(*(_argument(arg, position in optional) for position, arg in enumerate(args)))


def _argument(arg: Arg, optional: bool) -> Any:
    if isinstance(arg, Layer):
        return arg.known
    if isinstance(arg, tuple) and any(isinstance(inner, Layer) or inner is None for inner in arg):
        return [_argument(inner, False) for inner in arg]
    if arg is None and not optional:
        raise Fault("null-input")
    return arg
