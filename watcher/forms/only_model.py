"""Whether a message is about a single model: its mails are one thread and have one button."""

from watcher.domain.letter import Entry, Letter
from watcher.openrouter.ids import base


def only_model(letter: Letter) -> Entry | None:
    """Return the first entry of the only model, with its variants, that a message is about."""
    models = {base(entry.subject) for entry in letter.entries}
    return letter.entries[0] if len(models) == 1 and all(models) else None
