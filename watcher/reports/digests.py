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
    """The next digest of a schedule: when, in the configured time zone, and with how many events as yet."""

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
    zone = config.settings.zone
    found: dict[str, dict[str, NextDigest]] = {}
    for name, schedule in _schedules(config):
        planned = schedule.next_time(now).astimezone(zone)
        found.setdefault(name, {})[str(schedule)] = NextDigest(str(schedule), planned, 0)
    for name, held in outbox.held().items():
        for digest, waiting in held.items() if name in config.channels else ():
            events = {event for delivery in waiting for event in delivery.notification.events}
            first = min(delivery.next_at for delivery in waiting).astimezone(zone)
            found.setdefault(name, {})[digest] = NextDigest(digest, first, len(events))
    return {
        name: tuple(sorted(ones.values(), key=lambda one: (one.at, one.schedule)))
        for name, ones in found.items()
    }


def _schedules(config: Config) -> Iterator[tuple[str, Schedule]]:
    """Find what the configuration holds for a digest."""
    settings = config.settings
    for rule in settings.rules:
        for name in rule.notify:
            pacing = rule.deliver or settings.deliver.get(name)
            if isinstance(pacing, Schedule):
                yield name, pacing
