"""The part of the configuration that decides what is news, and for whom."""

from dataclasses import dataclass, field

from watcher.domain.policy import Policy
from watcher.rules.route import Rule


@dataclass(frozen=True, slots=True)
class Settings:
    """The rules in file order, and how long changes must last."""

    rules: tuple[Rule, ...] = ()
    policy: Policy = field(default_factory=Policy)
