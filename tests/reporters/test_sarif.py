"""The SARIF report: what code scanning shows, and by what it knows a finding again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sentis_lint.api import check
from sentis_lint.findings import (
    Confidence,
    Effect,
    FileError,
    Finding,
    Location,
    ModelReport,
    TargetResult,
    severity_of,
)
from sentis_lint.reporters import Run
from sentis_lint.reporters.identity import Fingerprints, is_inside, path_key, uri
from sentis_lint.tables import rules, tables
from sentis_lint.targets import catalogue, resolve
from tests import models
from tests.reporters import formats, samples


def parsed(*reports: ModelReport) -> Any:
    """The run of the log, held against the official schema."""
    return formats.sarif(formats.written("sarif", samples.run(*reports)))


def test_every_finding_of_every_target_is_a_result() -> None:
    run = parsed()
    found = [finding for report in samples.reports() for result in report.results for finding in result.findings]
    assert [result["properties"]["target"] for result in run["results"]] == [finding.target for finding in found]
    assert {result["level"] for result in run["results"]} == {"error", "warning", "note"}
    first = run["results"][0]
    assert first["properties"] == {
        "target": "sentis@2.2.0",
        "effect": "rejected",
        "confidence": "certain",
        "limit": None,
        "places": 19,
        "consequences": 2,
    }
    assert first["message"]["text"].startswith("sentis@2.2.0: If is imported by no Sentis release (main graph, node 3")


def test_rules_explain_themselves() -> None:
    described = {rule["id"]: rule for rule in parsed()["tool"]["driver"]["rules"]}
    assert list(described) == list(rules())
    for rule in described.values():
        for text in (rule["shortDescription"], rule["fullDescription"], rule["help"]):
            assert text["text"]
        assert rule["help"]["markdown"]


def test_no_finding_is_more_severe_than_its_rule_says() -> None:
    loudest: dict[str, int] = {}
    for family in catalogue():
        for name in ("onnx", "litert"):
            for limit in tables(family, name).every_limit():
                rank = severity_of(limit.effect, Confidence.CERTAIN).rank
                loudest[limit.rule] = min(rank, loudest.get(limit.rule, rank))
    for rule, rank in loudest.items():
        assert rules()[rule].severity.rank <= rank, rule


def test_places_are_named_from_the_inside_out() -> None:
    first = parsed()["results"][0]
    logical = [
        [(entry["kind"], entry["fullyQualifiedName"]) for entry in place.get("logicalLocations", ())]
        for place in first["locations"] + first["relatedLocations"]
    ]
    assert logical[0] == [("node", "main#3:/If"), ("graph", "main")]
    assert logical[1] == [("node", "If_3.then_branch#0:If"), ("graph", "If_3.then_branch")]
    assert logical[19] == [("value", "main#5:/Add:/If_output_0"), ("node", "main#5:/Add"), ("graph", "main")]


def test_the_model_as_a_whole_is_the_file() -> None:
    result = next(entry for entry in parsed()["results"] if entry["ruleId"] == "opset-undocumented")
    assert "logicalLocations" not in result["locations"][0]
    artifact = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact == {"uri": "Assets/silero_vad.onnx", "uriBaseId": "%SRCROOT%"}


def test_a_finding_in_thousands_of_places_stays_small() -> None:
    finding = samples.unsupported("sentis@2.2.0")
    finding.locations *= 1000
    finding.consequences = [Location("", index, "Add") for index in range(2000) for _ in range(2)]
    report = samples.reports()[0]
    report.results = [TargetResult("sentis@2.2.0", [finding])]
    (result,) = parsed(report)["results"]
    assert (len(result["locations"]), len(result["relatedLocations"])) == (100, 20)
    assert (result["properties"]["places"], result["properties"]["consequences"]) == (19_000, 4_000)


def test_a_file_that_cannot_be_read_is_a_notification_with_the_byte() -> None:
    (invocation,) = parsed()["invocations"]
    assert invocation["executionSuccessful"] is False
    gone, cut = invocation["toolExecutionNotifications"]
    assert gone["descriptor"]["id"] == "missing"
    assert gone["message"]["text"] == 'no such file; did you mean "done.onnx"?'
    assert "region" not in gone["locations"][0]["physicalLocation"]
    assert cut["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "cut.onnx", "uriBaseId": "%SRCROOT%"},
        "region": {"byteOffset": 4096},
    }


def test_a_run_without_findings_is_a_log_too() -> None:
    run = formats.sarif(formats.written("sarif", Run(samples.TARGETS, iter(()), "0")))
    assert run["results"] == []
    assert run["invocations"][0]["executionSuccessful"] is True


def test_the_same_run_gives_the_same_log() -> None:
    assert formats.written("sarif", samples.run()) == formats.written("sarif", samples.run())


@pytest.mark.parametrize(
    ("path", "reference", "inside"),
    [
        ("Assets/My Models/é#1%.onnx", "Assets/My%20Models/%C3%A9%231%25.onnx", True),
        ("./a.onnx", "a.onnx", True),
        ("a:b.onnx", "a%3Ab.onnx", True),
        ("a\udcff.onnx", "a%FF.onnx", True),
        ("../a.onnx", "../a.onnx", False),
        ("/tmp/a b.onnx", "file:///tmp/a%20b.onnx", False),
    ],
)
def test_paths_become_uris(path: str, reference: str, inside: bool) -> None:
    assert uri(path) == reference
    assert is_inside(path) is inside


# Fingerprints.

EXPORTED = """
    opset 16: h = Conv <dilations=[1,1]> (float[1,3,8,8] x, float[4,3,3,3] w); a = Det (float[2,2] m);
    n = NonZero (h); i = Det (float[3,3] k); y = AveragePool <kernel_shape=[2,2], ceil_mode=1> (h) => y, a, i, n
