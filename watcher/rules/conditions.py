"""The conditions of a rule: one row per condition."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from watcher.domain.catalog import Prices
from watcher.domain.kinds import KINDS, About, Kind
from watcher.domain.news import Event
from watcher.openrouter import dates, ids, modalities, prices, units
from watcher.rules.price_terms import PriceTerms
from watcher.rules.values import Bounds, Duration, Globs

Parameter: TypeAlias = Globs | PriceTerms | Bounds | Duration | bool


@dataclass(frozen=True, slots=True)
class Question:
    """An event as one rule sees it; `base` is the price from which the rule's size conditions count."""

    event: Event
    base: Prices


def _by_any(_kind: Kind, _wanted: object) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Condition:
    """A key of `when:`, its words with {} for the value, the type of the value, and the test.

    `met_by` tells whether events of a kind can meet it at all; `known` are the values there are, if they
    are a closed set.
    """

    key: str
    words: str
    type: type
    test: Callable[[Question, Any], bool]
    met_by: Callable[[Kind, Any], bool] = _by_any
    known: tuple[str, ...] = ()

    def describe(self, wanted: Parameter) -> str:
        """Describe the condition with its value."""
        if isinstance(wanted, bool):
            return self.words.replace("{}", "" if wanted else "not ")
        return self.words.replace("{}", str(wanted))


def _event(question: Question, wanted: Globs) -> bool:
    return wanted.matches(question.event.kind)


def _model(question: Question, wanted: Globs) -> bool:
    return matches_id(wanted, question.event.subject)


def _author(question: Question, wanted: Globs) -> bool:
    return matches_id(wanted, ids.author(question.event.subject))


def _provider(question: Question, wanted: Globs) -> bool:
    return matches_id(wanted, *filter(None, [question.event.provider]))


def matches_id(wanted: Globs, *texts: str) -> bool:
    """Compare ids, authors and providers, in which case means nothing."""
    return lower(wanted).matches(*(text.lower() for text in texts))


@lru_cache(maxsize=1024)
def lower(wanted: Globs) -> Globs:
    """Write the patterns in lower case."""
    return Globs(tuple(pattern.lower() for pattern in wanted.patterns))


def _variant(question: Question, wanted: Globs) -> bool:
    return wanted.matches(ids.variant(question.event.subject) or "none")


def _price(question: Question, wanted: PriceTerms) -> bool:
    if wanted.has_size and question.event.kind is not Kind.PRICE_CHANGED:
        return False
    if (wanted.below or wanted.above) and not _is_by_token(question.event):
        return False
    return wanted.hold(question.base, _prices_of(question.event), question.event.before)


def _free(question: Question, wanted: bool) -> bool:  # noqa: FBT001 - the value as it is in the file
    return question.event.model is not None and prices.is_free(_prices_of(question.event)) is wanted


def _prices_of(event: Event) -> Prices:
    return prices.full_price(event.model) if event.model else {}


def _is_by_token(event: Event) -> bool:
    """Whether the event's model is paid by the token, which is what `below` and `above` are about."""
    return units.main_unit(units.output_of(event.model), _prices_of(event)) == prices.PER_MILLION


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


def wanted_of(globs: Globs) -> list[str]:
    """Give the patterns that do not exclude."""
    return [pattern for pattern in globs.patterns if not pattern.startswith("!")]


def _by_kind(kind: Kind, wanted: Globs) -> bool:
    return wanted.matches(kind)


def _by_subject(kind: Kind, wanted: Globs) -> bool:
    """Tell whether a pattern can match a model's id, or else the name of a channel or source."""
    if kind.row.about is About.MODEL:
        return True
    named = wanted_of(wanted)
    return not named or any("/" not in pattern for pattern in named)


def _by_author(kind: Kind, wanted: Globs) -> bool:
    return kind.row.about is About.MODEL or wanted.matches("")


def _by_variant(kind: Kind, wanted: Globs) -> bool:
    return kind.row.about is About.MODEL or wanted.matches("none")


def _by_price(kind: Kind, wanted: PriceTerms) -> bool:
    return kind is Kind.PRICE_CHANGED if wanted.has_size else kind.row.about is About.MODEL


def _by_models(kind: Kind, _wanted: object) -> bool:
    return kind.row.about is About.MODEL


def _by_capability(kind: Kind, wanted: Globs) -> bool:
    return kind.row.about is About.MODEL or not wanted_of(wanted)


def _by_dated(kind: Kind, _wanted: Duration) -> bool:
    return kind.row.about is About.MODEL and kind is not Kind.EXPIRATION_WITHDRAWN


def _by_provided(kind: Kind, wanted: Globs) -> bool:
    has_provider = kind.startswith("provider.") or kind in {Kind.PRICE_CHANGED, Kind.PRICE_ROUTED}
    return has_provider or not wanted_of(wanted)


VARIANT_WORDS = "the variant is {} (`none` means no variant)"
PARAMETER_WORDS = "the model supports {}, or did before this change"
ROWS = (
    Condition("event", "the event is {}", Globs, _event, _by_kind, (*KINDS,)),
    Condition("model", "the model is {}", Globs, _model, _by_subject),
    Condition("author", "the author is {}", Globs, _author, _by_author),
    Condition("provider", "the provider is {}", Globs, _provider, _by_provided),
    Condition("variant", VARIANT_WORDS, Globs, _variant, _by_variant, ("none", *ids.VARIANTS)),
    Condition("price", "the {}", PriceTerms, _price, _by_price),
    Condition("free", "the model is {}free", bool, _free, _by_models),
    Condition("context", "the context length is {}", Bounds, _context, _by_models),
    Condition("input", "the model accepts {} input", Globs, _input, _by_capability, modalities.INPUT),
    Condition("output", "the model produces {} output", Globs, _output, _by_capability, modalities.OUTPUT),
    Condition("parameter", PARAMETER_WORDS, Globs, _parameter, _by_capability),
    Condition("expires_within", "the model leaves within {}", Duration, _expires_within, _by_dated),
    Condition("cause", "the cause is {}", Globs, _cause),
)
CONDITIONS: Mapping[str, Condition] = {row.key: row for row in ROWS}
"""By key of `when:`."""
