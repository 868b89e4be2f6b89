"""A mark outside the store that it cannot be used: it outlives a restart, and `status` sees it at once."""

import contextlib
import os
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import gettempdir

from watcher.store.lock import PRIVATE


class TroubleMark:
    """An empty file next to the store, which fits on a full disk, or else where temporary files are."""

    def __init__(self, store: Path, elsewhere: Path | None = None) -> None:
        """Use the mark of the store at this path; `elsewhere` is the other folder."""
        path = store.resolve()
        number = sha256(str(path).encode()).hexdigest()[:16]
        spare = elsewhere or Path(gettempdir())
        self._files = (Path(f"{path}.failing"), spare / f"watcher-{os.geteuid()}-{number}.failing")

    @property
    def since(self) -> datetime | None:
        """Since when the store has been failing (UTC); None if it has not."""
        for file in self._files:
            with contextlib.suppress(OSError):
                found = file.lstat()
                if found.st_uid == os.geteuid():  # others may write in the second folder
                    return datetime.fromtimestamp(int(found.st_mtime), UTC)
        return None

    def set(self) -> bool:
        """Make the mark, if it is not there; return whether it is now."""
        for file in self._files:
            if self.since:
                break
            with contextlib.suppress(OSError):
                os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, PRIVATE))
        return self.since is not None

    def clear(self) -> None:
        """Remove the mark."""
        for file in self._files:
            with contextlib.suppress(OSError):
                file.unlink()
