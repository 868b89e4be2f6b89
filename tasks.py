"""The project's tasks on any machine with Python 3.11 or newer: `python3 tasks.py` lists them."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

try:
    import tomllib  # new in 3.11, as is all that the project needs
except ModuleNotFoundError:
    sys.exit(f"watcher needs Python 3.11 or newer; this is {sys.version.split()[0]}")

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
RUNTIME = ROOT / "deploy" / "requirements.txt"
DEVELOPMENT = ROOT / ".ci" / "requirements.txt"
BUILD = ROOT / ".ci" / "build.in"
SPREAD = ("-n", "auto", "--dist", "loadfile")  # a file, and the machine that it boots, on one core
LEAST_COVERED = "90"  # percent of the whole; the pure core has 100


def main() -> None:
    """Run the task that the command line names."""
    name, *arguments = sys.argv[1:] or ["help"]
    if name not in TASKS:
        print("usage: python3 tasks.py TASK [arguments]\n")
        print(*(f"  {key:6} {function.__doc__}" for key, function in TASKS.items()), sep="\n")
        sys.exit(0 if name in {"help", "-h", "--help"} else 2)
    TASKS[name](arguments)


def demo(arguments: list[str]) -> None:
    """Show ten seconds of alerts, without network or account."""
    replace_by(set_up(RUNTIME) / "watcher", "demo", *arguments)


def run(arguments: list[str]) -> None:
    """Run the service with ./rules.yaml."""
    replace_by(set_up(RUNTIME) / "watcher", "run", *arguments)


def test(arguments: list[str]) -> None:
    """Run the tests."""
    replace_by(set_up(DEVELOPMENT) / "python", "-m", "pytest", *SPREAD, *arguments)


def check(arguments: list[str]) -> None:
    """Check style, types, layers, faults, duplicates; run the tests with coverage (--no-tests: done)."""
    tools = set_up(DEVELOPMENT)
    commands = [
        "ruff check --quiet",
        "ruff format --check --quiet",
        "mypy",
        "lint-imports --no-logo",
        "python .ci/faults.py",
        "pylint --disable=all --enable=duplicate-code --score=no watcher",
        f"pytest {' '.join(SPREAD)} --cov --cov-report=",
        f"coverage report --fail-under={LEAST_COVERED}",
        f"coverage report --fail-under=100 --include={','.join(pure_core())}",
    ]
    for command in commands:
        program, *options = command.split()
        if program == "pytest" and "--no-tests" in arguments:
            continue
        print(f"$ {command}", flush=True)
        execute(tools / program, *options)


def lock(_arguments: list[str]) -> None:
    """Pin the newest requirements anew."""
    tools = set_up(DEVELOPMENT)
    execute(tools / "python", "-m", "pip", "install", "--quiet", "uv")
    sources = (
        f"pyproject.toml {BUILD} --universal --upgrade --generate-hashes --no-annotate --no-strip-extras"
    )
    quiet = "--quiet --no-header --no-emit-index-url"
    for target, extra in ((RUNTIME, ""), (DEVELOPMENT, "--extra dev")):
        execute(tools / "uv", *f"pip compile {sources} {quiet} {extra} -o {target}".split())


TASKS = {function.__name__: function for function in (demo, run, test, check, lock)}


def pure_core() -> list[str]:
    """Name the files of the pure core, as the import rules list them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    modules = next(c["source_modules"] for c in contracts if c["name"].startswith("The core is pure"))
    paths = [module.replace(".", "/") for module in modules]
    return [f"{path}/*.py" if (ROOT / path).is_dir() else f"{path}.py" for path in paths]


def set_up(requirements: Path) -> Path:
    """Make `.venv` have these requirements and the project; gives its folder of programs."""
    stamp = VENV / "stamp"
    noted = stamp.read_text().split() if stamp.exists() else []
    place, wanted = fingerprint(f"{sys.version} {ROOT}".encode()), fingerprint(requirements.read_bytes())
    if place not in noted or wanted not in noted:
        print("Setting up .venv (once, about half a minute) ...", file=sys.stderr, flush=True)
        if place not in noted:
            make_venv()
        install("--require-hashes", "-r", str(requirements))
        install("--no-deps", "--no-build-isolation", "-e", str(ROOT))
        included = {fingerprint(RUNTIME.read_bytes()), wanted}  # development includes all that running needs
        stamp.write_text(" ".join([place, *included]))
    return BIN


def fingerprint(content: bytes) -> str:
    """Shorten what the set-up depends on to one word."""
    return hashlib.sha256(content).hexdigest()


def make_venv() -> None:
    """Make the virtual environment anew, without pip of its own where Debian left that out."""
    if not find_spec("ensurepip") and not find_spec("pip"):
        sys.exit("Python has no pip here; on Debian and Ubuntu: apt install python3-venv")
    without = [] if find_spec("ensurepip") else ["--without-pip"]
    execute(sys.executable, "-m", "venv", "--clear", *without, str(VENV))


def install(*arguments: str) -> None:
    """Install into the virtual environment."""
    inside, outside = [str(BIN / "python"), "-m", "pip"], [sys.executable, "-m", "pip", "--python", str(VENV)]
    pip = inside if (BIN / "pip").exists() else outside
    execute(*pip, "install", "-qq", "--disable-pip-version-check", *arguments)


def execute(program: Path | str, *arguments: str) -> None:
    """Run a program in the project's folder; where it fails, we fail with its code."""
    code = subprocess.run([str(program), *arguments], cwd=ROOT, check=False).returncode
    if code:
        sys.exit(code)


def replace_by(program: Path, *arguments: str) -> NoReturn:
    """Become the program, so that signals and its exit code are its own."""
    os.chdir(ROOT)
    os.execv(program, [str(program), *arguments])


if __name__ == "__main__":
    main()
