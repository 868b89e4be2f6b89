"""A Debian system made from packages and really booted, with systemd as its first process; needs root."""

import os
import platform
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = "/usr/src/watcher"  # where the machine sees this project
PACKAGES = "systemd,systemd-sysv,dbus,ca-certificates,procps,python3,python3-venv"
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
BOOT, COMMAND, DOWNLOAD = 180.0, 300.0, 600.0  # seconds
PLAIN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "SYSTEMD_PAGER": ""}
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
NEEDED = ("systemd-nspawn", "mmdebstrap", "apt-get", "nsenter", "unshare", "ip")
missing = [name for name in NEEDED if not shutil.which(name)]
needs_machine = pytest.mark.skipif(
    "WATCHER_REQUIRE_ALL" not in os.environ and (bool(missing) or os.geteuid() != 0),
    reason=f"booting a Debian needs root and {', '.join(NEEDED)}",
)


def debian() -> Path:
    """Return a Debian of this machine's release, made once per recipe."""
    system = platform.freedesktop_os_release()
    origin = f"{system['ID'].title()} "  # apt may know others too
    listed = ["apt-get", "indextargets", "--format", "$(ORIGIN) deb $(SITE) $(RELEASE) $(COMPONENT)"]
    found = _finish([*listed, "Created-By: Packages"], environ=os.environ).splitlines()
    sources = [line.removeprefix(origin) for line in found if line.startswith(origin)]
    assert sources, f"apt knows no packages of {origin}; apt-get update"
    unneeded = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("man", "doc", "locale")]
    fast = "--dpkgopt=force-unsafe-io"  # it need not survive a power cut
    recipe = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", *unneeded, fast]
    recipe.append(system["VERSION_CODENAME"])
    cache = Path("/var/tmp") / f"watcher-tests-{os.geteuid()}"  # noqa: S108 - checked to be ours alone
    cache.mkdir(mode=0o700, exist_ok=True)
    assert (cache.stat().st_uid, cache.stat().st_mode & 0o77, cache.is_symlink()) == (os.geteuid(), 0, False)
    made = cache / f"debian-{sha256(repr([recipe, sources]).encode()).hexdigest()[:16]}"
    if not made.exists():
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            fresh = Path(folder) / "tree"
            _finish([*recipe, str(fresh), *sources], within=DOWNLOAD, environ=os.environ)
            fresh.rename(made)
    return made


class Machine:
    """A file tree that can be booted, rebooted and powered off; `network` is its network namespace."""

    def __init__(self, folder: Path, network: Path) -> None:
        self.tree, self.network = folder / "tree", network
        self.leader = 0  # its first process, as we see it
        self._log = folder / "console"
        self._notify = folder / "notify"
        self._nspawn: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        """Copy a Debian into the tree, without services that a test has no use for."""
        _finish(["cp", "-a", "--reflink=auto", str(debian()), str(self.tree)])
        for unit in ("apt-daily.timer", "apt-daily-upgrade.timer", "console-getty.service", "getty.target"):
            (self.tree / "etc/systemd/system" / unit).symlink_to("/dev/null")
        (self.tree / "etc/hostname").write_text("machine\n")
        (self.tree / "etc/machine-id").write_text("")
        (self.tree / "var/log/journal").mkdir(exist_ok=True)

    def before_boot(self, commands: str) -> None:
        """Run shell commands in the tree with our network and our package index."""
        if Path(f"/{CERTIFICATES}").exists():
            shutil.copyfile(f"/{CERTIFICATES}", self.tree / CERTIFICATES)
        known = {name: value for name, value in os.environ.items() if name in PROXIES or name[:4] == "PIP_"}
        known |= {"PIP_CERT": f"/{CERTIFICATES}", "PIP_QUIET": "1"}
        settings = [f"--setenv={name}={value}" for name, value in known.items()]
        pip = [f"--bind-ro={path}" for path in ("/etc/pip.conf",) if Path(path).exists()]
        shell = ["--as-pid2", f"--chdir={SOURCE}", "bash", "-euxc", commands]
        command = [*self._command(), "--resolv-conf=copy-host", *pip, *settings, *shell]
        _finish(command)

    def boot(self) -> None:
        """Boot it, and wait until everything has started."""
        (self.tree / "etc/resolv.conf").write_text("nameserver 127.0.0.1\n")
        network = f"--network-namespace-path={self.network}"
        options = ["--boot", "--notify-ready=yes", "--console=pipe", "--resolv-conf=off", network]
        command = ["setpriv", "--pdeathsig=TERM", *self._command(), *options]
        self._notify.unlink(missing_ok=True)
        with self._log.open("ab") as log, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.settimeout(BOOT)
            told.bind(str(self._notify))
            self._nspawn = subprocess.Popen(
                command,
                env=PLAIN | {"NOTIFY_SOCKET": str(self._notify)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            self.leader = _booted(told)

    def reboot(self) -> None:
        """Shut it down in order, and boot it again."""
        self.run("systemctl poweroff", check=False)
        self._end()
        self.boot()

    def off(self) -> None:
        """Power it off."""
        if self._nspawn:
            self._nspawn.terminate()  # which halts it in order
            self._end()

    def run(self, command: str, given: str = "", *, check: bool = True) -> str:
        """Run a shell command in the running machine; returns what it printed."""
        enter = ["nsenter", f"--target={self.leader}", "--all", "bash", "-euc"]
        return _finish([*enter, f"cd {SOURCE}\n{command}"], given, check=check)

    def _end(self) -> None:
        assert self._nspawn
        try:
            self._nspawn.wait(BOOT)
        finally:
            self._nspawn.kill()
            self._nspawn.wait()

    def _command(self) -> list[str]:
        """Return the beginning of a systemd-nspawn command; without systemd on the host nothing can be registered."""
        alone = [] if Path("/run/systemd/system").exists() else ["--keep-unit"]
        bind = f"--bind-ro={ROOT}:{SOURCE}"
        named = f"--machine=watcher-{os.getpid()}"
        return ["systemd-nspawn", "--quiet", "--register=no", *alone, named, f"--directory={self.tree}", bind]


def _booted(told: socket.socket) -> int:
    """Wait until systemd-nspawn reports that the machine has started; returns its first process."""
    leader, is_ready = 0, False
    while not (leader and is_ready):
        said = told.recv(4096).decode().splitlines()
        leader = next((int(line.partition("=")[2]) for line in said if "LEADER_PID=" in line), leader)
        is_ready = is_ready or "READY=1" in said
    return leader


def _finish(
    command: list[str],
    given: str = "",
    *,
    check: bool = True,
    within: float = COMMAND,
    environ: Mapping[str, str] = PLAIN,
) -> str:
    """Run a program to its end; returns what it printed."""
    done = subprocess.run(
        command,
        env=environ,
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=within,
        check=False,
    )
    assert not check or done.returncode == 0, f"{command}: {done.stdout}"
    return done.stdout


@contextmanager
def debian_machine(network: Path) -> Iterator[Machine]:
    """Prepare a machine, and remove it with all its files at the end; the caller boots it."""
    if missing or os.geteuid() != 0:
        pytest.fail(f"booting a Debian needs root and {', '.join(NEEDED)}")
    with tempfile.TemporaryDirectory(prefix="watcher-machine-", dir="/var/tmp") as folder:
        made = Machine(Path(folder), network)
        made.prepare()
        try:
            yield made
        finally:
            made.off()
