"""Text from outside (a model, a path, an error) made safe to print on one line of a terminal or a log.

A model is data from a stranger: a tensor's name may hold line breaks, ANSI sequences, marks that reverse the direction
of text, or a megabyte of letters. Reporters for people print such text through `printable` and nothing else; the JSON
report keeps it whole and uses `valid_unicode`.
"""

from __future__ import annotations

LONGEST = 120
"""Characters that `printable` keeps of one text."""

_ELLIPSIS = "…"

_NAMED = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def _escaped(char: str) -> str:
    # Not printable are control and format characters (bidirectional marks, zero width …), surrogates and separators.
    if char.isprintable():
        return char
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was no UTF-8, kept by surrogateescape
        return f"\\x{code - 0xDC00:02x}"
    if code <= 0xFF:
        return _NAMED.get(char, f"\\x{code:02x}")
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def printable(text: str, longest: int = LONGEST) -> str:
    """One line that shows `text` and cannot do anything else.

    Control characters, ANSI sequences, bidirectional marks, invisible characters and undecodable bytes become visible
    escapes; a text of more than `longest` characters loses its middle.
    """
    if len(text) > 4 * longest:  # escaping a megabyte to show a line of it would be waste
        text = text[: 2 * longest] + _ELLIPSIS + text[-2 * longest :]
    if not text.isprintable():
        text = "".join(map(_escaped, text))
    return shorten(text, longest)


def shorten(text: str, longest: int) -> str:
    """`text` with its middle left out if it has more than `longest` characters."""
    if len(text) <= longest:
        return text
    kept = longest - len(_ELLIPSIS)
    head = (kept + 1) // 2
    return text[:head] + _ELLIPSIS + text[len(text) - (kept - head) :]


def quoted(text: str) -> str:
    """`printable` text in double quotes."""
    return f'"{printable(text)}"'


def valid_unicode(text: str) -> str:
    """`text` unchanged, except that lone surrogates, which no JSON reader has to accept, become visible escapes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join(_escaped(char) if "\ud800" <= char <= "\udfff" else char for char in text)
    return text
