"""Arithmetic, comparison, logic, casts: broadcast shapes, and elements that follow the standard's number rules."""

from __future__ import annotations

import math
import struct

import pytest

from sentis_lint.inference.facts import Element
from sentis_lint.inference.onnx import symbols
from tests.inference.graphs import UNKNOWN, call, elements, fact, output, shape


def test_operands_broadcast_with_symbols_and_unknown_sizes() -> None:
    assert shape("y = Add (float[N,1,4] x, float[3,1] z)") == ("N", 3, 4)
    assert shape("y = Add (float[N,4] x, float[M,4] z)") == (None, 4)
    assert shape("y = Add (float[?,4] x, float[5,4] z)") == (5, 4)
    assert shape("y = Add (float[?,4] x, float[1,4] z)") == (None, 4)
    assert shape("y = Add (float x, float[1,4] z)") is None


def test_clashing_shapes_make_the_size_unknown_instead_of_picking_one() -> None:
    assert call("Add", [fact("float32", (2, 3)), fact("float32", (2, 4))])[0].shape == (2, None)


def test_the_dtype_of_one_operand_tells_the_other() -> None:
    assert call("Mul", [fact(None, (2,)), fact("int32", (2,))])[0].dtype == "int32"
    assert call("Mul", [fact("int64", (2,)), fact("int32", (2,))])[0].dtype is None


def test_old_broadcasting_follows_the_first_operand() -> None:
    one, other = fact("float32", (2, 3, 4)), fact("float32", (3,))
    assert call("Add", [one, other], {"broadcast": 1, "axis": 1}, opset=6)[0].shape == (2, 3, 4)
    assert call("Add", [fact("float32", (2, None)), one], {"broadcast": 1}, opset=6)[0].shape is None


def test_old_broadcasting_along_an_axis_does_not_mix_up_elements() -> None:
    one, other = fact("int64", (2, 2), 1, 2, 3, 4), fact("int64", (2,), 10, 20)
    assert call("Add", [one, other], {"broadcast": 1, "axis": 0}, opset=6)[0].elements is None


@pytest.mark.parametrize(
    ("operator", "one", "other", "expected"),
    [
        ("Div", -7, 2, -3),
        ("Div", 7, -2, -3),
        ("Div", -7, -2, 3),
        ("Div", 7, 0, None),
        ("Mod", -7, 3, 2),
        ("Sub", 2, 5, -3),
        ("Pow", 3, 4, 81),
        ("Pow", 2, 63, None),
        ("Pow", 2, -1, None),
        ("Pow", 10, 2**62, None),
        ("Mul", 2**40, 2**40, None),
        ("Add", 2**63 - 1, 1, None),
        ("Max", 3, 5, 5),
        ("Min", 3, 5, 3),
    ],
)
def test_integers_follow_the_standard_and_never_leave_their_range(
    operator: str, one: int, other: int, expected: int | None
) -> None:
    (found,) = call(operator, [fact("int64", (), one), fact("int64", (), other)])
    assert found.elements == (None if expected is None else (expected,))


def test_remainders_take_the_sign_that_fmod_asks_for() -> None:
    operands = [fact("int64", (2,), -7, 7), fact("int64", (2,), 3, -3)]
    assert call("Mod", operands)[0].elements == (2, -2)
    assert call("Mod", operands, {"fmod": 1})[0].elements == (-1, 1)
    assert call("Mod", [fact("float32", (), -7.5), fact("float32", (), 2.0)], {"fmod": 1})[0].elements == (-1.5,)


def test_remainders_of_floats_without_fmod_are_not_claimed() -> None:
    (found,) = call("Mod", [fact("float32", (), -7.5), fact("float32", (), 2.0)], opset=28)
    assert found == fact("float32", ())


def test_gated_activation_keeps_the_shape_that_either_operand_tells() -> None:
    assert call("SwiGLU", [fact("float32", ("N", None)), fact("float32", (None, 8))], opset=28)[0].shape == ("N", 8)


