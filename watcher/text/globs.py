"""What patterns such as `openai/*` have in common, whatever texts there are."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

ANY = "*"
_TOKEN = re.compile(r"\[!?\]?[^\]]*\]|.", re.DOTALL)  # as fnmatch reads a pattern


def is_glob(text: str) -> bool:
    """Whether a text has wildcards."""
    return any(mark in text for mark in "*?[")


def any_match(texts: Iterable[str], patterns: Iterable[str]) -> bool:
    """Whether one of the texts matches one of the patterns."""
    wanted = [*patterns]
    return any(fnmatchcase(text, pattern) for text in texts for pattern in wanted)


def overlap(one: str, other: str) -> bool:
    """Whether some text matches both patterns."""
    mine, theirs = _TOKEN.findall(one), _TOKEN.findall(other)
    reached = _skip({0}, theirs)  # how far the other pattern can be used up so far
    for token in mine:
        after = _after_any(reached, theirs) if token == ANY else _after_one(token, reached, theirs)
        reached = _skip(after, theirs)
        if not reached:
            return False
    return len(theirs) in reached


def _skip(reached: set[int], theirs: list[str]) -> set[int]:
    """Add the places behind wildcards that stand for nothing."""
    found = set(reached)
    for place in reached:
        end = place
        while end < len(theirs) and theirs[end] == ANY:
            end += 1
            found.add(end)
    return found


def _after_any(reached: set[int], theirs: list[str]) -> set[int]:
    return set(range(min(reached), len(theirs) + 1))


def _after_one(token: str, reached: set[int], theirs: list[str]) -> set[int]:
    """Use up one character: a wildcard stays where it is, anything else must be able to be that character."""
    ahead = [place for place in reached if place < len(theirs)]
    stays = {place for place in ahead if theirs[place] == ANY}
    return stays | {place + 1 for place in ahead if theirs[place] != ANY and _share(token, theirs[place])}


def _share(one: str, other: str) -> bool:
    """Whether two tokens for one character can stand for the same one."""
    if is_glob(one) and is_glob(other):
        return True  # two sets of characters: nearly always
    return fnmatchcase(one, other) or fnmatchcase(other, one)


def covers(wide: str, narrow: str) -> bool:
    """Whether every text that matches `narrow` surely matches `wide`."""
    if wide in (ANY, narrow):
        return True
    starts_alike = narrow.startswith(wide.partition(ANY)[0])  # quick, for files with very many rules
    return starts_alike and not ("?" in wide or "[" in wide) and fnmatchcase(narrow, wide)
