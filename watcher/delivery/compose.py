"""A message as plain text, cut to what its service takes."""

from collections.abc import Callable
from typing import Any

import apprise
from apprise.conversion import convert_between

from watcher.delivery.apprise_mail import is_mail
from watcher.delivery.job import Job
from watcher.delivery.services import room_of
from watcher.forms.fit import dots, fit, rest
from watcher.text.clean import clean, clean_lines, inert

LONGEST_TITLE = 200  # some mail servers refuse 2,000 characters
TITLE_MARKUP = 20  # most characters that put the title into the body of a service without titles
LINE_BREAK = 2  # the same in plain text
TOO_LONG = 1 << 30
TEXT = apprise.NotifyFormat.TEXT


def compose(target: Any, job: Job) -> tuple[str, str, str]:  # noqa: ANN401 - see load
    """Return title, body and the body's format, cut so that the service takes them in one piece."""
    room = room_of(target)
    longest = min(LONGEST_TITLE, target.title_maxlen or room // 2)
    if is_mail(target):
        return clean(job["title"], longest), inert(_fitted(job, lambda text: len(inert(text)), room)), TEXT
    weigh = _weigher(target)
    title = clean(job["title"], len(job["title"]))
    title = fit(title, (lambda text: len(inert(text))) if target.title_maxlen else weigh, longest, dots)
    if not target.title_maxlen or target.overflow_amalgamate_title:  # it becomes part of the body
        is_plain = not target.title_maxlen and target.resolve_format(TEXT) == TEXT
        room -= weigh(title) + (LINE_BREAK if is_plain else TITLE_MARKUP)
    return inert(title), inert(_fitted(job, weigh, room)), TEXT


def _fitted(job: Job, weigh: Callable[[str], int], room: int) -> str:
    """Return as much of the body as there is room for, and the command that shows all of it."""
    return fit(clean_lines(job["body"]), weigh, room, rest(room, job.get("command", "watcher events")))


def _weigher(target: Any) -> Callable[[str], int]:  # noqa: ANN401 - see load
    """Return a function that counts a text's bytes in the form in which the service gets it.

    Most services count characters, of which there are never more. A text with more lines than the service
    shows counts as too long.
    """
    form, most_lines = target.resolve_format(TEXT), target.body_max_line_count
    convert: Any = convert_between

    def weigh(text: str) -> int:
        breaks = text.count("\n") if most_lines else 0  # Apprise then sends each as two characters
        shown = target.dialect_convert(convert(TEXT, form, inert(text)), body_format=form)
        return len(shown.encode()) + breaks if breaks <= max(most_lines - 1, 0) else TOO_LONG

    return weigh
