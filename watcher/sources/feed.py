"""The RSS feed (`?use_rss=true`): base models by canonical slug.

It confirms that a model exists. A model missing from it says nothing.
"""

import functools
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

import feedparser

from watcher.domain.catalog import FeedItem, FeedSnapshot
from watcher.domain.errors import RefusedError
from watcher.sources.usable import is_usable_id
from watcher.text.clean import clean

LARGEST = 4_000_000  # bytes; parsing takes about a second per million
LONGEST_NAME = 200
# A wrong encoding or content type was declared, but all was read; after other errors some may be missing.
HARMLESS = (feedparser.CharacterEncodingOverride, feedparser.NonXMLContentType)
TITLE = re.compile(r"(?P<name>.*)\((?P<id>[^()\s]+)\)\s*", re.DOTALL)  # the id is in the last brackets


def next_page(_page: bytes) -> None:
    """Return None: a feed has one page."""


def parse(pages: Sequence[bytes], at: datetime, query_id: str) -> FeedSnapshot:  # noqa: ARG001 - the signature of every source
    """Return the items by canonical slug. Raises RefusedError if the answer is not a usable feed."""
    [page] = pages
    if len(page) > LARGEST:
        message = f"the feed is larger than {LARGEST:,} bytes"
        raise RefusedError(message)
    return _believed(page, query_id)


@functools.lru_cache(maxsize=1)
def _believed(page: bytes, query_id: str) -> FeedSnapshot:
    """Read a page; cached, because reading is most of a poll's work and most pages are as before."""
    parsed = _read(page)
    if not parsed.get("version"):
        message = "the answer is not a feed"
        raise RefusedError(message)
    if parsed.bozo and not isinstance(parsed.bozo_exception, HARMLESS):
        message = f"the feed is broken ({_line(str(parsed.bozo_exception))[:80]})"
        raise RefusedError(message)
    if not parsed.entries:
        message = "the feed is empty"
        raise RefusedError(message)
    return _snapshot(parsed.entries, query_id)


def _read(page: bytes) -> Any:  # noqa: ANN401 - feedparser has no types
    try:
        # Sanitizing guesses what is HTML; we want the text unchanged, and clean it wherever it is shown.
        return feedparser.parse(BytesIO(page), sanitize_html=False, resolve_relative_uris=False)
    except Exception as problem:  # noqa: BLE001 - one wrong byte can make feedparser raise nearly anything
        message = f"the feed is broken ({type(problem).__name__})"
        raise RefusedError(message) from None


def _snapshot(entries: Sequence[Mapping[str, Any]], query_id: str) -> FeedSnapshot:
    items: dict[str, FeedItem] = {}
    refused: dict[str, str] = {}
    for number, entry in enumerate(entries, 1):
        slug = str(entry.get("id") or entry.get("link") or "")
        title = TITLE.fullmatch(str(entry.get("title", "")))
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
