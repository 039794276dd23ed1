"""What is provably known of a value: its dtype, shape, elements, and whether it is known before the model runs.

`None` always means "not known", never "none": an unknown rank, an unknown dimension, an unknown element. Facts are
interned by `FactTable`, so that equal facts are the same object and a node's whole situation can be a dictionary key.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sentis_lint.graph import Dim, Shape

Element = int | float | bool | str | None
"""One known element of a small tensor; a str is a symbolic size (the name of a dimension), None is unknown."""

MAX_ELEMENTS = 1024
"""Constants with more elements are never read: only their dtype and shape are known."""


class Fact(NamedTuple):
    """What is known of one value."""

    dtype: str | None
    """Dtype as the model's standard has it."""
    shape: Shape | None
    """None: unknown rank."""
    elements: tuple[Element, ...] | None = None
    """Flat, row-major; None: nothing is known about the elements."""
    constant: bool = False
    """Known before the model runs: stored in the file, or computed from such values alone."""
    stored: bool = False
    """Stored in the file: an initializer, a constant node's value, a LiteRT buffer."""
    kind: str = "tensor"
    """``tensor``, or ``sequence optional map sparse_tensor``."""
    missing: bool = False
    """Nothing in the graph produces it."""
    layout: tuple[int, ...] | None = None
    """A pending permutation of the axes, for importers that reorder data while they read (see inference.litert)."""

    @property
    def rank(self) -> int | None:
        """Number of dimensions, if known."""
        return None if self.shape is None else len(self.shape)

    @property
    def size(self) -> int | None:
        """Number of elements, if every dimension is a known number."""
        if self.shape is None:
            return None
        total = 1
        for dim in self.shape:
            if not isinstance(dim, int):
                return None
            total *= dim
        return total


UNKNOWN = Fact(None, None)
"""Nothing is known: of the output of an operator that is not understood, say."""


class FactTable:
    """Interns facts: equal facts become one object, so that identity can stand for equality in hot loops."""

    def __init__(self) -> None:
        self._facts: dict[tuple[Any, ...], Fact] = {}

    def intern(self, fact: Fact) -> Fact:
        """The one object that stands for all facts equal to this one.

        ``1``, ``1.0`` and ``True`` are equal in Python but differ as elements, and so do ``0.0`` and ``-0.0``; the key
        keeps them apart.
        """
        if fact.elements is None:
            return self._facts.setdefault(fact, fact)
        return self._facts.setdefault((*fact, repr(fact.elements)), fact)


def broadcast(shapes: Sequence[Shape | None]) -> Shape | None:
    """The shape that numpy-style broadcasting gives, as far as it is known.

    A dimension that is unknown beside a size over 1 becomes that size; beside 1 it stays unknown. Sizes that clash make
    the dimension unknown: whether that is a fault is for a check to say.
    """
    if any(shape is None for shape in shapes):
        return None
    known = [shape for shape in shapes if shape is not None]
    rank = max((len(shape) for shape in known), default=0)
    result: list[Dim] = []
    for position in range(-rank, 0):
        dims = [shape[position] for shape in known if len(shape) >= -position]
        result.append(_broadcast_dim(dims))
    return tuple(result)


def _broadcast_dim(dims: Sequence[Dim]) -> Dim:
    sizes = {dim for dim in dims if isinstance(dim, int) and dim != 1}
    if len(sizes) == 1:
        return sizes.pop()
    if sizes:
        return None
    symbols = {dim for dim in dims if not isinstance(dim, int)}
    if not symbols:
        return 1
    return symbols.pop() if len(symbols) == 1 else None


def broadcast_clash(shapes: Sequence[Shape | None]) -> bool | None:
    """Whether the shapes cannot be broadcast together: True for certain, False for certain, None where it depends."""
    if any(shape is None for shape in shapes):
        return None
    known = [shape for shape in shapes if shape is not None]
    rank = max((len(shape) for shape in known), default=0)
    depends = False
    for position in range(-rank, 0):
        dims = [shape[position] for shape in known if len(shape) >= -position]
        if len({dim for dim in dims if isinstance(dim, int) and dim != 1}) > 1:
            return True
        # Only sizes over 1 can clash; the same name is the same size.
        others = {dim for dim in dims if dim != 1}
        if len(others) > 1 or (None in others and sum(dim != 1 for dim in dims) > 1):
            depends = True
    return None if depends else False
