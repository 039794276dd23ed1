"""The LiteRT reader: what the rest of the program, and so the user, gets to know of a .tflite file."""

from __future__ import annotations

from collections import Counter, defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from sentis_lint.graph import Model, Node, ReadError
from sentis_lint.readers import litert, litert_schema
from sentis_lint.readers.source import FileSource
from tests.readers.litert_models import FIXTURES, Source, file, model
from tools.differential_litert import check_file, differences, load_binding

PATH = Path("model.tflite")
FILES = sorted(FIXTURES.rglob("*.tflite"))
GROUPS = sorted({path.parent for path in FILES})


def read(data: bytes) -> Model:
    """The graph of a file's bytes."""
    return litert.read(Source(data), PATH)


def node(**fields: Any) -> Node:
    """The graph's node for one operator of these fields."""
    return read(model(operators=[fields])).graph.nodes[0]


def options(kind: str, fields: dict[str, Any], union: str = "builtin_options") -> dict[str, Any]:
    """Values of the attributes of an operator with these options."""
    attributes = node(**{union: (kind, fields)}).attributes
    return {name: attribute.value for name, attribute in attributes.items()}


# Against the generated bindings.


@pytest.mark.parametrize("folder", GROUPS, ids=lambda folder: str(folder.relative_to(FIXTURES)))
def test_a_model_of_the_fixtures_is_read_as_the_generated_binding_reads_it(folder: Path) -> None:
    binding = load_binding(None)
    assert {path.name: lines for path in sorted(folder.glob("*.tflite")) if (lines := check_file(path, binding))} == {}


def test_the_comparison_with_the_binding_would_notice_a_wrong_graph() -> None:
    data = model(operators=[{"inputs": [0], "outputs": [1], "builtin_options": ("SoftmaxOptions", {"beta": 2.0})}])
    graph = read(data).graph
    graph.nodes[0].outputs = ("x",)
    graph.nodes[0].attributes["beta"].value = 1.0
    graph.value_info["y"].shape = (4,)
    graph.value_info["x"].dtype_code = 2
    changed = Model("litert", PATH, [graph], ir_version=3)
    lines = " ".join(differences(changed, data, load_binding(None)))
    assert all(word in lines for word in ("outputs", "option beta", "shape", "dtype code"))


def test_every_unreadable_fixture_is_refused_with_a_reason() -> None:
    refused = {}
    for path in FILES:
        with FileSource(path) as source:
            try:
                litert.read(source, path)
            except ReadError as error:
                refused[path.name] = error.kind
    assert refused == {
        "empty_file.tflite": "empty",
        "garbage.tflite": "not-a-model",
        "text_file.tflite": "not-a-model",
        "truncated.tflite": "truncated",
    }


# Operators.


@pytest.mark.parametrize(
    ("code", "name", "codes"),
    [
        ({"builtin_code": 114, "deprecated_builtin_code": 114}, "QUANTIZE", (114, 114)),
        ({"deprecated_builtin_code": 114}, "QUANTIZE", (0, 114)),
        ({"builtin_code": 114}, "QUANTIZE", (114, 0)),
        ({"builtin_code": 150, "deprecated_builtin_code": 127}, "GELU", (150, 127)),
        ({"builtin_code": 211}, "UNKNOWN_211", (211, 0)),
        ({"builtin_code": 0, "deprecated_builtin_code": -7}, "ADD", (0, -7)),
        ({}, "ADD", (0, 0)),
    ],
)
def test_an_operator_has_the_name_that_the_runtime_gives_it_and_both_stored_codes(
    code: dict[str, int], name: str, codes: tuple[int, int]
) -> None:
    found = read(model(codes=[code])).graph.nodes[0]
    assert (found.op_type, found.codes) == (name, codes)


def test_a_custom_operator_keeps_its_name_and_version() -> None:
    code = {"builtin_code": 32, "deprecated_builtin_code": 32, "custom_code": "FlexErf", "version": 3}
    found = read(model(codes=[code])).graph.nodes[0]
    assert (found.op_type, found.custom_code, found.version) == ("CUSTOM", "FlexErf", 3)


def test_an_operator_version_that_is_left_out_is_one() -> None:
    found = node(inputs=[0])
    assert (found.version, found.custom_code) == (1, None)


