"""One call of an operator as its inference function sees it, and the arithmetic of dimensions that all share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sentis_lint.graph import Dim, Node, Shape, Tensor
from sentis_lint.inference.facts import MAX_ELEMENTS, UNKNOWN, Element, Fact, FactTable
from sentis_lint.readers.onnx_tensors import DTYPES

MAX_INT64 = 2**63 - 1

PLACEHOLDERS = frozenset({"", "?", "-1", "None", "none", "unk", "unknown", "dynamic"})
"""Names that exporters give to every size they do not know, so that the same name means nothing."""


class Unclear(Exception):
    """The node says something that the standard gives no meaning; nothing is claimed of its outputs."""


class InferenceContext:
    """What inference may ask of its surroundings; all answers must stay the same while the context lives."""

    __slots__ = ("elements", "table")

    def __init__(self, elements: Callable[[Tensor], tuple[Element, ...] | None], table: FactTable) -> None:
        self.elements = elements
        """Reads the elements of a small constant; None where it is large or unreadable."""
        self.table = table
        """Where the engine interns facts."""


class Call:
    """A node with the facts of its inputs.

    Accessors of attributes raise `Unclear` where an attribute has not the type that the standard wants, or stands for
    an attribute of an enclosing function.
    """

    __slots__ = ("context", "inputs", "node", "opset", "varies")

    def __init__(self, node: Node, inputs: Sequence[Fact | None], opset: int, context: InferenceContext) -> None:
        self.node = node
        self.inputs = inputs
        self.opset = opset
        self.context = context
        self.varies = False
        """Set by operators whose outputs depend on more than their inputs: random numbers, values of an outer scope."""

    def fact(self, position: int) -> Fact:
        """What is known of the tensor at an input; `UNKNOWN` where it is left out or no tensor."""
        inputs = self.inputs
        if position < len(inputs):
            fact = inputs[position]
            if fact is not None and fact.kind == "tensor":
                return fact
        return UNKNOWN

    def any_kind(self, position: int) -> Fact:
        """The same, for operators whose input may be a sequence or an optional."""
        return (self.inputs[position] or UNKNOWN) if position < len(self.inputs) else UNKNOWN

    def has(self, position: int) -> bool:
        """Whether an input is given."""
        return position < len(self.inputs) and self.inputs[position] is not None

    def shape(self, position: int) -> Shape | None:
        """Shape of an input."""
        return self.fact(position).shape

    def elements(self, position: int) -> tuple[Element, ...] | None:
        """Elements of an input; None for strings, which would be mistaken for symbolic sizes."""
        fact = self.fact(position)
        return None if fact.dtype == "string" else fact.elements

    def dtype(self, *positions: int) -> str | None:
        """The dtype that the inputs share; None where none is known or they disagree."""
        found: str | None = None
        for position in positions:
            dtype = self.fact(position).dtype
            if dtype is not None and dtype != found:
                if found is not None:
                    return None
                found = dtype
        return found

    def present(self, name: str) -> bool:
        """Whether the node carries an attribute."""
        return name in self.node.attributes

    def _value(self, name: str, kind: str) -> object:
        attribute = self.node.attributes[name]
        if attribute.type != kind or attribute.reference:
            raise Unclear(name)
        return attribute.value

    def integer(self, name: str, default: int) -> int:
        """An attribute of type int."""
        return self.optional_integer(name) if name in self.node.attributes else default

    def optional_integer(self, name: str) -> int:
        """An attribute of type int that has no default.

        Raises:
            Unclear: it is not there.
        """
        if name not in self.node.attributes:
            raise Unclear(name)
        value = self._value(name, "int")
        if not isinstance(value, int):
            raise Unclear(name)
        return value

    def integers(self, name: str) -> tuple[int, ...] | None:
        """An attribute of type ints; None where the node does not carry it."""
        if name not in self.node.attributes:
            return None
        value = self._value(name, "ints")
        if not isinstance(value, tuple | list) or not all(isinstance(item, int) for item in value):
            raise Unclear(name)
        return tuple(value)

    def floats(self, name: str) -> tuple[float, ...] | None:
        """An attribute of type floats; None where the node does not carry it."""
        if name not in self.node.attributes:
            return None
        value = self._value(name, "floats")
        if not isinstance(value, tuple | list) or not all(isinstance(item, int | float) for item in value):
            raise Unclear(name)
        return tuple(value)

    def number(self, name: str, default: float) -> float:
        """An attribute of type float."""
        if name not in self.node.attributes:
            return default
        value = self._value(name, "float")
        if not isinstance(value, int | float):
            raise Unclear(name)
        return value

    def string(self, name: str, default: str) -> str:
        """An attribute of type string."""
        if name not in self.node.attributes:
            return default
        value = self._value(name, "string")
        if not isinstance(value, str):
            raise Unclear(name)
        return value

    def dtype_attribute(self, name: str, default: str | None) -> str | None:
        """An attribute that holds a dtype number, as a dtype; None for a number without meaning."""
        if name not in self.node.attributes:
            return default
        code = self.optional_integer(name)
        return DTYPES[code] if 0 < code < len(DTYPES) else None


def declared_shape(shape: Shape | None) -> Shape | None:
    """A shape as a file declares it, as far as it may be believed.

    A negative size is how some exporters write an unknown one. Names of sizes stand for one size each, but for those in
    `PLACEHOLDERS`.
    """
    if shape is None:
        return None
    return tuple(
        None if dim in PLACEHOLDERS or (isinstance(dim, int) and not 0 <= dim <= MAX_INT64) else dim for dim in shape
    )


Handler = Callable[[Call], Sequence[Fact]]
"""Infers the outputs of one operator; the driver pads, bounds and completes what it returns."""


def normal_axis(axis: int, rank: int) -> int:
    """An axis counted from the front.

    Raises:
        Unclear: there is no such axis.
    """
    if not -rank <= axis < rank:
        raise Unclear("axis")
    return axis % rank if axis < 0 else axis


def normal_axes(axes: Iterable[int], rank: int) -> tuple[int, ...]:
    """Axes counted from the front, in their order.

    Raises:
        Unclear: there is no such axis, or one is named twice.
    """
    result = tuple(normal_axis(axis, rank) for axis in axes)
    if len(set(result)) != len(result):
        raise Unclear("axes")
    return result


def known_integers(elements: Sequence[Element] | None) -> tuple[int, ...] | None:
    """Elements as integers; None unless every one is known."""
    if elements is None or not all(isinstance(element, int) for element in elements):
        return None
    return tuple(int(element) for element in elements if isinstance(element, int))


def axes_argument(call: Call, since: int, position: int = 1) -> tuple[int, ...] | None:
    """Axes that were an attribute before opset `since` and are an input from then on; None where they are not known.

    The caller must ask `has_axes` first; this does not tell axes left out from unknown axes.
    """
    if call.opset < since:
        return call.integers("axes")
    return known_integers(call.elements(position))


def has_axes(call: Call, since: int, position: int = 1) -> bool:
    """Whether axes are given, in the form of the node's opset.

    Raises:
        Unclear: they are given in the form of another opset, which readers of the file understand differently.
    """
    if call.opset < since:
        if call.has(position):
            raise Unclear("axes")
        return call.present("axes")
    if call.present("axes"):
        raise Unclear("axes")
    return call.has(position)


def product(dims: Iterable[Dim]) -> Dim:
    """The product of dimensions: a number, one symbol where all others are 1, or unknown.

    A factor 0 makes the product 0 whatever the others are; a product beyond what a size can be is unknown.
    """
    total = 1
    rest: list[str | None] = []
    for dim in dims:
        if not isinstance(dim, int):
            rest.append(dim)
        elif dim == 0:
            return 0
        elif total <= MAX_INT64:  # no further, or thousands of dimensions would make a giant of it
            total *= dim
    if not rest:
        return total if total <= MAX_INT64 else None
    return rest[0] if total == 1 and len(rest) == 1 else None


def sum_of(dims: Iterable[Dim]) -> Dim:
    """The sum of dimensions: a number, one symbol where all others are 0, or unknown."""
    total = 0
    rest: list[str | None] = []
    for dim in dims:
        if isinstance(dim, int):
            total += dim
        else:
            rest.append(dim)
    if not rest:
        return total
    return rest[0] if total == 0 and len(rest) == 1 else None


def unify_dim(one: Dim, other: Dim) -> Dim:
    """What is known of a dimension that two sources speak of; unknown where they contradict each other."""
    if one is None or one == other:
        return other
    if other is None:
        return one
    if isinstance(one, str):
        return other
    return one if isinstance(other, str) else None


def unify(shapes: Iterable[Shape | None]) -> Shape | None:
    """The one shape that several values share, as far as any of them tells; unknown where ranks differ."""
    result: Shape | None = None
    for shape in shapes:
        if shape is None or shape == result:
            continue
        if result is None:
            result = shape
        elif len(result) != len(shape):
            return None
        else:
            result = tuple(unify_dim(one, other) for one, other in zip(result, shape, strict=True))
    return result


def dims_of(fact: Fact) -> Shape | None:
    """A one-dimensional integer tensor read as a shape: unknown dimensions for unknown or impossible elements."""
    if fact.shape is None or len(fact.shape) != 1:
        return None
    length = fact.shape[0]
    if not isinstance(length, int) or not 0 <= length <= MAX_ELEMENTS:
        return None
    if fact.elements is None or len(fact.elements) != length:
        return (None,) * length
    return tuple(dim_of(element) for element in fact.elements)


def dim_of(element: Element) -> Dim:
    """An element read as a dimension."""
    if isinstance(element, str):
        return element
    return element if isinstance(element, int) and 0 <= element <= MAX_INT64 else None


def scalar(fact: Fact) -> Element:
    """The element of a tensor that holds exactly one; None where it is not known."""
    elements = fact.elements
    return elements[0] if elements is not None and len(elements) == 1 and fact.dtype != "string" else None


def same(call: Call) -> Sequence[Fact]:
    """One output, of the dtype and shape of the first input."""
    fact = call.fact(0)
    # The very object, where it says nothing more: facts are interned, so this spares the engine a look-up.
    if fact.elements is None and not fact.constant and not fact.missing:
        return (fact,)
    return (Fact(fact.dtype, fact.shape),)
