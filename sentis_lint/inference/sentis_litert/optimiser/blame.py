"""Which operator a failure of the optimiser is put down to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sentis_lint.inference.sentis_litert.faults import Fault
from sentis_lint.inference.sentis_litert.layers import Layer


class OptimiserFault(Exception):
    """The optimiser gives up.

    Attributes:
        origin: index of the operator to blame; -1 for none.
        fault: why.
    """

    def __init__(self, origin: int, fault: Fault) -> None:
        super().__init__(origin, fault)
        self.origin = origin
        self.fault = fault


@contextmanager
def blaming(layer: Layer) -> Iterator[None]:
    """Turn faults inside into faults of the operator a layer was made for.

    Raises:
        OptimiserFault: there was a fault.
    """
    origin = layer.origin
    try:
        yield
    except Fault as fault:
        raise OptimiserFault(origin, fault) from fault
