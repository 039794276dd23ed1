"""What operators really give, to hold inference against: stored node tests, and real models run by ONNX Runtime.

Every model is inferred under many *views* of its inputs: all shapes known, some dimensions symbolic or unknown,
elements known, partly known or not at all. Whatever is claimed must agree with the arrays.
"""

from __future__ import annotations

import importlib
import math
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import onnx
from onnx import helper, numpy_helper

from sentis_lint.graph import Model, Node, Value
from sentis_lint.inference.facts import UNKNOWN, Element, Fact, FactTable
from sentis_lint.inference.onnx import InferenceContext, infer_node
from sentis_lint.readers.onnx_tensors import DTYPES
from tools import onnx_graphs

Arrays = dict[str, Any]
Case = tuple[str, onnx.ModelProto, Arrays, Arrays]
"""Name, model, arrays of the graph's inputs, arrays of values that are known to come out."""

KNOWLEDGE = ("all", "shapes", "partial", "partial", "partial", "partial", "ranks", "nothing")
"""How much each view of the inputs tells."""


def infer_graph(model: Model, given: dict[str, Fact] | None = None) -> dict[str, Fact]:
    """Facts of all values of the main graph; `given` replaces what the file says of graph inputs."""
    context = InferenceContext(onnx_graphs.elements, FactTable())
    facts = {**onnx_graphs.boundary(model.graph), **(given or {})}
    for node in model.graph.nodes:  # producers come first, as the standard demands
        inputs = [facts.get(name, UNKNOWN) if name else None for name in node.inputs]
        outputs = infer_node(node, inputs, opset_of(node, model), context)
        facts.update((name, fact) for name, fact in zip(node.outputs, outputs, strict=True) if name)
    return facts


def opset_of(node: Node, model: Model) -> int:
    """The opset version that holds for a node."""
    return model.opsets.get("" if node.domain == "ai.onnx" else node.domain, 1)


def dtype_of(array: Any) -> str:
    """Our name of an array's dtype."""
    return onnx_graphs.dtype_name(helper.np_dtype_to_tensor_dtype(array.dtype))


def views(arrays: Arrays, rng: random.Random) -> Iterator[dict[str, Fact]]:
    """Facts that are true of the arrays, from knowing everything to knowing little."""
    for knowledge in KNOWLEDGE:
        yield {name: _view(numpy.asarray(array), knowledge, rng) for name, array in arrays.items()}


def _view(array: Any, knowledge: str, rng: random.Random) -> Fact:
    dtype = dtype_of(array)
    if knowledge == "nothing" or (knowledge == "partial" and rng.random() < 0.1):
        return Fact(dtype, None)
    if knowledge == "ranks":
        return Fact(dtype, (None,) * array.ndim)
    if knowledge == "shapes":
        return Fact(dtype, array.shape)
    known = onnx_graphs.array_elements(array)
    if knowledge == "all":
        return Fact(dtype, array.shape, known, constant=known is not None)
    # A symbol stands for one size everywhere. 0 stays a number: what is claimed of symbols supposes they are not 0.
    shape = tuple(rng.choice([size, size, None, f"n{size}" if size else size]) for size in array.shape)
    if known is None or shape != array.shape or rng.random() < 0.3:
        return Fact(dtype, shape)
    return Fact(dtype, shape, tuple(_hidden(element, dtype, rng) for element in known))


def _hidden(element: Element, dtype: str, rng: random.Random) -> Element:
    size = dtype == "int64" and isinstance(element, int) and element > 0
    return rng.choice([element, element, None, f"n{element}" if size else element])


def disagreements(fact: Fact, array: Any) -> Iterator[str]:
    """What a fact claims that is not so of an array."""
    array = numpy.asarray(array)
    if fact.kind != "tensor":
        yield f"kind {fact.kind}"
    if fact.dtype not in (None, dtype_of(array)):
        yield f"dtype {fact.dtype}, is {dtype_of(array)}"
    if fact.shape is not None:
        sizes = [_size(dim) for dim in fact.shape]
        agree = [dim in (None, size) for dim, size in zip(sizes, array.shape, strict=False)]
        if len(sizes) != array.ndim or not all(agree):
            yield f"shape {fact.shape}, is {array.shape}"
    if fact.elements is not None:
        actual = onnx_graphs.array_elements(array) or ()
        pairs = list(zip(map(_size, fact.elements), actual, strict=False))
        if len(fact.elements) != len(actual) or not all(_agree(*pair) for pair in pairs):
            yield f"elements {[pair for pair in pairs if not _agree(*pair)][:4]}"


def _size(claimed: Element) -> Element:
    return int(claimed[1:]) if isinstance(claimed, str) else claimed


def _agree(claimed: Any, actual: Any) -> bool:
    both_nan = isinstance(claimed, float) and math.isnan(claimed) and math.isnan(actual)
    return claimed is None or both_nan or bool(claimed == actual)


