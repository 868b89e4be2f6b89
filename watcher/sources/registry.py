"""The sources by name; a new one is a file with `parse` and `next_page`, and a row here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Event as Flag

from watcher.domain.catalog import FeedSnapshot, Snapshot
from watcher.sources import feed, feed_process, model_list


def unchanged(pages: Sequence[bytes], _stop: Flag) -> Sequence[bytes]:
    """Return the pages as they came."""
    return pages


@dataclass(frozen=True, slots=True)
class Source:
    """How to read what a source answers.

    `parse` takes the pages, the time (UTC) and the id of the query, and raises RefusedError; `next_page`
    returns the address of the page that follows a page, None after the last. `convert` prepares the pages for
    `parse` where that is not pure; it ends when its flag is set, and raises RefusedError.
    """

    parse: Callable[[Sequence[bytes], datetime, str], Snapshot | FeedSnapshot]
    next_page: Callable[[bytes], str | None]
    convert: Callable[[Sequence[bytes], Flag], Sequence[bytes]] = unchanged


SOURCES: Mapping[str, Source] = {
    "models": Source(model_list.parse, model_list.next_page),
    "feed": Source(feed.parse, feed.next_page, feed_process.convert),
}