def test_unsigned_numbers_do_not_go_below_zero() -> None:
    assert call("Sub", [fact("uint8", (), 1), fact("uint8", (), 2)])[0].elements is None


def test_single_precision_rounds_after_each_operation() -> None:
    third = struct.unpack("<f", struct.pack("<f", 1 / 3))[0]
    assert elements("y = Div (float[] a = {1.0}, float[] b = {3.0})") == (third,)
    assert elements("y = Add (float[] a = {16777216.0}, float[] b = {1.0})") == (16777216.0,)
    assert elements("y = Mul (double[] a = {0.1}, double[] b = {0.1})") == (0.1 * 0.1,)


def test_sums_of_three_floats_are_not_claimed_because_their_order_is_free() -> None:
    assert elements("y = Sum (float[1] a = {1}, float[1] b = {2})") == (3.0,)
    assert elements("y = Sum (float[1] a = {1}, float[1] b = {2}, float[1] c = {3})") is None


@pytest.mark.parametrize(
    ("function", "one", "other", "expected"),
    [
        (symbols.add, "N", 0, "N"),
        (symbols.add, "N", 1, None),
        (symbols.subtract, "N", "N", 0),
        (symbols.multiply, 1, "N", "N"),
        (symbols.multiply, "N", 0, 0),
        (symbols.multiply, "N", "M", None),
        (symbols.divide_integers, "N", 1, "N"),
        (symbols.divide_integers, "N", 2, None),
        (symbols.modulo, "N", 1, 0),
        (symbols.maximum, "N", 0, "N"),
        (symbols.maximum, "N", 1, None),
        (symbols.minimum, "N", -1, -1),
        (symbols.equal, "N", "N", True),
        (symbols.equal, "N", "M", None),
        (symbols.equal, "N", -1, False),
        (symbols.equal, "N", 0, None),
        (symbols.less, "N", 0, False),
        (symbols.less, -1, "N", True),
        (symbols.less, 0, "N", None),
        (symbols.greater, "N", -1, True),
        (symbols.less_or_equal, "N", "N", True),
        (symbols.greater_or_equal, "N", 0, True),
        (symbols.conjunction, False, None, False),
        (symbols.conjunction, True, None, None),
        (symbols.disjunction, True, None, True),
        (symbols.exclusive, True, None, None),
    ],
)
def test_symbolic_sizes_survive_only_what_leaves_them_as_they_are(
    function: symbols.Binary, one: Element, other: Element, expected: Element
) -> None:
    found = function(one, other)
    assert found == expected
    assert type(found) is type(expected)


def test_where_takes_each_element_from_its_side_even_if_the_other_is_unknown() -> None:
    condition = fact("bool", (3,), True, False, None)
    (found,) = call("Where", [condition, fact("int64", (3,), 1, 2, 3), fact("int64", (3,))])
    assert found.elements == (1, None, None)
    (found,) = call("Where", [condition, fact("int64", (3,), 1, 2, 3), fact("int64", (1,), 3)])
    assert found.elements == (1, 3, 3)


def test_comparisons_give_booleans() -> None:
    assert output("y = Less (float[2] a = {1, 3}, float[1] b = {2})") == fact("bool", (2,), True, False, constant=True)
    assert output("y = Equal (float[2,1] x, float[3] z)") == fact("bool", (2, 3))


def test_bits_shift_within_their_width() -> None:
    operands = [fact("uint8", (2,), 1, 255), fact("uint8", (2,), 4, 4)]
    assert call("BitShift", operands, {"direction": "LEFT"})[0].elements == (16, 240)
    assert call("BitShift", operands, {"direction": "RIGHT"})[0].elements == (0, 15)
    assert call("BitwiseNot", [fact("uint8", (), 1)], opset=18)[0].elements == (254,)
    assert call("BitwiseNot", [fact("int8", (), 1)], opset=18)[0].elements == (-2,)


def test_prelu_and_pow_take_shape_and_dtype_from_the_right_operand() -> None:
    assert shape("y = PRelu (float[N,3,4] x, float[3,1] s)") == ("N", 3, 4)
    assert output("y = Pow (float[2] x, int64[1] e = {2})").dtype == "float32"


