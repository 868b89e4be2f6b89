"""The project's tasks, on any machine with Python 3.11 or newer: `python3 tasks.py` lists them."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

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
EVERYWHERE = ("tests/core", "tests/shell")  # need nothing but Python, and take a minute
SPREAD = ("-n", "auto", "--dist", "loadfile")  # tests of one file share what it sets up, such as a machine
LEAST_COVERED = 90  # percent of the whole; the pure core has 100


def main() -> None:
    """Run the task that the command line names."""
    words = sys.argv[1:] or ["help"]
    length = 2 if " ".join(words[:2]) in TASKS else 1
    name, arguments = " ".join(words[:length]), words[length:]
    if name not in TASKS:
        print("usage: python3 tasks.py TASK [arguments]\n")
        print(*(f"  {key:10} {takes:14} {task.__doc__}" for key, (task, takes) in TASKS.items()), sep="\n")
        print("\nThe first time, setting up .venv takes half a minute more.")
        sys.exit(0 if name in {"help", "-h", "--help"} else 2)
    TASKS[name][0](arguments)


def demo(arguments: list[str]) -> None:
    """Run the real service on a made-up catalog, without network or account."""
    replace_by(set_up(RUNTIME) / "watcher", "demo", *arguments)


def run(arguments: list[str]) -> None:
    """Run the service with ./rules.yaml."""
    replace_by(set_up(RUNTIME) / "watcher", "run", *arguments)


def test(arguments: list[str]) -> None:
    """Run the tests that take a minute; further arguments go to pytest, as in `test all`."""
    chosen = () if any(argument.startswith("tests") for argument in arguments) else EVERYWHERE
    test_all([*chosen, *arguments])


def test_all(arguments: list[str]) -> None:
    """Run every test, with faults and whole machines; as root on Debian none is skipped."""
    replace_by(set_up(DEVELOPMENT) / "python", "-m", "pytest", *SPREAD, *arguments)


def check(_arguments: list[str]) -> None:
    """Check style, types, import layers, duplicate code, and that every fault has a test."""
    tools = set_up(DEVELOPMENT)
    report(at_once(tools, STATIC))


def check_all(arguments: list[str]) -> None:
    """Check all that and the coverage of all tests (--no-tests: of the last run)."""
    tools = set_up(DEVELOPMENT)
    done = at_once(tools, STATIC)
    if "--no-tests" not in arguments:
        done.append(verify(tools, "tests", f"pytest {' '.join(SPREAD)} --cov --cov-report=", shown=True))
    core = {"core covered": f"coverage report --fail-under=100 --include={','.join(pure_core())}"}
    whole = {"covered": f"coverage report --fail-under={LEAST_COVERED}"}
    report([*done, *at_once(tools, whole | core)])


def pictures(_arguments: list[str]) -> None:
    """Make the pictures of docs/messages.md anew, with Chromium."""
    execute(set_up(RUNTIME) / "python", "docs/pictures.py")


def lock(_arguments: list[str]) -> None:
    """Pin the newest versions that pyproject.toml allows."""
    tools = set_up(DEVELOPMENT)
    execute(tools / "python", "-m", "pip", "install", "--quiet", "uv")
    sources = (
        f"pyproject.toml {BUILD} --universal --upgrade --generate-hashes --no-annotate --no-strip-extras"
    )
    quiet = "--quiet --no-header --no-emit-index-url"
    for target, extra in ((RUNTIME, ""), (DEVELOPMENT, "--extra dev")):
        execute(tools / "uv", *f"pip compile {sources} {quiet} {extra} -o {target}".split())


TASKS = {
    "demo": (demo, "ten seconds"),
    "run": (run, "until Ctrl-C"),
    "test": (test, "a minute"),
    "test all": (test_all, "six minutes"),
    "check": (check, "half a minute"),
    "check all": (check_all, "eight minutes"),
    "pictures": (pictures, "half a minute"),
    "lock": (lock, "ten seconds"),
}

STATIC = {
    "style": "ruff check --quiet",
    "format": "ruff format --check --quiet",
    "types": "mypy",
    "layers": "lint-imports --no-logo",
    "faults": "python .ci/faults.py",
    "duplicates": "pylint --disable=all --enable=duplicate-code --score=no watcher",
}


class Checked(NamedTuple):
    """The result of a check."""

    name: str
    holds: bool
    seconds: float


def verify(tools: Path, name: str, command: str, *, shown: bool = False) -> Checked:
    """Run one check; print its output live if `shown`, otherwise in one piece when it ends."""
    program, *options = command.split()
    begun = time.monotonic()
    heading = f"$ {command}\n"
    if shown:
        print(heading, end="", flush=True)
    output = None if shown else subprocess.PIPE
    ran = subprocess.run(
        [tools / program, *options], cwd=ROOT, check=False, stdout=output, stderr=subprocess.STDOUT, text=True
    )
    if not shown:
        print(heading + ran.stdout, end="", flush=True)
    return Checked(name, ran.returncode == 0, time.monotonic() - begun)


def at_once(tools: Path, checks: dict[str, str]) -> list[Checked]:
    """Run checks in parallel, one for each core."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda check: verify(tools, *check), checks.items()))


