"""Which messages are written about what rules match, and when they are due."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from typing import TypeAlias

from watcher.domain.news import Event, Notification
from watcher.domain.schedule import Pace, Pacing, Schedule
from watcher.messages.message import notification
from watcher.openrouter import ids
from watcher.rules.route import Match, Rule, route

Told: TypeAlias = Sequence[Match]
"""The matches of one event with the rules of one channel."""


def notify(
    events: Sequence[Event], rules: Sequence[Rule], at: datetime, zone: tzinfo = UTC
) -> list[Notification]:
    """Write the messages about events that are not part of a poll; no digest holds them."""
    written = notifications(route(events, rules, {}).matches, at, zone=zone)
    return [replace(told, digest=None, due=None) for told in written]


def notifications(
    matches: Sequence[Match],
    at: datetime,
    deliver: Mapping[str, Pacing] | None = None,
    *,
    since: datetime | None = None,
    zone: tzinfo = UTC,
) -> list[Notification]:
    """Write one message for each channel, and separate ones for what is critical, at once or in a digest.

    `deliver` is how channels are told where no rule says it. An event is in one message of a channel.
    """
    told: dict[tuple[str, str], list[Match]] = {}
    for match in matches:
        told.setdefault((match.channel, match.event.id), []).append(match)
    groups: dict[tuple[str, bool, Pacing, str], list[Told]] = {}
    for (channel, _), found in told.items():
        passes = any(match.passes for match in found)
        default = (deliver or {}).get(channel, Pace.EACH_POLL)
        pacing = _soonest([match.deliver or default for match in found], at, passes=passes)
        alone = _change(found[0].event) if pacing is Pace.NOW else ""
        groups.setdefault((channel, passes, pacing, alone), []).append(found)
    return [
        replace(
            notification(channel, at, _events(group), _rules(group), since=since, zone=zone),
            urgent=passes,
            digest=None if pacing is Pace.EACH_POLL else str(pacing),
            due=pacing.next_time(at) if isinstance(pacing, Schedule) else None,
        )
        for (channel, passes, pacing, _), group in groups.items()
    ]


def _change(event: Event) -> str:
    """Name what happened; a batch variant along with its model is one change."""
    return f"{event.kind} {ids.base(event.subject)} {event.provider}"


def _soonest(pacings: Sequence[Pacing], at: datetime, *, passes: bool) -> Pacing:
    """Return the pacing that tells first; what passes is in no digest."""

    def order(pacing: Pacing) -> tuple[int, datetime]:
        if isinstance(pacing, Schedule):
            return 2, pacing.next_time(at)
        return int(pacing is not Pace.NOW), at

    first = min(pacings, key=order)
    return Pace.EACH_POLL if passes and isinstance(first, Schedule) else first


def _events(group: Sequence[Told]) -> list[Event]:
    """Return the events, each as urgent as the most urgent of its rules says."""
    return [replace(found[0].event, severity=min(match.severity for match in found)) for found in group]


def _rules(group: Sequence[Told]) -> list[str]:
    return list(dict.fromkeys(match.rule for found in group for match in found))
