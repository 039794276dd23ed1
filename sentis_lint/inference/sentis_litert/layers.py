"""The graph of layers that the importer builds: constants, inputs and calls, in order.

A doubly linked list, so that the optimiser's rewrites cost the same wherever they happen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

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
        for arg in self.args:
            if isinstance(arg, Layer):
                yield arg
            elif isinstance(arg, tuple):
                for inner in arg:
                    if isinstance(inner, Layer):
                        yield inner

    def set_args(self, args: tuple[Arg, ...]) -> None:
        """Replace the arguments and keep the lists of users right."""
        for one in self.inputs():
            one.users.pop(self, None)
        self.args = args
        for one in self.inputs():
            one.users[self] = None

    def replace_everywhere(self, other: Layer) -> None:
        """Make every user take `other` instead, which inherits what is known of this one (even that nothing is)."""
        other.partial = self.partial
        for user in list(self.users):
            user.set_args(tuple(_substituted(arg, self, other) for arg in user.args))


Arg = Layer | float | str | None | tuple["Layer | int | None", ...]
"""An argument of a call: a layer, a number, a name, a list of layers or of ints."""


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
        return [layer for layer in self if layer.op == CALL and layer.target in targets]

    def input(self, partial: Partial) -> Layer:
        """Add an input."""
        return self._append(Layer(INPUT, "", (), partial, -1))

    def constant(self, partial: Partial, before: Layer | None = None) -> Layer:
        """Add a constant, at the end or before another layer."""
        layer = Layer(CONSTANT, "", (), partial, self.origin)
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
        from sentis_lint.inference.sentis_litert.results import infer

        result = infer(target, args)
        layer = self._append(Layer(CALL, target, (), result if isinstance(result, Partial) else None, self.origin))
        layer.set_args(args)
        return layer

    def call_many(self, target: str, *args: Arg) -> list[Layer]:
        """Add a call with several results, and a layer for each result.

        Raises:
            Fault: the layer does not take these arguments.
        """
        from sentis_lint.inference.sentis_litert.results import infer

        results = infer(target, args)
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
