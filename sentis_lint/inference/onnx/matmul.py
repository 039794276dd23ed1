"""Matrix products."""

from __future__ import annotations

from collections.abc import Sequence

from sentis_lint.graph import Dim, Shape
from sentis_lint.inference.facts import Fact, broadcast
from sentis_lint.inference.onnx.call import Call, Handler, Unclear


def multiplied(one: Shape | None, other: Shape | None) -> Shape | None:
    """Shape of a product as numpy's ``matmul`` defines it."""
    if one is None or other is None:
        return None
    if not one or not other:
        raise Unclear("rank")
    rows = one[-2:-1]
    columns = other[-1:] if len(other) > 1 else ()
    batch = broadcast((one[:-2], other[:-2]))
    return None if batch is None else (*batch, *rows, *columns)


def _matmul(call: Call) -> Sequence[Fact]:
    return (Fact(call.dtype(0, 1), multiplied(call.shape(0), call.shape(1))),)


def _matmul_integer(call: Call) -> Sequence[Fact]:
    return (Fact("int32", multiplied(call.shape(0), call.shape(1))),)


def _quantized_matmul(call: Call) -> Sequence[Fact]:
    return (Fact(call.fact(7).dtype, multiplied(call.shape(0), call.shape(3))),)


def _gemm(call: Call) -> Sequence[Fact]:
    one, other = call.shape(0), call.shape(1)
    rows = _side(one, call.integer("transA", 0) != 0)
    columns = _side(other, call.integer("transB", 0) == 0)
    return (Fact(call.dtype(0, 1, 2), (rows, columns)),)


def _side(shape: Shape | None, second: bool) -> Dim:
    if shape is None:
        return None
    if len(shape) != 2:
        raise Unclear("rank")
    return shape[1 if second else 0]


def _determinant(call: Call) -> Sequence[Fact]:
    data = call.fact(0)
    if data.shape is not None and len(data.shape) < 2:
        raise Unclear("rank")
    return (Fact(data.dtype, None if data.shape is None else data.shape[:-2]),)


def _einsum(call: Call) -> Sequence[Fact]:
    count = len(call.inputs)
    dtype = call.dtype(*range(count))
    left, arrow, right = call.string("equation", "").replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != count or not all(_is_term(term) for term in (*terms, right)):
        raise Unclear("equation")
    sizes: dict[str, Dim] = {}
    ellipsis: Shape | None = ()
    for position, term in enumerate(terms):
        shape = call.shape(position)
        before, dots, after = term.partition("...")
        if shape is None:
            ellipsis = None if dots else ellipsis
            _record(sizes, before + after, (None,) * len(before + after))
            continue
        inner = len(shape) - len(before) - len(after)
        if inner < 0 or (inner and not dots):
            raise Unclear("equation")
        _record(sizes, before, shape[: len(before)])
        _record(sizes, after, shape[len(before) + inner :])
        if dots and ellipsis is not None:
            ellipsis = broadcast((ellipsis, shape[len(before) : len(before) + inner]))
    if not arrow:
        # Implicit: every letter that occurs once, in order.
        letters = left.replace(",", "").replace(".", "")
        once = "".join(sorted(letter for letter in sizes if letters.count(letter) == 1))
        right = ("..." if "..." in left else "") + once
    before, dots, after = right.partition("...")
    if any(letter not in sizes for letter in before + after):
        raise Unclear("equation")
    if dots and ellipsis is None:
        return (Fact(dtype, None),)
    middle = ellipsis if dots and ellipsis is not None else ()
    return (Fact(dtype, (*(sizes[letter] for letter in before), *middle, *(sizes[letter] for letter in after))),)


def _is_term(term: str) -> bool:
    letters = term.replace("...", "", 1)
    return not letters or (letters.isalpha() and letters.isascii())


def _record(sizes: dict[str, Dim], letters: str, dims: Shape) -> None:
    for letter, dim in zip(letters, dims, strict=True):
        # A size 1 may be broadcast along the same letter elsewhere.
        both = broadcast(((sizes[letter],), (dim,))) if letter in sizes else (dim,)
        sizes[letter] = both[0] if both else None


HANDLERS: dict[str, Handler] = {
    "Det": _determinant,
    "Einsum": _einsum,
    "Gemm": _gemm,
    "MatMul": _matmul,
    "MatMulInteger": _matmul_integer,
    "QLinearMatMul": _quantized_matmul,
}
