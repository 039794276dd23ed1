"""Normalisations, Dropout and losses."""

from __future__ import annotations

from collections.abc import Sequence

from sentis_lint.inference.facts import Fact
from sentis_lint.inference.onnx.call import Call, Handler, normal_axis, same, scalar


def _batch_normalization(call: Call) -> Sequence[Fact]:
    data = call.fact(0)
    dtype = data.dtype
    statistics = call.dtype(3, 4)
    if call.opset < 14:
        statistics = dtype = call.dtype(0, 1, 2, 3, 4)
    shape = call.shape(3)
    per_channel = Fact(statistics, shape if shape is not None and len(shape) == 1 else None)
    return (Fact(dtype, data.shape), *(per_channel,) * (len(call.node.outputs) - 1))


def _layer_normalization(call: Call) -> Sequence[Fact]:
    data = call.fact(0)
    stash = call.dtype_attribute("stash_type", "float32")
    if data.shape is None:
        return (Fact(call.dtype(0, 1, 2), None), Fact(stash, None), Fact(stash, None))
    axis = normal_axis(call.integer("axis", -1), len(data.shape))
    statistics = Fact(stash, (*data.shape[:axis], *(1,) * (len(data.shape) - axis)))
    return (Fact(call.dtype(0, 1, 2), data.shape), statistics, statistics)


def _rms_normalization(call: Call) -> Sequence[Fact]:
    return (Fact(call.fact(1).dtype, call.shape(0)),)


def _with_parameters(call: Call) -> Sequence[Fact]:
    return (Fact(call.dtype(0, 1, 2), call.shape(0)),)


def _dropout(call: Call) -> Sequence[Fact]:
    data = call.fact(0)
    if call.opset < 7:
        training = call.integer("is_test", 0) == 0
    else:
        # Between 7 and 11 Dropout never drops; from 12 on it does when told so.
        training = call.opset >= 12 and call.has(2) and scalar(call.fact(2)) is not False
    call.varies = training
    mask = "bool" if call.opset >= 10 else data.dtype
    return (Fact(data.dtype, data.shape, None if training else call.elements(0)), Fact(mask, data.shape))


def _loss(call: Call) -> Sequence[Fact]:
    reduced = call.string("reduction", "mean") != "none"
    scores = call.fact(0)
    target = call.shape(1)
    if not reduced and target is None and scores.shape is not None:
        target = (*scores.shape[:1], *scores.shape[2:])
    return (Fact(call.dtype(0, 2), () if reduced else target), Fact(scores.dtype, scores.shape))


HANDLERS: dict[str, Handler] = {
    "BatchNormalization": _batch_normalization,
    "Dropout": _dropout,
    "GroupNormalization": _with_parameters,
    "InstanceNormalization": _with_parameters,
    "LRN": same,
    "LayerNormalization": _layer_normalization,
    "LpNormalization": same,
    "MeanVarianceNormalization": same,
    "NegativeLogLikelihoodLoss": _loss,
    "RMSNormalization": _rms_normalization,
    "SoftmaxCrossEntropyLoss": _loss,
}
