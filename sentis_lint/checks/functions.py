"""Functions of the model itself that an importer takes for its own operators.

An importer that looks operators up by name alone and does not read functions converts the call of a function named like
one of its operators as that operator, whatever the function says.
"""

from __future__ import annotations

from collections.abc import Iterable

from sentis_lint.findings import Confidence, Effect, Finding, Location
from sentis_lint.graph import Model
from sentis_lint.tables import rules
from sentis_lint.targets import Target

RULE = "local-function"


def findings(model: Model, uses: Iterable[tuple[str, str, list[Location]]], target: Target) -> list[Finding]:
    """One finding for each function that is mistaken for an operator.

    Args:
        model: an ONNX model.
        uses: operators that the target imports, as (domain, name, places).
        target: a release that imports them.
    """
    functions = {(function.domain, function.name) for function in model.functions}
    return [
        Finding(
            rule=RULE,
            limit=None,
            target=str(target),
            effect=Effect.WRONG,
            confidence=Confidence.LIKELY,
            message=f"{domain}.{name} is a function of the model itself and is taken for the operator {name}",
            help=rules()[RULE].help,
            subject=f"{domain}.{name}",
            source="measured on 1.3.0-pre.3 to 2.4.0",
            locations=places,
        )
        for domain, name, places in uses
        if (domain, name) in functions
    ]
