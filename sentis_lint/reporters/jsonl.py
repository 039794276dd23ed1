"""JSON lines: one model a line, each the object that the JSON report has under ``models``."""

from __future__ import annotations

from typing import TextIO

from sentis_lint.reporters import Run, Style
from sentis_lint.reporters.json_report import dump, model_as_json


def write(run: Run, out: TextIO, style: Style) -> None:
    """Write the report of a run, model by model; `style` makes no difference."""
    del style
    for report in run.models:
        out.write(dump(model_as_json(report)) + "\n")
