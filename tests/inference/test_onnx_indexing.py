"""Picking and joining elements: Gather, Slice, Concat, Split and their kind."""

from __future__ import annotations

import pytest

from sentis_lint.graph import Dim
from sentis_lint.inference.facts import Element
from sentis_lint.inference.onnx.indexing import sliced
from tests.inference.graphs import UNKNOWN, call, elements, fact, infer, shape


def test_gather_puts_the_shape_of_its_indices_in_place_of_the_axis() -> None:
    assert shape("y = Gather <axis=1> (float[N,10,4] x, int64[2,3] i)") == ("N", 2, 3, 4)
    assert shape("y = Gather (float[30,8] x, int64[B,T] i)") == ("B", "T", 8)
    assert shape("y = Gather (float[30,8] x, int64[] i)") == (8,)
    assert shape("y = Gather (float x, int64[] i)") is None


def test_gather_picks_known_elements_from_partly_known_ones() -> None:
    sizes, picks = fact("int64", (4,), "N", 3, None, 5), fact("int64", (3,), -1, 0, 2)
    assert call("Gather", [sizes, picks])[0].elements == (5, "N", None)
    assert call("Gather", [sizes, fact("int64", (), 2)])[0].elements is None
    assert call("Gather", [sizes, fact("int64", (2,), 9, 1)])[0].elements == (None, 3)


def test_gather_of_rows_and_of_columns() -> None:
    text = "y = Gather <axis={}> (int64[2,3] x = {{1, 2, 3, 4, 5, 6}}, int64[1] i = {{1}})"
    assert elements(text.format(0)) == (4, 5, 6)
    assert elements(text.format(1)) == (2, 5)


def test_gathering_by_element_and_by_position() -> None:
    assert shape("y = GatherElements <axis=1> (float[3,4] x, int64[3,2] i)") == (3, 2)
    assert shape("y = GatherND (float[3,4,5] x, int64[N,2] i)") == ("N", 5)
    assert shape("opset 12: y = GatherND <batch_dims=1> (float[3,4,5] x, int64[3,1] i)") == (3, 5)


@pytest.mark.parametrize(
    ("dim", "start", "end", "step", "expected"),
    [
        (10, 2, 5, 1, 3),
        (10, 0, 2**63 - 1, 1, 10),
        (10, -3, 2**31 - 1, 1, 3),
        (10, 0, -1, 1, 9),
        (10, 5, 2, 1, 0),
        (10, 0, 10, 3, 4),
        (10, -1, -(2**63), -1, 10),
        (10, 8, 2, -2, 3),
        (10, 20, 0, -1, 9),
        (0, 0, 5, 1, 0),
        (10, None, 5, 1, None),
        (10, 0, None, 1, None),
        (10, 0, 5, None, None),
        (10, 0, 5, 0, None),
        (10, -20, -30, -1, None),
        (10, -1, 2**63 - 1, -1, None),
        ("N", 0, 2**63 - 1, 1, "N"),
        ("N", -1, -(2**63) + 1, -1, "N"),
        ("N", 0, "N", 1, "N"),
        ("N", 0, "M", 1, None),
        ("N", 1, 2**63 - 1, 1, None),
        ("N", 3, 3, 1, 0),
        ("N", 0, 5, 1, None),
        (None, 0, 2**63 - 1, 1, None),
    ],
)
def test_length_of_a_slice(dim: Dim, start: Element, end: Element, step: Element, expected: Dim) -> None:
    assert sliced(dim, start, end, step)[0] == expected


def test_slice_reads_attributes_and_inputs() -> None:
    data = fact("float32", ("N", 10, 8))
    assert call("Slice", [data], {"starts": (2, 0), "ends": (5, 4), "axes": (1, -1)}, opset=9)[0].shape == ("N", 3, 4)
    assert call("Slice", [data], {"starts": (0, 2), "ends": (2**31 - 1, 5)}, opset=1)[0].shape == ("N", 3, 8)
    assert shape(
        "y = Slice (float[N,10] x, int64[1] s = {1}, int64[1] e = {9}, int64[1] a = {1}, int64[1] t = {3})"
    ) == (
        "N",
        3,
    )


def test_slice_loses_only_the_axes_that_are_cut_at_run_time() -> None:
    assert shape("y = Slice (float[N,10,8] x, int64[1] s, int64[1] e, int64[1] a = {1})") == ("N", None, 8)
    assert shape("y = Slice (float[N,10,8] x, int64[1] s, int64[1] e)") == (None, 10, 8)
    assert shape("y = Slice (float[N,10,8] x, int64[1] s = {0}, int64[1] e = {1}, int64[1] a)") == (None,) * 3


def test_slices_of_constants_run_in_both_directions() -> None:
    def cut(start: int, end: int, step: int) -> object:
        positions = [fact("int64", (1,), number) for number in (start, end, 0, step)]
        return call("Slice", [fact("int64", (4,), 1, 2, 3, 4), *positions])[0].elements

    assert cut(1, 3, 1) == (2, 3)
    assert cut(-1, -9, -1) == (4, 3, 2, 1)
    assert cut(3, 1, -2) == (4,)
    assert cut(3, 3, 1) == ()


