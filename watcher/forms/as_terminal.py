"""A letter for a terminal: colored, and wrapped so that what belongs to a line stands below it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from watcher.domain.letter import Entry, Letter, Role
from watcher.forms.as_text import listed, way_out
from watcher.text.clean import clean, inert

GAP = " "  # terminals show a space of no width in their own ways
LEAST, MOST = 40, 100  # columns in which text is easy to read
BOLD, DIM, END = "\x1b[1m", "\x1b[2m", "\x1b[0m"
ROLES: Mapping[str, str] = {Role.SUBJECT: BOLD, Role.BETTER: "\x1b[32m", Role.WORSE: "\x1b[31m"}
SEVERITIES: Mapping[str, str] = {"critical": "\x1b[1;31m", "warning": "\x1b[1;33m", "info": "\x1b[1;36m"}
Word = tuple[str, str]
"""A word and the codes that color it."""


def as_terminal(title: str, letter: Letter, columns: int) -> str:
    """Write a letter for a terminal of so many columns, below a rule that divides it from what is above."""
    width = min(max(columns, LEAST), MOST)
    lines = [f"{DIM}{'─' * width}{END}", *_wrapped(_words(title, SEVERITIES[letter.severity]), width, "")]
    for heading, found in groupby(letter.sections, key=lambda section: section.heading):
        lines += ["", *_wrapped(_words(heading.upper(), DIM), width, "")]
        for section in found:
            lines += _wrapped(_words(section.count or "", ""), width, "")
            lines += [line for entry in section.entries for line in _entry(entry, width)]
    for more in letter.more:
        lines += _wrapped(_words(more, ""), width, "")
    return "\n".join([*lines, "", *_wrapped(_words(letter.footer, DIM), width, "")])


def _entry(entry: Entry, width: int) -> Iterator[str]:
    """Write an entry, with a hanging indent."""
    line = [word for span in entry.spans for word in _words(span.text, ROLES.get(span.role, ""))]
    names = _words(f"{listed(map(clean, entry.names))}{entry.after}", "")
    yield from _wrapped([("• ", ""), *line, *names], width, "  ")
    if entry.besides:
        yield from _wrapped([("  ", ""), *_words(" · ".join(entry.besides), DIM)], width, "  ")
    for successor in entry.successors:
        yield from _wrapped([("  ", ""), *_words(f"instead: {way_out(successor)}", "")], width, "    ")
    if entry.link:
        yield f"  {DIM}{entry.link}{END}"


def _words(text: str, code: str) -> list[Word]:
    """Cut text at its spaces, which stay at the end of words; what could move the cursor is made harmless."""
    safe = inert(clean(text, len(text)), GAP)
    return [(word, code) for word in safe.replace(" ", " \n").split("\n") if word]


def _wrapped(words: Iterable[Word], width: int, indent: str) -> list[str]:
    """Fill lines with words; a part of a word with another color is never torn off."""
    lines: list[str] = []
    line: list[Word] = []
    for group in _unbroken(words):
        if line and sum(len(word) for word, _ in (*line, *group)) > width + group[-1][0].endswith(" "):
            lines.append(_painted(line))
            line = [(indent, "")]
        line += group
    return [*lines, _painted(line)] if line else lines


def _unbroken(words: Iterable[Word]) -> Iterator[Sequence[Word]]:
    """Put together what has no space in between."""
    group: list[Word] = []
    for word in words:
        group.append(word)
        if word[0].endswith(" "):
            yield group
            group = []
    if group:
        yield group


def _painted(line: Sequence[Word]) -> str:
    """Write a line, each run of one color with one code."""
    *words, (last, code) = line
    runs = [
        (code, "".join(word for word, _ in alike))
        for code, alike in groupby([*words, (last.rstrip(), code)], key=lambda word: word[1])
    ]
    return "".join(f"{code}{text}{END}" if code else text for code, text in runs)
