"""Did you mean: the known word closest to one that is not known."""

from collections.abc import Iterable
from difflib import get_close_matches


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word most like `word`, or None if none is similar."""
    return next(iter(get_close_matches(word, list(known), n=1)), None)
