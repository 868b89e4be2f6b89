"""Secrets in every place that takes one, everything that can fail failing, and no trace of them anywhere."""

import signal
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

from catalogs import FINCH, HERON, OWL
from parrots import Parrot, parroting
from programs import command, environment, eventually
from receivers import free_port, receiving_mail
from watching import polls

MARK = "c4n4ry"
RULES = 'rules: [{name: Everything, when: {event: "*.*"}, notify: [%s]}]\n'


def canary(place: str) -> str:
    """Give the secret of a place: long, unlike anything else, and not left alone by quoting."""
    return f"{MARK}-{place}-é{place}7f"


def quoted(place: str) -> str:
    return quote(canary(place), safe="")


def channels(parrot: Parrot, mail: int) -> dict[str, str]:
    """Give a channel for each way to keep a secret and for each way to fail."""
    here, dead = f"127.0.0.1:{parrot.port}", f"127.0.0.1:{free_port()}"
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
    }


@dataclass
class Watched:
    """A configured watcher and all that it has shown so far, by where."""

    folder: Path
    environ: dict[str, str]
    shown: dict[str, bytes] = field(default_factory=dict)

    def run(self, *arguments: str, file: str = "rules.yaml") -> int:
        done = subprocess.run(
            command(self.folder / file, *arguments),
            capture_output=True,
            env=self.environ,
            timeout=120,
            check=False,
        )
        self.shown[f"{file}: {' '.join(arguments)}"] = done.stdout + done.stderr
        return done.returncode

    @contextmanager
    def service(self, *options: str) -> "Iterator[subprocess.Popen[bytes]]":
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
        self.shown[f"{' '.join(options)} run"] = told + said

    def crash(self, *arguments: str) -> None:
        """Run a command in which something unforeseen happens."""
        done = subprocess.run(
            [sys.executable, "-c", CRASH, *command(self.folder / "rules.yaml", *arguments)[3:]],
            capture_output=True,
            env=self.environ,
            timeout=60,
            check=False,
        )
        self.shown["crash"] = done.stdout + done.stderr

    def look_at_files(self) -> None:
        """Keep the bytes of every file that watcher has made."""
        for path in self.folder.iterdir():
            if path.name not in {"rules.yaml", "channel-url"}:
                self.shown[path.name] = self.shown.get(path.name, b"") + path.read_bytes()

    def watch_children(self, process: "subprocess.Popen[bytes]") -> None:
        """Keep what others can see of a service and of the children that it has just now."""
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == process.pid:
                    self.shown["a child's command line"] = (entry / "cmdline").read_bytes()
                    self.shown["a child's environment"] = (entry / "environ").read_bytes()
                    self.shown["a child's limits"] = (entry / "limits").read_bytes()
        self.shown["the service's command line"] = Path(f"/proc/{process.pid}/cmdline").read_bytes()


def places_of(shown: bytes) -> set[str]:
    """Give the places whose secrets are in some bytes, in any form in which they were sent."""
    places = ("variable", "part", "file", "password", "path", "header", "query", "field", "user", "token")
    found = {"plain"} if MARK.encode() in shown.lower() else set()
    for place in (*places, "option", "source", "heartbeat", "proxy"):
        secret = canary(place)
        forms = {secret, quote(secret), secret.encode("unicode_escape").decode()}
        forms |= {
            b64encode(f"{user}:{secret}".encode()).decode() for user in ("someone", "w", canary("user"))
        }
        if any(form.encode() in shown for form in forms):
            found.add(place)
    return found


