"""Pending layouts: in which order of axes the importer holds a tensor.

The importer holds the result of an operator that works channels-first as it comes, and notes the permutation; most
element-wise operators leave it at that. A permutation is kept as the importer keeps it, a rank and eight slots, so that
what it does with permutations of the wrong rank comes out the same.

Source: com.unity.ai.inference Editor/Permutation.cs, Editor/LiteRT/PermutedFunctionalTensor.cs.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from sentis_lint.inference.sentis_litert.faults import Fault, require

_SLOTS = 8
_IN_ORDER = tuple(range(_SLOTS))


class Permutation:
    """The axes of the plain tensor in the order in which they are held. Treated as immutable."""

    __slots__ = ("_inverse", "axes", "is_identity", "rank", "slots")

    def __init__(self, rank: int, slots: tuple[int, ...]) -> None:
        """Describe a permutation.

        Args:
            rank: number of axes.
            slots: always eight; those beyond the rank count only where ranks are mixed up.
        """
        self.rank = rank
        self.slots = slots
        self.axes = slots[:rank]
        """The axes, as many as the rank."""
        self.is_identity = self.axes == _IN_ORDER[: len(self.axes)]
        """Whether the axes are in plain order."""
        self._inverse: Permutation | None = None

    def __repr__(self) -> str:
        return f"Permutation{self.axes}"

    @staticmethod
    def of(axes: Sequence[int]) -> Permutation:
        """A permutation from its axes."""
        return _shared(tuple(axes))

    @staticmethod
    def identity(rank: int) -> Permutation:
        """Axes in plain order."""
        return _shared(_IN_ORDER[:rank] if rank <= _SLOTS else tuple(range(rank)))

    @classmethod
    def channel_first(cls, rank: int) -> Permutation:
        """The last axis moved to the second place."""
        slots = [0] * _SLOTS
        slots[1] = rank - 1
        for position in range(2, min(rank, _SLOTS)):
            slots[position] = position - 1
        return cls(rank, tuple(slots))

    @classmethod
    def swapped(cls, rank: int) -> Permutation:
        """The last two axes swapped; below two axes the importer ends up with no permutation at all."""
        if rank < 2:
            return cls.of(())
        return cls.of((*range(rank - 2), rank - 1, rank - 2))

    def __getitem__(self, axis: int) -> int:
        """The plain axis held at a place.

        Raises:
            Fault: there is no such place.
        """
        require(-self.rank <= axis < self.rank, "layout", f"axis {axis} of a layout of rank {self.rank}")
        return self.slots[axis % self.rank]

    def inverse(self) -> Permutation:
        """The permutation that undoes this one."""
        if self._inverse is None:
            slots = [0] * _SLOTS
            for place, axis in enumerate(self.axes):
                slots[_slot(axis)] = place
            self._inverse = Permutation(self.rank, tuple(slots))
        return self._inverse

    def then(self, other: Permutation) -> Permutation:
        """This permutation looked up in another one; the rank stays this one's."""
        slots = [0] * _SLOTS
        for place, axis in enumerate(self.axes):
            slots[place] = other.slots[_slot(axis)]
        return Permutation(self.rank, tuple(slots))


@functools.lru_cache(maxsize=1024)
def _shared(axes: tuple[int, ...]) -> Permutation:
    # A model has few, many times over.
    return Permutation(len(axes), (*axes[:_SLOTS], *(0,) * (_SLOTS - len(axes))))


@functools.lru_cache(maxsize=1024)
def relative(held: Permutation, wanted: Permutation | None) -> Permutation:
    """How axes held in one layout have to move to be in another, None for plain order.

    Raises:
        Fault: the layouts are for different ranks.
    """
    undone = held.inverse()
    return undone if wanted is None else wanted.then(undone)


def _slot(axis: int) -> int:
    if not 0 <= axis < _SLOTS:
        raise Fault("layout", f"axis {axis}")
    return axis
