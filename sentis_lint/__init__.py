"""sentis-lint: tells, without Unity, whether a Sentis release imports a model, and why not.

``from sentis_lint import check, load, resolve`` is the Python interface (see `sentis_lint.api`). Names are looked up on
first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sentis_lint.api import check, load
    from sentis_lint.targets import resolve

__version__ = "0.1.0"

__all__ = ["__version__", "check", "load", "resolve"]

_HOMES = {"check": "sentis_lint.api", "load": "sentis_lint.api", "resolve": "sentis_lint.targets"}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
