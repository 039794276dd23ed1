"""Walking a graph: equal nodes are judged once, and order does not matter."""

from __future__ import annotations

from pathlib import Path

from sentis_lint import api
from sentis_lint.dialects import dialect_for
from sentis_lint.tables import tables
from sentis_lint.targets import family
from sentis_lint.walk import Walk, release_groups, walk
from tests import models

SENTIS = family("sentis")
TABLES = tables(SENTIS, "onnx")
EVERYTHING = (1 << len(SENTIS.releases)) - 1


def walked(folder: Path, text: str) -> Walk:
    """The walk over a model given as text."""
    model = api.load(models.write(folder, text))
    return walk(model.graph, dialect_for(model, TABLES), TABLES, EVERYTHING)


def test_nodes_that_no_condition_can_tell_apart_are_judged_once(tmp_path: Path) -> None:
    result = walked(tmp_path, "a = Relu (float[2,3] x); b = Relu (a); c = Relu (b); d = Relu (float[4] y) => c, d")
    assert [len(situation.nodes) for situation in result.situations] == [3, 1]


def test_attributes_tell_nodes_apart(tmp_path: Path) -> None:
    result = walked(tmp_path, "a = Softmax <axis=0> (float[2,3] x); b = Softmax <axis=1> (a)")
    assert len(result.situations) == 2


def test_a_value_that_nothing_makes_is_found_with_its_first_consumer(tmp_path: Path) -> None:
    text = """<ir_version: 8, opset_import: ["" : 15]>
    main (float[2] x) => (float[2] y) { a = Add (x, ghost) y = Add (a, ghost) }"""
    assert [(node.index, name) for node, name in walked(tmp_path, text).missing()] == [(0, "ghost")]


def test_consumers_are_named_in_file_order_once_for_each_input(tmp_path: Path) -> None:
    result = walked(tmp_path, "a = Relu (float[2] x); b = Add (a, a); c = Add (b, a); d = Add (x, b) => c, d")
    found = [(node.index, name) for node, name in result.consumers_of({"b", "a"})]
    assert found == [(1, "a"), (1, "a"), (2, "b"), (2, "a"), (3, "b")]


def test_everything_downstream_of_a_node_is_found(tmp_path: Path) -> None:
    result = walked(tmp_path, "a = Relu (float[2] x); b = Relu (float[2] y); c = Add (a, b); d = Relu (b) => c, d")
    assert result.downstream_of([result.graph.nodes[0]]) == {2}


def test_releases_that_read_other_attributes_are_walked_apart() -> None:
    # Dilations of ConvTranspose are dropped by some releases only.
    groups = release_groups([TABLES.operator("ConvTranspose")], EVERYTHING)
    assert len(groups) > 1
    assert sum(groups) == EVERYTHING
    assert release_groups([TABLES.operator("Relu")], EVERYTHING) == [EVERYTHING]
