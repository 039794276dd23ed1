"""The law of the condition language on random expressions: learning more never turns a yes into a no."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from sentis_lint.conditions import ConditionError, NodeView, parse
from sentis_lint.graph import Attribute
from sentis_lint.inference.facts import Fact
from tests.views import view

SYMBOLS = ("N", "M")
MAX_TEXT = 300
MAX_ELEMENTS = 6


def _expressions() -> st.SearchStrategy[str]:
    """Conditions, most of them of sensible types."""
    index = st.sampled_from(["0", "1", "2", "axis", "-1 + 1"])
    position = st.sampled_from(["0", "1", "-1", "axis", "x"])
    number: st.SearchStrategy[str] = st.deferred(lambda: numbers)
    sequence: st.SearchStrategy[str] = st.deferred(lambda: sequences)
    state: st.SearchStrategy[str] = st.deferred(lambda: states)

    def call(names: list[str], *arguments: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.builds(lambda name, *given: f"{name}({', '.join(given)})", st.sampled_from(names), *arguments)

    numbers = st.one_of(
        st.sampled_from(["0", "1", "2", "-1", "3", "0.5", "x", "axis", "alpha", "ceil_mode", "axes", "'a'", "opset"]),
        call(["rank", "numel", "out_rank"], index),
        call(["dim", "out_dim"], index, position),
        call(["len", "sum", "min", "max"], sequence),
        call(["abs", "float32"], number),
        call(["min", "max"], number, number),
        st.builds("{}[{}]".format, sequence, number),
        st.builds("({} {} {})".format, number, st.sampled_from(["+", "-", "*", "/", "//", "%"]), number),
        st.builds("({} if {} else {})".format, number, state, number),
    )
    sequences = st.one_of(
        st.sampled_from(["[]", "[1, 2]", "kernel_shape", "axes", "range(3)"]),
        call(["shape", "value", "out_shape"], index),
        call(["set", "sorted"], sequence),
        st.builds("[{}, {}]".format, number, number),
        st.builds("({} + {})".format, sequence, sequence),
        st.builds("{}[{}:{}]".format, sequence, number, number),
        st.builds("[{} for x in {} if {}]".format, number, sequence, state),
        st.builds("({} if {} else {})".format, sequence, state, sequence),
    )
    states = st.one_of(
        st.sampled_from(["True", "False", "present(axes)", "present(alpha)", "broadcast_clash(0, 1)", "axis"]),
        st.sampled_from(["unidirectional_broadcast_clash(0, 1)", "same_type(0, 1)", "same_type()"]),
        call(["has_input", "const", "stored", "used_output"], index),
        st.builds(
            "{}({}) {} {}".format,
            st.sampled_from(["dtype", "target_type"]),
            index,
            st.sampled_from(["==", "!="]),
            st.sampled_from(["'float32'", "'float'", "'int64'", "dtype(1)"]),
        ),
        st.builds("({} {} {})".format, number, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), number),
        st.builds("({} {} {})".format, sequence, st.sampled_from(["==", "!="]), sequence),
        st.builds("({} {} {})".format, number, st.sampled_from(["in", "not in"]), sequence),
        st.builds("({} < {} <= {})".format, number, number, number),
        st.builds("({} {} {})".format, state, st.sampled_from(["and", "or"]), state),
        st.builds("(not {})".format, state),
        st.builds("({} if {} else {})".format, state, state, state),
        st.builds("{}({} for x in {} if {})".format, st.sampled_from(["any", "all"]), state, sequence, state),
        call(["any", "all"], sequence),
    )
    # The one variable `x` may not be used twice, and an expression that repeats itself teaches nothing.
    return states.filter(lambda text: len(text) < MAX_TEXT and text.count(" for ") <= 1)


CONDITIONS = _expressions()


@st.composite
def _facts(draw: st.DrawFn, sizes: dict[str, int]) -> tuple[Fact, Fact]:
    """What is true of a value, and a part of it."""
    dims: list[tuple[int, int | str | None]] = []
    for _ in range(draw(st.integers(0, 3))):
        symbol = draw(st.sampled_from([None, None, *SYMBOLS]))
        size = sizes[symbol] if symbol else draw(st.integers(0, 3))
        dims.append((size, draw(st.sampled_from([symbol or size, symbol, None]))))
    shape = tuple(size for size, _ in dims)
    dtype = draw(st.sampled_from(["float32", "int64", "bool", "string"]))
    count = math.prod(shape)
    elements: tuple[int, ...] | None = None
    known: tuple[int | None, ...] | None = None
    if count <= MAX_ELEMENTS and draw(st.booleans()):
        elements = tuple(draw(st.lists(st.integers(-1, 3), min_size=count, max_size=count)))
        known = tuple(draw(st.sampled_from([element, None])) for element in elements)
    flag = draw(st.booleans())
    whole = Fact(dtype, shape, elements, flag, flag)
    part = Fact(
        draw(st.sampled_from([dtype, None])),
        draw(st.sampled_from([tuple(dim for _, dim in dims), shape, None])),
        draw(st.sampled_from([known, elements, None])),
        flag,
        flag,
    )
    return whole, part


@st.composite
def _views(draw: st.DrawFn) -> tuple[NodeView, NodeView]:
    """A node of which all is known, and the same node known in part."""
    sizes = {symbol: draw(st.integers(0, 3)) for symbol in SYMBOLS}
    inputs = [draw(st.none() | _facts(sizes)) for _ in range(draw(st.integers(0, 3)))]
    outputs = [draw(_facts(sizes)) for _ in range(draw(st.integers(0, 2)))]
    values: dict[str, Any] = {
        "axis": draw(st.integers(-1, 2)),
        "alpha": draw(st.sampled_from([0.5, 1.0])),
        "ceil_mode": draw(st.integers(0, 1)),
        "axes": tuple(draw(st.lists(st.integers(-1, 2), max_size=2))),
        "kernel_shape": (2, 3),
    }
    kinds = {"axis": "int", "alpha": "float", "ceil_mode": "int", "axes": "ints", "kernel_shape": "ints"}
    carried = [Attribute(name, kinds[name], value) for name, value in values.items() if draw(st.booleans())]
    # An attribute that stands for the enclosing function's may turn out to be there or not.
    blurred = [name for name in values if draw(st.integers(0, 3)) == 0]
    partly = [attribute for attribute in carried if attribute.name not in blurred]
    partly += [Attribute(name, kinds[name], None, reference="outer") for name in blurred]
    opset = draw(st.integers(1, 20))
    whole = view([pair and pair[0] for pair in inputs], [pair[0] for pair in outputs], opset=opset, stored=carried)
    part = view(
        [pair and pair[1] for pair in inputs],
        [pair[1] for pair in outputs],
        opset=draw(st.sampled_from([opset, None])),
        stored=partly,
    )
    return whole, part


@settings(max_examples=400, deadline=None)
@given(CONDITIONS, _views())
def test_learning_more_never_turns_a_yes_into_a_no(source: str, views: tuple[NodeView, NodeView]) -> None:
    condition = parse(source)
    whole, part = (condition(seen) for seen in views)
    assert {whole, part} != {True, False}, (source, whole, part)


@settings(max_examples=200, deadline=None)
@given(CONDITIONS, st.data())
def test_a_damaged_condition_is_refused_in_one_way_only_and_what_parses_evaluates(
    source: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(source)))
    stop = data.draw(st.integers(start, min(start + 5, len(source))))
    damaged = (
        source[:start]
        + data.draw(st.sampled_from(["", "(", ")", "[", " for x in ", "'", "0", ",", "\n"]))
        + source[stop:]
    )
    try:
        condition = parse(damaged)
    except ConditionError as error:
        column = error.column
    else:
        column = 1
        assert condition(data.draw(_views())[1]) in {True, False, None}
    assert 1 <= column <= len(damaged) + 1


@settings(max_examples=200, deadline=None)
@given(st.text() | st.text(alphabet="abx01 ()[]{}+-*/%<>=!,.:'\"#\\\n\t_&|~@"))
@example("\\d")
@example("'\\d' == 'x'")
@example("1if 1else 2")
@example("0_7")
@example("9" * 5000)
@example("9" * 3999)
def test_any_text_at_all_is_a_condition_or_an_error_that_says_why(source: str) -> None:
    try:
        condition = parse(source)
    except ConditionError as error:
        message = error.message
    else:
        message = "fine"
        assert condition(view()) in {True, False, None}
    assert message
    assert "\n" not in message
