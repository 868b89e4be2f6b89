"""What the configuration says about what is news, and to whom."""

from dataclasses import dataclass, field

from watcher.domain.policy import Policy
from watcher.rules.route import Rule


@dataclass(frozen=True, slots=True)
class Settings:
    """The rules in file order, and how long differences must last."""

    rules: tuple[Rule, ...] = ()
    policy: Policy = field(default_factory=Policy)
