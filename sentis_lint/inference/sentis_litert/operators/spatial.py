"""Operators over images: the importer computes channels-first and leaves the layout pending."""

from __future__ import annotations

from collections.abc import Sequence

from sentis_lint.inference.sentis_litert.faults import Fault, require
from sentis_lint.inference.sentis_litert.layers import Layer
from sentis_lint.inference.sentis_litert.layout import Permutation
from sentis_lint.inference.sentis_litert.operation import Held, Operation, at, inner
from sentis_lint.inference.sentis_litert.operators.registry import Converter, converts
from sentis_lint.inference.sentis_litert.partial import concrete

_IMAGE = Permutation.of((0, 3, 1, 2))
_VOLUME = Permutation.of((0, 4, 1, 2, 3))
_DEPTHWISE_KERNEL = Permutation.of((3, 0, 1, 2))
_VOLUME_KERNEL = Permutation.of((4, 3, 0, 1, 2))

EXPLICIT, VALID, SAME = "explicit", "valid", "same"


def _same_pads(
    lengths: Sequence[int],
    kernel: Sequence[int],
    results: Sequence[int],
    dilations: Sequence[int],
    strides: Sequence[int],
) -> tuple[int, ...] | None:
    """Paddings that give the lengths the file claims; None as soon as a length is unknown."""
    heads, tails = [], []
    for i, length in enumerate(lengths):
        if length < 0 or at(kernel, i) < 0 or at(results, i) < 0:
            return None
        reach = dilations[i] * (kernel[i] - 1) + 1
        total = max((results[i] - 1) * strides[i] + reach - length, 0)
        heads.append(total // 2)
        tails.append(total - total // 2)
    return (*heads, *tails)


def _transposed_pads(
    lengths: Sequence[int],
    kernel: Sequence[int],
    results: Sequence[int],
    dilations: Sequence[int],
    strides: Sequence[int],
) -> tuple[int, ...] | None:
    heads, tails = [], []
    for i, length in enumerate(lengths):
        if length < 0 or at(kernel, i) < 0 or at(results, i) < 0:
            return None
        reach = dilations[i] * (kernel[i] - 1) + 1
        total = strides[i] * (length - 1) + reach - results[i]
        # Halves are rounded towards 0, so that an odd negative total goes to the end.
        head = total // 2 if total >= 0 else -(-total // 2)
        heads.append(head)
        tails.append(total - head)
    return (*heads, *tails)


def _claimed_lengths(op: Operation) -> list[int]:
    shape = op.output_shape()
    return inner(shape) if len(shape) > 2 else [-1, -1]


def _groups(channels: int, kernel_channels: int) -> int:
    if channels == -1 or kernel_channels == -1:
        return 1
    require(kernel_channels != 0, "no-channels")
    return int(channels / kernel_channels)


def _windows(op: Operation, *names: str) -> tuple[int, ...]:
    return tuple(op.number(name) for name in names)


def _dilations(op: Operation, *names: str) -> tuple[int, ...]:
    return tuple(op.number(name, 1) for name in names)


def _convolved(
    op: Operation, tensor: Layer, kernel: Layer, bias: Layer | None, layout: Permutation, taps: list[int], depth: bool
) -> None:
    if depth:
        strides = _windows(op, "stride_d", "stride_h", "stride_w")
        dilations = _dilations(op, "dilation_d_factor", "dilation_h_factor", "dilation_w_factor")
    else:
        strides = _windows(op, "stride_h", "stride_w")
        dilations = _dilations(op, "dilation_h_factor", "dilation_w_factor")
    pads: tuple[int, ...] | None = None
    auto = EXPLICIT
    if op.text("padding", "SAME") == "SAME":
        pads = _same_pads(inner(op.file_shape(0)), taps, _claimed_lengths(op), dilations, strides)
        if pads is None:
            auto = SAME
    if pads is None:
        pads = (0,) * (6 if depth else 4)
    result = op.graph.call("Conv", tensor, kernel, bias, auto, dilations, pads, strides)
    op.give_held(Held(op.activated(result), layout))


@converts("CONV_2D")
def conv_2d(op: Operation) -> None:
    """A convolution; the number of groups comes from the file's shapes."""
    op.need_options()
    tensor, kernel, bias = op.plain(0, _IMAGE), op.plain(1, _IMAGE), op.optional_plain(2)
    _groups(at(op.file_shape(0), -1), at(op.file_shape(1), -1))
    _convolved(op, tensor, kernel, bias, _IMAGE, inner(op.file_shape(1)), depth=False)


@converts("DEPTHWISE_CONV_2D")
def depthwise_conv_2d(op: Operation) -> None:
    """A depthwise convolution."""
    op.need_options()
    tensor, kernel, bias = op.plain(0, _IMAGE), op.plain(1, _DEPTHWISE_KERNEL), op.optional_plain(2)
    _groups(at(op.file_shape(0), -1), at(op.file_shape(1), 0))
    _convolved(op, tensor, kernel, bias, _IMAGE, inner(op.file_shape(1)), depth=False)


@converts("CONV_3D")
def conv_3d(op: Operation) -> None:
    """A convolution in three dimensions."""
    op.need_options()
    tensor, kernel, bias = op.plain(0, _VOLUME), op.plain(1, _VOLUME_KERNEL), op.optional_plain(2)
    _groups(at(op.file_shape(0), -1), at(op.file_shape(1), -1))
    _convolved(op, tensor, kernel, bias, _VOLUME, op.file_shape(1)[:3], depth=True)


def _transposed(op: Operation, channels_at: int) -> list[int]:
    """The shape asked for.

    Raises:
        Fault: it is not known, or asks for several groups.
    """
    shape = concrete(op.plain(0).known)
    if _groups(at(shape, -1), at(op.file_shape(1), channels_at)) != 1:
        raise Fault("groups", f"{shape[-1]} channels from {op.file_shape(1)[channels_at]}")
    return shape


@converts("TRANSPOSE_CONV")
def transpose_conv(op: Operation) -> None:
    """A transposed convolution; the padding option is not read."""
    op.need_options()
    tensor, kernel, bias = op.plain(2, _IMAGE), op.plain(1, _DEPTHWISE_KERNEL), op.optional_plain(3)
    wanted = _transposed(op, 0)
    strides = _windows(op, "stride_h", "stride_w")
    pads = _transposed_pads(inner(op.file_shape(2)), inner(op.file_shape(1)), inner(wanted), (1, 1), strides)
    auto = SAME if pads is None else EXPLICIT
    result = op.graph.call("ConvTranspose", tensor, kernel, bias, auto, (1, 1), pads or (0,) * 4, strides)
    op.give_held(Held(op.activated(result), _IMAGE))


@converts("CONV_3D_TRANSPOSE")
def conv_3d_transpose(op: Operation) -> None:
    """A transposed convolution in three dimensions."""
    op.need_options()
    tensor, kernel, bias = op.plain(2, _VOLUME), op.plain(1, _VOLUME_KERNEL), op.optional_plain(3)
    wanted = _transposed(op, 3)
    strides = _windows(op, "stride_d", "stride_h", "stride_w")
    dilations = _dilations(op, "dilation_d_factor", "dilation_h_factor", "dilation_w_factor")
    pads: tuple[int, ...] | None = (0,) * 6
    auto = EXPLICIT
    if op.text("padding", "SAME") == "SAME":
        pads = _transposed_pads(inner(op.file_shape(2)), op.file_shape(1)[:3], inner(wanted), dilations, strides)
        if pads is None:
            auto = SAME
    result = op.graph.call("ConvTranspose", tensor, kernel, bias, auto, dilations, pads or (0,) * 6, strides)
    op.give_held(Held(op.activated(result), _VOLUME))


def _pooled(target: str) -> Converter:
    def convert(op: Operation) -> None:
        op.need_options()
        tensor = op.plain(0, _IMAGE)
        if target == "L2":
            tensor = op.graph.call("Square", tensor)
        kernel = _windows(op, "filter_height", "filter_width")
        strides = _windows(op, "stride_h", "stride_w")
        padding = op.text("padding", "SAME")
        if padding not in {"SAME", "VALID"}:
            raise Fault("refused", f"padding {padding}")
        pads: tuple[int, ...] | None = None
        auto = VALID
        if padding == "SAME":
            pads = _same_pads(inner(op.file_shape(0)), kernel, _claimed_lengths(op), (1, 1), strides)
            auto = SAME if pads is None else EXPLICIT
        layer = "MaxPool" if target == "Max" else "AveragePool"
        result = op.graph.call(layer, tensor, kernel, strides, pads or (0,) * 4, auto)
        if target == "L2":
            result = op.graph.call("Sqrt", result)
        op.give_held(Held(op.activated(result), _IMAGE))

    return convert


converts("AVERAGE_POOL_2D")(_pooled("Average"))
converts("MAX_POOL_2D")(_pooled("Max"))
converts("L2_POOL_2D")(_pooled("L2"))


@converts("LOCAL_RESPONSE_NORMALIZATION")
def local_response_normalization(op: Operation) -> None:
    """A normalisation over neighbouring channels."""
    op.need_options()
    op.give_held(Held(op.graph.call("LRN", op.plain(0, _IMAGE)), _IMAGE))


def _blocks(target: str) -> Converter:
    def convert(op: Operation) -> None:
        op.need_options()
        layout = Permutation.channel_first(len(op.file_shape(0)))
        result = op.graph.call(target, op.plain(0, layout), op.number("block_size"))
        op.give_held(Held(result, layout))

    return convert


converts("DEPTH_TO_SPACE")(_blocks("DepthToSpace"))
converts("SPACE_TO_DEPTH")(_blocks("SpaceToDepth"))


@converts("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR")
def resize(op: Operation) -> None:
    """A resampling to a size; the layout follows the rank the file gives."""
    op.need_options()
    layout = Permutation.channel_first(len(op.file_shape(0)))
    tensor = op.plain(0, layout)
    sizes = op.graph.call("Concat", (op.graph.call("Shape", tensor, 0, 2), op.plain(1)), -1)
    op.give_held(Held(op.graph.call("Resize", tensor, sizes), layout))
