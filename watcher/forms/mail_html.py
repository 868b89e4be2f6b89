"""A letter as the HTML of a mail: the only place that imports css_inline."""

import re
from dataclasses import replace

from css_inline import CSSInliner

from watcher.domain.letter import Letter, Section
from watcher.forms.as_text import MOST_NAMES
from watcher.forms.chart import in_words, read_history
from watcher.forms.jinja import compiled
from watcher.forms.mail_page import CSS, TEMPLATE
from watcher.forms.only_model import only_model
from watcher.openrouter.ids import page
from watcher.text.clean import clean, inert

INLINER = CSSInliner(keep_at_rules=True, load_remote_stylesheets=False, minify_css=True)
TOGETHER = re.compile(
    r"(?<=\d) (?=[%→]|days?\b|hours?\b|minutes?\b|[KM]?\ ?tokens\b|(?:[A-Z][a-z]{2})\b)"
    r"|(?<=→) (?=[$\d])|(?<=per) (?=M )|(?<= M) (?=tokens)"
)
"""The spaces where a number would be torn from what it counts."""
CODE = re.compile(r"`([^`]+)`")
NO_BREAK = "\u00a0"
FILL = compiled(TEMPLATE, escaping=True)


def html(title: str, letter: Letter, chart: str | None = None) -> str:
    """Write a letter as a page for mail programs; `chart` is where its picture is (`cid:` or `data:`)."""
    return INLINER.inline(_page(title, letter, chart))


def fitted(title: str, letter: Letter, chart: str | None, room: int, command: str) -> str | None:
    """Write a letter in so many characters, with fewer entries if need be; None if even that is too long.

    A page that is only a little too long has its style once instead of at each element: some old mail
    programs then show it plain. `command` shows all of it.
    """
    whole = html(title, letter, chart)
    if len(whole) <= room:
        return whole
    entries = len(letter.entries)
    low, high = -1, entries
    while low < high:
        kept = (low + high + 1) // 2
        if len(_page(title, _shortened(letter, kept, command), chart)) <= room:
            low = kept
        else:
            high = kept - 1
    return _page(title, _shortened(letter, low, command), chart) if low >= 0 else None


def _page(title: str, letter: Letter, chart: str | None) -> str:
    history = read_history(letter.chart) if chart else None
    return FILL(
        title=title,
        letter=letter,
        chart=chart,
        alt=in_words(history) if history else "Chart of the price",
        only=only_model(letter),
        css=CSS,
        words=words,
        pieces=CODE.split,
        page=page,
        most=MOST_NAMES,
    )


def words(text: str) -> str:
    """Make text harmless, and keep numbers together with what they count."""
    return inert(TOGETHER.sub(NO_BREAK, clean(text, len(text))))


def _shortened(letter: Letter, kept: int, command: str) -> Letter:
    """Return a letter with its first entries, which says how many are missing."""
    missing = len(letter.entries) - kept
    if not missing:
        return letter
    sections: list[Section] = []
    for section in letter.sections:
        if kept > 0:
            sections.append(replace(section, entries=section.entries[:kept]))
        kept -= len(section.entries)
    return replace(
        letter, sections=tuple(sections), more=(f"… and {missing} more; see `{command}`", *letter.more)
    )
