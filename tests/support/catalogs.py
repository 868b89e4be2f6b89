"""Made-up catalogs that follow the schema, and the plans that result from them."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from watcher.cli.demo import row
from watcher.domain.catalog import Document, FeedSnapshot, Snapshot
from watcher.domain.news import Event
from watcher.domain.polls import Answer, Plan, Poll, State
from watcher.news.plan import plan
from watcher.news.settings import Settings
from watcher.sources import feed, feed_child, model_list

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
QUERY = "http://catalog.test/models"
Row = dict[str, Any]

OWL = row("acme/owl-2", "0.00000125", "0.00001")
FINCH = row("acme/finch-mini", "0.00000015", "0.0000006")
HERON = row("wetland/heron-large", "0.000002", "0.000008")


def priced(base: Row, prompt: str, completion: str, **more: Any) -> Row:
    """Return the row with other prices."""
    return base | {"pricing": base["pricing"] | {"prompt": prompt, "completion": completion} | more}


def answer(rows: Sequence[Row], **envelope: Any) -> bytes:
    """Write an answer of the API."""
    return json.dumps({"data": list(rows), **envelope}).encode()


def listing(rows: Sequence[Row], at: datetime = START, query: str = QUERY) -> Snapshot:
    """Read a list as the source does."""
    return model_list.parse([answer(rows)], at, query)


def feed_of(entries: Mapping[str, str], at: datetime = START) -> FeedSnapshot:
    """Read a feed with these ids by canonical slug."""
    items = "".join(
        f"<item><title>Made-up ({model})</title><guid>{slug}</guid></item>" for slug, model in entries.items()
    )
    page = f'<rss version="2.0"><channel><title>Models</title>{items}</channel></rss>'
    return read_feed(page.encode(), at)


def read_feed(page: bytes, at: datetime = START) -> FeedSnapshot:
    """Read a feed as the source does, without a process of its own."""
    return feed.parse([feed_child.read(page)], at, QUERY)


def document(base: Row = OWL, at: datetime = START) -> Document:
    """Read one row as the source does."""
    return model_list.document(base, at)


class Story:
    """A catalog over time: each `shows` is a poll; the last plan is in `plan`."""

    def __init__(self, settings: Settings | None = None, start: datetime = START) -> None:
        self.settings = settings or Settings()
        self.state = State()
        self.at = start
        self.plan = Plan(self.state)

    def answers(self, after: timedelta = timedelta(0), **answers: Answer) -> list[Event]:
        self.at += after
        self.plan = plan(self.state, Poll(self.at, answers), self.settings)
        self.state = self.plan.state
        return list(self.plan.events)

    def shows(self, *rows: Row, after: timedelta = HOUR) -> list[Event]:
        return self.answers(after, models=listing(rows, self.at + after))

    def kinds(self) -> list[tuple[str, str]]:
        return [(event.kind, event.subject) for event in self.plan.events]
