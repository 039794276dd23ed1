"""How the Sentis importer reads LiteRT models, against what the importer itself answered."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentis_lint import api
from sentis_lint.dialects import dialect_for
from sentis_lint.engine import Analysis
from sentis_lint.findings import Verdict
from sentis_lint.graph import Attribute, Model
from sentis_lint.inference.sentis_litert import LiteRTDialect, dims
from sentis_lint.inference.sentis_litert.faults import CODES, Fault
from sentis_lint.inference.sentis_litert.importer import Import
from sentis_lint.inference.sentis_litert.layers import LayerGraph
from sentis_lint.inference.sentis_litert.layout import Permutation
from sentis_lint.inference.sentis_litert.operators import CONVERTERS
from sentis_lint.inference.sentis_litert.partial import FLOAT, INT, Partial
from sentis_lint.readers.litert_schema import operators
from sentis_lint.records import replace
from sentis_lint.tables import Limit, tables
from sentis_lint.targets import family, resolve
from tools import litert_examples

SUITE = Path(__file__).parents[2] / "fixtures" / "litert-suite"
EXPECTED = [json.loads(line) for line in (SUITE / "expected.jsonl").read_text().splitlines()]
SENTIS = family("sentis")
TABLES = tables(SENTIS, "litert")
RELEASE = resolve(["sentis@2.4.0"])
CPU = resolve(["sentis@2.4.0/CPU"])


def path_of(row: dict[str, Any]) -> Path:
    """The suite's model of a row of answers."""
    return SUITE / row["file"].removeprefix("models/")


def imported(model: Model) -> Import:
    """What comes of importing a model."""
    dialect = dialect_for(model, TABLES)
    assert isinstance(dialect, LiteRTDialect)
    return dialect.imported


def load(name: str) -> Model:
    """A model of the suite."""
    return api.load(SUITE / f"{name}.tflite")


def codes(name: str) -> dict[int, str]:
    """Why the importer gives up on a model of the suite, by operator, its optimiser included."""
    result = imported(load(name))
    return {node: fault.code for node, fault in (result.faults | result.late).items()}


# Against the measured answers


def test_every_model_of_the_suite_gets_the_verdict_that_the_importer_gave() -> None:
    wrong = []
    for row in EXPECTED:
        report = api.check(path_of(row), RELEASE)
        refused = not report.results or report.results[0].verdict is Verdict.REJECTED
        if refused != (row["sentis_2.4.0"] == "rejected"):
            wrong.append(row["file"])
    assert not wrong


COUNTED = {"wrong", "altered", "backend"}


def test_hardly_any_model_that_computes_the_same_is_said_to_compute_something_else_for_certain() -> None:
    same = [row for row in EXPECTED if row["sentis_2.4.0_cpu"] == "matches"]
    accused = [
        f"{row['file']} {finding.limit}"
        for row in same
        for finding in api.check(path_of(row), CPU).results[0].findings
        # What a further subgraph computes was not compared.
        if finding.confidence.settles and finding.effect in COUNTED and finding.limit != "model/further-subgraphs"
    ]
    assert not accused


def test_models_that_compute_something_else_are_said_to() -> None:
    differing = [row for row in EXPECTED if row["sentis_2.4.0_cpu"] in {"values", "shape", "throws"}]
    unseen = [
        row["file"].removeprefix("models/")
        for row in differing
        if not any(
            finding.effect in COUNTED and finding.confidence != "possible"
            for finding in api.check(path_of(row), CPU).results[0].findings
        )
    ]
    # Rows of zeros are seen at run time alone; the others are the runtime's doing (docs/facts-not-covered-litert.md).
    assert unseen == [
        "conv_2d/f16_weights_direct.tflite",
        "div/opt_by_zero_const.tflite",
        "l2_normalization/LRT-L2N-ZERO__trig.tflite",
    ]


def test_rows_of_zeros_are_named_on_request() -> None:
    report = api.check(SUITE / "l2_normalization" / "LRT-L2N-ZERO__trig.tflite", CPU, pedantic=True)
    assert [finding.limit for finding in report.results[0].findings] == ["L2_NORMALIZATION/zeros"]


