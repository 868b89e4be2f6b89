"""Messages on their way: each to its channel in a process of its own, with a deadline that holds."""

import json
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from watcher.domain import Channel, Delivery, Outcome, Verdict

DEADLINE = 30.0  # seconds for one message, the child's start included
AT_ONCE = 8  # children; each takes 60 MB while it lives
SENDER = (sys.executable, "-m", "watcher.send")
FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(hours=1)
LONGEST_WISH = timedelta(hours=6)  # that a server can make us wait
MOST_REFUSALS = 3  # providers have bad minutes; beyond that a refusal is meant
MOST_ATTEMPTS = 80  # at pauses of up to an hour: about three days


def next_attempt(outcome: Outcome, attempts: int, now: datetime, jitter: float) -> datetime | None:
    """Give when to try again after `attempts` tries, None for never; `jitter` from 0 to 1 spreads the tries."""
    refused = outcome.verdict is Verdict.REFUSED
    if outcome.verdict is Verdict.SENT or attempts >= (MOST_REFUSALS if refused else MOST_ATTEMPTS):
        return None
    pause = min(FIRST_PAUSE * 2 ** min(attempts - 1, 10), LONGEST_PAUSE) * (1 + jitter / 4)
    wish = min(timedelta(seconds=outcome.retry_after or 0.0), LONGEST_WISH)
    return now + max(pause, wish)


def deliver(
    batch: Sequence[tuple[Channel, Delivery]],
    *,
    deadline: float = DEADLINE,
    sender: Sequence[str] = SENDER,
) -> list[Outcome]:
    """Send each message to its channel, all at the same time; gives the outcomes in the same order."""
    if not batch:
        return []
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="deliver") as pool:
        return list(pool.map(lambda pair: _deliver(*pair, deadline, sender), batch))


def check(channel: Channel, *, deadline: float = DEADLINE, sender: Sequence[str] = SENDER) -> str | None:
    """Say why a channel cannot be used, without showing its address; None where it can."""
    if channel.is_console:
        return None
    outcome = _run({"check": True, "url": channel.url.reveal()}, deadline, sender)
    return None if outcome.verdict is Verdict.SENT else outcome.reason


def _deliver(channel: Channel, delivery: Delivery, deadline: float, sender: Sequence[str]) -> Outcome:
    if channel.is_console:
        return _print(delivery)
    notification = delivery.notification
    job = {
        "url": channel.url.reveal(),
        "title": notification.title,
        "body": notification.body,
        "html": notification.html,
        "event_id": ",".join(notification.events),
        "repeat": delivery.repeat,
    }
    return _run(job, deadline, sender)


def _run(job: object, deadline: float, sender: Sequence[str]) -> Outcome:
    """Run the sending process; the job goes through a pipe, so that no process list shows an address."""
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            [*sender],
            input=json.dumps(job).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=deadline,
            start_new_session=True,  # Ctrl-C at the terminal must not cut a message in flight
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Outcome(Verdict.RETRY, f"no answer within {deadline:g} s")
    except OSError as error:
        return Outcome(Verdict.RETRY, f"the sending process could not be started: {error.strerror}")
    return _read(done.stdout)


def _read(printed: bytes) -> Outcome:
    """Read what the sending process printed; anything else than an outcome is a failure."""
    try:
        said = json.loads(printed)
        return Outcome(Verdict(said["verdict"]), str(said["reason"]), said["retry_after"])
    except (ValueError, LookupError, TypeError):
        return Outcome(Verdict.RETRY, "the sending process ended without an answer")


def _print(delivery: Delivery) -> Outcome:
    """Tell the console, standard output."""
    notification = delivery.notification
    repeat = "[possible repeat] " if delivery.repeat else ""
    try:
        sys.stdout.write(f"\n{repeat}{notification.title}\n{notification.body}\n")
        sys.stdout.flush()
    except OSError as error:
        return Outcome(Verdict.RETRY, f"standard output cannot be written: {error.strerror}")
    return Outcome(Verdict.SENT)
