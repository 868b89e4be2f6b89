"""A message's text made ready for a service: its lines, nothing in it alive, no longer than there is room."""

from bisect import bisect_right
from collections.abc import Callable

ROOM_FOR_HINT = 500  # a shorter message has no room to say where to read the rest


def fit(text: str, weigh: Callable[[str], int], room: int, rest: Callable[[int], str]) -> str:
    """Cut a text that weighs more than there is room; what it ends on then says how much is missing."""

    def cut(kept: int) -> str:
        return text[:kept] + rest(len(text) - kept)

    if weigh(text) <= room:
        return text
    return cut(max(bisect_right(range(len(text)), room, key=lambda kept: weigh(cut(kept))) - 1, 0))


def rest(room: int) -> Callable[[int], str]:
    """Give a function that says how much of a text is missing, as well as there is room."""
    hint = "; see `watcher events`" if room > ROOM_FOR_HINT else ""
    return lambda missing: f"\n... {missing:,} more characters{hint}" if hint else f"\n... {missing:,} more"


def dots(_missing: int) -> str:
    """Say that something is missing where there is no room for more."""
    return "…"
