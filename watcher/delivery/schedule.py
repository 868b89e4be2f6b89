"""What a channel gets next and when: in order, within its limit, and what has piled up as one message."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import takewhile

from watcher.domain.delivery import Channel, Delivery, Outcome, Verdict
from watcher.domain.kinds import Severity
from watcher.domain.news import Event, Notification
from watcher.domain.schedule import Pace, is_digest
from watcher.messages.digest import digest
from watcher.messages.message import notification
from watcher.rules.severity import WORDS, default

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)
MOST_DOUBLINGS = 9  # of FIRST_PAUSE, which is then more than LONGEST_PAUSE
LONGEST_WAIT = timedelta(hours=6)  # that a server can ask for
JITTER = 0.25  # of a pause, so that the channels of one provider do not all return at once
MOST_REFUSALS = 3  # a provider may refuse by mistake for some minutes; after that it means it
MOST_ATTEMPTS = 81  # ten within 85 minutes, then one an hour: a provider may be down for three days
NEAR = LONGEST_WAIT + LONGEST_PAUSE  # an attempt planned for later was planned while the clock was wrong
FRESH = timedelta(minutes=10)  # what has waited for longer was held back, and goes with what else was


def ready(
    waiting: Sequence[Delivery], sent: Sequence[datetime], channel: Channel, now: datetime
) -> tuple[Delivery, ...]:
    """Return the messages, oldest first, to send now (UTC) as one; none if it is not time yet.

    `waiting` are all that wait for the channel, `sent` the times of the last messages sent to it. Possible
    repeats and new messages are never sent together, and neither are digests and other messages.
    """
    sendable = _sendable(waiting, channel, now)
    if not sendable or _free_at(waiting, sent, channel, now) > now:
        return ()
    alone = {one.id for one in sendable if _is_alone(one, now)} if _room(sent, channel, now) > 1 else set()
    first = sendable[0]
    if first.id in alone:
        return (first,)
    alike = [one for one in sendable if one.id not in alone and digest_of(one) == digest_of(first)]
    return tuple(takewhile(lambda delivery: delivery.repeat == first.repeat, alike))


def due_at(
    waiting: Sequence[Delivery], sent: Sequence[datetime], channel: Channel, now: datetime
) -> datetime | None:
    """Return when the channel can be sent the next message (UTC); None if none can be sent yet.

    Where nothing else waits, that is when the next digest is due.
    """
    if _sendable(waiting, channel, now):
        return _free_at(waiting, sent, channel, now)
    return min((one.next_at for one in waiting if is_held(one, now)), default=None)


def digest_of(delivery: Delivery) -> str | None:
    """Return the schedule of the digest that a message belongs to; None if it belongs to none."""
    digest = delivery.notification.digest
    return digest if is_digest(digest) else None


def is_held(delivery: Delivery, now: datetime) -> bool:
    """Whether a message waits for its digest.

    A digest may be a week ahead, unlike an attempt. One that was written in the future is due: the clock was
    wrong.
    """
    is_planned = digest_of(delivery) is not None and not delivery.attempts
    return is_planned and delivery.next_at > now and delivery.notification.at <= now + NEAR


def _is_alone(delivery: Delivery, now: datetime) -> bool:
    """Whether a message is to be sent by itself, and was not held back."""
    told = delivery.notification
    return told.digest == Pace.NOW and not delivery.attempts and now - told.at <= FRESH


def _sendable(waiting: Sequence[Delivery], channel: Channel, now: datetime) -> Sequence[Delivery]:
    is_quiet = channel.quiet is not None and channel.quiet.covers(now)
    due = [delivery for delivery in waiting if not is_held(delivery, now)]
    return [delivery for delivery in due if delivery.notification.urgent or not is_quiet]


def _free_at(
    waiting: Sequence[Delivery], sent: Sequence[datetime], channel: Channel, now: datetime
) -> datetime:
    """Return when the channel may be used: after the pause that follows a failure, and within its limit."""
    due = [delivery for delivery in waiting if not is_held(delivery, now)]
    pauses = [delivery.next_at for delivery in due if delivery.next_at <= now + NEAR]
    if _room(sent, channel, now) <= 0:
        pauses.append(lately(sent, channel, now)[-channel.limit.most] + channel.limit.per)
    return max(pauses, default=now)


def _room(sent: Sequence[datetime], channel: Channel, now: datetime) -> int:
    """Return how many more messages the channel may get now."""
    return channel.limit.most - len(lately(sent, channel, now))


def lately(sent: Sequence[datetime], channel: Channel, now: datetime) -> list[datetime]:
    """Return the times that count for a channel's limit, oldest first."""
    return sorted(at for at in sent if now - channel.limit.per < at <= now)


