"""The order of things: ask the sources, decide, remember, deliver, wait."""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event as Flag

from watcher import deliver
from watcher.config import Config
from watcher.domain import Delivery, Failure, Item, Outcome, Plan, Snapshot, Source, State, Verdict
from watcher.errors import FetchError, RefusedError
from watcher.fetch import fetch
from watcher.plan import Poll, plan
from watcher.sources import SOURCES
from watcher.store import Store

JITTER = 0.1  # share of the interval, so that not all instances ask at the same second
SHORTEST_WAIT, LONGEST_WAIT = 0.05, 60.0  # seconds; the wall clock may have moved meanwhile
log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """Give the time in UTC, to the second: nothing here is told apart more finely."""
    return datetime.now(UTC).replace(microsecond=0)


def ask(name: str, url: str, at: datetime, stop: Flag | None = None) -> Snapshot | Failure:
    """Get one source's answer and read it; whatever goes wrong is a Failure, never an exception."""
    reader = SOURCES[name]
    try:
        return reader.parse(fetch(url, next_page=reader.next_page, stop=stop).pages, at, url)
    except FetchError as error:
        return Failure(str(error), error.retry_after)
    except RefusedError as error:
        return Failure(str(error))


def look(config: Config, at: datetime, stop: Flag | None = None) -> Poll:
    """Ask every source once; setting `stop` cuts the waiting short."""
    return Poll(at, {name: ask(name, url, at, stop) for name, url in config.sources.items()})


@dataclass(frozen=True, slots=True)
class Service:
    """A configured watcher on an open store; setting `stop` ends `run` before its next step."""

    config: Config
    store: Store
    now: Callable[[], datetime] = utc_now
    stop: Flag = field(default_factory=Flag)

    def run(self) -> None:
        """Poll and deliver until stopped."""
        self.resume()
        next_poll = self.now()
        while not self.stop.is_set():
            if self.now() >= next_poll:
                jitter = random.uniform(-JITTER, JITTER)  # noqa: S311 - nothing secret about it
                next_poll = self.now() + pause(self.config.poll, self.poll(), jitter)
            self.deliver()
            self.stop.wait(self._wait(next_poll))

    def resume(self) -> None:
        """Take up the messages that an earlier run left behind."""
        if interrupted := self.store.outbox.recover():
            log.warning(
                "%d messages were being sent when watcher last ended; they may arrive twice", interrupted
            )
        if orphans := self.store.outbox.bury(self.config.channels.keys()):
            log.warning(
                "%d messages wait for channels that are no longer configured: `watcher outbox`", orphans
            )

    def poll(self) -> Poll:
        """Ask every source once, and remember what that means."""
        poll = look(self.config, self.now(), self.stop)
        if self.stop.is_set():
            return poll  # an answer that was not waited for says nothing
        before = self.store.state()
        decided = plan(before, poll, self.config.settings)
        self.store.commit(before, decided)
        log.log(logging.WARNING if failures(poll) else logging.INFO, "%s", summary(before, poll, decided))
        return poll

    def deliver(self) -> int:
        """Send what is due until nothing is, a message a channel at a time; gives how many were sent."""
        sent = 0
        while not self.stop.is_set() and (due := self.store.outbox.due(self.now())):
            claimed = self.store.outbox.claim(due)
            batch = [(self.config.channels[delivery.notification.channel], delivery) for delivery in claimed]
            for delivery, outcome in zip(claimed, deliver.deliver(batch, stop=self.stop), strict=True):
                self._finish(delivery, outcome)
                sent += outcome.verdict is Verdict.SENT
        return sent

    def _finish(self, delivery: Delivery, outcome: Outcome) -> None:
        now = self.now()
        jitter = random.random()  # noqa: S311 - nothing secret about it
        next_at = deliver.next_attempt(outcome, delivery.attempts, now, jitter)
        self.store.outbox.finish(delivery, outcome, now, next_at)
        channel = delivery.notification.channel
        if outcome.verdict is Verdict.SENT:
            log.debug("%s: message %d sent", channel, delivery.id)
        elif next_at:
            log.warning(
                "%s: message %d not sent (%s); next try %s", channel, delivery.id, outcome.reason, next_at
            )
        else:
            log.error(
                "%s: message %d given up (%s); see `watcher outbox`", channel, delivery.id, outcome.reason
            )

    def _wait(self, next_poll: datetime) -> float:
        due = self.store.outbox.next_due()
        first = next_poll if due is None else min(next_poll, due)
        return min(max((first - self.now()).total_seconds(), SHORTEST_WAIT), LONGEST_WAIT)


def pause(interval: timedelta, poll: Poll, jitter: float) -> timedelta:
    """Give the time to the next poll: the interval, give or take `jitter`, or what a server asked for."""
    wishes = [failure.retry_after or 0.0 for failure in failures(poll).values()]
    return max(interval * (1 + jitter), timedelta(seconds=max(wishes, default=0.0)))


def failures(poll: Poll) -> dict[str, Failure]:
    """Give the sources that gave no good answer."""
    return {name: answer for name, answer in poll.answers.items() if isinstance(answer, Failure)}


def summary(before: State, poll: Poll, decided: Plan) -> str:
    """Say in one line what a poll gave."""
    parts = [f"{name}: {_said(before, name, answer)}" for name, answer in poll.answers.items()]
    waiting = sum(map(_waits, decided.state.items.values()))
    counts = (
        f"{len(decided.events)} events, {len(decided.notifications)} messages, {waiting} differences wait"
    )
    return "; ".join([*parts, counts])


def _said(before: State, name: str, answer: Snapshot | Failure) -> str:
    if isinstance(answer, Failure):
        return answer.reason
    refused = f", {len(answer.refused)} unreadable" if answer.refused else ""
    is_first = before.sources.get(name, Source()).last_good is None
    return f"{len(answer.documents)} models{refused}{', the baseline: no news' if is_first else ''}"


def _waits(item: Item) -> int:
    return len(item.pending)
