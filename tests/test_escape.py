"""Text from a stranger's model reaches a terminal only as visible characters on one line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentis_lint.escape import LONGEST, printable, quoted, valid_unicode


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/model/Conv_output_0", "/model/Conv_output_0"),
        ("größe 日本 ∂", "größe 日本 ∂"),
        ("a\x1b[31mred\x1b[0m", r"a\x1b[31mred\x1b[0m"),
        ("two\nlines\r\tand a tab", r"two\nlines\r\tand a tab"),
        ("\x00\x7f\x9b", r"\x00\x7f\x9b"),
        ("\u202egnp.elif", r"\u202egnp.elif"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("line\u2028separator", r"line\u2028separator"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("bytes\udcff", r"bytes\xff"),
        ("half\ud83d", r"half\ud83d"),
        ("[red]no markup[/red]", "[red]no markup[/red]"),
    ],
)
def test_what_a_terminal_would_obey_is_shown_instead(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_long_name_keeps_its_beginning_and_its_end() -> None:
    shown = printable("/start/" + "x" * 1_000_000 + "/end")
    assert shown.startswith("/start/x")
    assert shown.endswith("x/end")
    assert len(shown) == LONGEST


def test_a_name_of_exactly_the_longest_length_is_whole() -> None:
    assert printable("x" * LONGEST) == "x" * LONGEST


def test_quotes_stand_around_the_escaped_text() -> None:
    assert quoted("a\nb") == '"a\\nb"'


@given(st.text(st.characters(codec=None), max_size=400))
def test_no_text_can_break_the_line_or_move_the_cursor(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown) <= LONGEST
    shown.encode()


@given(st.text(st.characters(codec=None), max_size=50))
def test_json_text_is_valid_unicode_and_else_unchanged(text: str) -> None:
    clean = valid_unicode(text)
    clean.encode()
    if clean != text:
        assert any("\ud800" <= char <= "\udfff" for char in text)
    assert json.loads(json.dumps(clean)) == clean
