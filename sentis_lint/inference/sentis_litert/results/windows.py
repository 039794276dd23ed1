"""Layers over images: convolutions, pools, resampling, blocks."""

from __future__ import annotations

from typing import Final

from sentis_lint.inference.sentis_litert import dims
from sentis_lint.inference.sentis_litert.dims import Size
from sentis_lint.inference.sentis_litert.faults import require
from sentis_lint.inference.sentis_litert.partial import FLOAT, INT, Partial, from_tracked
from sentis_lint.inference.sentis_litert.results.types import NOTHING, Rules


def _convolution(
    tensor: Partial,
    kernel: Partial,
    bias: Partial | None,
    auto: str,
    dilations: tuple[int, ...],
    pads: tuple[int, ...],
    strides: tuple[int, ...],
) -> Partial:
    shape = tensor.sizes
    spatial = len(shape) - 2
    require(spatial <= 3, "rank")
    taps = kernel.of_rank(len(shape))
    channels = taps[0]
    if bias is not None:
        channels = dims.agree(channels, bias.of_rank(1)[0])
    sizes: list[Size] = [shape[0], channels]
    for i in range(spatial):
        tap = taps[i + 2]
        padding = pads[i] + pads[i + spatial] if auto == "explicit" else 0
        known = tap is not None
        sizes.append(dims.pool(shape[i + 2], tap or 0, strides[i], padding, dilations[i], auto) if known else None)
    return Partial(FLOAT, tuple(sizes))


def _deconvolution(
    tensor: Partial,
    kernel: Partial,
    bias: Partial | None,
    auto: str,
    dilations: tuple[int, ...],
    pads: tuple[int, ...],
    strides: tuple[int, ...],
) -> Partial:
    shape = tensor.sizes
    spatial = len(shape) - 2
    taps = kernel.of_rank(len(shape))
    channels = taps[1]
    if bias is not None:
        channels = dims.agree(channels, bias.of_rank(1)[0])
    sizes: list[Size] = [shape[0], channels]
    for i in range(spatial):
        if auto != "explicit":
            sizes.append(dims.multiply(shape[i + 2], strides[i]))
            continue
        reach = dims.multiply(dims.subtract(taps[i + 2], 1), dilations[i])
        length = dims.add(dims.multiply(dims.subtract(shape[i + 2], 1), strides[i]), reach)
        total = dims.add(length, 1)
        padding = pads[i] + pads[i + spatial]
        sizes.append(None if total is None else dims.size(total - padding))
    return Partial(FLOAT, tuple(sizes))


def _pool(
    tensor: Partial, kernel: tuple[int, ...], strides: tuple[int, ...], pads: tuple[int, ...], auto: str
) -> Partial:
    shape = tensor.of_rank(2 + len(kernel))
    spatial = len(kernel)
    sizes = [
        dims.pool(
            shape[i + 2], kernel[i], strides[i], pads[i] + pads[i + spatial] if auto == "explicit" else 0, 1, auto
        )
        for i in range(spatial)
    ]
    return Partial(tensor.kind, (*shape[:2], *sizes))


def _local_normalisation(tensor: Partial) -> Partial:
    require(tensor.rank >= 2, "rank")
    return tensor.with_shape(tensor.shape)


def _depth_to_space(tensor: Partial, block: int) -> Partial:
    n, c, h, w = tensor.of_rank(4)
    return Partial(tensor.kind, (n, dims.divide(c, block * block), dims.multiply(h, block), dims.multiply(w, block)))


def _space_to_depth(tensor: Partial, block: int) -> Partial:
    n, c, h, w = tensor.of_rank(4)
    return Partial(tensor.kind, (n, dims.multiply(c, block * block), dims.divide(h, block), dims.divide(w, block)))


def _resize(tensor: Partial, sizes: Partial) -> Partial:
    count = sizes.of_rank(1)[0]
    rank = tensor.rank
    if count is not None:
        require(count == rank, "rank", f"{count} sizes for rank {rank}")
    require(sizes.kind == INT, "kinds")
    return Partial(tensor.kind, tuple(from_tracked(sizes.element(position)) for position in range(rank)))


RULES: Final[Rules] = {
    "AveragePool": (_pool, NOTHING),
    "Conv": (_convolution, frozenset({2})),
    "ConvTranspose": (_deconvolution, frozenset({2})),
    "DepthToSpace": (_depth_to_space, NOTHING),
    "LRN": (_local_normalisation, NOTHING),
    "MaxPool": (_pool, NOTHING),
    "Resize": (_resize, NOTHING),
    "SpaceToDepth": (_space_to_depth, NOTHING),
}
"""Rule by kind of layer, with the positions of arguments that may be left out."""
