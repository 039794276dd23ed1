"""Printing lines made of styled pieces: plainly, or in colour through rich."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TextIO

from sentis_lint.reporters import Style

Piece = tuple[str, str]
"""Text and its style, a style name of rich or empty."""

Line = Sequence[Piece]


class Printer(Protocol):
    """Something lines are printed to."""

    def line(self, pieces: Line, *, right: Piece | None = None, hanging: int = 0) -> None:
        """Print one line.

        Args:
            pieces: what stands on it.
            right: what stands at its right edge.
            hanging: how far a continuation is indented, where lines are broken.
        """

    def blank(self) -> None:
        """Print an empty line."""


def printer(out: TextIO, style: Style) -> Printer:
    """The printer that a style asks for; a plain one where rich is not installed."""
    if style.colour:
        try:
            return Coloured(out, style)
        except ImportError:
            pass
    return Plain(out, style)


class Plain:
    """Prints text as it is."""

    def __init__(self, out: TextIO, style: Style) -> None:
        self._out = out
        self._style = style

    def line(self, pieces: Line, *, right: Piece | None = None, hanging: int = 0) -> None:
        """Print one line (see `Printer`)."""
        for row in _laid_out(pieces, right, hanging, self._style):
            self._out.write("".join(text for text, _ in row).rstrip() + "\n")

    def blank(self) -> None:
        """Print an empty line."""
        self._out.write("\n")


class Coloured:
    """Prints through rich. Text is never read as rich's markup, so it needs no escaping for it."""

    def __init__(self, out: TextIO, style: Style) -> None:
        from rich.console import Console
        from rich.text import Text

        self._style = style
        self._text: Any = Text
        self._console = Console(
            file=out, force_terminal=True, highlight=False, markup=False, emoji=False, soft_wrap=True, width=style.width
        )

    def line(self, pieces: Line, *, right: Piece | None = None, hanging: int = 0) -> None:
        """Print one line (see `Printer`)."""
        for row in _laid_out(pieces, right, hanging, self._style):
            text = self._text()
            for piece, style in row:
                text.append(piece, style or None)
            self._console.print(text, soft_wrap=True)

    def blank(self) -> None:
        """Print an empty line."""
        self._console.print()


def _laid_out(pieces: Line, right: Piece | None, hanging: int, style: Style) -> list[Line]:
    """The rows that a line takes: its right piece set at the edge if there is room, and broken if `style` says so."""
    length = sum(len(text) for text, _ in pieces)
    row = list(pieces)
    if right is not None:
        gap = style.width - length - len(right[0])
        row += [(" " * (gap if gap >= 2 else 2), ""), right]
        length = max(style.width, length + 2 + len(right[0]))
    if not style.wrap or length <= style.width:
        return [row]
    return _broken(row, hanging, style.width)


def _broken(pieces: Line, hanging: int, width: int) -> list[Line]:
    rows: list[list[Piece]] = [[]]
    column = 0
    for text, style in pieces:
        words = ""  # those of this piece that stand on the current row
        for word in _words(text):
            if column > hanging and column + len(word.rstrip()) > width:
                rows[-1].append((words, style))
                rows.append([(" " * hanging, "")])
                column, words = hanging, ""
                word = word.lstrip()  # noqa: PLW2901 -- the blank before it became the line break
            words += word
            column += len(word)
        rows[-1].append((words, style))
    return list(rows)


def _words(text: str) -> list[str]:
    """`text` cut before each run of blanks, so that joining gives it back."""
    words: list[str] = []
    for part in text.split(" "):
        if words and not words[-1].strip(" "):
            words[-1] += " " + part
        else:
            words.append(part if not words else " " + part)
    return words
