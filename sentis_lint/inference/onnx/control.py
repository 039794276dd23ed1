"""If, Loop and Scan: of their outputs only what the subgraphs declare as dtype is claimed.

Declared shapes of subgraph outputs are left alone: exporters write the shapes of one traced run there.
"""

from __future__ import annotations

from collections.abc import Sequence

from sentis_lint.graph import Graph, Value
from sentis_lint.inference.facts import UNKNOWN, Fact
from sentis_lint.inference.onnx.call import Call, Handler, Unclear


def _subgraph(call: Call, name: str) -> Graph:
    graph = call.node.attributes[name].value
    if not isinstance(graph, Graph):
        raise Unclear(name)
    return graph


def _declared(value: Value) -> Fact:
    if value.kind == "unset":
        return UNKNOWN
    return Fact(value.dtype if value.kind == "tensor" else None, None, kind=value.kind)


def _if(call: Call) -> Sequence[Fact]:
    # Branches read values of the outer scope, which this node does not list.
    call.varies = True
    then, other = _subgraph(call, "then_branch").outputs, _subgraph(call, "else_branch").outputs
    if len(then) != len(other):
        raise Unclear("branches")
    pairs = zip(map(_declared, then), map(_declared, other), strict=True)
    return [one if one == another else _agreed(one, another) for one, another in pairs]


def _agreed(one: Fact, other: Fact) -> Fact:
    if one.kind != other.kind:
        return UNKNOWN
    known = one.dtype or other.dtype
    return Fact(known if other.dtype in (None, known) else None, None, kind=one.kind)


def _loop(call: Call) -> Sequence[Fact]:
    call.varies = True
    # The body gives the condition first, then carried values, then values that are stacked.
    return [_declared(value) for value in _subgraph(call, "body").outputs[1:]]


def _scan(call: Call) -> Sequence[Fact]:
    call.varies = True
    return [_declared(value) for value in _subgraph(call, "body").outputs]


def _sequence_map(call: Call) -> Sequence[Fact]:
    call.varies = True
    return [Fact(value.dtype, None, kind="sequence") for value in _subgraph(call, "body").outputs]


HANDLERS: dict[str, Handler] = {"If": _if, "Loop": _loop, "Scan": _scan, "SequenceMap": _sequence_map}
