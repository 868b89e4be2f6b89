"""The RSS feed, `?use_rss=true`: base models by canonical slug; a second witness, never a sign of removal."""

import functools
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

import feedparser

from watcher.domain.catalog import FeedItem, FeedSnapshot
from watcher.domain.errors import RefusedError

LARGEST = 4_000_000  # bytes; parsing takes a second for each
LONGEST_ID = 256
LONGEST_NAME = 200
# A wrong encoding or content type was declared, yet the text was read; any other trouble may have cut it.
HARMLESS = (feedparser.CharacterEncodingOverride, feedparser.NonXMLContentType)
TITLE = re.compile(r"(?P<name>.*)\((?P<id>[^()\s]+)\)\s*", re.DOTALL)  # the last bracket group is the id


def next_page(_page: bytes) -> None:
    """Give None: a feed has one page."""


def parse(pages: Sequence[bytes], at: datetime, query_id: str) -> FeedSnapshot:  # noqa: ARG001 - as every source
    """Read the feed: `id` and `name` by canonical slug. Raises RefusedError where it cannot be believed."""
    [page] = pages
    if len(page) > LARGEST:
        message = f"the feed is larger than {LARGEST:,} bytes"
        raise RefusedError(message)
    return _believed(page, query_id)


@functools.lru_cache(maxsize=1)
def _believed(page: bytes, query_id: str) -> FeedSnapshot:
    """Read a page; reading is most of a poll's work, and mostly the page is as it was."""
    parsed = _read(page)
    if not parsed.get("version"):
        message = "the answer is no feed"
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
        # Sanitising guesses what is HTML; we want the text as it stands, and make it harmless where shown.
        return feedparser.parse(BytesIO(page), sanitize_html=False, resolve_relative_uris=False)
    except Exception as problem:  # noqa: BLE001 - one wrong byte can make it raise nearly anything
        message = f"the feed is broken ({type(problem).__name__})"
        raise RefusedError(message) from None


def _snapshot(entries: Sequence[Mapping[str, Any]], query_id: str) -> FeedSnapshot:
    items: dict[str, FeedItem] = {}
    refused: dict[str, str] = {}
    for number, entry in enumerate(entries, 1):
        slug = str(entry.get("id") or entry.get("link") or "")
        title = TITLE.fullmatch(str(entry.get("title", "")))
        if title is None or "/" not in title["id"] or not (_is_usable(title["id"]) and _is_usable(slug)):
            refused[f"item {number}"] = "has no usable id"
        elif slug not in items:
            items[slug] = FeedItem(title["id"], _line(title["name"]))
    if not items:  # as a baseline it would make every model news later
        message = "no item of the feed has a usable id"
        raise RefusedError(message)
    return FeedSnapshot(query_id, items, refused)


def _is_usable(key: str) -> bool:
    return 0 < len(key) <= LONGEST_ID and key.isprintable()


def _line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text).strip()[:LONGEST_NAME]
