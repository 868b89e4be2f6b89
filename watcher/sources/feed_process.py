"""Read a feed in a child process that is ended at its deadline: text from outside cannot stop the service."""

import contextlib
import functools
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from time import monotonic

from watcher.domain.errors import RefusedError
from watcher.sources.feed import LARGEST

CPU_SECONDS = "8"  # the real feed takes a tenth of a second
DEADLINE = 20.0  # seconds; longer, for a busy machine
TICK = 0.1  # seconds between two checks of whether to stop
READER = (sys.executable, "-I", str(Path(__file__).with_name("feed_child.py")), CPU_SECONDS)
# The part of our environment that the child gets; the rest may hold the configuration's secrets.
PASSED = re.compile(r"PATH|LANG|LC_\w+|LD_LIBRARY_PATH|COVERAGE_PROCESS_\w+")
TOO_SLOW = "the feed takes too long to read"


def convert(
    pages: Sequence[bytes], stop: Flag, reader: Sequence[str] = READER, deadline: float = DEADLINE
) -> list[bytes]:
    """Return a feed as the JSON that `feed.parse` reads. Raises RefusedError if it cannot be read in time.

    `reader` is the child's command; setting `stop` ends it.
    """
    [page] = pages
    if len(page) > LARGEST:
        message = f"the feed is larger than {LARGEST:,} bytes"
        raise RefusedError(message)
    converted = _converted(page, stop, tuple(reader), deadline)
    if isinstance(converted, RefusedError):
        raise converted
    return [converted]


@functools.lru_cache(maxsize=1)
def _converted(page: bytes, stop: Flag, reader: tuple[str, ...], deadline: float) -> bytes | RefusedError:
    """Read a page; cached, because reading is most of a poll's work and most pages are as before.

    A page that takes too long is remembered too; what may work the next time is raised instead.
    """
    printed, status = _run(page, stop, reader, deadline)
    if status == -signal.SIGXCPU:
        return RefusedError(TOO_SLOW)
    try:
        json.loads(printed)
    except ValueError:
        message = "the process that reads the feed ended without an answer"
        raise RefusedError(message) from None
    return printed


def _run(page: bytes, stop: Flag, reader: Sequence[str], deadline: float) -> tuple[bytes, int]:
    """Run the child; return what it printed and how it ended. Raises RefusedError."""
    environment = {name: value for name, value in os.environ.items() if PASSED.fullmatch(name)}
    try:
        child = subprocess.Popen(  # noqa: S603 - our own module
            [*reader],
            env=environment,
            start_new_session=True,  # Ctrl-C at the terminal must not look like a broken feed
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError as error:
        message = f"the process that reads the feed could not be started: {error.strerror}"
        raise RefusedError(message) from None
    printed: list[bytes] = []
    with child:
        talk = Thread(target=_talk, args=(child, page, printed), daemon=True, name="feed")
        try:
            talk.start()
            _wait(talk, stop, monotonic() + deadline)
        except RuntimeError:  # what Python raises when the machine has no more threads
            message = "no thread could be started to read the feed"
            raise RefusedError(message) from None
        finally:
            child.kill()
    talk.join()
    return b"".join(printed), child.returncode


def _talk(child: "subprocess.Popen[bytes]", page: bytes, printed: list[bytes]) -> None:
    """Hand over the page and keep what comes back; ends with the child at the latest."""
    if child.stdin and child.stdout:
        with contextlib.suppress(OSError), child.stdin:
            child.stdin.write(page)
        printed.append(child.stdout.read())


def _wait(talk: Thread, stop: Flag, end: float) -> None:
    """Wait for the child's answer. Raises RefusedError when time is up."""
    while talk.is_alive():
        if stop.is_set() or monotonic() > end:
            message = "watcher stopped before the feed was read" if stop.is_set() else TOO_SLOW
            raise RefusedError(message)
        talk.join(TICK)
