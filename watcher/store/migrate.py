"""Converts what older versions of the store wrote."""

import json

from watcher.domain.catalog import Aspect


def split_announced(text: str) -> tuple[str, str]:
    """Split a version 2 document into the document and the record of announcements, both as JSON text."""
    document = json.loads(text)
    announcements = {
        "countdown": document.pop("countdown", None),
        "dates": document.pop("dates", []),
        "last": {
            aspect.value: [document.pop(f"{aspect}_told"), document.pop(f"{aspect}_before", None)]
            for aspect in Aspect
            if f"{aspect}_told" in document
        },
    }
    return _json_text(document), _json_text(announcements)


def _json_text(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
