"""Values of the condition language and what its operators do to them, unknown ones included.

Values are int, float, bool, str, tuples of values (the language's lists), `Symbol`, `ABSENT` and None for unknown.
Every function here is pure, takes any mix of values and never raises; what makes no sense (``"a" < 1``) is unknown.

One law holds everywhere: putting a concrete value in the place of an unknown one never turns a yes into a no or a no
into a yes.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

Value: TypeAlias = Any
"""A value of the language; see the module."""

State: TypeAlias = bool | None
"""Yes, no, unknown."""

MAX_MEMBERS: Final = 4096
"""Lists that an expression makes (`range`, comprehensions, ``+``) of more members than this are unknown."""

_NUMBERS: Final = frozenset({int, float, bool})
_PLAIN: Final = frozenset({int, float, bool, str})


class Absent:
    """Type of `ABSENT`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()
"""The value of an attribute that the node does not carry and the standard gives no default for."""


class Symbol:
    """A symbolic size: unknown, but equal to itself."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Symbol) and other.name == self.name

    def __hash__(self) -> int:
        return hash(("Symbol", self.name))

    def __repr__(self) -> str:
        return f"Symbol({self.name!r})"


def truth(value: Value) -> State:
    """Whether a value counts as yes: a number other than 0, a string or list with members."""
    if value is True or value is False or value is None:
        return value
    kind = value.__class__
    if kind in _PLAIN:
        return bool(value)
    return len(value) > 0 if kind is tuple else None


def negate(state: State) -> State:
    """Kleene's not."""
    return None if state is None else not state


def equal(left: Value, right: Value) -> State:
    """``==``. Lists are compared member by member: one certain difference is enough for no. Absent equals nothing."""
    kind, other = left.__class__, right.__class__
    if kind in _PLAIN and other in _PLAIN:
        return bool(left == right)
    if left is ABSENT or right is ABSENT:
        return False
    if left is None or right is None:
        return None
    if kind is Symbol or other is Symbol:
        return True if left == right else None
    if kind is not tuple or other is not tuple or len(left) != len(right):
        return False
    state: State = True
    for one, two in zip(left, right, strict=True):
        same = equal(one, two)
        if same is False:
            return False
        if same is None:
            state = None
    return state


def unequal(left: Value, right: Value) -> State:
    """``!=``, the opposite of `equal`."""
    return negate(equal(left, right))


def contains(member: Value, container: Value) -> State:
    """``in``: a member of a list, or a part of a string."""
    if member is ABSENT or container is ABSENT:
        return False
    kind = container.__class__
    if kind is str:
        return member in container if member.__class__ is str else None
    if kind is not tuple:
        return None
    state: State = False
    for other in container:
        same = equal(member, other)
        if same is True:
            return True
        if same is None:
            state = None
    return state


def lacks(member: Value, container: Value) -> State:
    """``not in``, the opposite of `contains`."""
    return negate(contains(member, container))


def _order(compare: Callable[[Any, Any], bool]) -> Callable[[Value, Value], State]:
    of_equals = compare(0, 0)

    def ordered(left: Value, right: Value) -> State:
        kind, other = left.__class__, right.__class__
        if (kind in _NUMBERS and other in _NUMBERS) or (kind is str and other is str):
            return compare(left, right)
        if kind is Symbol and left == right:
            return of_equals
        return None

    return ordered


COMPARISONS: Final[dict[str, Callable[[Value, Value], State]]] = {
    "Eq": equal,
    "NotEq": unequal,
    "In": contains,
    "NotIn": lacks,
    "Lt": _order(operator.lt),
    "LtE": _order(operator.le),
    "Gt": _order(operator.gt),
    "GtE": _order(operator.ge),
}
"""Comparison by the name of its node in Python's syntax tree."""


def _arithmetic(compute: Callable[[Any, Any], Any]) -> Callable[[Value, Value], Value]:
    def computed(left: Value, right: Value) -> Value:
        if left.__class__ in _NUMBERS and right.__class__ in _NUMBERS:
            try:
                return compute(left, right)
            except ArithmeticError:
                return None
        return None

    return computed


_add_numbers = _arithmetic(operator.add)


def _add(left: Value, right: Value) -> Value:
    if left.__class__ is tuple and right.__class__ is tuple:
        return left + right if len(left) + len(right) <= MAX_MEMBERS else None
    return _add_numbers(left, right)


