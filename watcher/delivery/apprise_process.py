"""Send through Apprise: in a child process for each message, which is killed at its deadline."""

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
from dataclasses import asdict
from pathlib import Path
from threading import Event as Flag
from threading import Thread

from watcher.domain import network
from watcher.domain.catalog import Json
from watcher.domain.delivery import Channel, Delivery, Outcome, Verdict
from watcher.forms.as_webhook import message_id
from watcher.forms.fit import command_for
from watcher.text.clean import clean
from watcher.text.times import to_iso

GRACE = 5.0  # seconds for a message in flight when the service stops, which has ten in all
LONGEST_ANSWER = 10_000  # bytes; an outcome has a few hundred
MOST_IDS = 10  # event ids in a mail's header; the first ones are enough to recognize a repeat
TICK = 0.1  # seconds between two looks at the clock
SENDER = (sys.executable, "-I", str(Path(__file__).with_name("apprise_start.py")))
# The part of our environment that the child gets; the rest may hold the configuration's secrets.
PASSED = re.compile(
    r"PATH|HOME|LANG|LANGUAGE|LC_\w+|TZ|TZDIR|TMPDIR|LD_LIBRARY_PATH|(?:https?|all|no)_proxy"
    r"|SSL_CERT_\w+|OPENSSL_\w+|(?:REQUESTS|CURL)_CA_BUNDLE|COVERAGE_PROCESS_\w+",
    re.IGNORECASE,
)
UNTHREADED = Outcome(Verdict.RETRY, "no thread could be started to send it")
UNANSWERED = Outcome(Verdict.RETRY, "the sending process exited without an answer", unsure=True)


def send(
    channel: Channel, delivery: Delivery, deadline: float, stop: Flag, sender: Sequence[str] = SENDER
) -> Outcome:
    """Send a message within `deadline` seconds, or GRACE once `stop` is set; `sender` is the child's command.

    Whatever goes wrong is in the outcome.
    """
    return ask(_job(channel, delivery), deadline, stop, sender)


def send_crew(
    crew: Sequence[tuple[Channel, Delivery]],
    deadline: float,
    stop: Flag,
    sender: Sequence[str] = SENDER,
) -> list[Outcome]:
    """Send many messages at the same time through one child, as `send` does one; it forks for each."""
    jobs: dict[str, Json] = {"jobs": [_job(channel, delivery) for channel, delivery in crew]}
    printed, failure = _run(jobs, deadline, stop, sender, LONGEST_ANSWER * len(crew))
    lines = dict(line.split(b" ", 1) for line in printed.splitlines() if b" " in line)
    missing = failure or UNANSWERED
    return [
        _read(line) if (line := lines.get(str(number).encode())) else missing for number in range(len(crew))
    ]


def _job(channel: Channel, delivery: Delivery) -> dict[str, Json]:
    notification = delivery.notification
    template = channel.template_for(notification.rules)
    return {
        **_address(channel),
        "channel": channel.name,
        "title": notification.title,
        "body": notification.body,
        "event_id": " ".join(notification.events[:MOST_IDS]),
        "id": message_id(channel.name, notification.events),
        "at": to_iso(notification.at),
        "rules": list(notification.rules),
        "repeat": delivery.repeat,
        "command": command_for(notification.since or notification.at),
        "letter": asdict(notification.letter) if notification.letter else None,
        "template": asdict(template) if template else None,
    }


def _address(channel: Channel) -> dict[str, Json]:
    return {"url": channel.url.reveal(), "secret": channel.secret.reveal() if channel.secret else None}


def check(channel: Channel, deadline: float, sender: Sequence[str] = SENDER) -> str | None:
    """Return why Apprise cannot use a channel's address, without showing it; None if it can."""
    outcome = ask({"check": True, **_address(channel)}, deadline, Flag(), sender)
    return None if outcome.verdict is Verdict.SENT else outcome.reason


def ask(job: Mapping[str, Json], deadline: float, stop: Flag, sender: Sequence[str]) -> Outcome:
    """Have the child do one job."""
    printed, failure = _run(job, deadline, stop, sender, LONGEST_ANSWER)
    return failure or _read(printed)


def _run(
    job: Mapping[str, Json], deadline: float, stop: Flag, sender: Sequence[str], longest: int
) -> tuple[bytes, Outcome | None]:
    """Run the child; the job goes through a pipe, so that no process list shows an address.

    Returns at most `longest` bytes of what it printed, and a failure if it did not end in time.
    """
    try:
        child = subprocess.Popen(  # noqa: S603 - our own module
            [*sender],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(os.environ),
            start_new_session=True,  # Ctrl-C at the terminal must not interrupt a message in flight
        )
    except OSError as error:
        return b"", Outcome(Verdict.RETRY, f"the sending process could not be started: {error.strerror}")
    answer: list[bytes] = []
    with child:
        talk = Thread(target=_talk, args=(child, json.dumps(job).encode(), answer, longest), daemon=True)
        try:
            talk.start()
        except RuntimeError:  # what Python raises when the machine has no more threads
            child.kill()
            return b"", UNTHREADED
        failure = _wait(talk, deadline, stop)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # also what it may have started
        talk.join()
    return b"".join(answer), failure


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    """Return what the child gets of our environment, with the authorities to trust by each library's name."""
    passed = {name: value for name, value in ours.items() if PASSED.fullmatch(name)}
    authorities = network.authorities(ours)
    return passed | dict.fromkeys(network.AUTHORITIES, authorities) if authorities else passed


def _talk(child: subprocess.Popen[bytes], job: bytes, answer: list[bytes], longest: int) -> None:
    """Hand over the job and keep the beginning of what comes back; ends with the child at the latest."""
    if child.stdin and child.stdout:
        with contextlib.suppress(OSError), child.stdin:
            child.stdin.write(job)
        answer.append(child.stdout.read(longest))


def _wait(talk: Thread, deadline: float, stop: Flag) -> Outcome | None:
    """Wait for the child's answer; return a failure if it takes too long."""
    end = time.monotonic() + deadline
    while talk.is_alive():
        if stop.is_set():
            end = min(end, time.monotonic() + GRACE)
        if time.monotonic() > end:
            when = "before watcher stopped" if stop.is_set() else f"within {deadline:g} s"
            return Outcome(Verdict.RETRY, f"no answer {when}; the message may have arrived", unsure=True)
        talk.join(TICK)
    return None


def _read(printed: bytes) -> Outcome:
    """Return the outcome that the child printed; anything else is a failure."""
    with contextlib.suppress(ValueError, LookupError, TypeError, OverflowError, RecursionError):
        answer = json.loads(printed)
        wait = None if answer["retry_after"] is None else float(answer["retry_after"])
        if wait is None or 0 <= wait < math.inf:
            return Outcome(
                Verdict(answer["verdict"]),
                clean(str(answer["reason"])),
                wait,
                answer["unsure"] is True,
                clean(str(answer.get("warning", ""))),
            )
    return UNANSWERED
