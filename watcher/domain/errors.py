"""Everything that can go wrong, with its exit code.

WatcherError
├── ConfigError            78  the configuration is invalid; lists every problem
├── StoreError             65  the database is missing, damaged or of another version
├── StoreUnavailableError  74  the store is temporarily unusable: full, locked, read-only
├── BusyError              75  another watcher is using the store
├── FetchError              1  a source gave no usable answer
├── RefusedError            1  an answer is not credible
└── NotFoundError           1  nothing has that name
"""

from traceback import extract_tb


class WatcherError(Exception):
    """An error whose message is one line for people: what is wrong and how to fix it."""

    exit_code = 1


class ConfigError(WatcherError):
    """The configuration is invalid; `problems` has one line each, with file, line and key."""

    exit_code = 78

    def __init__(self, problems: list[str]) -> None:
        """Keep all problems, in file order."""
        self.problems = problems
        super().__init__("\n".join(problems))


class StoreError(WatcherError):
    """The database is missing, damaged, another program's, or from a newer version."""

    exit_code = 65


class StoreUnavailableError(WatcherError):
    """The store is temporarily unusable; nothing in it has changed."""

    exit_code = 74


class BusyError(WatcherError):
    """Another watcher is using the store."""

    exit_code = 75


class FetchError(WatcherError):
    """No usable answer.

    `retry_after` is how many seconds the server asked us to wait, `status` its HTTP status, if any.
    """

    def __init__(self, message: str, retry_after: float | None = None, status: int | None = None) -> None:
        """Keep the reason and what the server said."""
        self.retry_after = retry_after
        self.status = status
        super().__init__(message)


class RefusedError(WatcherError):
    """An answer that is not credible, so it changes nothing."""


class NotFoundError(WatcherError):
    """Nothing has that name."""


def mistake(error: Exception) -> str:
    """Describe an unexpected error by type and place; its own message could contain anything."""
    place = extract_tb(error.__traceback__)[-1]
    where = f"{type(error).__name__}, {place.filename.rpartition('/')[2]}:{place.lineno}"
    return f"bug in watcher ({where}); please report it"