@contextmanager
def watched(folder: Path, parrot: Parrot, mail: int) -> Iterator[Watched]:
    """Configure a watcher with a secret in every place that takes one."""
    here = f"http://127.0.0.1:{parrot.port}"
    address = f"json://127.0.0.1:{parrot.port}/200/"
    given = channels(parrot, mail)
    entries = "\n".join(f'  {name}: "{url}"' for name, url in given.items())
    (folder / "channel-url").write_text(f"{address}{quoted('file')}\n")
    (folder / "rules.yaml").write_text(
        f'poll: 1s\nsources: {{models: "{here}/models?key=${{SOURCE_KEY}}", '
        f'feed: "{here}/models?use_rss=true&key=${{SOURCE_KEY}}"}}\n'
        f"heartbeat: {here}/500/{quoted('heartbeat')}\nholds: {{channel: 0s, source: 0s}}\n"
        f"channels:\n{entries}\n{RULES % ', '.join(given)}"
    )
    proxy = f"http://u:{quoted('proxy')}@127.0.0.1:{free_port()}"
    secrets = {
        "CHANNEL_URL": f"{address}{quoted('variable')}",
        "CHANNEL_PART": quoted("part"),
        "SOURCE_KEY": quoted("source"),
        "HTTPS_PROXY": proxy,
        "https_proxy": proxy,
        "PYTHONFAULTHANDLER": "1",
        "WATCHER_LEFT_OVER": canary("variable"),
    }
    yield Watched(folder, environment() | secrets)


def hears(parrot: Parrot, words: bytes, when: str) -> None:
    """Wait until the witness is told so once more,; what it heard is past then."""
    eventually(lambda: any(words in body for body in parrot.heard), f"{words!r} is told ({when})")
    parrot.past += parrot.heard
    parrot.heard.clear()


def shows_more(parrot: Parrot, news: str) -> None:
    """Have a model appear, and wait until the witness is told of it and of what happened since."""
    parrot.rows = [*parrot.rows, FINCH | {"id": news}]
    eventually(lambda: any(news.encode() in body for body in parrot.heard), f"{news} is told")


CRASH = """
import sys
from watcher import cli, service
def crash(*_):
    raise RuntimeError("injected")
service.Service.deliver = crash
cli.main()
"""
COMMANDS = (
    ("status",),
    ("status", "--json"),
    ("outbox",),
    ("outbox", "--json"),
    ("outbox", "--retry", "all"),
    ("events",),
    ("events", "--json"),
    ("history", "acme/owl-2"),
    ("explain", "acme/owl-2"),
    ("once", "--dry-run"),
    ("-v", "once"),
    ("schema",),
    *(("test", name) for name in ("by_part", "refused", "broken", "unreachable", "mail", "proxied")),
    *(("test", name) for name in ("malformed", "unknown", "misspelt", "redirected")),
)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc to look at other processes")
def test_no_secret_shows_in_anything_that_watcher_says_keeps_or_sends__Z1_Z2_Z3_W25_I12(
    tmp_path: Path,
) -> None:
    with (
        receiving_mail("another", RCPT="550 no such user {}") as mail,
        parroting([OWL, HERON]) as parrot,
        watched(tmp_path, parrot, mail.port) as watcher,
    ):
        assert watcher.run("check") == 78
        with watcher.service("-v") as process:
            parrot.meanwhile = lambda: watcher.watch_children(process)
            eventually(lambda: polls(tmp_path / "watcher.db"), "the first look")
            hears(parrot, b"", "acme/news-1")
            watcher.look_at_files()
        parrot.meanwhile = bool
        for arguments in COMMANDS:
            watcher.run(*arguments)
        assert watcher.run("backup", str(tmp_path / "backup.db")) == 0
        watcher.crash("once")
        watcher.look_at_files()
        watcher.shown["messages of others"] = b"".join(parrot.past + parrot.heard)
    assert b"RuntimeError: injected" in watcher.shown["crash"]
    assert b"HTTP 400 /400/***" in watcher.shown["rules.yaml: outbox"]
    assert b"Channel refused does not deliver" in watcher.shown["messages of others"]
    assert b"Max core file size        0 " in watcher.shown["a child's limits"]
    assert watcher.shown.pop("a child's environment").count(MARK.encode()) == 2, "the proxy's, which it needs"
    assert {where: found for where, shown in watcher.shown.items() if (found := places_of(shown))} == {}
