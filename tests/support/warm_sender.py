"""Sending children forked from this process, with Apprise loaded, instead of started as a new Python.

They do the same in a twentieth of the time. Other processes are started as usual.
"""

import gc
import os
import random
import signal
import subprocess
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.support.send_one import PATCHED
from watcher.delivery.apprise_process import SENDER

LOADED = ("json://127.0.0.1:9/", "mailtos://w@example.test")  # addresses that make Apprise load its plugins
PLAIN = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM)
STANDARD = 2  # the highest of the descriptors that every process has


class WarmPopen(subprocess.Popen[Any]):
    """Starts a process as usual, or else runs the sending child's main() where exec would come next."""

    def __init__(self, args: Sequence[str], **options: Any) -> None:
        if tuple(args) == SENDER:
            options["preexec_fn"] = partial(_send_one, load(), (), options.get("env") or {})
        elif tuple(args[: len(PATCHED)]) == PATCHED:
            options["preexec_fn"] = partial(_send_one, load(), args[len(PATCHED) :], options.get("env") or {})
        super().__init__(args, **options)


def install() -> None:
    """Fork all sending children of this process from now on."""
    subprocess.Popen = WarmPopen  # type: ignore[misc,assignment]


@contextmanager
def warm_sender() -> Iterator[None]:
    """Fork the sending children of this process until the end of the block."""
    before = subprocess.Popen
    subprocess.Popen = WarmPopen  # type: ignore[misc,assignment]
    try:
        yield
    finally:
        subprocess.Popen = before  # type: ignore[misc]


@cache
def load() -> Any:
    """Return the child's module; Apprise has then loaded what it would load at the first message."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as the child does
        child = import_module("watcher.delivery.apprise_child")
    for address in LOADED:
        child.load(address)
    return child


def _send_one(child: Any, patch: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Act as the child: the standard streams are set up, and nothing else of the parent may be used."""
    gc.disable()  # objects of the parent would close descriptors that are ours now
    sys.settrace(None)
    sys.setprofile(None)
    threading.setprofile(None)
    for number in PLAIN:
        signal.signal(number, signal.SIG_DFL)
    for link in [*Path("/dev/fd").iterdir()]:
        if int(link.name) > STANDARD:
            _close(int(link.name))
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    random.seed()
    code = 1
    try:
        sys.stdin, sys.stdout = open(0, encoding="utf-8"), open(1, "w", encoding="utf-8")  # noqa: SIM115
        if patch:
            import_module("tests.support.patched_apprise_child").patch(*patch)
        child.main()
        sys.stdout.flush()
        code = 0
    except BaseException:  # noqa: BLE001 - this is the end of the process
        traceback.print_exc()
    os._exit(code)


def _close(descriptor: int) -> None:
    try:
        os.close(descriptor)
    except OSError:  # the one by which we listed them
        return


@pytest.fixture(autouse=True)
def warm_senders(request: pytest.FixtureRequest) -> Iterator[None]:
    """Send by forked children, which start at once, unless a test is about starting them."""
    if request.node.get_closest_marker("real_sender"):
        yield
        return
    with warm_sender():
        yield
