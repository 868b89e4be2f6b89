"""An event in words: a title and a line, with remote text made harmless."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from shlex import quote

from watcher.domain.causes import OF_REMOVAL, SEEN_IN_LINE
from watcher.domain.kinds import Kind
from watcher.domain.news import Event
from watcher.forms.fit import command_for
from watcher.messages import change_words, price_words, provider_words, troubles
from watcher.openrouter import dates
from watcher.text import times
from watcher.text.clean import LONGEST, clean
from watcher.text.counts import counted


def title(event: Event) -> str:
    """Describe an event in the few words of a title."""
    return clean(WORDS.get(event.kind, BY_MEANING).title(event), LONGEST // 2)


def name_of(event: Event) -> str:
    """Return the display name of an event's model, empty if that is unknown."""
    name = (event.model.details or {}).get("name") if event.model else None
    return clean(name, LONGEST // 2) if isinstance(name, str) else ""


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
    return f"{event.subject} is new: {price_words.summary_of(event.after)}"


def _removed(event: Event) -> str:
    cause = event.cause or ""
    how = f" {cause}" if cause in OF_REMOVAL else f": {cause}" if cause else ""
    return f"{event.subject} was removed{how} (was {price_words.summary_of(event.before)})"


def _returned(event: Event) -> str:
    return f"{event.subject} is back: {price_words.summary_of(event.after)}"


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


def _described(event: Event) -> str:
    if event.after is None:
        return f"{event.subject}: its description no longer says that it is deprecated"
    return f"{event.subject}: its description says: {event.after}"


def _overdue(event: Event) -> str:
    return _leaves(event) if dates.day_of(event.after) else f"{event.subject} is still listed"


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


def missing(event: Event) -> tuple[str, ...]:
    """Return the models that an incomplete list lacks."""
    names = event.after.get("missing") if isinstance(event.after, Mapping) else None
    return tuple(change_words.texts(names)) if event.kind is Kind.CATALOG_INCOMPLETE else ()


def _incomplete_title(event: Event) -> str:
    lacking = missing(event)
    return (
        f"The model list lacks {counted(len(lacking), 'model')}"
        if lacking
        else "The model list is incomplete"
    )


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


BY_MEANING = Words(change_words.by_meaning)


WORDS: Mapping[Kind, Words] = {
    Kind.MODEL_ADDED: Words(_text("{} is new"), _added),
    Kind.MODEL_REMOVED: Words(_text("{} is gone"), _removed, has_cause=True),
    Kind.MODEL_RETURNED: Words(_text("{} is back"), _returned),
    Kind.PRICE_CHANGED: Words(price_words.price_title, price_words.price_and_who),
    Kind.MODEL_PRICED: Words(_text("{}: price known"), price_words.priced_line),
    Kind.EXPIRATION_DESCRIBED: Words(_text("{}: its description speaks of deprecation"), _described),
    Kind.EXPIRATION_OVERDUE: Words(_leaving("is still listed"), _overdue),
    Kind.LIMITS_CHANGED: Words(_text("{} changed its limits"), change_words.limits_line),
    Kind.PRICE_ROUTED: Words(
        _text("{}: the list shows another price"), price_words.routed_line, has_cause=True
    ),
    Kind.PROVIDER_ADDED: Words(
        provider_words.provider_says("{provider} now offers {}"), provider_words.added_line
    ),
    Kind.PROVIDER_REMOVED: Words(provider_words.removed_title, provider_words.removed_line, has_cause=True),
    Kind.PROVIDER_PRICE_CHANGED: Words(provider_words.price_title, provider_words.price_line, has_cause=True),
    Kind.PROVIDER_LIMITS_CHANGED: Words(
        provider_words.provider_says("{provider} changed its limits for {}"), provider_words.limits_line
    ),
    Kind.PRICE_DETAIL: Words(price_words.detail_title, price_words.price_line),
    Kind.EXPIRATION_ANNOUNCED: Words(_leaving("leaves {}"), _leaves),
    Kind.EXPIRATION_MOVED: Words(_leaving("now leaves {}"), _moved),
    Kind.EXPIRATION_RESTORED: Words(_leaving("leaves {} after all"), _restored),
    Kind.EXPIRATION_REMINDER: Words(_leaving("leaves {}"), _leaves),
    Kind.EXPIRATION_WITHDRAWN: Words(_text("{}: expiration withdrawn"), _withdrawn),
    Kind.ALIAS_RETARGETED: Words(change_words.alias_title, change_words.alias_line),
    Kind.CONTEXT_CHANGED: Words(change_words.context_title, change_words.context_line),
    Kind.CAPABILITY_CHANGED: Words(_text("{} changed its capabilities"), change_words.capability_line),
    Kind.MODEL_CHANGED: Words(_text("{} changed"), change_words.details_line),
    Kind.CATALOG_CHANGED: Words(_cause, _cause, has_cause=True),
    Kind.MODEL_UNREADABLE: Words(_text("{} cannot be read"), troubles.row_unreadable, has_cause=True),
    Kind.MODEL_READABLE: Words(_text("{} can be read again"), troubles.row_readable),
    Kind.CATALOG_INCOMPLETE: Words(_incomplete_title, troubles.list_incomplete, has_cause=True),
    Kind.CATALOG_COMPLETE: Words(_text("The model list is no longer incomplete"), troubles.list_complete),
    Kind.SOURCE_FAILING: Words(troubles.source_failing_title, troubles.source_failing, has_cause=True),
    Kind.SOURCE_RECOVERED: Words(troubles.source_recovered_title, troubles.source_recovered),
    Kind.CHANNEL_FAILING: Words(_text("Channel {} is failing"), troubles.channel_failing, has_cause=True),
    Kind.CHANNEL_RECOVERED: Words(_text("Channel {} works again"), troubles.channel_recovered),
    Kind.CONFIGURATION_FAILING: Words(_text("{} is invalid"), troubles.configuration_failing, has_cause=True),
    Kind.CONFIGURATION_RECOVERED: Words(_text("{} is valid again"), troubles.configuration_recovered),
    Kind.STORE_FAILING: Words(_text("watcher cannot use its store"), troubles.store_failing, has_cause=True),
    Kind.STORE_RECOVERED: Words(_text("watcher can use its store again"), troubles.store_recovered),
    Kind.MUTE_ENDED: Words(_mute, _mute_ended),
}
"""How to describe each kind; a kind without a row here is described by its meaning."""
