"""The fields of a row: one that cannot be read does not spoil the others."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from watcher.domain.catalog import Json

LONGEST_VALUE = 40  # characters of a value that are named
LARGEST_COUNT = 10**12
COUNT = re.compile(
    r"(?P<number>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,15}|[0-9]{1,6}\.[0-9]{1,3}(?= ?[km]))(?: ?(?P<unit>[km]))?",
    re.IGNORECASE,
)
UNITS = {"": 1, "k": 1_000, "m": 1_000_000}
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fields:
    """An object in a row; `unread` collects why fields cannot be read, by their path."""

    values: Mapping[str, Json]
    unread: dict[str, str] = field(default_factory=dict)
    path: str = ""

    def read(self, key: str, reader: Callable[[Json], T]) -> T | None:
        """Return what `reader` makes of a field; None if it is missing, null, or raises ValueError."""
        value = self.values.get(key)
        if value is None:
            return None
        try:
            return reader(value)
        except ValueError as problem:
            self.refuse(key, str(problem))
            return None

    def refuse(self, key: str, problem: str) -> None:
        """Note that a field cannot be read, and why."""
        value = self.values.get(key)
        shown = "missing" if value is None else f"{str(value)[:LONGEST_VALUE]!r}, {problem}"
        self.unread[self.path + key] = f"is {shown}"

    def inner(self, key: str) -> "Fields":
        """Return an object inside; an empty one if it cannot be read."""
        return Fields(self.read(key, mapping) or {}, self.unread, f"{self.path}{key}.")


def mapping(value: Json) -> Mapping[str, Json]:
    """Return an object. Raises ValueError."""
    if isinstance(value, Mapping):
        return value
    message = "not an object"
    raise ValueError(message)


def text(value: Json) -> str:
    """Return a text. Raises ValueError."""
    if isinstance(value, str):
        return value
    message = "not a text"
    raise ValueError(message)


def flag(value: Json) -> bool:
    """Return a truth value. Raises ValueError."""
    if isinstance(value, bool):
        return value
    message = "neither true nor false"
    raise ValueError(message)


def texts(value: Json) -> list[str]:
    """Return a list as a sorted set of texts. Raises ValueError."""
    if isinstance(value, list):
        return sorted({str(entry) for entry in value})
    message = "not a list"
    raise ValueError(message)


def count(value: Json) -> int:
    """Return a number of tokens: `128000`, `"128,000"`, `"128k"`, `"1.5M"`. Raises ValueError."""
    number = _number(value)
    if number is None or number != int(number) or not 0 <= number <= LARGEST_COUNT:
        message = "which is no number of tokens"
        raise ValueError(message)
    return int(number)


def _number(value: Json) -> Decimal | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Decimal(value)
    found = COUNT.fullmatch(value.strip(" ")) if isinstance(value, str) else None
    if found is None:
        return None
    return Decimal(found["number"].replace(",", "")) * UNITS[(found["unit"] or "").lower()]
