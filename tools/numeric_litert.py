"""Measure what we say of LiteRT models against what Sentis 2.4.0 really computed (``agreement --only litert-numeric``).

A model that imports and computes something else than the LiteRT runtime (other values, another shape, an exception) is
to get a finding with effect wrong, altered or backend that is certain or likely; one that computes the same must get
none that is certain. Prints both rates and lists what is missed and what is said wrongly.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sentis_lint import api
from sentis_lint.findings import Confidence, Finding
from sentis_lint.targets import resolve
from tools import corpus

_COUNTED: Final = frozenset({"wrong", "altered", "backend"})
_DIFFERS: Final = frozenset({"values", "shape", "throws"})
_SURE: Final = frozenset({Confidence.CERTAIN, Confidence.DOCUMENTED})


def measured(facts: Path) -> Iterator[tuple[str, Path, str, str]]:
    """Every measured model that imports: its name, its file, what came of running it, and remarks on that."""
    for line in (facts / "litert-suite" / "expected.jsonl").read_text().splitlines():
        row = json.loads(line)
        if row["sentis_2.4.0"] == "imports":
            yield row["file"], facts / "litert-suite" / row["file"], row["sentis_2.4.0_cpu"], " ".join(row["found"])
    entries = {entry["sha256"]: entry for entry in json.loads((facts / "corpus-open.json").read_text())["models"]}
    for line in (facts / "expected" / "numeric-sentis-real.jsonl").read_text().splitlines():
        row = json.loads(line)
        if row["format"] == "tflite" and row["results"]["2.4.0"] != "not-imported":
            entry = entries[row["sha256"]]
            if not corpus.model_path(entry).is_file():
                list(corpus.fetch([entry]))
            yield row["model"], corpus.model_path(entry), row["results"]["2.4.0"], "real"


def _counted(path: Path, *, pedantic: bool) -> list[Finding]:
    report = api.check(path, resolve(["sentis@2.4.0/CPU"]), pedantic=pedantic)
    return [finding for result in report.results for finding in result.findings if finding.effect in _COUNTED]


def show(facts: Path, match: str, *, details: bool) -> None:
    """Print the figures, and with `details` every model that is missed or accused wrongly."""
    differing, matching, ran_without_reference = 0, 0, 0
    missed: list[str] = []
    at_run_time: list[str] = []
    accused: list[str] = []
    for name, path, answer, remark in measured(facts):
        if match not in name:
            continue
        findings = _counted(path, pedantic=False)
        if answer in _DIFFERS:
            differing += 1
            if not any(finding.confidence in _SURE or finding.confidence == Confidence.LIKELY for finding in findings):
                seen = [str(finding.limit) for finding in _counted(path, pedantic=True)]
                (at_run_time if seen else missed).append(f"{name} {answer} {remark} {seen or ''}")
        elif answer == "matches":
            matching += 1
            said = [str(finding.limit) for finding in findings if finding.confidence in _SURE]
            if said:
                accused.append(f"{name} {said}")
        else:
            ran_without_reference += 1
    print("\nLiteRT, what is computed (2.4.0, CPU)")
    found = differing - len(missed) - len(at_run_time)
    for label, count, total in (
        ("differ and are said to", found, differing),
        ("  with --pedantic", differing - len(missed), differing),
        ("match and are accused for certain", len(accused), matching),
    ):
        print(f"  {label:34} {count:5} of {total:5}  {100 * count / max(total, 1):7.3f} %")
    print(f"  nothing to compare with: {ran_without_reference} models")
    for label, cases in (("missed", missed), ("named under --pedantic only", at_run_time), ("accused", accused)):
        for case in cases if details else ():
            print(f"    {label}: {case}")
