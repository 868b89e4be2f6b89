"""Output on terminals that do not know every character."""

import codecs
import json
from io import TextIOWrapper
from typing import TextIO

HANDLER = "watcher.look_alikes"
LOOK_ALIKES = {"→": "->", "•": "*", "…": "..."}  # none that JSON would have to escape


def show_any_text(stream: TextIO) -> None:
    """Show characters that a stream cannot encode as similar ones, or as escapes that JSON understands."""
    codecs.register_error(HANDLER, _instead)
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors=HANDLER)


def _instead(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(LOOK_ALIKES.get(letter) or json.dumps(letter)[1:-1] for letter in missing), error.end
