"""How sources and watcher itself are doing: what fails for long is told once, and so is its end."""

from dataclasses import replace
from datetime import datetime, timedelta

from watcher.domain.catalog import Event, Part, Source
from watcher.news.events import of_part


def judge(
    part: Part, source: Source, problem: str | None, at: datetime, hold: timedelta
) -> tuple[Source, list[Event]]:
    """Note whether a part has a problem at `at` (UTC); gives how it stands now, and its news.

    A problem is news once it has lasted `hold`.
    """
    if problem is None:
        recovered = replace(source, failing_since=None, reason=None, failures=0, told=False)
        return recovered, [of_part(part, "recovered", at, source.episodes, None)] if source.told else []
    since = source.failing_since or at
    failing = replace(source, failing_since=since, reason=problem, failures=source.failures + 1)
    if source.told or at - since < hold:
        return failing, []
    told = replace(failing, told=True, episodes=source.episodes + 1)
    return told, [of_part(part, "failing", at, told.episodes, problem)]
