"""The condition language: what the author of a table writes, and what it means where something is not known."""

from __future__ import annotations

from typing import Any

import pytest

from sentis_lint.conditions import ABSENT, NODE, PATTERN, ConditionError, NodeView, Symbol, Vocabulary, parse
from sentis_lint.conditions.vocabulary import ARITIES, INPUT_FUNCTIONS, NAME_FUNCTIONS, NODE_NAMES, OUTPUT_FUNCTIONS
from sentis_lint.graph import Attribute
from sentis_lint.inference.facts import UNKNOWN, Fact
from tests.views import constant, tensor, view

IMAGE = Fact("float32", (1, 3, "H", None))
PLAIN = view()


def holds(source: str, seen: NodeView = PLAIN) -> bool | None:
    """What a condition says of a node."""
    return parse(source)(seen)


# Three values. An attribute that refers to one of the enclosing function stands for unknown.

U = Attribute("u", "int", None, reference="outer")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("False and u", False),
        ("u and False", False),
        ("True and u", None),
        ("u or True", True),
        ("True or u", True),
        ("False or u", None),
        ("not u", None),
        ("u == 1", None),
        ("u != 1", None),
        ("1 < u < 0", None),
        ("2 < 1 < u", False),
        ("u < 2 < 1", False),
        ("any([u, True])", True),
        ("any([u, False])", None),
        ("all([u, False])", False),
        ("all([u, True])", None),
        ("any([])", False),
        ("all([])", True),
        ("[1, u] == [2, 3]", False),
        ("[1, u] == [1, 3]", None),
        ("[1, u] == [1]", False),
        ("[1, u] != [2, 3]", True),
        ("[1, u] == 1", False),
        ("1 in [u, 1]", True),
        ("1 in [u, 2]", None),
        ("1 not in [u, 2]", None),
        ("1 not in [u, 1]", False),
        ("u in []", False),
        ("u in [1, 2]", None),
        ("u not in ['a']", None),
        ("u in 'abc'", None),
        ("u + 1 == 2", None),
        ("u * 0 == 0", None),
        ("-u == 1", None),
        ("abs(u) >= 0", None),
        ("[1, 2][u] == 1", None),
        ("[1, 2][u:] == []", None),
        ("len([u, u]) == 2", True),
        ("len(u) == 2", None),
        ("sum([1, u]) > 0", None),
        ("min(u, 1) == 1", None),
        ("max([u]) == 1", None),
        ("set([1, u]) == [1]", None),
        ("sorted([1, u]) == [1]", None),
        ("range(u) == []", None),
        ("1 == 1 if u else 2 == 2", True),
        ("(1 if u else 2) == 1", None),
        ("(1 if u else 1) == 1", True),
        ("any(x == 1 for x in [2, u])", None),
        ("any(x == 1 for x in [1, u])", True),
        ("all(x == 1 for x in [2, u])", False),
        ("any(x > 0 for x in [1] if u)", None),
        ("any(x > 0 for x in [0] if u)", False),
        ("any(x > 0 for x in [1] if u or True)", True),
        ("all(x > 0 for x in [1] if u)", True),
        ("all(x > 0 for x in [0] if u)", None),
        ("len([x for x in [1, 2] if u]) == 2", None),
        ("any(x for x in u)", None),
    ],
)
def test_an_unknown_decides_nothing_that_depends_on_it_and_spoils_nothing_that_does_not(
    source: str, expected: bool | None
) -> None:
    assert holds(source, view(stored=[U])) is expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("axes == [1]", False),
        ("axes != [1]", True),
        ("axes == axes", False),
        ("axes in [1, 2]", False),
        ("axes not in [1, 2]", True),
        ("axes in [axis]", False),
        ("1 in axes", False),
        ("1 not in axes", True),
        ("axes < 1", None),
        ("axes + 1 == 2", None),
        ("len(axes) == 0", None),
        ("any(one < 0 for one in axes)", None),
        ("not axes", None),
        ("present(axes) and axes[0] == 1", False),
        ("[axes] == [1]", False),
        ("shape(0)[axes:] == []", None),
    ],
)
def test_an_attribute_that_is_nowhere_equals_nothing_and_cannot_be_computed_with(
    source: str, expected: bool | None
) -> None:
    assert holds(source, view([IMAGE])) is expected


