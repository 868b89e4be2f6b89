"""A made-up catalog of real size that changes over time at about the rate of the real one."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from watcher.cli.demo import Row, row

START = datetime(2026, 1, 1, tzinfo=UTC)
POLL = timedelta(minutes=5)
DAY = timedelta(days=1)
MODELS = 460
WORDS = "made-up words that describe what a model can do and what it cannot, at some length. "
LONGEST_FLAP = 36  # polls
A_DAY = {
    "added": 1.0,
    "removed": 0.8,
    "repriced": 4.0,
    "flapping": 12.0,
    "leaving": 0.6,
    "context": 0.5,
    "parameters": 2.0,
    "described": 15.0,
}
"""How often each happens in a day."""


@dataclass
class Timeline:
    """The catalog poll by poll; the same seed gives the same one."""

    seed: int = 1
    rows: dict[str, Row] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin with MODELS models."""
        self._random = random.Random(self.seed)
        self._number = 0
        self._back: list[tuple[int, str, Row]] = []
        for _ in range(MODELS):
            self._add()

    def polls(self, number: int) -> Iterator[tuple[int, datetime, bool]]:
        """Go through so many polls: which it is, when, and whether anything differs from the one before."""
        for poll in range(number):
            at = START + poll * POLL
            changed = self._flap_back(poll)
            for what, rate in A_DAY.items():
                if poll and self._random.random() < rate * (POLL / DAY):
                    self._change(what, poll, at)
                    changed = True
            yield poll, at, changed

    def _add(self) -> None:
        self._number += 1
        price = self._random.randint(1, 400)
        model = f"author-{self._number % 40}/model-{self._number}"
        made = row(model, f"{price / 1e8:.8f}", f"{price * 4 / 1e8:.8f}", description=WORDS * 15)
        self.rows[model] = made | {"canonical_slug": f"{model}-20260101"}

    def _flap_back(self, poll: int) -> bool:
        due = [entry for entry in self._back if entry[0] <= poll]
        self._back = [entry for entry in self._back if entry[0] > poll]
        for _, model, before in due:
            if model in self.rows:
                self.rows[model] = before
        return bool(due)

    def _change(self, what: str, poll: int, at: datetime) -> None:
        model = self._random.choice(sorted(self.rows))
        old = self.rows[model]
        factor = self._random.choice((0.5, 0.8, 1.25, 2.0))
        prices = {key: f"{float(value) * factor:.10f}" for key, value in old["pricing"].items()}
        changes: dict[str, Row] = {
            "repriced": {"pricing": prices},
            "flapping": {"pricing": prices},
            "leaving": {"expiration_date": f"{at + 20 * DAY:%Y-%m-%d}"},
            "context": {"context_length": old["context_length"] * 2},
            "parameters": {"supported_parameters": sorted({*old["supported_parameters"], f"p{poll % 9}"})},
            "described": {"description": f"{poll} {WORDS * 15}"},
        }
        if what == "added":
            self._add()
        elif what == "removed":
            del self.rows[model]
        else:
            self.rows[model] = old | changes[what]
        if what == "flapping":
            self._back.append((poll + self._random.randint(1, LONGEST_FLAP), model, old))
