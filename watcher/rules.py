"""Which rules an event meets, and so which channels are told."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from watcher import identity
from watcher.conditions import CONDITIONS, Parameter, Question
from watcher.domain import Document, Event, ToldPrices
from watcher.terms import Globs, PriceTerms


@dataclass(frozen=True, slots=True)
class Rule:
    """Tells the channels in `notify` of every event that meets all conditions in `when`.

    With `stop`, rules further down do not see the events that this one tells.
    """

    name: str
    notify: tuple[str, ...]
    when: Mapping[str, Parameter] = field(default_factory=dict)
    stop: bool = False

    def matches(self, event: Event, told: Document) -> bool:
        """Tell whether all conditions are met; `told` is the price that this rule last told for the model."""
        return not self.failing(event, told)

    def failing(self, event: Event, told: Document) -> list[str]:
        """Name the conditions that are not met."""
        question = Question(event, told)
        failing = [name for name, wanted in self.when.items() if not CONDITIONS[name](question, wanted)]
        if event.part_of and not self._names_outright(event.subject):
            failing.append("model")
        return failing

    def _names_outright(self, model: str) -> bool:
        """Tell whether the rule writes out the model or its author: then a mass change does not hide it."""
        models, authors = self.when.get("model"), self.when.get("author")
        return (isinstance(models, Globs) and models.names(model)) or (
            isinstance(authors, Globs) and authors.names(identity.author(model))
        )

    @property
    def counts_from_told(self) -> bool:
        """Tell whether a size condition needs to remember prices."""
        terms = self.when.get("price")
        return isinstance(terms, PriceTerms) and terms.has_size


@dataclass(frozen=True, slots=True)
class Match:
    """An event that a rule tells a channel."""

    channel: str
    rule: str
    event: Event


def route(
    events: Iterable[Event], rules: Sequence[Rule], told_prices: ToldPrices
) -> tuple[list[Match], ToldPrices]:
    """Match every event with every rule in file order; also give the prices that rules have told by now."""
    matches: list[Match] = []
    remembered = dict(told_prices)
    for event in events:
        for rule in rules:
            told = _base(rule, event, remembered)
            matched = rule.matches(event, told)
            if rule.counts_from_told and event.kind == "price.changed":
                remembered[rule.name, event.subject] = _mapping(event.after) if matched else told
            if matched:
                matches += [Match(channel, rule.name, event) for channel in rule.notify]
                if rule.stop:
                    break
    return matches, remembered


def _base(rule: Rule, event: Event, told_prices: Mapping[tuple[str, str], Document]) -> Document:
    """Give the price from which this rule's size conditions count for the event's model."""
    return told_prices.get((rule.name, event.subject)) or _mapping(event.before)


def _mapping(value: object) -> Document:
    return value if isinstance(value, Mapping) else {}
