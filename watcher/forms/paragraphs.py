"""The paragraphs of a message in a service's own markup, as many as there is room for."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from watcher.domain.letter import Entry, Letter, Role, Section, Span
from watcher.forms.as_text import listed, way_out
from watcher.forms.fit import dots, fit
from watcher.forms.post import Post, Tone, tone_of
from watcher.openrouter.ids import page
from watcher.text.clean import clean, inert

NAMES = (100, 30, 10, 3, 0)  # how many models are named in a line: as many as fit
LONGEST_FOOTER, LONGEST_HEADING = 300, 250
MOST_MISSING = 1_000_000


@dataclass(frozen=True, slots=True)
class Markup:
    """How a service writes what it shows; `text` makes a text literal, `weigh` counts as the service does.

    `link` takes a label in markup and an address, `changed` a change for better or worse.
    """

    text: Callable[[str], str]
    bold: Callable[[str], str]
    link: Callable[[str, str], str]
    changed: Callable[[str, Role], str]
    weigh: Callable[[str], int] = len
    bullet: str = "• "
    indent: str = "   "


@dataclass(frozen=True, slots=True)
class Paragraph:
    """What stands under a heading, in markup but for the heading; a line each for an entry and its notes."""

    heading: str
    tone: Tone
    lines: tuple[str, ...]


def literal(text: str) -> str:
    """Return a text as one line without anything that a service would take for a mention or a link."""
    return inert(clean(text, len(text)))


def utf16(text: str) -> int:
    """Count characters as services in JavaScript do: an emoji is two."""
    return len(text.encode("utf-16-le", "replace")) // 2


def utf8(text: str) -> int:
    """Count bytes."""
    return len(text.encode(errors="replace"))


def in_json(text: str) -> int:
    """Count the bytes that a text takes in JSON."""
    return utf8(json.dumps(text, ensure_ascii=False))


def paragraphs(post: Post, markup: Markup, room: int, longest: int) -> tuple[list[Paragraph], list[str]]:
    """Return the paragraphs and the lines that close a message: what is left out.

    All together weigh at most `room`, with a line break after each heading and line, each line at most
    `longest`; the least urgent is left out.
    """
    written = [*_written(post.letter, markup, longest)]
    closing = [markup.text(more) for more in post.letter.more]
    if _weight(written, closing, markup) <= room:
        return written, closing
    room -= _weight([], [_left_out(post, MOST_MISSING, markup)], markup)
    kept: list[Paragraph] = []
    for paragraph in written:
        room -= markup.weigh(markup.bold(markup.text(paragraph.heading))) + 1
        lines = [*_fitting(paragraph.lines, room, markup)]
        kept += [replace(paragraph, lines=tuple(lines))] if lines else []
        if len(lines) < len(paragraph.lines):
            break
        room -= sum(markup.weigh(line) + 1 for line in lines)
    missing = sum(len(one.lines) for one in written) - sum(len(one.lines) for one in kept)
    return kept, [_left_out(post, missing, markup)]


def few(found: Sequence[Paragraph], most: int, markup: Markup) -> list[Paragraph]:
    """Put the last paragraphs under one heading, so that there are at most so many."""
    kept, rest = [*found[:most]], found[most:]
    headed = [line for one in rest for line in (markup.bold(markup.text(one.heading)), *one.lines)]
    return [*kept[:-1], replace(kept[-1], lines=(*kept[-1].lines, *headed))]


def footer(post: Post, markup: Markup, longest: int = LONGEST_FOOTER) -> str:
    """Write the footer in at most `longest`."""
    return fit(post.letter.footer, lambda text: markup.weigh(markup.text(text)), longest, dots)


def _left_out(post: Post, number: int, markup: Markup) -> str:
    least = "at least " if post.letter.more else ""
    return markup.text(f"… and {f'{least}{number} ' if number else ''}more; see `{post.command}`")


def _weight(found: Sequence[Paragraph], closing: Sequence[str], markup: Markup) -> int:
    headings = (markup.bold(markup.text(paragraph.heading)) for paragraph in found)
    lines = (line for paragraph in found for line in paragraph.lines)
    return sum(markup.weigh(text) + 1 for text in (*headings, *lines, *closing))


def _fitting(lines: Sequence[str], room: int, markup: Markup) -> Iterator[str]:
    """Yield the first lines, as many as there is room for."""
    for line in lines:
        room -= markup.weigh(line) + 1
        if room < 0:
            return
        yield line


def _written(letter: Letter, markup: Markup, longest: int) -> Iterator[Paragraph]:
    for heading, found in groupby(letter.sections, key=lambda section: section.heading):
        sections = list(found)
        lines = [line for section in sections for line in _lines(section, markup, longest)]
        tone = tone_of(entry for section in sections for entry in section.entries)
        if lines:
            named = fit(
                heading, lambda text: markup.weigh(markup.bold(markup.text(text))), LONGEST_HEADING, dots
            )
            yield Paragraph(clean(named), tone, tuple(lines))


def _lines(section: Section, markup: Markup, longest: int) -> Iterator[str]:
    if section.count:
        yield markup.text(section.count)
    for entry in section.entries:
        yield _line(entry, markup, longest)


def _line(entry: Entry, markup: Markup, longest: int) -> str:
    """Write an entry in as many of its parts as fit: first names are left out, then what is known besides."""
    said = [_sentence(entry, markup, names) for names in (NAMES if entry.names else NAMES[-1:])]
    besides = "".join(f"\n{markup.indent}{line}" for line in _besides(entry, markup))
    for line in (said[0] + besides, *said):
        if markup.weigh(line) <= longest:
            return line
    plain = fit(entry.text, lambda text: markup.weigh(markup.bullet + markup.text(text)), longest, dots)
    return markup.bullet + markup.text(plain)


def _sentence(entry: Entry, markup: Markup, names: int) -> str:
    spans = "".join(_span(span, entry.link, markup) for span in entry.spans)
    more = len(entry.names) - names
    told = [markup.link(markup.text(clean(name)), page(name)) for name in entry.names[:names]]
    told += [markup.text(f"and {more} more" if names else f"{more} models")] if more > 0 else []
    return f"{markup.bullet}{spans}{listed(told)}{markup.text(entry.after) if entry.after else ''}"


def _span(span: Span, link: str | None, markup: Markup) -> str:
    text = markup.text(span.text)
    if span.role is Role.SUBJECT:
        return markup.bold(markup.link(text, link) if link else text)
    return text if span.role is Role.PLAIN else markup.changed(text, span.role)


def _besides(entry: Entry, markup: Markup) -> Iterator[str]:
    """Yield what is known besides: the display name, notes and trend, and the models to use instead."""
    if entry.besides:
        yield markup.text(" · ".join(entry.besides))
    for successor in entry.successors:
        model = clean(successor.model)
        said = way_out(successor).removeprefix(model)
        yield f"instead: {markup.link(markup.text(model), page(successor.model))}{markup.text(said)}"


def joined(lines: Iterable[str]) -> str:
    """Put lines below each other."""
    return "\n".join(lines)
