"""Convolution, pooling and resizing: the sizes of feature maps."""

from __future__ import annotations

from typing import Any

import pytest

from sentis_lint.graph import Dim
from sentis_lint.inference.facts import Element
from sentis_lint.inference.onnx.resizing import scaled
from tests.inference.graphs import UNKNOWN, call, fact, output, shape


def pooled(size: Dim, attributes: dict[str, Any], opset: int = 22) -> Dim:
    """Size after pooling along one axis."""
    (found,) = call("MaxPool", [fact("float32", (1, 1, size))], attributes, opset=opset)
    assert found.shape is not None
    return found.shape[2]


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"kernel_shape": (3, 3)}, ("N", 8, 30, 30)),
        ({"pads": (1, 1, 1, 1)}, ("N", 8, 32, 32)),
        ({"pads": (1, 1, 1, 1), "strides": (2, 2)}, ("N", 8, 16, 16)),
        ({"dilations": (2, 2)}, ("N", 8, 28, 28)),
        ({"auto_pad": "SAME_UPPER", "strides": (3, 3)}, ("N", 8, 11, 11)),
        ({"auto_pad": "SAME_LOWER"}, ("N", 8, 32, 32)),
        ({"auto_pad": "VALID", "strides": (2, 2)}, ("N", 8, 15, 15)),
        ({"auto_pad": "SAME_UPPER", "pads": (1, 1, 1, 1)}, ("N", 8, None, None)),
        ({"auto_pad": "TWIST"}, ("N", 8, None, None)),
        ({"auto_pad": "SAME_UPPER", "pads": (0, 0, 0, 0)}, ("N", 8, 32, 32)),
        ({"dilations": (20, 20)}, ("N", 8, None, None)),
    ],
)
def test_convolution_follows_pads_strides_and_dilations(attributes: dict[str, Any], expected: tuple[Dim, ...]) -> None:
    (found,) = call("Conv", [fact("float32", ("N", 3, 32, 32)), fact("float32", (8, 3, 3, 3))], attributes)
    assert found.shape == expected


def test_convolution_keeps_a_symbolic_size_that_it_does_not_change() -> None:
    text = "y = Conv <pads=[1,1,1,1]> (float[N,3,H,W] x, float[8,3,3,3] w)"
    assert shape(text) == ("N", 8, "H", "W")
    assert shape("y = Conv (float[N,3,H,W] x, float[8,3,1,1] w)") == ("N", 8, "H", "W")
    assert shape("y = Conv (float[N,3,H,W] x, float[8,3,3,3] w)") == ("N", 8, None, None)


def test_convolution_tells_the_rank_from_either_operand() -> None:
    assert shape("y = Conv (float x, float[8,3,3,3] w)") == (None, 8, None, None)
    assert shape("y = Conv (float[1,3,9,9] x, float w)") == (1, None, None, None)
    assert shape("y = Conv <kernel_shape=[3,3]> (float[1,3,9,9] x, float w)") == (1, None, 7, 7)
    assert shape("y = Conv <kernel_shape=[3,3]> (float x, float w)") == (None, None, None, None)


@pytest.mark.parametrize(
    "attributes",
    [{"kernel_shape": (3,)}, {"strides": (1,)}, {"strides": (0, 1)}, {"pads": (1, 1)}, {"dilations": (1, -1)}],
)
def test_attributes_that_do_not_fit_the_rank_make_no_claim(attributes: dict[str, Any]) -> None:
    operands = [fact("float32", (1, 3, 9, 9)), fact("float32", (8, 3, 3, 3))]
    assert call("Conv", operands, attributes) == [UNKNOWN]
    assert call("Conv", [operands[0], fact("float32", (8, 3, 3))]) == [UNKNOWN]


def test_integer_convolutions_have_their_own_dtypes() -> None:
    data, weights, scale, zero = (
        fact("uint8", (1, 3, 9, 9)),
        fact("int8", (8, 3, 3, 3)),
        fact("float32", ()),
        fact("int8", ()),
    )
    assert call("ConvInteger", [data, weights]) == [fact("int32", (1, 8, 7, 7))]
    quantised = [data, scale, fact("uint8", ()), weights, scale, zero, scale, fact("uint8", ())]
    assert call("QLinearConv", quantised) == [fact("uint8", (1, 8, 7, 7))]