@pytest.mark.parametrize(
    "source",
    [
        "'a' < 1",
        "[1] < [2]",
        "'a' + 'b' == 'ab'",
        "'a' * 2 == 'aa'",
        "[1] * 2 == [1, 1]",
        "1 / 0 == 1",
        "1 // 0 == 1",
        "1 % 0 == 1",
        "[1][1] == 1",
        "[1][-2] == 1",
        "[1][0.0] == 1",
        "[1][::0] == []",
        "3[0] == 1",
        "len(3) == 1",
        "abs('a') == 1",
        "sum(['a']) == 1",
        "min([]) == 1",
        "max(1, 'a') == 1",
        "sorted([1, 'a']) == []",
        "set([[1]]) == []",
        "range(1.5) == []",
        "range(0, 1, 0) == []",
        "1 in 3",
        "1 in 'abc'",
        "any(3)",
        "all('abc')",
        "any(x for x in 'abc')",
        "-'a' == 1",
        "rank('x' if axis == 0 else 0.5) == 1",
        "rank(axis) == 1",
        f"{'9' * 400} * 0.5 == 1",
    ],
)
def test_what_makes_no_sense_is_unknown_and_never_an_exception(source: str) -> None:
    assert holds(source, view([IMAGE])) is None


@pytest.mark.parametrize(
    "source",
    [
        "1 + 2 * 3 == 7",
        "7 // 2 == 3 and -7 // 2 == -4 and 7 % 4 == 3 and -1 % 4 == 3",
        "7 / 2 == 3.5",
        "1 < 2 <= 2 != 3 > 1 >= 1",
        "True == 1",
        "'1' != 1",
        "'x' < 'y'",
        "'ell' in 'ellipsis' and 'z' not in 'ellipsis'",
        "[1, 2, 3][1:] == [2, 3] and [1, 2, 3][-1] == 3 and [1, 2, 3][::-1] == [3, 2, 1]",
        "'abc'[1] == 'b' and 'abc'[:2] == 'ab'",
        "[1] + [2] == [1, 2]",
        "(1, 2) == [1, 2]",
        "[[1, 2], [3]] == [[1, 2], [3]]",
        "min(3, 1, 2) == min([3, 1, 2]) == 1",
        "max(3, 1, 2) == 3",
        "abs(-2) == 2 and -(-2) == +2",
        "sum([1, 2, 3]) == 6 and sum([]) == 0",
        "set([3, 1, 3]) == set([1, 3, 1]) and len(set([1, 1])) == 1",
        "sorted([3, 1, 2]) == [1, 2, 3] and sorted(['b', 'a']) == ['a', 'b']",
        "range(3) == [0, 1, 2] and range(1, 3) == [1, 2] and range(3, 0, -1) == [3, 2, 1]",
        "[x * x for x in range(4) if x % 2 == 1] == [1, 9]",
        "sum(x for x in range(4)) == 6",
        "any(any(x == y for y in [2, 3]) for x in [1, 2])",
        "all(len([y for y in range(x)]) == x for x in range(5))",
        "not (1 == 2) and not ''",
        "(5 if 1 == 2 else 6) == 6",
        "'' == \"\"",
    ],
)
def test_what_is_known_is_computed_as_in_python(source: str) -> None:
    assert holds(source) is True


# What a condition sees of a node


def test_an_attribute_is_the_nodes_value_else_the_standards_default() -> None:
    assert holds("ceil_mode == 0 and auto_pad == 'NOTSET' and alpha == 1") is True
    carried = view(ceil_mode=1, auto_pad="VALID", kernel_shape=(2, 2))
    assert holds("ceil_mode == 1 and auto_pad == 'VALID' and kernel_shape == [2, 2]", carried) is True


def test_an_attribute_stored_with_another_type_than_the_standards_counts_as_not_carried() -> None:
    seen = view(stored=[Attribute("ceil_mode", "float", 1.0), Attribute("kernel_shape", "int", 3)])
    assert holds("ceil_mode == 0 and not present(ceil_mode)", seen) is True
    assert holds("kernel_shape != 3 and not present(kernel_shape)", seen) is True
    assert holds("stored_type(ceil_mode) == 'float' and stored_type(auto_pad) == ''", seen) is True


def test_an_attribute_that_the_standard_does_not_know_is_what_the_node_carries() -> None:
    for seen in (view(schema=None, spatial=0), view(schema={}, spatial=0)):
        assert holds("spatial == 0 and present(spatial)", seen) is True
        assert holds("ceil_mode == 0", seen) is False


def test_an_attribute_that_stands_for_one_of_the_enclosing_function_is_unknown_even_in_present() -> None:
    assert holds("present(u)", view(stored=[U])) is None


def test_a_default_may_also_be_marked_absent() -> None:
    assert holds("mode == 'x'", view(schema={"mode": ("string", ABSENT, False)})) is False


def test_a_tensor_attribute_is_its_elements_where_they_are_few() -> None:
    attribute = Attribute("value", "tensor", tensor("t", "bool", (2,), "int32_data"))
    small = view(stored=[attribute], elements={"t": (True, False)})
    assert holds("value == [True, False] and value[0]", small) is True
    assert holds("value == [1]", view(stored=[attribute])) is None
    assert holds("present(value)", view(stored=[attribute])) is True
    about = "tensor_dtype(value) == 'bool' and tensor_storage(value) == 'int32_data' and tensor_shape(value) == [2]"
    assert holds(about, small) is True
    assert holds("tensor_dtype(value) == 'bool'") is None


