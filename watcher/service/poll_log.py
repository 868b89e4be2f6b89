"""Log polls: each one that matters, and now and then one as a sign of life."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from watcher.domain.polls import Plan, Poll, State
from watcher.rules.values import Duration
from watcher.sources.ask import failures, next_tries, summary

SIGN_OF_LIFE = timedelta(hours=1)  # the longest time without a line at level INFO
log = logging.getLogger(__name__)


class PollLog:
    """Logs polls with events, and one an hour without, as INFO; failures as WARNING; the rest as DEBUG."""

    def __init__(self) -> None:
        """Log the first poll in any case."""
        self._last = datetime.min.replace(tzinfo=UTC)

    def write(self, before: State, poll: Poll, decided: Plan, interval: timedelta | None) -> None:
        """Log the result of a poll that found the state `before`.

        `interval` is the time between polls, None if this was the last one.
        """
        for fault in decided.faults:
            log.error("%s; reporting the event anyway", fault)
        is_due = bool(decided.events) or abs(poll.at - self._last) >= SIGN_OF_LIFE
        if is_due:
            self._last = poll.at
        line = summary(before, poll, decided)
        if failures(poll):
            log.warning("%s%s", line, _again(next_tries(interval, poll) if interval else {}))
        elif is_due:
            log.info("%s", line)
        else:
            log.debug("%s", line)


def _again(tries: Mapping[str, timedelta]) -> str:
    """Say when the sources that failed are asked again, each by name if the times differ."""
    if not tries:
        return ""
    if len(set(tries.values())) == 1:
        return f"; next try in {Duration(next(iter(tries.values())))}"
    return f"; next try of {', of '.join(f'{name} in {Duration(time)}' for name, time in tries.items())}"
