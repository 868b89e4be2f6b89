"""The RSS feed (`?use_rss=true`): base models by canonical slug.

It confirms that a model exists. A model missing from it says nothing.
"""

import json
import re
from collections.abc import Sequence
from datetime import datetime

from watcher.domain.catalog import FeedItem, FeedSnapshot
from watcher.domain.errors import RefusedError
from watcher.sources.usable import is_usable_id
from watcher.text.clean import clean

LARGEST = 4_000_000  # bytes; parsing takes about a second per million
LONGEST_NAME = 200
TITLE = re.compile(r"(?P<name>.*)\((?P<id>[^()\s]+)\)\s*", re.DOTALL)  # the id is in the last brackets


def next_page(_page: bytes) -> None:
    """Return None: a feed has one page."""


def parse(pages: Sequence[bytes], at: datetime, query_id: str) -> FeedSnapshot:  # noqa: ARG001 - the signature of every source
    """Return the items by canonical slug, from the JSON that feed_child.py wrote.

    Raises RefusedError if the answer is not a usable feed.
    """
    [page] = pages
    found = json.loads(page)
    if not found["version"]:
        message = "the answer is not a feed"
        raise RefusedError(message)
    if found["broken"] is not None:
        message = f"the feed is broken ({_line(found['broken'])[:80]})"
        raise RefusedError(message)
    if not found["items"]:
        message = "the feed is empty"
        raise RefusedError(message)
    return _snapshot(found["items"], query_id)


def _snapshot(entries: Sequence[Sequence[str]], query_id: str) -> FeedSnapshot:
    items: dict[str, FeedItem] = {}
    refused: dict[str, str] = {}
    for number, (slug, words) in enumerate(entries, 1):
        title = TITLE.fullmatch(words)
        if title is None or "/" not in title["id"] or not (is_usable_id(title["id"]) and is_usable_id(slug)):
            refused[f"item {number}"] = "has no valid id"
        elif slug not in items:
            items[slug] = FeedItem(title["id"], _line(title["name"]))
    if not items:  # as a baseline, an empty feed would later make every model news
        message = "no feed item has a valid id"
        raise RefusedError(message)
    return FeedSnapshot(query_id, items, refused)


def _line(text: str) -> str:
    return clean(text, len(text)).strip()[:LONGEST_NAME]
