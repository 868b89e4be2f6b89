"""Which rules an event meets, and so which channels are told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from watcher.domain.catalog import Document
from watcher.domain.news import Event, ToldPrices
from watcher.openrouter import ids
from watcher.rules.conditions import CONDITIONS, Parameter, Question
from watcher.rules.values import Globs, PriceTerms

MASS = "part of a mass change, and the rule writes out neither the model nor its author"
ECHO = "a batch twin or an alias, and the rule does not ask for them"


@dataclass(frozen=True, slots=True)
class Rule:
    """Tells the channels in `notify` of every event that meets all conditions in `when`.

    With `stop`, rules further down do not see the events that this one tells. What is `urgent` is told in
    quiet hours too.
    """

    name: str
    notify: tuple[str, ...]
    when: Mapping[str, Parameter] = field(default_factory=dict)
    stop: bool = False
    urgent: bool = False

    def matches(self, event: Event, told: Document) -> bool:
        """Tell whether all conditions are met; `told` is the price that this rule last told for the model."""
        return not self.failing(event, told)

    def failing(self, event: Event, told: Document) -> list[str]:
        """Name the conditions that are not met."""
        question = Question(event, told)
        failing = [name for name, wanted in self.when.items() if not CONDITIONS[name](question, wanted)]
        if event.part_of and not self._names_outright(event.subject):
            failing.append(MASS)
        if _is_echo(event) and not self._asks_for_echoes():
            failing.append(ECHO)
        return failing

    def _names_outright(self, model: str) -> bool:
        """Tell whether the rule writes out the model or its author: then a mass change does not hide it."""
        models, authors = self.when.get("model"), self.when.get("author")
        return (isinstance(models, Globs) and models.names(model)) or (
            isinstance(authors, Globs) and authors.names(ids.author(model))
        )

    def _asks_for_echoes(self) -> bool:
        """Tell whether the rule is about variants, or its models are written with `:batch` or `~`."""
        models = self.when.get("model")
        return "variant" in self.when or (isinstance(models, Globs) and models.mention(f":{ids.BATCH}", "~"))

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
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class Routing:
    """Who is told what, the prices that rules have told by now, and the rules that could not be judged."""

    matches: tuple[Match, ...]
    told_prices: ToldPrices
    faults: tuple[str, ...]


def _is_echo(event: Event) -> bool:
    """Tell whether the event is about a batch twin or an alias, which repeat what happens to a model."""
    if event.kind == "alias.retargeted":
        return False
    return ids.variant(event.subject) == ids.BATCH or ids.is_alias(event.subject)


def route(events: Sequence[Event], rules: Sequence[Rule], told_prices: ToldPrices) -> Routing:
    """Match every event with every rule in file order.

    A rule that fails on an event tells it: too much is better than silence, and the other rules go on.
    """
    matches: list[Match] = []
    faults: list[str] = []
    remembered = dict(told_prices)
    for event in events:
        for rule in rules:
            told = base_price(rule, event, remembered)
            try:
                matched = rule.matches(event, told)
            except Exception as error:  # noqa: BLE001 - whatever it is, it must not cost the other rules
                faults.append(f"rule {rule.name!r} failed on event {event.id} ({type(error).__name__})")
                matched = True
            if rule.counts_from_told and event.kind == "price.changed":
                remembered[rule.name, event.subject] = _mapping(event.after) if matched else told
            if matched:
                matches += _told(rule, event)
                if rule.stop:
                    break
    return Routing((*matches, *_echoes(events, matches)), remembered, tuple(faults))


def _told(rule: Rule, event: Event) -> list[Match]:
    """Give whom a rule tells: everybody but the channel of which an event says that it does not deliver."""
    mute = event.subject if event.kind.startswith("channel.") else None
    return [Match(channel, rule.name, event, rule.urgent) for channel in rule.notify if channel != mute]


def _echoes(events: Sequence[Event], matches: Sequence[Match]) -> list[Match]:
    """Let a batch twin be told along with its model: they are one decision."""
    told = {(match.event.kind, match.event.subject) for match in matches}
    echoes = [event for event in events if _is_echo(event) and (event.kind, event.subject) not in told]
    return [
        replace(match, event=echo)
        for echo in echoes
        for match in matches
        if (match.event.kind, match.event.subject) == (echo.kind, ids.base(echo.subject))
    ]


def base_price(rule: Rule, event: Event, told_prices: ToldPrices) -> Document:
    """Give the price from which this rule's size conditions count for the event's model."""
    return told_prices.get((rule.name, event.subject)) or _mapping(event.before)


def _mapping(value: object) -> Document:
    return value if isinstance(value, Mapping) else {}
