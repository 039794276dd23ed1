"""How far a sliding window gets along one axis: the arithmetic that convolutions and pooling share."""

from __future__ import annotations

from collections.abc import Sequence

from sentis_lint.graph import Dim, Shape
from sentis_lint.inference.onnx.call import Call, Unclear


class Windows:
    """Kernel, strides, dilations and pads of a node, one entry a spatial axis.

    Raises:
        Unclear: an attribute has not one entry a spatial axis, or an entry that makes no sense.
    """

    __slots__ = ("dilations", "kernel", "pads", "same", "strides", "unclear")

    def __init__(self, call: Call, kernel: Sequence[Dim]) -> None:
        count = len(kernel)
        self.kernel = kernel
        self.strides = call.integers("strides") or (1,) * count
        self.dilations = call.integers("dilations") or (1,) * count
        auto_pad = call.string("auto_pad", "NOTSET")
        pads = call.integers("pads") or (0,) * (2 * count)
        if len(self.strides) != count or len(self.dilations) != count or len(pads) != 2 * count:
            raise Unclear("pads")
        if min(self.strides, default=1) < 1 or min(self.dilations, default=1) < 1:
            raise Unclear("strides")
        self.same = auto_pad in ("SAME_UPPER", "SAME_LOWER")
        """Whether pads are chosen so that only the stride shortens an axis."""
        self.unclear = (auto_pad != "NOTSET" and any(pads)) or not (self.same or auto_pad in ("NOTSET", "VALID"))
        """Whether padding is asked for in two ways, or in none that the standard knows."""
        self.pads = tuple(zip(pads[:count], pads[count:], strict=True))

    def extent(self, axis: int) -> int | None:
        """Size of the dilated kernel along a spatial axis."""
        size = self.kernel[axis]
        known = isinstance(size, int) and size > 0 and not self.unclear
        return (size - 1) * self.dilations[axis] + 1 if known else None  # type: ignore[operator]

    def slide(self, axis: int, size: Dim, ceil: bool = False, ignore_padded: bool | None = True) -> Dim:
        """Number of positions of the window along a spatial axis of a given size.

        Args:
            ceil: whether the last window may reach beyond the padded input.
            ignore_padded: whether a window that starts in the end's padding is dropped; None where that depends on who
                runs the model.
        """
        stride = self.strides[axis]
        if self.unclear:
            return None
        if self.same:
            return -(-size // stride) if isinstance(size, int) else size if stride == 1 else None
        extent = self.extent(axis)
        if extent is None:
            return None
        begin, end = self.pads[axis]
        if not isinstance(size, int):
            return size if stride == 1 and begin + end == extent - 1 else None
        room = size + begin + end - extent
        if room < 0:
            return None
        if not ceil:
            return room // stride + 1
        length = -(-room // stride) + 1
        if (length - 1) * stride >= size + begin:
            return None if ignore_padded is None else length - 1 if ignore_padded else length
        return length

    def output(self, spatial: Shape) -> tuple[Dim, ...]:
        """`slide` over every spatial axis."""
        return tuple(self.slide(axis, size) for axis, size in enumerate(spatial))
