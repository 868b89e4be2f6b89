"""The health of a watcher, from its store: sources, channels, catalog."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from watcher import __version__
from watcher.config.config import Config
from watcher.domain.catalog import Json
from watcher.domain.mutes import Mute
from watcher.domain.polls import ENDPOINTS, LIST, ROW, Health, State
from watcher.news.asking import rows_of
from watcher.news.completeness import WHOLE
from watcher.reports.digests import NextDigest, next_digests
from watcher.store.outbox import ChannelCounts
from watcher.store.store import Store
from watcher.store.trouble_mark import TroubleMark
from watcher.text.times import show_time, to_iso

MOST_ROWS = 10  # unreadable rows that are named


@dataclass(frozen=True, slots=True)
class Endpoints:
    """How the endpoints source is doing: of `models` that may be asked, `known` have known providers."""

    mode: str
    health: Health
    known: int
    models: int

    @property
    def is_off(self) -> bool:
        """Whether no provider is asked."""
        return self.mode == "off"

    def as_json(self) -> dict[str, Json]:
        """Give it for machines."""
        return {
            "mode": self.mode,
            "last_asked": _text(self.health.asked_at),
            "last_good": _text(self.health.last_good),
            "failing_since": _text(self.health.failing_since),
            "reason": self.health.reason,
            "known": self.known,
            "models": self.models,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """What `watcher status` shows; `problems` is empty if it is healthy.

    `process` is the running service, `size` is in bytes, `pending` is the number of changes on hold,
    `failing` is since when and why channels do not deliver, `incomplete` and `unreadable` the same of the
    list and of its rows.
    """

    at: datetime
    version: str
    process: int | None
    poll: timedelta
    store: Path
    size: int
    models: int
    pending: int
    sources: Mapping[str, Health]
    endpoints: Endpoints
    channels: Mapping[str, ChannelCounts]
    digests: Mapping[str, tuple[NextDigest, ...]]
    failing: Mapping[str, Health]
    incomplete: Health
    unreadable: Mapping[str, Health]
    problems: tuple[str, ...]
    mutes: tuple[Mute, ...] = ()

    @property
    def is_healthy(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def next_poll(self, source: Health) -> datetime | None:
        """Return roughly when a source is polled next; None if no service is running."""
        return source.asked_at + self.poll if self.process is not None and source.asked_at else None

    def as_json(self) -> dict[str, Json]:
        """Return the report for `--json`."""
        sources: dict[str, Json] = {
            name: {
                "last_good": _text(source.last_good),
                "next": _text(self.next_poll(source)),
                "failing_since": _text(source.failing_since),
                "reason": source.reason,
            }
            for name, source in self.sources.items()
        }
        channels: dict[str, Json] = {
            name: asdict(counts)
            | {
                "failing_since": _text(self.failing.get(name, Health()).failing_since),
                "digests": [digest.as_json() for digest in self.digests.get(name, ())],
            }
            for name, counts in self.channels.items()
        }
        return {
            "healthy": self.is_healthy,
            "problems": self.problems,
            "version": self.version,
            "process": self.process,
            "store": str(self.store),
            "bytes": self.size,
            "models": self.models,
            "pending": self.pending,
            "sources": sources,
            "endpoints": self.endpoints.as_json(),
            "channels": channels,
            "incomplete": _since(self.incomplete),
            "unreadable": {model: _since(row) for model, row in self.unreadable.items()},
            "mutes": [mute_as_json(mute) for mute in self.mutes],
        }


def mute_as_json(mute: Mute) -> dict[str, Json]:
    """Return a mute or an acknowledgement for machines."""
    return {
        "id": mute.id,
        "type": "acknowledgement" if mute.is_acknowledgement else "mute",
        "pattern": mute.pattern,
        "date": mute.fact,
        "since": to_iso(mute.at),
        "until": _text(mute.until),
        "why": mute.why,
        "held": mute.held,
    }


def _since(health: Health) -> dict[str, Json] | None:
    """Return since when and why something is wrong; None if nothing is."""
    return {"since": to_iso(health.failing_since), "reason": health.reason} if health.failing_since else None


def _text(at: datetime | None) -> str | None:
    return None if at is None else to_iso(at)


def report(config: Config, store: Store, now: datetime) -> Report:
    """Report on the store at `now` (UTC)."""
    state = store.state()
    sources = {name: state.sources.get(name, Health()) for name in config.sources}
    zone = config.settings.zone
    counts = store.outbox.channels()
    endpoints = _endpoints(config, state)
    failing = {name: bad for name in config.channels if (bad := _failing(state, name))}
    return Report(
        at=now,
        version=__version__,
        process=store.service(),
        poll=config.poll,
        store=config.store,
        size=store.size(),
        models=state.listed,
        pending=state.waiting,
        sources=sources,
        endpoints=endpoints,
        channels={name: counts.get(name, ChannelCounts()) for name in config.channels},
        digests=next_digests(config, store.outbox, now),
        failing=failing,
        incomplete=state.troubles.get(WHOLE, Health()),
        unreadable=state.unreadable,
        problems=(
            *_stale(sources, now, config.stale_after, zone),
            *_reported(endpoints, zone),
            *_failing_channels(config, counts, failing),
            *_of_the_store(config.store, zone),
            *_of_the_list(state, zone),
            *_own_problems(state),
        ),
        mutes=tuple(mute for mute in state.mutes if not mute.is_over(now)),
    )


def _endpoints(config: Config, state: State) -> Endpoints:
    models = rows_of(state.items)
    known = sum(model in models and bool(market.offers) for model, market in state.markets.items())
    return Endpoints(config.endpoints, state.sources.get(ENDPOINTS, Health()), known, len(models))


def _reported(endpoints: Endpoints, zone: tzinfo) -> Iterator[str]:
    """Tell of the endpoints source once people know that it fails: the list stands in for it until then."""
    health = endpoints.health
    if not endpoints.is_off and health.reported and health.failing_since:
        since = show_time(health.failing_since, zone)
        yield f"no good answer from the endpoints source since {since}: {health.reason}"


def _failing(state: State, channel: str) -> Health | None:
    found = state.troubles.get(("channel", channel))
    return found if found and found.reason else None


def _stale(sources: Mapping[str, Health], now: datetime, longest: timedelta, zone: tzinfo) -> Iterator[str]:
    for name, source in sources.items():
        if source.last_good is None or now - source.last_good > longest:
            since = "yet" if source.last_good is None else f"since {show_time(source.last_good, zone)}"
            reason = f": {source.reason}" if source.reason else ""
            yield f"no good answer from the {name} source {since}{reason}"


def _failing_channels(
    config: Config, counts: Mapping[str, ChannelCounts], failing: Mapping[str, Health]
) -> Iterator[str]:
    """Yield the channels whose newest message is a dead letter, or whose failure has been reported."""
    for name in config.channels:
        found = failing.get(name, Health())
        if counts.get(name, ChannelCounts()).last_state == "dead" or found.reported:
            yield f"channel {name} is failing; see `watcher outbox`"


def _of_the_store(store: Path, zone: tzinfo) -> Iterator[str]:
    """Tell of a store that the service could not use when it last tried: a reader may see nothing of it."""
    since = TroubleMark(store).since
    if since:
        yield f"watcher cannot use its store since {show_time(since, zone)}; its log says why"


def _of_the_list(state: State, zone: tzinfo) -> Iterator[str]:
    """Yield what was reported as missing from the list, or as unreadable in it."""
    whole = state.troubles.get(WHOLE, Health())
    if whole.reported and whole.failing_since:
        yield f"the model list is incomplete since {show_time(whole.failing_since, zone)}: {whole.reason}"
    rows = {model: row for model, row in state.unreadable.items() if row.reported and row.failing_since}
    for model, row in sorted(rows.items())[:MOST_ROWS]:
        since = show_time(row.failing_since, zone) if row.failing_since else ""
        yield f"{model} cannot be read since {since}: {row.reason}"
    if len(rows) > MOST_ROWS:
        yield f"and {len(rows) - MOST_ROWS} more models that cannot be read; --json has all"


def _own_problems(state: State) -> Iterator[str]:
    """Yield what is wrong with the service itself."""
    for (what, name), trouble in state.troubles.items():
        if trouble.reason and what not in {"channel", LIST, ROW}:
            yield f"the {what} {name} is invalid: {trouble.reason}"
