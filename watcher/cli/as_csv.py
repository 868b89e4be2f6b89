"""What `watcher history --csv` prints: times in UTC, prices in USD per token."""

import csv
import sys
from collections.abc import Sequence

from watcher.domain.news import HistoryEntry
from watcher.text.times import to_iso

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would evaluate a cell that starts so


def history(entries: Sequence[HistoryEntry]) -> None:
    """Print charted values, one per row, under headings."""
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(("at", "model", "field", "value"))
    out.writerows((to_iso(e.at), inert(e.model), e.field, inert(e.value or "")) for e in entries)


def inert(text: str) -> str:
    """Return remote text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
