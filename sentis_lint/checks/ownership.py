"""Whether the importer of the target gets a file at all: another one may own it, or stand in its way."""

from __future__ import annotations

from collections.abc import Iterable

from sentis_lint import unity
from sentis_lint.findings import Confidence, Effect, Finding, Location
from sentis_lint.project import Project
from sentis_lint.readers.unity_meta import Meta
from sentis_lint.tables import rules

RULE = "importer-conflict"


def findings(format_name: str, target: str, project: Project | None, meta: Meta | None) -> Iterable[Finding]:
    """What a project says against the import of a model by the target.

    Args:
        format_name: ``onnx`` or ``litert``.
        target: the target's name, of the family of `unity`.
        project: around the model.
        meta: the .meta file beside it.
    """
    if meta is not None and meta.importer is not None and meta.importer not in unity.importers():
        yield _finding(
            target,
            "the .meta file",
            f"the .meta file gives the model to another importer (script {meta.importer}): Sentis does not import it",
            source="UnityEditor.AssetDatabase.SetImporterOverride; github.com/asus4/onnxruntime-unity/pull/33",
        )
    if project is None or project.package is None:
        return
    for predecessor in unity.predecessors():
        if predecessor.id in project.predecessors and format_name in predecessor.formats:
            yield _finding(
                target,
                predecessor.id,
                f"{predecessor.id} is installed beside {project.package}: both have an importer for this kind of file, "
                "and Unity rejects both",
                f"remove {predecessor.id} from Packages/manifest.json",
                source=predecessor.source,
            )


def _finding(target: str, subject: str, message: str, advice: str = "", *, source: str) -> Finding:
    return Finding(
        rule=RULE,
        limit=None,
        target=target,
        effect=Effect.REJECTED,
        confidence=Confidence.LIKELY,
        message=message,
        help=advice or rules()[RULE].help,
        subject=subject,
        source=source,
        locations=[Location()],
    )
