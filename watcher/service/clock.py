"""The two clocks of the service: the time of day, and one that never jumps."""

import time
from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the time in UTC, to the second, which is all the store keeps."""
    return datetime.now(UTC).replace(microsecond=0)


def elapsed() -> float:
    """Return seconds that never jump; on Linux they include the time that the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
