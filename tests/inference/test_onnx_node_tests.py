"""ONNX's own node tests: what is claimed of every stored output, and that enough is claimed."""

from __future__ import annotations

import numpy
import onnx
import pytest
from onnx import shape_inference

from sentis_lint.inference.facts import UNKNOWN, Fact
from tests import models
from tests.inference.graphs import fact
from tools import differential_inference, inference_truth, onnx_graphs

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


@pytest.fixture(scope="module")
def cases() -> list[inference_truth.Case]:
    """The node tests of the installed package."""
    return list(inference_truth.generated_tests())


def test_no_claim_contradicts_a_stored_output(cases: list[inference_truth.Case]) -> None:
    counts, wrong = inference_truth.compare(iter(cases), seed=3)
    assert not wrong
    assert counts["cases"] > 1400
    # What is missing are subgraphs, sequences and counts that depend on the data.
    assert counts["  rank claimed"] / counts["values, inputs known"] > 0.96
    assert counts["  all dimensions claimed"] / counts["values, inputs known"] > 0.92


LEFT_OPEN = {"If", "Loop", "Scan", "SequenceMap", "OptionalGetElement"}
"""Operators with subgraphs and optionals, of which less is said than ``onnx`` does."""

DOUBTED = {"LinearAttention dtypes", "MaxPool dims"}
"""Claims of ``onnx`` that not every runtime keeps: the dtype of a first state, windows that start in padding."""


def test_nothing_that_onnx_infers_for_a_node_is_lost_or_contradicted(cases: list[inference_truth.Case]) -> None:
    shapes = differential_inference.Shapes()
    for name, proto, _, _ in cases:
        if len(proto.graph.node) == 1 and proto.graph.node[0].op_type not in LEFT_OPEN:
            shapes.compare(name, proto)
    assert not shapes.contradictions
    assert not {name for name in shapes.lost if not name.startswith("ai.onnx.preview")} - DOUBTED
    assert shapes.counts["dims equal"] > 2500


def test_the_comparison_notices_wrong_claims() -> None:
    array = numpy.array([[1, 2, 3]], "int64")
    assert not list(inference_truth.disagreements(fact("int64", (1, "n3"), 1, None, "n3"), array))
    assert not list(inference_truth.disagreements(UNKNOWN, array))
    for wrong in (
        fact("int32", None),
        fact(None, (1,)),
        fact(None, (1, 4)),
        fact(None, (1, "n4")),
        fact("int64", (1, 3), 1, 2, 4),
        fact("int64", (1, 3), 1, 2),
        Fact("int64", None, kind="sequence"),
    ):
        assert list(inference_truth.disagreements(wrong, array)), wrong


def test_the_comparison_with_onnx_notices_contradictions(monkeypatch: pytest.MonkeyPatch) -> None:
    proto = models.build("y = Relu (float[2,3] x)")
    wrong = {"y": Fact("float32", (2, 4))}
    monkeypatch.setattr(inference_truth, "infer_graph", lambda model: wrong)
    shapes = differential_inference.Shapes()
    shapes.compare("m", proto)
    assert shapes.contradictions == ["m: Relu y dim 1: 4, onnx 3"]


def test_symbols_and_shapes_survive_the_way_from_protobuf() -> None:
    proto = models.build("y = Relu (float[N,?,3] x)")
    facts = inference_truth.infer_graph(onnx_graphs.model(proto))
    assert facts["y"] == fact("float32", ("N", None, 3))
    assert isinstance(shape_inference.infer_shapes(proto), onnx.ModelProto)
