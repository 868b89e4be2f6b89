"""How rules would have done on recorded answers: how much each reports, and what no rule matched."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from watcher.domain.catalog import Json
from watcher.domain.polls import Plan, Poll

MOST_MODELS = 5


@dataclass(frozen=True, slots=True)
class RuleRecord:
    """What one rule reported: messages in all and per day, the busiest day, the models with most events."""

    rule: str
    messages: int
    a_day: float
    busiest: tuple[date, int] | None
    models: tuple[tuple[str, int], ...]

    def as_json(self) -> dict[str, Json]:
        """Return the record for `--json`."""
        return {
            "type": "rule",
            "rule": self.rule,
            "messages": self.messages,
            "a_day": round(self.a_day, 2),
            "busiest_day": f"{self.busiest[0]}" if self.busiest else None,
            "busiest_day_messages": self.busiest[1] if self.busiest else 0,
            "models": [{"model": model, "events": count} for model, count in self.models],
        }


@dataclass
class Backtest:
    """Collects the results of replayed polls."""

    rules: Sequence[str]
    days: set[date] = field(default_factory=set)
    events: Counter[date] = field(default_factory=Counter)
    messages: Counter[date] = field(default_factory=Counter)
    unmatched: Counter[str] = field(default_factory=Counter)
    _by_rule: dict[str, Counter[date]] = field(default_factory=lambda: defaultdict(Counter))
    _models: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, poll: Poll, decided: Plan) -> None:
        """Count one poll."""
        day = poll.at.date()
        self.days.add(day)
        self.events[day] += len(decided.events)
        for message in decided.notifications:
            self.messages[message.at.date()] += 1
            for rule in message.rules:
                self._by_rule[rule][message.at.date()] += 1
        for rule, subject in {(rule, event.subject) for rule, event in decided.matches}:
            self._models[rule][subject] += 1
        matched = {event.id for _, event in decided.matches}
        self.unmatched.update(event.kind for event in decided.events if event.id not in matched)

    def records(self) -> list[RuleRecord]:
        """Return each rule's record, in file order."""
        return [self._record(rule) for rule in self.rules]

    def _record(self, rule: str) -> RuleRecord:
        days = self._by_rule[rule]
        busiest = min(days.items(), key=lambda item: (-item[1], item[0]), default=None)
        span = (max(self.days) - min(self.days)).days + 1 if self.days else 1
        models = sorted(self._models[rule].items(), key=lambda item: (-item[1], item[0]))
        total = sum(days.values())
        return RuleRecord(rule, total, total / span, busiest, tuple(models[:MOST_MODELS]))
