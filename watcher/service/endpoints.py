"""When to ask the providers, and which models: politely, apart from the list."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Event as Flag

from watcher.config.config import Config
from watcher.domain.polls import ENDPOINTS, MODELS, Poll, State
from watcher.domain.providers import OffersSnapshot
from watcher.news.asking import Wish, due, rows_of
from watcher.rules.route import Rule
from watcher.rules.values import Globs
from watcher.sources.ask_endpoints import BOUNDS, Bounds, ask_endpoints

FIRST_PAUSE, LONGEST_PAUSE = 300.0, 6 * 3600.0  # seconds without a request after the source refused
MOST_DOUBLINGS = 7


@dataclass(slots=True)
class EndpointsAsker:
    """Asks what providers ask; `elapsed` returns seconds that never jump, `stop` ends the asking."""

    stop: Flag
    elapsed: Callable[[], float]
    bounds: Bounds = BOUNDS
    _resume_at: float = 0.0
    _refusals: int = 0

    def poll(self, config: Config, state: State, at: datetime) -> Poll | None:
        """Ask about the models that are due at `at` (UTC); None if there is nothing to ask."""
        models_url = config.sources.get(MODELS)
        if config.endpoints == "off" or models_url is None or self.elapsed() < self._resume_at:
            return None
        models = due(state.markets, wish_of(config, state, at))
        if not models or self.stop.is_set():
            return None
        snapshot = ask_endpoints(models_url, models, self.bounds, self.stop)
        if not (snapshot.offers or snapshot.failures or snapshot.reason):
            return None  # watcher stopped before the first answer
        self._note(snapshot)
        return Poll(at, {ENDPOINTS: snapshot})

    def _note(self, snapshot: OffersSnapshot) -> None:
        """Pause all requests after a refusal, longer each time, and as long as the server asked."""
        if snapshot.reason is None:
            self._refusals = 0
            return
        pause = min(FIRST_PAUSE * (1 << min(self._refusals, MOST_DOUBLINGS)), LONGEST_PAUSE)
        self._refusals += 1
        self._resume_at = self.elapsed() + max(pause, snapshot.retry_after or 0.0)


def wish_of(config: Config, state: State, at: datetime) -> Wish:
    """Return which models may be asked, and which of them price rules name."""
    rows = rows_of(state.items)
    named = {model for rule in config.settings.rules for model in named_models(rule)}
    return Wish(at, rows, frozenset(named & rows.keys()), config.endpoints == "all")


def named_models(rule: Rule) -> tuple[str, ...]:
    """Return the models that a rule about prices names outright, without a wildcard."""
    models = rule.when.get("model")
    return models.patterns if "price" in rule.when and isinstance(models, Globs) else ()
