"""Print messages to standard output: a terminal, or the log of a container."""

import os
import sys
from threading import Event as Flag

from watcher.domain.delivery import Channel, Delivery, Outcome, Verdict
from watcher.text.clean import clean, clean_lines, inert

GAP = " "  # terminals show a space of no width in their own ways


def send(_channel: Channel, delivery: Delivery, _deadline: float, _stop: Flag) -> Outcome:
    """Print a message, without anything that could move a terminal's cursor or color it."""
    title = inert(clean(delivery.notification.title), GAP)
    body = inert(clean_lines(delivery.notification.body), GAP)
    try:
        if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
            title = f"\x1b[1m{title}\x1b[0m"
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(f"\n{title}\n{body}\n".encode(encoding, "replace").decode(encoding))
        sys.stdout.flush()
    except (OSError, ValueError) as error:  # a closed one raises ValueError
        return Outcome(Verdict.RETRY, f"cannot write to standard output: {clean(str(error))}")
    return Outcome(Verdict.SENT)


def check(_channel: Channel, _deadline: float) -> None:
    """Return None: the console can always be tried."""
