"""Print messages to standard output: a terminal, or the log of a container."""

import os
import sys
from threading import Event as Flag

from watcher.delivery.timed_write import write
from watcher.domain.delivery import Channel, Delivery, Outcome, Verdict
from watcher.text.clean import clean, clean_lines, inert

GAP = " "  # terminals show a space of no width in their own ways
PATIENCE = 5.0  # seconds; whoever reads is on this machine, and other channels wait meanwhile


def send(_channel: Channel, delivery: Delivery, deadline: float, stop: Flag) -> Outcome:
    """Print a message, without anything that could move a terminal's cursor or color it.

    What nobody reads within `deadline` seconds, at most PATIENCE, is tried again later.
    """
    title = inert(clean(delivery.notification.title), GAP)
    body = inert(clean_lines(delivery.notification.body), GAP)
    try:
        if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
            title = f"\x1b[1m{title}\x1b[0m"
        encoding = sys.stdout.encoding or "utf-8"
        text = f"\n{title}\n{body}\n".encode(encoding, "replace")
        return _print(text, encoding, min(deadline, PATIENCE), stop)
    except (OSError, ValueError) as error:  # a closed one raises ValueError
        return Outcome(Verdict.RETRY, f"cannot write to standard output: {clean(str(error))}")


def _print(text: bytes, encoding: str, deadline: float, stop: Flag) -> Outcome:
    descriptor = _descriptor()
    if descriptor is None:
        sys.stdout.write(text.decode(encoding))
    sys.stdout.flush()  # what was printed before comes first
    written = len(text) if descriptor is None else write(descriptor, text, deadline, stop)
    if written == len(text):
        return Outcome(Verdict.SENT)
    return Outcome(Verdict.RETRY, f"nobody read standard output within {deadline:g} s", unsure=written > 0)


def _descriptor() -> int | None:
    """Return the file descriptor of standard output; None if it is only an object in this process."""
    if sys.stdout.closed:
        message = "it is closed"
        raise ValueError(message)
    try:
        return sys.stdout.fileno()
    except (OSError, ValueError):
        return None


def check(_channel: Channel, _deadline: float) -> None:
    """Return None: the console can always be tried."""
