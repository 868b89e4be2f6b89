"""Put a message into the words of the template that its channel or rule has."""

from watcher.domain.delivery import Template
from watcher.domain.letter import Letter


def in_own_words(template: Template, title: str, body: str, letter: Letter) -> tuple[str, str, str]:
    """Return title and body as a template has them, or as they were and a warning that says why."""
    from watcher.messages.template import TemplateError, fill  # noqa: PLC0415 - few messages need Jinja2

    try:
        return *fill(template, title, body, letter), ""
    except TemplateError as error:
        return title, body, f"the template cannot be filled in, so the default was sent: {error}"