def test_a_quantised_model_is_told_so_once() -> None:
    report = api.check(SUITE.parent / "models" / "hey_jarvis.tflite", CPU)
    told = [finding for finding in report.results[0].findings if finding.limit == "model/quantisation"]
    assert len(told) == 1
    assert len(told[0].locations) == 52


# The tables and the importer's mirror fit each other


def test_the_operators_that_tables_call_handled_are_those_that_are_followed() -> None:
    handled = {name for name in TABLES.names if (operator := TABLES.operator(name)) is not None and operator.mask}
    assert handled == set(CONVERTERS)
    assert set(TABLES.names) == set(operators())


LIMITS: dict[str, Limit] = {f"{limit.origin}/{limit.id.partition('/')[2]}": limit for limit in TABLES.every_limit()}
"""Each limit once, however many operators share it, by the file it stands in and its id there."""


def met(name: str, mask: int) -> dict[str, bool | None]:
    """Limits that a model meets, by the file they stand in and their id there."""
    model = api.load(SUITE / name)
    states: dict[str, bool | None] = {}
    for hit in Analysis(model, SENTIS, dialect_for(model, TABLES), mask, pedantic=True).hits:
        key = f"{hit.limit.origin}/{hit.limit.id.partition('/')[2]}"
        if hit.limit.mask & mask:
            states[key] = states.get(key) or hit.state
    return states


@pytest.mark.parametrize("name", LIMITS)
def test_the_bad_example_of_a_limit_meets_it_and_the_good_one_does_not(name: str) -> None:
    limit = LIMITS[name]
    assert met(limit.examples["bad"], limit.mask).get(name) is True
    assert name not in met(limit.examples["good"], limit.mask)


def test_every_fault_that_the_suite_meets_is_explained_by_a_limit_of_its_operator() -> None:
    unexplained = []
    for row in EXPECTED:
        if row["sentis_2.4.0"] != "rejected" or row["litert_2.3.0"] == "load":
            continue
        model = api.load(path_of(row))
        analysis = Analysis(model, SENTIS, dialect_for(model, TABLES), 1 << RELEASE[0].release.index)
        certain = {node.index for hit in analysis.hits if hit.state for node in hit.nodes}
        result = imported(model)
        unexplained += [row["file"] for node in (result.faults | result.late) if node not in certain]
    assert not unexplained


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_in_some_table(code: str) -> None:
    if code != "refused":
        assert any(f"fault('{code}')" in limit.when for limit in TABLES.every_limit())


def test_the_models_that_the_suite_lacks_are_those_that_their_tool_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(litert_examples, "FOLDER", tmp_path)
    litert_examples.main()
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_bytes() for path in (SUITE / "_limits").iterdir()}


# The importer's own ways


def test_the_last_of_the_fields_for_the_operator_counts_only_above_127() -> None:
    model = load("mul/LRT-OPCODE-LEGACY__new_only")
    dialect = dialect_for(model, TABLES)
    assert model.graph.nodes[0].op_type == "MUL"
    assert dialect.operator(model.graph.nodes[0]) == "ADD"


def test_a_custom_operator_named_like_a_builtin_one_is_not_taken_for_it() -> None:
    model = load("custom/LRT-CUSTOM__myop")
    model.graph.nodes[0].custom_code = "ADD"
    assert dialect_for(model, TABLES).operator(model.graph.nodes[0]) == "CUSTOM"


def test_a_convolution_leaves_its_channels_first_and_element_wise_operators_keep_them_there() -> None:
    model = load("conv_2d/then_mul_add")
    dialect = dialect_for(model, TABLES)
    assert isinstance(dialect, LiteRTDialect)
    facts = [dialect.infer(node, ())[0] for node in model.graph.nodes]
    assert [fact.layout for fact in facts] == [(0, 3, 1, 2)] * len(facts)
    declared = model.graph.value_info[model.graph.nodes[-1].outputs[0] or ""]
    assert facts[-1].shape == declared.shape


