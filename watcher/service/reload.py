"""Reload the configuration while the service runs."""

import logging
from collections.abc import Callable
from threading import Event as Flag

from watcher.config.config import Config
from watcher.domain.errors import ConfigError
from watcher.domain.polls import Trouble

FIXED = ("store", "listen")  # keys that only a restart can change
log = logging.getLogger(__name__)


class Reload:
    """Loads the configuration again when requested; an invalid one never replaces one that works.

    `trouble` is what is wrong with the file since the last reload, None if nothing is.
    """

    def __init__(self, load: Callable[[], Config]) -> None:
        """Use `load`, which returns the configuration or raises ConfigError."""
        self._load = load
        self._requested = Flag()
        self.trouble: Trouble | None = None

    @property
    def is_requested(self) -> bool:
        """Whether a reload was requested since the last one."""
        return self._requested.is_set()

    def request(self) -> None:
        """Request a reload; can be called at any time, even by a signal handler."""
        self._requested.set()

    def load(self, current: Config) -> Config:
        """Return the new configuration, or `current` if the new one cannot be used."""
        self._requested.clear()
        fresh, problems = self._fresh(current)
        for problem in problems:
            log.error("the changed configuration is invalid, keeping the previous one: %s", problem)
        self.trouble = Trouble(problems[0], is_final=True) if problems else None
        return current if problems else fresh

    def _fresh(self, current: Config) -> tuple[Config, list[str]]:
        """Return the new configuration, and every reason why it cannot be used."""
        try:
            fresh = self._load()
        except ConfigError as error:
            return current, error.problems
        fixed = [name for name in FIXED if getattr(fresh, name) != getattr(current, name)]
        return fresh, [
            f"{fresh.path} {name}: cannot be changed by a reload; restart watcher" for name in fixed
        ]
