"""Prometheus metrics of the service; all label values come from the configuration or the code."""

import math
import platform
import time
from collections import Counter as Counts
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder

from watcher import __version__
from watcher.domain.delivery import Verdict
from watcher.domain.kinds import KINDS
from watcher.domain.news import Event
from watcher.domain.observer import ChannelDepth, Telemetry
from watcher.service import logs

GOOD, FAILED = "good", "failed"
WAITING, DEAD = "waiting", "dead"
OUTCOMES = (*Verdict, DEAD)
FETCH_BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
PLAN_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
OPENMETRICS = "application/openmetrics-text"

disable_created_metrics()  # type: ignore[no-untyped-call] # one more series for each counter, of no use here


class Metrics(Telemetry):
    """Records the service's work in a registry of its own, which another thread may read.

    `clock` returns seconds that never jump. Names that are not configured are ignored.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start measuring."""
        self._clock, self._turned = clock, clock()
        self.is_ready = self.is_store_failing = False
        self._sources: frozenset[str] = frozenset()
        self._channels: frozenset[str] = frozenset()
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        build = Info("watcher_build", "The running version.", registry=self._registry)
        build.info({"version": __version__, "python": platform.python_version()})
        self._watch_loop()
        Gauge(
            "watcher_store_failing", "1 if the store cannot be used.", registry=self._registry
        ).set_function(lambda: float(self.is_store_failing))
        self._watch_sources()
        self._watch_channels()

    def _watch_loop(self) -> None:
        gauge = partial(Gauge, registry=self._registry)
        gauge("watcher_start_time_seconds", "When the service started.").set_to_current_time()
        gauge("watcher_loop_idle_seconds", "Time since the main loop last ran.").set_function(self.idle)
        gauge("watcher_log_lines_lost", "Log lines that nobody read, since the start.").set_function(
            logs.lost
        )
        self._interval = gauge("watcher_poll_interval_seconds", "Configured time between two polls.")
        self._models = gauge("watcher_catalog_models", "Listed models.")
        self._pending = gauge("watcher_pending_differences", "Changes on hold.")
        self._missing = gauge("watcher_missing_models", "Models that left the list and are not removed yet.")
        self._unreadable = gauge(
            "watcher_unreadable_models", "Models of which the list says what cannot be read."
        )
        self._models.set(math.nan)  # unknown until the first poll: after a restart, the catalog is not empty
        self._pending.set(math.nan)

    def _watch_sources(self) -> None:
        counter = partial(Counter, registry=self._registry)
        histogram = partial(Histogram, registry=self._registry)
        self._polls = counter("watcher_polls", "Polls of each source.", ["source", "outcome"])
        self._fetch = histogram(
            "watcher_fetch_duration_seconds", "Time to fetch a source.", ["source"], buckets=FETCH_BUCKETS
        )
        self._last_good = Gauge(
            "watcher_source_last_good_timestamp_seconds",
            "Time of the last good answer; 0 if there was none since the start.",
            ["source"],
            registry=self._registry,
        )
        self._plan = histogram(
            "watcher_plan_duration_seconds", "Time to evaluate and store a poll.", buckets=PLAN_BUCKETS
        )
        self._events = counter("watcher_events", "Events, whether or not a rule reports them.", ["kind"])
        for kind in KINDS:
            self._events.labels(kind)

    def _watch_channels(self) -> None:
        gauge = partial(Gauge, registry=self._registry)
        self._deliveries = Counter(
            "watcher_deliveries",
            "Delivery attempts; dead is the last attempt for a message.",
            ["channel", "outcome"],
            registry=self._registry,
        )
        self._messages = gauge("watcher_outbox_messages", "Messages in the outbox.", ["channel", "state"])
        self._oldest = gauge(
            "watcher_outbox_oldest_waiting_seconds", "Age of the oldest waiting message.", ["channel"]
        )
        self._failing = gauge("watcher_channel_failing", "1 if the channel does not deliver.", ["channel"])

    def configured(self, sources: Collection[str], channels: Collection[str], interval: timedelta) -> None:
        """Start counters at zero for these names, and remove those that are no longer configured."""
        gone_sources, gone_channels = self._sources - set(sources), self._channels - set(channels)
        self._sources, self._channels = frozenset(sources), frozenset(channels)
        self._interval.set(interval.total_seconds())
        for source in gone_sources:
            for metric in (self._polls, self._fetch, self._last_good):
                metric.remove_by_labels({"source": source})
        for channel in gone_channels:
            for metric in (self._deliveries, self._messages, self._oldest, self._failing):
                metric.remove_by_labels({"channel": channel})
        self._start_counters()

    def _start_counters(self) -> None:
        """Create every counter at zero, so that Prometheus sees its first step as an increase."""
        for source in self._sources:
            self._fetch.labels(source)
            self._last_good.labels(source)
            for outcome in (GOOD, FAILED):
                self._polls.labels(source, outcome)
        for channel in self._channels:
            for outcome in OUTCOMES:
                self._deliveries.labels(channel, outcome)

    def ready(self) -> None:
        """Record that the service is ready."""
        self.is_ready = True

    def progress(self) -> None:
        """Record that the main loop ran."""
        self._turned = self._clock()

    def idle(self) -> float:
        """Return the seconds since the main loop last ran."""
        return self._clock() - self._turned

    def asked(self, source: str, seconds: float, at: datetime, *, failed: bool) -> None:
        """Count a poll of a source."""
        if source not in self._sources:
            return
        self._polls.labels(source, FAILED if failed else GOOD).inc()
        self._fetch.labels(source).observe(seconds)
        if not failed:
            self._last_good.labels(source).set(at.timestamp())

    def planned(self, seconds: float, events: Sequence[Event], models: int, waiting: int) -> None:
        """Count the events of a poll."""
        self._plan.observe(seconds)
        for kind, count in Counts(event.kind for event in events if event.kind in KINDS).items():
            self._events.labels(kind).inc(count)
        self._models.set(models)
        self._pending.set(waiting)

    def catalog(self, missing: int, unreadable: int) -> None:
        """Record what the list lacks, and what of it cannot be read."""
        self._missing.set(missing)
        self._unreadable.set(unreadable)

    def store(self, event: Event, *, failing: bool) -> None:
        """Record that the store cannot be used, or can be again."""
        self.is_store_failing = failing
        self._events.labels(event.kind).inc()

    def delivered(self, channel: str, verdict: Verdict, *, dead: bool) -> None:
        """Count a delivery attempt."""
        if channel in self._channels:
            self._deliveries.labels(channel, DEAD if dead else verdict).inc()

    def outbox(self, channels: Mapping[str, ChannelDepth]) -> None:
        """Record the outbox of every configured channel; a channel that is not given has no messages."""
        for name in self._channels:
            depth = channels.get(name, ChannelDepth())
            self._messages.labels(name, WAITING).set(depth.waiting)
            self._messages.labels(name, DEAD).set(depth.dead)
            self._oldest.labels(name).set(depth.oldest)
            self._failing.labels(name).set(depth.failing)

    def exposition(self, accept: str = "") -> tuple[bytes, str]:
        """Return all metrics, in OpenMetrics if `accept` names it, and their media type."""
        encode, media = choose_encoder(OPENMETRICS if OPENMETRICS in accept else "")
        return encode(self._registry), media
