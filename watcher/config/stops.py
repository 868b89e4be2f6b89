"""The rules with `stop: true` above a rule, of which only few can take all that it would report."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from watcher.domain.kinds import Kind
from watcher.rules.conditions import CONDITIONS, Parameter, wanted_of
from watcher.rules.route import Rule
from watcher.rules.values import Globs
from watcher.text.globs import ANY

Stop: TypeAlias = tuple[Rule, frozenset[Kind]]
KEYS = tuple(key for key, row in CONDITIONS.items() if row.type is Globs and key != "event")


@dataclass(slots=True)
class Stops:
    """The rules with `stop: true` so far and their kinds of events, by how a pattern of theirs begins.

    A pattern covers another only if that one begins with what stands before its first `*`. So a file with a
    thousand such rules is read quickly.
    """

    _rules: list[Stop] = field(default_factory=list)
    _by_beginning: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    def add(self, rule: Rule, kinds: frozenset[Kind]) -> None:
        """Add a rule below those that are there."""
        key = next((key for key in KEYS if key in rule.when), "")
        for beginning in {pattern.partition(ANY)[0] for pattern in _patterns(rule.when, key)}:
            self._by_beginning.setdefault((key, beginning), []).append(len(self._rules))
        self._rules.append((rule, kinds))

    def above(self, rule: Rule) -> Iterator[Stop]:
        """Yield the rules that may take everything that `rule` would report, from the top."""
        found: set[int] = set()
        for key in ("", *KEYS):
            pattern = _patterns(rule.when, key)[0]
            for end in range(len(pattern) + 1):
                found.update(self._by_beginning.get((key, pattern[:end]), ()))
        yield from (self._rules[number] for number in sorted(found))


def _patterns(when: Mapping[str, Parameter], key: str) -> list[str]:
    """Return what a rule wants of a condition in small letters; everything if it says nothing of it."""
    wanted = when.get(key)
    return [name.lower() for name in wanted_of(wanted)] or [ANY] if isinstance(wanted, Globs) else [ANY]
