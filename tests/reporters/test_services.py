"""Reports for services and comments: GitHub, GitLab, JUnit, Markdown, JSON lines, and text with a finding a line."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest

from sentis_lint.findings import Confidence, Effect, ModelReport, ModelSummary, TargetResult
from sentis_lint.reporters import Run, Style, reporter
from tests.reporters import formats, samples
from tests.snapshots import assert_snapshot

RECORDED = {
    "github": "report-github.txt",
    "gitlab": "report-gitlab.json",
    "junit": "report-junit.xml",
    "markdown": "report.md",
}


def written(name: str, *reports: ModelReport, **style: bool) -> str:
    """What a reporter writes over these models, or over all samples."""
    return formats.written(name, samples.run(*reports), Style(**style))


def many(number: int, effect: Effect = Effect.REJECTED) -> ModelReport:
    """A model with so many findings."""
    findings = []
    for index in range(number):
        finding = samples.limited("sentis@2.4.0", effect, Confidence.CERTAIN)
        finding.limit = finding.subject = f"Op{index}"
        findings.append(finding)
    summary = ModelSummary("onnx", 13, 1, 1, "", 1)
    return ModelReport("many.onnx", summary, results=[TargetResult("sentis@2.4.0", findings)])


@pytest.mark.parametrize(("name", "file"), RECORDED.items())
def test_a_report_with_everything_in_it_reads_as_recorded(name: str, file: str) -> None:
    assert_snapshot(file, written(name))


@pytest.mark.parametrize("name", ["jsonl", "sarif", *RECORDED])
def test_a_run_over_nothing_can_be_read(name: str) -> None:
    text = formats.written(name, Run(samples.TARGETS, iter(()), "0.0.0"))
    if name == "gitlab":
        assert formats.gitlab(text) == []
    elif name == "junit":
        assert [suite.attrib["tests"] for suite in formats.junit(text)] == ["0"] * len(samples.TARGETS)
    elif name == "github":
        assert formats.github(text) == ([], ["sentis-lint: no files"])


@pytest.mark.parametrize("name", ["jsonl", "sarif", "github", "gitlab", "text"])
def test_a_model_is_written_before_the_next_is_checked(name: str) -> None:
    out = io.StringIO()
    lengths: list[int] = []

    def models() -> Iterator[ModelReport]:
        for _ in range(3):
            lengths.append(len(out.getvalue()))
            yield many(1)

    reporter(name).write(Run(samples.TARGETS, models(), "0"), out, Style(concise=name == "text"))
    assert lengths[0] < lengths[1] < lengths[2]


# JSON lines.


def test_json_lines_are_the_models_of_the_json_report() -> None:
    lines = [json.loads(line) for line in written("jsonl").splitlines()]
    assert lines == json.loads(written("json"))["models"]


# GitHub.


def test_targets_that_share_a_finding_share_an_annotation() -> None:
    commands, _ = formats.github(written("github", samples.reports()[0]))
    assert [command.name for command in commands] == ["error", "warning"]
    assert commands[0].message.startswith("sentis@2.2.0, 2.3.0, 2.4.0: If is imported by no Sentis release\nmain graph")
    assert commands[0].properties == {"file": "Assets/silero_vad.onnx", "title": "operator-unsupported"}


def test_no_more_annotations_are_written_than_github_shows() -> None:
    commands, others = formats.github(written("github", many(30), many(15, Effect.SLOW)))
    assert [command.name for command in commands] == ["error"] * 10 + ["notice"] * 10
    assert commands[-1].message.startswith("20 errors, 6 notices more than the 10 of each level")
    assert others == ["sentis-lint: 30 errors, 15 notes in 2 models"]


def test_quiet_leaves_out_the_line_for_the_log() -> None:
    _, others = formats.github(written("github", many(1), quiet=True))
    assert others == []


def test_a_finding_that_is_certain_for_one_target_is_not_called_hearsay() -> None:
    report = many(0)
    report.results = [
        TargetResult(target, [samples.limited(target, Effect.REJECTED, confidence)])
        for target, confidence in (("sentis@2.2.0", Confidence.DOCUMENTED), ("sentis@2.4.0", Confidence.CERTAIN))
    ]
    (command,), _ = formats.github(written("github", report))
    assert "as documented" not in command.message
    del report.results[1]
    (command,), _ = formats.github(written("github", report))
    assert "(as documented)" in command.message


# GitLab.


def test_gitlab_gets_the_fields_it_documents() -> None:
    entries = formats.gitlab(written("gitlab"))
    severities = [entry["severity"] for entry in entries]
    assert set(severities) == {"critical", "minor", "info", "blocker"}
    assert entries[-1]["location"] == {"path": "cut.onnx", "lines": {"begin": 1}}


# JUnit.


def test_a_model_is_a_test_case_of_each_target() -> None:
    root = formats.junit(written("junit"))
    assert [suite.attrib["name"] for suite in root] == samples.TARGETS
    assert {len(suite) for suite in root} == {len(samples.reports())}


def test_errors_fail_a_case_and_unreadable_files_are_errors() -> None:
    suite = formats.junit(written("junit"))[0]
    assert [[child.tag for child in case] for case in suite] == [
        ["failure", "system-out"],
        [],
        ["failure", "system-out"],
        ["error"],
        ["error"],
    ]
    failure = suite[0][0]
    assert failure.attrib == {"message": "If is imported by no Sentis release", "type": "operator-unsupported"}


def test_a_version_is_not_taken_for_a_package() -> None:
    case = formats.junit(written("junit"))[0][0]
    assert case.attrib["classname"] == "sentis-lint.sentis@2_2_0"


def test_xml_is_what_it_says_in_any_encoding() -> None:
    assert written("junit").isascii()


# Markdown.


def test_targets_that_agree_are_one_column() -> None:
    tokens = formats.markdown(written("markdown", *samples.reports()[:2]))
    assert formats.columns(tokens) == {3}


def test_quiet_leaves_out_models_that_are_fine() -> None:
    assert "fine.tflite" in written("markdown")
    assert "fine.tflite" not in written("markdown", quiet=True)


def test_a_comment_stays_short() -> None:
    text = written("markdown", many(100))
    formats.markdown(text)
    assert "- and 75 findings more\n" in text
    assert len(text) < 10_000


# Text, concise.


def test_concise_text_is_one_finding_a_line() -> None:
    lines = written("text", *samples.reports()[:1], concise=True, quiet=True).splitlines()
    found = [finding for result in samples.reports()[0].results for finding in result.findings]
    assert len(lines) == len(found)
    assert lines[0] == (
        "Assets/silero_vad.onnx: sentis@2.2.0: error: If is imported by no Sentis release "
        '(main graph, node 3 "/If" and 18 more) [operator-unsupported]'
    )


def test_concise_text_counts_at_the_end() -> None:
    last = written("text", concise=True).splitlines()[-1]
    assert last == "7 errors, 7 warnings, 8 notes in 3 models; 2 of 5 files could not be checked"


# Models of a Unity project are checked against its release, where no target is named.


def test_a_release_that_only_some_models_were_checked_against_is_shown_for_those() -> None:
    elsewhere = many(1)
    found = [samples.limited("sentis@1.2.0", Effect.REJECTED, Confidence.CERTAIN)]
    elsewhere.path, elsewhere.results = "Other/model.onnx", [TargetResult("sentis@1.2.0", found)]
    unreadable = samples.reports()[3]
    root = formats.junit(written("junit", elsewhere, many(1), unreadable))
    assert [(suite.attrib["name"], len(suite)) for suite in root] == [("sentis@2.4.0", 2), ("sentis@1.2.0", 2)]
    text = written("markdown", elsewhere, many(1), unreadable)
    assert formats.columns(formats.markdown(text)) == {3}
    assert "| `Other/model.onnx` | – | ❌ rejected |" in text
    (command, *_), _ = formats.github(written("github", elsewhere))
    assert command.message.startswith("sentis@1.2.0: ")
