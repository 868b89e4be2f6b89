"""Each source's own next time: what one server asks for does not hold up the others."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from watcher.domain.polls import Poll
from watcher.sources.ask import failures


@dataclass(slots=True)
class Pauses:
    """Until when (by a clock that never jumps) which address is not asked: its server asked us to wait."""

    _until: dict[str, float] = field(default_factory=dict)

    def due(self, sources: Mapping[str, str], now: float) -> dict[str, str]:
        """Return the sources, by name with their addresses, that may be asked now."""
        return {name: url for name, url in sources.items() if self._until.get(url, now) <= now}

    def note(self, sources: Mapping[str, str], poll: Poll, now: float) -> None:
        """Remember how long the servers that refused want to be left alone."""
        self._until = {url: until for url, until in self._until.items() if until > now}
        for name, failure in failures(poll).items():
            if failure.retry_after:
                self._until[sources[name]] = now + failure.retry_after
