"""The main loop: ask the sources, decide, remember, deliver, wait."""

import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event as Flag
from time import monotonic

from watcher import __version__
from watcher.config.config import Config
from watcher.config.explain import summed_up, unmatched
from watcher.delivery import courier
from watcher.delivery.courier import Courier
from watcher.domain.catalog import Snapshot
from watcher.domain.errors import FetchError, StoreError, StoreUnavailableError, mistake
from watcher.domain.observer import Telemetry
from watcher.domain.polls import ENDPOINTS, MODELS, Failure, Part, Plan, Poll, State, Trouble
from watcher.domain.providers import OffersSnapshot
from watcher.news.plan import plan
from watcher.rules.reach import Known
from watcher.service import systemd
from watcher.service.clock import elapsed, utc_now
from watcher.service.endpoints import EndpointsAsker
from watcher.service.poll_log import PollLog
from watcher.service.recorder import Recorder
from watcher.service.reload import Reload
from watcher.service.store_trouble import StoreTrouble
from watcher.sources.ask import look
from watcher.sources.heartbeat import ping
from watcher.sources.pauses import Pauses
from watcher.store.store import Store
from watcher.store.trouble_mark import TroubleMark

JITTER = 0.1  # share of the interval, so that not all instances poll in the same second
SHORTEST_WAIT, LONGEST_WAIT = 0.05, 60.0  # seconds; the wall clock may be set meanwhile
SLICE = 2.0  # seconds to wait for deliveries before more are begun
STORE_PAUSE = 5.0  # seconds until a store that cannot be used is tried again
TIDY_EVERY = timedelta(days=1)
log = logging.getLogger(__name__)


