"""Index arithmetic over small tensors whose elements are known, flat and row-major."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sentis_lint.graph import Shape
from sentis_lint.inference.facts import MAX_ELEMENTS, Element

Sizes = tuple[int, ...]
Elements = tuple[Element, ...]

MAX_RANK = 32
"""Elements of tensors of a higher rank are not followed."""


def sizes_of(shape: Shape | None) -> Sizes | None:
    """A shape as plain numbers; None unless all are known and the tensor is so small that its elements are kept."""
    if shape is None or len(shape) > MAX_RANK:
        return None
    total = 1
    for dim in shape:
        if not isinstance(dim, int) or dim < 0:
            return None
        total *= dim or 1  # beside a 0 other sizes must stay small as well: walks go over them
    return None if total > MAX_ELEMENTS else shape  # type: ignore[return-value]


def count(sizes: Sizes) -> int:
    """Number of elements."""
    total = 1
    for size in sizes:
        total *= size
    return total


def strides_of(sizes: Sizes) -> list[int]:
    """How many elements one step along each axis passes over."""
    strides = [1] * len(sizes)
    for axis in range(len(sizes) - 2, -1, -1):
        strides[axis] = strides[axis + 1] * sizes[axis + 1]
    return strides


def positions(sizes: Sizes, strides: Sequence[int], start: int = 0) -> list[int]:
    """Flat positions that a walk over `sizes`, row by row, visits in a tensor with other strides."""
    result = [start]
    for size, stride in zip(sizes, strides, strict=True):
        result = [base + step * stride for base in result for step in range(size)]
    return result


def gather(elements: Elements, sizes: Sizes, strides: Sequence[int], start: int = 0) -> Elements:
    """The elements that such a walk visits."""
    return tuple(elements[position] for position in positions(sizes, strides, start))


def expand(elements: Elements, sizes: Sizes, target: Sizes) -> Elements:
    """Elements broadcast to another shape, which `sizes` must be broadcastable to."""
    if sizes == target:
        return elements
    if len(elements) == 1:
        return elements * count(target)
    strides = [stride if size != 1 else 0 for size, stride in zip(sizes, strides_of(sizes), strict=True)]
    return gather(elements, target, [0] * (len(target) - len(sizes)) + strides)


def transpose(elements: Elements, sizes: Sizes, permutation: Sequence[int]) -> Elements:
    """Elements in the order that the permutation of the axes gives them."""
    strides = strides_of(sizes)
    return gather(elements, tuple(sizes[axis] for axis in permutation), [strides[axis] for axis in permutation])


def combine(
    function: Callable[..., Element], operands: Sequence[tuple[Elements, Sizes]], target: Sizes
) -> Elements | None:
    """A function over the elements of operands that broadcast to `target`; None where nothing comes out known."""
    rows = [expand(elements, sizes, target) for elements, sizes in operands]
    result = tuple(map(function, *rows))
    return result if any(element is not None for element in result) or not result else None


def concatenate(parts: Sequence[tuple[Elements | None, Sizes]], axis: int) -> Elements:
    """Elements of a concatenation along an axis; None stands in for the elements of parts that are not known."""
    outer = count(parts[0][1][:axis])
    rows: list[tuple[Elements, int]] = []
    for elements, sizes in parts:
        width = count(sizes[axis:])
        rows.append((elements if elements is not None else (None,) * (outer * width), width))
    if outer == 1:
        return tuple(element for elements, _ in rows for element in elements)
    return tuple(
        element
        for row in range(outer)
        for elements, width in rows
        for element in elements[row * width : (row + 1) * width]
    )


def grouped(sizes: Sizes, axes: Sequence[int]) -> tuple[list[int], list[int]]:
    """For a reduction over `axes`: where each group starts, and what to add for each of its members."""
    strides = strides_of(sizes)
    kept = [axis for axis in range(len(sizes)) if axis not in axes]
    starts = positions(tuple(sizes[axis] for axis in kept), [strides[axis] for axis in kept])
    members = positions(tuple(sizes[axis] for axis in axes), [strides[axis] for axis in axes])
    return starts, members
