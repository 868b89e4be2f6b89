"""Recorded answers through the same pure core: what would have been reported, and when."""

import gzip
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePath
from typing import NamedTuple

from watcher.domain.errors import NotFoundError, RefusedError
from watcher.domain.news import HistoryEntry
from watcher.domain.polls import ENDPOINTS, MODELS, Answer, Failure, Plan, Poll, State
from watcher.domain.providers import OffersSnapshot
from watcher.news.plan import plan
from watcher.news.settings import Settings
from watcher.reports.outgoing import Outgoing
from watcher.sources import endpoints
from watcher.sources.recording import named
from watcher.sources.registry import SOURCES

GZIP = b"\x1f\x8b"
QUERY_ID = "recorded"


class Recorded(NamedTuple):
    """One recorded answer: its UTC time, whether it is a look at the providers, and its body or file."""

    at: datetime
    is_endpoints: bool
    body: Path | bytes

    def page(self) -> bytes:
        """Return the answer as it came."""
        body = self.body if isinstance(self.body, bytes) else self.body.read_bytes()
        return gzip.decompress(body) if body[:2] == GZIP else body


@dataclass(frozen=True, slots=True)
class Recording:
    """Recorded answers in the order of their times; of one time the list comes first."""

    answers: tuple[Recorded, ...]

    @classmethod
    def open(cls, path: Path) -> "Recording":
        """Find the answers in a directory tree or a tar archive. Raises NotFoundError if there are none."""
        if path.is_dir():
            found = [one for file in path.rglob("*.json*") if (one := recorded(file, file))]
        elif path.is_file() and tarfile.is_tarfile(path):
            found = _unpack(path)
        else:
            message = f"{path} is not a directory or tar archive of recorded answers"
            raise NotFoundError(message)
        if not any(not one.is_endpoints for one in found):
            message = (
                f"{path} contains no recorded answers, which have names such as 2026-06-08T01-11-59Z.json"
            )
            raise NotFoundError(message)
        return cls(tuple(sorted(found, key=lambda one: one[:2])))

    @property
    def has_endpoints(self) -> bool:
        """Whether there are looks at what the providers ask."""
        return any(one.is_endpoints for one in self.answers)

    def between(self, since: datetime | None, until: datetime | None) -> "Recording":
        """Return the answers from `since` (included) to `until` (excluded)."""
        kept = (
            one
            for one in self.answers
            if (since is None or one.at >= since) and (until is None or one.at < until)
        )
        return Recording(tuple(kept))


def recorded(name: PurePath, body: Path | bytes) -> Recorded | None:
    """Return what a file of this name holds; None if the name has no time."""
    found = named(name.name)
    return found and Recorded(*found, body)


def _unpack(path: Path) -> list[Recorded]:
    found: list[Recorded] = []
    with tarfile.open(path) as archive:
        for member in archive:
            name = PurePath(member.name)
            file = archive.extractfile(member) if member.isfile() and recorded(name, b"") else None
            one = recorded(name, file.read()) if file else None
            found += [one] if one else []
    return found


def replay(recording: Recording, settings: Settings) -> Iterator[tuple[Poll, Plan]]:
    """Yield each answer's poll and plan; an answer that cannot be read is a failed poll.

    The messages of a plan are those sent since the poll before, digests among them; after the last poll, also
    the digests that would have come later.
    """
    charts: dict[str, list[HistoryEntry]] = {}
    state, outgoing = State(charts=charts), Outgoing(settings.zone)
    for number, answer in enumerate(recording.answers, start=1):
        poll = Poll(answer.at, _read_endpoints(answer) if answer.is_endpoints else _read_list(answer))
        decided = plan(state, poll, settings)
        state = decided.state
        for entry in decided.history:
            charts.setdefault(entry.model, []).append(entry)
        sent = outgoing.sent(decided, poll.at)
        later = outgoing.rest() if number == len(recording.answers) else []
        yield poll, replace(decided, notifications=(*sent, *later))


def _read_list(answer: Recorded) -> dict[str, Answer]:
    try:
        return {MODELS: SOURCES[MODELS].parse([answer.page()], answer.at, QUERY_ID)}
    except RefusedError as error:
        return {MODELS: Failure(str(error))}


def _read_endpoints(answer: Recorded) -> dict[str, Answer]:
    try:
        return {ENDPOINTS: OffersSnapshot(endpoints.parse_recorded(answer.page()))}
    except RefusedError as error:
        return {ENDPOINTS: OffersSnapshot({}, reason=str(error))}
