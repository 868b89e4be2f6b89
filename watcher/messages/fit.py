"""Cutting a message to the length that a service takes."""

from bisect import bisect_right
from collections.abc import Callable

ROOM_FOR_HINT = 500  # a shorter message has no room for where to read the rest


def fit(text: str, weigh: Callable[[str], int], room: int, rest: Callable[[int], str]) -> str:
    """Cut a text that weighs more than `room`; `rest` returns its new end, which says how much is missing."""

    def cut(kept: int) -> str:
        return text[:kept] + rest(len(text) - kept)

    if weigh(text) <= room:
        return text
    return cut(max(bisect_right(range(len(text)), room, key=lambda kept: weigh(cut(kept))) - 1, 0))


def rest(room: int) -> Callable[[int], str]:
    """Return a function that writes how much of a text is missing, as far as there is room."""
    hint = "; see `watcher events`" if room > ROOM_FOR_HINT else ""
    return lambda missing: f"\n... {missing:,} more characters{hint}" if hint else f"\n... {missing:,} more"


def dots(_missing: int) -> str:
    """Write that something is missing if there is no room for more."""
    return "…"
