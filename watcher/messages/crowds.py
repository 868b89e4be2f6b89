"""Many events of one kind in words: how many decisions, which way, how far, and what is alike."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from watcher.domain.causes import WITHOUT_NOTICE
from watcher.domain.kinds import Kind
from watcher.domain.news import Event
from watcher.messages.change_words import gains, labels
from watcher.messages.price_words import frees
from watcher.openrouter import dates, prices
from watcher.openrouter.ids import BATCH, base, is_alias, variant
from watcher.rules.severity import is_last_but_one
from watcher.text import times
from watcher.text.clean import LONGEST, clean

MANY = 4  # decisions of one kind: from here on they are counted before they are listed
SHARED = 3  # so many things that most have in common are said
DATES = frozenset(kind for kind in Kind if kind.startswith("expiration."))
MOVES = frozenset({Kind.PRICE_CHANGED, Kind.PRICE_ROUTED, Kind.PROVIDER_PRICE_CHANGED})
LAST_BUT_ONE = "Down to one provider"


def heading(event: Event) -> str:
    """Name the part of a message in which an event stands."""
    return LAST_BUT_ONE if is_last_but_one(event) else event.kind.row.heading


def about(event: Event) -> tuple[str, ...]:
    """Name whose decision an event is: a model with its variants, twins and aliases counts once."""
    if event.kind is Kind.ALIAS_RETARGETED:
        return event.kind, event.subject
    target = event.model.alias if event.model and is_alias(event.subject) else None
    return event.kind, base(target or event.subject), event.provider or ""


def move(event: Event) -> Decimal | None:
    """Give how far a price or a context length went; from nothing to something it is infinite."""
    if event.kind is Kind.CONTEXT_CHANGED:
        sides = (event.before, event.after)
        return prices.ratio(*(Decimal(side) if isinstance(side, int) else None for side in sides))
    if event.kind not in MOVES:
        return None
    was_free, is_free = frees(event)
    return Decimal("Infinity") if was_free > is_free else prices.largest_move(event.before, event.after)


def count(events: Iterable[Event]) -> int:
    """Count the decisions."""
    return len({about(event) for event in events})


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many of a kind are said: the words with {} for the number, and the details in two lengths.

    `of_one` are the words where all are the doing of one provider.
    """

    words: str
    details: Callable[[Sequence[Event]], str] | None = None
    short: Callable[[Sequence[Event]], str] | None = None
    of_one: str | None = None


def line(events: Sequence[Event]) -> str | None:
    """Count events of one kind in the line above them; None for a kind that is never counted."""
    crowd = CROWDS.get(events[0].kind)
    return clean(_say(crowd, events, crowd.details), 2 * LONGEST) if crowd else None


