"""The order of things: ask the sources, decide, remember, deliver, wait."""

import logging
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event as Flag

from watcher import __version__
from watcher.config.config import Config
from watcher.config.explain import summed_up
from watcher.delivery import courier, transport
from watcher.delivery.courier import Courier
from watcher.domain.delivery import Delivery, OutboxState, Verdict
from watcher.domain.errors import ConfigError, FetchError, StoreError, StoreUnavailableError, mistake
from watcher.domain.news import Event
from watcher.domain.observer import Telemetry
from watcher.domain.polls import MODELS, Failure, Part, Plan, Poll, State, Trouble
from watcher.news.events import of_part
from watcher.news.plan import notify, plan
from watcher.rules.values import Duration
from watcher.service import systemd
from watcher.service.clock import elapsed, utc_now
from watcher.sources.ask import failures, look, pause, summary
from watcher.sources.heartbeat import ping
from watcher.store.store import Store

JITTER = 0.1  # share of the interval, so that not all instances ask at the same second
SHORTEST_WAIT, LONGEST_WAIT = 0.05, 60.0  # seconds; the wall clock may have moved meanwhile
STORE_PAUSE = 5.0  # seconds until a store that cannot be used is tried again
TIDY_EVERY = timedelta(days=1)
SAID_EVERY = timedelta(hours=1)  # a line, when there is nothing to say
FIXED = ("store", "listen")
STORE: Part = ("store", "store")
log = logging.getLogger(__name__)


