"""Messages in the words of a template that the configuration has."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime

from watcher.domain.catalog import Json
from watcher.domain.delivery import Template
from watcher.domain.kinds import Kind
from watcher.domain.letter import Letter
from watcher.forms.jinja import FAULTS, compiled
from watcher.messages.message import notification
from watcher.messages.samples import sample_events
from watcher.text.clean import LONGEST, clean, clean_lines

LONGEST_BODY = 100_000  # characters; services cut far shorter ones


class TemplateError(ValueError):
    """A template cannot be filled in; the message says what is wrong with it."""


def fill(template: Template, title: str, body: str, letter: Letter) -> tuple[str, str]:
    """Return the title and the body that a template makes of a message. Raises TemplateError."""
    given = _given(title, body, letter)
    return (
        clean(_filled("title", template.title, given), LONGEST) if template.title else title,
        clean_lines(_filled("body", template.body, given)[:LONGEST_BODY]) if template.body else body,
    )


def _given(title: str, body: str, letter: Letter) -> dict[str, Json]:
    """Return what a template can use: the default message, and its parts."""
    entries = [asdict(entry) | {"text": entry.text} for entry in letter.entries]
    return {
        "title": title,
        "body": body,
        "severity": letter.severity,
        "footer": letter.footer,
        "entries": entries,
        "events": list(letter.data),
    }


def _filled(part: str, source: str, given: Mapping[str, Json]) -> str:
    try:
        return compiled(source)(**given)
    except FAULTS as fault:
        message = f"{part}: {clean(str(fault) or type(fault).__name__)}"
        raise TemplateError(message) from None


def fault(template: Template, kinds: Collection[Kind], at: datetime) -> str | None:
    """Return what is wrong with a template, tried on made-up news of these kinds; None if nothing is."""
    events = [event for kind, event in sample_events(at).items() if kind in kinds]
    messages = [notification("channel", at, [event], ["rule"]) for event in events]
    try:
        for told, letter in [(told, told.letter) for told in messages if told.letter]:
            fill(template, told.title, told.body, letter)
    except TemplateError as error:
        return str(error)
    return None
