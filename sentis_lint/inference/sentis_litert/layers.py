"""The graph of layers that the importer builds: constants, inputs and calls, in order.

A doubly linked list, so that the optimiser's rewrites cost the same wherever they happen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from sentis_lint.inference.sentis_litert.elements import Element
from sentis_lint.inference.sentis_litert.faults import Fault
from sentis_lint.inference.sentis_litert.partial import Partial, ints

INPUT: Final = "input"
CONSTANT: Final = "constant"
CALL: Final = "call"
OUTPUT: Final = "output"


class Layer:
    """One entry: what it is, what it is called with, what is known of its result."""

    __slots__ = ("args", "erased", "follower", "leader", "op", "origin", "partial", "target", "users")

    def __init__(self, op: str, target: str, args: tuple[Arg, ...], partial: Partial | None, origin: int) -> None:
        self.op = op
        """`INPUT`, `CONSTANT`, `CALL` or `OUTPUT`."""
        self.target = target
        """Kind of layer, for a call."""
        self.args = args
        self.partial = partial
        """What is known of the result; None for a call with several results, and where the optimiser lost it."""
        self.origin = origin
        """Index of the operator it was made for; -1 for none."""
        self.users: dict[Layer, None] = {}
        """Layers that take it as an argument, each once."""
        self.erased = False
        self.leader: Layer | None = None
        self.follower: Layer | None = None

    def __repr__(self) -> str:
        return f"{self.target or self.op}:{self.partial}"

    @property
    def known(self) -> Partial:
        """What is known of the result.

        Raises:
            Fault: it was lost.
        """
        if self.partial is None:
            raise Fault("lost-shape")
        return self.partial

    def inputs(self) -> Iterator[Layer]:
        """Every layer among the arguments."""
        return layers_in(self.args)

    def set_args(self, args: tuple[Arg, ...]) -> None:
        """Replace the arguments and keep the lists of users right."""
        if self.args:
            for one in self.inputs():
                one.users.pop(self, None)
        self.args = args
        # A large model is this, several times a node.
        for arg in args:
            if isinstance(arg, Layer):
                arg.users[self] = None
            elif isinstance(arg, tuple):
                for inner in arg:
                    if isinstance(inner, Layer):
                        inner.users[self] = None

    def replace_everywhere(self, other: Layer) -> None:
        """Make every user take `other` instead, which inherits what is known of this one (even that nothing is)."""
        other.partial = self.partial
        for user in list(self.users):
            user.set_args(tuple(_substituted(arg, self, other) for arg in user.args))


Arg = Layer | float | str | None | tuple["Layer | int | None", ...]
"""An argument of a call: a layer, a number, a name, a list of layers or of ints."""


def layers_in(args: Sequence[Arg]) -> Iterator[Layer]:
    """Every layer among the arguments of a call."""
    for arg in args:
        if isinstance(arg, Layer):
            yield arg
        elif isinstance(arg, tuple):
            for inner in arg:
                if isinstance(inner, Layer):
                    yield inner


def _infer(target: str, args: Sequence[Arg]) -> Partial | list[Partial]:
    from sentis_lint.inference.sentis_litert.results import infer

    return infer(target, args)


def _said(arg: Arg) -> object:
    """What inference sees of an argument, as part of a key. Partials stand for themselves alone."""
    if isinstance(arg, Layer):
        return arg.partial
    if isinstance(arg, tuple):
        return tuple(inner.partial if isinstance(inner, Layer) else inner for inner in arg)
    return (float, repr(arg)) if isinstance(arg, float) else arg


def _substituted(arg: Arg, old: Layer, new: Layer) -> Arg:
    if arg is old:
        return new
    if isinstance(arg, tuple):
        return tuple(new if inner is old else inner for inner in arg)
    return arg


class LayerGraph:
    """Layers in order of execution."""

    def __init__(self) -> None:
        self._first: Layer | None = None
        self._last: Layer | None = None
        self.origin = -1
        """Operator that further layers are made for."""
        self._targets: set[str] = set()
        """Kinds of layer that were ever called."""
        self._partials: dict[tuple[object, ...], Partial] = {}
        self._answers: dict[tuple[object, ...], Partial | list[Partial]] = {}

    def __iter__(self) -> Iterator[Layer]:
        """Layers in order. Layers may be added and erased on the way."""
        layer = self._first
        while layer is not None:
            follower = layer.follower
            if not layer.erased:
                yield layer
            layer = layer.follower if not layer.erased else follower

    def calls(self, *targets: str) -> list[Layer]:
        """Every call of these targets, in order."""
        if self._targets.isdisjoint(targets):
            return []
        return [layer for layer in self if layer.op == CALL and layer.target in targets]

    def intern(self, partial: Partial) -> Partial:
        """The one object that stands for all partials that say the same; others work, and only make `infer` slower."""
        elements = partial.elements
        # 1 and 1.0 are equal, and so are 0.0 and -0.0: their text tells them apart.
        known = elements is not None and elements.count(None) < len(elements)
        return self._partials.setdefault((partial.kind, partial.shape, repr(elements) if known else ""), partial)

    def infer(self, target: str, args: Sequence[Arg]) -> Partial | list[Partial]:
        """What is known of the result (or results) of a layer, worked out once for equal arguments.

        Raises:
            Fault: the layer does not take these arguments.
        """
        return self.once("infer", _infer, target, args)

    def once(
        self, name: str, work: Callable[..., Partial | list[Partial]], target: str, args: Sequence[Arg], *more: Any
    ) -> Partial | list[Partial]:
        """What comes of `work(target, args, *more)`, which depends on what inference sees of these and nothing else.

        Args:
            name: of the work, so that answers of different kinds stay apart.
            work: raises what it likes; that is not remembered.
            target: kind of layer.
            args: its arguments.
            more: further arguments, part of what the result depends on.
        """
        key = (name, target, *map(_said, args), *more)
        result = self._answers.get(key)
        if result is None:
            result = work(target, args, *more)
            result = self.intern(result) if isinstance(result, Partial) else [self.intern(one) for one in result]
            self._answers[key] = result
        return result

    def input(self, partial: Partial) -> Layer:
        """Add an input."""
        return self._append(Layer(INPUT, "", (), self.intern(partial), -1))

    def constant(self, partial: Partial, before: Layer | None = None) -> Layer:
        """Add a constant, at the end or before another layer."""
        layer = Layer(CONSTANT, "", (), self.intern(partial), self.origin)
        return self._append(layer) if before is None else self._insert(layer, before.leader, before)

    def ints(self, values: Sequence[int]) -> Layer:
        """Add a constant list of ints."""
        return self.constant(ints(values))

    def scalar(self, kind: str, value: Element) -> Layer:
        """Add a constant number."""
        return self.constant(Partial(kind, (), [value]))

    def call(self, target: str, *args: Arg) -> Layer:
        """Add a call and work out what is known of its result.

        Raises:
            Fault: the layer does not take these arguments.
        """
        result = self.infer(target, args)
        layer = self._append(Layer(CALL, target, (), result if isinstance(result, Partial) else None, self.origin))
        layer.set_args(args)
        return layer

    def call_many(self, target: str, *args: Arg) -> list[Layer]:
        """Add a call with several results, and a layer for each result.

        Raises:
            Fault: the layer does not take these arguments.
        """
        results = self.infer(target, args)
        assert not isinstance(results, Partial)
        layer = self._append(Layer(CALL, target, (), None, self.origin))
        layer.set_args(args)
        parts = []
        for position, partial in enumerate(results):
            part = self._append(Layer(CALL, "getitem", (), partial, self.origin))
            part.set_args((layer, position))
            parts.append(part)
        return parts

    def output(self, layers: Sequence[Layer]) -> Layer:
        """Add the list of outputs."""
        layer = self._append(Layer(OUTPUT, "", (), None, -1))
        layer.set_args((tuple(layers),))
        return layer

    def insert_after(self, layer: Layer, target: str, args: tuple[Arg, ...]) -> Layer:
        """Insert a call; nothing is worked out for it."""
        added = self._insert(Layer(CALL, target, (), None, layer.origin), layer, layer.follower)
        added.set_args(args)
        return added

    def insert_before(self, layer: Layer, target: str, args: tuple[Arg, ...]) -> Layer:
        """Insert a call; nothing is worked out for it."""
        added = self._insert(Layer(CALL, target, (), None, layer.origin), layer.leader, layer)
        added.set_args(args)
        return added

    def replace(self, layer: Layer, target: str, args: tuple[Arg, ...]) -> Layer:
        """Put another call in the place of a layer."""
        added = self.insert_after(layer, target, args)
        layer.replace_everywhere(added)
        self.erase(layer)
        return added

    def merge(self, first: Layer, second: Layer, target: str, args: tuple[Arg, ...]) -> Layer:
        """Put one call in the place of two that follow each other.

        Raises:
            Fault: the new call still needs the first.
        """
        added = self.insert_after(second, target, args)
        second.replace_everywhere(added)
        self.erase(second)
        if first.users:
            raise Fault("self-fusion")
        self.erase(first)
        return added

    def erase(self, layer: Layer) -> None:
        """Take a layer out."""
        layer.set_args(())
        layer.erased = True
        if layer.leader is None:
            self._first = layer.follower
        else:
            layer.leader.follower = layer.follower
        if layer.follower is None:
            self._last = layer.leader
        else:
            layer.follower.leader = layer.leader

    def erase_unused(self) -> None:
        """Take out every layer that no output depends on; inputs stay."""
        layer = self._last
        while layer is not None:
            leader = layer.leader
            if layer.op in {CALL, CONSTANT} and not layer.users:
                self.erase(layer)
            layer = leader

    def _append(self, layer: Layer) -> Layer:
        return self._insert(layer, self._last, None)

    def _insert(self, layer: Layer, leader: Layer | None, follower: Layer | None) -> Layer:
        self._targets.add(layer.target)
        layer.leader, layer.follower = leader, follower
        if leader is None:
            self._first = layer
        else:
            leader.follower = layer
        if follower is None:
            self._last = layer
        else:
            follower.leader = layer
        return layer
