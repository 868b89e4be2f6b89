"""What the sources answered, and what that means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from watcher.domain.catalog import Failure, Part, Snapshot, Trouble


@dataclass(frozen=True, slots=True)
class Poll:
    """What the sources answered at one time (UTC), by source name, and what is wrong with watcher itself."""

    at: datetime
    answers: Mapping[str, Snapshot | Failure]
    troubles: Mapping[Part, Trouble] = field(default_factory=dict)
