"""The lock file next to a store: held while a service runs, and the trace of a store that was lost."""

import fcntl
import os
from pathlib import Path

from watcher.domain.errors import BusyError, StoreError, StoreUnavailableError

PRIVATE = 0o600
LONGEST = 100  # bytes
MADE = "made"  # in the file once the store was created


class Lock:
    """The lock of the store at `path`, held until it is closed or the process ends in any way."""

    def __init__(self, path: Path) -> None:
        """Take the lock. Raises BusyError if another process has it, StoreUnavailableError if nobody can."""
        self._file = Path(f"{path}.lock")
        self._descriptor = _open(self._file)
        words = os.pread(self._descriptor, LONGEST, 0).decode(errors="replace").split()
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            process = words[0] if words else "unknown"
            message = f"another watcher (process {process}) is using {path}; stop it first"
            raise BusyError(message) from None
        self.knows_store = MADE in words
        self.note(made=self.knows_store)

    def note(self, *, made: bool) -> None:
        """Record our process, and whether the store was created; in place, which works on a full disk too."""
        words = f"{os.getpid():<10} {MADE if made else '':<{len(MADE)}}\n"
        try:
            os.pwrite(self._descriptor, words.encode(), 0)
        except OSError as error:
            self.close()
            raise _unavailable(self._file, error) from None

    def close(self) -> None:
        """Release the lock."""
        os.close(self._descriptor)


def was_made(path: Path) -> bool:
    """Whether watcher once created the store at `path`, as its lock file says."""
    try:
        return MADE in Path(f"{path}.lock").read_text(errors="replace")[:LONGEST].split()
    except OSError:
        return False


def holder(path: Path) -> int | None:
    """Return the process that holds the lock of the store at `path`: 0 if unknown, None if there is none."""
    try:
        with Path(f"{path}.lock").open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        words = Path(f"{path}.lock").read_text(errors="replace").split()
        return int(words[0]) if words and words[0].isdecimal() else 0
    except OSError:
        pass
    return None


def refuse_second_name(path: Path) -> None:
    """Refuse a file with hard links: under another name, another instance could use it at the same time."""
    names = path.stat().st_nlink
    if names > 1:
        message = (
            f"{path} is one of {names} names (hard links) of the same file, which would let two instances"
            " damage it; remove the others, and copy it with `watcher backup`"
        )
        raise StoreError(message)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE)
    except OSError as error:
        if path.is_symlink():
            message = f"{path} is a symbolic link; remove it"
            raise StoreError(message) from None
        raise _unavailable(path, error) from None


def _unavailable(path: Path, error: OSError) -> StoreUnavailableError:
    return StoreUnavailableError(f"cannot write {path}: {error.strerror}")
