"""What holds for every operator: nothing is raised, everything is bounded, constants stay constants."""

from __future__ import annotations

import random
from importlib import import_module
from typing import Any

import pytest

from sentis_lint import standards
from sentis_lint.graph import Attribute, Graph, Node, Storage, Tensor, Value
from sentis_lint.inference.facts import MAX_ELEMENTS, UNKNOWN, Fact
from sentis_lint.inference.onnx import FAMILIES, declared_shape, infer_node
from tests.inference.graphs import CONTEXT, call, elements, fact, output

OPERATORS = [("", operator) for names in FAMILIES.values() for operator in names.split()]
ML_OPERATORS = [("ai.onnx.ml", name) for name in import_module("sentis_lint.inference.onnx.ml").HANDLERS]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_operator_of_a_family_is_found_in_its_module(family: str) -> None:
    handlers = import_module(f"sentis_lint.inference.onnx.{family}").HANDLERS
    assert sorted(handlers) == sorted(FAMILIES[family].split())


def test_no_operator_of_the_standard_is_forgotten() -> None:
    assert sorted(name for _, name in OPERATORS) == sorted(standards.operators())


def test_an_operator_of_another_domain_says_nothing_instead_of_being_taken_for_a_namesake() -> None:
    known = fact("float32", (1, 3))
    assert call("Relu", [known], domain="com.microsoft") == [UNKNOWN]
    assert call("NoSuchOperator", [known], outputs=2) == [UNKNOWN, UNKNOWN]
    assert call("Relu", [known], domain="ai.onnx") == [known]


def test_each_listed_output_has_a_fact_whatever_the_operator_gives() -> None:
    data = fact("float32", (1, 3, 8, 8))
    for count in range(4):
        assert len(call("MaxPool", [data], {"kernel_shape": (2, 2)}, outputs=count)) == count


def test_an_output_is_constant_exactly_if_every_given_input_is() -> None:
    assert output("y = Exp (float[2] c = {1, 2})").constant
    assert not output("y = Add (float[2] c = {1, 2}, float[2] x)").constant
    assert call("Clip", [fact("float32", (2,), constant=True), None, fact("float32", (), constant=True)])[0].constant


@pytest.mark.parametrize("operator", ["RandomNormalLike", "RandomUniformLike", "Bernoulli", "Multinomial"])
def test_random_numbers_are_never_taken_for_constants(operator: str) -> None:
    assert not call(operator, [fact("float32", (2, 3), constant=True)])[0].constant
    assert not call("RandomNormal", attributes={"shape": (2, 3)})[0].constant


def test_dropout_counts_as_constant_only_where_it_does_not_drop() -> None:
    data, ratio = fact("float32", (2,), 1.0, 2.0, constant=True), fact("float32", (), 0.5, constant=True)
    assert call("Dropout", [data], opset=13) == [data]
    assert not call("Dropout", [data, ratio, fact("bool", (), True, constant=True)], opset=13)[0].constant
    assert not call("Dropout", [data], opset=6)[0].constant
    assert call("Dropout", [data], opset=7)[0].constant


def test_values_of_an_outer_scope_keep_an_if_from_being_constant() -> None:
    branch = Graph("b", outputs=[Value("r", "float32", (2,))])
    branches = {name: Attribute(name, "graph", branch) for name in ("then_branch", "else_branch")}
    (found,) = call("If", [fact("bool", (), True, constant=True)], branches)
    assert found == Fact("float32", None)


def test_more_elements_than_are_kept_are_not_made() -> None:
    assert elements(f"y = ConstantOfShape (int64[1] s = {{{MAX_ELEMENTS}}})") == (0.0,) * MAX_ELEMENTS
    assert elements(f"y = ConstantOfShape (int64[1] s = {{{MAX_ELEMENTS + 1}}})") is None
    assert elements("y = Expand (int64[1] x = {1}, int64[3] s = {1000000, 1000000, 1000000})") is None
    assert elements("y = Tile (int64[2] x = {1, 2}, int64[1] r = {9223372036854775807})") is None
    assert output("y = Range (int64[] a = {0}, int64[] b = {9223372036854775807}, int64[] c = {1})").shape == (
        2**63 - 1,
    )


@pytest.mark.parametrize(
    "operator", ["Neg", "Identity", "Transpose", "Expand", "Tile", "Concat", "ReduceSum", "NonZero"]
)
def test_an_empty_tensor_with_giant_sizes_costs_nothing(operator: str) -> None:
    empty = Fact("int64", (2**40, 2**40, 0), ())
    inputs = {"Expand": [empty, fact("int64", (3,), 1, 1, 1)], "Tile": [empty, fact("int64", (3,), 1, 1, 1)]}
    attributes = {"Concat": {"axis": 1}}.get(operator, {})
    assert len(call(operator, inputs.get(operator, [empty]), attributes)) == 1


def test_a_node_with_very_many_inputs_or_letters_costs_little() -> None:
    many = [fact("int64", (1000,), *range(1000))] * 3000
    assert call("Max", many)[0] == fact("int64", (1000,))
    assert call("Einsum", [fact("float32", (2,))], {"equation": "a" * 200_000 + "1->a"}) == [UNKNOWN]
    wide = fact("float32", (2,) * 100_000)
    assert call("ReduceSum", [wide], {"axes": tuple(range(100_000)), "keepdims": 0}, opset=11)[0].shape == ()
    assert call("Flatten", [fact("float32", (3,) * 50_000)])[0].shape == (3, None)


