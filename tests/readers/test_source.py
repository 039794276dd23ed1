"""Access to files: what cannot be read is refused in time, and nothing outside the file is ever returned."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sentis_lint.graph import ReadError
from sentis_lint.readers import source
from sentis_lint.readers.source import FileSource


@pytest.fixture(params=["whole", "mapped"])
def path(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of ten bytes, opened as a small and as a large one."""
    if request.param == "mapped":
        monkeypatch.setattr(source, "WHOLE", 4)
    file = tmp_path / "model.onnx"
    file.write_bytes(b"0123456789")
    return file


def refusal(path: Path, **options: int) -> ReadError:
    """Why a file cannot be opened."""
    with pytest.raises(ReadError) as caught:
        FileSource(path, **options)
    return caught.value


def test_every_span_inside_the_file_can_be_read(path: Path) -> None:
    with FileSource(path) as file:
        assert (file.size, file.read(0, 10), file.read(3, 2), file.read(10, 0)) == (10, b"0123456789", b"34", b"")


@pytest.mark.parametrize("span", [(-1, 1), (0, 11), (10, 1), (0, -1), (2**70, 1), (1, 2**70)])
def test_a_span_outside_the_file_is_refused(path: Path, span: tuple[int, int]) -> None:
    with FileSource(path) as file, pytest.raises(ReadError) as caught:
        file.read(*span)
    assert caught.value.kind == "truncated"
    assert caught.value.offset == span[0]


def test_a_closed_file_is_not_read_and_may_be_closed_again(path: Path) -> None:
    with FileSource(path) as file:
        pass
    file.close()
    with pytest.raises(ReadError) as caught:
        file.read(0, 0)
    assert caught.value.kind == "unreadable"


def test_an_empty_file_can_be_opened(tmp_path: Path) -> None:
    (tmp_path / "empty.onnx").touch()
    with FileSource(tmp_path / "empty.onnx") as file:
        assert (file.size, file.data) == (0, b"")


def test_an_absent_file_is_missing(tmp_path: Path) -> None:
    assert refusal(tmp_path / "no.onnx").kind == "missing"
    assert refusal(tmp_path / "a\0b.onnx").kind == "missing"


def test_a_folder_or_a_device_is_no_file(tmp_path: Path) -> None:
    assert refusal(tmp_path).kind == "unreadable"
    assert refusal(Path(os.devnull)).kind == "unreadable"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.onnx")
    assert refusal(tmp_path / "pipe.onnx").kind == "unreadable"


def test_a_file_over_the_limit_is_refused_with_its_size(path: Path) -> None:
    error = refusal(path, max_size=9)
    assert error.kind == "too-large"
    assert "10 bytes" in error.message