def title(events: Sequence[Event]) -> str:
    """Count events of one kind in the few words of a title."""
    crowd = CROWDS[events[0].kind]
    return clean(_say(crowd, events, crowd.short or crowd.details), LONGEST // 2)


def is_crowd(events: Sequence[Event]) -> bool:
    """Tell whether events of one kind are so many that they are counted."""
    return events[0].kind in CROWDS and count(events) >= MANY


def _say(crowd: Crowd, events: Sequence[Event], details: Callable[[Sequence[Event]], str] | None) -> str:
    decided = _one_each(events)
    words, owners = crowd.words, {event.provider for event in decided}
    if is_last_but_one(decided[0]):
        words, details = "{} models are down to one provider", None
    elif crowd.of_one and len(owners) == 1 and (owner := owners.pop()):
        words = crowd.of_one.replace("{provider}", owner)
    if all(variant(event.subject) == BATCH for event in decided):
        words = words.replace("{} models", "{} batch variants")
    return words.replace("{}", f"{len(decided):,}") + (details(decided) if details else "")


def _one_each(events: Sequence[Event]) -> list[Event]:
    """Take one event a decision: that of the model itself, or else the first."""
    found: dict[tuple[str, ...], Event] = {}
    for event in sorted(events, key=lambda event: event.subject != base(event.subject)):
        found.setdefault(about(event), event)
    return list(found.values())


def _ways(events: Sequence[Event]) -> str:
    return _colon(_each_way(events))


def _ways_short(events: Sequence[Event]) -> str:
    """Say how far only for the first way: a title is short."""
    first, *others = _each_way(events) or [""]
    return _colon([first, *(other.partition(" (")[0] for other in others)])


def _each_way(events: Sequence[Event]) -> list[str]:
    """Count what went up and down, and how far at most."""
    moves = [move(event) or Decimal(0) for event in events]
    ends = [_is_end(event) for event in events]
    ups = [size for size in moves if size > 0 and size.is_finite()]
    downs = [size for size, is_end in zip(moves, ends, strict=True) if size < 0 and not is_end]
    parts = {
        "up": (len(ups), max(ups, default=None)),
        "down": (len(downs), min(downs, default=None)),
        "no longer free": (sum(size.is_infinite() for size in moves), None),
        "now free": (sum(ends), None),
    }
    parts["otherwise"] = (len(events) - sum(number for number, _ in parts.values()), None)
    return [f"{number} {way}{_up_to(number, most)}" for way, (number, most) in parts.items() if number]


def _is_end(event: Event) -> bool:
    """Tell whether a price is gone: the model is free now."""
    was_free, is_free = frees(event) if event.kind in MOVES else (False, False)
    return is_free and not was_free


def _up_to(number: int, most: Decimal | None) -> str:
    return f" ({'to ' if number > 1 else ''}{prices.percent(most)})" if most else ""


def _free_ones(events: Sequence[Event]) -> str:
    free = sum(
        prices.is_free(event.after.get("price")) for event in events if isinstance(event.after, Mapping)
    )
    return f", {free} of them free" if free else ""


def _without_notice(events: Sequence[Event]) -> str:
    unannounced = sum(event.cause == WITHOUT_NOTICE for event in events)
    return f", {unannounced} of them without notice" if unannounced else ""


def _gains(events: Sequence[Event]) -> str:
    return _shared(events, gains, SHARED)


def _gains_short(events: Sequence[Event]) -> str:
    return _shared(events, gains, 1)


def _labels(events: Sequence[Event]) -> str:
    return _shared(events, labels, SHARED)


def _labels_short(events: Sequence[Event]) -> str:
    return _shared(events, labels, 1)


def _shared(events: Sequence[Event], name: Callable[[Event], list[str]], most: int) -> str:
    """Say what most often happened: `: 12 gained parameter tools, 3 lost input image`."""
    counts = Counter(phrase for event in events for phrase in name(event))
    return _colon(
        [
            f"{'all' if number == len(events) else number} {phrase}"
            for phrase, number in counts.most_common(most)
            if number > 1
        ]
    )


def _owners(events: Sequence[Event]) -> str:
    """Say whose doing it most often was: `: 9 by deepinfra, 5 by novita`."""
    counts = Counter(event.provider or "a provider" for event in events).most_common()
    if len(counts) == 1:
        return ""
    others = sum(number for _, number in counts[SHARED:])
    told = [f"{number} by {name}" for name, number in counts[:SHARED]]
    return _colon([*told, *([f"{others} by others"] if others else [])])


def _colon(parts: Sequence[str]) -> str:
    return f": {', '.join(part for part in parts if part)}" if any(parts) else ""


def _span(events: Sequence[Event]) -> str:
    """Say between which days models leave."""
    days = _days(events)
    if len(days) == 1:
        return f" on {times.show_day(days[0])}, {_left(days[0], events) or 'but are still listed'}"
    return f" between {times.show_day(days[0])} and {times.show_day(days[-1])}" if days else ""


def _soonest(events: Sequence[Event]) -> str:
    """Say how soon the first of many models leaves."""
    days = _days(events)
    left = next(filter(None, (_left(day, events) for day in days)), "")
    return f"{', the first' if len(days) > 1 and left else ''} {left}".rstrip()


def _days(events: Sequence[Event]) -> list[date]:
    return sorted({day for event in events if (day := dates.day_of(event.after))})


def _left(day: date, events: Sequence[Event]) -> str:
    """Write how soon a day is, nothing if it has passed."""
    left = dates.days_left(day, max(event.at for event in events))
    return times.show_days_left(left) if left >= 0 else ""


CROWDS: Mapping[Kind, Crowd] = {
    Kind.MODEL_ADDED: Crowd("{} models are new", _free_ones),
    Kind.MODEL_REMOVED: Crowd("{} models were removed", _without_notice),
    Kind.MODEL_RETURNED: Crowd("{} models are back", _free_ones),
    Kind.PRICE_CHANGED: Crowd("{} models changed price", _ways, _ways_short),
    Kind.PRICE_ROUTED: Crowd("{} models are shown with another provider, no price changed"),
    Kind.PRICE_DETAIL: Crowd("{} models changed other prices", _labels, _labels_short),
    Kind.PROVIDER_ADDED: Crowd(
        "{} offers of providers are new", _owners, of_one="{provider} now offers {} models"
    ),
    Kind.PROVIDER_REMOVED: Crowd(
        "{} offers of providers are gone", _owners, of_one="{provider} no longer offers {} models"
    ),
    Kind.PROVIDER_PRICE_CHANGED: Crowd(
        "{} prices of providers changed",
        _ways,
        _ways_short,
        of_one="{provider} changed its price for {} models",
    ),
    Kind.PROVIDER_LIMITS_CHANGED: Crowd(
        "{} offers of providers changed their limits",
        _owners,
        of_one="{provider} changed its limits for {} models",
    ),
    Kind.EXPIRATION_ANNOUNCED: Crowd("{} models leave", _span, _soonest),
    Kind.EXPIRATION_MOVED: Crowd("{} models now leave", _span, _soonest),
    Kind.EXPIRATION_RESTORED: Crowd("{} models leave after all", _span, _soonest),
    Kind.EXPIRATION_REMINDER: Crowd("{} models leave", _span, _soonest),
    Kind.EXPIRATION_WITHDRAWN: Crowd("{} models no longer leave: their expiration was withdrawn"),
    Kind.ALIAS_RETARGETED: Crowd("{} aliases point to other models"),
    Kind.MODEL_UNREADABLE: Crowd("{} models cannot be read"),
    Kind.MODEL_READABLE: Crowd("{} models can be read again"),
    Kind.CONTEXT_CHANGED: Crowd("{} models changed context length", _ways, _ways_short),
    Kind.CAPABILITY_CHANGED: Crowd("{} models changed capabilities", _gains, _gains_short),
    Kind.MODEL_CHANGED: Crowd("{} models changed details", _labels, _labels_short),
}
"""How many of each kind are said; the kinds without a row are said one by one."""
