"""Which rules an event matches, and so which channels it is reported to."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace

from watcher.domain.catalog import Prices
from watcher.domain.kinds import Kind, Severity
from watcher.domain.news import BasePrices, Event
from watcher.domain.schedule import Pacing
from watcher.openrouter import dates, ids
from watcher.rules.conditions import CONDITIONS, Parameter, Question, lower
from watcher.rules.price_terms import PriceTerms
from watcher.rules.severity import default
from watcher.rules.values import Globs

FAR = 30  # days
ECHO = "a batch variant or alias, and the rule does not ask for those"


@dataclass(frozen=True, slots=True)
class Rule:
    """Reports every event that meets all conditions in `when` to the channels in `notify`.

    With `stop`, later rules do not see the events that this one reports. `severity` (None: the event's own)
    and `deliver` (None: as the channel says) are of what it reports.
    """

    name: str
    notify: tuple[str, ...]
    when: Mapping[str, Parameter] = field(default_factory=dict)
    stop: bool = False
    severity: Severity | None = None
    deliver: Pacing | None = None

    def matches(self, event: Event, base: Prices) -> bool:
        """Whether all conditions are met; `base` is the price that this rule last reported for the model."""
        return not self.failing(event, base)

    def failing(self, event: Event, base: Prices) -> list[str]:
        """Return the conditions that are not met."""
        question = Question(event, base)
        failing = [name for name, wanted in self.when.items() if not CONDITIONS[name].test(question, wanted)]
        if _is_echo(event) and not self.asks_for_echoes():
            failing.append(ECHO)
        return failing

    def asks_for_echoes(self) -> bool:
        """Whether the rule is about variants, or one of its model patterns has `:batch` or `~`."""
        models = self.when.get("model")
        names_them = isinstance(models, Globs) and lower(models).mention(f":{ids.BATCH}", "~")
        return "variant" in self.when or names_them

    @property
    def counts_from_base(self) -> bool:
        """Whether the rule has a size condition, for which prices are stored."""
        terms = self.when.get("price")
        return isinstance(terms, PriceTerms) and terms.has_size


@dataclass(frozen=True, slots=True)
class Match:
    """An event that a rule reports to a channel: how urgent, and when, if the rule says so.

    What `passes` is sent at once, also in quiet hours and where there is a digest.
    """

    channel: str
    rule: str
    event: Event
    severity: Severity
    deliver: Pacing | None = None

    @property
    def passes(self) -> bool:
        """Whether it is critical, and not about a date so far ahead that nobody need be woken."""
        return self.severity is Severity.CRITICAL and not _is_far(self.event)


@dataclass(frozen=True, slots=True)
class Routing:
    """What is reported to whom, the prices that rules have reported so far, and the rules that failed.

    `held` is what would have been reported, but is held back.
    """

    matches: tuple[Match, ...]
    base_prices: BasePrices
    faults: tuple[str, ...]
    held: tuple[Match, ...] = ()


def _is_echo(event: Event) -> bool:
    """Whether the event is about a batch variant or an alias, which repeat what happens to a model."""
    if event.kind is Kind.ALIAS_RETARGETED:
        return False
    return ids.variant(event.subject) == ids.BATCH or ids.is_alias(event.subject)


def route(
    events: Sequence[Event],
    rules: Sequence[Rule],
    base_prices: BasePrices,
    held_back: Container[str] = frozenset(),
) -> Routing:
    """Match every event with every rule, in file order; those with an id in `held_back` are not reported.

    A rule that fails on an event reports it: too much is better than silence, and the other rules go on. A
    price that nobody was told is none from which a rule counts.
    """
    matches: list[Match] = []
    faults: list[str] = []
    remembered = dict(base_prices)
    for event in events:
        for rule in rules:
            base = base_price(rule, event, remembered)
            try:
                matched = rule.matches(event, base)
            except Exception as error:  # noqa: BLE001 - whatever it is, the other rules must go on
                faults.append(f"rule {rule.name!r} failed on event {event.id} ({type(error).__name__})")
                matched = True
            if rule.counts_from_base and event.kind is Kind.PRICE_CHANGED:
                is_told = matched and event.id not in held_back
                remembered[rule.name, event.subject] = _prices(event.after) if is_told else base
            if matched:
                matches += _matches(rule, event)
                if rule.stop:
                    break
    matches += _echoes(events, matches)
    return Routing(
        tuple(match for match in matches if match.event.id not in held_back),
        remembered,
        tuple(faults),
        tuple(match for match in matches if match.event.id in held_back),
    )


def _matches(rule: Rule, event: Event) -> list[Match]:
    """Return a match for each channel of the rule, except the one that the event says is failing."""
    failing = event.subject if event.kind.startswith("channel.") else None
    severity = default(event) if rule.severity is None else rule.severity
    return [
        Match(channel, rule.name, event, severity, rule.deliver)
        for channel in rule.notify
        if channel != failing
    ]


def _is_far(event: Event) -> bool:
    """Whether an event is about a date so far ahead that it is never urgent."""
    day = dates.day_of(event.after) if event.kind.startswith("expiration.") else None
    return day is not None and dates.days_left(day, event.at) > FAR


def _echoes(events: Sequence[Event], matches: Sequence[Match]) -> list[Match]:
    """Report a batch variant along with its model: they are one change."""
    reported = {(match.event.kind, match.event.subject) for match in matches}
    echoes = [event for event in events if _is_echo(event) and (event.kind, event.subject) not in reported]
    return [
        replace(match, event=echo)
        for echo in echoes
        for match in matches
        if (match.event.kind, match.event.subject) == (echo.kind, ids.base(echo.subject))
    ]


def base_price(rule: Rule, event: Event, base_prices: BasePrices) -> Prices:
    """Return the price from which this rule's size conditions count for the event's model."""
    return base_prices.get((rule.name, event.subject)) or _prices(event.before)


def _prices(value: object) -> Prices:
    return value if isinstance(value, Mapping) else {}
