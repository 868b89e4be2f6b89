"""Where the news comes from: one small file a source, each with `parse` and `next_page`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from watcher.domain.catalog import FeedSnapshot, Snapshot
from watcher.sources import feed, model_list


@dataclass(frozen=True, slots=True)
class Reader:
    """How to read what a source answers; `parse` takes the pages, the UTC time and the query id."""

    parse: Callable[[Sequence[bytes], datetime, str], Snapshot | FeedSnapshot]
    next_page: Callable[[bytes], str | None]


SOURCES = {
    "models": Reader(model_list.parse, model_list.next_page),
    "feed": Reader(feed.parse, feed.next_page),
}
