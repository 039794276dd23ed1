"""The fixtures are what they claim to be: others' models unchanged and named, our own built from their text."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import onnx
import onnx.checker
import onnx.parser
import pytest

FIXTURES = Path(__file__).parent.parent / "fixtures"
NOTICE = (FIXTURES / "NOTICE").read_text(encoding="utf-8")
ENTRIES = {
    entry[0]: entry[1] for entry in re.findall(r"^(models/\S+)\n(?:  .*\n)*?  sha256:  (\w{64})$", NOTICE, re.MULTILINE)
}
TEXTS = sorted(FIXTURES.glob("text/*.onnx.txt"))


@pytest.mark.parametrize("name", ENTRIES)
def test_a_model_of_others_is_the_file_that_the_notice_names(name: str) -> None:
    assert hashlib.sha256((FIXTURES / name).read_bytes()).hexdigest() == ENTRIES[name]


def test_every_model_of_others_is_in_the_notice_with_its_licence() -> None:
    models = {path.relative_to(FIXTURES).as_posix() for path in (FIXTURES / "models").glob("*.*")}
    assert models == set(ENTRIES)
    for text in re.findall(r"\(text: (\S+)\)", NOTICE):
        assert (FIXTURES / text).stat().st_size > 1000
    assert NOTICE.count("\n  licence: ") == len(ENTRIES)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_a_model_in_text_form_is_valid_onnx(path: Path, tmp_path: Path) -> None:
    model = onnx.parser.parse_model(path.read_text(encoding="utf-8"))
    (tmp_path / "weights.bin").write_bytes((FIXTURES / "models" / "external_data" / "weights.bin").read_bytes())
    onnx.save(model, tmp_path / "model.onnx")
    onnx.checker.check_model(str(tmp_path / "model.onnx"), full_check=True)


def test_the_model_with_external_data_was_built_from_its_text() -> None:
    text = (FIXTURES / "text" / "external_data.onnx.txt").read_text(encoding="utf-8")
    built = onnx.load(FIXTURES / "models" / "external_data" / "model.onnx", load_external_data=False)
    assert built == onnx.parser.parse_model(text)