def test_a_graph_attribute_is_present_and_its_value_unknown() -> None:
    seen = view(stored=[Attribute("body", "graph", object())])
    assert holds("present(body)", seen) is True
    assert holds("body == 1", seen) is None


def test_names_of_the_node_itself() -> None:
    seen = view([IMAGE, None, IMAGE, None], [IMAGE, UNKNOWN], op_type="Resize", output_names=["y", None])
    assert holds("op_type == 'Resize' and domain == '' and opset == 15 and effective_opset >= 15", seen) is True
    assert holds("n_inputs == 3 and n_outputs == 1", seen) is True
    assert holds("opset < 13", view(opset=None)) is None


def test_inputs_that_are_left_out_or_not_listed_are_not_there_and_nothing_is_known_of_them() -> None:
    seen = view([IMAGE, None])
    assert holds("has_input(0) and not has_input(1) and not has_input(2)", seen) is True
    for index in (1, 2):
        for asked in ("rank", "shape", "numel", "dtype", "target_type", "const", "stored", "value", "kind", "missing"):
            assert holds(f"{asked}({index}) == 0", seen) is None, asked
        assert holds(f"dim({index}, 0) == 0", seen) is None


def test_shapes_are_known_as_far_as_they_are() -> None:
    seen = view([IMAGE, UNKNOWN])
    assert holds("rank(0) == 4 and len(shape(0)) == 4", seen) is True
    assert holds("rank(1) == 4", seen) is None
    assert holds("shape(0)[:2] == [1, 3]", seen) is True
    assert holds("shape(0) == [1, 4, 5, 5]", seen) is False
    assert holds("shape(0) == [1, 3, 5, 5]", seen) is None
    assert holds("dim(0, 1) == 3 and dim(0, -3) == 3", seen) is True
    assert holds("dim(0, 4) == 3", seen) is None
    assert holds("any(d == 3 for d in shape(0))", seen) is True
    assert holds("any(d == 0 for d in shape(0))", seen) is None


def test_a_symbolic_size_equals_itself_and_is_unknown_beside_all_else() -> None:
    seen = view([Fact("float32", ("N", "M")), Fact("float32", ("N", 3))])
    assert holds("dim(0, 0) == dim(1, 0)", seen) is True
    assert holds("dim(0, 0) >= dim(1, 0) and not dim(0, 0) < dim(1, 0)", seen) is True
    assert holds("dim(0, 0) in shape(1)", seen) is True
    assert holds("dim(0, 0) != dim(1, 0)", seen) is False
    for source in ("dim(0, 0) == dim(0, 1)", "dim(0, 0) == 3", "dim(0, 0) == 'N'", "dim(0, 0) + 0 > 0", "dim(0, 0)"):
        assert holds(source, seen) is None, source


def test_the_number_of_elements_is_known_where_a_size_is_0() -> None:
    assert holds("numel(0) == 6", view([Fact(None, (2, 3))])) is True
    assert holds("numel(0) == 0", view([Fact(None, (0, None))])) is True
    assert holds("numel(0) == 6", view([Fact(None, (2, "N"))])) is None


def test_dtypes_are_the_models_and_the_targets() -> None:
    seen = view([Fact("float16", None), Fact("string", None), UNKNOWN])
    assert holds("dtype(0) == 'float16' and target_type(0) == 'float'", seen) is True
    assert holds("target_type(1) == 'unsupported'", seen) is True
    assert holds("target_type(2) == 'float'", seen) is None


def test_values_are_known_element_by_element() -> None:
    seen = view([constant(1, None, "N"), constant("N", "a", dtype="string"), constant(1.5, dtype="float32"), UNKNOWN])
    assert holds("value(0)[0] == 1 and len(value(0)) == 3", seen) is True
    assert holds("value(0)[1] == 1", seen) is None
    assert holds("value(0)[2] == value(0)[2]", seen) is True
    assert holds("value(0)[2] == 'N'", seen) is None
    assert holds("value(1) == ['N', 'a']", seen) is True
    assert holds("value(2) == [1.5]", seen) is True
    assert holds("any(x < 0 for x in value(3))", seen) is None
    assert holds("const(0) and stored(0) and not const(3) and not missing(3) and kind(3) == 'tensor'", seen) is True


