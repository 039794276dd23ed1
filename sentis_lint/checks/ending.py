"""The ending of a file's name: importers that are chosen by it never see a model with the ending of another format."""

from __future__ import annotations

from pathlib import PurePath

from sentis_lint.findings import Confidence, Effect, Finding, Location
from sentis_lint.tables import rules
from sentis_lint.targets import Target

RULE = "file-ending"


def findings(name: str, format_name: str, target: Target) -> list[Finding]:
    """At most one finding: the name ends like a file of another format that the target imports.

    Args:
        name: the file's name.
        format_name: what the file is, by its content.
        target: its family says which endings belong to which format.
    """
    endings = target.family.endings
    suffix = PurePath(name).suffix.lower()
    others = [other for other, known in endings.items() if other != format_name and suffix in known]
    if not others or format_name not in endings:
        return []
    return [
        Finding(
            rule=RULE,
            limit=None,
            target=str(target),
            effect=Effect.REJECTED,
            confidence=Confidence.LIKELY,
            message=f"a {suffix} file is read as {others[0]}, and this one is {format_name}",
            help=f"{rules()[RULE].help}: {endings[format_name][0]}",
            subject=suffix,
            locations=[Location()],
        )
    ]
