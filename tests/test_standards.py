"""The standard's facts: wrong defaults, types or versions would make findings about the wrong form of an operator."""

from __future__ import annotations

import json
import re

import onnx
import pytest
from onnx import defs

from sentis_lint import standards
from tools import refresh_onnx_standard


def test_the_form_of_an_operator_follows_the_opset() -> None:
    by_opset = {opset: standards.schema("", "ReduceSum", opset) for opset in (1, 10, 11, 12, 13, 99)}
    since = {opset: schema.since_version if schema else None for opset, schema in by_opset.items()}
    assert since == {1: 1, 10: 1, 11: 11, 12: 11, 13: 13, 99: 13}
    assert standards.since_versions("", "ReduceSum") == (13, 11, 1)


def test_an_operator_newer_than_the_opset_is_not_there() -> None:
    assert standards.schema("", "LayerNormalization", 16) is None
    assert standards.schema("", "LayerNormalization", 17) is not None
    assert standards.schema("", "Relu", 0) is None


def test_other_domains_and_unknown_operators_have_no_schema() -> None:
    assert standards.schema("com.microsoft", "FusedConv", 1) is None
    assert standards.schema("", "NoSuchOperator", 17) is None
    assert standards.since_versions("com.microsoft", "FusedConv") == ()
    assert standards.operators("com.microsoft") == ()
    assert standards.newest_opset("com.microsoft") is None


def test_the_spelled_out_domain_is_the_default_one() -> None:
    assert standards.schema("ai.onnx", "Conv", 13) is standards.schema("", "Conv", 13)
    assert standards.newest_opset("ai.onnx") == standards.newest_opset("")


def test_attributes_have_the_type_and_default_that_the_file_would_give() -> None:
    conv = standards.schema("", "Conv", 13)
    assert conv is not None
    assert conv.attributes["auto_pad"] == standards.AttributeSchema("string", "NOTSET", False)
    assert conv.attributes["group"] == standards.AttributeSchema("int", 1, False)
    assert conv.attributes["strides"] == standards.AttributeSchema("ints", None, False)
    leaky = standards.schema("", "LeakyRelu", 13)
    assert leaky is not None
    # Single precision, as a node that writes the default down carries it.
    assert leaky.attributes["alpha"].default == 0.009999999776482582
    pool = standards.schema("", "MaxPool", 13)
    assert pool is not None
    assert pool.attributes["kernel_shape"].required


def test_parameters_tell_option_arity_and_types() -> None:
    clip = standards.schema("", "Clip", 13)
    assert clip is not None
    assert [parameter.option for parameter in clip.inputs] == ["single", "optional", "optional"]
    assert (clip.min_inputs, clip.max_inputs) == (1, 3)
    assert clip.inputs[1].type == clip.outputs[0].type == "T"
    assert "float32" in clip.inputs[0].types
    assert "string" not in clip.inputs[0].types


def test_a_variadic_parameter_stands_for_all_further_positions() -> None:
    concat = standards.schema("", "Concat", 13)
    assert concat is not None
    assert concat.max_inputs is None
    assert concat.input(7) is concat.inputs[0]
    assert concat.output(1) is None
    assert concat.input(-1) is None
    loop = standards.schema("", "Loop", 13)
    assert loop is not None
    assert not loop.inputs[-1].homogeneous


def test_types_that_are_no_tensors_are_spelled_out() -> None:
    at = standards.schema("", "SequenceAt", 13)
    assert at is not None
    assert "seq(float32)" in at.inputs[0].types
    zipped = standards.schema("ai.onnx.ml", "ZipMap", 3)
    assert zipped is not None
    assert zipped.outputs[0].types == {"seq(map(string,float32))", "seq(map(int64,float32))"}


@pytest.mark.parametrize("operator", ["Upsample", "Scatter"])
def test_withdrawn_operators_are_marked(operator: str) -> None:
    newest = standards.schema("", operator, 20)
    assert newest is not None
    assert newest.deprecated


def test_every_operator_and_version_of_the_installed_standard_is_there() -> None:
    if release(onnx.__version__) > release(json.loads(refresh_onnx_standard.TARGET.read_bytes())["onnx"]):
        pytest.skip("a newer release of onnx is installed than the file was made from")
    known = {(schema.domain, schema.name, schema.since_version) for schema in defs.get_all_schemas_with_history()}
    for domain, name, since in known:
        if domain in refresh_onnx_standard.DOMAINS:
            found = standards.schema(domain, name, since)
            assert found is not None
            assert found.since_version == since


def release(version: str) -> tuple[int, ...]:
    """``1.22.0`` as numbers that compare."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def test_the_file_is_what_the_tool_makes_of_the_same_release_of_onnx() -> None:
    content = refresh_onnx_standard.standard()
    if content["onnx"] != json.loads(refresh_onnx_standard.TARGET.read_bytes())["onnx"]:
        pytest.skip("another release of onnx is installed than the file was made from")
    assert refresh_onnx_standard.text(content) == refresh_onnx_standard.TARGET.read_text(encoding="utf-8")


def test_the_file_stays_small_enough_to_be_read_on_every_check() -> None:
    assert refresh_onnx_standard.TARGET.stat().st_size < 350_000
