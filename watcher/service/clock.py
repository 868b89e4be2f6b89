"""The two clocks of the service: the time of day, and one that never jumps."""

import time
from datetime import UTC, datetime


def utc_now() -> datetime:
    """Give the time in UTC, to the second: nothing here is told apart more finely."""
    return datetime.now(UTC).replace(microsecond=0)


def elapsed() -> float:
    """Give seconds that never jump and go on while the machine sleeps, where the system can tell them."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
