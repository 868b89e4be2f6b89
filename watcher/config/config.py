"""The configuration: `rules.yaml` and the environment as one checked value, or every problem at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

from watcher.domain.delivery import Channel, Secret
from watcher.news.settings import Settings


@dataclass(frozen=True, slots=True)
class Record:
    """Where to keep the answers, for how long, and at most how many bytes; the oldest go first."""

    folder: Path
    keep: timedelta = timedelta(days=30)
    limit: int = 500_000_000


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration that can be used. `store` is absolute; channels' addresses are secrets.

    `keep` is how long what ended is remembered; a source without a good answer for `stale_after` is not
    healthy; `endpoints` says of which models the providers are asked; `listen` is where metrics are served;
    `record` is where answers are kept for replays. `located` puts the place in the file before words about
    the value at some keys. `missing` says, by keys, which variables and files are missing; only a command
    that does not need them gets such a configuration.
    """

    path: Path
    poll: timedelta
    store: Path
    sources: Mapping[str, str] = field(repr=False)  # ${NAME} may have put a secret in
    channels: Mapping[str, Channel]
    settings: Settings
    endpoints: Literal["auto", "all", "off"] = "off"
    keep: timedelta = timedelta(days=365)
    stale_after: timedelta = timedelta(hours=1)
    heartbeat: Secret | None = None
    listen: tuple[str, int] | None = None
    record: Record | None = None
    warnings: tuple[str, ...] = ()
    missing: Mapping[tuple[str | int, ...], str] = field(default_factory=dict)
    located: Callable[[Sequence[str | int], str], str] = field(default=lambda _, what: what, repr=False)

    def missing_of(self, channel: str) -> list[str]:
        """Return which variables and files are missing in the address of a channel."""
        return [line for keys, line in self.missing.items() if keys[:2] == ("channels", channel)]
