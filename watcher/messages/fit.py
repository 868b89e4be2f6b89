"""A message's text made ready for a service: its lines, nothing in it alive, no longer than there is room."""

import re
from bisect import bisect_right
from collections.abc import Callable

from watcher.messages.lines import clean

ROOM_FOR_HINT = 500  # a shorter message has no room to say where to read the rest
# Mentions, tags and links that some services find in plain text too; a zero-width space breaks them.
BAIT = re.compile(r"(?<!\w)@(?=[\w*&!])|<(?=[\w!@#/])|\](?=\()")


def lines(text: str) -> str:
    """Keep a text's lines, and in them nothing that a server or a screen would stumble over."""
    return "\n".join(clean(line, len(line)) for line in text.splitlines())


def literal(text: str) -> str:
    """Break whatever a service might take for more than letters."""
    return BAIT.sub("\\g<0>\u200b", text)


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
