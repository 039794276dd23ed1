"""The declared opset against the range a release documents.

No importer refuses an opset number, so this is never more than a warning; what an importer misreads in a newer or older
form of an operator is for that operator's own limits to say.
"""

from __future__ import annotations

from collections.abc import Iterable

from sentis_lint.findings import Confidence, Effect, Finding, Location
from sentis_lint.graph import Model
from sentis_lint.standards import schema
from sentis_lint.targets import Target

RULE = "opset-undocumented"


def findings(model: Model, operators: Iterable[tuple[str, str]], target: Target) -> list[Finding]:
    """At most one finding: the default domain's opset is outside the range the target's release documents.

    Args:
        model: an ONNX model.
        operators: the operators used, as (domain, operator), subgraphs included.
        target: its release must document a range.
    """
    declared = model.opsets.get("")
    documented = target.release.opset
    if declared is None or documented is None or documented[0] <= declared <= documented[1]:
        return []
    first, last = documented
    names = sorted({name for domain, name in operators if domain in {"", "ai.onnx"}})
    if declared > last:
        advice = _advice_for_newer(names, declared, last)
    else:
        advice = f"export with an opset from {first} to {last}, or convert the file with onnx.version_converter"
    return [
        Finding(
            rule=RULE,
            limit=None,
            target=str(target),
            effect=Effect.UNDOCUMENTED,
            confidence=Confidence.CERTAIN,
            message=f"opset {declared} is outside the documented {first}–{last}",
            help=advice,
            subject=f"opset {declared}",
            source=f"manual of {target.release.package} {target.release.version}",
            locations=[Location()],
        )
    ]


def _advice_for_newer(names: list[str], declared: int, last: int) -> str:
    changed = []
    for name in names:
        newest = schema("", name, declared)
        if newest is not None and newest.since_version > last:
            changed.append(f"{name} ({newest.since_version})")
    if changed:
        shown = ", ".join(changed[:8]) + (f" and {len(changed) - 8} more" if len(changed) > 8 else "")
        return f"changed after opset {last}: {shown}; export with opset {last} where the exporter can"
    count = (
        "the one operator used did not change"
        if len(names) == 1
        else f"none of the {len(names)} operators used changed"
    )
    return f"{count} between {last} and {declared}: safe to declare {last}"
