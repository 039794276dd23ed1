"""The shorthand for models: every example of the tables is read through it, so it has to make what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper

from tests.models import ModelTextError, build, write


def dims(value: onnx.ValueInfoProto) -> list[int | str | None] | None:
    """The shape a value is declared with; None for an unknown rank."""
    if not value.type.tensor_type.HasField("shape"):
        return None
    return [
        dim.dim_value if dim.HasField("dim_value") else dim.dim_param or None
        for dim in value.type.tensor_type.shape.dim
    ]


def test_a_statement_is_a_node_between_graph_inputs_and_outputs() -> None:
    model = build("y = AveragePool <kernel_shape=[2,2], ceil_mode=1> (float[1,3,5,5] x)")
    onnx.checker.check_model(model)
    assert (model.ir_version, [(entry.domain, entry.version) for entry in model.opset_import]) == (8, [("", 15)])
    node = model.graph.node[0]
    assert (node.op_type, list(node.input), list(node.output)) == ("AveragePool", ["x"], ["y"])
    assert {entry.name: onnx.helper.get_attribute_value(entry) for entry in node.attribute} == {
        "kernel_shape": [2, 2],
        "ceil_mode": 1,
    }
    assert dims(model.graph.input[0]) == [1, 3, 5, 5]
    assert [value.name for value in model.graph.output] == ["y"]


def test_shapes_may_be_symbolic_unknown_scalar_or_of_unknown_rank() -> None:
    model = build("y = Op (float[N, 3, ?, -1] a, float16 b, int64[] c, bool[0] d)")
    assert [dims(value) for value in model.graph.input] == [["N", 3, None, -1], None, [], [0]]
    assert [value.type.tensor_type.elem_type for value in model.graph.input] == [
        TensorProto.FLOAT,
        TensorProto.FLOAT16,
        TensorProto.INT64,
        TensorProto.BOOL,
    ]


def test_statements_use_what_earlier_ones_made_and_slots_can_be_left_out() -> None:
    model = build('h, "", g = Split <axis=0> (float[6] x); y = Clip (h, "", float max = {6}); z = Add (g, x)')
    assert [list(node.output) for node in model.graph.node] == [["h", "", "g"], ["y"], ["z"]]
    assert [list(node.input) for node in model.graph.node] == [["x"], ["h", "", "max"], ["g", "x"]]
    assert [value.name for value in model.graph.output] == ["z"]
    assert [value.name for value in model.graph.input] == ["x"]


@pytest.mark.parametrize("separator", [" => ", "; => "])
def test_outputs_can_be_named_inputs_and_constants_among_them(separator: str) -> None:
    model = build(f"h = Relu (float[2] x); y = Add (h, float[2] c = {{1, 2}}){separator}y, h, x, c")
    assert [value.name for value in model.graph.output] == ["y", "h", "x", "c"]


def test_an_output_without_a_name_is_no_output_of_the_graph() -> None:
    assert [value.name for value in build('y, "" = TopK <k=1> (float[3] x)').graph.output] == ["y"]


@pytest.mark.parametrize(
    ("text", "opsets"),
    [
        ("opset 7: y = Relu (float[1] x)", [("", 7)]),
        ("opset 9, com.microsoft 2: y = com.microsoft.Gelu (float[1] x)", [("", 9), ("com.microsoft", 2)]),
        ("y = com.microsoft.Gelu (float[1] x)", [("", 15), ("com.microsoft", 1)]),
        ("y = ai.onnx.ml.Binarizer <threshold=1.0> (float[1] x)", [("", 15), ("ai.onnx.ml", 1)]),
        ("opset ai.onnx 13: y = Relu (float[1] x)", [("ai.onnx", 13)]),
    ],
)
def test_opsets_are_declared_in_front_and_a_forgotten_domain_is_added(text: str, opsets: list[tuple[str, int]]) -> None:
    assert [(entry.domain, entry.version) for entry in build(text).opset_import] == opsets


def test_a_domain_is_set_apart_from_the_operator() -> None:
    node = build("y = ai.onnx.ml.Binarizer (float[1] x)").graph.node[0]
    assert (node.domain, node.op_type) == ("ai.onnx.ml", "Binarizer")


@pytest.mark.parametrize(
    ("text", "array"),
    [
        ("float[2] c = {1, -2.5}", np.array([1, -2.5], np.float32)),
        ("float32[3] c = {inf, nan, 1e-3}", np.array([np.inf, np.nan, 1e-3], np.float32)),
        ("double c = {6}", np.array(6, np.float64)),
        ("float16[2] c = {1, 0.5}", np.array([1, 0.5], np.float16)),
        ("int64[2,1] c = {9223372036854775807, -1}", np.array([[2**63 - 1], [-1]], np.int64)),
        ("uint64[1] c = {18446744073709551615}", np.array([2**64 - 1], np.uint64)),
        ("int8[1] c = {-1}", np.array([-1], np.int8)),
        ("bool[2] c = {true, 0}", np.array([True, False])),
        ("int32[0,2] c = {}", np.zeros((0, 2), np.int32)),
    ],
)
def test_constants_hold_what_is_written_as_raw_data_unless_they_are_to_be_stored(text: str, array: np.ndarray) -> None:
    initializer = build(f"y = Identity ({text})").graph.initializer[0]
    np.testing.assert_array_equal(numpy_helper.to_array(initializer), array)
    assert initializer.HasField("raw_data")
    stored = build(f"y = Identity (stored {text})").graph.initializer[0]
    np.testing.assert_array_equal(numpy_helper.to_array(stored), array)
    assert not stored.HasField("raw_data")


def test_a_sparse_constant_keeps_what_is_not_0_and_where() -> None:
    graph = build("y = Add (float[2,2] x, sparse float[2,2] w = {0, 5, 0, 7})").graph
    assert not graph.initializer
    sparse = graph.sparse_initializer[0]
    assert (sparse.values.name, list(sparse.dims)) == ("w", [2, 2])
    np.testing.assert_array_equal(numpy_helper.to_array(sparse.values), np.array([5, 7], np.float32))
    np.testing.assert_array_equal(numpy_helper.to_array(sparse.indices), [1, 3])


@pytest.mark.parametrize("dtype", ["bfloat16", "float8e4m3fn", "float8e5m2", "int4", "uint4", "complex64"])
def test_constants_of_dtypes_that_no_release_imports_can_be_written(dtype: str) -> None:
    initializer = build(f"y = Identity ({dtype}[3] c = {{1, 2, 3}})").graph.initializer[0]
    assert TensorProto.DataType.Name(initializer.data_type).lower() == dtype
    assert [complex(number).real for number in numpy_helper.to_array(initializer)] == [1, 2, 3]


def test_strings_may_hold_what_separates_everything_else() -> None:
    model = build('y = Op <s="a;b=>c(", l=["<", ","]> (string[2] c = {"a,b", "c;}\\""})')
    assert list(model.graph.initializer[0].string_data) == [b"a,b", b'c;}"']
    assert [attribute.s or list(attribute.strings) for attribute in model.graph.node[0].attribute] == [
        b"a;b=>c(",
        [b"<", b","],
    ]


def test_attributes_may_be_tensors_stored_as_exporters_do_graphs_and_typed() -> None:
    model = build("""
        c = ConstantOfShape <value = bool[1] {1}> (int64[1] s);
        y = If <then_branch = g () => (float a) { a = Constant <value_float = 1.0> () },
                else_branch = h () => (float b) { b = Constant <value_float = 2.0> () }> (bool[] p);
        z = Op <axes: ints = [], f: float = 1> (y)
    """)
    assert model.graph.node[0].attribute[0].t.raw_data == b"\x01"
    assert [attribute.g.node[0].op_type for attribute in model.graph.node[1].attribute] == ["Constant", "Constant"]
    assert [attribute.type for attribute in model.graph.node[2].attribute] == [
        onnx.AttributeProto.INTS,
        onnx.AttributeProto.FLOAT,
    ]


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("y = MaxPool <kernel_shape=[2,2]> (float[1,3,5,5] x)", [1, 3, 4, 4]),
        ("y = Relu (float[N] x)", ["N"]),
        ("y = Squeeze (float[1,3,1] x, int64[2] axes = {0, 2})", [3]),
        ("y = NonZero (float[3] x)", [1, None]),
        ("y = Relu (float x)", None),
        ("y = Unheard (float[1] x)", None),
        ("y = Concat <axis=0> (float[1,2] a, float[1,2,3] b)", None),
    ],
)
def test_outputs_have_the_shape_that_follows_or_none(text: str, shape: list[int | str | None] | None) -> None:
    assert dims(build(text).graph.output[0]) == shape


def test_a_whole_model_in_onnx_text_form_is_taken_as_it_is() -> None:
    model = build('<ir_version: 7, opset_import: ["" : 11]> g (float[2] x) => (float[2] y) { y = Relu (x) }')
    assert (model.ir_version, model.opset_import[0].version, model.graph.name) == (7, 11, "g")


def test_a_model_is_written_where_it_is_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, "y = Relu (float[2] x)", "relu.onnx")
    assert path == tmp_path / "relu.onnx"
    assert onnx.load(path) == build("y = Relu (float[2] x)")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "there is no statement"),
        ("y", "expected OUT = Op"),
        ("y = Relu float x", "expected OUT = Op"),
        ("y = Relu (float[2] x) (z)", "expected <attributes> (arguments)"),
        ("y = Relu (x)", "'x' is not made before"),
        ("y = Relu (float[2 x)", "brackets do not match"),
        ("y = Relu )", "brackets do not match"),
        ("opset x: y = Relu (float x)", "'opset N:'"),
        ("y = Relu (flot x)", "unknown dtype 'flot'"),
        ("y = Relu (1 2)", "expected a name"),
        ("y = Relu (float[2] c = {1})", "has 1 elements where its shape [2] has 2"),
        ("y = Relu (float[N] c = {1})", "has to be numbers"),
        ("y = Relu (float c = {a})", "not an element of a constant: 'a'"),
        ("y = Relu (stored float c)", "only a constant is stored"),
        ("y = Relu (sparse float c)", "only a constant is sparse"),
        ("y = Relu (float x, float x)", "'x' is made twice"),
        ("y = Relu (float x); y = Relu (x)", "'y' is made twice"),
        ("y = Relu (float x) => z", "'z' is not made"),
        ("y = Relu (float x) => y => y", "more than one '=>'"),
        ("y = Relu <a> (float x)", "Expected character = not found"),
        ("y! = Relu (float x)", "not a name: 'y!'"),
        ("<ir_version", "Expected character : not found"),
    ],
)
def test_a_text_that_makes_no_sense_is_quoted(text: str, message: str) -> None:
    with pytest.raises(ModelTextError) as caught:
        build(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
