"""The values of conditions: each type reads itself from YAML and describes itself."""

import re
from dataclasses import dataclass
from datetime import time, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any, ClassVar, Self

from watcher.domain.catalog import Json
from watcher.domain.delivery import Rate
from watcher.openrouter import prices
from watcher.text.times import show_length

_MILLION = 1_000_000
_NOT_PER_TOKEN = Decimal("0.01")  # USD; nobody asks so much for a token


@dataclass(frozen=True, slots=True)
class Globs:
    """Patterns such as `openai/*`; `!*:batch` excludes. With only exclusions, everything else matches."""

    patterns: tuple[str, ...]

    SCHEMA: ClassVar[dict[str, Any]] = {
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
        "examples": ["openai/*", ["openai/*", "!*:batch"]],
    }

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read one pattern or a list of them; raises ValueError."""
        entries = value if isinstance(value, list) else [value]
        patterns = tuple(entry for entry in entries if isinstance(entry, str) and entry.strip("!"))
        if not patterns or len(patterns) < len(entries):
            message = "takes a pattern such as openai/* or a list of them"
            raise ValueError(message)
        return cls(patterns)

    def matches(self, *texts: str) -> bool:
        """Whether any text is wanted and none is excluded."""
        if any(fnmatchcase(text, pattern) for text in texts for pattern in self._unwanted):
            return False
        return not self._wanted or any(
            fnmatchcase(text, pattern) for text in texts for pattern in self._wanted
        )

    @property
    def _wanted(self) -> list[str]:
        return [pattern for pattern in self.patterns if not pattern.startswith("!")]

    @property
    def _unwanted(self) -> list[str]:
        return [pattern.removeprefix("!") for pattern in self.patterns if pattern.startswith("!")]

    def names(self, text: str) -> bool:
        """Whether the text is spelled out, not only matched by a wildcard."""
        return text in self.patterns

    def mention(self, *parts: str) -> bool:
        """Whether a wanted pattern contains one of these parts."""
        return any(part in pattern for pattern in self._wanted for part in parts)

    def __str__(self) -> str:
        """Return it as people write it."""
        wanted = " or ".join(self._wanted) or "anything"
        return f"{wanted}, except {' and '.join(self._unwanted)}" if self._unwanted else wanted


@dataclass(frozen=True, slots=True)
class Percent:
    """A share such as `10%`; `share` is 0.10."""

    share: Decimal

    SCHEMA: ClassVar[dict[str, Any]] = {
        "type": "string",
        "pattern": r"^\d+(\.\d+)?\s*%$",
        "examples": ["10%"],
    }

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read `10%`; raises ValueError."""
        found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?)\s*%", value) if isinstance(value, str) else None
        if not found:
            message = "takes a percentage such as 10%"
            raise ValueError(message)
        return cls(Decimal(found[1]) / 100)

    def __str__(self) -> str:
        """Return it as people write it."""
        return f"{(self.share * 100).normalize():f} %"


@dataclass(frozen=True, slots=True)
class Price:
    """An amount such as `$0.50/M`, or `1e-7` for USD per token; `per_token` is in USD."""

    per_token: Decimal

    SCHEMA: ClassVar[dict[str, Any]] = {"type": ["string", "number"], "examples": ["$0.50/M", 5e-7]}

    @classmethod
    def parse(cls, value: Json) -> Self:
        """Read `$0.50/M` or USD per token; raises ValueError."""
        found = re.fullmatch(r"\$\s*(\d{1,9}(?:\.\d{1,12})?)\s*/\s*[Mm]", str(value))
        number = Decimal(found[1]) / _MILLION if found else prices.price({"": value}, "")
        if number is None or (found and number > 1):
            message = "takes a price such as $0.50/M (per million tokens) or 5e-7 (per token)"
            raise ValueError(message)
        if not found and number >= _NOT_PER_TOKEN:
            per_token = f"{(number / _MILLION).normalize():e}"
            message = (
                f"needs a unit: {prices.dollars(number)}/M (per million tokens) or {per_token} (per token)"
            )
            raise ValueError(message)
        return cls(number)

    def __str__(self) -> str:
        """Return it as people write it."""
        return prices.show({"prompt": str(self.per_token)}, "prompt")


