"""An event in words: a title and a line, with remote text made harmless."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from shlex import quote

from watcher.domain.catalog import FieldChange, Json
from watcher.domain.causes import OF_REMOVAL, PERHAPS_ROUTED, ROUTED, SEEN_IN_LINE
from watcher.domain.kinds import Kind
from watcher.domain.news import Event
from watcher.forms.fit import command_for
from watcher.messages import troubles
from watcher.openrouter import dates, prices, units
from watcher.rules.severity import is_last_but_one
from watcher.text import times
from watcher.text.clean import LONGEST, clean
from watcher.text.counts import counted

ARROW = "→"
WAYS = {1: "dearer", -1: "cheaper", 0: ""}


def title(event: Event) -> str:
    """Describe an event in the few words of a title."""
    return clean(WORDS.get(event.kind, BY_MEANING).title(event), LONGEST // 2)


def _price_title(event: Event) -> str:
    was_free, is_free = frees(event)
    if was_free != is_free:
        return f"{event.subject} is {'now' if is_free else 'no longer'} free"
    moves = prices.moves_of(event.before, event.after)
    if not moves:
        return f"{event.subject} changed its prices"
    way, sizes = (
        WAYS[prices.direction(event.before, event.after)],
        {prices.percent(move) for move in moves.values()},
    )
    if way and len(sizes) == 1 and len(moves) == len(_charged(event)):
        return f"{event.subject} {sizes.pop().lstrip('+-')} {way}"
    told = ", ".join(f"{_label(key)} {prices.percent(move)}" for key, move in moves.items())
    return f"{event.subject}{' ' * bool(way)}{way}: {told}"


def _charged(event: Event) -> list[str]:
    """Return what a model charges for, before a change of its price or after it."""
    sides = event.before, event.after
    return [key for key in prices.headline(*sides) if any(prices.headline_price(side, key) for side in sides)]


def name_of(event: Event) -> str:
    """Return the display name of an event's model, empty if that is unknown."""
    name = (event.model.details or {}).get("name") if event.model else None
    return clean(name, LONGEST // 2) if isinstance(name, str) else ""


def frees(event: Event) -> tuple[bool, bool]:
    """Whether a model was free before a change of its price, and whether it is now.

    What a provider asks is prompt and completion alone; the other units are those of the model's row.
    """
    sides = [side for side in (event.before, event.after) if isinstance(side, Mapping)]
    row = event.model.price if event.model and all(side.keys() <= {*prices.MAIN} for side in sides) else None
    was_free, is_free = (
        prices.is_free({**(row or {}), **side} if isinstance(side, Mapping) else None)
        for side in (event.before, event.after)
    )
    return was_free, is_free


def _leaving(text: str) -> Callable[[Event], str]:
    """Return a function that writes the subject and the text, with `{}` for the time left."""

    def write(event: Event) -> str:
        day = dates.day_of(event.after)
        if day is None:
            return f"{event.subject} {text.replace('{}', '')}"
        left, date = dates.days_left(day, event.at), times.show_date(day, event.at)
        if left < 0:
            return f"{event.subject} was to leave on {date}; still listed"
        return f"{event.subject} {text.replace('{}', f'{times.show_days_left(left)} ({date})')}"

    return write


def describe(event: Event) -> str:
    """Describe an event in one line."""
    words = WORDS.get(event.kind, BY_MEANING)
    line = (words.line or words.title)(event)
    is_said = words.has_cause or not event.cause or event.cause in SEEN_IN_LINE
    return clean(line if is_said else f"{line} ({event.cause})", 2 * LONGEST)


def describe_together(event: Event, models: int) -> str:
    """Describe in one line what an expiration says of many models."""
    said = describe(replace(event, subject=f"{models:,} models"))
    return said.replace("models leaves", "models leave", 1).replace("models was", "models were", 1)


def _added(event: Event) -> str:
    return f"{event.subject} is new: {_summary(event.after)}"


def _removed(event: Event) -> str:
    cause = event.cause or ""
    how = f" {cause}" if cause in OF_REMOVAL else f": {cause}" if cause else ""
    return f"{event.subject} was removed{how} (was {_summary(event.before)})"


def _returned(event: Event) -> str:
    return f"{event.subject} is back: {_summary(event.after)}"


def _summary(summary: Json) -> str:
    if not isinstance(summary, Mapping) or "price" not in summary:
        return "details unknown"
    context = summary.get("context")
    size = f", {context:,} tokens context" if isinstance(context, int) else ""
    return units.show_price(summary["price"], units.output_in(summary.get("capabilities"))) + size


def _price(event: Event) -> str:
    keys = sorted((c.path for c in event.fields if not c.path.startswith("overrides")), key=_rank)
    unit_of = {key: _unit(event, key) for key in keys}
    told = [_steps(event, [key for key in keys if unit_of[key] == unit], unit) for unit in _in_order(unit_of)]
    told += ["conditional prices changed"] if len(keys) < len(event.fields) else []
    return f"{event.subject}: {', '.join(told) or 'price changed'}"


def _in_order(unit_of: Mapping[str, str]) -> list[str]:
    """Return the units, each once: tokens first."""
    found = dict.fromkeys(unit_of.values())
    return sorted(found, key=lambda unit: unit != prices.PER_MILLION)


def _steps(event: Event, keys: Sequence[str], unit: str) -> str:
    """Write the prices of one unit, which stands at the end, or behind a price that is gone."""
    is_last = len(keys) > 1 or any(prices.amount(event.after, key, unit).startswith("$") for key in keys)
    steps = ", ".join(_step(event, key, "" if is_last else f" {unit}") for key in keys)
    return f"{steps} {unit}" if is_last else steps


def _unit(event: Event, key: str) -> str:
    """Return the unit of a price that changed."""
    if key in prices.MAIN:
        return units.main_unit(units.output_of(event.model), event.before, event.after)
    return prices.unit_of(key, prices.price(event.before, key), prices.price(event.after, key))


def _price_and_who(event: Event) -> str:
    """Write a change of the price; the cause says whose price it is, and if there is none, this does."""
    asked = f" (asked by {event.provider})" if event.provider and not event.cause else ""
    return _price(event) + asked


def _rank(key: str) -> tuple[bool, str]:
    return key not in prices.MAIN, "" if key == "prompt" else key


def _label(key: str) -> str:
    return key.removeprefix("input_").replace("_", " ")


def _step(event: Event, key: str, unit: str = "") -> str:
    """Write one price: `prompt $1.25 → $1.50 (+20 %)`."""
    before, after = (prices.amount(side, key, _unit(event, key)) for side in (event.before, event.after))
    unit = unit if before.startswith("$") else ""
    move = prices.ratio(*(prices.headline_price(side, key) for side in (event.before, event.after)))
    return f"{_label(key)} {before}{unit} {ARROW} {after}" + (f" ({prices.percent(move)})" if move else "")


def _leaves(event: Event) -> str:
    day = dates.day_of(event.after)
    if day is None:
        return f"{event.subject} leaves"
    left = dates.days_left(day, event.at)
    if left < 0:
        return f"{event.subject} was to leave on {times.show_day(day)}; still listed"
    return f"{event.subject} leaves on {times.show_day(day)}, {times.show_days_left(left)}"


def _moved(event: Event) -> str:
    before = dates.day_of(event.before)
    return _leaves(event) + (f" (was {times.show_day(before)})" if before else "")


def _restored(event: Event) -> str:
    return f"{_leaves(event)}; the date had been withdrawn"


def _withdrawn(event: Event) -> str:
    before = dates.day_of(event.before)
    day = f", {times.show_day(before)}," if before else ""
    return f"{event.subject} no longer leaves: its date{day} was withdrawn"


def _alias(event: Event) -> str:
    return f"{event.subject} now points to {event.after} (was {event.before})"


def _context(event: Event) -> str:
    return f"{event.subject}: context {_count(event.before)} {ARROW} {_count(event.after)} tokens"


def _count(value: Json) -> str:
    return f"{value:,}" if isinstance(value, int) else "unknown"


def _capability(event: Event) -> str:
    moves = [f"{verb} {_named(path, entries)}" for verb, path, entries in _moves(event)]
    return f"{event.subject} {'; '.join(moves)}" if moves else _meaning(event)


def _named(path: str, entries: Sequence[str]) -> str:
    """Name capabilities of one sort: `image input`, `parameters seed and tools`."""
    words = _CAPABILITIES.get(path, f"{path} {{}}")
    if len(entries) > 1:
        words = words.replace("parameter ", "parameters ").replace("voice ", "voices ")
    return words.replace("{}", " and ".join(filter(None, [", ".join(entries[:-1]), entries[-1]])))


def _moves(event: Event) -> Iterator[tuple[str, str, list[str]]]:
    """Yield what each list gained and lost, with its path."""
    for change in event.fields:
        before, after = (set(_texts(side)) for side in (change.before, change.after))
        for verb, entries in (("gained", after - before), ("lost", before - after)):
            if entries:
                yield verb, change.path, sorted(entries)


def gains(event: Event) -> list[str]:
    """Describe each thing that a model gained or lost: `gained parameter tools`."""
    return [f"{verb} {_named(path, [entry])}" for verb, path, entries in _moves(event) for entry in entries]


def labels(event: Event) -> list[str]:
    """Name the values that changed."""
    return [_label(change.path) for change in event.fields]


def _texts(side: Json) -> list[str]:
    return [str(entry) for entry in side] if isinstance(side, list) else []


_CAPABILITIES = {
    "input": "{} input",
    "output": "{} output",
    "parameters": "parameter {}",
    "voices": "voice {}",
    "service": "{} variant",
}


def _details(event: Event) -> str:
    steps = [
        f"{_label(c.path)} {clean(str(c.before))!r} {ARROW} {clean(str(c.after))!r}" for c in event.fields
    ]
    return f"{event.subject}: {', '.join(steps)}"


def _priced(event: Event) -> str:
    return f"{event.subject} costs {_cost(event, event.after)}"


def _cost(event: Event, price: Json) -> str:
    return units.show_price(price, units.output_of(event.model))


def _described(event: Event) -> str:
    if event.after is None:
        return f"{event.subject}: its description no longer says that it is deprecated"
    return f"{event.subject}: its description says: {event.after}"


def _overdue(event: Event) -> str:
    return _leaves(event) if dates.day_of(event.after) else f"{event.subject} is still listed"


def _routed(event: Event) -> str:
    before, after = (_cost(event, side) for side in (event.before, event.after))
    cause = event.cause or ROUTED
    shown = f"the list shows {after} instead of {before}"
    if cause == PERHAPS_ROUTED:
        return f"{event.subject}: {shown}; {cause}"
    return f"{event.subject}: {cause}, so {shown}; no price changed"


def _provider(text: str) -> Callable[[Event], str]:
    """Return a function that writes the text with `{provider}` and with `{}` for the model."""
    return lambda event: text.replace("{provider}", _who(event)).replace("{}", event.subject)


def _who(event: Event) -> str:
    return event.provider or "A provider"


def _provider_added(event: Event) -> str:
    price = _cost(event, event.after)
    terms = "for free" if price == "free" else f"at {price}" if price.startswith("$") else f"({price})"
    return f"{_who(event)} now offers {event.subject} {terms}"


def _provider_removed_title(event: Event) -> str:
    if is_last_but_one(event):
        return f"{event.subject} is down to one provider"
    return f"{_who(event)} no longer offers {event.subject}"


def _provider_removed(event: Event) -> str:
    price = _cost(event, event.before)
    asked = f", for which it asked {price}" if price.startswith("$") else ""
    left = f"; {event.cause}" if event.cause else ""
    return f"{_who(event)} no longer offers {event.subject}{asked}{left}"


def _provider_price_title(event: Event) -> str:
    return f"{_who(event)} {_verb(event)} its price for {event.subject}"


def _verb(event: Event) -> str:
    """Describe which way a price went, by the usual mix of tokens."""
    before, after = (prices.blend(side) for side in (event.before, event.after))
    if before is None or after is None or before == after:
        return "changed"
    return "raised" if after > before else "lowered"


def _provider_price(event: Event) -> str:
    cause = f" ({event.cause})" if event.cause else ""
    return f"{_who(event)} {_verb(event)} its price for {_price(event)}{cause}"


def _provider_limits(event: Event) -> str:
    told = [_limit(change) for change in event.fields]
    return f"{_who(event)} changed its limits for {event.subject}" + (f": {', '.join(told)}" if told else "")


def _limit(change: FieldChange) -> str:
    before, after = (
        _count(side) if isinstance(side, int) or side is None else clean(str(side))
        for side in (change.before, change.after)
    )
    unit = " tokens" if change.path in _LIMITS else ""
    return f"{_LIMITS.get(change.path, _label(change.path))} {before} {ARROW} {after}{unit}"


_LIMITS = {
    "context": "context",
    "context_length": "context",
    "max_output": "maximum output",
    "max_completion_tokens": "maximum output",
}


def _row_limits(event: Event) -> str:
    """Describe the limits of the provider that the list shows."""
    told = [_moderation(change) or _limit(change) for change in event.fields]
    return f"{event.subject} changed its limits" + (f": {', '.join(told)}" if told else "")


def _moderation(change: FieldChange) -> str:
    return f"{'now' if change.after else 'no longer'} moderated" if change.path == "is_moderated" else ""


@dataclass(frozen=True, slots=True)
class Words:
    """How to describe a kind: its title, its line (None: the same), and whether the line has the cause."""

    title: Callable[[Event], str]
    line: Callable[[Event], str] | None = None
    has_cause: bool = False


def _text(text: str) -> Callable[[Event], str]:
    """Return a function that writes the text with `{}` for the event's subject."""
    return lambda event: text.replace("{}", event.subject)


def _cause(event: Event) -> str:
    return str(event.cause)


def _detail_title(event: Event) -> str:
    return f"{event.subject}: {event.cause or 'other prices changed'}"


def missing(event: Event) -> tuple[str, ...]:
    """Return the models that an incomplete list lacks."""
    names = event.after.get("missing") if isinstance(event.after, Mapping) else None
    return tuple(_texts(names)) if event.kind is Kind.CATALOG_INCOMPLETE else ()


def _incomplete_title(event: Event) -> str:
    lacking = missing(event)
    return (
        f"The model list lacks {counted(len(lacking), 'model')}"
        if lacking
        else "The model list is incomplete"
    )


def _alias_title(event: Event) -> str:
    return f"{event.subject} points to {event.after}"


def _context_title(event: Event) -> str:
    return f"{event.subject}: context {_count(event.before)} {ARROW} {_count(event.after)}"


def _meaning(event: Event) -> str:
    return f"{event.subject}: {event.kind.row.meaning}"


def _mute(event: Event) -> str:
    """Name what ended: a mute, or an acknowledgement, which is about a date."""
    date = event.after.get("date") if isinstance(event.after, Mapping) else None
    return f"The {'acknowledgement' if date else 'mute'} of {event.subject} ended"


def _mute_ended(event: Event) -> str:
    """Say how much was held back, and how to read it."""
    held = event.after.get("held") if isinstance(event.after, Mapping) else None
    if not isinstance(held, int):
        return _mute(event)
    was = "was" if held == 1 else "were"
    command = f"{command_for(event.since or event.at)} --model {quote(event.subject)}"
    return f"{_mute(event)}; {counted(held, 'event')} {was} held back: `{command}`"


BY_MEANING = Words(_meaning)
WORDS: Mapping[Kind, Words] = {
    Kind.MODEL_ADDED: Words(_text("{} is new"), _added),
    Kind.MODEL_REMOVED: Words(_text("{} is gone"), _removed, has_cause=True),
    Kind.MODEL_RETURNED: Words(_text("{} is back"), _returned),
    Kind.PRICE_CHANGED: Words(_price_title, _price_and_who),
    Kind.MODEL_PRICED: Words(_text("{}: price known"), _priced),
    Kind.EXPIRATION_DESCRIBED: Words(_text("{}: its description speaks of deprecation"), _described),
    Kind.EXPIRATION_OVERDUE: Words(_leaving("is still listed"), _overdue),
    Kind.LIMITS_CHANGED: Words(_text("{} changed its limits"), _row_limits),
    Kind.PRICE_ROUTED: Words(_text("{}: the list shows another price"), _routed, has_cause=True),
    Kind.PROVIDER_ADDED: Words(_provider("{provider} now offers {}"), _provider_added),
    Kind.PROVIDER_REMOVED: Words(_provider_removed_title, _provider_removed, has_cause=True),
    Kind.PROVIDER_PRICE_CHANGED: Words(_provider_price_title, _provider_price, has_cause=True),
    Kind.PROVIDER_LIMITS_CHANGED: Words(_provider("{provider} changed its limits for {}"), _provider_limits),
    Kind.PRICE_DETAIL: Words(_detail_title, _price),
    Kind.EXPIRATION_ANNOUNCED: Words(_leaving("leaves {}"), _leaves),
    Kind.EXPIRATION_MOVED: Words(_leaving("now leaves {}"), _moved),
    Kind.EXPIRATION_RESTORED: Words(_leaving("leaves {} after all"), _restored),
    Kind.EXPIRATION_REMINDER: Words(_leaving("leaves {}"), _leaves),
    Kind.EXPIRATION_WITHDRAWN: Words(_text("{}: expiration withdrawn"), _withdrawn),
    Kind.ALIAS_RETARGETED: Words(_alias_title, _alias),
    Kind.CONTEXT_CHANGED: Words(_context_title, _context),
    Kind.CAPABILITY_CHANGED: Words(_text("{} changed its capabilities"), _capability),
    Kind.MODEL_CHANGED: Words(_text("{} changed"), _details),
    Kind.CATALOG_CHANGED: Words(_cause, _cause, has_cause=True),
    Kind.MODEL_UNREADABLE: Words(_text("{} cannot be read"), troubles.row_unreadable, has_cause=True),
    Kind.MODEL_READABLE: Words(_text("{} can be read again"), troubles.row_readable),
    Kind.CATALOG_INCOMPLETE: Words(_incomplete_title, troubles.list_incomplete, has_cause=True),
    Kind.CATALOG_COMPLETE: Words(_text("The model list is no longer incomplete"), troubles.list_complete),
    Kind.SOURCE_FAILING: Words(
        _text("No good answer from the {} source"), troubles.source_failing, has_cause=True
    ),
    Kind.SOURCE_RECOVERED: Words(_text("The {} source answers again"), troubles.source_recovered),
    Kind.CHANNEL_FAILING: Words(_text("Channel {} is failing"), troubles.channel_failing, has_cause=True),
    Kind.CHANNEL_RECOVERED: Words(_text("Channel {} works again"), troubles.channel_recovered),
    Kind.CONFIGURATION_FAILING: Words(_text("{} is invalid"), troubles.configuration_failing, has_cause=True),
    Kind.CONFIGURATION_RECOVERED: Words(_text("{} is valid again"), troubles.configuration_recovered),
    Kind.STORE_FAILING: Words(_text("watcher cannot use its store"), troubles.store_failing, has_cause=True),
    Kind.STORE_RECOVERED: Words(_text("watcher can use its store again"), troubles.store_recovered),
    Kind.MUTE_ENDED: Words(_mute, _mute_ended),
}
"""How to describe each kind; a kind without a row here is described by its meaning."""