ARITHMETIC: Final[dict[str, Callable[[Value, Value], Value]]] = {
    "Add": _add,
    "Sub": _arithmetic(operator.sub),
    "Mult": _arithmetic(operator.mul),
    "Div": _arithmetic(operator.truediv),
    "FloorDiv": _arithmetic(operator.floordiv),
    "Mod": _arithmetic(operator.mod),
}
"""Arithmetic by the name of its node in Python's syntax tree. ``+`` also joins two lists."""


def minus(value: Value) -> Value:
    """``-x``."""
    return -value if _is_number(value) else None


def plus(value: Value) -> Value:
    """``+x``."""
    return +value if _is_number(value) else None


def subscript(container: Value, index: Value) -> Value:
    """``x[i]`` of a list or string, negative indices counted from the end."""
    if index.__class__ is int and container.__class__ in (tuple, str):
        try:
            return container[index]
        except IndexError:
            return None
    return None


OPEN: Final = object()
"""Stands for a bound that a slice does not write."""


def cut(container: Value, start: Value, stop: Value, step: Value) -> Value:
    """``x[start:stop:step]`` of a list or string; a bound may be `OPEN`."""
    if container.__class__ not in (tuple, str):
        return None
    bounds: list[Any] = []
    for bound in (start, stop, step):
        if bound is not OPEN and bound.__class__ is not int:
            return None
        bounds.append(None if bound is OPEN else bound)
    return None if bounds[2] == 0 else container[slice(*bounds)]


def choose(one: Value, two: Value) -> Value:
    """``one if <unknown> else two``: known only if both are the same."""
    return one if one.__class__ is two.__class__ and one == two else None


def any_of(values: Value) -> State:
    """Kleene's or over the members of a list."""
    if values.__class__ is not tuple:
        return None
    states = {truth(value) for value in values}
    return True if True in states else None if None in states else False


def all_of(values: Value) -> State:
    """Kleene's and over the members of a list."""
    if values.__class__ is not tuple:
        return None
    states = {truth(value) for value in values}
    return False if False in states else None if None in states else True


def length(values: Value) -> Value:
    """Number of members of a list, or of characters of a string."""
    return len(values) if values.__class__ in (tuple, str) else None


def magnitude(value: Value) -> Value:
    """``abs``."""
    return abs(value) if _is_number(value) else None


def total(values: Value) -> Value:
    """``sum`` of a list of numbers."""
    if not _all_numbers(values):
        return None
    try:
        return sum(values)
    except ArithmeticError:
        return None


def _extreme(pick: Callable[[Iterable[Any]], Any]) -> Callable[..., Value]:
    def picked(*values: Value) -> Value:
        members = values[0] if len(values) == 1 else values
        return pick(members) if _all_numbers(members) and members else None

    return picked


def distinct(values: Value) -> Value:
    """``set``: the different members in one fixed order, so that two sets with the same members are equal."""
    if values.__class__ is not tuple or any(value.__class__ not in _PLAIN for value in values):
        return None
    return tuple(sorted(set(values), key=lambda value: (value.__class__ is str, value)))


def in_order(values: Value) -> Value:
    """``sorted`` of a list of numbers or a list of strings."""
    if _all_numbers(values) or (values.__class__ is tuple and all(value.__class__ is str for value in values)):
        return tuple(sorted(values))
    return None


def integers(*bounds: Value) -> Value:
    """``range``: unknown beyond `MAX_MEMBERS`."""
    if any(bound.__class__ is not int for bound in bounds) or (len(bounds) > 2 and bounds[2] == 0):
        return None
    numbers = range(*bounds)
    # Not len(), which raises for what does not fit the machine's word.
    return None if numbers[MAX_MEMBERS:] else tuple(numbers)


def _is_number(value: Value) -> bool:
    return value.__class__ in _NUMBERS


def _all_numbers(values: Value) -> bool:
    return values.__class__ is tuple and all(value.__class__ in _NUMBERS for value in values)


FUNCTIONS: Final[dict[str, Callable[..., Value]]] = {
    "len": length,
    "any": any_of,
    "all": all_of,
    "min": _extreme(min),
    "max": _extreme(max),
    "abs": magnitude,
    "sum": total,
    "set": distinct,
    "sorted": in_order,
    "range": integers,
}
"""Functions over values, by name; their arities are in `vocabulary`."""