def compare(cases: Iterator[Case], seed: int) -> tuple[Counter[str], list[str]]:
    """Infer every case under every view; returns counts and the claims that are not so."""
    rng = random.Random(seed)
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for name, proto, inputs, outputs in cases:
        model = onnx_graphs.model(proto)
        counts["cases"] += 1
        for number, given in enumerate(views(inputs, rng)):
            inferred = infer_graph(model, given)
            for value, array in outputs.items():
                fact = inferred.get(value, UNKNOWN)
                wrong += [f"{name} view {number} {value}: {text}" for text in disagreements(fact, array)]
                counts["values compared"] += 1
                if KNOWLEDGE[number] == "all":
                    counts["values, inputs known"] += 1
                    counts["  dtype claimed"] += fact.dtype is not None
                    counts["  rank claimed"] += fact.shape is not None
                    counts["  all dimensions claimed"] += fact.size is not None
                    counts["  elements claimed"] += fact.elements is not None
    return counts, wrong


def generated_tests() -> Iterator[Case]:
    """Node tests of the installed ``onnx`` package, of tensors only."""
    from onnx.backend.test.case.node import collect_testcases

    for case in collect_testcases(""):
        if case.model is None:
            continue
        for inputs, outputs in case.data_sets or ():
            if all(isinstance(item, numpy.ndarray | numpy.generic) for item in (*inputs, *outputs)):
                given = dict(zip((value.name for value in case.model.graph.input), inputs, strict=True))
                made = dict(zip((value.name for value in case.model.graph.output), outputs, strict=True))
                yield case.name, case.model, given, made


def stored_tests(folder: Path) -> Iterator[Case]:
    """Tests in the layout of the ``onnx`` wheels: ``<test>/model.onnx`` beside ``test_data_set_0/input_0.pb``."""
    for path in sorted(folder.rglob("model.onnx")):
        proto = onnx.load(path)
        weights = {item.name for item in proto.graph.initializer}
        inputs = [value for value in proto.graph.input if value.name not in weights]
        for data in sorted(path.parent.glob("test_data_set_*")):
            try:
                given = {value.name: _stored(data / f"input_{i}.pb", value) for i, value in enumerate(inputs)}
                made = {
                    value.name: _stored(data / f"output_{i}.pb", value) for i, value in enumerate(proto.graph.output)
                }
            except (ValueError, OSError):  # sequences and optionals
                continue
            yield f"{path.parent.name}/{data.name}", proto, given, made


def _stored(path: Path, value: onnx.ValueInfoProto) -> Any:
    if value.type.WhichOneof("value") != "tensor_type":
        raise ValueError(value.name)
    proto = onnx.load_tensor(path)
    if proto.data_type != value.type.tensor_type.elem_type:  # old packages store bfloat16 as uint16
        raise ValueError(value.name)
    return numpy_helper.to_array(proto)


def run_models(models: Iterator[tuple[str, onnx.ModelProto, Path]], seed: int) -> Iterator[Case]:
    """Real models under ONNX Runtime (unoptimised) on random inputs, with every value of the main graph."""
    runtime = importlib.import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    for name, proto, path in models:
        rng = numpy.random.default_rng(seed)
        try:
            weights = {item.name for item in proto.graph.initializer}
            inputs = [value for value in onnx_graphs.graph(proto.graph).inputs if value.name not in weights]
            given = {value.name: _random(value, rng) for value in inputs}
            wide = _with_all_outputs(proto, path)
            session = runtime.InferenceSession(wide.SerializeToString(), options, providers=["CPUExecutionProvider"])
            names = [value.name for value in session.get_outputs()]
            made = dict(zip(names, session.run(names, given), strict=True))
        except Exception as error:
            print(f"not run: {name}: {str(error)[:160]!r}")
            continue
        yield name, proto, given, {key: value for key, value in made.items() if isinstance(value, numpy.ndarray)}


def _with_all_outputs(proto: onnx.ModelProto, path: Path) -> onnx.ModelProto:
    wide = onnx.ModelProto()
    wide.CopyFrom(proto)
    onnx.load_external_data_for_model(wide, str(path.parent))
    del wide.graph.output[:]
    names = {name: None for node in proto.graph.node for name in node.output if name}
    wide.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    return wide


def _random(value: Value, rng: Any) -> Any:
    if value.kind != "tensor" or value.shape is None:
        raise ValueError(f"input {value.name} has no shape")
    # An unknown batch is 1, unknown channels are 3; images get room enough for a deep network.
    usual = (1, 3, 64, 64) if len(value.shape) == 4 else (2,) * len(value.shape)
    shape = [dim if isinstance(dim, int) and dim > 0 else size for dim, size in zip(value.shape, usual, strict=True)]
    dtype = helper.tensor_dtype_to_np_dtype(DTYPES.index(value.dtype or ""))
    if dtype.kind == "f":
        return rng.standard_normal(shape).astype(dtype)
    return rng.integers(0, 2, shape).astype(dtype)
