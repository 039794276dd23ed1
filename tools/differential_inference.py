"""Compare the project's inference over ONNX graphs with ``onnx.shape_inference``, and with what operators really give.

``shapes``   runs both over the main graph of every model of a corpus and counts dtypes, ranks and dimensions: known to
             both and equal, known to both and different, known to one only. What the file states beforehand of inner
             values and outputs is removed first: only inference is compared.
``tests``    infers the node tests of the installed ``onnx`` package, or of a folder (``--folder``) of stored tests,
             and holds every claim against the stored outputs.
``runtime``  runs the corpus's real models under ONNX Runtime, which must be installed, and holds every claim about
             every inner value against what came out.

Contradictions are printed, and the exit status is 1 if there are any.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import onnx
from onnx import shape_inference

from sentis_lint.graph import Node
from sentis_lint.inference.facts import UNKNOWN, Fact
from tools import inference_truth, onnx_graphs
from tools.corpus import model_path


def infer_with_onnx(proto: onnx.ModelProto) -> dict[str, onnx.TypeProto]:
    """Types of the main graph's values as ``onnx`` infers them."""
    copy = onnx.ModelProto()
    copy.CopyFrom(proto)
    del copy.graph.value_info[:]
    for output in copy.graph.output:
        if output.type.WhichOneof("value") == "tensor_type":
            output.type.tensor_type.ClearField("shape")
    inferred = shape_inference.infer_shapes(copy, check_type=False, strict_mode=False, data_prop=True)
    return {value.name: value.type for value in (*inferred.graph.value_info, *inferred.graph.output)}


class Shapes:
    """Counts over all models."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.gained: Counter[str] = Counter()
        self.contradictions: list[str] = []

    def compare(self, name: str, proto: onnx.ModelProto) -> None:
        """Compare both inferences over one model."""
        model = onnx_graphs.model(proto)
        facts = inference_truth.infer_graph(model)
        try:
            theirs = infer_with_onnx(proto)
        except Exception as error:  # onnx gives up on models that it finds invalid
            self.counts["models that onnx refuses"] += 1
            print(f"{name}: {str(error)[:120]!r}")
            return
        self.counts["models"] += 1
        for node in model.graph.nodes:
            for output in node.outputs:
                if output and output in theirs:
                    self._value(f"{name}: {node.op_type} {output}", node, facts.get(output, UNKNOWN), theirs[output])

    def _value(self, place: str, node: Node, fact: Fact, proto: onnx.TypeProto) -> None:
        if proto.WhichOneof("value") != "tensor_type":
            return
        described = onnx_graphs.value_of(onnx.ValueInfoProto(name="", type=proto))
        operator = f"{node.domain}.{node.op_type}" if node.domain else node.op_type
        self._pair(f"{place} dtype", operator, "dtypes", fact.dtype, described.dtype)
        rank, their_rank = fact.rank, None if described.shape is None else len(described.shape)
        self._pair(f"{place} rank", operator, "ranks", rank, their_rank)
        if rank is not None and their_rank is not None and rank != their_rank:
            return
        unknown = (None,) * (rank if rank is not None else their_rank or 0)
        for axis, (our, other) in enumerate(zip(fact.shape or unknown, described.shape or unknown, strict=True)):
            # onnx hands on the -1 that some exporters write for a size they do not know.
            known = isinstance(other, int) and other >= 0
            self._pair(
                f"{place} dim {axis}", operator, "dims", our if isinstance(our, int) else None, other if known else None
            )

    def _pair(self, place: str, operator: str, what: str, mine: object, theirs: object) -> None:
        if mine is None and theirs is None:
            self.counts[f"{what} known to neither"] += 1
        elif mine is None:
            self.counts[f"{what} known to onnx only"] += 1
            self.lost[f"{operator} {what}"] += 1
        elif theirs is None:
            self.counts[f"{what} known to us only"] += 1
            self.gained[f"{operator} {what}"] += 1
        elif mine == theirs:
            self.counts[f"{what} equal"] += 1
        else:
            self.contradictions.append(f"{place}: {mine}, onnx {theirs}")


def corpus_models(corpus: Path, only: str) -> Iterator[tuple[str, onnx.ModelProto, Path]]:
    """Every model of the corpus that was fetched and that protobuf can parse."""
    for entry in json.loads(corpus.read_text())["models"]:
        name, path = f"{entry['package']}/{entry['inner_path']}", model_path(entry)
        if entry["format"] == "onnx" and path.is_file() and only in name:
            try:
                yield name, onnx.load(path, load_external_data=False), path
            except Exception as error:  # what is no model is the readers' affair
                print(f"{name}: {str(error)[:120]!r}")


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("comparison", choices=["shapes", "tests", "runtime"])
    parser.add_argument("--corpus", type=Path, help="JSON file with a list of models (see tools/corpus.py)")
    parser.add_argument("--folder", type=Path, help="for `tests`: a folder of stored tests")
    parser.add_argument("--only", default="", help="models whose package and path hold this text")
    parser.add_argument("--seed", type=int, default=1, help="for the random views and inputs")
    arguments = parser.parse_args()
    if arguments.comparison != "tests" and arguments.corpus is None:
        parser.error("--corpus is needed")
    if arguments.comparison == "shapes":
        shapes = Shapes()
        for name, proto, _ in corpus_models(arguments.corpus, arguments.only):
            shapes.compare(name, proto)
        counts, problems = shapes.counts, shapes.contradictions
        print("known to onnx only:", shapes.lost.most_common(40))
        print("known to us only:", shapes.gained.most_common(40))
    else:
        if arguments.comparison == "runtime":
            real = (
                model for model in corpus_models(arguments.corpus, arguments.only) if not model[0].startswith("onnx/")
            )
            cases = inference_truth.run_models(real, arguments.seed)
        elif arguments.folder:
            cases = inference_truth.stored_tests(arguments.folder)
        else:
            cases = inference_truth.generated_tests()
        counts, problems = inference_truth.compare(cases, arguments.seed)
    for what, count in counts.items():
        print(f"{count:8} {what}")
    print(f"{len(problems):8} contradictions")
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
