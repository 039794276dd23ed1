"""How the Sentis importer (com.unity.ai.inference 2.4 and later) reads LiteRT models.

A mirror of the importer's bookkeeping, not of what it computes: which layers it makes of an operator (`operators`),
what it knows of their results (`results`, `partial`, `dims`, `elements`), in which order of axes it holds them
(`layout`), where it gives up (`faults`), and where its optimiser does (`optimiser`). `importer` runs the pass,
`dialect` hands it to the engine. What a fault means to a user, in which releases, stands in ``rules/sentis/litert``.
"""

from sentis_lint.inference.sentis_litert.dialect import LiteRTDialect

__all__ = ["LiteRTDialect"]
