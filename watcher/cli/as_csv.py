"""What `watcher history --csv` prints: times in UTC, prices in USD per token, no formula."""

import csv
import sys
from collections.abc import Sequence

from watcher.domain.news import HistoryEntry
from watcher.text.times import to_iso

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run what begins so


def history(entries: Sequence[HistoryEntry]) -> None:
    """Print charted values, a row each, under headings."""
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(("at", "model", "field", "value"))
    out.writerows((to_iso(e.at), literal(e.model), e.field, literal(e.value or "")) for e in entries)


def literal(text: str) -> str:
    """Keep remote text from being a formula."""
    return f"'{text}" if text.startswith(FORMULA) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
