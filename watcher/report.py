"""How a watcher is doing, from its store: sources, channels, catalog."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from watcher import __version__
from watcher.config import Config
from watcher.domain import Json, OutboxState, Source
from watcher.outbox import ChannelCounts
from watcher.rows import text_of
from watcher.store import Store


@dataclass(frozen=True, slots=True)
class Report:
    """What `watcher status` shows; `problems` is empty where all is well."""

    at: datetime
    version: str
    store: Path
    size: int
    models: int
    pending: int
    sources: Mapping[str, Source]
    channels: Mapping[str, ChannelCounts]
    problems: tuple[str, ...]

    @property
    def is_healthy(self) -> bool:
        """Tell whether nothing is wrong."""
        return not self.problems

    def as_json(self) -> dict[str, Json]:
        """Give the report for machines."""
        sources: dict[str, Json] = {
            name: {
                "last_good": _text(source.last_good),
                "failing_since": _text(source.failing_since),
                "reason": source.reason,
            }
            for name, source in self.sources.items()
        }
        return {
            "healthy": self.is_healthy,
            "problems": self.problems,
            "version": self.version,
            "store": str(self.store),
            "bytes": self.size,
            "models": self.models,
            "pending": self.pending,
            "sources": sources,
            "channels": {name: asdict(counts) for name, counts in self.channels.items()},
        }


def _text(at: datetime | None) -> str | None:
    return None if at is None else text_of(at)


def report(config: Config, store: Store, now: datetime) -> Report:
    """Read the store and judge it at `now` (UTC)."""
    state = store.state()
    sources = {name: state.sources.get(name, Source()) for name in config.sources}
    counts = store.outbox.channels()
    channels = {name: counts.get(name, ChannelCounts()) for name in config.channels}
    return Report(
        at=now,
        version=__version__,
        store=config.store,
        size=store.size(),
        models=sum(bool(item.observed and item.observed["listed"]) for item in state.items.values()),
        pending=sum(len(item.pending) for item in state.items.values()),
        sources=sources,
        channels=channels,
        problems=(*_stale(sources, now, config.stale_after), *_dead(channels)),
    )


def _stale(sources: Mapping[str, Source], now: datetime, longest: timedelta) -> list[str]:
    return [
        f"the {name} source has given no good answer {'yet' if source.last_good is None else 'for too long'}"
        + (f": {source.reason}" if source.reason else "")
        for name, source in sources.items()
        if source.last_good is None or now - source.last_good > longest
    ]


def _dead(channels: Mapping[str, ChannelCounts]) -> list[str]:
    """Tell of channels whose newest finished message was given up: nobody is told there any more."""
    return [
        f"channel {name} does not deliver; see `watcher outbox`"
        for name, counts in channels.items()
        if counts.last_state == OutboxState.DEAD
    ]
