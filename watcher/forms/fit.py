"""Cutting a message to the length that a service takes."""

from bisect import bisect_right
from collections.abc import Callable
from datetime import datetime

ROOM_FOR_HINT = 500  # a shorter message has no room for where to read the rest


def fit(text: str, weigh: Callable[[str], int], room: int, rest: Callable[[int], str]) -> str:
    """Cut a text that weighs more than `room`; `rest` returns its new end, which says how much is missing."""

    def cut(kept: int) -> str:
        return text[:kept] + rest(len(text) - kept)

    if weigh(text) <= room:
        return text
    return cut(max(bisect_right(range(len(text)), room, key=lambda kept: weigh(cut(kept))) - 1, 0))


def command_for(oldest: datetime) -> str:
    """Return the command that shows all events since a time (UTC)."""
    return f"watcher events --since {oldest:%Y-%m-%dT%H:%M}Z"


def rest(room: int, command: str) -> Callable[[int], str]:
    """Return a function that writes how much of a text is missing, and the command that shows it."""
    hint = f"; see `{command}`" if room > ROOM_FOR_HINT else ""
    return lambda missing: f"\n... {missing:,} more characters{hint}" if hint else f"\n... {missing:,} more"


def dots(_missing: int) -> str:
    """Write that something is missing if there is no room for more."""
    return "…"
