"""A served catalog that a test changes, and the service that watches it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.catalogs import Row
from tests.support.watcher_process import configure, eventually
from watcher.cli.demo import Stage
from watcher.config import load
from watcher.domain.errors import NotFoundError
from watcher.service.loop import Service
from watcher.store.store import Store


@dataclass
class Catalog:
    """A served catalog that a test changes."""

    stage: Stage
    url: str = ""
    asked: list[str] = field(default_factory=list)

    def shows(self, *rows: Row) -> None:
        self.stage.rows = list(rows)


POLL = timedelta(minutes=1)  # a turn waits no longer for deliveries


def service(
    folder: Path,
    url: str,
    channels: str | Mapping[str, str],
    clock: list[datetime],
    more: str = "",
    **options: Any,
) -> Service:
    """Return a service on its own store, at the time in `clock`; a single channel is called `hook`."""
    named = {"hook": channels} if isinstance(channels, str) else channels
    settings = replace(load.load(configure(folder, url, named, more), {}), poll=POLL)
    return Service(settings, Store.open(settings.store), now=lambda: clock[0], **options)


def polls(store: Path) -> str | None:
    """Return the time of the last good list, or None."""
    try:
        with Store.read(store) as opened:
            good = opened.state().sources.get("models")
            return str(good.last_good) if good else None
    except NotFoundError:
        return None


def has_polled_twice_more(store: Path) -> None:
    """Wait until a running service has polled twice from now on."""
    for _ in range(2):
        before = polls(store)
        eventually(lambda before=before: polls(store) not in {None, before}, "the service polls")  # type: ignore[misc]