def test_the_name_that_an_exporter_gives_to_every_unknown_size_is_no_symbol() -> None:
    assert declared_shape((-1, 3, "?", "?")) == (None, 3, None, None)
    assert declared_shape(("None", "N", 0, 2**70)) == (None, "N", 0, None)
    assert declared_shape(()) == ()
    assert declared_shape(None) is None


def test_text_is_never_taken_for_a_symbolic_size() -> None:
    words = Fact("string", (2,), ("N", "M"))
    assert call("Identity", [words])[0].elements is None
    assert call("Concat", [words, words], {"axis": 0})[0].elements is None


HUGE = 2**63 - 1
DTYPES = ["float32", "int64", "int32", "bool", "string", "float16", "uint8", "unknown(77)", None]
NUMBERS = [0, 1, -1, 2, 3, HUGE, -HUGE, 2**70, 1000000]
DIMS = [0, 1, 2, 3, 5, 64, HUGE, 2**62, "N", "M", None]
VALUES = [0, 1, -1, 2, HUGE, -HUGE, 1.5, float("nan"), float("inf"), -float("inf"), True, False, "N", None]


def random_fact(rng: random.Random) -> Fact | None:
    """Anything a file could make the engine say, and some things it could not."""
    if rng.random() < 0.1:
        return None
    shape: Any = (
        None if rng.random() < 0.15 else tuple(rng.choice(DIMS) for _ in range(rng.choice([0, 1, 1, 2, 3, 4, 5])))
    )
    values: Any = None
    if rng.random() < 0.5:
        length = rng.choice([0, 1, 1, 2, 3, 4, 8])
        shape = (length,) if rng.random() < 0.8 else () if length == 1 else shape
        values = tuple(rng.choice(VALUES) for _ in range(length))
    kind = rng.choice(["tensor"] * 9 + ["sequence", "optional"])
    return Fact(rng.choice(DTYPES), shape, values, rng.random() < 0.3, kind=kind, missing=rng.random() < 0.05)


def random_attribute(name: str, kind: str, rng: random.Random) -> Attribute:
    """An attribute with any value, mostly of the type that the standard wants."""
    if rng.random() < 0.1:
        kind = rng.choice(["int", "ints", "string", "floats", "tensor", "graph", "unknown(15)"])
    numbers = tuple(rng.choice(NUMBERS) for _ in range(rng.choice([0, 1, 2, 2, 3, 4, 8])))
    values: dict[str, Any] = {
        "int": rng.choice([*NUMBERS, *range(28)]),
        "ints": numbers,
        "float": rng.choice([0.0, 0.5, 1.0, float("nan"), 1e30]),
        "floats": tuple(map(float, numbers)),
        "string": rng.choice(
            ["", "SAME_UPPER", "VALID", "NOTSET", "none", "bidirectional", "ij,jk->ik", "...i->...", "a" * 50]
        ),
        "strings": ("a", "b"),
        "tensor": Tensor("", "int64", rng.choice([(), (1,), (3,), (-1,), (HUGE, HUGE)]), Storage("none")),
        "graph": Graph("g", outputs=[Value("o", rng.choice(["float32", None]))] * rng.choice([0, 1, 2])),
    }
    value = None if rng.random() < 0.05 else values.get(kind)
    return Attribute(name, kind, value, "outer" if rng.random() < 0.03 else None)


def random_attributes(domain: str, operator: str, opset: int, rng: random.Random) -> dict[str, Attribute]:
    """Attributes that the standard knows of the operator, in any of its versions."""
    known = standards.schema(domain, operator, rng.choice([opset, 30]))
    names = known.attributes if known is not None else {}
    return {
        name: random_attribute(name, described.type, rng)
        for name, described in {**names, "axes": standards.AttributeSchema("ints", None, False)}.items()
        if rng.random() < 0.6
    }


@pytest.mark.parametrize(("domain", "operator"), OPERATORS + ML_OPERATORS)
def test_no_file_makes_inference_fail_or_leave_its_bounds(domain: str, operator: str) -> None:
    rng = random.Random(operator)
    for _ in range(150):
        opset = rng.choice([1, 5, 6, 7, 9, 10, 11, 12, 13, 15, 18, 21, 27, 999, 0, -1])
        inputs = [random_fact(rng) for _ in range(rng.choice([0, 1, 1, 2, 2, 3, 4, 8]))]
        count = rng.choice([0, 1, 1, 2, 3, 5])
        node = Node(
            0,
            "n",
            operator,
            domain,
            tuple(None if item is None else "x" for item in inputs),
            tuple(f"y{position}" for position in range(count)),
            random_attributes(domain, operator, opset, rng),
        )
        outputs = infer_node(node, inputs, opset, CONTEXT)
        assert len(outputs) == count
        for found in outputs:
            check_bounds(found)


def check_bounds(found: Fact) -> None:
    """A fact may say only what a tensor can be."""
    assert isinstance(found, Fact)
    for dim in found.shape or ():
        assert dim is None or isinstance(dim, str) or (type(dim) is int and 0 <= dim <= HUGE)
    if found.elements is not None and found.constant:
        assert len(found.elements) == found.size
        assert len(found.elements) <= MAX_ELEMENTS
