"""What makes the importer give up: a closed list of causes that tables refer to as ``fault('…')``."""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, str]] = {
    "refused": "the converter itself refuses an attribute or a type; a limit of the operator says which",
    "no-options": "the operator's table of options is absent",
    "null-input": "a required input is left out, or nothing made it",
    "no-output": "an output that the operator sets is not listed",
    "output-type": "the dtype of the output is none of the importer's",
    "dynamic-value": "a value that must be known at import is not (or has more than 16 elements)",
    "value-rank": "a value that stands for a single number has more than one dimension",
    "unknown-rank": "a result of unknown rank",
    "rank": "a rank that an internal layer does not take",
    "rank-limit": "more than 8 dimensions",
    "axis": "an axis out of range, or the same axis twice",
    "broadcast": "sizes that cannot be broadcast together",
    "sizes-differ": "sizes that must be the same are not",
    "contraction": "the contracted sizes of a matrix product differ",
    "weights-size": "weights of unknown size, where the input is flattened to fit them",
    "groups": "a transposed convolution in several groups",
    "no-channels": "a filter without channels",
    "kinds": "float and integer tensors where one kind is needed",
    "negative-size": "a size below 0 comes out",
    "indivisible": "a size that is not a multiple of a block",
    "zero-division": "a division by zero while values are tracked",
    "zero-step": "a slice with step 0",
    "length": "fewer elements than are read",
    "not-unit": "a dimension of a size other than 1 is removed",
    "last-element": "a slice of the last element by index -1",
    "split-length": "the length of the axis that is split is not known",
    "overflow": "a tracked number does not fit its new type",
    "layout": "an axis of a layout of another rank",
    "folding": "a constant expression cannot be computed",
    "int-kernel-fusion": "integer weights beside an addition or a scaling that is fused into them",
    "dense-bias": "a bias that does not fit the columns of the matrix product it is fused with",
    "dense-scalar": "a scalar computed at run time as the bias of a matrix product",
    "dense-chain": "two matrix products in a row, the first with a bias of more than one dimension",
    "self-fusion": "a matrix product added to itself",
    "lost-shape": "the shape of a tensor that is listed twice as an output is lost",
}
"""Every code with its meaning."""

OPTIMISER_CODES: Final = frozenset(
    {"folding", "int-kernel-fusion", "dense-bias", "dense-scalar", "dense-chain", "self-fusion", "lost-shape"}
)
"""Codes that only the optimiser raises, after all operators are converted. What it raises besides rests on values that
we worked out for it."""


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


class Unknowable(Exception):
    """It cannot be told what the importer does: after something it could not do, or with a value we cannot read."""
