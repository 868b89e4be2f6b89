"""Which errors of SQLite pass by themselves, and which need a person."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from watcher.domain.errors import StoreError, StoreUnavailableError

RESTORE = "restore a backup, or move the file away"
PASSING = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
    }
)
UNREADABLE = "Could not decode"


@contextmanager
def our_errors(path: Path) -> Iterator[None]:
    """Raise SQLite errors as StoreUnavailableError if they may pass, as StoreError if a person must act."""
    try:
        yield
    except UnicodeDecodeError as error:  # of a name, or of SQLite's own message about one
        raise damaged(path, "a name in it is not text") from error
    except sqlite3.OperationalError as error:
        if not _may_pass(error):
            raise damaged(path, str(error).partition(" with text ")[0]) from error
        message = f"{path} is temporarily unusable: {error}"
        raise StoreUnavailableError(message) from error
    except sqlite3.DatabaseError as error:
        if type(error) is not sqlite3.DatabaseError:  # its subclasses are bugs of ours
            raise
        raise damaged(path, str(error)) from error


def lost(path: Path, how: str) -> StoreError:
    """Return the error for a store that watcher made before and cannot find now."""
    return StoreError(
        f"{path} {how}, although watcher created it before; restore a backup, or start over with --init"
    )


def _may_pass(error: sqlite3.OperationalError) -> bool:
    """Whether an error is one of the machine: a table or text that is damaged stays so."""
    code = getattr(error, "sqlite_errorcode", None)  # none where Python itself cannot read what SQLite found
    return not str(error).startswith(UNREADABLE) if code is None else code & 0xFF in PASSING


def damaged(path: Path, why: str) -> StoreError:
    """Return the error for a file whose content is broken."""
    return StoreError(f"{path} is damaged ({why}); {RESTORE}")
