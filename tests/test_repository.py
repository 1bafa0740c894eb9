"""What may lie in the repository: no download addresses, no machine's paths, nothing left open, no untrue words."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

TOP_LEVEL = {
    *("pyproject.toml", "difflab", "notebooks", "widgets", "tests", "binder"),
    *("README.md", "CHANGELOG.md", "LICENSE", "CONTRIBUTING.md", "Makefile"),
}
# Taken apart, so that this file does not hold what it looks for.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        *(("pypi", "org"), ("files", "pythonhosted", "org"), ("pythonhosted", "org")),
        *(("registry", "npmjs", "org"), ("registry", "yarnpkg", "com"), ("deb", "debian", "org")),
        *(("registry", "npmmirror", "com"), ("conda", "anaconda", "org"), ("archive", "ubuntu", "com")),
    )
]
DOWNLOAD = r'"resolved": *"https?:|https?://[^\s"]*(/simple/|/-/[a-z@]|/pool/main/|/packages/[0-9a-f]{2}/)'
MACHINE_PATH = r"(?<![\w.~])/(?:root|work|home|Users)/\w|(?<![\w.])/tmp/[a-z]\w*[/.]"
LEFT_OPEN = r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b"


def tracked_files(root: Path) -> list[Path]:
    """List what is, or on the next commit would be, in the repository."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        check=False,
    )
    if listing.returncode:
        pytest.skip("not a git checkout")
    names = sorted(set(filter(None, listing.stdout.decode().split("\0"))))
    return [root / name for name in names if (root / name).is_file()]


def matches(root: Path, pattern: str) -> list[str]:
    """Find a pattern in every text file; report file, line and match."""
    found: list[str] = []
    for file in tracked_files(root):
        content = file.read_bytes()
        if b"\0" in content:
            continue
        for match in re.finditer(pattern, content.decode(errors="replace")):
            line = content[: match.start()].count(b"\n") + 1
            found.append(f"{file.relative_to(root)}:{line}: {match.group()}")
    return found


def test_no_file_names_a_package_registry(root: Path):
    assert not matches(root, "|".join(map(re.escape, REGISTRIES)))


def test_no_file_holds_a_download_address(root: Path):
    assert not matches(root, DOWNLOAD)


def test_no_file_holds_a_path_of_somebodys_machine(root: Path):
    assert not matches(root, MACHINE_PATH)


def test_nothing_is_left_open(root: Path):
    assert not matches(root, LEFT_OPEN)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("|".join(map(re.escape, REGISTRIES)), f"see {REGISTRIES[0]}/difflab"),
        (DOWNLOAD, '"resolved": ' + '"https://host/x.tgz"'),
        (DOWNLOAD, "https://host" + "/simple/jax"),
        (MACHINE_PATH, "/ho" + "me/someone/x.py"),
        (MACHINE_PATH, "File /tm" + "p/ipykernel_123/1.py"),
        (LEFT_OPEN, "# TO" + "DO: later"),
    ],
)
def test_each_pattern_finds_what_it_is_for(pattern: str, text: str):
    assert re.search(pattern, text)


def test_the_top_level_stays_as_it_is(root: Path):
    names = {file.relative_to(root).parts[0] for file in tracked_files(root)}
    assert {name for name in names if not name.startswith(".")} <= TOP_LEVEL


def test_the_changelog_and_the_package_have_the_version(root: Path):
    version = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    assert f'__version__ = "{version}"' in (root / "difflab" / "__init__.py").read_text()
    assert re.search(rf"^## .*\b{re.escape(version)}\b", (root / "CHANGELOG.md").read_text(), re.MULTILINE)


@pytest.mark.parametrize("command", ["make lab", "make test"])
def test_the_readme_names_the_command_and_the_makefile_has_it(root: Path, command: str):
    assert command in (root / "README.md").read_text()
    assert re.search(rf"^{command.split()[1]}:", (root / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("script", [".ci/run", "binder/postBuild", "binder/start"])
def test_scripts_are_executable_and_well_formed(root: Path, script: str):
    assert (root / script).stat().st_mode & 0o100
    subprocess.run(["bash", "-n", root / script], check=True)
