"""Log formats, one line per entry: for people, for machines, or for the journal."""

import json
import logging
import os
import time
from collections.abc import Mapping

from watcher.text.clean import clean

FORMATS = ("plain", "json", "journal")
LONGEST_ENTRY = 1000
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
    handler = logging.StreamHandler()
    handler.setFormatter(formatters[form or detected]())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("watcher").setLevel(logging.DEBUG if verbose else logging.INFO)


def only_problems() -> None:
    """Log nothing below WARNING."""
    logging.getLogger("watcher").setLevel(logging.WARNING)