def test_an_operator_of_a_code_that_the_file_lacks_stays_visible() -> None:
    found = node(opcode_index=9)
    assert (found.op_type, found.codes, found.version) == ("#9", None, None)


def test_omitted_and_dangling_inputs_are_told_apart() -> None:
    found = node(inputs=[0, -1, 7, -2], outputs=[1])
    assert (found.inputs, found.outputs) == (("x", None, "#7", "#-2"), ("y",))


# Options.


def test_options_have_the_schemas_names_and_defaults() -> None:
    assert options("Conv2DOptions", {"stride_w": 2, "padding": 1, "fused_activation_function": 3}) == {
        "padding": "VALID",
        "stride_w": 2,
        "stride_h": 0,
        "fused_activation_function": "RELU6",
        "dilation_w_factor": 1,
        "dilation_h_factor": 1,
        "quantized_bias_type": "FLOAT32",
    }


def test_an_option_that_is_left_out_has_its_own_default_and_not_zero() -> None:
    assert options("AddOptions", {}) == {"fused_activation_function": "NONE", "pot_scale_int16": True}
    assert options("UniqueOptions", {}) == {"idx_out_type": "INT32"}
    assert options("BidirectionalSequenceLSTMOptions", {})["time_major"] is True


def test_a_member_that_the_schema_does_not_have_keeps_its_number() -> None:
    assert options("MulOptions", {"fused_activation_function": 7}) == {"fused_activation_function": "unknown(7)"}
    assert options("CastOptions", {"in_data_type": -3})["in_data_type"] == "unknown(-3)"


def test_options_that_are_lists_texts_and_numbers_keep_their_values() -> None:
    assert options("ReshapeOptions", {"new_shape": [1, -1, 4]}) == {"new_shape": (1, -1, 4)}
    assert options("ReshapeOptions", {}) == {"new_shape": ()}
    assert options("BucketizeOptions", {"boundaries": [0.5, 2.0]}) == {"boundaries": (0.5, 2.0)}
    assert options("VarHandleOptions", {"shared_name": "counter"}) == {"container": "", "shared_name": "counter"}
    assert options("RandomOptions", {"seed": -(2**40)}) == {"seed": -(2**40), "seed2": 0}


def test_options_of_the_second_union_are_read() -> None:
    fields = {"window_strides": [1, 2], "feature_group_count": 4, "window_reversal": [1, 0], "precision_config": [2, 9]}
    found = options("StablehloConvolutionOptions", fields, "builtin_options2")
    assert found["window_strides"] == (1, 2)
    assert found["feature_group_count"] == 4
    assert found["window_reversal"] == (True, False)
    assert found["precision_config"] == ("HIGHEST", "unknown(9)")
    assert found["padding"] == ()


def test_subgraphs_of_control_flow_stay_numbers() -> None:
    assert options("IfOptions", {"else_subgraph_index": 2}) == {"then_subgraph_index": 0, "else_subgraph_index": 2}


def test_absent_empty_and_unknown_options_are_told_apart() -> None:
    absent, empty, unknown = node(inputs=[0]), node(builtin_options=("PadOptions", {})), node(builtin_options=(250, {}))
    assert [dict(found.attributes) for found in (absent, empty, unknown)] == [{}, {}, {}]
    assert [found.has_options for found in (absent, empty, unknown)] == [False, True, True]
    assert [found.options_type for found in (absent, empty, unknown)] == [None, "PadOptions", "unknown(250)"]


def test_a_kind_of_options_that_is_not_the_operators_is_named() -> None:
    found = node(builtin_options=("Pool2DOptions", {"filter_width": 3}))
    assert (found.op_type, found.options_type, found.attributes["filter_width"].value) == ("ABS", "Pool2DOptions", 3)


def test_a_named_kind_without_its_table_counts_as_absent() -> None:
    found = node(builtin_options_type=1)
    assert (found.has_options, found.options_type) == (False, "Conv2DOptions")


