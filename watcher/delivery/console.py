"""Messages for standard output: a terminal, or the log of a container."""

import os
import sys

from watcher.domain.delivery import Delivery, Outcome, Verdict
from watcher.text.clean import clean


def show(delivery: Delivery) -> Outcome:
    """Tell standard output; what could move a terminal's cursor or colour it is taken out."""
    notification = delivery.notification
    title = clean(f"[possible repeat] {notification.title}" if delivery.repeat else notification.title)
    body = "\n".join(clean(line, len(line)) for line in notification.body.splitlines())
    try:
        if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
            title = f"\x1b[1m{title}\x1b[0m"
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(f"\n{title}\n{body}\n".encode(encoding, "replace").decode(encoding))
        sys.stdout.flush()
    except (OSError, ValueError) as error:  # a closed one raises ValueError
        return Outcome(Verdict.RETRY, f"standard output cannot be written: {clean(str(error))}")
    return Outcome(Verdict.SENT)
