"""A story that the program goes through, however often it is killed, and what must result."""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support.catalogs import FINCH, HERON, OWL, Row, priced
from tests.support.delivered_messages import DeliveredMessage, by_http, by_mail, tally
from tests.support.fork_server import Failpoint, ForkServer
from tests.support.receivers import HttpReceiver, MailReceiver, receiving, receiving_mail
from tests.support.served_catalog import Catalog
from tests.support.store_contents import StoreContents, contents_of, decisions, messages_in
from tests.support.watcher_process import configure
from watcher.domain.policy import HOLDS
from watcher.store import message_rows

KILLED = {-signal.SIGKILL, -signal.SIGALRM}
AT_ONCE = f"holds: {{{', '.join(f'{name}: 0s' for name in HOLDS)}}}"
CONDOR = OWL | {"id": "acme/condor-3", "name": "Acme: Condor 3", "canonical_slug": "acme/condor-3-20260901"}
DEARER = priced(OWL, "0.0000015", "0.0000125")
LEAVING = HERON | {"expiration_date": f"{datetime.now(UTC) + timedelta(days=200):%Y-%m-%d}"}
GONE = (DEARER, LEAVING, CONDOR)
STORY: Sequence[Sequence[Row]] = ((OWL, FINCH, HERON), (DEARER, FINCH, LEAVING, CONDOR), GONE, GONE)
"""What the list shows: the baseline; a price, a date and a new model; one model less, which is seen twice."""

SETTLED = (2, 4)  # versions after which nothing waits


@dataclass
class CrashScenario:
    """The program between a served catalog and two receivers, which take their `latency` to answer.

    `kills` counts how often it was killed; `sent` has the attempts of messages known to be sent by then,
    `maybe_sent` the messages in flight. `kill_at` is where a receiver kills it.
    """

    server: ForkServer
    catalog: Catalog
    folder: Path
    receivers: dict[str, HttpReceiver | MailReceiver] = field(default_factory=dict)
    kills: int = 0
    sent: dict[int, int] = field(default_factory=dict)
    maybe_sent: set[int] = field(default_factory=set)
    kill_at: Failpoint | None = None
    requests: int = 0
    latency: Callable[[], object] = bool

    @property
    def store(self) -> Path:
        return self.folder / "watcher.db"

    @property
    def delivered(self) -> dict[str, list[DeliveredMessage]]:
        return {
            name: by_mail(one.mails) if isinstance(one, MailReceiver) else by_http(one.requests)
            for name, one in self.receivers.items()
        }

    def configure(self, options: str = "") -> None:
        """Write the configuration; `options` apply to both channels."""
        channels = {name: receiver.url() for name, receiver in self.receivers.items()}
        configure(self.folder, self.catalog.url, channels, AT_ONCE, f", limit: 1000/m{options}")

    def on_request(self, channel: str) -> None:
        """Kill the program if it is time to, while a receiver has read a message and not answered."""
        self.latency()
        if self.kill_at and self.kill_at.point == channel and self.server.pid is not None:
            self.requests += 1
            if self.requests == self.kill_at.hit:
                self.server.kill(signal.SIGKILL)

    def play(self, *failpoints: Failpoint) -> int:
        """Play the story with one failpoint after another, until all are used up and all news is sent.

        Returns how many versions of the list were polled.
        """
        for number, version in enumerate(STORY, start=1):
            self.catalog.shows(*version)
            failpoints = failpoints[self.once(*failpoints) :]
            if number in SETTLED and not failpoints:
                return number
        raise AssertionError(failpoints)

    def once(self, *failpoints: Failpoint) -> int:
        """Poll once, and again if that was killed; returns how often it was killed."""
        for kills in range(len(failpoints) + 1):
            code = self.run("once", failpoint=next(iter(failpoints[kills:]), None))
            if code not in KILLED:
                assert code == 0, self.server.output
                return kills
        raise AssertionError(self.server.output)

    def run(self, *arguments: str | Path, failpoint: Failpoint | None = None) -> int:
        """Run a command to its end; returns its exit code. A failpoint may be the name of a channel."""
        self.kill_at = failpoint if failpoint and failpoint.point in self.receivers else None
        inside = None if self.kill_at else failpoint
        code = self.server.run("--config", self.folder / "rules.yaml", *arguments, failpoint=inside)
        if code in KILLED:
            self.note_kill()
        return code

    def note_kill(self) -> None:
        """Record the state of the messages when the program was killed."""
        self.kills += 1
        self.requests = 0
        for row in contents_of(self.store).get("outbox", []) if self.store.exists() else []:
            if row["state"] == "sent":
                self.sent[row["id"]] = row["attempts"]
            elif row["state"] == "sending":
                self.maybe_sent.add(row["id"])

    def assert_same_as(self, undisturbed: StoreContents) -> None:
        """Check that nothing is lost, invented, half done, or sent twice without a mark."""
        found = contents_of(self.store)
        for table, wanted in decisions(undisturbed).items():
            got = decisions(found)[table]
            assert got == wanted, f"{table}: {[row for row in got if row not in wanted]} for {wanted}"
        assert messages_in(found) == messages_in(undisturbed)
        for row in found["outbox"]:
            assert row["state"] == "sent", row
            assert row["attempts"] == self.sent.get(row["id"], row["attempts"]), (
                "sent again after it was sent"
            )
            assert row["repeat"] == (row["id"] in self.maybe_sent), f"maybe sent: {self.maybe_sent}: {row}"
        due = [message_rows.event_of(row) for row in found["events"]]
        for channel, came in self.delivered.items():
            told = tally(came, due)
            maybe_sent = any(row["repeat"] for row in found["outbox"] if row["channel"] == channel)
            assert not told.lost, f"{channel} was never told {told.lost}"
            assert told.repeats <= self.kills * maybe_sent, f"{channel}: {told.repeats} repeats"


@contextmanager
def crash_scenario(server: ForkServer, catalog: Catalog, folder: Path) -> Iterator[CrashScenario]:
    """Set everything up; the channels are `hook` (HTTP) and `ops` (mail)."""
    before, server.folder = server.folder, folder
    scenario = CrashScenario(server, catalog, folder)
    with receiving(meanwhile=lambda: scenario.on_request("hook")) as http, receiving_mail() as mail:
        mail.handler.meanwhile = lambda: scenario.on_request("ops")
        scenario.receivers = {"hook": http, "ops": mail}
        scenario.configure()
        yield scenario
    server.folder = before
