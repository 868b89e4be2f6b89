"""What a year of polls every five minutes leaves in the store: `python benchmarks/year.py [DAYS]`.

Decides and remembers as the service does, without the network. Of polls in which the catalog is as it was,
only one an hour is made: the others add nothing, which a day of all polls beside it shows.
"""

import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from timeline import DAY, POLL, Timeline

from watcher.cli.demo import Row
from watcher.config import load
from watcher.config.config import Config
from watcher.domain.catalog import Snapshot
from watcher.domain.delivery import Outcome, Verdict
from watcher.domain.polls import Poll
from watcher.news.plan import plan
from watcher.sources import model_list
from watcher.store.store import Store

ROOT = Path(__file__).parent.parent
A_DAY = int(DAY / POLL)
AN_HOUR = A_DAY // 24
MB = 1e6
MOST = 100.0  # MB
BY_TABLE = "select name, sum(pgsize) from dbstat group by name having sum(pgsize) > 100000 order by 2 desc"


def main() -> None:
    """Print the size of the store by month and by table, and how long it takes to begin with it."""
    days = int(sys.argv[1]) if len(sys.argv) > 1 else 365
    settings = load.load(ROOT / "rules.yaml", {})
    with tempfile.TemporaryDirectory() as folder:
        all_polls, hourly = (
            live(Path(folder) / name, settings, 1, step) for name, step in (("a", 1), ("b", 12))
        )
        print(f"one day: {all_polls / MB:.2f} MB with all polls, {hourly / MB:.2f} MB with one an hour")
        path = Path(folder) / "year.db"
        live(path, settings, days, AN_HOUR, lambda day, size: print(f"day {day:3}: {size / MB:6.2f} MB"))
        whole = path.stat().st_size
        began = time.perf_counter()
        with closing(Store.open(path)) as store:
            store.state()
            print(f"opened, checked and read in {time.perf_counter() - began:.2f} s")
        with closing(sqlite3.connect(path)) as database:
            for name, size in database.execute(BY_TABLE):
                print(f"  {name:32} {size / MB:6.2f} MB")
    print(f"{whole / MB:.1f} MB after {days} days; at most {MOST:.0f} are wanted")
    sys.exit(whole / MB > MOST)


def live(
    path: Path, settings: Config, days: int, step: int, say: Callable[[int, int], None] = lambda *_: None
) -> int:
    """Poll for so many days; gives the bytes that the store then has."""
    line = Timeline()
    with closing(Store.open(path)) as store:
        state, listing = store.state(), Snapshot("made-up", {})
        for poll, at, changed in line.polls(days * A_DAY):
            if changed or poll % step == 0:
                listing = read(line.rows, listing, at)
                decided = plan(state, Poll(at, {"models": listing}), settings.settings)
                store.commit(state, decided)
                state = decided.state
                for batch in store.outbox.waiting().values():
                    store.outbox.finish(
                        store.outbox.claim([batch])[0], Outcome(Verdict.SENT), at, [None] * len(batch)
                    )
            if poll % A_DAY == 0:
                store.forget(at - settings.keep)
                if poll // A_DAY % 30 == 0:
                    say(poll // A_DAY, store.size())
    return path.stat().st_size


def read(rows: Mapping[str, Row], before: Snapshot, at: datetime) -> Snapshot:
    """Read the rows as the source does, those that are as they were not again."""
    raw = {model: json.dumps(row) for model, row in rows.items()}
    documents = {
        model: before.documents[model]
        if before.raw.get(model) == raw[model]
        else model_list.document(row, at)
        for model, row in rows.items()
    }
    return replace(before, documents=documents, fields=frozenset(next(iter(rows.values()))), raw=raw)


if __name__ == "__main__":
    main()
