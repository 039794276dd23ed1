"""Predicates: what a condition calls when the language itself is not enough.

A predicate is a small pure function of a node's view and the evaluated arguments, registered by its name. It answers
True, False, None for unknown, a number, a string or a list, and keeps the law of the language: putting a concrete value
in the place of an unknown one never turns its yes into a no or the other way round.

A further module of predicates is a line in `MODULES`; it is imported when a condition first uses a name that is not
found before it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeVar, overload

from sentis_lint.conditions.evaluate import ABSENT, Symbol, Value
from sentis_lint.conditions.view import UNSUPPORTED, NodeView
from sentis_lint.graph import Dim
from sentis_lint.inference.facts import broadcast_clash as shapes_clash

MODULES: Final = ("sentis_lint.predicates_litert", "sentis_lint.predicates_onnx")
"""Modules that register more predicates, in the order they are searched; one that is not there is passed over."""

Function = Callable[..., bool | int | float | str | Sequence[Value] | None]
_F = TypeVar("_F", bound=Function)


class Predicate(NamedTuple):
    """One registered predicate."""

    name: str
    function: Function
    arity: tuple[int, int | None]
    """Least and largest number of arguments; None: no limit."""
    takes_inputs: bool
    """Whether its arguments are indices of inputs."""

    def __call__(self, view: NodeView, arguments: Sequence[Value]) -> Value:
        """Ask it. Unknown if an argument is unknown or absent, or is of a type it makes nothing of.

        A list is handed over with its unknown members (None, `Symbol`).
        """
        for argument in arguments:
            if argument is None or argument is ABSENT or argument.__class__ is Symbol:
                return None
        try:
            result = self.function(view, *arguments)
        except (TypeError, ValueError, ArithmeticError, LookupError):
            return None
        return tuple(result) if isinstance(result, list) else result


_registered: Final[dict[str, Predicate]] = {}
_pending: Final = list(MODULES)


@overload
def predicate(function: _F) -> _F: ...
@overload
def predicate(*, takes_inputs: bool) -> Callable[[_F], _F]: ...
def predicate(function: _F | None = None, *, takes_inputs: bool = False) -> _F | Callable[[_F], _F]:
    """Register a function ``(view, *arguments)`` under its own name.

    Args:
        function: the function; its docstring becomes documentation.
        takes_inputs: its arguments are indices of inputs, so that a table check can compare them with the standard.

    Raises:
        ValueError: the name is taken.
    """
    if function is None:
        return lambda decorated: _register(decorated, takes_inputs)
    return _register(function, takes_inputs)


def _register(function: _F, takes_inputs: bool) -> _F:
    name = function.__name__
    if name in _registered:
        raise ValueError(f"there is already a predicate {name!r}")
    code = function.__code__
    most = code.co_argcount - 1
    least = most - len(function.__defaults__ or ())
    takes_any = bool(code.co_flags & 0x04)  # CO_VARARGS; `inspect` is slow to import
    _registered[name] = Predicate(name, function, (least, None if takes_any else most), takes_inputs)
    return function


def find(name: str) -> Predicate | None:
    """The predicate of that name, or None."""
    while name not in _registered and _pending:
        _import_next()
    return _registered.get(name)


def names() -> frozenset[str]:
    """Names of all predicates."""
    while _pending:
        _import_next()
    return frozenset(_registered)


def _import_next() -> None:
    module = _pending.pop(0)
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise


def _indices(view: NodeView, indices: Sequence[int]) -> Sequence[int]:
    return indices or [index for index in range(len(view.inputs)) if view.has_input(index)]


@predicate(takes_inputs=True)
def broadcast_clash(view: NodeView, *indices: int) -> bool | None:
    """Whether the shapes of inputs cannot be broadcast together; without arguments, those of all inputs."""
    facts = [view.input(index) for index in _indices(view, indices)]
    return shapes_clash([None if fact is None else fact.shape for fact in facts])


@predicate(takes_inputs=True)
def unidirectional_broadcast_clash(view: NodeView, onto: int, index: int) -> bool | None:
    """Whether the input `index` cannot be broadcast to the shape of the input `onto` as that stands."""
    wide, narrow = view.input(onto), view.input(index)
    if wide is None or narrow is None or wide.shape is None or narrow.shape is None:
        return None
    if len(narrow.shape) > len(wide.shape):
        return True
    pairs = zip(reversed(wide.shape), reversed(narrow.shape), strict=False)
    states = {_widening_fails(size, dim) for size, dim in pairs}
    return True if True in states else None if None in states else False


def _widening_fails(size: Dim, dim: Dim) -> bool | None:
    if dim == 1 or (size == dim and size is not None):
        return False
    return True if isinstance(size, int) and isinstance(dim, int) else None


@predicate(takes_inputs=True)
def same_type(view: NodeView, *indices: int) -> bool | None:
    """Whether the target maps inputs to one type; without arguments, all inputs. Unsupported dtypes are unknown."""
    types = {view.target_type(index) for index in _indices(view, indices)}
    known = types - {None, UNSUPPORTED}
    if len(known) > 1:
        return False
    return True if len(known) == len(types) else None


@predicate(takes_inputs=True)
def foldable(view: NodeView, index: int) -> bool:
    """Whether an importer that folds constants replaces an input by its elements: it is computed from constants alone,
    or every element of it is inferred (the shape of a tensor of static shape).
    """
    fact = view.input(index)
    if fact is None:
        return False
    return fact.constant or (fact.elements is not None and all(isinstance(e, int | float) for e in fact.elements))


@predicate
def listed_inputs(view: NodeView) -> int:
    """Number of inputs as the node lists them, those left out at the end counted too."""
    return len(view.node.inputs)


@predicate
def listed_outputs(view: NodeView) -> int:
    """Number of outputs as the node lists them, those left out at the end counted too."""
    return len(view.node.outputs)


@predicate
def float32(view: NodeView, number: float) -> float:
    """A number rounded to single precision, as an importer computes it; beyond its range, an infinity."""
    import struct

    try:
        rounded: float = struct.unpack("<f", struct.pack("<f", number + 0.0))[0]
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")
    return rounded
