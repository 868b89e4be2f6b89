"""The locks are complete and agree with each other, and every import is a declared dependency."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
RUNTIME, DEVELOPMENT = ROOT / "deploy/requirements.txt", ROOT / ".ci/requirements.txt"
LOCKS = pytest.mark.parametrize("lock", [RUNTIME, DEVELOPMENT], ids=["runtime", "development"])
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
NO_MODULE = {"tzdata"}  # data that zoneinfo finds by itself


@dataclass(frozen=True)
class Pin:
    requirement: Requirement
    hashes: frozenset[str]


def pins(text: str) -> dict[str, Pin]:
    """Read a lock, in which a backslash joins lines; return its pins by canonical name."""
    lines = [line for line in text.replace("\\\n", " ").splitlines() if not line.startswith("#")]
    read = [Pin(Requirement(HASH.sub("", line)), frozenset(HASH.findall(line))) for line in lines]
    return {canonicalize_name(pin.requirement.name): pin for pin in read}


def unpinned(lock: Mapping[str, Pin], wanted: Iterable[str]) -> set[str]:
    """Return what the project or a pinned package requires but the lock does not have, or not with that extra.

    The requirements of a package are in its installed metadata. A pin whose marker excludes this machine is not
    installed, so its requirements are unknown.
    """
    asked = [(Requirement(line), "watcher", "") for line in wanted]
    for name, pin in lock.items():
        if not pin.requirement.marker or pin.requirement.marker.evaluate():
            assert pin.requirement.specifier.contains(distribution(name).version, prereleases=True), (
                f"{name} {distribution(name).version} is installed, not the pinned version; run tasks.py test"
            )
            lines = distribution(name).requires or []
            extras = ["", *pin.requirement.extras]
            asked += [(Requirement(line), name, extra) for line in lines for extra in extras]
    return {
        f"{one.name}[{','.join(sorted(one.extras))}]{one.specifier}, for {whom}"
        for one, whom, extra in asked
        if (not one.marker or one.marker.evaluate({"extra": extra})) and not is_pinned(lock, one)
    }


def is_pinned(lock: Mapping[str, Pin], asked: Requirement) -> bool:
    pin = lock.get(canonicalize_name(asked.name))
    if pin is None or not asked.extras <= pin.requirement.extras:
        return False
    (version,) = (one.version for one in pin.requirement.specifier)
    return asked.specifier.contains(version, prereleases=True)


def declared(*groups: str) -> list[str]:
    """Return what pyproject.toml requires, including these optional groups."""
    optional = [one for group in groups for one in PROJECT["optional-dependencies"][group]]
    return [*PROJECT["dependencies"], *optional]


def imported(files: Iterable[Path]) -> set[str]:
    """Return the top-level modules that the files import, also inside functions."""
    names = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add((node.module or "").partition(".")[0])
    return names


@cache
def installed() -> Mapping[str, list[str]]:
    """Return the packages that install each top-level module."""
    return packages_distributions()


def distributions_of(files: Iterable[Path]) -> set[str]:
    """Return the names of the third-party packages that the files import."""
    known = installed()
    ours = {"watcher", "tests", *(path.stem for path in (ROOT / "benchmarks").glob("*.py"))}
    modules = imported(files) - set(sys.stdlib_module_names) - ours
    return {canonicalize_name(known[module][0]) if module in known else module for module in modules}


def names(requirements: Iterable[str]) -> set[str]:
    return {canonicalize_name(Requirement(line).name) for line in requirements}


@LOCKS
def test_every_requirement_is_pinned_to_one_version_with_hashes(lock: Path) -> None:
    found = pins(lock.read_text())
    assert len(found) > 20
    for name, pin in found.items():
        assert re.fullmatch(r"==[^*,]+", str(pin.requirement.specifier)), name
        assert pin.hashes, name


@LOCKS
def test_a_lock_contains_no_index_url_or_path(lock: Path) -> None:
    text = HASH.sub("", lock.read_text())
    assert not re.findall(r"^\s*-.*|.*(?:://|\s@\s|\bfile:).*", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("lock", "groups"), [(RUNTIME, []), (DEVELOPMENT, ["dev"])], ids=["runtime", "development"]
)
def test_whatever_a_pinned_package_requires_is_pinned_with_its_extras(lock: Path, groups: list[str]) -> None:
    wanted = [*declared(*groups), *(ROOT / ".ci/build.in").read_text().splitlines()]
    assert unpinned(pins(lock.read_text()), wanted) == set()


def test_an_extra_that_is_not_pinned_is_reported() -> None:
    text = DEVELOPMENT.read_text()
    stripped = re.sub(r"^coverage\[toml\]==", "coverage==", text, flags=re.MULTILINE)
    assert stripped != text
    assert any(one.startswith("coverage[toml]") for one in unpinned(pins(stripped), []))


def test_a_package_that_is_not_pinned_is_reported() -> None:
    lock = pins(RUNTIME.read_text())
    del lock["certifi"]
    assert {"certifi[], for httpx", "certifi[], for httpcore"} <= unpinned(lock, [])


def test_the_versions_under_test_are_the_versions_shipped() -> None:
    runtime, development = pins(RUNTIME.read_text()), pins(DEVELOPMENT.read_text())
    assert runtime.items() <= development.items()


def test_the_project_declares_exactly_what_it_imports() -> None:
    assert distributions_of((ROOT / "watcher").rglob("*.py")) == names(declared()) - NO_MODULE


def test_tests_and_tools_import_only_declared_packages() -> None:
    files = [
        *(ROOT / "tests").rglob("*.py"),
        *(ROOT / "benchmarks").glob("*.py"),
        *(ROOT / ".ci").glob("*.py"),
    ]
    assert distributions_of([*files, ROOT / "tasks.py"]) <= names(declared("dev"))


def test_imports_inside_functions_and_under_other_names_count(tmp_path: Path) -> None:
    file = tmp_path / "some.py"
    file.write_text(
        "def f():\n    from ruamel.yaml import YAML\n    import httpx as h, os.path\nfrom . import json\n"
    )
    assert distributions_of([file]) == {"ruamel-yaml", "httpx"}
    file.write_text("import module_of_no_package\n")
    assert distributions_of([file]) == {"module_of_no_package"}
