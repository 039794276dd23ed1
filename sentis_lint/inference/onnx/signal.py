"""Fourier transforms and windows."""

from __future__ import annotations

from collections.abc import Sequence

from sentis_lint.graph import Dim
from sentis_lint.inference.facts import Fact
from sentis_lint.inference.onnx.call import Call, Handler, dim_of, normal_axis, scalar


def _fourier(call: Call) -> Sequence[Fact]:
    data = call.fact(0)
    if data.shape is None:
        return (Fact(data.dtype, None),)
    rank = len(data.shape)
    axis: object = call.integer("axis", 1)
    if call.opset >= 20:
        axis = scalar(call.fact(2)) if call.has(2) else -2
    one_sided, inverse = call.integer("onesided", 0) != 0, call.integer("inverse", 0) != 0
    shape: list[Dim] = [*data.shape[:-1], 1 if one_sided and inverse else 2]
    if not one_sided and not call.has(1):
        return (Fact(data.dtype, tuple(shape)),)
    if not isinstance(axis, int):
        return (Fact(data.dtype, (*(None,) * (rank - 1), shape[-1])),)
    axis = normal_axis(axis, rank)
    length = dim_of(scalar(call.fact(1))) if call.has(1) else data.shape[axis]
    if one_sided and inverse:
        if not call.has(1):
            length = 2 * (length - 1) if isinstance(length, int) else None
    elif one_sided:
        length = length // 2 + 1 if isinstance(length, int) else None
    shape[axis] = length
    return (Fact(data.dtype, tuple(shape)),)


def _short_time_fourier(call: Call) -> Sequence[Fact]:
    data = call.fact(0)
    batch, length = data.shape[:2] if data.shape is not None else (None, None)
    step = scalar(call.fact(1))
    window = call.shape(2)
    frame: Dim = None
    if call.has(3):
        frame = dim_of(scalar(call.fact(3)))
    elif window is not None and len(window) == 1:
        frame = window[0]
    frames: Dim = None
    if isinstance(length, int) and isinstance(frame, int) and isinstance(step, int) and step > 0 and length >= frame:
        frames = (length - frame) // step + 1
    if call.integer("onesided", 1):
        frame = frame // 2 + 1 if isinstance(frame, int) else None
    return (Fact(call.dtype(0, 2), (batch, frames, frame, 2)),)


def _window(call: Call) -> Sequence[Fact]:
    return (Fact(call.dtype_attribute("output_datatype", "float32"), (dim_of(scalar(call.fact(0))),)),)


def _mel_weights(call: Call) -> Sequence[Fact]:
    bins, length = dim_of(scalar(call.fact(0))), dim_of(scalar(call.fact(1)))
    rows = length // 2 + 1 if isinstance(length, int) else None
    return (Fact(call.dtype_attribute("output_datatype", "float32"), (rows, bins)),)


HANDLERS: dict[str, Handler] = {
    "BlackmanWindow": _window,
    "DFT": _fourier,
    "HammingWindow": _window,
    "HannWindow": _window,
    "MelWeightMatrix": _mel_weights,
    "STFT": _short_time_fourier,
}
