"""Operators that make tensors, and reductions over them."""

from __future__ import annotations

from typing import Any

import pytest

from sentis_lint.graph import Attribute, Shape, Storage, Tensor
from sentis_lint.inference.facts import Fact
from tests.inference.graphs import UNKNOWN, call, elements, fact, output, shape


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<value=int64[2] {3, 4}>", Fact("int64", (2,), (3, 4), True, True)),
        ("<value_int=3>", Fact("int64", (), (3,), True, True)),
        ("<value_float=0.5>", Fact("float32", (), (0.5,), True, True)),
        ("<value_ints=[3, 4]>", Fact("int64", (2,), (3, 4), True, True)),
        ("<value_floats=[0.5]>", Fact("float32", (1,), (0.5,), True, True)),
        ('<value_string="a">', Fact("string", (), None, True, True)),
        ('<value_strings=["a", "b"]>', Fact("string", (2,), None, True, True)),
    ],
)
def test_every_form_of_constant_is_read(text: str, expected: Fact) -> None:
    assert output(f"y = Constant {text} ()") == expected


def test_a_sparse_constant_has_a_shape_and_no_elements() -> None:
    tensor = Tensor("", "float32", (3, 4), Storage("raw"), sparse=True)
    (found,) = call("Constant", attributes={"sparse_value": Attribute("sparse_value", "sparse_tensor", tensor)})
    assert found == Fact("float32", (3, 4), None, True, True)


def test_a_constant_without_value_is_no_claim() -> None:
    assert call("Constant") == [UNKNOWN]
    assert call("Constant", attributes={"value": Attribute("value", "tensor", None)}) == [UNKNOWN]


def test_constant_of_shape_keeps_rank_and_sizes_of_what_is_known() -> None:
    assert shape("y = ConstantOfShape (int64[3] s)") == (None, None, None)
    assert call("ConstantOfShape", [fact("int64", (3,), "N", None, 4)])[0] == fact("float32", ("N", None, 4))
    assert output("y = ConstantOfShape <value=bool[1] {1}> (int64[1] s = {2})").elements == (True, True)
    assert call("ConstantOfShape", [fact("int64", (2,), -1, 3)])[0].shape == (None, 3)
    assert output("y = ConstantOfShape (int64[0] s = {})") == fact("float32", (), 0.0, constant=True)


@pytest.mark.parametrize(
    ("dtype", "numbers", "expected"),
    [
        ("int64", (0, 5, 2), (3,)),
        ("int64", (5, 0, -2), (3,)),
        ("int64", (5, 0, 2), (0,)),
        ("int64", (0, 5, 0), (None,)),
        ("int64", (0, "T", 1), ("T",)),
        ("int64", (1, "T", 1), (None,)),
        ("int64", (0, None, 1), (None,)),
        ("float32", (0.0, 1.0, 0.25), (4,)),
        ("float32", (0.0, float("inf"), 1.0), (None,)),
        ("float16", (0.0, 3.0, 1.0), (None,)),
    ],
)
def test_length_of_a_range(dtype: str, numbers: tuple[Any, ...], expected: Shape) -> None:
    inputs = [Fact(dtype, (), (number,)) for number in numbers]
    assert call("Range", inputs)[0].shape == expected


def test_shape_takes_a_part_where_the_opset_allows_it() -> None:
    data = fact("float32", ("N", 3, 8, None))
    assert call("Shape", [data])[0] == fact("int64", (4,), "N", 3, 8, None)
    assert call("Shape", [data], {"start": 1, "end": -1}, opset=15)[0].elements == (3, 8)
    assert call("Shape", [data], {"start": -99, "end": 99}, opset=15)[0].elements == ("N", 3, 8, None)
    assert call("Shape", [data], {"start": 3, "end": 1}, opset=15)[0].shape == (0,)
    assert call("Shape", [data], {"start": 1}, opset=13)[0].shape == (4,)
    assert call("Shape", [fact("float32", None)])[0] == fact("int64", (None,))


