"""The passes that run over the layers once every operator is converted, as far as they can make an import fail.

Source: com.unity.ai.inference Runtime/Core/Backends/ModelOptimizer.cs and Runtime/Core/Compiler/Passes.
"""

from __future__ import annotations

from collections.abc import Sequence

from sentis_lint.inference.sentis_litert.faults import Fault
from sentis_lint.inference.sentis_litert.layers import CONSTANT, Layer, LayerGraph
from sentis_lint.inference.sentis_litert.optimiser.blame import OptimiserFault, blaming
from sentis_lint.inference.sentis_litert.optimiser.folding import fold_constants
from sentis_lint.inference.sentis_litert.optimiser.fusion import fuse_dense, fuse_linear
from sentis_lint.inference.sentis_litert.optimiser.simplify import (
    merge_transposes,
    remove_no_ops,
    simplify_layers,
    simplify_reshapes,
)
from sentis_lint.inference.sentis_litert.results import infer

__all__ = ["OptimiserFault", "run"]


def run(graph: LayerGraph, outputs: Sequence[Layer]) -> None:
    """Optimise a graph of layers.

    Args:
        graph: the layers; changed in place.
        outputs: the graph's outputs, in order.

    Raises:
        OptimiserFault: a pass gives up.
    """
    output = graph.output(outputs)
    fold_constants(graph)
    remove_no_ops(graph, output)
    graph.erase_unused()
    merge_transposes(graph)
    simplify_layers(graph)
    remove_no_ops(graph, output)
    simplify_reshapes(graph)
    fuse_dense(graph)
    fuse_linear(graph)
    _look_for_lost_constants(graph)
    graph.erase_unused()
    _check_dense(graph)


def _look_for_lost_constants(graph: LayerGraph) -> None:
    # The search for duplicates takes a fingerprint of every constant argument.
    for layer in graph:
        for argument in layer.inputs():
            if argument.op == CONSTANT and argument.partial is None:
                raise OptimiserFault(argument.origin, Fault("lost-shape"))


def _check_dense(graph: LayerGraph) -> None:
    for layer in graph.calls("Dense", "DenseBatched"):
        with blaming(layer):
            infer(layer.target, layer.args)
