"""Why an event is reported or not: each rule against it."""

from collections.abc import Sequence
from dataclasses import dataclass

from watcher.domain.catalog import Prices
from watcher.domain.news import BasePrices, Event
from watcher.rules.conditions import CONDITIONS
from watcher.rules.route import Rule, base_price


@dataclass(frozen=True, slots=True)
class RuleCheck:
    """One rule against one event: it reports to these channels, or these conditions are not met."""

    rule: str
    channels: tuple[str, ...]
    unmet: tuple[str, ...]

    @property
    def matches(self) -> bool:
        """Whether the rule reports the event."""
        return not self.unmet


def check_rules(event: Event, rules: Sequence[Rule], base_prices: BasePrices) -> list[RuleCheck]:
    """Check an event against every rule, as if it were news now; rules after one that stops do not see it."""
    found: list[RuleCheck] = []
    stopped_by: str | None = None
    for rule in rules:
        unmet = _unmet(rule, event, base_price(rule, event, base_prices))
        if stopped_by:
            unmet = [f"rule {stopped_by!r} above reports it and has stop: true"]
        elif not unmet and rule.stop:
            stopped_by = rule.name
        found.append(RuleCheck(rule.name, rule.notify, tuple(unmet)))
    return found


def _unmet(rule: Rule, event: Event, base: Prices) -> list[str]:
    return [
        CONDITIONS[name].describe(rule.when[name]) if name in rule.when else name
        for name in rule.failing(event, base)
    ]
