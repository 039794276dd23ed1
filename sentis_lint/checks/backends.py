"""The backend asked for against what the tables say it runs, operator by operator.

What fails on every backend is a limit. Here it is about the rest: an operator that this backend has no kernel for, or
has one for other types or fewer dimensions than the CPU backend. Most of it stands in manuals and was not run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sentis_lint.findings import Confidence, Effect, Finding, Location
from sentis_lint.tables import Operator
from sentis_lint.targets import Target
from sentis_lint.walk import Situation

RULE = "backend-unsupported"
SLOW_RULE = "slow-path"
REFERENCE = "CPU"
"""The backend that has every operator; what it refuses is for limits to say."""


def findings(situations: Sequence[Situation], target_types: Mapping[str, str], target: Target) -> list[Finding]:
    """At most one finding for each operator and reason; none where no backend is asked for.

    Args:
        situations: of the main graph.
        target_types: the target's own type by dtype.
        target: with the backend.
    """
    if target.backend is None or target.backend == REFERENCE:
        return []
    found: dict[str, Finding] = {}
    facts: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]] | None] = {}
    for situation in situations:
        operator = situation.operator
        if operator is None or not operator.backend_blocks or not operator.mask >> target.release.index & 1:
            continue
        if situation.inputs and all(fact is None or fact.constant for fact in situation.inputs):
            continue  # computed during import
        if situation.name not in facts:
            facts[situation.name] = _facts(operator, target)
        known = facts[situation.name]
        if known is not None:
            for reason in _reasons(situation, *known, target_types):
                finding = found.get(reason[0])
                if finding is None:
                    finding = found[reason[0]] = _finding(target, *reason)
                finding.locations += (
                    Location("", node.index, node.op_type, node.name or None) for node in situation.nodes
                )
    return list(found.values())


def _facts(operator: Operator, target: Target) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
    """What the backend asked for computes, and what the CPU does."""
    here = {entry.name: entry.facts for entry in operator.backends if entry.mask >> target.release.index & 1}
    asked = here.get(target.backend or "")
    return None if asked is None else (asked, here.get(REFERENCE, {}))


Reason = tuple[str, str, Effect, Confidence]
"""Subject, what is wrong, effect, confidence."""


def _reasons(
    situation: Situation, facts: Mapping[str, Any], reference: Mapping[str, Any], target_types: Mapping[str, str]
) -> Iterator[Reason]:
    name, types = situation.name, facts.get("types", ())
    main = situation.inputs[0] if situation.inputs else None
    detour = "detour" in facts
    missing = (Effect.SLOW, Confidence.CERTAIN) if detour else (Effect.BACKEND, Confidence.LIKELY)
    if not types:
        if facts.get("fails"):
            missing = (Effect.BACKEND, Confidence.DOCUMENTED)
        yield name, "has no kernel for it", *missing
        return
    kind = None if main is None or main.dtype is None else target_types.get(main.dtype)
    if kind is not None and kind not in types and kind in reference.get("types", ()):
        yield f"{name} of {kind}", f"has no kernel for {kind} tensors, only for {_words(types)}", *missing
    if main is not None and main.shape is not None:
        spatial = len(main.shape) - 2
        most, least = facts.get("max_spatial"), facts.get("min_spatial")
        if (most is not None and spatial > most) or (least is not None and 0 < spatial < least):
            yield (
                f"{name} with {spatial} spatial dimensions",
                f"has no kernel for {spatial} spatial dimensions",
                *missing,
            )
    count = sum(fact is not None for fact in situation.inputs)
    if count > facts.get("max_inputs", count):
        yield f"{name} with {count} inputs", f"has no kernel for {count} inputs", *missing


def _words(types: Iterable[str]) -> str:
    return " and ".join(types)


def _finding(target: Target, subject: str, problem: str, effect: Effect, confidence: Confidence) -> Finding:
    slow = effect is Effect.SLOW
    outcome = "it runs on the CPU, and the data goes there and back" if slow else "it fails when the model runs"
    return Finding(
        rule=SLOW_RULE if slow else RULE,
        limit=None,
        target=str(target),
        effect=effect,
        confidence=confidence,
        message=f"{target.backend} {problem}: {outcome}",
        help="run the model on another backend, or replace the operator",
        subject=subject,
        source=f"manual of {target.release.package} {target.release.version}",
    )
