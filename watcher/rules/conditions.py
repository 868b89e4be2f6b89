"""The conditions of a rule: one row per condition."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from watcher.domain.catalog import Prices
from watcher.domain.kinds import Kind
from watcher.domain.news import Event
from watcher.openrouter import dates, ids, prices
from watcher.rules.values import Bounds, Duration, Globs, PriceTerms

Parameter: TypeAlias = Globs | PriceTerms | Bounds | Duration | bool


@dataclass(frozen=True, slots=True)
class Question:
    """An event as one rule sees it; `base` is the price from which the rule's size conditions count."""

    event: Event
    base: Prices


@dataclass(frozen=True, slots=True)
class Condition:
    """A key of `when:`, its words with {} for the value, the type of the value, and the test."""

    key: str
    words: str
    type: type
    test: Callable[[Question, Any], bool]

    def describe(self, wanted: Parameter) -> str:
        """Describe the condition with its value."""
        if isinstance(wanted, bool):
            return self.words.replace("{}", "" if wanted else "not ")
        return self.words.replace("{}", str(wanted))


def _event(question: Question, wanted: Globs) -> bool:
    return wanted.matches(question.event.kind)


def _model(question: Question, wanted: Globs) -> bool:
    return wanted.matches(question.event.subject)


def _author(question: Question, wanted: Globs) -> bool:
    return wanted.matches(ids.author(question.event.subject))


def _variant(question: Question, wanted: Globs) -> bool:
    return wanted.matches(ids.variant(question.event.subject) or "none")


def _price(question: Question, wanted: PriceTerms) -> bool:
    if wanted.has_size and question.event.kind is not Kind.PRICE_CHANGED:
        return False
    return wanted.hold(question.base, _prices_of(question.event))


def _free(question: Question, wanted: bool) -> bool:  # noqa: FBT001 - the value as it is in the file
    return question.event.model is not None and prices.is_free(_prices_of(question.event)) is wanted


def _prices_of(event: Event) -> Prices:
    return prices.full_price(event.model) if event.model else {}


def _context(question: Question, wanted: Bounds) -> bool:
    length = question.event.model.context if question.event.model else None
    return length is not None and wanted.cover(length)


def _input(question: Question, wanted: Globs) -> bool:
    return wanted.matches(*_capability(question.event, "input"))


def _output(question: Question, wanted: Globs) -> bool:
    return wanted.matches(*_capability(question.event, "output"))


def _parameter(question: Question, wanted: Globs) -> bool:
    return wanted.matches(*_capability(question.event, "parameters"))


def _capability(event: Event, key: str) -> list[str]:
    """Return the entries of a capability, now and before the event."""
    now = event.model.capabilities if event.model else None
    return [
        str(entry)
        for side in (now, event.before)
        if isinstance(side, Mapping)
        for entry in _list(side.get(key))
    ]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _expires_within(question: Question, wanted: Duration) -> bool:
    day = dates.day_of(question.event.model.expiration if question.event.model else None)
    return day is not None and dates.days_left(day, question.event.at) <= wanted.time.days


def _cause(question: Question, wanted: Globs) -> bool:
    return wanted.matches(question.event.cause or "")


ROWS = (
    Condition("event", "the event is {}", Globs, _event),
    Condition("model", "the model is {}", Globs, _model),
    Condition("author", "the author is {}", Globs, _author),
    Condition("variant", "the variant is {} (`none` means no variant)", Globs, _variant),
    Condition("price", "the {}", PriceTerms, _price),
    Condition("free", "the model is {}free", bool, _free),
    Condition("context", "the context length is {}", Bounds, _context),
    Condition("input", "the model accepts {} input", Globs, _input),
    Condition("output", "the model produces {} output", Globs, _output),
    Condition("parameter", "the model supports {}, or did before this change", Globs, _parameter),
    Condition("expires_within", "the model leaves within {}", Duration, _expires_within),
    Condition("cause", "the cause is {}", Globs, _cause),
)
CONDITIONS: Mapping[str, Condition] = {row.key: row for row in ROWS}
"""By key of `when:`."""
