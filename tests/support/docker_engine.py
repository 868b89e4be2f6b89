"""A private Docker engine: in namespaces that end with it, with all its data in one folder."""

import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL, SIGTERM
from typing import Any

# Debian's programs, which fit each other, whatever else is on this machine.
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
DOCKER, DOCKERD, MMDEBSTRAP = "/usr/bin/docker", "/usr/sbin/dockerd", "/usr/bin/mmdebstrap"
NSENTER, SETPRIV, UNSHARE = "/usr/bin/nsenter", "/usr/bin/setpriv", "/usr/bin/unshare"
PATIENCE = 60.0  # seconds for the engine to begin, and to end
LONGEST = 300.0  # seconds that a client may take
BEGIN = """
[ ! -d /run/containerd ] || mount -t tmpfs tmpfs /run/containerd  # the machine's own is none of ours
exec "$@"
"""


@dataclass(frozen=True)
class DockerEngine:
    """A running engine; `dockerd` is its process, `environment` that of its clients."""

    folder: Path
    dockerd: int
    environment: Mapping[str, str] = field(repr=False)

    def docker(self, *arguments: str, given: str | None = None, code: int = 0) -> str:
        """Run a client to its end, and see that it ends with this code; returns its standard output."""
        return self.finished(*arguments, given=given, code=code).stdout

    def finished(
        self, *arguments: str, given: str | None = None, code: int = 0
    ) -> "subprocess.CompletedProcess[str]":
        """Run a client to its end, and see that it ends with this code."""
        done = subprocess.run(
            [DOCKER, *arguments],
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
        said = f"{done.stdout[-5000:]}\n{done.stderr[-5000:]}"
        assert done.returncode == code, f"docker {' '.join(arguments)} ended with {done.returncode}: {said}"
        return done

    def inspect(self, name: str) -> Any:
        """Return what the engine knows of a container or an image."""
        return json.loads(self.docker("inspect", name))[0]

    def kill(self, process: int) -> None:
        """Kill a process that the engine knows by this number."""
        enter = [NSENTER, f"--target={self.dockerd}", "--pid", "--mount"]
        subprocess.run([*enter, "kill", "-KILL", str(process)], check=True, timeout=PATIENCE)


def missing() -> str | None:
    """Return what this machine lacks to run an engine."""
    if os.geteuid():
        return "needs root"
    programs = (DOCKER, DOCKERD, MMDEBSTRAP, NSENTER, SETPRIV, UNSHARE)
    lacking = [program for program in programs if not Path(program).exists()]
    return f"needs {', '.join(lacking)}" if lacking else None


@contextmanager
def docker_engine(folder: Path, environment: Mapping[str, str], *, isolated: bool) -> Iterator[DockerEngine]:
    """Run an engine on what is in `folder`; where it is `isolated` it has a network of its own, without a way out.

    It ends with us, however we end: its first process is killed with ours, and all of its namespace with that.
    """
    clients = dict(environment) | {
        "PATH": PATH,
        "DOCKER_HOST": f"unix://{folder}/socket",
        "DOCKER_CONFIG": str(folder / "client"),
        "DOCKER_BUILDKIT": "1",
    }
    group = f"watcher-test-{os.getpid()}"
    namespaces = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", *["--net"] * isolated]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [
                SETPRIV,
                "--pdeathsig=KILL",
                UNSHARE,
                *namespaces,
                "sh",
                "-euc",
                BEGIN,
                "sh",
                *_dockerd(folder, group, isolated=isolated),
            ],
            env={**os.environ, "PATH": PATH},
            stdout=log,
            stderr=log,
        )
    try:
        yield _begun(process, folder, clients)
    finally:
        _end(process)
        _forget(group)


def _dockerd(folder: Path, group: str, *, isolated: bool) -> Sequence[str]:
    alone = [] if isolated else ["--bridge=none", "--iptables=false", "--ip6tables=false"]
    return [
        DOCKERD,
        f"--host=unix://{folder}/socket",
        f"--data-root={folder}/data",
        f"--exec-root={folder}/exec",
        f"--pidfile={folder}/pid",
        f"--cgroup-parent=/{group}",
        "--exec-opt=native.cgroupdriver=cgroupfs",
        *alone,
    ]


def _begun(process: "subprocess.Popen[bytes]", folder: Path, clients: Mapping[str, str]) -> DockerEngine:
    """Wait until the engine answers."""
    deadline = time.monotonic() + PATIENCE
    while subprocess.run([DOCKER, "version"], env=clients, capture_output=True, check=False).returncode:
        said = (folder / "log").read_text()[-2000:]
        assert process.poll() is None, f"the engine ended: {said}"
        assert time.monotonic() < deadline, f"the engine does not answer: {said}"
        time.sleep(0.2)
    return DockerEngine(folder, _child(process.pid), clients)


def _child(process: int) -> int:
    return int(Path(f"/proc/{process}/task/{process}/children").read_text())


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Stop the engine gracefully, or else by force."""
    with suppress(OSError, ValueError, subprocess.TimeoutExpired):
        os.kill(_child(process.pid), SIGTERM)
        process.wait(PATIENCE)
    process.send_signal(SIGKILL)
    process.wait()


def _forget(group: str) -> None:
    """Remove the control groups, which outlive their processes."""
    places = [Path("/sys/fs/cgroup"), *Path("/sys/fs/cgroup").glob("*/")]
    for top in (place / group for place in places):
        for path in sorted([top, *top.rglob("*/")], reverse=True):
            with suppress(OSError):
                path.rmdir()
