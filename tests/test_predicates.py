"""Predicates: what each says, and where it has to say that it does not know."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentis_lint import predicates
from sentis_lint.conditions import NodeView, parse
from sentis_lint.conditions.vocabulary import ARITIES, INPUT_FUNCTIONS, NAME_FUNCTIONS, NODE_NAMES, OUTPUT_FUNCTIONS
from sentis_lint.graph import Shape
from sentis_lint.inference.facts import UNKNOWN, Fact
from tests.views import view


def holds(source: str, seen: NodeView) -> bool | None:
    """What a condition says of a node."""
    return parse(source)(seen)


def shaped(*shapes: Shape | None, **more: Any) -> NodeView:
    """A node with inputs of these shapes."""
    return view([Fact("float32", shape) for shape in shapes], **more)


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        (((2, 3), (3,)), False),
        (((2, 3), (2,)), True),
        (((2, 1), (1, 3)), False),
        (((2, None), (3,)), None),
        (((2, None), (5, None)), True),
        ((("N", 3), ("N", 1)), False),
        ((("N",), ("M",)), None),
        (((2, 3), None), None),
        (((), (7,)), False),
    ],
)
def test_shapes_that_do_not_broadcast_clash(shapes: tuple[Shape | None, ...], expected: bool | None) -> None:
    assert holds("broadcast_clash(0, 1)", shaped(*shapes)) is expected
    assert holds("broadcast_clash()", shaped(*shapes)) is expected


def test_all_inputs_of_a_variadic_operator_broadcast_together_and_left_out_ones_do_not_count() -> None:
    seen = view([Fact(None, (2,)), None, Fact(None, (1,)), Fact(None, (3,))])
    assert holds("broadcast_clash()", seen) is True
    assert holds("broadcast_clash(0, 2)", seen) is False
    assert holds("broadcast_clash(0, 1)", seen) is None
    assert holds("broadcast_clash(0, 9)", seen) is None


@pytest.mark.parametrize(
    ("onto", "shape", "expected"),
    [
        ((2, 3), (3,), False),
        ((2, 3), (1, 1), False),
        ((2, 1), (1, 3), True),
        ((3,), (1, 3), True),
        ((3,), (2, 3), True),
        ((2, None), (3,), None),
        (("N", 3), ("N", 3), False),
        (("N", 3), (2, 3), None),
        ((None,), (None,), None),
        ((4, None), (5, None), True),
        (None, (3,), None),
        ((), (), False),
    ],
)
def test_one_way_broadcasting_never_widens_the_first_shape(
    onto: Shape | None, shape: Shape | None, expected: bool | None
) -> None:
    assert holds("unidirectional_broadcast_clash(0, 1)", shaped(onto, shape)) is expected


@pytest.mark.parametrize(
    ("dtypes", "expected"),
    [
        (("float32", "float16"), True),
        (("float32", "int64"), False),
        (("float32", None), None),
        (("float32", "int64", None), False),
        (("float32", "string"), None),
        (("int64",), True),
    ],
)
def test_dtypes_differ_only_if_the_target_makes_different_types_of_them(
    dtypes: tuple[str | None, ...], expected: bool | None
) -> None:
    seen = view([Fact(dtype, None) for dtype in dtypes])
    assert holds("same_type()", seen) is expected
    assert holds(f"same_type({', '.join(map(str, range(len(dtypes))))})", seen) is expected


def test_what_is_inferred_to_the_last_element_is_folded_like_a_constant() -> None:
    seen = view(
        [
            Fact("float32", (9,), constant=True),
            Fact("int64", (2,), (3, 4)),
            Fact("int64", (2,), (3, None)),
            Fact("int64", (2,)),
        ]
    )
    assert [holds(f"foldable({index})", seen) for index in range(5)] == [True, True, False, False, False]


def test_slots_that_are_listed_and_left_out_are_seen_even_at_the_end() -> None:
    seen = view([UNKNOWN, None, UNKNOWN, None], [UNKNOWN, UNKNOWN], output_names=["y", None])
    assert holds("listed_inputs() == 4 and n_inputs == 3", seen) is True
    assert holds("listed_outputs() == 2 and n_outputs == 1", seen) is True
    assert holds("any(not has_input(i) for i in range(listed_inputs()))", seen) is True


@given(st.floats(width=32, allow_nan=False))
def test_a_single_precision_number_is_its_own_rounding(number: float) -> None:
    assert predicates.float32(view(), number) == number


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("float32(0.1) == 0.1", False),
        ("float32(0.1) == 0.10000000149011612", True),
        ("float32(1) == 1", True),
        ("float32(1e39) == 1e999 and float32(-1e39) == -1e999", True),
        # The size 31 of a dimension of 7 does not survive its scale: an importer that scales makes 30 of it.
        ("float32(7 * float32(31 / 7)) // 1 == 30", True),
        ("float32('a') == 1", None),
        ("float32([1]) == 1", None),
        ("float32(axes) == 1", None),
        ("float32(dim(0, 0)) == 1", None),
        ("float32(dim(0, 1)) == 1", None),
    ],
)
def test_numbers_are_rounded_as_single_precision_rounds_them(source: str, expected: bool | None) -> None:
    assert holds(source, shaped(("N", None))) is expected


# The registry


def test_every_predicate_says_what_it_means_and_hides_no_word_of_the_language() -> None:
    words = {*ARITIES, *INPUT_FUNCTIONS, *OUTPUT_FUNCTIONS, *NAME_FUNCTIONS, *NODE_NAMES}
    assert not predicates.names() & words
    for name in predicates.names():
        predicate = predicates.find(name)
        assert predicate is not None
        assert predicate.function.__doc__, name


@pytest.mark.parametrize("name", sorted(predicates.names()))
@given(data=st.data())
def test_no_argument_makes_a_predicate_raise(name: str, data: st.DataObject) -> None:
    predicate = predicates.find(name)
    assert predicate is not None
    least, most = predicate.arity
    scalars = st.none() | st.integers() | st.floats() | st.booleans() | st.text(max_size=3)
    values = scalars | st.lists(scalars, max_size=3).map(tuple)
    arguments = data.draw(st.lists(values, min_size=least, max_size=3 if most is None else most))
    result = predicate(shaped((1, None), None, ("N",)), arguments)
    assert result is None or isinstance(result, bool | int | float | str | tuple)


def test_two_predicates_of_one_name_are_a_mistake() -> None:
    def same_type(view: NodeView) -> bool:
        return True

    with pytest.raises(ValueError, match="'same_type'"):
        predicates.predicate(same_type)


EXTRA = """
from sentis_lint.predicates import predicate

