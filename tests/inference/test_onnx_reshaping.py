"""Reshape and its relatives: what a user loses is the rank and the sizes behind them."""

from __future__ import annotations

import pytest

from sentis_lint.graph import Shape
from sentis_lint.inference.onnx.reshaping import left_over, reshaped
from tests.inference.graphs import UNKNOWN, call, elements, fact, output, shape


@pytest.mark.parametrize(
    ("data", "target", "allow_zero", "expected"),
    [
        ((2, 3, 4), (4, 6), False, (4, 6)),
        ((2, 3, 4), (0, -1), False, (2, 12)),
        ((2, 3, 4), (-1,), False, (24,)),
        (("N", 3, 4), (-1, 12), False, ("N", 12)),
        (("N", "N"), (-1,), False, (None,)),
        (("N", "M"), ("M", -1), False, ("M", "N")),
        (("N", 4), (-1, 2), False, (None, 2)),
        ((None, 3, 4), (0, -1), False, (None, 12)),
        ((None, 3, 4), (-1, 12), False, (None, 12)),
        ((2, 3), (None, 3), False, (2, 3)),
        (("N", 3), (None, 3), False, (None, 3)),
        ((2, 6), (None, None), False, (None, None)),
        ((0, 3), (0, 3), True, (0, 3)),
        ((2, 3), (0, 3), True, (None, None)),
        ((2, 3), (4, 2), False, (None, None)),
        ((2, 3), (4, -1), False, (4, None)),
        ((0, 4), (0, -1), False, (0, 4)),
        ((0, 4), (4, -1), False, (4, 0)),
        (None, (0, 3, -1), False, (None, 3, None)),
        ((), (1, 1), False, (1, 1)),
        ((1,), (), False, ()),
    ],
)
def test_reshape_gives_the_target_with_its_placeholders_filled(
    data: Shape | None, target: Shape, allow_zero: bool, expected: Shape
) -> None:
    assert reshaped(data, target, allow_zero) == expected


def test_sizes_cancel_only_as_often_as_they_occur() -> None:
    assert left_over(("N", "N", 2), ["N", 2]) == "N"
    assert left_over(("N", 2), ["N", "N"]) is None
    assert left_over((6,), [4]) is None


def test_reshape_keeps_the_rank_where_only_the_length_of_its_target_is_known() -> None:
    assert shape("y = Reshape (float[2,3] x, int64[4] t)") == (None, None, None, None)
    assert shape("y = Reshape (float[2,3] x, int64[K] t)") is None
    assert call("Reshape", [fact("float32", (2, 3)), fact("int64", (10**9,))])[0].shape is None


def test_reshape_of_old_opsets_takes_its_target_from_an_attribute() -> None:
    assert call("Reshape", [fact("float32", (2, 3))], {"shape": (0, -1, 1)}, opset=4)[0].shape == (2, 3, 1)


def test_a_constant_keeps_its_elements_through_reshape_squeeze_and_flatten() -> None:
    assert elements("y = Reshape (int64[4] x = {1, 2, 3, 4}, int64[2] t = {2, -1})") == (1, 2, 3, 4)
    assert elements("u = Unsqueeze (int64[2] x = {1, 2}, int64[1] a = {0}); y = Squeeze (u, a)") == (1, 2)
    assert elements("y = Flatten <axis=0> (int64[2] x = {1, 2})") == (1, 2)


def test_squeeze_without_axes_needs_every_size() -> None:
    assert shape("y = Squeeze (float[1,3,1] x)") == (3,)
    assert shape("y = Squeeze (float[1,N] x)") is None


def test_squeeze_of_named_axes_keeps_symbolic_sizes_elsewhere() -> None:
    assert shape("y = Squeeze (float[N,1,T] x, int64[1] a = {-2})") == ("N", "T")
    assert call("Squeeze", [fact("float32", ("N", 1, "T"))], {"axes": (1,)}, opset=11)[0].shape == ("N", "T")


def test_squeeze_of_a_size_over_one_is_no_claim() -> None:
    assert call("Squeeze", [fact("float32", (2, 3))], {"axes": (0,)}, opset=11) == [UNKNOWN]


def test_axes_in_the_form_of_another_opset_are_no_claim() -> None:
    data, axes = fact("float32", (1, 3)), fact("int64", (1,), 0)
    assert call("Squeeze", [data], {"axes": (0,)}, opset=13) == [UNKNOWN]
    assert call("Squeeze", [data, axes], opset=11) == [UNKNOWN]
    assert call("Unsqueeze", [data], {"axes": (0,)}, opset=13) == [UNKNOWN]


def test_squeeze_and_unsqueeze_keep_the_rank_where_the_axes_come_at_run_time() -> None:
    assert shape("y = Unsqueeze (float[2,3] x, int64[2] a)") == (None,) * 4
    assert shape("y = Squeeze (float[2,1] x, int64[1] a)") == (None,)
    assert shape("y = Squeeze (float[1,1,2] x, int64[2] a)") is None


