"""The part of the configuration that decides what is news, and for whom."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from watcher.domain.policy import Policy
from watcher.domain.schedule import Pacing
from watcher.rules.route import Rule


@dataclass(frozen=True, slots=True)
class Settings:
    """The rules in file order, how long changes must last, and how channels are told.

    `zone` is that of the times in messages; `deliver` is when each channel is told, by name.
    """

    rules: tuple[Rule, ...] = ()
    policy: Policy = field(default_factory=Policy)
    zone: tzinfo = UTC
    deliver: Mapping[str, Pacing] = field(default_factory=dict)
