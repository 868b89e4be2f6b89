"""What a rule can ask of an event: one function a condition; its parameter's type says how it is written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from watcher.domain.catalog import Document, Json
from watcher.domain.news import Event
from watcher.openrouter import dates, ids, prices
from watcher.rules.values import Bounds, Duration, Globs, PriceTerms


@dataclass(frozen=True, slots=True)
class Question:
    """An event as one rule sees it: `told` is the price from which the rule's size conditions count."""

    event: Event
    told: Document


def event(question: Question, wanted: Globs) -> bool:
    """The kind of event is {}."""
    return wanted.matches(question.event.kind)


def model(question: Question, wanted: Globs) -> bool:
    """The model's id is {}."""
    return wanted.matches(question.event.subject)


def author(question: Question, wanted: Globs) -> bool:
    """The author is {}."""
    return wanted.matches(ids.author(question.event.subject))


def variant(question: Question, wanted: Globs) -> bool:
    """The variant is {} (`none` for the plain id)."""
    return wanted.matches(ids.variant(question.event.subject) or "none")


def price(question: Question, wanted: PriceTerms) -> bool:
    """The {}."""
    if wanted.has_size and question.event.kind != "price.changed":
        return False
    return wanted.hold(question.told, prices.whole(question.event.model))


def free(question: Question, wanted: bool) -> bool:  # noqa: FBT001 - the value as it stands in the file
    """Whether the model costs nothing: {}."""
    return bool(question.event.model) and prices.is_free(prices.whole(question.event.model)) is wanted


def context(question: Question, wanted: Bounds) -> bool:
    """The context length is {}."""
    length = question.event.model.get("context")
    if not isinstance(length, int):
        return False
    return (wanted.at_least is None or length >= wanted.at_least.count) and (
        wanted.at_most is None or length <= wanted.at_most.count
    )


def input(question: Question, wanted: Globs) -> bool:  # noqa: A001 - the name of the key in the file
    """The model takes {} as input."""
    return wanted.matches(*_capability(question, "input"))


def output(question: Question, wanted: Globs) -> bool:
    """The model gives {} as output."""
    return wanted.matches(*_capability(question, "output"))


def parameter(question: Question, wanted: Globs) -> bool:
    """The model supports {}, or did before this change."""
    return wanted.matches(*_capability(question, "parameters"))


def _capability(question: Question, key: str) -> list[str]:
    documents = (question.event.model.get("capabilities"), question.event.before)
    return [str(entry) for side in documents if isinstance(side, Mapping) for entry in _list(side.get(key))]


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def expires_within(question: Question, wanted: Duration) -> bool:
    """The model leaves within {}."""
    day = dates.day_of(question.event.model.get("expiration"))
    return day is not None and dates.days_left(day, question.event.at) <= wanted.time.days


def cause(question: Question, wanted: Globs) -> bool:
    """The cause is {}."""
    return wanted.matches(question.event.cause or "")


Parameter: TypeAlias = Globs | PriceTerms | Bounds | Duration | bool
CONDITIONS: Mapping[str, Callable[..., bool]] = {
    function.__name__: function
    for function in (
        event,
        model,
        author,
        variant,
        price,
        free,
        context,
        input,
        output,
        parameter,
        expires_within,
        cause,
    )
}
"""By key of `when:`. The type of a function's second parameter is how it is written, its doc its words."""


def words(name: str, wanted: Parameter) -> str:
    """Say a condition for people."""
    said = {True: "yes", False: "no"}.get(wanted, str(wanted)) if isinstance(wanted, bool) else str(wanted)
    return str(CONDITIONS[name].__doc__).removesuffix(".").replace("{}", said)
