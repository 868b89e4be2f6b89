"""A pipe that is full and that nobody reads."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def full_pipe() -> Iterator[int]:
    """Return the writing end of a full pipe."""
    reading, writing = os.pipe()
    try:
        fill(writing)
        yield writing
    finally:
        os.close(reading)
        os.close(writing)


def fill(writing: int) -> int:
    """Fill a pipe to its last byte; returns how many went in."""
    os.set_blocking(writing, False)
    filled = 0
    with suppress(BlockingIOError):
        while True:
            filled += os.write(writing, b"x")
    os.set_blocking(writing, True)
    return filled
