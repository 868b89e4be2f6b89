"""The part of the configuration that decides what is news, and for whom."""

from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from watcher.domain.policy import Policy
from watcher.rules.route import Rule


@dataclass(frozen=True, slots=True)
class Settings:
    """The rules in file order, how long changes must last, and the time zone of messages."""

    rules: tuple[Rule, ...] = ()
    policy: Policy = field(default_factory=Policy)
    zone: tzinfo = UTC