"""
AGAIN = """
    opset 16: inner = Det (float[3,3] left); other = Det (float[2,2] right);
    hidden = Conv <dilations=[1,1]> (float[1,3,8,8] image, float[4,3,3,3] kernel);
    out = AveragePool <kernel_shape=[2,2], ceil_mode=1> (hidden); nz = NonZero (hidden) => out, other, inner, nz
"""


def exported(text: str, folder: Path) -> ModelReport:
    """The report on a model that is written under always the same name."""
    path = folder / "model.onnx"
    path.write_bytes(models.build(text).SerializeToString())
    report = check(path, resolve(["sentis@2.1.3", "sentis@2.4.0"]))
    report.path = "Assets/model.onnx"
    return report


def test_fingerprints_outlive_a_new_export(tmp_path: Path) -> None:
    before, after = exported(EXPORTED, tmp_path), exported(AGAIN, tmp_path)
    assert before.results != after.results  # nodes and names did change
    for name, read in (("sarif", _sarif_fingerprints), ("gitlab", _gitlab_fingerprints)):
        targets = [result.target for result in before.results]
        first, second = (
            read(formats.written(name, Run(targets, iter([report]), "0.0.0"))) for report in (before, after)
        )
        assert len(first) >= 4
        assert first == second


def _sarif_fingerprints(text: str) -> set[str]:
    return {result["partialFingerprints"]["sentisLint/v1"] for result in formats.sarif(text)["results"]}


def _gitlab_fingerprints(text: str) -> set[str]:
    return {entry["fingerprint"] for entry in formats.gitlab(text)}


def finding(confidence: Confidence = Confidence.CERTAIN) -> Finding:
    """A limit of the tables."""
    return samples.limited("sentis@2.4.0", Effect.REJECTED, confidence)


def test_one_problem_in_two_files_has_two_fingerprints() -> None:
    assert Fingerprints("a.onnx").of(finding()) != Fingerprints("b.onnx").of(finding())
    assert Fingerprints("a.onnx").of(finding()) == Fingerprints("./a.onnx").of(finding())


def test_no_fingerprint_is_given_out_twice() -> None:
    given = Fingerprints("a.onnx")
    assert given.of(finding()) != given.of(finding(Confidence.POSSIBLE))
    assert given.of_error("missing") != given.of_error("empty")


def test_an_unreadable_file_has_no_results() -> None:
    run = parsed(ModelReport("x.onnx", None, FileError("empty", "no bytes", 0)))
    assert run["results"] == []
    place = run["invocations"][0]["toolExecutionNotifications"][0]["locations"][0]["physicalLocation"]
    assert place["region"] == {"byteOffset": 0}


def test_a_path_is_spelled_as_in_the_repository() -> None:
    assert path_key("././/Assets/a.onnx") == "Assets/a.onnx"
