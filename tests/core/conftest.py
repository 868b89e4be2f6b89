"""The core tests do no I/O, so they are fast and cannot fail for anything but the code: this keeps it so."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest

IO = ("socket.", "subprocess.", "sqlite3.", "os.fork", "os.posix_spawn", "time.sleep")
"""Audit events that no core test may cause; files are not among them, since imports read and write them."""


class Guard:
    """An audit hook, which can never be removed, but switched off."""

    def __init__(self) -> None:
        self.is_on = False

    def __call__(self, event: str, _: Any) -> None:
        if self.is_on and event.startswith(IO):
            message = f"a core test must not do I/O: {event}"
            raise RuntimeError(message)


GUARD = Guard()
sys.addaudithook(GUARD)


@pytest.fixture(autouse=True)
def _no_io() -> Iterator[None]:
    GUARD.is_on = True
    yield
    GUARD.is_on = False
