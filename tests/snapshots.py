"""Snapshots: what a command printed, in plain files under ``tests/snapshots``.

``SENTIS_LINT_UPDATE_SNAPSHOTS=1 make test`` writes them anew; read the difference before you commit it.
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "snapshots"


def assert_snapshot(name: str, text: str) -> None:
    """Compare `text` with the file `name` to the letter."""
    path = FOLDER / name
    if os.environ.get("SENTIS_LINT_UPDATE_SNAPSHOTS"):
        path.write_text(text, encoding="utf-8", newline="")
    assert path.is_file(), f"no snapshot {name}: run with SENTIS_LINT_UPDATE_SNAPSHOTS=1"
    with path.open(encoding="utf-8", newline="") as stream:
        assert text == stream.read()
