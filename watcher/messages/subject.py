"""The subject line: the most urgent news in full, and the rest counted by what it means."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias

from watcher.domain.kinds import About, Kind
from watcher.domain.news import Event
from watcher.messages import crowds
from watcher.messages.lines import title
from watcher.openrouter.ids import author
from watcher.openrouter.prices import direction
from watcher.text.clean import LONGEST, clean
from watcher.text.counts import counted

MOST_SIBLINGS = 6  # that are said by the name of one; more are counted
MOST_MEANINGS = 4  # what is counted besides the first; more would not be read
ROOM = 140  # characters; where the first news is long, less is counted by its meaning
PLURALS = {"leaves": "leave", "is": "are", "was": "were", "stays": "stay"}
LEAVES = ("leaves", "leave")
OTHER = ("other change", "other changes")
OFFERS = ("provider change", "provider changes")
MEANINGS: Mapping[Kind, tuple[str, str]] = {
    Kind.EXPIRATION_ANNOUNCED: LEAVES,
    Kind.EXPIRATION_MOVED: LEAVES,
    Kind.EXPIRATION_RESTORED: LEAVES,
    Kind.EXPIRATION_REMINDER: LEAVES,
    Kind.EXPIRATION_WITHDRAWN: ("stays", "stay"),
    Kind.EXPIRATION_OVERDUE: ("overdue", "overdue"),
    Kind.MODEL_REMOVED: ("gone", "gone"),
    Kind.MODEL_ADDED: ("new", "new"),
    Kind.MODEL_RETURNED: ("back", "back"),
    Kind.PROVIDER_ADDED: OFFERS,
    Kind.PROVIDER_REMOVED: OFFERS,
    Kind.PROVIDER_PRICE_CHANGED: OFFERS,
    Kind.PROVIDER_LIMITS_CHANGED: OFFERS,
    Kind.ALIAS_RETARGETED: ("alias moved", "aliases moved"),
}
"""One and many of a kind in a count; the kinds without a row are other changes."""
WAYS = {1: "up", -1: "down", 0: "changed"}

SAID_TOGETHER = crowds.DATES | {
    Kind.PRICE_CHANGED,
    Kind.MODEL_ADDED,
    Kind.MODEL_REMOVED,
    Kind.MODEL_RETURNED,
}
"""The kinds that are said of siblings in one go."""

Group: TypeAlias = tuple[bool, Sequence[Event]]
"""Whether events are so many that they are counted, and one event for each decision."""


def subject(groups: Sequence[Group], ended: Collection[str]) -> str:
    """Write the subject line of decisions in their order; `ended` no longer hold and are never named."""
    held = [
        (is_counted, first)
        for is_counted, events in groups
        if (first := [event for event in events if event.id not in ended])
    ]
    is_counted, events = held[0]
    is_named = not is_counted or _are_siblings(events)
    lead, said = _lead(events) if is_named else (crowds.title(events), events)
    told = {event.id for event in said}
    others = [event for _, events in groups for event in events if event.id not in told]
    if not others:
        return lead
    written = [f"{lead}; {_counts(others, said, most)}" for most in range(MOST_MEANINGS, -1, -1)]
    return next((line for line in written if len(line) <= ROOM), written[-1])


def _lead(events: Sequence[Event]) -> tuple[str, Sequence[Event]]:
    """Say the first event, with its siblings if the same happens to them; return what is said with it."""
    first, alike = events[0], _siblings(events)
    said = title(first)
    if len(alike) == 1:
        return said, alike
    verb, space, others = _happens(first).partition(" ")
    others = f"{PLURALS.get(verb, verb)}{space}{others}"
    return clean(f"{first.subject} and {counted(len(alike) - 1, 'sibling')} {others}", LONGEST // 2), alike


def _are_siblings(events: Sequence[Event]) -> bool:
    """Whether many have one price change in common, which says more than their number."""
    is_price = events[0].kind is Kind.PRICE_CHANGED
    return is_price and len(_siblings(events)) == len(events) <= MOST_SIBLINGS


def _siblings(events: Sequence[Event]) -> Sequence[Event]:
    """Return the first event and those of the same author to which the same happens."""
    first = events[0]
    if not _happens(first) or first.kind not in SAID_TOGETHER:
        return [first]
    return [
        event
        for event in events
        if event.kind is first.kind
        and author(event.subject) == author(first.subject)
        and _happens(event) == _happens(first)
    ]


def _happens(event: Event) -> str:
    """Return what a title says of its subject; empty if it does not begin with it."""
    found = re.fullmatch(rf"{re.escape(event.subject)} (.+)", title(event))
    return found[1] if found else ""


def _counts(events: Sequence[Event], said: Sequence[Event], most: int) -> str:
    """Count by meaning, at most so many, what happens besides what is `said`: `6 prices up, 1 new`."""
    meanings = sorted(map(_meaning, events), key=lambda words: words is OTHER)
    counts, again = Counter(meanings), {*map(_meaning, said)}
    told = [
        f"{number:,} {_more(words[number > 1]) if words in again else words[number > 1]}"
        for words, number in counts.items()
    ]
    others = sum([*counts.values()][most:])
    more = [f"{others:,} more"] if others else []
    return ", ".join([*told[:most], *more])


def _more(words: str) -> str:
    return f"more {words.removeprefix('other ')}"


def _meaning(event: Event) -> tuple[str, str]:
    """Say what one and many events of this kind mean."""
    if event.kind is Kind.PRICE_CHANGED:
        way = WAYS[direction(event.before, event.after)]
        return f"price {way}", f"prices {way}"
    if event.kind.row.about is About.PART:
        return "notice about watcher itself", "notices about watcher itself"
    return MEANINGS.get(event.kind, OTHER)