def test_attributes_are_shared_exactly_between_nodes_that_no_condition_could_tell_apart() -> None:
    def leaky(alpha: float) -> dict[str, Any]:
        return {"builtin_options": ("LeakyReluOptions", {"alpha": alpha})}

    operators: list[dict[str, Any]] = [
        leaky(0.5),
        leaky(0.5),
        leaky(0.0),
        leaky(-0.0),
        {**leaky(0.5), "opcode_index": 1},
        {},
        {},
        {"opcode_index": 1},
        {"builtin_options": ("PadOptions", {})},
        {"builtin_options": ("PadOptions", {})},
        {"builtin_options_type": 22},
    ]
    nodes = read(model(operators=operators, codes=[{}, {"builtin_code": 1}])).graph.nodes
    groups: dict[int, list[int]] = {}
    for found in nodes:
        groups.setdefault(id(found.attributes), []).append(found.index)
    assert sorted(groups.values()) == [[0, 1], [2], [3], [4], [5, 6], [7], [8, 9], [10]]


# Tensors.


def tensor(**fields: Any) -> Any:
    """The value of a tensor with these fields."""
    return read(model(tensors=[fields, {"name": "y"}])).graph.value_info[fields.get("name", "#0")]


def test_each_tensor_has_a_name_of_its_own_and_keeps_the_one_in_the_file() -> None:
    names = ["a", "a#2", "a", "", "a", "#3"]
    values = read(model(tensors=[{"name": name} for name in names], outputs=[])).graph.value_info
    assert list(values) == ["a", "a#2", "a#2#", "#3", "a#4", "#3#5"]
    assert [value.label for value in values.values()] == [None, None, "a", "", "a", "#3"]
    assert [value.index for value in values.values()] == [0, 1, 2, 3, 4, 5]


def test_a_dtype_is_named_as_in_the_rest_of_the_program() -> None:
    named = {code: tensor(name="t", type=code).dtype for code in (0, 4, 5, 6, 17, 18, 21, 22, 27, -1)}
    assert named == {
        0: "float32",
        4: "int64",
        5: "string",
        6: "bool",
        17: "int4",
        18: "bfloat16",
        21: "float8e4m3fn",
        22: "float8e5m2",
        27: "unknown(27)",
        -1: "unknown(-1)",
    }


@pytest.mark.parametrize(
    ("fields", "shape", "static"),
    [
        ({"shape": [1, 4]}, (1, 4), None),
        ({"shape": [1, 4], "shape_signature": [-1, 4]}, (None, 4), (1, 4)),
        ({"shape": [-1, 4]}, (None, 4), None),
        ({"shape": [1], "shape_signature": [-5]}, (-5,), (1,)),
        ({"shape": [1, 4], "shape_signature": []}, (), (1, 4)),
        ({}, (), None),
    ],
)
def test_a_shape_is_that_of_the_signature_with_unknown_sizes(fields: dict[str, Any], shape: Any, static: Any) -> None:
    value = tensor(name="t", **fields)
    assert (value.shape, value.static_shape) == (shape, static)


def test_a_tensor_without_rank_is_marked() -> None:
    assert [tensor(name="t", **fields).has_shape_field for fields in ({}, {"has_rank": True}, {"shape": [2]})] == [
        False,
        True,
        True,
    ]


def test_variables_and_sparse_tensors_are_marked() -> None:
    value = tensor(name="t", is_variable=True, sparsity={"traversal_order": [0]})
    assert (value.variable, value.sparse) == (True, True)


def test_quantisation_is_read_and_an_empty_table_of_it_is_not() -> None:
    value = tensor(name="t", quantization={"scale": [0.5], "zero_point": [-3], "quantized_dimension": 0})
    assert (value.quantisation.scale, value.quantisation.zero_point) == ((0.5,), (-3,))
    assert tensor(name="t", quantization={"scale": [], "min": [0.0]}).quantisation is None
    assert tensor(name="t").quantisation is None


def test_quantisation_of_many_channels_is_there_when_asked_for() -> None:
    scales = [channel / 2 for channel in range(100)]
    found = tensor(name="t", quantization={"scale": scales, "quantized_dimension": 3}).quantisation
    assert (found.axis, len(found.scale), found.scale[-1]) == (3, 100, 49.5)
    assert list(found.scale) == scales
    assert found.scale == tuple(scales)
    assert found.scale[1:3] == (0.5, 1.0)


def test_a_custom_scheme_of_quantisation_is_named() -> None:
    assert tensor(name="t", quantization={"details_type": 2}).quantisation.details == "BlockwiseQuantization"
    assert tensor(name="t", quantization={"details_type": 9}).quantisation.details == "unknown(9)"


# Data.


