"""The program's commands in processes that start at once, and end where a test wants them to."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from select import select

from tests.support.watcher_process import environment

PATIENCE = 100.0  # seconds; a machine may be busy
PROGRAM = Path(__file__).with_name("fork_server_process.py")


@dataclass(frozen=True)
class Failpoint:
    """What happens to the program when it reaches a point of `failpoints.POINTS` for the `hit`-th time.

    Hits are counted across processes until then; `late` is a delay in seconds.
    """

    point: str
    hit: int = 1
    deed: str = "SIGKILL"
    late: float = 0.0


@dataclass(frozen=True)
class Finished:
    """How a command ended, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


@dataclass
class ForkServer:
    """Starts the program, one process at a time; output and counts of points reached are in `folder`.

    `killed` counts the processes that a signal has ended.
    """

    process: "subprocess.Popen[str]"
    folder: Path
    pid: int | None = None
    killed: int = 0

    def start(
        self,
        *arguments: str | Path,
        failpoint: Failpoint | None = None,
        patient: bool = True,
        stdout: str = "output",
        stderr: str = "output",
    ) -> int:
        """Start a command, and return its process id; `stdout` and `stderr` are files in `folder`."""
        assert self.pid is None, "the process before has not ended"
        job = {
            "arguments": list(map(str, arguments)),
            "stdout": str(self.folder / stdout),
            "stderr": str(self.folder / stderr),
            "trap": failpoint and self._trap(failpoint),
            "patient": patient,
        }
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        self.pid = self._number()
        return self.pid

    def _trap(self, failpoint: Failpoint) -> dict[str, object]:
        files = {"hits": str(self.folder / f"hits-{self.killed}"), "until": str(self.folder / "go-on")}
        return asdict(failpoint) | files

    def end(self, within: float = PATIENCE) -> int:
        """Wait for the process and, if patient, for those it left behind; returns its exit code."""
        assert self.process.stdout is not None
        assert select([self.process.stdout], [], [], within)[0], f"it has not ended within {within:g} s"
        code = self._number()
        self.pid = None
        self.killed += code < 0
        return code

    def run(self, *arguments: str | Path, failpoint: Failpoint | None = None) -> int:
        """Run a command to its end; returns its exit code."""
        self.start(*arguments, failpoint=failpoint)
        return self.end()

    def finished(self, *arguments: str | Path) -> Finished:
        """Run a command to its end, and return what it printed."""
        files = self.folder / "stdout", self.folder / "stderr"
        for file in files:
            file.unlink(missing_ok=True)
        self.start(*arguments, stdout="stdout", stderr="stderr")
        return Finished(self.end(), *(file.read_text() for file in files))

    def kill(self, number: int) -> None:
        """Send a signal to the process."""
        assert self.pid is not None
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    @property
    def output(self) -> str:
        """What all processes have printed so far."""
        file = self.folder / "output"
        return file.read_text() if file.exists() else ""

    def _number(self) -> int:
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())


@contextmanager
def fork_server(folder: Path, environ: Mapping[str, str] | None = None) -> Iterator[ForkServer]:
    """Run a process that has imported the program and forks it on demand."""
    with subprocess.Popen(
        [sys.executable, str(PROGRAM)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment() if environ is None else environ,
    ) as process:
        server = ForkServer(process, folder)
        try:
            yield server
        finally:
            if server.pid is not None:
                server.kill(9)