def report(done: list[Checked]) -> NoReturn:
    """Print one line for each check; exit with 1 if one failed."""
    print()
    for check in done:
        print(f"{'ok' if check.holds else 'FAILED':6} {check.seconds:6.1f} s  {check.name}")
    sys.exit(not all(check.holds for check in done))


def pure_core() -> list[str]:
    """Return patterns for the files of the pure core: the folders and modules of its import contract."""
    contracts = project_file()["tool"]["importlinter"]["contracts"]
    modules = next(c["source_modules"] for c in contracts if c["name"].startswith("The core is pure"))
    paths = [module.replace(".", "/") for module in modules]
    return [f"{path}/*" if (ROOT / path).is_dir() else f"{path}.py" for path in paths]


def project_file() -> dict[str, Any]:
    """Read pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def set_up(requirements: Path) -> Path:
    """Install these requirements and the project into `.venv`; return its folder of programs.

    Only a complete set-up leaves a stamp, so one that was interrupted starts from nothing.
    """
    stamp = VENV / "stamp"
    noted = stamp.read_text().split() if stamp.exists() and (BIN / "python").exists() else []
    place = fingerprint(f"{sys.version} {ROOT}".encode())
    project = repr(project_file()["project"]).encode()  # its scripts become programs
    wanted = fingerprint(requirements.read_bytes() + project)
    if place not in noted or wanted not in noted:
        print("Setting up .venv (once, about half a minute) ...", file=sys.stderr, flush=True)
        if place not in noted:
            make_venv()
        stamp.unlink(missing_ok=True)
        install("--no-deps", "--require-hashes", "-r", str(requirements))  # complete: test_requirements.py
        install("--no-deps", "--no-build-isolation", "-e", str(ROOT))
        runtime = fingerprint(RUNTIME.read_bytes() + project)  # part of the development lock too
        stamp.write_text(" ".join({place, wanted, runtime}))
    return BIN


def fingerprint(content: bytes) -> str:
    """Hash what the set-up depends on."""
    return hashlib.sha256(content).hexdigest()


def make_venv() -> None:
    """Create the virtual environment afresh, without its own pip if Debian left out ensurepip."""
    if not find_spec("ensurepip") and not find_spec("pip"):
        sys.exit("This Python has no pip. On Debian and Ubuntu, apt install python3-venv, then try again.")
    without = [] if find_spec("ensurepip") else ["--without-pip"]
    ran = subprocess.run([sys.executable, "-m", "venv", "--clear", *without, str(VENV)], check=False)
    if ran.returncode:
        sys.exit(f"{VENV} could not be created; the reason is above. Fix that, then try again.")


def install(*arguments: str) -> None:
    """Install into the virtual environment; Python compiles what it imports, so pip need not."""
    inside, outside = [str(BIN / "python"), "-m", "pip"], [sys.executable, "-m", "pip", "--python", str(VENV)]
    pip = inside if (BIN / "pip").exists() else outside
    command = [*pip, "install", "-qq", "--disable-pip-version-check", "--no-compile", *arguments]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        sys.exit(
            "The set-up failed; the reason is above. If the package index cannot be reached, set\n"
            "HTTPS_PROXY to your proxy or PIP_INDEX_URL to your own index.\n"
            "Then try again: it starts from nothing."
        )


def execute(program: Path | str, *arguments: str) -> None:
    """Run a program in the project's folder; exit with its code if it fails."""
    code = subprocess.run([str(program), *arguments], cwd=ROOT, check=False).returncode
    if code:
        sys.exit(code)


def replace_by(program: Path, *arguments: str) -> NoReturn:
    """Become the program, so that it gets our signals and we exit with its code."""
    os.chdir(ROOT)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # tests start many processes: compile once
    os.execv(program, [str(program), *arguments])


if __name__ == "__main__":
    main()
