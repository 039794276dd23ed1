"""The ``.meta`` file that Unity keeps beside an asset: which importer owns the asset, and its settings.

Unity writes these files as YAML of a fixed layout. Only the few lines that are needed are read, only in that layout,
and a value that does not look as Unity writes it counts as absent.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from sentis_lint.graph import ReadError
from sentis_lint.readers.source import open_regular
from sentis_lint.records import field, record

SUFFIX = ".meta"
MAX_SIZE = 1 << 18
"""Bytes of a .meta file that is read; those of models have a few hundred."""
MAX_DIMENSION = (1 << 31) - 1

_BEGINNING = "fileFormatVersion:"
_IMPORTER = "ScriptedImporter"
_GUID = re.compile(r"\bguid: *([0-9a-f]{32})\b")
_ENTRY = re.compile(r"( *)(- )?([A-Za-z_]\w*): ?(.*)")
_NUMBER = re.compile(r"-?\d{1,10}")


@record
class Meta:
    """What is read of a .meta file."""

    importer: str | None = None
    """The guid of the script of the importer; None if the file is not imported by a script."""
    dimensions: dict[str, int] = field(default_factory=dict)
    """Sizes that are set for symbolic dimensions; those left dynamic are not in it, and the first of a name counts."""
    signature: str | None = None
    """LiteRT: the key of the signature to import; None where none was chosen."""


def read(model: str | Path) -> Meta | None:
    """The .meta file beside a model; None if there is none that Unity can have written.

    Args:
        model: path of the model, not of the .meta file.
    """
    try:
        descriptor = open_regular(Path(f"{os.fspath(model)}{SUFFIX}"))
    except ReadError:
        return None
    try:
        with os.fdopen(descriptor, "rb") as stream:
            data = stream.read(MAX_SIZE + 1)
    except OSError:
        return None
    if len(data) > MAX_SIZE:
        return None
    return parse(data.decode("utf-8-sig", "replace"))


def parse(text: str) -> Meta | None:
    """What a .meta file says; None if it is none.

    Args:
        text: the whole file.
    """
    if not text.startswith(_BEGINNING):
        return None
    meta = Meta()
    section = name = ""
    listing = False
    for indent, dash, key, value in _entries(text):
        if indent == 0 and not dash:
            section, listing = key, False
        elif section != _IMPORTER:
            continue
        elif indent == 2 and not dash:
            listing, name = key == "dynamicDimConfigs", ""
            if key == "script":
                found = _GUID.search(value)
                meta.importer = found[1] if found else None
            elif key == "signatureKey":
                meta.signature = _scalar(value) or None
        elif listing and dash:
            name = (_scalar(value) or "") if key == "name" else ""
        elif listing and key == "size" and name and _NUMBER.fullmatch(value):
            if 0 <= int(value) <= MAX_DIMENSION:
                meta.dimensions.setdefault(name, int(value))
            name = ""
    return meta


def _entries(text: str) -> Iterator[tuple[int, bool, str, str]]:
    """Lines of the form ``key: value``: indentation, whether a list's entry begins there, key, value."""
    for line in re.split(r"\r?\n", text):
        match = _ENTRY.fullmatch(line)
        if match is not None:
            yield len(match[1]), match[2] is not None, match[3], match[4].strip(" ")


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", '"': '"', "\\": "\\", "/": "/", " ": " "}


def _scalar(text: str) -> str | None:
    """A plain or quoted text on one line; None for anything else YAML has (aliases, tags, blocks, collections)."""
    if text.startswith("'"):
        inner = re.fullmatch(r"'((?:[^']|'')*)'", text)
        return inner[1].replace("''", "'") if inner else None
    if text.startswith('"'):
        inner = re.fullmatch(r'"((?:[^"\\]|\\.)*)"', text)
        return _unescaped(inner[1]) if inner else None
    return None if text[:1] in set("&*!|>{}[]%@`#,") else text


def _unescaped(text: str) -> str | None:
    def character(match: re.Match[str]) -> str:
        code = match[1] or match[2]
        if code is not None:
            return chr(int(code, 16))
        return _ESCAPES[match[3]]

    try:
        return re.sub(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|(.))", character, text)
    except KeyError:
        return None
