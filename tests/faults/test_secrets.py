"""Everything fails that can, next to servers that echo what they receive, and no secret shows anywhere."""

from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.support.catalogs import FINCH, HERON, OWL
from tests.support.echoing_server import EchoingServer, echoing_server
from tests.support.fork_server import fork_server
from tests.support.planted_secrets import MARK, WatcherWithSecrets, places_of, planted, watcher_with_secrets
from tests.support.receivers import receiving_mail
from tests.support.served_catalog import polls
from tests.support.watcher_process import eventually
from watcher.config import load
from watcher.domain.errors import ConfigError

COMMANDS = (
    ("check",),
    ("status",),
    ("status", "--json"),
    ("outbox",),
    ("outbox", "--json"),
    ("events", "--json"),
    ("history", "acme/owl-2"),
    ("explain", "acme/owl-2"),
    ("log",),
    ("log", "--json"),
    ("report",),
    ("preview", "--channel", "signed"),
    ("once", "--dry-run"),
    *(
        ("test", name)
        for name in ("refused", "mail", "proxied", "malformed", "unknown", "misspelt", "signed")
    ),
)


def wait_until_told(server: EchoingServer, words: str) -> None:
    """Wait until a message with these words was accepted."""
    eventually(lambda: any(words.encode() in body for body in server.accepted), f"{words} is told")


def something_happens(watcher: WatcherWithSecrets, server: EchoingServer) -> None:
    """Run a service through news, channels of all kinds, and a source that refuses for a while."""
    with watcher.service("-v") as process:
        server.meanwhile = lambda: watcher.watch_children(process)
        eventually(lambda: polls(watcher.folder / "watcher.db"), "the first look")
        server.rows = [*server.rows, FINCH]
        wait_until_told(server, "acme/finch-mini is new")
        wait_until_told(server, "Channel refused is failing")
        server.refuses = True
        wait_until_told(server, "No good answer from the")
        with urlopen(f"http://127.0.0.1:{watcher.metrics}/metrics") as answer:
            watcher.shown["metrics"] = answer.read()
        watcher.look_at_files()
        server.meanwhile = bool


@pytest.mark.timeout(300)
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc to look at other processes")
@pytest.mark.fault("Z1", "Z2", "Z3", "W25", "I12")
def test_no_secret_shows_in_anything_watcher_prints_stores_or_sends(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with (
        receiving_mail("another", RCPT="550 no such user {}") as mail,
        echoing_server([OWL, HERON]) as server,
    ):
        watcher = watcher_with_secrets(tmp_path, server, mail.port)
        something_happens(watcher, server)
        with fork_server(tmp_path_factory.mktemp("forks"), watcher.environ) as forks:
            for form in ("json", "journal"):
                assert watcher.run(forks, "-v", "--log-format", form, "once") == 1
            server.refuses = False
            for arguments in COMMANDS:
                watcher.run(forks, *arguments)
            assert watcher.run(forks, "backup", str(tmp_path / "backup.db")) == 0
        watcher.crash()
        watcher.abort()
        watcher.look_at_files()
        watcher.shown["messages of others"] = b"".join(server.accepted)
    assert b"RuntimeError: injected" in watcher.shown["an error"]
    assert b"Fatal Python error: Aborted" in watcher.shown["an abort"]
    assert b"HTTP 400 /400/***" in watcher.shown["outbox"]
    assert b"Max core file size        0 " in watcher.shown["a child's limits"]
    needed = watcher.shown.pop("a child's environment")
    assert needed.count(MARK.encode()) == 2, "it needs the proxy, with its password, under both names"
    assert {where: found for where, shown in watcher.shown.items() if (found := places_of(shown))} == {}


ADDRESS = f"json://127.0.0.1/{planted('path')}"
GOOD = f'channels: {{team: "{ADDRESS}"}}\nrules: [{{name: All, notify: team}}]\n'


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(GOOD.replace('"}', "}"), id="quote-left-open"),
        pytest.param(GOOD.replace("team:", "team: team:"), id="two-keys-in-a-line"),
        pytest.param(GOOD.replace(f'"{ADDRESS}"', f'{{url: ["{ADDRESS}"]}}'), id="a-list"),
        pytest.param(GOOD.replace(f'"{ADDRESS}"', f'{{ulr: "{ADDRESS}"}}'), id="key-misspelt"),
        pytest.param(GOOD.replace("team: ", "", 1), id="as-a-key"),
        pytest.param(GOOD.replace("notify: team", f'notify: "{ADDRESS}"'), id="in-a-rule"),
        pytest.param(GOOD.replace("json://", "json:/ /"), id="no-address"),
        pytest.param(GOOD.replace(ADDRESS, f"file:/{planted('path')}${{SECRET}}"), id="file-by-variable"),
        pytest.param(GOOD.replace(ADDRESS, f"{ADDRESS}${{SECRET"), id="variable-left-open"),
        pytest.param(f'{GOOD}heartbeat: "ftp://{planted("path")}"\n', id="heartbeat"),
        pytest.param(f'{GOOD}sources: {{models: "{planted("path")}"}}\n', id="source"),
        pytest.param(f"{GOOD}{ADDRESS}\n", id="lost-line"),
        pytest.param(f"{GOOD}\t{ADDRESS}\n", id="tab"),
        pytest.param(f"{GOOD}store: &a {ADDRESS}\n", id="anchor"),
        pytest.param(f"{GOOD}store: !!python/name:{planted('path')} x\n", id="tag"),
    ],
)
@pytest.mark.fault("Z1")
def test_no_mistake_in_a_file_reveals_a_secret_next_to_it(text: str, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as raised:
        load.load(file, {"SECRET": planted("variable")})
    assert places_of(str(raised.value).encode()) == set()