class Service:
    """A configured watcher on an open store.

    `now` returns the time (UTC), `elapsed` seconds that never jump, and `load` the configuration to use after
    a reload, or raises ConfigError.
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
        """Prepare; nothing is read or sent yet."""
        self.config, self.store, self.now, self._elapsed = config, store, now, elapsed
        self.stop, self._wake = Flag(), Flag()
        self._telemetry = telemetry or Telemetry()
        self._courier = Courier(store, now, self.stop, self._telemetry, wake=self._wake.set)
        self._reload = Reload(load or (lambda: self.config))
        self._store_trouble = StoreTrouble(self.stop, TroubleMark(config.store), self._telemetry)
        self._poll_log = PollLog()
        self._recorder = Recorder()
        self._pauses = Pauses()
        self._is_running = False
        self._endpoints = EndpointsAsker(self.stop, elapsed)
        self._tidied = datetime.min.replace(tzinfo=UTC)

    def end(self) -> None:
        """Make `run` return after its current step; can be called at any time, even by a signal handler."""
        self.stop.set()
        self._wake.set()

    def reload(self) -> None:
        """Reload the configuration before the next step; can be called at any time, like `end`."""
        self._reload.request()
        self._wake.set()

    def run(self) -> None:
        """Poll and deliver until `end` is called. Raises StoreError if the store is gone or damaged."""
        log.info("watcher %s started: %s", __version__, summed_up(self.config))
        self._announce_config()
        self.resume()
        systemd.notify(systemd.READY)
        self._telemetry.ready()
        self._is_running = True
        next_poll = self._elapsed()
        while not self.stop.is_set():
            self._wake.clear()
            if self._reload.is_requested:
                self._reload_now()
                next_poll = self._elapsed()
            next_poll, wait = self.turn(next_poll)
            self._report_progress()
            self._wake.wait(wait)
        systemd.notify(systemd.STOPPING)
        self._land()
        log.info("watcher stopped")

    def turn(self, next_poll: float = 0.0) -> tuple[float, float]:
        """Do what is due; return when to poll next (by `elapsed`) and how many seconds to wait now.

        Raises StoreError if the store is gone or damaged, after it was reported to whoever can be reached.
        """
        poll = None
        try:
            if self._elapsed() >= next_poll:
                next_poll = self._elapsed() + self.config.poll.total_seconds()
                sources = self.config.sources
                poll = self.poll(self._pauses.due(sources, self._elapsed()))
                self._pauses.note(sources, poll, self._elapsed())
                jitter = random.uniform(-JITTER, JITTER)  # noqa: S311 - no secret depends on it
                next_poll = self._elapsed() + self.config.poll.total_seconds() * (1 + jitter)
            sent = self.deliver(self._patience(next_poll))
            if poll:
                self._ping(poll)
                sent += 0 if poll.is_clock_wrong else self.ask_providers(self._patience(next_poll))
            if poll or sent:
                self._give_up_orphans()  # one may have been in flight when its channel was taken away
                self._telemetry.outbox(courier.depths(self.store, self.config.channels, self.now()))
            return next_poll, self._wait(next_poll)
        except StoreUnavailableError as error:
            self._store_trouble.note(str(error), self.config, self.now())
            return next_poll, STORE_PAUSE
        except StoreError as error:
            self._store_trouble.note(str(error), self.config, self.now(), is_final=True)
            self.stop.set()  # ends what is in flight
            raise

    def resume(self) -> None:
        """Take over the messages that an earlier run left in the outbox. Raises StoreUnavailableError."""
        if interrupted := self.store.outbox.recover():
            log.warning(
                "messages in flight when watcher last stopped: %d; they may arrive twice", interrupted
            )
        self._give_up_orphans()

    def _announce_config(self) -> None:
        """Log the warnings about the configuration, and tell the metrics what there is to measure."""
        for warning in (*self.config.warnings, *self._unmatched()):
            log.warning("%s", warning)
        asked = [ENDPOINTS] if self.config.endpoints != "off" else []
        self._telemetry.configured([*self.config.sources, *asked], self.config.channels, self.config.poll)

    def _unmatched(self) -> list[str]:
        """Return warnings about patterns in rules that match nothing the store knows."""
        try:
            state = self.store.state()
        except (StoreError, StoreUnavailableError):
            return []  # the next poll tells of it
        return unmatched(self.config, Known.of_state(state.items, state.markets))

    def _report_progress(self) -> None:
        """Tell systemd and the metrics that the loop is not stuck."""
        systemd.notify(systemd.ALIVE)
        self._telemetry.progress()

    def _give_up_orphans(self) -> None:
        if orphans := self.store.outbox.give_up_orphans(self.config.channels.keys()):
            log.warning(
                "dead letters for channels that are no longer configured: %d; see `watcher outbox`", orphans
            )

    def _reload_now(self) -> None:
        """Continue with the configuration as it is now, or with the previous one if that is invalid."""
        systemd.notify(systemd.reloading())
        self.config = self._reload.load(self.config)
        if not self._reload.trouble:
            log.info("configuration reloaded: %s", summed_up(self.config))
            self._announce_config()
            self._give_up_orphans()
        systemd.notify(systemd.READY)

    def poll(self, sources: Mapping[str, str] | None = None) -> Poll:
        """Ask `sources` (by name; None: all) once, and store what that means.

        Raises StoreUnavailableError or StoreError.
        """
        poll = look(
            self.config.sources if sources is None else sources,
            self.now(),
            stop=self.stop,
            troubles=self._troubles(),
            telemetry=self._telemetry,
        )
        if self.stop.is_set():
            return poll  # the failures are only due to our own stop
        poll = self._remember(self.store.state(), poll)
        self._store_trouble.note(None, self.config, self.now())
        if poll.is_clock_right:
            self._tidy(poll.at)
        return poll

    def _remember(self, before: State, poll: Poll) -> Poll:
        """Decide what a poll means, store it, and log it."""
        began = self._elapsed()
        decided = self._decide(before, poll)
        poll = replace(poll, answers=decided.answers)
        self.store.commit(before, decided)
        after = decided.state
        self._telemetry.planned(self._elapsed() - began, decided.events, after.listed, after.waiting)
        self._telemetry.catalog(after.missing, len(after.unreadable))
        self._poll_log.write(before, poll, decided, self.config.poll if self._is_running else None)
        self._recorder.keep(self.config.record, poll, decided)
        return poll

    def _land(self) -> None:
        """Wait for what is in flight, which ends soon once `stop` is set, and record it."""
        try:
            self._courier.deliver(self.config.channels)
        except (StoreUnavailableError, StoreError) as error:
            log.warning("%s; what was in flight may arrive twice", error)

    def _patience(self, next_poll: float) -> float:
        """Return how long a turn may wait for deliveries: not longer than one may take, nor past a poll."""
        return min(max(next_poll - self._elapsed(), 0.0), self._courier.deadline)

    def ask_providers(self, patience: float | None = None) -> int:
        """Ask the providers of the models that are due; return how many messages about that were begun.

        Raises StoreUnavailableError or StoreError.
        """
        before, began = self.store.state(), monotonic()
        poll = self._endpoints.poll(self.config, before, self.now())
        if poll is None:
            return 0
        is_failing = any(isinstance(a, OffersSnapshot) and a.reason for a in poll.answers.values())
        self._telemetry.asked(ENDPOINTS, monotonic() - began, poll.at, failed=is_failing)
        self._remember(before, poll)
        return self.deliver(patience)

    def _decide(self, before: State, poll: Poll) -> Plan:
        """Decide what a poll means; after a bug in watcher, the poll counts as failed and is reported so."""
        try:
            return plan(before, poll, self.config.settings)
        except Exception as error:  # noqa: BLE001 - a bug must not end the service silently
            failed = replace(poll, answers=dict.fromkeys(poll.answers, Failure(mistake(error))))
            return plan(before, failed, self.config.settings)

    def _troubles(self) -> dict[Part, Trouble]:
        """Return the channels that do not deliver, and the configuration if it is invalid."""
        found = courier.troubles(self.store, self.config.channels)
        if self._reload.trouble:
            found["configuration", self.config.path.name] = self._reload.trouble
        return found

    def _tidy(self, at: datetime) -> None:
        """Delete once a day what is older than the configuration says."""
        if at - self._tidied >= TIDY_EVERY:
            self.store.forget(at - self.config.keep)
            self._tidied = at

    def deliver(self, patience: float | None = None) -> int:
        """Send what is due until nothing is, for at most `patience` seconds; return how many were begun.

        What is in flight then goes on while the loop does other things. Raises StoreUnavailableError or
        StoreError.
        """
        begun, end = 0, None if patience is None else monotonic() + patience
        while True:
            left = None if end is None else max(end - monotonic(), 0)
            number = self._courier.deliver(self.config.channels, left if left is None else min(left, SLICE))
            begun += number
            if number:
                self._report_progress()
            if left == 0 or not (number or self._courier.is_busy) or self.stop.is_set():
                return begun

    def _ping(self, poll: Poll) -> None:
        """Request the heartbeat address if the model list was read and at least one channel delivers."""
        heartbeat, channels = self.config.heartbeat, self.config.channels
        if not heartbeat or not isinstance(poll.answers.get(MODELS), Snapshot) or self.stop.is_set():
            return
        if len(courier.troubles(self.store, channels)) == len(channels):
            log.error("no channel works, so the heartbeat is skipped")
            return
        try:
            ping(heartbeat.reveal(), stop=self.stop)
        except FetchError as error:
            log.warning("heartbeat failed: %s", error)

    def _wait(self, next_poll: float) -> float:
        """Return the seconds until something is due."""
        due = self._courier.next_due(self.config.channels)
        until_due = (due - self.now()).total_seconds() if due else LONGEST_WAIT
        return min(max(min(until_due, next_poll - self._elapsed()), SHORTEST_WAIT), LONGEST_WAIT)