@pytest.mark.parametrize(
    ("attributes", "opset", "expected"),
    [
        ({"strides": (2, 2)}, 11, (1, 8, 11, 13)),
        ({"strides": (2, 2), "pads": (1, 1, 1, 1), "output_padding": (1, 1)}, 11, (1, 8, 10, 12)),
        ({"output_shape": (10, 12)}, 11, (1, 8, 10, 12)),
        ({"output_shape": (1, 8, 10, 12)}, 1, (1, 8, None, None)),
        ({"strides": (2, 2), "auto_pad": "SAME_UPPER"}, 11, (1, 8, 10, 12)),
        ({"strides": (2, 2), "auto_pad": "SAME_UPPER"}, 1, (1, 8, None, None)),
        ({"group": 3}, 11, (1, 24, 7, 8)),
        ({"dilations": (2, 2)}, 11, (1, 8, 9, 10)),
    ],
)
def test_transposed_convolution_grows(attributes: dict[str, Any], opset: int, expected: tuple[Dim, ...]) -> None:
    operands = [fact("float32", (1, 3, 5, 6)), fact("float32", (3, 8, 3, 3))]
    assert call("ConvTranspose", operands, attributes, opset=opset)[0].shape == expected


@pytest.mark.parametrize(
    ("size", "attributes", "opset", "expected"),
    [
        (10, {"kernel_shape": (3,), "strides": (2,)}, 10, 4),
        (10, {"kernel_shape": (3,), "strides": (2,), "ceil_mode": 1}, 10, 5),
        (9, {"kernel_shape": (3,), "strides": (2,), "ceil_mode": 1}, 10, 4),
        (2, {"kernel_shape": (1,), "strides": (2,), "ceil_mode": 1}, 22, 1),
        (2, {"kernel_shape": (1,), "strides": (2,), "ceil_mode": 1}, 12, None),
        (3, {"kernel_shape": (2,), "strides": (2,), "auto_pad": "SAME_LOWER"}, 12, 2),
        (10, {"kernel_shape": (3,), "dilations": (2,)}, 12, 6),
        (2, {"kernel_shape": (3,)}, 12, None),
        ("L", {"kernel_shape": (3,), "pads": (1, 1)}, 12, "L"),
        ("L", {"kernel_shape": (2,), "strides": (2,)}, 12, None),
    ],
)
def test_pooling_counts_its_windows(size: Dim, attributes: dict[str, Any], opset: int, expected: Dim) -> None:
    assert pooled(size, attributes, opset) == expected


def test_pooling_tells_the_rank_from_its_kernel() -> None:
    assert shape("y = AveragePool <kernel_shape=[2,2]> (float x)") == (None, None, None, None)
    assert shape("opset 1: y = LpPool (float[1,3,8,8] x)") == (None,) * 4
    assert call("MaxPool", [fact("float32", (1, 3, 8))], {"kernel_shape": (2, 2)}) == [UNKNOWN]


def test_max_pool_gives_indices_of_the_same_shape() -> None:
    values, indices = call("MaxPool", [fact("float16", (1, 3, 8, 8))], {"kernel_shape": (2, 2)}, outputs=2)
    assert values == fact("float16", (1, 3, 7, 7))
    assert indices == fact("int64", (1, 3, 7, 7))


def test_global_pooling_leaves_ones() -> None:
    assert shape("y = GlobalAveragePool (float[N,64,H,W] x)") == ("N", 64, 1, 1)
    assert shape("y = GlobalMaxPool (float x)") is None


def test_regions_of_interest_are_counted_by_their_boxes() -> None:
    text = "y = RoiAlign <output_height=7, output_width=5> (float[1,64,H,W] x, float[R,4] r, int64[R] b)"
    assert shape(text) == ("R", 64, 7, 5)
    assert shape("y = MaxRoiPool <pooled_shape=[3,4]> (float[1,8,9,9] x, float[5,5] r)") == (5, 8, 3, 4)
    assert shape("y = NonMaxSuppression (float[1,9,4] b, float[1,2,9] s)") == (None, 3)


def test_unpooling_takes_the_given_size_else_undoes_the_window() -> None:
    data, indices = fact("float32", (1, 1, 2, 2)), fact("int64", (1, 1, 2, 2))
    attributes = {"kernel_shape": (2, 2), "strides": (2, 2)}
    assert call("MaxUnpool", [data, indices], attributes)[0].shape == (1, 1, 4, 4)
    sized = [data, indices, fact("int64", (4,), 1, 1, 5, 5)]
    assert call("MaxUnpool", sized, attributes)[0].shape == (1, 1, 5, 5)


@pytest.mark.parametrize(
    ("dim", "scale", "expected"),
    [
        (10, 2.0, 20),
        (5, 0.5, 2),
        ("H", 1.0, "H"),
        ("H", 2.0, None),
        (None, 1.0, None),
        (10, None, None),
        (10, -1.0, None),
        (10, float("nan"), None),
        # The product is 4.99999988 exactly and 5 in single precision.
        (6, 0.8333333134651184, None),
        (7, 0.1428571492433548, 1),
    ],
)
def test_scaled_sizes_are_claimed_where_every_precision_agrees(dim: Dim, scale: Element, expected: Dim) -> None:
    assert scaled(dim, scale) == expected


