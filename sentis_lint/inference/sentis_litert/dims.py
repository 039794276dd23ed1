"""Arithmetic of sizes as the importer tracks them: an int, or None where a size is not known.

Only what the importer itself concludes is concluded here. Source: com.unity.ai.inference Runtime/Core/ShapeInference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from sentis_lint.inference.sentis_litert.faults import Fault, require

Size = int | None
"""A tracked size."""

Sizes = tuple[Size, ...]
"""The sizes of a tensor of known rank."""

MAX_RANK = 8

INT_MAX = 2**31 - 1
INT_MIN = -(2**31)


def size(value: int) -> int:
    """A computed size.

    Raises:
        Fault: it is negative.
    """
    require(value >= 0, "negative-size", str(value))
    return value


def from_element(value: float | None) -> Size:
    """A size given by an element of a tensor: -1 and unknown elements give an unknown size.

    Raises:
        Fault: it is below -1.
    """
    if not isinstance(value, int) or value == -1:
        return None
    return size(value)


def add(left: Size, right: Size) -> Size:
    """Sum; 0 is neutral beside an unknown size."""
    if left is not None and right is not None:
        return size(left + right)
    return right if left == 0 else left if right == 0 else None


def subtract(left: Size, right: Size) -> Size:
    """Difference."""
    if left is not None and right is not None:
        return size(left - right)
    return left if right == 0 else None


def multiply(left: Size, right: Size) -> Size:
    """Product; 0 wins and 1 is neutral beside an unknown size."""
    if left is not None and right is not None:
        return size(left * right)
    if 0 in (left, right):
        return 0
    return right if left == 1 else left if right == 1 else None


def divide(left: Size, right: int) -> Size:
    """Quotient of a division that must leave no remainder."""
    if left is None:
        return left
    require(right != 0 and left % right == 0, "indivisible", f"{left} by {right}")
    return left // right


def divide_rounding(left: Size, right: int, *, up: bool) -> Size:
    """Quotient, rounded up or down; dividing by 0 is a fault even where the size is unknown."""
    if right == 1:
        return left
    require(right != 0, "zero-division")
    if left is None:
        return None
    return size(math.ceil(left / right) if up else math.floor(left / right))


def product(sizes: Sequence[Size]) -> Size:
    """Number of elements."""
    total: Size = 1
    for one in sizes:
        total = multiply(total, one)
    return total


def agree(left: Size, right: Size) -> Size:
    """The better known of two sizes that must be the same.

    Raises:
        Fault: both are known and differ.
    """
    if left is None or right is None:
        return right if left is None else left
    require(left == right, "sizes-differ", f"{left} and {right}")
    return left


def broadcast_size(left: Size, right: Size) -> Size:
    """The size two sizes broadcast to.

    Raises:
        Fault: both are known, differ, and neither is 1.
    """
    if left == 1:
        return right
    if right in (1, left):
        return left
    require(left is None or right is None, "broadcast", f"{left} and {right}")
    return right if left is None else left


def broadcast(left: Sizes, right: Sizes) -> Sizes:
    """Numpy-style broadcasting, dimension by dimension from the last."""
    rank = max(len(left), len(right))
    one = (1,) * (rank - len(left)) + left
    two = (1,) * (rank - len(right)) + right
    return tuple(broadcast_size(a, b) for a, b in zip(one, two, strict=True))


def axis(index: int, rank: int) -> int:
    """A non-negative axis.

    Raises:
        Fault: the axis is out of range.
    """
    require(-rank <= index < rank, "axis", f"axis {index} of {rank} dimensions")
    return index if index >= 0 else index + rank


def squeeze_all(sizes: Sizes) -> Sizes | None:
    """Sizes without those that are 1; None (unknown rank) as soon as one size is unknown."""
    require(bool(sizes), "rank")
    if None in sizes:
        return None
    return tuple(one for one in sizes if one != 1)


def squeeze(sizes: Sizes, axes: Sequence[int]) -> Sizes:
    """Sizes without some axes, which must be of size 1 or unknown and each listed once."""
    removed: set[int] = set()
    for index in axes:
        position = axis(index, len(sizes))
        require(position not in removed, "axis", f"axis {index} twice")
        removed.add(position)
        require(sizes[position] in (None, 1), "not-unit", f"axis {position} has size {sizes[position]}")
    return tuple(one for position, one in enumerate(sizes) if position not in removed)


def unsqueeze(sizes: Sizes, axes: Sequence[int]) -> Sizes:
    """Sizes with new axes of size 1 at positions of the result."""
    rank = checked_rank(len(sizes) + len(axes))
    added: set[int] = set()
    for index in axes:
        position = axis(index, rank)
        require(position not in added, "axis", f"axis {index} twice")
        added.add(position)
    rest = iter(sizes)
    return tuple(1 if position in added else next(rest) for position in range(rank))


def checked_rank(rank: int) -> int:
    """A rank.

    Raises:
        Fault: it is over 8.
    """
    require(0 <= rank <= MAX_RANK, "rank-limit" if rank > 0 else "rank", f"{rank} dimensions")
    return rank


def pool(length: Size, kernel: int, stride: int, padding: int, dilation: int, auto: str) -> Size:
    """Length of a window operation's output.

    Args:
        length: the input's.
        kernel: number of taps.
        stride: step.
        padding: of both ends together; counts for ``explicit`` only.
        dilation: distance of taps.
        auto: ``explicit``, ``valid`` or ``same``.
    """
    reach = (kernel - 1) * dilation + 1
    if auto == "valid":
        return divide_rounding(add(_minus(length, reach), 1), stride, up=True)
    if auto == "same":
        return divide_rounding(length, stride, up=True)
    return add(divide_rounding(_minus(_plus(length, padding), reach), stride, up=False), 1)


def _plus(length: Size, amount: int) -> Size:
    # Unlike `add`, the amount may be negative.
    if length is None:
        return None
    return size(length + amount)


def _minus(length: Size, amount: int) -> Size:
    return _plus(length, -amount)


def slice_size(length: Size, start: float | None, end: float | None, step: float | None) -> Size:
    """Length of one sliced axis.

    Raises:
        Fault: the step is 0.
    """
    require(step != 0, "zero-step")
    if length is not None and isinstance(start, int) and isinstance(end, int) and isinstance(step, int):
        if length == 0:
            return 0
        first, last = slice_bounds(length, start, end, step)
        return max(math.ceil((last - first) / step), 0)
    if start is None or end is None:
        return None
    if start == end:
        return 0
    if step is None:
        return None
    return _open_slice(length, start, end, step)


def _open_slice(length: Size, start: float, end: float, step: float) -> Size:
    # Bounds are known, the length is not: only whole and empty slices can be told.
    low, high = (start, end) if step > 0 else (end, start)
    if low == INT_MAX or high in (0, INT_MIN):
        return 0
    if step == 1 and low in (0, INT_MIN) and high == INT_MAX:
        return length
    if step == -1 and end in (-1, INT_MIN) and start == INT_MAX:
        return length
    return None


def slice_bounds(length: int, start: int, end: int, step: int) -> tuple[int, int]:
    """First and last position of a slice, moved into range as the importer does."""
    lowest = -1 if step < 0 else 0
    first = min(max(length + start if start < 0 else start, 0), length + lowest)
    last = min(max(length + end if end < 0 else end, lowest), length)
    return first, last


def unknown_sizes(rank: int) -> Sizes:
    """A shape of a known rank and nothing else."""
    return (None,) * checked_rank(rank)


__all__ = [
    "INT_MAX",
    "INT_MIN",
    "MAX_RANK",
    "Fault",
    "Size",
    "Sizes",
    "add",
    "agree",
    "axis",
    "broadcast",
    "broadcast_size",
    "checked_rank",
    "divide",
    "divide_rounding",
    "from_element",
    "multiply",
    "pool",
    "product",
    "size",
    "slice_bounds",
    "slice_size",
    "squeeze",
    "squeeze_all",
    "subtract",
    "unknown_sizes",
    "unsqueeze",
]
