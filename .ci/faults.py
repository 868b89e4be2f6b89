"""Compare the faults in docs/faults.md with the marks of the tests: each must be tried, or be impossible."""

import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "faults.md"
IMPOSSIBLE = "## Faults that cannot happen here"
OURS = 206  # faults, besides those of other programs (W) and the promises (I)
OF_OTHERS = 25
LEAST_TRIED = 150  # of ours
ALWAYS_TRIED = "SLZQRVWI"  # kinds of which none can be impossible
ROW = re.compile(r"^\| ([A-Z]\d+) \|", re.MULTILINE)


def main() -> None:
    """Print how many faults are tried; fail with a line for each problem."""
    impossible, listed = read(DOCUMENT.read_text())
    tried = marked()
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
    """Return "W" or "I"; an empty string for our own faults."""
    return fault[0] if fault[0] in "WI" else ""


def read(text: str) -> tuple[set[str], list[str]]:
    """Return the ids of the faults that cannot happen, and of all that are listed."""
    before, _, after = text.partition(IMPOSSIBLE)
    section, _, rest = after.partition("\n## ")
    return set(ROW.findall(section)), ROW.findall(before + rest)


@dataclass
class Collector:
    """A pytest plugin that collects the faults that tests are marked with."""

    faults: set[str] = field(default_factory=set)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: Sequence[pytest.Item]) -> None:
        """Read the marks of all tests."""
        marks = (mark for item in items for mark in item.iter_markers("fault"))
        self.faults = {str(fault) for mark in marks for fault in mark.args}


def marked() -> set[str]:
    """Have pytest collect every test, and return the faults that their marks name."""
    collector, said = Collector(), StringIO()
    arguments = [f"--rootdir={ROOT}", "--collect-only", "-q", "-p", "no:cacheprovider", str(ROOT / "tests")]
    with redirect_stdout(said), redirect_stderr(said):
        code = pytest.main(arguments, plugins=[collector])
    if code != pytest.ExitCode.OK:
        sys.exit(f"the tests cannot be collected:\n{said.getvalue()[-2000:]}")
    return collector.faults


def wrong(listed: list[str], impossible: set[str], tried: set[str]) -> list[str]:
    """Describe what is wrong with single faults."""
    found = {
        "no test tries it; write one, or say why it cannot happen": {*listed} - tried - impossible,
        "is said to be impossible, yet a test tries it": impossible & tried,
        "is said to be impossible, which its kind never is": {f for f in impossible if f[0] in ALWAYS_TRIED},
        "is said to be impossible, but not listed": impossible - {*listed},
        "is named by a test's mark, but not listed": tried - {*listed},
        "is listed twice": {fault for fault, count in Counter(listed).items() if count > 1},
    }
    return [f"{', '.join(sorted(faults))}: {what}" for what, faults in found.items() if faults]


def too_few(counts: Mapping[str, int], done: Mapping[str, int]) -> list[str]:
    """Describe where so many are missing that the list itself cannot be right."""
    found = {
        f"{counts['']} faults are listed, not {OURS}": counts[""] != OURS,
        f"{counts['W']} faults of others are listed, not {OF_OTHERS}": counts["W"] != OF_OTHERS,
        f"{done['']} faults are tried, fewer than {LEAST_TRIED}": done[""] < LEAST_TRIED,
    }
    return [what for what, is_so in found.items() if is_so]


if __name__ == "__main__":
    main()
