"""Send messages all at the same time, each by the transport of its channel's address."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from threading import Event as Flag
from typing import TypeAlias

from watcher.delivery import apprise_process, console
from watcher.delivery.apprise_process import SENDER, UNANSWERED, UNTHREADED
from watcher.domain.delivery import REPEAT, Channel, Delivery, Outcome, Secret, Verdict

DEADLINE = 30.0  # seconds for one message, including the start of a child
AT_ONCE = 8  # processes that send; each takes 50 MB while it lives
CREW = 48  # messages that share a process; each takes 7 MB more
Item: TypeAlias = tuple[Channel, Delivery]
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


def pool() -> ThreadPoolExecutor:
    """Return threads for `begin`: one for each process that sends."""
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="deliver")


def deliver(
    batch: Sequence[Item],
    *,
    deadline: float = DEADLINE,
    stop: Flag | None = None,
    sender: Sequence[str] = SENDER,
) -> list[Outcome]:
    """Send each message to its channel, all at the same time; return the outcomes in the same order.

    A message may take `deadline` seconds, or a few once `stop` is set; `sender` is the command of Apprise's
    child. Never raises for what a channel does.
    """
    with pool() as threads:
        sending = begin(threads, batch, deadline, stop or Flag(), sender)
        return [outcome.result() for outcome in sending]


def begin(
    threads: ThreadPoolExecutor,
    batch: Sequence[Item],
    deadline: float,
    stop: Flag,
    sender: Sequence[str] = SENDER,
) -> "list[Future[Outcome]]":
    """Begin what `deliver` does; return where each outcome will be.

    Few messages have a process each; many share processes, which then fork for each message.
    """
    sending: list[Future[Outcome]] = [Future() for _ in batch]
    both = list(zip(batch, sending, strict=True))
    alone = [pair for pair in both if _has_own_transport(pair[0][0])]
    crowd = [pair for pair in both if not _has_own_transport(pair[0][0])]
    if len(crowd) <= AT_ONCE:
        alone, crowd = both, []
    crews = [crowd[start : start + CREW] for start in range(0, len(crowd), CREW)]
    for group in (*([pair] for pair in alone), *crews):
        try:
            threads.submit(_send_group, group, deadline, stop, sender)
        except RuntimeError:  # the machine has no more threads; but one that runs may still take it up
            for _, outcome in group:
                _settle(outcome, replace(UNTHREADED, unsure=True))
    return sending


def check(channel: Channel, *, deadline: float = DEADLINE, sender: Sequence[str] = SENDER) -> str | None:
    """Return why a channel cannot be used, without showing its address; None if it can. Sends nothing."""
    return _transport(channel, sender).check(channel, deadline)


def _has_own_transport(channel: Channel) -> bool:
    return channel.url.reveal().partition("://")[0] in TRANSPORTS


def _transport(channel: Channel, sender: Sequence[str]) -> Transport:
    scheme = channel.url.reveal().partition("://")[0]
    return TRANSPORTS.get(scheme) or Transport(
        partial(apprise_process.send, sender=sender), partial(apprise_process.check, sender=sender)
    )


def _send_group(
    group: "Sequence[tuple[Item, Future[Outcome]]]", deadline: float, stop: Flag, sender: Sequence[str]
) -> None:
    """Send one message, or a crew, and set the outcomes."""
    items = [item for item, _ in group]
    outcomes = [UNANSWERED] * len(items)
    try:
        if len(items) == 1:
            outcomes = [_send(*items[0], sender, deadline, stop)]
        else:
            outcomes = _send_crew(items, sender, deadline, stop)
    finally:
        for (_, future), outcome in zip(group, outcomes, strict=True):
            _settle(future, outcome)


def _settle(future: "Future[Outcome]", outcome: Outcome) -> None:
    with suppress(InvalidStateError):  # whoever comes second
        future.set_result(outcome)


def _send_crew(items: Sequence[Item], sender: Sequence[str], deadline: float, stop: Flag) -> list[Outcome]:
    """Send together; what is refused at an address that has changed since is sent by itself."""
    if stop.is_set():
        return [UNSTARTED] * len(items)
    current = [(replace(channel, url=Secret(channel.url.reveal())), _marked(one)) for channel, one in items]
    outcomes = apprise_process.send_crew(current, deadline, stop, sender)
    for number, (outcome, (used, _), (channel, delivery)) in enumerate(
        zip(outcomes, current, items, strict=True)
    ):
        if _is_outdated(outcome, used, channel):
            outcomes[number] = _send(channel, delivery, sender, deadline, stop)
    return outcomes


def _is_outdated(outcome: Outcome, used: Channel, channel: Channel) -> bool:
    """Whether a message was refused at an address that has changed since."""
    is_refused = outcome.verdict is Verdict.REFUSED and not outcome.unsure
    return is_refused and channel.url.reveal() != used.url.reveal()


def _send(
    channel: Channel, delivery: Delivery, sender: Sequence[str], deadline: float, stop: Flag
) -> Outcome:
    """Send with the address as it is now, and again if it has changed by the time it was refused."""
    if stop.is_set():
        return UNSTARTED
    for _ in range(2):
        used = replace(channel, url=Secret(channel.url.reveal()))
        outcome = _transport(used, sender).send(used, _marked(delivery), deadline, stop)
        if not _is_outdated(outcome, used, channel):
            break
    return outcome


def _marked(delivery: Delivery) -> Delivery:
    """Return the message with a title that says so if it may have arrived before."""
    if not delivery.repeat:
        return delivery
    notification = delivery.notification
    title = f"{REPEAT}{notification.title}"
    return replace(delivery, notification=replace(notification, title=title))
