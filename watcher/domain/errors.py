"""Everything that can go wrong, each with the exit code it gives.

WatcherError
├── ConfigError            78  the configuration cannot be used; lists every problem
├── StoreError             65  the database is missing, damaged or of another version
├── StoreUnavailableError  74  the store cannot be read or written at present: full, locked, read-only
├── BusyError              75  another instance holds the store
├── FetchError              1  no usable answer came from a source
├── RefusedError            1  an answer came but cannot be believed
└── NotFoundError           1  nothing is known by that name
"""

from traceback import extract_tb


class WatcherError(Exception):
    """An error with a message for people: one line, what is wrong and the way out."""

    exit_code = 1


class ConfigError(WatcherError):
    """The configuration cannot be used; `problems` has one line each, with file, line and key."""

    exit_code = 78

    def __init__(self, problems: list[str]) -> None:
        """Keep the problems, all of them, in file order."""
        self.problems = problems
        super().__init__("\n".join(problems))


class StoreError(WatcherError):
    """The database is missing, damaged, not ours, or written by a newer version."""

    exit_code = 65


class StoreUnavailableError(WatcherError):
    """The store cannot be read or written at present; it is as it was before."""

    exit_code = 74


class BusyError(WatcherError):
    """Another instance holds the store."""

    exit_code = 75


class FetchError(WatcherError):
    """No usable answer came.

    `retry_after` has the seconds that the server asked us to wait, `status` its HTTP status, if any.
    """

    def __init__(self, message: str, retry_after: float | None = None, status: int | None = None) -> None:
        """Keep the reason and what the server said."""
        self.retry_after = retry_after
        self.status = status
        super().__init__(message)


class RefusedError(WatcherError):
    """An answer came but cannot be believed; it changes nothing."""


class NotFoundError(WatcherError):
    """Nothing is known by that name."""


def mistake(error: Exception) -> str:
    """Say of an error that nobody foresaw what it is and where: its own words could be anything."""
    place = extract_tb(error.__traceback__)[-1]
    where = f"{type(error).__name__}, {place.filename.rpartition('/')[2]}:{place.lineno}"
    return f"bug in watcher ({where}); please report it"