@predicate(takes_inputs=True)
def twice(view, index, times=2):
    return [index] * times
"""


@pytest.fixture
def pending(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[str]]:
    """The modules not yet looked into of a registry of its own: one that is not there, one with a predicate."""
    pending = ["predicates_nowhere", "predicates_extra"]
    monkeypatch.setattr(predicates, "_registered", dict(predicates._registered))
    monkeypatch.setattr(predicates, "_pending", pending)
    (tmp_path / "predicates_extra.py").write_text(EXTRA)
    (tmp_path / "predicates_broken.py").write_text("import something_not_installed")
    monkeypatch.syspath_prepend(tmp_path)
    yield pending
    sys.modules.pop("predicates_extra", None)


def test_further_modules_are_looked_into_only_for_names_not_known_before(pending: list[str]) -> None:
    parse("same_type(0, 1)")
    assert len(pending) == 2
    condition = parse("twice(3) == [3, 3] and twice(4, 1) == [4]")
    assert pending == []
    assert condition(view()) is True
    assert condition.inputs == {3, 4, 1}
    assert condition.predicates == {"twice"}
    assert "twice" in predicates.names()


def test_a_module_that_is_there_and_fails_is_not_passed_over(pending: list[str]) -> None:
    pending[:] = ["predicates_broken"]
    with pytest.raises(ModuleNotFoundError, match="something_not_installed"):
        parse("twice(3) == [3, 3]")