def test_concat_adds_sizes_along_its_axis_and_joins_what_is_known_of_the_others() -> None:
    assert shape("y = Concat <axis=1> (float[N,3,?] x, float[?,5,7] z)") == ("N", 8, 7)
    assert shape("y = Concat <axis=-1> (float[2,N] x, float[2,3] z)") == (2, None)
    assert shape("y = Concat <axis=0> (float[2,3] x, float z)") == (None, 3)
    assert call("Concat", [fact("float32", (2, 3)), fact("float32", (2, 3))], opset=3)[0].shape == (2, 6)


def test_concat_of_clashing_shapes_leaves_the_size_open() -> None:
    assert call("Concat", [fact("float32", (2, 3)), fact("float32", (4, 3))], {"axis": 1})[0].shape == (None, 6)
    assert call("Concat", [fact("float32", (2, 3)), fact("float32", (4,))], {"axis": 0})[0].shape is None


def test_concat_keeps_the_places_of_unknown_elements() -> None:
    parts = [fact("int64", (1,), "N"), fact("int64", (2,)), fact("int64", (1,), -1)]
    assert call("Concat", parts, {"axis": 0})[0].elements == ("N", None, None, -1)
    rows = [fact("int64", (2, 1), 1, 2), fact("int64", (2, 2), 3, 4, 5, 6)]
    assert call("Concat", rows, {"axis": 1})[0].elements == (1, 3, 4, 2, 5, 6)


@pytest.mark.parametrize(
    ("opset", "inputs", "attributes", "outputs", "expected"),
    [
        (11, [], {"axis": 1, "split": (2, 4)}, 2, [2, 4]),
        (11, [], {"axis": 1, "split": (2, 5)}, 2, [None, None]),
        (11, [], {"axis": 1}, 3, [2, 2, 2]),
        (11, [], {"axis": 1}, 4, [None] * 4),
        (13, [fact("int64", (2,), 1, 5)], {"axis": -1}, 2, [1, 5]),
        (13, [fact("int64", (2,), 1, None)], {"axis": 1}, 2, [1, 5]),
        (13, [fact("int64", (2,))], {"axis": 1}, 2, [None, None]),
        (18, [], {"axis": 1, "num_outputs": 4}, 4, [2, 2, 2, 0]),
        (18, [], {"axis": 1, "num_outputs": 5}, 5, [None] * 5),
        (18, [], {"axis": 1, "num_outputs": 2}, 3, [None] * 3),
    ],
)
def test_parts_of_a_split(opset: int, inputs: list, attributes: dict, outputs: int, expected: list[Dim]) -> None:
    found = call("Split", [fact("float32", ("N", 6)), *inputs], attributes, opset=opset, outputs=outputs)
    assert [one.shape for one in found] == [("N", length) for length in expected]


def test_split_of_a_shape_hands_on_its_sizes() -> None:
    facts = infer("s = Shape (float[N,3,8,9] x); a, b = Split <axis=0> (s, int64[2] p = {2, 2}) => a, b")
    assert facts["a"].elements == ("N", 3)
    assert facts["b"].elements == (8, 9)


def test_scattered_elements_land_in_a_known_constant() -> None:
    text = """y = ScatterND (int64[4] x = {1, 2, 3, 4}, int64[2,1] i = {0, -1}, int64[2] u = {9, 8})"""
    assert elements(text) == (9, 2, 3, 8)
    assert shape("y = ScatterElements (float[N,3] x, int64[1,2] i, float[1,2] u)") == ("N", 3)


def test_counts_that_depend_on_the_data_stay_open() -> None:
    assert shape("y = NonZero (float[2,3] x)") == (2, None)
    assert shape("y = Compress <axis=1> (float[2,3] x, bool[3] c)") == (2, None)
    assert shape("y = Compress <axis=1> (float[2,3] x, bool[3] c = {true, false, true})") == (2, 2)
    assert shape("y = Compress (float[2,3] x, bool[2] c = {true, true})") == (2,)
    assert elements("y = NonZero (int64[2,2] x = {1, 0, 0, 1})") == (0, 1, 0, 1)


def test_top_k_reads_k_from_attribute_or_input() -> None:
    data = fact("float32", ("N", 10))
    assert [one.shape for one in call("TopK", [data], {"k": 3}, opset=9, outputs=2)] == [("N", 3)] * 2
    values, indices = call("TopK", [data, fact("int64", (1,), 3)], {"axis": 0}, opset=11, outputs=2)
    assert values == fact("float32", (3, 10))
    assert indices == fact("int64", (3, 10))
    assert call("TopK", [data, fact("int64", (1,))], opset=11)[0].shape == ("N", None)


def test_unique_describes_each_of_its_outputs() -> None:
    shapes = [one.shape for one in call("Unique", [fact("float32", (2, 3))], outputs=4)]
    assert shapes == [(None,), (None,), (6,), (None,)]
    shapes = [one.shape for one in call("Unique", [fact("float32", (2, 3))], {"axis": 1}, outputs=4)]
    assert shapes == [(2, None), (None,), (3,), (None,)]


def test_an_axis_that_does_not_exist_makes_no_claim() -> None:
    assert call("Gather", [fact("float32", (2, 3)), fact("int64", ())], {"axis": 2}) == [UNKNOWN]
    assert call("Concat", [fact("float32", (2, 3))], {"axis": -3}) == [UNKNOWN]