def test_resize_reads_scales_and_sizes_in_every_form() -> None:
    data = fact("float32", ("N", 3, 8, 10))
    scales, sizes = fact("float32", (4,), 1.0, 1.0, 2.0, 0.5), fact("int64", (4,), "N", 3, 5, 7)
    empty = fact("float32", (0,))
    assert call("Resize", [data, scales], opset=10)[0].shape == ("N", 3, 16, 5)
    assert call("Resize", [data, empty, scales], opset=11)[0].shape == ("N", 3, 16, 5)
    assert call("Resize", [data, empty, empty, sizes], opset=11)[0].shape == ("N", 3, 5, 7)
    assert call("Resize", [data, None, None, sizes], opset=13)[0].shape == ("N", 3, 5, 7)
    by_axis = [data, None, fact("float32", (2,), 2.0, 2.0)]
    assert call("Resize", by_axis, {"axes": (2, 3)}, opset=18)[0].shape == ("N", 3, 16, 20)


def test_resize_with_neither_both_or_unknown_targets_keeps_the_rank() -> None:
    data = fact("float32", (1, 3, 8, 10))
    scales, sizes = fact("float32", (4,), 1.0, 1.0, 2.0, 2.0), fact("int64", (4,), 1, 3, 5, 7)
    assert call("Resize", [data])[0].shape == (None,) * 4
    assert call("Resize", [data, None, scales, sizes])[0].shape == (None,) * 4
    assert call("Resize", [data, None, fact("float32", (4,))])[0].shape == (None,) * 4
    assert call("Resize", [fact("float32", None), None, None, sizes])[0].shape == (1, 3, 5, 7)
    cropped = {"coordinate_transformation_mode": "tf_crop_and_resize"}
    assert call("Resize", [data, fact("float32", (8,)), scales], cropped)[0].shape == (None,) * 4


def test_resize_keeps_the_aspect_ratio_where_asked_to() -> None:
    data, sizes = fact("float32", (1, 1, 10, 20)), fact("int64", (2,), 8, 8)
    for policy, expected in (("not_larger", (1, 1, 4, 8)), ("not_smaller", (1, 1, 8, 16)), ("stretch", (1, 1, 8, 8))):
        attributes = {"axes": (2, 3), "keep_aspect_ratio_policy": policy}
        assert call("Resize", [data, None, None, sizes], attributes, opset=18)[0].shape == expected
    halves = {"axes": (2, 3), "keep_aspect_ratio_policy": "not_larger"}
    odd = fact("float32", (1, 1, 3, 6))
    assert call("Resize", [odd, None, None, fact("int64", (2,), 9, 3)], halves, opset=18)[0].shape == (1, 1, None, 3)


def test_upsample_reads_every_form_of_its_scales() -> None:
    data = fact("float32", (1, 3, 8, 10))
    assert call("Upsample", [data], {"height_scale": 2.0, "width_scale": 3.0}, opset=1)[0].shape == (1, 3, 16, 30)
    assert call("Upsample", [data], {"scales": (1.0, 1.0, 2.0, 2.0)}, opset=7)[0].shape == (1, 3, 16, 20)
    assert call("Upsample", [data, fact("float32", (4,), 1.0, 1.0, 2.0, 2.0)], opset=9)[0].shape == (1, 3, 16, 20)
    assert call("Upsample", [data, fact("float32", (4,))], opset=9)[0].shape == (None,) * 4


def test_sampling_grids_give_their_own_size() -> None:
    assert shape("opset 16: y = GridSample (float[N,3,8,8] x, float[N,5,6,2] g)") == ("N", 3, 5, 6)
    assert shape("opset 20: y = AffineGrid (float[N,2,3] t, int64[4] s = {2, 3, 5, 6})") == (2, 5, 6, 2)
    assert shape("opset 20: y = AffineGrid (float[N,3,4] t, int64[5] s)") == (None, None, None, None, 3)


def test_a_depthwise_block_is_followed_to_the_end() -> None:
    text = """a = Conv <pads=[1,1,1,1], strides=[2,2]> (float[N,3,224,224] x, float[32,3,3,3] w);
        b = Conv <pads=[1,1,1,1], group=32> (a, float[32,1,3,3] d); c = MaxPool <kernel_shape=[2,2], strides=[2,2]> (b);
        y = GlobalAveragePool (c)"""
    assert output(text) == fact("float32", ("N", 32, 1, 1))
