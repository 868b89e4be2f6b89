"""The past values of each model, read from the store when they are asked for."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence

from watcher.domain.news import HistoryEntry
from watcher.store import rows
from watcher.store.database import BROKEN, Tables


class Charts(Mapping[str, Sequence[HistoryEntry]]):
    """What has been charted of each model, oldest first, as long as the store is open.

    Damaged rows are left out.
    """

    def __init__(self, tables: Tables) -> None:
        """Read from these tables, which nothing does until a model is asked for."""
        self._tables = tables

    def __getitem__(self, model: str) -> Sequence[HistoryEntry]:
        """Return the values of a model. Raises KeyError if there are none."""
        found: list[HistoryEntry] = []
        for row in self._tables.rows("history", "model = ? order by id", [model]):
            with contextlib.suppress(*BROKEN):
                found.append(rows.history_of(row))
        if not found:
            raise KeyError(model)
        return found

    def __iter__(self) -> Iterator[str]:
        """Yield the models that have values."""
        yield from (row["model"] for row in self._tables.query("select distinct model from history"))

    def __len__(self) -> int:
        """Count them."""
        return sum(1 for _ in self)
