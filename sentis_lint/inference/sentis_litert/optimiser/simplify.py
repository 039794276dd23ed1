"""Passes that take out what does nothing and put simpler layers in the place of others.

Only what decides later failures is followed: which layers remain, who uses them, which became scalings.

Source: com.unity.ai.inference Runtime/Core/Compiler/Passes: RemoveNoOpsPass.cs, ConcatenateTransposesPass.cs,
ContractToSimplerLayerPass.cs, SimplifyReshapeInputPass.cs.
"""

from __future__ import annotations

from sentis_lint.inference.sentis_litert import elements
from sentis_lint.inference.sentis_litert.elements import Element
from sentis_lint.inference.sentis_litert.layers import CALL, INPUT, Arg, Layer, LayerGraph
from sentis_lint.inference.sentis_litert.optimiser.blame import blaming
from sentis_lint.inference.sentis_litert.partial import FLOAT, Partial


def remove_no_ops(graph: LayerGraph, output: Layer) -> None:
    """Take out copies, then add one for every output that is listed again; of that copy no shape is known."""
    for layer in reversed(graph.calls("Identity")):
        source = _layer(layer.args[0])
        if output in layer.users and source.op == INPUT:
            continue
        # What is known of the copy, which may be nothing, is handed back to the source.
        layer.replace_everywhere(source)
        graph.erase(layer)
    outputs: dict[Layer, None] = {}
    for one in output.inputs():
        outputs[graph.insert_before(output, "Identity", (one,)) if one in outputs else one] = None
    output.set_args((tuple(outputs),))


def merge_transposes(graph: LayerGraph) -> None:
    """Put one transposition in the place of several in a row."""
    for layer in reversed(graph.calls("Transpose")):
        if layer.erased:
            continue
        chain = [layer]
        source = _layer(layer.args[0])
        while source.op == CALL and source.target == "Transpose":
            chain.append(source)
            source = _layer(source.args[0])
        if len(chain) == 1:
            continue
        axes = _axes(chain[-1])
        for link in reversed(chain[:-1]):
            axes = tuple(axes[axis] for axis in _axes(link))
        graph.replace(layer, "Transpose", (source, axes))
        for link in chain:
            if link.users:
                break
            if not link.erased:
                graph.erase(link)


def simplify_layers(graph: LayerGraph) -> None:
    """Put simpler layers in the place of others.

    Raises:
        OptimiserFault: the shape of a layer was lost.
    """
    for layer in graph.calls("Concat", "Transpose", "Reshape", "Expand"):
        with blaming(layer):
            if _does_nothing(layer):
                graph.replace(layer, "Identity", (_first(layer),))
    for layer in graph.calls("ScalarMad", "Tile", "Cast", *_TRIVIAL_REDUCTIONS):
        with blaming(layer):
            if _does_nothing(layer):
                graph.replace(layer, "Identity", (_first(layer),))
    for layer in graph.calls("Pow"):
        exponent = _layer(layer.args[1]).known
        if _is_single(exponent, layer.known) and exponent.element(0) == 1:
            graph.replace(layer, "Identity", (_first(layer),))
    for target in ("Add", "Sub", "Mul", "Div"):
        for layer in graph.calls(target):
            _to_scaling(graph, layer)


_TRIVIAL_REDUCTIONS = ("ReduceMax", "ReduceMin", "ReduceMean", "ReduceProd", "ReduceSum")


def _does_nothing(layer: Layer) -> bool:
    if layer.target == "Concat":
        return isinstance(layer.args[0], tuple) and len(layer.args[0]) == 1
    source = _first(layer).known
    if layer.target == "Transpose":
        axes = _axes(layer)
        return all(axis in (place, place - len(axes)) for place, axis in enumerate(axes))
    if layer.target == "Reshape":
        return _same_shape(source, layer.known, _layer(layer.args[1]).known, bool(layer.args[2]))
    if layer.target == "Expand":
        wanted = _layer(layer.args[1]).known
        return _is_spread_over_itself(source, layer.known, wanted)
    if layer.target == "ScalarMad":
        return layer.args[2] == 1 and layer.args[3] == 0
    if layer.target == "Tile":
        repeats = _layer(layer.args[1]).known
        return repeats.is_static and all(repeat == 1 for repeat in repeats.tracked)
    if layer.target == "Cast":
        return source.kind == layer.args[1]
    return _reduces_nothing(layer, source)


