"""RNN, GRU and LSTM."""

from __future__ import annotations

from collections.abc import Sequence

from sentis_lint.graph import Dim, Shape
from sentis_lint.inference.facts import Fact
from sentis_lint.inference.onnx.call import Call, Handler, Unclear

_DIRECTIONS = {"forward": 1, "reverse": 1, "bidirectional": 2}


def _recurrent(call: Call) -> Sequence[Fact]:
    data, weights = call.shape(0), call.shape(2)
    if (data is not None and len(data) != 3) or (weights is not None and len(weights) != 3):
        raise Unclear("rank")
    directions = _DIRECTIONS.get(call.string("direction", "forward"))
    hidden: Dim = weights[2] if weights is not None else None
    if call.present("hidden_size"):
        named = call.optional_integer("hidden_size")
        # Runtimes follow either; they agree in a model that runs.
        hidden = named if hidden is None or hidden == named or isinstance(hidden, str) else None
    batch_first = call.opset >= 14 and call.integer("layout", 0) == 1
    first, second = data[:2] if data is not None else (None, None)
    sequence, batch = (second, first) if batch_first else (first, second)
    dtype = call.dtype(0, 1, 2)
    everything: Shape = (sequence, directions, batch, hidden)
    last: Shape = (directions, batch, hidden)
    if batch_first:
        everything, last = (batch, sequence, directions, hidden), (batch, directions, hidden)
    return (Fact(dtype, everything), Fact(dtype, last), Fact(dtype, last))


HANDLERS: dict[str, Handler] = {"GRU": _recurrent, "LSTM": _recurrent, "RNN": _recurrent}
