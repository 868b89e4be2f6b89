"""Trouble of watcher's own in words: since when, what it means, what waits; and its end, after how long."""

from datetime import timedelta

from watcher.domain.news import Event
from watcher.domain.polls import ENDPOINTS, FEED, MODELS
from watcher.text.counts import counted
from watcher.text.times import MINUTE, from_iso, show_about, show_time

SOURCES = {MODELS: "the model list", FEED: "the feed", ENDPOINTS: "the source of providers' prices"}
UNSEEN = {
    MODELS: "Changes of prices, dates and models go unseen until it answers",
    FEED: "New models are still seen in the model list",
    ENDPOINTS: "Changes of what providers ask go unseen until it answers",
}
"""What it means that a source does not answer."""


def source_failing(event: Event) -> str:
    """Describe a source that does not answer."""
    meaning = UNSEEN.get(event.subject)
    waiting = _waiting(event, "change", " on hold")
    said = f"No good answer from {_source(event)} {since(event) or 'for a while'}: {event.cause}"
    on_hold = f"; {waiting} for it" if waiting else ""
    return said + (f". {meaning}" if meaning else "") + on_hold


def source_failing_title(event: Event) -> str:
    """Name a source that does not answer."""
    return f"No good answer from {_source(event)}"


def source_recovered(event: Event) -> str:
    """Describe a source that answers again."""
    return source_recovered_title(event) + _after(event, " after {}")


def source_recovered_title(event: Event) -> str:
    """Name a source that answers again."""
    name = _source(event)
    return f"{name[:1].upper()}{name[1:]} answers again"


def channel_failing(event: Event) -> str:
    """Describe a channel that does not deliver."""
    start, waiting = since(event), _waiting(event, "message")
    failing = f"has been failing {start}" if start else "is failing"
    wait = f"; {waiting} for it" if waiting else ""
    return f"Channel {event.subject} {failing}: {event.cause}{wait}; see `watcher outbox`"


def channel_recovered(event: Event) -> str:
    """Describe a channel that delivers again."""
    return f"Channel {event.subject} {_again(event, 'works again')}"


def configuration_failing(event: Event) -> str:
    """Describe a configuration that cannot be used."""
    return f"{event.subject} is invalid, so watcher keeps the previous configuration: {event.cause}"


def configuration_recovered(event: Event) -> str:
    """Describe a configuration that can be used again."""
    return f"{event.subject} {_again(event, 'is valid and used again')}"


def store_failing(event: Event) -> str:
    """Describe a store that cannot be used."""
    start = since(event)
    cannot = f"has not been able to use its store {start}," if start else "cannot use its store"
    return f"watcher {cannot} and reports nothing until it can: {event.cause}"


def store_recovered(event: Event) -> str:
    """Describe a store that can be used again."""
    return f"watcher {_again(event, 'can use its store again')}"


def list_incomplete(event: Event) -> str:
    """Describe a list that lacks models or a field."""
    start = since(event)
    incomplete = f"has been incomplete {start}" if start else "is incomplete"
    return f"The model list {incomplete}: {event.cause}"


def list_complete(event: Event) -> str:
    """Describe the end of that."""
    return f"The model list is no longer incomplete{_after(event, ', after {}')}"


def row_unreadable(event: Event) -> str:
    """Describe a row of the list that cannot be read."""
    start = since(event)
    unread = f"has not been readable {start}" if start else "cannot be read"
    return f"{event.subject}: its row in the model list {unread}, so its changes may go unseen: {event.cause}"


def row_readable(event: Event) -> str:
    """Describe a row that can be read again."""
    return f"{event.subject} {_again(event, 'can be read again')}"


def since(event: Event) -> str:
    """Write since when a trouble has lasted: `since 2 Nov 2026 08:00 UTC, for 3 hours`.

    Empty if it just began, or that is not known.
    """
    started = event.facts.get("started")
    start = from_iso(started) if isinstance(started, str) else event.at
    if event.at - start < MINUTE:
        return ""
    return f"since {show_time(start)}, for {show_about(event.at - start)}"


def _again(event: Event, words: str) -> str:
    return words + _after(event, " after {}")


def _after(event: Event, words: str) -> str:
    """Write how long a trouble lasted, if that is known."""
    lasted = event.facts.get("lasted")
    if not isinstance(lasted, int | float):
        return ""
    return words.replace("{}", show_about(timedelta(seconds=lasted)))


def _source(event: Event) -> str:
    return SOURCES.get(event.subject, f"the {event.subject} source")


def _waiting(event: Event, noun: str, which: str = "") -> str:
    """Write how much waits: `3 changes on hold wait`."""
    number = event.facts.get("waiting")
    if not isinstance(number, int) or not number:
        return ""
    return f"{counted(number, noun)}{which} {'waits' if number == 1 else 'wait'}"
