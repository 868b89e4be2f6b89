"""The `Retry-After` header, which sources and providers answer with when they are busy."""

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

SECONDS = re.compile(r"-?\d{1,12}(?:\.\d+)?")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait, at least 0, or None if the server did not say.

    A date counts from the server's own clock (`Date`). There is no upper limit: callers set their own.
    """
    value = headers.get("Retry-After", "").strip()
    if SECONDS.fullmatch(value):
        return max(float(value), 0.0)
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, TypeError, OverflowError):
        return None
    return max(wait.total_seconds(), 0.0)