class Service:
    """A configured watcher on an open store; `end` ends `run` before its next step.

    `load` gives the configuration anew where `reload` is asked for.
    """

    def __init__(
        self,
        config: Config,
        store: Store,
        *,
        now: Callable[[], datetime] = utc_now,
        elapsed: Callable[[], float] = elapsed,
        load: Callable[[], Config] | None = None,
        telemetry: Telemetry | None = None,
    ) -> None:
        """Nothing is done yet."""
        self.config, self.store, self.now, self._elapsed = config, store, now, elapsed
        self.stop = Flag()
        self._load = load or (lambda: self.config)
        self._wake, self._reload = Flag(), Flag()
        self._telemetry = telemetry or Telemetry()
        self._courier = Courier(store, now, self.stop, self._telemetry)
        self._refused: Trouble | None = None  # what is wrong with a changed configuration
        self._store_fails = False
        self._said = self._tidied = datetime.min.replace(tzinfo=UTC)

    def end(self) -> None:
        """End `run`; can be called at any time, also by a signal."""
        self.stop.set()
        self._wake.set()

    def reload(self) -> None:
        """Have the configuration read anew before the next step; can be called at any time."""
        self._reload.set()
        self._wake.set()

    def run(self) -> None:
        """Poll and deliver until ended. Raises StoreError where the store is gone or damaged."""
        log.info("watcher %s begins: %s", __version__, summed_up(self.config))
        self._take_up()
        self.resume()
        systemd.notify(systemd.READY)
        self._telemetry.ready()
        next_poll = self._elapsed()
        while not self.stop.is_set():
            self._wake.clear()
            if self._reload.is_set():
                self._reload_now()
                next_poll = self._elapsed()
            next_poll, wait = self.turn(next_poll)
            self._live()
            self._wake.wait(wait)
        systemd.notify(systemd.STOPPING)
        log.info("watcher ends")

    def turn(self, next_poll: float = 0.0) -> tuple[float, float]:
        """Do what is due; gives when to poll next, by `elapsed`, and the seconds to wait until then.

        Raises StoreError, told to whoever can be reached, where the store is gone or damaged.
        """
        poll = None
        try:
            if self._elapsed() >= next_poll:
                next_poll = self._elapsed() + self.config.poll.total_seconds()
                poll = self.poll()
                jitter = random.uniform(-JITTER, JITTER)  # noqa: S311 - nothing secret about it
                next_poll = self._elapsed() + pause(self.config.poll, poll, jitter).total_seconds()
            sent = self.deliver()
            if poll:
                self._ping(poll)
            if poll or sent:
                depths = courier.depths(self.store, self.config.channels, self.now())
                self._telemetry.outbox(depths)
            return next_poll, self._wait(next_poll)
        except StoreUnavailableError as error:
            self._note_store(str(error))
            return next_poll, STORE_PAUSE
        except StoreError as error:
            self._note_store(str(error))
            raise

    def resume(self) -> None:
        """Take up the messages that an earlier run left behind."""
        if interrupted := self.store.outbox.recover():
            log.warning(
                "%d messages were being sent when watcher last ended; they may arrive twice", interrupted
            )
        self._bury()

    def _take_up(self) -> None:
        """Say what the configuration may not mean, and what there is to measure."""
        for warning in self.config.warnings:
            log.warning("%s", warning)
        self._telemetry.configured(self.config.sources, self.config.channels, self.config.poll)

    def _live(self) -> None:
        """Say that the loop goes on."""
        systemd.notify(systemd.ALIVE)
        self._telemetry.progress()

    def _bury(self) -> None:
        if orphans := self.store.outbox.bury(self.config.channels.keys()):
            log.warning(
                "%d messages wait for channels that are no longer configured: `watcher outbox`", orphans
            )

    def _reload_now(self) -> None:
        """Go on with the configuration as it is now, or with the one before where that cannot be used."""
        self._reload.clear()
        systemd.notify(systemd.reloading())
        fresh, problems = self._fresh()
        for problem in problems:
            log.error("the changed configuration cannot be used: %s", problem)
        self._refused = Trouble(problems[0], is_final=True) if problems else None
        if not problems:
            self.config = fresh
            log.info("watcher goes on: %s", summed_up(fresh))
            self._take_up()
            self._bury()
        systemd.notify(systemd.READY)

    def _fresh(self) -> tuple[Config, list[str]]:
        """Give the configuration as it is now, and why it cannot be used."""
        try:
            fresh = self._load()
        except ConfigError as error:
            return self.config, error.problems
        fixed = [name for name in FIXED if getattr(fresh, name) != getattr(self.config, name)]
        return fresh, [f"{fresh.path} {name}: cannot change while watcher runs; restart it" for name in fixed]

    def poll(self) -> Poll:
        """Ask every source once, and remember what that means. Raises StoreUnavailableError."""
        poll = look(
            self.config.sources,
            self.now(),
            stop=self.stop,
            troubles=self._troubles(),
            telemetry=self._telemetry,
        )
        if self.stop.is_set():
            return poll  # an answer that was not waited for says nothing
        began = self._elapsed()
        before = self.store.state()
        poll, decided = self._judged(before, poll)
        self.store.commit(before, decided)
        self._note_store(None)
        after = decided.state
        self._telemetry.planned(self._elapsed() - began, decided.events, after.listed, after.waiting)
        self._say(before, poll, decided)
        if poll.at - self._tidied >= TIDY_EVERY:
            self.store.forget(poll.at - self.config.keep)
            self._tidied = poll.at
        return poll

    def _judged(self, before: State, poll: Poll) -> tuple[Poll, Plan]:
        """Decide what a poll means; where a mistake of ours is in the way, it has failed and is told so."""
        try:
            return poll, plan(before, poll, self.config.settings)
        except Exception as error:  # noqa: BLE001 - what nobody foresaw must not end the service unheard
            failed = replace(poll, answers=dict.fromkeys(poll.answers, Failure(mistake(error))))
            return failed, plan(before, failed, self.config.settings)

    def _troubles(self) -> dict[Part, Trouble]:
        own = {("configuration", self.config.path.name): self._refused} if self._refused else {}
        return courier.troubles(self.store, self.config.channels) | own

    def _say(self, before: State, poll: Poll, decided: Plan) -> None:
        """Log what a poll gave: at length where something happened, and now and then as a sign of life."""
        for fault in decided.faults:
            log.error("%s; it tells the event", fault)
        is_due = bool(decided.events) or poll.at - self._said >= SAID_EVERY
        level = logging.WARNING if failures(poll) else logging.INFO if is_due else logging.DEBUG
        again = Duration(pause(self.config.poll, poll, 0.0))
        following = f"; next try in {again}" if failures(poll) else ""
        log.log(level, "%s%s", summary(before, poll, decided), following)
        if is_due:
            self._said = poll.at

    def deliver(self) -> int:
        """Send what is due until nothing is, a message a channel at a time; gives how many were tried.

        Raises StoreUnavailableError.
        """
        tried = 0
        while number := self._courier.deliver(self.config.channels):
            tried += number
            self._live()
        return tried

    def _ping(self, poll: Poll) -> None:
        """Tell the dead man's switch that all is well: the list was read, and somebody can be told."""
        heartbeat, channels = self.config.heartbeat, self.config.channels
        if not heartbeat or MODELS in failures(poll) or self.stop.is_set():
            return
        if len(courier.troubles(self.store, channels)) == len(channels):
            log.error("no channel delivers; the heartbeat is left out")
            return
        try:
            ping(heartbeat.reveal(), stop=self.stop)
        except FetchError as error:
            log.warning("the heartbeat was not taken: %s", error)

    def _note_store(self, problem: str | None) -> None:
        """Tell, once and past the store, that it cannot be used, and that it can again."""
        if (problem is not None) == self._store_fails:
            return
        self._store_fails = problem is not None
        log.log(logging.ERROR if problem else logging.INFO, "%s", problem or "the store can be used again")
        self._tell_directly(of_part(STORE, "failing" if problem else "recovered", self.now(), 0, problem))

    def _tell_directly(self, event: Event) -> None:
        """Tell an event without the outbox: once, whoever can be reached now."""
        at = self.now()
        told = notify([event], self.config.settings.rules, at)
        batch = [
            (self.config.channels[one.channel], Delivery(0, one, OutboxState.SENDING, 1, at)) for one in told
        ]
        for (channel, _), outcome in zip(batch, transport.deliver(batch, stop=self.stop), strict=True):
            if outcome.verdict is not Verdict.SENT:
                log.error("%s: not told of the store: %s", channel.name, outcome.reason)

    def _wait(self, next_poll: float) -> float:
        due = self._courier.next_due(self.config.channels)
        until_due = (due - self.now()).total_seconds() if due else LONGEST_WAIT
        return min(max(min(until_due, next_poll - self._elapsed()), SHORTEST_WAIT), LONGEST_WAIT)
