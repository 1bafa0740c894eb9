"""The committed modules are those that their sources give, and they are small; found out without node."""

import hashlib
import re
from pathlib import Path

import pytest

LARGEST = 120 * 1024
FIRST_LINE = re.compile(r"/\*! difflab widget · src-sha256: ([0-9a-f]{64}) \*/")


def source_hash(widgets: Path) -> str:
    """Hash the bundle's sources: each file's path and content, in the order of the paths."""
    files = [widgets / "build.mjs", widgets / "package-lock.json", widgets / "tsconfig.json"]
    files += [file for file in (widgets / "src").rglob("*") if file.is_file()]
    digest = hashlib.sha256()
    for name, file in sorted((file.relative_to(widgets).as_posix(), file) for file in files):
        digest.update(name.encode())
        digest.update(b"\0")
        digest.update(file.read_bytes())
        digest.update(b"\0")
    return digest.hexdigest()


@pytest.fixture(params=("graph", "check", "adjoint", "elimination"))
def bundle(request: pytest.FixtureRequest, root: Path) -> bytes:
    return (root / "difflab" / "static" / f"{request.param}.js").read_bytes()


def test_the_bundle_is_built_from_the_sources_as_they_are(root: Path, bundle: bytes):
    first_line = bundle.partition(b"\n")[0].decode()
    named = FIRST_LINE.fullmatch(first_line)
    assert named, f"the first line must name the sources; it is {first_line[:80]!r}"
    assert named[1] == source_hash(root / "widgets"), "the bundle is stale: run `make widgets` and commit the result"


def test_a_module_is_small_enough_to_be_sent_with_every_widget(bundle: bytes):
    assert len(bundle) <= LARGEST


def test_the_bundle_loads_nothing_from_the_network(bundle: bytes):
    addresses = set(re.findall(rb"(?:https?:)?//[a-z0-9-]+(?:\.[a-z0-9-]+)+", bundle))
    namespaces = {b"http://www.w3.org"}
    assert addresses <= namespaces


def test_any_change_of_a_source_changes_the_hash(tmp_path: Path):
    (tmp_path / "src").mkdir()
    for name in ("build.mjs", "package-lock.json", "tsconfig.json", "src/index.ts"):
        (tmp_path / name).write_text(name)
    hashes = {source_hash(tmp_path)}
    (tmp_path / "src" / "index.ts").write_text("another content")
    hashes.add(source_hash(tmp_path))
    (tmp_path / "src" / "index.ts").rename(tmp_path / "src" / "other.ts")
    hashes.add(source_hash(tmp_path))
    assert len(hashes) == 3
