"""What became of an event on each channel: told, held until when and why, or told to nobody."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum

from watcher.delivery import schedule
from watcher.domain.catalog import Json
from watcher.domain.delivery import Channel, Delivery, OutboxState, Quiet
from watcher.domain.mutes import Mute
from watcher.domain.news import Event
from watcher.reports.explain import RuleCheck
from watcher.text.clean import clean
from watcher.text.counts import counted
from watcher.text.times import show_length, show_time, to_iso

RULES_CHANGED = "its rule matches the event today, but no message was written when it happened"
OWN = "a channel is not told that it fails itself"


class Fate(StrEnum):
    """What became of an event on one channel."""

    TOLD = "told"
    SENDING = "sending"
    HELD = "held"
    MUTED = "muted"
    UNTOLD = "untold"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Telling:
    """The fate of an event on a channel, with its reasons.

    `at` is when it was told, when the channel was given up, or until when it is held (UTC), if that is known;
    `message` is its number in the outbox.
    """

    channel: str
    fate: Fate
    at: datetime | None = None
    reasons: tuple[str, ...] = ()
    message: int | None = None

    def words(self, zone: tzinfo = UTC) -> str:
        """Say it in words, with the time in a zone."""
        when = show_time(self.at, zone) if self.at else ""
        said = {
            Fate.TOLD: f"told on {when}",
            Fate.SENDING: "being sent",
            Fate.HELD: f"held until {when}" if when else "waits",
            Fate.MUTED: "not told",
            Fate.UNTOLD: "not told",
            Fate.DEAD: f"not told, given up on {when}",
        }[self.fate]
        why = "; ".join(map(clean, self.reasons))
        return f"{said}: {why}" if why else said

    def as_json(self) -> dict[str, Json]:
        """Give it for machines."""
        return {
            "channel": self.channel,
            "fate": self.fate,
            "at": to_iso(self.at) if self.at else None,
            "reasons": list(self.reasons),
            "message": self.message,
        }


@dataclass(frozen=True, slots=True)
class Queue:
    """What decides when a channel gets its next message: what waits for it, and when it was sent one lately.

    `channel` is None if it is no longer configured.
    """

    channel: Channel | None
    waiting: Sequence[Delivery] = ()
    sent: Sequence[datetime] = ()


def tellings(
    event: Event,
    checks: Sequence[RuleCheck],
    deliveries: Sequence[Delivery],
    mutes: Sequence[Mute],
    queues: Mapping[str, Queue],
    now: datetime,
) -> list[Telling]:
    """Return what became of an event on each channel at `now` (UTC).

    `deliveries` are the messages that have it, `mutes` those that held it back, `checks` the rules of today.
    """
    found = [_of_message(delivery, queues, now) for delivery in deliveries]
    reached = {telling.channel for telling in found}
    chosen = dict.fromkeys(channel for check in checks if check.matches for channel in check.channels)
    found += [_without_message(name, event, mutes) for name in chosen if name not in reached]
    if mutes and not found:
        found.append(Telling("", Fate.MUTED, reasons=tuple(map(_by, mutes))))
    return found


def _without_message(channel: str, event: Event, mutes: Sequence[Mute]) -> Telling:
    if mutes:
        return Telling(channel, Fate.MUTED, reasons=tuple(map(_by, mutes)))
    is_own = event.kind.startswith("channel.") and event.subject == channel
    return Telling(channel, Fate.UNTOLD, reasons=(OWN if is_own else RULES_CHANGED,))


def _by(mute: Mute) -> str:
    why = f" ({mute.why})" if mute.why else ""
    return f"the {mute.name} held it back{why}"


def _of_message(delivery: Delivery, queues: Mapping[str, Queue], now: datetime) -> Telling:
    channel = delivery.notification.channel
    match delivery.state:
        case OutboxState.SENT if delivery.sent_at is None:  # a digest of which nothing held when it was due
            fate, at, reasons = Fate.UNTOLD, None, [delivery.error or "there was nothing left to say"]
        case OutboxState.SENT:
            fate, at, reasons = Fate.TOLD, delivery.sent_at, list(_how(delivery))
        case OutboxState.SENDING:
            fate, at, reasons = Fate.SENDING, None, [f"attempt {delivery.attempts}"]
        case OutboxState.DEAD:
            retry = f"see `watcher outbox --retry {delivery.id}`"
            fate, at, reasons = Fate.DEAD, delivery.next_at, [delivery.error or "no reason known", retry]
        case _:
            holds = dict(_holds(delivery, queues.get(channel, Queue(None)), now))
            fate, at = Fate.HELD, max((until for until in holds.values() if until), default=None)
            reasons = list(holds)
    return Telling(channel, fate, at, tuple(reasons), delivery.id)


def _how(delivery: Delivery) -> Iterator[str]:
    """Say what is worth knowing of a message that was sent."""
    if delivery.error:
        yield f"the provider said: {delivery.error}"
    if delivery.attempts > 1:
        yield f"at attempt {delivery.attempts}"
    if delivery.repeat:
        yield "perhaps more than once, and marked so"
    if delivery.sent_with not in {0, delivery.id}:
        yield f"as one with message {delivery.sent_with}"


def _holds(delivery: Delivery, queue: Queue, now: datetime) -> Iterator[tuple[str, datetime | None]]:
    """Yield why a message waits, and until when, if that is known."""
    if queue.channel is None:
        yield "the channel is no longer configured", None
        return
    held = [
        *_own_holds(delivery, queue.channel, now),
        *_holds_of_channel(delivery, queue.channel, queue, now),
    ]
    yield from held
    if not held:
        yield "it is due, and is sent within a minute if watcher runs", None


def _own_holds(delivery: Delivery, channel: Channel, now: datetime) -> Iterator[tuple[str, datetime]]:
    told = delivery.notification
    if schedule.is_held(delivery, now):
        yield f"it is part of a digest, {told.digest}", delivery.next_at
    if channel.quiet and channel.quiet.covers(now) and not told.urgent:
        hours = f"{channel.quiet.start:%H:%M}-{channel.quiet.end:%H:%M}"
        yield f"quiet hours of the channel, {hours}", quiet_until(channel.quiet, now)


def _holds_of_channel(
    delivery: Delivery, channel: Channel, queue: Queue, now: datetime
) -> Iterator[tuple[str, datetime]]:
    failed = [one for one in queue.waiting if one.attempts and one.next_at > now]
    if failed:
        last = max(failed, key=lambda one: one.next_at)
        whose = "it" if delivery.attempts else "the message before it"
        yield f"{whose} failed ({last.error or 'no reason known'}) and is tried again", last.next_at
    limit = channel.limit
    sent = schedule.lately(queue.sent, channel, now)
    if len(sent) >= limit.most:
        rate = f"{counted(limit.most, 'message')} in {show_length(limit.per)}"
        yield f"the limit of the channel, {rate}", sent[-limit.most] + limit.per


def quiet_until(quiet: Quiet, now: datetime) -> datetime:
    """Return when the quiet hours end that cover `now`."""
    local = now.astimezone(quiet.zone)
    end = local.replace(hour=quiet.end.hour, minute=quiet.end.minute, second=0, microsecond=0, fold=0)
    if end <= local:
        day = local.date() + timedelta(days=1)
        end = datetime.combine(day, quiet.end, quiet.zone)
    return end.astimezone(UTC)
