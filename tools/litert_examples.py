"""Makes the LiteRT models that stand for limits no model of the suite meets (``fixtures/litert-suite/_limits``).

They were not run in a Sentis importer: what it does with them was read in its source, and the limits say so.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.readers.litert_models import file

FOLDER = Path(__file__).parent.parent / "fixtures" / "litert-suite" / "_limits"

FLOAT, INT, LONG = 0, 2, 4
"""Numbers of the dtypes float32, int32 and int64."""

CODES = {
    "ADD": 0,
    "ATAN2": 156,
    "AVERAGE_POOL_2D": 1,
    "BATCH_MATMUL": 126,
    "CAST": 53,
    "CONCATENATION": 2,
    "CONV_2D": 3,
    "CONV_3D_TRANSPOSE": 141,
    "DEQUANTIZE": 6,
    "FULLY_CONNECTED": 9,
    "GELU": 150,
    "PRELU": 54,
    "RELU": 19,
    "SCATTER_ND": 122,
    "SELECT_V2": 123,
    "SPLIT": 49,
    "STRIDED_SLICE": 45,
    "TRANSPOSE": 39,
    "UNPACK": 88,
}


class Builder:
    """A model under construction: tensors by name, operators in order."""

    def __init__(self) -> None:
        self.tensors: list[dict[Any, Any]] = []
        self.buffers: list[dict[Any, Any]] = [{}]
        self.operators: list[dict[Any, Any]] = []
        self.codes: list[str] = []

    def tensor(
        self, name: str, shape: list[int], dtype: int = FLOAT, values: Sequence[float] | None = None, **more: Any
    ) -> int:
        """Add a tensor, a constant where values are given."""
        buffer = 0
        if values is not None:
            code = "<f" if dtype == FLOAT else "<i"
            self.buffers.append({"data": b"".join(struct.pack(code, value) for value in values)})
            buffer = len(self.buffers) - 1
        self.tensors.append({"name": name, "shape": shape, "type": dtype, "buffer": buffer, **more})
        return len(self.tensors) - 1

    def operator(self, name: str, inputs: list[int], outputs: list[int], kind: str = "", **options: Any) -> None:
        """Add an operator, with a table of options where its kind is given."""
        if name not in self.codes:
            self.codes.append(name)
        fields: dict[Any, Any] = {"opcode_index": self.codes.index(name), "inputs": inputs, "outputs": outputs}
        if kind:
            fields["builtin_options"] = (kind, options)
        self.operators.append(fields)

    def save(self, name: str, inputs: list[int], outputs: list[int], **more: Any) -> None:
        """Write the model, with further fields of its root table."""
        subgraph = {"tensors": self.tensors, "inputs": inputs, "outputs": outputs, "operators": self.operators}
        # The old field holds codes up to 127; above, it says so with 127.
        codes = [
            {"builtin_code": CODES[code], "deprecated_builtin_code": min(CODES[code], 127), "version": 1}
            for code in self.codes
        ]
        content = file(
            {"version": 3, "operator_codes": codes, "subgraphs": [subgraph], "buffers": self.buffers, **more}
        )
        (FOLDER / f"{name}.tflite").write_bytes(content)


def no_output() -> None:
    """UNPACK into three parts with one output."""
    b = Builder()
    x, y = b.tensor("x", [3, 2]), b.tensor("y", [2])
    b.operator("UNPACK", [x], [y], "UnpackOptions", num=3, axis=0)
    b.save("no-output", [x], [y])


def value_rank() -> None:
    """SPLIT along an axis given as a matrix."""
    b = Builder()
    axis = b.tensor("axis", [1, 1], INT, [0])
    x, y, z = b.tensor("x", [2, 3]), b.tensor("y", [1, 3]), b.tensor("z", [1, 3])
    b.operator("SPLIT", [axis, x], [y, z], "SplitOptions", num_splits=2)
    b.save("value-rank", [x], [y, z])


def negative_size() -> None:
    """A window of 5 over an image of 2, with explicit paddings of a placeholder shape."""
    b = Builder()
    x, y = b.tensor("x", [1, 2, 2, 1]), b.tensor("y", [1, 1, 1, 1])
    b.operator(
        "AVERAGE_POOL_2D", [x], [y], "Pool2DOptions", padding=1, stride_w=1, stride_h=1, filter_width=5, filter_height=5
    )
    b.save("negative-size", [x], [y])


def overflow() -> None:
    """A constant of 3e9 cast to an integer."""
    b = Builder()
    x, y, z = b.tensor("x", [1], FLOAT, [3e9]), b.tensor("y", [1], INT), b.tensor("z", [1])
    b.operator("CAST", [x], [y])
    b.operator("RELU", [b.tensor("u", [1])], [z])
    b.save("overflow", [3], [y, z])


def folding() -> None:
    """RELU of an integer constant."""
    b = Builder()
    x, y = b.tensor("x", [2], INT, [-1, 1]), b.tensor("y", [2], INT)
    b.operator("RELU", [x], [y])
    b.save("folding", [], [y])


def _dense(b: Builder, x: int, columns: int, rows: int, name: str) -> int:
    weights = b.tensor(f"{name}.w", [columns, rows], FLOAT, [0.5] * (columns * rows))
    y = b.tensor(name, [2, columns])
    b.operator("FULLY_CONNECTED", [x, weights, -1], [y], "FullyConnectedOptions")
    return y


def dense_scalar() -> None:
    """A number fed at run time added to a matrix product."""
    b = Builder()
    x, s = b.tensor("x", [2, 3]), b.tensor("s", [])
    p = _dense(b, x, 4, 3, "p")
    y = b.tensor("y", [2, 4])
    b.operator("ADD", [p, s], [y], "AddOptions")
    b.save("dense-scalar", [x, s], [y])


def dense_chain() -> None:
    """Two products in a row, the first with a bias of two dimensions."""
    b = Builder()
    x = b.tensor("x", [2, 3])
    p = _dense(b, x, 4, 3, "p")
    q = b.tensor("q", [2, 4])
    b.operator("ADD", [p, b.tensor("b", [1, 4], FLOAT, [1, 2, 3, 4])], [q], "AddOptions")
    r = _dense(b, q, 2, 4, "r")
    y = b.tensor("y", [2, 2])
    b.operator("ADD", [r, b.tensor("c", [2], FLOAT, [1, 2])], [y], "AddOptions")
    b.save("dense-chain", [x], [y])


def self_fusion() -> None:
    """A matrix product of one row added to itself."""
    b = Builder()
    x = b.tensor("x", [1, 3])
    p = _dense(b, x, 4, 3, "p")
    y = b.tensor("y", [1, 4])
    b.operator("ADD", [p, p], [y], "AddOptions")
    b.save("self-fusion", [x], [y])


def weights_size() -> None:
    """An input of three dimensions beside weights of unknown size."""
    b = Builder()
    x, y = b.tensor("x", [2, 3, 4]), b.tensor("y", [6, 2])
    w = b.tensor("w", [2, 1], FLOAT, None, shape_signature=[2, -1])
    b.operator("FULLY_CONNECTED", [x, w, -1], [y], "FullyConnectedOptions")
    b.save("weights-size", [x, w], [y])


def ellipsis() -> None:
    """STRIDED_SLICE with an ellipsis."""
    b = Builder()
    x, y = b.tensor("x", [2, 3]), b.tensor("y", [2, 1])
    bounds = [b.tensor(name, [2], INT, values) for name, values in (("b", [0, 0]), ("e", [0, 1]), ("s", [1, 1]))]
    b.operator("STRIDED_SLICE", [x, *bounds], [y], "StridedSliceOptions", ellipsis_mask=1)
    b.save("ellipsis", [x], [y])


def integer_bias() -> None:
    """A convolution of floats with a bias of integers."""
    b = Builder()
    x, y = b.tensor("x", [1, 2, 2, 1]), b.tensor("y", [1, 2, 2, 1])
    w, c = b.tensor("w", [1, 1, 1, 1], FLOAT, [2]), b.tensor("c", [1], INT, [3])
    options = {"padding": 1, "stride_w": 1, "stride_h": 1}
    b.operator("CONV_2D", [x, w, c], [y], "Conv2DOptions", **options)
    b.save("integer-bias", [x], [y])


def integer_matmul() -> None:
    """A product of integers."""
    b = Builder()
    x, w, y = b.tensor("x", [2, 3], INT), b.tensor("w", [3, 2], INT, [1] * 6), b.tensor("y", [2, 2], INT)
    b.operator("BATCH_MATMUL", [x, w], [y], "BatchMatMulOptions")
    b.save("integer-matmul", [x], [y])


def mixed_concatenation() -> None:
    """A float and an integer tensor side by side."""
    b = Builder()
    x, i, y = b.tensor("x", [2, 1]), b.tensor("i", [2, 1], INT), b.tensor("y", [2, 2])
    b.operator("CONCATENATION", [x, i], [y], "ConcatenationOptions", axis=1)
    b.save("mixed-concatenation", [x, i], [y])


def mixed_select() -> None:
    """A choice between a float and an integer tensor."""
    b = Builder()
    c, x, i, y = b.tensor("c", [2, 1], INT), b.tensor("x", [2, 1]), b.tensor("i", [2, 1], INT), b.tensor("y", [2, 1])
    b.operator("SELECT_V2", [c, x, i], [y], "SelectV2Options")
    b.save("mixed-select", [c, x, i], [y])


def dequantize_order() -> None:
    """DEQUANTIZE behind a transposition."""
    b = Builder()
    x, t, y = b.tensor("x", [2, 3]), b.tensor("t", [3, 2]), b.tensor("y", [3, 2])
    b.operator("TRANSPOSE", [x, b.tensor("p", [2], INT, [1, 0])], [t], "TransposeOptions")
    b.operator("DEQUANTIZE", [t], [y], "DequantizeOptions")
    b.save("dequantize-order", [x], [y])


def gelu_approximate() -> None:
    """GELU by tanh."""
    b = Builder()
    x, y = b.tensor("x", [2]), b.tensor("y", [2])
    b.operator("GELU", [x], [y], "GeluOptions", approximate=True)
    b.save("gelu-approximate", [x], [y])


def constant_output_twice() -> None:
    """A constant that is listed twice as an output."""
    b = Builder()
    x, y, c = b.tensor("x", [2]), b.tensor("y", [2]), b.tensor("c", [2], FLOAT, [1, 2])
    b.operator("RELU", [x], [y])
    b.save("constant-output-twice", [x], [y, c, c])


def _second_subgraph(name: str, index: int) -> None:
    b = Builder()
    x, y = b.tensor("x", [2]), b.tensor("y", [2])
    b.operator("RELU", [x], [y])
    tensors = [{"name": f"t{i}", "shape": [2], "type": FLOAT, "buffer": 0} for i in range(index + 1)]
    operators = [{"opcode_index": 0, "inputs": [0], "outputs": [index]}]
    first = {"tensors": b.tensors, "inputs": [x], "outputs": [y], "operators": b.operators}
    second = {"tensors": tensors, "inputs": [0], "outputs": [index], "operators": operators}
    signature = {
        "inputs": [{"name": "a", "tensor_index": 0}],
        "outputs": [{"name": "b", "tensor_index": index}],
        "signature_key": "second",
        "subgraph_index": 1,
    }
    b.save(name, [x], [y], subgraphs=[first, second], signature_defs=[signature])


def signature_indices() -> None:
    """A signature of the second subgraph, which has more tensors than the first."""
    _second_subgraph("signature-indices", 2)


def signature_subgraph() -> None:
    """A signature of the second subgraph, which looks like the first."""
    _second_subgraph("signature-subgraph", 1)


def input_narrowed() -> None:
    """An input of 64-bit integers."""
    b = Builder()
    x, y = b.tensor("x", [2], LONG), b.tensor("y", [2])
    b.operator("CAST", [x], [y])
    b.save("input-narrowed", [x], [y])


def emptied_shape() -> None:
    """A tensor whose shape_signature is there and empty."""
    b = Builder()
    x, y = b.tensor("x", [2], shape_signature=[]), b.tensor("y", [2])
    b.operator("RELU", [x], [y])
    b.save("emptied-shape", [x], [y])


def _sliced(name: str, entries: int, end: int, shape: list[int], **masks: int) -> None:
    b = Builder()
    x, y = b.tensor("x", [2, 3]), b.tensor("y", shape)
    lists = (("b", [0] * entries), ("e", [end] * entries), ("s", [1] * entries))
    bounds = [b.tensor(key, [entries], INT, values) for key, values in lists]
    b.operator("STRIDED_SLICE", [x, *bounds], [y], "StridedSliceOptions", **masks)
    b.save(name, [x], [y])


def new_axis_dropped() -> None:
    """A new axis in front and one at the end, behind one dimension that is named and one that is not."""
    _sliced("new-axis-dropped", 3, 1, [1, 1, 1, 3], new_axis_mask=5)


def new_axis_bounds() -> None:
    """A new axis in front, written with begin 0 and end 0."""
    _sliced("new-axis-bounds", 1, 0, [1, 2, 3], new_axis_mask=1)


def new_axis_masked() -> None:
    """A new axis in front, with masks for its bounds."""
    _sliced("new-axis-masked", 1, 0, [1, 2, 3], new_axis_mask=1, begin_mask=1, end_mask=1)


def scatter_duplicates() -> None:
    """Two updates of the same row."""
    b = Builder()
    indices, shape = b.tensor("i", [2, 1], INT, [1, 1]), b.tensor("s", [2], INT, [3, 2])
    x, y = b.tensor("x", [2, 2]), b.tensor("y", [3, 2])
    b.operator("SCATTER_ND", [indices, x, shape], [y], "ScatterNdOptions")
    b.save("scatter-duplicates", [x], [y])


def _with_integers(name: str, operator: str) -> None:
    b = Builder()
    x, i, y = b.tensor("x", [2]), b.tensor("i", [2], INT), b.tensor("y", [2])
    b.operator(operator, [x, i], [y])
    b.save(name, [x, i], [y])


def prelu_integers() -> None:
    """PRELU with a slope of integers."""
    _with_integers("prelu-integers", "PRELU")


def atan2_mixed() -> None:
    """ATAN2 of floats and integers."""
    _with_integers("atan2-mixed", "ATAN2")


def volume_shape_ignored() -> None:
    """A transposed convolution without padding that is asked for a slice more than it makes."""
    b = Builder()
    shape, w = b.tensor("s", [5], INT, [1, 5, 4, 4, 1]), b.tensor("w", [2, 2, 2, 1, 1], FLOAT, [1] * 8)
    x, y = b.tensor("x", [1, 2, 2, 2, 1]), b.tensor("y", [1, 5, 4, 4, 1])
    options = {"padding": 1, "stride_d": 2, "stride_w": 2, "stride_h": 2}
    b.operator("CONV_3D_TRANSPOSE", [shape, w, x], [y], "Conv3DOptions", **options)
    b.save("volume-shape-ignored", [x], [y])


def main() -> int:
    """Make them all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for make in (
        no_output,
        value_rank,
        negative_size,
        overflow,
        folding,
        dense_scalar,
        dense_chain,
        self_fusion,
        weights_size,
        ellipsis,
        integer_bias,
        integer_matmul,
        mixed_concatenation,
        mixed_select,
        dequantize_order,
        gelu_approximate,
        constant_output_twice,
        signature_indices,
        signature_subgraph,
        input_narrowed,
        emptied_shape,
        new_axis_dropped,
        new_axis_bounds,
        new_axis_masked,
        scatter_duplicates,
        prelu_integers,
        atan2_mixed,
        volume_shape_ignored,
    ):
        make()
    return 0


if __name__ == "__main__":
    sys.exit(main())
