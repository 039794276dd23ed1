"""Measure the performance budget (``make bench``): ratios of CPU time between whole processes, in one run.

Times are user plus system time of child processes on one core, the median of several runs taken in turn, so that a busy
machine disturbs both sides alike. Files of gigabytes are sparse: they take no room on the disk, and lie in a temporary
folder that is deleted. Exit status 1 if a bound is exceeded.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
CHECK = [sys.executable, "-m", "sentis_lint", "--format", "json", "--fail-on", "never"]
IMPORT_ONNX = [sys.executable, "-c", "import onnx"]
# An installed package has its byte code; a checkout may have it written too.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True)
class Cost:
    """What one process took."""

    seconds: float
    """User and system time."""
    memory: float
    """Largest resident set, in MiB."""


@dataclass(frozen=True)
class Measured:
    """One line of the result."""

    what: str
    value: float
    bound: float
    unit: str
    at_least: bool = False
    details: str = ""

    @property
    def within(self) -> bool:
        """Whether the bound holds."""
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        verdict = "ok  " if self.within else "OVER"
        return f"{verdict}  {self.what:46} {self.value:8.2f} {self.unit:10} {sign} {self.bound:<6g} {self.details}"


def run_once(command: Sequence[str | Path]) -> Cost:
    """The cost of one process; its output is thrown away.

    Raises:
        SystemExit: it failed.
    """
    process = subprocess.Popen([str(part) for part in command], cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit status {process.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def compare(runs: int, *commands: Sequence[str | Path]) -> list[Cost]:
    """The median cost of each command, all run in turn `runs` times after one run that warms the caches."""
    costs: list[list[Cost]] = [[] for _ in commands]
    for turn in range(runs + 1):
        for command, row in zip(commands, costs, strict=True):
            cost = run_once(command)
            if turn:
                row.append(cost)
    return [
        Cost(statistics.median(cost.seconds for cost in row), statistics.median(cost.memory for cost in row))
        for row in costs
    ]


def milliseconds(*costs: Cost) -> str:
    """Costs for the last column."""
    return " against ".join(f"{cost.seconds * 1000:.0f} ms" for cost in costs)


def typical(folder: Path, runs: int) -> Iterator[Measured]:
    """Small real models against the bare import of onnx."""
    del folder
    for name in ("basic_pitch.onnx", "silero_vad_half.onnx", "face_detection_front.tflite"):
        ours, theirs = compare(runs, [*CHECK, ROOT / "fixtures" / "models" / name], IMPORT_ONNX)
        what = f"{name} / import onnx"
        yield Measured(what, ours.seconds / theirs.seconds, 0.5, "× time", details=milliseconds(ours, theirs))


def weights(folder: Path, runs: int) -> Iterator[Measured]:
    """Gigabytes of weights against the same graph with next to none."""
    pairs = {
        "1.5 GB in one .onnx": (
            onnx_with_weights(folder / "tiny.onnx", 8),
            onnx_with_weights(folder / "big.onnx", 8000),
        ),
        "4 GB of external data": (
            onnx_with_weights(folder / "tiny-external.onnx", 8, external=True),
            onnx_with_weights(folder / "big-external.onnx", 13000, external=True),
        ),
        "1.5 GB .tflite": (
            litert_with_weights(folder / "tiny.tflite", 8),
            litert_with_weights(folder / "big.tflite", 20000),
        ),
    }
    for what, (tiny, big) in pairs.items():
        small, large = compare(runs, [*CHECK, tiny], [*CHECK, big])
        ratio = large.seconds / small.seconds
        yield Measured(f"{what} / without weights", ratio, 1.3, "× time", details=milliseconds(large, small))
        yield Measured(f"{what}, more memory", large.memory - small.memory, 30, "MiB")


def large_graph(folder: Path, runs: int) -> Iterator[Measured]:
    """Fifty thousand nodes against onnx.checker, and against half as many."""
    full, half = chain(folder / "50k.onnx", 50_000), chain(folder / "25k.onnx", 25_000)
    checker: list[str | Path] = [
        sys.executable,
        "-c",
        "import sys, onnx.checker; onnx.checker.check_model(sys.argv[1])",
        full,
    ]
    ours, theirs, fewer = compare(max(3, runs // 3), [*CHECK, full], checker, [*CHECK, half])
    ratio = ours.seconds / theirs.seconds
    yield Measured("50,000 nodes / onnx.checker", ratio, 1, "× time", details=milliseconds(ours, theirs))
    growth = ours.seconds / fewer.seconds
    yield Measured("50,000 nodes / 25,000 nodes", growth, 2.2, "× time", details=milliseconds(ours, fewer))


def node_tests(folder: Path, runs: int) -> Iterator[Measured]:
    """The node tests of the onnx package, all in one process."""
    cases = folder / "node-tests"
    cases.mkdir()
    code = "import sys\nfrom tools.bench import write_node_tests\nwrite_node_tests(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, str(cases)], cwd=ROOT, check=True)
    models = sorted(cases.iterdir())
    (cost,) = compare(max(3, runs // 3), [*CHECK, cases])
    rate = len(models) / cost.seconds
    yield Measured("node tests in one process", rate, 500, "models/s", at_least=True, details=f"{len(models)} models")


def write_node_tests(folder: str) -> None:
    """Write every node test of the installed onnx package into a folder (in a process of its own: it makes much)."""
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for case in collect_testcases(None):  # type: ignore[arg-type]
            if case.model is not None:
                Path(folder, f"{case.name}.onnx").write_bytes(case.model.SerializeToString())


def chain(path: Path, nodes: int) -> Path:
    """Write a chain of elementwise nodes with names as exporters give them."""
    from onnx import TensorProto, helper

    kinds = ("Add", "Relu", "Mul", "Sigmoid")
    made, last = [], "x"
    for index in range(nodes):
        kind = kinds[index % 4]
        name = f"/layer/{index}/{kind}"
        inputs = [last, "w"] if kind in {"Add", "Mul"} else [last]
        made.append(helper.make_node(kind, inputs, [f"{name}_output_0"], name=name))
        last = f"{name}_output_0"
    graph = helper.make_graph(
        made,
        "chain",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 8])],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, [1, 8])],
        [helper.make_tensor("w", TensorProto.FLOAT, [8], [1.0] * 8)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


LAYERS = 6


def onnx_with_weights(path: Path, size: int, *, external: bool = False) -> Path:
    """Write `LAYERS` MatMul and Relu in a chain, each with `size` × `size` float32 weights, which are holes."""
    from onnx import TensorProto, helper

    nodes, last = [], "x"
    for layer in range(LAYERS):
        nodes.append(helper.make_node("MatMul", [last, f"w{layer}"], [f"product{layer}"], name=f"/layer{layer}/MatMul"))
        nodes.append(helper.make_node("Relu", [f"product{layer}"], [f"y{layer}"], name=f"/layer{layer}/Relu"))
        last = f"y{layer}"
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size]) for name in ("x", last)]
    graph = helper.make_graph(nodes, "weights", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    length = 4 * size * size
    if external:
        for layer in range(LAYERS):
            tensor = TensorProto(name=f"w{layer}", data_type=TensorProto.FLOAT, dims=[size, size])
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in {"location": path.name + ".data", "offset": layer * length, "length": length}.items():
                tensor.external_data.add(key=key, value=str(value))
            model.graph.initializer.append(tensor)
        path.write_bytes(model.SerializeToString())
        with path.with_name(path.name + ".data").open("wb") as stream:
            stream.truncate(LAYERS * length)
        return path
    head = model.graph.SerializeToString()
    model.ClearField("graph")
    tensors = []
    for layer in range(LAYERS):
        tensor = TensorProto(name=f"w{layer}", data_type=TensorProto.FLOAT, dims=[size, size])
        fields = tensor.SerializeToString() + b"\x4a" + varint(length)  # 9: raw_data
        tensors.append(b"\x2a" + varint(len(fields) + length) + fields)  # 5: initializer
    total = len(head) + sum(map(len, tensors)) + LAYERS * length
    with path.open("wb") as stream:
        stream.write(model.SerializeToString() + b"\x3a" + varint(total) + head)  # 7: graph
        for fields in tensors:
            stream.write(fields)
            stream.truncate(stream.seek(length, os.SEEK_CUR))
    return path


def varint(value: int) -> bytes:
    """A number as protobuf writes it."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def litert_with_weights(path: Path, size: int) -> Path:
    """Write a FULLY_CONNECTED with `size` × `size` float32 weights: a model of the suite with larger shapes.

    A buffer's data is found by an offset, so it may as well be a hole behind the rest of the file.
    """
    import tflite

    content = bytearray((ROOT / "fixtures" / "litert-suite" / "fully_connected" / "act_relu.tflite").read_bytes())
    content += bytes(-len(content) % 16)
    model = tflite.Model.GetRootAs(bytes(content))
    graph = model.Subgraphs(0)
    end = len(content)
    holes = []
    for index, shape in enumerate(([2, size], [size, size], [size], [2, size])):
        tensor = graph.Tensors(index)
        struct.pack_into(f"<{len(shape)}i", content, tensor._tab.Vector(tensor._tab.Offset(4)), *shape)
        buffer = model.Buffers(tensor.Buffer())
        if buffer.DataLength():
            field = buffer._tab.Pos + buffer._tab.Offset(4)
            struct.pack_into("<I", content, field, end - field)
            length = 4 * math.prod(shape)
            holes.append((end, length))
            end += 16 + length  # the length, the data, and what keeps the next one aligned
    with path.open("wb") as stream:
        stream.write(content)
        for place, length in holes:
            stream.seek(place)
            stream.write(struct.pack("<I", length))
        stream.truncate(end)
    return path


PARTS: dict[str, Callable[[Path, int], Iterator[Measured]]] = {
    "typical": typical,
    "weights": weights,
    "nodes": large_graph,
    "tests": node_tests,
}


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15, help="runs of each process (default: %(default)s)")
    parser.add_argument("--only", choices=PARTS, action="append", help="one part of it (repeatable)")
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):  # children inherit it
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    within = True
    with tempfile.TemporaryDirectory(prefix="sentis-lint-bench-") as folder:
        for name in arguments.only or PARTS:
            for line in PARTS[name](Path(folder), arguments.runs):
                print(line, flush=True)
                within &= line.within
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
