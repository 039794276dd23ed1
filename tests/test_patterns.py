"""Patterns: small graphs are found where they are, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from sentis_lint import api
from sentis_lint.dialects import dialect_for
from sentis_lint.patterns import Matcher, Pattern, parse_statements
from sentis_lint.tables import TableError, tables
from sentis_lint.targets import family, resolve
from sentis_lint.walk import walk
from tests import models

TABLES = tables(family("sentis"), "onnx")
SOME_LIMIT = TABLES.pattern_files[0][0]


def found(folder: Path, text: str, nodes: list[str], when: str, **options: list[str]) -> list[tuple[int, bool | None]]:
    """Indices of the last nodes of each occurrence, with its state."""
    limit = SOME_LIMIT
    limit = type(limit)(**{name: getattr(limit, name) for name in limit.__match_args__})
    limit.when, limit._condition = when, None
    statements = parse_statements(nodes, options.get("commutative", []), "test")
    pattern = Pattern(statements, limit, frozenset(options.get("single_use", [])))
    model = api.load(models.write(folder, text))
    dialect = dialect_for(model, TABLES)
    matcher = Matcher(walk(model.graph, dialect, TABLES, 1), dialect)
    return [(node.index, state) for node, state in matcher.hits(pattern)]


MATMUL_ADD = ["p = MatMul (x, W)", "y = Add (p, c)"]
TEXT = "a = MatMul (float[2,3] x, float[3,4] w = {0,0,0,0,0,0,0,0,0,0,0,0}); b = Add (a, float[4] c)"


def test_connected_nodes_match_and_the_condition_sees_their_values(tmp_path: Path) -> None:
    assert found(tmp_path, TEXT, MATMUL_ADD, "const(W) and not const(c) and dim(W, 1) == 4") == [(1, True)]
    assert found(tmp_path, TEXT, MATMUL_ADD, "rank(c) == 2") == []


def test_operands_are_swapped_only_where_the_pattern_allows_it(tmp_path: Path) -> None:
    swapped = "a = MatMul (float[2,3] x, float[3,4] w); b = Add (float[4] c, a)"
    assert found(tmp_path, swapped, MATMUL_ADD, "rank(c) == 1") == []
    assert found(tmp_path, swapped, MATMUL_ADD, "rank(c) == 1", commutative=["y"]) == [(1, True)]


def test_a_value_that_others_use_too_is_no_match_where_it_has_to_vanish(tmp_path: Path) -> None:
    used_twice = TEXT + "; d = Relu (a) => b, d"
    assert found(tmp_path, used_twice, MATMUL_ADD, "rank(c) == 1") == [(1, True)]
    assert found(tmp_path, used_twice, MATMUL_ADD, "rank(c) == 1", single_use=["p"]) == []
    assert found(tmp_path, TEXT + " => a, b", MATMUL_ADD, "rank(c) == 1", single_use=["p"]) == []


def test_the_same_name_has_to_be_the_same_value(tmp_path: Path) -> None:
    twice = ["p = Relu (x)", "y = Add (p, p)"]
    assert found(tmp_path, "a = Relu (float[2] x); b = Add (a, a)", twice, "rank(x) == 1") == [(1, True)]
    assert found(tmp_path, "a = Relu (float[2] x); b = Add (a, x)", twice, "rank(x) == 1") == []


def test_attributes_and_numbers_narrow_a_statement(tmp_path: Path) -> None:
    text = "m = ReduceMean <axes=[-1]> (float[2,3] x); q = Pow (m, float[] two = {2})"
    nodes = ["m = ReduceMean <axes=[-1], keepdims=1> (x)", "q = Pow (m, 2)"]
    assert found(tmp_path, text, nodes, "m.keepdims == 1 and not present(m.keepdims)") == [(1, True)]
    assert found(tmp_path, text.replace("{2}", "{3}"), nodes, "True") == []
    assert found(tmp_path, text.replace("[-1]", "[0]"), nodes, "True") == []


def test_what_cannot_be_decided_is_a_doubt(tmp_path: Path) -> None:
    text = "a = MatMul (float[2,3] x, float[3,4] w); r = Reshape (float[4] c, int64[N] s); b = Add (a, r)"
    assert found(tmp_path, text, MATMUL_ADD, "rank(c) == 1") == [(2, None)]


@pytest.mark.parametrize("line", ["MatMul (x)", "y = Mat-Mul (x)", "y = Relu <a=> (x)"])
def test_a_line_that_is_no_statement_is_refused(line: str) -> None:
    with pytest.raises(TableError):
        parse_statements([line], [], "test")


def test_a_statement_that_nothing_takes_is_refused() -> None:
    with pytest.raises(TableError, match="nothing takes 'p'"):
        parse_statements(["p = Relu (x)", "y = Relu (x)"], [], "test")


def test_a_doubt_is_kept_back_where_the_table_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unsized = "a = MatMul (float[N,3] x, float[3,4] w); b = Add (a, float[N,M] c)"
    assert found(tmp_path, unsized, MATMUL_ADD, "dim(c, 1) == 4") == [(1, None)]
    monkeypatch.setattr(SOME_LIMIT, "silent", True)
    assert found(tmp_path, unsized, MATMUL_ADD, "dim(c, 1) == 4") == []


def test_a_residual_of_symbolic_size_is_not_taken_for_a_scalar_bias(tmp_path: Path) -> None:
    weights = ", ".join(["0"] * 32)
    text = f"t = MatMul (float[B,T,8] x, float[8,4] w = {{{weights}}}); y = Add (float[B,T,4] r, t)"
    report = api.check(models.write(tmp_path, text), resolve(["sentis@2.4.0"]))
    assert [finding.limit for finding in report.results[0].findings] == []
