"""A service whose catalog grows when a test says so, and what its channels received."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.catalogs import FINCH, HERON, OWL, Row
from tests.support.receivers import HttpReceiver
from tests.support.served_catalog import Catalog, service
from watcher.domain.delivery import OutboxState
from watcher.service.loop import Service

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
BASE = (OWL, FINCH, HERON)


def model(number: int) -> Row:
    return FINCH | {"id": f"acme/new-{number}"}


def told(server: HttpReceiver) -> list[dict[str, Any]]:
    """Return title and message of each request."""
    return [json.loads(request.body) for request in server.requests]


def states(watcher: Service) -> list[OutboxState]:
    return [message.state for message in watcher.store.outbox.messages()]


class GrowingCatalog:
    """A service whose catalog gets a new model with each `add_model`; its time is in `clock`."""

    def __init__(
        self, folder: Path, catalog: Catalog, channels: str | Mapping[str, str], more: str = ""
    ) -> None:
        self.clock, self.models = [NOW], 0
        self.catalog = catalog
        self.watcher = service(folder, catalog.url, channels, self.clock, more)
        self.watcher.poll()

    def add_model(self, after: timedelta = MINUTE) -> None:
        """Add a model, and poll."""
        self.clock[0] += after
        self.models += 1
        self.catalog.shows(*BASE, *map(model, range(self.models)))
        self.watcher.poll()

    def deliver(self, after: timedelta = timedelta(0)) -> None:
        self.clock[0] += after
        self.watcher.deliver()
