"""What the sources answered, and the plan that follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from watcher.domain.catalog import FeedEntry, FeedSnapshot, Item, Snapshot
from watcher.domain.mutes import Mute
from watcher.domain.news import BasePrices, Event, HistoryEntry, Notification
from watcher.domain.providers import Market, OffersSnapshot

MODELS = "models"
FEED = "feed"
ENDPOINTS = "endpoints"
ROW, LIST = "row", "list"
Part: TypeAlias = tuple[str, str]
"""What can be in trouble: a `channel`, `configuration`, `store`, the `list`, a `row` of it; and its name."""


@dataclass(frozen=True, slots=True)
class Failure:
    """No credible answer: why, and how many seconds the server asked us to wait (None: it did not).

    `is_clock`: the server's date says that the clock of this machine is wrong.
    """

    reason: str
    retry_after: float | None = None
    is_clock: bool = False


@dataclass(frozen=True, slots=True)
class Trouble:
    """A problem of a part of watcher; reported at once if it `is_final`, otherwise if it lasts.

    `waiting` counts the messages that wait for a channel.
    """

    reason: str
    is_final: bool = False
    waiting: int = 0


Answer: TypeAlias = Snapshot | FeedSnapshot | OffersSnapshot | Failure


@dataclass(frozen=True, slots=True)
class Poll:
    """What the sources answered at one time (UTC), by source name, and the problems of watcher itself."""

    at: datetime
    answers: Mapping[str, Answer]
    troubles: Mapping[Part, Trouble] = field(default_factory=dict)

    @property
    def is_clock_wrong(self) -> bool:
        """Whether a server's date contradicts the clock of this machine."""
        return any(isinstance(answer, Failure) and answer.is_clock for answer in self.answers.values())

    @property
    def is_clock_right(self) -> bool:
        """Whether a credible list confirms the clock: one with another date would have been refused."""
        return isinstance(self.answers.get(MODELS), Snapshot) and not self.is_clock_wrong


@dataclass(frozen=True, slots=True)
class Health:
    """The health of a source or a part of watcher; `reported`: its failure has been reported."""

    query_id: str = ""
    last_good: datetime | None = None
    failing_since: datetime | None = None
    reason: str | None = None
    failures: int = 0
    reported: bool = False
    episodes: int = 0
    fields: frozenset[str] = frozenset()
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class State:
    """Everything stored between polls.

    `markets` has the providers' prices, by model; `troubles` is the health of the parts of watcher itself,
    of the list and of its rows; `mutes` are those that have not ended. `charts` are the past values of each
    model, which may be read when they are asked for; they are no part of what is compared.
    """

    items: Mapping[str, Item] = field(default_factory=dict)
    sources: Mapping[str, Health] = field(default_factory=dict)
    feed: Mapping[str, FeedEntry] = field(default_factory=dict)
    base_prices: BasePrices = field(default_factory=dict)
    markets: Mapping[str, Market] = field(default_factory=dict)
    troubles: Mapping[Part, Health] = field(default_factory=dict)
    mutes: tuple[Mute, ...] = ()
    charts: Mapping[str, Sequence[HistoryEntry]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def listed(self) -> int:
        """Count the models in the last credible list."""
        return sum(item.listed is not None for item in self.items.values())

    @property
    def missing(self) -> int:
        """Count the models that left the list and do not count as removed yet."""
        return sum(
            bool(item.announced and item.announced.listed) and item.listed is None
            for item in self.items.values()
        )

    @property
    def unreadable(self) -> Mapping[str, Health]:
        """Since when and why which rows of the list cannot be read, by model."""
        return {part[1]: health for part, health in self.troubles.items() if part[0] == ROW}

    @property
    def waiting(self) -> int:
        """Count the changes on hold."""
        of_rows = sum(len(item.pending) + bool(item.row and item.row.steps) for item in self.items.values())
        return of_rows + sum(bool(market.floor and market.floor.steps) for market in self.markets.values())


@dataclass(frozen=True, slots=True)
class Plan:
    """What follows from one poll: the new state, what to record and what to send. Nothing is done yet.

    `answers` are those of the poll as far as they are believed, by source; the others became failures. `raw`
    has the rows of the list as they came, by model id; `matches` which rule reports what; `faults` the rules
    that failed on an event, which then was reported anyway; `held` which event a mute held back, by the id of
    the mute; `ended` the mutes that end.
    """

    state: State
    answers: Mapping[str, Answer] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    notifications: tuple[Notification, ...] = ()
    history: tuple[HistoryEntry, ...] = ()
    matches: tuple[tuple[str, Event], ...] = ()
    raw: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    held: tuple[tuple[str, int], ...] = ()
    ended: tuple[Mute, ...] = ()
