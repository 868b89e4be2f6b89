"""An event in words: one line for people, remote text made harmless."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from watcher.domain.catalog import Json
from watcher.domain.news import Event
from watcher.openrouter import dates, prices
from watcher.text import times
from watcher.text.clean import LONGEST, clean

ARROW = "→"


def headline(event: Event) -> str:
    """Say an event in the few words of a title."""
    subject, left = event.subject, _left(event)
    words = {
        "model.added": f"{subject} is new",
        "model.removed": f"{subject} is gone",
        "model.returned": f"{subject} is back",
        "price.changed": f"{subject} {_dearer(event)}",
        "price.detail": f"{subject}: {event.cause or 'lesser prices changed'}",
        "expiration.announced": f"{subject} leaves {left}",
        "expiration.moved": f"{subject} now leaves {left}",
        "expiration.restored": f"{subject} leaves {left} after all",
        "expiration.reminder": f"{subject} leaves {left}",
        "expiration.withdrawn": f"{subject} stays after all",
        "alias.retargeted": f"{subject} points to {event.after}",
        "context.changed": f"{subject}: context {_count(event.before)} {ARROW} {_count(event.after)}",
        "capability.changed": f"{subject} changed its capabilities",
        "model.changed": f"{subject} changed",
        "source.failing": f"No good answer from the {subject} source",
        "source.recovered": f"The {subject} source answers again",
        "channel.failing": f"Channel {subject} does not deliver",
        "channel.recovered": f"Channel {subject} delivers again",
        "configuration.failing": f"The changed {subject} cannot be used",
        "configuration.recovered": f"{subject} can be used again",
        "store.failing": "watcher cannot use its store",
        "store.recovered": "watcher can use its store again",
    }
    return clean(words.get(event.kind, str(event.cause)), LONGEST // 2)


def _dearer(event: Event) -> str:
    was_free, is_free = (prices.is_free(side) for side in (event.before, event.after))
    if was_free != is_free:
        return "is free now" if is_free else "is no longer free"
    move = prices.largest_move(event.before, event.after)
    if move is None:
        return "changed its prices"
    return f"is {prices.percent(abs(move)).removeprefix('+')} {'dearer' if move > 0 else 'cheaper'}"


def _left(event: Event) -> str:
    day = dates.day_of(event.after) if event.kind.startswith("expiration") else None
    return times.show_days_left(dates.days_left(day, event.at)) if day else ""


def describe(event: Event) -> str:
    """Say an event in one line."""
    line = _LINES[event.kind](event)
    return clean(
        f"{line} ({event.cause})" if event.cause and event.kind not in _SAYS_CAUSE else line, 2 * LONGEST
    )


def _added(event: Event) -> str:
    return f"{event.subject} is new: {_summary(event.after)}"


def _removed(event: Event) -> str:
    return f"{event.subject} is gone; it was {_summary(event.before)}"


def _returned(event: Event) -> str:
    return f"{event.subject} is back: {_summary(event.after)}"


def _summary(summary: Json) -> str:
    if not isinstance(summary, Mapping) or "price" not in summary:
        return "details not known yet"
    context = summary.get("context")
    size = f", {context:,} tokens of context" if isinstance(context, int) else ""
    return prices.headline(summary["price"]) + size


def _price(event: Event) -> str:
    keys = sorted((c.path for c in event.fields if not c.path.startswith("overrides")), key=_rank)
    by_token = [_step(event, key) for key in keys if key not in prices.UNITS]
    told = [", ".join(by_token) + " per M tokens"] if by_token else []
    told += [f"{_step(event, key)} {prices.UNITS[key]}" for key in keys if key in prices.UNITS]
    told += ["conditional prices changed"] if len(keys) < len(event.fields) else []
    return f"{event.subject}: {', '.join(told)}"


def _rank(key: str) -> tuple[bool, str]:
    return key not in prices.HEADLINE, "" if key == "prompt" else key


def _label(key: str) -> str:
    return key.removeprefix("input_").replace("_", " ")


def _step(event: Event, key: str) -> str:
    """Write one price: `prompt $1.25 → $1.50 (+20 %)`."""
    before, after = (prices.amount(side, key) for side in (event.before, event.after))
    move = prices.ratio(prices.price(event.before, key), prices.price(event.after, key))
    return f"{_label(key)} {before} {ARROW} {after}" + (f" ({prices.percent(move)})" if move else "")


def _leaves(event: Event) -> str:
    day = dates.day_of(event.after)
    if day is None:
        return f"{event.subject} leaves"
    left = times.show_days_left(dates.days_left(day, event.at))
    return f"{event.subject} leaves on {times.show_day(day)}, {left}"


def _moved(event: Event) -> str:
    before = dates.day_of(event.before)
    return _leaves(event) + (f"; before it was {times.show_day(before)}" if before else "")


def _restored(event: Event) -> str:
    return f"{_leaves(event)}; that date had been taken back"


def _stays(event: Event) -> str:
    before = dates.day_of(event.before)
    day = f" on {times.show_day(before)}" if before else ""
    return f"{event.subject} no longer has a date to leave{day and ' (it was to leave' + day + ')'}"


def _alias(event: Event) -> str:
    return f"{event.subject} now points to {event.after}, before to {event.before}"


def _context(event: Event) -> str:
    return f"{event.subject}: context {_count(event.before)} {ARROW} {_count(event.after)} tokens"


def _count(value: Json) -> str:
    return f"{value:,}" if isinstance(value, int) else "unknown"


def _capability(event: Event) -> str:
    told = [
        f"{verb} {_CAPABILITIES.get(path, path)} {', '.join(entries)}"
        for verb, path, entries in _moves(event)
    ]
    return f"{event.subject} {'; '.join(told)}"


def _moves(event: Event) -> Iterator[tuple[str, str, list[str]]]:
    """Give what lists gained and lost, by path."""
    for change in event.fields:
        before, after = (set(_texts(side)) for side in (change.before, change.after))
        for verb, entries in (("gains", after - before), ("loses", before - after)):
            if entries:
                yield verb, change.path, sorted(entries)


def in_common(events: Sequence[Event]) -> str:
    """Say what most of many events have in common: `mostly gains parameter tools`; or nothing."""
    moves = Counter(
        f"{verb} {_CAPABILITIES.get(path, path)} {entry}"
        for event in events
        for verb, path, entries in _moves(event)
        for entry in entries
    )
    fields = Counter(_label(change.path) for event in events for change in event.fields)
    for phrases in (moves, fields):
        common = [phrase for phrase, count in phrases.most_common(3) if 2 * count > len(events)]
        if common:
            return f"mostly {', '.join(common)}"
    return ""


def _texts(side: Json) -> list[str]:
    return [str(entry) for entry in side] if isinstance(side, list) else []


_CAPABILITIES = {"input": "input", "output": "output", "parameters": "parameter", "voices": "voice"}


def _details(event: Event) -> str:
    told = [
        f"{_label(c.path)} {clean(str(c.before))!r} {ARROW} {clean(str(c.after))!r}" for c in event.fields
    ]
    return f"{event.subject}: {', '.join(told)}"


def _catalog(event: Event) -> str:
    return str(event.cause)


def _failing(event: Event) -> str:
    return f"The {event.subject} source has given no good answer for a while: {event.cause}"


def _mute(event: Event) -> str:
    return f"{headline(event)}: {event.cause}; see `watcher outbox`"


def _misconfigured(event: Event) -> str:
    return f"{headline(event)}, the one before goes on: {event.cause}"


def _storeless(event: Event) -> str:
    return f"{headline(event)} and tells nothing else until then: {event.cause}"


_SAYS_CAUSE = frozenset(
    {"catalog.changed", "source.failing", "channel.failing", "configuration.failing", "store.failing"}
)
_LINES: Mapping[str, Callable[[Event], str]] = {
    "model.added": _added,
    "model.removed": _removed,
    "model.returned": _returned,
    "price.changed": _price,
    "price.detail": _price,
    "expiration.announced": _leaves,
    "expiration.moved": _moved,
    "expiration.restored": _restored,
    "expiration.withdrawn": _stays,
    "expiration.reminder": _leaves,
    "alias.retargeted": _alias,
    "context.changed": _context,
    "capability.changed": _capability,
    "model.changed": _details,
    "catalog.changed": _catalog,
    "source.failing": _failing,
    "source.recovered": headline,
    "channel.failing": _mute,
    "channel.recovered": headline,
    "configuration.failing": _misconfigured,
    "configuration.recovered": headline,
    "store.failing": _storeless,
    "store.recovered": headline,
}
