"""From a model to verdicts: what is found, where, and for which release."""

from __future__ import annotations

from pathlib import Path

import pytest

from sentis_lint import api
from sentis_lint.findings import Confidence, Effect, Finding, Severity, TargetResult, Verdict
from sentis_lint.targets import resolve
from tests import models

IF_MODEL = """<ir_version: 8, opset_import: ["" : 15]>
main (float[2] x, bool c) => (float[2] z) {
    y = If <
        then_branch = yes () => (float[2] a) { a = GRU (x) },
        else_branch = no () => (float[2] b) { b = Identity (x) }
    > (c)
    z = Relu (y)
}"""

FUNCTION_MODEL = """<ir_version: 8, opset_import: ["" : 15, "local" : 1]>
main (float[2] x) => (float[2] y) { y = local.twice (x) }
<domain: "local", opset_import: ["" : 15]>
twice (a) => (b) { b = Add (a, a) }"""


def result(folder: Path, text: str, target: str = "sentis@2.4.0") -> TargetResult:
    """What one target makes of a model given as text."""
    report = api.check(models.write(folder, text), resolve([target]))
    assert report.error is None, report.error
    return report.results[0]


def of_rule(outcome: TargetResult, rule: str) -> list[Finding]:
    """The findings of one rule."""
    return [finding for finding in outcome.findings if finding.rule == rule]


def test_an_operator_that_no_release_has_is_named_with_every_node(tmp_path: Path) -> None:
    outcome = result(tmp_path, "a = Unique (float[4] x); b, c, d = Unique (a) => a, b")
    (finding,) = of_rule(outcome, "operator-unsupported")
    assert outcome.verdict is Verdict.REJECTED
    assert (finding.subject, finding.effect, finding.severity) == ("Unique", Effect.REJECTED, Severity.ERROR)
    assert [place.node for place in finding.locations] == [0, 1]


def test_operators_inside_subgraphs_are_named_too(tmp_path: Path) -> None:
    outcome = result(tmp_path, IF_MODEL)
    named = {finding.subject: finding for finding in of_rule(outcome, "operator-unsupported")}
    assert set(named) == {"If", "GRU"}
    assert named["GRU"].locations[0].graph.endswith(".then_branch")


def test_what_fails_only_because_of_another_node_is_folded_under_it(tmp_path: Path) -> None:
    (finding,) = [item for item in result(tmp_path, IF_MODEL).findings if item.subject == "If"]
    assert [(place.op, place.value) for place in finding.consequences] == [("Relu", "y")]


def test_a_call_of_the_models_own_function_is_told_from_a_foreign_operator(tmp_path: Path) -> None:
    outcome = result(tmp_path, FUNCTION_MODEL)
    (finding,) = of_rule(outcome, "local-function")
    assert finding.subject == "local.twice"
    assert "inline" in finding.help


@pytest.mark.parametrize(("release", "verdict"), [("1.5.0-pre.3", Verdict.REJECTED), ("1.6.0-pre.1", Verdict.OK)])
def test_an_operator_counts_from_the_release_that_brought_it(tmp_path: Path, release: str, verdict: Verdict) -> None:
    text = "opset 16: y = GridSample (float[1,1,4,4] x, float[1,2,2,2] g)"
    assert result(tmp_path, text, f"sentis@{release}").verdict is verdict


def test_the_documentation_of_a_release_is_not_taken_for_its_source(tmp_path: Path) -> None:
    (finding,) = of_rule(result(tmp_path, "y = Unique (float[4] x)", "sentis@1.0.0-exp.6"), "operator-unsupported")
    assert finding.confidence is Confidence.DOCUMENTED


def test_shapes_follow_what_the_importer_reads_in_place_of_an_attribute(tmp_path: Path) -> None:
    # With ceil_mode the pooled size is 3; Sentis ignores it, gets 2, and the Add further down no longer fits.
    text = """a = MaxPool <kernel_shape=[2,2], strides=[2,2], ceil_mode=1> (float[1,1,5,5] x);
              b = Relu (a); y = Add (b, float[1,1,3,3] w)"""
    outcome = result(tmp_path, text)
    assert outcome.verdict is Verdict.REJECTED
    assert "Add/broadcast" in [finding.limit for finding in outcome.findings]
    assert result(tmp_path, text.replace("ceil_mode=1", "ceil_mode=0").replace("3,3]", "2,2]")).verdict is Verdict.OK


def test_a_release_that_does_not_follow_floats_is_not_said_to_see_a_clash_through_them(tmp_path: Path) -> None:
    # The size goes through float arithmetic; releases before 2.2 do not know it while they import.
    text = """a = MaxPool <kernel_shape=[2,2], strides=[2,2], ceil_mode=1> (float[1,1,5,5] x); s = Shape (a);
              f = Cast <to=1> (s); g = Mul (f, float[4] k = {1,1,2,2}); h = Floor (g); i = Cast <to=7> (h);
              r = Resize <mode="nearest"> (a, "", "", i); y = Add (r, float[1,1,6,6] w)"""
    assert result(tmp_path, text, "sentis@2.4.0").verdict is Verdict.REJECTED
    assert result(tmp_path, text, "sentis@2.1.3").verdict is not Verdict.REJECTED


