"""Closures for ``[x for a in b if c]``, and for `any` and `all` over one, which stop as soon as they know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias

from sentis_lint.conditions.evaluate import MAX_MEMBERS, State, Value

Run: TypeAlias = Callable[[Any, list[Any]], Value]
"""A compiled expression: called with the view and with the slots of the comprehensions' variables."""

MAX_STEPS: Final = 65536
"""All comprehensions of one evaluation visit at most this many members together; one that would pass it is unknown."""

STEPS_LEFT: Final = 0
"""The slot that counts the members still allowed; the variables' slots follow it."""


class Comprehension(NamedTuple):
    """One ``element for <slot> in members if condition``; `any` and `all` want an element that is a truth value."""

    slot: int
    members: Run
    condition: Run | None
    element: Run

    def as_list(self) -> Run:
        """The list. Unknown as soon as one condition is: its length would be."""
        slot, members, condition, element = self

        def run(view: Any, slots: list[Any]) -> Value:
            visited = _visit(members(view, slots), slots)
            if visited is None:
                return None
            result = []
            for slots[slot] in visited:
                if condition is not None:
                    taken = condition(view, slots)
                    if taken is None:
                        return None
                    if not taken:
                        continue
                result.append(element(view, slots))
            return tuple(result)

        return run

    def as_any(self) -> Run:
        """Whether any element is true; a member whose condition is unknown can only make that unknown."""
        return self._search(True)

    def as_all(self) -> Run:
        """Whether all elements are true; a member whose condition is unknown can only make that unknown."""
        return self._search(False)

    def _search(self, sought: bool) -> Run:
        slot, members, condition, element = self

        def run(view: Any, slots: list[Any]) -> State:
            visited = _visit(members(view, slots), slots)
            if visited is None:
                return None
            state: State = not sought
            for slots[slot] in visited:
                taken = True if condition is None else condition(view, slots)
                if taken is False:
                    continue
                found: State = element(view, slots)
                if found is None or (found is sought and taken is None):
                    state = None
                elif found is sought:
                    return found
            return state

        return run


def _visit(members: Value, slots: list[Any]) -> tuple[Value, ...] | None:
    if members.__class__ is not tuple or len(members) > MAX_MEMBERS:
        return None
    slots[STEPS_LEFT] -= len(members)
    return None if slots[STEPS_LEFT] < 0 else members
