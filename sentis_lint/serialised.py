"""Serialised models (``.sentis``) in a Unity project: whether the project's release can load what another one wrote.

Of such a file only the version of its format is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sentis_lint import unity
from sentis_lint.findings import (
    Confidence,
    Effect,
    FileError,
    Finding,
    Location,
    ModelReport,
    ModelSummary,
    TargetResult,
)
from sentis_lint.graph import ReadError
from sentis_lint.tables import rules
from sentis_lint.targets import Target

SUFFIX = ".sentis"
FORMAT = "sentis"
RULE = "serialised-version"

_SOURCE = "com.unity.ai.inference@2.4.0 Runtime/Core/Serialization/ModelLoader.cs"


def check(path: str | Path, targets: Sequence[Target]) -> ModelReport:
    """Check one serialised model against targets; a file that is none gives a report with an `error`."""
    from sentis_lint.readers import foreign
    from sentis_lint.readers.source import FileSource

    report = ModelReport(path=str(path), summary=None)
    try:
        with FileSource(Path(path)) as source:
            size = source.size
            found = foreign.recognise(source.read(0, min(foreign.HEAD, size)), Path(path), size)
    except ReadError as error:
        report.error = FileError(error.kind, error.message, error.offset)
        return report
    if found is not None and found.id != FORMAT:
        report.error = FileError(found.kind, found.name, help=found.advice)
        return report
    version = int(found.details["version"]) if found is not None and "version" in found.details else None
    writer = unity.writer_of(version) if version is not None else ""
    report.summary = ModelSummary(
        FORMAT, None, 0, 0, f"version {version} ({writer})" if writer else "of unknown version", size
    )
    for target in targets:
        finding = _finding(version, writer, target)
        report.results.append(TargetResult(str(target), [finding] if finding is not None else []))
    return report


def _finding(version: int | None, writer: str, target: Target) -> Finding | None:
    if target.family is not unity.family():
        return None
    rows = unity.serialised()
    readable = [row.version for row in rows if row.since <= target.release.index]
    effect = Effect.ALTERED
    if not writer:
        if not readable:  # such a release wrote files of a form that is not known here
            return None
        effect = Effect.REJECTED
        message = "the file was not written by Sentis 1.4 or newer, and nothing older is loaded"
    elif not readable:
        effect = Effect.REJECTED
        message = f"the file was written by {writer}, in a form that no release before 1.4 loads"
    elif version is not None and version > readable[-1]:
        message = f"the file was written by {writer}, in a newer form than this release knows, and loads with a warning"
    else:
        return None
    return Finding(
        rule=RULE,
        limit=None,
        target=str(target),
        effect=effect,
        confidence=Confidence.LIKELY,
        message=message,
        help=rules()[RULE].help,
        subject="the file",
        source=_SOURCE,
        locations=[Location()],
    )
