"""Print messages to standard output: a terminal, or the log of a container."""

import os
import sys
from dataclasses import replace
from shutil import get_terminal_size
from threading import Event as Flag

from watcher.delivery.templated import in_own_words
from watcher.delivery.timed_write import write
from watcher.domain.delivery import Channel, Delivery, Outcome, Verdict
from watcher.domain.news import Notification
from watcher.forms.as_terminal import BOLD, END, GAP, as_terminal
from watcher.text.clean import clean, clean_lines, inert

PATIENCE = 5.0  # seconds; whoever reads is on this machine, and other channels wait meanwhile


def send(channel: Channel, delivery: Delivery, deadline: float, stop: Flag) -> Outcome:
    """Print a message, colored on a terminal; nothing in it can move the cursor.

    What nobody reads within `deadline` seconds, at most PATIENCE, is tried again later.
    """
    try:
        encoding = sys.stdout.encoding or "utf-8"
        notification, warning = _in_own_words(channel, delivery.notification)
        text = _text(notification, is_colored=sys.stdout.isatty() and not os.environ.get("NO_COLOR"))
        printed = _print(text.encode(encoding, "replace"), encoding, min(deadline, PATIENCE), stop)
        return replace(printed, warning=warning)
    except (OSError, ValueError) as error:  # a closed one raises ValueError
        return Outcome(Verdict.RETRY, f"cannot write to standard output: {clean(str(error))}")


def _in_own_words(channel: Channel, notification: Notification) -> tuple[Notification, str]:
    """Fill in the template, if there is one; return a warning if it cannot be."""
    template, letter = channel.template_for(notification.rules), notification.letter
    if not template or not letter:
        return notification, ""
    title, body, warning = in_own_words(template, notification.title, notification.body, letter)
    return replace(notification, title=title, body=body, letter=letter if warning else None), warning


def _text(notification: Notification, *, is_colored: bool) -> str:
    letter = notification.letter
    if is_colored and letter:
        return f"\n{as_terminal(notification.title, letter, get_terminal_size().columns)}\n"
    title = inert(clean(notification.title), GAP)
    if is_colored:
        title = f"{BOLD}{title}{END}"
    return f"\n{title}\n{inert(clean_lines(notification.body), GAP)}\n"


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
