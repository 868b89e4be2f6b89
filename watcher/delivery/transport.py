"""Send messages all at the same time, each by the transport of its channel's address."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from threading import Event as Flag

from watcher.delivery import apprise_process, console
from watcher.delivery.apprise_process import SENDER, UNTHREADED
from watcher.domain.delivery import Channel, Delivery, Outcome, Secret, Verdict

DEADLINE = 30.0  # seconds for one message, including the start of a child
AT_ONCE = 8  # messages; a child takes 60 MB while it lives
UNSTARTED = Outcome(Verdict.RETRY, "watcher stopped before the message was sent")


@dataclass(frozen=True, slots=True)
class Transport:
    """A way to send; neither function raises for what a channel does.

    `send` takes a channel, its message, a deadline in seconds and a flag that cuts this short.
    `check` takes a channel and a deadline; it sends nothing, and returns why the channel cannot be used.
    """

    send: Callable[[Channel, Delivery, float, Flag], Outcome]
    check: Callable[[Channel, float], str | None]


TRANSPORTS: Mapping[str, Transport] = {
    "console": Transport(console.send, console.check),
}
"""The transports by the scheme of an address; all other schemes are Apprise's."""


def deliver(
    batch: Sequence[tuple[Channel, Delivery]],
    *,
    deadline: float = DEADLINE,
    stop: Flag | None = None,
    sender: Sequence[str] = SENDER,
) -> list[Outcome]:
    """Send each message to its channel, all at the same time; return the outcomes in the same order.

    A message may take `deadline` seconds, or a few once `stop` is set; `sender` is the command of Apprise's
    child. Never raises for what a channel does.
    """
    ending = stop or Flag()
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="deliver") as pool:
        sending = [
            _begin(pool, partial(_send, channel, delivery, sender, deadline, ending))
            for channel, delivery in batch
        ]
        return [outcome.result() for outcome in sending]


def check(channel: Channel, *, deadline: float = DEADLINE, sender: Sequence[str] = SENDER) -> str | None:
    """Return why a channel cannot be used, without showing its address; None if it can. Sends nothing."""
    return _transport(channel, sender).check(channel, deadline)


def _transport(channel: Channel, sender: Sequence[str]) -> Transport:
    scheme = channel.url.reveal().partition("://")[0]
    return TRANSPORTS.get(scheme) or Transport(
        partial(apprise_process.send, sender=sender), partial(apprise_process.check, sender=sender)
    )


def _begin(pool: ThreadPoolExecutor, send: Callable[[], Outcome]) -> "Future[Outcome]":
    try:
        return pool.submit(send)
    except RuntimeError:  # the machine has no more threads; but one that runs may still take it up
        outcome: Future[Outcome] = Future()
        outcome.set_result(replace(UNTHREADED, unsure=True))
        return outcome


def _send(
    channel: Channel, delivery: Delivery, sender: Sequence[str], deadline: float, stop: Flag
) -> Outcome:
    """Send with the address as it is now, and again if it has changed by the time it was refused."""
    if stop.is_set():
        return UNSTARTED
    outcome, used = UNSTARTED, ""
    for _ in range(2):
        address = channel.url.reveal()
        if address == used:
            break
        used, current = address, replace(channel, url=Secret(address))
        outcome = _transport(current, sender).send(current, _marked(delivery), deadline, stop)
        if outcome.verdict is not Verdict.REFUSED or outcome.unsure:
            break
    return outcome


def _marked(delivery: Delivery) -> Delivery:
    """Return the message with a title that says so if it may have arrived before."""
    if not delivery.repeat:
        return delivery
    notification = delivery.notification
    title = f"[possible repeat] {notification.title}"
    return replace(delivery, notification=replace(notification, title=title))
