"""What a channel gets next and when: in order, within its limit, what has piled up as one message."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile

from watcher.domain.delivery import Channel, Delivery, Outcome, Verdict
from watcher.domain.news import Event, Notification
from watcher.messages.message import notification

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)
LONGEST_WISH = timedelta(hours=6)  # that a server can make us wait
JITTER = 0.25  # of a pause, so that channels of one provider do not come back all at once
MOST_REFUSALS = 3  # providers have bad minutes, beyond that a refusal is meant
PATIENCE = timedelta(days=3)  # with a provider that is down
DOUBLINGS = math.ceil(math.log2(LONGEST_PAUSE / FIRST_PAUSE))
MOST_ATTEMPTS = 1 + DOUBLINGS + math.ceil((PATIENCE - FIRST_PAUSE * ((1 << DOUBLINGS) - 1)) / LONGEST_PAUSE)
NEAR = LONGEST_WISH + LONGEST_PAUSE  # a try planned for later than this was planned by a clock that was wrong


def ready(
    waiting: Sequence[Delivery], sent: Sequence[datetime], channel: Channel, now: datetime
) -> tuple[Delivery, ...]:
    """Give the messages, oldest first, that are to be sent now as one; none where it is not time.

    `waiting` are all that wait for the channel, `sent` when it was sent something lately. What may have
    arrived before goes apart from what is new.
    """
    sendable = _sendable(waiting, channel, now)
    if not sendable or _free_at(waiting, sent, channel, now) > now:
        return ()
    return tuple(takewhile(lambda delivery: delivery.repeat == sendable[0].repeat, sendable))


def due_at(
    waiting: Sequence[Delivery], sent: Sequence[datetime], channel: Channel, now: datetime
) -> datetime | None:
    """Give when to look at a channel again; None where nothing waits that could be sent by then."""
    return _free_at(waiting, sent, channel, now) if _sendable(waiting, channel, now) else None


def _sendable(waiting: Sequence[Delivery], channel: Channel, now: datetime) -> Sequence[Delivery]:
    is_quiet = channel.quiet is not None and channel.quiet.covers(now)
    return [delivery for delivery in waiting if delivery.notification.urgent or not is_quiet]


def _free_at(
    waiting: Sequence[Delivery], sent: Sequence[datetime], channel: Channel, now: datetime
) -> datetime:
    """Give when the channel may be used: after a failure's pause, and within its limit."""
    pauses = [delivery.next_at for delivery in waiting if delivery.next_at <= now + NEAR]
    lately = sorted(at for at in sent if now - channel.limit.per < at <= now)
    if len(lately) >= channel.limit.most:
        pauses.append(lately[-channel.limit.most] + channel.limit.per)
    return max(pauses, default=now)


def as_one(batch: Sequence[Delivery], events: Sequence[Event], now: datetime) -> Delivery:
    """Give the one message that says what those of a batch say; `events` are theirs, or some of them."""
    if len(batch) == 1:
        return batch[0]
    told = [delivery.notification for delivery in batch]
    rules = tuple(dict.fromkeys(rule for one in told for rule in one.rules))
    since = told[0].at if told[0].at < told[-1].at else None
    numbers = tuple(dict.fromkeys(number for one in told for number in one.events))
    if {event.id for event in events} == set(numbers):
        whole = notification(told[0].channel, now, events, rules, since=since)
    else:
        whole = _end_to_end(told, rules, numbers)
    return replace(batch[0], notification=replace(whole, urgent=any(one.urgent for one in told)))


def _end_to_end(
    told: Sequence[Notification], rules: tuple[str, ...], events: tuple[str, ...]
) -> Notification:
    """Put messages one after the other, where they cannot be made anew."""
    return replace(
        told[0],
        title=f"{told[0].title}, and more",
        body="\n\n".join(one.body for one in told),
        html="".join(one.html for one in told),
        rules=rules,
        events=events,
    )


def next_attempt(outcome: Outcome, delivery: Delivery, now: datetime, jitter: float) -> datetime | None:
    """Give when to try again after an attempt, None for never; `jitter` is from 0 to 1.

    Pauses double from FIRST_PAUSE to LONGEST_PAUSE; MOST_ATTEMPTS of them last PATIENCE at least.
    """
    refusals = delivery.refusals + (outcome.verdict is Verdict.REFUSED)
    if outcome.verdict is Verdict.SENT or refusals >= MOST_REFUSALS or delivery.attempts >= MOST_ATTEMPTS:
        return None
    pause = FIRST_PAUSE * (1 << min(max(delivery.attempts - 1, 0), DOUBLINGS)) * (1 + JITTER * jitter)
    wish = timedelta(seconds=min(outcome.retry_after or 0.0, LONGEST_WISH.total_seconds()))
    return now + max(min(pause, LONGEST_PAUSE), wish)
