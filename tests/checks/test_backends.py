"""A backend that cannot run an operator is named, and only where it is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from sentis_lint import api
from sentis_lint.findings import Effect, Finding, Verdict
from sentis_lint.targets import resolve
from tests import models

THREE_DIMENSIONS = "y = MaxPool <kernel_shape=[2,2,2]> (float[1,1,4,4,4] x)"
TOP_K = "v, i = TopK (float[5] x, int64[1] k = {2})"


def findings(folder: Path, text: str, target: str) -> list[Finding]:
    """What a target says about a model."""
    return api.check(models.write(folder, text), resolve([target])).results[0].findings


def test_an_operator_without_a_kernel_fails_on_the_backend_asked_for(tmp_path: Path) -> None:
    result = api.check(models.write(tmp_path, TOP_K), resolve(["sentis@2.4.0/GPUPixel"])).results[0]
    assert [(finding.rule, finding.subject) for finding in result.findings] == [("backend-unsupported", "TopK")]
    assert result.verdict is Verdict.BACKEND


def test_too_many_dimensions_for_a_backend_are_named_with_their_number(tmp_path: Path) -> None:
    (finding,) = findings(tmp_path, THREE_DIMENSIONS, "sentis@2.4.0/GPUCompute")
    assert finding.effect is Effect.BACKEND
    assert "3 spatial dimensions" in finding.message


def test_a_release_that_learned_it_says_nothing(tmp_path: Path) -> None:
    assert not findings(tmp_path, THREE_DIMENSIONS, "sentis@2.6.0/GPUCompute")


def test_a_detour_over_the_cpu_is_slow_and_not_a_failure(tmp_path: Path) -> None:
    (finding,) = findings(tmp_path, "y = LRN <size=3> (float[1,3,4,4] x)", "sentis@2.4.0/GPUCompute")
    assert (finding.rule, finding.effect) == ("slow-path", Effect.SLOW)


def test_nodes_of_one_operator_are_one_finding(tmp_path: Path) -> None:
    text = "a = LRN <size=3> (float[1,3,4,4] x); b = Relu (a); y = LRN <size=3> (b)"
    (finding,) = findings(tmp_path, text, "sentis@2.4.0/GPUCompute")
    assert [place.node for place in finding.locations] == [0, 2]


@pytest.mark.parametrize("target", ["sentis@2.4.0", "sentis@2.4.0/CPU"])
def test_nothing_is_said_where_no_gpu_is_asked_for(tmp_path: Path, target: str) -> None:
    assert not findings(tmp_path, THREE_DIMENSIONS, target)


def test_what_is_computed_during_import_needs_no_kernel(tmp_path: Path) -> None:
    text = "n = NonZero (float[2] c = {0, 1}); y = Add (n, int64[1,1] x)"
    assert not findings(tmp_path, text, "sentis@2.4.0/GPUCompute")
