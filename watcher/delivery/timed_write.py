"""Write to a pipe, terminal or file without waiting longer than allowed for whoever reads it."""

import os
import select
from threading import Event as Flag
from threading import Lock
from time import monotonic

GRACE = 5.0  # seconds once the service stops, which has ten in all
TICK = 0.1  # seconds between two looks at the clock
PIECE = select.PIPE_BUF  # bytes: a pipe that can be written to at all takes as many at once
_turn = Lock()  # standard output and standard error may be one pipe


def write(descriptor: int, data: bytes, seconds: float, stop: Flag | None = None) -> int:
    """Write what is read within `seconds`, or within GRACE once `stop` is set; return how many bytes.

    Raises OSError if it cannot be written to at all.
    """
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    written, end = 0, monotonic() + seconds
    while written < len(data):
        if stop is not None and stop.is_set():
            end = min(end, monotonic() + GRACE)
        with _turn:
            if poll.poll(0):
                written += os.write(descriptor, data[written : written + PIECE])
                continue
        left = end - monotonic()
        if left <= 0:
            break
        poll.poll(1000 * min(TICK, left))
    return written
