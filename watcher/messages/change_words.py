"""Changes of values in words: context, capabilities, limits and other details."""

from collections.abc import Iterator, Sequence

from watcher.domain.catalog import FieldChange, Json
from watcher.domain.news import Event
from watcher.text.clean import clean

ARROW = "→"


def label_of(key: str) -> str:
    """Name a value by its key."""
    return key.removeprefix("input_").replace("_", " ")


def alias_line(event: Event) -> str:
    """Say where an alias points, and where it did."""
    return f"{event.subject} now points to {event.after} (was {event.before})"


def context_line(event: Event) -> str:
    """Say how the context length changed."""
    return f"{event.subject}: context {_count(event.before)} {ARROW} {_count(event.after)} tokens"


def _count(value: Json) -> str:
    return f"{value:,}" if isinstance(value, int) else "unknown"


def capability_line(event: Event) -> str:
    """Say what a model gained and lost."""
    moves = [f"{verb} {_named(path, entries)}" for verb, path, entries in _moves(event)]
    return f"{event.subject} {'; '.join(moves)}" if moves else by_meaning(event)


def _named(path: str, entries: Sequence[str]) -> str:
    """Name capabilities of one sort: `image input`, `parameters seed and tools`."""
    words = _CAPABILITIES.get(path, f"{path} {{}}")
    if len(entries) > 1:
        words = words.replace("parameter ", "parameters ").replace("voice ", "voices ")
    return words.replace("{}", " and ".join(filter(None, [", ".join(entries[:-1]), entries[-1]])))


def _moves(event: Event) -> Iterator[tuple[str, str, list[str]]]:
    """Yield what each list gained and lost, with its path."""
    for change in event.fields:
        before, after = (set(texts(side)) for side in (change.before, change.after))
        for verb, entries in (("gained", after - before), ("lost", before - after)):
            if entries:
                yield verb, change.path, sorted(entries)


def gains(event: Event) -> list[str]:
    """Describe each thing that a model gained or lost: `gained parameter tools`."""
    return [f"{verb} {_named(path, [entry])}" for verb, path, entries in _moves(event) for entry in entries]


def labels(event: Event) -> list[str]:
    """Name the values that changed."""
    return [label_of(change.path) for change in event.fields]


def texts(side: Json) -> list[str]:
    """Return the entries of a list as text; nothing of any other value."""
    return [str(entry) for entry in side] if isinstance(side, list) else []


_CAPABILITIES = {
    "input": "{} input",
    "output": "{} output",
    "parameters": "parameter {}",
    "voices": "voice {}",
    "service": "{} variant",
}


def details_line(event: Event) -> str:
    """Write each value before and after."""
    steps = [
        f"{label_of(c.path)} {clean(str(c.before))!r} {ARROW} {clean(str(c.after))!r}" for c in event.fields
    ]
    return f"{event.subject}: {', '.join(steps)}"


def limit_of(change: FieldChange) -> str:
    """Write how one limit changed."""
    before, after = (
        _count(side) if isinstance(side, int) or side is None else clean(str(side))
        for side in (change.before, change.after)
    )
    unit = " tokens" if change.path in _LIMITS else ""
    return f"{_LIMITS.get(change.path, label_of(change.path))} {before} {ARROW} {after}{unit}"


_LIMITS = {
    "context": "context",
    "context_length": "context",
    "max_output": "maximum output",
    "max_completion_tokens": "maximum output",
}


def limits_line(event: Event) -> str:
    """Describe the limits of the provider that the list shows."""
    told = [_moderation(change) or limit_of(change) for change in event.fields]
    return f"{event.subject} changed its limits" + (f": {', '.join(told)}" if told else "")


def _moderation(change: FieldChange) -> str:
    return f"{'now' if change.after else 'no longer'} moderated" if change.path == "is_moderated" else ""


def alias_title(event: Event) -> str:
    """Say where an alias points."""
    return f"{event.subject} points to {event.after}"


def context_title(event: Event) -> str:
    """Say how the context length changed, in few words."""
    return f"{event.subject}: context {_count(event.before)} {ARROW} {_count(event.after)}"


def by_meaning(event: Event) -> str:
    """Say what the kind of an event means."""
    return f"{event.subject}: {event.kind.row.meaning}"
