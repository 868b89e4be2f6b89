"""The container and its neighbours: deploy/compose.yaml with tests/support/compose_neighbours.yaml, on an engine of their own."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme

from tests.support.catalogs import FINCH, OWL, Row, answer
from tests.support.docker_engine import DockerEngine
from watcher.cli.demo import feed

ROOT = Path(__file__).parents[2]
FILES = ("-f", str(ROOT / "deploy/compose.yaml"), "-f", str(ROOT / "tests/support/compose_neighbours.yaml"))
USER = 10001
SLACK = "/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
RULES = """
poll: 1s
stale_after: 1m
sources: {models: "http://catalog/models.json", feed: "http://catalog/feed.xml"}
channels: {team: "file:/run/secrets/slack-url", ops: "file:/run/secrets/ops-mail-url"}
rules: [{name: Everything, when: {event: "*.*"}, notify: [team, ops]}]
"""


@dataclass(frozen=True)
class ComposeProject:
    """Services on an engine; the files that they mount are in `place`."""

    engine: DockerEngine
    place: Path

    def compose(self, *arguments: str, code: int = 0) -> str:
        return self.engine.docker("compose", *FILES, *arguments, code=code)

    def inside(self, *command: str, code: int = 0) -> str:
        return self.compose("exec", "--no-TTY", "watcher", *command, code=code)

    def up(self, *options: str) -> None:
        self.compose("up", "--detach", "--no-build", "--wait", *options)

    def shows(self, *rows: Row) -> None:
        """Change the catalog."""
        show(self.place, rows)

    @property
    def container(self) -> Any:
        """The engine's description of the service's container, running or not."""
        return self.engine.inspect(self.compose("ps", "--all", "--quiet", "watcher").strip())

    @property
    def health(self) -> str:
        return str(self.container["State"]["Health"]["Status"])

    @property
    def received(self) -> list[dict[str, str]]:
        """What the neighbours received."""
        container = self.compose("ps", "--quiet", "receivers").strip()
        return [json.loads(line) for line in self.engine.docker("logs", container).splitlines()]

    def events(self) -> list[tuple[str, str]]:
        """Return kind and model of each stored event."""
        events = [json.loads(line) for line in self.inside("watcher", "events", "--json").splitlines()]
        return [(event["kind"], event["subject"]) for event in events]


def show(place: Path, rows: Sequence[Row]) -> None:
    for name, content in (("models.json", answer(rows)), ("feed.xml", feed(list(rows)))):
        fresh = place / name
        fresh.write_bytes(content)
        fresh.rename(place / "catalog" / name)


def environment(place: Path) -> dict[str, str]:
    """Write the files that the services mount; returns the variables that name them."""
    (place / "catalog").mkdir()
    show(place, [OWL, FINCH])
    (place / "rules.yaml").write_text(RULES)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(place / "authority.pem"))
    authority.issue_cert("hooks.slack.com").private_key_and_cert_chain_pem.write_to_path(
        str(place / "slack.pem")
    )
    secrets = {
        "SLACK_URL_FILE": f"slack:/{SLACK}/",
        "OPS_MAIL_URL_FILE": "mailto://mail.test:25/?from=w@example.test&to=a@example.test&mode=insecure",
    }
    for name, address in secrets.items():
        (place / name).write_text(address)
        (place / name).chmod(0o400)
        os.chown(place / name, USER, USER)
    return {
        "PLACE": str(place),
        "WATCHER_RULES": str(place / "rules.yaml"),
        **{name: str(place / name) for name in secrets},
    }


def pip_settings(environ: Mapping[str, str]) -> str:
    """Write pip.conf for the build: this machine's package index, and the authorities that its base trusts."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    settings = dict(
        re.findall(r"^[^.]*\.((?:extra-)?index-url|trusted-host)='(?!file:)(.*)'$", listed, re.MULTILINE)
    )
    if proxy := environ.get("HTTPS_PROXY") or environ.get("https_proxy"):
        settings["proxy"] = proxy
    lines = [f"{name} = {value}\n" for name, value in settings.items()]
    return "".join(["[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n", *lines])
