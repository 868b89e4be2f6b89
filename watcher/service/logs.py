"""Log formats, one line per entry: for people, for machines, or for the journal."""

import json
import logging
import os
import sys
import time
from collections.abc import Mapping
from typing import TextIO

from watcher.delivery.timed_write import write
from watcher.text.clean import clean

FORMATS = ("plain", "json", "journal")
LONGEST_ENTRY = 1000
PATIENCE = 1.0  # seconds for the first line that nobody reads
PRIORITIES = {logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}  # syslog's


class Plain(logging.Formatter):
    """`2026-11-23T08:00:00Z WARNING ...`, in UTC."""

    def format(self, record: logging.LogRecord) -> str:
        """Return an entry as one line, whatever remote text is in it."""
        return f"{_time(record)} {record.levelname} {_line(record)}"


class Journal(logging.Formatter):
    """`<4>...`: the journal adds the time and reads the priority."""

    def format(self, record: logging.LogRecord) -> str:
        """Return an entry as one line with its priority."""
        return f"<{PRIORITIES.get(record.levelno, 3)}>{_line(record)}"


class Json(logging.Formatter):
    """One JSON object per line: `at` (UTC), `level`, `logger`, `message`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return an entry as a JSON object."""
        entry = {
            "at": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _line(record),
        }
        return json.dumps(entry)


class Lossy(logging.Handler):
    """Writes entries to a stream; those that nobody reads are lost and counted, and never hold anybody up."""

    def __init__(self, stream: TextIO) -> None:
        """Write to this stream."""
        super().__init__()
        self._stream = stream
        self._is_torn = False
        self._unsaid = 0
        self.lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write an entry, after a line that says how many were lost before it."""
        if self._unsaid and self._write(self._apology(record)):
            self._unsaid = 0
        if self._unsaid or not self._write(record):
            self._unsaid += 1
            self.lost += 1

    def _apology(self, record: logging.LogRecord) -> logging.LogRecord:
        said = {"msg": "%d log lines were lost: nobody read them", "args": (self._unsaid,)}
        return logging.makeLogRecord({**record.__dict__, **said, "levelno": 30, "levelname": "WARNING"})

    def _write(self, record: logging.LogRecord) -> bool:
        """Return whether the entry was written; only the first one that is lost is waited for."""
        line = f"{self.format(record)}\n"
        try:
            descriptor = self._stream.fileno()
        except (OSError, ValueError):  # an object in this process
            return self._put(line)
        text = f"{chr(10) * self._is_torn}{line}".encode(errors="replace")
        try:
            written = write(descriptor, text, 0.0 if self._unsaid else PATIENCE)
        except OSError:
            return False
        self._is_torn = 0 < written < len(text) or (self._is_torn and not written)
        return written == len(text)

    def _put(self, line: str) -> bool:
        try:
            self._stream.write(line)
            self._stream.flush()
        except (OSError, ValueError):  # a closed one raises ValueError
            return False
        return True


def lost() -> int:
    """Count the log lines that were lost since the start."""
    return sum(handler.lost for handler in logging.getLogger().handlers if isinstance(handler, Lossy))


def _time(record: logging.LogRecord) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))


def _line(record: logging.LogRecord) -> str:
    return clean(record.getMessage(), LONGEST_ENTRY)


def set_up(form: str | None, environ: Mapping[str, str] = os.environ, *, verbose: bool = False) -> None:
    """Log to standard error in one of FORMATS; None is `journal` under systemd, else `plain`.

    Libraries may only log warnings: httpx would log whole addresses.
    """
    detected = "journal" if "JOURNAL_STREAM" in environ else "plain"
    formatters = {"plain": Plain, "json": Json, "journal": Journal}
    handler = Lossy(sys.stderr)
    handler.setFormatter(formatters[form or detected]())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("watcher").setLevel(logging.DEBUG if verbose else logging.INFO)


def only_problems() -> None:
    """Log nothing below WARNING."""
    logging.getLogger("watcher").setLevel(logging.WARNING)
