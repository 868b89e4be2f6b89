"""Which digests a channel gets, when the next one comes, and how many events wait for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from watcher.config.config import Config
from watcher.domain.catalog import Json
from watcher.domain.schedule import Schedule
from watcher.store.outbox import Outbox
from watcher.text.times import to_iso


@dataclass(frozen=True, slots=True)
class NextDigest:
    """The next digest of a schedule: when (UTC), and with how many events as yet."""

    schedule: str
    at: datetime
    events: int

    def as_json(self) -> dict[str, Json]:
        """Give it for machines."""
        return {"schedule": self.schedule, "at": to_iso(self.at), "events": self.events}


def next_digests(config: Config, outbox: Outbox, now: datetime) -> dict[str, tuple[NextDigest, ...]]:
    """Return the next digests of each channel that gets any, soonest first.

    What was held before its schedule was changed waits for the time that was planned.
    """
    found: dict[str, dict[str, NextDigest]] = {}
    for name, schedule in _schedules(config):
        found.setdefault(name, {})[f"{schedule}"] = NextDigest(f"{schedule}", schedule.next_time(now), 0)
    for name, held in outbox.held().items():
        of_channel = found.setdefault(name, {}) if name in config.channels else {}
        for digest, waiting in held.items():
            events = {event for delivery in waiting for event in delivery.notification.events}
            first = min(delivery.next_at for delivery in waiting)
            of_channel[digest] = NextDigest(digest, first, len(events))
    return {
        name: tuple(sorted(ones.values(), key=lambda one: one.at)) for name, ones in found.items() if ones
    }


def _schedules(config: Config) -> Iterator[tuple[str, Schedule]]:
    """Find what the configuration holds for a digest."""
    settings = config.settings
    told = [
        (name, rule.deliver or settings.deliver.get(name)) for rule in settings.rules for name in rule.notify
    ]
    for name, pacing in dict.fromkeys(told):
        if isinstance(pacing, Schedule):
            yield name, pacing
