"""Verdicts against what the importers themselves answered, on real models that lie in registry packages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sentis_lint import api
from sentis_lint.findings import Verdict
from sentis_lint.targets import Target, family
from tools import corpus

SAMPLE: dict[str, Any] = json.loads((Path(__file__).parent.parent / "fixtures" / "corpus-sample.json").read_text())
PACKAGES: list[dict[str, Any]] = SAMPLE["packages"]


def entries(package: dict[str, Any]) -> list[dict[str, Any]]:
    """The models of a package, as `tools.corpus` wants them."""
    common = {key: package[key] for key in ("registry", "package", "version", "archive")}
    return [common | model for model in package["models"]]


def disagreements(model: dict[str, Any], path: Path) -> list[str]:
    """Releases whose verdict is not what the release answered, and operators it named that no finding names."""
    sentis = family("sentis")
    asked = {name: digit for name, digit in zip(SAMPLE["releases"], model["imports"], strict=True) if digit != "-"}
    report = api.check(path, [Target(sentis, sentis.release(name)) for name in asked])
    assert report.error is None, f"{path}: {report.error}"
    wrong = [
        f"{model['inner_path']}: {result.target} says {result.verdict}"
        for result, digit in zip(report.results, asked.values(), strict=True)
        if (result.verdict is not Verdict.REJECTED) != (digit == "1")
    ]
    named = {finding.subject.rpartition(".")[2] for result in report.results for finding in result.findings}
    return wrong + [f"{model['inner_path']}: {name} is not named" for name in model["unsupported"] if name not in named]


@pytest.mark.parametrize("package", PACKAGES, ids=[package["package"] for package in PACKAGES])
def test_every_release_gets_the_verdict_its_importer_gave(package: dict[str, Any]) -> None:
    try:
        fetched = list(corpus.fetch(entries(package)))
    except corpus.FetchError as error:
        pytest.skip(f"the registry is out of reach: {error}")
    wrong = [line for model, path in fetched for line in disagreements(model, path)]
    assert not wrong, "\n".join(wrong)
