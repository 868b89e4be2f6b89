"""What a channel gets next and when: in order, within its limit, and what has piled up as one message."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile

from watcher.domain.delivery import Channel, Delivery, Outcome, Verdict
from watcher.domain.news import Event, Notification
from watcher.messages.message import notification

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)
MOST_DOUBLINGS = 9  # of FIRST_PAUSE, which is then more than LONGEST_PAUSE
LONGEST_WAIT = timedelta(hours=6)  # that a server can ask for
JITTER = 0.25  # of a pause, so that the channels of one provider do not all return at once
MOST_REFUSALS = 3  # a provider may refuse by mistake for some minutes; after that it means it
MOST_ATTEMPTS = 81  # ten within 85 minutes, then one an hour: a provider may be down for three days
NEAR = LONGEST_WAIT + LONGEST_PAUSE  # an attempt planned for later was planned while the clock was wrong


def ready(
    waiting: Sequence[Delivery], sent: Sequence[datetime], channel: Channel, now: datetime
) -> tuple[Delivery, ...]:
    """Return the messages, oldest first, to send now (UTC) as one; none if it is not time yet.

    `waiting` are all that wait for the channel, `sent` the times of the last messages sent to it. Possible
    repeats and new messages are never sent together.
    """
    sendable = _sendable(waiting, channel, now)
    if not sendable or _free_at(waiting, sent, channel, now) > now:
        return ()
    return tuple(takewhile(lambda delivery: delivery.repeat == sendable[0].repeat, sendable))


def due_at(
    waiting: Sequence[Delivery], sent: Sequence[datetime], channel: Channel, now: datetime
) -> datetime | None:
    """Return when the channel can be sent the next message (UTC); None if none can be sent now."""
    return _free_at(waiting, sent, channel, now) if _sendable(waiting, channel, now) else None


def _sendable(waiting: Sequence[Delivery], channel: Channel, now: datetime) -> Sequence[Delivery]:
    is_quiet = channel.quiet is not None and channel.quiet.covers(now)
    return [delivery for delivery in waiting if delivery.notification.urgent or not is_quiet]


def _free_at(
    waiting: Sequence[Delivery], sent: Sequence[datetime], channel: Channel, now: datetime
) -> datetime:
    """Return when the channel may be used: after the pause that follows a failure, and within its limit."""
    pauses = [delivery.next_at for delivery in waiting if delivery.next_at <= now + NEAR]
    lately = sorted(at for at in sent if now - channel.limit.per < at <= now)
    if len(lately) >= channel.limit.most:
        pauses.append(lately[-channel.limit.most] + channel.limit.per)
    return max(pauses, default=now)


def as_one(batch: Sequence[Delivery], events: Sequence[Event], now: datetime) -> Delivery:
    """Return one message for all of a batch; `events` are their events, as far as they are still known."""
    if len(batch) == 1:
        return batch[0]
    notifications = [delivery.notification for delivery in batch]
    rules = tuple(dict.fromkeys(rule for one in notifications for rule in one.rules))
    since = notifications[0].at if notifications[0].at < notifications[-1].at else None
    ids = tuple(dict.fromkeys(event for one in notifications for event in one.events))
    if {event.id for event in events} == set(ids):
        merged = notification(notifications[0].channel, now, events, rules, since=since)
    else:
        merged = _joined(notifications, rules, ids)
    return replace(batch[0], notification=replace(merged, urgent=any(one.urgent for one in notifications)))


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
