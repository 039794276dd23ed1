"""Converters by operator: what layers the importer makes of it.

Source: com.unity.ai.inference Editor/LiteRT/LiteRTModelConverter.cs.
"""

from __future__ import annotations

from sentis_lint.inference.sentis_litert.operators import (
    elementwise,
    indexing,
    products,
    reductions,
    shapes,
    slices,
    spatial,
)
from sentis_lint.inference.sentis_litert.operators.registry import CONVERTERS

__all__ = ["CONVERTERS", "elementwise", "indexing", "products", "reductions", "shapes", "slices", "spatial"]
