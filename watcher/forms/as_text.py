"""A letter as plain text."""

from collections.abc import Iterable
from itertools import groupby

from watcher.domain.letter import Entry, Letter, Successor
from watcher.text.clean import clean

MOST_NAMES = 100  # in one line


def as_text(letter: Letter) -> str:
    """Write a letter as plain text, a line for each entry and its link below it."""
    text: list[str] = []
    for heading, found in groupby(letter.sections, key=lambda section: section.heading):
        text += [""] * bool(text) + [heading.upper()]
        for number, section in enumerate(found):
            text += [""] * bool(number) + ([section.count] if section.count else [])
            text += [line for entry in section.entries for line in _lines(entry)]
    return "\n".join([*text, *letter.more, "", letter.footer])


def _lines(entry: Entry) -> list[str]:
    """Write an entry: its line, what is known besides, the ways out, and its link."""
    line = f"• {entry.text}{listed(map(clean, entry.names))}{entry.after}"
    return [
        line,
        *([f"  {' · '.join(entry.besides)}"] if entry.besides else []),
        *(f"  instead: {way_out(successor)}" for successor in entry.successors),
        *([f"  {entry.link}"] if entry.link else []),
    ]


def way_out(successor: Successor) -> str:
    """Write a model to use instead: `acme/owl-3 (20 % cheaper; lacks image input)`."""
    lacks = f"lacks {', '.join(successor.lost)}" if successor.lost else ""
    details = "; ".join(part for part in (successor.price, lacks) if part)
    return f"{clean(successor.model)} ({details})" if details else clean(successor.model)


def listed(names: Iterable[str]) -> str:
    """Write names one after the other, as many as are read."""
    named = list(names)
    more = f" and {len(named) - MOST_NAMES} more" if len(named) > MOST_NAMES else ""
    return ", ".join(named[:MOST_NAMES]) + more
