"""What the author of a table is told about a condition: what it asks for, and what in it is not of the language."""

from __future__ import annotations

import pytest

from sentis_lint.conditions import ConditionError, parse
from sentis_lint.conditions.comprehensions import MAX_STEPS
from sentis_lint.conditions.evaluate import MAX_MEMBERS
from sentis_lint.conditions.syntax import MAX_DEPTH, MAX_LENGTH
from tests.views import view


def test_a_condition_names_everything_it_asks_for() -> None:
    condition = parse(
        "ceil_mode != 0 and present(axes) and dim(1, -1) == rank(2) and out_rank(0) == opset "
        "and any(i == axis for i in shape(0)) and broadcast_clash(3, 4)"
    )
    assert condition.attributes == {"ceil_mode", "axes", "axis"}
    assert condition.inputs == {0, 1, 2, 3, 4}
    assert condition.outputs == {0}
    assert condition.predicates == {"broadcast_clash"}
    assert condition.source.startswith("ceil_mode")


def test_a_condition_may_run_over_several_lines_with_comments() -> None:
    source = """
    ceil_mode == 0      # the default
        and axis == -1
        or auto_pad == '#'
    """
    assert parse(source)(view()) is True


@pytest.mark.parametrize(
    ("source", "message", "column"),
    [
        ("ceil_mode != 0 and rnk(0) == 4", "unknown function 'rnk'; did you mean 'rank'?", 20),
        ("broadcast_clsh(0, 1)", "did you mean 'broadcast_clash'?", 1),
        ("zzzzzz(0)", "known are abs, all, any", 1),
        ("rank() == 4", "rank takes 1 argument, not 0", 1),
        ("dim(0) == 4", "dim takes 2 arguments, not 1", 1),
        ("range(1, 2, 3, 4) == []", "range takes 1 to 3 arguments, not 4", 1),
        ("min() == 1", "min takes at least 1 argument, not 0", 1),
        ("listed_inputs(1) == 1", "listed_inputs takes no arguments, not 1", 1),
        ("rank('x') == 4", "rank takes a number, not 'x'", 6),
        ("rank(-1) == 4", "counted from 0, not -1", 6),
        ("broadcast_clash(0, -1)", "counted from 0, not -1", 20),
        ("present('axes')", "present takes the bare name of an attribute", 9),
        ("any(present(x) for x in [1])", "present takes the bare name", 13),
        ("present(axes=1)", "no keyword arguments", 9),
        ("shape(0).size == 4", "a dot has no meaning here", 1),
        ("(1).bit_length()", "only a function's bare name", 1),
        ("axis ** 2 == 4", "powers are not supported", 1),
        ("axis & 1", "the logical operator is 'and'", 1),
        ("axis | 1", "the logical operator is 'or'", 1),
        ("~axis == 1", "the logical operator is 'not'", 1),
        ("axis is 1", "compare with '=='", 1),
        ("axis is not 1", "compare with '!='", 1),
        ("(axis := 1)", "compare with '=='", 2),
        ("axis in {1, 2}", "write a list", 9),
        ("axis == None", "None is not a value", 9),
        ("axis == 1j", "1j is not a value", 9),
        ("axis == b'x'", "b'x' is not a value", 9),
        ("axis == ...", "Ellipsis is not a value", 9),
        ("f'{axis}' == ''", "no f-strings", 1),
        ("lambda: 1", "'lambda'", 1),
        ("{} == 1", "dictionaries", 1),
        ("any(*[1])", "'*' before a value", 5),
        ("[x for x, y in []] == []", "the variable of a comprehension is one name", 8),
        ("any(x for x in [] for y in [])", "one 'for'", 4),
        ("any(x for x in [] if 1 if 2)", "one 'for' and at most one 'if'", 4),
        ("any(opset for opset in [])", "'opset' already has a meaning", 15),
        ("any(any(x for x in []) for x in [])", "'x' already has a meaning", 15),
        ("(x for x in [])", "write a list", 1),
        ("1 in (x for x in [])", "write a list", 6),
        ("shape(0)[1:2, 3] == 1", "a slice stands alone", 10),
        ("[1, 2]", "this is a plain value", 1),
        ("1", "this is a plain value", 1),
        ("axis == 1,", "this is a plain value", 1),
        ("axis = 1", "not an expression", 6),
        ("axis ==", "not an expression", 8),
        ("", "empty", 1),
        ("  \n ", "empty", 1),
        ("axis == 1\n  and rnk(0)", "unknown function 'rnk'", 17),
        ("'ä' == rnk(0)", "unknown function 'rnk'", 8),
        ("  rnk(0)", "unknown function 'rnk'", 3),
        ("axis == 'a\0'", "not an expression", 1),
        ("axis == '\ud800'", "not an expression", 1),
    ],
)
def test_what_is_not_of_the_language_is_refused_with_the_place_and_a_way_out(
    source: str, message: str, column: int
) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(source)
    assert message in caught.value.message
    assert caught.value.column == column
    assert str(caught.value) == f"column {column}: {caught.value.message}"


@pytest.mark.parametrize(
    "source",
    [
        "not " * (MAX_DEPTH + 1) + "axis",
        "(" * 150 + "axis" + ")" * 150 + " == " + "-" * 70 + "axis",
        "(" * 1900 + "1" + ")" * 1900,
        "-" * (MAX_LENGTH - 1) + "a",
        " + ".join(["axis"] * (MAX_DEPTH + 2)) + " == 1",
        "[" * 90 + "axis" + "]" * 90 + " == 1",
    ],
)
def test_deep_nesting_is_refused(source: str) -> None:
    with pytest.raises(ConditionError, match=r"nested deeper than 64|too many nested parentheses"):
        parse(source)


def test_a_long_source_is_refused_with_the_limit() -> None:
    with pytest.raises(ConditionError, match=f"the limit is {MAX_LENGTH}"):
        parse("axis == 1" + " " * MAX_LENGTH)


@pytest.mark.parametrize(
    "source",
    [
        f"len(range({MAX_MEMBERS + 1})) > 0",
        f"len(range({10**30})) > 0",
        f"len(range({MAX_MEMBERS}) + [1]) > 0",
        f"any(any(x < 0 for x in range({MAX_MEMBERS})) for y in range({MAX_STEPS // MAX_MEMBERS + 1}))",
        f"len([[x for x in range({MAX_MEMBERS})] for y in range({MAX_MEMBERS})][-1]) == 0",
    ],
)
def test_work_without_end_is_cut_off_as_unknown(source: str) -> None:
    assert parse(source)(view()) is None


def test_a_condition_is_evaluated_anew_each_time() -> None:
    condition = parse(f"any(x == axis for x in range({MAX_MEMBERS}))")
    for _ in range(2 * MAX_STEPS // MAX_MEMBERS):
        assert condition(view(axis=7)) is True