def test_padding_loses_the_sizes_but_not_the_rank() -> None:
    model = load("pad/LRT-PAD-DIMS-LOST__ok_relu")
    dialect = dialect_for(model, TABLES)
    assert set(dialect.infer(model.graph.nodes[0], ())[0].shape or ()) == {None}


def test_a_tensor_listed_twice_as_an_output_breaks_the_reshape_that_makes_it() -> None:
    assert codes("_model/output_twice") == {0: "lost-shape"}
    assert codes("_model/output_twice__relu") == {}


def test_an_operator_behind_one_that_fails_is_never_accused_for_certain() -> None:
    # The first operator fails; the second fails only if the first makes what the file says.
    model = load("add/LRT-BIN-MIXED__trig")
    first = model.graph.nodes[0]
    second = replace(first, index=1)
    second.inputs, second.outputs = (first.outputs[0], first.inputs[1]), ("again",)
    model.graph.nodes.append(second)
    result = imported(model)
    assert 0 in result.faults
    assert 1 not in result.faults


def test_options_out_of_all_bounds_cost_neither_time_nor_memory() -> None:
    for name, option in (("split/one", "num_splits"), ("unpack/axis0", "num"), ("pack/axis0", "values_count")):
        model = load(name)
        node = model.graph.nodes[0]
        node.attributes = {**node.attributes, option: Attribute(option, "int", 2**31 - 1)}
        assert imported(model).faults


# Pieces


def test_what_is_known_of_equal_arguments_is_worked_out_once_and_never_mixed_up() -> None:
    graph = LayerGraph()
    one, two = (graph.input(Partial(FLOAT, (2, 3))) for _ in range(2))
    assert graph.call("Transpose", one, (1, 0)).partial is graph.call("Transpose", two, (1, 0)).partial
    assert graph.call("Transpose", one, (0, 1)).known.shape == (2, 3)
    zeros = [graph.scalar(FLOAT, value).known for value in (0.0, -0.0)]
    assert str(zeros[0].elements) != str(zeros[1].elements)
    assert graph.scalar(INT, 1).known.elements == (1,)
    assert isinstance(graph.scalar(FLOAT, 1.0).known.element(0), float)


@given(st.lists(st.one_of(st.none(), st.integers(0, 5)), max_size=4), st.lists(st.integers(-2, 6), max_size=4))
def test_reshaping_never_invents_a_size_that_contradicts_the_number_of_elements(
    old: list[int | None], new: list[int]
) -> None:
    wanted = tuple(None if size < 0 else size for size in new)
    with contextlib.suppress(Fault):
        _check_reshaped(tuple(old), wanted)


def _check_reshaped(old: dims.Sizes, wanted: dims.Sizes) -> None:
    result = Partial(FLOAT, old).reshaped(wanted)
    assert result.shape is not None
    known = [size for size in wanted if size is not None]
    if None not in old and wanted.count(None) == 1 and None not in result.shape and 0 not in known and 0 not in old:
        assert dims.product(result.shape) == dims.product(old)


@given(st.permutations(range(5)), st.permutations(range(5)))
def test_a_permutation_and_its_inverse_undo_each_other(one: list[int], two: list[int]) -> None:
    first, second = Permutation.of(one), Permutation.of(two)
    assert first.then(first.inverse()).is_identity
    assert first.then(second).inverse().axes == second.inverse().then(first.inverse()).axes


@pytest.mark.parametrize(
    ("start", "end", "step", "length"),
    [(0, 3, 1, 3), (-1, 0, 1, 0), (-2, -1, 1, 1), (-1, dims.INT_MIN, -1, 5), (1, 9, 2, 2)],
)
def test_a_slice_is_as_long_as_the_importer_makes_it(start: int, end: int, step: int, length: int) -> None:
    assert dims.slice_size(5, start, end, step) == length


def test_elements_are_followed_up_to_sixteen() -> None:
    assert Partial(INT, (16,)).elements is not None
    assert Partial(INT, (17,)).elements is None
    assert Partial(INT, (None,)).elements is None
