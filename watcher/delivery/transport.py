"""Messages on their way: each to its channel in a process of its own, with a deadline that holds."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from threading import Event

from watcher.delivery.apprise_process import MOST_IDS, SENDER, UNTHREADED, ask
from watcher.delivery.console import show
from watcher.domain.catalog import Json
from watcher.domain.delivery import Channel, Delivery, Outcome, Verdict

DEADLINE = 30.0  # seconds for one message, the child's start included
AT_ONCE = 8  # children; each takes 60 MB while it lives
UNSTARTED = Outcome(Verdict.RETRY, "watcher stopped before it was sent")


def deliver(
    batch: Sequence[tuple[Channel, Delivery]],
    *,
    deadline: float = DEADLINE,
    stop: Event | None = None,
    sender: Sequence[str] = SENDER,
) -> list[Outcome]:
    """Send each message to its channel, all at the same time; gives the outcomes in the same order.

    A message takes at most `deadline` seconds, and GRACE once `stop` is set; `sender` is the child's command.
    Never raises for what a channel does.
    """
    ending = stop or Event()
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="deliver") as pool:
        sending = [_begin(pool, *item, deadline, ending, sender) for item in batch]
        return [outcome.result() for outcome in sending]


def check(channel: Channel, *, deadline: float = DEADLINE, sender: Sequence[str] = SENDER) -> str | None:
    """Say why a channel cannot be used, without showing its address; None where it can. Nothing is sent."""
    if channel.is_console:
        return None
    outcome = ask({"check": True, "url": channel.url.reveal()}, deadline, Event(), sender)
    return None if outcome.verdict is Verdict.SENT else outcome.reason


def _begin(
    pool: ThreadPoolExecutor,
    channel: Channel,
    delivery: Delivery,
    deadline: float,
    stop: Event,
    sender: Sequence[str],
) -> "Future[Outcome]":
    try:
        return pool.submit(_deliver, channel, delivery, deadline, stop, sender)
    except RuntimeError:  # Python's word for a machine that has no more threads; one before may take it up
        outcome: Future[Outcome] = Future()
        outcome.set_result(replace(UNTHREADED, unsure=True))
        return outcome


def _deliver(
    channel: Channel, delivery: Delivery, deadline: float, stop: Event, sender: Sequence[str]
) -> Outcome:
    if stop.is_set():
        return UNSTARTED
    if channel.is_console:
        return show(delivery)
    notification = delivery.notification
    job: dict[str, Json] = {
        "url": channel.url.reveal(),
        "title": notification.title,
        "body": notification.body,
        "html": notification.html,
        "event_id": " ".join(notification.events[:MOST_IDS]),
        "repeat": delivery.repeat,
    }
    return ask(job, deadline, stop, sender)
