"""Disks that are small, full or read-only: a tmpfs per test, which needs root on Linux."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NEEDED = "WATCHER_REQUIRE_ALL" in os.environ
needs_mounts = pytest.mark.skipif(
    not NEEDED and not (sys.platform == "linux" and os.geteuid() == 0),
    reason="mounting a small disk needs root on Linux",
)


@contextmanager
def small_disk(folder: Path, kilobytes: int = 2048) -> Iterator[Path]:
    """Mount a disk of this size."""
    folder.mkdir()
    run("mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        run("umount", "--lazy", str(folder))


def run(*command: str) -> None:
    subprocess.run(command, check=True, timeout=20)


def fill(disk: Path) -> Path:
    """Fill a disk to the last byte; returns the file that fills it."""
    filler = disk / "filler"
    with filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    return filler