@dataclass(frozen=True, slots=True)
class Tokens:
    """A number of tokens such as `128k` or `1M`."""

    count: int

    SCHEMA: ClassVar[dict[str, Any]] = {"type": ["string", "integer"], "examples": ["128k", "1M", 131072]}

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read `128k`, `1M` or a plain number; raises ValueError."""
        found = re.fullmatch(r"(\d{1,12})\s*([kKmM]?)", str(value))
        if isinstance(value, bool) or not found:
            message = "takes a number of tokens such as 128k, 1M or 131072"
            raise ValueError(message)
        return cls(int(found[1]) * {"": 1, "k": 1_000, "m": 1_000_000}[found[2].lower()])

    def __str__(self) -> str:
        """Return it as people write it."""
        return f"{self.count:,} tokens"


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time such as `30d`, `6h`, `5m`, `10s`."""

    time: timedelta

    SCHEMA: ClassVar[dict[str, Any]] = {
        "type": "string",
        "pattern": r"^\d+\s*[smhd]$",
        "examples": ["5m", "6h", "30d"],
    }

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read `30d`, `6h`, `5m` or `10s`; raises ValueError."""
        found = re.fullmatch(r"(\d{1,6})\s*([smhd])", value) if isinstance(value, str) else None
        if not found:
            message = "takes a duration such as 5m, 6h or 30d"
            raise ValueError(message)
        unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[found[2]]
        return cls(timedelta(**{unit: int(found[1])}))

    def __str__(self) -> str:
        """Return it as people write it."""
        return show_length(self.time)


@dataclass(frozen=True, slots=True)
class AtMost:
    """How many per minute, hour or day, such as `20/h`."""

    rate: Rate

    SCHEMA: ClassVar[dict[str, Any]] = {"type": "string", "pattern": r"^\d+/[mhd]$", "examples": ["20/h"]}

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read `20/h`; raises ValueError."""
        found = re.fullmatch(r"(\d{1,4})\s*/\s*([mhd])", value) if isinstance(value, str) else None
        if not found or not int(found[1]):
            message = "takes a number of messages per minute, hour or day, such as 2/m, 20/h or 50/d"
            raise ValueError(message)
        return cls(Rate(int(found[1]), Duration.parse(f"1{found[2]}").time))


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of the day such as `22:00-07:00`, in local time; they may span midnight."""

    start: time
    end: time

    SCHEMA: ClassVar[dict[str, Any]] = {
        "type": "string",
        "pattern": r"^\d{1,2}:\d\d-\d{1,2}:\d\d$",
        "examples": ["22:00-07:00"],
    }

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read `22:00-07:00`; raises ValueError."""
        found = (
            re.fullmatch(r"(\d{1,2}:\d\d)\s*-\s*(\d{1,2}:\d\d)", value) if isinstance(value, str) else None
        )
        if not found:
            message = "takes hours of the day such as 22:00-07:00"
            raise ValueError(message)
        start, end = (time.fromisoformat(text.zfill(5)) for text in found.groups())
        if start == end:
            message = "covers the whole day; remove the channel from the rules instead"
            raise ValueError(message)
        return cls(start, end)


@dataclass(frozen=True, slots=True)
class Bounds:
    """A range of tokens, both ends included."""

    at_least: Tokens | None = None
    at_most: Tokens | None = None

    def cover(self, count: int) -> bool:
        """Whether a number of tokens lies in the range."""
        return (self.at_least is None or count >= self.at_least.count) and (
            self.at_most is None or count <= self.at_most.count
        )

    def __str__(self) -> str:
        """Return it as people write it."""
        bounds = {"at least": self.at_least, "at most": self.at_most}
        return " and ".join(f"{words} {bound}" for words, bound in bounds.items() if bound is not None)
