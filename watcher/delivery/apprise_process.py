"""Runs the child that sends one message, and ends it at its deadline."""

import contextlib
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event, Thread

import watcher
from watcher.domain.catalog import Json
from watcher.domain.delivery import Outcome, Verdict
from watcher.text.clean import clean

GRACE = 5.0  # seconds that a message in flight has left when the service stops, which has ten in all


LONGEST_ANSWER = 10_000  # bytes; an outcome has a few hundred


MOST_IDS = 10  # of events in a mail's header; the first ones will do to tell a repeat


TICK = 0.1  # seconds between two looks at the clock


# Isolated: nothing lying about where watcher is started is imported. The child is of the same code as we are.
START = (
    "import sys; sys.path.insert(0, sys.argv[1]); import watcher; sys.path.append(sys.path.pop(0)); "
    "from watcher.delivery.apprise_child import main; main()"
)


SENDER = (sys.executable, "-I", "-c", START, str(Path(watcher.__file__).parents[1]))


# What the child gets of our environment: there the configuration's secrets may stand.
PASSED = re.compile(
    r"PATH|HOME|LANG|LANGUAGE|LC_\w+|TZ|TZDIR|TMPDIR|LD_LIBRARY_PATH|(?:https?|all|no)_proxy"
    r"|SSL_CERT_\w+|OPENSSL_\w+|(?:REQUESTS|CURL)_CA_BUNDLE|COVERAGE_PROCESS_\w+",
    re.IGNORECASE,
)


UNTHREADED = Outcome(Verdict.RETRY, "no thread could be started to send it")


UNANSWERED = Outcome(Verdict.RETRY, "the sending process ended without an answer", unsure=True)


def ask(job: Mapping[str, Json], deadline: float, stop: Event, sender: Sequence[str]) -> Outcome:
    """Run the child; the job goes through a pipe, so that no process list shows an address."""
    try:
        child = subprocess.Popen(  # noqa: S603 - our own module
            [*sender],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if PASSED.fullmatch(name)},
            start_new_session=True,  # Ctrl-C at the terminal must not cut a message in flight
        )
    except OSError as error:
        return Outcome(Verdict.RETRY, f"the sending process could not be started: {error.strerror}")
    answer: list[bytes] = []
    with child:
        talk = Thread(target=_talk, args=(child, json.dumps(job).encode(), answer), daemon=True)
        try:
            talk.start()
        except RuntimeError:
            child.kill()
            return UNTHREADED
        failure = _wait(talk, deadline, stop)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # whatever it started goes too
        talk.join()
    return failure or _read(b"".join(answer))


def _talk(child: subprocess.Popen[bytes], job: bytes, answer: list[bytes]) -> None:
    """Hand the job over and keep the beginning of what comes back; ends at the latest with the child."""
    if child.stdin and child.stdout:
        with contextlib.suppress(OSError), child.stdin:
            child.stdin.write(job)
        answer.append(child.stdout.read(LONGEST_ANSWER))


def _wait(talk: Thread, deadline: float, stop: Event) -> Outcome | None:
    """Wait for the talk to end; gives a failure where it takes too long."""
    end = time.monotonic() + deadline
    while talk.is_alive():
        if stop.is_set():
            end = min(end, time.monotonic() + GRACE)
        if time.monotonic() > end:
            when = "before watcher stopped" if stop.is_set() else f"within {deadline:g} s"
            return Outcome(Verdict.RETRY, f"no answer {when}; it may have arrived", unsure=True)
        talk.join(TICK)
    return None


def _read(printed: bytes) -> Outcome:
    """Read what the child printed; anything but an outcome is a failure."""
    with contextlib.suppress(ValueError, LookupError, TypeError, OverflowError, RecursionError):
        said = json.loads(printed)
        wish = None if said["retry_after"] is None else float(said["retry_after"])
        if wish is None or 0 <= wish < math.inf:
            return Outcome(Verdict(said["verdict"]), clean(str(said["reason"])), wish, said["unsure"] is True)
    return UNANSWERED
