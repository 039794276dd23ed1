"""What makes the importer give up: a closed list of causes that tables refer to as ``fault('…')``."""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, str]] = {
    "refused": "the converter itself refuses an attribute or a type; limits of the operator say which",
    "no-options": "the operator's table of options is absent",
    "null-input": "a required input is left out, or nothing made it",
    "no-output": "an output that the operator sets is not listed",
    "dynamic-value": "a value that must be known at import is not (or has more than 16 elements)",
    "value-rank": "a value that stands for a single number has more than one dimension",
    "unknown-rank": "a result of unknown rank",
    "rank": "a rank that an internal layer does not take",
    "rank-limit": "more than 8 dimensions",
    "axis": "an axis out of range, or the same axis twice",
    "broadcast": "sizes that cannot be broadcast together",
    "sizes-differ": "sizes that must be the same are not",
    "contraction": "the contracted sizes of a matrix product differ",
    "kinds": "float and integer tensors where one kind is needed",
    "negative-size": "a size below 0 comes out",
    "indivisible": "a size that is not a multiple of a block",
    "zero-division": "a division by zero while values are tracked",
    "zero-step": "a slice with step 0",
    "length": "fewer elements than are read",
    "not-unit": "a dimension of a size other than 1 is removed",
    "overflow": "a tracked number does not fit its new type",
    "layout": "an axis of a layout of another rank",
    "folding": "a constant expression cannot be computed",
    "int-kernel-fusion": "integer weights beside an addition or a scaling that is fused into them",
    "dense-bias": "a bias that does not fit the columns of the matrix product it is fused with",
    "dense-chain": "two matrix products in a row, the first with a bias of more than one dimension",
    "self-fusion": "a matrix product added to itself",
    "lost-shape": "the shape of a tensor that is listed twice as an output is lost",
}
"""Every code with its meaning. Codes from ``folding`` on are raised by the optimiser, after all nodes are converted."""


class Fault(Exception):
    """The importer gives up here.

    Attributes:
        code: one of `CODES`.
        detail: the measured cause, such as ``3 and 4``, for the message; may be empty.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        assert code in CODES, code
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


def require(condition: bool, code: str, detail: str = "") -> None:
    """Raise a fault unless the condition holds.

    Raises:
        Fault: it does not.
    """
    if not condition:
        raise Fault(code, detail)
