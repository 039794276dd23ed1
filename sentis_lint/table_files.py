"""Reading the files of ``rules/``: TOML, or the JSON that was made of it when the package was built.

People write TOML; reading it (and importing its parser) would be a fifth of the time of a small check. So the build
writes ``rules/compiled.txt``: a line for each file with its path, the checksum of its bytes, and its content as JSON. A
file whose bytes have another checksum is read as TOML, so that an edited table counts at once and a missing or old
``compiled.txt`` costs time and nothing else.
"""

from __future__ import annotations

import functools
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

COMPILED = "compiled.txt"


def read_table(path: Path) -> dict[str, Any]:
    """The content of a TOML file.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no TOML, or no UTF-8.
    """
    content = path.read_bytes()
    for folder in path.parents[:4]:
        line = _compiled(folder).get(path.relative_to(folder).as_posix())
        if line is not None:
            checksum, _, text = line.partition("\t")
            if checksum == _checksum(content):
                compiled: dict[str, Any] = json.loads(text)
                return compiled
            break
    import tomllib

    return tomllib.loads(content.decode("utf-8"))


@functools.cache
def _compiled(folder: Path) -> Mapping[str, str]:
    try:
        text = (folder / COMPILED).read_text(encoding="utf-8")
    except OSError:
        return {}
    lines = (line.partition("\t") for line in text.splitlines())
    return {name: rest for name, _, rest in lines}


def _checksum(content: bytes) -> str:
    return f"{zlib.crc32(content):08x}"


def compile_tables(rules: Path) -> str:
    """The text of ``compiled.txt`` for a folder of rules.

    Raises:
        OSError: a file cannot be read.
        ValueError: a file is no TOML.
    """
    import tomllib

    lines = []
    for path in sorted(rules.rglob("*.toml")):
        content = path.read_bytes()
        data = tomllib.loads(content.decode("utf-8"))
        text = json.dumps(data, default=str, ensure_ascii=False, separators=(",", ":"))
        lines.append(f"{path.relative_to(rules).as_posix()}\t{_checksum(content)}\t{text}\n")
    return "".join(lines)
