"""Compare the faults of docs/faults.md with those that tests name: each is tried or said to be impossible."""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "faults.md"
IMPOSSIBLE = "## Faults that cannot happen here"
OURS = 172  # faults, besides those of other programs (W) and the promises (I)
OF_OTHERS = 25
LEAST_TRIED = 150  # of ours
ALWAYS_TRIED = (
    "SLZWI"  # kinds of which none can be impossible: store, delivery, secrets, others' faults, promises
)
ROW = re.compile(r"^\| ([A-Z]\d+) \|", re.MULTILINE)
NAME = re.compile(r"__([A-Z]\d+(?:_[A-Z]\d+)*)$")
CASE = re.compile(r"[A-Z]\d+(?:_[A-Z]\d+)*")


def main() -> None:
    """Print how many faults are tried; fail with a line for each thing that is wrong."""
    impossible, listed = read(DOCUMENT.read_text())
    tried = named(collected())
    counts = Counter(kind_of(fault) for fault in listed)
    done = Counter(kind_of(fault) for fault in listed if fault in tried)
    print(
        f"faults: {done['']} of {counts['']} tried, {len(impossible)} cannot happen; "
        f"W: {done['W']} of {counts['W']}; promises: {done['I']} of {counts['I']}"
    )
    problems = [*wrong(listed, impossible, tried), *too_few(counts, done)]
    if problems:
        sys.exit("\n".join(problems))


def kind_of(fault: str) -> str:
    """Give W or I, nothing for the faults of our own."""
    return fault[0] if fault[0] in "WI" else ""


def read(text: str) -> tuple[set[str], list[str]]:
    """Give the ids of the faults that cannot happen, and all that are listed."""
    before, _, after = text.partition(IMPOSSIBLE)
    section, _, rest = after.partition("\n## ")
    return set(ROW.findall(section)), ROW.findall(before + rest)


def collected() -> list[str]:
    """Ask pytest for every test and case that it would run, with its file."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(f"the tests cannot be collected:\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}")
    return [line for line in ran.stdout.splitlines() if "::" in line]


def named(tests: Iterable[str]) -> set[str]:
    """Give each fault that a test or a case names."""
    found: set[str] = set()
    for test in tests:
        name, _, case = test.partition("::")[2].removesuffix("]").partition("[")
        groups = [*NAME.findall(name), *(part for part in case.split("-") if CASE.fullmatch(part))]
        found |= {fault for group in groups for fault in group.split("_")}
    return found


def wrong(listed: list[str], impossible: set[str], tried: set[str]) -> list[str]:
    """Say what is wrong with single faults."""
    found = {
        "no test tries it; write one, or say why it cannot happen": {*listed} - tried - impossible,
        "is said to be impossible, yet a test tries it": impossible & tried,
        "is said to be impossible, which its kind never is": {f for f in impossible if f[0] in ALWAYS_TRIED},
        "is said to be impossible, but not listed": impossible - {*listed},
        "is named by a test, but not listed": tried - {*listed},
        "is listed twice": {fault for fault, count in Counter(listed).items() if count > 1},
    }
    return [f"{', '.join(sorted(faults))}: {what}" for what, faults in found.items() if faults]


def too_few(counts: Mapping[str, int], done: Mapping[str, int]) -> list[str]:
    """Say where so many are missing that the list itself cannot be right."""
    found = {
        f"{counts['']} faults are listed, not {OURS}": counts[""] != OURS,
        f"{counts['W']} faults of others are listed, not {OF_OTHERS}": counts["W"] != OF_OTHERS,
        f"{done['']} faults are tried, fewer than {LEAST_TRIED}": done[""] < LEAST_TRIED,
    }
    return [what for what, is_so in found.items() if is_so]


if __name__ == "__main__":
    main()