def test_a_constant_says_where_its_bytes_lie() -> None:
    data = model(tensors=[{"name": "w", "shape": [3], "type": 9, "buffer": 1}, {}], buffers=[{}, {"data": [7, 8, 9]}])
    found = read(data)
    storage = found.graph.initializers["w"].storage
    assert (storage.field, found.source and found.source.read(storage.offset, storage.length)) == (
        "buffer",
        b"\7\10\11",
    )
    assert found.graph.value_info["w"].constant is found.graph.initializers["w"]
    assert found.graph.value_info["#1"].constant is None


def test_data_behind_the_flatbuffer_are_found() -> None:
    short = model(tensors=[{"name": "w", "buffer": 1}, {}], buffers=[{}, {"offset": 1, "size": 1}])
    assert read(short).graph.initializers == {}
    for _ in range(2):  # the place depends on the length, which the place does not change
        place = len(short)
        short = model(tensors=[{"name": "w", "buffer": 1}, {}], buffers=[{}, {"offset": place, "size": 4}])
    storage = read(short + b"abcd").graph.initializers["w"].storage
    assert (storage.field, storage.offset, storage.length) == ("appended", len(short), 4)
    with pytest.raises(ReadError, match=f"byte {len(short)}: the 4 bytes of buffer 1") as error:
        read(short + b"abc")
    assert (error.value.kind, error.value.offset) == ("truncated", len(short))


def test_data_in_another_file_are_named() -> None:
    data = model(
        tensors=[{"name": "w", "external_buffer": 5}, {"name": "v", "external_buffer": 6}],
        external_buffer_groups=[{"name": "weights.bin"}],
        external_buffers=[{"id": 5, "group": 0, "offset": 64, "length": 12, "packing": "none"}],
    )
    found = read(data).graph.initializers
    storage = found["w"].storage
    assert (storage.field, storage.location, storage.offset, storage.length) == ("external", "weights.bin", 64, 12)
    assert storage.external == {"id": "5", "offset": "64", "length": "12", "packing": "none"}
    assert (found["v"].storage.field, found["v"].storage.location) == ("external", None)


def test_a_buffer_that_the_file_lacks_is_reported_and_not_raised() -> None:
    graph = read(model(tensors=[{"name": "w", "buffer": 3}, {}])).graph
    constant = graph.value_info["w"].constant
    assert constant is not None
    assert (constant.storage.field, constant.storage.location) == ("missing", "buffer 3")
    assert graph.initializers == {}


def test_a_tensor_without_elements_that_nothing_makes_is_a_constant_without_data() -> None:
    empty = {"shape": [0], "type": 2}
    tensors = [{"name": "x", **empty}, {"name": "y", **empty}, {"name": "axes", **empty}]
    values = read(model(tensors=tensors)).graph.value_info
    constant = values["axes"].constant
    assert constant is not None
    assert (constant.storage.field, constant.size, constant.dtype) == ("none", 0, "int32")
    assert (values["x"].constant, values["y"].constant) == (None, None)


# The file.


def test_every_subgraph_is_read_with_its_own_tensors() -> None:
    subgraphs = [
        {"name": "main", "tensors": [{"name": "a"}], "inputs": [0], "outputs": [0], "operators": []},
        {"name": "cond", "tensors": [{"name": "a"}, {"name": "b"}], "operators": [{"inputs": [1]}]},
    ]
    graphs = read(file({"version": 3, "subgraphs": subgraphs, "operator_codes": [{}], "buffers": [{}]})).graphs
    assert [(graph.name, graph.index, list(graph.value_info)) for graph in graphs] == [
        ("main", 0, ["a"]),
        ("cond", 1, ["a", "b"]),
    ]
    assert graphs[1].nodes[0].inputs == ("b",)
    assert graphs[0].inputs[0] is graphs[0].outputs[0] is graphs[0].value_info["a"]


def test_inputs_and_outputs_that_point_nowhere_stay_visible() -> None:
    graph = read(model(inputs=[0, 9], outputs=[-1])).graph
    assert [value.name for value in graph.inputs + graph.outputs] == ["x", "#9", "#-1"]
    assert [value.dtype for value in graph.inputs] == ["float32", None]


