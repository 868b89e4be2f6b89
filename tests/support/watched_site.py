"""The real service and the site that it watches, with scripted answers for each poll."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.support.catalogs import FINCH, HERON, OWL, START, Row, answer
from tests.support.scripted_server import Script, Server, answering, reply
from tests.support.served_catalog import service
from watcher.cli.demo import feed
from watcher.domain.delivery import Delivery
from watcher.domain.news import Event
from watcher.domain.polls import Poll, State
from watcher.rules.route import Rule
from watcher.service.loop import Service
from watcher.sources.ask import failures

MINUTES = timedelta(minutes=10)
BIRDS = (OWL, FINCH, HERON)
LEAVING = OWL | {"expiration_date": "2026-11-20"}


@dataclass
class WatchedSite:
    """A service at the time in `clock`; `site` has the answers by source."""

    service: Service
    server: Server
    site: dict[str, Script]
    clock: list[datetime] = field(default_factory=list)

    def gets(
        self, after: timedelta = MINUTES, models: Script | None = None, feed: Script | None = None
    ) -> Poll:
        """Poll once more, with these answers from now on."""
        self.site |= {"models": models or self.site["models"], "feed": feed or self.site["feed"]}
        self.clock[0] += after
        return self.service.poll()

    def shows(self, *rows: Row, after: timedelta = MINUTES) -> Poll:
        """Poll once more, with these models in list and feed."""
        return self.gets(after, models=reply(answer(rows)), feed=reply(feed(list(rows))))

    def restarts(self, *rules: Rule) -> None:
        """Restart on the same store, with these rules."""
        before = self.service.config
        config = replace(before, settings=replace(before.settings, rules=rules))
        self.service = Service(config, self.service.store, now=lambda: self.clock[0])
        self.service.resume()

    def events(self) -> list[Event]:
        """Return all events, oldest first."""
        events = self.service.store.events(limit=100_000)
        return [*reversed(events)]

    def news(self) -> list[tuple[str, str]]:
        """Return kind and subject of all events."""
        return [(event.kind, event.subject) for event in self.events()]

    def messages(self) -> list[Delivery]:
        """Return all messages ever queued, oldest first."""
        return sorted(self.service.store.outbox.messages(), key=lambda message: message.id)

    def state(self) -> State:
        return self.service.store.state()


@contextmanager
def watched_site(
    folder: Path, channels: str | Mapping[str, str] = "console://", more: str = ""
) -> Iterator[WatchedSite]:
    """Run a site and a service that has not polled yet."""
    site = {"models": reply(answer(BIRDS)), "feed": reply(feed(list(BIRDS)))}
    clock = [START]
    with answering(lambda request: site["feed" if "use_rss" in request else "models"]) as server:
        watcher = service(folder, server.url("/models"), channels, clock, more)
        with watcher.store:
            yield WatchedSite(watcher, server, site, clock)


def assert_only_a_failed_poll(
    folder: Path, log: pytest.LogCaptureFixture, script: Script, words: str, source: str = "models"
) -> None:
    """Check that an answer is a failed poll, changes nothing, alerts nobody and hides no later news."""
    with watched_site(folder) as at:
        at.shows(*BIRDS)
        before = at.state()
        log.clear()
        at.site[source] = script
        reason = failures(at.gets())[source].reason
        assert words in reason
        assert reason.isprintable()
        assert len(reason) < 400
        [line] = [record.getMessage() for record in log.records if record.levelno >= logging.WARNING]
        assert f"{source}: {reason}" in line
        after = at.state()
        assert (after.items, after.feed) == (before.items, before.feed)
        assert after.sources[source].last_good == before.sources[source].last_good
        assert after.sources[source].failures == 1
        assert (at.news(), at.messages()) == ([], [])
        at.shows(LEAVING, FINCH, HERON)
        assert at.news() == [("expiration.announced", "acme/owl-2")]
        assert len(at.messages()) == 1
