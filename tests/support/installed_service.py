"""The service as docs/install-systemd.md installs it, on its own machine with a fake internet around it."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.support.booted_debian import Machine
from tests.support.catalogs import FINCH
from tests.support.fake_internet import FakeInternet
from tests.support.watcher_process import eventually

DOCUMENT = (Path(__file__).parents[2] / "docs" / "install-systemd.md").read_text()
SHOWN = dict(re.findall(r"^## (.+?)\n.*?```bash\n(.*?)```", DOCUMENT, re.DOTALL | re.MULTILINE))
"""The commands of the document, by heading."""
PATIENCE = 60.0  # seconds, for a restart after the pause that the unit makes


@dataclass
class InstalledService:
    """A machine with the service, and the internet around it."""

    machine: Machine
    internet: FakeInternet

    def run(self, command: str, given: str = "", *, check: bool = True) -> str:
        return self.machine.run(command, given, check=check)

    def unit(self, name: str) -> str:
        return self.run(f"systemctl show watcher --property={name} --value").strip()

    def journal(self) -> str:
        return self.run("journalctl --unit=watcher --output=cat --no-pager")

    def configure(self, rule: str) -> None:
        """Write a configuration with one rule of this name that reports new models to both channels."""
        catalog = self.internet.catalog
        written = (
            f'poll: 1s\nsources: {{models: "{catalog}", feed: "{catalog}?use_rss=true"}}\n'
            "channels:\n  team: {url: file:team-url, limit: 1000/h}\n  ops: {url: file:ops-url, limit: 1000/h}\n"
            f"rules:\n  - {{name: {rule}, when: {{event: model.added}}, notify: [team, ops]}}\n"
        )
        self.run("cat > /etc/watcher/rules.yaml", written)

    def lists(self, model: str) -> None:
        """Have the catalog list a new model."""
        self.internet.stage.rows = [*self.internet.stage.rows, FINCH | {"id": model}]

    def told(self, model: str) -> tuple[list[bytes], list[str]]:
        """Return what arrived about a model: requests to Slack, subjects of mails."""
        slack = [one.body for one in self.internet.slack.requests if f"{model} is new".encode() in one.body]
        return slack, [
            title for mail in self.internet.mail.mails if f"{model} is new" in (title := mail["Subject"])
        ]

    def tells(self, model: str) -> None:
        """Check that news of a new model arrives everywhere, once."""
        self.lists(model)
        eventually(lambda: all(self.told(model)), f"{model} is told", PATIENCE)
        assert [len(arrived) for arrived in self.told(model)] == [1, 1]

    def polls_twice_more(self) -> None:
        looks = self.internet.stage.looks
        eventually(lambda: self.internet.stage.looks >= looks + 6, "it polls", PATIENCE)  # list and feed

    def restarted(self, before: str) -> bool:
        """Return whether the service runs in another process than before."""
        return self.unit("MainPID") not in {"0", before} and self.unit("ActiveState") == "active"

    def processes(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield command line and environment of everything that runs on the machine."""
        space = Path(f"/proc/{self.machine.leader}/ns/pid").readlink()
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it has ended
                if (process / "ns/pid").readlink() == space:
                    yield (process / "cmdline").read_bytes(), (process / "environ").read_bytes()

    def files(self) -> Iterator[bytes]:
        """Yield the contents of the files that the service keeps."""
        for path in (self.machine.tree / "var/lib/private/watcher").iterdir():
            yield path.read_bytes()
