"""How long changes must last before they are reported."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

HOURS = timedelta(hours=1)

HOLDS: Mapping[str, timedelta] = {
    "added": 0 * HOURS,
    "returned": 6 * HOURS,
    "removed": 28 * HOURS,
    "price": 8 * HOURS,
    "price_restless": 24 * HOURS,
    "price_listed": 24 * HOURS,
    "price_other": 7 * 24 * HOURS,
    "provider_added": 6 * HOURS,
    "provider_removed": 24 * HOURS,
    "limits": 24 * HOURS,
    "announced": 0 * HOURS,
    "moved": 0 * HOURS,
    "withdrawn": 6 * 24 * HOURS,
    "alias": 0 * HOURS,
    "context": 24 * HOURS,
    "capabilities": 24 * HOURS,
    "details": 24 * HOURS,
    "feed": 1 * HOURS,
    "source": 1 * HOURS,
    "channel": 1 * HOURS,
}
"""How long a change must last before it is reported, by the name that the configuration uses."""

REMINDERS = (30, 14, 7, 1, 0)
"""Days before an expiration date at which to send a reminder."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How long changes must last (by hold name), and when to send reminders (days before)."""

    holds: Mapping[str, timedelta] = field(default_factory=lambda: HOLDS)
    reminders: tuple[int, ...] = REMINDERS
