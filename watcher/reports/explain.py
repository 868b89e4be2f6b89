"""Why somebody is told or not: each rule against one event, and what waits to become news."""

from collections.abc import Sequence
from dataclasses import dataclass

from watcher.domain.catalog import Document
from watcher.domain.news import Event, ToldPrices
from watcher.rules.conditions import words
from watcher.rules.route import Rule, base_price


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule against one event: it tells these channels, or these conditions are not met (in words)."""

    rule: str
    channels: tuple[str, ...]
    unmet: tuple[str, ...]

    @property
    def tells(self) -> bool:
        """Whether the rule tells the event."""
        return not self.unmet


def verdicts(event: Event, rules: Sequence[Rule], told_prices: ToldPrices) -> list[Verdict]:
    """Hold an event against every rule, as if it became news now; after one that stops, none sees it."""
    found: list[Verdict] = []
    stopped_by: str | None = None
    for rule in rules:
        unmet = _unmet(rule, event, base_price(rule, event, told_prices))
        if stopped_by:
            unmet = [f"rule {stopped_by!r} above tells it and stops"]
        elif not unmet and rule.stop:
            stopped_by = rule.name
        found.append(Verdict(rule.name, rule.notify, tuple(unmet)))
    return found


def _unmet(rule: Rule, event: Event, told: Document) -> list[str]:
    return [words(name, rule.when[name]) if name in rule.when else name for name in rule.failing(event, told)]
