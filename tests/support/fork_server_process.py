"""The real commands in processes forked from this one, each killed or hindered at a named point.

Reads jobs, one per line of JSON; for each it writes the process id at the start, and the exit code at the end.
"""

import ctypes
import json
import os
import resource
import signal
import sys
import threading
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from threading import Lock
from types import FrameType
from typing import Any, NoReturn, TypedDict

sys.path.insert(0, str(Path(__file__).parents[2]))

import watcher
from tests.support import warm_sender
from tests.support.failpoints import POINTS
from watcher.cli.main import main

PR_SET_CHILD_SUBREAPER = 36
STUCK = 4  # seconds after which one without memory has come to a stop, as a watchdog sees it


class Trap(TypedDict):
    """What happens when a point is reached for the `hit`-th time, counted across processes in the file `hits`.

    `deed` is a signal, sent after `late` seconds if it is SIGALRM; or `hang`, which waits for the file `until`;
    or `starve`, which allows no more memory.
    """

    point: str
    hit: int
    deed: str
    late: float
    hits: str
    until: str


class Job(TypedDict):
    """A command line, the files for its output, and what happens to it.

    With `patient`, processes that a killed one leaves behind are waited for too.
    """

    arguments: list[str]
    stdout: str
    stderr: str
    trap: Trap | None
    patient: bool


class Hook:
    """A profile function that waits for a point and does the deed there."""

    def __init__(self, trap: Trap) -> None:
        self._trap, self._point = trap, POINTS[trap["point"]]
        self._event, self._name = self._point.event, self._point.place.partition(":")[2]
        self._hits = os.open(trap["hits"], os.O_CREAT | os.O_APPEND | os.O_WRONLY)
        self._alone = Lock()

    def __call__(self, frame: FrameType, event: str, called: Any) -> None:
        if event != self._event or frame.f_code.co_qualname != self._name:
            return  # as nearly always
        if self._point.is_here(frame, event, called):
            with self._alone:
                os.write(self._hits, b".")
                is_time = os.fstat(self._hits).st_size == self._trap["hit"]
            if is_time:
                self._do()

    def _do(self) -> None:
        deed = self._trap["deed"]
        if deed == "hang":
            while not Path(self._trap["until"]).exists():
                time.sleep(0.02)
        elif deed == "starve":
            taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (taken, taken))
            signal.alarm(STUCK)
        elif deed == "SIGALRM":
            signal.setitimer(signal.ITIMER_REAL, self._trap["late"])
        else:
            os.kill(os.getpid(), signal.Signals[deed])


def live(job: Job) -> NoReturn:
    """Run a command to its end, in this process."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for stream, file in enumerate((job["stdout"], job["stderr"]), start=1):
        os.dup2(os.open(file, os.O_CREAT | os.O_APPEND | os.O_WRONLY), stream)
    if job["trap"]:
        hook = Hook(job["trap"])
        threading.setprofile(hook)
        sys.setprofile(hook)
    if not job["trap"] or job["trap"]["deed"] != "starve":
        warm_sender.install()
    code = 1
    try:
        main(job["arguments"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException:  # noqa: BLE001 - this is the end of the process
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    os._exit(code)


def serve() -> None:
    """Fork a process for each job; the program, and what its children send with, is imported before."""
    for module in walk_packages(watcher.__path__, "watcher."):
        if module.name.rpartition(".")[2] != "__main__":
            import_module(module.name)
    warm_sender.load()
    if sys.platform == "linux":  # so that we can wait for what a killed process leaves behind
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for line in sys.stdin:
        job: Job = json.loads(line)
        child = os.fork()
        if not child:
            live(job)
        say(child)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        with suppress(ChildProcessError):
            while job["patient"]:
                os.wait()
        say(code)


def say(number: int) -> None:
    """Answer the writer of the job."""
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve()
