"""The measure of computed results counts what it says."""

from __future__ import annotations

from pathlib import Path

from sentis_lint.findings import Confidence, Effect, Finding, ModelReport, TargetResult
from tools.numeric import NumericTally, model_path


def report(*confidences: Confidence) -> ModelReport:
    """A report with a silent finding of each confidence."""
    found = [
        Finding("semantics", "Op/limit", "sentis@2.4.0/CPU", Effect.WRONG, confidence, "m", "h")
        for confidence in confidences
    ]
    return ModelReport("m.onnx", None, results=[TargetResult("sentis@2.4.0/CPU", found)])


def test_a_possible_finding_is_not_counted_as_found() -> None:
    tally = NumericTally()
    tally.add("a", report(Confidence.LIKELY), {"2.4.0": "values"})
    tally.add("b", report(Confidence.POSSIBLE), {"2.4.0": "throws"})
    tally.add("c", report(), {"2.4.0": "shape"})
    score = tally.scores["2.4.0"]
    assert (score.different, score.found, score.named) == (3, 1, 1)
    assert list(tally.missed) == ["c"]


def test_only_certain_findings_on_matching_models_are_false() -> None:
    tally = NumericTally()
    tally.add("a", report(Confidence.LIKELY, Confidence.POSSIBLE), {"2.4.0": "matches"})
    tally.add("b", report(Confidence.CERTAIN), {"2.4.0": "matches"})
    tally.add("c", report(Confidence.CERTAIN), {"2.4.0": "random"})
    score = tally.scores["2.4.0"]
    assert (score.matching, score.false) == (2, 1)


def test_generated_tests_and_those_of_wheels_are_found_where_fetching_puts_them() -> None:
    assert model_path(Path("m"), "onnx==1.23.2 node/test_abs") == Path("m/onnx-1.23.2/test_abs.onnx")
    expected = Path("m/onnx-1.13.1/onnx/backend/test/data/node/test_abs/model.onnx")
    assert model_path(Path("m"), "onnx==1.13.1 node/test_abs") == expected
