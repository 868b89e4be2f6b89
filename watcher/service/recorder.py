"""Keeps what the sources answered, for `watcher replay`: compressed, and within limits."""

import gzip
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from watcher.config.config import Record
from watcher.domain.catalog import Snapshot
from watcher.domain.polls import ENDPOINTS, MODELS, Plan, Poll
from watcher.domain.providers import OffersSnapshot
from watcher.sources.recording import list_page, name, named, offers_page

AGAIN = timedelta(hours=12)  # for an unchanged list; if it were longer, a replay would shorten some holds
TIDY_EVERY = timedelta(hours=1)
PART = ".part"
NEVER = datetime.min.replace(tzinfo=UTC)
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Recorder:
    """Writes answers to the folder that the configuration names; failing to is logged and stops nothing."""

    _list: str = ""  # the digest of the last list, to know it again
    _written: datetime = NEVER
    _tidied: datetime = NEVER
    _size: int = field(default=0)
    _is_failing: bool = False

    def keep(self, record: Record | None, poll: Poll, decided: Plan) -> None:
        """Write what a poll brought: every look at the providers, and the list if it is worth it."""
        if record is None:
            return
        try:
            record.folder.mkdir(parents=True, exist_ok=True)
            self._keep(record.folder, poll, decided)
            self._tidy(record, poll)
        except OSError as error:
            if not self._is_failing:
                log.warning("cannot keep answers in %s: %s", record.folder, error.strerror)
            self._is_failing = True
        else:
            self._is_failing = False

    def _keep(self, folder: Path, poll: Poll, decided: Plan) -> None:
        shown, asked = poll.answers.get(MODELS), poll.answers.get(ENDPOINTS)
        if isinstance(shown, Snapshot):
            page = list_page(shown.raw)
            digest = sha256(page).hexdigest()
            # A list that made news is kept even if unchanged, so that a replay has the news at the same time.
            if digest != self._list or decided.events or poll.at - self._written >= AGAIN:
                self._write(folder / name(poll.at, is_endpoints=False), page)
                self._list, self._written = digest, poll.at
        if isinstance(asked, OffersSnapshot) and asked.offers:
            self._write(folder / name(poll.at, is_endpoints=True), offers_page(asked.offers))

    def _write(self, file: Path, page: bytes) -> None:
        """Write a file that appears as a whole or not at all."""
        body = gzip.compress(page, mtime=0)
        part = file.with_name(f".{file.name}{PART}")
        part.write_bytes(body)
        part.replace(file)
        self._size += len(body)

    def _tidy(self, record: Record, poll: Poll) -> None:
        """Delete what is too old or too much, the oldest first, and what an earlier run left half done.

        Nothing is too old by a clock that no list confirms.
        """
        if abs(poll.at - self._tidied) < TIDY_EVERY and self._size <= record.limit:
            return
        for part in record.folder.glob(f".*{PART}"):
            part.unlink(missing_ok=True)
        dated = sorted((found[0], file) for file in record.folder.iterdir() if (found := named(file.name)))
        self._size, self._tidied = sum(file.stat().st_size for _, file in dated), poll.at
        for written, file in dated:
            is_old = poll.is_clock_right and poll.at - written > record.keep
            if not is_old and self._size <= record.limit:
                break
            self._size -= file.stat().st_size
            file.unlink(missing_ok=True)