def test_every_signature_is_read() -> None:
    signatures = [
        {
            "signature_key": "serving_default",
            "inputs": [{"name": "image", "tensor_index": 0}],
            "outputs": [{"name": "scores", "tensor_index": 1}, {"name": "lost", "tensor_index": 8}],
        },
        {"signature_key": "encode", "subgraph_index": 4, "inputs": [{"name": "image", "tensor_index": 0}]},
        {},
    ]
    found = read(model(signature_defs=signatures)).signatures
    assert [(entry.key, entry.subgraph) for entry in found] == [("serving_default", 0), ("encode", 4), ("", 0)]
    assert found[0].inputs == (("image", "x"),)
    assert found[0].outputs == (("scores", "y"), ("lost", "#8"))
    assert found[1].inputs == (("image", "#0"),)


def test_what_the_file_says_of_itself_is_kept() -> None:
    metadata = [{"name": "min_runtime_version", "buffer": 1}, {"name": "lost", "buffer": 5}]
    found = read(model(description="MLIR Converted.", metadata=metadata, buffers=[{}, {"data": [49, 46, 53]}]))
    assert (found.format, found.ir_version, found.description) == ("litert", 3, "MLIR Converted.")
    assert found.metadata == {"min_runtime_version": "<3 bytes>", "lost": "<missing>"}


def test_names_that_are_not_utf8_are_kept_readable() -> None:
    data = model(tensors=[{"name": "xÿx"}, {}]).replace("xÿx".encode(), b"x\xff\xfex")
    assert list(read(data).graph.value_info) == ["x\\xff\\xfex", "#1"]


def test_fields_of_a_newer_schema_are_counted_and_passed_over() -> None:
    assert read(model()).unknown_fields == 0
    found = read(model(tensors=[{"name": "x", 30: 1}, {}], operators=[{40: 5}]))
    assert found.unknown_fields == 2
    assert list(found.graph.value_info) == ["x", "#1"]


def test_a_file_without_the_identifier_is_read_if_it_makes_sense() -> None:
    assert read(model(identifier=b"TFL2")).graph.nodes[0].op_type == "ABS"
    with pytest.raises(ReadError, match="this file has none") as error:
        read(model(identifier=b"ABCD", version=100000))
    assert error.value.kind == "not-a-model"


def test_a_list_of_subgraphs_that_is_empty_gives_an_empty_graph_and_none_at_all_is_refused() -> None:
    found = read(file({"version": 3, "subgraphs": []}))
    assert (len(found.graphs), found.graph.index, found.graph.nodes) == (1, -1, [])
    with pytest.raises(ReadError, match="subgraphs") as error:
        read(file({"version": 3}))
    assert error.value.kind == "not-a-model"


# The schema.


def test_the_schema_agrees_with_the_released_binding() -> None:
    import tflite

    def members(enum: Any) -> dict[str, int]:
        return {name: number for name, number in vars(enum).items() if isinstance(number, int)}

    operators = {name: operator.code for name, operator in litert_schema.operators().items()}
    assert members(tflite.BuiltinOperator).items() <= operators.items()
    dtypes = {name: number for number, name in enumerate(litert_schema.enum("TensorType"))}
    assert members(tflite.TensorType).items() <= dtypes.items()
    for which, union in ((1, tflite.BuiltinOptions), (2, tflite.BuiltinOptions2)):
        kinds = {name: number for number, name in enumerate(litert_schema.union_members(which))}
        assert members(union).items() <= kinds.items()


def test_every_operators_options_are_a_table_of_the_schema() -> None:
    named = {operator.options for operator in litert_schema.operators().values() if operator.options}
    assert {name for name in named if litert_schema.options_table(name) is None} == set()
    assert {name for which in (1, 2) for name in litert_schema.union_members(which)} - named == {"NONE"}


def test_the_fixtures_name_for_each_operator_the_options_that_the_schema_gives_it() -> None:
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for path in FILES:
        with FileSource(path) as source, suppress(ReadError):
            for graph in litert.read(source, path).graphs:
                for found in graph.nodes:
                    if found.options_type and found.op_type in litert_schema.operators():
                        kinds[found.op_type][found.options_type] += 1
    # A few fixtures give an operator the wrong kind on purpose, so the most frequent one counts.
    usual = {name: counts.most_common(1)[0][0] for name, counts in kinds.items()}
    assert usual == {name: litert_schema.operators()[name].options for name in usual}
    assert len(usual) > 50
