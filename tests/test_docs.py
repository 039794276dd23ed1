"""The reference pages say what the tables say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.generate_docs import pages

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.parametrize(("name", "text"), pages().items(), ids=list(pages()))
def test_a_reference_page_is_not_older_than_the_tables(name: str, text: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == text, "run `make docs`"
