"""How a source is doing: a failure that lasts is told once, and so is its end."""

from dataclasses import replace
from datetime import datetime, timedelta

from watcher.domain import Event, Failure, Snapshot, Source
from watcher.events import of_source


def judge(
    name: str,
    source: Source,
    answer: Snapshot | Failure,
    at: datetime,
    hold: timedelta,
    complaint: str | None = None,
) -> tuple[Source, list[Event]]:
    """Note one answer of a source at `at` (UTC); gives the source as it stands now, and its news.

    A `complaint` is what is wrong with a good answer; it counts as a failure that lasts.
    """
    if isinstance(answer, Failure):
        return _failed(name, source, answer, at, hold)
    good = replace(source, identity=answer.identity, last_good=at)
    if complaint:
        return _failed(name, good, Failure(complaint), at, hold)
    recovered = replace(good, failing_since=None, reason=None, failures=0, told=False)
    if not source.told:
        return recovered, []
    return recovered, [of_source("source.recovered", name, at, source.episodes, None)]


def _failed(
    name: str, source: Source, failure: Failure, at: datetime, hold: timedelta
) -> tuple[Source, list[Event]]:
    since = source.failing_since or at
    failing = replace(source, failing_since=since, reason=failure.reason, failures=source.failures + 1)
    if source.told or at - since < hold:
        return failing, []
    told = replace(failing, told=True, episodes=source.episodes + 1)
    return told, [of_source("source.failing", name, at, told.episodes, failure.reason)]