def test_outputs_are_seen_as_they_are_used() -> None:
    seen = view(
        outputs=[IMAGE, UNKNOWN, UNKNOWN, Fact("int64", (2,))],
        output_names=["a", "b", None, "d"],
        uses=[(True, False), (False, True), (False, False), (False, False)],
    )
    assert holds("consumed_output(0) and not graph_output(0) and used_output(0)", seen) is True
    assert holds("not consumed_output(1) and graph_output(1) and used_output(1)", seen) is True
    assert holds("has_output(1) and not has_output(2) and has_output(3) and not has_output(4)", seen) is True
    assert holds("used_output(2) or used_output(3) or used_output(4)", seen) is False
    assert (
        holds("out_rank(0) == 4 and out_shape(3) == [2] and out_dim(0, 1) == 3 and out_dtype(3) == 'int64'", seen)
        is True
    )
    assert holds("out_rank(2) == 4 or out_rank(4) == 4", seen) is None


def test_an_index_may_be_computed() -> None:
    seen = view([IMAGE, IMAGE, None])
    assert holds("all(rank(i) == 4 for i in range(n_inputs))", seen) is True
    assert holds("all(has_input(i) for i in range(3))", seen) is False
    assert holds("dim(0, axis) == 3", view([IMAGE], axis=1)) is True
    assert holds("rank(axis) == 4", view([IMAGE], axis=-1)) is None


def test_a_variable_hides_the_attribute_of_its_name_only_inside_its_brackets() -> None:
    condition = parse("any(axis > 2 for axis in [1]) or axis == 5")
    assert condition(view(axis=5)) is True
    assert condition.attributes == {"axis"}


# Flat vocabularies: limits on inputs, initializers, whole models

FLAT = Vocabulary.flat(["dtype", "rank", "used", "shape"])


@pytest.mark.parametrize(
    ("source", "values", "expected"),
    [
        ("dtype in ['int4', 'uint4'] and used", {"dtype": "int4", "used": True}, True),
        ("dtype == 'int4'", {"dtype": None}, None),
        ("dtype == 'int4'", {}, None),
        ("rank > 8 or used", {"rank": None, "used": True}, True),
        ("any(d == 0 for d in shape)", {"shape": [1, 0]}, True),
        ("any(d == 0 for d in shape)", {"shape": (Symbol("N"), 3)}, None),
    ],
)
def test_a_flat_condition_reads_a_mapping(source: str, values: dict[str, Any], expected: bool | None) -> None:
    condition = parse(source, FLAT)
    assert condition(values) is expected
    assert condition.attributes <= set(FLAT.names or ())


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("dtpe == 'int4'", "unknown name 'dtpe'; did you mean 'dtype'?"),
        ("opset > 1", "unknown name 'opset'"),
        ("present(dtype)", "unknown function 'present'"),
        ("dtype(0) == 'int4'", "unknown function 'dtype'"),
        ("broadcast_clash(0, 1)", "unknown function 'broadcast_clash'"),
        ("any(used for used in [True])", "already has a meaning"),
    ],
)
def test_a_flat_condition_has_no_node(source: str, message: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(source, FLAT)
    assert message in caught.value.message


# Patterns: limits over several nodes


class Named(NodeView):
    """A view in which the bare name `w` is the first input, and dotted names are attributes."""

    def attribute(self, name: str) -> Any:
        return {"w": 0, "p.axis": 1}.get(name, ABSENT)

    def present(self, name: str) -> bool:
        return name == "p.axis"


def test_in_a_pattern_a_dotted_name_is_an_attribute_and_a_bare_one_a_value() -> None:
    condition = parse("rank(w) == 4 and p.axis == 1 and present(p.axis) and not present(p.axes)", PATTERN)
    seen = view([IMAGE])
    named = Named(
        node=seen.node,
        inputs=seen.inputs,
        outputs=(),
        uses=(),
        opset=1,
        effective_opset=1,
        attributes=None,
        target_types={},
    )
    assert condition(named) is True
    assert condition.attributes == {"w", "p.axis", "p.axes"}


@pytest.mark.parametrize("source", ["a.b.c == 1", "rank(w).x == 1", "present(a.b.c)", "p.axis() == 1"])
def test_a_pattern_has_no_members_of_members(source: str) -> None:
    with pytest.raises(ConditionError):
        parse(source, PATTERN)


def test_a_vocabulary_can_be_a_default_and_a_key() -> None:
    assert {NODE: 1, FLAT: 2}[Vocabulary.flat(["rank", "used", "shape", "dtype"])] == 2


def test_every_function_of_the_vocabulary_is_there() -> None:
    from sentis_lint.conditions.evaluate import FUNCTIONS

    assert set(FUNCTIONS) == set(ARITIES)
    for name in [*INPUT_FUNCTIONS, *OUTPUT_FUNCTIONS, *NAME_FUNCTIONS]:
        assert callable(getattr(NodeView, name))
    for name in NODE_NAMES:
        assert hasattr(PLAIN, name)
