"""Recorded answers through the same pure core: what would have been reported, and when."""

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePath

from watcher.domain.errors import NotFoundError, RefusedError
from watcher.domain.polls import Answer, Failure, Plan, Poll, State
from watcher.news.plan import plan
from watcher.news.settings import Settings
from watcher.sources import SOURCES

NAME = "%Y-%m-%dT%H-%M-%SZ.json"
QUERY_ID = "recorded"


@dataclass(frozen=True, slots=True)
class Recording:
    """Answers of the model list, by the UTC time in their file's name, in order."""

    answers: dict[datetime, Path | bytes]

    @classmethod
    def open(cls, path: Path) -> "Recording":
        """Find the answers in a directory tree or a tar archive. Raises NotFoundError if there are none."""
        if path.is_dir():
            found: dict[datetime, Path | bytes] = {
                at: file for file in path.rglob("*.json") if (at := time_of(file)) is not None
            }
        elif path.is_file() and tarfile.is_tarfile(path):
            found = _unpack(path)
        else:
            message = f"{path} is not a directory or tar archive of recorded answers"
            raise NotFoundError(message)
        if not found:
            message = (
                f"{path} contains no recorded answers, which have names such as 2026-06-08T01-11-59Z.json"
            )
            raise NotFoundError(message)
        return cls(dict(sorted(found.items())))

    def between(self, since: datetime | None, until: datetime | None) -> "Recording":
        """Return the answers from `since` (included) to `until` (excluded)."""
        kept = {
            at: body
            for at, body in self.answers.items()
            if (since is None or at >= since) and (until is None or at < until)
        }
        return Recording(kept)


def time_of(path: PurePath) -> datetime | None:
    """Read the time in a file's name; None if it has none."""
    try:
        return datetime.strptime(path.name, NAME).replace(tzinfo=UTC)
    except ValueError:
        return None


def _unpack(path: Path) -> dict[datetime, Path | bytes]:
    found: dict[datetime, Path | bytes] = {}
    with tarfile.open(path) as archive:
        for member in archive:
            at = time_of(PurePath(member.name))
            body = archive.extractfile(member) if at and member.isfile() else None
            if at and body:
                found[at] = body.read()
    return found


def replay(recording: Recording, settings: Settings) -> Iterator[tuple[Poll, Plan]]:
    """Yield each answer's poll and plan; an answer that cannot be read is a failed poll."""
    state = State()
    for at, body in recording.answers.items():
        page = body if isinstance(body, bytes) else body.read_bytes()
        poll = Poll(at, {"models": _read(page, at)})
        decided = plan(state, poll, settings)
        state = decided.state
        yield poll, decided


def _read(page: bytes, at: datetime) -> Answer:
    try:
        return SOURCES["models"].parse([page], at, QUERY_ID)
    except RefusedError as error:
        return Failure(str(error))
