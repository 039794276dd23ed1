"""A function of the model that is named like an operator is not silently another thing."""

from __future__ import annotations

from pathlib import Path

from sentis_lint import api
from sentis_lint.findings import Effect
from sentis_lint.targets import resolve
from tests import models

CALL = """<ir_version: 8, opset_import: ["" : 15, "mine" : 1]> g (float[2] x) => (float[2] y) { y = mine.Relu (x) }
<domain: "mine", opset_import: ["" : 15]> Relu (x) => (y) { y = Neg (x) }"""


def test_a_function_named_like_an_operator_is_reported_as_mistaken_for_it(tmp_path: Path) -> None:
    (result,) = api.check(models.write(tmp_path, CALL), resolve(["sentis@2.4.0"])).results
    (finding,) = result.findings
    assert (finding.rule, finding.subject, finding.effect) == ("local-function", "mine.Relu", Effect.WRONG)


def test_a_function_with_a_name_of_its_own_is_only_unsupported(tmp_path: Path) -> None:
    text = CALL.replace("mine.Relu", "mine.Twist").replace("> Relu (x)", "> Twist (x)")
    (result,) = api.check(models.write(tmp_path, text), resolve(["sentis@2.4.0"])).results
    assert [finding.effect for finding in result.findings] == [Effect.REJECTED]