def test_unsqueeze_counts_axes_in_the_result() -> None:
    assert shape("y = Unsqueeze (float[N,3] x, int64[2] a = {-1, 0})") == (1, "N", 3, 1)
    assert call("Unsqueeze", [fact("float32", (2,))], {"axes": (0, 2)}, opset=11)[0].shape == (1, 2, 1)


def test_transpose_turns_sizes_and_elements() -> None:
    assert shape("y = Transpose (float[N,3,4] x)") == (4, 3, "N")
    assert shape("y = Transpose <perm=[0,2,3,1]> (float[N,3,8,9] x)") == ("N", 8, 9, 3)
    assert elements("y = Transpose (int64[2,3] x = {1, 2, 3, 4, 5, 6})") == (1, 4, 2, 5, 3, 6)
    assert shape("y = Transpose <perm=[0,2,1]> (float x)") == (None, None, None)
    assert call("Transpose", [fact("float32", (2, 3))], {"perm": (0, 0)}) == [UNKNOWN]


def test_expand_broadcasts_both_ways() -> None:
    assert shape("y = Expand (float[3,1] x, int64[3] s = {2, 1, 4})") == (2, 3, 4)
    assert shape("y = Expand (float[N,1] x, int64[2] s = {1, 4})") == ("N", 4)
    assert shape("y = Expand (float[3,1] x, int64[2] s)") == (3, None)
    assert elements("y = Expand (int64[2,1] x = {1, 2}, int64[2] s = {1, 3})") == (1, 1, 1, 2, 2, 2)


def test_tile_multiplies_sizes_in_both_of_its_forms() -> None:
    assert shape("y = Tile (float[2,N] x, int64[2] r = {3, 1})") == (6, "N")
    assert elements("y = Tile (int64[2] x = {1, 2}, int64[1] r = {2})") == (1, 2, 1, 2)
    old = [fact("float32", (2, 3)), fact("float32", (), 4.0), fact("float32", (), 1.0)]
    assert call("Tile", old, opset=5)[0].shape == (2, 12)


def test_pad_adds_to_each_side_in_all_of_its_forms() -> None:
    data = fact("float32", (1, "N", 4))
    pads = (0, 0, 1, 0, 0, 2)
    assert call("Pad", [data], {"paddings": pads}, opset=1)[0].shape == (1, "N", 7)
    assert call("Pad", [data], {"pads": pads}, opset=10)[0].shape == (1, "N", 7)
    assert call("Pad", [data, fact("int64", (6,), *pads)], opset=13)[0].shape == (1, "N", 7)
    by_axis = [data, fact("int64", (2,), 1, 2), None, fact("int64", (1,), -1)]
    assert call("Pad", by_axis, opset=18)[0].shape == (1, "N", 7)


def test_pad_keeps_the_rank_where_its_amounts_are_unknown() -> None:
    assert shape("y = Pad (float[1,2] x, int64[4] p)") == (None, None)
    assert shape("y = Pad (float x, int64[4] p = {0, 0, 1, 1})") == (None, None)
    assert call("Pad", [fact("float32", (3, 4)), fact("int64", (4,), 0, None, 1, 1)])[0].shape == (4, None)
    assert call("Pad", [fact("float32", (3,)), fact("int64", (2,), -9, 0)])[0].shape == (None,)


def test_blocks_move_between_channels_and_space() -> None:
    assert shape("y = DepthToSpace <blocksize=2> (float[N,12,5,6] x)") == ("N", 3, 10, 12)
    assert shape("y = SpaceToDepth <blocksize=2> (float[N,3,10,12] x)") == ("N", 12, 5, 6)
    assert shape("y = DepthToSpace <blocksize=2> (float[1,3,5,6] x)") == (1, None, 10, 12)
    assert call("DepthToSpace", [fact("float32", (1, 4, 5, 6))], {"blocksize": 0}) == [UNKNOWN]


def test_flatten_takes_negative_axes() -> None:
    assert shape("y = Flatten <axis=-1> (float[2,3,4] x)") == (6, 4)
    assert shape("y = Flatten (float x)") == (None, None)


def test_centre_crop_and_columns_to_image_take_the_size_that_is_asked_for() -> None:
    assert shape("opset 18: y = CenterCropPad <axes=[1]> (float[2,9] x, int64[1] s = {4})") == (2, 4)
    text = "opset 18: y = Col2Im (float[1,12,4] x, int64[2] s = {5, 5}, int64[2] b = {2, 2})"
    assert shape(text) == (1, 3, 5, 5)


def test_identity_of_a_sequence_stays_a_sequence() -> None:
    sequence = output("y = SequenceConstruct (float[2] x)")
    assert call("Identity", [sequence], opset=16)[0].kind == "sequence"
