"""Predicates over LiteRT nodes: what the importer's own bookkeeping says (see `inference.sentis_litert`)."""

from __future__ import annotations

from sentis_lint.conditions.view import NodeView
from sentis_lint.predicates import predicate


@predicate
def fault(view: NodeView, code: str) -> bool | None:
    """Whether the importer gives up on the node for a reason of `inference.sentis_litert.faults`.

    Unknown where it would, if what it could not make before came out as the file describes it.
    """
    if code in view.context.get("faults", ()):
        return True
    return None if code in view.context.get("doubts", ()) else False


@predicate
def read_as(view: NodeView) -> bool:
    """Whether the importer takes the node for another operator than the runtime does.

    A file says the operator's code twice, in an old field of one byte and in a new one. The runtime goes by the greater,
    the importer by the new one only above 127.
    """
    if view.node.codes is None:
        return False
    new, old = view.node.codes
    return (new if new > 127 else old) != max(new, old)
