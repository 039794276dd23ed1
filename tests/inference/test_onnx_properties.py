"""Random nodes, run by ONNX's reference evaluator: whatever inference claims has to come out."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import numpy
import onnx
import pytest
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st
from onnx import helper
from onnx.reference import ReferenceEvaluator

from tools import inference_truth, onnx_graphs

OPSET = 21
Draw = Callable[[st.SearchStrategy[Any]], Any]
Made = tuple[str, list[Any], dict[str, Any]]
"""Operator, arrays of its inputs (None: left out), attributes."""

dims = st.integers(0, 4)
sizes = st.integers(1, 4)
shapes = st.lists(sizes, max_size=4)


def filled(draw: Draw, shape: list[int] | tuple[int, ...], dtype: str = "float32") -> Any:
    """An array of small numbers."""
    total = math.prod(shape)
    numbers = draw(st.lists(st.integers(-4, 4), min_size=total, max_size=total))
    return numpy.array(numbers, dtype).reshape(shape)


def whole(values: list[int] | tuple[int, ...]) -> Any:
    """A one-dimensional tensor of shapes, axes or positions."""
    return numpy.array(values, "int64")


def broadcastable(draw: Draw, count: int) -> list[list[int]]:
    """Shapes that broadcast together."""
    whole_shape = draw(st.lists(dims, max_size=4))
    made = []
    for _ in range(count):
        kept = whole_shape[draw(st.integers(0, len(whole_shape))) :]
        made.append([draw(st.sampled_from([1, size])) for size in kept])
    return made


def arithmetic(draw: Draw) -> Made:
    operator = draw(st.sampled_from(["Add", "Sub", "Mul", "Div", "Mod", "Equal", "Less", "GreaterOrEqual", "Pow"]))
    dtype = draw(st.sampled_from(["int64", "int32", "float32"])) if operator not in ("Mod", "Div") else "int64"
    one, other = (filled(draw, shape, dtype) for shape in broadcastable(draw, 2))
    attributes = {"fmod": draw(st.sampled_from([0, 1]))} if operator == "Mod" else {}
    if operator in ("Div", "Mod"):
        other = numpy.where(other == 0, 3, other)
        # The reference evaluator floors; the standard truncates.
        one = abs(one) if operator == "Div" else one
        other = abs(other) if operator == "Div" else other
    if operator == "Pow":
        other = abs(other)
    return operator, [one, other], attributes


def variadic(draw: Draw) -> Made:
    count = draw(st.integers(1, 3))
    arrays = [filled(draw, shape, "int64") for shape in broadcastable(draw, count)]
    return draw(st.sampled_from(["Max", "Min"])), arrays, {}


def where(draw: Draw) -> Made:
    condition, one, other = broadcastable(draw, 3)
    arrays = [filled(draw, condition) > 0, filled(draw, one, "int64"), filled(draw, other, "int64")]
    return "Where", arrays, {}


def expand(draw: Draw) -> Made:
    data, target = broadcastable(draw, 2)
    return "Expand", [filled(draw, data), whole(target)], {}


def tile(draw: Draw) -> Made:
    shape = draw(shapes)
    return "Tile", [filled(draw, shape), whole([draw(st.integers(0, 2)) for _ in shape])], {}


def reshape(draw: Draw) -> Made:
    target = draw(st.lists(sizes, max_size=4))
    factors = draw(st.permutations(target))
    wanted = list(target)
    for position, size in enumerate(factors[: len(wanted)]):
        if size == wanted[position] and draw(st.booleans()):
            wanted[position] = 0
    if wanted and draw(st.booleans()):
        wanted[draw(st.integers(0, len(wanted) - 1))] = -1
    return "Reshape", [filled(draw, factors, "int64"), whole(wanted)], {}


def transpose(draw: Draw) -> Made:
    shape = draw(shapes)
    permutation = draw(st.permutations(range(len(shape))))
    attributes = {"perm": permutation} if draw(st.booleans()) and shape else {}
    return "Transpose", [filled(draw, shape, "int64")], attributes


def squeeze(draw: Draw) -> Made:
    shape = draw(st.lists(st.sampled_from([1, 1, 2, 3]), max_size=4))
    ones = [axis for axis, size in enumerate(shape) if size == 1]
    named = [axis - draw(st.sampled_from([0, len(shape)])) for axis in ones if draw(st.booleans())]
    return "Squeeze", [filled(draw, shape, "int64"), whole(named)] if named else [filled(draw, shape, "int64")], {}


def unsqueeze(draw: Draw) -> Made:
    shape = draw(st.lists(sizes, max_size=3))
    rank = len(shape) + draw(st.integers(1, 2))
    axes = draw(st.permutations(range(rank)))[: rank - len(shape)]
    named = [axis - draw(st.sampled_from([0, rank])) for axis in axes]
    return "Unsqueeze", [filled(draw, shape, "int64"), whole(named)], {}


def slice_(draw: Draw) -> Made:
    shape = draw(st.lists(dims, min_size=1, max_size=3))
    axes = draw(st.permutations(range(len(shape))))[: draw(st.integers(1, len(shape)))]
    far = st.one_of(st.integers(-6, 6), st.sampled_from([2**31 - 1, 2**63 - 1, -(2**31), -(2**63) + 1]))
    starts, ends = [draw(far) for _ in axes], [draw(far) for _ in axes]
    steps = [draw(st.sampled_from([1, 1, 2, -1, -2])) for _ in axes]
    for position, (axis, step) in enumerate(zip(axes, steps, strict=True)):
        if step < 0:  # backwards numpy, the standard and ONNX Runtime disagree on starts and ends beyond the tensor
            starts[position] = max(starts[position], -shape[axis])
            ends[position] = min(ends[position], shape[axis])
    return "Slice", [filled(draw, shape, "int64"), whole(starts), whole(ends), whole(axes), whole(steps)], {}


def concat(draw: Draw) -> Made:
    shape = draw(st.lists(dims, min_size=1, max_size=3))
    axis = draw(st.integers(0, len(shape) - 1))
    arrays = []
    for _ in range(draw(st.integers(1, 3))):
        shape[axis] = draw(dims)
        arrays.append(filled(draw, shape, "int64"))
    return "Concat", arrays, {"axis": axis - draw(st.sampled_from([0, len(shape)]))}


def split(draw: Draw) -> Made:
    shape = draw(st.lists(sizes, min_size=1, max_size=3))
    axis = draw(st.integers(0, len(shape) - 1))
    if draw(st.booleans()):
        count = draw(st.integers(1, shape[axis]))
        if -(-shape[axis] // count) * (count - 1) >= shape[axis]:
            count = 1
        return "Split", [filled(draw, shape, "int64")], {"axis": axis, "num_outputs": count}
    cut = draw(st.integers(0, shape[axis]))
    return "Split", [filled(draw, shape, "int64"), whole([cut, shape[axis] - cut])], {"axis": axis}


def gather(draw: Draw) -> Made:
    shape = draw(st.lists(sizes, min_size=1, max_size=3))
    axis = draw(st.integers(0, len(shape) - 1))
    indices = draw(st.lists(sizes, max_size=2))
    total = math.prod(indices)
    picks = draw(st.lists(st.integers(-shape[axis], shape[axis] - 1), min_size=total, max_size=total))
    return "Gather", [filled(draw, shape, "int64"), numpy.array(picks, "int64").reshape(indices)], {"axis": axis}


def pad(draw: Draw) -> Made:
    shape = draw(st.lists(st.integers(2, 4), min_size=1, max_size=3))
    axes = draw(st.permutations(range(len(shape))))[: draw(st.integers(1, len(shape)))]
    pads = [draw(st.integers(-1, 2)) for _ in range(2 * len(axes))]
    assume(all(pad >= 0 for pad in pads))
    return "Pad", [filled(draw, shape), whole(pads), None, whole(axes)], {}


def reduce(draw: Draw) -> Made:
    operator = draw(st.sampled_from(["ReduceSum", "ReduceProd", "ReduceMax", "ReduceMin", "ReduceMean", "ReduceL2"]))
    shape = draw(st.lists(sizes, max_size=3))
    axes = draw(st.permutations(range(len(shape))))[: draw(st.integers(0, len(shape)))]
    attributes = {"keepdims": draw(st.integers(0, 1)), "noop_with_empty_axes": draw(st.integers(0, 1))}
    dtype = draw(st.sampled_from(["int64", "float32"])) if operator not in ("ReduceMean", "ReduceL2") else "float32"
    inputs = [filled(draw, shape, dtype)]
    return operator, [*inputs, whole(axes)] if axes or draw(st.booleans()) else inputs, attributes


def arg_max(draw: Draw) -> Made:
    shape = draw(st.lists(sizes, min_size=1, max_size=3))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    return "ArgMax", [filled(draw, shape)], {"axis": axis, "keepdims": draw(st.integers(0, 1))}


def convolution(draw: Draw) -> Made:
    spatial = [draw(st.integers(3, 8)) for _ in range(draw(st.integers(1, 2)))]
    kernel = [draw(st.integers(1, 3)) for _ in spatial]
    group = draw(st.sampled_from([1, 2]))
    attributes: dict[str, Any] = {"group": group, "strides": [draw(st.integers(1, 3)) for _ in spatial]}
    # auto_pad is left out: the evaluator does not follow the standard's formulas there.
    if draw(st.booleans()):
        attributes["pads"] = [draw(st.integers(0, 2)) for _ in range(2 * len(spatial))]
    attributes["dilations"] = [draw(st.sampled_from([1, 1, 2])) for _ in spatial]
    for size, width, dilation in zip(spatial, kernel, attributes.get("dilations", [1, 1]), strict=False):
        assume((width - 1) * dilation < size)
    data = numpy.ones((draw(sizes), 2 * group, *spatial), "float32")
    return "Conv", [data, numpy.ones((2 * group, 2, *kernel), "float32")], attributes


def transposed_convolution(draw: Draw) -> Made:
    spatial = [draw(st.integers(2, 5)) for _ in range(2)]
    kernel = [draw(st.integers(2, 3)) for _ in spatial]
    strides = [draw(st.integers(1, 3)) for _ in spatial]
    attributes: dict[str, Any] = {"strides": strides}
    if draw(st.booleans()):
        attributes["pads"] = [draw(st.integers(0, 1)) for _ in range(4)]
    if draw(st.booleans()):
        attributes["output_padding"] = [draw(st.integers(0, stride - 1)) for stride in strides]
    data = numpy.ones((1, 2, *spatial), "float32")
    return "ConvTranspose", [data, numpy.ones((2, draw(sizes), *kernel), "float32")], attributes


def pool(draw: Draw) -> Made:
    spatial = [draw(st.integers(3, 8)) for _ in range(draw(st.integers(1, 2)))]
    attributes: dict[str, Any] = {
        "kernel_shape": [draw(st.integers(1, 3)) for _ in spatial],
        "strides": [draw(st.integers(1, 3)) for _ in spatial],
        "ceil_mode": draw(st.integers(0, 1)),
    }
    if draw(st.booleans()):
        limits = 2 * [min(1, size - 1) for size in attributes["kernel_shape"]]
        attributes["pads"] = [draw(st.integers(0, limit)) for limit in limits]
    elif draw(st.booleans()):
        attributes["auto_pad"] = "VALID"
    data = numpy.ones((1, draw(sizes), *spatial), "float32")
    # Not MaxPool: with pads the evaluator does not follow the standard's formula there.
    return "AveragePool", [data], attributes


def matmul(draw: Draw) -> Made:
    inner = draw(sizes)
    batches = broadcastable(draw, 2)
    one = [*batches[0], draw(sizes), inner] if draw(st.booleans()) else [inner]
    other = [*batches[1], inner, draw(sizes)] if draw(st.booleans()) else [inner]
    return "MatMul", [numpy.ones(one, "float32"), numpy.ones(other, "float32")], {}


def range_(draw: Draw) -> Made:
    dtype = draw(st.sampled_from(["int64", "int32", "float32"]))
    delta = draw(st.sampled_from([-3, -2, -1, 1, 2, 3]))
    numbers = [draw(st.integers(-9, 9)), draw(st.integers(-9, 9)), delta]
    scale = draw(st.sampled_from([1, 0.1, 0.3])) if dtype == "float32" else 1
    return "Range", [numpy.array(number * scale, dtype) for number in numbers], {}


def cast(draw: Draw) -> Made:
    source = draw(st.sampled_from(["int64", "int32", "float32", "float64", "float16", "bool"]))
    target = draw(st.sampled_from(["int64", "int32", "uint8", "float32", "float64", "float16", "bool"]))
    array = filled(draw, draw(shapes), "float32") * draw(st.sampled_from([1, 0.3, 1.5]))
    array = abs(array) if target == "uint8" else array
    return "Cast", [array.astype(source)], {"to": helper.np_dtype_to_tensor_dtype(numpy.dtype(target))}


def top_k(draw: Draw) -> Made:
    shape = draw(st.lists(sizes, min_size=1, max_size=3))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    return "TopK", [filled(draw, shape), whole([draw(st.integers(1, shape[axis]))])], {"axis": axis}


def one_hot(draw: Draw) -> Made:
    shape = draw(st.lists(sizes, max_size=2))
    axis = draw(st.integers(-len(shape) - 1, len(shape)))
    return "OneHot", [filled(draw, shape, "int64"), numpy.array(draw(sizes), "int64"), whole([0, 1])], {"axis": axis}


def resize(draw: Draw) -> Made:
    shape = [1, 1, *(draw(st.integers(1, 6)) for _ in range(2))]
    if draw(st.booleans()):
        scales = [1.0, 1.0, *(draw(st.sampled_from([0.5, 0.6, 1.0, 1.5, 2.0, 2.3])) for _ in range(2))]
        assume(all(size * scale >= 1 for size, scale in zip(shape, scales, strict=True)))
        return "Resize", [numpy.ones(shape, "float32"), None, numpy.array(scales, "float32")], {}
    wanted = [1, 1, *(draw(sizes) for _ in range(2))]
    policy = draw(st.sampled_from(["stretch", "not_larger", "not_smaller"]))
    attributes: dict[str, Any] = {"keep_aspect_ratio_policy": policy}
    if policy != "stretch":
        attributes["axes"] = [2, 3]
        wanted = wanted[2:]
    return "Resize", [numpy.ones(shape, "float32"), None, None, whole(wanted)], attributes


def shape_of(draw: Draw) -> Made:
    shape = draw(shapes)
    if draw(st.booleans()):
        return "Size", [numpy.ones(shape, "float32")], {}
    # Below the first dimension the evaluator does not clamp as the standard does.
    ends = st.integers(-len(shape), 5)
    return "Shape", [numpy.ones(shape, "float32")], {"start": draw(ends), "end": draw(ends)}


def einsum(draw: Draw) -> Made:
    equation = draw(
        st.sampled_from(["ij,jk->ik", "bij,bjk->bik", "...ij,...jk->...ik", "ij->ji", "ii->i", "ij,kj", "i,i->"])
    )
    size = {letter: draw(sizes) for letter in "bijk"}
    arrays = []
    for term in equation.split("->")[0].split(","):
        inner = [size[letter] for letter in term.replace("...", "")]
        arrays.append(numpy.ones([*([size["b"]] if "..." in term else []), *inner], "float32"))
    return "Einsum", arrays, {"equation": equation}


def flatten(draw: Draw) -> Made:
    shape = draw(st.lists(dims, min_size=1, max_size=3))
    return "Flatten", [filled(draw, shape, "int64")], {"axis": draw(st.integers(-len(shape), len(shape)))}


def unary(draw: Draw) -> Made:
    operator = draw(st.sampled_from(["Neg", "Abs", "Floor", "Ceil", "Round", "Sqrt", "Sign", "Relu", "Reciprocal"]))
    array = filled(draw, draw(shapes)) * draw(st.sampled_from([1, 0.5, 0.7]))
    array = (
        abs(array) if operator == "Sqrt" else numpy.where(array == 0, 1, array) if operator == "Reciprocal" else array
    )
    return operator, [array.astype("float32")], {}


def non_zero(draw: Draw) -> Made:
    return "NonZero", [filled(draw, draw(st.lists(sizes, min_size=1, max_size=3)), "int64")], {}


def scatter(draw: Draw) -> Made:
    shape = draw(st.lists(sizes, min_size=1, max_size=3))
    depth = draw(st.integers(1, len(shape)))
    rows = draw(st.permutations(list(numpy.ndindex(*shape[:depth]))))[: draw(st.integers(1, 2))]
    updates = filled(draw, [len(rows), *shape[depth:]], "int64")
    return "ScatterND", [filled(draw, shape, "int64"), whole(rows), updates], {}


def cumulative(draw: Draw) -> Made:
    shape = draw(st.lists(sizes, min_size=1, max_size=2))
    attributes = {"exclusive": draw(st.integers(0, 1)), "reverse": draw(st.integers(0, 1))}
    return (
        "CumSum",
        [filled(draw, shape, "int64"), numpy.array(draw(st.integers(-len(shape), len(shape) - 1)))],
        attributes,
    )


NODES = [
    arithmetic, variadic, where, expand, tile, reshape, transpose, squeeze, unsqueeze, slice_, concat, split, gather,
    pad, reduce, arg_max, convolution, transposed_convolution, pool, matmul, range_, cast, top_k, one_hot, resize,
    shape_of, einsum, flatten, unary, non_zero, scatter, cumulative,
]  # fmt: skip

UNCERTAIN = [pool, resize]
"""Those whose shape may stay unknown however much is known of the inputs, because runtimes differ."""


def run(
    operator: str, arrays: list[Any], attributes: dict[str, Any]
) -> tuple[onnx.ModelProto, dict[str, Any], dict[str, Any]]:
    """The model of one node, its inputs and its outputs."""
    names = ["" if array is None else f"x{position}" for position, array in enumerate(arrays)]
    inputs = {name: array for name, array in zip(names, arrays, strict=True) if name}
    count = attributes.get("num_outputs", 2) if operator == "Split" else 2 if operator == "TopK" else 1
    outputs = [f"y{position}" for position in range(count)]
    node = helper.make_node(operator, names, outputs, **attributes)
    described = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), None)
        for name, array in inputs.items()
    ]
    graph = helper.make_graph([node], "g", described, [onnx.ValueInfoProto(name=name) for name in outputs])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
    try:
        results = ReferenceEvaluator(model).run(None, inputs)
    except Exception:  # the evaluator has gaps of its own, such as SAME padding with strides beyond the kernel
        reject()
    return model, inputs, dict(zip(outputs, results, strict=True))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("node", NODES, ids=lambda node: node.__name__.strip("_"))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), seed=st.integers(0, 2**16))
def test_inference_never_claims_what_the_operator_does_not_do(node: Any, data: Any, seed: int) -> None:
    operator, arrays, attributes = node(data.draw)
    model, inputs, outputs = run(operator, arrays, attributes)
    converted = onnx_graphs.model(model)
    for known in inference_truth.views(inputs, random.Random(seed)):
        facts = inference_truth.infer_graph(converted, known)
        for name, array in outputs.items():
            assert not list(inference_truth.disagreements(facts[name], array)), (operator, known, attributes)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "node", [node for node in NODES if node not in UNCERTAIN], ids=lambda node: node.__name__.strip("_")
)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_shape_is_found_where_everything_about_the_inputs_is_known(node: Any, data: Any) -> None:
    operator, arrays, attributes = node(data.draw)
    model, inputs, outputs = run(operator, arrays, attributes)
    known = next(inference_truth.views(inputs, random.Random(0)))
    facts = inference_truth.infer_graph(onnx_graphs.model(model), known)
    for name, array in outputs.items():
        found = facts[name].shape
        assert found == array.shape or operator == "Range", (operator, attributes, found)
