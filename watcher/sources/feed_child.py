"""The child process that reads a feed: a page comes in, its items go out as JSON.

The only place that imports feedparser: its regular expressions can run for hours on a small page, and only a
process of its own can be ended then. It imports nothing else of watcher, so that it starts quickly.
"""

import json
import resource
import sys
from io import BytesIO

import feedparser

MOST_MEMORY = 400_000_000  # bytes of address space; four million bytes of feed need half of that
LONGEST_TEXT = 2000  # characters; no id and no title is longer
# A wrong encoding or content type was declared, but all was read; after other errors some may be missing.
HARMLESS = (feedparser.CharacterEncodingOverride, feedparser.NonXMLContentType)


def main() -> None:
    """Read the page on standard input within SECONDS of CPU; print what `read` returns."""
    seconds = int(sys.argv[1])
    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, MOST_MEMORY),
    ):
        highest = resource.getrlimit(kind)[1]  # which only root can raise
        allowed = most if highest == resource.RLIM_INFINITY else min(most, highest)
        resource.setrlimit(kind, (allowed, highest))
    sys.stdout.buffer.write(read(sys.stdin.buffer.read()))


def read(page: bytes) -> bytes:
    """Return as JSON the feed's version, why it is broken (null: it is not), and each item's id and title."""
    try:
        # Sanitizing guesses what is HTML; we want the text unchanged, and clean it wherever it is shown.
        parsed = feedparser.parse(BytesIO(page), sanitize_html=False, resolve_relative_uris=False)
    except Exception as problem:  # noqa: BLE001 - one wrong byte can make feedparser raise nearly anything
        return json.dumps({"version": "unknown", "broken": type(problem).__name__, "items": []}).encode()
    is_broken = parsed.bozo and not isinstance(parsed.bozo_exception, HARMLESS)
    return json.dumps(
        {
            "version": parsed.get("version") or "",
            "broken": str(parsed.bozo_exception)[:LONGEST_TEXT] if is_broken else None,
            "items": [
                [_short(entry.get("id") or entry.get("link")), _short(entry.get("title"))]
                for entry in parsed.entries
            ],
        }
    ).encode()


def _short(text: object) -> str:
    """Return a text, empty if it is missing or so long that it is none of ours."""
    words = "" if text is None else str(text)
    return words if len(words) <= LONGEST_TEXT else ""


if __name__ == "__main__":
    main()
