"""Why somebody is told or not: each rule against one event, and what waits to become news."""

from collections.abc import Sequence
from dataclasses import dataclass

from watcher.domain.catalog import Prices
from watcher.domain.news import BasePrices, Event
from watcher.rules.conditions import CONDITIONS
from watcher.rules.route import Rule, base_price


@dataclass(frozen=True, slots=True)
class RuleCheck:
    """One rule against one event: it tells these channels, or these conditions are not met (in words)."""

    rule: str
    channels: tuple[str, ...]
    unmet: tuple[str, ...]

    @property
    def tells(self) -> bool:
        """Whether the rule tells the event."""
        return not self.unmet


def check_rules(event: Event, rules: Sequence[Rule], base_prices: BasePrices) -> list[RuleCheck]:
    """Hold an event against every rule, as if it became news now; after one that stops, none sees it."""
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
        CONDITIONS[name].say(rule.when[name]) if name in rule.when else name
        for name in rule.failing(event, base)
    ]
