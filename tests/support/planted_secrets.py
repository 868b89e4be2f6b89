"""Secrets in every place of a configuration that takes one, and everything that watcher shows."""

import signal
import subprocess
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from tests.support.echoing_server import EchoingServer
from tests.support.fork_server import ForkServer
from tests.support.receivers import free_port
from tests.support.watcher_process import command, environment

MARK = "c4n4ry"


def planted(place: str) -> str:
    """Return the secret for a place: long, unique, and changed by URL quoting."""
    return f"{MARK}-{place}-é{place}7f"


def quoted(place: str) -> str:
    return quote(planted(place), safe="")


def channels(server: EchoingServer, mail: int) -> dict[str, str]:
    """Return channels for each way to keep a secret and each way to fail."""
    here, dead = f"127.0.0.1:{server.port}", f"127.0.0.1:{free_port()}"
    options = f"?+Authorization=Bearer%20{quoted('header')}&-key={quoted('query')}&:token={quoted('field')}"
    return {
        "witness": f"json://{here}/200/",
        "by_variable": "${CHANNEL_URL}",
        "by_part": f"json://{here}/503/${{CHANNEL_PART}}/",
        "by_file": "file:channel-url",
        "refused": f"json://someone:{quoted('password')}@{here}/400/{quoted('path')}/{options}",
        "broken": f"form://{quoted('user')}:{quoted('password')}@{here}/500/{options}",
        "redirected": f"xml://{here}/302/{quoted('path')}",
        "unreachable": f"json://{quoted('user')}:{quoted('password')}@{dead}/{quoted('path')}",
        "mail": f"mailto://w:{quoted('password')}@127.0.0.1:{mail}/?from=w@a.test&to=a@a.test&mode=insecure",
        "proxied": f"slack://T1JJ3T3L2/A1BRTD4JD/{MARK}TIiajkdnlazkcOXr",
        "malformed": f"tgram://{quoted('token')}/",
        "unknown": f"slak://{quoted('token')}",
        "misspelt": f"json://{here}/200/?{quoted('option')}=1",
        "signed": f"http://{here}/500/",
    }


CRASH = """
from watcher.cli.main import main
from watcher.service.loop import Service
def crash(*_):
    raise RuntimeError("injected")
Service.deliver = crash
main()
"""


@dataclass
class WatcherWithSecrets:
    """A configured watcher and all that it has shown so far, by where."""

    folder: Path
    environ: dict[str, str]
    metrics: int
    shown: dict[str, bytes] = field(default_factory=dict)

    def run(self, forks: ForkServer, *arguments: str) -> int:
        """Run a command to its end."""
        result = forks.finished("--config", self.folder / "rules.yaml", *arguments)
        self.shown[" ".join(arguments)] = (result.stdout + result.stderr).encode()
        return result.returncode

    def crash(self) -> None:
        """Run a command that hits an unforeseen error."""
        program, _, _, *arguments = command(self.folder / "rules.yaml", "once")
        self._finish("an error", [program, "-c", CRASH, *arguments])

    def abort(self) -> None:
        """Abort the service as a failed assertion in a library would, without a core dump."""
        self._finish(
            "an abort",
            [
                "sh",
                "-c",
                'ulimit -c 0; timeout -s ABRT 5 "$@"',
                "sh",
                *command(self.folder / "rules.yaml", "run"),
            ],
        )

    def _finish(self, name: str, words: Sequence[str]) -> None:
        done = subprocess.run(words, capture_output=True, env=self.environ, timeout=120, check=False)
        self.shown[name] = done.stdout + done.stderr

    @contextmanager
    def service(self, *options: str) -> Iterator["subprocess.Popen[bytes]"]:
        """Run the service until the end of the block."""
        with subprocess.Popen(
            [*command(self.folder / "rules.yaml", *options), "run"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environ,
        ) as process:
            try:
                yield process
            finally:
                process.send_signal(signal.SIGTERM)
                told, said = process.communicate(timeout=60)
                self.shown["run"] = told + said

    def look_at_files(self) -> None:
        """Keep the contents of every file that watcher made."""
        for path in self.folder.iterdir():
            if path.name not in {"rules.yaml", "channel-url"}:
                self.shown[path.name] = self.shown.get(path.name, b"") + path.read_bytes()

    def watch_children(self, process: "subprocess.Popen[bytes]") -> None:
        """Keep what others can see of a service and its current children."""
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                limits = (entry / "limits").read_bytes() if parent == process.pid else b""
                if b"Max core file size        0 " in limits:  # it has come as far as our own code
                    self.shown["a child's limits"] = limits
                    self.shown["a child's command line"] = (entry / "cmdline").read_bytes()
                    self.shown["a child's environment"] = (entry / "environ").read_bytes()
        self.shown["the service's command line"] = Path(f"/proc/{process.pid}/cmdline").read_bytes()


def places_of(shown: bytes) -> set[str]:
    """Return the places whose secrets are in these bytes, in any encoding in which they were sent."""
    places = ("variable", "part", "file", "password", "path", "header", "query", "field", "user", "token")
    found = {"plain"} if MARK.encode() in shown.lower() else set()
    for place in (*places, "option", "source", "heartbeat", "proxy", "signing"):
        secret = planted(place)
        forms = {secret, quote(secret), secret.encode("unicode_escape").decode()}
        forms |= {
            b64encode(f"{user}:{secret}".encode()).decode() for user in ("someone", "w", planted("user"))
        }
        if any(form.encode() in shown for form in forms):
            found.add(place)
    return found


def watcher_with_secrets(folder: Path, server: EchoingServer, mail: int) -> WatcherWithSecrets:
    """Configure a watcher with a secret in every place that takes one."""
    here = f"http://127.0.0.1:{server.port}"
    address = f"json://127.0.0.1:{server.port}/200/"
    given, metrics = channels(server, mail), free_port()
    more = {"signed": ", secret: '${WEBHOOK_SECRET}'"}
    entries = "\n".join(f'  {name}: {{url: "{url}"{more.get(name, "")}}}' for name, url in given.items())
    (folder / "channel-url").write_text(f"{address}{quoted('file')}\n")
    (folder / "rules.yaml").write_text(
        f'poll: 1s\nsources: {{models: "{here}/models?key=${{SOURCE_KEY}}", '
        f'feed: "{here}/models?use_rss=true&key=${{SOURCE_KEY}}"}}\n'
        f"heartbeat: {here}/500/{quoted('heartbeat')}\nholds: {{channel: 0s, source: 0s}}\n"
        f"listen: 127.0.0.1:{metrics}\nchannels:\n{entries}\n"
        f'rules: [{{name: Everything, when: {{event: "*.*"}}, notify: [{", ".join(given)}]}}]\n'
    )
    proxy = f"http://u:{quoted('proxy')}@127.0.0.1:{free_port()}"
    secrets = {
        "CHANNEL_URL": f"{address}{quoted('variable')}",
        "CHANNEL_PART": quoted("part"),
        "SOURCE_KEY": quoted("source"),
        "WEBHOOK_SECRET": planted("signing"),
        "HTTPS_PROXY": proxy,
        "https_proxy": proxy,
        "PYTHONFAULTHANDLER": "1",
    }
    return WatcherWithSecrets(folder, environment() | secrets, metrics)