def _same_shape(source: Partial, result: Partial, shape: Partial, allow_zero: bool) -> bool:
    if source.shape is None or result.shape is None or len(source.shape) != len(result.shape):
        return False
    differing = sum(
        one != two and (allow_zero or shape.element(place) != 0)
        for place, (one, two) in enumerate(zip(source.shape, result.shape, strict=True))
    )
    return differing <= 1


def _is_spread_over_itself(source: Partial, result: Partial, shape: Partial) -> bool:
    if source.shape is None or result.shape is None or len(source.shape) != len(result.shape):
        return False
    count = len(shape.elements or ())
    return all(
        one == two or (place < count and shape.element(place) == 1)
        for place, (one, two) in enumerate(zip(source.shape, result.shape, strict=True))
    )


def _reduces_nothing(layer: Layer, source: Partial) -> bool:
    axes = _layer(layer.args[1]).known
    if axes.shape is not None and 0 in axes.shape:
        return True
    if not axes.is_static or source.shape is None or not layer.args[2]:
        return False
    return all(isinstance(axis, int) and source.shape[axis] == 1 for axis in axes.tracked)


def _is_single(constant: Partial, beside: Partial) -> bool:
    """Whether a constant is one element that does not raise the rank of the other operand."""
    return (
        constant.is_static
        and len(constant.tracked) == 1
        and beside.shape is not None
        and constant.rank <= len(beside.shape)
    )


def _to_scaling(graph: LayerGraph, layer: Layer) -> None:
    """Put ``scale * x + bias`` in the place of arithmetic with a single constant."""
    kind = layer.known.kind
    if layer.target == "Div" and kind != FLOAT:
        return
    for place in range(1 if layer.target == "Div" else 2):
        tensor, constant = _layer(layer.args[place]), _layer(layer.args[1 - place])
        if not _is_single(constant.known, tensor.known):
            continue
        scale, bias = _scaling(layer.target, kind, constant.known.element(0), reverse=place == 1)
        graph.replace(layer, "ScalarMad", (tensor, kind, _plain(scale), _plain(bias)))
        return


def _scaling(target: str, kind: str, value: Element, *, reverse: bool) -> tuple[Element, Element]:
    zero: Element = 0.0 if kind == FLOAT else 0
    one: Element = 1.0 if kind == FLOAT else 1
    if target == "Add":
        return one, value
    if target == "Mul":
        return value, zero
    if target == "Sub":
        return (elements.negate(one), value) if reverse else (one, elements.negate(value))
    return (elements.OPAQUE if value == 0 else elements.divide(one, value)), zero


def _plain(value: Element) -> Arg:
    # A number we cannot tell is neither 0 nor 1 for the passes that ask.
    return value if isinstance(value, int | float) else None


def simplify_reshapes(graph: LayerGraph) -> None:
    """Look at the shapes around every reshaping.

    Raises:
        OptimiserFault: one of them was lost.
    """
    for layer in graph.calls("Reshape"):
        with blaming(layer):
            if _layer(layer.args[1]).known.elements is not None:
                _ = (_first(layer).known, layer.known)


def _layer(arg: Arg) -> Layer:
    assert isinstance(arg, Layer)
    return arg


def _first(layer: Layer) -> Layer:
    return next(layer.inputs())


def _axes(layer: Layer) -> tuple[int, ...]:
    axes = layer.args[1]
    return tuple(axis for axis in axes if isinstance(axis, int)) if isinstance(axes, tuple) else ()
