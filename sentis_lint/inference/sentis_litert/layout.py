"""Pending layouts: in which order of axes the importer holds a tensor.

The importer holds the result of an operator that works channels-first as it comes, and notes the permutation; most
element-wise operators leave it at that. A permutation is kept as the importer keeps it, a rank and eight slots, so that
what it does with permutations of the wrong rank comes out the same.

Source: com.unity.ai.inference Editor/Permutation.cs, Editor/LiteRT/PermutedFunctionalTensor.cs.
"""

from __future__ import annotations

from collections.abc import Sequence

from sentis_lint.inference.sentis_litert.faults import Fault, require
from sentis_lint.records import record

_SLOTS = 8


@record(frozen=True)
class Permutation:
    """The axes of the plain tensor in the order in which they are held."""

    rank: int
    slots: tuple[int, ...]
    """Always eight; those beyond the rank count only where ranks are mixed up."""

    @classmethod
    def of(cls, axes: Sequence[int]) -> Permutation:
        """A permutation from its axes."""
        return cls(len(axes), (*axes[:_SLOTS], *(0,) * (_SLOTS - len(axes))))

    @classmethod
    def identity(cls, rank: int) -> Permutation:
        """Axes in plain order."""
        return cls.of(range(rank))

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

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes, as many as the rank."""
        return self.slots[: self.rank]

    def __getitem__(self, axis: int) -> int:
        """The plain axis held at a place.

        Raises:
            Fault: there is no such place.
        """
        require(-self.rank <= axis < self.rank, "layout", f"axis {axis} of a layout of rank {self.rank}")
        return self.slots[axis % self.rank]

    @property
    def is_identity(self) -> bool:
        """Whether the axes are in plain order."""
        return all(axis == place for place, axis in enumerate(self.axes))

    def inverse(self) -> Permutation:
        """The permutation that undoes this one."""
        slots = [0] * _SLOTS
        for place, axis in enumerate(self.axes):
            slots[_slot(axis)] = place
        return Permutation(self.rank, tuple(slots))

    def then(self, other: Permutation) -> Permutation:
        """This permutation looked up in another one; the rank stays this one's."""
        slots = [0] * _SLOTS
        for place, axis in enumerate(self.axes):
            slots[place] = other.slots[_slot(axis)]
        return Permutation(self.rank, tuple(slots))


def _slot(axis: int) -> int:
    if not 0 <= axis < _SLOTS:
        raise Fault("layout", f"axis {axis}")
    return axis
