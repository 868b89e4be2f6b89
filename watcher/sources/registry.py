"""The sources by name; a new one is a file with `parse` and `next_page`, and a row here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from watcher.domain.catalog import FeedSnapshot, Snapshot
from watcher.sources import feed, model_list


@dataclass(frozen=True, slots=True)
class Source:
    """How to read what a source answers.

    `parse` takes the pages, the time (UTC) and the id of the query, and raises RefusedError; `next_page`
    returns the address of the page that follows a page, None after the last.
    """

    parse: Callable[[Sequence[bytes], datetime, str], Snapshot | FeedSnapshot]
    next_page: Callable[[bytes], str | None]


SOURCES: Mapping[str, Source] = {
    "models": Source(model_list.parse, model_list.next_page),
    "feed": Source(feed.parse, feed.next_page),
}
