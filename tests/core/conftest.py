"""The core tests do no I/O, so they are fast and cannot fail for anything but the code: this keeps it so."""

import sys
from collections.abc import Iterator
from threading import get_ident
from typing import Any

import pytest

IO = ("socket.", "subprocess.", "sqlite3.", "os.fork", "os.posix_spawn")
"""Audit events that no core test may cause; files are not among them, since imports read and write them."""


class Guard:
    """An audit hook for one thread, where it is set: others may end what tests of other tiers began."""

    thread: int | None = None

    def __call__(self, event: str, _: Any) -> None:
        if self.thread and event.startswith(IO) and get_ident() == self.thread:
            message = f"a core test must not do I/O: {event}"
            raise RuntimeError(message)


GUARD = Guard()
sys.addaudithook(GUARD)  # which can never be removed


@pytest.fixture(autouse=True)
def _no_io() -> Iterator[None]:
    GUARD.thread = get_ident()
    yield
    GUARD.thread = None