def test_one_hot_puts_its_depth_at_the_axis() -> None:
    indices, values = fact("int64", ("N", 5)), fact("float32", (2,))
    assert call("OneHot", [indices, fact("int64", (), 10), values])[0] == fact("float32", ("N", 5, 10))
    assert call("OneHot", [indices, fact("float32", (1,), 10.0), values], {"axis": 0})[0].shape == (10, "N", 5)
    assert call("OneHot", [indices, fact("int64", ()), values])[0].shape == ("N", 5, None)


def test_random_tensors_have_the_shape_that_is_asked_for() -> None:
    assert call("RandomUniform", attributes={"shape": (2, 3), "dtype": 11})[0] == fact("float64", (2, 3))
    assert call("RandomNormalLike", [fact("float16", ("N", 3))])[0] == fact("float16", ("N", 3))
    assert call("Multinomial", [fact("float32", ("N", 3))], {"sample_size": 7})[0] == fact("int32", ("N", 7))
    assert call("EyeLike", [fact("int32", None)], {"dtype": 1})[0] == fact("float32", (None, None))


@pytest.mark.parametrize(
    ("opset", "axes", "attributes", "expected"),
    [
        (13, None, {"axes": (1,)}, ("N", 1, 4)),
        (13, None, {"axes": (-2, 0), "keepdims": 0}, (4,)),
        (13, None, {}, (1, 1, 1)),
        (13, None, {"keepdims": 0}, ()),
        (18, fact("int64", (1,), 1), {}, ("N", 1, 4)),
        (18, Fact("int64", (0,), ()), {"keepdims": 0}, ()),
        (18, None, {"noop_with_empty_axes": 1}, ("N", 3, 4)),
        (18, fact("int64", (1,)), {"keepdims": 0}, (None, None)),
        (18, fact("int64", (2,)), {"keepdims": 0}, None),
        (18, fact("int64", (2,)), {}, (None, None, None)),
        (18, None, {"axes": (1,)}, None),
        (13, fact("int64", (1,), 1), {}, None),
    ],
)
def test_reductions_read_their_axes_in_the_form_of_the_opset(
    opset: int, axes: Fact | None, attributes: dict[str, Any], expected: Shape | None
) -> None:
    inputs = [fact("float32", ("N", 3, 4)), *([axes] if axes is not None else [])]
    assert call("ReduceMean", inputs, attributes, opset=opset)[0].shape == expected


def test_sum_took_its_axes_as_input_before_the_others() -> None:
    inputs = [fact("float32", ("N", 3)), fact("int64", (1,), 1)]
    assert call("ReduceSum", inputs, opset=13)[0].shape == ("N", 1)
    assert call("ReduceMax", inputs, opset=13) == [UNKNOWN]


def test_reductions_of_shapes_are_computed() -> None:
    assert elements("y = ReduceProd <keepdims=0> (int64[3] x = {2, 3, 4})") == (24,)
    assert elements("y = ReduceMax <axes=[1]> (int64[2,2] x = {1, 2, 4, 3})") == (2, 4)
    assert call("ReduceProd", [fact("int64", (2,), "N", 1)], {"keepdims": 0})[0].elements == ("N",)
    assert elements("y = ReduceSum (float[2] x = {1, 2})") is None
    assert elements("y = CumSum (int64[3] x = {1, 2, 3}, int64[] a = {0})") == (1, 3, 6)
    assert elements("y = CumSum <exclusive=1> (int64[3] x = {1, 2, 3}, int64[] a = {0})") is None


def test_arg_max_gives_positions() -> None:
    assert output("y = ArgMax <axis=1, keepdims=0> (float[N,10,4] x)") == fact("int64", ("N", 4))
    assert output("y = ArgMin (float[N,10] x)") == fact("int64", (1, 10))