def test_nodes_in_any_order_give_the_same_findings(tmp_path: Path) -> None:
    sorted_text = "a = DepthToSpace <blocksize=2> (float[4,2,2] x); y = Relu (a)"
    unsorted = """<ir_version: 8, opset_import: ["" : 15]>
    main (float[4,2,2] x) => (float[1,4,4] y) { y = Relu (a) a = DepthToSpace <blocksize = 2> (x) }"""
    one, other = result(tmp_path, sorted_text), result(tmp_path, unsorted)
    assert one.findings
    assert [finding.fingerprint for finding in one.findings] == [finding.fingerprint for finding in other.findings]


def test_a_circle_of_nodes_is_rejected_and_does_not_hang(tmp_path: Path) -> None:
    text = """<ir_version: 8, opset_import: ["" : 15]>
    main (float[2] x) => (float[2] y) { a = Add (x, b) b = Relu (a) y = Relu (b) }"""
    outcome = result(tmp_path, text)
    assert outcome.verdict is Verdict.REJECTED
    assert "model/cycle" in [finding.limit for finding in outcome.findings]


def test_doubts_behind_an_operator_that_is_not_imported_are_not_reported(tmp_path: Path) -> None:
    outcome = result(tmp_path, "opset 17: a = my.Op (float[4] s); y = LayerNormalization (float[2,4] x, a, float[4] b)")
    assert not [finding for finding in outcome.findings if finding.confidence is Confidence.POSSIBLE]
    assert outcome.verdict is Verdict.REJECTED


def test_a_value_that_nothing_makes_is_no_doubt_about_its_rank_as_well(tmp_path: Path) -> None:
    text = """<ir_version: 8, opset_import: ["" : 15]>
    main (float[2] x) => (float[2] y) { y = Add (x, ghost) }"""
    assert [finding.rule for finding in result(tmp_path, text).findings] == ["graph-structure"]


def test_an_unknown_rank_is_a_doubt_and_never_a_verdict(tmp_path: Path) -> None:
    text = "opset 17: r = Reshape (float[N] s, int64[M] t); y = LayerNormalization (float[2,4] x, r, float[4] b)"
    outcome = result(tmp_path, text)
    doubts = [finding for finding in outcome.findings if finding.confidence is Confidence.POSSIBLE]
    assert outcome.verdict is Verdict.OK
    assert {finding.severity for finding in doubts} == {Severity.NOTE}


def test_an_opset_outside_the_documented_range_says_what_changed(tmp_path: Path) -> None:
    same = of_rule(result(tmp_path, "opset 17: y = Relu (float[2] x)"), "opset-undocumented")
    changed = of_rule(result(tmp_path, "opset 19: y = Reshape (float[2] x, int64[1] s = {2})"), "opset-undocumented")
    assert "safe to declare 15" in same[0].help
    assert "Reshape (19)" in changed[0].help
    assert same[0].severity is Severity.WARNING
    assert not of_rule(result(tmp_path, "opset 19: y = Relu (float[2] x)", "sentis@2.6.0"), "opset-undocumented")


def test_a_format_that_a_release_does_not_import_is_said_so() -> None:
    path = Path(__file__).parent.parent / "fixtures" / "models" / "hand_recrop.tflite"
    report = api.check(path, resolve(["sentis@2.3.0"]))
    (finding,) = report.results[0].findings
    assert (finding.rule, finding.subject) == ("format-unsupported", "LiteRT")


def test_other_releases_cost_no_second_look(tmp_path: Path) -> None:
    path = models.write(tmp_path, "opset 16: y = GridSample (float[1,1,4,4] x, float[1,2,2,2] g)")
    report = api.check(path, resolve(["sentis@2.4.0"]), resolve(["sentis@all"]))
    assert [item.target for item in report.results] == ["sentis@2.4.0"]
    assert {item.verdict for item in report.others} == {Verdict.OK, Verdict.REJECTED}


def test_a_clash_of_shapes_names_the_node_that_caused_it(tmp_path: Path) -> None:
    text = """a = MaxPool <kernel_shape=[2,2], strides=[2,2], ceil_mode=1> (float[1,1,5,5] x);
              y = Add (a, float[1,1,3,3] w)"""
    cause, clash = result(tmp_path, text).findings[:2]
    assert (cause.limit, clash.limit) == ("MaxPool/ceil-mode", "Add/broadcast")
    assert "MaxPool/ceil-mode" in clash.help


def test_a_model_under_the_ending_of_another_format_is_noticed(tmp_path: Path) -> None:
    path = models.write(tmp_path, "y = Relu (float[2] x)", "m.tflite")
    (finding,) = of_rule(api.check(path, resolve(["sentis@2.4.0"])).results[0], "file-ending")
    assert finding.confidence is Confidence.LIKELY
    assert ".onnx" in finding.help


def test_the_loudest_finding_comes_first(tmp_path: Path) -> None:
    outcome = result(tmp_path, "opset 17: a = Unique (float[4] x); y = Relu (a)")
    ranks = [finding.severity.rank for finding in outcome.findings]
    assert ranks == sorted(ranks)