def is_rewritten(batch: Sequence[Delivery]) -> bool:
    """Whether a batch is written anew from its events: it is several messages, or a digest."""
    return len(batch) > 1 or digest_of(batch[0]) is not None


def as_one(
    batch: Sequence[Delivery], events: Sequence[Event], now: datetime, zone: tzinfo = UTC
) -> Delivery | None:
    """Return one message for all of a batch; `events` are their events, as far as they are still known.

    None if it is a digest of which nothing holds anymore. The day of a digest is that in `zone`.
    """
    if not is_rewritten(batch):
        return batch[0]
    notifications = [delivery.notification for delivery in batch]
    rules = tuple(dict.fromkeys(rule for one in notifications for rule in one.rules))
    since = notifications[0].at if notifications[0].at < notifications[-1].at else None
    ids = tuple(dict.fromkeys(event for one in notifications for event in one.events))
    channel, schedule = notifications[0].channel, digest_of(batch[0])
    merged: Notification | None
    if {event.id for event in events} != set(ids):
        merged = _joined(notifications, rules, ids) if len(batch) > 1 else notifications[0]
    elif schedule:
        merged = digest(channel, now, _as_told(events, notifications), rules, schedule, zone)
    else:
        merged = notification(channel, now, _as_told(events, notifications), rules, since=since, zone=zone)
    if merged is None:
        return None
    urgent = any(one.urgent for one in notifications)
    return replace(batch[0], notification=replace(merged, urgent=urgent, digest=notifications[0].digest))


def _as_told(events: Sequence[Event], notifications: Sequence[Notification]) -> list[Event]:
    """Return the events, each as urgent as its rules said."""
    letters = [one.letter for one in notifications if one.letter]
    words = {data["id"]: data.get("severity") for letter in letters for data in letter.data}
    return [_with_severity(event, WORDS.get(str(words.get(event.id)))) for event in events]


def _with_severity(event: Event, severity: Severity | None) -> Event:
    """Return an event with what a rule said, unless that is its default: details are `info` too."""
    is_default = severity is None or severity.word == default(event).word
    return event if is_default else replace(event, severity=severity)


def _joined(
    notifications: Sequence[Notification], rules: tuple[str, ...], events: tuple[str, ...]
) -> Notification:
    """Join messages that cannot be rewritten, because some of their events are gone."""
    return replace(
        notifications[0],
        title=f"{notifications[0].title} and more",
        body="\n\n".join(one.body for one in notifications),
        rules=rules,
        events=events,
        since=notifications[0].at,
        letter=None,
    )


def next_attempt(outcome: Outcome, delivery: Delivery, now: datetime, jitter: float) -> datetime | None:
    """Return when to try again after an attempt (UTC), None for never; `jitter` is from 0 to 1.

    Pauses double from FIRST_PAUSE to LONGEST_PAUSE, unless the provider asks for a longer one.
    """
    refusals = delivery.refusals + (outcome.verdict is Verdict.REFUSED)
    if outcome.verdict is Verdict.SENT or refusals >= MOST_REFUSALS or delivery.attempts >= MOST_ATTEMPTS:
        return None
    doublings = min(delivery.attempts - 1, MOST_DOUBLINGS)
    pause = min(FIRST_PAUSE * 2.0**doublings * (1 + JITTER * jitter), LONGEST_PAUSE)
    asked = timedelta(seconds=min(outcome.retry_after or 0.0, LONGEST_WAIT.total_seconds()))
    return now + max(pause, asked)