def test_clip_bounds_come_as_attributes_or_as_inputs() -> None:
    data = fact("int64", (3,), -5, 2, 9)
    assert call("Clip", [data, fact("int64", (), 0), fact("int64", (), 6)])[0].elements == (0, 2, 6)
    old = fact("float32", (3,), -5.0, 2.0, 9.0)
    assert call("Clip", [old], {"min": 0.0, "max": 6.0}, opset=10)[0].elements == (0.0, 2.0, 6.0)
    assert call("Clip", [data, None, fact("int64", ())])[0].elements is None


def test_rounding_functions_keep_infinities_signs_and_halves() -> None:
    data = fact("float32", (4,), 0.5, 1.5, -0.5, math.inf)
    assert call("Round", [data])[0].elements == (0.0, 2.0, -0.0, math.inf)
    assert call("Ceil", [data])[0].elements == (1.0, 2.0, -0.0, math.inf)
    assert repr(call("Neg", [fact("float32", (), 0.0)])[0].elements) == "(-0.0,)"


def test_functions_whose_last_bit_is_free_claim_no_elements() -> None:
    assert elements("y = Exp (float[1] x = {1})") is None
    assert elements("y = Sqrt (float[1] x = {9})") == (3.0,)


@pytest.mark.parametrize(
    ("source", "element", "target", "expected"),
    [
        ("float32", -1.7, 7, -1),
        ("float32", 300.0, 2, None),
        ("float32", math.nan, 7, None),
        ("int64", 2**40, 6, None),
        ("int64", "N", 6, "N"),
        ("int64", "N", 1, None),
        ("int64", 16777217, 1, 16777216.0),
        ("float32", 1e30, 10, None),
        ("float32", 0.0, 9, False),
        ("bool", True, 7, 1),
        ("int64", 3, 8, None),
        ("int64", 3, 17, None),
    ],
)
def test_casts_claim_only_what_every_runtime_gives(
    source: str, element: Element, target: int, expected: Element
) -> None:
    (found,) = call("Cast", [fact(source, (1,), element)], {"to": target})
    assert found.elements == (None if expected is None else (expected,))


def test_casts_name_their_dtype_by_number_by_string_or_by_example() -> None:
    assert call("Cast", [fact("int64", (2,))], {"to": 10})[0].dtype == "float16"
    assert call("Cast", [fact("int64", (2,))], {"to": "DOUBLE"}, opset=5)[0].dtype == "float64"
    assert call("CastLike", [fact("int64", (2,)), fact("uint8", ())])[0].dtype == "uint8"
    assert call("Cast", [fact("int64", (2,))], {"to": 99})[0] == fact(None, (2,))
    assert call("Cast", [fact("int64", (2,))]) == [fact(None, (2,))]


def test_quantisation_takes_its_dtype_from_the_zero_point_and_back_from_the_scale() -> None:
    data, scale, zero = fact("float32", (2, 3)), fact("float32", ()), fact("int8", ())
    assert call("QuantizeLinear", [data, scale, zero]) == [fact("int8", (2, 3))]
    assert call("QuantizeLinear", [data, scale]) == [fact("uint8", (2, 3))]
    assert call("QuantizeLinear", [data, scale], {"output_dtype": 3}, opset=21) == [fact("int8", (2, 3))]
    half = fact("float16", ())
    assert call("DequantizeLinear", [fact("int8", (2,)), half], opset=13)[0].dtype == "float32"
    assert call("DequantizeLinear", [fact("int8", (2,)), half], opset=19)[0].dtype == "float16"
    assert [found.dtype for found in call("DynamicQuantizeLinear", [data], outputs=3)] == ["uint8", "float32", "uint8"]


def test_an_attribute_of_the_wrong_type_makes_no_claim() -> None:
    assert call("Cast", [fact("int64", (2,))], {"to": (1,)}) == [UNKNOWN]
